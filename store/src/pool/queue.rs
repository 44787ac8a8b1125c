//! The slots of a pool: who may use a connection now, and for how long.
//!
//! A caller that finds every slot taken queues, and is refused when no slot has been released for
//! longer than usual: see [`Pace`].

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnAcquireErr, DbErr};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::{
    pace::{self, Pace},
    suspicion::Suspicion,
};

/// The slots of one pool, and its time limits.
pub(crate) struct PoolQueue {
    slots: Arc<Semaphore>,
    pace: Pace,
    /// The longest wait for a slot.
    wait_max: Duration,
    /// The longest wait for an answer.
    answer_max: Duration,
    suspicion: Suspicion,
}

impl PoolQueue {
    /// For a pool of `slot_count` connections. `patience_min` is the least time to wait while no
    /// slot is released, `wait_max` the longest wait.
    pub(crate) fn new(
        slot_count: u32,
        patience_min: Duration,
        wait_max: Duration,
        answer_max: Duration,
    ) -> Self {
        let slot_count = usize::try_from(slot_count).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            slots: Arc::new(Semaphore::new(slot_count)),
            pace: Pace::new(patience_min),
            wait_max,
            answer_max,
            suspicion: Suspicion::default(),
        }
    }

    /// Makes the pool test its connections while they are suspect.
    pub(crate) fn watch(&self, settings: &mut sea_orm::ConnectOptions) {
        self.suspicion.watch(settings);
    }

    /// Takes a slot.
    pub(crate) async fn slot(self: &Arc<Self>) -> Result<Slot, DbErr> {
        let permit = self.permit().await?;
        Ok(Slot {
            queue: Arc::clone(self),
            since: Instant::now(),
            _permit: permit,
        })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let slots = Arc::clone(&self.slots);
        if let Ok(permit) = Arc::clone(&slots).try_acquire_owned() {
            return Ok(permit);
        }
        let since = Instant::now();
        let until = || self.pace.gives_up_at(since, 1).min(since + self.wait_max);
        match pace::outlast(slots.acquire_owned(), until).await {
            Some(Ok(permit)) => Ok(permit),
            Some(Err(_)) | None => Err(no_answer()),
        }
    }

    /// Waits for an answer within the limit. A query abandoned here or by its caller makes the
    /// pool's connections suspect.
    async fn answer<T>(&self, query: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let mut pending = self.suspicion.pending_query();
        let answer = timeout(self.answer_max, query).await;
        pending.is_answered = answer.is_ok();
        answer.unwrap_or_else(|_| Err(no_answer()))
    }
}

fn no_answer() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
}

/// How long a query on a connection may take.
pub(crate) trait TimeLimited: Send + Sync {
    /// Runs a query within the limits.
    fn limit<T: Send>(
        &self,
        query: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> impl Future<Output = Result<T, DbErr>> + Send;
}

/// A query outside a transaction occupies a slot until it ends.
impl TimeLimited for Arc<PoolQueue> {
    async fn limit<T: Send>(
        &self,
        query: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        let slot = self.slot().await?;
        let answer = slot.limit(query).await;
        if answer.is_ok() {
            slot.note_completion();
        }
        answer
    }
}

/// A slot in use, released on drop.
pub(crate) struct Slot {
    queue: Arc<PoolQueue>,
    since: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Slot {
    /// Records that the work in this slot is complete, which extends the wait of queued callers.
    pub(crate) fn note_completion(&self) {
        self.queue.pace.note(self.since.elapsed());
    }

    /// Has the pool's connections tested before their next use.
    pub(crate) fn suspect_connections(&self) {
        self.queue.suspicion.raise();
    }
}

impl TimeLimited for Slot {
    async fn limit<T: Send>(
        &self,
        query: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        self.queue.answer(query).await
    }
}
