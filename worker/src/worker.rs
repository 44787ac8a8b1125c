//! What all parts of a worker share.

use std::sync::Arc;

use runtime::{clock::Clock, skew::ClockWatch};
use store::Database;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::{
    chance::Chance,
    config::WorkerSettings,
    content::Contents,
    destinations::Destinations,
    peer::{Peer, PeerName},
    settle::Recorder,
};

/// Everything that tasks need.
pub(crate) struct Worker {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) clock_watch: Arc<ClockWatch>,
    pub(crate) settings: WorkerSettings,
    pub(crate) contents: Contents,
    pub(crate) registry: Peer,
    pub(crate) destinations: Destinations,
    pub(crate) police_secret: Zeroizing<Vec<u8>>,
    pub(crate) recorder: Recorder,
    pub(crate) chance: Chance,
    /// Tasks under way release their leases at once.
    pub(crate) abandon: CancellationToken,
}

impl Worker {
    /// True while calls to the peer of this name are blocked.
    pub(crate) fn is_away(&self, name: PeerName) -> bool {
        match name {
            PeerName::Registry => self.registry.is_open(),
            PeerName::Police => {
                let national = self.destinations.national();
                national.is_some_and(|lane| lane.peer.is_open())
            }
        }
    }
}
