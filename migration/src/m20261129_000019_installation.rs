//! Facts about the installation, the MAC of each API key's row, and the key of each stay.

use sea_orm_migration::{
    prelude::*,
    schema::{binary, binary_null, string, timestamp_with_time_zone},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(installation_fact()).await?;
        let mac = Table::alter()
            .table("api_key")
            .add_column(binary_null("mac"))
            .take();
        manager.alter_table(mac).await?;
        let sealed_key = Table::alter()
            .table("stay")
            .add_column(binary_null("sealed_key"))
            .take();
        manager.alter_table(sealed_key).await
    }
}

/// A row for each fact that must be the same for every process: check values of the keys from
/// outside, what was rewritten and how far.
fn installation_fact() -> TableCreateStatement {
    Table::create()
        .table("installation_fact")
        .col(string("name").primary_key())
        .col(binary("value"))
        .col(timestamp_with_time_zone("recorded_at"))
        .take()
}
