//! The cache of recently found keys, and the ids of existing ones.
//!
//! A key is cached for at most two seconds, so that a revoked one stops working almost at once and
//! a busy one costs no query. The ids of existing keys are known in advance, so that existing keys
//! and made-up ones are looked up in separate queues; made-up ones are cached as absent for as
//! long.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use domain::problem::Code;
use parking_lot::{Mutex, RwLock};
use runtime::ids;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::caller::Caller;
use crate::problem::Failure;

/// From this age on, one request at a time refreshes the key.
const REFRESH_AFTER: Duration = Duration::from_secs(1);
/// From this age on, a cached key is ignored.
const REMEMBERED_MAX: Duration = Duration::from_secs(2);
/// How many keys are cached; further ones are looked up each time.
const REMEMBERED_COUNT_MAX: usize = 10_000;
/// How many lookups of existing keys may run at once.
const LOOKUPS_AT_ONCE: usize = 64;
/// Lookups of keys that were never seen.
const STRANGE_LOOKUPS_AT_ONCE: usize = 4;
/// How long such a lookup may wait in the queue.
const STRANGE_PATIENCE: Duration = Duration::from_secs(1);
/// How often to query for new keys.
const NEW_KEYS_INTERVAL: Duration = Duration::from_secs(1);
/// How long start-up waits for the list of existing keys.
const MET_WITHIN: Duration = Duration::from_secs(3);
/// A key's id contains its time of creation, but the key may be stored a while later.
const STORED_WITHIN: Duration = Duration::from_secs(60);
/// How many existing keys are known, at 16 bytes each. Further ones work through the other queue.
const MET_COUNT_MAX: usize = 1_000_000;
/// New keys that are asked for at once.
const NEW_KEYS_PAGE: u64 = 10_000;

/// The cache of recently found keys, and the set of existing ones.
#[derive(Default)]
pub(crate) struct KnownKeys {
    known: Mutex<HashMap<Uuid, CachedKey>>,
    /// Keys that are not there, and since when that is known.
    absent: Mutex<HashMap<Uuid, Instant>>,
    /// The ids of keys that exist or have existed.
    met: RwLock<HashSet<Uuid>>,
    /// Chosen at random, so that nobody can steer keys into somebody else's queue.
    places: RandomState,
    lookups: Lookups<LOOKUPS_AT_ONCE>,
    strange_lookups: Lookups<STRANGE_LOOKUPS_AT_ONCE>,
}

/// Held during a lookup, one lock per share of all ids: of many requests with the same uncached
/// key, only one queries the database. Each lock records its last failed query.
struct Lookups<const COUNT: usize>([tokio::sync::Mutex<Option<Instant>>; COUNT]);

pub(crate) type LookupLock<'a> = tokio::sync::MutexGuard<'a, Option<Instant>>;

impl<const COUNT: usize> Default for Lookups<COUNT> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| tokio::sync::Mutex::default()))
    }
}

impl<const COUNT: usize> Lookups<COUNT> {
    /// Waits until no lookup with this lock is running.
    ///
    /// Errors: 503 when the database failed to answer in the meantime; it would fail again.
    async fn turn(&self, place: u64) -> Result<LookupLock<'_>, Failure> {
        let count = u64::try_from(COUNT).unwrap_or(u64::MAX);
        let place = usize::try_from(place % count).unwrap_or_default();
        let since = Instant::now();
        let turn = self.0[place].lock().await;
        if turn.is_some_and(|in_vain| in_vain >= since) {
            return Err(Failure::new(Code::StorageUnavailable));
        }
        Ok(turn)
    }
}

struct CachedKey {
    caller: Arc<Caller>,
    found_at: Instant,
    /// A request has gone to look it up again.
    is_refreshing: bool,
}

impl KnownKeys {
    /// Removes expired entries.
    pub(crate) fn sweep(&self) {
        let mut known = self.known.lock();
        known.retain(|_, known| known.found_at.elapsed() < REMEMBERED_MAX);
        known.shrink_to_fit();
        drop(known);
        let mut absent = self.absent.lock();
        absent.retain(|_, since| since.elapsed() < REMEMBERED_MAX);
        absent.shrink_to_fit();
    }

    /// Loads the newest existing keys before the first request. If the database does not answer in
    /// time, they are loaded later.
    pub(crate) async fn meet_all(&self, db: &store::Database) -> Option<Uuid> {
        let found = tokio::time::timeout(MET_WITHIN, self.meet_after(db, None));
        found.await.ok()?.ok()?
    }

