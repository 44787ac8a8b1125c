//! The audit: the actor, the action and its subject, written in the transaction of the action.
//! Holds references and digests, never values.

use domain::audit::{Action, ActorKind, SubjectKind};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `audit_entry`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: DateTimeUtc,
    pub actor_kind: Word<ActorKind>,
    pub actor_id: Option<Uuid>,
    pub action: Word<Action>,
    pub subject_kind: Word<SubjectKind>,
    pub subject_id: Uuid,
    pub subject_version: Option<i32>,
    pub digest: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
