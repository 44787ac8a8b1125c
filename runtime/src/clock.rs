//! The only source of the current time.
//!
//! Instants have microsecond precision (what both databases keep), so that a value read back
//! equals the value written.
//!
//! A simulation moves its clock by hand, including pauses, and derives its ids from a seed, so the
//! same seed gives the same history.

use std::future::poll_fn;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Poll, Waker};

use chrono::{DateTime, Duration, DurationRound, Utc};
use parking_lot::Mutex;
use tokio::time::Instant;

/// The last id tick of the system clock, shared by every [`Clock::system`] of the process.
static SYSTEM_LAST_TICK: LazyLock<Arc<AtomicU64>> = LazyLock::new(Arc::default);

/// The correction applied to the system clock of this process.
static SYSTEM_CORRECTION: LazyLock<Arc<AtomicI64>> = LazyLock::new(Arc::default);

/// Tells the time; a clone tells the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: TimeSource,
    /// Microseconds to add when it is known to be wrong. Shared by clones.
    correction_micros: Arc<AtomicI64>,
    /// Keeps the ids of [`crate::ids::uuid_v7`] in order, see there.
    pub(crate) last_tick: Arc<AtomicU64>,
    /// Supplies the otherwise random bits of ids; simulations only.
    pub(crate) id_tails: Option<Arc<SeededBits>>,
}

/// Numbers out of a seed (SplitMix64): the same seed gives the same ones.
#[derive(Debug)]
pub(crate) struct SeededBits(AtomicU64);

impl SeededBits {
    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[derive(Clone, Debug)]
enum TimeSource {
    System,
    Manual(Arc<ManualTime>),
}

/// What a manual clock shows.
#[derive(Debug)]
struct ManualTime {
    /// Microseconds since 1970-01-01T00:00:00Z.
    micros: AtomicI64,
    /// Where its monotonic time began, and how many microseconds went by since.
    steady_start: Instant,
    steady_micros: AtomicU64,
    /// Waiters for it to move.
    waiting: Mutex<Vec<Waker>>,
    wait_count: AtomicU64,
}

impl ManualTime {
    fn steady(&self) -> Instant {
        let passed = self.steady_micros.load(Ordering::SeqCst);
        self.steady_start + std::time::Duration::from_micros(passed)
    }

    /// Waits until the clock has been moved this far.
    async fn reach(&self, until: Instant) {
        poll_fn(|context| {
            let mut waiting = self.waiting.lock();
            if self.steady() >= until {
                return Poll::Ready(());
            }
            waiting.push(context.waker().clone());
            self.wait_count.fetch_add(1, Ordering::SeqCst);
            Poll::Pending
        })
        .await;
    }
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self {
            source: TimeSource::System,
            correction_micros: Arc::clone(&SYSTEM_CORRECTION),
            last_tick: Arc::clone(&SYSTEM_LAST_TICK),
            id_tails: None,
        }
    }

    /// A clock that stands still until its [`ManualClock`] moves it. For tests and simulations.
    pub fn manual(start: DateTime<Utc>) -> (Self, ManualClock) {
        let hands = Arc::new(ManualTime {
            micros: AtomicI64::new(start.timestamp_micros()),
            steady_start: Instant::now(),
            steady_micros: AtomicU64::new(0),
            waiting: Mutex::default(),
            wait_count: AtomicU64::new(0),
        });
        let clock = Self {
            source: TimeSource::Manual(Arc::clone(&hands)),
            correction_micros: Arc::default(),
            last_tick: Arc::default(),
            id_tails: None,
        };
        (clock, ManualClock { hands })
    }

    /// A manual clock whose ids come out of `seed`. For simulations only: such ids can be guessed.
    pub fn simulated(start: DateTime<Utc>, seed: u64) -> (Self, ManualClock) {
        let (clock, hands) = Self::manual(start);
        let id_tails = Some(Arc::new(SeededBits(AtomicU64::new(seed))));
        (Self { id_tails, ..clock }, hands)
    }

    /// The current time, cut to whole microseconds, as far as it is known.
    pub fn now(&self) -> DateTime<Utc> {
        let correction_micros = self.correction_micros.load(Ordering::Relaxed);
        self.uncorrected() + Duration::microseconds(correction_micros)
    }

