//! Files with several sheets: their names, and the sheet of each row.

use sea_orm_migration::{
    prelude::*,
    schema::{binary_null, integer_null},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sheets = binary_null("sealed_sheets");
        let of_file = Table::alter().table("import").add_column(sheets).take();
        manager.alter_table(of_file).await?;
        let sheet = integer_null("sheet");
        let of_row = Table::alter().table("import_row").add_column(sheet).take();
        manager.alter_table(of_row).await
    }
}
