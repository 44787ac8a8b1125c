//! An event for senders. Written without a number in the transaction it describes; a single
//! sequencer assigns `sequence` to committed rows, so that a cursor over it never skips a row.
//! `detail` is a JSON object without personal values.

use domain::event::EventKind;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `event`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Option<Uuid>,
    pub facility_id: Option<Uuid>,
    pub stay_id: Option<Uuid>,
    pub version: Option<i32>,
    pub kind: Word<EventKind>,
    pub detail: String,
    pub created_at: DateTimeUtc,
    pub sequence: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
