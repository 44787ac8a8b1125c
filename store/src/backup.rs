//! A copy of the database while it is in use, where the database is ours to copy.

use sea_orm::ConnectionTrait;

use crate::{Database, Error, Result, dialect};

/// Copies an SQLite database into a new file: one consistent state, writers go on meanwhile.
///
/// Errors: [`Error::Schema`] on PostgreSQL, which is copied by its own tools; any other when the
/// file cannot be written.
pub async fn copy_into_file(db: &Database, path: &str) -> Result<()> {
    let statement = dialect::copy_into_file(db.backend(), path).ok_or_else(|| {
        Error::Schema("PostgreSQL is backed up by its own tools, not by this command".to_owned())
    })?;
    db.reader().execute_raw(statement).await?;
    Ok(())
}
