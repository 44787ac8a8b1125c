//! A person who signs in. Scopes are JSON; the password is hashed, the authenticator's secret
//! sealed, and `mac` authenticates the whole row.

use domain::role::AccountRole;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `account`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub name: String,
    pub label: String,
    pub role: Word<AccountRole>,
    pub facility_ids: String,
    pub areas: String,
    pub password_hash: Option<String>,
    pub sealed_totp: Option<Vec<u8>>,
    /// The step of the last code that was used: a code is good once.
    pub totp_step: Option<i64>,
    /// Hashes of the recovery codes that are left, as a JSON array of hexadecimal text.
    pub recovery_hashes: String,
    /// Counts what ends its sessions.
    pub generation: i32,
    pub created_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    /// Counts what managers change.
    pub version: i32,
    /// Counts every write of the row.
    pub revision: i32,
    pub mac: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
