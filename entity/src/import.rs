//! A file of stays that was uploaded, and how far it has come.

use domain::import::{DateOrder, FileKind, ImportState};
use domain::sender::SenderKind;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `import`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub facility_id: Uuid,
    pub created_by: Uuid,
    pub created_by_kind: Word<SenderKind>,
    pub format: Word<FileKind>,
    pub is_dry_run: bool,
    pub date_order: Option<Word<DateOrder>>,
    pub permitted_stay_until: Option<String>,
    pub state: Word<ImportState>,
    pub byte_count: i32,
    pub chunk_count: i32,
    pub created_at: DateTimeUtc,
    pub received_at: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
    pub expires_at: DateTimeUtc,
    pub row_count: Option<i32>,
    pub next_row: i32,
    pub accepted_count: i32,
    pub replayed_count: i32,
    pub rejected_count: i32,
    pub skipped_count: i32,
    pub layout: Option<String>,
    pub sealed_heading: Option<Vec<u8>>,
    pub sealed_sheets: Option<Vec<u8>>,
    pub problem: Option<String>,
    pub trace_parent: Option<String>,
    pub lease_id: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    pub claim_count: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
