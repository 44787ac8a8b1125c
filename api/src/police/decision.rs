//! What an officer decides about a case.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::Action,
    canonical::to_canonical_json,
    event::EventKind,
    problem::{Code, Violation},
    review::{
        ReviewDecision,
        request::{self, Ruling},
    },
    sender::Sender,
};
use metrics::counter;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{
    declarations::Idempotency,
    events::NO_DETAIL,
    review::{
        DecisionRow,
        decide::{self, Decided, NewDecision},
    },
    stays::StayRow,
};
use uuid::Uuid;

use super::{entry, idempotency, scope_of, words::OfficerWords};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::idempotency::{self, IdempotencyKey};
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::{Json, Replayed};
use crate::shapes::text::{
    CommuneCode, DecisionReasonWord, Id, Instant, Note, QuestionPointer, Reason,
    ReviewDecisionWord, ReviewStateWord,
};
use crate::stays::with_key;
use crate::topic::Topic;

/// What an officer decides about a case.
#[derive(Object)]
pub(crate) struct DecisionRequest {
    /// `accept`: nothing need be done. `request_correction`: the sender shall look again.
    /// `refer`: the police of another commune shall decide.
    decision: ReviewDecisionWord,
    /// Why, as a word that can be counted: for the police only.
    reason: Option<DecisionReasonWord>,
    /// Why, in words: for the police only. Required without `reason`.
    note: Option<Reason>,
    /// The lease that holds the case.
    lease_id: Id,
    /// With `refer`: the commune.
    commune_code: Option<CommuneCode>,
    /// With `request_correction`: what the sender is asked, in words.
    question: Option<Note>,
    /// With `request_correction`: the members to look at again; left out, name, number and birth
    /// date. Who is asked about one of these three is asked about all of them, and of a case about
    /// identity no other member of the guest is named: which of them differ stays with the police.
    #[oai(validator(max_items = 20))]
    pointers: Option<Vec<QuestionPointer>>,
}

impl Shape for DecisionRequest {}

/// A decision that was made.
#[derive(Object, Serialize)]
#[oai(rename = "CaseDecision")]
pub(crate) struct DecisionAnswer {
    /// Its id.
    id: Uuid,
    /// The case.
    notification_id: Uuid,
    /// What was decided.
    decision: ReviewDecisionWord,
    /// Where the case was afterwards.
    state: ReviewStateWord,
    /// When.
    decided_at: Instant,
    /// The commune whose case it was afterwards.
    commune_code: CommuneCode,
}

impl DecisionAnswer {
    /// Made from the stored decision alone, so that a replay is the first answer byte for byte.
    ///
    /// Errors: the stored decision is no word of ours.
    fn of(row: &DecisionRow) -> Result<Self, Failure> {
        let decision = row.decision.get()?;
        let commune = row.referred_to.as_ref().unwrap_or(&row.commune_code);
        Ok(Self {
            id: row.id,
            notification_id: row.case_id,
            decision: decision.into(),
            state: decision.leads_to().into(),
            decided_at: Instant::of(row.decided_at),
            commune_code: CommuneCode(commune.clone()),
        })
    }
}

/// A case was decided.
#[derive(ApiResponse)]
pub(crate) enum CaseDecided {
    /// The decision, or the first answer again.
    #[oai(status = 200)]
    Decision(
        Json<DecisionAnswer>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// Decisions of officers.
pub(crate) struct DecisionsApi(pub(crate) Arc<App>);

impl Examples for DecisionsApi {
    const EXAMPLES: &'static str = include_str!("decision.examples.json");
}

#[OpenApi]
impl DecisionsApi {
    /// Decide a case
    ///
    /// Under a lease that still holds it; else 409 `lease_lost`, and nothing is saved. The same
    /// decision sent again under the same lease gets the first answer again. The sender who is
    /// asked for a correction hears of it by the event `stay.correction_requested` and sees the
    /// question on the stay; an answer in words, or a change of what is asked about, opens the case
    /// again. What is accepted of a guest's identity the sender sees as `reviewed`, and hears of by
    /// the event `stay.reviewed`.
    #[oai(
        path = "/v1/police/notifications/:id/decision",
        method = "post",
        operation_id = "decideCase",
        tag = "Topic::Police"
    )]
    async fn make(
        &self,
        admitted: Admitted<op::DecideCase>,
        /// The case's id.
        #[oai(name = "id")]
        Path(case_id): Path<Uuid>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<DecisionRequest>,
    ) -> Result<CaseDecided, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let (row, is_replay) = decide(app, sender, case_id, &key, &document).await?;
        let answer = Json(DecisionAnswer::of(&row)?);
        Ok(CaseDecided::Decision(answer, Replayed::when(is_replay)))
    }
}

