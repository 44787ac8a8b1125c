//! The process that reads one file, with resource limits of its own.
//!
//! A file may demand more memory than there is, or trigger a bug in a library. The process has the
//! file and nothing else: no settings, no secrets, no connection. If it dies, the worker and its
//! deliveries continue.

use std::{path::PathBuf, process::Stdio, time::Duration};

use formats::{
    stay_file::{
        FileDescription, FileRow,
        limited::{ReaderAnswer, Request},
    },
    stay_rows::places::RowNote,
    table::FileFault,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::ImportOutcome;

/// The command of the process.
const COMMAND: &str = "read-file";
/// For understanding a file, before its first row.
const UNDERSTANDING_TIME_MAX: Duration = Duration::from_secs(300);
/// For a row, and for the end of the process.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);
/// Longest answer: a row of 200 cells of 32 KiB, as cells and as a stay.
const ANSWER_BYTE_COUNT_MAX: u64 = 64 * 1024 * 1024;

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReaderDeath {
    /// It took more memory or time than it may.
    TooHeavy,
    /// A fault of a reader.
    Broken,
}

impl ReaderDeath {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::TooHeavy => "too_heavy",
            Self::Broken => "broken",
        }
    }

    /// The error for the sender if it happens again.
    pub(super) const fn fault(self) -> FileFault {
        match self {
            Self::TooHeavy => FileFault::TooHeavy,
            Self::Broken => FileFault::Unreadable,
        }
    }
}

/// A file read by another process. Dropping it ends that process.
pub(super) struct FileReader {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl FileReader {
    /// Starts the process.
    pub(super) async fn start(request: &Request) -> Result<Self, ImportOutcome> {
        let failed = |error: std::io::Error| {
            ImportOutcome::NotNow(format!("no process reads the file: {}", error.kind()))
        };
        let mut process = Command::new(binary().map_err(failed)?)
            .arg(COMMAND)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A panic message may contain text of the file.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(ImportOutcome::NotNow("no pipe to the process".to_owned()));
        };
        let mut reader = Self {
            process,
            input: Some(input),
            output: BufReader::new(output),
        };
        let mut line = serde_json::to_vec(request)
            .map_err(|_| ImportOutcome::NotNow("a request was not written".to_owned()))?;
        line.push(b'\n');
        reader.feed(&line).await?;
        Ok(reader)
    }

    /// Sends it a piece of the file.
    pub(super) async fn feed(&mut self, piece: &[u8]) -> Result<(), ImportOutcome> {
        let Some(input) = &mut self.input else {
            return Err(self.died(ReaderDeath::Broken).await);
        };
        match timeout(ANSWER_TIME_MAX, input.write_all(piece)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.died(ReaderDeath::Broken).await),
            Err(_) => Err(self.died(ReaderDeath::TooHeavy).await),
        }
    }

    /// The shape of the file, once all of it has been sent.
    pub(super) async fn description(
        &mut self,
    ) -> Result<Result<FileDescription, Vec<RowNote>>, ImportOutcome> {
        // The end of the file.
        drop(self.input.take());
        match timeout(UNDERSTANDING_TIME_MAX, self.answer()).await {
            Ok(Ok(ReaderAnswer::File(description))) => Ok(Ok(description)),
            Ok(Ok(ReaderAnswer::Fault(notes))) => Ok(Err(notes)),
            Ok(Ok(ReaderAnswer::Row(_) | ReaderAnswer::End)) => {
                Err(self.died(ReaderDeath::Broken).await)
            }
            Ok(Err(left)) => Err(left),
            Err(_) => Err(self.died(ReaderDeath::TooHeavy).await),
        }
    }

    /// Up to this many rows; fewer at the end, none after it.
    pub(super) async fn rows(&mut self, count: usize) -> Result<Vec<FileRow>, ImportOutcome> {
        let mut rows = Vec::with_capacity(count);
        while rows.len() < count {
            match timeout(ANSWER_TIME_MAX, self.answer()).await {
                Ok(Ok(ReaderAnswer::Row(row))) => rows.push(row),
                Ok(Ok(ReaderAnswer::End)) => break,
                Ok(Ok(ReaderAnswer::File(_) | ReaderAnswer::Fault(_))) => {
                    return Err(self.died(ReaderDeath::Broken).await);
                }
                Ok(Err(left)) => return Err(left),
                Err(_) => return Err(self.died(ReaderDeath::TooHeavy).await),
            }
        }
        Ok(rows)
    }

    async fn answer(&mut self) -> Result<ReaderAnswer, ImportOutcome> {
        let mut line = Vec::new();
        let mut output = (&mut self.output).take(ANSWER_BYTE_COUNT_MAX);
        let read = output.read_until(b'\n', &mut line).await;
        let answer = match read {
            Ok(_) if line.ends_with(b"\n") => serde_json::from_slice(&line).ok(),
            Ok(_) | Err(_) => None,
        };
        match answer {
            Some(answer) => Ok(answer),
            None => Err(self.died(ReaderDeath::Broken).await),
        }
    }

    /// Ends the process, or finds out how it ended by itself.
    async fn died(&mut self, known: ReaderDeath) -> ImportOutcome {
        if known == ReaderDeath::TooHeavy {
            let _ = self.process.start_kill();
            return ImportOutcome::ReaderDied(known);
        }
        let death = match timeout(ANSWER_TIME_MAX, self.process.wait()).await {
            // Without an exit code it was a signal: memory refused, CPU time used up, or the kernel
            // short of memory.
            Ok(Ok(status)) if status.code().is_none() => ReaderDeath::TooHeavy,
            Ok(Ok(_) | Err(_)) => ReaderDeath::Broken,
            Err(_) => {
                let _ = self.process.start_kill();
                ReaderDeath::TooHeavy
            }
        };
        ImportOutcome::ReaderDied(death)
    }
}

/// This very program, even if its path now holds another version.
fn binary() -> std::io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && own.exists() {
        Ok(own)
    } else {
        std::env::current_exe()
    }
}
