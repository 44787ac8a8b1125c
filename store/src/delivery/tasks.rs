//! Notifications as operators see them, and what operators do with parked ones.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::stay::{DeliveryState, NotificationKind};
use entity::{attempt, outbox_task, stay, word::Word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Value, sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    Backend, Database, Error, Result, audit, dialect,
    idempotency::{self, Idempotency},
    outbox::{self, Communes, Task},
    pool::Transaction,
    rows,
    table_rows::AuditRow,
    write,
};

/// One call on behalf of a task.
pub type Attempt = attempt::Model;

/// Which tasks are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskSelection {
    /// Those on their way.
    Open,
    /// Parked ones.
    Parked,
    /// Those that the police endpoint refused and that no later version has corrected yet.
    Rejected,
}

impl TaskSelection {
    const fn condition(self) -> &'static str {
        match self {
            Self::Open => "settled_at IS NULL",
            Self::Parked => "state = 'parked'",
            // Not EXISTS: the planner would make a join of it, believe that few tasks survive it,
            // and read and sort all that were ever refused for a page.
            Self::Rejected => {
                "state = 'refused' AND version = (SELECT stay.delivery_version FROM stay \
                   WHERE stay.id = outbox_task.stay_id AND stay.delivery_state = 'rejected')"
            }
        }
    }
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only tasks of these communes.
    pub communes: Option<Communes>,
    /// Only tasks of this facility.
    pub facility_id: Option<Uuid>,
    /// Only tasks whose stay's delivery gives this reason.
    pub reason: Option<String>,
}

impl TaskFilter {
    /// What comes after `WHERE …`, and its parameters.
    fn condition(&self, backend: Backend) -> (String, Vec<Value>) {
        let communes = self.communes.as_ref();
        let (mut text, mut values) = communes
            .map(|communes| outbox::condition(communes, backend))
            .unwrap_or_default();
        if let Some(facility_id) = self.facility_id {
            text.push_str(" AND facility_id = ?");
            values.push(rows::uuid(facility_id));
        }
        if let Some(reason) = &self.reason {
            text.push_str(
                " AND EXISTS (SELECT 1 FROM stay AS told \
                     WHERE told.id = outbox_task.stay_id AND told.delivery_reason = ?)",
            );
            values.push(rows::text(reason));
        }
        (text, values)
    }
}

/// Up to `limit` tasks after `after` (its deadline and id), nearest deadline first.
pub async fn list(
    db: &Database,
    which: TaskSelection,
    filter: &TaskFilter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u64,
) -> Result<Vec<Task>> {
    let backend = db.backend();
    let (narrowed, mut values) = filter.condition(backend);
    let place = if let Some((deadline_at, id)) = after {
        values.extend([rows::instant(deadline_at), rows::uuid(id)]);
        " AND (deadline_at, id) > (?, ?)"
    } else {
        ""
    };
    let text = format!(
        "SELECT * FROM outbox_task WHERE {}{narrowed}{place} \
         ORDER BY deadline_at, id LIMIT {limit}",
        which.condition()
    );
    let statement = dialect::statement(backend, &text, values);
    Ok(Task::find_by_statement(statement).all(db.reader()).await?)
}

/// One task, and the reason that its stay's delivery gives.
///
/// Errors: [`Error::NotFound`].
pub async fn get(db: &Database, id: Uuid) -> Result<(Task, Option<String>)> {
    let task = outbox_task::Entity::find_by_id(id)
        .one(db.reader())
        .await?
        .ok_or(Error::NotFound)?;
    let reason = stay::Entity::find_by_id(task.stay_id)
        .select_only()
        .column(stay::Column::DeliveryReason)
        .into_tuple::<Option<String>>()
        .one(db.reader())
        .await?;
    Ok((task, reason.flatten()))
}

