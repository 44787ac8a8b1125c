//! All quotas and places of the process, and the meters that are counted by them.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    Allowance, FacilityMeter, KeyMeter, Rate, RateLimitFields,
    gate::Gate,
    meters::Meter,
    room::{OwnRoom, RoomSizes, SharedRoom},
    strangers::UnknownKeyAddresses,
};
use crate::config::ApiSettings;

/// The most keys, and the most facilities, counted at once. Any more are refused: no real
/// organisation uses that many within a minute.
const METER_COUNT_MAX: usize = 100_000;
/// Concurrent batches: each may hold 4 MiB of text.
const BATCHES_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(15);
/// One key's share of these, and how many of its batches may wait.
const KEY_BATCHES_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
const KEY_BATCHES_WAITING: u32 = 128;
/// Concurrent reading requests of one key: more would only wait for the database and delay others.
const KEY_READS_AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(15);
const KEY_READS_WAITING: u32 = 128;
/// Pictures of one key that are searched at the same time, and that may wait for it.
const KEY_PICTURES_AT_ONCE: NonZeroU32 = NonZeroU32::MIN;
const KEY_PICTURES_WAITING: u32 = 16;
/// Tries of webhooks that a key may ask for at once, and after how long for another.
const WEBHOOK_TESTS: (NonZeroU32, Duration) =
    (NonZeroU32::MIN.saturating_add(19), Duration::from_secs(30));
/// The same for webhooks that it makes.
const WEBHOOKS: (NonZeroU32, Duration) =
    (NonZeroU32::MIN.saturating_add(59), Duration::from_secs(60));

/// All quotas and places of the process.
pub(crate) struct Limits {
    key_stays: Rate,
    key_reads: Rate,
    facility_stays: Rate,
    key_requests_at_once: NonZeroU32,
    facility_requests_at_once: NonZeroU32,
    key_event_streams: NonZeroU32,
    keys: Mutex<HashMap<Uuid, Arc<KeyMeter>>>,
    facilities: Mutex<HashMap<Uuid, Arc<FacilityMeter>>>,
    /// Everything that has a key.
    pub(super) process: Gate,
    /// Everything except single declarations, which take precedence.
    pub(super) others: Gate,
    /// Batches.
    pub(super) batches: Gate,
    /// Streams of events.
    pub(crate) streams: Gate,
    /// Room for what is being received.
    pub(crate) room: SharedRoom,
    /// Callers with unknown keys.
    pub(crate) strangers: UnknownKeyAddresses,
    own_room: RoomSizes,
    /// The header fields that tell of the quotas.
    pub(crate) fields: RateLimitFields,
}

impl Limits {
    /// Limits with nothing used.
    pub(crate) fn new(settings: &ApiSettings) -> Self {
        let key_stays = Rate {
            per_second: settings.key_stays_per_second,
            burst: settings.key_stay_burst,
        };
        let key_reads = Rate {
            per_second: settings.reads_per_second,
            burst: settings.read_burst,
        };
        let facility_stays = Rate {
            per_second: settings.facility_stays_per_second,
            burst: settings.facility_stay_burst,
        };
        let process = settings.requests_at_once;
        let others = NonZeroU32::new(process.get() - process.get() / 4).unwrap_or(process);
        Self {
            key_stays,
            key_reads,
            facility_stays,
            key_requests_at_once: settings.key_requests_at_once,
            facility_requests_at_once: settings.facility_requests_at_once,
            key_event_streams: settings.key_event_streams,
            keys: Mutex::default(),
            facilities: Mutex::default(),
            process: Gate::new(process),
            others: Gate::new(others),
            batches: Gate::new(BATCHES_AT_ONCE),
            streams: Gate::new(settings.event_streams),
            room: SharedRoom::new(settings),
            strangers: UnknownKeyAddresses::default(),
            own_room: RoomSizes::of_key(settings),
            fields: RateLimitFields::new(key_stays, facility_stays, key_reads),
        }
    }

