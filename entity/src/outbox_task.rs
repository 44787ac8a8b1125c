//! A notification on its way to the police. The id is the notification id, derived at intake and
//! never changed. `sealed_body` holds the exact bytes from the first attempt until the police have
//! given an explicit answer; a parked task keeps them for a resend.

use domain::{
    operator::{TaskState, TaskStep},
    stay::{IdentityState, NotificationKind},
};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `outbox_task`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_task")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub stay_id: Uuid,
    pub version: i32,
    pub kind: Word<NotificationKind>,
    pub facility_id: Uuid,
    /// Decides where it goes. The column has the name that it had when it held a destination.
    #[sea_orm(column_name = "destination")]
    pub commune_code: String,
    pub deadline_at: DateTimeUtc,
    pub state: Word<TaskState>,
    pub step: Word<TaskStep>,
    pub due_at: DateTimeUtc,
    pub lease_id: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    pub claim_count: i32,
    pub attempt_count: i32,
    pub unclear_count: i32,
    pub identity_state: Option<Word<IdentityState>>,
    pub body_sha256: Option<Vec<u8>>,
    pub sealed_body: Option<Vec<u8>>,
    pub trace_parent: Option<String>,
    pub created_at: DateTimeUtc,
    pub settled_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
