//! The state of one run, and how one part of it moves.
//!
//! The database runs on its own threads and takes an unpredictable time. So only one part moves at
//! a time: it is polled until it waits for something that the schedule controls (an answer, a
//! commit, the clock), and nothing else is polled while it waits for the database.

use std::{
    future::poll_fn,
    num::NonZeroU32,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize},
    },
    task::Poll,
};

use chrono::TimeDelta;
use intake::{Intake, IntakeParts, IntakeSettings};
use rand::{Rng, SeedableRng, rngs::StdRng};
use runtime::{
    clock::{Clock, ManualClock},
    skew::ClockWatch,
};
use sea_orm::DatabaseConnection;
use sha2::{Digest, Sha256};
use store::{Database, outbox::Task};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    calls::{Calls, Wire},
    defects::{BentLedger, Defect},
    desk::Desk,
    eyes,
    observed::{FaultyLedger, Observed, WatchedLedger},
    plan::Plan,
    police::Police,
    registry::Registry,
    template::{self, Template},
};
use crate::{
    WorkerSettings,
    chance::Chance,
    claim::{Choice, ClaimLoop, ClaimRounds, Round},
    claimed::TaskLease,
    content::Contents,
    destinations::Destinations,
    peer::{Peer, PeerName},
    settle::{Recorder, ResultLedger, ResultWriter},
    worker::Worker,
};

/// A directory in memory where there is one: a run commits often, and no power is lost in it.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// How far a worker's loop is.
pub(super) enum Phase {
    Resting,
    Prepared,
    Chosen {
        choice: Choice,
        count: usize,
    },
    Taken {
        tasks: Vec<Task>,
        lease: TaskLease,
        is_full: bool,
    },
    Ended(Round),
}

/// A worker process.
pub(super) struct Machine {
    pub(super) name: u32,
    pub(super) worker: Arc<Worker>,
    pub(super) claim_loop: Arc<ClaimLoop>,
    pub(super) rounds: ClaimRounds,
    /// Lent to the actor that writes.
    pub(super) writer: Option<ResultWriter>,
    pub(super) phase: Phase,
    pub(super) is_stopping: bool,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// Not moved yet.
    Fresh,
    OnCall(u64),
    AtRecorder,
    /// The result is written but not yet delivered.
    Told,
    Asleep,
}

/// What somebody does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Task(Uuid),
    /// Writes what these handed in.
    Writing(Vec<u64>),
}

/// Something that moves by itself when it is polled.
pub(super) struct Actor {
    pub(super) id: u64,
    pub(super) machine: u32,
    pub(super) work: Work,
    pub(super) spot: Spot,
    future: Pin<Box<dyn Future<Output = Option<ResultWriter>>>>,
}

/// The history of a run.
#[derive(Default)]
pub(super) struct Log {
    pub(super) lines: Vec<String>,
}

impl Log {
    /// Digest of all lines.
    pub(super) fn digest(&self) -> String {
        format!("{:x}", Sha256::digest(self.lines.join("\n")))
    }
}

/// Everything of one run.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) defect: Defect,
    pub(super) chance: StdRng,
    pub(super) clock: Clock,
    pub(super) hands: ManualClock,
    /// How far the wall clock is wrong.
    pub(super) shift: TimeDelta,
    pub(super) shift_max: TimeDelta,
    pub(super) db: Database,
    pub(super) eyes: DatabaseConnection,
    pub(super) intake: Intake,
    pub(super) calls: Arc<Calls>,
    pub(super) police: Police,
    pub(super) registry: Registry,
    pub(super) observed: Observed,
    pub(super) is_calm: Arc<AtomicBool>,
    pub(super) machines: Vec<Machine>,
    pub(super) actors: Vec<Actor>,
    pub(super) desk: Desk,
    pub(super) log: Log,
    pub(super) step: usize,
    last_machine: u32,
    last_actor: u64,
    _directory: tempfile::TempDir,
}

