//! One leg of a run: senders at work while faults strike one after the other, then quiet, then the
//! checker.

use std::{sync::Arc, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    checker::{Report, check},
    desk::{Desk, Errand, Errands, keep_busy, plant_refusals},
    evidence::{Drain, Evidence},
    faults::{Fault, Kit},
    journal::Journal,
    site::{Crew, Site},
};
use crate::{database::Database, services::Launched, simulators::Police};

/// Between two faults that are waited for.
const BETWEEN_FAULTS: Duration = Duration::from_millis(400);
/// Between two kills that are not.
const BETWEEN_KILLS_MS: std::ops::Range<u64> = 200..5_000;
/// A stay that has not arrived this long after a fault healed is left to the drain.
const ARRIVED: Duration = Duration::from_secs(30);
/// How long to wait for an API to report not ready.
const NOT_READY: Duration = Duration::from_secs(10);

/// What a leg is made of. The same plan makes the same requests and faults.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Chooses requests and faults.
    pub seed: u64,
    /// Which database.
    pub database: Database,
    /// How many faults.
    pub round_count: u32,
    /// Which faults.
    pub kit: Kit,
    /// Requests per second; every fourth is a batch.
    pub per_second: u32,
    /// How many processes.
    pub crew: Crew,
}

/// One fault, and the time to recovery after it healed; for a killed process, after the kill.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// What went wrong.
    pub fault: Fault,
    /// Until the process that was killed, or the API whose database was, was ready again; none
    /// where it was killed before, and of other faults.
    pub ready: Option<Duration>,
    /// Of a killed database, until the API said that it was not ready.
    pub not_ready: Option<Duration>,
    /// Until a stay was acknowledged; `None` if its sender gave up.
    pub intake: Option<Duration>,
    /// Until that stay was at the police; none when it took too long to wait for.
    pub delivery: Option<Duration>,
}

/// What a leg found.
pub struct Found {
    /// The records.
    pub evidence: Evidence,
    /// What the checker says.
    pub report: Report,
    /// What happened.
    pub rounds: Vec<Round>,
}

impl Found {
    /// How the backlog drained.
    pub fn drain(&self) -> Option<&Drain> {
        self.evidence.deeds.drains.last()
    }
}

/// Runs a leg; `tell` hears of each round.
pub async fn run(plan: Plan, tell: impl Fn(&Round)) -> Found {
    let mut site = Site::start(plan.database, plan.crew).await;
    let mut random = StdRng::seed_from_u64(plan.seed);
    let faults = plan
        .kit
        .choose(plan.database, plan.round_count, &mut random);
    let desk = desk_of(&site).await;
    let mut errands = Errands::new(plan.seed, site.facilities());
    let mut probes = Errands::new(plan.seed ^ PROBES, site.facilities());
    let meanwhile = async {
        let mut rounds = Vec::new();
        if plan.kit.is_storm() {
            rounds = storm(&mut site, faults, &mut random, &desk, &mut probes, &tell).await;
        } else {
            for (fault, number) in faults.into_iter().zip(0..) {
                sleep(BETWEEN_FAULTS).await;
                let round = suffer(&mut site, fault, plan.seed + number, &desk, &mut probes).await;
                tell(&round);
                rounds.push(round);
            }
        }
        sleep(BETWEEN_FAULTS).await;
        rounds
    };
    let rounds = keep_busy(&desk, &mut errands, plan.per_second, meanwhile).await;
    site.drain().await;
    let evidence = site.evidence().await;
    Found {
        report: check(&evidence),
        evidence,
        rounds,
    }
}

/// Makes the probes of a seed other stays than its errands.
const PROBES: u64 = 1 << 40;

async fn desk_of(site: &Site) -> Desk {
    plant_refusals(&site.services().police()).await;
    let journal = Arc::new(Journal::create(&site.journal()));
    Desk::new(site.integrators(), journal)
}

