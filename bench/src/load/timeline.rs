//! Latencies by the time at which their requests were to start.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use serde::Serialize;

use super::schedule::Pace;

/// As many as a chart shows; a run of unknown length gets them a second each.
const SLICE_COUNT: u32 = 60;
/// A run of unknown length that goes on keeps the rest in the last one.
const SLICE_COUNT_MAX: usize = 600;
const SLICE_MIN: Duration = Duration::from_millis(100);
/// Latencies of a slice: microseconds to two digits, up to ten minutes.
const LATENCY_MAX_US: u64 = 600_000_000;

/// A run in slices of equal length.
pub(crate) struct Timeline {
    slice: Duration,
    slices: Vec<Slice>,
}

struct Slice {
    latency: Histogram<u32>,
    refused_count: u64,
}

/// One slice, as it is reported. Milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Point {
    /// Its middle, from the start of the run.
    pub(crate) at_seconds: f64,
    /// Requests a second that were accepted or given up without an answer.
    pub(crate) rate: f64,
    /// Requests that were refused.
    pub(crate) refused: u64,
    /// Half were faster.
    pub(crate) p50_ms: f64,
    /// 99 in 100 were faster.
    pub(crate) p99_ms: f64,
    /// The slowest.
    pub(crate) max_ms: f64,
}

impl Timeline {
    /// For a run at this pace.
    pub(crate) fn new(pace: &Pace) -> Self {
        let duration = match pace {
            Pace::Open { duration, .. } => Some(*duration),
            Pace::Closed { duration, .. } => *duration,
        };
        let slice = duration.map_or(Duration::from_secs(1), |duration| duration / SLICE_COUNT);
        Self {
            slice: slice.max(SLICE_MIN),
            slices: Vec::new(),
        }
    }

    /// Adds a request that was to start `offset` after the start of the run. A refusal has no
    /// latency: it is quick and would flatter.
    pub(crate) fn note(
        &mut self,
        offset: Duration,
        latency: Option<Duration>,
    ) -> anyhow::Result<()> {
        let position = offset.div_duration_f64(self.slice) as usize;
        let position = position.min(SLICE_COUNT_MAX - 1);
        while self.slices.len() <= position {
            self.slices.push(Slice {
                latency: Histogram::new_with_bounds(1, LATENCY_MAX_US, 2).context("histogram")?,
                refused_count: 0,
            });
        }
        let slice = &mut self.slices[position];
        match latency {
            Some(latency) => {
                let micros = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_US);
                slice.latency.saturating_record(micros);
            }
            None => slice.refused_count += 1,
        }
        Ok(())
    }

    /// The slices in which a request started.
    pub(crate) fn points(&self) -> Vec<Point> {
        let seconds = self.slice.as_secs_f64();
        let slices = self.slices.iter().enumerate();
        slices
            .filter(|(_, slice)| !slice.latency.is_empty() || slice.refused_count > 0)
            .map(|(position, slice)| {
                let at = |quantile| slice.latency.value_at_quantile(quantile) as f64 / 1_000.0;
                Point {
                    at_seconds: (position as f64 + 0.5) * seconds,
                    rate: slice.latency.len() as f64 / seconds,
                    refused: slice.refused_count,
                    p50_ms: at(0.5),
                    p99_ms: at(0.99),
                    max_ms: slice.latency.max() as f64 / 1_000.0,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_belongs_to_the_slice_in_which_it_was_to_start() {
        let pace = Pace::Closed {
            request_count: None,
            duration: Some(Duration::from_secs(60)),
        };
        let mut timeline = Timeline::new(&pace);
        for (offset_ms, latency_ms) in [(100, 5_000), (900, 7_000), (2_500, 3)] {
            let latency = Duration::from_millis(latency_ms);
            timeline
                .note(Duration::from_millis(offset_ms), Some(latency))
                .unwrap();
        }
        timeline.note(Duration::from_millis(2_600), None).unwrap();
        let points = timeline.points();
        let middles: Vec<f64> = points.iter().map(|point| point.at_seconds).collect();
        assert_eq!(middles, [0.5, 2.5]);
        assert!((points[0].rate - 2.0).abs() < 1e-9);
        assert!((points[0].max_ms - 7_000.0).abs() < 70.0, "{points:?}");
        assert_eq!(points[1].refused, 1);
    }

    #[test]
    fn a_run_without_an_end_stays_bounded() {
        let pace = Pace::Closed {
            request_count: Some(1),
            duration: None,
        };
        let mut timeline = Timeline::new(&pace);
        let day = Duration::from_secs(86_400);
        timeline.note(day, Some(Duration::from_millis(1))).unwrap();
        assert_eq!(timeline.slices.len(), SLICE_COUNT_MAX);
    }
}
