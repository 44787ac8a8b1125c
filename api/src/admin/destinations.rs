//! Where notifications go, the state of each destination, and pausing them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    operator::{DestinationState, PauseRequest},
    problem::Code,
    sender::Sender,
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use serde_json::Value;
use store::{
    backlog::{Backlog, Map},
    damage,
    destinations::{self, Destination, DestinationOutcome, Pause},
    word::Unreadable,
};
use uuid::Uuid;

use super::{AREA, failure, map};
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::idempotency::IdempotencyKey;
use crate::parameters::{Paged, Query};
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::{Json, Replayed};
use crate::shapes::text::{BreakerWord, DestinationStateWord, Instant, PauseReason, ProvinceCode};
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "destinations";

/// A destination of notifications.
#[derive(Object, Serialize)]
#[oai(rename = "Destination")]
pub struct DestinationView {
    /// Its code; of a province, the province's.
    code: String,
    /// What people call it.
    name: String,
    /// Its province.
    #[oai(nullable)]
    province_code: Option<ProvinceCode>,
    /// The address of an endpoint of its own.
    #[oai(nullable)]
    endpoint_url: Option<String>,
    /// The destination whose endpoint is called: its own, its province's, or `national`.
    #[oai(nullable)]
    endpoint_of: Option<String>,
    /// Whether somebody holds it back.
    state: DestinationStateWord,
    /// Who: a key's id, `operator` at a terminal, or `worker` for an endpoint that refuses us.
    #[oai(nullable)]
    paused_by: Option<String>,
    /// Why.
    #[oai(nullable)]
    paused_reason: Option<String>,
    /// Since when.
    #[oai(nullable)]
    paused_at: Option<Instant>,
    /// Until when; `null`: until it is resumed.
    #[oai(nullable)]
    paused_until: Option<Instant>,
    /// Somebody holds it, or the destination whose endpoint it uses.
    is_held: bool,
    /// Calls a second, of each worker; `null`: the workers' own bound.
    #[oai(nullable)]
    rate_per_second: Option<u32>,
    /// Calls at once, of each worker; `null`: the workers' own bound.
    #[oai(nullable)]
    call_count_max: Option<u32>,
    /// What a worker last found of the endpoint that is called.
    breaker: BreakerWord,
    /// Why it is open.
    #[oai(nullable)]
    breaker_reason: Option<String>,
    /// Since when.
    #[oai(nullable)]
    breaker_since: Option<Instant>,
    /// What waits.
    backlog: DestinationBacklog,
}

impl DestinationView {
    /// A destination as operators see it at `now`.
    ///
    /// # Errors
    /// It is damaged.
    pub fn of(
        row: &Destination,
        map: &Map,
        backlog: &Backlog,
        now: DateTime<Utc>,
    ) -> Result<Self, Unreadable> {
        let route = map.routing.route_of_destination(&row.code);
        let called = map.called(row);
        let bound = |count: Option<i32>| count.and_then(|count| u32::try_from(count).ok());
        Ok(Self {
            code: row.code.clone(),
            name: row.name.clone(),
            province_code: row.province_code.clone().map(ProvinceCode),
            endpoint_url: row.endpoint_url.clone(),
            endpoint_of: route.map(|route| route.lane.to_string()),
            state: row.state.get()?.into(),
            paused_by: row.paused_by.clone(),
            paused_reason: row.paused_reason.clone(),
            paused_at: row.paused_at.map(Instant::of),
            paused_until: row.paused_until.map(Instant::of),
            is_held: route.is_some_and(|route| route.is_paused),
            rate_per_second: bound(row.rate_per_second),
            call_count_max: bound(row.call_count_max),
            breaker: called.breaker.get()?.into(),
            breaker_reason: called.breaker_reason.clone(),
            breaker_since: called.breaker_since.map(Instant::of),
            backlog: DestinationBacklog::of(backlog, now),
        })
    }
}

/// What of a destination's notifications waits.
#[derive(Object, Serialize)]
struct DestinationBacklog {
    /// Those on their way.
    open: u64,
    /// Of these, those whose deadline has passed.
    overdue: u64,
    /// Those set aside.
    parked: u64,
    /// Since when the oldest is on its way.
    #[oai(nullable)]
    oldest_created_at: Option<Instant>,
    /// The same in seconds.
    #[oai(nullable)]
    oldest_age_seconds: Option<u64>,
    /// The nearest deadline of those on their way.
    #[oai(nullable)]
    nearest_deadline_at: Option<Instant>,
}

