//! Facilities' written answers to officers. They make no version of the stay and no event.

use chrono::{DateTime, Utc};
use entity::{review_answer, review_decision};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use uuid::Uuid;

use crate::{
    Backend, Database, Result, audit, dialect, idempotency, rows, table_rows::AuditRow, write,
};

/// An answer as stored.
pub type AnswerRow = review_answer::Model;

/// An answer as a facility gives it.
pub struct NewAnswer {
    /// Its row, to be completed with the case.
    pub row: AnswerRow,
    /// The request's `Idempotency-Key`, when one came.
    pub idempotency: Option<idempotency::Idempotency>,
    /// The key derived from an answer: the same words to the same question are a replay.
    pub natural: idempotency::Idempotency,
    /// The audit entry of the answer.
    pub audit: audit::Entry,
}

/// What became of an answer.
#[derive(Debug)]
pub enum Answered {
    /// It is with the officers.
    Made(AnswerRow),
    /// The same request gave it before.
    Replayed(AnswerRow),
    /// The `Idempotency-Key` was used by another request.
    KeyReused,
    /// The stay has no such question.
    QuestionUnknown,
    /// The question waits for no answer any more.
    Closed,
}

/// Answers a question about a stay; its case waits for an officer again.
pub async fn answer(db: &Database, new: NewAnswer) -> Result<Answered> {
    let transaction = write::begin(db).await?;
    let answered = answer_on(&transaction, new).await?;
    match answered {
        Answered::Made(_) => write::commit(transaction).await?,
        Answered::Replayed(_)
        | Answered::KeyReused
        | Answered::QuestionUnknown
        | Answered::Closed => transaction.rollback().await?,
    }
    Ok(answered)
}

async fn answer_on(connection: &impl ConnectionTrait, new: NewAnswer) -> Result<Answered> {
    let at = new.row.answered_at;
    if let Some(key) = &new.idempotency {
        let known = idempotency::take(connection, key, new.row.id, at).await?;
        if let Some(known) = known {
            return replay(connection, known).await;
        }
    }
    let known = idempotency::take(connection, &new.natural, new.row.id, at).await?;
    if let Some(known @ Some(_)) = known {
        return replay(connection, known).await;
    }
    let question = review_decision::Entity::find_by_id(new.row.question_id)
        .filter(review_decision::Column::StayId.eq(new.row.stay_id))
        .filter(review_decision::Column::Decision.eq("request_correction"))
        .one(connection)
        .await?;
    let Some(question) = question else {
        return Ok(Answered::QuestionUnknown);
    };
    if !close(connection, question.id, at).await? {
        return Ok(Answered::Closed);
    }
    return_case(connection, question.case_id).await?;
    let row = AnswerRow {
        case_id: question.case_id,
        ..new.row
    };
    let inserted = row.clone().into_active_model().reset_all();
    inserted.insert(connection).await?;
    let audit = vec![AuditRow(audit::Entry {
        subject_id: question.case_id,
        subject_version: Some(question.version),
        ..new.audit
    })];
    let audit = dialect::insert_rows(Backend::of(connection), "audit_entry", audit, "");
    connection.execute_raw(audit).await?;
    Ok(Answered::Made(row))
}

/// Only one of two answers, or of an answer and a change, closes the question.
async fn close(
    connection: &impl ConnectionTrait,
    question_id: Uuid,
    at: DateTime<Utc>,
) -> Result<bool> {
    let statement = dialect::statement(
        Backend::of(connection),
        "UPDATE review_decision SET answered_at = ? WHERE id = ? AND answered_at IS NULL",
        vec![rows::instant(at), rows::uuid(question_id)],
    );
    Ok(connection.execute_raw(statement).await?.rows_affected() == 1)
}

/// Lets a case that waited for its sender wait for an officer.
async fn return_case(connection: &impl ConnectionTrait, case_id: Uuid) -> Result<()> {
    let statement = dialect::statement(
        Backend::of(connection),
        "UPDATE review_case SET state = 'open' \
         WHERE id = ? AND closed_at IS NULL AND state = 'awaiting_correction'",
        vec![rows::uuid(case_id)],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

async fn replay(connection: &impl ConnectionTrait, known: Option<Uuid>) -> Result<Answered> {
    let Some(id) = known else {
        return Ok(Answered::KeyReused);
    };
    let row = review_answer::Entity::find_by_id(id)
        .one(connection)
        .await?;
    Ok(row.map_or(Answered::KeyReused, Answered::Replayed))
}

/// The answers to questions of these cases, in no particular order.
pub async fn of_cases(db: &Database, case_ids: &[Uuid]) -> Result<Vec<AnswerRow>> {
    if case_ids.is_empty() {
        return Ok(Vec::new());
    }
    let questions = review_decision::Entity::find()
        .filter(review_decision::Column::CaseId.is_in(case_ids.iter().copied()))
        .filter(review_decision::Column::Decision.eq("request_correction"))
        .all(db.reader())
        .await?;
    let ids = questions.iter().map(|question| question.id);
    Ok(review_answer::Entity::find()
        .filter(review_answer::Column::QuestionId.is_in(ids))
        .all(db.reader())
        .await?)
}