impl World {
    /// At the beginning.
    pub(super) async fn begin(plan: Plan, defect: Defect) -> Self {
        let template = Template::shared();
        let directory = directory();
        let path = directory.path().join("run.db");
        std::fs::write(&path, &template.file).unwrap();
        let url = format!("sqlite://{}", path.display());
        let db = template::connect(&url).await;
        let (clock, hands) = Clock::simulated(plan.starts_at, plan.seed);
        let vault = template::vault();
        for key in &template.keys {
            vault.load(key).unwrap();
        }
        let intake = Intake::start(IntakeParts {
            db: db.clone(),
            vault,
            signer: Arc::clone(&template.signer),
            catalogues: Arc::clone(&template.catalogues),
            clock: clock.clone(),
            settings: IntakeSettings::default(),
        });
        let mut world = Self {
            chance: StdRng::seed_from_u64(plan.seed),
            defect,
            clock,
            hands,
            shift: TimeDelta::zero(),
            shift_max: TimeDelta::zero(),
            eyes: eyes::open(&url).await,
            db,
            intake,
            calls: Arc::default(),
            police: Police::default(),
            registry: Registry::default(),
            observed: Observed::default(),
            is_calm: Arc::default(),
            machines: Vec::new(),
            actors: Vec::new(),
            desk: Desk::open(),
            log: Log::default(),
            step: 0,
            last_machine: 0,
            last_actor: 0,
            _directory: directory,
            plan,
        };
        for _ in 0..world.plan.worker_count {
            world.start_machine();
        }
        world
    }

    /// Closes the database.
    pub(super) async fn end(mut self) {
        self.actors.clear();
        self.machines.clear();
        self.intake.stop().await;
        self.eyes.close().await.unwrap();
        self.db.close().await;
    }

    /// Adds a line to the history.
    pub(super) fn note(&mut self, line: &str) {
        let at = (self.clock.now() - self.shift).format("%d %H:%M:%S%.3f");
        let line = format!("{:>4} {at} {line}", self.step);
        self.log.lines.push(line);
    }

    /// Starts a worker process.
    pub(super) fn start_machine(&mut self) {
        self.last_machine += 1;
        let name = self.last_machine;
        let mut settings = WorkerSettings::embedded(String::new(), String::new());
        let count = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        settings.lease_seconds = count(self.plan.lease_seconds);
        settings.registry_calls_per_second = count(self.plan.registry_rate);
        settings.police_calls_per_second = count(self.plan.police_rate);
        let clock = self.clock.clone();
        let wire = |peer| Wire {
            calls: Arc::clone(&self.calls),
            peer,
            machine: name,
            clock: clock.clone(),
            defect: self.defect,
            attempt_count: AtomicUsize::new(0),
        };
        let peer = |name, limits| Peer::new(name, Box::new(wire(name)), limits, clock.clone());
        let registry = peer(PeerName::Registry, settings.registry_limits());
        let police = peer(PeerName::Police, settings.police_limits());
        let ledger_seed = self.chance.random();
        let (recorder, writer) =
            Recorder::with_writer(self.ledger(name, ledger_seed), clock.clone());
        let worker = Arc::new(Worker {
            db: self.db.clone(),
            clock_watch: Arc::new(ClockWatch::new(clock.clone())),
            clock: clock.clone(),
            contents: Contents::new(self.db.clone(), template::vault()),
            registry,
            destinations: Destinations::new(
                self.db.clone(),
                clock.clone(),
                settings.clone(),
                police,
            ),
            police_secret: Zeroizing::new(vec![3; 32]),
            recorder,
            chance: Chance::new(Some(self.chance.random())),
            settings,
            abandon: CancellationToken::new(),
        });
        self.note(&format!("worker {name} starts"));
        self.machines.push(Machine {
            name,
            claim_loop: Arc::new(ClaimLoop::new(Arc::clone(&worker))),
            worker,
            rounds: ClaimRounds::begin(&self.clock),
            writer: Some(writer),
            phase: Phase::Resting,
            is_stopping: false,
        });
    }

