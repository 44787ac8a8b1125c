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

use domain::operator::TaskStep;
use metrics::histogram;
use runtime::{clock::Clock, ids, tasks};
use store::{
    Database,
    outbox::{self, Candidate, Communes, Subject, Task},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    breaker::PROBE_PAUSE,
    claimed::{self, ClaimedTask, TaskLease},
    content::UnreadableTask,
    delivery, turn,
    worker::Worker,
};

/// While slots are scarce, a claim waits this long for a quarter of them: fewer, larger claims.
const SLOTS_WAIT: Duration = Duration::from_millis(25);
/// How long a claim waits for slots before the loop checks again.
const SLOTS_WAIT_MAX: Duration = Duration::from_secs(1);
/// How long a last attempt waits for all other work to end before it runs anyway.
const ALONE_WAIT_MAX: Duration = Duration::from_secs(5);
/// How long other tasks wait for a last attempt.
const ALONE_DURATION_MAX: Duration = Duration::from_secs(2);
/// After a failed claim, doubled from the first to the second.
const FAILURE_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// The loop counts as stuck when it has not completed a round for this long.
const ROUND_DURATION_MAX: Duration = Duration::from_secs(10);

/// Claims tasks and has them processed.
pub(crate) struct ClaimLoop {
    worker: Arc<Worker>,
    /// One for each task that may be under way.
    slots: Arc<Semaphore>,
    under_way: TaskTracker,
    /// The previous claim was a last attempt: now other tasks go first.
    was_last_try: AtomicBool,
    last_round: Mutex<Instant>,
}

/// What a claim brought.
#[derive(Default)]
struct TaskClaim {
    claimed: Vec<ClaimedTask>,
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
pub(crate) struct ClaimRounds {
    is_full: bool,
    failure_pause: Duration,
    last_hastened: Instant,
    /// A process that ended took its breakers with it. Nobody knows what its tasks wait for, so
    /// they need not wait.
    steps_left_waiting: Vec<TaskStep>,
}

impl ClaimRounds {
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
    /// No slot became free.
    Busy,
}

impl Round {
    /// After a claim.
    pub(crate) const fn of(may_be_more: bool) -> Self {
        if may_be_more {
            Self::Full
        } else {
            Self::Drained
        }
    }
}

impl ClaimLoop {
    pub(crate) fn new(worker: Arc<Worker>) -> Self {
        let slot_count = usize::try_from(worker.settings.concurrency.get()).unwrap_or(1);
        Self {
            worker,
            slots: Arc::new(Semaphore::new(slot_count.min(Semaphore::MAX_PERMITS))),
            under_way: TaskTracker::new(),
            was_last_try: AtomicBool::new(false),
            last_round: Mutex::new(Instant::now()),
        }
    }

    /// Claims and works until `shutdown`.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut rounds = ClaimRounds::begin(&self.worker.clock);
        while !shutdown.is_cancelled() {
            self.note_round();
            if self.worker.has_wrong_clock() {
                let pause = self.worker.settings.poll_interval();
                self.rest(pause, true, &shutdown).await;
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
    pub(crate) async fn prepare(&self, rounds: &mut ClaimRounds) {
        self.worker.destinations.refresh().await;
        self.worker.hasten_recovered().await;
        if let Some(step) = rounds.steps_left_waiting.last().copied()
            && self.worker.hasten_group(step).await
        {
            rounds.steps_left_waiting.pop();
        }
    }

    /// After a round: how long to sleep, if at all.
    pub(crate) async fn after(&self, rounds: &mut ClaimRounds, round: &Round) -> Option<Duration> {
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
                rounds.last_hastened = self.worker.clock.steady();
                self.worker.hasten_probes().await;
                None
            }
            Round::Drained | Round::Held => Some(self.worker.settings.poll_interval()),
            Round::Failed => Some(failure_pause),
        }
    }

