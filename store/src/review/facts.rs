//! Data that an officer needs besides a case: the stays, and the calls made for them.

use chrono::{DateTime, Utc};
use domain::{
    facility::Facility,
    notification::notification_id,
    operator::{AttemptOutcome, PeerName},
    stay::NotificationKind,
};
use entity::{facility, review_case, stay, word::Word};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Case;
use crate::{Database, Result, damage::Listed, dialect, facilities, rows, stays::StayRow};

/// The stays of these cases, in no particular order.
pub async fn stays(db: &Database, cases: &[Case]) -> Result<Vec<StayRow>> {
    let ids = cases.iter().map(|case| case.stay_id);
    Ok(stay::Entity::find()
        .filter(stay::Column::Id.is_in(ids))
        .all(db.reader())
        .await?)
}

/// The facilities of these cases, in no particular order.
pub async fn facilities(
    db: &Database,
    cases: &[Case],
    now: DateTime<Utc>,
) -> Result<Vec<Listed<Facility>>> {
    let ids = cases.iter().map(|case| case.facility_id);
    let rows = facility::Entity::find()
        .filter(facility::Column::Id.is_in(ids))
        .all(db.reader())
        .await?;
    let listed = facilities::records(db.reader(), rows, now).await?;
    let facilities = listed.into_iter().map(|one| Listed {
        id: one.id,
        row: one.row.map(|record| record.facility),
    });
    Ok(facilities.collect())
}

/// The open cases of kind `mismatch` of the stays of these cases: their detail tells what differs.
pub async fn mismatches(db: &Database, cases: &[Case]) -> Result<Vec<Case>> {
    let ids = cases.iter().map(|case| case.stay_id);
    let kind = domain::review::ReviewKind::Mismatch.as_str();
    Ok(review_case::Entity::find()
        .filter(review_case::Column::StayId.is_in(ids))
        .filter(review_case::Column::Kind.eq(kind))
        .filter(review_case::Column::ClosedAt.is_null())
        .order_by_asc(review_case::Column::OpenedAt)
        .all(db.reader())
        .await?)
}

/// How often a peer was called about a stay, and how the last call ended.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct AttemptSummary {
    /// The stay.
    pub stay_id: Uuid,
    /// Who was called.
    pub peer: Word<PeerName>,
    /// How often.
    pub attempt_count: i64,
    /// When the last call began.
    pub started_at: DateTime<Utc>,
    /// How it ended.
    pub outcome: Word<AttemptOutcome>,
    /// Its HTTP status, if there was an answer.
    pub http_status: Option<i32>,
    /// The peer's code, or the error.
    pub code: Option<String>,
}

/// The calls about the newest versions of these stays, one row for each stay and peer.
pub async fn attempts(db: &Database, stays: &[StayRow]) -> Result<Vec<AttemptSummary>> {
    if stays.is_empty() {
        return Ok(Vec::new());
    }
    let mut tasks: Vec<Uuid> = Vec::with_capacity(stays.len() * NotificationKind::ALL.len());
    for stay in stays {
        let mut versions = vec![stay.version, stay.delivery_version];
        versions.dedup();
        for version in versions {
            let kinds = NotificationKind::ALL.iter();
            tasks.extend(kinds.map(|kind| notification_id(stay.id, version, *kind)));
        }
    }
    let marks = vec!["?"; tasks.len()].join(", ");
    let text = format!(
        "SELECT stay_id, peer, attempt_count, started_at, outcome, http_status, code FROM (\
           SELECT stay_id, peer, started_at, outcome, http_status, code, \
             COUNT(*) OVER (PARTITION BY stay_id, peer) AS attempt_count, \
             ROW_NUMBER() OVER (\
               PARTITION BY stay_id, peer ORDER BY started_at DESC, id DESC) AS place \
           FROM attempt WHERE task_id IN ({marks})) ranked \
         WHERE place = 1 ORDER BY peer"
    );
    let values = tasks.into_iter().map(rows::uuid).collect();
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(AttemptSummary::find_by_statement(statement)
        .all(db.reader())
        .await?)
}
