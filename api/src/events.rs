//! The events of a sender's stays in numerical order: page by page, or live.

mod stream;
mod tail;

use std::sync::Arc;

use domain::problem::{Code, Violation};
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, Object, OpenApi, ResponseContent,
    payload::Payload,
    registry::{MetaMediaType, Registry},
    types::Any,
};
use serde::Serialize;
use serde_json::Value;
use store::{damage, events::EventRow};
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Access, Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::exchange;
use crate::negotiation;
use crate::parameters::{Cursor, Limit, Query, query};
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::{JSON, Json};
use crate::shapes::text::{EventWord, Instant};
use crate::topic::Topic;

pub(crate) use tail::Tail;

use stream::Form;

/// The media type of server-sent events (HTML Standard, section 9.2).
pub(crate) const EVENT_STREAM: &str = "text/event-stream";
/// Where a stream stopped.
const LAST_EVENT_ID: &str = "Last-Event-ID";
/// In place of a cursor: skips past events.
const LATEST: &str = "latest";

query! {
    /// Where the feed is read.
    pub(crate) struct FeedQuery {
        /// Most items of the page.
        limit: Option<Limit>,
        /// `next_cursor` of the page before, or an event's `cursor`; `latest` skips what has
        /// happened. Left out: from the oldest event that is kept, 30 days back.
        after: Option<Cursor>,
    }
}

/// Something that happened.
#[derive(Object, Serialize)]
#[oai(rename = "Event")]
pub(crate) struct EventView {
    /// The same wherever the event is told of: whoever has seen it has seen the event.
    id: Uuid,
    /// Its place in the feed.
    cursor: String,
    /// What happened. More words may come.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: EventWord,
    /// When.
    occurred_at: Instant,
    /// At which facility, if at one.
    #[oai(nullable)]
    facility_id: Option<Uuid>,
    /// To which stay, if to one.
    #[oai(nullable)]
    stay_id: Option<Uuid>,
    /// To which version of the stay.
    #[oai(nullable)]
    version: Option<i32>,
    /// Further members, by `type`. Nothing personal.
    data: Any<Value>,
}

/// A part of the feed.
#[derive(Object, Serialize)]
pub(crate) struct EventPage {
    /// The events, oldest first.
    items: Vec<EventView>,
    /// Where to read on, now or later. Never `null`.
    next_cursor: String,
}

/// The feed of events.
pub(crate) struct EventsApi(pub(crate) Arc<App>);

/// The feed is read.
#[derive(ApiResponse)]
pub(crate) enum EventsListed {
    /// A part of the feed.
    #[oai(status = 200)]
    Feed(Feed),
}

/// A part of the feed in the form that `Accept` prefers.
pub(crate) enum Feed {
    /// What has happened.
    Page(Json<EventPage>),
    /// What happens, as it does.
    Stream(stream::EventStream),
}

impl ResponseContent for Feed {
    fn media_types() -> Vec<MetaMediaType> {
        vec![
            MetaMediaType {
                content_type: JSON,
                schema: <Json<EventPage> as Payload>::schema_ref(),
            },
            MetaMediaType {
                content_type: EVENT_STREAM,
                schema: stream::schema(),
            },
        ]
    }

    fn register(registry: &mut Registry) {
        <Json<EventPage> as Payload>::register(registry);
    }
}

impl IntoResponse for Feed {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Page(page) => page.into_response(),
            Self::Stream(stream) => stream.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}

impl Examples for EventsApi {
    const EXAMPLES: &'static str = include_str!("events.examples.json");
}

