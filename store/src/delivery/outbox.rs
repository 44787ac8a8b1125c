//! The outbox: tasks are claimed by lease, processed outside any transaction, and their results
//! recorded with the lease as fencing token.
//!
//! If a worker sleeps past its lease, its result changes no row and its successor's stands.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{
    event::EventKind,
    operator::{PeerName, TaskState, TaskStep},
    stay::{DeliveryState, IdentityReview, IdentityState, NotificationKind, Timeliness},
};
use entity::{attempt, stay, word::Word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement,
    Value,
};
use uuid::Uuid;

use crate::{
    Backend, Database, Result, dialect,
    review::{self, NewCase},
    rows::{self, AsRow, columns},
    table_rows::{AttemptRow, AuditRow, EventRow},
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
/// [`Progress::Fixed`] refused once there is a later version, neither goes before the other.
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
/// `latest` wait because the peer asked for it, and are left alone.
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
             AND due_at > ? AND due_at <= ?{of_communes} \
           ORDER BY deadline_at, id LIMIT {limit} {})",
        dialect::skip_locked(backend)
    );
    let mut values = vec![rows::instant(now), rows::text(step.as_str())];
    values.extend([now, latest].map(rows::instant));
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

/// One thing that happened to a claimed task.
#[derive(Clone)]
pub struct TaskResult {
    /// The task.
    pub task_id: Uuid,
    /// The lease under which it happened; if the lease is lost, nothing changes.
    pub lease_id: Uuid,
    /// The stay it speaks of.
    pub stay_id: Uuid,
    /// The stay's version it concerns.
    pub version: i32,
    /// What the task becomes.
    pub progress: Progress,
    /// What the stay becomes.
    pub stay: StayChange,
    /// The calls that were made; recorded even if the lease was lost.
    pub attempts: Vec<entity::attempt::Model>,
    /// Cases for the police, opened with this result.
    pub cases: Vec<NewCase>,
    /// A task that follows, such as a late identity result.
    pub follow_up: Option<NewTask>,
    /// The audit entry; results that change no stay have none.
    pub audit: Option<entity::audit_entry::Model>,
    /// What the sender hears of it.
    pub events: Vec<entity::event::Model>,
}

impl TaskResult {
    /// What becomes of a task, and nothing besides.
    pub fn new(task: &Task, lease_id: Uuid, progress: Progress) -> Self {
        Self {
            task_id: task.id,
            lease_id,
            stay_id: task.stay_id,
            version: task.version,
            progress,
            stay: StayChange::default(),
            attempts: Vec::new(),
            cases: Vec::new(),
            follow_up: None,
            audit: None,
            events: Vec::new(),
        }
    }
}

/// What a claimed task becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The identity grade and the exact bytes to send are fixed; the lease is kept. An identity
    /// result whose stay has a later version by now counts as one whose lease was lost.
    Fixed {
        /// The grade that is sent.
        identity_state: IdentityState,
        /// SHA-256 of the body.
        body_sha256: Vec<u8>,
        /// The body, sealed.
        sealed_body: Vec<u8>,
    },
    /// To be retried at `due_at`; the lease is released.
    Retry {
        /// Not before this instant.
        due_at: DateTime<Utc>,
        /// The answer was neither an acceptance nor a clear refusal although the destination is
        /// otherwise healthy: counts towards parking.
        is_unclear: bool,
    },
    /// The police endpoint confirmed it.
    Delivered {
        /// When.
        at: DateTime<Utc>,
    },
    /// The police endpoint explicitly refused it.
    Refused {
        /// When.
        at: DateTime<Utc>,
    },
    /// Set aside for an operator.
    Parked {
        /// When.
        at: DateTime<Utc>,
    },
    /// An identity result made obsolete by a later version of the stay: the task is deleted, and
    /// nothing of it was sent.
    Needless,
}

