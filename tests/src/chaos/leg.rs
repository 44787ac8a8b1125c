//! One leg of a run: senders at work, one fault after the other, then peace, and the checker.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use tokio::time::{Instant, sleep};

use super::{
    checker::{Report, check},
    desk::{Desk, Errands, keep_busy, plant_refusals},
    evidence::{Drain, Evidence},
    faults::{Fault, Kit},
    journal::Journal,
    site::Site,
};
use crate::{database::Database, simulators::Police};

/// Between two faults.
const BETWEEN_FAULTS: Duration = Duration::from_millis(400);
/// A stay that has not arrived this long after a fault healed is left to the drain.
const ARRIVED: Duration = Duration::from_secs(30);

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
    /// Errands a second; every fourth is a batch.
    pub per_second: u32,
}

/// One fault, and how soon things went on after it had healed; for a killed process, after it was
/// killed.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// What went wrong.
    pub fault: Fault,
    /// Until a stay was acknowledged.
    pub intake: Duration,
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
    let mut site = Site::start(plan.database).await;
    let mut random = StdRng::seed_from_u64(plan.seed);
    let faults = plan
        .kit
        .choose(plan.database, plan.round_count, &mut random);
    let desk = desk_of(&site).await;
    let mut errands = Errands::new(plan.seed, site.facilities());
    let mut probes = Errands::new(plan.seed ^ PROBES, site.facilities());
    let meanwhile = async {
        let mut rounds = Vec::new();
        for (fault, number) in faults.into_iter().zip(0..) {
            sleep(BETWEEN_FAULTS).await;
            let round = suffer(&mut site, fault, plan.seed + number, &desk, &mut probes).await;
            tell(&round);
            rounds.push(round);
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
    Desk::new(site.integrator(), journal)
}

async fn suffer(
    site: &mut Site,
    fault: Fault,
    seed: u64,
    desk: &Desk,
    probes: &mut Errands,
) -> Round {
    let mut healed_at = Instant::now();
    site.suffer(fault, seed).await;
    let is_kill = matches!(
        fault,
        Fault::ApiKilled | Fault::WorkerKilled | Fault::PoliceKilled
    );
    if !is_kill {
        healed_at = Instant::now();
    }
    let id = desk.run(probes.plain()).await;
    let intake = healed_at.elapsed();
    let arrived = match id {
        Some(id) => arrives(&site.services().police(), &id).await,
        None => false,
    };
    Round {
        fault,
        intake,
        delivery: arrived.then(|| healed_at.elapsed()),
    }
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

/// A quiet history, one errand after the other: for comparing two databases, and for recording
/// what a clean run looks like.
pub async fn quiet(database: Database, seed: u64, errand_count: u32) -> Evidence {
    let mut site = Site::start_on(database.create_seeded().await, None).await;
    let desk = desk_of(&site).await;
    let mut errands = Errands::new(seed, site.facilities());
    for _ in 0..errand_count {
        desk.run(errands.next_one()).await;
    }
    site.drain().await;
    site.evidence().await
}