/// Why the newest versions of these tasks' stays were refused or parked, by stay.
pub async fn reasons(db: &Database, tasks: &[Task]) -> Result<HashMap<Uuid, String>> {
    let ids = tasks.iter().map(|task| task.stay_id);
    let found = stay::Entity::find()
        .select_only()
        .columns([stay::Column::Id, stay::Column::DeliveryReason])
        .filter(stay::Column::Id.is_in(ids))
        .filter(stay::Column::DeliveryReason.is_not_null())
        .into_tuple::<(Uuid, String)>()
        .all(db.reader())
        .await?;
    Ok(found.into_iter().collect())
}

/// The newest `limit` calls made for a task, in the order they were made.
pub async fn attempts(db: &Database, task_id: Uuid, limit: u64) -> Result<Vec<Attempt>> {
    let mut attempts = attempt::Entity::find()
        .filter(attempt::Column::TaskId.eq(task_id))
        .order_by_desc(attempt::Column::StartedAt)
        .order_by_desc(attempt::Column::Id)
        .limit(limit)
        .all(db.reader())
        .await?;
    attempts.reverse();
    Ok(attempts)
}

/// How many of a commune's tasks are under way or parked.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct CommuneBacklog {
    /// The commune.
    pub commune_code: String,
    /// Tasks on their way.
    pub open_count: i64,
    /// Of these, tasks whose deadline has passed.
    pub overdue_count: i64,
    /// When the oldest task on its way was made.
    pub oldest_created_at: Option<DateTime<Utc>>,
    /// The nearest deadline of those on their way.
    pub nearest_deadline_at: Option<DateTime<Utc>>,
    /// Parked tasks.
    pub parked_count: i64,
}

/// The backlog of each commune that has one. A commune may appear twice: once for tasks under way,
/// once for parked ones.
pub async fn backlogs(db: &Database, now: DateTime<Utc>) -> Result<Vec<CommuneBacklog>> {
    // Each part reads one index of its own.
    let text = "SELECT destination AS commune_code, COUNT(*) AS open_count, \
           COUNT(CASE WHEN deadline_at <= ? THEN 1 END) AS overdue_count, \
           MIN(created_at) AS oldest_created_at, MIN(deadline_at) AS nearest_deadline_at, \
           0 AS parked_count \
         FROM outbox_task WHERE settled_at IS NULL GROUP BY destination \
         UNION ALL \
         SELECT destination, 0, 0, NULL, NULL, COUNT(*) \
         FROM outbox_task WHERE state = 'parked' GROUP BY destination";
    let statement = dialect::statement(db.backend(), text, vec![rows::instant(now)]);
    let found = CommuneBacklog::find_by_statement(statement);
    Ok(found.all(db.reader()).await?)
}

/// Parked tasks of a commune that have the same cause.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ParkedCount {
    /// The commune.
    pub commune_code: String,
    /// What the delivery of their stays gives as the reason.
    pub reason: Option<String>,
    /// How many.
    pub parked_count: i64,
    /// When the first was parked.
    pub oldest_at: Option<DateTime<Utc>>,
    /// When the last was.
    pub newest_at: Option<DateTime<Utc>>,
}

/// How many tasks are parked, by commune and cause.
pub async fn parked_causes(db: &Database) -> Result<Vec<ParkedCount>> {
    let text = "SELECT outbox_task.destination AS commune_code, stay.delivery_reason AS reason, \
           COUNT(*) AS parked_count, MIN(outbox_task.settled_at) AS oldest_at, \
           MAX(outbox_task.settled_at) AS newest_at \
         FROM outbox_task JOIN stay ON stay.id = outbox_task.stay_id \
         WHERE outbox_task.state = 'parked' \
         GROUP BY outbox_task.destination, stay.delivery_reason";
    let statement = dialect::statement(db.backend(), text, Vec::new());
    let found = ParkedCount::find_by_statement(statement);
    Ok(found.all(db.reader()).await?)
}