impl DestinationBacklog {
    fn of(backlog: &Backlog, now: DateTime<Utc>) -> Self {
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        let age = |at: DateTime<Utc>| u64::try_from((now - at).num_seconds()).unwrap_or_default();
        Self {
            open: count(backlog.open_count),
            overdue: count(backlog.overdue_count),
            parked: count(backlog.parked_count),
            oldest_created_at: backlog.oldest_created_at.map(Instant::of),
            oldest_age_seconds: backlog.oldest_created_at.map(age),
            nearest_deadline_at: backlog.nearest_deadline_at.map(Instant::of),
        }
    }
}

/// A page of destinations, by code.
#[derive(Object, Serialize)]
pub(crate) struct DestinationPage {
    /// The destinations.
    items: Vec<DestinationView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// Holds a destination back.
#[derive(Object)]
pub(crate) struct PauseDraft {
    /// Why. No personal values, please.
    reason: PauseReason,
    /// Until when; until it is resumed when left out.
    until: Option<Instant>,
}

impl Shape for PauseDraft {}

/// Whether a destination is held back.
#[derive(Object, Serialize)]
pub(crate) struct PauseState {
    /// The destination.
    code: String,
    /// Whether it is held back.
    state: DestinationStateWord,
    /// By which key.
    #[oai(nullable)]
    paused_by: Option<Uuid>,
    /// Why.
    #[oai(nullable)]
    paused_reason: Option<String>,
    /// Since when.
    #[oai(nullable)]
    paused_at: Option<Instant>,
    /// Until when; `null`: until it is resumed.
    #[oai(nullable)]
    paused_until: Option<Instant>,
}

impl PauseState {
    fn running(row: &Destination) -> Self {
        Self {
            code: row.code.clone(),
            state: DestinationState::Running.into(),
            paused_by: None,
            paused_reason: None,
            paused_at: None,
            paused_until: None,
        }
    }

    fn paused(row: &Destination, by: &Sender, request: &PauseRequest, at: DateTime<Utc>) -> Self {
        Self {
            code: row.code.clone(),
            state: DestinationState::Paused.into(),
            paused_by: Some(by.key_id),
            paused_reason: Some(request.reason.clone()),
            paused_at: Some(Instant::of(at)),
            paused_until: request.until.map(Instant::of),
        }
    }
}

/// Destinations are listed.
#[derive(ApiResponse)]
pub(crate) enum DestinationsListed {
    /// A page of destinations.
    #[oai(status = 200)]
    Page(Json<DestinationPage>),
}

/// A destination is shown.
#[derive(ApiResponse)]
pub(crate) enum DestinationShown {
    /// The destination.
    #[oai(status = 200)]
    Destination(Json<DestinationView>),
}

/// A destination was paused.
#[derive(ApiResponse)]
pub(crate) enum DestinationPaused {
    /// It is held back, or the first answer again.
    #[oai(status = 200)]
    State(
        Json<PauseState>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// A destination was resumed.
#[derive(ApiResponse)]
pub(crate) enum DestinationResumed {
    /// It goes again, or the first answer again.
    #[oai(status = 200)]
    State(
        Json<PauseState>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// Destinations, listed, shown, paused and resumed.
pub(crate) struct DestinationsApi(pub(crate) Arc<App>);

impl Examples for DestinationsApi {
    const EXAMPLES: &'static str = include_str!("destinations.examples.json");
}

#[OpenApi]
impl DestinationsApi {
    /// List destinations
    ///
    /// By code: who holds which back and why, bounds, breaker, and what waits.
    #[oai(
        path = "/v1/admin/destinations",
        method = "get",
        operation_id = "listDestinations",
        tag = "Topic::Administration"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListDestinations>,
        mut query: Query<Paged>,
    ) -> Result<DestinationsListed, Failure> {
        let (app, key_id) = (&self.0, admitted.sender().key_id);
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
        let now = app.clock.now();
        let backlogs = map.backlogs(&app.db, now).await?;
        let items = shown.iter().filter_map(|row| {
            let view = view(row, &map, &backlogs, now);
            damage::sound("destination", row.id, view)
        });
        Ok(DestinationsListed::Page(Json(DestinationPage {
            items: items.collect(),
            next_cursor,
        })))
    }

    /// See a destination
    #[oai(
        path = "/v1/admin/destinations/:code",
        method = "get",
        operation_id = "showDestination",
        tag = "Topic::Administration"
    )]
    async fn show(
        &self,
        _admitted: Admitted<op::ShowDestination>,
        /// The destination's code.
        Path(code): Path<String>,
    ) -> Result<DestinationShown, Failure> {
        let app = &self.0;
        let map = map(app).await?;
        let row = map.destination(&code);
        let row = row.ok_or_else(|| Failure::new(Code::NotFound))?;
        let now = app.clock.now();
        let backlogs = map.backlogs(&app.db, now).await?;
        let view = view(row, &map, &backlogs, now)?;
        Ok(DestinationShown::Destination(Json(view)))
    }

    /// Pause a destination
    ///
    /// Within a second nothing more is sent to it; calls under way go on. What waits keeps its
    /// order. Pausing again replaces the reason and the end time.
    #[oai(
        path = "/v1/admin/destinations/:code/pause",
        method = "post",
        operation_id = "pauseDestination",
        tag = "Topic::Administration"
    )]
    async fn pause(
        &self,
        admitted: Admitted<op::PauseDestination>,
        /// The destination's code.
        Path(code): Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<PauseDraft>,
    ) -> Result<DestinationPaused, Failure> {
        let (state, replayed) = pause(&self.0, admitted.sender(), &code, &key, document).await?;
        Ok(DestinationPaused::State(Json(state), replayed))
    }

