//! The schema: migrated by one process at a time, and checked before anything serves.

use std::{collections::BTreeSet, time::Duration};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Statement};

use crate::{Database, Error, Result, dialect, write};

/// How often, and with what pause, to retry a migration that did not get its locks in time.
const TRY_COUNT_MAX: u32 = 60;
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Migrates the schema to the newest version. Safe to run in several processes at once: one
/// migrates, the others wait and find nothing to do.
///
/// All pending migrations run in one transaction: a process that dies halfway leaves the schema
/// unchanged. It waits for a table's lock for a second at most, so that it never holds up the
/// intake for longer than that: PostgreSQL queues every later reader behind a waiting change.
pub async fn migrate(db: &Database) -> Result<()> {
    migrate_watched(db, &|_, _| ()).await
}

/// Called with the number of migrations applied so far and the number there is to apply.
pub type Watch<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// [`migrate`], reporting progress.
pub async fn migrate_watched(db: &Database, watch: Watch<'_>) -> Result<()> {
    match dialect::migration_lock(db.backend()) {
        Some((lock, unlock)) => migrate_locked(db, lock, unlock, watch).await,
        None => migrate_retrying(db, watch).await,
    }
}

/// The probe pool has exactly one connection, so lock and unlock meet on the same session; should
/// the process die, the server frees the lock with the session.
async fn migrate_locked(db: &Database, lock: &str, unlock: &str, watch: Watch<'_>) -> Result<()> {
    let backend = db.backend();
    let session = db.probe().unlimited();
    // Another process may work for longer than a statement may usually take.
    session
        .execute_unprepared("SET statement_timeout = 0; SET lock_timeout = 0")
        .await?;
    session
        .execute_raw(Statement::from_string(backend.into(), lock))
        .await?;
    let outcome = migrate_retrying(db, watch).await;
    session
        .execute_raw(Statement::from_string(backend.into(), unlock))
        .await?;
    session
        .execute_unprepared("RESET statement_timeout; RESET lock_timeout")
        .await?;
    outcome
}

async fn migrate_retrying(db: &Database, watch: Watch<'_>) -> Result<()> {
    let mut outcome = migrate_once(db, watch).await;
    for _ in 1..TRY_COUNT_MAX {
        match &outcome {
            Err(Error::LockTimeout) => tracing::info!("the migration yields to other work"),
            Ok(()) | Err(_) => break,
        }
        tokio::time::sleep(RETRY_PAUSE).await;
        outcome = migrate_once(db, watch).await;
    }
    outcome
}

async fn migrate_once(db: &Database, watch: Watch<'_>) -> Result<()> {
    let missing = missing_count(db).await?;
    let transaction = write::begin(db).await?;
    for setting in dialect::migration_settings(db.backend()) {
        transaction.execute_unprepared(setting).await?;
    }
    for done in 0..missing {
        watch(done, missing);
        Migrator::up(transaction.unlimited(), Some(1)).await?;
    }
    // Whatever the count missed.
    Migrator::up(transaction.unlimited(), None).await?;
    write::commit(transaction).await
}

/// Refuses a schema that this binary does not know.
///
/// Errors: [`Error::Unusable`] with what to do: `luutru migrate` when the schema is older, a newer
/// binary when it is newer.
pub async fn check(db: &Database) -> Result<()> {
    let known: BTreeSet<String> = Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    let applied = applied(db).await?;
    if let Some(name) = applied.difference(&known).next() {
        return Err(Error::Unusable(format!(
            "the database has migration {name}, which this binary does not know: \
             it was migrated by a newer release; start that release instead"
        )));
    }
    let missing = known.difference(&applied).count();
    if missing > 0 {
        return Err(Error::Unusable(format!(
            "the database lacks {missing} migration(s) of this release: run `luutru migrate` first"
        )));
    }
    Ok(())
}

async fn missing_count(db: &Database) -> Result<u64> {
    let applied = applied(db).await?;
    let migrations = Migrator::migrations();
    let missing = migrations
        .iter()
        .filter(|migration| !applied.contains(migration.name()));
    Ok(missing.count() as u64)
}

async fn applied(db: &Database) -> Result<BTreeSet<String>> {
    let statement = Statement::from_string(db.db_backend(), "SELECT version FROM seaql_migrations");
    let rows = match db
        .reader()
        .query_all_raw(statement)
        .await
        .map_err(Error::from)
    {
        Ok(rows) => rows,
        // No such table: nothing was ever migrated.
        Err(Error::Database { .. }) => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    rows.iter()
        .map(|row| Ok(row.try_get::<String>("", "version")?))
        .collect()
}