    fn ledger(&self, machine: u32, seed: u64) -> Box<dyn ResultLedger> {
        let mut inner: Box<dyn ResultLedger> = Box::new(self.db.clone());
        if self.defect != Defect::None {
            let (defect, eyes) = (self.defect, self.eyes.clone());
            inner = Box::new(BentLedger {
                inner,
                defect,
                eyes,
            });
        }
        Box::new(FaultyLedger {
            inner: Box::new(WatchedLedger {
                inner,
                observed: self.observed.clone(),
            }),
            observed: self.observed.clone(),
            machine,
            trouble: self.plan.ledger.clone(),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            is_calm: Arc::clone(&self.is_calm),
        })
    }

    /// Kills a worker process like `kill -9`, with everything it was doing.
    pub(super) fn kill(&mut self, name: u32) {
        let dying = self.actors.iter().filter(|actor| actor.machine == name);
        let tasks: Vec<Uuid> = dying
            .filter_map(|actor| match &actor.work {
                Work::Task(id) => Some(*id),
                Work::Writing(_) => None,
            })
            .collect();
        for task in tasks {
            self.observed.seen().unrecorded.insert((task, name));
        }
        self.actors.retain(|actor| actor.machine != name);
        self.machines.retain(|machine| machine.name != name);
    }

    /// The worker of this name.
    pub(super) fn machine(&mut self, name: u32) -> &mut Machine {
        let mut machines = self.machines.iter_mut();
        machines.find(|machine| machine.name == name).unwrap()
    }

    /// Adds an actor that has not moved yet.
    pub(super) fn add_actor(
        &mut self,
        machine: u32,
        work: Work,
        future: impl Future<Output = Option<ResultWriter>> + 'static,
    ) -> u64 {
        self.last_actor += 1;
        self.actors.push(Actor {
            id: self.last_actor,
            machine,
            work,
            spot: Spot::Fresh,
            future: Box::pin(future),
        });
        self.last_actor
    }

    /// Moves an actor until it waits again or is done.
    pub(super) async fn go(&mut self, id: u64) {
        let Some(index) = self.actors.iter().position(|actor| actor.id == id) else {
            return;
        };
        let mut actor = self.actors.remove(index);
        let worker = Arc::clone(&self.machine(actor.machine).worker);
        let handed_in = worker.recorder.waiting_count();
        let looked = self.hands.wait_count();
        self.calls.take_waited_for();
        let (calls, hands) = (Arc::clone(&self.calls), self.hands.clone());
        let moved = poll_fn(|context| {
            if let Poll::Ready(done) = actor.future.as_mut().poll(context) {
                return Poll::Ready(Moved::Done(done));
            }
            let spot = if worker.recorder.waiting_count() > handed_in {
                Spot::AtRecorder
            } else if let Some(call) = calls.take_waited_for() {
                Spot::OnCall(call)
            } else if hands.wait_count() > looked {
                Spot::Asleep
            } else {
                // It waits for the database, and so does every other actor.
                return Poll::Pending;
            };
            Poll::Ready(Moved::Waits(spot))
        })
        .await;
        match moved {
            Moved::Waits(spot) => {
                self.note(&format!("  {id} of {} now {spot:?}", actor.machine));
                actor.spot = spot;
                self.actors.push(actor);
            }
            Moved::Done(writer) => {
                self.note(&format!("  {id} of {} is done", actor.machine));
                if let (Some(writer), Work::Writing(told)) = (writer, actor.work) {
                    self.take_back(actor.machine, writer, &told);
                }
            }
        }
    }

    /// The task whose result is now written is notified at its next move.
    fn take_back(&mut self, machine: u32, writer: ResultWriter, told: &[u64]) {
        let held_back = writer.held_back();
        for actor in &mut self.actors {
            let is_held_back = matches!(&actor.work, Work::Task(id) if held_back.contains(id));
            if told.contains(&actor.id) && actor.spot == Spot::AtRecorder && !is_held_back {
                actor.spot = Spot::Told;
            }
        }
        self.machine(machine).writer = Some(writer);
    }
}

enum Moved {
    Waits(Spot),
    Done(Option<ResultWriter>),
}
