//! The duty desk of a commune's police: the telephone that facilities call when declaring does not
//! work. `id` names it in the audit.

use sea_orm::entity::prelude::*;

/// A row of `duty_desk`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duty_desk")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub commune_code: String,
    pub id: Uuid,
    pub telephone: String,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
