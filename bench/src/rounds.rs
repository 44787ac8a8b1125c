//! `luutru bench`: what the machine does without us against what it does with us, in paired rounds
//! (A B A B …), so that a machine whose speed varies cannot lie. Beside every rate stands the
//! processor time per operation of the whole machine, which is stable between runs.
//!
//! The services are child processes. The generator and the database share the machine with them
//! and count.

mod growth;
mod intake;
mod memory;
mod outage;
mod python;
mod sqlite;
mod worker;

use std::{cell::Cell, path::Path, sync::Arc, time::Duration};

use runtime::{clock::Clock, shutdown::Shutdown};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use crate::{
    Watch,
    load::{
        find_desks,
        mix::Mix,
        people::{People, Population},
        random_seed,
        run::{self, Desk, Run},
        schedule::Pace,
        summary::Tally,
    },
    machine::{Process, Processor},
    options::{BenchOptions, Wanted},
    postgres::Postgres,
    report::{Measure, Report, Sample},
    service::{Installation, Service},
    wire::Target,
};

/// Before the first round, uncounted: caches, connections, statements.
const WARM_UP: Duration = Duration::from_secs(2);
/// The most a backlog may take to drain.
const DRAIN_WAIT: Duration = Duration::from_secs(300);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
const BATCH_SIZE: u32 = 500;
/// Batches sent at once: more would fill the intake's queue, which refuses the rest.
const BATCHES_AT_ONCE: usize = 4;

/// What is posted.
#[derive(Clone, Copy)]
enum Load {
    /// One stay per request, on all connections.
    Singles(Population, Mix),
    /// [`BATCH_SIZE`] stays per request, of people that the registry knows.
    Batches,
}

/// Takes the measures and hands each to `show` as it is done. `None`: the process was asked to
/// stop before the end.
///
/// # Errors
/// A setting is out of bounds, a service does not start, a program is missing, or `show` fails.
pub async fn execute(
    options: BenchOptions,
    show: impl Fn(&Measure) -> anyhow::Result<()>,
    watch: Watch<'_>,
) -> anyhow::Result<Option<Report>> {
    options.check()?;
    let shutdown = Shutdown::listen()?;
    let mut bench = Bench {
        seed: options.seed.unwrap_or_else(random_seed),
        posting_count: Cell::new(0),
        side_count: Cell::new(0),
        options,
        postgres: None,
        stop: shutdown.token(),
        show: &show,
        watch,
        measures: Vec::new(),
    };
    tokio::select! {
        outcome = bench.take_all() => outcome?,
        // Dropping the bench ends children and database.
        () = shutdown.requested() => return Ok(None),
    }
    Ok(Some(Report {
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        seconds: bench.options.seconds,
        connections: bench.options.connections,
        seed: bench.seed,
        measures: bench.measures,
    }))
}

struct Bench<'a> {
    options: BenchOptions,
    /// Of the guests; every posting has its own, which follows from it.
    seed: u64,
    posting_count: Cell<u64>,
    /// Sides begun, for the progress.
    side_count: Cell<u64>,
    /// Started when first needed.
    postgres: Option<Postgres>,
    stop: CancellationToken,
    show: &'a dyn Fn(&Measure) -> anyhow::Result<()>,
    watch: Watch<'a>,
    measures: Vec<Measure>,
}

/// Operations done in a span of time, and how long requests took where they were timed.
struct Work {
    count: f64,
    duration: Duration,
    tally: Option<Tally>,
}

/// Runs one side of a round and looks at the machine and at the processes before and after.
async fn sample(
    processes: &[Process],
    work: impl Future<Output = anyhow::Result<Work>>,
) -> anyhow::Result<Sample> {
    let look = || -> anyhow::Result<Vec<f64>> { processes.iter().map(Process::seconds).collect() };
    let (before, seconds_before) = (Processor::look()?, look()?);
    let work = work.await?;
    let (spent, seconds_after) = (before.until(Processor::look()?), look()?);
    let latency = work.tally.as_ref().map(Tally::latency);
    let each = |seconds: f64| seconds * 1e6 / work.count.max(1.0);
    let times = seconds_before.iter().zip(&seconds_after);
    let processes_us = processes
        .iter()
        .zip(times)
        .map(|(process, (before, after))| (process.name, each(after - before)));
    Ok(Sample {
        count: work.count,
        rate: work.count / work.duration.as_secs_f64(),
        cpu_us: each(spent.busy_seconds),
        processes_us: processes_us.collect(),
        steal_percent: spent.steal_percent,
        p50_ms: latency.map(|latency| latency.p50),
        p99_ms: latency.map(|latency| latency.p99),
        distribution: work
            .tally
            .as_ref()
            .map(Tally::distribution)
            .unwrap_or_default(),
        over_time: work.tally.map(|tally| tally.over_time).unwrap_or_default(),
    })
}