/// One kill after the other, without waiting for recovery.
async fn storm(
    site: &mut Site,
    faults: Vec<Fault>,
    random: &mut StdRng,
    desk: &Desk,
    probes: &mut Errands,
    tell: &impl Fn(&Round),
) -> Vec<Round> {
    let mut watched = JoinSet::new();
    for fault in faults {
        let pause = random.random_range(BETWEEN_KILLS_MS);
        sleep(Duration::from_millis(pause)).await;
        let killed_at = Instant::now();
        let started = site.strike(fault).await;
        let (desk, police) = (desk.clone(), site.services().police());
        let probe = probes.plain();
        watched.spawn(async move {
            let ready = ready_again(&started, killed_at);
            let stay = follow(&desk, probe, &police, killed_at);
            let (ready, (intake, delivery)) = tokio::join!(ready, stay);
            Round {
                fault,
                ready,
                not_ready: None,
                intake,
                delivery,
            }
        });
    }
    site.ready().await;
    let mut rounds = Vec::new();
    while let Some(round) = watched.join_next().await {
        let round = round.expect("a round ends");
        tell(&round);
        rounds.push(round);
    }
    rounds
}

async fn suffer(
    site: &mut Site,
    fault: Fault,
    seed: u64,
    desk: &Desk,
    probes: &mut Errands,
) -> Round {
    let began_at = Instant::now();
    let mut healed_at = began_at;
    let (mut ready, mut not_ready) = (None, None);
    match fault {
        Fault::ApiKilled | Fault::WorkerKilled => {
            site.suffer(fault, seed).await;
            ready = Some(began_at.elapsed());
        }
        Fault::PoliceKilled => site.suffer(fault, seed).await,
        Fault::DatabaseKilled(_) => {
            let watch = site.watch();
            let noticed = not_ready_within(&watch, NOT_READY);
            (_, not_ready) = tokio::join!(site.suffer(fault, seed), noticed);
            healed_at = Instant::now();
            ready = ready_again(&watch, healed_at).await;
        }
        Fault::ApiStopped(_)
        | Fault::WorkerStopped(_)
        | Fault::WorkerClock(_)
        | Fault::ApiToDatabase(..)
        | Fault::WorkerToDatabase(..)
        | Fault::WorkerToPolice(..)
        | Fault::Police(..)
        | Fault::Registry(..) => {
            site.suffer(fault, seed).await;
            healed_at = Instant::now();
        }
    }
    let police = site.services().police();
    let (intake, delivery) = follow(desk, probes.plain(), &police, healed_at).await;
    Round {
        fault,
        ready,
        not_ready,
        intake,
        delivery,
    }
}

/// Declares a stay: how long after an instant it was acknowledged, and how long until it was at
/// the police.
async fn follow(
    desk: &Desk,
    probe: Errand,
    police: &Police,
    since: Instant,
) -> (Option<Duration>, Option<Duration>) {
    let Some(id) = desk.run(probe).await else {
        return (None, None);
    };
    let intake = since.elapsed();
    let arrived = arrives(police, &id).await;
    (Some(intake), arrived.then(|| since.elapsed()))
}

/// How long after an instant a process was ready; none when it ended before.
async fn ready_again(started: &Launched, since: Instant) -> Option<Duration> {
    while started.process.is_running() {
        if started.is_ready().await {
            return Some(since.elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
    None
}

/// How long a process takes to say that it is not ready; none when it did not.
async fn not_ready_within(running: &Launched, limit: Duration) -> Option<Duration> {
    let started = Instant::now();
    while started.elapsed() < limit {
        if !running.is_ready().await {
            return Some(started.elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
    None
}

async fn arrives(police: &Police, id: &str) -> bool {
    let started = Instant::now();
    while started.elapsed() < ARRIVED {
        if !police.effects(id).await.is_empty() {
            return true;
        }
        sleep(Duration::from_millis(50)).await;
    }
    false
}

/// A quiet history, one errand after the other, at last a stay to which everything happens: for
/// comparing two databases, and for recording what a clean run looks like.
pub async fn quiet(database: Database, seed: u64, errand_count: u32) -> Evidence {
    let mut site = Site::start_on(database.create_seeded().await, None, Crew::SMALL).await;
    let desk = desk_of(&site).await;
    let mut errands = Errands::new(seed, site.facilities());
    for _ in 0..errand_count {
        desk.run(errands.next_one()).await;
    }
    desk.run(errands.key_reusing()).await;
    desk.run(errands.eventful()).await;
    site.drain().await;
    site.evidence().await
}
