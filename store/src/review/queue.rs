//! The officers' queue: visibility, claims and counts of cases.

use chrono::{DateTime, Utc};
use domain::facility::FacilityKind;
use domain::review::{ReviewKind, ReviewState};
use entity::{review_case, word::Word};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::Case;
use crate::{
    Backend, Database, Result, audit, dialect, idempotency, rows, table_rows::AuditRow, write,
};

/// The communes and provinces whose cases an officer sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OfficerScope {
    /// Communes.
    pub communes: Vec<String>,
    /// Provinces, with all their communes.
    pub provinces: Vec<String>,
}

/// Which cases a list shows.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Only of these kinds; of all when empty.
    pub kinds: Vec<ReviewKind>,
    /// Only in this state; in all but closed when left out.
    pub state: Option<ReviewState>,
    /// Only what waits for an officer, in whichever of the two such states.
    pub is_waiting: bool,
    /// Only of this commune.
    pub commune_code: Option<String>,
    /// Only what this lease of this key holds.
    pub lease: Option<(Uuid, Uuid)>,
    /// Only what this key holds at this time, under whichever lease.
    pub holder: Option<(Uuid, DateTime<Utc>)>,
    /// Only of this facility.
    pub facility_id: Option<Uuid>,
    /// Only of facilities of this kind.
    pub facility_kind: Option<FacilityKind>,
}

impl CaseFilter {
    fn condition(&self, backend: Backend) -> Condition {
        let mut condition = Condition::default();
        match self.state {
            None => condition.and("closed_at IS NULL", []),
            Some(ReviewState::Closed) => condition.and("closed_at IS NOT NULL", []),
            Some(state) => condition.and(
                "closed_at IS NULL AND state = ?",
                [rows::text(state.as_str())],
            ),
        }
        if self.is_waiting {
            condition.and("closed_at IS NULL AND state IN ('open', 'referred')", []);
        }
        narrow(&mut condition, &self.kinds, self.commune_code.as_ref());
        if let Some((lease_id, key_id)) = self.lease {
            let values = [rows::uuid(lease_id), rows::uuid(key_id)];
            condition.and("lease_id = ? AND leased_by = ?", values);
        }
        if let Some((key_id, now)) = self.holder {
            let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
            condition.and("leased_by = ?", [rows::uuid(key_id)]);
            condition.and(&format!("leased_until > {lease_now}"), lease_now_values);
        }
        if let Some(id) = self.facility_id {
            condition.and("facility_id = ?", [rows::uuid(id)]);
        }
        if let Some(kind) = self.facility_kind {
            let of_kind =
                "facility_id IN (SELECT facility.id FROM facility WHERE facility.kind = ?)";
            condition.and(of_kind, [rows::text(kind.as_str())]);
        }
        condition
    }
}

/// A part of a statement's condition, with the values of its marks.
#[derive(Default)]
pub(super) struct Condition {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Condition {
    fn and(&mut self, text: &str, values: impl IntoIterator<Item = Value>) {
        if !self.text.is_empty() {
            self.text.push_str(" AND ");
        }
        self.text.push_str(text);
        self.values.extend(values);
    }

    fn and_in(&mut self, column: &str, values: Vec<Value>) {
        let text = is_in(column, values.len());
        self.and(&text, values);
    }
}

fn is_in(column: &str, count: usize) -> String {
    format!("{column} IN ({})", vec!["?"; count].join(", "))
}

impl OfficerScope {
    /// The condition of a statement of its own, with the values of its marks.
    pub(super) fn as_condition(&self) -> (String, Vec<Value>) {
        let condition = self.condition();
        (condition.text, condition.values)
    }

