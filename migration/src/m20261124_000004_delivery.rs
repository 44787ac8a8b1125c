//! The way to the police: the outbox, every attempt, and the cases for review.

use sea_orm_migration::{
    prelude::*,
    schema::{
        binary_null, integer, integer_null, string, string_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::column::word;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(outbox_task()).await?;
        manager.create_index(open_by_deadline()).await?;
        manager.create_index(parked()).await?;
        manager.create_table(attempt()).await?;
        manager.create_index(attempt_by_task()).await?;
        manager.create_table(review()).await?;
        manager.create_index(open_review_by_commune()).await
    }
}

fn outbox_task() -> TableCreateStatement {
    Table::create()
        .table("outbox_task")
        .col(uuid("id").primary_key())
        .col(uuid("stay_id"))
        .col(integer("version"))
        .col(word("kind", &["stay", "identity_result", "cancellation"]))
        .col(uuid("facility_id"))
        .col(string("destination"))
        .col(timestamp_with_time_zone("deadline_at"))
        .col(word(
            "state",
            &["waiting", "claimed", "delivered", "refused", "parked"],
        ))
        .col(word("step", &["check_identity", "notify_police"]))
        .col(timestamp_with_time_zone("due_at"))
        .col(uuid_null("lease_id"))
        .col(timestamp_with_time_zone_null("leased_until"))
        .col(integer("claim_count"))
        .col(integer("attempt_count"))
        .col(integer("unclear_count"))
        .col(string_null("identity_state"))
        .col(binary_null("body_sha256"))
        .col(binary_null("sealed_body"))
        .col(string_null("trace_parent"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("settled_at"))
        .take()
}

/// Serves the claim: only open tasks, nearest deadline first. Settled rows leave it.
fn open_by_deadline() -> IndexCreateStatement {
    Index::create()
        .name("outbox_task_open_by_deadline")
        .table("outbox_task")
        .col("deadline_at")
        .col("id")
        .and_where(Expr::col("settled_at").is_null())
        .take()
}

/// Serves the operator's list of parked notifications, and their count in the metrics.
fn parked() -> IndexCreateStatement {
    Index::create()
        .name("outbox_task_parked")
        .table("outbox_task")
        .col("settled_at")
        .and_where(Expr::col("state").eq("parked"))
        .take()
}

fn attempt() -> TableCreateStatement {
    Table::create()
        .table("attempt")
        .col(uuid("id").primary_key())
        .col(uuid("task_id"))
        .col(uuid("stay_id"))
        .col(word("peer", &["registry", "police"]))
        .col(uuid("lease_id"))
        .col(timestamp_with_time_zone("started_at"))
        .col(integer("latency_ms"))
        .col(string("outcome"))
        .col(integer_null("http_status"))
        .col(string_null("code"))
        .take()
}

/// Serves the operator's look at every attempt of one task.
fn attempt_by_task() -> IndexCreateStatement {
    Index::create()
        .name("attempt_by_task")
        .table("attempt")
        .col("task_id")
        .take()
}

fn review() -> TableCreateStatement {
    Table::create()
        .table("review")
        .col(uuid("id").primary_key())
        .col(uuid("stay_id"))
        .col(word("kind", &["mismatch", "not_found", "rejected"]))
        .col(string("commune_code"))
        .col(word("state", &["open", "closed"]))
        .col(timestamp_with_time_zone("opened_at"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .take()
}

/// Serves the officers' queue of a commune, oldest first.
fn open_review_by_commune() -> IndexCreateStatement {
    Index::create()
        .name("review_open_by_commune")
        .table("review")
        .col("commune_code")
        .col("opened_at")
        .and_where(Expr::col("closed_at").is_null())
        .take()
}
