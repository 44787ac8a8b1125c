//! The members that a version of an organisation or a facility changed, and from which day.
//! `content` is a JSON object; that of the first version holds every member that can change.

use sea_orm::entity::prelude::*;

/// A row of `directory_change`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "directory_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub valid_from: Date,
    pub changed_at: DateTimeUtc,
    pub content: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
