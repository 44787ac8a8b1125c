//! Columns for the life of a stay: unplanned nights, overdue departures, reports already sent,
//! parties, and the date of a census.
//!
//! Every column may be empty, as it is in older rows and in rows that the previous release writes
//! on this schema.

use sea_orm_migration::{
    prelude::*,
    schema::{binary_null, integer_null, timestamp_with_time_zone_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in stay_columns() {
            manager.alter_table(added("stay", column)).await?;
        }
        // The instant that a version made by a census or a departure describes; the time of receipt
        // if empty.
        let as_of = timestamp_with_time_zone_null("as_of").take();
        manager.alter_table(added("stay_version", as_of)).await?;
        manager.create_index(without_night()).await?;
        manager.create_index(leaving_by_facility()).await?;
        let connection = manager.get_connection();
        connection.execute_unprepared(OVERDUE_INDEX).await?;
        connection.execute_unprepared(CLOSE_CASES).await?;
        Ok(())
    }
}

fn stay_columns() -> [ColumnDef; 3] {
    [
        // The planned departure whose passing was reported to the sender.
        timestamp_with_time_zone_null("departure_noted_for").take(),
        // The version at which the sender was asked to check the guest's data; empty if the guest
        // has changed since.
        integer_null("attention_version").take(),
        // Keyed hash of the facility and the party's reference.
        binary_null("party_index").take(),
    ]
}

/// Serves the sweep at 23:00. Stays that are sent or ended leave it.
fn without_night() -> IndexCreateStatement {
    Index::create()
        .name("stay_without_night")
        .table("stay")
        .col("arrival_on")
        .col("id")
        .and_where(Expr::col("presence").eq("present"))
        .and_where(Expr::col("delivery_state").eq("not_required"))
        .take()
}

/// Serves the list of departures of a facility that are overdue.
fn leaving_by_facility() -> IndexCreateStatement {
    Index::create()
        .name("stay_leaving_by_facility")
        .table("stay")
        .col("facility_id")
        .col("expected_departure_at")
        .col("id")
        .and_where(Expr::col("presence").eq("present"))
        .and_where(Expr::col("expected_departure_at").is_not_null())
        .take()
}

/// Serves the sweep that reports overdue departures once each: reported ones leave it.
const OVERDUE_INDEX: &str = "CREATE INDEX stay_overdue ON stay (expected_departure_at, id) \
     WHERE presence = 'present' AND expected_departure_at IS NOT NULL \
       AND (departure_noted_for IS NULL OR departure_noted_for <> expected_departure_at)";

/// Cancelled stays of before kept their cases open.
const CLOSE_CASES: &str = "UPDATE review_case SET state = 'closed', \
       closed_at = (SELECT stay.changed_at FROM stay WHERE stay.id = review_case.stay_id), \
       lease_id = NULL, leased_by = NULL, leased_until = NULL \
     WHERE closed_at IS NULL \
       AND stay_id IN (SELECT stay.id FROM stay WHERE stay.presence = 'cancelled')";

/// SQLite adds one column at a time.
fn added(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}
