//! `luutru bench`: what the machine gives without us against what it gives with us, in paired
//! rounds (A B A B …), so that a machine whose speed swings cannot lie. Beside every rate stands
//! the processor time of the whole machine for one operation, which holds from run to run.
//!
//! The services are child processes of this binary; the generator and the database share the
//! machine with them and count.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use runtime::{clock::Clock, ids, shutdown::Shutdown};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use store::{ConnectOptions, Database};
use tokio_util::sync::CancellationToken;

use crate::{
    load::{
        find_desks,
        people::{People, Population},
        run::{self, Run},
        schedule::{Arrivals, Pace},
        summary::Tally,
    },
    machine::{Part, Processor},
    pgbench::{self, Pgbench},
    postgres::{self, Postgres},
    report::{Measure, Report, Sample, Side},
    service::{Installation, Service},
    sqlite,
    wire::{Connection, Target},
};

/// Before the first round, uncounted: caches, connections, statements.
const WARM_UP: Duration = Duration::from_secs(2);
/// After a start, before memory is called idle.
const SETTLING: Duration = Duration::from_secs(3);
/// The most a backlog may take to drain.
const DRAIN_WAIT: Duration = Duration::from_secs(300);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
const BATCH_SIZE: u32 = 500;
/// Batches sent at once: more would fill the intake's queue, which refuses the rest.
const BATCHES_AT_ONCE: usize = 4;

/// What is posted.
#[derive(Clone, Copy)]
enum Load {
    /// One stay a request, on all connections.
    Singles(Population),
    /// [`BATCH_SIZE`] stays a request, of people that the registry knows.
    Batches,
}

/// A measure of the performance table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// Stays a second against pgbench, BEGIN; stay; outbox_task; COMMIT.
    #[value(name = "P1", alias = "p1")]
    Transactions,
    /// The same against one statement.
    #[value(name = "P2", alias = "p2")]
    Statement,
    /// Processor time for an accepted stay.
    #[value(name = "P3", alias = "p3")]
    Processor,
    /// SQLite, against one-stay transactions on the same file.
    #[value(name = "P6", alias = "p6")]
    Sqlite,
    /// The worker drains a backlog through both simulators.
    #[value(name = "P8", alias = "p8")]
    Worker,
    /// Memory of the services, idle and at their highest.
    #[value(name = "P12", alias = "p12")]
    Memory,
    /// The intake while the police endpoint is away, against the intake while it is there.
    #[value(name = "R6", alias = "r6")]
    Outage,
}

/// Measures this machine with and without luutru, in paired rounds. Prints numbers, no verdicts.
#[derive(Args)]
pub struct BenchOptions {
    /// Measures to take, separated by commas; all when left out.
    #[arg(
        long,
        env = "LUUTRU_BENCH_ONLY",
        value_enum,
        value_delimiter = ',',
        ignore_case = true
    )]
    only: Vec<Wanted>,

    /// Length of each side of each round.
    #[arg(long, env = "LUUTRU_BENCH_SECONDS", default_value_t = 10)]
    seconds: u64,

    /// Rounds; medians are over them.
    #[arg(long, env = "LUUTRU_BENCH_ROUNDS", default_value_t = 3)]
    rounds: u32,

    /// Connections of the generator, and sessions of pgbench.
    #[arg(long, env = "LUUTRU_BENCH_CONNECTIONS", default_value_t = 64)]
    connections: usize,

    /// Stays that the worker finds waiting in each round of P8.
    #[arg(long, env = "LUUTRU_BENCH_BACKLOG", default_value_t = 10_000)]
    backlog: u32,

    /// Stays a second that are declared in R6, whether answers come or not.
    #[arg(long, env = "LUUTRU_BENCH_RATE", default_value_t = 200.0)]
    rate: f64,

    /// PostgreSQL to use; its user must be allowed to make databases, which are dropped at the
    /// end. Left out: one is started, with the settings of a fresh installation.
    #[arg(long, env = "LUUTRU_BENCH_POSTGRES_URL", hide_env_values = true)]
    postgres_url: Option<SecretString>,

    /// Prints one JSON object at the end instead of text.
    #[arg(long, env = "LUUTRU_BENCH_JSON")]
    json: bool,
}

impl BenchOptions {
    /// Whether the report is wanted as one JSON object.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }
}

