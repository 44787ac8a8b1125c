//! The results of claimed tasks: recorded in groups, each with the lease as fencing token.
//!
//! If a worker sleeps past its lease, its result changes no row and its successor's stands.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{
    event::EventKind,
    operator::TaskState,
    stay::{DeliveryState, IdentityReview, IdentityState},
};
use entity::{stay, word::Word};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use uuid::Uuid;

use super::outbox::{NewTask, Task, TaskRow};
use crate::{
    Database, Result, dialect,
    review::{self, NewCase},
    rows::{AsRow, columns},
    table_rows::{AttemptRow, AuditRow, EventRow},
    write,
};

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
    pub progress: TaskProgress,
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
    pub fn new(task: &Task, lease_id: Uuid, progress: TaskProgress) -> Self {
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
pub enum TaskProgress {
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
    results: &[&TaskResult],
    now: DateTime<Utc>,
) -> Result<Vec<bool>> {
    let transaction = write::begin(db).await?;
    let mut held = update_tasks(db, &transaction, results, now).await?;
    held.extend(remove_needless(db, &transaction, results).await?);
    let is_held = |result: &&TaskResult| held.contains(&result.task_id);
    let kept: Vec<&TaskResult> = results.iter().copied().filter(is_held).collect();
    let news = news(db, &transaction, &kept).await?;
    update_stays(db, &transaction, &kept, now).await?;
    insert(db, &transaction, "attempt", attempts(results)).await?;
    review::open(&transaction, cases(&kept)).await?;
    insert(db, &transaction, "outbox_task", follow_ups(&kept)).await?;
    insert(db, &transaction, "audit_entry", audits(&kept)).await?;
    insert(db, &transaction, "event", events(&kept, &news)).await?;
    write::commit(transaction).await?;
    if results.iter().any(|result| !result.events.is_empty()) {
        db.wake().notify_events();
    }
    Ok(results.iter().map(is_held).collect())
}

fn attempts(results: &[&TaskResult]) -> Vec<AttemptRow> {
    let attempts = results.iter().flat_map(|result| &result.attempts);
    attempts.cloned().map(AttemptRow).collect()
}

fn cases(kept: &[&TaskResult]) -> Vec<NewCase> {
    review::distinct(kept.iter().flat_map(|result| &result.cases).cloned())
}

fn follow_ups(kept: &[&TaskResult]) -> Vec<TaskRow> {
    let tasks = kept.iter().filter_map(|result| result.follow_up.clone());
    tasks.map(TaskRow::from).collect()
}

fn audits(kept: &[&TaskResult]) -> Vec<AuditRow> {
    let entries = kept.iter().filter_map(|result| result.audit.clone());
    entries.map(AuditRow).collect()
}

fn events(kept: &[&TaskResult], news: &News) -> Vec<EventRow> {
    let told = kept.iter().flat_map(|result| {
        let events = result.events.iter();
        events.filter(|event| news.holds(result, event))
    });
    told.cloned().map(EventRow).collect()
}

/// Inserts what is not there yet: a group whose COMMIT was lost is recorded again.
async fn insert<R: AsRow>(
    db: &Database,
    connection: &impl ConnectionTrait,
    table: &str,
    rows: Vec<R>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let once = "ON CONFLICT (id) DO NOTHING";
    let statement = dialect::insert_rows(db.backend(), table, rows, once);
    connection.execute_raw(statement).await?;
    Ok(())
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
    kept: &[&TaskResult],
) -> Result<News> {
    let tells = |result: &TaskResult, kind: EventKind| {
        let mut events = result.events.iter();
        events.any(|event| event.kind.get() == Ok(kind))
    };
    let telling: Vec<&TaskResult> = kept
        .iter()
        .copied()
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

async fn update_tasks(
    db: &Database,
    connection: &impl ConnectionTrait,
    results: &[&TaskResult],
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
    results: &[&TaskResult],
) -> Result<HashSet<Uuid>> {
    let mut rows: Vec<HoldRow> = results
        .iter()
        .filter(|result| result.progress == TaskProgress::Needless)
        .map(|result| HoldRow::new(result))
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
    kept: &[&TaskResult],
    now: DateTime<Utc>,
) -> Result<()> {
    let changing = kept
        .iter()
        .filter(|result| result.stay != StayChange::default());
    let mut rows: Vec<ChangeRow> = changing.map(|result| ChangeRow::new(result, now)).collect();
    if rows.is_empty() {
        return Ok(());
    }
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
            TaskProgress::Fixed {
                identity_state,
                body_sha256,
                sealed_body,
            } => {
                row.keeps_lease = true;
                row.identity_state = Some((*identity_state).into());
                row.body_sha256 = Some(body_sha256.clone());
                row.sealed_body = Some(sealed_body.clone());
            }
            TaskProgress::Retry { due_at, is_unclear } => {
                row.due_at = Some(*due_at);
                row.unclear_count = i32::from(*is_unclear);
            }
            TaskProgress::Delivered { at } => row.settle(TaskState::Delivered, *at),
            TaskProgress::Refused { at } => row.settle(TaskState::Refused, *at),
            TaskProgress::Parked { at } => row.settle(TaskState::Parked, *at),
            TaskProgress::Needless => return None,
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