#[OpenApi]
impl EventsApi {
    /// List events
    ///
    /// The events of the key's facilities, oldest first, by polling; or as they happen, as
    /// server-sent events, for `Accept: text/event-stream`. No event is ever passed over: the
    /// cursor moves only over what is complete. Events are kept for 30 days.
    #[oai(
        path = "/v1/events",
        method = "get",
        operation_id = "listEvents",
        tag = "Topic::Events"
    )]
    async fn list(
        &self,
        headers: &HeaderMap,
        admitted: Admitted<op::ListEvents>,
        mut query: Query<FeedQuery>,
    ) -> Result<EventsListed, Refused<406>> {
        let app = &self.0;
        let media_type = negotiation::choose(headers, &[JSON, EVENT_STREAM])
            .ok_or_else(|| Failure::new(Code::NotAcceptable))?;
        let organisation_id = admitted.sender().organisation_id;
        let after = ("after", query.parameters.after.take());
        let start = query.resolve(after, Code::InvalidCursor, |cursor| {
            Start::read(app, organisation_id, &cursor)
        });
        let limit = query.finish()?.limit.unwrap_or_default();
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
        Ok(EventsListed::Feed(if is_stream {
            Feed::Stream(stream::open(app, admitted, after, Form::OfApi).await?)
        } else {
            Feed::Page(Json(page(app, &admitted, after, limit).await?))
        }))
    }
}

/// Where reading begins.
enum Start {
    After(i64),
    Latest,
}

impl Start {
    fn read(app: &App, organisation_id: Uuid, cursor: &Cursor) -> Option<Self> {
        if cursor.0 == LATEST {
            return Some(Self::Latest);
        }
        cursor::read_place(&app.vault, organisation_id, &cursor.0).map(Self::After)
    }
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

/// The feed of one facility for a page that is open: from where it was cut, otherwise from now on.
///
/// Errors: as [`stream::open`].
pub(crate) async fn follow(
    app: &Arc<App>,
    admitted: Admitted<impl Access>,
    headers: &HeaderMap,
    facility_id: Uuid,
) -> Result<stream::EventStream, Failure> {
    let organisation_id = admitted.sender().organisation_id;
    let resumed = exchange::text(headers, LAST_EVENT_ID)
        .and_then(|sent| cursor::read_place(&app.vault, organisation_id, sent));
    let after = match resumed {
        Some(place) => place,
        None => store::events::head(&app.db).await?,
    };
    stream::open(app, admitted, after, Form::OfPage { facility_id }).await
}

async fn page(
    app: &App,
    admitted: &Admitted<impl Access>,
    after: i64,
    limit: Limit,
) -> Result<EventPage, Failure> {
    let scope = admitted.ticket.caller.scope();
    let limit = u64::try_from(limit.0).unwrap_or(u64::MAX);
    let page = store::events::page(&app.db, &scope, after, limit).await?;
    let organisation_id = scope.organisation_id;
    let sound = page.items.iter().filter_map(|event| {
        let view = EventView::of(app, organisation_id, event);
        damage::sound("event", event.id, view)
    });
    Ok(EventPage {
        items: sound.collect(),
        next_cursor: cursor::write_place(&app.vault, organisation_id, page.reached),
    })
}

impl EventView {
    /// Errors: the event is damaged.
    fn of(app: &App, organisation_id: Uuid, event: &EventRow) -> store::Result<Self> {
        let sequence = event.sequence.unwrap_or_default();
        Ok(Self {
            id: event.id,
            cursor: cursor::write_place(&app.vault, organisation_id, sequence),
            kind: event.kind.get()?.into(),
            occurred_at: Instant::of(event.created_at),
            facility_id: event.facility_id,
            stay_id: event.stay_id,
            version: event.version,
            data: Any(Value::Object(store::events::detail(event)?)),
        })
    }

    /// As one event of a stream.
    fn to_server_sent(&self) -> String {
        format!("event: {}\n{}", self.kind.0, self.to_message())
    }

    /// The same without a name: scripts hear it in one place with all others.
    fn to_message(&self) -> String {
        let data = serde_json::to_string(self).unwrap_or_default();
        format!("id: {}\ndata: {data}\n\n", self.cursor)
    }
}