/// Takes the measures and hands each to `show` as it is done. `None`: the process was asked to
/// stop before the end.
///
/// # Errors
/// A setting is out of bounds, a service does not start, a program is missing, or `show` fails.
pub async fn execute(
    options: BenchOptions,
    show: impl Fn(&Measure) -> anyhow::Result<()>,
) -> anyhow::Result<Option<Report>> {
    ensure!(
        options.seconds >= 1 && options.rounds >= 1 && options.connections >= 1,
        "LUUTRU_BENCH_SECONDS, LUUTRU_BENCH_ROUNDS and LUUTRU_BENCH_CONNECTIONS must be at least 1"
    );
    let shutdown = Shutdown::listen()?;
    let mut bench = Bench {
        options,
        postgres: None,
        stop: shutdown.token(),
        show: &show,
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
        measures: bench.measures,
    }))
}

struct Bench<'a> {
    options: BenchOptions,
    /// Started when first needed.
    postgres: Option<Postgres>,
    stop: CancellationToken,
    show: &'a dyn Fn(&Measure) -> anyhow::Result<()>,
    measures: Vec<Measure>,
}

/// Operations done in a span of time, and how long requests took where they were timed.
struct Work {
    count: f64,
    duration: Duration,
    tally: Option<Tally>,
}

/// Runs one side of a round and looks at the machine and at the parts before and after.
async fn sample(
    parts: &[Part],
    work: impl Future<Output = anyhow::Result<Work>>,
) -> anyhow::Result<Sample> {
    let look = || -> anyhow::Result<Vec<f64>> { parts.iter().map(Part::seconds).collect() };
    let (before, parts_before) = (Processor::look()?, look()?);
    let work = work.await?;
    let (spent, parts_after) = (before.until(Processor::look()?), look()?);
    let latency = work.tally.as_ref().map(Tally::latency);
    let each = |seconds: f64| seconds * 1e6 / work.count.max(1.0);
    let times = parts_before.iter().zip(&parts_after);
    let parts_us = parts
        .iter()
        .zip(times)
        .map(|(part, (before, after))| (part.name, each(after - before)));
    Ok(Sample {
        count: work.count,
        rate: work.count / work.duration.as_secs_f64(),
        cpu_us: each(spent.busy_seconds),
        parts_us: parts_us.collect(),
        steal_percent: spent.steal_percent,
        p50_ms: latency.map(|latency| latency.p50),
        p99_ms: latency.map(|latency| latency.p99),
    })
}

