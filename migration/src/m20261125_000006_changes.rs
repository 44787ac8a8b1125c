//! Versions after the first: their cause, their reason, and the data from which their answers are
//! rebuilt.
//!
//! Every column has a default that is true of rows written before, and of those that the previous
//! release writes on this schema.

use sea_orm_migration::{
    prelude::*,
    schema::{binary_null, integer, integer_null, string},
};

use crate::column::word;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in stay_version_columns() {
            manager.alter_table(added("stay_version", column)).await?;
        }
        // Which version an `Idempotency-Key` led to; the first if empty.
        let version = integer_null("version").take();
        manager.alter_table(added("idempotency_key", version)).await
    }
}

fn stay_version_columns() -> [ColumnDef; 5] {
    let kinds = [
        "declared",
        "amended",
        "departed",
        "returned",
        "extended",
        "cancelled",
        "completed",
    ];
    [
        word("change_kind", &kinds).default("declared").take(),
        // Keyed hash of the request that made the version, to recognise a replay.
        binary_null("change_index").take(),
        binary_null("sealed_reason").take(),
        string("presence").default("present").take(),
        // The newest version sent to the police, up to this one; 0 when there is none.
        integer("delivery_version").default(1).take(),
    ]
}

/// SQLite adds one column at a time.
fn added(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}
