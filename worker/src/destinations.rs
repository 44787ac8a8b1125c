//! The destinations as this worker sees them: which commune goes where, over which lane, and
//! whether now.
//!
//! Routes, pauses and endpoints are reloaded every second, so that waiting tasks follow a new
//! mapping and a pause takes effect at once. Breaker states are stored where operators see them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    catalogue::Catalogues,
    operator::{BreakerState, DestinationState},
    routing::{Communes, ResolvedRoute, RoutingTable},
    time::local_date,
};
use metrics::gauge;
use runtime::{clock::Clock, ids};
use store::{
    Database, damage,
    destinations::{self, Destination, NATIONAL, Route},
    outbox::Candidate,
};
use tokio::{sync::Notify, time::Instant};

use crate::{
    config::WorkerSettings,
    lane::{Lane, LaneBounds, LaneSlot},
    peer::{Peer, PeerLimits, PeerName},
    police, transport,
};

/// Between two looks at the tables.
const READ_PAUSE: Duration = Duration::from_secs(1);
/// How often the catalogues' versions are checked.
const CATALOGUES_PAUSE: Duration = Duration::from_secs(60);
/// The catalogues that say which communes there are and were.
const CATALOGUES: [&str; 2] = ["communes", "commune_aliases"];
/// How errors name the endpoint of a destination, in place of a setting's name.
const ENDPOINT_URL: &str = "destination.endpoint_url";

/// All of them.
pub(crate) struct Destinations {
    db: Database,
    clock: Clock,
    settings: WorkerSettings,
    freed: Arc<Notify>,
    view: Mutex<RoutingView>,
}

struct RoutingView {
    routing: Arc<RoutingTable>,
    lanes: Arc<BTreeMap<Arc<str>, Arc<Lane>>>,
    /// True while every task uses the same lane and nothing is paused: the usual case, which needs
    /// no look at communes.
    is_plain: bool,
    source: Option<RouteSource>,
    catalogues: Arc<Catalogues>,
    catalogue_versions: Vec<Option<String>>,
    read_at: Option<Instant>,
    catalogues_read_at: Option<Instant>,
}

/// What routes are made from.
#[derive(PartialEq, Eq)]
struct RouteSource {
    destinations: Vec<Destination>,
    routes: Vec<Route>,
    day: NaiveDate,
    catalogue_versions: Vec<Option<String>>,
}

/// How many tasks each lane takes in one claim.
pub(crate) struct Rooms {
    routing: Arc<RoutingTable>,
    left: HashMap<Arc<str>, usize>,
}

