//! The rooms and beds that a facility lists.

use sea_orm_migration::{
    prelude::*,
    schema::{binary, integer, timestamp_with_time_zone, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(room_list()).await
    }
}

fn room_list() -> TableCreateStatement {
    Table::create()
        .table("room_list")
        .col(uuid("facility_id").primary_key())
        .col(integer("version"))
        .col(binary("sealed"))
        .col(uuid("changed_by"))
        .col(timestamp_with_time_zone("changed_at"))
        .foreign_key(
            ForeignKey::create()
                .from("room_list", "facility_id")
                .to("facility", "id"),
        )
        .take()
}
