//! Opens writing transactions: the one place that does.
//!
//! On SQLite a transaction that reads first and writes later fails at once when somebody else
//! wrote in between; `BEGIN IMMEDIATE` takes the write lock up front and waits its turn.

use std::time::Duration;

use sea_orm::{DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use tokio::time::Instant;

use crate::{Database, Error, Result};

/// The longest a transaction may take from BEGIN to the answer of COMMIT.
pub const TRANSACTION_DURATION_MAX: Duration = Duration::from_secs(8);

/// A connection that turns out to be dead is exchanged for another, so often and for so long: one
/// that must be waited for takes longer.
const EXCHANGE_COUNT_MAX: u32 = 16;
const EXCHANGE_DURATION_MAX: Duration = Duration::from_millis(250);

/// Begins a writing transaction.
///
/// After a restart of the server its old connections still lie in the pool; each is found dead at
/// its next use. Nothing is written yet, so the next one is tried.
pub(crate) async fn begin(db: &Database) -> Result<DatabaseTransaction> {
    let started = Instant::now();
    for _ in 0..EXCHANGE_COUNT_MAX {
        match begin_once(db).await {
            Err(Error::Unavailable) if started.elapsed() < EXCHANGE_DURATION_MAX => {}
            outcome => return outcome,
        }
    }
    begin_once(db).await
}

async fn begin_once(db: &Database) -> Result<DatabaseTransaction> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(db.writer().begin_with_options(options).await?)
}

/// Commits. A COMMIT whose answer was lost is [`Error::OutcomeUnknown`]; one that the database
/// refused in words is that refusal, and nothing was written.
pub(crate) async fn commit(transaction: DatabaseTransaction) -> Result<()> {
    let outcome = transaction.commit().await.map_err(Error::from);
    match outcome {
        Err(Error::Unavailable) => Err(Error::OutcomeUnknown),
        known => known,
    }
}