/// The new values of the stay's axes; `None` leaves one unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StayChange {
    /// The axis `identity`.
    pub identity_state: Option<IdentityState>,
    /// The review result to store; an existing one is kept, so that an officer's acceptance stays.
    pub identity_review: Option<IdentityReview>,
    /// The axis `delivery`, applied only while the stay's newest forwardable version is this one.
    pub delivery_state: Option<DeliveryState>,
    /// The police's own number.
    pub police_reference: Option<String>,
    /// Why it was rejected or parked: a code, no text of the peer.
    pub delivery_reason: Option<String>,
    /// What the stay turned out to owe; sets the axis `completion` to `due`.
    pub owed: Option<String>,
}

/// Records a group of results in one transaction. Returns for each whether its lease still held; if
/// not, only the attempts were stored.
///
/// No two results of a group may speak of the same stay.
pub async fn record(
    db: &Database,
    results: &[TaskResult],
    now: DateTime<Utc>,
) -> Result<Vec<bool>> {
    let backend = db.backend();
    let transaction = write::begin(db).await?;
    let mut held = update_tasks(db, &transaction, results, now).await?;
    held.extend(remove_needless(db, &transaction, results).await?);
    let kept = |result: &&TaskResult| held.contains(&result.task_id);
    let changes: Vec<ChangeRow> = results
        .iter()
        .filter(kept)
        .filter(|result| result.stay != StayChange::default())
        .map(|result| ChangeRow::new(result, now))
        .collect();
    let news = news(db, &transaction, results.iter().filter(kept)).await?;
    if !changes.is_empty() {
        update_stays(db, &transaction, changes).await?;
    }
    let attempts = results
        .iter()
        .flat_map(|result| result.attempts.iter().cloned());
    // A group whose COMMIT was lost is recorded again.
    let once = "ON CONFLICT (id) DO NOTHING";
    insert(
        backend,
        &transaction,
        "attempt",
        attempts.map(AttemptRow).collect(),
        once,
    )
    .await?;
    let cases = results
        .iter()
        .filter(kept)
        .flat_map(|result| result.cases.iter().cloned());
    review::open(&transaction, review::distinct(cases)).await?;
    let tasks = results
        .iter()
        .filter(kept)
        .filter_map(|result| result.follow_up.clone());
    insert(
        backend,
        &transaction,
        "outbox_task",
        tasks.map(TaskRow::from).collect(),
        once,
    )
    .await?;
    let audits = results
        .iter()
        .filter(kept)
        .filter_map(|result| result.audit.clone());
    insert(
        backend,
        &transaction,
        "audit_entry",
        audits.map(AuditRow).collect(),
        once,
    )
    .await?;
    let events = results.iter().filter(kept).flat_map(|result| {
        let events = result.events.iter();
        events.filter(|event| news.holds(result, event)).cloned()
    });
    insert(
        backend,
        &transaction,
        "event",
        events.map(EventRow).collect(),
        once,
    )
    .await?;
    write::commit(transaction).await?;
    if results.iter().any(|result| !result.events.is_empty()) {
        db.wake().notify_events();
    }
    Ok(results
        .iter()
        .map(|result| held.contains(&result.task_id))
        .collect())
}

/// Which results are news to their senders.
#[derive(Default)]
struct News {
    /// Stays whose senders must check the guest's data.
    attention: HashSet<Uuid>,
    /// Stays of which something is owed.
    completion: HashSet<Uuid>,
}

impl News {
    fn holds(&self, result: &TaskResult, event: &entity::event::Model) -> bool {
        let is_of = |kind: EventKind| event.kind.get() == Ok(kind);
        if is_of(EventKind::StayAttention) {
            self.attention.contains(&result.stay_id)
        } else if is_of(EventKind::StayCompletionDue) {
            self.completion.contains(&result.stay_id)
        } else {
            true
        }
    }
}

