//! A case for the police: something about a stay that an officer should look at. Its detail is
//! clear text of codes, grades and ids.

use domain::review::{ReviewDecision, ReviewKind, ReviewState};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `review_case`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "review_case")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: Word<ReviewKind>,
    pub state: Word<ReviewState>,
    pub priority: i32,
    pub commune_code: String,
    pub province_code: String,
    pub facility_id: Uuid,
    pub stay_id: Uuid,
    pub version: i32,
    pub detail: String,
    pub opened_at: DateTimeUtc,
    pub lease_id: Option<Uuid>,
    pub leased_by: Option<Uuid>,
    pub leased_until: Option<DateTimeUtc>,
    pub decision: Option<Word<ReviewDecision>>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
