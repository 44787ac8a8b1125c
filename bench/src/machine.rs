//! Processor time of the whole machine and of single processes, and the memory of a process.
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

/// A process that takes part in a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    /// What it is.
    pub(crate) name: &'static str,
    /// Its process id.
    pub(crate) process_id: u32,
}

/// What is read of `/proc/<pid>/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    parent_id: u32,
    own: u64,
    /// Time of children that have exited and were reaped.
    of_ended_children: u64,
}

impl Process {
    /// This process: the generator, and pgbench once that has ended.
    pub(crate) fn this(name: &'static str) -> Self {
        Self {
            name,
            process_id: std::process::id(),
        }
    }

    /// Processor seconds so far of the process, its ended children and its living children. The
    /// living children of this process do not count: they are measured on their own.
    pub(crate) fn seconds(&self) -> anyhow::Result<f64> {
        let path = format!("/proc/{}/stat", self.process_id);
        let text = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        let ticks = Ticks::parse(&text).with_context(|| format!("{path} is unreadable"))?;
        let mut all = ticks.own + ticks.of_ended_children;
        if self.process_id != std::process::id() {
            all += self.living_children();
        }
        Ok(all as f64 * TICK.as_secs_f64())
    }

    fn living_children(&self) -> u64 {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        processes
            .filter(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with(char::is_numeric)
            })
            // A process may end while we look.
            .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
            .filter_map(|text| Ticks::parse(&text))
            .filter(|ticks| ticks.parent_id == self.process_id)
            .map(|ticks| ticks.own)
            .sum()
    }
}

impl Ticks {
    /// The name of the program stands in brackets and may hold anything; fields follow the last.
    fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let number = |position: usize| fields.get(position)?.parse::<u64>().ok();
        Some(Self {
            parent_id: fields.get(1)?.parse().ok()?,
            own: number(11)? + number(12)?,
            of_ended_children: number(13)? + number(14)?,
        })
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
    /// A running process.
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
    fn times_follow_the_name_whatever_it_holds() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194304 100 0 0 0 30 12 5 3 20 0 9 0 1";
        let ticks = Ticks::parse(text).unwrap();
        let expected = Ticks {
            parent_id: 7,
            own: 42,
            of_ended_children: 8,
        };
        assert_eq!(ticks, expected);
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
        assert!(Process::this("test").seconds().is_ok());
        assert!(Memory::of(std::process::id()).unwrap().resident_mib > 0.0);
    }
}
