//! Commit throughput, observed by the committers and by callers waiting in the queue.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use store::pace::Pace;
use tokio::time::Instant;

/// Shared by all committers of an intake.
pub(crate) struct CommitProgress {
    /// The pace of single declarations.
    pace: Pace,
    /// Declarations that are being written.
    under_way: AtomicU32,
    /// The database did not answer the last group.
    is_stuck: AtomicBool,
}

impl CommitProgress {
    /// Nobody who waits gives up before `patience_min`.
    pub(crate) fn new(patience_min: Duration) -> Self {
        Self {
            pace: Pace::new(patience_min),
            under_way: AtomicU32::new(0),
            is_stuck: AtomicBool::new(false),
        }
    }

    /// A group begins to be written.
    pub(crate) fn begin(&self, count: usize) -> Writing<'_> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.under_way.fetch_add(count, Ordering::Relaxed);
        Writing {
            progress: self,
            count,
            since: Instant::now(),
        }
    }

    /// The deadline for a caller in the queue since then; it moves as long as groups complete.
    pub(crate) fn gives_up_at(&self, since: Instant) -> Instant {
        let together = self.under_way.load(Ordering::Relaxed);
        self.pace.gives_up_at(since, together)
    }

    /// Whether the database failed to answer last time.
    pub(crate) fn is_stuck(&self) -> bool {
        self.is_stuck.load(Ordering::Relaxed)
    }
}

/// Marks a group as being written until dropped.
pub(crate) struct Writing<'a> {
    progress: &'a CommitProgress,
    count: u32,
    since: Instant,
}

impl Writing<'_> {
    /// Since when it has been written.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Says how it ended.
    pub(crate) fn end<T>(self, written: &store::Result<T>) {
        let progress = self.progress;
        let is_stuck = written.as_ref().is_err_and(store::Error::is_of_the_server);
        progress.is_stuck.store(is_stuck, Ordering::Relaxed);
        if written.is_ok() {
            progress.pace.note(self.since.elapsed() / self.count.max(1));
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.progress
            .under_way
            .fetch_sub(self.count, Ordering::Relaxed);
    }
}
