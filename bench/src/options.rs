//! Options of `luutru bench`.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::{Args, ValueEnum};
use secrecy::SecretString;

/// A measure of the performance table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wanted {
    /// Stays per second against pgbench: BEGIN; stay; outbox_task; COMMIT.
    #[value(name = "P1", alias = "p1")]
    Transactions,
    /// P1 with 10 % resends and 10 % returning guests.
    #[value(name = "P1-mixed", alias = "p1-mixed")]
    Mixed,
    /// Stays per second against pgbench: one statement.
    #[value(name = "P2", alias = "p2")]
    Statement,
    /// Processor time per accepted stay.
    #[value(name = "P3", alias = "p3")]
    Processor,
    /// Stays per second against FastAPI and asyncpg, installed from PyPI: only when named.
    #[value(name = "P4", alias = "p4")]
    Python,
    /// SQLite, against transactions of one stay on the same file.
    #[value(name = "P6", alias = "p6")]
    Sqlite,
    /// The worker drains a backlog through both simulators.
    #[value(name = "P8", alias = "p8")]
    Worker,
    /// Memory of the services, idle and at its peak.
    #[value(name = "P12", alias = "p12")]
    Memory,
    /// The intake while the police endpoint is away, against the intake while it is there.
    #[value(name = "R6", alias = "r6")]
    Outage,
    /// A stay, and lists, in a large database against a small one: only when named.
    #[value(name = "growth")]
    Growth,
}

/// Measures this machine with and without luutru, in paired rounds. Prints numbers; only
/// --enforce makes a verdict of them.
#[derive(Args)]
pub struct BenchOptions {
    /// Measures to take, separated by commas. By default all but P4 and growth.
    #[arg(
        long,
        env = "LUUTRU_BENCH_ONLY",
        value_enum,
        value_delimiter = ',',
        ignore_case = true
    )]
    pub(crate) only: Vec<Wanted>,

    /// Length of each side of each round, in seconds.
    #[arg(long, env = "LUUTRU_BENCH_SECONDS", default_value_t = 10)]
    pub(crate) seconds: u64,

    /// Number of rounds. Medians are taken over them.
    #[arg(long, env = "LUUTRU_BENCH_ROUNDS", default_value_t = 3)]
    pub(crate) rounds: u32,

    /// Connections of the generator, and sessions of pgbench.
    #[arg(long, env = "LUUTRU_BENCH_CONNECTIONS", default_value_t = 64)]
    pub(crate) connections: usize,

    /// Size of the backlog in each round of P8.
    #[arg(long, env = "LUUTRU_BENCH_BACKLOG", default_value_t = 10_000)]
    pub(crate) backlog: u32,

    /// Stays declared per second in R6.
    #[arg(long, env = "LUUTRU_BENCH_RATE", default_value_t = 200.0)]
    pub(crate) rate: f64,

    /// Stays in the large database of growth.
    #[arg(
        long,
        env = "LUUTRU_BENCH_ROWS",
        default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u64).range(10_000..=100_000_000)
    )]
    pub(crate) rows: u64,

    /// Ends with 1 when a figure of growth misses its limit.
    #[arg(long, env = "LUUTRU_BENCH_ENFORCE")]
    pub(crate) enforce: bool,

    /// Another luutru binary to compare the worker with in P8, each on a database of its own.
    #[arg(long, env = "LUUTRU_BENCH_AGAINST", value_name = "PATH")]
    pub(crate) against: Option<PathBuf>,

    /// Directory of the Python environment of P4. It is created if it does not exist, and kept.
    /// By default a temporary one is created.
    #[arg(
        long,
        env = "LUUTRU_BENCH_PYTHON_ENVIRONMENT",
        value_name = "DIRECTORY"
    )]
    pub(crate) python_environment: Option<PathBuf>,

    /// PostgreSQL to use. Its user must be allowed to create databases; they are dropped at the
    /// end. By default a server is started with the settings of a fresh installation.
    #[arg(long, env = "LUUTRU_BENCH_POSTGRES_URL", hide_env_values = true)]
    pub(crate) postgres_url: Option<SecretString>,

    /// Makes the same guests as the run that printed this seed. Random by default.
    #[arg(long, env = "LUUTRU_BENCH_SEED")]
    pub(crate) seed: Option<u64>,

    /// Writes a report with charts to this file as well: one HTML page that needs nothing else.
    #[arg(long, env = "LUUTRU_BENCH_HTML", value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Prints one JSON object at the end instead of text.
    #[arg(long, env = "LUUTRU_BENCH_JSON")]
    pub(crate) json: bool,
}

