//! One version of a stay, as it was accepted. `sealed` holds the salt and the content;
//! `content_index` is a keyed hash for comparing declarations; the receipt is rebuilt from
//! number, kid and signature. `delivery_version` is the newest version up to this one that the
//! police get, 0 when there is none.

use domain::{
    change::ChangeKind,
    stay::{Channel, Presence},
};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `stay_version`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stay_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub stay_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub channel: Word<Channel>,
    pub created_by: Uuid,
    pub received_at: DateTimeUtc,
    pub sealed: Vec<u8>,
    pub content_index: Vec<u8>,
    pub content_sha256: Vec<u8>,
    pub receipt_number: String,
    pub receipt_kid: String,
    pub receipt_signature: Vec<u8>,
    pub warnings: String,
    pub owed: Option<String>,
    pub is_forwardable: bool,
    pub change_kind: Word<ChangeKind>,
    pub change_index: Option<Vec<u8>>,
    pub sealed_reason: Option<Vec<u8>>,
    pub presence: Word<Presence>,
    pub delivery_version: i32,
    /// The instant that this version and its predecessors describe; the time of receipt if empty.
    pub as_of: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
