//! Published lists: provinces, communes, countries, document kinds, purposes, facility kinds.

use sea_orm_migration::{
    prelude::*,
    schema::{date, integer, string, text, timestamp_with_time_zone},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(catalogue()).await?;
        manager.create_table(catalogue_entry()).await
    }
}

fn catalogue() -> TableCreateStatement {
    Table::create()
        .table("catalogue")
        .col(string("name").primary_key())
        .col(string("version"))
        .col(date("valid_from"))
        .col(integer("entry_count"))
        .col(timestamp_with_time_zone("loaded_at"))
        .take()
}

fn catalogue_entry() -> TableCreateStatement {
    Table::create()
        .table("catalogue_entry")
        .col(string("catalogue"))
        .col(integer("position"))
        .col(string("code"))
        .col(text("body"))
        .primary_key(Index::create().col("catalogue").col("position"))
        .take()
}
