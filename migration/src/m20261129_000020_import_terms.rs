//! What the sender of a file says of all its foreigners: until when they may stay.

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
