//! The results of a run, as text and as JSON.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    time::Duration,
};

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;
use uuid::Uuid;

use super::{police::Comparison, timeline::Point};

/// Latencies are kept in microseconds to three digits, up to ten minutes.
const LATENCY_MAX_US: u64 = 600_000_000;
const CLASSES_PER_DOUBLING: f64 = 4.0;

/// Counts of one connection, or of all together.
pub(crate) struct Tally {
    /// From the intended start to the answer, microseconds: of accepted requests, and of those
    /// that were given up without an answer. Refusals are quick and would flatter it.
    latency: Histogram<u64>,
    /// Requests, without their repetitions.
    pub(crate) request_count: u64,
    /// Repetitions.
    pub(crate) retry_count: u64,
    /// Requests by HTTP status or by why there was no answer.
    pub(crate) statuses: BTreeMap<String, u64>,
    /// Stays by problem code.
    pub(crate) codes: BTreeMap<String, u64>,
    /// Stays with a receipt.
    pub(crate) accepted_count: u64,
    /// Stays that were there already.
    pub(crate) replayed_count: u64,
    /// Stays refused.
    pub(crate) rejected_count: u64,
    /// Stays with an unknown outcome.
    pub(crate) unknown_count: u64,
    /// Accepted and replayed stays, when they are kept.
    pub(crate) stay_ids: Vec<Uuid>,
    /// From the first start to the last answer.
    pub(crate) duration: Duration,
    /// Latencies by the time of their start; empty for one connection.
    pub(crate) over_time: Vec<Point>,
}

impl Tally {
    /// Nothing counted yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let latency = Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).context("histogram")?;
        Ok(Self {
            latency,
            request_count: 0,
            retry_count: 0,
            statuses: BTreeMap::new(),
            codes: BTreeMap::new(),
            accepted_count: 0,
            replayed_count: 0,
            rejected_count: 0,
            unknown_count: 0,
            stay_ids: Vec::new(),
            duration: Duration::ZERO,
            over_time: Vec::new(),
        })
    }

    /// Adds one latency; beyond ten minutes it counts as ten.
    pub(crate) fn note_latency(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_US);
        self.latency.saturating_record(micros);
    }

    /// Adds the counts of another connection.
    pub(crate) fn add(&mut self, other: Self) -> anyhow::Result<()> {
        self.latency.add(&other.latency).context("histogram")?;
        self.request_count += other.request_count;
        self.retry_count += other.retry_count;
        self.accepted_count += other.accepted_count;
        self.replayed_count += other.replayed_count;
        self.rejected_count += other.rejected_count;
        self.unknown_count += other.unknown_count;
        self.stay_ids.extend(other.stay_ids);
        for (label, count) in other.statuses {
            *self.statuses.entry(label).or_default() += count;
        }
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
        Ok(())
    }

    /// Accepted stays a second.
    pub(crate) fn accepted_per_second(&self) -> f64 {
        self.accepted_count as f64 / self.duration.as_secs_f64().max(1e-9)
    }

    /// How many requests took how long, in classes that grow by a factor of 2^¼.
    pub(crate) fn distribution(&self) -> Vec<LatencyClass> {
        let mut classes: BTreeMap<i32, u64> = BTreeMap::new();
        for value in self.latency.iter_recorded() {
            let micros = value.value_iterated_to().max(1) as f64;
            let class = (micros.log2() * CLASSES_PER_DOUBLING).floor() as i32;
            *classes.entry(class).or_default() += value.count_since_last_iteration();
        }
        let (Some(first), Some(last)) = (classes.keys().next(), classes.keys().last()) else {
            return Vec::new();
        };
        let edge = |class: i32| (f64::from(class) / CLASSES_PER_DOUBLING).exp2() / 1_000.0;
        (*first..=*last)
            .map(|class| LatencyClass {
                from_ms: edge(class),
                to_ms: edge(class + 1),
                count: classes.get(&class).copied().unwrap_or_default(),
            })
            .collect()
    }

    /// Quantiles of the latency.
    pub(crate) fn latency(&self) -> Latency {
        let milliseconds = |micros: u64| micros as f64 / 1_000.0;
        let at = |quantile| milliseconds(self.latency.value_at_quantile(quantile));
        Latency {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: milliseconds(self.latency.max()),
        }
    }
}

/// Requests of about the same latency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LatencyClass {
    /// Milliseconds, inclusive.
    pub(crate) from_ms: f64,
    /// Milliseconds, exclusive.
    pub(crate) to_ms: f64,
    /// Requests.
    pub(crate) count: u64,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Latency {
    /// Half of the requests are faster.
    pub(crate) p50: f64,
    /// Nine in ten.
    pub(crate) p90: f64,
    /// 99 in 100.
    pub(crate) p99: f64,
    /// 999 in 1,000.
    pub(crate) p999: f64,
    /// The slowest.
    pub(crate) max: f64,
}

