//! Uploaded files of stays: stored in sealed pieces, claimed by lease, processed row by row with a
//! checkpoint after each part, and deleted after some days.
//!
//! A checkpoint is one transaction under the lease: row outcomes, counts and the next row. A worker
//! that slept past its lease changes nothing.

use chrono::{DateTime, Utc};
use domain::import::{ImportState, RowOutcome};
use entity::{import, import_chunk, import_row};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Value,
    sea_query::{Expr, ExprTrait, LockType},
};
use uuid::Uuid;

use crate::{
    Backend, Database, Error, Result, audit, dialect,
    idempotency::{self, Idempotency},
    rows::{self, columns},
    table_rows::AuditRow,
    write,
};

/// An uploaded file, without its content.
pub type Import = import::Model;
/// What became of a row.
pub type ImportRow = import_row::Model;

/// Rows that one statement deletes; few enough not to block SQLite's writer for long.
const ROWS_FORGOTTEN_AT_ONCE: i32 = 5_000;
/// Files that one sweep forgets.
const FORGOTTEN_COUNT_MAX: u64 = 100;

/// A worker has something left to do for it.
fn is_open() -> Expr {
    import::Column::State.is_in(ImportState::OPEN.map(ImportState::as_str))
}

/// How many files of a facility are queued or being processed.
pub async fn waiting_count(db: &Database, facility_id: Uuid) -> Result<u64> {
    Ok(import::Entity::find()
        .filter(import::Column::FacilityId.eq(facility_id))
        .filter(is_open())
        .count(db.reader())
        .await?)
}

