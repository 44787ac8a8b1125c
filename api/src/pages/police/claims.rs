//! Taking cases, holding them longer and giving them back.

use std::collections::BTreeSet;

use poem::Request;
use poem::http::StatusCode;
use serde_json::json;
use store::review::{Case, queue};
use uuid::Uuid;

use super::decision::CaseContent;
use super::decision::TypedDecision;
use crate::auth::{Access, op};
use crate::idempotency::IdempotencyKey;
use crate::pages::enter::OfficeVisit;
use crate::pages::stay::id_of;
use crate::pages::{MadePage, see_other};
use crate::payload::JsonDocument;
use crate::police::claims;
use crate::problem::Failure;

/// How many cases are taken at once.
pub(super) const TAKE_COUNT: usize = 5;

/// `POST /police/claims`: takes the next cases and opens the first.
pub(in crate::pages) async fn take_next(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::ClaimCases>::receive(request).await?;
    let mut wanted = json!({"count": TAKE_COUNT});
    if !sent.value("kind").is_empty() {
        wanted["kinds"] = json!([sent.value("kind")]);
    }
    if !sent.value("commune").is_empty() {
        wanted["commune"] = json!(sent.value("commune"));
    }
    let document = JsonDocument::of(wanted, visit.now);
    let key = sent.key();
    let held = claims::claim(&visit.app, visit.admitted.sender(), &key, &document).await?;
    Ok(match held.cases.first() {
        Some(case) => see_other(&format!("/police/cases/{}", case.id)),
        None => see_other("/police?done=nothing"),
    })
}

/// `POST /police/cases/{id}/claim`: takes a case and opens it. What was typed for its decision,
/// before an earlier lease was lost, is kept.
pub(in crate::pages) async fn take_one(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ClaimCases>::receive(request).await?;
    let id = id_of(&request)?;
    let document = JsonDocument::of(json!({"ids": [id]}), visit.now);
    let sender = visit.admitted.sender();
    claims::claim(&visit.app, sender, &IdempotencyKey(None), &document).await?;
    let typed = TypedDecision::read(&sent);
    match typed.is_empty() {
        true => Ok(see_other(&format!("/police/cases/{id}"))),
        false => {
            let content = CaseContent {
                typed: Some(typed),
                ..CaseContent::default()
            };
            visit.case(id, StatusCode::OK, content).await
        }
    }
}

/// `POST /police/claims/extension`: holds for longer what the officer holds.
pub(in crate::pages) async fn extend(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::ExtendClaim>::receive(request).await?;
    let mut held_count = 0;
    for lease_id in leases(&visit.held().await?) {
        let key = IdempotencyKey(None);
        let extended = claims::extend(&visit.app, visit.admitted.sender(), lease_id, &key).await?;
        held_count += extended.0.len();
    }
    let back = Uuid::try_parse(sent.value("back"));
    Ok(match (held_count, back) {
        (0, _) => see_other("/police?done=lost"),
        (_, Ok(id)) => see_other(&format!("/police/cases/{id}?done=extended")),
        (_, Err(_)) => see_other("/police?done=extended"),
    })
}

/// `POST /police/claims/release`: gives back what the officer holds.
pub(in crate::pages) async fn release(request: Request) -> MadePage {
    let (visit, _, _) = OfficeVisit::<op::ReleaseClaim>::receive(request).await?;
    let key_id = visit.admitted.sender().key_id;
    let mut released_count = 0;
    for lease_id in leases(&visit.held().await?) {
        let released = queue::release(&visit.app.db, lease_id, key_id).await?;
        released_count += released.unwrap_or_default();
    }
    Ok(see_other(&format!(
        "/police?done=released-{released_count}"
    )))
}

/// The leases that hold these cases.
fn leases(held: &[Case]) -> BTreeSet<Uuid> {
    held.iter().filter_map(|case| case.lease_id).collect()
}

impl<A: Access> OfficeVisit<A> {
    /// The first case that the officer still holds.
    pub(super) async fn next_held(&self) -> Result<Option<Uuid>, Failure> {
        Ok(self.held().await?.first().map(|case| case.id))
    }
}
