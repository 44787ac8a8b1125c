//! The police's review queue: cases of an officer's communes, who holds them, what is decided.
//!
//! What lies outside an officer's communes is not there. Whatever shows a case is in the audit
//! before it is answered; an entry that cannot be written shows nothing.

pub(crate) mod claims;
pub(crate) mod decision;
mod item;
pub(crate) mod notifications;
pub(crate) mod questions;
pub(crate) mod summary;
mod words;

use chrono::{DateTime, Utc};
use domain::{
    problem::{Code, Violation},
    sender::Sender,
};
use metrics::counter;
use runtime::ids;
use serde_json::Value;
use store::{
    audit::Entry,
    declarations::Idempotency,
    review::{Case, queue::Scope},
};
use uuid::Uuid;

use crate::app::App;
use crate::idempotency::{Area, IdempotencyKey};
use crate::problem::Failure;

/// What keys of officers' requests are hashed for.
const AREA: Area = Area {
    key: "idempotency.police",
    request: "request.police",
};

/// What an officer sees.
fn scope_of(sender: &Sender) -> Scope {
    Scope {
        communes: sender.communes.clone(),
        provinces: sender.provinces.clone(),
    }
}

/// An id out of a path; malformed is the same as absent.
fn id_of(text: &str) -> Result<Uuid, Failure> {
    Uuid::try_parse(text).map_err(|_| Failure::new(Code::NotFound))
}

/// The key of an officer's request.
fn idempotency(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    path: &str,
    body: &Value,
    now: DateTime<Utc>,
) -> Option<Idempotency> {
    key.of_request(app, sender, AREA, (path, body), now)
}

/// An audit entry of an officer about a case.
fn entry(app: &App, sender: &Sender, action: &str, at: DateTime<Utc>) -> Entry {
    Entry {
        id: ids::uuid_v7(&app.clock),
        at,
        actor_kind: "api_key".to_owned(),
        actor_id: Some(sender.key_id),
        action: action.to_owned(),
        subject_kind: "review_case".to_owned(),
        subject_id: Uuid::nil(),
        subject_version: None,
        digest: None,
    }
}

/// Notes that an officer is about to see these cases with what is personal in them.
///
/// Errors: the entries cannot be written; nothing may be shown.
async fn note_reads(app: &App, sender: &Sender, cases: &[Case]) -> Result<(), Failure> {
    count_reads(cases.len());
    let now = app.clock.now();
    let entries = cases.iter().map(|case| Entry {
        subject_id: case.id,
        subject_version: Some(case.version),
        ..entry(app, sender, "review_case.read", now)
    });
    store::audit::insert_many(&app.db, entries.collect()).await?;
    Ok(())
}

fn count_reads(case_count: usize) {
    let size = match case_count {
        0 => "0",
        1 => "1",
        2..=10 => "2-10",
        _ => ">10",
    };
    counter!(
        "luutru_personal_reads_total",
        "role" => "police", "purpose" => "review", "result_size" => size
    )
    .increment(1);
}

fn invalid(violations: Vec<Violation>) -> Failure {
    Failure::invalid(violations)
}
