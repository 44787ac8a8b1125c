//! Where notifications go: the police of a province, or of a commune that has an endpoint of its
//! own. One row, `national`, stands for the endpoint of the settings, which all others use that
//! have none. `breaker` is what a worker last found of the endpoint.

use domain::operator::{BreakerState, DestinationState};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `destination`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub id: Uuid,
    pub name: String,
    pub province_code: Option<String>,
    pub endpoint_url: Option<String>,
    pub state: Word<DestinationState>,
    pub paused_by: Option<String>,
    pub paused_reason: Option<String>,
    pub paused_at: Option<DateTimeUtc>,
    pub paused_until: Option<DateTimeUtc>,
    pub rate_per_second: Option<i32>,
    pub call_count_max: Option<i32>,
    pub breaker: Word<BreakerState>,
    pub breaker_reason: Option<String>,
    pub breaker_since: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
