//! What all luutru processes share: start, serve, observe, stop; keys and their use; the clock;
//! outgoing calls.
//!
//! Knows nothing about stays. Invariants: time and randomness enter through [`clock`] and [`ids`],
//! settings arrive as values (nothing here reads the environment), and no log line or error written
//! here contains a submitted value.

pub mod address;
pub mod serve;

pub mod gather;
pub mod one_time_code;
pub mod ops;
pub mod shutdown;
pub mod skew;
pub mod tasks;
pub mod telemetry;
pub mod token;

pub mod outgoing;
pub mod password;
pub mod plain_http;
pub mod standard_webhooks;
pub mod webhook_target;

pub mod draft_seal;
pub mod key_hash;
pub mod signing;
pub mod vault;

pub mod clock;
pub mod ids;
pub mod profile;
pub mod secrets;

mod connection;
mod connections_by_owner;
