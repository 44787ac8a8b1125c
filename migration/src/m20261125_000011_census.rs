//! The newest census of each part of a facility, and the stays it did not have.

use sea_orm_migration::{
    prelude::*,
    schema::{binary, integer_null, timestamp_with_time_zone, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(census()).await?;
        manager.create_table(census_question()).await
    }
}

fn census() -> TableCreateStatement {
    Table::create()
        .table("census")
        .col(uuid("facility_id"))
        .col(binary("scope_index"))
        .col(timestamp_with_time_zone("taken_at"))
        .col(integer_null("confirmed_departures"))
        .col(timestamp_with_time_zone("received_at"))
        .col(uuid("created_by"))
        .primary_key(Index::create().col("facility_id").col("scope_index"))
        .take()
}

fn census_question() -> TableCreateStatement {
    Table::create()
        .table("census_question")
        .col(uuid("stay_id").primary_key())
        .col(uuid("facility_id"))
        .col(timestamp_with_time_zone("asked_at"))
        .take()
}
