//! A continuously refilling quota (GCRA, by `governor`) and its remaining units.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::Shortage;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// How much, how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Units that come back each second.
    pub(crate) per_second: NonZeroU32,
    /// Units that may be taken at once when none was taken before.
    pub(crate) burst: NonZeroU32,
}

impl Rate {
    fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }

    /// Seconds in which an empty quota becomes full.
    pub(crate) fn window_seconds(self) -> u32 {
        self.burst.get().div_ceil(self.per_second.get())
    }
}

/// A quota and what was taken of it.
pub(crate) struct Allowance {
    limiter: RateLimiter<NotKeyed, Taken, SinceStart, NoOpMiddleware<Nanos>>,
    taken: Taken,
    clock: SinceStart,
    rate: Rate,
    /// Nanoseconds in which one unit comes back.
    interval: u64,
}

impl Allowance {
    /// A full quota.
    pub(crate) fn new(rate: Rate) -> Self {
        Self::with_quota(rate.quota(), rate)
    }

    /// A full quota of which a unit comes back in each `period`.
    pub(crate) fn slow(burst: NonZeroU32, period: Duration) -> Self {
        let rate = Rate {
            per_second: NonZeroU32::MIN,
            burst,
        };
        let slow = Quota::with_period(period).map(|quota| quota.allow_burst(burst));
        Self::with_quota(slow.unwrap_or_else(|| rate.quota()), rate)
    }

    fn with_quota(quota: Quota, rate: Rate) -> Self {
        let taken = Taken::default();
        let clock = SinceStart(Instant::now());
        let interval = quota.replenish_interval().as_nanos();
        Self {
            limiter: RateLimiter::new(quota, taken.clone(), clock.clone()),
            taken,
            clock,
            rate,
            interval: u64::try_from(interval).unwrap_or(u64::MAX).max(1),
        }
    }

    /// Takes all the units, or none.
    pub(crate) fn take(&self, count: u32) -> Result<(), Shortage> {
        let Some(count) = NonZeroU32::new(count) else {
            return Ok(());
        };
        match self.limiter.check_n(count) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(Shortage::Until(not_until.wait_time_from(self.clock.now()))),
            Err(_) => Err(Shortage::Never),
        }
    }

    /// Undoes a [`Allowance::take`] that came to nothing through no fault of the caller.
    pub(crate) fn give_back(&self, count: u32) {
        let nanos = self.interval.saturating_mul(count.into());
        let undo = |end: u64| Some(end.saturating_sub(nanos));
        // The closure never refuses.
        let _ = self
            .taken
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, undo);
    }

    /// Units that could be taken now.
    pub(crate) fn remaining(&self) -> u32 {
        let used = self.used_nanos().div_ceil(self.interval);
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        self.rate.burst.get().saturating_sub(used)
    }

    /// Whole seconds until there is a unit to take; at least one.
    pub(crate) fn seconds_to_next(&self) -> u32 {
        let others = self.interval * u64::from(self.rate.burst.get() - 1);
        let wait = self.used_nanos().saturating_sub(others);
        u32::try_from(wait.div_ceil(NANOS_PER_SECOND).max(1)).unwrap_or(u32::MAX)
    }

    /// Nothing was taken, or all of it has come back.
    pub(crate) fn is_full(&self) -> bool {
        self.used_nanos() == 0
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// How long until everything taken has come back.
    fn used_nanos(&self) -> u64 {
        let end = self.taken.0.load(Ordering::Acquire);
        end.saturating_sub(self.clock.now().as_u64())
    }
}

/// When everything taken will have come back, in nanoseconds since the start; 0: nothing taken.
/// Kept here rather than in the library, whose state can neither be read nor refunded.
#[derive(Clone, Default)]
struct Taken(Arc<AtomicU64>);

impl StateStore for Taken {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut end = self.0.load(Ordering::Acquire);
        loop {
            let (outcome, next) = decide((end != 0).then(|| Nanos::new(end)))?;
            let swapped = self.0.compare_exchange_weak(
                end,
                next.as_u64(),
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match swapped {
                Ok(_) => return Ok(outcome),
                Err(current) => end = current,
            }
        }
    }
}

/// Monotonic time: setting the wall clock grants no units.
#[derive(Clone)]
struct SinceStart(Instant);

impl Clock for SinceStart {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let nanos = self.0.elapsed().as_nanos();
        Nanos::new(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(per_second: u32, burst: u32) -> Allowance {
        Allowance::new(Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_there_at_once_and_then_the_rate() {
        let allowance = allowance(10, 100);
        assert_eq!(allowance.remaining(), 100);
        allowance.take(100).unwrap();
        assert_eq!(allowance.remaining(), 0);
        let shortage = allowance.take(1).unwrap_err();
        assert_eq!(shortage, Shortage::Until(Duration::from_millis(100)));

        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(allowance.remaining(), 10);
        allowance.take(10).unwrap();
        assert!(allowance.take(1).is_err());
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(allowance.is_full());
        assert_eq!(allowance.remaining(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn units_are_taken_all_or_none() {
        let allowance = allowance(20, 50);
        allowance.take(30).unwrap();
        let shortage = allowance.take(30).unwrap_err();
        assert_eq!(shortage, Shortage::Until(Duration::from_millis(500)));
        assert_eq!(allowance.remaining(), 20);
        assert_eq!(allowance.take(51), Err(Shortage::Never));
        assert_eq!(allowance.take(0), Ok(()));
        assert_eq!(allowance.remaining(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_can_be_taken_again_and_no_more() {
        let allowance = allowance(1, 5);
        allowance.take(5).unwrap();
        allowance.give_back(2);
        assert_eq!(allowance.remaining(), 2);
        allowance.take(2).unwrap();
        allowance.give_back(100);
        assert_eq!(allowance.remaining(), 5);
        assert_eq!(allowance.take(6), Err(Shortage::Never));
    }

    #[tokio::test(start_paused = true)]
    async fn never_more_than_burst_and_rate_in_any_window() {
        let allowance = allowance(7, 13);
        let mut admitted = 0;
        for tick in 0..1_000_u32 {
            while allowance.take(1).is_ok() {
                admitted += 1;
            }
            assert!(admitted <= 13 + 7 * tick / 10 + 1, "tick {tick}");
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert!(admitted >= 700, "{admitted}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_quota_fills_by_its_period() {
        let allowance = Allowance::slow(NonZeroU32::new(2).unwrap(), Duration::from_secs(30));
        allowance.take(2).unwrap();
        let shortage = allowance.take(1).unwrap_err();
        assert_eq!(shortage, Shortage::Until(Duration::from_secs(30)));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(allowance.is_full());
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_unit_is_announced_in_whole_seconds() {
        let allowance = Allowance::new(Rate {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(3).unwrap(),
        });
        assert_eq!(allowance.seconds_to_next(), 1);
        allowance.take(3).unwrap();
        assert_eq!(allowance.seconds_to_next(), 1);
        assert_eq!(allowance.rate().window_seconds(), 3);
    }
}
