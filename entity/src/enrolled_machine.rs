//! A machine at a facility's desk that its manager has enrolled: its cookie stands in for a
//! one-time code. `mac` authenticates the whole row.

use sea_orm::entity::prelude::*;

/// A row of `enrolled_machine`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolled_machine")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub facility_id: Uuid,
    pub label: String,
    pub token_hash: Vec<u8>,
    pub enrolled_by: Uuid,
    pub enrolled_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub mac: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