impl Rooms {
    /// Takes room for a task, if its lane has some left.
    pub(crate) fn take(&mut self, candidate: &Candidate) -> bool {
        let route = self.routing.route(&candidate.commune_code);
        match self.left.get_mut(&route.lane) {
            Some(left) if *left > 0 && !route.is_paused => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Room of all lanes together.
    fn total(&self) -> usize {
        self.left.values().sum()
    }
}

impl Destinations {
    /// Starts with the endpoint of the settings as the default for destinations without one.
    pub(crate) fn new(
        db: Database,
        clock: Clock,
        settings: WorkerSettings,
        national: Peer,
    ) -> Self {
        let freed = Arc::new(Notify::new());
        let bounds = LaneBounds::default();
        let lane = Lane::new(NATIONAL, national, Arc::clone(&freed), bounds);
        let catalogues = Arc::new(Catalogues::default());
        let routing = RoutingTable::new(&[], &[], &catalogues, clock.now());
        let view = RoutingView {
            routing: Arc::new(routing),
            lanes: Arc::new(BTreeMap::from([(Arc::clone(&lane.code), lane)])),
            is_plain: true,
            source: None,
            catalogues,
            catalogue_versions: Vec::new(),
            read_at: None,
            catalogues_read_at: None,
        };
        Self {
            db,
            clock,
            settings,
            freed,
            view: Mutex::new(view),
        }
    }

    /// Waits until a lane that was full has room again.
    pub(crate) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// The lane of the settings' endpoint.
    pub(crate) fn national(&self) -> Option<Arc<Lane>> {
        lock(&self.view).lanes.get(NATIONAL).cloned()
    }

    /// The communes as they were last read.
    pub(crate) fn catalogues(&self) -> Arc<Catalogues> {
        Arc::clone(&lock(&self.view).catalogues)
    }

    /// All lanes, by code.
    pub(crate) fn lanes(&self) -> Vec<Arc<Lane>> {
        lock(&self.view).lanes.values().cloned().collect()
    }

    /// Takes a slot for a task of this commune; `None` while its lane cannot be called.
    pub(crate) fn take_slot(&self, commune_code: &str) -> Option<LaneSlot> {
        let view = lock(&self.view);
        let route = view.routing.route(commune_code);
        view.lanes.get(&route.lane).map(Lane::take)
    }

    /// Which communes' tasks may be claimed now, and how many over each lane. `None`: none.
    pub(crate) fn open(&self) -> Option<(Communes, Rooms)> {
        let view = lock(&self.view);
        let left: HashMap<Arc<str>, usize> = view
            .lanes
            .values()
            .map(|lane| (Arc::clone(&lane.code), lane.room()))
            .collect();
        let is_open = |route: &ResolvedRoute| {
            !route.is_paused && left.get(&route.lane).is_some_and(|room| *room > 0)
        };
        let communes = if view.is_plain {
            is_open(view.routing.fallback()).then_some(Communes::All)
        } else {
            view.routing.communes(is_open)
        };
        let routing = Arc::clone(&view.routing);
        communes.map(|communes| (communes, Rooms { routing, left }))
    }

    /// How many tasks all open lanes together take now.
    pub(crate) fn room(&self) -> usize {
        self.open().map_or(0, |(_, rooms)| rooms.total())
    }

    /// The communes whose tasks go over this lane.
    pub(crate) fn communes_over(&self, lane: &Lane) -> Option<Communes> {
        let view = lock(&self.view);
        if view.is_plain {
            return (view.routing.fallback().lane == lane.code).then_some(Communes::All);
        }
        view.routing.communes(|route| route.lane == lane.code)
    }

    /// Reloads the tables if they are stale, and stores the breaker states. Whatever cannot be read
    /// stays unchanged.
    pub(crate) async fn refresh(&self) {
        let now = self.clock.steady();
        let is_recent = |at: Option<Instant>, pause| at.is_some_and(|at| now < at + pause);
        let (is_read, are_catalogues_read) = {
            let view = lock(&self.view);
            (
                is_recent(view.read_at, READ_PAUSE),
                is_recent(view.catalogues_read_at, CATALOGUES_PAUSE),
            )
        };
        if is_read {
            return;
        }
        if !are_catalogues_read && let Err(error) = self.read_catalogues().await {
            tracing::warn!(%error, "could not read the communes; keeping the known routes");
        }
        match self.read().await {
            Ok(rows) => self.report(&rows).await,
            Err(error) => {
                tracing::warn!(%error, "could not read the destinations; keeping the known ones");
            }
        }
    }

    async fn read(&self) -> store::Result<Vec<Destination>> {
        let now = self.clock.now();
        let is_over = |row: &Destination| {
            let is_paused = row.state.get() == Ok(DestinationState::Paused);
            is_paused && row.paused_until.is_some_and(|until| until <= now)
        };
        let mut rows = destinations::all(&self.db).await?;
        if rows.iter().any(is_over) {
            destinations::end_pauses(&self.db, now).await?;
            rows = destinations::all(&self.db).await?;
        }
        if !rows.iter().any(|row| row.code == NATIONAL) {
            destinations::add(&self.db, vec![national_row(&self.clock)]).await?;
            rows = destinations::all(&self.db).await?;
        }
        let routes = destinations::routes(&self.db).await?;
        self.put(&rows, routes);
        Ok(rows)
    }

    fn put(&self, rows: &[Destination], routes: Vec<Route>) {
        let now = self.clock.now();
        let mut view = lock(&self.view);
        view.read_at = Some(self.clock.steady());
        let source = RouteSource {
            destinations: rows.iter().map(without_findings).collect(),
            routes,
            day: local_date(now),
            catalogue_versions: view.catalogue_versions.clone(),
        };
        if view.source.as_ref() == Some(&source) {
            return;
        }
        report_damage(rows);
        let catalogues = Arc::clone(&view.catalogues);
        let routing = destinations::routing_table(rows, &source.routes, &catalogues, now);
        view.lanes = Arc::new(self.lanes_of(&view.lanes, rows));
        view.is_plain = {
            let fallback = routing.fallback();
            let mut routes = routing.routes();
            routes.all(|(_, route)| {
                route.lane == fallback.lane && route.is_paused == fallback.is_paused
            })
        };
        view.routing = Arc::new(routing);
        view.source = Some(source);
    }

    /// The lanes needed now; unchanged ones are kept.
    fn lanes_of(
        &self,
        before: &BTreeMap<Arc<str>, Arc<Lane>>,
        rows: &[Destination],
    ) -> BTreeMap<Arc<str>, Arc<Lane>> {
        let mut lanes = BTreeMap::new();
        if let Some(national) = before.get(NATIONAL) {
            lanes.insert(Arc::clone(&national.code), Arc::clone(national));
        }
        let with_endpoint = rows
            .iter()
            .filter(|row| row.endpoint_url.is_some() && row.code != NATIONAL);
        for row in with_endpoint {
            let kept = before
                .get(row.code.as_str())
                .filter(|lane| *lane.bounds() == bounds_of(row))
                .cloned();
            if let Some(lane) = kept.or_else(|| self.lane_of(row)) {
                lanes.insert(Arc::clone(&lane.code), lane);
            }
        }
        lanes
    }

    fn lane_of(&self, row: &Destination) -> Option<Arc<Lane>> {
        let limits = self.limits_of(row);
        let url = row.endpoint_url.as_deref()?;
        let plain_http = &self.settings.plain_http;
        let transport = plain_http
            .check(ENDPOINT_URL, url)
            .and_then(|()| transport::http(ENDPOINT_URL, url, police::PATH, &limits.outgoing));
        match transport {
            Ok(transport) => {
                let clock = self.clock.clone();
                let peer = Peer::new(PeerName::Police, transport, limits, clock).without_gauge();
                let freed = Arc::clone(&self.freed);
                Some(Lane::new(&row.code, peer, freed, bounds_of(row)))
            }
            Err(error) => {
                tracing::error!(
                    destination = row.code, %error,
                    "a destination's endpoint cannot be called; its tasks wait"
                );
                None
            }
        }
    }

    fn limits_of(&self, row: &Destination) -> PeerLimits {
        let mut limits = self.settings.police_limits();
        let positive = |count: Option<i32>| count.and_then(|count| u32::try_from(count).ok());
        if let Some(rate) = positive(row.rate_per_second).filter(|rate| *rate > 0) {
            limits.rate_per_second = rate;
        }
        if let Some(count) = positive(row.call_count_max).filter(|count| *count > 0) {
            limits.call_count_max = usize::try_from(count).unwrap_or(limits.call_count_max);
            limits.outgoing.pool_idle_count_max = limits.call_count_max;
        }
        limits
    }

    /// Reads the communes again when a version changed.
    async fn read_catalogues(&self) -> anyhow::Result<()> {
        let mut versions = Vec::new();
        for name in CATALOGUES {
            versions.push(store::catalogues::version(&self.db, name).await?);
        }
        let known = lock(&self.view).catalogue_versions.clone();
        if known != versions {
            let mut catalogues = Catalogues::default();
            for name in CATALOGUES {
                for (code, body) in store::catalogues::entries(&self.db, name).await? {
                    catalogues.add(name, &code, &serde_json::from_str(body.get())?)?;
                }
            }
            let mut view = lock(&self.view);
            view.catalogues = Arc::new(catalogues);
            view.catalogue_versions = versions;
        }
        lock(&self.view).catalogues_read_at = Some(self.clock.steady());
        Ok(())
    }

    /// Stores breaker states that differ from the table, where this worker knows better.
    async fn report(&self, rows: &[Destination]) {
        for row in rows {
            // Nothing goes where nobody can tell.
            let is_running = row.state.get() == Ok(DestinationState::Running);
            gauge!("luutru_destination_paused", "destination" => row.code.clone())
                .set(if is_running { 0.0 } else { 1.0 });
        }
        for lane in self.lanes() {
            let Some(row) = rows.iter().find(|row| *row.code == *lane.code) else {
                continue;
            };
            if let Err(error) = self.report_lane(&lane, row).await {
                tracing::warn!(%error, destination = row.code, "could not store a breaker's state");
            }
        }
    }

    async fn report_lane(&self, lane: &Lane, row: &Destination) -> store::Result<()> {
        let status = lane.peer.status();
        let is_open = status.open.is_some();
        gauge!("luutru_destination_breaker_state", "destination" => row.code.clone())
            .set(if is_open { 2.0 } else { 0.0 });
        let was_open = row.breaker.get() == Ok(BreakerState::Open);
        // A damaged finding is replaced by our own.
        let is_outdated = row.breaker.get().is_err()
            || (was_open && self.is_later(status.well_at, row.breaker_since));
        match status.open {
            Some((since, reason)) if !was_open || row.breaker_reason.as_deref() != Some(reason) => {
                destinations::note_breaker(&self.db, &row.code, Some(reason), since).await?;
            }
            None if is_outdated => {
                let since = status.well_at.unwrap_or_else(|| self.clock.now());
                destinations::note_breaker(&self.db, &row.code, None, since).await?;
            }
            Some(_) | None => {}
        }
        if let Some((since, police::REFUSES_US)) = status.open
            && row.state.get() == Ok(DestinationState::Running)
            && destinations::pause_as_refusing(&self.db, &row.code, since).await?
        {
            tracing::error!(
                destination = row.code,
                "refuses our calls; its tasks wait: check its address and our secret \
                 (LUUTRU_POLICE_SECRET)"
            );
        }
        Ok(())
    }

    /// Whether an endpoint worked after the time in its row. A future time in the row was written
    /// by a clock that was ahead.
    fn is_later(&self, well_at: Option<DateTime<Utc>>, since: Option<DateTime<Utc>>) -> bool {
        let now = self.clock.now();
        well_at.is_some_and(|at| since.is_none_or(|since| at > since || since > now))
    }
}

/// Names the destinations where nothing goes because nobody can tell whether they are paused.
fn report_damage(rows: &[Destination]) {
    for row in rows {
        damage::sound("destination", row.id, row.state.get());
    }
}

/// A row without the columns that breakers write.
fn without_findings(row: &Destination) -> Destination {
    Destination {
        breaker: BreakerState::Closed.into(),
        breaker_reason: None,
        breaker_since: None,
        ..row.clone()
    }
}

fn bounds_of(row: &Destination) -> LaneBounds {
    LaneBounds {
        endpoint_url: row.endpoint_url.clone(),
        rate_per_second: row.rate_per_second,
        call_count_max: row.call_count_max,
    }
}

/// For a database seeded by an older release.
fn national_row(clock: &Clock) -> Destination {
    let name = "Cổng tiếp nhận chung".to_owned();
    destinations::new(
        NATIONAL.to_owned(),
        ids::uuid_v7(clock),
        name,
        None,
        clock.now(),
    )
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
