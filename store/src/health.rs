//! Health checks: does the database answer, what time does it have, and does it keep what it
//! commits.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement};

use crate::{Database, Error, Result, dialect};

/// Pings the database on a dedicated connection and returns the server's time; `None` on SQLite,
/// where the clock is our own.
pub async fn server_time(db: &Database) -> Result<Option<DateTime<Utc>>> {
    dialect::server_time(db.probe()).await
}

/// Refuses a database that may lose what it committed: PostgreSQL with `fsync`,
/// `full_page_writes` or `synchronous_commit` off, SQLite below `synchronous=FULL`.
pub async fn check_durable(db: &Database) -> Result<()> {
    let undurable = dialect::undurable_settings(db.writer()).await?;
    match undurable.first() {
        None => Ok(()),
        Some((name, value)) => Err(Error::Unusable(format!(
            "the database runs with {name}={value}: a receipt given could be lost with the power; \
             switch {name} on"
        ))),
    }
}

/// Refuses a corrupt SQLite file. The pages of keys and catalogues are always checked; the others
/// only if the whole file is small enough to read in a moment.
pub async fn check_whole(db: &Database) -> Result<()> {
    for text in dialect::start_checks(db.backend()) {
        let statement = Statement::from_string(db.db_backend(), text);
        if db.reader().query_one_raw(statement).await?.is_some() {
            return Err(Error::damaged());
        }
    }
    Ok(())
}
