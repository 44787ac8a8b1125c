//! Injects faults into the real processes under load; a checker then compares what was sent, what
//! is stored and what the police received.
//!
//! ```text
//! chaos                             the bounded run of every change: both databases, a full disk
//! chaos --rounds 200 --kit api      so many faults of one kind on each database
//! chaos --rounds 200 --kit api --apis 1 --database postgres
//! chaos --seed 7 --database sqlite --rounds 24
//! chaos --judge FILE                looks again at the evidence of a run that failed
//! ```
//! Kits: `everything`, `api`, `worker`, `server` (PostgreSQL), `clock`. Run by `scripts/chaos.sh`.
// Deep futures of the container client overflow the default.
#![recursion_limit = "256"]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a command of the tests: what cannot go on ends it, what it found is printed"
)]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use rand::RngCore;
use tests::{
    Database, binary_path,
    chaos::{
        Evidence, Report, check,
        faults::Kit,
        history::{History, Tries},
        leg::{self, Plan, Round},
        site::Crew,
        small_disk,
    },
};

/// Rounds of the bounded run: every kind of fault, and some by chance.
const BOUNDED_SQLITE: u32 = 12;
const BOUNDED_POSTGRES: u32 = 16;
/// Requests per second: with the batches, about 90 stays.
const PER_SECOND: u32 = 25;

/// What is asked for.
struct Wish {
    seed: u64,
    databases: Vec<Database>,
    kit: Kit,
    round_count: Option<u32>,
    per_second: u32,
    /// API processes on PostgreSQL, and workers, in place of the kit's number.
    api_count: Option<usize>,
    worker_count: Option<usize>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, file] = arguments.as_slice()
        && flag == "--judge"
    {
        let report = check(&Evidence::load(Path::new(file)));
        println!("{report}");
        return exit_code(report.is_clean());
    }
    let wish = match Wish::read(&arguments) {
        Ok(wish) => wish,
        Err(fault) => {
            println!("chaos: {fault}");
            return ExitCode::from(2);
        }
    };
    println!("chaos: seed {}", wish.seed);
    let started = Instant::now();
    let mut tally = Tally::default();
    match wish.round_count {
        None => bounded(&wish, &mut tally).await,
        Some(round_count) => long(&wish, round_count, &mut tally).await,
    }
    println!("\n{}", tally.table());
    println!(
        "chaos: {} in {:.0} s; {} rounds, {} stays and {} changes acknowledged, lost {}, doubled {}, \
         {} violations",
        if tally.is_clean { "passed" } else { "FAILED" },
        started.elapsed().as_secs_f64(),
        tally.rounds.len(),
        tally.acknowledged,
        tally.changes,
        tally.lost,
        tally.doubled,
        tally.violations
    );
    exit_code(tally.is_clean)
}

fn exit_code(is_clean: bool) -> ExitCode {
    if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut wish = Self {
            seed: u64::from(rand::rng().next_u32()),
            databases: vec![Database::Sqlite, Database::Postgres],
            kit: Kit::Everything,
            round_count: None,
            per_second: PER_SECOND,
            api_count: None,
            worker_count: None,
        };
        let mut arguments = arguments.iter();
        while let Some(flag) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("{flag} needs a value"))?;
            let number = || value.parse::<u32>().map_err(|_| format!("{flag}: {value}"));
            match flag.as_str() {
                "--seed" => wish.seed = value.parse().map_err(|_| format!("{flag}: {value}"))?,
                "--rounds" => wish.round_count = Some(number()?),
                "--rate" => wish.per_second = number()?,
                "--apis" => wish.api_count = Some(at_least_one(number()?)),
                "--workers" => wish.worker_count = Some(at_least_one(number()?)),
                "--kit" => wish.kit = Kit::parse(value).ok_or(format!("{flag}: {value}"))?,
                "--database" => {
                    wish.databases = match value.as_str() {
                        "sqlite" => vec![Database::Sqlite],
                        "postgres" => vec![Database::Postgres],
                        "both" => wish.databases,
                        _ => return Err(format!("{flag}: {value}")),
                    };
                }
                _ => return Err(format!("there is no {flag}")),
            }
        }
        Ok(wish)
    }

    fn plan(&self, database: Database, seed: u64, round_count: u32) -> Plan {
        Plan {
            seed,
            database,
            round_count,
            kit: self.kit,
            per_second: self.per_second,
            crew: Crew {
                // SQLite belongs to one host, and one API is all it needs.
                api_count: match database {
                    Database::Sqlite => 1,
                    Database::Postgres => self.api_count.unwrap_or(self.kit.api_count()),
                },
                worker_count: self.worker_count.unwrap_or(self.kit.worker_count()),
            },
        }
    }
}