/// How many tasks workers hold at an instant.
pub async fn held_count(db: &Database, now: DateTime<Utc>) -> Result<u64> {
    Ok(outbox_task::Entity::find()
        .filter(outbox_task::Column::SettledAt.is_null())
        .filter(outbox_task::Column::LeasedUntil.gt(now))
        .count(db.reader())
        .await?)
}

/// When a worker last began to call a peer. Ids begin with the time.
pub async fn last_call(db: &Database) -> Result<Option<DateTime<Utc>>> {
    Ok(attempt::Entity::find()
        .select_only()
        .column(attempt::Column::StartedAt)
        .order_by_desc(attempt::Column::Id)
        .into_tuple::<DateTime<Utc>>()
        .one(db.reader())
        .await?)
}

/// The outcome of a request to send a task again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeued {
    /// It is due now.
    Done,
    /// It is already under way; nothing changed.
    OnItsWay,
    /// The police accepted or refused it.
    Settled,
    /// A later version of its stay carries the whole stay.
    Superseded,
    /// A replay of an earlier request, with that request's outcome.
    Replayed(Replayed),
    /// The key was used by another request.
    KeyReused,
}

/// The outcome of an earlier request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// See [`Requeued::Done`].
    Done,
    /// See [`Requeued::OnItsWay`].
    OnItsWay,
}

#[derive(FromQueryResult)]
struct Freed {
    stay_id: Uuid,
    version: i32,
    kind: Word<NotificationKind>,
}

/// Makes a parked task due again, under its old id and with its counters reset.
///
/// A task whose stay has a later version stays parked, or the police would get the older version
/// last. The stay's row says whether there is one; an amendment writes the same row, so neither can
/// overtake the other. No worker holds a parked task, and a write under an older lease finds that
/// lease gone.
///
/// Errors: [`Error::NotFound`].
pub async fn requeue(
    db: &Database,
    id: Uuid,
    now: DateTime<Utc>,
    entry: audit::Entry,
    key: Option<&Idempotency>,
) -> Result<Requeued> {
    let backend = db.backend();
    let transaction = write::begin(db).await?;
    if let Some(key) = key
        && let Some(known) = idempotency::take(&transaction, key, entry.id, now).await?
    {
        transaction.rollback().await?;
        return Ok(match known {
            // If nothing changed, the key leads to the task itself.
            Some(led_to) if led_to == id => Requeued::Replayed(Replayed::OnItsWay),
            Some(_) => Requeued::Replayed(Replayed::Done),
            None => Requeued::KeyReused,
        });
    }
    let statement = dialect::statement(
        backend,
        "UPDATE outbox_task SET state = 'waiting', due_at = ?, settled_at = NULL, \
           claim_count = 0, unclear_count = 0 \
         WHERE id = ? AND state = 'parked' RETURNING stay_id, version, kind",
        vec![rows::instant(now), rows::uuid(id)],
    );
    let freed = Freed::find_by_statement(statement)
        .one(&transaction)
        .await?;
    let Some(task) = freed else {
        return unchanged(transaction, id, key).await;
    };
    if !requeue_stay(&transaction, &task, now).await? {
        transaction.rollback().await?;
        return Ok(Requeued::Superseded);
    }
    let entry = audit::Entry {
        subject_version: Some(task.version),
        ..entry
    };
    let statement = dialect::insert_rows(backend, "audit_entry", vec![AuditRow(entry)], "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await?;
    db.wake().notify();
    Ok(Requeued::Done)
}

/// Why a task was not sent again. The key is stored if the goal is already met.
async fn unchanged(
    transaction: Transaction,
    id: Uuid,
    key: Option<&Idempotency>,
) -> Result<Requeued> {
    let task = outbox_task::Entity::find_by_id(id)
        .one(&transaction)
        .await?;
    match task {
        Some(task) if task.settled_at.is_none() => {
            if let Some(key) = key {
                idempotency::lead_to(&transaction, key, id).await?;
                write::commit(transaction).await?;
            }
            Ok(Requeued::OnItsWay)
        }
        Some(_) => Ok(Requeued::Settled),
        None => Err(Error::NotFound),
    }
}

/// Updates the stay of a task that is sent again. Returns false when a later version is under way.
async fn requeue_stay(transaction: &Transaction, task: &Freed, now: DateTime<Utc>) -> Result<bool> {
    let mut change = stay::Entity::update_many()
        .col_expr(stay::Column::ChangedAt, Expr::value(now))
        .filter(stay::Column::Id.eq(task.stay_id))
        .filter(stay::Column::DeliveryVersion.eq(task.version));
    // A parked identity result left the stay acknowledged.
    if task.kind.get()? != NotificationKind::IdentityResult {
        change = change
            .col_expr(
                stay::Column::DeliveryState,
                Expr::value(DeliveryState::Queued.as_str()),
            )
            .col_expr(stay::Column::DeliveryReason, Expr::value(None::<String>));
    }
    Ok(change.exec(transaction).await?.rows_affected > 0)
}

/// The outcome of a request to send all parked tasks again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequeuedMany {
    /// Tasks that are due now.
    pub requeued_count: u64,
    /// Tasks that stay parked: a later version of their stay carries the whole stay.
    pub superseded_count: u64,
    /// There were more than `count_max`.
    pub may_be_more: bool,
}

