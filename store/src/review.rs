//! Cases for the police.
//!
//! A case is opened in the transaction that causes it. While it is open, the same reason opens no
//! second one. [`queue`] covers who sees and holds cases, [`decide`] what happens to them.

pub mod answers;
pub mod decide;
pub mod facts;
pub mod queue;
pub mod statistics;
pub mod withdrawals;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::review::{self, ReviewKind};
use entity::{review_case, review_decision, stay, word::Word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    QueryTrait, Statement,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Backend, Database, Error, Result, damage, dialect, rows::columns, stays::StayRow, write,
};

/// A case as stored.
pub type Case = review_case::Model;
/// A decision as stored.
pub type DecisionRow = review_decision::Model;

/// The further members of a case.
///
/// Errors: they are damaged.
pub fn detail(case: &Case) -> Result<serde_json::Value> {
    serde_json::from_str(&case.detail).map_err(|_| Error::Corrupt {
        what: "review_case.detail",
    })
}

/// The members that a decision asks the sender to check.
///
/// Errors: they are damaged. A question about nothing would be answered by any change.
pub fn asked_about(decision: &DecisionRow) -> Result<Vec<String>> {
    let Some(stored) = &decision.pointers else {
        return Ok(Vec::new());
    };
    serde_json::from_str(stored).map_err(|_| Error::Corrupt {
        what: "review_decision.pointers",
    })
}

/// The stay that a case is about, whoever may see it.
pub async fn stay_of_case(db: &Database, case_id: Uuid) -> Result<Option<StayRow>> {
    let of_case = review_case::Entity::find_by_id(case_id)
        .select_only()
        .column(review_case::Column::StayId)
        .into_query();
    let stay = stay::Entity::find()
        .filter(stay::Column::Id.in_subquery(of_case))
        .one(db.reader())
        .await?;
    Ok(stay)
}

/// A reason for an officer to review a stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCase {
    /// The case, if it becomes a new one.
    pub id: Uuid,
    /// Why.
    pub kind: ReviewKind,
    /// The stay.
    pub stay_id: Uuid,
    /// The version that gave the reason.
    pub version: i32,
    /// Codes, grades and ids; no personal value.
    pub detail: serde_json::Value,
    /// Since when.
    pub opened_at: DateTime<Utc>,
}

impl NewCase {
    /// A case that a version of a stay opens by itself.
    pub fn of_version(
        stay_id: Uuid,
        version: i32,
        kind: ReviewKind,
        detail: serde_json::Value,
        opened_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: review::case_id(stay_id, version, kind),
            kind,
            stay_id,
            version,
            detail,
            opened_at,
        }
    }
}

/// Opens cases; where one with the same stay and kind is open, it gets the newer version and detail
/// instead, and stays in its state: a sender who was asked answers by a change of what was asked
/// about, or in words. The stays must already exist; a cancelled stay needs no review.
///
/// No two cases of a call may have the same stay and kind.
pub(crate) async fn open(connection: &impl ConnectionTrait, mut cases: Vec<NewCase>) -> Result<()> {
    let backend = Backend::of(connection);
    if cases.is_empty() {
        return Ok(());
    }
    cases.sort_unstable_by_key(|case| (case.stay_id, case.kind));
    let rows: Vec<CaseRow> = cases.into_iter().map(CaseRow::from).collect();
    let (with, values) = dialect::with_rows(backend, rows);
    // A group whose COMMIT was lost is recorded again, possibly after its case was closed. Checked
    // row by row: an anti-join's plan, cached when the table was small, would scan all of it.
    let text = format!(
        "{with} INSERT INTO review_case (id, kind, state, priority, commune_code, \
           province_code, facility_id, stay_id, version, detail, opened_at) \
         SELECT v.id, v.kind, 'open', v.priority, stay.commune_code, stay.province_code, \
           stay.facility_id, v.stay_id, v.version, v.detail, v.opened_at \
         FROM v JOIN stay ON stay.id = v.stay_id \
         WHERE (SELECT known.id FROM review_case known WHERE known.id = v.id) IS NULL \
           AND stay.presence <> 'cancelled' \
         ON CONFLICT (stay_id, kind) WHERE closed_at IS NULL DO UPDATE SET \
           version = excluded.version, detail = excluded.detail"
    );
    let statement = Statement::from_sql_and_values(backend.into(), text, values);
    connection.execute_raw(statement).await?;
    Ok(())
}

