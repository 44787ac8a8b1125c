//! An event on its way to one consumer. `body` is what is sent, byte for byte, at every attempt;
//! it holds no personal value.

use domain::webhook::{CallOutcome, EventProgress, WebhookEvent};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `webhook_delivery`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub webhook_id: Uuid,
    pub event_id: Uuid,
    pub kind: Word<WebhookEvent>,
    pub body: String,
    pub state: Word<EventProgress>,
    pub attempt_count: i32,
    pub due_at: DateTimeUtc,
    pub lease_id: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    pub last_attempt_at: Option<DateTimeUtc>,
    pub last_outcome: Option<Word<CallOutcome>>,
    pub last_status: Option<i32>,
    pub created_at: DateTimeUtc,
    pub settled_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
