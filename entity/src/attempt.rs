//! One call to the registry or to the police on behalf of a task.

use domain::operator::{AttemptOutcome, PeerName};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `attempt`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub task_id: Uuid,
    pub stay_id: Uuid,
    pub peer: Word<PeerName>,
    pub lease_id: Uuid,
    pub started_at: DateTimeUtc,
    pub latency_ms: i32,
    pub outcome: Word<AttemptOutcome>,
    pub http_status: Option<i32>,
    pub code: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
