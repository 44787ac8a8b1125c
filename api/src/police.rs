//! The police's review queue: the cases of an officer's communes, their holders, and decisions.
//!
//! Cases outside an officer's communes do not exist for that officer. Every view of a case is
//! audited before it is answered; if the entry cannot be written, nothing is shown.

pub(crate) mod cases;
pub(crate) mod claims;
pub(crate) mod decision;
mod item;
pub(crate) mod questions;
pub(crate) mod queue;
pub(crate) mod statistics;
pub(crate) mod summary;
pub(crate) mod versions;
pub(crate) mod withdrawals;
pub(crate) mod words;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    problem::Code,
    sender::Sender,
};
use metrics::counter;
use serde_json::Value;
use store::{
    audit::Entry,
    declarations::Idempotency,
    review::{Case, queue::OfficerScope},
};
use uuid::Uuid;

use crate::app::App;
use crate::audit;
use crate::idempotency::{Area, IdempotencyKey};
use crate::problem::Failure;
use crate::reads;

/// Domain separation for the key hashes of officers' requests.
const AREA: Area = Area {
    key: "idempotency.police",
    request: "request.police",
};

/// What an officer sees.
pub(crate) fn scope_of(sender: &Sender) -> OfficerScope {
    OfficerScope {
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
fn entry(app: &App, sender: &Sender, action: Action, at: DateTime<Utc>) -> Entry {
    let subject = (SubjectKind::ReviewCase, Uuid::nil());
    audit::entry(app, sender, action, subject, at)
}

/// The same 404 for cases that do not exist and cases of other communes. The latter is reported to
/// the operator: the officer got the id from outside this service.
async fn absent(app: &App, sender: &Sender, case_id: Uuid) -> Failure {
    match store::review::queue::is_there(&app.db, case_id).await {
        Ok(true) => {
            counter!("luutru_authz_denied_total", "route_group" => "police", "reason" => "scope")
                .increment(1);
            tracing::warn!(
                key.id = %sender.key_id,
                case.id = %case_id,
                "an officer requested a case outside the key's communes"
            );
            Failure::new(Code::NotFound)
        }
        Ok(false) => Failure::new(Code::NotFound),
        Err(error) => error.into(),
    }
}

/// Audits that an officer is about to see these cases with their personal data.
///
/// Errors: the entries cannot be written; nothing may be shown.
async fn note_reads(app: &App, sender: &Sender, cases: &[Case]) -> Result<(), Failure> {
    count_reads(cases.len());
    let now = app.clock.now();
    let entries = cases.iter().map(|case| Entry {
        subject_id: case.id,
        subject_version: Some(case.version),
        ..entry(app, sender, Action::ReviewCaseRead, now)
    });
    store::audit::insert_many(&app.db, entries.collect()).await?;
    Ok(())
}

fn count_reads(case_count: usize) {
    reads::count("police", "review", case_count);
}
