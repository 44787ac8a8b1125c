//! The turn of a census: each facility processes one census at a time, across all processes.
//!
//! Inside a process censuses queue on a mutex, so only one polls the database; across processes the
//! turn is a lease (`store::census::lease`). A background task renews the lease while the census
//! runs and releases it when the census ends, however it ends. If the process dies, the lease
//! expires.

use std::time::Duration;

use runtime::{clock::Clock, ids, tasks};
use store::{
    Database,
    census::lease::{self, CensusLease},
};
use tokio::{
    sync::MutexGuard,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{
    Intake, Refusal,
    accept::{CENSUSES_AT_ONCE, Inner},
};

/// How long a facility waits after a process died while working on its census.
const LEASE_SECONDS: u32 = 15;
/// How often the lease is extended: two tries may fail.
const KEPT_EVERY: Duration = Duration::from_secs(4);
/// How long a census waits for its turn: longer than the lease of a dead process lasts, but shorter
/// than a request may take, so that a caller that gives up is told nothing was saved.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// How often to ask the database whether the turn is free.
const WAIT_PAUSE: Duration = Duration::from_millis(50);

/// The turn of one census; over when it is dropped.
pub(super) struct Turn<'a> {
    /// The lease that every write of the census names.
    pub(super) lease: CensusLease,
    keeper: JoinHandle<()>,
    /// Signals the keeper task that the census has ended.
    working: DropGuard,
    _local: MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Ends the turn and returns once the next census may begin.
    pub(super) async fn end(self) {
        drop(self.working);
        // The task ends by itself and catches its own panics.
        let _ = self.keeper.await;
    }
}

impl Intake {
    /// Waits until no other census of the facility is under way.
    ///
    /// Errors: [`Refusal::Overloaded`] when that takes too long; what the database refuses.
    pub(super) async fn turn(&self, facility_id: Uuid) -> Result<Turn<'_>, Refusal> {
        let until = Instant::now() + WAIT_MAX;
        let [.., last] = *facility_id.as_bytes();
        let turns = &self.inner.censuses;
        let local = turns[usize::from(last) % CENSUSES_AT_ONCE].lock();
        let local = timeout_at(until, local).await;
        let local = local.map_err(|_| Refusal::Overloaded)?;
        let Inner { db, clerk, .. } = &*self.inner;
        let lease = CensusLease {
            facility_id,
            lease_id: ids::uuid_v7(&clerk.clock),
        };
        while !lease::take(db, lease, clerk.clock.now(), LEASE_SECONDS).await? {
            if Instant::now() >= until {
                return Err(Refusal::Overloaded);
            }
            sleep(WAIT_PAUSE).await;
        }
        let ended = CancellationToken::new();
        let working = ended.clone().drop_guard();
        let keeper = keep(db.clone(), clerk.clock.clone(), lease, ended);
        Ok(Turn {
            lease,
            keeper: tasks::spawn("intake.census.turn", keeper),
            working,
            _local: local,
        })
    }
}

/// Renews the lease until the census ends, then releases it.
async fn keep(db: Database, clock: Clock, lease: CensusLease, ended: CancellationToken) {
    let mut ticks = interval(KEPT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    while ended.run_until_cancelled(ticks.tick()).await.is_some() {
        // A failed renewal is retried; a lost lease permits no further writes.
        let kept = lease::keep(&db, lease, clock.now(), LEASE_SECONDS).await;
        if let Ok(false) = kept {
            let facility_id = lease.facility_id;
            tracing::warn!(facility.id = %facility_id, "a census lost its turn to another");
            return;
        }
    }
    if let Err(error) = lease::give_back(&db, lease).await {
        tracing::warn!(%error, "could not release the turn of a census: the next one waits for the lease to expire");
    }
}
