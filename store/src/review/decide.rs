//! Decisions: made under a lease that still holds, in one transaction with their consequences.

use chrono::{DateTime, Utc};
use domain::review::{self, ReviewDecision, ReviewKind, ReviewState};
use entity::review_decision;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Case, DecisionRow,
    queue::{OfficerScope, find_on},
};
use crate::{
    Backend, Database, Result, audit, dialect, idempotency,
    rows::{self, columns},
    table_rows::{AuditRow, EventRow},
    write,
};

/// A decision as an officer makes it.
pub struct NewDecision {
    /// Its id.
    pub id: Uuid,
    /// About which case.
    pub case_id: Uuid,
    /// Under which lease.
    pub lease_id: Uuid,
    /// The deciding officer's key.
    pub key_id: Uuid,
    /// What.
    pub decision: ReviewDecision,
    /// With `refer`: commune and province.
    pub referred_to: Option<(String, String)>,
    /// With `request_correction`: the members that the officer named.
    pub pointers: Option<Vec<&'static str>>,
    /// The officer's words, sealed.
    pub sealed: Option<Vec<u8>>,
    /// When.
    pub decided_at: DateTime<Utc>,
    /// The request's `Idempotency-Key`, when one came.
    pub idempotency: Option<idempotency::Idempotency>,
    /// The key that a request has by officer, case and lease: the same decision sent again under
    /// the lease that made it is a replay.
    pub natural: idempotency::Idempotency,
    /// The audit entry, to be completed with the case.
    pub audit: audit::Entry,
    /// The event for the sender of a question, to be completed with the stay and the question.
    pub question_event: entity::event::Model,
    /// The event for the sender when the data in question is accepted, to be completed with the
    /// stay.
    pub reviewed_event: entity::event::Model,
    /// Makes ids of further events.
    pub fresh_id: Box<dyn Fn() -> Uuid + Send + Sync>,
}

/// What became of a decision.
#[derive(Debug)]
pub enum Decided {
    /// It was made.
    Made(DecisionRow),
    /// The same request made it before.
    Replayed(DecisionRow),
    /// The `Idempotency-Key` was used by another request.
    KeyReused,
    /// There is no such case in the officer's communes.
    NotFound,
    /// The case is already with the commune it would be referred to; nothing was written.
    SameCommune,
    /// The lease does not hold the case, or not any more; nothing was written.
    LeaseLost,
}

/// Decides a case. An expired lease decides nothing, even if nobody has taken the case since.
pub async fn decide(db: &Database, scope: &OfficerScope, new: NewDecision) -> Result<Decided> {
    let transaction = write::begin(db).await?;
    let decided = decide_on(&transaction, scope, new).await?;
    match decided {
        Decided::Made(_) => {
            write::commit(transaction).await?;
            db.wake().notify_events();
        }
        Decided::Replayed(_)
        | Decided::KeyReused
        | Decided::NotFound
        | Decided::SameCommune
        | Decided::LeaseLost => {
            transaction.rollback().await?;
        }
    }
    Ok(decided)
}

