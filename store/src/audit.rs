//! Audit entries that stand for themselves; those of a change are written in its transaction.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{Database, Result, dialect, table_rows::AuditRow};

/// An entry as it is written.
pub type Entry = entity::audit_entry::Model;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Who holds the key of this id.
    Key(Uuid),
    /// Who sits at a terminal of the installation.
    Operator,
    /// The worker, by itself.
    Worker,
}

impl Actor {
    const fn parts(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Key(id) => ("api_key", Some(id)),
            Self::Operator => ("operator", None),
            Self::Worker => ("worker", None),
        }
    }
}

/// An entry about `subject`, its kind and id, that names neither a version nor a digest.
#[must_use]
pub fn entry(
    (id, at): (Uuid, DateTime<Utc>),
    actor: Actor,
    action: &str,
    (subject_kind, subject_id): (&str, Uuid),
) -> Entry {
    let (actor_kind, actor_id) = actor.parts();
    Entry {
        id,
        at,
        actor_kind: actor_kind.to_owned(),
        actor_id,
        action: action.to_owned(),
        subject_kind: subject_kind.to_owned(),
        subject_id,
        subject_version: None,
        digest: None,
    }
}

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
