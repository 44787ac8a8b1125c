//! Whether a consumer has ever accepted an event: until then its address may be anybody's.

use sea_orm_migration::{prelude::*, schema::timestamp_with_time_zone_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let proven_at = timestamp_with_time_zone_null("proven_at").take();
        let add = Table::alter().table("webhook").add_column(proven_at).take();
        manager.alter_table(add).await?;
        // Those that do not fail have been called in the days before, and answered.
        let proven = Query::update()
            .table("webhook")
            .value("proven_at", Expr::col("created_at"))
            .and_where(Expr::col("failing_since").is_null())
            .to_owned();
        manager.execute(proven).await
    }
}
