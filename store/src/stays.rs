//! Reading stays: one, a version of one, a page of many, always within a caller's facilities.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::stay::{
    CompletionState, DeliveryState, IdentityReview, IdentityState, Presence, Timeliness,
};
use entity::{declaration_key, stay, stay_version, word::Word};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, IdenStatic, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Statement,
    sea_query::{Expr, ExprTrait, UnionType},
};
use uuid::Uuid;

use crate::{Backend, Database, Error, Result, dialect, rows::columns};

/// A stay as stored: clear columns only.
pub type StayRow = stay::Model;
/// A version of a stay, its personal content sealed.
pub type StayVersionRow = stay_version::Model;

/// Which stays a list shows; `None` leaves a column alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StayFilter {
    /// Only these facilities; never empty for a caller bound to facilities.
    pub facility_ids: Vec<Uuid>,
    /// Local date of arrival.
    pub arrival_on: Option<NaiveDate>,
    /// First local date of arrival.
    pub arrival_from: Option<NaiveDate>,
    /// Last local date of arrival.
    pub arrival_to: Option<NaiveDate>,
    /// Planned to end at this instant or later.
    pub departure_from: Option<DateTime<Utc>>,
    /// Planned to end before this instant.
    pub departure_before: Option<DateTime<Utc>>,
    /// The axis `presence`.
    pub presence: Option<Presence>,
    /// What the caller sees of the axis `identity`.
    pub identity: Option<IdentityFilter>,
    /// The axis `delivery`.
    pub delivery: Option<DeliveryState>,
    /// The axis `timeliness`.
    pub timeliness: Option<Timeliness>,
    /// The axis `completion`.
    pub completion: Option<CompletionState>,
    /// Keyed hashes of facility and reference, one a facility.
    pub reference_indexes: Vec<Vec<u8>>,
    /// Keyed hash of the number of the guest's document.
    pub document_index: Option<Vec<u8>>,
    /// Keyed hashes of the guest's name, one for each year of birth.
    pub name_indexes: Vec<Vec<u8>>,
    /// Changed at this instant or later.
    pub changed_since: Option<DateTime<Utc>>,
}

/// Stays with a review result, and stays without one but with a registry answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityFilter {
    /// What the review made of it.
    pub review: Option<IdentityReview>,
    /// The axis `identity`, where nothing was reviewed.
    pub states: Vec<IdentityState>,
}

/// In which order stays are listed, and behind which one a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest first; those before this id.
    Newest(Option<Uuid>),
    /// The nearest deadline first; those behind this deadline and id.
    Deadline(Option<(DateTime<Utc>, Uuid)>),
}

/// The stay with this id at one of these facilities.
pub async fn find(db: &Database, id: Uuid, facility_ids: &[Uuid]) -> Result<Option<StayRow>> {
    let row = stay::Entity::find_by_id(id)
        .filter(stay::Column::FacilityId.is_in(facility_ids.iter().copied()))
        .one(db.reader())
        .await?;
    Ok(row)
}

/// The stay with this id, for the worker and for answers to replays, which know it is theirs.
pub async fn get(db: &Database, id: Uuid) -> Result<StayRow> {
    stay::Entity::find_by_id(id)
        .one(db.reader())
        .await?
        .ok_or(Error::NotFound)
}

/// A version as it was found stored.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WrittenVersion {
    /// The stay.
    pub stay_id: Uuid,
    /// Its version.
    pub version: i32,
    /// The digest of its content and salt.
    pub content_sha256: Vec<u8>,
    /// Its warnings as stored.
    pub warnings: String,
}

/// Which of these versions of stays are stored, read on a separate connection. Resolves a lost
/// COMMIT.
pub async fn written(db: &Database, sought: &[(Uuid, i32)]) -> Result<Vec<WrittenVersion>> {
    let sought: HashSet<(Uuid, i32)> = sought.iter().copied().collect();
    let found = stay_version::Entity::find()
        .select_only()
        .columns([
            stay_version::Column::StayId,
            stay_version::Column::Version,
            stay_version::Column::ContentSha256,
            stay_version::Column::Warnings,
        ])
        .filter(stay_version::Column::StayId.is_in(sought.iter().map(|(stay_id, _)| *stay_id)))
        .filter(stay_version::Column::Version.is_in(sought.iter().map(|(_, version)| *version)))
        .into_model::<WrittenVersion>()
        .all(db.probe())
        .await?;
    let is_sought = |one: &WrittenVersion| sought.contains(&(one.stay_id, one.version));
    Ok(found.into_iter().filter(is_sought).collect())
}

