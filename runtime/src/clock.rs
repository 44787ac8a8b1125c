//! The one source of the present instant.
//!
//! Instants have microsecond precision (what both databases keep), so that a value read back
//! equals the value written.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Duration, DurationRound, Utc};

/// The last id tick of the system clock, shared by every [`Clock::system`] of the process.
static SYSTEM_LAST_TICK: LazyLock<Arc<AtomicU64>> = LazyLock::new(Arc::default);

/// Tells the time; a clone tells the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// Keeps the ids of [`crate::ids::uuid_v7`] in order, see there.
    pub(crate) last_tick: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self {
            source: Source::System,
            last_tick: Arc::clone(&SYSTEM_LAST_TICK),
        }
    }

    /// A clock that stands still until its [`ManualClock`] moves it. For tests and simulations.
    pub fn manual(start: DateTime<Utc>) -> (Self, ManualClock) {
        let micros = Arc::new(AtomicI64::new(start.timestamp_micros()));
        let clock = Self {
            source: Source::Manual(Arc::clone(&micros)),
            last_tick: Arc::default(),
        };
        (clock, ManualClock { micros })
    }

    /// The present instant, cut to whole microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.source {
            Source::System => whole_micros(system_now()),
            Source::Manual(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }
}

/// Moves the [`Clock`] it was made with.
#[derive(Clone, Debug)]
pub struct ManualClock {
    micros: Arc<AtomicI64>,
}

impl ManualClock {
    /// Puts the clock to `instant`, forward or back.
    pub fn set(&self, instant: DateTime<Utc>) {
        self.micros
            .store(instant.timestamp_micros(), Ordering::SeqCst);
    }

    /// Moves the clock by `by`; a negative duration moves it back.
    pub fn advance(&self, by: Duration) {
        let by_micros = by.num_microseconds().unwrap_or(i64::MAX);
        self.micros.fetch_add(by_micros, Ordering::SeqCst);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the machine for the time"
)]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}

fn whole_micros(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant
        .duration_trunc(Duration::microseconds(1))
        .unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_gives_whole_microseconds() {
        for _ in 0..100 {
            assert_eq!(Clock::system().now().timestamp_subsec_nanos() % 1_000, 0);
        }
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let start = "2026-11-23T14:05:00Z".parse::<DateTime<Utc>>().unwrap();
        let (clock, hand) = Clock::manual(start);
        assert_eq!(clock.now(), start);

        hand.advance(Duration::minutes(10));
        assert_eq!(clock.clone().now(), start + Duration::minutes(10));

        hand.set(start);
        assert_eq!(clock.now(), start);
    }
}
