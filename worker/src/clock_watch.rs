//! What a worker does about clocks that are wrong, its own above all.
//!
//! One whose clock is far from the database server's begins nothing. Its signatures would be refused
//! as stale, which looks like an endpoint that refuses us, and what it forgot or put off would be by
//! a wrong time. What is under way goes on; what waits is there for other workers.
//!
//! Where there is one clock, as on SQLite, nothing can be compared. When that is set back, what was
//! put off meanwhile would wait until a time that is far away again: it is made due at once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::skew::COMPARE_INTERVAL;
use tokio::time::Instant;

use crate::run::Worker;

/// A clock that is set back by less does no harm that is worth mending.
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
            tracing::warn!("the clock was set back; what waits is tried at once");
            worker.hasten_what_waits().await;
        }
        before = present;
    }
}

/// Whether the clock lost more than [`STEP_BACK_MAX`] against the steady time between two readings.
fn is_set_back(before: (DateTime<Utc>, Instant), present: (DateTime<Utc>, Instant)) -> bool {
    let passed = TimeDelta::from_std(present.1 - before.1).unwrap_or(TimeDelta::MAX);
    passed - (present.0 - before.0) > STEP_BACK_MAX
}

impl Worker {
    /// Without an answer what was last known holds.
    pub(crate) async fn compare_clocks(&self) {
        let answer = store::health::server_time(&self.db);
        self.clock_watch.look(answer).await;
    }

    /// Whether nothing new is to be begun.
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
        // Each row, in seconds: by the clock, by steady time, and whether it was set back.
        let table = [
            (1, 1, false),
            (0, 60, false),
            (-59, 1, false),
            (-60, 1, true),
            (-3_600, 1, true),
            (3_600, 1, false),
            // The machine slept, and its steady time with it.
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
