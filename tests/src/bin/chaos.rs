//! Faults strike the real processes under load, and a checker compares what was sent, what is
//! stored and what the police have.
//!
//! ```text
//! chaos                             the bounded run of every change: both databases, a full disk
//! chaos --rounds 200 --kit api      so many faults of one kind on each database
//! chaos --seed 7 --database sqlite --rounds 24
//! chaos --judge FILE                looks again at the evidence of a run that failed
//! ```
//! Kits: `everything`, `api`, `worker`, `server` (PostgreSQL). Run by `scripts/chaos.sh`.
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
        leg::{self, Plan, Round},
        small_disk,
    },
};

/// Rounds of the bounded run: every kind of fault, and some by chance.
const BOUNDED_SQLITE: u32 = 12;
const BOUNDED_POSTGRES: u32 = 16;
/// A leg has at most so many rounds, so that a seed that fails is found again soon.
const LEG: u32 = 25;
/// Errands a second: with the batches, about 90 stays.
const PER_SECOND: u32 = 25;

/// What is asked for.
struct Wish {
    seed: u64,
    databases: Vec<Database>,
    kit: Kit,
    round_count: Option<u32>,
    per_second: u32,
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
        "chaos: {} in {:.0} s; {} rounds, {} stays acknowledged, lost {}, doubled {}, {} violations",
        if tally.is_clean { "passed" } else { "FAILED" },
        started.elapsed().as_secs_f64(),
        tally.rounds.len(),
        tally.acknowledged,
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
        }
    }
}

/// The run of every change: both databases side by side, then the full disk.
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
            let plan = wish.plan(*database, seed, left.min(LEG));
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
        "leg: --seed {} --database {} --rounds {} --rate {}",
        plan.seed,
        name(plan.database),
        plan.round_count,
        plan.per_second
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
    found
}

fn described(round: &Round) -> String {
    let delivery = round.delivery.map_or_else(
        || "not within the wait".to_owned(),
        |delivery| format!("{} ms", delivery.as_millis()),
    );
    format!(
        "{}; then acknowledged after {} ms, at the police after {delivery}",
        round.fault,
        round.intake.as_millis()
    )
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
    lost: usize,
    doubled: usize,
    violations: usize,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            is_clean: true,
            rounds: Vec::new(),
            acknowledged: 0,
            lost: 0,
            doubled: 0,
            violations: 0,
        }
    }
}

impl Tally {
    fn add(&mut self, plan: Plan, found: leg::Found) {
        let name = format!("{}-{}", name(plan.database), plan.seed);
        self.count(&name, &found.report, &found.evidence);
        let rounds = found.rounds.into_iter();
        self.rounds
            .extend(rounds.map(|round| (plan.database, round)));
    }

    fn count(&mut self, name: &str, report: &Report, evidence: &Evidence) {
        self.acknowledged += report.acknowledged;
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

    /// Rounds and recovery times by fault and database, as a table of Markdown.
    fn table(&self) -> String {
        let mut rows: BTreeMap<(&str, &str), Vec<&Round>> = BTreeMap::new();
        for (database, round) in &self.rounds {
            let row = (round.fault.class(), name(*database));
            rows.entry(row).or_default().push(round);
        }
        let mut lines = vec![
            "| Fault | Database | Rounds | Acknowledged again, ms: median, longest | At the police \
             again, ms: median, longest |"
                .to_owned(),
            "|---|---|---|---|---|".to_owned(),
        ];
        for ((fault, database), rounds) in rows {
            let intake = spread(rounds.iter().map(|round| Some(round.intake)));
            let delivery = spread(rounds.iter().map(|round| round.delivery));
            let count = rounds.len();
            lines.push(format!(
                "| {fault} | {database} | {count} | {intake} | {delivery} |"
            ));
        }
        lines.join("\n")
    }
}

/// Median and longest in milliseconds; those that were not waited for count as longer.
fn spread(durations: impl Iterator<Item = Option<Duration>>) -> String {
    let durations: Vec<_> = durations.collect();
    let mut known: Vec<u128> = durations
        .iter()
        .flatten()
        .map(Duration::as_millis)
        .collect();
    known.sort_unstable();
    let longer = durations.len() - known.len();
    let median = known.get(known.len() / 2).copied().unwrap_or_default();
    let longest = known.last().copied().unwrap_or_default();
    if longer == 0 {
        format!("{median}, {longest}")
    } else {
        format!("{median}, {longest} ({longer} longer)")
    }
}

/// Where the evidence of a failed leg is kept: beside the binary, in the target directory.
fn kept(name: &str) -> PathBuf {
    let beside = binary_path().parent().expect("a directory").to_owned();
    beside.join(format!("chaos-{name}.json"))
}