impl Bench<'_> {
    async fn take_all(&mut self) -> anyhow::Result<()> {
        if self.wants(Wanted::Transactions)
            || self.wants(Wanted::Statement)
            || self.wants(Wanted::Processor)
        {
            self.take_intake().await?;
        }
        if self.wants(Wanted::Sqlite) {
            self.take_sqlite().await?;
        }
        if self.wants(Wanted::Worker) {
            self.take_worker().await?;
        }
        if self.wants(Wanted::Memory) {
            self.take_memory().await?;
        }
        if self.wants(Wanted::Outage) {
            self.take_outage().await?;
        }
        Ok(())
    }

    fn wants(&self, wanted: Wanted) -> bool {
        self.options.only.is_empty() || self.options.only.contains(&wanted)
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.options.seconds)
    }

    fn keep(&mut self, measure: Measure) -> anyhow::Result<()> {
        (self.show)(&measure)?;
        self.measures.push(measure);
        Ok(())
    }

    /// An installation on a new database of the server, which is started if need be.
    async fn install(&mut self, purpose: &str) -> anyhow::Result<Installation> {
        let postgres = match self.postgres.take() {
            Some(postgres) => postgres,
            None => match &self.options.postgres_url {
                Some(url) => Postgres::given(url.expose_secret())?,
                None => Postgres::start()?,
            },
        };
        let url = self.postgres.insert(postgres).new_database(purpose)?;
        Installation::new(Some(url)).await
    }

    /// P1, P2 and P3: the same rounds, because they are pairs of the same runs.
    async fn take_intake(&mut self) -> anyhow::Result<()> {
        let installation = self.install("intake").await?;
        let pgbench = Pgbench {
            program: self.postgres.as_ref().context("no PostgreSQL")?.pgbench()?,
            url: installation.database_url.clone(),
            client_count: self.options.connections,
        };
        let api = installation.start_api().await?;
        let postgres = self.postgres.as_ref().and_then(Postgres::process);
        let mut with_us = vec![Part::this("generator"), api.part("api")?];
        with_us.extend(postgres);
        let mut without_us = vec![Part::this("pgbench")];
        without_us.extend(postgres);
        let (is_plain, is_single) = (
            self.wants(Wanted::Transactions),
            self.wants(Wanted::Statement),
        );
        let mut ours = Side::new("luutru, POST /v1/stays");
        let mut plain = Side::new("pgbench, transaction");
        let mut single = Side::new("pgbench, one statement");

        self.post_for(&api, &installation, WARM_UP).await?;
        pgbench.run(pgbench::TRANSACTION, WARM_UP).await?;
        for round in 1..=self.options.rounds {
            tracing::info!(round, "P1, P2, P3");
            if is_plain {
                let work = self.run_pgbench(&pgbench, pgbench::TRANSACTION);
                plain.samples.push(sample(&without_us, work).await?);
            }
            let work = self.post_for(&api, &installation, self.duration());
            ours.samples.push(sample(&with_us, work).await?);
            if is_single {
                let work = self.run_pgbench(&pgbench, pgbench::STATEMENT);
                single.samples.push(sample(&without_us, work).await?);
            }
        }
        api.stop().await?;

        let connections = self.options.connections;
        if is_plain {
            let title = format!(
                "POST /v1/stays on PostgreSQL against pgbench, BEGIN; stay; outbox_task; COMMIT \
                 ({connections} connections)"
            );
            self.keep(Measure::paired("P1", title, vec![ours.clone(), plain]))?;
        }
        if is_single {
            let title = format!(
                "POST /v1/stays on PostgreSQL against pgbench, one statement ({connections} \
                 connections)"
            );
            self.keep(Measure::paired("P2", title, vec![ours.clone(), single]))?;
        }
        if self.wants(Wanted::Processor) {
            let title = "processor time of the whole machine for an accepted stay, PostgreSQL";
            self.keep(Measure::paired("P3", title, vec![ours]))?;
        }
        Ok(())
    }

    async fn run_pgbench(&self, pgbench: &Pgbench, script: &str) -> anyhow::Result<Work> {
        let duration = self.duration();
        let rate = pgbench.run(script, duration).await?;
        Ok(Work {
            count: rate * duration.as_secs_f64(),
            duration,
            tally: None,
        })
    }

    /// Posts single stays for that long on all connections.
    async fn post_for(
        &self,
        api: &Service,
        installation: &Installation,
        duration: Duration,
    ) -> anyhow::Result<Work> {
        let pace = Pace::Closed {
            request_count: None,
            duration: Some(duration),
        };
        // Each guest is somebody else: the few whom the registry knows would all be present twice.
        let load = Load::Singles(Population::MadeUp);
        self.post(api, installation, pace, load).await
    }

    async fn post(
        &self,
        api: &Service,
        installation: &Installation,
        pace: Pace,
        load: Load,
    ) -> anyhow::Result<Work> {
        let (connection_count, batch_share, population) = match load {
            Load::Singles(population) => (self.options.connections, 0.0, population),
            Load::Batches => (BATCHES_AT_ONCE, 1.0, Population::Demo),
        };
        let target = Target::parse(&api.url)?;
        let desks = find_desks(&target, std::slice::from_ref(&installation.key), &[]).await?;
        let seed = u64::from_be_bytes(ids::random_bytes());
        let run = Run {
            target,
            pace,
            connection_count,
            desks,
            people: People::new(population, 0.0, seed),
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
        let tally = run::run(&Arc::new(run), &self.stop).await?;
        let refused = tally.rejected_count + tally.unknown_count;
        if refused > 0 {
            let statuses = format!("{:?} {:?}", tally.statuses, tally.codes);
            tracing::warn!(refused, statuses, "not every stay was accepted");
        }
        Ok(Work {
            count: tally.accepted_count as f64,
            duration: tally.duration,
            tally: Some(tally),
        })
    }

    /// P6.
    async fn take_sqlite(&mut self) -> anyhow::Result<()> {
        let installation = Installation::new(None).await?;
        if postgres::is_in_memory(installation.path()) {
            tracing::warn!("the file is on tmpfs: set TMPDIR to a directory on a disk");
        }
        let api = installation.start_api().await?;
        let db = Database::connect(&installation.database_url, &ConnectOptions::default()).await?;
        let mut ours = Side::new("luutru, POST /v1/stays");
        let mut alone = Side::new("one-stay transactions");
        let with_us = [Part::this("generator"), api.part("api")?];
        let without_us = [Part::this("writer")];
        self.post_for(&api, &installation, WARM_UP).await?;
        sqlite::write_one_by_one(&db, WARM_UP).await?;
        for round in 1..=self.options.rounds {
            tracing::info!(round, "P6");
            let duration = self.duration();
            let work = async {
                let beginning = Instant::now();
                let count = sqlite::write_one_by_one(&db, duration).await?;
                Ok(Work {
                    count: count as f64,
                    duration: beginning.elapsed(),
                    tally: None,
                })
            };
            alone.samples.push(sample(&without_us, work).await?);
            let work = self.post_for(&api, &installation, duration);
            ours.samples.push(sample(&with_us, work).await?);
        }
        db.close().await;
        api.stop().await?;
        let title = format!(
            "POST /v1/stays on SQLite against durable transactions of one stay (five rows) on the \
             same file ({} connections)",
            self.options.connections
        );
        self.keep(Measure::paired("P6", title, vec![ours, alone]))
    }

    /// P8.
    async fn take_worker(&mut self) -> anyhow::Result<()> {
        let installation = self.install("worker").await?;
        let registry = installation.start_registry().await?;
        let police = installation.start_police().await?;
        let mut side = Side::new("luutru worker");
        let mut arrived = 0;
        for round in 1..=self.options.rounds {
            tracing::info!(round, "P8");
            let api = installation.start_api().await?;
            let accepted = self.pile_up(&api, &installation).await?;
            api.stop().await?;
            let mut parts = vec![registry.part("registry-sim")?, police.part("police-sim")?];
            parts.extend(self.postgres.as_ref().and_then(Postgres::process));
            let worker = installation.start_worker(&registry, &police).await?;
            parts.insert(0, worker.part("worker")?);
            let drain = drain(&police, &parts, arrived, accepted);
            side.samples.push(drain.await?);
            worker.stop().await?;
            arrived += accepted;
        }
        registry.stop().await?;
        police.stop().await?;
        let title = format!(
            "worker drains {} stays: registry call, police call and settlement each, PostgreSQL, \
             one process, both simulators on the machine",
            self.options.backlog
        );
        self.keep(Measure::paired("P8", title, vec![side]))
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

    /// R6: both sides of a round are the same load on the same services; what waited is drained
    /// in between, and timed.
    async fn take_outage(&mut self) -> anyhow::Result<()> {
        let installation = self.install("outage").await?;
        let registry = installation.start_registry().await?;
        let police = installation.start_police().await?;
        let api = installation.start_api().await?;
        let worker = installation.start_worker(&registry, &police).await?;
        let mut parts = vec![Part::this("generator"), api.part("api")?];
        parts.push(worker.part("worker")?);
        parts.extend(self.postgres.as_ref().and_then(Postgres::process));
        let mut ledger = Connection::new(&Target::parse(&police.url)?, Duration::from_secs(5))?;
        let mut away = Side::new("police endpoint away");
        let mut there = Side::new("police endpoint there");
        let mut drains = Vec::new();
        let mut accepted = self.declare_for(&api, &installation, WARM_UP).await?.count;
        for round in 1..=self.options.rounds {
            tracing::info!(round, "R6");
            wait_for(&mut ledger, accepted).await?;
            let work = self.declare_for(&api, &installation, self.duration());
            there.samples.push(sample(&parts, work).await?);
            accepted += there.samples.last().map_or(0.0, |sample| sample.count);
            wait_for(&mut ledger, accepted).await?;

            set_outage(&mut ledger, true).await?;
            let work = self.declare_for(&api, &installation, self.duration());
            away.samples.push(sample(&parts, work).await?);
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
                sample.parts_us.get(1).map_or(0.0, |part| part.1)
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
        let load = Load::Singles(Population::Demo);
        self.post(api, installation, pace, load).await
    }

    /// P12.
    async fn take_memory(&mut self) -> anyhow::Result<()> {
        let installation = self.install("memory").await?;
        let registry = installation.start_registry().await?;
        let police = installation.start_police().await?;
        let api = installation.start_api().await?;
        let worker = installation.start_worker(&registry, &police).await?;
        let up = installation.start_up().await?;
        tokio::time::sleep(SETTLING).await;
        let mut memory = vec![
            ("api, idle", api.memory()?),
            ("worker, idle", worker.memory()?),
            ("up (everything), idle", up.memory()?),
        ];
        up.stop().await?;
        self.post_for(&api, &installation, self.duration()).await?;
        memory.push(("api, under load", api.memory()?));
        memory.push(("worker, under load", worker.memory()?));
        for service in [api, worker, registry, police] {
            service.stop().await?;
        }
        let title = format!(
            "memory, PostgreSQL, {} connections for {} s with the worker delivering meanwhile",
            self.options.connections, self.options.seconds
        );
        self.keep(Measure::memory("P12", title, memory))
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

#[derive(Deserialize)]
struct PoliceStats {
    effects: u64,
}

/// Times a worker on a backlog from the first stay that arrives to the last.
async fn drain(
    police: &Service,
    parts: &[Part],
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
    sample(parts, async {
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

async fn effects(ledger: &mut Connection) -> anyhow::Result<u64> {
    let answer = ledger.get("/stats", &[]).await;
    let answer = answer
        .ok()
        .context("the police endpoint's simulator does not answer")?;
    let stats: PoliceStats =
        serde_json::from_slice(&answer.body).context("the simulator's /stats is unreadable")?;
    Ok(stats.effects)
}
