//! The stays themselves, their versions, and the two tables that keep them from being made twice.

use sea_orm_migration::{
    prelude::*,
    schema::{
        binary, binary_null, boolean, date, integer, string, string_null, text, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::column::word;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(declaration_key()).await?;
        manager.create_table(idempotency_key()).await?;
        manager.create_index(expiry("idempotency_key")).await?;
        manager.create_index(expiry("declaration_key")).await?;
        manager.create_table(stay()).await?;
        manager.create_index(stay_by_facility()).await?;
        manager.create_table(stay_version()).await
    }
}

fn declaration_key() -> TableCreateStatement {
    Table::create()
        .table("declaration_key")
        .col(binary("key_hash").primary_key())
        .col(uuid("stay_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .take()
}

fn idempotency_key() -> TableCreateStatement {
    Table::create()
        .table("idempotency_key")
        .col(binary("key_hash").primary_key())
        .col(binary("request_hash"))
        .col(uuid_null("stay_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .take()
}

/// Serves the sweep of expired rows. Rows arrive in order of time, so inserts touch one page.
fn expiry(table: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(format!("{table}_by_expiry"))
        .table(table)
        .col("expires_at")
        .take()
}

fn stay() -> TableCreateStatement {
    Table::create()
        .table("stay")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(uuid("facility_id"))
        .col(string("facility_kind"))
        .col(string("commune_code"))
        .col(string("province_code"))
        .col(integer("version"))
        .col(word("presence", &["present", "departed", "cancelled"]))
        .col(word(
            "identity_state",
            &[
                "pending",
                "verified",
                "mismatch",
                "not_found",
                "not_applicable",
                "deferred",
            ],
        ))
        .col(word(
            "delivery_state",
            &[
                "queued",
                "delivering",
                "acknowledged",
                "rejected",
                "parked",
                "not_required",
            ],
        ))
        .col(integer("delivery_version"))
        .col(string_null("police_reference"))
        .col(string_null("delivery_reason"))
        .col(word("completion_state", &["complete", "due"]))
        .col(text_null("owed"))
        .col(word("timeliness", &["on_time", "late"]))
        .col(timestamp_with_time_zone("arrival_at"))
        .col(date("arrival_on"))
        .col(timestamp_with_time_zone_null("expected_departure_at"))
        .col(timestamp_with_time_zone_null("departed_at"))
        .col(timestamp_with_time_zone("received_at"))
        .col(timestamp_with_time_zone("deadline_at"))
        .col(string("purpose"))
        .col(string_null("sex"))
        .col(string_null("age_band"))
        .col(string_null("nationality"))
        .col(string("document_kind"))
        .col(binary_null("reference_index"))
        .col(binary_null("document_index"))
        .col(binary_null("name_index"))
        .col(timestamp_with_time_zone("changed_at"))
        .take()
}

/// Serves the list of a facility's stays, newest first: ids are UUIDv7.
fn stay_by_facility() -> IndexCreateStatement {
    Index::create()
        .name("stay_by_facility")
        .table("stay")
        .col("facility_id")
        .col("id")
        .take()
}

fn stay_version() -> TableCreateStatement {
    Table::create()
        .table("stay_version")
        .col(uuid("stay_id"))
        .col(integer("version"))
        .col(string("channel"))
        .col(uuid("created_by"))
        .col(timestamp_with_time_zone("received_at"))
        .col(binary("sealed"))
        .col(binary("content_index"))
        .col(binary("content_sha256"))
        .col(string("receipt_number"))
        .col(string("receipt_kid"))
        .col(binary("receipt_signature"))
        .col(text("warnings"))
        .col(text_null("owed"))
        .col(boolean("is_forwardable"))
        .primary_key(Index::create().col("stay_id").col("version"))
        .take()
}
