//! What a facility answers to an officer's question in words: seen by the police, no version of the
//! stay, no event.

use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    problem::{Code, Violation},
    review::request::AnswerRequest as Request,
    time::format_instant,
};
use metrics::counter;
use poem::http::StatusCode;
use runtime::ids;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{
    declarations::Idempotency,
    review::answers::{self, AnswerRow, Answered, NewAnswer},
};
use uuid::Uuid;

use super::{REPLAYED, charge, facility_ids, with_key};
use crate::answer::Answer;
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, Declaring};
use crate::exchange::Exchange;
use crate::idempotency::{self, Area, IdempotencyKey};
use crate::payload::Document;
use crate::police::words;
use crate::problem::Failure;
use crate::query::id_of;
use crate::shapes::review::{QuestionAnswer, QuestionAnswerDraft};

/// What keys of these requests are hashed for.
const AREA: Area = Area {
    key: "idempotency.answer",
    request: "request.answer",
};

/// Answers a question about a stay: 201, or 200 for an answer that was given before.
pub(crate) async fn give(
    app: &App,
    exchange: &Exchange,
    mut admitted: Admitted<Declaring>,
    id: &str,
    key: IdempotencyKey,
    document: Document<QuestionAnswerDraft>,
) -> Result<Answer<QuestionAnswer>, Failure> {
    let stay_id = id_of(id)?;
    let facilities = facility_ids(admitted.sender());
    let stay = store::stays::find(&app.db, stay_id, &facilities).await?;
    let stay = stay.ok_or_else(|| Failure::new(Code::NotFound))?;
    let request = Request::read(&document.value).map_err(Failure::invalid)?;
    charge(
        app,
        exchange,
        &mut admitted.ticket,
        1,
        &[(stay.facility_id, 1)],
    )
    .await?;
    let sender = admitted.sender();
    let at = document.received_at;
    let answer_id = ids::uuid_v7(&app.clock);
    let stay = with_key(app, stay).await?;
    let sealed = words::seal_answer(&app.vault, answer_id, &request.text, &stay)?;
    let mut entry = audit::entry(
        app,
        sender.key_id,
        "review_case.answered",
        ("review_case", Uuid::nil()),
        at,
    );
    entry.digest = Some(Sha256::digest(&sealed).to_vec());
    let path = format!("stays/{stay_id}/answers");
    let new = NewAnswer {
        row: AnswerRow {
            id: answer_id,
            // No question has the id of what is no id.
            question_id: request.question_id.unwrap_or_default(),
            case_id: Uuid::nil(),
            stay_id,
            answered_by: sender.key_id,
            answered_at: at,
            sealed,
        },
        idempotency: key.of_request(
            app,
            sender,
            (AREA, &[stay.facility_id]),
            (&path, &document.value),
            at,
        ),
        natural: natural(app, stay_id, &request, at),
        audit: entry,
    };
    let answered = answers::answer(&app.db, new).await;
    match answered.map_err(|error| key.failure(error))? {
        Answered::Made(row) => {
            counter!("luutru_review_answers_total").increment(1);
            key.count("new");
            Ok(answer(&row).with_status(StatusCode::CREATED))
        }
        Answered::Replayed(row) => {
            key.count("replay");
            Ok(answer(&row).with_header(REPLAYED, "true"))
        }
        Answered::KeyReused => {
            key.count("mismatch");
            Err(Failure::new(Code::IdempotencyKeyReused))
        }
        Answered::QuestionUnknown => {
            let unknown = Violation::new("/question_id", Code::QuestionUnknown);
            Err(Failure::invalid(vec![unknown]))
        }
        Answered::Closed => Err(Failure::new(Code::QuestionClosed)),
    }
}

/// The key of an answer by itself: the same words to the same question.
fn natural(app: &App, stay_id: Uuid, request: &Request, at: DateTime<Utc>) -> Idempotency {
    let question_id = request.question_id.unwrap_or_default();
    let parts = [stay_id, question_id].map(Uuid::into_bytes);
    let text = to_canonical_json(&Value::from(request.text.as_str()));
    let key = [parts[0].as_slice(), &parts[1], &text];
    Idempotency {
        key_hash: app.vault.blind_index("answer.stay", &key),
        request_hash: app.vault.blind_index(AREA.request, &[&text]),
        expires_at: at + idempotency::KEPT,
    }
}

/// Made from the stored answer alone, so that a replay is the first one byte for byte. The words
/// are not shown back.
fn answer(row: &AnswerRow) -> Answer<QuestionAnswer> {
    let answer = json!({
        "id": row.id,
        "question_id": row.question_id,
        "stay_id": row.stay_id,
        "answered_at": format_instant(row.answered_at),
    });
    Answer::json(answer.to_string())
}
