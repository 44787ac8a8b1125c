//! The lists of rooms and beds.

use entity::room_list;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use uuid::Uuid;

use crate::{Database, Result, audit, dialect, table_rows::AuditRow, write};

/// A facility's list as stored: sealed.
pub type RoomListRow = room_list::Model;

/// The list of a facility, if it ever sent one.
pub async fn find(db: &Database, facility_id: Uuid) -> Result<Option<RoomListRow>> {
    Ok(room_list::Entity::find_by_id(facility_id)
        .one(db.reader())
        .await?)
}

/// Writes the list as the version after the current one, with its audit entry. Returns `false`,
/// with nothing written, when another writer was faster.
pub async fn replace(db: &Database, row: RoomListRow, entry: audit::Entry) -> Result<bool> {
    let transaction = write::begin(db).await?;
    let is_replaced = if row.version == 1 {
        let insert = room_list::Entity::insert(row.into_active_model())
            .on_conflict(dialect::ignore_conflicts("facility_id"))
            .exec_without_returning(&transaction)
            .await?;
        insert == 1
    } else {
        let (facility_id, version) = (row.facility_id, row.version);
        let update = room_list::Entity::update_many()
            .set(room_list::ActiveModel {
                version: Set(version),
                sealed: Set(row.sealed),
                changed_by: Set(row.changed_by),
                changed_at: Set(row.changed_at),
                ..Default::default()
            })
            .filter(room_list::Column::FacilityId.eq(facility_id))
            .filter(room_list::Column::Version.eq(version - 1))
            .exec(&transaction)
            .await?;
        update.rows_affected == 1
    };
    if !is_replaced {
        transaction.rollback().await?;
        return Ok(false);
    }
    let entry = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(entry).await?;
    write::commit(transaction).await?;
    Ok(true)
}
