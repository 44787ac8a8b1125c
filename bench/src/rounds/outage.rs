//! R6: the intake while the police endpoint is away, against the intake while it is there.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use super::{Bench, DRAIN_WAIT, LOOK_INTERVAL, Load, WARM_UP, Work, sample, worker::effects};
use crate::{
    load::{
        mix::Mix,
        people::Population,
        schedule::{Arrivals, Pace},
    },
    machine::Process,
    postgres::Postgres,
    report::{Measure, Side},
    service::{Installation, Service},
    wire::{Connection, Target},
};

impl Bench<'_> {
    /// R6: both sides of a round are the same load on the same services; what waited is drained
    /// in between, and timed.
    pub(super) async fn take_outage(&mut self) -> anyhow::Result<()> {
        let installation = self.install("outage").await?;
        let registry = installation.start_registry().await?;
        let police = installation.start_police().await?;
        let api = installation.start_api().await?;
        let worker = installation.start_worker(&registry, &police).await?;
        let mut processes = vec![Process::this("generator"), api.process("api")?];
        processes.push(worker.process("worker")?);
        processes.extend(self.postgres.as_ref().and_then(Postgres::process));
        let mut ledger = Connection::new(&Target::parse(&police.url)?, Duration::from_secs(5))?;
        let mut away = Side::new("police endpoint away");
        let mut there = Side::new("police endpoint there");
        let mut drains = Vec::new();
        let mut accepted = self.declare_for(&api, &installation, WARM_UP).await?.count;
        for round in 1..=self.options.rounds {
            wait_for(&mut ledger, accepted).await?;
            self.begin("R6", round, there.name);
            let work = self.declare_for(&api, &installation, self.duration());
            there.samples.push(sample(&processes, work).await?);
            accepted += there.samples.last().map_or(0.0, |sample| sample.count);
            wait_for(&mut ledger, accepted).await?;

            set_outage(&mut ledger, true).await?;
            self.begin("R6", round, away.name);
            let work = self.declare_for(&api, &installation, self.duration());
            away.samples.push(sample(&processes, work).await?);
            let backlog = away.samples.last().map_or(0.0, |sample| sample.count);
            accepted += backlog;
            let healed = Instant::now();
            set_outage(&mut ledger, false).await?;
            wait_for(&mut ledger, accepted).await?;
            drains.push((backlog, healed.elapsed().as_secs_f64()));
        }
        for service in [api, worker, registry, police] {
            service.stop().await?;
        }
        let title = format!(
            "POST /v1/stays on PostgreSQL at {} a second, police endpoint away against there",
            self.options.rate
        );
        let drained: Vec<String> = drains
            .iter()
            .map(|(backlog, seconds)| format!("{backlog:.0} in {seconds:.1} s"))
            .collect();
        let measure = Measure::paired("R6", title, vec![away, there])
            .with_ratios("p99", |sample| sample.p99_ms.unwrap_or_default())
            .with_ratios("processor time for a stay", |sample| sample.cpu_us)
            .with_ratios("the API's processor time for a stay", |sample| {
                sample.processes_us.get(1).map_or(0.0, |process| process.1)
            })
            .with_note(format!("drained after the outage: {}", drained.join(", ")));
        self.keep(measure)
    }

    /// Declares single stays at the rate of R6.
    async fn declare_for(
        &self,
        api: &Service,
        installation: &Installation,
        duration: Duration,
    ) -> anyhow::Result<Work> {
        let pace = Pace::Open {
            rate: self.options.rate,
            duration,
            arrivals: Arrivals::Even,
        };
        let load = Load::Singles(Population::Demo, Mix::FRESH);
        self.post(api, installation, pace, load).await
    }
}

async fn set_outage(police: &mut Connection, is_away: bool) -> anyhow::Result<()> {
    let faults = json!({"outage": is_away}).to_string();
    let answer = police.put("/faults", faults.into()).await.ok();
    let is_set = answer.is_some_and(|answer| answer.status == 200);
    ensure!(is_set, "the police endpoint's simulator takes no faults");
    Ok(())
}

/// Waits until so many stays have arrived at the police.
async fn wait_for(ledger: &mut Connection, stay_count: f64) -> anyhow::Result<()> {
    let beginning = Instant::now();
    while (effects(ledger).await? as f64) < stay_count {
        ensure!(
            beginning.elapsed() < DRAIN_WAIT,
            "the backlog does not drain"
        );
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}
