//! Audit entries that stand for themselves; those of a change are written in its transaction.

use sea_orm::ConnectionTrait;

use crate::{Database, Result, dialect, table_rows::AuditRow};

/// An entry as it is written.
pub type Entry = entity::audit_entry::Model;

/// Writes entries.
pub async fn insert_many(db: &Database, entries: Vec<Entry>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows = entries.into_iter().map(AuditRow).collect();
    let statement = dialect::insert_rows(db.backend(), "audit_entry", rows, "");
    db.writer().execute_raw(statement).await?;
    Ok(())
}

/// Writes one entry.
pub async fn insert(db: &Database, entry: Entry) -> Result<()> {
    let statement = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(entry)], "");
    db.writer().execute_raw(statement).await?;
    Ok(())
}
