//! Changes that the passing of time causes by itself: a stay that now includes a night is sent to
//! the police, and its sender is told, once, that a planned departure has passed.

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

/// Stays not reported to the police whose guests arrived on or before this day and are still there:
/// oldest first, at most `limit`.
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

/// A stay that must now be reported to the police.
#[derive(Clone)]
pub struct Forwarded {
    /// The notification of the version at which the stay was found.
    pub task: NewTask,
    /// The audit entry.
    pub audit: entity::audit_entry::Model,
}

/// Enqueues stays in the outbox one by one, skipping those that have moved since they were found or
/// were enqueued by another worker. Returns how many were enqueued.
///
/// No new version is made and the current one is left unchanged, so the answer to it stays the
/// same.
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

/// A stay whose guest is still there after the planned departure.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Overdue {
    /// The stay.
    pub id: Uuid,
    /// The organisation that declared it.
    pub organisation_id: Uuid,
    /// Where.
    pub facility_id: Uuid,
    /// Its current version.
    pub version: i32,
    /// When the guest was to leave.
    pub expected_departure_at: DateTime<Utc>,
}

/// The condition of the index of unreported departures.
const UNTOLD: &str = "presence = 'present' AND expected_departure_at IS NOT NULL \
     AND (departure_noted_for IS NULL OR departure_noted_for <> expected_departure_at)";

/// Whether any passed departure is still unreported. Checked before opening a write transaction.
pub async fn has_overdue(db: &Database, now: DateTime<Utc>) -> Result<bool> {
    let statement = oldest_overdue(db.backend(), now);
    Ok(db.reader().query_one_raw(statement).await?.is_some())
}

/// In index order: PostgreSQL would estimate nearly every stay as unreported and scan the table.
fn oldest_overdue(backend: Backend, now: DateTime<Utc>) -> Statement {
    let text = format!(
        "SELECT id FROM stay WHERE {UNTOLD} AND expected_departure_at <= ? \
         ORDER BY expected_departure_at, id LIMIT 1"
    );
    dialect::statement(backend, &text, vec![rows::instant(now)])
}

/// Reports planned departures that have passed, earliest first, at most `limit`: writes the event
/// that `tell` builds for each and marks it as reported. Returns how many it reported.
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
