//! Management of organisations, facilities and keys: dated changes, times of last use of keys, and
//! the operators at the installation's terminals.
//!
//! Every column has a default that is true of rows written before, and of those that the previous
//! release writes on this schema.

use sea_orm_migration::{
    prelude::*,
    schema::{
        date, integer, integer_null, string_uniq, text, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let version = || integer("version").default(1).take();
        let ended_at = timestamp_with_time_zone_null("ended_at").take();
        let capacity = integer_null("capacity").take();
        for (table, column) in [
            ("organisation", version()),
            ("organisation", ended_at),
            ("facility", version()),
            ("facility", capacity),
        ] {
            manager.alter_table(added(table, column)).await?;
        }
        manager.create_table(directory_change()).await?;
        manager.create_table(api_key_use()).await?;
        manager.create_table(operator()).await?;
        manager.create_index(entries_of_keys()).await
    }
}

/// SQLite adds one column at a time.
fn added(table: &'static str, column: ColumnDef) -> TableAlterStatement {
    Table::alter().table(table).add_column(column).take()
}

/// The members that each version of an organisation or a facility changed, and from which day. The
/// first version of a subject holds everything.
fn directory_change() -> TableCreateStatement {
    Table::create()
        .table("directory_change")
        .col(uuid("subject_id"))
        .col(integer("version"))
        .col(date("valid_from"))
        .col(timestamp_with_time_zone("changed_at"))
        .col(text("content"))
        .primary_key(Index::create().col("subject_id").col("version"))
        .take()
}

/// Separate from the key, so that using a key does not write its row.
fn api_key_use() -> TableCreateStatement {
    Table::create()
        .table("api_key_use")
        .col(uuid("key_id").primary_key())
        .col(timestamp_with_time_zone("last_used_at"))
        .take()
}

/// The operators named by audit entries written at a terminal.
fn operator() -> TableCreateStatement {
    Table::create()
        .table("operator")
        .col(uuid("id").primary_key())
        .col(string_uniq("name"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

/// Serves the lookup of a key's creator; audit entries about stays are not in it.
fn entries_of_keys() -> IndexCreateStatement {
    Index::create()
        .name("audit_entry_of_keys")
        .table("audit_entry")
        .col("subject_id")
        .and_where(Expr::col("subject_kind").eq("api_key"))
        .take()
}
