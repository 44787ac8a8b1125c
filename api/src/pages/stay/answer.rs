//! Answering the police in words.

use std::sync::Arc;

use pages::note::Note;
use poem::Request;
use poem::http::StatusCode;
use serde_json::json;

use super::{StayContent, id_of};
use crate::auth::op;
use crate::idempotency::IdempotencyKey;
use crate::pages::enter::Visit;
use crate::pages::{MadePage, see_other};
use crate::payload::JsonDocument;
use crate::stays::answers;

/// `POST /desk/stays/{id}/answer`: in the words that were typed, or that the data are as on the
/// document.
pub(in crate::pages) async fn give(request: Request) -> MadePage {
    let (mut visit, sent, request) = Visit::<op::AnswerQuestion>::receive(request).await?;
    let id = id_of(&request)?;
    let words = visit.reader.words;
    let text = match sent.value("confirmed") {
        "" => sent.value("text"),
        _ => words.answer_as_on_document(),
    };
    let draft = json!({"question_id": sent.value("question"), "text": text});
    let document = JsonDocument::of(draft, visit.now);
    // The same answer to the same question is one answer, whether or not it has a key.
    let key = IdempotencyKey(None);
    let Visit { app, exchange, .. } = &visit;
    let (app, exchange) = (Arc::clone(app), Arc::clone(exchange));
    let given = answers::give(&app, &exchange, &mut visit.admitted, id, key, document).await;
    let Err(failure) = given else {
        return Ok(see_other(&format!("/desk/stays/{id}?done=answer")));
    };
    let reason = failure.code().title(words.0);
    let note = Note::failed(
        format!("{}.", words.not_saved_because(reason)),
        failure.code().fix(words.0).to_owned(),
    );
    let content = StayContent {
        note: Some(note),
        ..StayContent::default()
    };
    visit.stay(id, StatusCode::OK, content).await
}
