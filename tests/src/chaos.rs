//! Tests under faults: senders that keep a journal, faults in the real processes, and a checker
//! that compares three independent records.
//!
//! - **J**, the journal: a line before each request and a line after it ([`journal`]).
//! - **D**, the database, read with SQL of its own ([`records`]).
//! - **P**, the ledger of the police endpoint's simulator ([`evidence`]).
//!
//! What always holds:
//! - The checker shares no code with the services, only the published form of receipts.
//! - It was seen to find each of fifteen planted defects before it is believed
//!   (`tests/it/chaos.rs`).
//! - A run tells its seed; the same seed makes the same requests and the same faults.
//! - A report names ids and counts, never a value of a person.

pub mod checker;
pub mod evidence;
pub mod history;
pub mod journal;
mod lives;
pub mod records;

pub mod desk;
pub mod faults;
pub mod leg;
pub mod server;
pub mod site;
pub mod small_disk;

pub use checker::{Invariant, Report, check};
pub use evidence::Evidence;
