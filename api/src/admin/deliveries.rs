//! Notifications on their way to the police, as operators see them.

use domain::{problem::Code, time::format_instant};
use serde_json::{Value, json};
use store::{
    outbox::{self, Task},
    routes::Routes,
    tasks::{self, Attempt, Filter, Which},
};
use uuid::Uuid;

use super::{communes, failure, map, note_reads};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Administering, Admitted};
use crate::cursor;
use crate::idempotency::IdempotencyKey;
use crate::problem::Failure;
use crate::query::{Parameter, Query, id_of};
use crate::shapes::admin::{NotificationPage, NotificationView};

/// What cursors of this list are good for.
const LIST: &str = "deliveries";
/// Calls that are shown of a notification: the newest.
const ATTEMPT_COUNT_MAX: u64 = 1_000;

/// The filters, beside those of every list.
pub(crate) const PARAMETERS: [Parameter; 3] = [
    Parameter {
        name: "state",
        about: "`parked`: those set aside. `open`: those on their way. `rejected`: those that the \
                police endpoint refused and that their sender has not corrected yet.",
        schema: || json!({"type": "string", "enum": ["parked", "open", "rejected"], "default": "parked"}),
    },
    Parameter {
        name: "destination",
        about: "Only those that go to the destination of this code.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "facility_id",
        about: "Only those of this facility.",
        schema: || json!({"type": "string", "format": "uuid"}),
    },
];

/// A page of notifications, nearest deadline first.
pub(crate) async fn list(
    app: &App,
    admitted: &Admitted<Administering>,
    mut query: Query,
) -> Result<Answer<NotificationPage>, Failure> {
    let sender = admitted.sender();
    let key_id = sender.key_id;
    let limit = query.limit();
    let after = query.parsed("cursor", Code::InvalidCursor, |text| {
        cursor::read_moment(&app.vault, LIST, key_id, text)
    });
    let which = query.parsed("state", Code::InvalidFilter, |word| match word {
        "parked" => Some(Which::Parked),
        "open" => Some(Which::Open),
        "rejected" => Some(Which::Rejected),
        _ => None,
    });
    let map = map(app).await?;
    let destination = query.parsed("destination", Code::InvalidFilter, |code| {
        map.destination(code).map(|row| row.code.clone())
    });
    let filter = Filter {
        communes: destination.map(|code| communes(&map, &code)),
        facility_id: query.parsed("facility_id", Code::InvalidFilter, |text| {
            Uuid::try_parse(text).ok()
        }),
    };
    query.finish()?;
    let which = which.unwrap_or(Which::Parked);
    let count_max = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut tasks = tasks::list(&app.db, which, &filter, after, count_max).await?;
    let has_more = tasks.len() > limit;
    tasks.truncate(limit);
    let last = tasks.last().filter(|_| has_more);
    let next_cursor = last.map(|task| {
        let place = (task.deadline_at, task.id);
        cursor::write_moment(&app.vault, LIST, key_id, place)
    });
    note_reads(app, sender, &tasks).await?;
    let reasons = tasks::reasons(&app.db, &tasks).await?;
    let items = tasks.iter().map(|task| {
        let mut shown = view(task, &map.routes);
        shown["reason"] = json!(reasons.get(&task.stay_id));
        shown
    });
    let items: Vec<Value> = items.collect();
    let page = json!({"items": items, "next_cursor": next_cursor});
    Ok(Answer::json(page.to_string()))
}

/// One notification with every attempt.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Administering>,
    id: &str,
) -> Result<Answer<NotificationView>, Failure> {
    let found = tasks::get(&app.db, id_of(id)?).await;
    let (task, reason) = found.map_err(|error| failure(error, &IdempotencyKey(None)))?;
    let attempts = tasks::attempts(&app.db, task.id, ATTEMPT_COUNT_MAX).await?;
    let map = map(app).await?;
    let mut shown = view(&task, &map.routes);
    shown["reason"] = json!(reason);
    shown["attempts"] = attempts.iter().map(attempt).collect();
    note_reads(app, admitted.sender(), &[task]).await?;
    Ok(Answer::json(shown.to_string()))
}

/// What may be said of a notification: never its content.
fn view(task: &Task, routes: &Routes) -> Value {
    json!({
        "id": task.id,
        "stay_id": task.stay_id,
        "version": task.version,
        "kind": task.kind.as_stored(),
        "facility_id": task.facility_id,
        "commune_code": task.commune_code,
        "destination": *routes.way(&task.commune_code).destination,
        "state": outbox::state(task),
        "step": task.step.as_stored(),
        "deadline_at": format_instant(task.deadline_at),
        "due_at": format_instant(task.due_at),
        "leased_until": task.leased_until.map(format_instant),
        "claim_count": task.claim_count,
        "attempt_count": task.attempt_count,
        "unclear_count": task.unclear_count,
        "created_at": format_instant(task.created_at),
        "settled_at": task.settled_at.map(format_instant),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "peer": attempt.peer.as_stored(),
        "started_at": format_instant(attempt.started_at),
        "latency_ms": attempt.latency_ms,
        "outcome": attempt.outcome,
        "http_status": attempt.http_status,
        "code": attempt.code,
    })
}
