//! The lease for processing a census of a facility.

use sea_orm_migration::{
    prelude::*,
    schema::{timestamp_with_time_zone, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(census_lease()).await
    }
}

/// A row for each facility with a census under way; a row that outlives its process expires.
fn census_lease() -> TableCreateStatement {
    Table::create()
        .table("census_lease")
        .col(uuid("facility_id").primary_key())
        .col(uuid("lease_id"))
        .col(timestamp_with_time_zone("leased_until"))
        .take()
}
