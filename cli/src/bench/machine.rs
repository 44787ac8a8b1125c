//! What the machine did: processor time of everything on it, and memory of one process.
//!
//! Source: proc(5), `/proc/stat` and `/proc/<pid>/status`. A tick is 1/100 s on every Linux.

use std::{fs, time::Duration};

use anyhow::Context;
use serde::Serialize;

const TICK: Duration = Duration::from_millis(10);

/// Ticks since the start of the machine, all processors together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    busy: u64,
    steal: u64,
    all: u64,
}

/// What happened between two looks.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spent {
    /// User and system time of everything on the machine, generator and database included.
    pub(crate) busy_seconds: f64,
    /// Time that the hypervisor gave to others, of all time, in percent.
    pub(crate) steal_percent: f64,
}

impl Processor {
    /// A look at `/proc/stat`.
    pub(crate) fn look() -> anyhow::Result<Self> {
        let text = fs::read_to_string("/proc/stat").context("read /proc/stat")?;
        Self::parse(&text).context("/proc/stat has no line \"cpu\"")
    }

    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = line
            .split_ascii_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        // user nice system idle iowait irq softirq steal; guest time is inside user.
        let [user, nice, system, idle, wait, interrupt, soft, steal, ..] = ticks[..] else {
            return None;
        };
        let busy = user + nice + system + interrupt + soft;
        Some(Self {
            busy,
            steal,
            all: busy + idle + wait + steal,
        })
    }

    /// From this look to a later one.
    pub(crate) fn until(self, later: Self) -> Spent {
        let all = later.all.saturating_sub(self.all).max(1);
        let busy = later.busy.saturating_sub(self.busy);
        let steal = later.steal.saturating_sub(self.steal);
        Spent {
            busy_seconds: busy as f64 * TICK.as_secs_f64(),
            steal_percent: steal as f64 * 100.0 / all as f64,
        }
    }
}

/// Memory of a process in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident_mib: f64,
    /// Resident at its highest.
    pub(crate) peak_mib: f64,
}

impl Memory {
    /// Of a process that runs.
    pub(crate) fn of(process_id: u32) -> anyhow::Result<Self> {
        let path = format!("/proc/{process_id}/status");
        let text = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        Self::parse(&text).with_context(|| format!("{path} has no memory"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mib = |name: &str| -> Option<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
            Some(kib / 1_024.0)
        };
        Some(Self {
            resident_mib: mib("VmRSS:")?,
            peak_mib: mib("VmHWM:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_the_first_line_count() {
        let before = Processor::parse("cpu  100 0 50 800 10 0 5 35 0 0\ncpu0 1 1 1\n").unwrap();
        let after = Processor::parse("cpu  200 0 100 900 10 0 5 85 0 0\n").unwrap();
        let spent = before.until(after);
        assert!((spent.busy_seconds - 1.5).abs() < 1e-9);
        assert!((spent.steal_percent - 50.0 * 100.0 / 300.0).abs() < 1e-9);
    }

    #[test]
    fn memory_is_read_of_a_status() {
        let text = "Name:\tluutru\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        let memory = Memory::parse(text).unwrap();
        assert_eq!((memory.resident_mib, memory.peak_mib), (10.0, 20.0));
    }

    #[test]
    fn this_process_can_be_looked_at() {
        assert!(Processor::look().is_ok());
        assert!(Memory::of(std::process::id()).unwrap().resident_mib > 0.0);
    }
}
