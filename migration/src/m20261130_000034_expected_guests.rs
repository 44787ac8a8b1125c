//! Guests whom facilities expect, until they are declared or their day is over.

use sea_orm_migration::{
    prelude::*,
    schema::{binary, binary_null, date, timestamp_with_time_zone, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(expected_guest()).await?;
        manager.create_index(once()).await?;
        manager.create_index(by_end()).await
    }
}

fn expected_guest() -> TableCreateStatement {
    Table::create()
        .table("expected_guest")
        .col(uuid("id").primary_key())
        .col(uuid("facility_id"))
        .col(date("expected_on"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(binary("content_index"))
        .col(binary_null("document_index"))
        .col(binary("sealed"))
        .col(uuid("noted_by"))
        .col(timestamp_with_time_zone("noted_at"))
        .foreign_key(
            ForeignKey::create()
                .from("expected_guest", "facility_id")
                .to("facility", "id"),
        )
        .take()
}

/// Keeps the same guest from being noted twice, and serves the list of a facility.
fn once() -> IndexCreateStatement {
    Index::create()
        .name("expected_guest_once")
        .table("expected_guest")
        .col("facility_id")
        .col("content_index")
        .unique()
        .take()
}

/// Serves the sweep.
fn by_end() -> IndexCreateStatement {
    Index::create()
        .name("expected_guest_by_end")
        .table("expected_guest")
        .col("expires_at")
        .take()
}
