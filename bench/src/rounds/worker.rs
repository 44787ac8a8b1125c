//! P8: the worker drains a backlog through both simulators; where asked, paired with another build.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::{BATCH_SIZE, Bench, DRAIN_WAIT, LOOK_INTERVAL, Load, Work, sample};
use crate::{
    load::schedule::Pace,
    machine::Process,
    postgres::Postgres,
    report::{Measure, Sample, Side},
    service::{Installation, Service},
    wire::{Connection, Target},
};

/// One build with its database and both simulators.
struct Build {
    installation: Installation,
    registry: Service,
    police: Service,
    /// Stays that its police endpoint has.
    arrived_count: u64,
    side: Side,
}

impl Bench<'_> {
    /// P8.
    pub(super) async fn take_worker(&mut self) -> anyhow::Result<()> {
        let against = self.options.against.clone();
        let mut builds = vec![self.prepare_build("worker", "luutru worker", None).await?];
        if let Some(binary) = &against {
            let name = "the other build's worker";
            builds.push(
                self.prepare_build("other_worker", name, Some(binary))
                    .await?,
            );
        }
        for round in 1..=self.options.rounds {
            // They take turns at going first, because the second one finds a warmer machine.
            if round > 1 {
                builds.reverse();
            }
            for build in &mut builds {
                self.begin("P8", round, build.side.name);
                self.drain_backlog(build).await?;
            }
        }
        if self.options.rounds.is_multiple_of(2) {
            builds.reverse();
        }
        let mut sides = Vec::new();
        for build in builds {
            build.registry.stop().await?;
            build.police.stop().await?;
            sides.push(build.side);
        }
        let mut title = format!(
            "worker drains {} stays: registry call, police call and settlement each, PostgreSQL, \
             one process, both simulators on the machine",
            self.options.backlog
        );
        if let Some(binary) = against {
            title.push_str(&format!("; against {}", binary.display()));
        }
        self.keep(Measure::paired("P8", title, sides))
    }

    async fn prepare_build(
        &mut self,
        purpose: &str,
        name: &'static str,
        binary: Option<&Path>,
    ) -> anyhow::Result<Build> {
        let installation = self.install_build(purpose, binary).await?;
        Ok(Build {
            registry: installation.start_registry().await?,
            police: installation.start_police().await?,
            installation,
            arrived_count: 0,
            side: Side::new(name),
        })
    }

    async fn drain_backlog(&self, build: &mut Build) -> anyhow::Result<()> {
        let installation = &build.installation;
        let api = installation.start_api().await?;
        let accepted = self.pile_up(&api, installation).await?;
        api.stop().await?;
        let worker = installation
            .start_worker(&build.registry, &build.police)
            .await?;
        let mut processes = vec![
            worker.process("worker")?,
            build.registry.process("registry-sim")?,
            build.police.process("police-sim")?,
        ];
        processes.extend(self.postgres.as_ref().and_then(Postgres::process));
        let drained = drain(&build.police, &processes, build.arrived_count, accepted);
        build.side.samples.push(drained.await?);
        worker.stop().await?;
        build.arrived_count += accepted;
        Ok(())
    }

    /// Declares the backlog in batches; answers how many stays wait.
    async fn pile_up(&self, api: &Service, installation: &Installation) -> anyhow::Result<u64> {
        let pace = Pace::Closed {
            request_count: Some(u64::from(self.options.backlog.div_ceil(BATCH_SIZE))),
            duration: None,
        };
        let work = self.post(api, installation, pace, Load::Batches).await?;
        let tally = work.tally.context("posting is counted")?;
        ensure!(
            tally.accepted_count > 0,
            "no stay of the backlog was accepted"
        );
        Ok(tally.accepted_count)
    }
}

#[derive(Deserialize)]
struct PoliceStats {
    effects: u64,
}

/// Times a worker on a backlog from the first stay that arrives to the last.
async fn drain(
    police: &Service,
    processes: &[Process],
    before: u64,
    backlog: u64,
) -> anyhow::Result<Sample> {
    let mut ledger = Connection::new(&Target::parse(&police.url)?, Duration::from_secs(5))?;
    let beginning = Instant::now();
    while effects(&mut ledger).await? <= before {
        ensure!(
            beginning.elapsed() < DRAIN_WAIT,
            "nothing arrives at the police"
        );
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let already = effects(&mut ledger).await? - before;
    sample(processes, async {
        let beginning = Instant::now();
        while effects(&mut ledger).await? < before + backlog {
            ensure!(
                beginning.elapsed() < DRAIN_WAIT,
                "the backlog does not drain"
            );
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
        Ok(Work {
            count: backlog.saturating_sub(already) as f64,
            duration: beginning.elapsed(),
            tally: None,
        })
    })
    .await
}

pub(super) async fn effects(ledger: &mut Connection) -> anyhow::Result<u64> {
    let answer = ledger.get("/stats", &[]).await;
    let answer = answer
        .ok()
        .context("the police endpoint's simulator does not answer")?;
    let stats: PoliceStats =
        serde_json::from_slice(&answer.body).context("the simulator's /stats is unreadable")?;
    Ok(stats.effects)
}
