//! How a worker handles wrong clocks, its own above all.
//!
//! A worker whose clock is far from the database server's starts nothing new. Its signatures would
//! be refused as stale, which looks like an endpoint that refuses us, and it would expire and
//! postpone rows by the wrong time. Tasks under way continue; waiting tasks are left to other
//! workers.
//!
//! With a single clock, as on SQLite, there is nothing to compare. If that clock is set back, tasks
//! postponed before would wait too long, so they are made due at once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::skew::COMPARE_INTERVAL;
use tokio::time::Instant;

use crate::worker::Worker;

/// A smaller step back does no harm worth repairing.
const STEP_BACK_MAX: TimeDelta = TimeDelta::seconds(60);

/// Runs until dropped.
pub(crate) async fn run(worker: Arc<Worker>) {
    let read = || (worker.clock.now(), worker.clock.steady());
    let mut before = read();
    loop {
        tokio::time::sleep(COMPARE_INTERVAL).await;
        worker.compare_clocks().await;
        let present = read();
        if is_set_back(before, present) {
            tracing::warn!("the clock was set back; retrying waiting tasks at once");
            worker.hasten_what_waits().await;
        }
        before = present;
    }
}

/// Whether the clock lost more than [`STEP_BACK_MAX`] against monotonic time between two readings.
fn is_set_back(before: (DateTime<Utc>, Instant), present: (DateTime<Utc>, Instant)) -> bool {
    let passed = TimeDelta::from_std(present.1 - before.1).unwrap_or(TimeDelta::MAX);
    passed - (present.0 - before.0) > STEP_BACK_MAX
}

impl Worker {
    /// Without an answer, the last known state holds.
    pub(crate) async fn compare_clocks(&self) {
        let answer = store::health::server_time(&self.db);
        self.clock_watch.look(answer).await;
    }

    /// Whether to start nothing new.
    pub(crate) fn has_wrong_clock(&self) -> bool {
        self.clock_watch.is_wrong()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_is_set_back_when_it_loses_against_the_steady_time() {
        // Each row, in seconds: by the clock, by monotonic time, and whether it was set back.
        let table = [
            (1, 1, false),
            (0, 60, false),
            (-59, 1, false),
            (-60, 1, true),
            (-3_600, 1, true),
            (3_600, 1, false),
            // The machine slept, and its monotonic time with it.
            (3_600, 0, false),
        ];
        for (told, passed, expected) in table {
            let (wall, steady) = (DateTime::UNIX_EPOCH, Instant::now());
            let present = (
                wall + TimeDelta::seconds(told),
                steady + Duration::from_secs(passed),
            );
            let is_back = is_set_back((wall, steady), present);
            assert_eq!(is_back, expected, "{told} s told in {passed} s");
        }
    }
}
