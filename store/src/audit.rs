//! Audit entries that belong to no other write. The entry of a change is written in the transaction
//! of that change.

use chrono::{DateTime, Utc};
use domain::audit::{Action, ActorKind, SubjectKind};
use domain::sender::{Sender, SenderKind};
use entity::operator;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{Backend, Database, Error, Result, dialect, table_rows::AuditRow};

/// An entry as it is written.
pub type Entry = entity::audit_entry::Model;

/// The actor of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of the key with this id.
    Key(Uuid),
    /// The person signed in to the account with this id.
    Account(Uuid),
    /// An operator at a terminal of the installation, by the id that [`operator()`] returned.
    Operator(Uuid),
    /// The worker, by itself.
    Worker,
}

impl Actor {
    /// The caller of an operation.
    #[must_use]
    pub const fn of(sender: &Sender) -> Self {
        Self::by(sender.kind, sender.key_id)
    }

    /// The key or account of this id.
    #[must_use]
    pub const fn by(kind: SenderKind, id: Uuid) -> Self {
        match kind {
            SenderKind::Key => Self::Key(id),
            SenderKind::Account => Self::Account(id),
        }
    }

    const fn parts(self) -> (ActorKind, Option<Uuid>) {
        match self {
            Self::Key(id) => (ActorKind::ApiKey, Some(id)),
            Self::Account(id) => (ActorKind::Account, Some(id)),
            Self::Operator(id) => (ActorKind::Operator, Some(id)),
            Self::Worker => (ActorKind::Worker, None),
        }
    }
}

/// An entry about `subject`, its kind and id, that names neither a version nor a digest.
#[must_use]
pub fn entry(
    (id, at): (Uuid, DateTime<Utc>),
    actor: Actor,
    action: Action,
    (subject_kind, subject_id): (SubjectKind, Uuid),
) -> Entry {
    let (actor_kind, actor_id) = actor.parts();
    Entry {
        id,
        at,
        actor_kind: actor_kind.into(),
        actor_id,
        action: action.into(),
        subject_kind: subject_kind.into(),
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

/// The operator of this name at the installation's terminals; an unknown name is given `id`.
pub async fn operator(db: &Database, name: &str, id: Uuid, now: DateTime<Utc>) -> Result<Actor> {
    let row = operator::ActiveModel {
        id: Set(id),
        name: Set(name.to_owned()),
        created_at: Set(now),
    };
    operator::Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("name"))
        .exec_without_returning(db.writer())
        .await?;
    let known = operator::Entity::find()
        .filter(operator::Column::Name.eq(name))
        .one(db.writer())
        .await?;
    known
        .map(|known| Actor::Operator(known.id))
        .ok_or(Error::NotFound)
}

/// Writes an entry in the transaction of the action it records.
pub(crate) async fn note(connection: &impl ConnectionTrait, entry: Entry) -> Result<()> {
    let statement = dialect::insert_rows(
        Backend::of(connection),
        "audit_entry",
        vec![AuditRow(entry)],
        "",
    );
    connection.execute_raw(statement).await?;
    Ok(())
}