/// Decides a case; tells whether the same request had decided it before.
pub(crate) async fn decide(
    app: &App,
    sender: &Sender,
    case_id: Uuid,
    key: &IdempotencyKey,
    document: &JsonDocument<DecisionRequest>,
) -> Result<(DecisionRow, bool), Failure> {
    let request = read(app, sender, case_id, &document.value).await?;
    let decision = request.ruling.decision();
    let new = new_decision(app, sender, case_id, request, key, document).await?;
    let decided = decide::decide(&app.db, &scope_of(sender), new).await;
    match decided.map_err(|error| key.failure(error))? {
        Decided::Made(row) => {
            counter!("luutru_review_decisions_total", "decision" => decision.as_str()).increment(1);
            key.count("new");
            Ok((row, false))
        }
        Decided::Replayed(row) => {
            key.count("replay");
            Ok((row, true))
        }
        Decided::KeyReused => Err(key.reused()),
        Decided::NotFound => Err(super::absent(app, sender, case_id).await),
        Decided::SameCommune => {
            let same = Violation::new("/commune_code", Code::ReferredToSameCommune);
            Err(Failure::invalid(vec![same]))
        }
        Decided::LeaseLost => Err(Failure::new(Code::LeaseLost)),
    }
}

/// What an officer decides.
///
/// Errors: 404 for a case that is not there, whatever was sent; 422 with every violation.
async fn read(
    app: &App,
    sender: &Sender,
    case_id: Uuid,
    body: &Value,
) -> Result<request::DecisionRequest, Failure> {
    match request::DecisionRequest::read(body, app.intake.catalogues()) {
        Ok(request) => Ok(request),
        Err(violations) => {
            let case = store::review::queue::find(&app.db, &scope_of(sender), case_id).await?;
            Err(match case {
                Some(_) => Failure::invalid(violations),
                None => super::absent(app, sender, case_id).await,
            })
        }
    }
}

/// The decision as it is stored.
async fn new_decision(
    app: &App,
    sender: &Sender,
    case_id: Uuid,
    request: request::DecisionRequest,
    key: &IdempotencyKey,
    document: &JsonDocument<DecisionRequest>,
) -> Result<NewDecision, Failure> {
    let (now, body) = (document.received_at, &document.value);
    let decision = request.ruling.decision();
    let id = ids::uuid_v7(&app.clock);
    let (question, pointers, referred_to) = match request.ruling {
        Ruling::Accept => (None, None, None),
        Ruling::RequestCorrection { question, pointers } => (question, Some(pointers), None),
        Ruling::Refer {
            commune_code,
            province_code,
        } => (None, None, Some((commune_code, province_code))),
    };
    let words = OfficerWords {
        reason: request.reason.map(|reason| reason.as_str().to_owned()),
        note: request.note,
        question,
    };
    // Without a case there is nothing to decide and nothing to seal.
    let sealed = match stay_of(app, case_id).await? {
        Some(stay) => words.seal(&app.vault, id, &stay)?,
        None => None,
    };
    let mut audit = entry(app, sender, action(decision), now);
    let digest = sealed.as_ref().map(Sha256::digest);
    audit.digest = digest.map(|digest| digest.to_vec());
    let clock = app.clock.clone();
    Ok(NewDecision {
        id,
        case_id,
        // A lease whose id is malformed holds nothing.
        lease_id: request.lease_id.unwrap_or_default(),
        key_id: sender.key_id,
        decision,
        referred_to,
        pointers,
        sealed,
        decided_at: now,
        idempotency: idempotency(app, sender, key, &path(case_id), body, now),
        natural: natural(app, sender, case_id, request.lease_id, body, now),
        audit,
        question_event: event_row(app, now, EventKind::StayCorrectionRequested),
        reviewed_event: event_row(app, now, EventKind::StayReviewed),
        fresh_id: Box::new(move || ids::uuid_v7(&clock)),
    })
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

const fn action(decision: ReviewDecision) -> Action {
    match decision {
        ReviewDecision::Accept => Action::ReviewCaseAccepted,
        ReviewDecision::RequestCorrection => Action::ReviewCaseCorrectionRequested,
        ReviewDecision::Refer => Action::ReviewCaseReferred,
    }
}

/// The event for the sender: a question and its members, or that nothing needs checking any more.
/// The question's text is on the stay.
fn event_row(app: &App, at: DateTime<Utc>, kind: EventKind) -> store::events::EventRow {
    store::events::EventRow {
        id: ids::uuid_v7(&app.clock),
        organisation_id: None,
        facility_id: None,
        stay_id: None,
        version: None,
        kind: kind.into(),
        detail: NO_DETAIL.to_owned(),
        created_at: at,
        sequence: None,
    }
}