    /// The meter of a key that has been recognised; `None` when too many are counted.
    pub(crate) fn key(&self, id: Uuid) -> Option<Arc<KeyMeter>> {
        find_or_insert(&self.keys, id, || KeyMeter {
            stays: Allowance::new(self.key_stays),
            reads: Allowance::new(self.key_reads),
            gate: Gate::new(self.key_requests_at_once),
            streams: Gate::new(self.key_event_streams),
            batches: Gate::with_queue(KEY_BATCHES_AT_ONCE, KEY_BATCHES_WAITING),
            reads_at_once: Gate::with_queue(KEY_READS_AT_ONCE, KEY_READS_WAITING),
            pictures: Gate::with_queue(KEY_PICTURES_AT_ONCE, KEY_PICTURES_WAITING),
            webhook_tests: Allowance::slow(WEBHOOK_TESTS.0, WEBHOOK_TESTS.1),
            webhooks: Allowance::slow(WEBHOOKS.0, WEBHOOKS.1),
            room: OwnRoom::new(self.own_room),
        })
    }

    /// The meter of a facility of a recognised key; `None` when too many are counted.
    pub(crate) fn facility(&self, id: Uuid) -> Option<Arc<FacilityMeter>> {
        find_or_insert(&self.facilities, id, || FacilityMeter {
            stays: Allowance::new(self.facility_stays),
            gate: Gate::new(self.facility_requests_at_once),
        })
    }

    /// What each facility may declare.
    pub(crate) fn facility_rate(&self) -> Rate {
        self.facility_stays
    }

    /// The remaining quota of a facility; full if the facility is not tracked.
    pub(crate) fn facility_remaining(&self, id: Uuid) -> u32 {
        self.facilities
            .lock()
            .get(&id)
            .map_or(self.facility_stays.burst.get(), |meter| {
                meter.stays.remaining()
            })
    }

    /// Forgets who is idle.
    pub(crate) fn sweep(&self) {
        self.strangers.sweep();
        gauge!("luutru_ratelimit_tracked_keys", "policy" => "key").set(sweep(&self.keys));
        gauge!("luutru_ratelimit_tracked_keys", "policy" => "facility")
            .set(sweep(&self.facilities));
    }
}

type Meters<M> = Mutex<HashMap<Uuid, Arc<M>>>;

fn find_or_insert<M>(meters: &Meters<M>, id: Uuid, make: impl FnOnce() -> M) -> Option<Arc<M>> {
    let mut meters = meters.lock();
    if let Some(meter) = meters.get(&id) {
        return Some(Arc::clone(meter));
    }
    if meters.len() >= METER_COUNT_MAX {
        return None;
    }
    let meter = Arc::new(make());
    meters.insert(id, Arc::clone(&meter));
    Some(meter)
}

/// How many are left.
fn sweep<M: Meter>(meters: &Meters<M>) -> f64 {
    let mut meters = meters.lock();
    meters.retain(|_, meter| Arc::strong_count(meter) > 1 || !meter.is_idle());
    meters.shrink_to_fit();
    f64::from(u32::try_from(meters.len()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_idle_is_forgotten_and_nobody_else() {
        let limits = Limits::new(&ApiSettings::for_test());
        let (idle, busy, held) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        limits.facility(idle).unwrap();
        limits.facility(busy).unwrap().stays.take(100).unwrap();
        let held = limits.facility(held).unwrap();

        limits.sweep();
        assert_eq!(limits.facilities.lock().len(), 2);
        assert_eq!(limits.facility_remaining(busy), 3_000 - 100);
        assert_eq!(limits.facility_remaining(idle), 3_000);

        drop(held);
        tokio::time::advance(Duration::from_secs(5)).await;
        limits.sweep();
        assert!(limits.facilities.lock().is_empty());
    }
}