fn at_least_one(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).max(1)
}

/// The run for every change: both databases side by side, then the full disk.
async fn bounded(wish: &Wish, tally: &mut Tally) {
    let leg = async |database, round_count| {
        if !wish.databases.contains(&database) {
            return None;
        }
        let plan = wish.plan(database, wish.seed, round_count);
        Some((plan, run_leg(plan).await))
    };
    let (one, other) = tokio::join!(
        leg(Database::Sqlite, BOUNDED_SQLITE),
        leg(Database::Postgres, BOUNDED_POSTGRES),
    );
    for (plan, found) in [one, other].into_iter().flatten() {
        tally.add(plan, found);
    }
    if wish.databases.contains(&Database::Sqlite) {
        full_disk(wish.seed, tally).await;
    }
}

/// So many rounds on each database, leg by leg.
async fn long(wish: &Wish, round_count: u32, tally: &mut Tally) {
    for database in &wish.databases {
        let mut left = round_count;
        let mut seed = wish.seed;
        while left > 0 {
            let plan = wish.plan(*database, seed, left.min(wish.kit.leg_length()));
            let found = run_leg(plan).await;
            tally.add(plan, found);
            left -= plan.round_count;
            seed += 1;
        }
    }
}

async fn run_leg(plan: Plan) -> leg::Found {
    let started = Instant::now();
    println!(
        "leg: --seed {} --database {} --rounds {} --rate {} --apis {} --workers {}",
        plan.seed,
        name(plan.database),
        plan.round_count,
        plan.per_second,
        plan.crew.api_count,
        plan.crew.worker_count
    );
    let found = leg::run(plan, |round| {
        let at = started.elapsed().as_secs_f64();
        println!("  {} {at:6.1} s {}", name(plan.database), described(round));
    })
    .await;
    let drain = found.drain();
    println!(
        "  {}: {:.0} s; {} open tasks drained in {:.1} s\n{}",
        name(plan.database),
        started.elapsed().as_secs_f64(),
        drain.map_or(0, |drain| drain.backlog),
        drain.map_or(0.0, |drain| drain.seconds),
        found.report
    );
    if plan.kit == Kit::Clock {
        let count = found.evidence.misdated_call_count();
        println!("  {count} calls to the police endpoint were made by a wrong clock");
    }
    found
}

fn described(round: &Round) -> String {
    let mut words = round.fault.to_string();
    for (what, lasted) in [
        ("not ready after", round.not_ready),
        ("ready after", round.ready),
        ("acknowledged after", round.intake),
        ("at the police after", round.delivery),
    ] {
        if let Some(lasted) = lasted {
            words.push_str(&format!("; {what} {} ms", lasted.as_millis()));
        }
    }
    words
}

async fn full_disk(seed: u64, tally: &mut Tally) {
    println!("full disk: seed {seed}");
    let found = small_disk::run(seed).await;
    println!(
        "  {} requests refused with storage_full; acknowledged {} ms after there was room\n{}",
        found.refused,
        found.resumed.as_millis(),
        found.report
    );
    for fault in &found.faults {
        println!("  FAULT: {fault}");
        tally.is_clean = false;
    }
    tally.count("full-disk", &found.report, &found.evidence);
}

fn name(database: Database) -> &'static str {
    match database {
        Database::Sqlite => "sqlite",
        Database::Postgres => "postgres",
    }
}

