//! Carries declared stays to the police: claims tasks by lease, checks identity against the
//! population registry, delivers signed notifications, settles.
//!
//! [`fn@start`] starts a complete worker. Several may run at once, in one process or in many: a
//! task belongs to the holder of its lease, every write names that lease, and a notification is
//! delivered under an id that never changes, so that the police see one effect whatever happens in
//! between. Serves only its ops address.

mod config;

mod clock_watch;
mod run;

mod destinations;
mod turn;

mod content;
mod deliver;
mod evening;
mod police;
mod registry;
mod settle;

mod imports;
mod judgement;

mod backoff;
mod breaker;
mod peer;

mod sequencer;
mod start;
mod sweeps;
mod webhooks;

#[cfg(test)]
mod simulation;

pub use config::WorkerSettings;
pub use start::{Peers, RunningWorker, WorkerParts, start};