    /// Learns which keys are new until `shutdown`.
    pub(crate) async fn meet_new(
        &self,
        db: &store::Database,
        mut newest: Option<Uuid>,
        shutdown: &CancellationToken,
    ) {
        loop {
            match self.meet_after(db, newest).await {
                Ok(found) => newest = newest.max(found),
                Err(error) => tracing::debug!(%error, "could not query for new keys"),
            }
            let pause = tokio::time::sleep(NEW_KEYS_INTERVAL);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// The newest key there is.
    async fn meet_after(
        &self,
        db: &store::Database,
        newest: Option<Uuid>,
    ) -> store::Result<Option<Uuid>> {
        let mut after = newest.map(|id| ids::before(id, STORED_WITHIN));
        loop {
            let ids = store::api_keys::ids_after(db, after, NEW_KEYS_PAGE).await?;
            let is_whole = u64::try_from(ids.len()).is_ok_and(|count| count < NEW_KEYS_PAGE);
            after = ids.last().copied().or(after);
            for id in ids {
                self.meet(id);
            }
            if is_whole {
                return Ok(after);
            }
        }
    }

    fn meet(&self, id: Uuid) {
        if self.has_met(id) {
            return;
        }
        let mut met = self.met.write();
        if met.len() < MET_COUNT_MAX {
            met.insert(id);
        }
        drop(met);
        self.absent.lock().remove(&id);
    }

    pub(crate) fn has_met(&self, id: Uuid) -> bool {
        let met = self.met.read();
        met.contains(&id)
    }

    pub(crate) fn is_absent(&self, id: Uuid) -> bool {
        let absent = self.absent.lock();
        let since = absent.get(&id);
        since.is_some_and(|since| since.elapsed() < REMEMBERED_MAX)
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<Arc<Caller>> {
        let mut known = self.known.lock();
        let known = known.get_mut(&id)?;
        let age = known.found_at.elapsed();
        let is_fresh = age < REFRESH_AFTER;
        if is_fresh || (age < REMEMBERED_MAX && known.is_refreshing) {
            return Some(Arc::clone(&known.caller));
        }
        known.is_refreshing = true;
        None
    }

    /// The key, if another request has just looked it up.
    pub(crate) fn fresh(&self, id: Uuid) -> Option<Arc<Caller>> {
        let known = self.known.lock();
        let known = known.get(&id)?;
        (known.found_at.elapsed() < REFRESH_AFTER).then(|| Arc::clone(&known.caller))
    }

    pub(crate) fn put(&self, id: Uuid, caller: Option<&Arc<Caller>>) {
        let mut known = self.known.lock();
        let Some(caller) = caller else {
            known.remove(&id);
            drop(known);
            let mut absent = self.absent.lock();
            if absent.len() >= REMEMBERED_COUNT_MAX {
                absent.clear();
            }
            absent.insert(id, Instant::now());
            return;
        };
        if known.len() < REMEMBERED_COUNT_MAX || known.contains_key(&id) {
            let entry = CachedKey {
                caller: Arc::clone(caller),
                found_at: Instant::now(),
                is_refreshing: false,
            };
            known.insert(id, entry);
        }
        drop(known);
        self.meet(id);
    }

    /// Waits until nobody looks up this key.
    ///
    /// Errors: 503 when the database gave no answer meanwhile, or too many look up keys that were
    /// never seen.
    pub(crate) async fn turn(&self, id: Uuid) -> Result<LookupLock<'_>, Failure> {
        let place = self.places.hash_one(id);
        if self.has_met(id) {
            return self.lookups.turn(place).await;
        }
        let turn = self.strange_lookups.turn(place);
        tokio::time::timeout(STRANGE_PATIENCE, turn)
            .await
            .map_err(|_| Failure::new(Code::Overloaded))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ApiSettings;
    use crate::limit::Limits;

    #[tokio::test(start_paused = true)]
    async fn a_key_is_looked_up_by_one_request_and_forgotten_after_two_seconds() {
        let limits = Limits::new(&ApiSettings::for_test());
        let caller = Arc::new(Caller::for_test(&limits));
        let id = caller.sender.key_id;
        let keys = KnownKeys::default();
        assert!(keys.get(id).is_none());
        keys.put(id, Some(&caller));
        assert!(keys.get(id).is_some());

        tokio::time::advance(REFRESH_AFTER).await;
        assert!(keys.get(id).is_none(), "the first one looks it up again");
        assert!(keys.get(id).is_some(), "the others do not wait for it");

        tokio::time::advance(REFRESH_AFTER).await;
        assert!(keys.get(id).is_none());
        keys.put(id, Some(&caller));
        keys.put(id, None);
        assert!(keys.get(id).is_none(), "an ended key is forgotten at once");

        keys.put(id, Some(&caller));
        tokio::time::advance(REMEMBERED_MAX).await;
        keys.sweep();
        assert!(keys.known.lock().is_empty());
    }
}
