//! How long it is worth to wait behind others.

use std::{
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

/// Before anything is known: a process that starts on a busy machine is slow at first.
const USUAL_AT_FIRST: Duration = Duration::from_millis(500);
/// How much of the last one goes into what is usual.
const SHARE: u64 = 8;
/// Something that takes so many times as long as usual has got stuck.
const STUCK_AFTER: u32 = 4;

/// How often others get done, and so until when whoever waits behind them has a prospect.
///
/// Waiting is no fault while things get done: a long queue that moves is waited out. Once nothing
/// was done for longer than four times the usual, and for a least time, those who wait are better
/// told at once.
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

    /// Something got done, and took so long.
    pub fn note(&self, took: Duration) {
        let took_us = microseconds(took);
        let averaged = |usual_us: u64| Some(usual_us - usual_us / SHARE + took_us / SHARE);
        // Never fails: the closure always has a value.
        let _ = self
            .usual_us
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, averaged);
        self.last.note(Instant::now());
    }

    /// Until when to wait, for one who has waited since then and unless something gets done
    /// meanwhile: ask again before giving up. `together` is how many are done at once just now,
    /// which takes as many times as long as one.
    pub fn gives_up_at(&self, since: Instant, together: u32) -> Instant {
        since.max(self.last.get()) + self.patience(together)
    }

    fn patience(&self, together: u32) -> Duration {
        let usual = Duration::from_micros(self.usual_us.load(Ordering::Relaxed));
        let usual = usual.saturating_mul(together.max(1));
        self.patience_min.max(usual.saturating_mul(STUCK_AFTER))
    }
}

/// Waits as long as there is a prospect: until `until`, which is asked again when it has come.
pub async fn outlast<T>(what: impl Future<Output = T>, until: impl Fn() -> Instant) -> Option<T> {
    let mut what = pin!(what);
    loop {
        if let Ok(had) = timeout_at(until(), &mut what).await {
            return Some(had);
        }
        if until() <= Instant::now() {
            return None;
        }
    }
}

/// The latest of the instants that were noted, its own beginning if there were none.
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
        // Who comes now has not waited yet.
        assert_eq!(pace.gives_up_at(Instant::now(), 1), Instant::now() + LEAST);
    }
}