/// One version of a stay.
pub async fn version(db: &Database, stay_id: Uuid, version: i32) -> Result<Option<StayVersionRow>> {
    Ok(stay_version::Entity::find_by_id((stay_id, version))
        .one(db.reader())
        .await?)
}

/// Every version of a stay, oldest first.
pub async fn versions(db: &Database, stay_id: Uuid) -> Result<Vec<StayVersionRow>> {
    Ok(stay_version::Entity::find()
        .filter(stay_version::Column::StayId.eq(stay_id))
        .order_by_asc(stay_version::Column::Version)
        .all(db.reader())
        .await?)
}

/// Those of these stays that are at one of these facilities, in no particular order.
pub async fn find_many(db: &Database, ids: &[Uuid], facility_ids: &[Uuid]) -> Result<Vec<StayRow>> {
    Ok(stay::Entity::find()
        .filter(stay::Column::Id.is_in(ids.iter().copied()))
        .filter(stay::Column::FacilityId.is_in(facility_ids.iter().copied()))
        .all(db.reader())
        .await?)
}

/// The first versions of these stays, in no particular order.
pub async fn first_versions(db: &Database, ids: &[Uuid]) -> Result<Vec<StayVersionRow>> {
    Ok(stay_version::Entity::find()
        .filter(stay_version::Column::StayId.is_in(ids.iter().copied()))
        .filter(stay_version::Column::Version.eq(1))
        .all(db.reader())
        .await?)
}

/// The current versions of these stays, in no particular order.
///
/// Joined with a list: one condition for each stay would take longer to plan than to run.
pub async fn current_versions(db: &Database, stays: &[StayRow]) -> Result<Vec<StayVersionRow>> {
    if stays.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = stays.iter().map(|stay| CurrentRow {
        stay_id: stay.id,
        version: stay.version,
    });
    let (with, values) = dialect::with_rows(db.backend(), wanted.collect());
    let text = format!(
        "{with} SELECT stay_version.* FROM v JOIN stay_version \
           ON stay_version.stay_id = v.stay_id AND stay_version.version = v.version"
    );
    let statement = Statement::from_sql_and_values(db.db_backend(), text, values);
    let versions = StayVersionRow::find_by_statement(statement);
    Ok(versions.all(db.reader()).await?)
}

struct CurrentRow {
    stay_id: Uuid,
    version: i32,
}

columns!(CurrentRow { stay_id, version });

/// A stay as a facility's day counts it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ArrivedRow {
    /// The stay.
    pub id: Uuid,
    /// Legal time of filing. With the id it gives the number of the stay's receipt.
    pub received_at: DateTime<Utc>,
    /// The axis `timeliness`.
    pub timeliness: Word<Timeliness>,
}

/// The stays of a facility that began on this local day and are not cancelled, in the order in
/// which they were declared: what a day's digest and its receipt count.
pub async fn arrived_on(
    db: &Database,
    facility_id: Uuid,
    day: NaiveDate,
) -> Result<Vec<ArrivedRow>> {
    let arrivals = arrivals_of(facility_id, day).into_model::<ArrivedRow>();
    Ok(arrivals.all(db.reader()).await?)
}

fn arrivals_of(facility_id: Uuid, day: NaiveDate) -> Select<stay::Entity> {
    stay::Entity::find()
        .select_only()
        .columns([
            stay::Column::Id,
            stay::Column::ReceivedAt,
            stay::Column::Timeliness,
        ])
        .filter(stay::Column::FacilityId.eq(facility_id))
        .filter(stay::Column::ArrivalOn.eq(day))
        .filter(stay::Column::Presence.ne(Presence::Cancelled.as_str()))
        .order_by_asc(stay::Column::Id)
}

/// A page of stays in this order, at most `limit`.
///
/// The planner chooses a partial index only where it reads the index's condition in the statement,
/// so the words of such conditions are written out instead of bound.
pub async fn list(
    db: &Database,
    filter: &StayFilter,
    order: Order,
    limit: u64,
) -> Result<Vec<StayRow>> {
    if let Order::Newest(before) = order
        && filter.is_plain()
    {
        let statement = newest(db.backend(), &filter.facility_ids, before, limit);
        let stays = StayRow::find_by_statement(statement);
        return Ok(stays.all(db.reader()).await?);
    }
    let stays = listed(db.backend(), filter, order).limit(limit);
    Ok(stays.all(db.reader()).await?)
}

impl StayFilter {
    /// Whether it narrows a list to facilities, and to nothing else.
    fn is_plain(&self) -> bool {
        let facility_ids = self.facility_ids.clone();
        *self
            == Self {
                facility_ids,
                ..Self::default()
            }
    }
}