async fn decide_on(
    connection: &impl ConnectionTrait,
    scope: &OfficerScope,
    new: NewDecision,
) -> Result<Decided> {
    let backend = Backend::of(connection);
    if let Some(key) = &new.idempotency {
        let known = idempotency::take(connection, key, new.id, new.decided_at).await?;
        if let Some(known) = known {
            return replay(connection, known).await;
        }
    }
    let known = idempotency::take(connection, &new.natural, new.id, new.decided_at).await?;
    if let Some(id @ Some(_)) = known {
        return replay(connection, id).await;
    }
    let Some(case) = find_on(connection, scope, new.case_id).await? else {
        return Ok(Decided::NotFound);
    };
    let target = new.referred_to.as_ref().map(|(commune, _)| commune);
    if target == Some(&case.commune_code) {
        return Ok(Decided::SameCommune);
    }
    if !move_case(connection, &new).await? {
        return Ok(Decided::LeaseLost);
    }
    let kind = case.kind.get()?;
    let pointers = new.pointers.as_ref();
    let pointers = pointers.map(|named| review::asked_pointers(kind, named));
    let row = row(&case, &new, pointers.as_deref());
    answer_of_case(connection, case.id, new.decided_at).await?;
    let decisions = vec![Inserted(row.clone())];
    connection
        .execute_raw(dialect::insert_rows(
            backend,
            "review_decision",
            decisions,
            "",
        ))
        .await?;
    let audit = AuditRow(audit::Entry {
        subject_id: case.id,
        subject_version: Some(case.version),
        ..new.audit
    });
    connection
        .execute_raw(dialect::insert_rows(
            backend,
            "audit_entry",
            vec![audit],
            "",
        ))
        .await?;
    let mut events = Vec::new();
    if let Some(pointers) = pointers {
        let detail = json!({"question_id": new.id, "pointers": pointers});
        events.push(EventRow(entity::event::Model {
            facility_id: Some(case.facility_id),
            stay_id: Some(case.stay_id),
            version: Some(case.version),
            detail: detail.to_string(),
            ..new.question_event.clone()
        }));
    }
    if new.decision == ReviewDecision::Accept && kind.is_about_identity() {
        let reviewed = accept_identity(connection, (&case, kind), new.decided_at).await?;
        events.extend(reviewed.into_iter().map(|stay| {
            EventRow(entity::event::Model {
                id: (new.fresh_id)(),
                facility_id: Some(stay.facility_id),
                stay_id: Some(stay.id),
                version: Some(stay.version),
                ..new.reviewed_event.clone()
            })
        }));
    }
    if !events.is_empty() {
        connection
            .execute_raw(dialect::insert_rows(backend, "event", events, ""))
            .await?;
    }
    Ok(Decided::Made(row))
}

/// A stay whose sender no longer has to check anything.
#[derive(FromQueryResult)]
struct Reviewed {
    id: Uuid,
    facility_id: Uuid,
    version: i32,
}

/// Tells senders that an officer accepted the data: the stay of the case, or, in a case about tries
/// for a number, every stay flagged for it. They owe nothing for it any more. Stays that need no
/// check, such as a guest corrected in the meantime, are left alone.
async fn accept_identity(
    connection: &impl ConnectionTrait,
    (case, kind): (&Case, ReviewKind),
    at: DateTime<Utc>,
) -> Result<Vec<Reviewed>> {
    let backend = Backend::of(connection);
    let flagged_together = match kind == ReviewKind::Probing {
        true => {
            " OR (stay.identity_review = 'attention' AND stay.id IN (\
               SELECT other.id FROM stay other JOIN stay one \
                 ON one.document_index = other.document_index \
                   AND one.organisation_id = other.organisation_id WHERE one.id = ?))"
        }
        false => "",
    };
    let owes_birth_date = "(owed LIKE '%\"missing\":[\"/guest/birth_date\"]%' \
         AND document_kind <> 'none')";
    let text = format!(
        "UPDATE stay SET identity_review = 'reviewed', changed_at = ?, \
           completion_state = CASE WHEN {owes_birth_date} THEN 'complete' \
             ELSE completion_state END, \
           owed = CASE WHEN {owes_birth_date} THEN NULL ELSE owed END \
         WHERE (stay.id = ? AND (identity_review = 'attention' OR (identity_review IS NULL \
             AND identity_state IN ('mismatch', 'not_found')))){flagged_together} \
         RETURNING id, facility_id, version"
    );
    let mut values = vec![rows::instant(at), rows::uuid(case.stay_id)];
    if kind == ReviewKind::Probing {
        values.push(rows::uuid(case.stay_id));
    }
    let statement = dialect::statement(backend, &text, values);
    Ok(Reviewed::find_by_statement(statement)
        .all(connection)
        .await?)
}

async fn replay(connection: &impl ConnectionTrait, known: Option<Uuid>) -> Result<Decided> {
    let Some(id) = known else {
        return Ok(Decided::KeyReused);
    };
    let row = review_decision::Entity::find_by_id(id)
        .one(connection)
        .await?;
    Ok(row.map_or(Decided::KeyReused, Decided::Replayed))
}

