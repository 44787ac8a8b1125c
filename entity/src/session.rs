//! A session of a browser: only a keyed hash of its token is kept, and `mac` authenticates the
//! whole row.

use domain::session::Stage;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `session`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub token_hash: Vec<u8>,
    pub stage: Word<Stage>,
    /// The generation of the account that it belongs to; it ends with it.
    pub generation: i32,
    /// The secret of an authenticator that is being enrolled.
    pub sealed_totp: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
    pub last_used_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub mac: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
