//! The feed as server-sent events.
//!
//! A stream holds no request slot and no database connection. It ends when the process stops, when
//! its key ends, when the database does not answer, and after an hour. A client that reconnects
//! with `Last-Event-ID` misses nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::problem::Code;
use futures_util::stream;
use metrics::gauge;
use poem::http::HeaderName;
use poem::{Body, IntoResponse, Response};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use store::{
    damage,
    events::{EventRow, FeedScope},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use super::tail::FeedNews;
use super::{EVENT_STREAM, EventView};
use crate::app::App;
use crate::auth::{self, Access, Admitted};
use crate::caller::Caller;
use crate::cursor;
use crate::limit::GatePermit;
use crate::parameters::inline;
use crate::problem::Failure;
use crate::reply;

/// How soon a client should reconnect after a stream ends, in milliseconds.
const RETRY_MILLISECONDS: u32 = 2_000;
/// Longest silence.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// How often to check that the key is still valid.
const KEY_INTERVAL: Duration = Duration::from_secs(2);
/// The longest life of a stream, so that clients rebalance over processes.
const DURATION_MAX: Duration = Duration::from_secs(3600);
/// Events read at once while a stream catches up.
const READ_COUNT_MAX: u64 = 200;
/// Asks proxies to pass on what comes at once.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Streams the events after a number for as long as the client listens.
///
/// Errors: 429 when the key has too many streams, 503 when the process has.
pub(super) async fn open(
    app: &Arc<App>,
    admitted: Admitted<impl Access>,
    after: i64,
    form: Form,
) -> Result<EventStream, Failure> {
    let caller = Arc::clone(&admitted.ticket.caller);
    let of_key = caller.meter.streams.enter(Duration::ZERO).await;
    let of_key = of_key.ok_or_else(|| Failure::new(Code::RateLimited))?;
    let of_process = app.limits.streams.enter(Duration::ZERO).await;
    let of_process = of_process.ok_or_else(|| Failure::new(Code::Overloaded))?;
    // A stream lasts long and has its own slots.
    admitted.ticket.leave();
    let mut key_looks = interval(KEY_INTERVAL);
    key_looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listening = Listening {
        scope: form.scope_of(&caller),
        form,
        caller,
        news: app.tail.listen(),
        app: Arc::clone(app),
        reached: after,
        is_behind: true,
        key_looks,
        ends_at: Instant::now() + DURATION_MAX,
        written_at: None,
        _open: Open::begin(),
        _places: [of_key, of_process],
    };
    let chunks = stream::unfold(listening, |mut listening| async move {
        let chunk = listening.next().await?;
        Some((Ok::<_, std::io::Error>(chunk), listening))
    });
    Ok(EventStream(Body::from_bytes_stream(chunks)))
}

/// Whom a stream is for.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A program: everything it may see.
    OfApi,
    /// A page at one facility.
    OfPage {
        /// The facility.
        facility_id: Uuid,
    },
}

impl Form {
    /// What is told of what the caller may see.
    fn scope_of(self, caller: &Caller) -> FeedScope {
        let mut scope = caller.scope();
        if let Self::OfPage { facility_id } = self {
            let seen = scope.facility_ids.as_ref();
            let is_seen = seen.is_none_or(|ids| ids.contains(&facility_id));
            scope.facility_ids = Some(is_seen.then_some(facility_id).into_iter().collect());
        }
        scope
    }
}

/// The feed as it happens.
pub(crate) struct EventStream(Body);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        reply::of_type(EVENT_STREAM, self.0)
            .with_header(NO_BUFFERING, "no")
            .into_response()
    }
}

/// What the document says of a stream.
pub(super) fn schema() -> MetaSchemaRef {
    inline(MetaSchema {
        description: Some(
            "Server-sent events. At once `retry` and an `id`, from which to resume when the stream \
             is cut before the first event. Then each event with its `id` (its `cursor`), `event` \
             (its `type`) and `data` (an `Event` as JSON). After 15 seconds without one a comment \
             and the `id` reached, without `data`: a sign of life. A stream ends after an hour at \
             the latest: come again with `Last-Event-ID`.",
        ),
        ..MetaSchema::new("string")
    })
}

/// Counted while alive.
struct Open;

impl Open {
    fn begin() -> Self {
        gauge!("luutru_event_streams").increment(1);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!("luutru_event_streams").decrement(1);
    }
}

