//! Where notifications go, how it stands with each destination, and holding them back.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{operator::PauseRequest, problem::Code, sender::Sender, time::format_instant};
use serde_json::{Value, json};
use store::{
    backlog::{Backlog, Map},
    destinations::{self, Deed, Destination, PAUSED, Pause, RUNNING},
};

use super::{AREA, failure, map};
use crate::answer::Answer;
use crate::app::App;
use crate::audit;
use crate::auth::{Administering, Admitted};
use crate::cursor;
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
use crate::problem::Failure;
use crate::query::Query;
use crate::shapes::admin::{DestinationPage, DestinationView, PauseDraft, PauseState};
use crate::stays::REPLAYED;

/// What cursors of this list are good for.
const LIST: &str = "destinations";
/// What deeds are noted about.
const DESTINATION: &str = "destination";

/// A page of destinations, by code.
pub(crate) async fn list(
    app: &App,
    admitted: &Admitted<Administering>,
    mut query: Query,
) -> Result<Answer<DestinationPage>, Failure> {
    let key_id = admitted.sender().key_id;
    let page = query.page(&app.vault, LIST, key_id);
    query.finish()?;
    let map = map(app).await?;
    let first = page.after.map_or(0, |after| {
        let place = map.rows.iter().position(|row| row.id == after);
        place.map_or(map.rows.len(), |place| place + 1)
    });
    let rest = map.rows.get(first..).unwrap_or_default();
    let shown = rest.get(..page.limit).unwrap_or(rest);
    let last = shown.last().filter(|_| shown.len() < rest.len());
    let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, key_id, row.id));
    let backlogs = map.backlogs(&app.db, app.clock.now()).await?;
    let now = app.clock.now();
    let items = shown.iter().map(|row| view(row, &map, &backlogs, now));
    let items: Vec<Value> = items.collect();
    let page = json!({"items": items, "next_cursor": next_cursor});
    Ok(Answer::json(page.to_string()))
}

/// One destination.
pub(crate) async fn show(app: &App, code: &str) -> Result<Answer<DestinationView>, Failure> {
    let map = map(app).await?;
    let row = map.destination(code);
    let row = row.ok_or_else(|| Failure::new(Code::NotFound))?;
    let backlogs = map.backlogs(&app.db, app.clock.now()).await?;
    let shown = view(row, &map, &backlogs, app.clock.now());
    Ok(Answer::json(shown.to_string()))
}

/// Holds a destination back.
pub(crate) async fn pause(
    app: &App,
    admitted: &Admitted<Administering>,
    code: &str,
    key: IdempotencyKey,
    document: Document<PauseDraft>,
) -> Result<Answer<PauseState>, Failure> {
    let sender = admitted.sender();
    let row = find(app, code).await?;
    let now = document.received_at;
    let request = PauseRequest::read(&document.value, now).map_err(Failure::invalid)?;
    let path = format!("destinations/{}/pause", row.code);
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &document.value), now);
    let pause = Pause {
        by: sender.key_id.to_string(),
        reason: request.reason.clone(),
        at: now,
        until: request.until,
    };
    let entry = audit::entry(
        app,
        sender.key_id,
        "destination.paused",
        (DESTINATION, row.id),
        now,
    );
    let deed = destinations::pause(&app.db, &row.code, pause, entry, guard.as_ref()).await;
    let paused = |at| Paused {
        by: sender,
        request: &request,
        at,
    };
    answer(&row, deed, &key, now, |at| Some(paused(at)))
}

/// Lets a destination go again.
pub(crate) async fn resume(
    app: &App,
    admitted: &Admitted<Administering>,
    code: &str,
    key: IdempotencyKey,
) -> Result<Answer<PauseState>, Failure> {
    let sender = admitted.sender();
    let row = find(app, code).await?;
    let now = app.clock.now();
    let path = format!("destinations/{}/resume", row.code);
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &Value::Null), now);
    let entry = audit::entry(
        app,
        sender.key_id,
        "destination.resumed",
        (DESTINATION, row.id),
        now,
    );
    let deed = destinations::resume(&app.db, &row.code, entry, guard.as_ref()).await;
    answer(&row, deed, &key, now, |_| None)
}

async fn find(app: &App, code: &str) -> Result<Destination, Failure> {
    // Looked for here: the code is whatever somebody sent.
    let rows = destinations::all(&app.db).await?;
    let row = rows.into_iter().find(|row| row.code == code);
    row.ok_or_else(|| Failure::new(Code::NotFound))
}

/// A pause as it was asked for.
struct Paused<'a> {
    by: &'a Sender,
    request: &'a PauseRequest,
    at: DateTime<Utc>,
}

/// Made of the request and the time of the first one, so that a replay is the first answer byte
/// for byte.
fn answer<'a>(
    row: &Destination,
    deed: store::Result<Deed>,
    key: &IdempotencyKey,
    now: DateTime<Utc>,
    paused: impl Fn(DateTime<Utc>) -> Option<Paused<'a>>,
) -> Result<Answer<PauseState>, Failure> {
    let (at, is_replayed) = match deed.map_err(|error| failure(error, key))? {
        Deed::Done => (now, false),
        Deed::Replayed(at) => (at, true),
        Deed::KeyReused => {
            key.count("mismatch");
            return Err(Failure::new(Code::IdempotencyKeyReused));
        }
    };
    key.count(if is_replayed { "replay" } else { "new" });
    let paused = paused(at);
    let paused = paused.as_ref();
    let until = paused.and_then(|paused| paused.request.until);
    let state = json!({
        "code": row.code,
        "state": if paused.is_some() { PAUSED } else { RUNNING },
        "paused_by": paused.map(|paused| paused.by.key_id),
        "paused_reason": paused.map(|paused| &paused.request.reason),
        "paused_at": paused.map(|paused| format_instant(paused.at)),
        "paused_until": until.map(format_instant),
    });
    let answer = Answer::json(state.to_string());
    Ok(if is_replayed {
        answer.with_header(REPLAYED, "true")
    } else {
        answer
    })
}

fn view(
    row: &Destination,
    map: &Map,
    backlogs: &HashMap<String, Backlog>,
    now: DateTime<Utc>,
) -> Value {
    let backlog = backlogs.get(&row.code).copied().unwrap_or_default();
    let way = map.routes.way_of_destination(&row.code);
    let lane = way.map(|way| &*way.lane);
    let called = map.called(row);
    let age = backlog.oldest_created_at;
    let age = age.map(|at| (now - at).num_seconds().max(0));
    json!({
        "code": row.code,
        "name": row.name,
        "province_code": row.province_code,
        "endpoint_url": row.endpoint_url,
        "endpoint_of": lane,
        "state": row.state,
        "paused_by": row.paused_by,
        "paused_reason": row.paused_reason,
        "paused_at": row.paused_at.map(format_instant),
        "paused_until": row.paused_until.map(format_instant),
        "is_held": way.is_some_and(|way| way.is_paused),
        "rate_per_second": row.rate_per_second,
        "call_count_max": row.call_count_max,
        "breaker": called.breaker,
        "breaker_reason": called.breaker_reason,
        "breaker_since": called.breaker_since.map(format_instant),
        "backlog": {
            "open": backlog.open_count,
            "overdue": backlog.overdue_count,
            "parked": backlog.parked_count,
            "oldest_created_at": backlog.oldest_created_at.map(format_instant),
            "oldest_age_seconds": age,
            "nearest_deadline_at": backlog.nearest_deadline_at.map(format_instant),
        },
    })
}
