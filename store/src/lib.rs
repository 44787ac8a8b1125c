//! Every database query, one function each, named for the question it answers.
//!
//! SQL exists nowhere else. SQLite and PostgreSQL answer the same questions with the same rows;
//! what they spell differently is in [`dialect`], the only `match` on the back end.
//! Writing transactions open through [`mod@write`]; nothing here calls a network peer.

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod backup;
pub mod catalogues;
pub mod census;
pub mod changes;
pub mod consistency;
pub mod damage;
pub mod data_keys;
mod database;
pub mod declarations;
mod delivery;
mod dialect;
pub mod directory;
pub mod due;
pub mod duty_desks;
mod error;
pub mod evening;
pub mod events;
pub mod expected_guests;
pub mod facilities;
pub mod health;
pub mod idempotency;
pub mod imports;
pub mod installation;
pub mod key_ring;
mod neighbours;
pub mod occupants;
mod pool;
pub mod review;
pub mod rewrite;
pub mod rooms;
mod rows;
pub mod schema;
pub mod stays;
pub mod sweep;
mod table_rows;
pub mod tries;
pub mod wake;
pub mod webhooks;
pub mod write;

pub use database::{Backend, ConnectOptions, Database};
pub use delivery::{backlog, destinations, outbox, results, tasks};
pub use entity::word;
pub use error::{Blame, Error, Result};
pub use pool::pace;
pub use webhooks::queue as webhook_queue;
