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

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    canonical::to_canonical_json,
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
use crate::idempotency::IdempotencyKey;
use crate::problem::Failure;

/// How long an `Idempotency-Key` of an officer is kept.
const IDEMPOTENCY_KEPT: TimeDelta = TimeDelta::days(7);

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

/// The key of a request, apart for each organisation. The same key with another path or body is
/// another request.
fn idempotency(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    path: &str,
    body: &Value,
    now: DateTime<Utc>,
) -> Option<Idempotency> {
    let key = key.0.as_deref()?;
    let organisation = sender.organisation_id;
    let parts = [organisation.as_bytes().as_slice(), key.as_bytes()];
    let content = to_canonical_json(body);
    let officer = sender.key_id;
    let request = [officer.as_bytes().as_slice(), path.as_bytes(), &content];
    Some(Idempotency {
        key_hash: app.vault.blind_index("idempotency.police", &parts),
        request_hash: app.vault.blind_index("request.police", &request),
        expires_at: now + IDEMPOTENCY_KEPT,
    })
}

/// What holds a lock that long is a twin with the same key.
fn failure(error: store::Error, key: &IdempotencyKey) -> Failure {
    match error {
        store::Error::LockTimeout if key.0.is_some() => Failure::new(Code::IdempotencyInProgress),
        store::Error::LockTimeout
        | store::Error::NotFound
        | store::Error::Duplicate
        | store::Error::LeaseLost { .. }
        | store::Error::Corrupt { .. }
        | store::Error::Unavailable
        | store::Error::StorageFull
        | store::Error::OutcomeUnknown
        | store::Error::Schema(_)
        | store::Error::Database { .. } => error.into(),
    }
}

fn count_key(key: &IdempotencyKey, result: &'static str) {
    if key.0.is_some() {
        counter!("luutru_idempotency_total", "result" => result).increment(1);
    }
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