/// Adds an incomplete file, invisible until it is accepted.
pub async fn begin_upload(db: &Database, import: Import) -> Result<()> {
    import::Entity::insert(import.into_active_model().reset_all())
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// Adds a piece in its own transaction, so that others can write in between.
pub async fn add_chunk(
    db: &Database,
    import_id: Uuid,
    position: i32,
    sealed: Vec<u8>,
) -> Result<()> {
    let row = import_chunk::ActiveModel {
        import_id: Set(import_id),
        position: Set(position),
        sealed: Set(sealed),
    };
    import_chunk::Entity::insert(row)
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// The rows written when a file is accepted, besides the file.
pub struct Acceptance {
    /// The legal time of filing of every row.
    pub received_at: DateTime<Utc>,
    /// The `Idempotency-Key` it came with.
    pub key: Option<Idempotency>,
    /// How many files of its facility may be queued or in progress.
    pub waiting_count_max: u64,
    /// The audit entry.
    pub audit: audit::Entry,
}

/// The outcome of queueing a complete file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAdmission {
    /// From now on it is accepted.
    Accepted,
    /// The facility has reached its limit of files. Nothing changed.
    TooManyWait,
    /// Its key was used by another request. Nothing changed.
    KeyReused,
}

/// Takes a whole file into the queue, and its key with it.
pub async fn accept(
    db: &Database,
    import: &Import,
    acceptance: Acceptance,
) -> Result<FileAdmission> {
    let Acceptance {
        received_at,
        key,
        waiting_count_max,
        audit,
    } = acceptance;
    let transaction = write::begin(db).await?;
    // Serializes the count of uploads to one facility.
    entity::facility::Entity::find_by_id(import.facility_id)
        .lock(LockType::Update)
        .one(&transaction)
        .await?;
    let waiting = import::Entity::find()
        .filter(import::Column::FacilityId.eq(import.facility_id))
        .filter(is_open())
        .count(&transaction)
        .await?;
    if waiting >= waiting_count_max {
        return Ok(FileAdmission::TooManyWait);
    }
    if let Some(key) = key
        && !idempotency::guard_on(&transaction, &key, received_at).await?
    {
        return Ok(FileAdmission::KeyReused);
    }
    let changed = import::Entity::update_many()
        .col_expr(
            import::Column::State,
            Expr::value(ImportState::Queued.as_str()),
        )
        .col_expr(import::Column::ReceivedAt, Expr::value(received_at))
        .filter(import::Column::Id.eq(import.id))
        .filter(import::Column::State.eq(ImportState::Uploading.as_str()))
        .exec(&transaction)
        .await?;
    if changed.rows_affected != 1 {
        return Err(Error::NotFound);
    }
    let statement = dialect::insert_rows(db.backend(), "audit_entry", vec![AuditRow(audit)], "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await?;
    Ok(FileAdmission::Accepted)
}

/// Deletes a file that was not accepted.
pub async fn discard(db: &Database, id: Uuid) -> Result<()> {
    let unfinished = import::Entity::find()
        .select_only()
        .column(import::Column::Id)
        .filter(import::Column::Id.eq(id))
        .filter(import::Column::State.eq(ImportState::Uploading.as_str()))
        .into_query();
    import_chunk::Entity::delete_many()
        .filter(import_chunk::Column::ImportId.in_subquery(unfinished))
        .exec(db.writer())
        .await?;
    import::Entity::delete_many()
        .filter(import::Column::Id.eq(id))
        .filter(import::Column::State.eq(ImportState::Uploading.as_str()))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// The accepted file with this id, of one of these facilities.
pub async fn find(db: &Database, id: Uuid, facility_ids: &[Uuid]) -> Result<Option<Import>> {
    Ok(import::Entity::find_by_id(id)
        .filter(import::Column::FacilityId.is_in(facility_ids.iter().copied()))
        .filter(import::Column::State.ne(ImportState::Uploading.as_str()))
        .one(db.reader())
        .await?)
}

/// The accepted files of facilities that have not expired, the newest first: those `before` a file,
/// or all.
pub async fn list(
    db: &Database,
    facility_ids: &[Uuid],
    now: DateTime<Utc>,
    before: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Import>> {
    Ok(import::Entity::find()
        .filter(import::Column::FacilityId.is_in(facility_ids.iter().copied()))
        .apply_if(before, |query, id| query.filter(import::Column::Id.lt(id)))
        .filter(import::Column::State.ne(ImportState::Uploading.as_str()))
        .filter(import::Column::ExpiresAt.gt(now))
        .order_by_desc(import::Column::Id)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// The first rows of a file whose stays deserve a look.
pub async fn noted(db: &Database, import_id: Uuid, limit: u64) -> Result<Vec<ImportRow>> {
    let taken = [RowOutcome::Accepted, RowOutcome::Replayed].map(RowOutcome::as_str);
    Ok(import_row::Entity::find()
        .filter(import_row::Column::ImportId.eq(import_id))
        .filter(import_row::Column::Outcome.is_in(taken))
        .filter(import_row::Column::Notes.is_not_null())
        .order_by_asc(import_row::Column::Position)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// Notes that a rejected row was mended and declared: its cells are forgotten. A row that was
/// mended before stays as it is.
pub async fn mend(db: &Database, import_id: Uuid, position: i32, stay_id: Uuid) -> Result<()> {
    let transaction = write::begin(db).await?;
    let mended = import_row::Entity::update_many()
        .col_expr(
            import_row::Column::Outcome,
            Expr::value(RowOutcome::Accepted.as_str()),
        )
        .col_expr(import_row::Column::StayId, Expr::value(stay_id))
        .col_expr(
            import_row::Column::Notes,
            Expr::value(Option::<String>::None),
        )
        .col_expr(
            import_row::Column::Sealed,
            Expr::value(Option::<Vec<u8>>::None),
        )
        .filter(import_row::Column::ImportId.eq(import_id))
        .filter(import_row::Column::Position.eq(position))
        .filter(import_row::Column::Outcome.eq(RowOutcome::Rejected.as_str()))
        .exec(&transaction)
        .await?;
    if mended.rows_affected == 1 {
        let (accepted, rejected) = (import::Column::AcceptedCount, import::Column::RejectedCount);
        import::Entity::update_many()
            .col_expr(accepted, Expr::col(accepted).add(1))
            .col_expr(rejected, Expr::col(rejected).sub(1))
            .filter(import::Column::Id.eq(import_id))
            .exec(&transaction)
            .await?;
    }
    write::commit(transaction).await
}

/// Whether a file waits for a worker, or was left by one that may have died.
pub async fn has_open(db: &Database) -> Result<bool> {
    let open = import::Entity::find()
        .select_only()
        .column(import::Column::Id)
        .filter(is_open())
        .into_tuple::<Uuid>()
        .one(db.reader())
        .await?;
    Ok(open.is_some())
}

/// Claims the oldest unclaimed file. The claim is counted, which exposes a file that kills its
/// worker.
pub async fn claim(
    db: &Database,
    lease_id: Uuid,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> Result<Option<Import>> {
    let backend = db.backend();
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let (lease_end, lease_end_value) = dialect::lease_end(backend, now, lease_seconds);
    let text = format!(
        "WITH picked AS MATERIALIZED (\
           SELECT id FROM import WHERE state IN ('queued', 'running') \
             AND (leased_until IS NULL OR leased_until <= {lease_now}) \
           ORDER BY received_at, id LIMIT 1 {}) \
         UPDATE import SET state = 'running', lease_id = ?, leased_until = {lease_end}, \
           claim_count = claim_count + 1 \
         WHERE id IN (SELECT id FROM picked) RETURNING *",
        dialect::skip_locked(backend)
    );
    let mut values = lease_now_values;
    values.push(rows::uuid(lease_id));
    values.push(lease_end_value);
    let statement = dialect::statement(backend, &text, values);
    let transaction = write::begin(db).await?;
    let claimed = Import::find_by_statement(statement)
        .one(&transaction)
        .await?;
    write::commit(transaction).await?;
    Ok(claimed)
}

/// Extends a lease. Fails with [`Error::LeaseLost`] when it no longer holds.
pub async fn keep(
    db: &Database,
    id: Uuid,
    lease_id: Uuid,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> Result<()> {
    let (lease_end, lease_end_value) = dialect::lease_end(db.backend(), now, lease_seconds);
    let set = format!("leased_until = {lease_end}");
    update(db.writer(), id, lease_id, &set, vec![lease_end_value]).await
}

/// Releases a file: another worker may claim it at `due_at`. Such a claim ended normally and is not
/// counted.
pub async fn give_back(
    db: &Database,
    id: Uuid,
    lease_id: Uuid,
    due_at: DateTime<Utc>,
) -> Result<()> {
    let set = "state = 'queued', lease_id = NULL, leased_until = ?, claim_count = claim_count - 1";
    let values = vec![rows::instant(due_at)];
    update(db.writer(), id, lease_id, set, values).await
}

/// One piece of a file.
pub async fn chunk(db: &Database, id: Uuid, position: i32) -> Result<Vec<u8>> {
    let row = import_chunk::Entity::find_by_id((id, position))
        .one(db.reader())
        .await?;
    row.map(|row| row.sealed).ok_or(Error::NotFound)
}

/// What is known about a file before its first row.
pub struct Description<'a> {
    /// Rows below the headings of its sheets.
    pub row_count: i32,
    /// How it was understood; JSON without text of the file.
    pub layout: &'a str,
    /// The heading of its first sheet.
    pub sealed_heading: Vec<u8>,
    /// Names and headings of its sheets.
    pub sealed_sheets: Vec<u8>,
}

/// Records what was found out about a file before its first row.
pub async fn describe(
    db: &Database,
    id: Uuid,
    lease_id: Uuid,
    description: Description<'_>,
) -> Result<()> {
    let set = "row_count = ?, layout = ?, sealed_heading = ?, sealed_sheets = ?";
    let values = vec![
        rows::integer(description.row_count),
        rows::text(description.layout),
        rows::bytes(description.sealed_heading),
        rows::bytes(description.sealed_sheets),
    ];
    update(db.writer(), id, lease_id, set, values).await
}

/// The outcome of a part of the rows.
pub struct Checkpoint {
    /// The file.
    pub import_id: Uuid,
    /// Under which lease.
    pub lease_id: Uuid,
    /// The first row of the part; the rows before it are done.
    pub first_row: i32,
    /// The outcomes, in order.
    pub rows: Vec<ImportRow>,
}

impl Checkpoint {
    fn count(&self, outcome: RowOutcome) -> Value {
        let count = self
            .rows
            .iter()
            .filter(|row| row.outcome.get() == Ok(outcome));
        rows::integer(i32::try_from(count.count()).unwrap_or(i32::MAX))
    }
}

/// Records a part. Fails with [`Error::LeaseLost`] when the lease no longer holds or the rows
/// before are not done.
pub async fn checkpoint(
    db: &Database,
    part: Checkpoint,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> Result<()> {
    let (lease_end, lease_end_value) = dialect::lease_end(db.backend(), now, lease_seconds);
    let row_count = i32::try_from(part.rows.len()).unwrap_or(i32::MAX);
    let text = format!(
        "UPDATE import SET next_row = ?, accepted_count = accepted_count + ?, \
           replayed_count = replayed_count + ?, rejected_count = rejected_count + ?, \
           skipped_count = skipped_count + ?, claim_count = 1, leased_until = {lease_end} \
         WHERE id = ? AND lease_id = ? AND state = 'running' AND next_row = ?"
    );
    let values = vec![
        rows::integer(part.first_row.saturating_add(row_count)),
        part.count(RowOutcome::Accepted),
        part.count(RowOutcome::Replayed),
        part.count(RowOutcome::Rejected),
        part.count(RowOutcome::Skipped),
        lease_end_value,
        rows::uuid(part.import_id),
        rows::uuid(part.lease_id),
        rows::integer(part.first_row),
    ];
    let transaction = write::begin(db).await?;
    let changed = transaction
        .execute_raw(dialect::statement(db.backend(), &text, values))
        .await?;
    if changed.rows_affected() != 1 {
        return Err(Error::LeaseLost { id: part.import_id });
    }
    let outcomes = part.rows.into_iter().map(OutcomeRow).collect();
    let statement = dialect::insert_rows(db.backend(), "import_row", outcomes, "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await
}

/// Completes a file whose rows are all done.
pub async fn complete(db: &Database, id: Uuid, lease_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let set = "state = 'completed', finished_at = ?, lease_id = NULL, leased_until = NULL";
    update(db.writer(), id, lease_id, set, vec![rows::instant(now)]).await
}

/// Ends a file that cannot be read as a whole. `problem` is JSON without values of the file.
pub async fn fail(
    db: &Database,
    id: Uuid,
    lease_id: Uuid,
    problem: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let set = "state = 'failed', finished_at = ?, problem = ?, lease_id = NULL, \
         leased_until = NULL";
    let values = vec![rows::instant(now), rows::text(problem)];
    update(db.writer(), id, lease_id, set, values).await
}

async fn update(
    connection: &impl ConnectionTrait,
    id: Uuid,
    lease_id: Uuid,
    set: &str,
    mut values: Vec<Value>,
) -> Result<()> {
    let text =
        format!("UPDATE import SET {set} WHERE id = ? AND lease_id = ? AND state = 'running'");
    values.push(rows::uuid(id));
    values.push(rows::uuid(lease_id));
    let changed = connection
        .execute_raw(dialect::statement(Backend::of(connection), &text, values))
        .await?;
    if changed.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::LeaseLost { id })
    }
}

/// Which of these stays were made by this import, and by a row whose outcome is not recorded: the
/// worker died between the stay and the checkpoint.
pub async fn own_unrecorded(
    db: &Database,
    import: &Import,
    stay_ids: &[Uuid],
) -> Result<Vec<Uuid>> {
    let Some(received_at) = import.received_at.filter(|_| !stay_ids.is_empty()) else {
        return Ok(Vec::new());
    };
    let marks = vec!["?"; stay_ids.len()].join(", ");
    let text = format!(
        "SELECT s.id FROM stay s JOIN stay_version w ON w.stay_id = s.id AND w.version = 1 \
         WHERE s.id IN ({marks}) AND s.received_at = ? AND w.channel = 'file' \
           AND w.created_by = ? AND NOT EXISTS (SELECT 1 FROM import_row r \
             WHERE r.stay_id = s.id AND r.import_id = ?)"
    );
    let mut values: Vec<Value> = stay_ids.iter().copied().map(rows::uuid).collect();
    values.push(rows::instant(received_at));
    values.push(rows::uuid(import.created_by));
    values.push(rows::uuid(import.id));
    let statement = dialect::statement(db.backend(), &text, values);
    // The writer's connection: a reader may not see yet what was just committed.
    let found = db.writer().query_all_raw(statement).await?;
    found
        .iter()
        .map(|row| Ok(row.try_get::<Uuid>("", "id")?))
        .collect()
}

/// Outcomes of rows after a position, in order; all or those with one outcome.
pub async fn rows(
    db: &Database,
    import_id: Uuid,
    outcome: Option<RowOutcome>,
    after: Option<i32>,
    limit: u64,
) -> Result<Vec<ImportRow>> {
    let mut query = import_row::Entity::find().filter(import_row::Column::ImportId.eq(import_id));
    if let Some(outcome) = outcome {
        query = query.filter(import_row::Column::Outcome.eq(outcome.as_str()));
    }
    if let Some(after) = after {
        query = query.filter(import_row::Column::Position.gt(after));
    }
    Ok(query
        .order_by_asc(import_row::Column::Position)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// What is noted of a row: `null` when nothing is.
///
/// Errors: it is damaged.
pub fn notes(row: &ImportRow) -> Result<serde_json::Value> {
    let notes = row.notes.as_deref().unwrap_or("null");
    serde_json::from_str(notes).map_err(|_| Error::Corrupt {
        what: "import_row.notes",
    })
}

/// Why a file cannot be read; `None` of one that can.
///
/// Errors: it is damaged.
pub fn problem(import: &Import) -> Result<Option<serde_json::Value>> {
    let problem = import.problem.as_deref().map(serde_json::from_str);
    problem.transpose().map_err(|_| Error::Corrupt {
        what: "import.problem",
    })
}

/// How a file was understood; `null` until it is read.
///
/// Errors: it is damaged.
pub fn layout(import: &Import) -> Result<serde_json::Value> {
    let layout = import.layout.as_deref().unwrap_or("null");
    serde_json::from_str(layout).map_err(|_| Error::Corrupt {
        what: "import.layout",
    })
}

/// Deletes expired files with their content and row outcomes, and uploads that were never finished.
/// Returns how many files it deleted.
pub async fn forget_expired(
    db: &Database,
    now: DateTime<Utc>,
    unfinished_before: DateTime<Utc>,
) -> Result<u64> {
    let expired = import::Entity::find()
        .select_only()
        .column(import::Column::Id)
        .column(import::Column::NextRow)
        .filter(
            sea_orm::Condition::any()
                .add(import::Column::ExpiresAt.lte(now))
                .add(
                    sea_orm::Condition::all()
                        .add(import::Column::State.eq(ImportState::Uploading.as_str()))
                        .add(import::Column::CreatedAt.lte(unfinished_before)),
                ),
        )
        .limit(FORGOTTEN_COUNT_MAX)
        .into_tuple::<(Uuid, i32)>()
        .all(db.reader())
        .await?;
    for (id, row_count) in &expired {
        forget(db, *id, *row_count).await?;
    }
    Ok(expired.len() as u64)
}

async fn forget(db: &Database, id: Uuid, row_count: i32) -> Result<()> {
    import_chunk::Entity::delete_many()
        .filter(import_chunk::Column::ImportId.eq(id))
        .exec(db.writer())
        .await?;
    let mut end = 0;
    while end < row_count {
        end += ROWS_FORGOTTEN_AT_ONCE;
        import_row::Entity::delete_many()
            .filter(import_row::Column::ImportId.eq(id))
            .filter(import_row::Column::Position.lt(end))
            .exec(db.writer())
            .await?;
    }
    import::Entity::delete_by_id(id).exec(db.writer()).await?;
    Ok(())
}

columns!(OutcomeRow(ImportRow) {
    import_id,
    position,
    row_number,
    sheet,
    outcome,
    stay_id,
    notes,
    sealed,
});
