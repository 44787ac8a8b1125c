//! Stays of an officer's communes that were taken back before the police heard of them.

use chrono::{DateTime, Utc};
use domain::stay::Timeliness;
use entity::word::Word;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::queue::OfficerScope;
use crate::{Database, Result, dialect, rows};

/// Most stays of one answer; a day with more of them shows the first.
pub const WITHDRAWAL_COUNT_MAX: u64 = 5_000;

/// A stay that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Withdrawal {
    /// The stay.
    pub id: Uuid,
    /// Where it was declared.
    pub facility_id: Uuid,
    /// What people call the place.
    pub facility_name: String,
    /// Its commune.
    pub commune_code: String,
    /// When it was declared; with the id it gives the number of its receipt.
    pub received_at: DateTime<Utc>,
    /// When it was taken back.
    pub withdrawn_at: DateTime<Utc>,
    /// Whether it had met its deadline.
    pub timeliness: Word<Timeliness>,
}

/// The stays taken back from `from` on and before `until`, by facility, in the order in which they
/// were declared.
///
/// The reason stands in the statement as text, as the planner wants the condition of an index.
pub async fn between(
    db: &Database,
    scope: &OfficerScope,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Withdrawal>> {
    let condition = scope.condition();
    let text = format!(
        "SELECT id, facility_id, commune_code, received_at, changed_at AS withdrawn_at, timeliness, \
           (SELECT name FROM facility WHERE facility.id = stay.facility_id) AS facility_name \
         FROM stay WHERE delivery_reason = 'withdrawn' AND changed_at >= ? AND changed_at < ? \
           AND {} ORDER BY facility_id, id LIMIT {WITHDRAWAL_COUNT_MAX}",
        condition.text
    );
    let mut values = vec![rows::instant(from), rows::instant(until)];
    values.extend(condition.values);
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(Withdrawal::find_by_statement(statement)
        .all(db.reader())
        .await?)
}
