//! A case with what an officer needs to decide it.
//!
//! An officer sees the declared data that is forwarded to the police, by the same allow-list: never
//! ward, bed, note or telephone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    facility::Facility,
    notification::{self, NotificationFacts},
    stay::{
        CompletionState, DeliveryState, IdentityReview, IdentityState, NotificationKind, Presence,
        Timeliness,
    },
    time::format_instant,
};
use runtime::vault::Vault;
use serde_json::{Map, Value, json};
use store::{
    review::{
        Case, DecisionRow,
        answers::{self, AnswerRow},
        decide, facts,
    },
    stays::{StayRow, StayVersionRow},
    word::Unreadable,
};
use uuid::Uuid;

use super::{
    questions::pointers,
    words::{OfficerWords, open_answer},
};
use crate::app::App;
use crate::problem::Failure;
use crate::unreadable;

/// The additional data of a page of cases.
struct CasePageData {
    stays: HashMap<Uuid, StayRow>,
    versions: HashMap<Uuid, StayVersionRow>,
    facilities: HashMap<Uuid, Facility>,
    /// What differs, by stay.
    differences: HashMap<Uuid, Value>,
    /// By stay.
    attempts: HashMap<Uuid, Map<String, Value>>,
    /// By case.
    decisions: HashMap<Uuid, Vec<DecisionRow>>,
    /// Facilities' written answers, by question.
    answers: HashMap<Uuid, AnswerRow>,
}

/// The cases as `officer`, a key, sees them, in their order.
pub(super) async fn render(
    app: &App,
    officer: Uuid,
    cases: &[Case],
) -> Result<Vec<Value>, Failure> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let around = surroundings(app, cases).await?;
    let now = app.clock.now();
    let mut items = Vec::with_capacity(cases.len());
    for case in cases {
        items.push(item(&app.vault, officer, case, &around, now)?);
    }
    Ok(items)
}

async fn surroundings(app: &App, cases: &[Case]) -> Result<CasePageData, Failure> {
    let db = &app.db;
    let stays = facts::stays(db, cases).await?;
    let versions = store::stays::current_versions(db, &stays).await?;
    let facilities = facts::facilities(db, cases, app.clock.now()).await?;
    let mismatches = facts::mismatches(db, cases).await?;
    let mut attempts: HashMap<Uuid, Map<String, Value>> = HashMap::new();
    for row in facts::attempts(db, &stays).await? {
        let summary = json!({
            "count": row.attempt_count,
            "last_at": format_instant(row.started_at),
            "last_outcome": row.outcome,
            "last_http_status": row.http_status,
            "last_code": row.code,
        });
        attempts
            .entry(row.stay_id)
            .or_default()
            .insert(row.peer, summary);
    }
    let case_ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
    let mut decisions: HashMap<Uuid, Vec<DecisionRow>> = HashMap::new();
    for row in decide::history(db, &case_ids).await? {
        decisions.entry(row.case_id).or_default().push(row);
    }
    let answers = answers::of_cases(db, &case_ids).await?;
    let by_stay = |case: Case| {
        let detail = read(&case.detail);
        (case.stay_id, detail["differences"].clone())
    };
    Ok(CasePageData {
        stays: stays.into_iter().map(|stay| (stay.id, stay)).collect(),
        versions: versions
            .into_iter()
            .map(|version| (version.stay_id, version))
            .collect(),
        facilities: facilities
            .into_iter()
            .map(|facility| (facility.id, facility))
            .collect(),
        differences: mismatches.into_iter().map(by_stay).collect(),
        attempts,
        decisions,
        answers: answers
            .into_iter()
            .map(|answer| (answer.question_id, answer))
            .collect(),
    })
}

fn item(
    vault: &Vault,
    officer: Uuid,
    case: &Case,
    around: &CasePageData,
    now: DateTime<Utc>,
) -> Result<Value, Failure> {
    let decisions = around.decisions.get(&case.id).map(Vec::as_slice);
    let decisions = decisions.unwrap_or_default();
    let (mut history, mut questions) = (Vec::new(), Vec::new());
    let absent = || Failure::internal("what a case speaks of is not there");
    let stay_row = around.stays.get(&case.stay_id).ok_or_else(absent)?;
    for row in decisions {
        let words = OfficerWords::open(vault, stay_row, row);
        if row.decision == "request_correction" {
            questions.push(json!({
                "id": row.id,
                "asked_at": format_instant(row.decided_at),
                "question": words.question,
                "pointers": pointers(row),
                "answered_at": row.answered_at.map(format_instant),
                "answer": answer(vault, stay_row, around.answers.get(&row.id)),
            }));
        }
        history.push(json!({
            "id": row.id,
            "decision": row.decision,
            "decided_at": format_instant(row.decided_at),
            "decided_by": row.decided_by,
            "commune_code": row.commune_code,
            "referred_to": row.referred_to,
            "note": words.note,
        }));
    }
    Ok(json!({
        "id": case.id,
        "kind": case.kind,
        "state": case.state,
        "priority": case.priority,
        "opened_at": format_instant(case.opened_at),
        "commune_code": case.commune_code,
        "province_code": case.province_code,
        "version": case.version,
        "detail": read(&case.detail),
        "lease": lease(officer, case, now),
        "stay": stay(vault, case, around)?,
        "attempts": around.attempts.get(&case.stay_id).cloned().unwrap_or_default(),
        "questions": questions,
        "decisions": history,
    }))
}

