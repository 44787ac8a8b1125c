//! How long waiting in a queue is worthwhile.

use std::{
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

/// The initial estimate: a process starting on a busy machine is slow at first.
const USUAL_AT_FIRST: Duration = Duration::from_millis(500);
/// The weight of the newest sample in the moving average.
const SHARE: u64 = 8;
/// A timer that is called earlier than this after its time is called in time.
const LATE_FROM: Duration = Duration::from_millis(10);
/// How much longer to wait for each time that a timer was called late.
const GRACE_PER_LATENESS: u32 = 10;
/// The longest that lateness adds to a wait.
const GRACE_MAX: Duration = Duration::from_secs(2);
/// Work that takes this many times as long as usual is stuck.
const STUCK_AFTER: u32 = 4;

/// Tracks how fast work completes, to decide how long waiting is still worthwhile.
///
/// Waiting is fine while work completes: a long queue that moves is worth waiting for. Once nothing
/// has completed for four times the usual duration, and for a minimum time, waiting callers are
/// refused at once.
#[derive(Debug)]
pub struct Pace {
    patience_min: Duration,
    /// What one takes, averaged, in microseconds.
    usual_us: AtomicU64,
    /// When the last one got done.
    last: Latest,
}

impl Pace {
    /// Nobody gives up before `patience_min`.
    pub fn new(patience_min: Duration) -> Self {
        Self {
            patience_min,
            usual_us: AtomicU64::new(microseconds(USUAL_AT_FIRST)),
            last: Latest::default(),
        }
    }

    /// Records a completion and its duration.
    pub fn note(&self, took: Duration) {
        let took_us = microseconds(took);
        let averaged = |usual_us: u64| Some(usual_us - usual_us / SHARE + took_us / SHARE);
        // Never fails: the closure always has a value.
        let _ = self
            .usual_us
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, averaged);
        self.last.note(Instant::now());
    }

    /// The deadline for a caller waiting since `since`. Every completion extends it, so ask again
    /// before giving up. `together` is how many run at once, which multiplies the usual duration.
    pub fn gives_up_at(&self, since: Instant, together: u32) -> Instant {
        since.max(self.last.get()) + self.patience(together)
    }

    fn patience(&self, together: u32) -> Duration {
        let usual = Duration::from_micros(self.usual_us.load(Ordering::Relaxed));
        let usual = usual.saturating_mul(together.max(1));
        self.patience_min.max(usual.saturating_mul(STUCK_AFTER))
    }
}

/// Waits until the deadline that `until` returns, asking again each time it passes.
///
/// Whoever is told late that it has passed is on a machine that is short of processor time, as what is
/// waited for probably is: a wait goes on for ten times as long as the telling was late. So a burst on
/// a small machine is taken a little later, and a database that stands still is found as soon as ever.
pub async fn outlast<T>(what: impl Future<Output = T>, until: impl Fn() -> Instant) -> Option<T> {
    let mut what = pin!(what);
    let mut grace = Duration::ZERO;
    loop {
        let deadline = until() + grace;
        if let Ok(had) = timeout_at(deadline, &mut what).await {
            return Some(had);
        }
        let now = Instant::now();
        if until() + grace > now {
            continue;
        }
        let late = now - deadline;
        if late < LATE_FROM || grace == GRACE_MAX {
            return None;
        }
        grace = GRACE_MAX.min(grace + late * GRACE_PER_LATENESS);
    }
}

/// The latest recorded instant, or its own start if there is none.
#[derive(Debug)]
pub(crate) struct Latest {
    begun: Instant,
    after_us: AtomicU64,
}

impl Default for Latest {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            after_us: AtomicU64::new(0),
        }
    }
}

impl Latest {
    pub(crate) fn note(&self, instant: Instant) {
        let after = instant.saturating_duration_since(self.begun);
        self.after_us
            .fetch_max(microseconds(after), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Instant {
        self.begun + Duration::from_micros(self.after_us.load(Ordering::Relaxed))
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Duration = Duration::from_millis(250);

    #[tokio::test(start_paused = true)]
    async fn patience_follows_what_is_usual_and_has_a_floor() {
        let pace = Pace::new(LEAST);
        assert_eq!(pace.patience(1), Duration::from_secs(2));
        for _ in 0..60 {
            pace.note(Duration::from_millis(8));
        }
        assert_eq!(pace.patience(1), LEAST);
        assert!(pace.patience(100) > Duration::from_secs(3));
        for _ in 0..60 {
            pace.note(Duration::from_millis(400));
        }
        let patience = pace.patience(1);
        assert!(
            patience > Duration::from_millis(1_500) && patience <= Duration::from_millis(1_600),
            "{patience:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_called_late_waits_on_and_who_is_called_in_time_does_not() {
        let begun = Instant::now();
        let waited_with = async |blocked: Duration| {
            let since = Instant::now();
            let wait = outlast(std::future::pending::<()>(), || since + LEAST);
            let block = async {
                // Nothing else is called while the clock moves.
                tokio::time::sleep(LEAST - Duration::from_millis(1)).await;
                tokio::time::advance(blocked).await;
            };
            let (had, ()) = tokio::join!(wait, block);
            assert!(had.is_none());
            since.elapsed()
        };
        let close_to = |waited: Duration, expected: Duration| {
            let difference = waited.abs_diff(expected);
            assert!(difference <= Duration::from_millis(5), "{waited:?}");
        };
        close_to(waited_with(Duration::ZERO).await, LEAST);
        // 20 ms late after 250: ten times that are added to the deadline.
        let waited = waited_with(Duration::from_millis(21)).await;
        close_to(waited, LEAST + Duration::from_millis(200));
        // However late, there is an end.
        let waited = waited_with(Duration::from_secs(60)).await;
        assert!(waited <= Duration::from_secs(61), "{waited:?}");
        assert!(begun.elapsed() < Duration::from_secs(70));
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_moves_is_waited_out_and_one_that_stands_is_not() {
        let pace = Pace::new(LEAST);
        for _ in 0..60 {
            pace.note(Duration::from_millis(8));
        }
        let since = Instant::now();
        assert_eq!(pace.gives_up_at(since, 1), since + LEAST);
        for _ in 0..20 {
            tokio::time::advance(Duration::from_millis(200)).await;
            pace.note(Duration::from_millis(8));
            assert_eq!(pace.gives_up_at(since, 1), Instant::now() + LEAST);
        }
        tokio::time::advance(LEAST).await;
        assert!(pace.gives_up_at(since, 1) <= Instant::now());
        // A caller arriving now has not waited yet.
        assert_eq!(pace.gives_up_at(Instant::now(), 1), Instant::now() + LEAST);
    }
}
