//! What a facility still has to see to: stays to correct, not confirmed by the police, or owing
//! something.

use chrono::{DateTime, Utc};
use domain::review::ReviewDecision;
use domain::stay::{CompletionState, DeliveryState, IdentityState, Presence};
use entity::{census_question, review_decision, stay};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::SelectStatement,
};
use uuid::Uuid;

use crate::{Database, Result, stays::StayRow};

/// The stays of a facility that the police have refused or not confirmed, about which a question
/// is open, or whose guest, still present, the registry does not know as declared; by deadline and
/// id, those after `after`, `limit` at most.
pub async fn unsettled(
    db: &Database,
    facility_id: Uuid,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u64,
) -> Result<Vec<StayRow>> {
    let mut query = of_facility(facility_id).filter(is_unsettled(facility_id));
    if let Some((deadline_at, id)) = after {
        let same = Condition::all()
            .add(stay::Column::DeadlineAt.eq(deadline_at))
            .add(stay::Column::Id.gt(id));
        let later = stay::Column::DeadlineAt.gt(deadline_at);
        query = query.filter(Condition::any().add(later).add(same));
    }
    Ok(query
        .order_by_asc(stay::Column::DeadlineAt)
        .order_by_asc(stay::Column::Id)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// The stays of a facility that owe something, in no order.
pub async fn owing(db: &Database, facility_id: Uuid) -> Result<Vec<StayRow>> {
    Ok(of_facility(facility_id)
        .filter(stay::Column::CompletionState.eq(CompletionState::Due.as_str()))
        .all(db.reader())
        .await?)
}

fn of_facility(facility_id: Uuid) -> Select<stay::Entity> {
    stay::Entity::find()
        .filter(stay::Column::FacilityId.eq(facility_id))
        .filter(stay::Column::Presence.ne(Presence::Cancelled.as_str()))
}

fn is_unsettled(facility_id: Uuid) -> Condition {
    let deliveries = [
        DeliveryState::Queued,
        DeliveryState::Delivering,
        DeliveryState::Rejected,
        DeliveryState::Parked,
    ];
    let identities = [IdentityState::Mismatch, IdentityState::NotFound];
    let is_flagged = Condition::all()
        .add(stay::Column::Presence.eq(Presence::Present.as_str()))
        .add(stay::Column::IdentityState.is_in(identities.map(IdentityState::as_str)));
    Condition::any()
        .add(stay::Column::DeliveryState.is_in(deliveries.map(DeliveryState::as_str)))
        .add(is_flagged)
        .add(stay::Column::Id.in_subquery(asked_by_officers()))
        .add(stay::Column::Id.in_subquery(asked_by_census(facility_id)))
}

/// The stays about which an officer waits for an answer.
fn asked_by_officers() -> SelectStatement {
    review_decision::Entity::find()
        .select_only()
        .column(review_decision::Column::StayId)
        .filter(review_decision::Column::Decision.eq(ReviewDecision::RequestCorrection.as_str()))
        .filter(review_decision::Column::AnsweredAt.is_null())
        .into_query()
}

/// The stays that a census of the facility did not have.
fn asked_by_census(facility_id: Uuid) -> SelectStatement {
    census_question::Entity::find()
        .select_only()
        .column(census_question::Column::StayId)
        .filter(census_question::Column::FacilityId.eq(facility_id))
        .into_query()
}
