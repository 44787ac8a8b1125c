//! Declaring stays, and seeing them again.
//!
//! A handler turns its request into what `intake` or `store` is asked, and their answer into HTTP.
//! Stays are written as text by `intake` and go out as they are, so that a replay is the first
//! answer byte for byte.

pub(crate) mod answers;
pub(crate) mod batch;
pub(crate) mod change;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod receipt;
pub(crate) mod search;

use std::sync::Arc;

use domain::{
    problem::{Class, Code, Violation},
    sender::Sender,
    stay::Channel,
    time::format_instant,
};
use intake::{Accepted, Occasion, Refusal};
use metrics::counter;
use poem::http::{StatusCode, header};
use serde_json::{Value, json};
use store::stays::{StayRow, StayVersionRow};
use uuid::Uuid;

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Asking, Declaring, Reading};
use crate::exchange::Exchange;
use crate::idempotency::IdempotencyKey;
use crate::payload::StayDocument;
use crate::police::questions;
use crate::problem::{Failure, violations_to_json};
use crate::query::id_of;
use crate::reads;
use crate::shapes::{Judgement, Stay};
use crate::unreadable;

pub(crate) use crate::answer::REPLAYED;

/// Declares one stay: 201, or 200 for one that was declared before.
pub(crate) async fn declare(
    app: &App,
    exchange: &Exchange,
    mut admitted: Admitted<Declaring>,
    key: IdempotencyKey,
    document: StayDocument,
) -> Result<Answer<Stay>, Failure> {
    let facility = admitted.sender().facility_of(&document.body);
    let facilities: Vec<(Uuid, u32)> = facility.map(|id| (id, 1)).into_iter().collect();
    charge(app, exchange, &mut admitted.ticket, 1, &facilities).await?;
    let trace_parent = exchange.trace_parent();
    let occasion = Occasion {
        sender: admitted.sender(),
        channel: Channel::Rest,
        idempotency_key: key.0.as_deref(),
        received_at: document.received_at,
        trace_parent: Some(&trace_parent),
        census_lease: None,
    };
    let outcome = app.intake.declare(occasion, &document.body).await;
    count(admitted.sender(), Channel::Rest, facility, &outcome);
    count_key(&key, &outcome);
    match outcome {
        Ok(accepted) => Ok(accepted_answer(accepted)),
        Err(refusal) => Err(admitted.ticket.refuse(refusal)),
    }
}

fn accepted_answer(accepted: Accepted) -> Answer<Stay> {
    let Accepted { stay, is_replay } = accepted;
    let answer = Answer::json(stay.json)
        .with_header(header::LOCATION, format!("/v1/stays/{}", stay.id))
        .with_header(header::ETAG, etag(stay.version));
    if is_replay {
        answer.with_header(REPLAYED, "true")
    } else {
        answer.with_status(StatusCode::CREATED)
    }
}

/// Judges a stay by the same rules and stores nothing.
pub(crate) fn validate(
    app: &App,
    exchange: &Exchange,
    admitted: &Admitted<Asking>,
    document: &StayDocument,
) -> Answer<Judgement> {
    let judged = app
        .intake
        .validate(admitted.sender(), document.received_at, &document.body);
    let warnings: Vec<Value> = judged.warnings.iter().map(warning_to_json).collect();
    let judgement = json!({
        "valid": judged.errors.is_empty(),
        "errors": violations_to_json(&judged.errors, exchange.language),
        "warnings": warnings,
        "deadline_at": judged.deadline_at.map(format_instant),
        "timeliness": judged.timeliness.map(|timeliness| timeliness.as_str()),
    });
    Answer::json(judgement.to_string())
        .with_header(header::VARY, "Accept-Language")
        .with_header(header::CONTENT_LANGUAGE, exchange.language.as_str())
}

fn warning_to_json(warning: &Violation) -> Value {
    json!({"pointer": warning.pointer, "code": warning.code.as_str()})
}

/// A stay as it stands now.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    id: &str,
) -> Result<Answer<Stay>, Failure> {
    let (stay, version) = find(app, admitted.sender(), id, None).await?;
    let view = intake::view::current(&app.vault, &stay, &version)
        .map_err(|error| unreadable::failure(stay.id, error))?;
    let mut asked = questions::of_stays(app, &[&stay]).await?;
    let view = view.with_questions(asked.remove(&stay.id).unwrap_or_default());
    reads::note(app, admitted.sender(), 1).await;
    Ok(Answer::json(view.json).with_header(header::ETAG, etag(view.version)))
}