/// A new version of a stay, by what it changed.
pub(crate) struct Touched<'a> {
    pub(crate) stay_id: Uuid,
    pub(crate) version: i32,
    pub(crate) at: DateTime<Utc>,
    /// Pointers to the changed members.
    pub(crate) changed: &'a [String],
    /// A cancelled stay: nothing is asked about it any more.
    pub(crate) is_withdrawn: bool,
}

/// Handles new versions of stays: a change to a member in question answers it, and the case waits
/// for an officer again. Other questions stay open.
pub(crate) async fn answer_by_changes(
    connection: &impl ConnectionTrait,
    versions: Vec<Touched<'_>>,
) -> Result<()> {
    let backend = Backend::of(connection);
    let by_stay: HashMap<Uuid, &Touched<'_>> = versions
        .iter()
        .map(|version| (version.stay_id, version))
        .collect();
    let ids: Vec<Uuid> = versions.iter().map(|version| version.stay_id).collect();
    let (among, values) = dialect::among_ids(backend, "stay_id", &ids);
    let text = format!(
        "SELECT * FROM review_decision WHERE {among} \
           AND decision = 'request_correction' AND answered_at IS NULL"
    );
    let statement = dialect::statement(backend, &text, values);
    let questions = DecisionRow::find_by_statement(statement)
        .all(connection)
        .await?;
    let mut answered: Vec<AnsweredQuestion> = Vec::new();
    for question in questions {
        let Some(touched) = by_stay.get(&question.stay_id) else {
            continue;
        };
        // A damaged question stays open: an officer sees it, and nobody can tell what answers it.
        let asked = damage::sound("review_decision", question.id, asked_about(&question));
        let is_answered =
            asked.is_some_and(|asked| review::is_answered_by(&asked, touched.changed));
        if touched.is_withdrawn || is_answered {
            answered.push(AnsweredQuestion {
                question_id: question.id,
                case_id: question.case_id,
                version: touched.version,
                at: touched.at,
            });
        }
    }
    close_questions(connection, answered).await
}

/// Marks questions as answered; their cases wait for an officer again.
async fn close_questions(
    connection: &impl ConnectionTrait,
    mut answers: Vec<AnsweredQuestion>,
) -> Result<()> {
    let backend = Backend::of(connection);
    if answers.is_empty() {
        return Ok(());
    }
    answers.sort_unstable_by_key(|row| row.question_id);
    let (with, values) = dialect::with_rows(backend, answers.clone());
    let text = format!(
        "{with} UPDATE review_decision SET answered_at = v.answered_at FROM v \
         WHERE review_decision.id = v.question_id AND review_decision.answered_at IS NULL"
    );
    let questions = Statement::from_sql_and_values(backend.into(), text, values);
    connection.execute_raw(questions).await?;
    let mut seen = HashSet::new();
    answers.retain(|row| seen.insert(row.case_id));
    answers.sort_unstable_by_key(|row| row.case_id);
    let (with, values) = dialect::with_rows(backend, answers);
    let text = format!(
        "{with} UPDATE review_case SET state = 'open', version = v.version FROM v \
         WHERE review_case.id = v.case_id AND review_case.closed_at IS NULL \
           AND review_case.state = 'awaiting_correction'"
    );
    let cases = Statement::from_sql_and_values(backend.into(), text, values);
    connection.execute_raw(cases).await?;
    Ok(())
}

