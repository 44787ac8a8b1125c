//! The claim loop: claims as many tasks as there are free slots, nearest deadline first, and
//! processes each independently.
//!
//! A task claimed twice without a result may be crashing its worker. Its third attempt runs alone,
//! so that a crash can be attributed to it.
//!
//! The intake wakes it, and it polls as well. While an endpoint's breaker is open, only an
//! occasional probe is claimed for its destinations, and nothing for paused ones: waiting tasks
//! stay in place, cost nothing and keep their order.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::operator::TaskStep;
use metrics::{counter, histogram};
use rand::{Rng, SeedableRng, rngs::StdRng};
use runtime::{clock::Clock, ids, skew::ClockWatch, tasks};
use store::{
    Database,
    outbox::{self, Candidate, Communes, Task},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    backoff::UNASKED_MAX,
    breaker::PROBE_PAUSE,
    config::WorkerSettings,
    content::{Contents, Unreadable},
    deliver::{self, Claimed, Lease},
    destinations::{Destinations, Lane},
    peer::{Peer, PeerName},
    settle::Recorder,
    turn,
};

/// While slots are scarce, a claim waits this long for a quarter of them: fewer, larger claims.
const PLACES_WAIT: Duration = Duration::from_millis(25);
/// How long a claim waits for slots before the loop checks again.
const PLACES_WAIT_MAX: Duration = Duration::from_secs(1);
/// How long a last attempt waits for all other work to end before it runs anyway.
const ALONE_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long other tasks wait for a last attempt.
const ALONE_DURATION_MAX: Duration = Duration::from_secs(2);
/// After a failed claim, doubled from the first to the second.
const FAILURE_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Tasks made due by one statement.
const HASTEN_COUNT_MAX: u64 = 5_000;
/// The loop counts as stuck when it has not completed a round for this long.
const ROUND_DURATION_MAX: Duration = Duration::from_secs(10);

/// Further ahead than any clock was wrong.
const FAR_AWAY: TimeDelta = TimeDelta::days(3_650);

/// Everything that tasks need.
pub(crate) struct Worker {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) clock_watch: Arc<ClockWatch>,
    pub(crate) settings: WorkerSettings,
    pub(crate) contents: Contents,
    pub(crate) registry: Peer,
    pub(crate) destinations: Destinations,
    pub(crate) police_secret: Zeroizing<Vec<u8>>,
    pub(crate) recorder: Recorder,
    pub(crate) chance: Chance,
    /// Tasks under way release their leases at once.
    pub(crate) abandon: CancellationToken,
    places: Arc<Semaphore>,
    under_way: TaskTracker,
    /// The previous claim was a last attempt: now other tasks go first.
    was_last_try: AtomicBool,
    last_round: Mutex<Instant>,
}

/// The random source of backoff; seeded in tests.
pub(crate) struct Chance(Mutex<StdRng>);

impl Chance {
    /// From the machine, or from a seed.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(
            seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64),
        ))
    }

    /// From 0 (inclusive) to 1 (exclusive).
    pub(crate) fn draw(&self) -> f64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random()
    }
}

/// What a [`Worker`] is made of.
pub(crate) struct Parts {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) settings: WorkerSettings,
    pub(crate) contents: Contents,
    pub(crate) registry: Peer,
    pub(crate) destinations: Destinations,
    pub(crate) police_secret: Zeroizing<Vec<u8>>,
    pub(crate) recorder: Recorder,
    pub(crate) chance: Chance,
}

/// What a claim brought.
#[derive(Default)]
struct Claim {
    claimed: Vec<Claimed>,
    may_be_more: bool,
}

/// What is to be claimed.
#[derive(Default)]
pub(crate) struct Choice {
    pub(crate) ids: Vec<Uuid>,
    /// It is a single task, to be attempted while nothing else is under way.
    is_last_try: bool,
    /// More tasks are due than were considered.
    pub(crate) is_part: bool,
}

/// The loop's state between rounds.
pub(crate) struct Rounds {
    is_full: bool,
    failure_pause: Duration,
    last_hastened: Instant,
    /// A process that ended took its breakers with it. Nobody knows what its tasks wait for, so
    /// they need not wait.
    steps_left_waiting: Vec<TaskStep>,
}

