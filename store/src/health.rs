//! Is the database there and what time is it there, does it keep what it commits.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement};

use crate::{Database, Error, Result, dialect};

/// Answers when the database does, on a connection nobody else uses, with what time it is by the
/// server's own clock; `None` where that is ours.
pub async fn server_time(db: &Database) -> Result<Option<DateTime<Utc>>> {
    dialect::server_time(db.probe(), db.backend()).await
}

/// Refuses a database that may lose what it committed: PostgreSQL with `fsync`,
/// `full_page_writes` or `synchronous_commit` off, SQLite below `synchronous=FULL`.
pub async fn check_durable(db: &Database) -> Result<()> {
    let undurable = dialect::undurable_settings(db.writer(), db.backend()).await?;
    match undurable.first() {
        None => Ok(()),
        Some((name, value)) => Err(Error::Unusable(format!(
            "the database runs with {name}={value}: a receipt given could be lost with the power; \
             switch {name} on"
        ))),
    }
}

/// Refuses a file of SQLite whose pages do not fit together. Those of keys and catalogues are
/// always looked at; the others where the whole file is small enough to be read in a moment.
pub async fn check_whole(db: &Database) -> Result<()> {
    for text in dialect::start_checks(db.backend()) {
        let statement = Statement::from_string(db.db_backend(), text);
        if db.reader().query_one_raw(statement).await?.is_some() {
            return Err(Error::damaged());
        }
    }
    Ok(())
}
