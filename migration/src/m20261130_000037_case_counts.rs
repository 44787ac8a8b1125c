//! The counts of what is not closed, which officers see on every page, read an index and no case.
//!
//! The queue of an area has its cases in their order, but not the words that are counted. Closed
//! cases are in neither index.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let areas = ["commune_code", "province_code"];
        manager
            .create_index(counts("review_case_counts_by_commune", areas))
            .await?;
        let areas = ["province_code", "commune_code"];
        manager
            .create_index(counts("review_case_counts_by_province", areas))
            .await
    }
}

fn counts(name: &'static str, areas: [&'static str; 2]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table("review_case");
    let counted = ["kind", "state", "opened_at", "leased_until", "stay_id"];
    // The condition is a column too: SQLite does not infer it from the index.
    let columns = areas.into_iter().chain(counted).chain(["closed_at"]);
    for column in columns {
        index.col(column);
    }
    index.and_where(Expr::col("closed_at").is_null()).take()
}
