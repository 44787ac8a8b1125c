//! A person that an organisation tried for a number: keyed hashes, and since and until when.

use sea_orm::entity::prelude::*;

/// A row of `identity_try`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_try")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number_hash: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_hash: Vec<u8>,
    pub first_at: DateTimeUtc,
    pub last_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