/// The fence: changes the case only while the lease holds it.
async fn move_case(connection: &impl ConnectionTrait, new: &NewDecision) -> Result<bool> {
    let backend = Backend::of(connection);
    let state = new.decision.leads_to();
    let closed_at = (state == ReviewState::Closed).then_some(new.decided_at);
    let (commune_code, province_code) = new.referred_to.clone().unzip();
    let (lease_now, lease_now_values) = dialect::lease_now(backend, new.decided_at);
    let text = format!(
        "UPDATE review_case SET state = ?, closed_at = ?, decision = ?, decided_by = ?, \
           decided_at = ?, commune_code = COALESCE(?, commune_code), \
           province_code = COALESCE(?, province_code), \
           lease_id = NULL, leased_by = NULL, leased_until = NULL \
         WHERE id = ? AND lease_id = ? AND leased_by = ? AND leased_until > {lease_now} \
           AND closed_at IS NULL"
    );
    let mut values = vec![
        rows::text(state.as_str()),
        rows::instant_null(closed_at),
        rows::text(new.decision.as_str()),
        rows::uuid(new.key_id),
        rows::instant(new.decided_at),
        rows::text_null(commune_code),
        rows::text_null(province_code),
        rows::uuid(new.case_id),
        rows::uuid(new.lease_id),
        rows::uuid(new.key_id),
    ];
    values.extend(lease_now_values);
    let statement = dialect::statement(backend, &text, values);
    Ok(connection.execute_raw(statement).await?.rows_affected() == 1)
}

fn row(case: &Case, new: &NewDecision, pointers: Option<&[&str]>) -> DecisionRow {
    DecisionRow {
        id: new.id,
        case_id: case.id,
        stay_id: case.stay_id,
        version: case.version,
        decision: new.decision.into(),
        commune_code: case.commune_code.clone(),
        referred_to: new.referred_to.as_ref().map(|(commune, _)| commune.clone()),
        decided_by: new.key_id,
        decided_at: new.decided_at,
        pointers: pointers.map(|pointers| json!(pointers).to_string()),
        sealed: new.sealed.clone(),
        answered_at: None,
    }
}

/// A question that the officer withdraws by deciding again.
async fn answer_of_case(
    connection: &impl ConnectionTrait,
    case_id: Uuid,
    at: DateTime<Utc>,
) -> Result<()> {
    let backend = Backend::of(connection);
    let statement = dialect::statement(
        backend,
        "UPDATE review_decision SET answered_at = ? \
         WHERE case_id = ? AND decision = 'request_correction' AND answered_at IS NULL",
        vec![rows::instant(at), rows::uuid(case_id)],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// The decisions about these cases, oldest first.
pub async fn history(db: &Database, case_ids: &[Uuid]) -> Result<Vec<DecisionRow>> {
    if case_ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(review_decision::Entity::find()
        .filter(review_decision::Column::CaseId.is_in(case_ids.iter().copied()))
        .order_by_asc(review_decision::Column::DecidedAt)
        .order_by_asc(review_decision::Column::Id)
        .all(db.reader())
        .await?)
}

/// Questions about these stays that their senders have not answered, oldest first.
pub async fn questions(db: &Database, stay_ids: &[Uuid]) -> Result<Vec<DecisionRow>> {
    if stay_ids.is_empty() {
        return Ok(Vec::new());
    }
    let word = ReviewDecision::RequestCorrection.as_str();
    Ok(review_decision::Entity::find()
        .filter(review_decision::Column::StayId.is_in(stay_ids.iter().copied()))
        .filter(review_decision::Column::Decision.eq(word))
        .filter(review_decision::Column::AnsweredAt.is_null())
        .order_by_asc(review_decision::Column::DecidedAt)
        .order_by_asc(review_decision::Column::Id)
        .all(db.reader())
        .await?)
}

columns!(Inserted(DecisionRow) {
    id,
    case_id,
    stay_id,
    version,
    decision,
    commune_code,
    referred_to,
    decided_by,
    decided_at,
    pointers,
    sealed,
});
