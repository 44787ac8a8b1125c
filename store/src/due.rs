//! What a facility still has to do: stays to correct, not confirmed by the police, with missing
//! data, or past their planned departure.
//!
//! Each list has a partial index, so settled stays cost nothing. The planner uses such an index
//! only if its condition appears literally in the statement, which is why the words are inlined.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::stay::{CompletionState, DeliveryState, IdentityReview, IdentityState, Presence};
use entity::stay;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::{Database, Result, dialect, rows, stays::StayRow};

/// Stays of one statement that is given their ids.
const READ_AT_ONCE: usize = 500;

/// Unanswered questions to a facility: from officers about a stay, and from a census about a guest
/// it did not list.
const QUESTIONS: &str = "SELECT d.stay_id AS stay_id, d.decided_at AS asked_at \
     FROM review_case c JOIN review_decision d ON d.case_id = c.id AND d.stay_id = c.stay_id \
     WHERE c.facility_id = ? AND c.closed_at IS NULL \
       AND d.decision = 'request_correction' AND d.answered_at IS NULL \
     UNION ALL SELECT stay_id, asked_at FROM census_question WHERE facility_id = ?";

/// A deadline, and the stay that stands there.
type DuePosition = (DateTime<Utc>, Uuid);

/// The stays of a facility that the police have refused or not confirmed; by deadline and id, those
/// after `after`, at most `limit`.
pub async fn unconfirmed(
    db: &Database,
    facility_id: Uuid,
    after: Option<DuePosition>,
    limit: u64,
) -> Result<Vec<StayRow>> {
    by_deadline(db, unconfirmed_of(facility_id), after, limit).await
}

/// The stays of a facility whose guests, still present, are to be looked at again: the registry
/// does not know them as declared and no officer has accepted that, or many persons were tried for
/// their number. In the order of [`unconfirmed`]; up to twice `limit`.
pub async fn flagged(
    db: &Database,
    facility_id: Uuid,
    after: Option<DuePosition>,
    limit: u64,
) -> Result<Vec<StayRow>> {
    let mut flagged = by_deadline(db, flagged_of(facility_id), after, limit).await?;
    let probed = by_deadline(db, probed_of(facility_id), after, limit).await?;
    flagged.extend(probed);
    flagged.sort_unstable_by_key(|stay| (stay.deadline_at, stay.id));
    flagged.dedup_by_key(|stay| stay.id);
    Ok(flagged)
}

/// The stays of a facility with missing data, in no particular order.
pub async fn owing(db: &Database, facility_id: Uuid) -> Result<Vec<StayRow>> {
    Ok(owing_of(facility_id).all(db.reader()).await?)
}

/// The stays of a facility whose guest is still there after the planned departure, ordered by that
/// departure and id: those after `after`, at most `limit`.
pub async fn overdue(
    db: &Database,
    facility_id: Uuid,
    now: DateTime<Utc>,
    after: Option<DuePosition>,
    limit: u64,
) -> Result<Vec<StayRow>> {
    let stays = overdue_of(facility_id, now);
    let stays = page(stays, stay::Column::ExpectedDepartureAt, after, limit);
    Ok(stays.all(db.reader()).await?)
}

/// The stays about which a question to the facility is open, with the time at which the oldest of
/// them was asked; in no particular order.
pub async fn asked(db: &Database, facility_id: Uuid) -> Result<Vec<(StayRow, DateTime<Utc>)>> {
    let values = vec![rows::uuid(facility_id), rows::uuid(facility_id)];
    let statement = dialect::statement(db.backend(), QUESTIONS, values);
    let mut asked: HashMap<Uuid, DateTime<Utc>> = HashMap::new();
    for row in db.reader().query_all_raw(statement).await? {
        let asked_at: DateTime<Utc> = row.try_get("", "asked_at")?;
        let first = asked.entry(row.try_get("", "stay_id")?).or_insert(asked_at);
        *first = Ord::min(asked_at, *first);
    }
    let ids: Vec<Uuid> = asked.keys().copied().collect();
    let mut stays = Vec::with_capacity(ids.len());
    for part in ids.chunks(READ_AT_ONCE) {
        let found = crate::stays::find_many(db, part, &[facility_id]).await?;
        let found = found.into_iter();
        // A damaged one is for whoever shows it to report.
        stays.extend(found.filter(|stay| stay.presence.get() != Ok(Presence::Cancelled)));
    }
    let pairs = stays.into_iter().filter_map(|stay| {
        let asked_at = asked.get(&stay.id).copied()?;
        Some((stay, asked_at))
    });
    Ok(pairs.collect())
}

