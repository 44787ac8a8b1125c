//! A facility's written answer to an officer's question: shown to the police, without a version of
//! the stay or an event.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    canonical::to_canonical_json,
    problem::{Code, Violation},
    review::request::AnswerRequest as Request,
};
use metrics::counter;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{
    declarations::Idempotency,
    review::answers::{self, AnswerRow, Answered, NewAnswer},
};
use uuid::Uuid;

use super::{charge, facility_ids, with_key};
use crate::app::App;
use crate::audit;
use crate::auth::{Access, Admitted, op};
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::idempotency::{self, Area, IdempotencyKey};
use crate::payload::{JsonDocument, Shape};
use crate::police::words;
use crate::problem::Failure;
use crate::reply::{Json, Replayed};
use crate::shapes::text::{AnswerText, Id, Instant};
use crate::topic::Topic;

/// Domain separation for the key hashes of these requests.
const AREA: Area = Area {
    key: "idempotency.answer",
    request: "request.answer",
};

/// What a facility answers to a question of the police.
#[derive(Object)]
pub(crate) struct QuestionAnswerDraft {
    /// The question, one that is open on the stay.
    question_id: Id,
    /// The answer, in words, for the police only.
    text: AnswerText,
}

impl Shape for QuestionAnswerDraft {}

/// An answer that the police have.
#[derive(Object, Serialize)]
pub(crate) struct QuestionAnswer {
    /// Its id.
    id: Uuid,
    /// The question.
    question_id: Uuid,
    /// The stay.
    stay_id: Uuid,
    /// When.
    answered_at: Instant,
}

/// Answering what the police ask about a stay.
pub(crate) struct StayAnswersApi(pub(crate) Arc<App>);

/// A question was answered.
#[derive(ApiResponse)]
pub(crate) enum QuestionAnswered {
    /// The police have the answer.
    #[oai(status = 201)]
    First(Json<QuestionAnswer>),
    /// It had been answered so before: the first answer again.
    #[oai(status = 200)]
    Again(
        Json<QuestionAnswer>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

impl Examples for StayAnswersApi {
    const EXAMPLES: &'static str = include_str!("answers.examples.json");
}

#[OpenApi]
impl StayAnswersApi {
    /// Answer a question in words
    ///
    /// To the police, about a question that is open on the stay: for what a change would not say,
    /// such as "passport checked again, the name is right". It makes no version and no event; the
    /// case goes back to the officers with the answer. A question that is answered already, or that
    /// an officer has decided without an answer: 409 `question_closed`. A change of what is asked about answers
    /// a question by itself.
    #[oai(
        path = "/v1/stays/:id/answers",
        method = "post",
        operation_id = "answerQuestion",
        tag = "Topic::Stays"
    )]
    async fn answer(
        &self,
        Current(exchange): Current,
        mut admitted: Admitted<op::AnswerQuestion>,
        /// The stay's id.
        Path(id): Path<Uuid>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<QuestionAnswerDraft>,
    ) -> Result<QuestionAnswered, Failure> {
        give(&self.0, &exchange, &mut admitted, id, key, document).await
    }
}

/// Gives the police an answer.
///
/// Errors: those of the operation.
pub(crate) async fn give(
    app: &App,
    exchange: &Exchange,
    admitted: &mut Admitted<impl Access>,
    stay_id: Uuid,
    key: IdempotencyKey,
    document: JsonDocument<QuestionAnswerDraft>,
) -> Result<QuestionAnswered, Failure> {
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
        sender,
        Action::ReviewCaseAnswered,
        (SubjectKind::ReviewCase, Uuid::nil()),
        at,
    );
    entry.digest = Some(Sha256::digest(&sealed).to_vec());
    let path = format!("stays/{stay_id}/answers");
    let new = NewAnswer {
        row: AnswerRow {
            id: answer_id,
            // A malformed id matches no question.
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
            Ok(QuestionAnswered::First(Json(QuestionAnswer::of(&row))))
        }
        Answered::Replayed(row) => {
            key.count("replay");
            Ok(QuestionAnswered::Again(
                Json(QuestionAnswer::of(&row)),
                Replayed::when(true),
            ))
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

impl QuestionAnswer {
    /// Made from the stored answer alone, so that a replay is the first one byte for byte. The
    /// words are not shown back.
    fn of(row: &AnswerRow) -> Self {
        Self {
            id: row.id,
            question_id: row.question_id,
            stay_id: row.stay_id,
            answered_at: Instant::of(row.answered_at),
        }
    }
}
