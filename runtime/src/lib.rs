//! What every process of luutru shares: start, serve, observe, stop; keys and their use; the clock;
//! calls to the outside.
//!
//! Knows nothing about stays. Holds always: time and randomness enter through [`clock`] and
//! [`ids`], settings arrive as values (nothing here reads the environment), and no text written
//! here to a log or an error carries a value that somebody submitted.

pub mod address;
pub mod serve;

pub mod ops;
pub mod shutdown;
pub mod skew;
pub mod tasks;
pub mod telemetry;

pub mod destination;
pub mod outgoing;
pub mod plain_http;
pub mod standard_webhooks;

pub mod key_hash;
pub mod signing;
pub mod vault;

pub mod clock;
pub mod ids;
pub mod profile;
pub mod secrets;

mod connection;
mod crowd;
