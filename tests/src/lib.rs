//! The harness of the black-box tests: runs the real binary `luutru` as child processes, and calls
//! it over HTTP as an outsider would.
//!
//! What always holds:
//! - Nothing of the services is linked in; the harness shares no rule with them, so that a
//!   mistake cannot cancel itself out.
//! - Every test runs on SQLite and on PostgreSQL. What cannot run fails and says what to do.
//! - No process, container, database or directory outlives the test run, however it ends.
//! - Waiting is [`eventually()`]: a condition and a deadline, never a guess.
#![expect(
    clippy::expect_used,
    reason = "a harness that cannot go on ends the test, with a sentence"
)]

mod environment;
mod eventually;
mod guard;
mod measured;

mod binary;
mod database;
mod link;
mod process;

mod answer;
mod caller;
mod conformity;
mod simulators;

mod river;
mod services;

pub mod attack;
mod canonical;
pub mod chaos;
mod consumer;
mod journal;
pub mod people;
mod person;
mod raw;
pub mod receipt;
mod redact;
mod rude;
pub mod sheet;
mod stream;
mod time;
mod wrong_clock;

pub use answer::Answer;
pub use binary::{binary as binary_path, officer_key, run_to_end};
pub use caller::{Call, Caller};
pub use canonical::to_canonical_json;
pub use conformity::fault_of;
pub use consumer::{Consumer, Manner, Told};
pub use database::{Database, TestDatabase};
pub use environment::{
    attack_connection_count, backlog_row_count, import_row_count, is_golden_update, setting,
};
pub use eventually::{eventually, eventually_some};
pub use journal::{Journal, Posted, post_steadily};
pub use link::{Link, Weather};
pub use measured::measured;
pub use person::{DemoAccount, Person, code_of};
pub use process::{Process, ProcessExit};
pub use raw::{RawAnswer, raw_exchange};
pub use redact::redact;
pub use river::{River, Setting};
pub use rude::{Notified, Reply, Rude};
pub use services::{Launched, Secrets, Services};
pub use simulators::{Police, Registry};
pub use stream::{EventStream, StreamedEvent};
pub use time::{exact_text_of, local, now, text_of};
pub use wrong_clock::WrongClock;

/// Makes two tests of each function: on SQLite and on PostgreSQL.
///
/// ```text
/// on_both_databases![a_stay_reaches_the_police];
///
/// async fn a_stay_reaches_the_police(database: Database) { … }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            #[tokio::test]
            async fn on_sqlite() {
                super::$name($crate::Database::Sqlite).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$name($crate::Database::Postgres).await;
            }
        }
    )* };
}
