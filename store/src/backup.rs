//! Copies a SQLite database while it is in use. PostgreSQL has its own backup tools.

use sea_orm::{ConnectionTrait, Statement};

use crate::{Database, Error, Result, dialect};

/// Copies an SQLite database into a new file as one consistent snapshot, without stopping writers.
///
/// Errors: [`Error::Unusable`] on PostgreSQL, which is copied by its own tools; any other when the
/// file cannot be written.
pub async fn copy_into_file(db: &Database, path: &str) -> Result<()> {
    let statement = dialect::copy_into_file(db.backend(), path).ok_or_else(|| {
        Error::Unusable("PostgreSQL is backed up by its own tools, not by this command".to_owned())
    })?;
    db.reader().execute_raw(statement).await?;
    Ok(())
}

/// Size of the database in MiB, rounded up; 0 on PostgreSQL.
pub async fn mib_count(db: &Database) -> Result<u64> {
    let Some(text) = dialect::file_byte_count(db.backend()) else {
        return Ok(0);
    };
    let statement = Statement::from_string(db.db_backend(), text);
    let row = db.reader().query_one_raw(statement).await?;
    let byte_count: i64 = row.map_or(Ok(0), |row| row.try_get("", "byte_count"))?;
    Ok(byte_count.unsigned_abs().div_ceil(1 << 20))
}
