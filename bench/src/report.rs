//! Numbers of paired rounds, as text and as JSON. No verdicts: what is good enough is written in
//! docs/performance.md.

use std::fmt::{self, Display};

use serde::Serialize;

use crate::{
    load::{summary::LatencyClass, timeline::Point},
    machine::Memory,
};

/// One side of one round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    /// Operations in all.
    pub(crate) count: f64,
    /// Operations a second.
    pub(crate) rate: f64,
    /// Processor time of the whole machine for one operation, microseconds.
    pub(crate) cpu_us: f64,
    /// The same of each process that took part, so that neighbours on the machine do not count.
    pub(crate) processes_us: Vec<(&'static str, f64)>,
    /// Time given to other machines meanwhile.
    pub(crate) steal_percent: f64,
    /// Half of the requests were faster; where requests were timed.
    pub(crate) p50_ms: Option<f64>,
    /// 99 in 100 were faster.
    pub(crate) p99_ms: Option<f64>,
    /// Requests by latency, where requests were timed.
    pub(crate) distribution: Vec<LatencyClass>,
    /// Latency by the time at which requests started, where requests were timed.
    pub(crate) over_time: Vec<Point>,
}

impl Sample {
    /// Processor time per operation of the processes that took part, microseconds.
    pub(crate) fn own_us(&self) -> f64 {
        self.processes_us.iter().map(|(_, micros)| micros).sum()
    }
}

/// A compared side, with its samples in the order of the rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Side {
    /// What ran.
    pub(crate) name: &'static str,
    /// One a round.
    pub(crate) samples: Vec<Sample>,
}

impl Side {
    /// Without samples yet.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            samples: Vec::new(),
        }
    }

    /// Median of one number over the rounds.
    fn median_of(&self, number: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(number).collect())
    }
}

/// The middle one; between the two middle ones of an even count; 0 of none.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match (numbers.len() % 2, numbers.get(middle)) {
        (_, None) => 0.0,
        (1, Some(number)) => *number,
        (_, Some(number)) => f64::midpoint(numbers[middle - 1], *number),
    }
}

/// A number beside the rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// What it says.
    pub(crate) name: String,
    pub(crate) value: f64,
    /// `ms`, `bytes`, `times`.
    pub(crate) unit: &'static str,
    /// The most that is good enough, where there is such a limit.
    pub(crate) limit: Option<f64>,
}

impl Figure {
    fn is_missed(&self) -> bool {
        self.limit.is_some_and(|limit| self.value > limit)
    }
}

impl Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.unit == "bytes" { 0 } else { 2 };
        write!(
            out,
            "{:<64} {:>9.digits$} {}",
            self.name, self.value, self.unit
        )?;
        match self.limit {
            Some(limit) if self.is_missed() => write!(out, "  MISSED, at most {limit}"),
            Some(limit) => write!(out, "  at most {limit}"),
            None => Ok(()),
        }
    }
}

/// One measure of the performance table.
#[derive(Clone, Debug, Serialize)]
pub struct Measure {
    /// `P1`, ….
    pub(crate) id: &'static str,
    /// What it says.
    pub(crate) title: String,
    /// Ours first, then what it is compared with.
    pub(crate) sides: Vec<Side>,
    /// Median over the rounds of our rate divided by the other's of the same round.
    pub(crate) ratio: Option<f64>,
    /// Memory by process.
    pub(crate) memory: Vec<(&'static str, Memory)>,
    /// Further numbers.
    pub(crate) figures: Vec<Figure>,
    /// Further sentences, with their numbers in them.
    pub(crate) notes: Vec<String>,
}

/// Every measure of a run, and what it was run with.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Processors of the machine.
    pub(crate) processors: usize,
    /// Length of each side of each round.
    pub(crate) seconds: u64,
    /// Connections of the generator.
    pub(crate) connections: usize,
    /// `--seed` to make the same guests again.
    pub(crate) seed: u64,
    /// In the order in which they were taken.
    pub(crate) measures: Vec<Measure>,
}

impl Report {
    /// Whether a figure of any measure misses its limit.
    #[must_use]
    pub fn misses_a_limit(&self) -> bool {
        self.measures.iter().any(Measure::misses_a_limit)
    }
}

