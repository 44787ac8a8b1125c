//! Events for senders: written with their cause, numbered afterwards.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer_null, integer_null, string, text, timestamp_with_time_zone, uuid, uuid_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(event()).await?;
        manager.create_index(unnumbered()).await?;
        manager.create_index(by_sequence()).await
    }
}

fn event() -> TableCreateStatement {
    Table::create()
        .table("event")
        .col(uuid("id").primary_key())
        .col(uuid_null("organisation_id"))
        .col(uuid_null("facility_id"))
        .col(uuid_null("stay_id"))
        .col(integer_null("version"))
        .col(string("kind"))
        .col(text("detail"))
        .col(timestamp_with_time_zone("created_at"))
        .col(big_integer_null("sequence"))
        .take()
}

/// Serves the sequencer: only what has no number yet, oldest first. Numbered rows leave it.
fn unnumbered() -> IndexCreateStatement {
    Index::create()
        .name("event_unnumbered")
        .table("event")
        .col("id")
        .and_where(Expr::col("sequence").is_null())
        .take()
}

/// Serves the feed, and keeps numbers unique.
fn by_sequence() -> IndexCreateStatement {
    Index::create()
        .name("event_by_sequence")
        .table("event")
        .col("sequence")
        .unique()
        .and_where(Expr::col("sequence").is_not_null())
        .take()
}
