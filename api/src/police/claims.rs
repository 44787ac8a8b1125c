//! Taking cases: for a while, to nobody else's.

use domain::{problem::Code, review::request::ClaimRequest as Request, time::format_instant};
use runtime::ids;
use serde_json::{Value, json};
use store::review::{
    Case,
    queue::{self, Claim, Claimed, Extended},
};
use uuid::Uuid;

use super::{count_reads, entry, idempotency, item, note_reads, scope_of};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reviewing};
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
use crate::problem::Failure;
use crate::query::id_of;
use crate::shapes::review::{ClaimAnswer, ClaimExtension, ClaimRelease, ClaimRequest};
use crate::stays::REPLAYED;

/// Leases cases that nobody holds, the most urgent first.
pub(crate) async fn make(
    app: &App,
    admitted: Admitted<Reviewing>,
    key: IdempotencyKey,
    document: Document<ClaimRequest>,
) -> Result<Answer<ClaimAnswer>, Failure> {
    let sender = admitted.sender();
    let request =
        Request::read(&document.value, app.intake.catalogues()).map_err(Failure::invalid)?;
    let now = document.received_at;
    let lease_id = ids::uuid_v7(&app.clock);
    let audits = (0..request.count).map(|_| entry(app, sender, "review_case.claimed", now));
    let claim = Claim {
        lease_id,
        key_id: sender.key_id,
        count: request.count,
        kinds: request.kinds,
        commune_code: request.commune_code,
        ids: request.ids,
        lease_seconds: app.settings.review_lease_seconds.get(),
        idempotency: idempotency(app, sender, &key, "claims", &document.value, now),
        audits: audits.collect(),
    };
    let claimed = queue::claim(&app.db, &scope_of(sender), claim, app.clock.now()).await;
    match claimed.map_err(|error| key.failure(error))? {
        Claimed::Made(cases) => {
            key.count("new");
            // The entries were written with the claim.
            count_reads(cases.len());
            answer(app, sender.key_id, lease_id, &cases).await
        }
        // The lease as it stands: what was decided, released or has run out is gone from it.
        Claimed::Replayed { lease_id } => {
            key.count("replay");
            let held = queue::held(&app.db, lease_id, sender.key_id, app.clock.now()).await?;
            let answer = answer(app, sender.key_id, lease_id, &held).await?;
            note_reads(app, sender, &held).await?;
            Ok(answer.with_header(REPLAYED, "true"))
        }
        Claimed::KeyReused => {
            key.count("mismatch");
            Err(Failure::new(Code::IdempotencyKeyReused))
        }
    }
}

async fn answer(
    app: &App,
    officer: Uuid,
    lease_id: Uuid,
    cases: &[Case],
) -> Result<Answer<ClaimAnswer>, Failure> {
    let leased_until = cases.first().and_then(|case| case.leased_until);
    let items = item::render(app, officer, cases).await?;
    let answer = json!({
        "lease_id": (!cases.is_empty()).then_some(lease_id),
        "leased_until": leased_until.map(format_instant),
        "items": items,
    });
    Ok(Answer::json(answer.to_string()))
}

/// Lets what a lease still holds be held for its whole length from now on.
pub(crate) async fn extend(
    app: &App,
    admitted: &Admitted<Reviewing>,
    lease_id: &str,
    key: IdempotencyKey,
) -> Result<Answer<ClaimExtension>, Failure> {
    let lease_id = id_of(lease_id)?;
    let sender = admitted.sender();
    let (key_id, now) = (sender.key_id, app.clock.now());
    let seconds = app.settings.review_lease_seconds.get();
    let path = format!("claims/{lease_id}/extension");
    let guard = idempotency(app, sender, &key, &path, &Value::Null, now);
    let extended = queue::extend(&app.db, lease_id, key_id, now, seconds, guard.as_ref()).await;
    let (held, is_replayed) = match extended.map_err(|error| key.failure(error))? {
        Extended::Held(held) => (held, false),
        // The lease as it stands.
        Extended::Replayed => (queue::held(&app.db, lease_id, key_id, now).await?, true),
        Extended::KeyReused => return Err(key.reused()),
        Extended::Unknown => return Err(Failure::new(Code::NotFound)),
    };
    let Some(first) = held.first() else {
        return Err(Failure::new(Code::LeaseLost));
    };
    let ids: Vec<Uuid> = held.iter().map(|case| case.id).collect();
    let answer = json!({
        "lease_id": lease_id,
        "leased_until": first.leased_until.map(format_instant),
        "notification_ids": ids,
    });
    key.count(if is_replayed { "replay" } else { "new" });
    Ok(Answer::json(answer.to_string()).replayed(is_replayed))
}

/// Gives back what a lease still holds.
pub(crate) async fn release(
    app: &App,
    admitted: &Admitted<Reviewing>,
    lease_id: &str,
) -> Result<Answer<ClaimRelease>, Failure> {
    let key_id = admitted.sender().key_id;
    let released = queue::release(&app.db, id_of(lease_id)?, key_id).await?;
    let released = released.ok_or_else(|| Failure::new(Code::NotFound))?;
    Ok(Answer::json(json!({"released": released}).to_string()))
}