/// What all legs found together.
struct Tally {
    is_clean: bool,
    rounds: Vec<(Database, Round)>,
    acknowledged: usize,
    changes: usize,
    lost: usize,
    doubled: usize,
    violations: usize,
    tries: Tries,
    redeliveries: Vec<Duration>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            is_clean: true,
            rounds: Vec::new(),
            acknowledged: 0,
            changes: 0,
            lost: 0,
            doubled: 0,
            violations: 0,
            tries: Tries::default(),
            redeliveries: Vec::new(),
        }
    }
}

impl Tally {
    fn add(&mut self, plan: Plan, found: leg::Found) {
        let name = format!("{}-{}", name(plan.database), plan.seed);
        self.count(&name, &found.report, &found.evidence);
        let tries = History::read(&found.evidence.journal).patience();
        self.tries = self.tries.and(tries);
        self.redeliveries.extend(found.evidence.redeliveries());
        let rounds = found.rounds.into_iter();
        self.rounds
            .extend(rounds.map(|round| (plan.database, round)));
    }

    fn count(&mut self, name: &str, report: &Report, evidence: &Evidence) {
        self.acknowledged += report.acknowledged;
        self.changes += report.changes;
        self.lost += report.lost;
        self.doubled += report.doubled;
        self.violations += report.violations.len();
        if !report.is_clean() {
            self.is_clean = false;
            let path = kept(name);
            evidence.save(&path);
            println!("  the evidence is kept: chaos --judge {}", path.display());
        }
    }

    /// Rounds and recovery times by fault and database, as a table of Markdown; and what else was
    /// measured.
    fn table(&self) -> String {
        let mut rows: BTreeMap<(&str, &str), Vec<&Round>> = BTreeMap::new();
        for (database, round) in &self.rounds {
            let row = (round.fault.class(), name(*database));
            rows.entry(row).or_default().push(round);
        }
        let mut lines = vec![
            "| Fault | Database | Rounds | Ready again, ms: median, longest | Acknowledged again | \
             At the police again |"
                .to_owned(),
            "|---|---|---|---|---|---|".to_owned(),
        ];
        for ((fault, database), rounds) in rows {
            let ready = spread(rounds.iter().map(|round| round.ready));
            let intake = spread(rounds.iter().map(|round| round.intake));
            let delivery = spread(rounds.iter().map(|round| round.delivery));
            let count = rounds.len();
            lines.push(format!(
                "| {fault} | {database} | {count} | {ready} | {intake} | {delivery} |"
            ));
        }
        let tries = self.tries;
        lines.push(format!(
            "\nsenders who came again knew after one try {}, two {}, more {}: {:.2} % within two",
            tries.first,
            tries.second,
            tries.more,
            tries.within_two()
        ));
        let noticed = self.rounds.iter().filter_map(|(_, round)| round.not_ready);
        let noticed: Vec<_> = noticed.map(Some).collect();
        if !noticed.is_empty() {
            let count = noticed.len();
            lines.push(format!(
                "not ready after the kill of PostgreSQL, {count} times, ms: {}",
                spread(noticed.into_iter())
            ));
        }
        if !self.redeliveries.is_empty() {
            lines.push(format!(
                "{} tasks of killed workers ended under another lease after, ms: {}",
                self.redeliveries.len(),
                spread(self.redeliveries.iter().copied().map(Some))
            ));
        }
        lines.join("\n")
    }
}

/// Median and longest in milliseconds, and how many were not seen; a dash where none was.
fn spread(durations: impl Iterator<Item = Option<Duration>>) -> String {
    let durations: Vec<_> = durations.collect();
    let mut known: Vec<u128> = durations
        .iter()
        .flatten()
        .map(Duration::as_millis)
        .collect();
    known.sort_unstable();
    let unseen = durations.len() - known.len();
    let Some(longest) = known.last() else {
        return "–".to_owned();
    };
    let median = known[known.len() / 2];
    if unseen == 0 {
        format!("{median}, {longest}")
    } else {
        format!("{median}, {longest} ({unseen} not seen)")
    }
}

/// Where the evidence of a failed leg is kept: beside the binary, in the target directory.
fn kept(name: &str) -> PathBuf {
    let beside = binary_path().parent().expect("a directory").to_owned();
    beside.join(format!("chaos-{name}.json"))
}
