//! Uploaded files of stays: the file in sealed pieces, its progress, and the outcome of each row.

use sea_orm_migration::{
    prelude::*,
    schema::{
        binary, binary_null, boolean, integer, integer_null, string_null, text_null,
        timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

use crate::column::word;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(import()).await?;
        manager.create_index(open_by_age()).await?;
        manager.create_index(by_end()).await?;
        manager.create_table(import_chunk()).await?;
        manager.create_table(import_row()).await?;
        manager.create_index(row_by_stay()).await?;
        manager.create_index(rejected_row()).await
    }
}

fn import() -> TableCreateStatement {
    Table::create()
        .table("import")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(uuid("facility_id"))
        .col(uuid("created_by"))
        .col(word("format", &["csv", "xlsx"]))
        .col(boolean("is_dry_run"))
        .col(string_null("date_order"))
        .col(word(
            "state",
            &["uploading", "queued", "running", "completed", "failed"],
        ))
        .col(integer("byte_count"))
        .col(integer("chunk_count"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("received_at"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(integer_null("row_count"))
        .col(integer("next_row"))
        .col(integer("accepted_count"))
        .col(integer("replayed_count"))
        .col(integer("rejected_count"))
        .col(integer("skipped_count"))
        .col(text_null("layout"))
        .col(binary_null("sealed_heading"))
        .col(text_null("problem"))
        .col(string_null("trace_parent"))
        .col(uuid_null("lease_id"))
        .col(timestamp_with_time_zone_null("leased_until"))
        .col(integer("claim_count"))
        .take()
}

/// Serves the claim, oldest first, and the count of a facility's waiting files. What is done
/// leaves it.
fn open_by_age() -> IndexCreateStatement {
    Index::create()
        .name("import_open_by_age")
        .table("import")
        .col("received_at")
        .col("id")
        .and_where(Expr::col("state").is_in(["queued", "running"]))
        .take()
}

/// Serves the sweep.
fn by_end() -> IndexCreateStatement {
    Index::create()
        .name("import_by_end")
        .table("import")
        .col("expires_at")
        .take()
}

fn import_chunk() -> TableCreateStatement {
    Table::create()
        .table("import_chunk")
        .col(uuid("import_id"))
        .col(integer("position"))
        .col(binary("sealed"))
        .primary_key(Index::create().col("import_id").col("position"))
        .take()
}

fn import_row() -> TableCreateStatement {
    Table::create()
        .table("import_row")
        .col(uuid("import_id"))
        .col(integer("position"))
        .col(integer("row_number"))
        .col(word(
            "outcome",
            &["accepted", "replayed", "rejected", "skipped"],
        ))
        .col(uuid_null("stay_id"))
        .col(text_null("notes"))
        .col(binary_null("sealed"))
        .primary_key(Index::create().col("import_id").col("position"))
        .take()
}

/// Serves the question whether a row of this import made a stay already.
fn row_by_stay() -> IndexCreateStatement {
    Index::create()
        .name("import_row_by_stay")
        .table("import_row")
        .col("stay_id")
        .and_where(Expr::col("stay_id").is_not_null())
        .take()
}

/// Serves the file of rejected rows.
fn rejected_row() -> IndexCreateStatement {
    Index::create()
        .name("import_row_rejected")
        .table("import_row")
        .col("import_id")
        .col("position")
        .and_where(Expr::col("outcome").eq("rejected"))
        .take()
}
