//! The keys that seal personal fields, one a month, wrapped by the master key from outside.

use chrono::{DateTime, Utc};
use entity::data_key;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{Database, Error, Result, dialect};

/// A wrapped data key.
#[derive(Clone)]
pub struct DataKey {
    /// Named inside every blob it sealed.
    pub id: Uuid,
    /// `YYYY-MM`, Viet Nam time.
    pub month: String,
    /// The key, sealed by the master key.
    pub wrapped: Vec<u8>,
}

impl From<data_key::Model> for DataKey {
    fn from(row: data_key::Model) -> Self {
        Self {
            id: row.id,
            month: row.month,
            wrapped: row.wrapped,
        }
    }
}

/// All data keys, oldest first.
pub async fn all(db: &Database) -> Result<Vec<DataKey>> {
    let rows = data_key::Entity::find()
        .order_by_asc(data_key::Column::Month)
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().map(DataKey::from).collect())
}

/// Offers a key for its month and returns the one in force. If several processes offer at once, one
/// wins.
pub async fn settle_month(db: &Database, offered: DataKey, now: DateTime<Utc>) -> Result<DataKey> {
    let month = offered.month.clone();
    let row = data_key::ActiveModel {
        id: Set(offered.id),
        month: Set(offered.month),
        wrapped: Set(offered.wrapped),
        created_at: Set(now),
    };
    data_key::Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("month"))
        .exec_without_returning(db.writer())
        .await?;
    data_key::Entity::find()
        .filter(data_key::Column::Month.eq(month))
        .one(db.writer())
        .await?
        .map(DataKey::from)
        .ok_or(Error::NotFound)
}
