//! A case for the police: something about a stay that a person should look at.

use domain::review::{ReviewKind, ReviewState};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `review`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub stay_id: Uuid,
    pub kind: Word<ReviewKind>,
    pub commune_code: String,
    pub state: Word<ReviewState>,
    pub opened_at: DateTimeUtc,
    pub closed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
