//! Connections per client.
//!
//! A connection counts against its address until a key is recognised on it, then against that key.
//! An owner with too many loses the oldest one: many facilities share one address, and one that
//! connects while a neighbour floods is let in, shows its key and no longer counts against the
//! address. Connections of trusted proxies carry everybody's requests and are not counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use uuid::Uuid;

use crate::address::ClientAddress;

/// When all slots are taken, an address with more than this loses one.
const FAIR_COUNT: usize = 16;

/// To whom a connection counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ConnectionOwner {
    /// Nobody: a proxy that forwards for others.
    Proxy,
    /// An address, as long as no key is known.
    Address(ClientAddress),
    /// A key that was recognised.
    Key(Uuid),
}

/// The connections of a listener by owner.
pub(crate) struct ConnectionsByOwner {
    address_count_max: usize,
    key_count_max: usize,
    state: Mutex<ConnectionGroups>,
}

#[derive(Default)]
struct ConnectionGroups {
    next_number: u64,
    /// The connections of each, oldest first.
    groups: HashMap<ConnectionOwner, BTreeMap<u64, CancellationToken>>,
}

impl ConnectionGroups {
    fn remove(&mut self, owner: ConnectionOwner, number: u64) {
        if let Some(group) = self.groups.get_mut(&owner) {
            group.remove(&number);
            if group.is_empty() {
                self.groups.remove(&owner);
            }
        }
    }
}

impl ConnectionsByOwner {
    /// Nobody is there.
    pub(crate) fn new(address_count_max: usize, key_count_max: usize) -> Arc<Self> {
        Arc::new(Self {
            address_count_max,
            key_count_max,
            state: Mutex::default(),
        })
    }

    /// Counts a connection; closes its owner's oldest if there are too many.
    pub(crate) fn enter(self: &Arc<Self>, owner: ConnectionOwner) -> Arc<ConnectionEntry> {
        let mut state = self.state.lock();
        let number = state.next_number;
        state.next_number += 1;
        let evicted = CancellationToken::new();
        self.add(&mut state, owner, number, evicted.clone());
        drop(state);
        Arc::new(ConnectionEntry {
            by_owner: Arc::clone(self),
            number,
            owner: Mutex::new(owner),
            evicted,
        })
    }

    /// Ends the oldest connection of the address with the most, unless all have few.
    pub(crate) fn make_room(&self) {
        let mut state = self.state.lock();
        let addresses = state.groups.iter_mut();
        let addresses = addresses.filter(|(owner, _)| matches!(owner, ConnectionOwner::Address(_)));
        let largest = addresses.max_by_key(|(_, group)| group.len());
        if let Some((_, group)) = largest.filter(|(_, group)| group.len() > FAIR_COUNT) {
            end_oldest(group);
        }
    }

    fn add(
        &self,
        state: &mut ConnectionGroups,
        owner: ConnectionOwner,
        number: u64,
        evicted: CancellationToken,
    ) {
        let count_max = match owner {
            ConnectionOwner::Proxy => return,
            ConnectionOwner::Address(_) => self.address_count_max,
            ConnectionOwner::Key(_) => self.key_count_max,
        };
        let group = state.groups.entry(owner).or_default();
        group.insert(number, evicted);
        if group.len() > count_max {
            end_oldest(group);
        }
    }
}

fn end_oldest(group: &mut BTreeMap<u64, CancellationToken>) {
    if let Some((_, evicted)) = group.pop_first() {
        evicted.cancel();
    }
}

/// A connection's entry among its owner's. Dropping it removes the entry.
pub(crate) struct ConnectionEntry {
    by_owner: Arc<ConnectionsByOwner>,
    number: u64,
    owner: Mutex<ConnectionOwner>,
    evicted: CancellationToken,
}

impl ConnectionEntry {
    /// From now on the connection counts to this key, if it counted to an address.
    pub(crate) fn give_to(&self, key_id: Uuid) {
        let mut owner = self.owner.lock();
        if !matches!(*owner, ConnectionOwner::Address(_)) {
            return;
        }
        let mut state = self.by_owner.state.lock();
        state.remove(*owner, self.number);
        *owner = ConnectionOwner::Key(key_id);
        let evicted = self.evicted.clone();
        self.by_owner.add(&mut state, *owner, self.number, evicted);
    }

    /// Resolves when the connection has to go.
    pub(crate) fn evicted(&self) -> WaitForCancellationFuture<'_> {
        self.evicted.cancelled()
    }
}

impl Drop for ConnectionEntry {
    fn drop(&mut self) {
        let owner = *self.owner.lock();
        self.by_owner.state.lock().remove(owner, self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn house(last: u8) -> ConnectionOwner {
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        ConnectionOwner::Address(ClientAddress::of(address))
    }

    fn is_gone(entry: &ConnectionEntry) -> bool {
        entry.evicted.is_cancelled()
    }

    #[test]
    fn who_has_too_many_loses_the_oldest_and_nobody_else() {
        let by_owner = ConnectionsByOwner::new(2, 2);
        let neighbour = by_owner.enter(house(2));
        let entries: Vec<_> = (0..4).map(|_| by_owner.enter(house(1))).collect();
        let gone: Vec<bool> = entries.iter().map(|entry| is_gone(entry)).collect();
        assert_eq!(gone, [true, true, false, false]);
        assert!(!is_gone(&neighbour));
        let proxies: Vec<_> = (0..9)
            .map(|_| by_owner.enter(ConnectionOwner::Proxy))
            .collect();
        assert!(!proxies.iter().any(|entry| is_gone(entry)));
    }

    #[test]
    fn a_known_key_leaves_the_group_of_its_address() {
        let by_owner = ConnectionsByOwner::new(2, 2);
        let (key, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let honest = by_owner.enter(house(1));
        honest.give_to(key);
        // Its owner stays the same.
        honest.give_to(other);
        let flood: Vec<_> = (0..9).map(|_| by_owner.enter(house(1))).collect();
        assert_eq!(flood.iter().filter(|entry| is_gone(entry)).count(), 7);
        assert!(!is_gone(&honest));
        // A key has its own limit.
        let more = [by_owner.enter(house(3)), by_owner.enter(house(4))];
        more.iter().for_each(|entry| entry.give_to(key));
        assert!(is_gone(&honest) && !is_gone(&more[1]));
    }

    #[test]
    fn the_largest_group_makes_room_and_a_small_one_does_not() {
        let by_owner = ConnectionsByOwner::new(100, 100);
        let few: Vec<_> = (0..FAIR_COUNT).map(|_| by_owner.enter(house(1))).collect();
        by_owner.make_room();
        assert!(!few.iter().any(|entry| is_gone(entry)));
        let many: Vec<_> = (0..=FAIR_COUNT).map(|_| by_owner.enter(house(2))).collect();
        by_owner.make_room();
        assert!(is_gone(&many[0]) && !is_gone(&many[1]) && !is_gone(&few[0]));
        drop((few, many));
        assert!(by_owner.state.lock().groups.is_empty());
    }
}