/// The newest stays of each facility, and of these the newest. The planner does not know that a
/// facility has closed: it would look for the stays of a large one among the newest of all.
fn newest(backend: Backend, facility_ids: &[Uuid], before: Option<Uuid>, limit: u64) -> Statement {
    let before = before.unwrap_or(Uuid::max());
    let rows = facility_ids.iter().map(|facility_id| FacilityRow {
        facility_id: *facility_id,
        before_id: before,
    });
    let (with, values) = dialect::with_rows(backend, rows.collect());
    let fitting = "facility_id = v.facility_id AND id < v.before_id";
    let first = dialect::join_first(backend, "stay", fitting, "id DESC", limit);
    let text = format!("{with} SELECT n.* FROM v {first} ORDER BY n.id DESC LIMIT {limit}");
    Statement::from_sql_and_values(backend.into(), text, values)
}

/// A facility whose stays are listed, those before an id.
struct FacilityRow {
    facility_id: Uuid,
    before_id: Uuid,
}

columns!(FacilityRow {
    facility_id,
    before_id
});

fn listed(backend: Backend, filter: &StayFilter, order: Order) -> Select<stay::Entity> {
    let halves = dialect::joins_indexes(backend).then(|| halves(filter));
    let query = stay::Entity::find()
        .filter(stay::Column::FacilityId.is_in(filter.facility_ids.iter().copied()))
        .filter(words(filter))
        .filter(times(filter))
        .filter(indexes(filter))
        .filter(Condition::all().add_option(halves));
    match order {
        Order::Newest(before) => query
            .filter(Condition::all().add_option(before.map(|id| stay::Column::Id.lt(id))))
            .order_by_desc(stay::Column::Id),
        Order::Deadline(after) => query
            .filter(Condition::all().add_option(after.map(behind)))
            .order_by_asc(stay::Column::DeadlineAt)
            .order_by_asc(stay::Column::Id),
    }
}

/// Behind a place in the order of deadlines.
fn behind((at, id): (DateTime<Utc>, Uuid)) -> Condition {
    let same = stay::Column::DeadlineAt.eq(at);
    Condition::any()
        .add(stay::Column::DeadlineAt.gt(at))
        .add(same.and(stay::Column::Id.gt(id)))
}

fn times(filter: &StayFilter) -> Condition {
    let arrival = stay::Column::ArrivalOn;
    let departure = stay::Column::ExpectedDepartureAt;
    let changed = stay::Column::ChangedAt;
    Condition::all()
        .add_option(filter.arrival_on.map(|day| arrival.eq(day)))
        .add_option(filter.arrival_from.map(|day| arrival.gte(day)))
        .add_option(filter.arrival_to.map(|day| arrival.lte(day)))
        .add_option(filter.departure_from.map(|at| departure.gte(at)))
        .add_option(filter.departure_before.map(|at| departure.lt(at)))
        .add_option(filter.changed_since.map(|at| changed.gte(at)))
}

/// Guests who are there are in two indexes: those with a planned departure, and the rest.
const WITH_OR_WITHOUT_END: &str = "((presence = 'present' AND expected_departure_at IS NOT NULL) \
     OR (presence = 'present' AND expected_departure_at IS NULL))";
/// So are stays with a planned departure: those whose guests are there, and the rest.
const PRESENT_OR_LEFT: &str = "((presence = 'present' AND expected_departure_at IS NOT NULL) \
     OR (presence <> 'present' AND expected_departure_at IS NOT NULL))";
/// How far the id of a stay may lie before its receipt, should a clock be set back between them.
const ID_LEAD_MAX: TimeDelta = TimeDelta::hours(1);

/// Conditions that are true of whatever fits the filter, and say in which indexes it is to be found
/// where a single one would have to hold every stay.
fn halves(filter: &StayFilter) -> Condition {
    let is_present = filter.presence == Some(Presence::Present);
    let has_departure = filter.departure_from.is_some() || filter.departure_before.is_some();
    Condition::all()
        .add_option(is_present.then(|| Expr::cust(WITH_OR_WITHOUT_END)))
        .add_option(has_departure.then(|| Expr::cust(PRESENT_OR_LEFT)))
        .add_option(filter.changed_since.map(changed_or_declared_since))
}

