//! What an officer decided about a case. The officer's words are sealed.

use domain::review::ReviewDecision;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `review_decision`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review_decision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub case_id: Uuid,
    pub stay_id: Uuid,
    pub version: i32,
    pub decision: Word<ReviewDecision>,
    pub commune_code: String,
    pub referred_to: Option<String>,
    pub decided_by: Uuid,
    pub decided_at: DateTimeUtc,
    pub pointers: Option<String>,
    pub sealed: Option<Vec<u8>>,
    pub answered_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