/// Sends up to `count_max` parked tasks again, nearest deadline first, each as [`requeue`] does,
/// with the audit entry that `entry` builds for it.
pub async fn requeue_parked(
    db: &Database,
    filter: &TaskFilter,
    count_max: u64,
    now: DateTime<Utc>,
    entry: impl Fn(Uuid) -> audit::Entry,
) -> Result<RequeuedMany> {
    let ids = requeueable(db, filter, count_max.saturating_add(1)).await?;
    let taken = usize::try_from(count_max).unwrap_or(usize::MAX);
    let mut outcome = RequeuedMany {
        may_be_more: ids.len() > taken,
        ..RequeuedMany::default()
    };
    for id in ids.into_iter().take(taken) {
        match requeue(db, id, now, entry(id), None).await {
            Ok(Requeued::Done) => outcome.requeued_count += 1,
            // Somebody else was quicker.
            Ok(
                Requeued::OnItsWay
                | Requeued::Settled
                | Requeued::Superseded
                | Requeued::Replayed(_)
                | Requeued::KeyReused,
            )
            | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    outcome.superseded_count = superseded_count(db, filter).await?;
    Ok(outcome)
}

const IS_NEWEST: &str = "EXISTS (SELECT 1 FROM stay \
     WHERE stay.id = outbox_task.stay_id AND stay.delivery_version = outbox_task.version)";

async fn requeueable(db: &Database, filter: &TaskFilter, limit: u64) -> Result<Vec<Uuid>> {
    let (narrowed, values) = filter.condition(db.backend());
    let text = format!(
        "SELECT id FROM outbox_task WHERE state = 'parked' AND {IS_NEWEST}{narrowed} \
         ORDER BY deadline_at, id LIMIT {limit}"
    );
    let statement = dialect::statement(db.backend(), &text, values);
    let rows = db.reader().query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

async fn superseded_count(db: &Database, filter: &TaskFilter) -> Result<u64> {
    let (narrowed, values) = filter.condition(db.backend());
    let text = format!(
        "SELECT COUNT(*) AS found FROM outbox_task \
         WHERE state = 'parked' AND NOT {IS_NEWEST}{narrowed}"
    );
    let statement = dialect::statement(db.backend(), &text, values);
    let row = db.reader().query_one_raw(statement).await?;
    let found = row.map(|row| row.try_get::<i64>("", "found")).transpose()?;
    Ok(found
        .and_then(|found| u64::try_from(found).ok())
        .unwrap_or(0))
}
