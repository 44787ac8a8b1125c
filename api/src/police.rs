//! The police's review queue: cases of an officer's communes, who holds them, what is decided.
//!
//! What lies outside an officer's communes is not there. Whatever shows a case is in the audit
//! before it is answered; an entry that cannot be written shows nothing.

pub(crate) mod cases;
pub(crate) mod claims;
pub(crate) mod decision;
mod item;
pub(crate) mod questions;
pub(crate) mod summary;
pub(crate) mod words;

use chrono::{DateTime, Utc};
use domain::{problem::Code, sender::Sender};
use metrics::counter;
use serde_json::Value;
use store::{
    audit::Entry,
    declarations::Idempotency,
    review::{Case, queue::Scope},
};
use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::idempotency::{Area, IdempotencyKey};
use crate::problem::Failure;
use crate::reads;

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

/// The key of an officer's request.
fn idempotency(
    app: &App,
    sender: &Sender,
    key: &IdempotencyKey,
    path: &str,
    body: &Value,
    now: DateTime<Utc>,
) -> Option<Idempotency> {
    key.of_request(app, sender, (AREA, &[]), (path, body), now)
}

/// An audit entry of an officer about a case.
fn entry(app: &App, sender: &Sender, action: &str, at: DateTime<Utc>) -> Entry {
    audit::entry(app, sender.key_id, action, ("review_case", Uuid::nil()), at)
}

/// The same 404 for what is not there and what lies elsewhere. Of the second the operator hears: an
/// officer came to its id by some other way than this service.
async fn absent(app: &App, sender: &Sender, case_id: Uuid) -> Failure {
    match store::review::queue::is_there(&app.db, case_id).await {
        Ok(true) => {
            counter!("luutru_authz_denied_total", "route_group" => "police", "reason" => "scope")
                .increment(1);
            tracing::warn!(
                key.id = %sender.key_id,
                case.id = %case_id,
                "an officer asked for a case outside of the communes of the key"
            );
            Failure::new(Code::NotFound)
        }
        Ok(false) => Failure::new(Code::NotFound),
        Err(error) => error.into(),
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
    reads::count("police", "review", case_count);
}
