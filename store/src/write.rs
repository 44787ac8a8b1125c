//! Opens writing transactions: the one place that does.
//!
//! On SQLite a transaction that reads first and writes later fails at once when somebody else
//! wrote in between; `BEGIN IMMEDIATE` takes the write lock up front and waits its turn.

use std::time::Duration;

use sea_orm::{DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::{Database, Error, Result};

/// The longest a transaction may take from BEGIN to the answer of COMMIT.
pub const TRANSACTION_DURATION_MAX: Duration = Duration::from_secs(8);

/// Begins a writing transaction.
pub(crate) async fn begin(db: &Database) -> Result<DatabaseTransaction> {
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