    /// From now on, runs this far ahead of the machine's clock; negative: behind.
    pub fn correct_by(&self, correction: Duration) {
        let micros = correction.num_microseconds().unwrap_or_default();
        self.correction_micros.store(micros, Ordering::Relaxed);
    }

    /// The current time as the machine tells it, cut to whole microseconds.
    pub fn uncorrected(&self) -> DateTime<Utc> {
        match &self.source {
            TimeSource::System => whole_micros(system_now()),
            TimeSource::Manual(hands) => {
                let micros = hands.micros.load(Ordering::SeqCst);
                DateTime::from_timestamp_micros(micros).unwrap_or_default()
            }
        }
    }

    /// The monotonic time, which never goes back and never jumps: for leases, pauses and rates.
    pub fn steady(&self) -> Instant {
        match &self.source {
            TimeSource::System => Instant::now(),
            TimeSource::Manual(hands) => hands.steady(),
        }
    }

    /// Waits by the monotonic time. On a manual clock, until somebody has moved it that far.
    pub async fn sleep(&self, pause: std::time::Duration) {
        match &self.source {
            TimeSource::System => tokio::time::sleep(pause).await,
            TimeSource::Manual(hands) => hands.reach(hands.steady() + pause).await,
        }
    }
}

/// Moves the [`Clock`] it was made with.
#[derive(Clone, Debug)]
pub struct ManualClock {
    hands: Arc<ManualTime>,
}

impl ManualClock {
    /// Puts the clock to `instant`, forward or back. Its monotonic time stands still: this is a
    /// jump.
    pub fn set(&self, instant: DateTime<Utc>) {
        let micros = &self.hands.micros;
        micros.store(instant.timestamp_micros(), Ordering::SeqCst);
    }

    /// Lets time pass. A negative duration moves the clock back, but not its monotonic time.
    pub fn advance(&self, by: Duration) {
        let by_micros = by.num_microseconds().unwrap_or(i64::MAX);
        self.hands.micros.fetch_add(by_micros, Ordering::SeqCst);
        let passed = u64::try_from(by_micros).unwrap_or(0);
        self.hands.steady_micros.fetch_add(passed, Ordering::SeqCst);
        for waker in self.hands.waiting.lock().drain(..) {
            waker.wake();
        }
    }

    /// How often a waiter checked the clock and had to keep waiting: tells a simulation whether its
    /// parts wait for the clock or for something else.
    pub fn wait_count(&self) -> u64 {
        self.hands.wait_count.load(Ordering::SeqCst)
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
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_correction_is_of_all_clones_and_of_nothing_steady() {
        let (clock, hands) = Clock::manual(DateTime::UNIX_EPOCH);
        let (other, steady) = (clock.clone(), clock.steady());
        clock.correct_by(Duration::hours(-1));
        assert_eq!(other.now(), DateTime::UNIX_EPOCH - Duration::hours(1));
        assert_eq!(other.uncorrected(), DateTime::UNIX_EPOCH);
        assert_eq!(other.steady(), steady);
        hands.set(DateTime::UNIX_EPOCH + Duration::hours(1));
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
        other.correct_by(Duration::zero());
        assert_eq!(clock.now(), clock.uncorrected());
    }

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
    fn who_sleeps_by_a_manual_clock_wakes_when_its_steady_time_has_passed() {
        let (clock, hand) = Clock::manual(DateTime::UNIX_EPOCH);
        let mut sleep = std::pin::pin!(clock.sleep(std::time::Duration::from_secs(2)));
        let mut is_over = || sleep.as_mut().now_or_never().is_some();
        assert!(!is_over());
        assert_eq!(hand.wait_count(), 1);
        hand.set("2026-11-23T14:05:00Z".parse().unwrap());
        assert!(!is_over(), "a jump is no time that passes");
        hand.advance(Duration::seconds(1));
        assert!(!is_over());
        assert_eq!(hand.wait_count(), 3);
        hand.advance(Duration::seconds(1));
        assert!(is_over());
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
