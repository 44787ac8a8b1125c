//! The census lease: each facility processes one census at a time, across all processes.
//!
//! The turn is a lease by the clock of the database. Every transaction that writes for a census
//! reads the lease under a lock held until the commit. A lease that was released, or taken over
//! after it expired, permits no further writes, and it cannot be released or taken over while such
//! a transaction is open. The holder of a turn therefore sees everything its predecessors wrote,
//! and they write nothing more.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use crate::{Backend, Database, Error, Result, dialect, pool::Transaction, rows, write};

/// The turn of one census.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CensusLease {
    /// The facility of the census.
    pub facility_id: Uuid,
    /// Tells this turn from all others.
    pub lease_id: Uuid,
}

/// Takes the turn. Returns false, without changes, if another census holds it.
///
/// `now` is the instant of the caller, for databases without a clock of their own. Errors: any; the
/// turn may then stay taken until it expires.
pub async fn take(
    db: &Database,
    lease: CensusLease,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> Result<bool> {
    if is_held(db, lease.facility_id, now).await? {
        return Ok(false);
    }
    let backend = db.backend();
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let (lease_end, lease_end_value) = dialect::lease_end(backend, now, lease_seconds);
    let text = format!(
        "INSERT INTO census_lease (facility_id, lease_id, leased_until) \
         VALUES (?, ?, {lease_end}) \
         ON CONFLICT (facility_id) DO UPDATE SET lease_id = excluded.lease_id, \
           leased_until = excluded.leased_until \
         WHERE census_lease.leased_until <= {lease_now} RETURNING lease_id"
    );
    let mut values = names(lease);
    values.push(lease_end_value);
    values.extend(lease_now_values);
    let statement = dialect::statement(backend, &text, values);
    let taken = db.writer().query_one_raw(statement).await;
    let taken = taken.map_err(Error::from);
    // A write under the expired lease is still in progress.
    if matches!(taken, Err(Error::LockTimeout)) {
        return Ok(false);
    }
    Ok(taken?.is_some())
}

/// Whether anybody holds the turn. Does not wait for writers.
async fn is_held(db: &Database, facility_id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let (lease_now, lease_now_values) = dialect::lease_now(db.backend(), now);
    let text = format!(
        "SELECT lease_id FROM census_lease WHERE facility_id = ? AND leased_until > {lease_now}"
    );
    let mut values = vec![rows::uuid(facility_id)];
    values.extend(lease_now_values);
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(db.reader().query_one_raw(statement).await?.is_some())
}

/// Extends the turn; false when it was lost.
pub async fn keep(
    db: &Database,
    lease: CensusLease,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> Result<bool> {
    let (lease_end, lease_end_value) = dialect::lease_end(db.backend(), now, lease_seconds);
    let text = format!(
        "UPDATE census_lease SET leased_until = {lease_end} WHERE facility_id = ? AND lease_id = ?"
    );
    let mut values = vec![lease_end_value];
    values.extend(names(lease));
    let statement = dialect::statement(db.backend(), &text, values);
    let kept = db.writer().execute_raw(statement).await?;
    Ok(kept.rows_affected() == 1)
}

/// Releases the turn if it is still held, after waiting for writes under it.
pub async fn give_back(db: &Database, lease: CensusLease) -> Result<()> {
    let text = "DELETE FROM census_lease WHERE facility_id = ? AND lease_id = ?";
    let statement = dialect::statement(db.backend(), text, names(lease));
    db.writer().execute_raw(statement).await?;
    Ok(())
}

/// Begins a writing transaction under the turn, which holds until the transaction ends. Fails with
/// [`Error::LeaseLost`] when the turn has passed to another census.
pub(crate) async fn begin(db: &Database, lease: CensusLease) -> Result<Transaction> {
    let transaction = write::begin(db).await?;
    if holds(&transaction, lease).await? {
        return Ok(transaction);
    }
    transaction.rollback().await?;
    Err(Error::LeaseLost {
        id: lease.facility_id,
    })
}

/// Whether the turn holds, and does until the transaction ends.
async fn holds(connection: &impl ConnectionTrait, lease: CensusLease) -> Result<bool> {
    let backend = Backend::of(connection);
    let text = format!(
        "SELECT lease_id FROM census_lease WHERE facility_id = ? AND lease_id = ? {}",
        dialect::share_lock(backend)
    );
    let statement = dialect::statement(backend, &text, names(lease));
    Ok(connection.query_one_raw(statement).await?.is_some())
}

fn names(lease: CensusLease) -> Vec<Value> {
    vec![rows::uuid(lease.facility_id), rows::uuid(lease.lease_id)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::tests::on_both_databases;
    use chrono::TimeDelta;

    use super::*;
    use crate::ConnectOptions;

    on_both_databases![
        one_at_a_time_has_the_turn,
        who_is_late_writes_nothing,
        a_turn_is_not_taken_over_while_something_is_written_under_it,
    ];

    async fn open(database: ::tests::Database) -> (Database, ::tests::TestDatabase) {
        let database = database.create().await;
        let db = Database::connect(database.url(), &ConnectOptions::default())
            .await
            .unwrap();
        crate::schema::migrate(&db).await.unwrap();
        (db, database)
    }

    fn turn(number: u128) -> CensusLease {
        CensusLease {
            facility_id: Uuid::from_u128(7),
            lease_id: Uuid::from_u128(number),
        }
    }

    /// An instant by the clock of the caller; PostgreSQL goes by its own.
    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
    }

    async fn one_at_a_time_has_the_turn(database: ::tests::Database) {
        let (db, _database) = open(database).await;
        assert!(take(&db, turn(1), at(0), 60).await.unwrap());
        assert!(!take(&db, turn(2), at(59), 60).await.unwrap());
        let elsewhere = CensusLease {
            facility_id: Uuid::from_u128(8),
            ..turn(2)
        };
        assert!(take(&db, elsewhere, at(0), 60).await.unwrap());
        assert!(keep(&db, turn(1), at(59), 60).await.unwrap());
        assert!(!take(&db, turn(2), at(61), 60).await.unwrap());
        give_back(&db, turn(2)).await.unwrap();
        assert!(!take(&db, turn(2), at(61), 60).await.unwrap());
        give_back(&db, turn(1)).await.unwrap();
        assert!(take(&db, turn(2), at(61), 60).await.unwrap());
        assert!(!keep(&db, turn(1), at(61), 60).await.unwrap());
    }

    async fn who_is_late_writes_nothing(database: ::tests::Database) {
        let (db, _database) = open(database).await;
        assert!(take(&db, turn(1), at(0), 0).await.unwrap());
        // Late, but nobody came meanwhile.
        let transaction = begin(&db, turn(1)).await.unwrap();
        transaction.rollback().await.unwrap();
        assert!(take(&db, turn(2), at(1), 60).await.unwrap());
        let lost = begin(&db, turn(1)).await.err();
        assert!(matches!(lost, Some(Error::LeaseLost { .. })), "{lost:?}");
        let elsewhere = CensusLease {
            facility_id: Uuid::from_u128(8),
            ..turn(2)
        };
        let not_there = begin(&db, elsewhere).await.err();
        assert!(matches!(not_there, Some(Error::LeaseLost { .. })));
        let key = question_about(&db, turn(1)).await;
        assert!(matches!(key, Err(Error::LeaseLost { .. })), "{key:?}");
        question_about(&db, turn(2)).await.unwrap();
    }

    async fn question_about(db: &Database, lease: CensusLease) -> Result<()> {
        crate::census::question(db, lease, &[Uuid::from_u128(1)], &[], at(1)).await
    }

    async fn a_turn_is_not_taken_over_while_something_is_written_under_it(
        database: ::tests::Database,
    ) {
        let (db, _database) = open(database).await;
        assert!(take(&db, turn(1), at(0), 0).await.unwrap());
        let transaction = begin(&db, turn(1)).await.unwrap();
        if db.backend() == Backend::Postgres {
            // The lock is not granted.
            assert!(!take(&db, turn(2), at(1), 60).await.unwrap());
        }
        let (taken, ()) = tokio::join!(
            tokio::time::timeout(Duration::from_secs(10), take(&db, turn(2), at(1), 60)),
            async { write::commit(transaction).await.unwrap() }
        );
        assert!(taken.unwrap().unwrap());
    }
}
