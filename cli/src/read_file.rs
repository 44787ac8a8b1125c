//! `luutru read-file`: reads one uploaded file for the worker that started it, from standard input
//! to standard output, with resource limits for this process alone.

use std::io::{stdin, stdout};

use anyhow::Context;
use formats::stay_file::limited;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::exit::ExitStatus;

/// What the process may keep in memory besides its program. The whole stays below 256 MiB.
const DATA_BYTE_COUNT_MAX: u64 = 240 * 1024 * 1024;
/// What it may compute.
const PROCESSOR_SECONDS_MAX: u64 = 900;
/// When the kernel is short of memory it takes this process before any other.
const FIRST_TO_GO: &str = "1000";

/// Serves one file.
pub(crate) fn execute() -> anyhow::Result<ExitStatus> {
    limit().context("could not set the reader's limits")?;
    limited::serve(stdin().lock(), stdout().lock())?;
    Ok(ExitStatus::Success)
}

fn limit() -> rustix::io::Result<()> {
    let set = |resource, most| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)
    };
    set(Resource::Data, DATA_BYTE_COUNT_MAX)?;
    set(Resource::Cpu, PROCESSOR_SECONDS_MAX)?;
    // No part of the file may reach the disk.
    set(Resource::Core, 0)?;
    set(Resource::Fsize, 0)?;
    // Only Linux has it; elsewhere the limits above are all there is.
    let _ = std::fs::write("/proc/self/oom_score_adj", FIRST_TO_GO);
    Ok(())
}
