//! Sending again what was set aside.

use domain::{
    operator::RequeueRequest,
    problem::{Code, Violation},
};
use serde_json::{Value, json};
use store::{
    idempotency,
    tasks::{self, Filter, Replayed, Requeued},
};

use super::{AREA, TASK, communes, failure, map};
use crate::answer::Answer;
use crate::app::App;
use crate::audit;
use crate::auth::{Administering, Admitted};
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
use crate::problem::Failure;
use crate::query::id_of;
use crate::shapes::admin::{RequeueAnswer, RequeueDraft, RequeueManyAnswer};
use crate::stays::REPLAYED;

/// Notifications that one request sends again at most.
const COUNT_MAX: u64 = 200;
/// What sending again is noted as.
const ACTION: &str = "delivery.requeued";

/// Sends one notification again.
pub(crate) async fn one(
    app: &App,
    admitted: &Admitted<Administering>,
    id: &str,
    key: IdempotencyKey,
) -> Result<Answer<RequeueAnswer>, Failure> {
    let sender = admitted.sender();
    let id = id_of(id)?;
    let now = app.clock.now();
    let path = format!("deliveries/{id}/requeue");
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &Value::Null), now);
    let entry = audit::entry(app, sender.key_id, ACTION, (TASK, id), now);
    let outcome = tasks::requeue(&app.db, id, now, entry, guard.as_ref()).await;
    // Made of nothing that changes, so that a replay is the first answer byte for byte.
    let answer = |word: &str| Answer::json(json!({"id": id, "outcome": word}).to_string());
    let (word, is_replayed) = match outcome.map_err(|error| failure(error, &key))? {
        Requeued::Done => ("requeued", false),
        Requeued::OnItsWay => ("on_its_way", false),
        Requeued::Replayed(Replayed::Done) => ("requeued", true),
        Requeued::Replayed(Replayed::OnItsWay) => ("on_its_way", true),
        Requeued::Settled => return Err(Failure::new(Code::DeliverySettled)),
        Requeued::Superseded => return Err(Failure::new(Code::DeliverySuperseded)),
        Requeued::KeyReused => {
            key.count("mismatch");
            return Err(Failure::new(Code::IdempotencyKeyReused));
        }
    };
    key.count(if is_replayed { "replay" } else { "new" });
    Ok(if is_replayed {
        answer(word).with_header(REPLAYED, "true")
    } else {
        answer(word)
    })
}

/// Sends again all that were set aside, or those of a destination or a facility.
pub(crate) async fn many(
    app: &App,
    admitted: &Admitted<Administering>,
    key: IdempotencyKey,
    document: Document<RequeueDraft>,
) -> Result<Answer<RequeueManyAnswer>, Failure> {
    let sender = admitted.sender();
    let request = RequeueRequest::read(&document.value).map_err(Failure::invalid)?;
    let now = document.received_at;
    let filter = filter(app, request).await?;
    let path = "deliveries/requeue";
    if let Some(guard) = key.of_request(app, sender, (AREA, &[]), (path, &document.value), now)
        && !idempotency::guard(&app.db, &guard, now)
            .await
            .map_err(|error| key.failure(error))?
    {
        key.count("mismatch");
        return Err(Failure::new(Code::IdempotencyKeyReused));
    }
    let entry = |id| audit::entry(app, sender.key_id, ACTION, (TASK, id), now);
    let outcome = tasks::requeue_parked(&app.db, &filter, COUNT_MAX, now, entry).await?;
    let answer = json!({
        "requeued": outcome.requeued_count,
        "superseded": outcome.superseded_count,
        "more": outcome.may_be_more,
    });
    Ok(Answer::json(answer.to_string()))
}

async fn filter(app: &App, request: RequeueRequest) -> Result<Filter, Failure> {
    let communes = match request.destination {
        None => None,
        Some(code) => {
            let map = map(app).await?;
            if map.destination(&code).is_none() {
                let violation = Violation::new("/destination", Code::UnknownCode);
                return Err(Failure::invalid(vec![violation]));
            }
            Some(communes(&map, &code))
        }
    };
    Ok(Filter {
        communes,
        facility_id: request.facility_id,
    })
}
