//! The outbox: tasks are claimed by lease and processed outside any transaction. What becomes of
//! them: [`results`](super::results).

use chrono::{DateTime, Utc};
use domain::{
    hold::HOLD_DURATION,
    operator::{PeerName, TaskState, TaskStep},
    stay::{IdentityReview, IdentityState, NotificationKind, Timeliness},
};
use entity::{attempt, word::Word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement,
    Value,
};
use uuid::Uuid;

use crate::{
    Backend, Database, Result, dialect,
    rows::{self, columns},
    write,
};

pub use domain::routing::Communes;

/// A task as it is claimed.
pub type Task = entity::outbox_task::Model;

/// A task as it is made: it waits to be claimed, and the registry is asked first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// The notification's id.
    pub id: Uuid,
    /// The stay that it speaks of.
    pub stay_id: Uuid,
    /// The version of the stay.
    pub version: i32,
    /// What it says of the stay.
    pub kind: NotificationKind,
    /// The facility of the stay.
    pub facility_id: Uuid,
    /// The commune of the facility, which decides where it goes.
    pub commune_code: String,
    /// Statutory deadline of the stay.
    pub deadline_at: DateTime<Utc>,
    /// Not to be claimed before this instant.
    pub due_at: DateTime<Utc>,
    /// The trace of the request that made it.
    pub trace_parent: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What an insert of a task writes.
pub(crate) struct TaskRow {
    task: NewTask,
    kind: Word<NotificationKind>,
    state: Word<TaskState>,
    step: Word<TaskStep>,
    claim_count: i32,
    attempt_count: i32,
    unclear_count: i32,
}

impl From<NewTask> for TaskRow {
    fn from(task: NewTask) -> Self {
        Self {
            kind: task.kind.into(),
            task,
            state: TaskState::Waiting.into(),
            step: TaskStep::CheckIdentity.into(),
            claim_count: 0,
            attempt_count: 0,
            unclear_count: 0,
        }
    }
}

columns!(TaskRow {
    task.id,
    task.stay_id,
    task.version,
    kind,
    task.facility_id,
    task.commune_code as "destination",
    task.deadline_at,
    state,
    step,
    task.due_at,
    claim_count,
    attempt_count,
    unclear_count,
    task.trace_parent,
    task.created_at,
});

/// Where a task is on its way, a word of [`TaskState`].
///
/// That a worker holds it is told by the lease alone. Partial indexes have the column `state` in
/// their conditions, and PostgreSQL writes a row into all indexes of the table once a column of one
/// of them changes. A claim changes none, and stays in its page. Rows that an earlier release
/// claimed have the word itself.
#[must_use]
pub fn state(task: &Task) -> &str {
    let is_held = task.lease_id.is_some() && task.settled_at.is_none();
    if is_held {
        TaskState::Claimed.as_str()
    } else {
        task.state.as_stored()
    }
}

/// What comes after `WHERE …` to select the tasks of these communes, and its parameters.
pub(crate) fn condition(communes: &Communes, backend: Backend) -> (String, Vec<Value>) {
    match communes {
        Communes::All => (String::new(), Vec::new()),
        Communes::Except(codes) if codes.is_empty() => (String::new(), Vec::new()),
        Communes::Except(codes) => {
            let (among, values) = dialect::among(backend, "destination", codes);
            (format!(" AND NOT {among}"), values)
        }
        Communes::Only(codes) => {
            let (among, values) = dialect::among(backend, "destination", codes);
            (format!(" AND {among}"), values)
        }
    }
}

/// What the choice needs to know of a claimable task.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Candidate {
    /// The task.
    pub id: Uuid,
    /// The facility of its stay.
    pub facility_id: Uuid,
    /// The commune of the facility.
    pub commune_code: String,
    /// Statutory deadline.
    pub deadline_at: DateTime<Utc>,
    /// How often it was claimed since its last result.
    pub claim_count: i32,
}

impl Candidate {
    /// Where it stands in the queue.
    #[must_use]
    pub fn place(&self) -> TaskPlace {
        (self.deadline_at, self.id)
    }
}

/// A place in the queue: deadline and id.
pub type TaskPlace = (DateTime<Utc>, Uuid);

/// Up to `limit` tasks that are due and free, nearest deadline first: those behind `after`.
///
/// A task is left out while an earlier one of its stay is open, see [`held_back`].
pub async fn due(
    db: &Database,
    now: DateTime<Utc>,
    communes: &Communes,
    after: Option<TaskPlace>,
    limit: usize,
) -> Result<Vec<Candidate>> {
    let backend = db.backend();
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let held_back = held_back(lease_now);
    let (of_communes, communes_values) = condition(communes, backend);
    let behind = after.map_or("", |_| " AND (deadline_at, id) > (?, ?)");
    let text = format!(
        "SELECT id, facility_id, destination AS commune_code, deadline_at, claim_count \
         FROM outbox_task \
         WHERE settled_at IS NULL AND due_at <= ? \
           AND (leased_until IS NULL OR leased_until <= {lease_now}) \
           AND NOT {held_back}{of_communes}{behind} \
         ORDER BY deadline_at, id LIMIT {limit}"
    );
    let mut values = vec![rows::instant(now)];
    values.extend(lease_now_values.clone());
    values.extend(lease_now_values);
    values.extend(communes_values);
    if let Some((deadline_at, id)) = after {
        values.extend([rows::instant(deadline_at), rows::uuid(id)]);
    }
    let statement = dialect::statement(backend, &text, values);
    Ok(Candidate::find_by_statement(statement)
        .all(db.index_reader())
        .await?)
}

