//! An index of the stays that were taken back before the police heard of them, for officers who ask
//! how often a facility does so. Hardly any stay is in it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let by_time = Index::create()
            .name("stay_withdrawn")
            .table("stay")
            .col("changed_at")
            .and_where(Expr::col("delivery_reason").eq("withdrawn"))
            .take();
        manager.create_index(by_time).await
    }
}
