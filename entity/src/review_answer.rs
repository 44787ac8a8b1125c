//! A facility's written answer to an officer's question. The text is sealed.

use sea_orm::entity::prelude::*;

/// A row of `review_answer`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review_answer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub question_id: Uuid,
    pub case_id: Uuid,
    pub stay_id: Uuid,
    pub answered_by: Uuid,
    pub answered_at: DateTimeUtc,
    pub sealed: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