impl Rounds {
    /// Before the first one.
    pub(crate) fn begin(clock: &Clock) -> Self {
        Self {
            is_full: false,
            failure_pause: FAILURE_PAUSE.0,
            last_hastened: clock.steady(),
            steps_left_waiting: vec![TaskStep::CheckIdentity, TaskStep::NotifyPolice],
        }
    }
}

/// The result of one round of the loop.
pub(crate) enum Round {
    /// As many tasks as were asked for: there may be more.
    Full,
    /// All that was due.
    Drained,
    /// Nothing is claimed now.
    Held,
    /// The database did not answer.
    Failed,
    /// No place became free.
    Busy,
}

impl Worker {
    pub(crate) fn new(parts: Parts) -> Self {
        let place_count = usize::try_from(parts.settings.concurrency.get()).unwrap_or(1);
        Self {
            db: parts.db,
            clock_watch: Arc::new(ClockWatch::new(parts.clock.clone())),
            clock: parts.clock,
            settings: parts.settings,
            contents: parts.contents,
            registry: parts.registry,
            destinations: parts.destinations,
            police_secret: parts.police_secret,
            recorder: parts.recorder,
            chance: parts.chance,
            abandon: CancellationToken::new(),
            places: Arc::new(Semaphore::new(place_count.min(Semaphore::MAX_PERMITS))),
            under_way: TaskTracker::new(),
            was_last_try: AtomicBool::new(false),
            last_round: Mutex::new(Instant::now()),
        }
    }