/// What a facility answered in words.
fn answer(vault: &Vault, stay: &StayRow, row: Option<&AnswerRow>) -> Value {
    let Some(row) = row else {
        return Value::Null;
    };
    json!({
        "id": row.id,
        "text": open_answer(vault, stay, row),
        "answered_at": format_instant(row.answered_at),
    })
}

fn read(detail: &str) -> Value {
    serde_json::from_str(detail).unwrap_or_else(|_| json!({}))
}

/// The holder of the case; the lease's id is only shown to its holder.
fn lease(officer: Uuid, case: &Case, now: DateTime<Utc>) -> Value {
    let Some(leased_until) = case.leased_until.filter(|until| *until > now) else {
        return Value::Null;
    };
    let is_own = case.leased_by == Some(officer);
    json!({
        "is_own": is_own,
        "lease_id": case.lease_id.filter(|_| is_own),
        "leased_until": format_instant(leased_until),
    })
}

fn stay(vault: &Vault, case: &Case, around: &CasePageData) -> Result<Value, Failure> {
    let absent = || Failure::internal("what a case speaks of is not there");
    let stay = around.stays.get(&case.stay_id).ok_or_else(absent)?;
    let version = around.versions.get(&case.stay_id).ok_or_else(absent)?;
    let facility = around.facilities.get(&case.facility_id);
    let facility = facility.ok_or_else(absent)?;
    let Some(words) = unreadable::sound(stay.id, StayWords::of(stay)) else {
        return Ok(damaged(stay, version));
    };
    let opened = intake::view::open(vault, stay, version);
    if let Err(error) = &opened {
        unreadable::note("stay_version", stay.id, error);
    }
    let is_unreadable = opened.is_err();
    let content = opened.map_or_else(|_| clear_content(stay), |opened| opened.content);
    let forwarded = notification::build(
        &content,
        &NotificationFacts {
            // Taken out below: a case is shown, not a notification.
            id: Uuid::nil(),
            stay_id: stay.id,
            version: version.version,
            kind: NotificationKind::Stay,
            facility,
            identity: words.identity,
            grade: None,
            registry_birth_date: None,
            registry_sex: None,
            timeliness: words.timeliness,
            received_at: stay.received_at,
            deadline_at: stay.deadline_at,
        },
    );
    let mut shown = members(forwarded);
    for of_the_notification in ["notification_id", "stay_id", "kind"] {
        shown.remove(of_the_notification);
    }
    let differences = around.differences.get(&stay.id);
    let differences = differences.filter(|differences| differences.is_array());
    shown.extend(members(json!({
        "id": stay.id,
        "presence": words.presence.as_str(),
        "departed_at": stay.departed_at.map(format_instant),
        "identity": {
            "state": words.identity.as_str(),
            "seen_by_sender": words.identity.as_seen_by_sender(words.review),
            "differences": differences.cloned().unwrap_or_else(|| json!([])),
        },
        "delivery": {
            "state": words.delivery.as_str(),
            "version": stay.delivery_version,
            "police_reference": stay.police_reference,
            "reason": stay.delivery_reason,
        },
        "completion": {"state": words.completion.as_str()},
        "warnings": serde_json::from_str::<Value>(&version.warnings)
            .unwrap_or_else(|_| json!([])),
    })));
    if is_unreadable {
        shown.insert("unreadable".to_owned(), json!(true));
    }
    Ok(Value::Object(shown))
}

/// The words of a stay that an officer is shown.
struct StayWords {
    presence: Presence,
    identity: IdentityState,
    review: Option<IdentityReview>,
    delivery: DeliveryState,
    completion: CompletionState,
    timeliness: Timeliness,
}

impl StayWords {
    fn of(stay: &StayRow) -> Result<Self, Unreadable> {
        Ok(Self {
            presence: stay.presence.get()?,
            identity: stay.identity_state.get()?,
            review: intake::view::review_of(stay)?,
            delivery: stay.delivery_state.get()?,
            completion: stay.completion_state.get()?,
            timeliness: stay.timeliness.get()?,
        })
    }
}

/// What can be shown of a stay whose row is damaged: its words as they are stored, and nothing
/// that would have to be derived from them.
fn damaged(stay: &StayRow, version: &StayVersionRow) -> Value {
    json!({
        "id": stay.id,
        "version": version.version,
        "presence": stay.presence.as_stored(),
        "purpose": stay.purpose.as_stored(),
        "guest": {},
        "identity": {"state": stay.identity_state.as_stored(), "differences": []},
        "delivery": {
            "state": stay.delivery_state.as_stored(),
            "version": stay.delivery_version,
        },
        "completion": {"state": stay.completion_state.as_stored()},
        "timeliness": stay.timeliness.as_stored(),
        "received_at": format_instant(stay.received_at),
        "deadline_at": format_instant(stay.deadline_at),
        "warnings": [],
        "unreadable": true,
    })
}

/// What is known of a stay whose content is damaged.
fn clear_content(stay: &StayRow) -> Value {
    json!({
        "facility_id": stay.facility_id,
        "purpose": stay.purpose.as_stored(),
        "arrival_at": format_instant(stay.arrival_at),
        "expected_departure_at": stay.expected_departure_at.map(format_instant),
        "guest": {},
    })
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
