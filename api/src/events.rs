//! What happened to a sender's stays, in the order of its numbers: page by page, or as it happens.

mod stream;
mod tail;

use std::sync::Arc;

use domain::{
    problem::{Code, Violation},
    time::format_instant,
};
use poem::http::{HeaderMap, header};
use poem_openapi::types::Any;
use serde_json::{Value, json};
use store::events::EventRow;
use uuid::Uuid;

use crate::accept;
use crate::answer::{Answer, JSON};
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::cursor;
use crate::exchange;
use crate::problem::Failure;
use crate::query::{LIMIT_PARAMETER, Parameter, Query};
use crate::shapes::text::{EventWord, Instant};
use crate::shapes::{EventPage, EventView};

pub(crate) use tail::Tail;

/// The media type of server-sent events (HTML Standard, section 9.2).
pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// Where a stream stopped.
const LAST_EVENT_ID: &str = "Last-Event-ID";
/// Instead of a cursor: skips what has happened.
const LATEST: &str = "latest";

/// Where the feed is read.
pub(crate) const PARAMETERS: [Parameter; 2] = [
    LIMIT_PARAMETER,
    Parameter {
        name: "after",
        about: "`next_cursor` of the page before, or an event's `cursor`; `latest` skips what has \
                happened. Left out: from the oldest event that is kept, 30 days back.",
        schema: || json!({"type": "string"}),
    },
];

/// Where reading begins.
enum Start {
    After(i64),
    Latest,
}

/// A page of the feed, or the feed as it happens.
pub(crate) async fn show(
    app: &Arc<App>,
    admitted: Admitted<Reading>,
    headers: &HeaderMap,
    mut query: Query,
) -> Result<Answer<EventPage>, Failure> {
    let media_type = accept::choose(headers, &[JSON, EVENT_STREAM])
        .ok_or_else(|| Failure::new(Code::NotAcceptable))?;
    let organisation_id = admitted.sender().organisation_id;
    let limit = query.limit();
    let start = query.parsed("after", Code::InvalidCursor, |text| {
        let place = || cursor::read_place(&app.vault, organisation_id, text).map(Start::After);
        if text == LATEST {
            Some(Start::Latest)
        } else {
            place()
        }
    });
    query.finish()?;
    let is_stream = media_type == EVENT_STREAM;
    let resumed = if is_stream {
        last_event(app, organisation_id, headers)?
    } else {
        None
    };
    let after = match resumed.or(start) {
        None => 0,
        Some(Start::After(place)) => place,
        Some(Start::Latest) => store::events::head(&app.db).await?,
    };
    let answer = if is_stream {
        stream::open(app, admitted, after).await?
    } else {
        page(app, &admitted, after, limit).await?
    };
    Ok(answer.with_header(header::VARY, "Accept"))
}

fn last_event(
    app: &App,
    organisation_id: Uuid,
    headers: &HeaderMap,
) -> Result<Option<Start>, Failure> {
    let Some(sent) = exchange::text(headers, LAST_EVENT_ID).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match cursor::read_place(&app.vault, organisation_id, sent) {
        Some(place) => Ok(Some(Start::After(place))),
        None => {
            let pointer = format!("/header/{LAST_EVENT_ID}");
            Err(Failure::invalid(vec![Violation::new(
                pointer,
                Code::InvalidCursor,
            )]))
        }
    }
}

async fn page(
    app: &App,
    admitted: &Admitted<Reading>,
    after: i64,
    limit: usize,
) -> Result<Answer<EventPage>, Failure> {
    let scope = admitted.ticket.caller.scope();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let page = store::events::page(&app.db, &scope, after, limit).await?;
    let organisation_id = scope.organisation_id;
    let items = page.items.iter();
    Ok(Answer::of(&EventPage {
        items: items
            .map(|event| view(app, organisation_id, event))
            .collect(),
        next_cursor: cursor::write_place(&app.vault, organisation_id, page.reached),
    }))
}

fn view(app: &App, organisation_id: Uuid, event: &EventRow) -> EventView {
    let sequence = event.sequence.unwrap_or_default();
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or_else(|_| json!({}));
    EventView {
        id: event.id,
        cursor: cursor::write_place(&app.vault, organisation_id, sequence),
        kind: EventWord(event.kind.clone()),
        occurred_at: Instant(format_instant(event.created_at)),
        facility_id: event.facility_id,
        stay_id: event.stay_id,
        version: event.version,
        data: Any(detail),
    }
}
