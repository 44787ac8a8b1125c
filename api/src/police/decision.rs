//! What an officer decides about a case.

use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    event::EventKind,
    problem::{Code, Violation},
    review::{
        ReviewDecision,
        request::{DecisionRequest as Request, Ruling},
    },
    sender::Sender,
    time::format_instant,
};
use metrics::counter;
use runtime::ids;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{
    declarations::Idempotency,
    review::{
        DecisionRow,
        decide::{self, Decided, NewDecision},
    },
    stays::StayRow,
};
use uuid::Uuid;

use super::{entry, idempotency, scope_of, words::Words};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reviewing};
use crate::idempotency::{self, IdempotencyKey};
use crate::payload::Document;
use crate::problem::Failure;
use crate::query::id_of;
use crate::shapes::review::{DecisionAnswer, DecisionRequest};
use crate::stays::{REPLAYED, with_key};

/// Decides a case under a lease that still holds it.
pub(crate) async fn make(
    app: &App,
    admitted: Admitted<Reviewing>,
    id: &str,
    key: IdempotencyKey,
    document: Document<DecisionRequest>,
) -> Result<Answer<DecisionAnswer>, Failure> {
    let sender = admitted.sender();
    let case_id = id_of(id)?;
    let scope = scope_of(sender);
    let request = match Request::read(&document.value, app.intake.catalogues()) {
        Ok(request) => request,
        // What is not there is not there, whatever was sent.
        Err(violations) => {
            let case = store::review::queue::find(&app.db, &scope, case_id).await?;
            return Err(match case {
                Some(_) => Failure::invalid(violations),
                None => super::absent(app, sender, case_id).await,
            });
        }
    };
    let now = document.received_at;
    let decision = request.ruling.decision();
    let decision_id = ids::uuid_v7(&app.clock);
    let (question, pointers, referred_to) = match request.ruling {
        Ruling::Accept => (None, None, None),
        Ruling::RequestCorrection { question, pointers } => (question, Some(pointers), None),
        Ruling::Refer {
            commune_code,
            province_code,
        } => (None, None, Some((commune_code, province_code))),
    };
    let words = Words {
        note: Some(request.note),
        question,
    };
    // Without a case nothing is decided, and nothing is sealed.
    let sealed = match stay_of(app, case_id).await? {
        Some(stay) => words.seal(&app.vault, decision_id, &stay)?,
        None => None,
    };
    let mut audit = entry(app, sender, action(decision), now);
    audit.digest = sealed
        .as_ref()
        .map(|sealed| Sha256::digest(sealed).to_vec());
    let new = NewDecision {
        id: decision_id,
        case_id,
        // A lease whose id is malformed holds nothing.
        lease_id: request.lease_id.unwrap_or_default(),
        key_id: sender.key_id,
        decision,
        referred_to,
        pointers,
        sealed,
        decided_at: now,
        idempotency: idempotency(app, sender, &key, &path(case_id), &document.value, now),
        natural: natural(app, sender, case_id, request.lease_id, &document.value, now),
        audit,
        question_event: event_row(app, now, EventKind::StayCorrectionRequested),
        reviewed_event: event_row(app, now, EventKind::StayReviewed),
        fresh_id: {
            let clock = app.clock.clone();
            Box::new(move || ids::uuid_v7(&clock))
        },
    };
    let decided = decide::decide(&app.db, &scope, new).await;
    match decided.map_err(|error| key.failure(error))? {
        Decided::Made(row) => {
            counter!("luutru_review_decisions_total", "decision" => decision.as_str()).increment(1);
            key.count("new");
            Ok(answer(&row))
        }
        Decided::Replayed(row) => {
            key.count("replay");
            Ok(answer(&row).with_header(REPLAYED, "true"))
        }
        Decided::KeyReused => {
            key.count("mismatch");
            Err(Failure::new(Code::IdempotencyKeyReused))
        }
        Decided::NotFound => Err(super::absent(app, sender, case_id).await),
        Decided::SameCommune => {
            let same = Violation::new("/commune_code", Code::ReferredToSameCommune);
            Err(Failure::invalid(vec![same]))
        }
        Decided::LeaseLost => Err(Failure::new(Code::LeaseLost)),
    }
}

/// The stay that a case is about, with a key for what is sealed of it.
async fn stay_of(app: &App, case_id: Uuid) -> Result<Option<StayRow>, Failure> {
    match store::review::stay_of_case(&app.db, case_id).await? {
        Some(stay) => Ok(Some(with_key(app, stay).await?)),
        None => Ok(None),
    }
}

/// The key of a decision by officer, case and lease: a lease decides a case at most once.
fn natural(
    app: &App,
    sender: &Sender,
    case_id: Uuid,
    lease_id: Option<Uuid>,
    body: &Value,
    now: DateTime<Utc>,
) -> Idempotency {
    let lease_id = lease_id.unwrap_or_default();
    let parts = [sender.key_id, case_id, lease_id].map(Uuid::into_bytes);
    let parts = parts.each_ref().map(<[u8; 16]>::as_slice);
    let content = to_canonical_json(body);
    Idempotency {
        key_hash: app.vault.blind_index("decision.police", &parts),
        request_hash: app.vault.blind_index("request.police", &[&content]),
        expires_at: now + idempotency::KEPT,
    }
}

fn path(case_id: Uuid) -> String {
    format!("notifications/{case_id}/decision")
}

const fn action(decision: ReviewDecision) -> &'static str {
    match decision {
        ReviewDecision::Accept => "review_case.accepted",
        ReviewDecision::RequestCorrection => "review_case.correction_requested",
        ReviewDecision::Refer => "review_case.referred",
    }
}

/// What the sender hears: that something is asked, and where, or that nothing need be looked at any
/// more; what is asked stands on the stay.
fn event_row(app: &App, at: DateTime<Utc>, kind: EventKind) -> store::events::EventRow {
    store::events::EventRow {
        id: ids::uuid_v7(&app.clock),
        organisation_id: None,
        facility_id: None,
        stay_id: None,
        version: None,
        kind: kind.as_str().to_owned(),
        detail: json!({}).to_string(),
        created_at: at,
        sequence: None,
    }
}

/// Made from the stored decision alone, so that a replay is the first answer byte for byte.
fn answer(row: &DecisionRow) -> Answer<DecisionAnswer> {
    let decision = ReviewDecision::parse(&row.decision);
    let answer = json!({
        "id": row.id,
        "notification_id": row.case_id,
        "decision": row.decision,
        "state": decision.map(|decision| decision.leads_to().as_str()),
        "decided_at": format_instant(row.decided_at),
        "commune_code": row.referred_to.as_ref().unwrap_or(&row.commune_code),
    });
    Answer::json(answer.to_string())
}
