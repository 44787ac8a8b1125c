//! What the hours of the day bring about without anybody's deed: a stay that had no night in it
//! and has one now goes to the police, and of a planned departure that has passed its sender is
//! told, once.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::stay::{DeliveryState, Presence};
use entity::{outbox_task, stay};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Statement, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    Backend, Database, Result, dialect,
    outbox::{NewTask, TaskRow},
    rows::{self, columns},
    stays::StayRow,
    table_rows::{AuditRow, EventRow},
    write,
};

/// Stays whose guests are there and that the police were not told of, of those who arrived on this
/// day or before: the oldest first, `limit` at most.
///
/// The words of the index stand in the statement as text, as the planner wants them.
pub async fn still_there(db: &Database, last_day: NaiveDate, limit: u64) -> Result<Vec<StayRow>> {
    let is_there = format!("presence = '{}'", Presence::Present.as_str());
    let is_untold = format!("delivery_state = '{}'", DeliveryState::NotRequired.as_str());
    Ok(stay::Entity::find()
        .filter(Expr::cust(is_there))
        .filter(Expr::cust(is_untold))
        .filter(stay::Column::ArrivalOn.lte(last_day))
        .order_by_asc(stay::Column::ArrivalOn)
        .order_by_asc(stay::Column::Id)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// A stay that the police are to be told of from now on.
#[derive(Clone)]
pub struct Forwarded {
    /// The notification of the version at which the stay was found.
    pub task: NewTask,
    /// The audit entry of the deed.
    pub audit: entity::audit_entry::Model,
}

/// Puts stays into the outbox, each by itself: one that has moved since it was found, or was put
/// there by somebody else, is left alone. Answers with how many were put there.
///
/// No version is made, and that of the stay is left as it was: the answer to it stays the same.
pub async fn forward(db: &Database, stays: Vec<Forwarded>, now: DateTime<Utc>) -> Result<usize> {
    if stays.is_empty() {
        return Ok(0);
    }
    let mut rows: Vec<FoundRow> = stays
        .iter()
        .map(|stay| FoundRow {
            stay_id: stay.task.stay_id,
            version: stay.task.version,
            changed_at: now,
        })
        .collect();
    rows.sort_unstable_by_key(|row| row.stay_id);
    let backend = db.backend();
    let (with, values) = dialect::with_rows(backend, rows);
    let text = format!(
        "{with} UPDATE stay SET delivery_state = 'queued', delivery_version = v.version, \
           delivery_reason = NULL, changed_at = v.changed_at \
         FROM v WHERE stay.id = v.stay_id AND stay.version = v.version \
           AND stay.presence = 'present' AND stay.delivery_state = 'not_required' \
         RETURNING stay.id AS stay_id"
    );
    let transaction = write::begin(db).await?;
    let statement = Statement::from_sql_and_values(backend.into(), text, values);
    let moved = transaction.query_all_raw(statement).await?;
    let moved = moved
        .iter()
        .map(|row| Ok(row.try_get::<Uuid>("", "stay_id")?))
        .collect::<Result<HashSet<Uuid>>>()?;
    if moved.is_empty() {
        transaction.rollback().await?;
        return Ok(0);
    }
    let stays = stays.into_iter();
    let (tasks, audits): (Vec<TaskRow>, Vec<AuditRow>) = stays
        .filter(|stay| moved.contains(&stay.task.stay_id))
        .map(|stay| (TaskRow::from(stay.task), AuditRow(stay.audit)))
        .unzip();
    for statement in [
        dialect::insert_rows(backend, "outbox_task", tasks, ""),
        dialect::insert_rows(backend, "audit_entry", audits, ""),
    ] {
        transaction.execute_raw(statement).await?;
    }
    write::commit(transaction).await?;
    db.wake().notify();
    Ok(moved.len())
}

/// Which of these notifications were ever to be sent.
pub async fn known_tasks(db: &Database, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let ids = outbox_task::Entity::find()
        .select_only()
        .column(outbox_task::Column::Id)
        .filter(outbox_task::Column::Id.is_in(ids.iter().copied()))
        .into_tuple::<Uuid>()
        .all(db.reader())
        .await?;
    Ok(ids.into_iter().collect())
}

/// A stay whose planned departure has passed while its guest is there.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Overdue {
    /// The stay.
    pub id: Uuid,
    /// Whose.
    pub organisation_id: Uuid,
    /// Where.
    pub facility_id: Uuid,
    /// Its current version.
    pub version: i32,
    /// When the guest was to leave.
    pub expected_departure_at: DateTime<Utc>,
}

/// What the index of departures that were not told of holds.
const UNTOLD: &str = "presence = 'present' AND expected_departure_at IS NOT NULL \
     AND (departure_noted_for IS NULL OR departure_noted_for <> expected_departure_at)";

/// Whether a planned departure has passed that nobody was told of: asked before anything is
/// written.
pub async fn has_overdue(db: &Database, now: DateTime<Utc>) -> Result<bool> {
    let statement = oldest_overdue(db.backend(), now);
    Ok(db.reader().query_one_raw(statement).await?.is_some())
}

/// In the order of the index: PostgreSQL would take nearly every stay for untold, and read them as
/// they lie.
fn oldest_overdue(backend: Backend, now: DateTime<Utc>) -> Statement {
    let text = format!(
        "SELECT id FROM stay WHERE {UNTOLD} AND expected_departure_at <= ? \
         ORDER BY expected_departure_at, id LIMIT 1"
    );
    dialect::statement(backend, &text, vec![rows::instant(now)])
}

/// Tells of planned departures that have passed, those that passed first before others, `limit` at
/// most: writes for each the event that `tell` makes, and remembers that it did. Answers with how
/// many it told of.
pub async fn tell_overdue(
    db: &Database,
    now: DateTime<Utc>,
    limit: u64,
    tell: impl Fn(&Overdue) -> entity::event::Model,
) -> Result<usize> {
    let backend = db.backend();
    let text = format!(
        "WITH picked AS MATERIALIZED (\
           SELECT id FROM stay WHERE {UNTOLD} AND expected_departure_at <= ? \
           ORDER BY expected_departure_at, id LIMIT {limit} {}) \
         UPDATE stay SET departure_noted_for = expected_departure_at \
         WHERE id IN (SELECT id FROM picked) AND {UNTOLD} \
         RETURNING id, organisation_id, facility_id, version, expected_departure_at",
        dialect::skip_locked(backend)
    );
    let statement = dialect::statement(backend, &text, vec![rows::instant(now)]);
    let transaction = write::begin(db).await?;
    let mut overdue = Overdue::find_by_statement(statement)
        .all(&transaction)
        .await?;
    if overdue.is_empty() {
        transaction.rollback().await?;
        return Ok(0);
    }
    // RETURNING promises no order.
    overdue.sort_by_key(|stay| (stay.expected_departure_at, stay.id));
    let events = overdue.iter().map(|stay| EventRow(tell(stay))).collect();
    let events = dialect::insert_rows(backend, "event", events, "");
    transaction.execute_raw(events).await?;
    write::commit(transaction).await?;
    db.wake().notify_events();
    Ok(overdue.len())
}

/// A stay as it was found.
struct FoundRow {
    stay_id: Uuid,
    version: i32,
    changed_at: DateTime<Utc>,
}

columns!(FoundRow {
    stay_id,
    version,
    changed_at,
});

#[cfg(test)]
mod tests;
