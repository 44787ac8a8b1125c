//! The guests at a facility, with the sealed content of the current version.

use chrono::{DateTime, Utc};
use domain::stay::{CompletionState, DeliveryState, IdentityReview, IdentityState};
use entity::word::Word;
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use crate::{Database, Result, dialect, rows};

/// A stay's times and states, and the sealed content of its current version.
#[derive(Clone, Debug)]
pub struct OccupantRow {
    /// The stay.
    pub stay_id: Uuid,
    /// Its current version.
    pub version: i32,
    /// When it began.
    pub arrival_at: DateTime<Utc>,
    /// When it is expected to end.
    pub expected_departure_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub departed_at: Option<DateTime<Utc>>,
    /// What the registry said.
    pub identity_state: Word<IdentityState>,
    /// What an officer made of it.
    pub identity_review: Option<Word<IdentityReview>>,
    /// Where it is on its way to the police.
    pub delivery_state: Word<DeliveryState>,
    /// Whether something is owed.
    pub completion_state: Word<CompletionState>,
    /// The content of the version.
    pub sealed: Vec<u8>,
    /// The organisation that declared the stay.
    pub organisation_id: Uuid,
    /// Where it is.
    pub facility_id: Uuid,
    /// The stay's key; none while the stay is in the first form.
    pub sealed_key: Option<Vec<u8>>,
}

/// The stays that may be at a facility between two instants, `from` included and `to` not: begun
/// before `to` and not ended before `from`. A stay whose guest has not left has not ended, whatever
/// was planned. By id, those after `after`, at most `limit`.
pub async fn between(
    db: &Database,
    facility_id: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    after: Uuid,
    limit: u32,
) -> Result<Vec<OccupantRow>> {
    let text = "SELECT s.id, s.version, s.arrival_at, s.expected_departure_at, s.departed_at, \
         s.identity_state, s.identity_review, s.delivery_state, s.completion_state, w.sealed, \
         s.organisation_id, s.facility_id, s.sealed_key FROM stay s \
         JOIN stay_version w ON w.stay_id = s.id AND w.version = s.version \
         WHERE s.facility_id = ? AND s.presence <> 'cancelled' AND s.arrival_at < ? \
         AND (s.departed_at IS NULL OR s.departed_at >= ?) \
         AND s.id > ? ORDER BY s.id LIMIT ?";
    let values = vec![
        rows::uuid(facility_id),
        rows::instant(to),
        rows::instant(from),
        rows::uuid(after),
        sea_orm::Value::BigInt(Some(limit.into())),
    ];
    let statement = dialect::statement(db.backend(), text, values);
    let rows = db.reader().query_all_raw(statement).await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &QueryResult) -> Result<OccupantRow> {
    Ok(OccupantRow {
        stay_id: row.try_get("", "id")?,
        version: row.try_get("", "version")?,
        arrival_at: row.try_get("", "arrival_at")?,
        expected_departure_at: row.try_get("", "expected_departure_at")?,
        departed_at: row.try_get("", "departed_at")?,
        identity_state: row.try_get("", "identity_state")?,
        identity_review: row.try_get("", "identity_review")?,
        delivery_state: row.try_get("", "delivery_state")?,
        completion_state: row.try_get("", "completion_state")?,
        sealed: row.try_get("", "sealed")?,
        organisation_id: row.try_get("", "organisation_id")?,
        facility_id: row.try_get("", "facility_id")?,
        sealed_key: row.try_get("", "sealed_key")?,
    })
}