    /// True when a breaker wants a probe and nothing due is left to be one.
    fn is_worth_hastening(&self, last_hastened: Instant) -> bool {
        self.worker.clock.steady() >= last_hastened + PROBE_PAUSE && self.worker.wants_probe()
    }

    /// Finishes tasks under way: after `patience` they must release their leases, within `reserve`.
    pub(crate) async fn finish(&self, patience: Duration, reserve: Duration) {
        self.under_way.close();
        if timeout(patience, self.under_way.wait()).await.is_err() {
            tracing::warn!(count = self.under_way.len(), "releasing tasks under way");
            self.worker.abandon.cancel();
            if timeout(reserve, self.under_way.wait()).await.is_err() {
                tracing::error!("abandoning tasks under way; their leases will expire");
            }
        }
    }

    /// Whether the loop comes round.
    pub(crate) fn is_turning(&self) -> bool {
        self.last_round().elapsed() <= ROUND_DURATION_MAX
    }

    fn note_round(&self) {
        *self.last_round() = Instant::now();
    }

    fn last_round(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.last_round
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until the pause is over or, unless `is_deaf`, until there may be work.
    async fn rest(&self, pause: Duration, is_deaf: bool, shutdown: &CancellationToken) {
        let rest = async {
            if is_deaf {
                tokio::time::sleep(pause).await;
            } else {
                tokio::select! {
                    () = self.worker.db.wake().wait(pause) => {}
                    () = self.worker.destinations.freed() => {}
                }
            }
        };
        tokio::select! {
            () = rest => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn round(&self, is_full: bool) -> Round {
        let room = self.worker.destinations.room();
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        if room == 0 {
            return Round::Held;
        }
        let task_count_max = room.min(self.worker.settings.claim_batch.get());
        let Some(mut slots) = self.take_slots(task_count_max, is_full).await else {
            return Round::Busy;
        };
        match self.claim(&mut slots).await {
            Ok(claim) => {
                self.start(claim.claimed, slots);
                Round::of(claim.may_be_more)
            }
            Err(error) => {
                tracing::warn!(%error, "could not claim tasks");
                Round::Failed
            }
        }
    }

    /// Takes at least one and at most `count_max` free slots. `None` when none becomes free for a
    /// while.
    async fn take_slots(&self, count_max: u32, is_full: bool) -> Option<OwnedSemaphorePermit> {
        let acquire = |count| Arc::clone(&self.slots).acquire_many_owned(count);
        let quarter = (self.worker.settings.concurrency.get() / 4).clamp(1, count_max);
        let several = if is_full && quarter > 1 {
            timeout(SLOTS_WAIT, acquire(quarter)).await.ok()
        } else {
            None
        };
        let taken = match several {
            Some(taken) => taken,
            None => timeout(SLOTS_WAIT_MAX, acquire(1)).await.ok()?,
        };
        // The semaphore is never closed.
        let mut slots = taken.ok()?;
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        let held = u32::try_from(slots.num_permits()).unwrap_or(u32::MAX);
        let more = free.min(count_max.saturating_sub(held));
        if let Ok(more) = Arc::clone(&self.slots).try_acquire_many_owned(more) {
            slots.merge(more);
        }
        Some(slots)
    }

    async fn claim(&self, slots: &mut OwnedSemaphorePermit) -> store::Result<TaskClaim> {
        let count = slots.num_permits();
        let started = Instant::now();
        let choice = self.choose(count).await?;
        if choice.ids.is_empty() {
            return Ok(TaskClaim::default());
        }
        if choice.is_last_try {
            self.take_all_slots(slots).await;
        }
        let (tasks, lease) = self.take(&choice.ids).await?;
        observe(&self.worker.db, tasks.len(), started);
        // Fewer than were chosen: another worker was faster, and there may be more.
        let may_be_more =
            choice.is_part || choice.ids.len() == count || tasks.len() < choice.ids.len();
        Ok(TaskClaim {
            claimed: self.with_subjects(tasks, lease).await,
            may_be_more,
        })
    }

    /// Chooses the tasks to claim now, at most `count`.
    pub(crate) async fn choose(&self, count: usize) -> store::Result<Choice> {
        let Some((communes, mut rooms)) = self.worker.destinations.open() else {
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
        let (db, now) = (&self.worker.db, self.worker.clock.now());
        let mut window = outbox::due(db, now, communes, None, count).await?;
        let further_count = turn::further_count(&window, count, is_last_try);
        if further_count > 0 {
            let last = window.last().map(Candidate::place);
            window.extend(outbox::due(db, now, communes, last, further_count).await?);
        }
        Ok(window)
    }

    /// Claims those of the chosen tasks that no other worker has taken in the meantime.
    pub(crate) async fn take(&self, chosen: &[Uuid]) -> store::Result<(Vec<Task>, TaskLease)> {
        let worker = &self.worker;
        let lease = TaskLease {
            id: ids::uuid_v7(&worker.clock),
            ends: worker.clock.steady() + worker.settings.lease(),
        };
        let now = worker.clock.now();
        let seconds = worker.settings.lease_seconds.get();
        let tasks = outbox::claim(&worker.db, chosen, lease.id, now, seconds).await?;
        Ok((tasks, lease))
    }

    /// Also takes every other slot, which are all free once nothing is under way. Stops waiting for
    /// tasks that take too long.
    async fn take_all_slots(&self, slots: &mut OwnedSemaphorePermit) {
        let held = u32::try_from(slots.num_permits()).unwrap_or(u32::MAX);
        let others = self.worker.settings.concurrency.get().saturating_sub(held);
        let others = Arc::clone(&self.slots).acquire_many_owned(others);
        if let Ok(Ok(others)) = timeout(ALONE_WAIT_MAX, others).await {
            slots.merge(others);
        }
    }

    /// Loads the subjects of all claimed tasks in one query.
    pub(crate) async fn with_subjects(
        &self,
        tasks: Vec<Task>,
        lease: TaskLease,
    ) -> Vec<ClaimedTask> {
        if tasks.is_empty() {
            return Vec::new();
        }
        let mut subjects = self.subjects(&tasks).await;
        tasks
            .into_iter()
            .filter_map(|task| {
                let subject = match &mut subjects {
                    Some(subjects) => subjects.remove(&task.id).ok_or(UnreadableTask::Damaged),
                    None => Err(UnreadableTask::NotNow),
                };
                Some(ClaimedTask {
                    // The lane has just gone away: let the lease expire.
                    slot: self.worker.destinations.take_slot(&task.commune_code)?,
                    subject,
                    task,
                    lease,
                })
            })
            .collect()
    }

    /// By task; `None` when the database did not answer.
    async fn subjects(&self, tasks: &[Task]) -> Option<HashMap<Uuid, Subject>> {
        match self.worker.contents.subjects(tasks).await {
            Ok(subjects) => {
                let subjects = subjects.into_iter();
                Some(subjects.map(|subject| (subject.task_id, subject)).collect())
            }
            Err(error) => {
                tracing::warn!(%error, "releasing claimed tasks");
                None
            }
        }
    }

    fn start(&self, claimed: Vec<ClaimedTask>, mut slots: OwnedSemaphorePermit) {
        for claimed in claimed {
            let slot = slots.split(1);
            let others = if claimed.is_last_try() {
                slots.split(slots.num_permits())
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
            let worker = Arc::clone(&self.worker);
            // Boxed: it is large, and would be moved several times before it runs.
            let work = Box::pin(async move {
                let mut work = std::pin::pin!(delivery::deliver(&worker, claimed));
                let is_done =
                    others.is_some() && timeout(ALONE_DURATION_MAX, &mut work).await.is_ok();
                drop(others);
                if !is_done {
                    work.await;
                }
                drop(slot);
            });
            tasks::spawn_on(&self.under_way, "worker.task", work.instrument(span));
        }
    }
}

fn is_last_try(candidate: &Candidate) -> bool {
    claimed::is_last_try(candidate.claim_count)
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
