//! A case with what an officer needs to decide it.
//!
//! An officer sees the declared data that is forwarded to the police, by the same allow-list: never
//! ward, bed, note or telephone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    facility::Facility,
    notification::{self, NotificationFacts, NotifiedStay},
    operator::PeerName,
    purpose::Purpose,
    review::ReviewDecision,
    stay::NotificationKind,
    time::format_instant,
};
use poem_openapi::types::Any;
use runtime::vault::Vault;
use serde_json::{Value, json};
use store::{
    damage,
    review::{
        self, Case, DecisionRow,
        answers::{self, AnswerRow},
        decide, facts,
    },
    stays::{StayRow, StayVersionRow},
};
use uuid::Uuid;

use super::words::{OfficerWords, open_answer};
use crate::app::App;
use crate::problem::Failure;
use crate::reply::Raw;
use crate::shapes::review::{
    AskedQuestion, Attempts, Difference, GradedIdentity, Lease, PastDecision, PeerAttempts,
    ReviewCase, ReviewedCompletion, ReviewedDelivery, ReviewedFacility, ReviewedStay, WordedAnswer,
};
use crate::shapes::text::{
    AnswerText, CommuneCode, DecisionReasonWord, IdentityWord, Instant, Note, Place, Pointer,
    ProvinceCode,
};

/// The additional data of a page of cases.
struct CasePageData {
    stays: HashMap<Uuid, StayRow>,
    versions: HashMap<Uuid, StayVersionRow>,
    facilities: HashMap<Uuid, store::Result<Facility>>,
    /// What tells what differs, by stay.
    mismatches: HashMap<Uuid, Case>,
    /// By stay.
    attempts: HashMap<Uuid, Vec<facts::AttemptSummary>>,
    /// By case.
    decisions: HashMap<Uuid, Vec<DecisionRow>>,
    /// Facilities' written answers, by question.
    answers: HashMap<Uuid, AnswerRow>,
}

/// Cases as they are shown.
#[derive(Default)]
pub(super) struct ShownCases {
    /// Those that can be read.
    pub(super) items: Vec<ReviewCase>,
    /// Those that are damaged; `None` when none is.
    pub(super) unreadable: Option<Vec<Uuid>>,
}

/// The cases as `officer`, a key, sees them, in their order.
pub(super) async fn render(
    app: &App,
    officer: Uuid,
    cases: &[Case],
) -> Result<ShownCases, Failure> {
    let mut shown = ShownCases::default();
    if cases.is_empty() {
        return Ok(shown);
    }
    let mut around = surroundings(app, cases).await?;
    let now = app.clock.now();
    for case in cases {
        let item = item(&app.vault, officer, case, &mut around, now)?;
        match damage::sound("review_case", case.id, item) {
            Some(item) => shown.items.push(item),
            None => shown.unreadable.get_or_insert_default().push(case.id),
        }
    }
    Ok(shown)
}

async fn surroundings(app: &App, cases: &[Case]) -> Result<CasePageData, Failure> {
    let db = &app.db;
    let stays = facts::stays(db, cases).await?;
    let versions = store::stays::current_versions(db, &stays).await?;
    let facilities = facts::facilities(db, cases, app.clock.now()).await?;
    let mismatches = facts::mismatches(db, cases).await?;
    let mut attempts: HashMap<Uuid, Vec<facts::AttemptSummary>> = HashMap::new();
    for row in facts::attempts(db, &stays).await? {
        attempts.entry(row.stay_id).or_default().push(row);
    }
    let case_ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
    let mut decisions: HashMap<Uuid, Vec<DecisionRow>> = HashMap::new();
    for row in decide::history(db, &case_ids).await? {
        decisions.entry(row.case_id).or_default().push(row);
    }
    let answers = answers::of_cases(db, &case_ids).await?;
    Ok(CasePageData {
        stays: stays.into_iter().map(|stay| (stay.id, stay)).collect(),
        versions: versions
            .into_iter()
            .map(|version| (version.stay_id, version))
            .collect(),
        facilities: facilities
            .into_iter()
            .map(|facility| (facility.id, facility.row))
            .collect(),
        mismatches: mismatches
            .into_iter()
            .map(|case| (case.stay_id, case))
            .collect(),
        attempts,
        decisions,
        answers: answers
            .into_iter()
            .map(|answer| (answer.question_id, answer))
            .collect(),
    })
}

