//! The sender's permitted stay for all foreigners of a file.

use sea_orm_migration::{prelude::*, schema::string_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let until = string_null("permitted_stay_until");
        let import = Table::alter().table("import").add_column(until).take();
        manager.alter_table(import).await
    }
}