/// Determines which results are news to the sender and records that they were reported. A sender
/// hears of each finding about a guest, and of each debt, once rather than at every version.
async fn news(
    db: &Database,
    connection: &impl ConnectionTrait,
    results: impl Iterator<Item = &TaskResult>,
) -> Result<News> {
    let tells = |result: &TaskResult, kind: EventKind| {
        let mut events = result.events.iter();
        events.any(|event| event.kind.get() == Ok(kind))
    };
    let telling: Vec<&TaskResult> = results
        .filter(|result| {
            tells(result, EventKind::StayAttention) || tells(result, EventKind::StayCompletionDue)
        })
        .collect();
    let mut news = News::default();
    if telling.is_empty() {
        return Ok(news);
    }
    let ids = telling.iter().map(|result| result.stay_id);
    let stays = stay::Entity::find().filter(stay::Column::Id.is_in(ids));
    let stays = stays.all(connection).await?;
    let mut told = Vec::new();
    for result in telling {
        let stay = stays.iter().find(|stay| stay.id == result.stay_id);
        // A finding about an older version is reported with the newer one.
        let Some(stay) = stay.filter(|stay| result.version >= stay.delivery_version) else {
            continue;
        };
        if tells(result, EventKind::StayAttention) && stay.attention_version.is_none() {
            news.attention.insert(stay.id);
            told.push(ToldRow {
                stay_id: stay.id,
                version: result.version,
            });
        }
        if missing(result.stay.owed.as_deref()) != missing(stay.owed.as_deref()) {
            news.completion.insert(stay.id);
        }
    }
    remember_attention(db, connection, told).await?;
    Ok(news)
}

/// The members that are owed.
fn missing(owed: Option<&str>) -> Option<serde_json::Value> {
    let owed: serde_json::Value = serde_json::from_str(owed?).ok()?;
    owed.get("missing").cloned()
}

async fn remember_attention(
    db: &Database,
    connection: &impl ConnectionTrait,
    mut told: Vec<ToldRow>,
) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    told.sort_unstable_by_key(|row| row.stay_id);
    let (with, values) = dialect::with_rows(db.backend(), told);
    let text = format!(
        "{with} UPDATE stay SET attention_version = v.version FROM v WHERE stay.id = v.stay_id"
    );
    let statement = Statement::from_sql_and_values(db.db_backend(), text, values);
    connection.execute_raw(statement).await?;
    Ok(())
}

async fn insert<R: AsRow>(
    backend: Backend,
    connection: &impl ConnectionTrait,
    table: &str,
    rows: Vec<R>,
    tail: &str,
) -> Result<()> {
    if !rows.is_empty() {
        connection
            .execute_raw(dialect::insert_rows(backend, table, rows, tail))
            .await?;
    }
    Ok(())
}

async fn update_tasks(
    db: &Database,
    connection: &impl ConnectionTrait,
    results: &[TaskResult],
    now: DateTime<Utc>,
) -> Result<HashSet<Uuid>> {
    let mut rows: Vec<ProgressRow> = results
        .iter()
        .filter_map(|result| ProgressRow::new(result, now))
        .collect();
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    rows.sort_unstable_by_key(|row| row.task_id);
    let (with, values) = dialect::with_rows(db.backend(), rows);
    // Other workers read this value too, and must not wait because this worker's clock is ahead.
    let due_at = dialect::on_server_clock(db.backend(), "v.due_at", "v.recorded_at");
    let text = format!(
        "{with} UPDATE outbox_task SET state = v.state, \
           step = CASE WHEN v.body_sha256 IS NOT NULL THEN 'notify_police' ELSE step END, \
           due_at = COALESCE({due_at}, outbox_task.due_at), \
           lease_id = CASE WHEN v.keeps_lease THEN outbox_task.lease_id ELSE NULL END, \
           leased_until = CASE WHEN v.keeps_lease THEN leased_until ELSE NULL END, \
           claim_count = CASE WHEN v.keeps_lease THEN claim_count ELSE 0 END, \
           attempt_count = outbox_task.attempt_count + v.attempt_count, \
           unclear_count = outbox_task.unclear_count + v.unclear_count, \
           identity_state = COALESCE(v.identity_state, outbox_task.identity_state), \
           body_sha256 = COALESCE(v.body_sha256, outbox_task.body_sha256), \
           sealed_body = CASE WHEN v.settled_at IS NOT NULL AND v.state <> 'parked' THEN NULL \
             ELSE COALESCE(v.sealed_body, outbox_task.sealed_body) END, \
           settled_at = v.settled_at \
         FROM v WHERE outbox_task.id = v.task_id AND outbox_task.lease_id = v.lease_id \
           AND outbox_task.settled_at IS NULL \
           AND NOT (v.body_sha256 IS NOT NULL AND outbox_task.kind = 'identity_result' \
             AND EXISTS (SELECT 1 FROM stay WHERE stay.id = outbox_task.stay_id \
               AND stay.delivery_version > outbox_task.version)) \
         RETURNING id"
    );
    let statement = Statement::from_sql_and_values(db.db_backend(), text, values);
    ids_of(connection, statement).await
}

