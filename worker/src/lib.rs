//! Carries declared stays to the police: claims tasks by lease, checks identity against the
//! population registry, delivers signed notifications, settles.
//!
//! [`fn@start`] starts a complete worker. Several may run at once, in one process or in many: a
//! task belongs to the holder of its lease, every write names that lease, and a notification is
//! delivered under an id that never changes, so that the police see one effect whatever happens in
//! between. Serves only its ops address.

mod config;
mod start;
mod worker;

mod claim;
mod claimed;
mod destinations;
mod hasten;
mod lane;
mod turn;

mod attempts;
mod content;
mod delivery;
mod judgement;
mod police;
mod registry;
mod results;
mod settle;

mod backoff;
mod breaker;
mod chance;
mod peer;
mod rate_limit;
mod transport;

mod clock_watch;
mod evening;
mod imports;
mod sequencer;
mod sweeps;
mod webhooks;

#[cfg(test)]
mod simulation;

pub use config::WorkerSettings;
pub use start::{Peers, RunningWorker, WorkerParts, start};
