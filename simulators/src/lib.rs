//! The two services on the far side of luutru, simulated: the population registry and the police
//! endpoint. Real HTTP services for development, tests and measurement.
//!
//! What always holds:
//! - They share no type and no rule with the rest of the workspace, so that a mistake in a format
//!   or a signature cannot go unnoticed on both sides.
//! - The effect of a request is handed to the operating system before its answer is sent, so `kill
//!   -9` loses nothing that was answered.
//! - Faults and refusals live in memory: after a restart the service is healthy.
//! - Control paths (`/faults`, `/refusals`, `/stats`, reading the ledger) take no key and are
//!   never touched by the faults they control.

mod answer;
mod control;
mod faults;
mod journal;
mod police;
mod refusals;
mod registry;
mod running;
mod wire_format;

pub use police::{PoliceSettings, start_police};
pub use registry::{Person, Registry, RegistrySettings, start_registry};
pub use running::RunningSimulator;
