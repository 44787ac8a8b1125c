//! A consumer of events. `sealed` holds its address and the secret that signs what it gets;
//! `position` is the number of the last event that deliveries were made of. `facility_ids` and
//! `kinds` are JSON arrays of text, NULL for all. `proven_at` is when it first accepted one.

use domain::webhook::DisabledReason;
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `webhook`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub facility_ids: Option<String>,
    pub kinds: Option<String>,
    pub sealed: Vec<u8>,
    pub position: i64,
    pub created_by: Uuid,
    pub created_at: DateTimeUtc,
    pub failing_since: Option<DateTimeUtc>,
    pub disabled_at: Option<DateTimeUtc>,
    pub disabled_reason: Option<Word<DisabledReason>>,
    pub proven_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
