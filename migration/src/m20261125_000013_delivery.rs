//! Versions of a stay reach the police in order.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(open_by_stay()).await
    }
}

/// Serves the claim: is an earlier task of the same stay open? Settled rows leave it.
fn open_by_stay() -> IndexCreateStatement {
    Index::create()
        .name("outbox_task_open_by_stay")
        .table("outbox_task")
        .col("stay_id")
        .col("version")
        .and_where(Expr::col("settled_at").is_null())
        .take()
}
