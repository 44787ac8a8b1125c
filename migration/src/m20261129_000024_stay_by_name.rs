//! Index by which a facility finds its stays by a guest's name.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(stay_by_name()).await
    }
}

/// Serves the search by name. Without it a search of an organisation with many facilities would
/// read all their stays.
fn stay_by_name() -> IndexCreateStatement {
    Index::create()
        .name("stay_by_name")
        .table("stay")
        .col("name_index")
        .col("id")
        .and_where(Expr::col("name_index").is_not_null())
        .take()
}