/// Claims those of these tasks that are still due and free, under one new lease; returns them,
/// nearest deadline first. The claim itself is counted, which exposes a task that kills its worker.
pub async fn claim(
    db: &Database,
    ids: &[Uuid],
    lease_id: Uuid,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> Result<Vec<Task>> {
    let backend = db.backend();
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let (lease_end, lease_end_value) = dialect::lease_end(backend, now, lease_seconds);
    let held_back = held_back(lease_now);
    let (among, ids) = dialect::among_ids(backend, "id", ids);
    let text = format!(
        "UPDATE outbox_task SET lease_id = ?, leased_until = {lease_end}, \
           claim_count = claim_count + 1 \
         WHERE {among} AND settled_at IS NULL AND due_at <= ? \
           AND (leased_until IS NULL OR leased_until <= {lease_now}) \
           AND NOT {held_back} RETURNING *"
    );
    let mut values = vec![rows::uuid(lease_id), lease_end_value];
    values.extend(ids);
    values.push(rows::instant(now));
    values.extend(lease_now_values.clone());
    values.extend(lease_now_values);
    let statement = dialect::statement(backend, &text, values);
    let transaction = write::begin(db).await?;
    let mut tasks = Task::find_by_statement(statement).all(&transaction).await?;
    write::commit(transaction).await?;
    // RETURNING promises no order.
    tasks.sort_by_key(|task| (task.deadline_at, task.id));
    Ok(tasks)
}

/// True of a task while an earlier one of the same stay is open: of a smaller version, or of the
/// same version and an earlier kind. A rejected or parked task is settled and holds nothing back.
///
/// A late identity result waiting for the registry does not hold back a later version, which
/// carries the whole stay. It does once its bytes are fixed, and while a worker holds it. With
/// [`TaskProgress::Fixed`](super::results::TaskProgress::Fixed) refused once there is a later version,
/// neither goes before the other.
///
/// Nothing is earlier than the declaration itself, which most tasks carry: no other row is read for
/// one.
fn held_back(lease_now: &str) -> String {
    let place = |table: &str| {
        format!("CASE {table}.kind WHEN 'stay' THEN 0 WHEN 'identity_result' THEN 1 ELSE 2 END")
    };
    format!(
        "((outbox_task.version > 1 OR outbox_task.kind <> 'stay') AND \
         EXISTS (SELECT 1 FROM outbox_task AS earlier \
           WHERE earlier.stay_id = outbox_task.stay_id AND earlier.settled_at IS NULL \
             AND (earlier.version < outbox_task.version OR \
               (earlier.version = outbox_task.version AND {} < {})) \
             AND (earlier.kind <> 'identity_result' OR earlier.body_sha256 IS NOT NULL \
               OR earlier.leased_until > {lease_now})))",
        place("earlier"),
        place("outbox_task")
    )
}

/// What is true of a task that no worker has ever claimed: nobody was called on its behalf.
const UNCLAIMED: &str = "settled_at IS NULL AND lease_id IS NULL AND claim_count = 0 \
     AND attempt_count = 0 AND body_sha256 IS NULL";

/// How many notifications a stay has, if none of them was ever claimed.
pub async fn unclaimed_count(db: &Database, stay_id: Uuid) -> Result<Option<u64>> {
    let text = format!(
        "SELECT COUNT(*) AS all_count, COUNT(CASE WHEN {UNCLAIMED} THEN 1 END) AS unclaimed_count \
         FROM outbox_task WHERE stay_id = ?"
    );
    let statement = dialect::statement(db.backend(), &text, vec![rows::uuid(stay_id)]);
    let Some(row) = db.reader().query_one_raw(statement).await? else {
        return Ok(None);
    };
    let all: i64 = row.try_get("", "all_count")?;
    let unclaimed: i64 = row.try_get("", "unclaimed_count")?;
    let count = u64::try_from(all).ok().filter(|count| *count > 0);
    Ok(count.filter(|_| all == unclaimed))
}

/// Removes the notifications of a stay that nobody has claimed, so that they are never sent, and
/// returns how many. A claim takes the same rows: whichever comes first decides. That there were any
/// is told by the stay's versions.
pub(crate) async fn withdraw(connection: &impl ConnectionTrait, stay_id: Uuid) -> Result<u64> {
    let text = format!("DELETE FROM outbox_task WHERE stay_id = ? AND {UNCLAIMED}");
    let statement = dialect::statement(Backend::of(connection), &text, vec![rows::uuid(stay_id)]);
    Ok(connection.execute_raw(statement).await?.rows_affected())
}

/// What a worker must know of a task's stay.
#[derive(Clone, FromQueryResult)]
pub struct Subject {
    /// The task.
    pub task_id: Uuid,
    /// Commune of the facility when the stay was declared.
    pub commune_code: String,
    /// The axis `timeliness`.
    pub timeliness: Word<Timeliness>,
    /// The axis `identity`.
    pub identity_state: Word<IdentityState>,
    /// The result of the police's review.
    pub identity_review: Option<Word<IdentityReview>>,
    /// What is owed, as it is stored.
    pub owed: Option<String>,
    /// The organisation that declared it.
    pub organisation_id: Uuid,
    /// Keyed hash of the guest's document number.
    pub document_index: Option<Vec<u8>>,
    /// The newest version sent to the police.
    pub delivery_version: i32,
    /// Legal time of filing, of version 1.
    pub received_at: DateTime<Utc>,
    /// Statutory deadline, of version 1.
    pub deadline_at: DateTime<Utc>,
    /// When the task's version was received.
    pub version_received_at: DateTime<Utc>,
    /// The version's sealed content.
    pub sealed: Vec<u8>,
    /// Where it is.
    pub facility_id: Uuid,
    /// The stay's key; none while the stay is in the first form.
    pub sealed_key: Option<Vec<u8>>,
}

/// The subjects of these tasks, in no particular order.
pub async fn subjects(db: &Database, tasks: &[Task]) -> Result<Vec<Subject>> {
    let rows = tasks.iter().map(SubjectRow::new).collect();
    let (with, values) = dialect::with_rows(db.backend(), rows);
    let text = format!(
        "{with} SELECT v.task_id, stay.commune_code, stay.timeliness, stay.identity_state, \
           stay.identity_review, stay.owed, stay.organisation_id, stay.document_index, \
           stay.delivery_version, stay.received_at, stay.deadline_at, \
           stay_version.received_at AS version_received_at, stay_version.sealed, \
           stay.facility_id, stay.sealed_key \
         FROM v JOIN stay ON stay.id = v.stay_id \
         JOIN stay_version ON stay_version.stay_id = v.stay_id \
           AND stay_version.version = v.version"
    );
    let statement = Statement::from_sql_and_values(db.db_backend(), text, values);
    Ok(Subject::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

/// Makes up to `limit` tasks of these communes that wait at `step` due now, nearest deadline first;
/// returns how many. Used when a peer may be back, so that its tasks stop waiting. Tasks due after
/// `latest` wait because the peer asked for it, and are left alone; so are those that may still be
/// held for whoever declared them: they are new, nobody has called a peer for them, and they are due
/// before a hold can end.
pub async fn hasten(
    db: &Database,
    step: TaskStep,
    communes: &Communes,
    (now, latest): (DateTime<Utc>, DateTime<Utc>),
    limit: u64,
) -> Result<u64> {
    let backend = db.backend();
    let (of_communes, communes_values) = condition(communes, backend);
    let text = format!(
        "UPDATE outbox_task SET due_at = ? WHERE id IN (\
           SELECT id FROM outbox_task \
           WHERE settled_at IS NULL AND lease_id IS NULL AND step = ? \
             AND due_at > ? AND due_at <= ? \
             AND (claim_count > 0 OR attempt_count > 0 OR created_at <= ? OR due_at > ?){of_communes} \
           ORDER BY deadline_at, id LIMIT {limit} {})",
        dialect::skip_locked(backend)
    );
    let mut values = vec![rows::instant(now), rows::text(step.as_str())];
    let hold = [now - HOLD_DURATION, now + HOLD_DURATION];
    values.extend([now, latest].into_iter().chain(hold).map(rows::instant));
    values.extend(communes_values);
    let transaction = write::begin(db).await?;
    let changed = transaction
        .execute_raw(dialect::statement(backend, &text, values))
        .await?;
    write::commit(transaction).await?;
    Ok(changed.rows_affected())
}

/// When a task's last call to `peer` began.
pub async fn last_attempt_at(
    db: &Database,
    task_id: Uuid,
    peer: PeerName,
) -> Result<Option<DateTime<Utc>>> {
    Ok(attempt::Entity::find()
        .filter(attempt::Column::TaskId.eq(task_id))
        .filter(attempt::Column::Peer.eq(peer.as_str()))
        .order_by_desc(attempt::Column::StartedAt)
        .one(db.reader())
        .await?
        .map(|row| row.started_at))
}

struct SubjectRow {
    task_id: Uuid,
    stay_id: Uuid,
    version: i32,
}

impl SubjectRow {
    fn new(task: &Task) -> Self {
        Self {
            task_id: task.id,
            stay_id: task.stay_id,
            version: task.version,
        }
    }
}

columns!(SubjectRow {
    task_id,
    stay_id,
    version,
});