/// Deletes obsolete tasks and returns those whose lease held.
async fn remove_needless(
    db: &Database,
    connection: &impl ConnectionTrait,
    results: &[TaskResult],
) -> Result<HashSet<Uuid>> {
    let mut rows: Vec<HoldRow> = results
        .iter()
        .filter(|result| result.progress == Progress::Needless)
        .map(HoldRow::new)
        .collect();
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    rows.sort_unstable_by_key(|row| row.task_id);
    let (with, values) = dialect::with_rows(db.backend(), rows);
    let text = format!(
        "{with} DELETE FROM outbox_task WHERE settled_at IS NULL AND EXISTS (\
           SELECT 1 FROM v WHERE v.task_id = outbox_task.id AND v.lease_id = outbox_task.lease_id) \
           AND id IN (SELECT task_id FROM v) RETURNING id"
    );
    let statement = Statement::from_sql_and_values(db.db_backend(), text, values);
    ids_of(connection, statement).await
}

async fn ids_of(connection: &impl ConnectionTrait, statement: Statement) -> Result<HashSet<Uuid>> {
    connection
        .query_all_raw(statement)
        .await?
        .iter()
        .map(|row| Ok(row.try_get::<Uuid>("", "id")?))
        .collect()
}

async fn update_stays(
    db: &Database,
    connection: &impl ConnectionTrait,
    mut rows: Vec<ChangeRow>,
) -> Result<()> {
    rows.sort_unstable_by_key(|row| row.stay_id);
    let (with, values) = dialect::with_rows(db.backend(), rows);
    // A finding about an older version says nothing about the newer one, which is sent separately.
    let is_newest = "v.version >= stay.delivery_version";
    let moves = "v.version >= stay.delivery_version AND v.delivery_state IS NOT NULL";
    let text = format!(
        "{with} UPDATE stay SET \
           identity_state = CASE WHEN {is_newest} THEN \
             COALESCE(v.identity_state, stay.identity_state) ELSE stay.identity_state END, \
           identity_review = CASE WHEN {is_newest} THEN \
             COALESCE(stay.identity_review, v.identity_review) ELSE stay.identity_review END, \
           delivery_state = CASE WHEN {moves} THEN v.delivery_state ELSE stay.delivery_state END, \
           police_reference = CASE WHEN {moves} THEN \
             COALESCE(v.police_reference, stay.police_reference) ELSE stay.police_reference END, \
           delivery_reason = CASE WHEN {moves} THEN v.delivery_reason \
             ELSE stay.delivery_reason END, \
           completion_state = CASE WHEN v.owed IS NOT NULL AND {is_newest} THEN 'due' \
             ELSE stay.completion_state END, \
           owed = CASE WHEN {is_newest} THEN COALESCE(v.owed, stay.owed) ELSE stay.owed END, \
           changed_at = v.changed_at \
         FROM v WHERE stay.id = v.stay_id"
    );
    let statement = Statement::from_sql_and_values(db.db_backend(), text, values);
    connection.execute_raw(statement).await?;
    Ok(())
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

/// A stay whose sender was asked, at this version, to check the guest's data.
struct ToldRow {
    stay_id: Uuid,
    version: i32,
}

columns!(ToldRow { stay_id, version });

/// A worker's hold on a task.
struct HoldRow {
    task_id: Uuid,
    lease_id: Uuid,
}

impl HoldRow {
    fn new(result: &TaskResult) -> Self {
        Self {
            task_id: result.task_id,
            lease_id: result.lease_id,
        }
    }
}

columns!(HoldRow { task_id, lease_id });

struct ProgressRow {
    task_id: Uuid,
    lease_id: Uuid,
    state: Word<TaskState>,
    due_at: Option<DateTime<Utc>>,
    recorded_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    keeps_lease: bool,
    attempt_count: i32,
    unclear_count: i32,
    identity_state: Option<Word<IdentityState>>,
    body_sha256: Option<Vec<u8>>,
    sealed_body: Option<Vec<u8>>,
}

impl ProgressRow {
    /// `None` for what leaves the table.
    fn new(result: &TaskResult, now: DateTime<Utc>) -> Option<Self> {
        let mut row = Self {
            task_id: result.task_id,
            lease_id: result.lease_id,
            state: TaskState::Waiting.into(),
            due_at: None,
            recorded_at: now,
            settled_at: None,
            keeps_lease: false,
            attempt_count: i32::try_from(result.attempts.len()).unwrap_or(i32::MAX),
            unclear_count: 0,
            identity_state: None,
            body_sha256: None,
            sealed_body: None,
        };
        match &result.progress {
            Progress::Fixed {
                identity_state,
                body_sha256,
                sealed_body,
            } => {
                row.keeps_lease = true;
                row.identity_state = Some((*identity_state).into());
                row.body_sha256 = Some(body_sha256.clone());
                row.sealed_body = Some(sealed_body.clone());
            }
            Progress::Retry { due_at, is_unclear } => {
                row.due_at = Some(*due_at);
                row.unclear_count = i32::from(*is_unclear);
            }
            Progress::Delivered { at } => row.settle(TaskState::Delivered, *at),
            Progress::Refused { at } => row.settle(TaskState::Refused, *at),
            Progress::Parked { at } => row.settle(TaskState::Parked, *at),
            Progress::Needless => return None,
        }
        Some(row)
    }

    fn settle(&mut self, state: TaskState, at: DateTime<Utc>) {
        self.state = state.into();
        self.settled_at = Some(at);
    }
}

columns!(ProgressRow {
    task_id,
    lease_id,
    state,
    due_at,
    recorded_at,
    settled_at,
    keeps_lease,
    attempt_count,
    unclear_count,
    identity_state,
    body_sha256,
    sealed_body,
});

struct ChangeRow {
    stay_id: Uuid,
    version: i32,
    identity_state: Option<Word<IdentityState>>,
    identity_review: Option<Word<IdentityReview>>,
    delivery_state: Option<Word<DeliveryState>>,
    police_reference: Option<String>,
    delivery_reason: Option<String>,
    owed: Option<String>,
    changed_at: DateTime<Utc>,
}

impl ChangeRow {
    fn new(result: &TaskResult, now: DateTime<Utc>) -> Self {
        let change = result.stay.clone();
        Self {
            stay_id: result.stay_id,
            version: result.version,
            identity_state: change.identity_state.map(Word::from),
            identity_review: change.identity_review.map(Word::from),
            delivery_state: change.delivery_state.map(Word::from),
            police_reference: change.police_reference,
            delivery_reason: change.delivery_reason,
            owed: change.owed,
            changed_at: now,
        }
    }
}

columns!(ChangeRow {
    stay_id,
    version,
    identity_state,
    identity_review,
    delivery_state,
    police_reference,
    delivery_reason,
    owed,
    changed_at,
});
