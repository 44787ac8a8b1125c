//! Indexes for people on call: notifications that the police endpoint refused, and the webhooks of
//! a key.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(refused()).await
    }
}

/// Serves the list of refused notifications, nearest deadline first.
fn refused() -> IndexCreateStatement {
    Index::create()
        .name("outbox_task_refused")
        .table("outbox_task")
        .col("deadline_at")
        .col("id")
        .and_where(Expr::col("state").eq("refused"))
        .take()
}