impl BenchOptions {
    /// Whether the report is wanted as one JSON object.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a figure that misses its limit is a failure.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.enforce
    }

    /// Where the report is wanted as an HTML page.
    #[must_use]
    pub fn html(&self) -> Option<&Path> {
        self.html.as_deref()
    }

    pub(crate) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.seconds >= 1 && self.rounds >= 1 && self.connections >= 1,
            "LUUTRU_BENCH_SECONDS, LUUTRU_BENCH_ROUNDS and LUUTRU_BENCH_CONNECTIONS must be at \
             least 1"
        );
        if let Some(path) = &self.against {
            ensure!(
                path.is_file(),
                "LUUTRU_BENCH_AGAINST: there is no file {}",
                path.display()
            );
            ensure!(
                self.wants(Wanted::Worker),
                "LUUTRU_BENCH_AGAINST: is for P8, which --only leaves out"
            );
        }
        Ok(())
    }

    pub(crate) fn wants(&self, wanted: Wanted) -> bool {
        if self.only.is_empty() {
            // One needs the network, the other fills a database first.
            !matches!(wanted, Wanted::Python | Wanted::Growth)
        } else {
            self.only.contains(&wanted)
        }
    }

    /// How many sides of rounds the wanted measures have.
    pub(crate) fn side_count(&self) -> u64 {
        let count = |wanted: Wanted, sides: u64| if self.wants(wanted) { sides } else { 0 };
        let of_intake = count(Wanted::Transactions, 1).max(count(Wanted::Mixed, 1))
            + count(Wanted::Statement, 1)
            + count(Wanted::Mixed, 1)
            + u64::from(self.wants_fresh());
        let of_rounds = of_intake
            + count(Wanted::Python, 2)
            + count(Wanted::Sqlite, 2)
            + count(Wanted::Worker, 1 + u64::from(self.against.is_some()))
            + count(Wanted::Outage, 2)
            + count(Wanted::Growth, 3);
        of_rounds * u64::from(self.rounds) + count(Wanted::Memory, 1)
    }

    /// Whether fresh guests are declared on PostgreSQL.
    pub(crate) fn wants_fresh(&self) -> bool {
        let wanted = [Wanted::Transactions, Wanted::Statement, Wanted::Processor];
        wanted.into_iter().any(|wanted| self.wants(wanted))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: BenchOptions,
    }

    fn options(words: &[&str]) -> BenchOptions {
        let words = [&["bench"], words].concat();
        Line::try_parse_from(words).unwrap().options
    }

    #[test]
    fn the_network_is_used_only_when_it_is_asked_for() {
        assert!(!options(&[]).wants(Wanted::Python));
        assert!(options(&["--only", "p4"]).wants(Wanted::Python));
    }

    #[test]
    fn every_side_of_every_round_is_counted() {
        let table = [
            (&["--only", "P1"][..], 6),
            (&["--only", "P1,P2,P3"], 9),
            (&["--only", "P1,P1-mixed"], 9),
            (&["--only", "P1-mixed"], 6),
            (&["--only", "P3"], 3),
            (&["--only", "P4,P12", "--rounds", "2"], 5),
            (&["--only", "P8", "--against", "other"], 6),
        ];
        for (words, count) in table {
            assert_eq!(options(words).side_count(), count, "{words:?}");
        }
    }

    #[test]
    fn a_build_to_compare_with_must_be_there() {
        let refused = options(&["--against", "no/such/file"]).check().unwrap_err();
        assert!(refused.to_string().starts_with("LUUTRU_BENCH_AGAINST"));
    }
}
