//! A guest whom a facility expects and has not declared yet. `sealed` holds name, room and number;
//! `document_index` is the keyed hash by which a stay of the same document is found, and
//! `content_index` tells a guest that is noted twice.

use sea_orm::entity::prelude::*;

/// A row of `expected_guest`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "expected_guest")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub facility_id: Uuid,
    pub expected_on: Date,
    pub expires_at: DateTimeUtc,
    pub content_index: Vec<u8>,
    pub document_index: Option<Vec<u8>>,
    pub sealed: Vec<u8>,
    pub noted_by: Uuid,
    pub noted_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
