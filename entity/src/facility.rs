//! A place where guests stay. It belongs to one organisation and lies in one commune.

use domain::facility::FacilityKind;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `facility`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "facility")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub kind: Word<FacilityKind>,
    pub subkind: Option<String>,
    pub name: String,
    pub address: String,
    pub commune_code: String,
    pub province_code: String,
    pub is_remote: bool,
    pub created_at: DateTimeUtc,
    pub closed_at: Option<DateTimeUtc>,
    pub version: i32,
    pub capacity: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
