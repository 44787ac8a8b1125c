//! The outcome of one row of an uploaded file, with the sealed cells of a rejected one.

use domain::import::RowOutcome;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `import_row`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub row_number: i32,
    pub sheet: Option<i32>,
    pub outcome: Word<RowOutcome>,
    pub stay_id: Option<Uuid>,
    pub notes: Option<String>,
    pub sealed: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
