//! A machine's key: only a keyed hash of its secret is kept. The three scope columns are JSON
//! arrays of text.

use domain::sender::Role;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `api_key`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub role: Word<Role>,
    pub label: String,
    pub secret_hash: Vec<u8>,
    pub facility_ids: String,
    pub commune_codes: String,
    pub province_codes: String,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    /// Authenticates the rest of the row; a row without it is not a valid key.
    pub mac: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
