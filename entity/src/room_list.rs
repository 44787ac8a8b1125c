//! The rooms and beds of a facility, one list that is replaced as a whole. `sealed` holds it as
//! JSON: rooms are called by the names of people.

use sea_orm::entity::prelude::*;

/// A row of `room_list`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room_list")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub facility_id: Uuid,
    pub version: i32,
    pub sealed: Vec<u8>,
    pub changed_by: Uuid,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