async fn by_deadline(
    db: &Database,
    stays: Select<stay::Entity>,
    after: Option<DuePosition>,
    limit: u64,
) -> Result<Vec<StayRow>> {
    let stays = page(stays, stay::Column::DeadlineAt, after, limit);
    Ok(stays.all(db.reader()).await?)
}

fn page(
    mut stays: Select<stay::Entity>,
    moment: stay::Column,
    after: Option<DuePosition>,
    limit: u64,
) -> Select<stay::Entity> {
    if let Some((at, id)) = after {
        let place = [Expr::col(moment), Expr::col(stay::Column::Id)];
        let passed = [Expr::value(at), Expr::value(id)];
        stays = stays.filter(Expr::tuple(place).gt(Expr::tuple(passed)));
    }
    stays
        .order_by_asc(moment)
        .order_by_asc(stay::Column::Id)
        .limit(limit)
}

fn unconfirmed_of(facility_id: Uuid) -> Select<stay::Entity> {
    let deliveries = DeliveryState::UNCONFIRMED.map(DeliveryState::as_str);
    not_cancelled_of(facility_id).filter(word_among("delivery_state", &deliveries))
}

fn flagged_of(facility_id: Uuid) -> Select<stay::Entity> {
    let identities = IdentityState::ATTENTION.map(IdentityState::as_str);
    let present = format!("presence = '{}'", Presence::Present.as_str());
    of_facility(facility_id)
        .filter(Expr::cust(present))
        .filter(word_among("identity_state", &identities))
        .filter(stay::Column::IdentityReview.is_null())
}

fn probed_of(facility_id: Uuid) -> Select<stay::Entity> {
    let present = format!("presence = '{}'", Presence::Present.as_str());
    let probed = format!("identity_review = '{}'", IdentityReview::Attention.as_str());
    of_facility(facility_id)
        .filter(Expr::cust(present))
        .filter(Expr::cust(probed))
}

fn overdue_of(facility_id: Uuid, now: DateTime<Utc>) -> Select<stay::Entity> {
    let present = format!("presence = '{}'", Presence::Present.as_str());
    of_facility(facility_id)
        .filter(Expr::cust(present))
        .filter(Expr::cust("expected_departure_at IS NOT NULL"))
        .filter(stay::Column::ExpectedDepartureAt.lte(now))
}

fn owing_of(facility_id: Uuid) -> Select<stay::Entity> {
    let due = format!("completion_state = '{}'", CompletionState::Due.as_str());
    not_cancelled_of(facility_id).filter(Expr::cust(due))
}

fn of_facility(facility_id: Uuid) -> Select<stay::Entity> {
    stay::Entity::find().filter(stay::Column::FacilityId.eq(facility_id))
}

fn not_cancelled_of(facility_id: Uuid) -> Select<stay::Entity> {
    let not_cancelled = format!("presence <> '{}'", Presence::Cancelled.as_str());
    of_facility(facility_id).filter(Expr::cust(not_cancelled))
}

/// `column` is one of our own words, written out.
fn word_among(column: &str, words: &[&str]) -> Expr {
    Expr::cust(format!("{column} IN ('{}')", words.join("', '")))
}

#[cfg(test)]
pub(crate) mod tests;
