//! The way into the committers' queue: reserves places, waiting for them as the caller's channel
//! does, and sends rows in.

use std::{sync::Arc, time::Duration};

use metrics::counter;
use store::{census::lease::Lease, declarations::NewDeclaration};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::Instant,
};

use crate::{
    Refusal,
    admission::{self, Admission, Answer, Waiting},
    progress::Progress,
    retry::RetryPolicy,
};

/// Places in the queue that nobody else gets, released if unused.
pub(crate) type Places<'a> = mpsc::PermitIterator<'a, Admission>;

/// The callers' end of the queue.
pub(crate) struct Entrance {
    pub(crate) queue: mpsc::Sender<Admission>,
    pub(crate) progress: Arc<Progress>,
    /// How long a declaration may wait in the queue.
    pub(crate) queue_wait_max: Duration,
}

impl Entrance {
    pub(crate) fn has_room(&self, item_count: usize) -> bool {
        self.queue.capacity() >= item_count
    }

    pub(crate) fn is_half_full(&self) -> bool {
        self.queue.capacity() < self.queue.max_capacity() / 2
    }

    /// Reserves places, and waits for them as long as the policy says.
    pub(crate) async fn reserve(
        &self,
        count: usize,
        policy: &RetryPolicy,
    ) -> Result<Places<'_>, Refusal> {
        let mut retries = policy.start();
        loop {
            match self.queue.try_reserve_many(count) {
                Ok(places) => return Ok(places),
                Err(TrySendError::Closed(())) => return Err(Refusal::Stopping),
                Err(TrySendError::Full(())) => {}
            }
            if !retries.pause().await {
                counter!("luutru_shed_total", "reason" => "queue").increment(1);
                return Err(Refusal::Overloaded);
            }
        }
    }

    /// Puts a row in its place. With a hold it is written only under that lease.
    pub(crate) fn send(
        &self,
        place: mpsc::Permit<'_, Admission>,
        hold: Option<Lease>,
        row: NewDeclaration,
    ) -> Waiting {
        let expires = Instant::now() + self.queue_wait_max;
        let (admission, waiting) = admission::admit(row, hold, expires);
        place.send(admission);
        waiting
    }

    /// Waits for the commit.
    pub(crate) async fn outcome(&self, waiting: Waiting) -> Answer {
        waiting.outcome(&self.progress).await
    }
}