    /// Claims and works until `shutdown`.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut rounds = Rounds::begin(&self.clock);
        while !shutdown.is_cancelled() {
            self.note_round();
            if self.has_wrong_clock() {
                self.rest(self.settings.poll_interval(), true, &shutdown)
                    .await;
                continue;
            }
            self.prepare(&mut rounds).await;
            let round = self.round(rounds.is_full).await;
            if let Some(pause) = self.after(&mut rounds, &round).await {
                let has_failed = matches!(round, Round::Failed);
                self.rest(pause, has_failed, &shutdown).await;
            }
        }
    }

    /// Before a round: refreshes the destinations and makes tasks due that need not wait.
    pub(crate) async fn prepare(&self, rounds: &mut Rounds) {
        self.destinations.refresh().await;
        self.hasten_recovered().await;
        if let Some(step) = rounds.steps_left_waiting.last().copied()
            && let Some(count) = self.hasten(step, &Communes::All, HASTEN_COUNT_MAX).await
            && count < HASTEN_COUNT_MAX
        {
            rounds.steps_left_waiting.pop();
        }
    }

    /// After a round: how long to sleep, if at all.
    pub(crate) async fn after(&self, rounds: &mut Rounds, round: &Round) -> Option<Duration> {
        rounds.is_full = matches!(round, Round::Full);
        let failure_pause = rounds.failure_pause;
        rounds.failure_pause = match round {
            Round::Failed => (failure_pause * 2).min(FAILURE_PAUSE.1),
            Round::Full | Round::Busy => failure_pause,
            Round::Drained | Round::Held => FAILURE_PAUSE.0,
        };
        match round {
            Round::Full | Round::Busy => None,
            Round::Drained if self.is_worth_hastening(rounds.last_hastened) => {
                rounds.last_hastened = self.clock.steady();
                self.hasten_probes().await;
                None
            }
            Round::Drained | Round::Held => Some(self.settings.poll_interval()),
            Round::Failed => Some(failure_pause),
        }
    }

    /// Finishes tasks under way: after `patience` they must release their leases, within `reserve`.
    pub(crate) async fn finish(&self, patience: Duration, reserve: Duration) {
        self.under_way.close();
        if timeout(patience, self.under_way.wait()).await.is_err() {
            tracing::warn!(count = self.under_way.len(), "releasing tasks under way");
            self.abandon.cancel();
            if timeout(reserve, self.under_way.wait()).await.is_err() {
                tracing::error!("abandoning tasks under way; their leases will expire");
            }
        }
    }

    /// Whether the loop comes round.
    pub(crate) fn is_turning(&self) -> bool {
        lock(&self.last_round).elapsed() <= ROUND_DURATION_MAX
    }

    /// True while calls to the peer of this name are blocked.
    pub(crate) fn is_away(&self, name: PeerName) -> bool {
        match name {
            PeerName::Registry => self.registry.is_open(),
            PeerName::Police => {
                let national = self.destinations.national();
                national.is_some_and(|lane| lane.peer.is_open())
            }
        }
    }

    fn note_round(&self) {
        *lock(&self.last_round) = Instant::now();
    }

    /// Sleeps until the pause is over or, unless `is_deaf`, until there may be work.
    async fn rest(&self, pause: Duration, is_deaf: bool, shutdown: &CancellationToken) {
        let rest = async {
            if is_deaf {
                tokio::time::sleep(pause).await;
            } else {
                tokio::select! {
                    () = self.db.wake().wait(pause) => {}
                    () = self.destinations.freed() => {}
                }
            }
        };
        tokio::select! {
            () = rest => {}
            () = shutdown.cancelled() => {}
        }
    }

    pub(crate) async fn round(self: &Arc<Self>, is_full: bool) -> Round {
        let room = self
            .destinations
            .open()
            .map_or(0, |(_, rooms)| rooms.total());
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        if room == 0 {
            return Round::Held;
        }
        let task_count_max = room.min(self.settings.claim_batch.get());
        let Some(mut places) = self.take_places(task_count_max, is_full).await else {
            return Round::Busy;
        };
        match self.claim(&mut places).await {
            Ok(claim) => {
                let may_be_more = claim.may_be_more;
                self.start(claim.claimed, places);
                if may_be_more {
                    Round::Full
                } else {
                    Round::Drained
                }
            }
            Err(error) => {
                tracing::warn!(%error, "could not claim tasks");
                Round::Failed
            }
        }
    }

    /// Takes at least one and at most `count_max` free slots. `None` when none becomes free for a
    /// while.
    async fn take_places(&self, count_max: u32, is_full: bool) -> Option<OwnedSemaphorePermit> {
        let acquire = |count| Arc::clone(&self.places).acquire_many_owned(count);
        let quarter = (self.settings.concurrency.get() / 4).clamp(1, count_max);
        let several = if is_full && quarter > 1 {
            timeout(PLACES_WAIT, acquire(quarter)).await.ok()
        } else {
            None
        };
        let taken = match several {
            Some(taken) => taken,
            None => timeout(PLACES_WAIT_MAX, acquire(1)).await.ok()?,
        };
        // The semaphore is never closed.
        let mut places = taken.ok()?;
        let free = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        let held = u32::try_from(places.num_permits()).unwrap_or(u32::MAX);
        let more = free.min(count_max.saturating_sub(held));
        if let Ok(more) = Arc::clone(&self.places).try_acquire_many_owned(more) {
            places.merge(more);
        }
        Some(places)
    }

    async fn claim(&self, places: &mut OwnedSemaphorePermit) -> store::Result<Claim> {
        let count = places.num_permits();
        let started = Instant::now();
        let choice = self.choose(count).await?;
        if choice.ids.is_empty() {
            return Ok(Claim::default());
        }
        if choice.is_last_try {
            self.be_alone(places).await;
        }
        let (tasks, lease) = self.take(&choice.ids).await?;
        observe(&self.db, tasks.len(), started);
        // Fewer than were chosen: another worker was faster, and there may be more.
        let may_be_more =
            choice.is_part || choice.ids.len() == count || tasks.len() < choice.ids.len();
        Ok(Claim {
            claimed: self.with_subjects(tasks, lease).await,
            may_be_more,
        })
    }

    /// Chooses the tasks to claim now, at most `count`.
    pub(crate) async fn choose(&self, count: usize) -> store::Result<Choice> {
        let Some((communes, mut rooms)) = self.destinations.open() else {
            return Ok(Choice::default());
        };
        let window = self.window(&communes, count).await?;
        let is_full = window.len() >= count;
        let (last_tries, due): (Vec<_>, Vec<_>) = window.into_iter().partition(is_last_try);
        let has_last_tries = !last_tries.is_empty();
        let is_their_turn = !self.was_last_try.swap(false, Ordering::AcqRel) || due.is_empty();
        let last_try = last_tries
            .into_iter()
            .find(|candidate| is_their_turn && rooms.take(candidate));
        let is_last_try = last_try.is_some();
        if is_last_try {
            self.was_last_try.store(true, Ordering::Release);
        }
        let ids = match last_try {
            Some(candidate) => vec![candidate.id],
            None => turn::choose(&due, count, |candidate| rooms.take(candidate)),
        };
        Ok(Choice {
            // Tasks of lanes without room stood before those of others.
            is_part: has_last_tries || is_full && ids.len() < count,
            ids,
            is_last_try,
        })
    }

    /// The first tasks that are due: hardly more than are claimed, and enough for facilities to
    /// take turns.
    async fn window(&self, communes: &Communes, count: usize) -> store::Result<Vec<Candidate>> {
        let now = self.clock.now();
        let mut window = outbox::due(&self.db, now, communes, None, count).await?;
        let further_count = turn::further_count(&window, count, is_last_try);
        if further_count > 0 {
            let last = window.last().map(Candidate::place);
            window.extend(outbox::due(&self.db, now, communes, last, further_count).await?);
        }
        Ok(window)
    }

    /// Claims those of the chosen tasks that no other worker has taken in the meantime.
    pub(crate) async fn take(&self, chosen: &[Uuid]) -> store::Result<(Vec<Task>, Lease)> {
        let lease = Lease {
            id: ids::uuid_v7(&self.clock),
            ends: self.clock.steady() + self.settings.lease(),
        };
        let now = self.clock.now();
        let seconds = self.settings.lease_seconds.get();
        let tasks = outbox::claim(&self.db, chosen, lease.id, now, seconds).await?;
        Ok((tasks, lease))
    }

    /// Also takes every other slot, which are all free once nothing is under way. Stops waiting for
    /// tasks that take too long.
    async fn be_alone(&self, places: &mut OwnedSemaphorePermit) {
        let held = u32::try_from(places.num_permits()).unwrap_or(u32::MAX);
        let others = self.settings.concurrency.get().saturating_sub(held);
        let others = Arc::clone(&self.places).acquire_many_owned(others);
        if let Ok(Ok(others)) = timeout(ALONE_WAIT_MAX, others).await {
            places.merge(others);
        }
    }

    /// Loads the subjects of all claimed tasks in one query. Poison tasks are skipped.
    pub(crate) async fn with_subjects(&self, tasks: Vec<Task>, lease: Lease) -> Vec<Claimed> {
        if tasks.is_empty() {
            return Vec::new();
        }
        let found = self.contents.subjects(&tasks).await;
        if let Err(error) = &found {
            tracing::warn!(%error, "releasing claimed tasks");
        }
        let mut subjects: Option<HashMap<_, _>> = found.ok().map(|subjects| {
            let pairs = subjects.into_iter();
            pairs.map(|subject| (subject.task_id, subject)).collect()
        });
        let subject_of = |task: &Task| match &mut subjects {
            Some(subjects) => subjects.remove(&task.id).ok_or(Unreadable::Damaged),
            None => Err(Unreadable::NotNow),
        };
        let mut subject_of = subject_of;
        tasks
            .into_iter()
            .filter_map(|task| {
                Some(Claimed {
                    // The lane has just gone away: let the lease expire.
                    place: self.destinations.take_place(&task.commune_code)?,
                    subject: subject_of(&task),
                    task,
                    lease,
                })
            })
            .collect()
    }

    fn start(self: &Arc<Self>, claimed: Vec<Claimed>, mut places: OwnedSemaphorePermit) {
        for claimed in claimed {
            let is_last_try = deliver::is_last_try(claimed.task.claim_count - 1);
            let place = places.split(1);
            let others = if is_last_try {
                places.split(places.num_permits())
            } else {
                None
            };
            let span = tracing::debug_span!(
                "worker.task",
                task.id = %claimed.task.id,
                stay.id = %claimed.task.stay_id,
                kind = claimed.task.kind.as_stored(),
                outcome = tracing::field::Empty,
            );
            let worker = Arc::clone(self);
            // Boxed: it is large, and would be moved several times before it runs.
            let work = Box::pin(async move {
                let mut work = std::pin::pin!(deliver::handle(&worker, claimed));
                let is_done =
                    others.is_some() && timeout(ALONE_DURATION_MAX, &mut work).await.is_ok();
                drop(others);
                if !is_done {
                    work.await;
                }
                drop(place);
            });
            tasks::spawn_on(&self.under_way, "worker.task", work.instrument(span));
        }
    }

    /// Tasks waiting for a peer that is back become due at once; the rate limit spreads them.
    pub(crate) async fn hasten_recovered(&self) {
        if self.registry.take_recovered()
            && !self
                .hasten_all(TaskStep::CheckIdentity, &Communes::All)
                .await
        {
            self.registry.look_after_late_ones();
        }
        for lane in self.destinations.lanes() {
            if lane.peer.take_recovered()
                && let Some(communes) = self.destinations.communes_over(&lane)
                && !self.hasten_all(TaskStep::NotifyPolice, &communes).await
            {
                lane.peer.look_after_late_ones();
            }
        }
    }

    /// Whether every task was made due; if the database does not answer, the next round retries.
    async fn hasten_all(&self, step: TaskStep, communes: &Communes) -> bool {
        loop {
            match self.hasten(step, communes, HASTEN_COUNT_MAX).await {
                Some(HASTEN_COUNT_MAX) => {}
                Some(_) => return true,
                None => return false,
            }
        }
    }

    /// Makes every waiting task due at once, even where a peer asked for a delay.
    pub(crate) async fn hasten_what_waits(&self) {
        for step in [TaskStep::CheckIdentity, TaskStep::NotifyPolice] {
            let far_away = self.clock.now() + FAR_AWAY;
            while self
                .hasten_until(far_away, step, &Communes::All, HASTEN_COUNT_MAX)
                .await
                == Some(HASTEN_COUNT_MAX)
            {}
        }
    }

    /// True when a breaker wants a probe and nothing due is left to be one.
    fn is_worth_hastening(&self, last_hastened: Instant) -> bool {
        self.clock.steady() >= last_hastened + PROBE_PAUSE
            && (self.registry.is_probe_due() || !self.lanes_to_probe().is_empty())
    }

    fn lanes_to_probe(&self) -> Vec<Arc<Lane>> {
        let mut lanes = self.destinations.lanes();
        lanes.retain(|lane| lane.peer.is_probe_due());
        lanes
    }

    /// Uses one of the waiting tasks to probe whether the peer is back.
    pub(crate) async fn hasten_probes(&self) {
        if self.registry.is_probe_due() {
            self.hasten(TaskStep::CheckIdentity, &Communes::All, 1)
                .await;
        }
        for lane in self.lanes_to_probe() {
            if let Some(communes) = self.destinations.communes_over(&lane) {
                self.hasten(TaskStep::NotifyPolice, &communes, 1).await;
            }
        }
    }

    /// How many were made due; `None` when the database did not answer.
    async fn hasten(&self, step: TaskStep, communes: &Communes, limit: u64) -> Option<u64> {
        let latest = self.clock.now() + UNASKED_MAX;
        self.hasten_until(latest, step, communes, limit).await
    }

    async fn hasten_until(
        &self,
        latest: DateTime<Utc>,
        step: TaskStep,
        communes: &Communes,
        limit: u64,
    ) -> Option<u64> {
        let span = (self.clock.now(), latest);
        match outbox::hasten(&self.db, step, communes, span, limit).await {
            Ok(count) => {
                counter!("luutru_outbox_hastened_total", "step" => step.as_str()).increment(count);
                Some(count)
            }
            Err(error) => {
                tracing::warn!(%error, "could not make waiting tasks due; retrying");
                None
            }
        }
    }
}

fn is_last_try(candidate: &Candidate) -> bool {
    deliver::is_last_try(candidate.claim_count)
}

fn observe(db: &Database, task_count: usize, started: Instant) {
    let backend = db.backend().as_str();
    histogram!("luutru_outbox_claim_duration_seconds", "backend" => backend)
        .record(started.elapsed().as_secs_f64());
    #[expect(
        clippy::cast_precision_loss,
        reason = "a claim takes a few hundred tasks at most"
    )]
    histogram!("luutru_outbox_claim_rows", "backend" => backend).record(task_count as f64);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
