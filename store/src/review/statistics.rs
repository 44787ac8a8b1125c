//! What officers and supervisors watch over: counts of stays and of cases, nothing of anybody.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    facility::FacilityKind,
    stay::{CompletionState, IdentityState, Timeliness},
};
use entity::word::Word;
use sea_orm::{FromQueryResult, Value};

use super::queue::{OfficerScope, open_cases};
use crate::{Database, Result, dialect, rows};

/// How many guests arrived in an hour.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct HourCount {
    /// The local day.
    pub arrival_on: NaiveDate,
    /// The local hour, 0 to 23.
    pub hour: i64,
    /// Stays that began then and are not cancelled.
    pub stay_count: i64,
}

/// Arrivals at the facilities of these areas on some days, by hour.
pub async fn arrivals_by_hour(
    db: &Database,
    scope: &OfficerScope,
    days: &[NaiveDate],
) -> Result<Vec<HourCount>> {
    let hour = dialect::local_hour(db.backend(), "arrival_at");
    let marks = vec!["?"; days.len()].join(", ");
    let (of_scope, mut values) = facilities_of(scope);
    let text = format!(
        "SELECT arrival_on, {hour} AS hour, COUNT(*) AS stay_count FROM stay \
         WHERE facility_id IN ({of_scope}) AND arrival_on IN ({marks}) \
           AND presence <> 'cancelled' \
         GROUP BY arrival_on, {hour}"
    );
    values.extend(days.iter().map(|day| Value::from(*day)));
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(HourCount::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

/// How many stays agree in kind, commune and states.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct StateCount {
    /// What the facility is by law.
    pub facility_kind: Word<FacilityKind>,
    /// Where it lies.
    pub commune_code: String,
    /// Whether the declaration met its deadline.
    pub timeliness: Word<Timeliness>,
    /// What the registry said.
    pub identity_state: Word<IdentityState>,
    /// Whether something is owed.
    pub completion_state: Word<CompletionState>,
    /// How many.
    pub stay_count: i64,
}

/// Stays that began at the facilities of these areas from one day to another, counted by what
/// matters of their declaration.
pub async fn states(
    db: &Database,
    scope: &OfficerScope,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Vec<StateCount>> {
    let (of_scope, mut values) = facilities_of(scope);
    let grouped = "facility_kind, commune_code, timeliness, identity_state, completion_state";
    let text = format!(
        "SELECT {grouped}, COUNT(*) AS stay_count FROM stay \
         WHERE facility_id IN ({of_scope}) AND arrival_on >= ? AND arrival_on <= ? \
           AND presence <> 'cancelled' \
         GROUP BY {grouped}"
    );
    values.extend([Value::from(from), Value::from(until)]);
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(StateCount::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

/// A case that waits, or waited until it was decided.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WaitingSpan {
    /// From when.
    pub opened_at: DateTime<Utc>,
    /// Until when; `None` while it waits.
    pub decided_at: Option<DateTime<Utc>>,
}

/// The cases of these areas that wait for an officer, and those that were decided last since an
/// instant.
pub async fn waiting_since(
    db: &Database,
    scope: &OfficerScope,
    since: DateTime<Utc>,
) -> Result<Vec<WaitingSpan>> {
    let (open_cases, mut values) = open_cases(scope);
    let (in_scope, scope_values) = scope.as_condition();
    let text = format!(
        "SELECT opened_at, NULL AS decided_at FROM {open_cases} \
         WHERE state IN ('open', 'referred') \
         UNION ALL \
         SELECT opened_at, decided_at FROM review_case \
         WHERE id IN (SELECT case_id FROM review_decision WHERE review_decision.decided_at >= ?) \
           AND decided_at >= ? AND state NOT IN ('open', 'referred') AND {in_scope}"
    );
    values.extend([rows::instant(since), rows::instant(since)]);
    values.extend(scope_values);
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(WaitingSpan::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

/// How many stays of these areas were found to be declared twice since an instant.
pub async fn duplicates_since(
    db: &Database,
    scope: &OfficerScope,
    since: DateTime<Utc>,
) -> Result<i64> {
    let (in_scope, mut values) = scope.as_condition();
    let text = format!(
        "SELECT COUNT(*) AS number FROM review_case \
         WHERE {in_scope} AND opened_at >= ? AND kind IN ('duplicate', 'overlap')"
    );
    values.push(rows::instant(since));
    let statement = dialect::statement(db.backend(), &text, values);
    let row = sea_orm::ConnectionTrait::query_one_raw(db.reader(), statement).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "number"))?)
}

/// The ids of the facilities of these areas: every list of stays is kept by facility.
fn facilities_of(scope: &OfficerScope) -> (String, Vec<Value>) {
    let (in_scope, values) = scope.as_condition();
    let text = format!("SELECT facility.id FROM facility WHERE {in_scope}");
    (text, values)
}
