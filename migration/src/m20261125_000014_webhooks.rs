//! Webhooks, each with its own place in the feed of events, and what is on its way to them.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, binary, integer, integer_null, string, string_null, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(webhook()).await?;
        manager.create_index(of_organisation()).await?;
        manager.create_table(webhook_delivery()).await?;
        manager.create_index(open()).await?;
        manager.create_index(once()).await?;
        manager.create_index(newest()).await?;
        manager.create_index(settled()).await
    }
}

fn webhook() -> TableCreateStatement {
    Table::create()
        .table("webhook")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(text_null("facility_ids"))
        .col(text_null("kinds"))
        .col(binary("sealed"))
        .col(big_integer("position"))
        .col(uuid("created_by"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("failing_since"))
        .col(timestamp_with_time_zone_null("disabled_at"))
        .col(string_null("disabled_reason"))
        .take()
}

/// Serves the list of an organisation, and counts it.
fn of_organisation() -> IndexCreateStatement {
    Index::create()
        .name("webhook_by_organisation")
        .table("webhook")
        .col("organisation_id")
        .col("id")
        .take()
}

/// Words of the program without a check: SQLite cannot widen one.
fn webhook_delivery() -> TableCreateStatement {
    Table::create()
        .table("webhook_delivery")
        .col(uuid("id").primary_key())
        .col(uuid("webhook_id"))
        .col(uuid("event_id"))
        .col(string("kind"))
        .col(text("body"))
        .col(string("state"))
        .col(integer("attempt_count"))
        .col(timestamp_with_time_zone("due_at"))
        .col(uuid_null("lease_id"))
        .col(timestamp_with_time_zone_null("leased_until"))
        .col(timestamp_with_time_zone_null("last_attempt_at"))
        .col(string_null("last_outcome"))
        .col(integer_null("last_status"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("settled_at"))
        .take()
}

/// Serves the claim, webhook by webhook. Settled rows leave it.
fn open() -> IndexCreateStatement {
    Index::create()
        .name("webhook_delivery_open")
        .table("webhook_delivery")
        .col("webhook_id")
        .col("due_at")
        .col("id")
        .and_where(Expr::col("settled_at").is_null())
        .take()
}

/// An event goes to a webhook once, however often it is handed out.
fn once() -> IndexCreateStatement {
    Index::create()
        .name("webhook_delivery_by_event")
        .table("webhook_delivery")
        .col("webhook_id")
        .col("event_id")
        .unique()
        .take()
}

/// Serves the list of a webhook's deliveries, newest first.
fn newest() -> IndexCreateStatement {
    Index::create()
        .name("webhook_delivery_by_webhook")
        .table("webhook_delivery")
        .col("webhook_id")
        .col("id")
        .take()
}

/// Serves the sweep of what was settled long ago.
fn settled() -> IndexCreateStatement {
    Index::create()
        .name("webhook_delivery_settled")
        .table("webhook_delivery")
        .col("settled_at")
        .and_where(Expr::col("settled_at").is_not_null())
        .take()
}