/// The case as it is shown, or what of it is damaged.
///
/// Errors: what it speaks of is not there.
fn item(
    vault: &Vault,
    officer: Uuid,
    case: &Case,
    around: &mut CasePageData,
    now: DateTime<Utc>,
) -> Result<store::Result<ReviewCase>, Failure> {
    let absent = || Failure::internal("what a case speaks of is not there");
    let decisions = around.decisions.remove(&case.id).unwrap_or_default();
    let stay = around.stays.get(&case.stay_id).ok_or_else(absent)?;
    let version = around.versions.get(&case.stay_id).ok_or_else(absent)?;
    let facility = around.facilities.get(&case.facility_id);
    let about = CaseSubject {
        vault,
        stay,
        version,
        facility: facility.ok_or_else(absent)?,
        mismatch: around.mismatches.get(&case.stay_id),
        attempts: around
            .attempts
            .get(&case.stay_id)
            .map_or(&[][..], Vec::as_slice),
        decisions,
        answers: &around.answers,
    };
    Ok(about.show(officer, case, now))
}

/// What a case is about.
struct CaseSubject<'a> {
    vault: &'a Vault,
    stay: &'a StayRow,
    version: &'a StayVersionRow,
    facility: &'a store::Result<Facility>,
    mismatch: Option<&'a Case>,
    attempts: &'a [facts::AttemptSummary],
    decisions: Vec<DecisionRow>,
    answers: &'a HashMap<Uuid, AnswerRow>,
}

impl CaseSubject<'_> {
    /// Errors: something of it is damaged.
    fn show(&self, officer: Uuid, case: &Case, now: DateTime<Utc>) -> store::Result<ReviewCase> {
        let (mut decisions, mut questions) = (Vec::new(), Vec::new());
        for row in &self.decisions {
            let words = OfficerWords::open(self.vault, self.stay, row);
            if row.decision.get()? == ReviewDecision::RequestCorrection {
                questions.push(self.asked(row, words.question)?);
            }
            decisions.push(past(row, words.reason, words.note)?);
        }
        Ok(ReviewCase {
            id: case.id,
            kind: case.kind.get()?.into(),
            state: case.state.get()?.into(),
            priority: case.priority.unsigned_abs(),
            opened_at: Instant::of(case.opened_at),
            commune_code: CommuneCode(case.commune_code.clone()),
            province_code: ProvinceCode(case.province_code.clone()),
            version: case.version.unsigned_abs(),
            detail: Any(review::detail(case)?),
            lease: lease(officer, case, now),
            stay: self.stay()?,
            attempts: attempts(self.attempts)?,
            questions,
            decisions,
        })
    }

    /// What a sender was asked.
    fn asked(&self, row: &DecisionRow, question: Option<String>) -> store::Result<AskedQuestion> {
        let answer = self.answers.get(&row.id).map(|answer| WordedAnswer {
            id: answer.id,
            text: open_answer(self.vault, self.stay, answer).map(AnswerText),
            answered_at: Instant::of(answer.answered_at),
        });
        let pointers = review::asked_about(row)?;
        Ok(AskedQuestion {
            id: row.id,
            asked_at: Instant::of(row.decided_at),
            question,
            pointers: pointers.into_iter().map(Pointer).collect(),
            answered_at: row.answered_at.map(Instant::of),
            answer,
        })
    }

    /// The stay as it stands; one whose sealed content is damaged without the guest and the room.
    fn stay(&self) -> store::Result<ReviewedStay> {
        let (stay, version) = (self.stay, self.version);
        let facility = self.facility.as_ref().map_err(Clone::clone)?;
        let identity = stay.identity_state.get()?;
        let review = intake::view::review_of(stay)?;
        let opened = intake::view::open(self.vault, stay, version);
        if let Err(error) = &opened {
            damage::note("stay_version", stay.id, error);
        }
        let content = opened
            .ok()
            .and_then(|opened| NotifiedStay::of(&opened.content));
        let is_unreadable = content.is_none();
        let content = content.unwrap_or_else(|| clear_content(stay));
        let told = notification::build(&content, &facts_of(stay, version, facility)?);
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        let purpose = text("purpose").as_deref().and_then(Purpose::parse);
        Ok(ReviewedStay {
            id: stay.id,
            version: version.version.unsigned_abs(),
            facility: ReviewedFacility::of(facility),
            presence: stay.presence.get()?.into(),
            arrival_at: text("arrival_at").map(Instant),
            expected_departure_at: text("expected_departure_at").map(Instant),
            departed_at: stay.departed_at.map(Instant::of),
            purpose: purpose.map_or_else(|| stay.purpose.get(), Ok)?.into(),
            purpose_text: text("purpose_text").map(Note),
            room: text("room").map(Place),
            guest: Raw::of_tree(&told["guest"]),
            identity: GradedIdentity {
                state: identity.into(),
                seen_by_sender: IdentityWord(identity.as_seen_by_sender(review).to_owned()),
                differences: self.differences()?,
            },
            delivery: ReviewedDelivery {
                state: stay.delivery_state.get()?.into(),
                version: stay.delivery_version.unsigned_abs(),
                police_reference: stay.police_reference.clone(),
                reason: stay.delivery_reason.clone(),
            },
            completion: ReviewedCompletion {
                state: stay.completion_state.get()?.into(),
            },
            timeliness: stay.timeliness.get()?.into(),
            received_at: Instant::of(stay.received_at),
            deadline_at: Instant::of(stay.deadline_at),
            warnings: Raw::of_tree(&intake::view::warnings(version)?),
            unreadable: is_unreadable.then_some(true),
        })
    }

    fn differences(&self) -> store::Result<Raw<Vec<Difference>>> {
        let detail = self.mismatch.map(review::detail).transpose()?;
        let differences = detail.map(|mut detail| detail["differences"].take());
        let differences = differences.filter(Value::is_array);
        Ok(Raw::of_tree(&differences.unwrap_or_else(|| json!([]))))
    }
}