struct Listening {
    app: Arc<App>,
    caller: Arc<Caller>,
    scope: FeedScope,
    form: Form,
    news: Receiver<Arc<FeedNews>>,
    /// Everything up to this number has been written.
    reached: i64,
    /// The database may hold more than the live events.
    is_behind: bool,
    key_looks: Interval,
    ends_at: Instant,
    /// When something was written last.
    written_at: Option<Instant>,
    _open: Open,
    _places: [GatePermit; 2],
}

/// What a stream waited for.
enum Happening {
    End,
    KeyLook,
    News(Result<Arc<FeedNews>, RecvError>),
}

impl Listening {
    /// The next chunk to write; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        let text = if self.written_at.is_none() {
            // Send the position at once: a client cut off before the first event resumes here.
            format!("retry: {RETRY_MILLISECONDS}\nid: {}\n\n", self.place())
        } else {
            self.next_text().await?
        };
        self.written_at = Some(Instant::now());
        Some(text.into())
    }

    async fn next_text(&mut self) -> Option<String> {
        loop {
            let text = if self.is_behind {
                self.catch_up().await?
            } else {
                match self.happening().await {
                    Happening::End => return None,
                    Happening::KeyLook => self.look_at_key().await?,
                    Happening::News(news) => self.hear(news)?,
                }
            };
            if !text.is_empty() {
                return Some(text);
            }
        }
    }

    async fn happening(&mut self) -> Happening {
        tokio::select! {
            biased;
            () = self.app.stop.cancelled() => Happening::End,
            () = tokio::time::sleep_until(self.ends_at) => Happening::End,
            _ = self.key_looks.tick() => Happening::KeyLook,
            news = self.news.recv() => Happening::News(news),
        }
    }

    async fn catch_up(&mut self) -> Option<String> {
        if self.app.stop.is_cancelled() {
            return None;
        }
        let page =
            store::events::page(&self.app.db, &self.scope, self.reached, READ_COUNT_MAX).await;
        let page = page
            .inspect_err(|error| tracing::debug!(%error, "a stream of events ends"))
            .ok()?;
        self.is_behind = page.is_full;
        self.reached = page.reached;
        Some(page.items.iter().map(|event| self.write(event)).collect())
    }

    fn hear(&mut self, news: Result<Arc<FeedNews>, RecvError>) -> Option<String> {
        let news = match news {
            Ok(news) => news,
            Err(RecvError::Lagged(_)) => {
                self.is_behind = true;
                return Some(String::new());
            }
            Err(RecvError::Closed) => return None,
        };
        if news.after > self.reached {
            self.is_behind = true;
            return Some(String::new());
        }
        let reached = self.reached;
        let is_new = |event: &&EventRow| event.sequence > Some(reached);
        let items = news.page.items.iter().filter(is_new);
        let own = items.filter(|event| self.scope.holds(event));
        let text = own.map(|event| self.write(event)).collect();
        self.reached = reached.max(news.page.reached);
        Some(text)
    }

    /// Ends the stream when its key has ended; otherwise sends a keep-alive.
    async fn look_at_key(&mut self) -> Option<String> {
        match auth::again(&self.app, &self.caller).await {
            Ok(caller) => {
                self.caller = caller?;
                self.scope = self.form.scope_of(&self.caller);
            }
            // While the database does not answer, keep trusting the key.
            Err(error) => tracing::debug!(%error, "could not refresh a key"),
        }
        let silence = self.written_at.map(|at| at.elapsed()).unwrap_or_default();
        if silence < KEEP_ALIVE_INTERVAL {
            return Some(String::new());
        }
        // An id without data: the client resumes here, and sees no event.
        Some(format!(": still here\nid: {}\n\n", self.place()))
    }

    /// The cursor of what has been written.
    fn place(&self) -> String {
        cursor::write_place(&self.app.vault, self.scope.organisation_id, self.reached)
    }

    /// Nothing of a damaged event; the stream goes on.
    fn write(&self, event: &EventRow) -> String {
        let view = EventView::of(&self.app, self.scope.organisation_id, event);
        let view = damage::sound("event", event.id, view);
        view.map_or_else(String::new, |view| match self.form {
            Form::OfApi => view.to_server_sent(),
            Form::OfPage { .. } => view.to_message(),
        })
    }
}
