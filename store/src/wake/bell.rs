//! The bell of one process: a commit rings it, and the tasks that look for work wait for it.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

/// Both ends of the bell.
#[derive(Clone, Default)]
pub struct Wake {
    ends: Arc<Ends>,
}

#[derive(Default)]
struct Ends {
    /// Notified when there may be work; workers wait on it.
    work: Notify,
    /// Notified when there may be events without a number; the sequencer waits on it.
    events: Notify,
    /// Rung when other processes should hear of work; [`announce`](super::announce) waits on it.
    outbound: Notify,
}

impl Wake {
    /// Signals that work for a worker was committed. Never blocks.
    pub fn notify(&self) {
        self.ring();
        self.ends.outbound.notify_one();
    }

    /// Signals that this process, which numbers events itself, committed some. Never blocks.
    pub fn notify_events(&self) {
        self.ends.events.notify_one();
    }

    /// Wakes everybody who waits in this process.
    pub(super) fn ring(&self) {
        self.ends.work.notify_one();
        self.ends.events.notify_one();
    }

    /// Waits until there may be work, `longest` at most.
    pub async fn wait(&self, longest: Duration) {
        // A time-out is the poll, not a failure.
        let _ = tokio::time::timeout(longest, self.ends.work.notified()).await;
    }

    /// Waits until there may be events without a number, `longest` at most.
    pub async fn wait_for_events(&self, longest: Duration) {
        // A time-out is the poll, not a failure.
        let _ = tokio::time::timeout(longest, self.ends.events.notified()).await;
    }

    /// Waits until other processes should hear of work.
    pub(super) async fn outbound(&self) {
        self.ends.outbound.notified().await;
    }
}
