//! Facts about the whole installation, shared by all processes: the check values of its keys, and
//! which rows were rewritten.

use chrono::{DateTime, Utc};
use entity::installation_fact::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};

use crate::{Database, Error, Result, dialect};

/// The fact of when the last whole backup was taken.
pub const LAST_BACKUP: &str = "last_backup_at";

/// A fact's value; `None` if not yet recorded.
pub async fn fact(db: &Database, name: &str) -> Result<Option<Vec<u8>>> {
    read(db.reader(), name).await
}

/// Offers a value for a fact and returns the one in force: the first that was offered.
pub async fn settle(
    db: &Database,
    name: &str,
    offered: &[u8],
    now: DateTime<Utc>,
) -> Result<Vec<u8>> {
    if let Some(settled) = fact(db, name).await? {
        return Ok(settled);
    }
    offer(db.writer(), name, offered, now).await?;
    read(db.writer(), name).await?.ok_or(Error::NotFound)
}

/// [`fact`] on the caller's connection, for example inside a transaction.
pub(crate) async fn read(connection: &impl ConnectionTrait, name: &str) -> Result<Option<Vec<u8>>> {
    let value = Entity::find_by_id(name.to_owned())
        .select_only()
        .column(Column::Value)
        .into_tuple::<Vec<u8>>()
        .one(connection)
        .await?;
    Ok(value)
}

/// Records a fact unless it already exists.
pub(crate) async fn offer(
    connection: &impl ConnectionTrait,
    name: &str,
    value: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    let row = ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_vec()),
        recorded_at: Set(now),
    };
    Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("name"))
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Records a fact, replacing its old value.
pub async fn record(db: &Database, name: &str, value: &[u8], now: DateTime<Utc>) -> Result<()> {
    let connection = db.writer();
    offer(connection, name, value, now).await?;
    Entity::update_many()
        .col_expr(Column::Value, value.to_vec().into())
        .col_expr(Column::RecordedAt, now.into())
        .filter(Column::Name.eq(name))
        .exec(connection)
        .await?;
    Ok(())
}