    /// Resume a destination
    #[oai(
        path = "/v1/admin/destinations/:code/resume",
        method = "post",
        operation_id = "resumeDestination",
        tag = "Topic::Administration"
    )]
    async fn resume(
        &self,
        admitted: Admitted<op::ResumeDestination>,
        /// The destination's code.
        Path(code): Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<DestinationResumed, Failure> {
        let (state, replayed) = resume(&self.0, admitted.sender(), &code, &key).await?;
        Ok(DestinationResumed::State(Json(state), replayed))
    }
}

/// Holds a destination back.
///
/// Errors: 404 where there is none of this code, 422 for a reason or an end that does not do.
pub(crate) async fn pause(
    app: &App,
    sender: &Sender,
    code: &str,
    key: &IdempotencyKey,
    document: JsonDocument<PauseDraft>,
) -> Result<(PauseState, Option<Replayed>), Failure> {
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
    let subject = (SubjectKind::Destination, row.id);
    let entry = audit::entry(app, sender, Action::DestinationPaused, subject, now);
    let deed = destinations::pause(&app.db, &row.code, pause, entry, guard.as_ref()).await;
    let (at, replayed) = done(deed, key, now)?;
    Ok((PauseState::paused(&row, sender, &request, at), replayed))
}

/// Lets a destination go again.
///
/// Errors: 404 where there is none of this code.
pub(crate) async fn resume(
    app: &App,
    sender: &Sender,
    code: &str,
    key: &IdempotencyKey,
) -> Result<(PauseState, Option<Replayed>), Failure> {
    let row = find(app, code).await?;
    let now = app.clock.now();
    let path = format!("destinations/{}/resume", row.code);
    let guard = key.of_request(app, sender, (AREA, &[]), (&path, &Value::Null), now);
    let subject = (SubjectKind::Destination, row.id);
    let entry = audit::entry(app, sender, Action::DestinationResumed, subject, now);
    let deed = destinations::resume(&app.db, &row.code, entry, guard.as_ref()).await;
    let (_, replayed) = done(deed, key, now)?;
    Ok((PauseState::running(&row), replayed))
}

async fn find(app: &App, code: &str) -> Result<Destination, Failure> {
    // Searched in memory, because the code is unchecked input.
    let rows = destinations::all(&app.db).await?;
    let row = rows.into_iter().find(|row| row.code == code);
    row.ok_or_else(|| Failure::new(Code::NotFound))
}

/// When the deed was done first. The answer is made of the request and of this, so that a replay
/// is the first answer byte for byte.
fn done(
    deed: store::Result<DestinationOutcome>,
    key: &IdempotencyKey,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, Option<Replayed>), Failure> {
    match deed.map_err(|error| failure(error, key))? {
        DestinationOutcome::Done => {
            key.count("new");
            Ok((now, None))
        }
        DestinationOutcome::Replayed(at) => {
            key.count("replay");
            Ok((at, Replayed::when(true)))
        }
        DestinationOutcome::KeyReused => Err(key.reused()),
    }
}

fn view(
    row: &Destination,
    map: &Map,
    backlogs: &HashMap<String, Backlog>,
    now: DateTime<Utc>,
) -> Result<DestinationView, Unreadable> {
    let backlog = backlogs.get(&row.code).copied().unwrap_or_default();
    DestinationView::of(row, map, &backlog, now)
}