/// Closes the cases of cancelled stays, whoever holds them, with the questions to their senders.
pub(crate) async fn close(
    connection: &impl ConnectionTrait,
    cancelled: Vec<(Uuid, DateTime<Utc>)>,
) -> Result<()> {
    if cancelled.is_empty() {
        return Ok(());
    }
    let row = |(stay_id, closed_at)| CancelledRow { stay_id, closed_at };
    let mut rows: Vec<CancelledRow> = cancelled.into_iter().map(row).collect();
    rows.sort_unstable_by_key(|row| (row.stay_id, row.closed_at));
    let backend = Backend::of(connection);
    let (with, values) = dialect::with_rows(backend, rows);
    let cases = format!(
        "{with} UPDATE review_case SET state = 'closed', closed_at = v.closed_at, \
           lease_id = NULL, leased_by = NULL, leased_until = NULL \
         FROM v WHERE review_case.stay_id = v.stay_id AND review_case.closed_at IS NULL"
    );
    let questions = format!(
        "{with} UPDATE review_decision SET answered_at = v.closed_at FROM v \
         WHERE review_decision.stay_id = v.stay_id \
           AND review_decision.decision = 'request_correction' \
           AND review_decision.answered_at IS NULL"
    );
    for text in [cases, questions] {
        let statement = Statement::from_sql_and_values(backend.into(), text, values.clone());
        connection.execute_raw(statement).await?;
    }
    Ok(())
}

/// Each stay and kind once, the first of them.
pub(crate) fn distinct(cases: impl IntoIterator<Item = NewCase>) -> Vec<NewCase> {
    let mut seen = HashSet::new();
    cases
        .into_iter()
        .filter(|case| seen.insert((case.stay_id, case.kind)))
        .collect()
}

/// Moves cases that a process of the previous release wrote into its own table, and returns how
/// many there were.
pub async fn adopt(db: &Database) -> Result<u64> {
    let backend = db.backend();
    let has_any = "SELECT 1 FROM review LIMIT 1";
    let has_any = Statement::from_string(backend.into(), has_any);
    if db.reader().query_one_raw(has_any).await?.is_none() {
        return Ok(0);
    }
    let transaction = write::begin(db).await?;
    let old = "DELETE FROM review RETURNING id, kind, stay_id, opened_at";
    let old = Statement::from_string(backend.into(), old);
    let mut cases = Vec::new();
    for row in transaction.query_all_raw(old).await? {
        let kind: Word<ReviewKind> = row.try_get("", "kind")?;
        cases.push(NewCase {
            id: row.try_get("", "id")?,
            kind: kind.get()?,
            stay_id: row.try_get("", "stay_id")?,
            version: 1,
            detail: json!({}),
            opened_at: row.try_get("", "opened_at")?,
        });
    }
    let count = u64::try_from(cases.len()).unwrap_or(u64::MAX);
    open(&transaction, distinct(cases)).await?;
    write::commit(transaction).await?;
    Ok(count)
}

#[derive(Clone)]
struct AnsweredQuestion {
    question_id: Uuid,
    case_id: Uuid,
    version: i32,
    at: DateTime<Utc>,
}

columns!(AnsweredQuestion {
    question_id,
    case_id,
    version,
    at as "answered_at",
});

/// A stay that was cancelled, and when.
struct CancelledRow {
    stay_id: Uuid,
    closed_at: DateTime<Utc>,
}

columns!(CancelledRow { stay_id, closed_at });

struct CaseRow {
    id: Uuid,
    kind: Word<ReviewKind>,
    priority: i32,
    stay_id: Uuid,
    version: i32,
    detail: String,
    opened_at: DateTime<Utc>,
}

impl From<NewCase> for CaseRow {
    fn from(case: NewCase) -> Self {
        Self {
            id: case.id,
            kind: case.kind.into(),
            priority: case.kind.priority(),
            stay_id: case.stay_id,
            version: case.version,
            detail: case.detail.to_string(),
            opened_at: case.opened_at,
        }
    }
}

columns!(CaseRow {
    id,
    kind,
    priority,
    stay_id,
    version,
    detail,
    opened_at,
});
