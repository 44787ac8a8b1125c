//! The way into the committers' queue: reserves places, waiting for them as the caller's channel
//! does, and sends rows in.

use std::{sync::Arc, time::Duration};

use metrics::counter;
use store::{census::lease::CensusLease, declarations::NewDeclaration};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::Instant,
};

use crate::{
    Refusal,
    admission::{self, Admission, Answer, Waiting},
    progress::CommitProgress,
    retry::RetryPolicy,
};

/// Places in the queue that nobody else gets, released if unused.
pub(crate) type Places<'a> = mpsc::PermitIterator<'a, Admission>;

/// The callers' end of the queue.
pub(crate) struct Entrance {
    pub(crate) queue: mpsc::Sender<Admission>,
    pub(crate) progress: Arc<CommitProgress>,
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
        hold: Option<CensusLease>,
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

#[cfg(test)]
mod tests {
    use domain::stay::Channel;

    use super::*;

    const PLACE_COUNT: usize = 4;

    fn entrance() -> (Entrance, mpsc::Receiver<Admission>) {
        let (queue, receiver) = mpsc::channel(PLACE_COUNT);
        let entrance = Entrance {
            queue,
            progress: Arc::new(CommitProgress::new(Duration::ZERO)),
            queue_wait_max: Duration::from_secs(10),
        };
        (entrance, receiver)
    }

    async fn waited(entrance: &Entrance, channel: Channel) -> (bool, Duration) {
        let started = Instant::now();
        let places = entrance.reserve(1, &RetryPolicy::of(channel)).await;
        (places.is_ok(), started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_refuses_a_request_at_once_and_a_census_after_two_seconds() {
        let (entrance, _receiver) = entrance();
        let policy = RetryPolicy::of(Channel::Rest);
        let _all = entrance.reserve(PLACE_COUNT, &policy).await.unwrap();
        let table = [
            (Channel::Rest, Duration::ZERO),
            (Channel::Batch, Duration::ZERO),
            (Channel::Census, Duration::from_secs(2)),
        ];
        for (channel, expected) in table {
            let (is_let_in, waited) = waited(&entrance, channel).await;
            assert!(!is_let_in, "{channel}");
            assert!(waited >= expected, "{channel} {waited:?}");
            assert!(
                waited <= expected + Duration::from_millis(50),
                "{channel} {waited:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_gets_the_places_that_become_free() {
        let (entrance, _receiver) = entrance();
        for channel in [Channel::Census, Channel::File] {
            let policy = RetryPolicy::of(Channel::Rest);
            let all = entrance.reserve(PLACE_COUNT, &policy).await.unwrap();
            let (waited, ()) = tokio::join!(waited(&entrance, channel), async {
                tokio::time::sleep(Duration::from_millis(1_050)).await;
                drop(all);
            });
            assert!(waited.0, "{channel}");
            assert!(
                waited.1 > Duration::from_secs(1),
                "{channel} {:?}",
                waited.1
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_queue_lets_nobody_in() {
        let (entrance, mut receiver) = entrance();
        let policy = RetryPolicy::of(Channel::File);
        let _all = entrance.reserve(PLACE_COUNT, &policy).await.unwrap();
        let (answer, ()) = tokio::join!(entrance.reserve(1, &policy), async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            receiver.close();
        });
        assert!(matches!(answer, Err(Refusal::Stopping)));
    }
}
