//! The claim loop: takes as many tasks as there are free places, nearest deadline first, and
//! works on each on its own.
//!
//! Woken by the intake, and polling beside. While the police endpoint's breaker is open nothing
//! is claimed but a probe now and then: what waits stays where it is, costs nothing and keeps its
//! order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use metrics::{counter, histogram};
use rand::{Rng, SeedableRng, rngs::StdRng};
use runtime::{clock::Clock, ids, tasks};
use store::{
    Database,
    outbox::{self, Task},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
use zeroize::Zeroizing;

use crate::{
    breaker::PROBE_PAUSE,
    config::WorkerSettings,
    content::{Contents, Unreadable},
    deliver::{self, CHECK_IDENTITY, Claimed, Lease, NOTIFY_POLICE},
    peer::{Peer, PeerName},
    settle::Recorder,
};

/// While places are short, a claim waits this long for a quarter of them: fewer, larger claims.
const PLACES_WAIT: Duration = Duration::from_millis(25);
/// How long a claim waits for places before the loop looks up again.
const PLACES_WAIT_MAX: Duration = Duration::from_secs(1);
/// After a failed claim, doubled from the first to the second.
const FAILURE_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Probes and their like under way at once while the police endpoint is away.
const PROBE_COUNT_MAX: usize = 4;
/// Tasks made due by one statement.
const HASTEN_COUNT_MAX: u64 = 5_000;
/// The loop counts as stuck when it has not come round for this long.
const ROUND_DURATION_MAX: Duration = Duration::from_secs(10);

/// Everything that tasks need.
pub(crate) struct Worker {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) settings: WorkerSettings,
    pub(crate) contents: Contents,
    pub(crate) registry: Peer,
    pub(crate) police: Peer,
    pub(crate) police_secret: Zeroizing<Vec<u8>>,
    pub(crate) recorder: Recorder,
    pub(crate) chance: Chance,
    /// Tasks under way give their leases back at once.
    pub(crate) abandon: CancellationToken,
    places: Arc<Semaphore>,
    under_way: TaskTracker,
    last_round: Mutex<Instant>,
    police_well_at: Mutex<Option<DateTime<Utc>>>,
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
    pub(crate) police: Peer,
    pub(crate) police_secret: Zeroizing<Vec<u8>>,
    pub(crate) recorder: Recorder,
    pub(crate) chance: Chance,
}