/// The stay, with a key for what is sealed of it from now on.
pub(crate) async fn with_key(app: &App, stay: StayRow) -> Result<StayRow, Failure> {
    if !intake::rewrite::is_needed(&app.vault, &stay) {
        return Ok(stay);
    }
    intake::rewrite::stay(&app.db, &app.vault, stay.id).await?;
    Ok(store::stays::get(&app.db, stay.id).await?)
}

/// The stay with this id and one version of it, the newest unless named. Absent, foreign and
/// malformed are the same 404.
async fn find(
    app: &App,
    sender: &Sender,
    id: &str,
    version: Option<i32>,
) -> Result<(StayRow, StayVersionRow), Failure> {
    let absent = || Failure::new(Code::NotFound);
    let id = id_of(id)?;
    let facility_ids = facility_ids(sender);
    if facility_ids.is_empty() {
        return Err(absent());
    }
    let stay = store::stays::find(&app.db, id, &facility_ids).await?;
    let stay = stay.ok_or_else(absent)?;
    let wanted = version.unwrap_or(stay.version);
    let version = store::stays::version(&app.db, id, wanted).await?;
    Ok((stay, version.ok_or_else(absent)?))
}

/// Charges a request for its stays, and remembers whose quota the answer's headers tell of.
pub(crate) async fn charge(
    app: &App,
    exchange: &Exchange,
    ticket: &mut crate::limit::Ticket,
    stay_count: u32,
    facilities: &[(Uuid, u32)],
) -> Result<(), Failure> {
    if let [(only, _)] = facilities
        && exchange.facility.get().is_none()
        && let Some(meter) = app.limits.facility(*only)
    {
        exchange.facility.get_or_init(|| Arc::clone(&meter));
    }
    ticket.charge(&app.limits, stay_count, facilities).await
}

fn facility_ids(sender: &Sender) -> Vec<Uuid> {
    sender
        .facilities
        .iter()
        .map(|facility| facility.id)
        .collect()
}

/// The version in quotes.
fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// One item more in `luutru_intake_items_total`.
fn count(
    sender: &Sender,
    channel: Channel,
    facility: Option<Uuid>,
    outcome: &Result<Accepted, Refusal>,
) {
    let facility = facility.and_then(|id| sender.facility(id));
    let kind = facility.map_or("unknown", |facility| facility.kind.as_str());
    let (outcome, error_class) = match outcome {
        Ok(accepted) if accepted.is_replay => ("replayed", "none"),
        Ok(_) => ("accepted", "none"),
        Err(refusal) => ("refused", class(refusal).as_str()),
    };
    counter!(
        "luutru_intake_items_total",
        "channel" => channel.as_str(),
        "facility_kind" => kind,
        "outcome" => outcome,
        "error_class" => error_class
    )
    .increment(1);
}

pub(crate) const fn class(refusal: &Refusal) -> Class {
    match refusal {
        Refusal::Invalid(_) => Class::Violation,
        Refusal::ReferenceConflict { .. }
        | Refusal::IdempotencyKeyReused
        | Refusal::IdempotencyInProgress
        | Refusal::VersionUnnamed
        | Refusal::VersionMismatch { .. }
        | Refusal::StayDeparted
        | Refusal::StayCancelled
        | Refusal::CensusStale { .. }
        | Refusal::CensusImplausible { .. } => Class::Conflict,
        Refusal::NotFound => Class::Request,
        Refusal::Overloaded
        | Refusal::StorageUnavailable
        | Refusal::StorageFull
        | Refusal::OutcomeUnknown
        | Refusal::Stopping
        | Refusal::Unreadable { .. }
        | Refusal::Internal(_) => Class::Service,
    }
}

fn count_key(key: &IdempotencyKey, outcome: &Result<Accepted, Refusal>) {
    if key.0.is_none() {
        return;
    }
    let result = match outcome {
        Ok(accepted) if accepted.is_replay => "replay",
        Ok(_) => "new",
        Err(Refusal::IdempotencyKeyReused) => "mismatch",
        Err(Refusal::IdempotencyInProgress) => "in_progress",
        Err(_) => return,
    };
    counter!("luutru_idempotency_total", "result" => result).increment(1);
}
