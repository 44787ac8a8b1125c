//! Decisions can be counted by time: how many cases were handled today, and how long they waited.
//!
//! Decisions arrive in order of time, so inserts touch one page of the index.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(decision_by_time()).await
    }
}

fn decision_by_time() -> IndexCreateStatement {
    Index::create()
        .name("review_decision_by_time")
        .table("review_decision")
        .col("decided_at")
        .take()
}