/// A case is shown, not a notification: no id, and nothing of the registry.
fn facts_of<'a>(
    stay: &StayRow,
    version: &StayVersionRow,
    facility: &'a Facility,
) -> store::Result<NotificationFacts<'a>> {
    Ok(NotificationFacts {
        id: Uuid::nil(),
        stay_id: stay.id,
        version: version.version,
        kind: NotificationKind::Stay,
        facility,
        identity: stay.identity_state.get()?,
        grade: None,
        registry_birth_date: None,
        registry_sex: None,
        timeliness: stay.timeliness.get()?,
        received_at: stay.received_at,
        deadline_at: stay.deadline_at,
    })
}

/// What was tried, by peer.
fn attempts(rows: &[facts::AttemptSummary]) -> store::Result<PeerAttempts> {
    let mut attempts = PeerAttempts::default();
    for row in rows {
        let of_peer = Attempts {
            count: u32::try_from(row.attempt_count).unwrap_or(u32::MAX),
            last_at: Instant::of(row.started_at),
            last_outcome: row.outcome.get()?.to_string(),
            last_http_status: row.http_status,
            last_code: row.code.clone(),
        };
        match row.peer.get()? {
            PeerName::Registry => attempts.registry = Some(of_peer),
            PeerName::Police => attempts.police = Some(of_peer),
        }
    }
    Ok(attempts)
}

fn past(
    row: &DecisionRow,
    reason: Option<String>,
    note: Option<String>,
) -> store::Result<PastDecision> {
    Ok(PastDecision {
        id: row.id,
        decision: row.decision.get()?.into(),
        decided_at: Instant::of(row.decided_at),
        decided_by: row.decided_by,
        commune_code: CommuneCode(row.commune_code.clone()),
        referred_to: row.referred_to.clone().map(CommuneCode),
        reason: reason.map(DecisionReasonWord),
        note,
    })
}

/// The holder of the case; the lease's id is only shown to its holder.
pub(super) fn lease(officer: Uuid, case: &Case, now: DateTime<Utc>) -> Option<Lease> {
    let leased_until = case.leased_until.filter(|until| *until > now)?;
    let is_own = case.leased_by == Some(officer);
    Some(Lease {
        is_own,
        lease_id: case.lease_id.filter(|_| is_own),
        leased_until: Instant::of(leased_until),
    })
}

/// What is known of a stay whose content is damaged.
fn clear_content(stay: &StayRow) -> NotifiedStay {
    NotifiedStay {
        purpose: Some(stay.purpose.as_stored().to_owned()),
        arrival_at: Some(format_instant(stay.arrival_at)),
        expected_departure_at: stay.expected_departure_at.map(format_instant),
        ..NotifiedStay::default()
    }
}
