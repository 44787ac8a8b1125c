//! Opens writing transactions: the one place that does.
//!
//! On SQLite a transaction that reads first and writes later fails at once if another one wrote in
//! between; `BEGIN IMMEDIATE` takes the write lock up front and queues for it.

use std::time::Duration;

use sea_orm::{
    SqliteTransactionMode, TransactionOptions,
    sqlx::postgres::{PgArguments, PgRow},
};
use tokio::time::Instant;

use crate::{Database, Error, Result, pool::Transaction};

/// The longest a transaction may take from BEGIN to the answer of COMMIT.
pub const TRANSACTION_DURATION_MAX: Duration = Duration::from_secs(8);

/// How many dead connections to replace, and for how long, before giving up. Waiting for a live one
/// takes longer than this.
const EXCHANGE_COUNT_MAX: u32 = 16;
const EXCHANGE_DURATION_MAX: Duration = Duration::from_millis(250);

/// Begins a writing transaction.
///
/// After a server restart the pool still holds old connections; each turns out dead at its next
/// use. Nothing has been written yet, so try the next one.
pub(crate) async fn begin(db: &Database) -> Result<Transaction> {
    let started = Instant::now();
    for _ in 0..EXCHANGE_COUNT_MAX {
        match begin_once(db).await {
            Err(Error::Unavailable) if started.elapsed() < EXCHANGE_DURATION_MAX => {}
            outcome => return outcome,
        }
    }
    begin_once(db).await
}

async fn begin_once(db: &Database) -> Result<Transaction> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(db.writer().begin(options).await?)
}

/// Commits. A COMMIT whose answer was lost is [`Error::OutcomeUnknown`]; one that the database
/// explicitly refused is that error, and nothing was written.
pub(crate) async fn commit(transaction: Transaction) -> Result<()> {
    let outcome = transaction.commit().await.map_err(Error::from);
    match outcome {
        Err(Error::Unavailable) => Err(Error::OutcomeUnknown),
        known => known,
    }
}

/// Runs one statement of PostgreSQL that is its own transaction. One whose answer was lost is
/// [`Error::OutcomeUnknown`], as a COMMIT would be; after any other error nothing was written.
pub(crate) async fn commit_alone(
    db: &Database,
    text: &'static str,
    arguments: PgArguments,
) -> Result<Vec<PgRow>> {
    // Until there is a connection nothing was sent.
    let connection = db.writer().single_use().await?;
    match connection.run(text, arguments).await.map_err(Error::from) {
        Err(Error::Unavailable) => Err(Error::OutcomeUnknown),
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::database::ConnectOptions;

    async fn fill(db: &Database, bytes: u32) -> Result<()> {
        let transaction = begin(db).await?;
        let statement = format!("INSERT INTO note VALUES (zeroblob({bytes}))");
        transaction.execute_unprepared(&statement).await?;
        commit(transaction).await
    }

    /// A full disk ends the first transaction behind the driver's back. The second is rolled back
    /// for another reason; this test is about what comes after it.
    #[tokio::test]
    async fn what_is_committed_after_a_full_disk_is_committed() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("full.db").display());
        let db = Database::connect(&url, &ConnectOptions::default())
            .await
            .unwrap();
        let execute = async |statement: &str| {
            db.writer().execute_unprepared(statement).await.unwrap();
        };
        execute("CREATE TABLE note (text BLOB)").await;
        execute("PRAGMA max_page_count = 20").await;
        let full = fill(&db, 1_000_000).await;
        assert!(matches!(full, Err(Error::StorageFull)), "{full:?}");
        execute("PRAGMA max_page_count = 1000000").await;
        drop(begin(&db).await.unwrap());
        for expected in 1..=3_i64 {
            fill(&db, 10).await.unwrap();
            let statement =
                sea_orm::Statement::from_string(db.db_backend(), "SELECT COUNT(*) FROM note");
            let row = db.reader().query_one_raw(statement).await.unwrap().unwrap();
            let seen: i64 = row.try_get_by_index(0).unwrap();
            assert_eq!(seen, expected, "others see what was committed");
        }
    }
}