/// The result of a run, as it is printed.
#[derive(Serialize)]
pub struct Summary {
    /// Begins the run's references and keys.
    pub(crate) run: String,
    /// `--seed` to make the same guests again.
    pub(crate) seed: u64,
    /// Requests, without their repetitions.
    pub(crate) requests: u64,
    /// Repetitions of requests without a known outcome.
    pub(crate) retries: u64,
    /// From the first start to the last answer.
    pub(crate) seconds: f64,
    /// Accepted stays a second.
    pub(crate) accepted_per_second: f64,
    /// Stays with a new receipt.
    pub(crate) accepted: u64,
    /// Stays that were there already.
    pub(crate) replayed: u64,
    /// Stays refused.
    pub(crate) rejected: u64,
    /// Stays with no known outcome.
    pub(crate) unknown: u64,
    /// From the intended start; refusals are left out.
    pub(crate) latency_ms: Latency,
    /// Requests by status, or by why there was no answer.
    pub(crate) statuses: BTreeMap<String, u64>,
    /// Stays by problem code.
    pub(crate) codes: BTreeMap<String, u64>,
    /// What the police endpoint's ledger says, when asked.
    pub(crate) police: Option<Comparison>,
    /// Latency by the time at which requests were to start.
    pub(crate) over_time: Vec<Point>,
    /// Requests by latency.
    pub(crate) distribution: Vec<LatencyClass>,
}

impl Summary {
    /// Whether every accepted stay reached the police once; also true when nobody compared.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.police.as_ref().is_none_or(Comparison::is_clean)
    }

    /// The counts of a run with that name and seed.
    pub(crate) fn new(run: &str, seed: u64, tally: &Tally, police: Option<Comparison>) -> Self {
        Self {
            run: run.to_owned(),
            seed,
            requests: tally.request_count,
            retries: tally.retry_count,
            seconds: tally.duration.as_secs_f64(),
            accepted_per_second: tally.accepted_per_second(),
            accepted: tally.accepted_count,
            replayed: tally.replayed_count,
            rejected: tally.rejected_count,
            unknown: tally.unknown_count,
            latency_ms: tally.latency(),
            statuses: tally.statuses.clone(),
            codes: tally.codes.clone(),
            police,
            over_time: tally.over_time.clone(),
            distribution: tally.distribution(),
        }
    }
}

impl Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latency = &self.latency_ms;
        writeln!(
            out,
            "run {}: {} requests in {:.2} s, {} sent again, --seed {}",
            self.run, self.requests, self.seconds, self.retries, self.seed
        )?;
        writeln!(
            out,
            "stays     accepted {} ({:.1}/s)  replayed {}  rejected {}  unknown {}",
            self.accepted, self.accepted_per_second, self.replayed, self.rejected, self.unknown
        )?;
        writeln!(
            out,
            "latency   p50 {:.2} ms  p90 {:.2}  p99 {:.2}  p99.9 {:.2}  max {:.2}",
            latency.p50, latency.p90, latency.p99, latency.p999, latency.max
        )?;
        write_counts(out, "status", &self.statuses)?;
        write_counts(out, "code", &self.codes)?;
        match &self.police {
            Some(comparison) => write!(out, "{comparison}"),
            None => Ok(()),
        }
    }
}

fn write_counts(
    out: &mut fmt::Formatter<'_>,
    title: &str,
    counts: &BTreeMap<String, u64>,
) -> fmt::Result {
    if counts.is_empty() {
        return Ok(());
    }
    write!(out, "{title:<10}")?;
    for (position, (label, count)) in counts.iter().enumerate() {
        let gap = if position == 0 { "" } else { "  " };
        write!(out, "{gap}{label} {count}")?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_add_up_and_keep_their_quantiles() {
        let mut total = Tally::new().unwrap();
        for milliseconds in 1..=100 {
            let mut one = Tally::new().unwrap();
            one.request_count = 1;
            one.accepted_count = 1;
            one.statuses.insert("201".to_owned(), 1);
            one.note_latency(Duration::from_millis(milliseconds));
            total.add(one).unwrap();
        }
        total.duration = Duration::from_secs(2);
        assert_eq!(total.statuses["201"], 100);
        assert!((total.accepted_per_second() - 50.0).abs() < 1e-9);
        let latency = total.latency();
        assert!((latency.p50 - 50.0).abs() < 0.1, "{}", latency.p50);
        assert!((latency.p99 - 99.0).abs() < 0.1, "{}", latency.p99);
        assert!((latency.max - 100.0).abs() < 0.1, "{}", latency.max);

        let summary = Summary::new("r", 9, &total, None);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["accepted"], 100);
        assert!(summary.to_string().contains("status    201 100"));
        assert!(summary.to_string().contains("--seed 9"));
    }

    #[test]
    fn every_request_is_in_one_class_of_the_distribution() {
        let mut tally = Tally::new().unwrap();
        for milliseconds in [1, 2, 2, 40] {
            tally.note_latency(Duration::from_millis(milliseconds));
        }
        let classes = tally.distribution();
        assert_eq!(classes.iter().map(|class| class.count).sum::<u64>(), 4);
        assert!(
            classes
                .windows(2)
                .all(|pair| pair[0].to_ms == pair[1].from_ms)
        );
        let of_two = classes.iter().find(|class| class.count == 2).unwrap();
        assert!(of_two.from_ms <= 2.0 && 2.0 <= of_two.to_ms, "{of_two:?}");
    }
}
