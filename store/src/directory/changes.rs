//! The changes of organisations and facilities, version by version.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    directory::{Content, DirectoryChange},
    time::local_date,
};
use entity::{directory_change, organisation};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Error, Result, audit};

/// The organisations of these ids.
pub(crate) async fn organisations_of(
    connection: &impl ConnectionTrait,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, organisation::Model>> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = organisation::Entity::find()
        .filter(organisation::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The changes of these subjects, version by version.
pub(crate) async fn changes_of(
    connection: &impl ConnectionTrait,
    subjects: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Result<Vec<DirectoryChange>>>> {
    let subjects: Vec<Uuid> = subjects.collect();
    let mut found: HashMap<Uuid, Result<Vec<DirectoryChange>>> = HashMap::new();
    if subjects.is_empty() {
        return Ok(found);
    }
    let rows = directory_change::Entity::find()
        .filter(directory_change::Column::SubjectId.is_in(subjects))
        .order_by_asc(directory_change::Column::Version)
        .all(connection)
        .await?;
    for row in rows {
        let changes = found
            .entry(row.subject_id)
            .or_insert_with(|| Ok(Vec::new()));
        match (read(row), changes) {
            (Ok(change), Ok(changes)) => changes.push(change),
            (Err(error), changes) => *changes = Err(error),
            (Ok(_), Err(_)) => {}
        }
    }
    Ok(found)
}

/// The same of one subject.
pub(super) async fn changes_of_one(
    connection: &impl ConnectionTrait,
    subject: Uuid,
) -> Result<Vec<DirectoryChange>> {
    let mut changes = changes_of(connection, std::iter::once(subject)).await?;
    changes.remove(&subject).unwrap_or_else(|| Ok(Vec::new()))
}

fn read(row: directory_change::Model) -> Result<DirectoryChange> {
    Ok(DirectoryChange {
        version: row.version,
        valid_from: row.valid_from,
        at: row.changed_at,
        content: content(&row.content)?,
    })
}

fn content(text: &str) -> Result<Content> {
    match serde_json::from_str(text) {
        Ok(Value::Object(content)) => Ok(content),
        Ok(_) | Err(_) => Err(Error::Corrupt {
            what: "directory_change.content",
        }),
    }
}

pub(super) fn change(
    subject_id: Uuid,
    version: i32,
    valid_from: NaiveDate,
    changed_at: DateTime<Utc>,
    content: Content,
) -> directory_change::Model {
    directory_change::Model {
        subject_id,
        version,
        valid_from,
        changed_at,
        content: Value::Object(content).to_string(),
    }
}

/// Records a subject's state before its first change, unless already recorded.
pub(super) async fn remember_first(
    connection: &impl ConnectionTrait,
    subject_id: Uuid,
    created_at: DateTime<Utc>,
    content: Content,
) -> Result<()> {
    let row = change(subject_id, 1, local_date(created_at), created_at, content);
    let is_kept = directory_change::Entity::find_by_id((subject_id, 1))
        .one(connection)
        .await?
        .is_some();
    if !is_kept {
        directory_change::Entity::insert(row.into_active_model().reset_all())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

/// Records a change with its audit entry.
pub(super) async fn keep(
    connection: &impl ConnectionTrait,
    change: directory_change::Model,
    entry: audit::Entry,
) -> Result<()> {
    let entry = at_version(entry, change.version);
    directory_change::Entity::insert(change.into_active_model().reset_all())
        .exec_without_returning(connection)
        .await?;
    audit::note(connection, entry).await
}

pub(super) fn at_version(entry: audit::Entry, version: i32) -> audit::Entry {
    audit::Entry {
        subject_version: Some(version),
        ..entry
    }
}
