//! Concurrency slots for requests. A request that finds none waits a while, in order of arrival.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of places and a bounded queue before them.
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    place_count: u32,
    waiting: AtomicU32,
    waiting_count_max: u32,
}

/// A place. Dropping it lets the next one in.
pub(crate) type GatePermit = OwnedSemaphorePermit;

impl Gate {
    /// Twice as many requests may wait as there are slots.
    pub(crate) fn new(place_count: NonZeroU32) -> Self {
        Self::with_queue(place_count, place_count.get().saturating_mul(2))
    }

    /// So many may wait.
    pub(crate) fn with_queue(place_count: NonZeroU32, waiting_count_max: u32) -> Self {
        let place_count = place_count.get();
        let places = usize::try_from(place_count).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            place_count,
            waiting: AtomicU32::new(0),
            waiting_count_max,
        }
    }

    /// A place, at once or within `patience`; `None` when too many wait already.
    pub(crate) async fn enter(&self, patience: Duration) -> Option<GatePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        let waiting = QueuedRequest::begin(self)?;
        let place = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(patience, place).await;
        drop(waiting);
        place.ok()?.ok()
    }

    /// Nobody is in and nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        u32::try_from(self.places.available_permits()) == Ok(self.place_count)
    }
}

/// Counted until dropped, even if the request is dropped while waiting.
struct QueuedRequest<'a>(&'a Gate);

impl<'a> QueuedRequest<'a> {
    fn begin(gate: &'a Gate) -> Option<Self> {
        let count = gate.waiting.fetch_add(1, Ordering::AcqRel);
        let waiting = Self(gate);
        (count < gate.waiting_count_max).then_some(waiting)
    }
}

impl Drop for QueuedRequest<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    fn gate(place_count: u32) -> Gate {
        Gate::new(NonZeroU32::new(place_count).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_early_enough_waits_and_gets_a_place() {
        let gate = gate(1);
        let first = gate.enter(Duration::ZERO).await.unwrap();
        let leave = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(gate.enter(Duration::from_secs(2)), leave);
        assert!(second.is_some() && !gate.is_empty());
        assert!(gate.enter(Duration::from_secs(2)).await.is_none());
        drop(second);
        assert!(gate.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded() {
        let gate = gate(2);
        let patience = Duration::from_secs(1);
        let places = join_all((0..10).map(|_| gate.enter(patience))).await;
        assert_eq!(places.iter().flatten().count(), 2);
        assert_eq!(gate.waiting.load(Ordering::SeqCst), 0);
    }
}
