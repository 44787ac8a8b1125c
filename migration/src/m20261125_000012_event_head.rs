//! How far events are numbered, and the index of the feed.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(event_head()).await?;
        manager.execute(the_head()).await?;
        manager.create_index(by_organisation()).await
    }
}

fn event_head() -> TableCreateStatement {
    Table::create()
        .table("event_head")
        .col(
            integer("id")
                .primary_key()
                .check(Expr::col("id").eq(1))
                .take(),
        )
        .col(big_integer("last_sequence"))
        .take()
}

fn the_head() -> InsertStatement {
    Query::insert()
        .into_table("event_head")
        .columns(["id", "last_sequence"])
        .values_panic([1.into(), 0.into()])
        .take()
}

/// Serves the feed of an organisation. Rows come in the order of their numbers.
fn by_organisation() -> IndexCreateStatement {
    Index::create()
        .name("event_by_organisation")
        .table("event")
        .col("organisation_id")
        .col("sequence")
        .and_where(Expr::col("sequence").is_not_null())
        .take()
}