impl Measure {
    /// For paired sides; a single side has no ratio.
    pub(crate) fn paired(id: &'static str, title: impl Into<String>, sides: Vec<Side>) -> Self {
        let ratio = match sides.as_slice() {
            [ours, other] if !ours.samples.is_empty() => {
                let rounds = ours.samples.iter().zip(&other.samples);
                let ratios = rounds.map(|(ours, other)| ours.rate / other.rate.max(1e-9));
                Some(median(ratios.collect()))
            }
            _ => None,
        };
        Self {
            id,
            title: title.into(),
            sides,
            ratio,
            memory: Vec::new(),
            figures: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// With the ratio of another number than the rate, of every pair and its median.
    pub(crate) fn with_ratios(mut self, name: &str, number: impl Fn(&Sample) -> f64) -> Self {
        if let [first, second] = self.sides.as_slice() {
            let pairs = first.samples.iter().zip(&second.samples);
            let ratios: Vec<f64> = pairs
                .map(|(first, second)| number(first) / number(second).max(1e-9))
                .collect();
            let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
            self.notes.push(format!(
                "ratio of {name}: median {:.2}, pairs {}",
                median(ratios),
                each.join(" ")
            ));
        }
        self
    }

    /// With further numbers.
    pub(crate) fn with_figures(mut self, figures: Vec<Figure>) -> Self {
        self.figures = figures;
        self
    }

    /// Whether a figure of it misses its limit.
    fn misses_a_limit(&self) -> bool {
        self.figures.iter().any(Figure::is_missed)
    }

    /// With a sentence.
    pub(crate) fn with_note(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }

    /// A measure of memory only.
    pub(crate) fn memory(
        id: &'static str,
        title: impl Into<String>,
        memory: Vec<(&'static str, Memory)>,
    ) -> Self {
        Self {
            id,
            title: title.into(),
            sides: Vec::new(),
            ratio: None,
            memory,
            figures: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Display for Measure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{}  {}", self.id, self.title)?;
        for side in &self.sides {
            for (round, sample) in side.samples.iter().enumerate() {
                write_row(out, side.name, &format!("round {}", round + 1), sample)?;
            }
            if side.samples.len() > 1 {
                write_row(out, side.name, "median", &side.medians())?;
            }
        }
        if let Some(ratio) = self.ratio {
            writeln!(out, "    ratio of rates, median of the rounds: {ratio:.2}")?;
        }
        for figure in &self.figures {
            writeln!(out, "    {figure}")?;
        }
        for note in &self.notes {
            writeln!(out, "    {note}")?;
        }
        for (name, memory) in &self.memory {
            writeln!(
                out,
                "    {name:<28} {:>7.1} MiB, at its highest {:>7.1} MiB",
                memory.resident_mib, memory.peak_mib
            )?;
        }
        Ok(())
    }
}

impl Side {
    /// Every number at its median. Distributions have none.
    pub(crate) fn medians(&self) -> Sample {
        let of_some = |number: fn(&Sample) -> Option<f64>| {
            let numbers: Option<Vec<f64>> = self.samples.iter().map(number).collect();
            numbers.map(median)
        };
        let processes = self
            .samples
            .first()
            .map_or(&[][..], |sample| &sample.processes_us);
        let of_process = |position: usize| {
            self.median_of(|sample| sample.processes_us.get(position).map_or(0.0, |one| one.1))
        };
        let processes_us = (0..)
            .zip(processes)
            .map(|(position, (name, _))| (*name, of_process(position)));
        Sample {
            count: self.median_of(|sample| sample.count),
            rate: self.median_of(|sample| sample.rate),
            cpu_us: self.median_of(|sample| sample.cpu_us),
            processes_us: processes_us.collect(),
            steal_percent: self.median_of(|sample| sample.steal_percent),
            p50_ms: of_some(|sample| sample.p50_ms),
            p99_ms: of_some(|sample| sample.p99_ms),
            distribution: Vec::new(),
            over_time: Vec::new(),
        }
    }
}

fn write_row(
    out: &mut fmt::Formatter<'_>,
    side: &str,
    round: &str,
    sample: &Sample,
) -> fmt::Result {
    write!(
        out,
        "    {side:<24} {round:<8} {:>8.0}/s  {:>6.0} µs CPU  {:>5.1} % steal",
        sample.rate, sample.cpu_us, sample.steal_percent
    )?;
    if let (Some(p50), Some(p99)) = (sample.p50_ms, sample.p99_ms) {
        write!(out, "  p50 {p50:.1} ms  p99 {p99:.1} ms")?;
    }
    write!(out, "\n{:>40}{:.0} µs of its own:", "", sample.own_us())?;
    for (name, micros) in &sample.processes_us {
        write!(out, "  {name} {micros:.0}")?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &'static str, rates: &[f64]) -> Side {
        let sample = |rate: &f64| Sample {
            count: *rate,
            rate: *rate,
            cpu_us: 300.0,
            processes_us: vec![("api", 200.0), ("postgres", 90.0)],
            steal_percent: 1.0,
            p50_ms: None,
            p99_ms: None,
            distribution: Vec::new(),
            over_time: Vec::new(),
        };
        Side {
            name,
            samples: rates.iter().map(sample).collect(),
        }
    }

    #[test]
    fn a_median_is_the_middle_one() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }

    #[test]
    fn the_ratio_is_taken_round_by_round() {
        let sides = vec![
            side("luutru", &[200.0, 900.0, 300.0]),
            side("pgbench", &[100.0, 300.0, 200.0]),
        ];
        let measure = Measure::paired("P1", "title", sides);
        assert_eq!(measure.ratio, Some(2.0));
        assert!(measure.to_string().contains("2.00"));
        let measure = measure.with_ratios("rates", |sample| sample.rate);
        let note = "ratio of rates: median 2.00, pairs 2.00 3.00 1.50";
        assert_eq!(measure.notes, [note]);
    }

    #[test]
    fn a_figure_above_its_limit_is_missed() {
        let figure = |value, limit| Figure {
            name: "a read".to_owned(),
            value,
            unit: "ms",
            limit,
        };
        let with = |figures| Measure::paired("growth", "title", Vec::new()).with_figures(figures);
        let held = with(vec![figure(20.0, Some(20.0)), figure(99.0, None)]);
        assert!(!held.misses_a_limit());
        let missed = with(vec![figure(1.0, Some(20.0)), figure(20.1, Some(20.0))]);
        assert!(missed.misses_a_limit());
        assert!(missed.to_string().contains("20.10 ms  MISSED, at most 20"));
    }
}