    /// An officer of nothing sees nothing.
    pub(super) fn condition(&self) -> Condition {
        let areas = [
            ("commune_code", &self.communes),
            ("province_code", &self.provinces),
        ];
        let mut parts = Vec::new();
        let mut values = Vec::new();
        for (column, codes) in areas {
            if !codes.is_empty() {
                parts.push(is_in(column, codes.len()));
                values.extend(codes.iter().map(rows::text));
            }
        }
        let text = match parts.as_slice() {
            [] => "1 = 0".to_owned(),
            _ => format!("({})", parts.join(" OR ")),
        };
        Condition { text, values }
    }
}

/// The open cases of a scope as a table of a statement, with the columns that are counted, and the
/// values of its marks. Each kind of area is read from its index of counts, which has all of them.
pub(super) fn open_cases(scope: &OfficerScope) -> (String, Vec<Value>) {
    let counted = "SELECT commune_code, kind, state, opened_at, leased_until, stay_id \
         FROM review_case WHERE closed_at IS NULL";
    let mut parts = Vec::new();
    let mut values = Vec::new();
    if !scope.communes.is_empty() {
        let mut of_communes = Condition::default();
        of_communes.and_in("commune_code", codes(&scope.communes));
        if !scope.provinces.is_empty() {
            // Those of the provinces come with them.
            let elsewhere = format!("NOT ({})", is_in("province_code", scope.provinces.len()));
            of_communes.and(&elsewhere, codes(&scope.provinces));
        }
        parts.push(format!("{counted} AND {}", of_communes.text));
        values.extend(of_communes.values);
    }
    if !scope.provinces.is_empty() {
        let of_provinces = is_in("province_code", scope.provinces.len());
        parts.push(format!("{counted} AND {of_provinces}"));
        values.extend(codes(&scope.provinces));
    }
    if parts.is_empty() {
        parts.push(format!("{counted} AND 1 = 0"));
    }
    (
        format!("({}) AS open_case", parts.join(" UNION ALL ")),
        values,
    )
}

fn codes(codes: &[String]) -> Vec<Value> {
    codes.iter().map(rows::text).collect()
}

/// The order of the queue.
const ORDER: &str = "priority, opened_at, id";

/// A page of cases, most urgent first, among equals the oldest: those after `after`, at most
/// `limit`.
pub async fn list(
    db: &Database,
    scope: &OfficerScope,
    filter: &CaseFilter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Case>> {
    let mut condition = filter.condition(db.backend());
    if let Some(after) = after {
        // Priority and age of a case never change, so that its id stands for its place.
        let Some(place) = review_case::Entity::find_by_id(after)
            .one(db.reader())
            .await?
        else {
            return Ok(Vec::new());
        };
        let values = [
            rows::integer(place.priority),
            rows::instant(place.opened_at),
            rows::uuid(place.id),
        ];
        condition.and("(priority, opened_at, id) > (?, ?, ?)", values);
    }
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let Some(statement) = page(db.backend(), scope, &condition, limit) else {
        return Ok(Vec::new());
    };
    Ok(Case::find_by_statement(statement).all(db.reader()).await?)
}

/// The first cases of each area, and of these the first: every index has the queue of an area in
/// its order, and none that of several. `None` for an officer of nothing.
fn page(
    backend: Backend,
    scope: &OfficerScope,
    condition: &Condition,
    limit: u64,
) -> Option<Statement> {
    let areas = [
        ("commune_code", &scope.communes),
        ("province_code", &scope.provinces),
    ];
    let mut parts = Vec::new();
    let mut values = Vec::new();
    for (column, codes) in areas {
        if codes.is_empty() {
            continue;
        }
        let marks = vec!["(?)"; codes.len()].join(", ");
        let fitting = format!("{column} = v.code AND {}", condition.text);
        let first = dialect::join_first(backend, "review_case", &fitting, ORDER, limit);
        parts.push(format!(
            "SELECT n.* FROM (SELECT DISTINCT column1 AS code FROM (VALUES {marks}) AS areas) AS v \
               {first}"
        ));
        values.extend(codes.iter().map(rows::text));
        values.extend(condition.values.iter().cloned());
    }
    // A commune may lie in one of the provinces: UNION shows its cases once.
    let parts = (!parts.is_empty()).then(|| parts.join(" UNION "))?;
    let text = format!("{parts} ORDER BY {ORDER} LIMIT {limit}");
    Some(dialect::statement(backend, &text, values))
}

fn narrow(condition: &mut Condition, kinds: &[ReviewKind], commune_code: Option<&String>) {
    if !kinds.is_empty() {
        let kinds = kinds.iter().map(|kind| rows::text(kind.as_str()));
        condition.and_in("kind", kinds.collect());
    }
    if let Some(code) = commune_code {
        condition.and("commune_code = ?", [rows::text(code)]);
    }
}

/// The case with this id in the officer's communes.
pub async fn find(db: &Database, scope: &OfficerScope, id: Uuid) -> Result<Option<Case>> {
    find_on(db.reader(), scope, id).await
}

/// The case with this id if the officer may read it: it lies in the officer's communes, or the
/// officer referred it to others.
pub async fn find_readable(
    db: &Database,
    scope: &OfficerScope,
    key_id: Uuid,
    id: Uuid,
) -> Result<Option<Case>> {
    if let Some(case) = find(db, scope, id).await? {
        return Ok(Some(case));
    }
    let text = "SELECT * FROM review_case WHERE id = ? AND id IN (\
           SELECT case_id FROM review_decision \
           WHERE case_id = ? AND decided_by = ? AND decision = 'refer')";
    let values = vec![rows::uuid(id), rows::uuid(id), rows::uuid(key_id)];
    let statement = dialect::statement(db.backend(), text, values);
    Ok(Case::find_by_statement(statement).one(db.reader()).await?)
}

/// Whether there is a case of this id, wherever it lies.
pub async fn is_there(db: &Database, id: Uuid) -> Result<bool> {
    let text = "SELECT 1 AS found FROM review_case WHERE id = ?";
    let statement = dialect::statement(db.backend(), text, vec![rows::uuid(id)]);
    Ok(db.reader().query_one_raw(statement).await?.is_some())
}

pub(super) async fn find_on(
    connection: &impl ConnectionTrait,
    scope: &OfficerScope,
    id: Uuid,
) -> Result<Option<Case>> {
    let mut condition = scope.condition();
    condition.and("id = ?", [rows::uuid(id)]);
    let text = format!("SELECT * FROM review_case WHERE {}", condition.text);
    let statement = dialect::statement(Backend::of(connection), &text, condition.values);
    Ok(Case::find_by_statement(statement).one(connection).await?)
}

/// What an officer wants to take.
pub struct CaseClaim {
    /// The lease, if something is taken.
    pub lease_id: Uuid,
    /// Who.
    pub key_id: Uuid,
    /// How many at most.
    pub count: usize,
    /// Only of these kinds; of all when empty.
    pub kinds: Vec<ReviewKind>,
    /// Only of this commune.
    pub commune_code: Option<String>,
    /// Only these, in whatever state but closed.
    pub ids: Vec<Uuid>,
    /// How long they are held.
    pub lease_seconds: u32,
    /// The request's `Idempotency-Key`, when one came.
    pub idempotency: Option<idempotency::Idempotency>,
    /// As many as may be taken, each to be completed with its case.
    pub audits: Vec<audit::Entry>,
}

/// What became of a claim.
#[derive(Debug)]
pub enum ClaimedCase {
    /// These are held, perhaps none.
    Made(Vec<Case>),
    /// The same request came before and took this lease.
    Replayed {
        /// The lease.
        lease_id: Uuid,
    },
    /// The `Idempotency-Key` was used by another request.
    KeyReused,
}

/// Takes cases that nobody holds, most urgent first, under one new lease. Two officers never get
/// the same case.
pub async fn claim(
    db: &Database,
    scope: &OfficerScope,
    claim: CaseClaim,
    now: DateTime<Utc>,
) -> Result<ClaimedCase> {
    let backend = db.backend();
    let transaction = write::begin(db).await?;
    if let Some(key) = &claim.idempotency {
        let known = idempotency::take(&transaction, key, claim.lease_id, now).await?;
        if let Some(known) = known {
            transaction.rollback().await?;
            return Ok(match known {
                Some(lease_id) => ClaimedCase::Replayed { lease_id },
                None => ClaimedCase::KeyReused,
            });
        }
    }
    let statement = claim_statement(backend, scope, &claim, now);
    let mut cases = Case::find_by_statement(statement).all(&transaction).await?;
    // RETURNING promises no order.
    cases.sort_by_key(|case| (case.priority, case.opened_at, case.id));
    if claim.idempotency.is_some() || !cases.is_empty() {
        insert_claim(&transaction, &claim, now).await?;
    }
    if !cases.is_empty() {
        let audits = claim.audits.into_iter().zip(&cases).map(|(entry, case)| {
            AuditRow(audit::Entry {
                subject_id: case.id,
                subject_version: Some(case.version),
                ..entry
            })
        });
        let audits = dialect::insert_rows(backend, "audit_entry", audits.collect(), "");
        transaction.execute_raw(audits).await?;
    }
    write::commit(transaction).await?;
    Ok(ClaimedCase::Made(cases))
}

fn claim_statement(
    backend: Backend,
    scope: &OfficerScope,
    claim: &CaseClaim,
    now: DateTime<Utc>,
) -> Statement {
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let (lease_end, lease_end_value) = dialect::lease_end(backend, now, claim.lease_seconds);
    let mut condition = scope.condition();
    condition.and("closed_at IS NULL", []);
    if claim.ids.is_empty() {
        condition.and("state IN ('open', 'referred')", []);
    } else {
        let ids = claim.ids.iter().map(|id| rows::uuid(*id));
        condition.and_in("id", ids.collect());
    }
    narrow(&mut condition, &claim.kinds, claim.commune_code.as_ref());
    let is_free = format!("(leased_until IS NULL OR leased_until <= {lease_now})");
    condition.and(&is_free, lease_now_values);
    let text = format!(
        "WITH picked AS MATERIALIZED (\
           SELECT id FROM review_case WHERE {} ORDER BY priority, opened_at, id LIMIT {} {}) \
         UPDATE review_case SET lease_id = ?, leased_by = ?, leased_until = {lease_end} \
         WHERE id IN (SELECT id FROM picked) RETURNING *",
        condition.text,
        claim.count.min(claim.audits.len()),
        dialect::skip_locked(backend)
    );
    let mut values = condition.values;
    values.push(rows::uuid(claim.lease_id));
    values.push(rows::uuid(claim.key_id));
    values.push(lease_end_value);
    dialect::statement(backend, &text, values)
}

async fn insert_claim(
    connection: &impl ConnectionTrait,
    claim: &CaseClaim,
    now: DateTime<Utc>,
) -> Result<()> {
    let statement = dialect::statement(
        Backend::of(connection),
        "INSERT INTO review_claim (id, claimed_by, claimed_at) VALUES (?, ?, ?)",
        vec![
            rows::uuid(claim.lease_id),
            rows::uuid(claim.key_id),
            rows::instant(now),
        ],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// What a key's lease still holds; empty when it has expired or was released.
pub async fn held(
    db: &Database,
    lease_id: Uuid,
    key_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Case>> {
    let (lease_now, lease_now_values) = dialect::lease_now(db.backend(), now);
    let text = format!(
        "SELECT * FROM review_case \
         WHERE lease_id = ? AND leased_by = ? AND leased_until > {lease_now} \
         ORDER BY priority, opened_at, id"
    );
    let mut values = vec![rows::uuid(lease_id), rows::uuid(key_id)];
    values.extend(lease_now_values);
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(Case::find_by_statement(statement).all(db.reader()).await?)
}

/// The outcome of a request to extend a lease.
#[derive(Clone, Debug)]
pub enum Extended {
    /// Extended, with the cases it holds; empty when it was lost.
    Held(Vec<Case>),
    /// It was extended before under this `Idempotency-Key`.
    Replayed,
    /// The key was used by another request.
    KeyReused,
    /// This caller never had such a lease.
    Unknown,
}

/// Extends a lease to last this long from now; returns the cases it holds.
pub async fn extend(
    db: &Database,
    lease_id: Uuid,
    key_id: Uuid,
    now: DateTime<Utc>,
    lease_seconds: u32,
    idempotency: Option<&idempotency::Idempotency>,
) -> Result<Extended> {
    let backend = db.backend();
    if !is_known(db, lease_id, key_id).await? {
        return Ok(Extended::Unknown);
    }
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let (lease_end, lease_end_value) = dialect::lease_end(backend, now, lease_seconds);
    let text = format!(
        "UPDATE review_case SET leased_until = {lease_end} \
         WHERE lease_id = ? AND leased_by = ? AND leased_until > {lease_now} RETURNING *"
    );
    let mut values = vec![lease_end_value, rows::uuid(lease_id), rows::uuid(key_id)];
    values.extend(lease_now_values);
    let transaction = write::begin(db).await?;
    if let Some(key) = idempotency
        && let Some(known) = idempotency::take(&transaction, key, lease_id, now).await?
    {
        transaction.rollback().await?;
        return Ok(known.map_or(Extended::KeyReused, |_| Extended::Replayed));
    }
    let statement = dialect::statement(backend, &text, values);
    let mut cases = Case::find_by_statement(statement).all(&transaction).await?;
    if cases.is_empty() {
        // A refusal leaves the key free.
        transaction.rollback().await?;
        return Ok(Extended::Held(cases));
    }
    write::commit(transaction).await?;
    cases.sort_by_key(|case| (case.priority, case.opened_at, case.id));
    Ok(Extended::Held(cases))
}

/// Releases what a lease still holds and returns how many. `None` when this key never had such a
/// lease.
pub async fn release(db: &Database, lease_id: Uuid, key_id: Uuid) -> Result<Option<u64>> {
    if !is_known(db, lease_id, key_id).await? {
        return Ok(None);
    }
    let text = "UPDATE review_case SET lease_id = NULL, leased_by = NULL, leased_until = NULL \
         WHERE lease_id = ? AND leased_by = ?";
    let values = vec![rows::uuid(lease_id), rows::uuid(key_id)];
    let transaction = write::begin(db).await?;
    let statement = dialect::statement(db.backend(), text, values);
    let released = transaction.execute_raw(statement).await?;
    write::commit(transaction).await?;
    Ok(Some(released.rows_affected()))
}

/// Releases one case of a lease and returns how many, which is none when the lease does not hold it.
/// `None` when this key never had such a lease.
pub async fn release_one(
    db: &Database,
    lease_id: Uuid,
    key_id: Uuid,
    case_id: Uuid,
) -> Result<Option<u64>> {
    if !is_known(db, lease_id, key_id).await? {
        return Ok(None);
    }
    let text = "UPDATE review_case SET lease_id = NULL, leased_by = NULL, leased_until = NULL \
         WHERE id = ? AND lease_id = ? AND leased_by = ?";
    let values = vec![
        rows::uuid(case_id),
        rows::uuid(lease_id),
        rows::uuid(key_id),
    ];
    let transaction = write::begin(db).await?;
    let statement = dialect::statement(db.backend(), text, values);
    let released = transaction.execute_raw(statement).await?;
    write::commit(transaction).await?;
    Ok(Some(released.rows_affected()))
}

async fn is_known(db: &Database, lease_id: Uuid, key_id: Uuid) -> Result<bool> {
    let statement = dialect::statement(
        db.backend(),
        "SELECT 1 FROM review_claim WHERE id = ? AND claimed_by = ?",
        vec![rows::uuid(lease_id), rows::uuid(key_id)],
    );
    Ok(db.reader().query_one_raw(statement).await?.is_some())
}

/// How many cases of a kind a commune has.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Count {
    /// The commune.
    pub commune_code: String,
    /// Why they were opened.
    pub kind: Word<ReviewKind>,
    /// Cases that wait for an officer, those held by one included.
    pub open_count: i64,
    /// Of these, cases that an officer holds.
    pub leased_count: i64,
    /// Cases whose sender was asked.
    pub awaiting_count: i64,
    /// Since when the oldest waits for an officer.
    pub oldest_opened_at: Option<DateTime<Utc>>,
}

/// Counts what is not closed, by commune and kind.
pub async fn counts(db: &Database, scope: &OfficerScope, now: DateTime<Utc>) -> Result<Vec<Count>> {
    let statement = counting(db.backend(), scope, now);
    Ok(Count::find_by_statement(statement).all(db.reader()).await?)
}

fn counting(backend: Backend, scope: &OfficerScope, now: DateTime<Utc>) -> Statement {
    let (lease_now, mut values) = dialect::lease_now(backend, now);
    let (open_cases, of_scope) = open_cases(scope);
    let waits = "state IN ('open', 'referred')";
    let text = format!(
        "SELECT commune_code, kind, \
           COUNT(CASE WHEN {waits} THEN 1 END) AS open_count, \
           COUNT(CASE WHEN {waits} AND leased_until > {lease_now} THEN 1 END) AS leased_count, \
           COUNT(CASE WHEN state = 'awaiting_correction' THEN 1 END) AS awaiting_count, \
           MIN(CASE WHEN {waits} THEN opened_at END) AS oldest_opened_at \
         FROM {open_cases} GROUP BY commune_code, kind ORDER BY commune_code, kind"
    );
    values.extend(of_scope);
    dialect::statement(backend, &text, values)
}

/// How many cases wait for an officer whose declaration is due between the two instants.
pub async fn due_between(
    db: &Database,
    scope: &OfficerScope,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<i64> {
    let (open_cases, mut values) = open_cases(scope);
    let text = format!(
        "SELECT COUNT(*) AS number FROM {open_cases} JOIN stay ON stay.id = open_case.stay_id \
         WHERE open_case.state IN ('open', 'referred') AND stay.deadline_at > ? AND stay.deadline_at <= ?"
    );
    values.extend([rows::instant(from), rows::instant(until)]);
    let statement = dialect::statement(db.backend(), &text, values);
    let row = db.reader().query_one_raw(statement).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "number"))?)
}

/// A case that was decided: when it was opened, and when its last decision was made.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct HandledCase {
    /// Since when it waited.
    pub opened_at: DateTime<Utc>,
    /// Until when.
    pub decided_at: DateTime<Utc>,
}

/// The cases of these areas that were decided last since an instant.
pub async fn handled_since(
    db: &Database,
    scope: &OfficerScope,
    since: DateTime<Utc>,
) -> Result<Vec<HandledCase>> {
    let mut condition = Condition::default();
    let is_new = "id IN (SELECT case_id FROM review_decision \
         WHERE review_decision.decided_at >= ?) AND decided_at >= ?";
    condition.and(is_new, [rows::instant(since), rows::instant(since)]);
    let scope = scope.condition();
    condition.and(&scope.text, scope.values);
    let text = format!(
        "SELECT opened_at, decided_at FROM review_case WHERE {}",
        condition.text
    );
    let statement = dialect::statement(db.backend(), &text, condition.values);
    Ok(HandledCase::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

/// How many cases of a kind wait for an officer, and since when the oldest: for metrics.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WaitingCases {
    /// Why they were opened.
    pub kind: Word<ReviewKind>,
    /// How many.
    pub waiting_count: i64,
    /// Since when the oldest.
    pub oldest_opened_at: Option<DateTime<Utc>>,
}

/// Counts what waits for officers, everywhere.
pub async fn waiting(db: &Database) -> Result<Vec<WaitingCases>> {
    let text = "SELECT kind, COUNT(*) AS waiting_count, MIN(opened_at) AS oldest_opened_at \
         FROM review_case WHERE closed_at IS NULL AND state IN ('open', 'referred') \
         GROUP BY kind";
    let statement = dialect::statement(db.backend(), text, Vec::new());
    Ok(WaitingCases::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

#[cfg(test)]
mod tests;
