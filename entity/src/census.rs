//! The newest census of each part of a facility.

use sea_orm::entity::prelude::*;

/// A row of `census`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "census")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub facility_id: Uuid,
    /// Keyed hash of the scope, because names of wards and rooms must not be stored in clear.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope_index: Vec<u8>,
    pub taken_at: DateTimeUtc,
    /// How many departures its sender confirmed.
    pub confirmed_departures: Option<i32>,
    pub received_at: DateTimeUtc,
    pub created_by: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