impl Bench<'_> {
    async fn take_all(&mut self) -> anyhow::Result<()> {
        if self.options.wants_fresh() || self.options.wants(Wanted::Mixed) {
            self.take_intake().await?;
        }
        if self.options.wants(Wanted::Python) {
            self.take_python().await?;
        }
        if self.options.wants(Wanted::Sqlite) {
            self.take_sqlite().await?;
        }
        if self.options.wants(Wanted::Worker) {
            self.take_worker().await?;
        }
        if self.options.wants(Wanted::Memory) {
            self.take_memory().await?;
        }
        if self.options.wants(Wanted::Outage) {
            self.take_outage().await?;
        }
        if self.options.wants(Wanted::Growth) {
            self.take_growth().await?;
        }
        Ok(())
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.options.seconds)
    }

    /// Says which side is about to run.
    fn begin(&self, measure: &str, round: u32, side: &str) {
        tracing::info!(measure, round, side, "measuring");
        let step = format!("{measure}, round {round}: {side}");
        let done = self.side_count.replace(self.side_count.get() + 1);
        (self.watch)(&step, done, self.options.side_count());
    }

    fn keep(&mut self, measure: Measure) -> anyhow::Result<()> {
        (self.show)(&measure)?;
        self.measures.push(measure);
        Ok(())
    }

    /// An installation on a new database of the server, which is started if need be.
    async fn install(&mut self, purpose: &str) -> anyhow::Result<Installation> {
        self.install_build(purpose, None).await
    }

    /// The same of another binary than this one.
    async fn install_build(
        &mut self,
        purpose: &str,
        binary: Option<&Path>,
    ) -> anyhow::Result<Installation> {
        let url = self.postgres()?.new_database(purpose)?;
        Installation::new(Some(url), binary).await
    }

    fn postgres(&mut self) -> anyhow::Result<&mut Postgres> {
        let postgres = match self.postgres.take() {
            Some(postgres) => postgres,
            None => match &self.options.postgres_url {
                Some(url) => Postgres::given(url.expose_secret())?,
                None => Postgres::start()?,
            },
        };
        Ok(self.postgres.insert(postgres))
    }

    /// Posts single stays for that long on all connections.
    async fn post_for(
        &self,
        api: &Service,
        installation: &Installation,
        duration: Duration,
    ) -> anyhow::Result<Work> {
        self.post_mixed(api, installation, duration, Mix::FRESH)
            .await
    }

    /// The same with resends and returning guests.
    async fn post_mixed(
        &self,
        api: &Service,
        installation: &Installation,
        duration: Duration,
        mix: Mix,
    ) -> anyhow::Result<Work> {
        let pace = Pace::Closed {
            request_count: None,
            duration: Some(duration),
        };
        // Made-up guests: the few whom the registry knows would all be present twice.
        let load = Load::Singles(Population::MadeUp, mix);
        self.post(api, installation, pace, load).await
    }

    async fn post(
        &self,
        api: &Service,
        installation: &Installation,
        pace: Pace,
        load: Load,
    ) -> anyhow::Result<Work> {
        let target = Target::parse(&api.url)?;
        let desks = find_desks(&target, std::slice::from_ref(&installation.key), &[]).await?;
        self.post_to(target, desks, pace, load).await
    }

    /// Posts to whatever answers as `POST /v1/stays` does.
    async fn post_to(
        &self,
        target: Target,
        desks: Vec<Desk>,
        pace: Pace,
        load: Load,
    ) -> anyhow::Result<Work> {
        let (connection_count, batch_share, population, mix) = match load {
            Load::Singles(population, mix) => (self.options.connections, 0.0, population, mix),
            Load::Batches => (BATCHES_AT_ONCE, 1.0, Population::Demo, Mix::FRESH),
        };
        let posting = self.posting_count.replace(self.posting_count.get() + 1);
        let seed = self
            .seed
            .wrapping_add(posting.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let run = Run {
            target,
            pace,
            connection_count,
            desks,
            people: People::new(population, 0.0, seed),
            mix,
            name: format!("bench-{seed:016x}"),
            seed,
            batch_share,
            batch_size: BATCH_SIZE,
            retry_count_max: 0,
            call_timeout: Duration::from_secs(30),
            journal: None,
            keeps_ids: false,
            clock: Clock::system(),
        };
        let tally = run::run(&Arc::new(run), &self.stop, &|_, _, _| ()).await?;
        let refused = tally.rejected_count + tally.unknown_count;
        if refused > 0 {
            let statuses = format!("{:?} {:?}", tally.statuses, tally.codes);
            tracing::warn!(refused, statuses, "not every stay was accepted");
        }
        Ok(Work {
            count: (tally.accepted_count + tally.replayed_count) as f64,
            duration: tally.duration,
            tally: Some(tally),
        })
    }
}