/// What a round of the loop found.
enum Round {
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
            clock: parts.clock,
            settings: parts.settings,
            contents: parts.contents,
            registry: parts.registry,
            police: parts.police,
            police_secret: parts.police_secret,
            recorder: parts.recorder,
            chance: parts.chance,
            abandon: CancellationToken::new(),
            places: Arc::new(Semaphore::new(place_count.min(Semaphore::MAX_PERMITS))),
            under_way: TaskTracker::new(),
            last_round: Mutex::new(Instant::now()),
            police_well_at: Mutex::new(None),
        }
    }

    /// Claims and works until `shutdown`.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut is_full = false;
        let mut failure_pause = FAILURE_PAUSE.0;
        let mut last_hastened = Instant::now();
        // A process that ended took its breakers with it: nobody knows any more what its tasks
        // wait for, so they need not.
        let mut steps_left_waiting = self.steps().map(|(_, step)| step).to_vec();
        while !shutdown.is_cancelled() {
            self.note_round();
            self.hasten_recovered().await;
            if let Some(step) = steps_left_waiting.last()
                && self.hasten(step, HASTEN_COUNT_MAX).await < HASTEN_COUNT_MAX
            {
                steps_left_waiting.pop();
            }
            let round = self.round(is_full).await;
            is_full = matches!(round, Round::Full);
            let pause = match round {
                Round::Full | Round::Busy => continue,
                Round::Drained if self.is_worth_hastening(last_hastened) => {
                    last_hastened = Instant::now();
                    self.hasten_probes().await;
                    Duration::ZERO
                }
                Round::Drained | Round::Held => self.settings.poll_interval(),
                Round::Failed => failure_pause,
            };
            let has_failed = matches!(round, Round::Failed);
            failure_pause = if has_failed {
                (failure_pause * 2).min(FAILURE_PAUSE.1)
            } else {
                FAILURE_PAUSE.0
            };
            if !pause.is_zero() {
                self.rest(pause, has_failed, &shutdown).await;
            }
        }
    }

    /// Finishes what is under way: `patience` for tasks that go on by themselves, then they give
    /// their leases back and have `reserve` to do so.
    pub(crate) async fn finish(&self, patience: Duration, reserve: Duration) {
        self.under_way.close();
        if timeout(patience, self.under_way.wait()).await.is_err() {
            tracing::warn!(
                count = self.under_way.len(),
                "tasks under way are given back"
            );
            self.abandon.cancel();
            if timeout(reserve, self.under_way.wait()).await.is_err() {
                tracing::error!("tasks under way are left; their leases run out");
            }
        }
    }

    /// Whether the loop comes round.
    pub(crate) fn is_turning(&self) -> bool {
        lock(&self.last_round).elapsed() <= ROUND_DURATION_MAX
    }

    /// The peer of this name.
    pub(crate) fn peer(&self, name: PeerName) -> &Peer {
        match name {
            PeerName::Registry => &self.registry,
            PeerName::Police => &self.police,
        }
    }

    /// The police endpoint took or clearly refused a notification just now.
    pub(crate) fn note_police_well(&self) {
        *lock(&self.police_well_at) = Some(self.clock.now());
    }

    /// When it last did.
    pub(crate) fn police_well_at(&self) -> Option<DateTime<Utc>> {
        *lock(&self.police_well_at)
    }

    fn note_round(&self) {
        *lock(&self.last_round) = Instant::now();
    }

    async fn rest(&self, pause: Duration, has_failed: bool, shutdown: &CancellationToken) {
        let rest = async {
            if has_failed {
                tokio::time::sleep(pause).await;
            } else {
                self.db.wake().wait(pause).await;
            }
        };
        tokio::select! {
            () = rest => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn round(self: &Arc<Self>, is_full: bool) -> Round {
        let task_count_max = self.task_count_max();
        if task_count_max == 0 {
            return Round::Held;
        }
        let Some(places) = self.take_places(task_count_max, is_full).await else {
            return Round::Busy;
        };
        match self.claim(places.num_permits()).await {
            Ok(claimed) => {
                let is_full = claimed.len() == places.num_permits();
                self.start(claimed, places);
                if is_full { Round::Full } else { Round::Drained }
            }
            Err(error) => {
                tracing::warn!(%error, "no tasks were claimed");
                Round::Failed
            }
        }
    }

    fn task_count_max(&self) -> u32 {
        if !self.police.is_open() {
            return self.settings.claim_batch.get();
        }
        let may_probe = self.police.is_probe_due() && self.under_way.len() < PROBE_COUNT_MAX;
        u32::from(may_probe)
    }

    /// Free places, one at least and `count_max` at most. `None` when none becomes free for a
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

    async fn claim(&self, count: usize) -> store::Result<Vec<Claimed>> {
        let started = Instant::now();
        let lease = Lease {
            id: ids::uuid_v7(&self.clock),
            ends: started + self.settings.lease(),
        };
        let limit = u64::try_from(count).unwrap_or(u64::MAX);
        let seconds = self.settings.lease_seconds.get();
        let tasks = outbox::claim(&self.db, lease.id, self.clock.now(), seconds, limit).await?;
        observe(&self.db, tasks.len(), started);
        Ok(self.with_subjects(tasks, lease).await)
    }

    /// One question for all of them. Poison is left alone.
    async fn with_subjects(&self, tasks: Vec<Task>, lease: Lease) -> Vec<Claimed> {
        if tasks.is_empty() {
            return Vec::new();
        }
        let found = outbox::subjects(&self.db, &tasks).await;
        if let Err(error) = &found {
            tracing::warn!(%error, "claimed tasks are given back");
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
            .map(|task| Claimed {
                subject: subject_of(&task),
                task,
                lease,
            })
            .collect()
    }

    fn start(self: &Arc<Self>, claimed: Vec<Claimed>, mut places: OwnedSemaphorePermit) {
        for claimed in claimed {
            let place = places.split(1);
            let span = tracing::debug_span!(
                "worker.task",
                task.id = %claimed.task.id,
                stay.id = %claimed.task.stay_id,
                kind = claimed.task.kind,
                outcome = tracing::field::Empty,
            );
            let worker = Arc::clone(self);
            // Boxed: it is large, and would be moved several times before it runs.
            let work = Box::pin(async move {
                deliver::handle(&worker, claimed).await;
                drop(place);
            });
            tasks::spawn_on(&self.under_way, "worker.task", work.instrument(span));
        }
    }

    /// What waited for a peer that is back is due at once; the rate cap spreads it.
    async fn hasten_recovered(&self) {
        for (peer, step) in self.steps() {
            if peer.take_recovered() {
                while self.hasten(step, HASTEN_COUNT_MAX).await == HASTEN_COUNT_MAX {}
            }
        }
    }

    /// True when a breaker wants a probe and nothing due is left to be one.
    fn is_worth_hastening(&self, last_hastened: Instant) -> bool {
        last_hastened.elapsed() >= PROBE_PAUSE
            && self.steps().iter().any(|(peer, _)| peer.is_probe_due())
    }

    /// One of the waiting tasks tries whether the peer is back.
    async fn hasten_probes(&self) {
        for (peer, step) in self.steps() {
            if peer.is_probe_due() {
                self.hasten(step, 1).await;
            }
        }
    }

    async fn hasten(&self, step: &'static str, limit: u64) -> u64 {
        match outbox::hasten(&self.db, step, self.clock.now(), limit).await {
            Ok(count) => {
                counter!("luutru_outbox_hastened_total", "step" => step).increment(count);
                count
            }
            Err(error) => {
                tracing::warn!(%error, "waiting tasks were not made due; they come by themselves");
                0
            }
        }
    }

    fn steps(&self) -> [(&Peer, &'static str); 2] {
        [
            (&self.registry, CHECK_IDENTITY),
            (&self.police, NOTIFY_POLICE),
        ]
    }
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
