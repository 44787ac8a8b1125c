//! The duty desks of the communes' police: the telephone that facilities call when declaring does
//! not work. A commune without a row has none that is known.

use sea_orm_migration::{
    prelude::*,
    schema::{string, text, timestamp_with_time_zone, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(duty_desk()).await
    }
}

fn duty_desk() -> TableCreateStatement {
    Table::create()
        .table("duty_desk")
        .col(string("commune_code").primary_key())
        .col(uuid("id"))
        .col(text("telephone"))
        .col(timestamp_with_time_zone("changed_at"))
        .take()
}
