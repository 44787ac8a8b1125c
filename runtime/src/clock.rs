//! The one source of the present instant.
//!
//! Instants have microsecond precision (what both databases keep), so that a value read back
//! equals the value written.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Duration, DurationRound, Utc};
use tokio::time::Instant;

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
    Manual(Arc<Hands>),
}

/// What a manual clock shows.
#[derive(Debug)]
struct Hands {
    /// Microseconds since 1970-01-01T00:00:00Z.
    micros: AtomicI64,
    /// Where its steady time began, and how many microseconds went by since.
    steady_start: Instant,
    steady_micros: AtomicU64,
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
        let hands = Arc::new(Hands {
            micros: AtomicI64::new(start.timestamp_micros()),
            steady_start: Instant::now(),
            steady_micros: AtomicU64::new(0),
        });
        let clock = Self {
            source: Source::Manual(Arc::clone(&hands)),
            last_tick: Arc::default(),
        };
        (clock, ManualClock { hands })
    }

    /// The present instant, cut to whole microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.source {
            Source::System => whole_micros(system_now()),
            Source::Manual(hands) => {
                let micros = hands.micros.load(Ordering::SeqCst);
                DateTime::from_timestamp_micros(micros).unwrap_or_default()
            }
        }
    }

    /// The steady time, which never goes back and never jumps: for leases, pauses and rates.
    pub fn steady(&self) -> Instant {
        match &self.source {
            Source::System => Instant::now(),
            Source::Manual(hands) => {
                let passed = hands.steady_micros.load(Ordering::SeqCst);
                hands.steady_start + std::time::Duration::from_micros(passed)
            }
        }
    }
}

/// Moves the [`Clock`] it was made with.
#[derive(Clone, Debug)]
pub struct ManualClock {
    hands: Arc<Hands>,
}

impl ManualClock {
    /// Puts the clock to `instant`, forward or back. Its steady time stands still: this is a jump.
    pub fn set(&self, instant: DateTime<Utc>) {
        let micros = &self.hands.micros;
        micros.store(instant.timestamp_micros(), Ordering::SeqCst);
    }

    /// Lets time pass. A negative duration moves the clock back, without its steady time.
    pub fn advance(&self, by: Duration) {
        let by_micros = by.num_microseconds().unwrap_or(i64::MAX);
        self.hands.micros.fetch_add(by_micros, Ordering::SeqCst);
        let passed = u64::try_from(by_micros).unwrap_or(0);
        self.hands.steady_micros.fetch_add(passed, Ordering::SeqCst);
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

    #[test]
    fn the_steady_time_passes_and_does_not_jump() {
        let (clock, hand) = Clock::manual(DateTime::UNIX_EPOCH);
        let begun = clock.steady();
        hand.set("2026-11-23T14:05:00Z".parse().unwrap());
        hand.advance(-Duration::hours(1));
        assert_eq!(clock.steady(), begun);
        hand.advance(Duration::seconds(5));
        assert_eq!(clock.steady() - begun, std::time::Duration::from_secs(5));
    }
}