/// A stay that has changed is in an index by the time of its last change; one that has not was
/// declared since, as its id tells.
fn changed_or_declared_since(at: DateTime<Utc>) -> Expr {
    let is_changed = Expr::cust("changed_at <> received_at");
    let is_unchanged = Expr::cust("changed_at = received_at");
    let first_id = first_id(at - ID_LEAD_MAX);
    is_changed.or(is_unchanged.and(stay::Column::Id.gte(first_id)))
}

/// The smallest id that could have been given at this instant.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(u128::from(milliseconds) << 80)
}

fn indexes(filter: &StayFilter) -> Condition {
    let any_of = |column: stay::Column, indexes: &[Vec<u8>]| {
        (!indexes.is_empty()).then(|| column.is_in(indexes.to_vec()))
    };
    let document = filter.document_index.clone();
    let references = &filter.reference_indexes;
    Condition::all()
        .add_option(any_of(stay::Column::ReferenceIndex, references))
        .add_option((!references.is_empty()).then(|| has_reference_of(references)))
        .add_option(any_of(stay::Column::NameIndex, &filter.name_indexes))
        .add_option(document.map(|index| stay::Column::DocumentIndex.eq(index)))
}

/// The stays that one of these references leads to, found without an index of all references: one
/// that is not cancelled holds the declaration key of its reference, which is the same hash.
fn has_reference_of(references: &[Vec<u8>]) -> Expr {
    let is_cancelled = format!("presence = '{}'", Presence::Cancelled.as_str());
    let holders = declaration_key::Entity::find()
        .select_only()
        .column(declaration_key::Column::StayId)
        .filter(declaration_key::Column::KeyHash.is_in(references.to_vec()));
    let cancelled = stay::Entity::find()
        .select_only()
        .column(stay::Column::Id)
        .filter(Expr::cust(is_cancelled))
        .filter(stay::Column::ReferenceIndex.is_not_null())
        .filter(stay::Column::ReferenceIndex.is_in(references.to_vec()));
    let mut ids = holders.into_query();
    ids.union(UnionType::All, cancelled.into_query());
    stay::Column::Id.in_subquery(ids)
}

fn words(filter: &StayFilter) -> Condition {
    let (presence, timeliness) = (filter.presence, filter.timeliness);
    Condition::all()
        .add_option(presence.map(|word| is_word(stay::Column::Presence, word.as_str())))
        .add_option(filter.delivery.map(delivered_as))
        .add_option(timeliness.map(|word| is_word(stay::Column::Timeliness, word.as_str())))
        .add_option(
            filter
                .completion
                .map(|word| is_word(stay::Column::CompletionState, word.as_str())),
        )
        .add_option(filter.identity.as_ref().map(of_identity))
}

/// `word` is one of our own, written out.
fn is_word(column: stay::Column, word: &str) -> Expr {
    Expr::cust(format!("{} = '{word}'", column.as_str()))
}

fn delivered_as(state: DeliveryState) -> Condition {
    let acknowledged = DeliveryState::Acknowledged;
    let is_rare = state != acknowledged;
    let rare = || Expr::cust(format!("delivery_state <> '{}'", acknowledged.as_str()));
    Condition::all()
        .add(is_word(stay::Column::DeliveryState, state.as_str()))
        .add_option(is_rare.then(rare))
}

/// The conditions of the indexes of stays whose guests are to be looked at again, and of those that
/// were, or that the registry has yet to answer about.
const ATTENTION: &str =
    "(identity_state IN ('mismatch', 'not_found') OR identity_review = 'attention')";
const DEFERRED_OR_REVIEWED: &str = "(identity_state = 'deferred' OR identity_review IS NOT NULL)";

fn of_identity(filter: &IdentityFilter) -> Condition {
    let states = filter.states.iter().map(|state| state.as_str());
    let states = stay::Column::IdentityState.is_in(states);
    let unreviewed = stay::Column::IdentityReview.is_null().and(states);
    let reviewed = filter.review.map(IdentityReview::as_str);
    let wanted = Condition::any()
        .add(unreviewed)
        .add_option(reviewed.map(|word| stay::Column::IdentityReview.eq(word)));
    let index = match (filter.review, filter.states.as_slice()) {
        (
            None | Some(IdentityReview::Attention),
            [IdentityState::Mismatch, IdentityState::NotFound],
        ) => Some(ATTENTION),
        (None, [IdentityState::Deferred]) | (Some(IdentityReview::Reviewed), []) => {
            Some(DEFERRED_OR_REVIEWED)
        }
        (None | Some(IdentityReview::Attention | IdentityReview::Reviewed), _) => None,
    };
    Condition::all()
        .add(wanted)
        .add_option(index.map(Expr::cust))
}

#[cfg(test)]
mod tests;
