//! The faults, and a seeded choice among them.

use std::{fmt, time::Duration};

use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};

use crate::{database::Database, link::Weather};

/// How a simulated peer misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The effect takes place, then the connection is cut.
    DropsAfterAccepting,
    /// The effect takes place, then comes HTML under 200.
    AnswersHtml,
    /// 503 with `Retry-After`.
    Fails,
    /// Says nothing.
    Hangs,
    /// Closes every connection.
    IsOut,
    /// A second late.
    IsSlow,
}

impl Misbehaviour {
    const ALL: [Self; 6] = [
        Self::DropsAfterAccepting,
        Self::AnswersHtml,
        Self::Fails,
        Self::Hangs,
        Self::IsOut,
        Self::IsSlow,
    ];

    /// As `PUT /faults` takes it.
    pub fn as_faults(self, seed: u64) -> Value {
        match self {
            Self::DropsAfterAccepting => json!({"drop_after_accept_rate": 0.5, "seed": seed}),
            Self::AnswersHtml => json!({"malformed_rate": 0.5, "seed": seed}),
            Self::Fails => {
                json!({"error_rate": 0.7, "error_status": 503, "retry_after_s": 1, "seed": seed})
            }
            Self::Hangs => json!({"hang_rate": 0.3, "seed": seed}),
            Self::IsOut => json!({"outage": true}),
            Self::IsSlow => json!({"latency_ms": 1000}),
        }
    }
}

/// One fault and its duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of the API; started again at once.
    ApiKilled,
    /// `kill -9` of the worker; started again at once.
    WorkerKilled,
    /// `kill -9` of the police endpoint; started again at once.
    PoliceKilled,
    /// SIGSTOP of the API, then SIGCONT.
    ApiStopped(Duration),
    /// SIGSTOP of the worker, longer than its lease, while another works; then SIGCONT.
    WorkerStopped(Duration),
    /// A worker whose clock jumps this many seconds ahead of all others, or behind.
    WorkerClock(i32),
    /// `kill -9` of PostgreSQL; away for so long.
    DatabaseKilled(Duration),
    /// Weather between API and database.
    ApiToDatabase(Weather, Duration),
    /// Weather between worker and database.
    WorkerToDatabase(Weather, Duration),
    /// Weather between worker and police endpoint.
    WorkerToPolice(Weather, Duration),
    /// The police endpoint misbehaves.
    Police(Misbehaviour, Duration),
    /// The population registry misbehaves.
    Registry(Misbehaviour, Duration),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = |out: &mut fmt::Formatter<'_>, what: String, lasted: &Duration| {
            write!(out, "{what} for {} ms", lasted.as_millis())
        };
        match self {
            Self::ApiKilled | Self::WorkerKilled | Self::PoliceKilled => {
                out.write_str(self.class())
            }
            Self::ApiStopped(lasted)
            | Self::WorkerStopped(lasted)
            | Self::DatabaseKilled(lasted) => with(out, self.class().to_owned(), lasted),
            Self::ApiToDatabase(weather, lasted)
            | Self::WorkerToDatabase(weather, lasted)
            | Self::WorkerToPolice(weather, lasted) => {
                with(out, format!("{}: {weather:?}", self.class()), lasted)
            }
            Self::WorkerClock(seconds) => write!(out, "{}: {seconds:+} s", self.class()),
            Self::Police(how, lasted) | Self::Registry(how, lasted) => {
                with(out, format!("{}: {how:?}", self.class()), lasted)
            }
        }
    }
}

impl Fault {
    /// What it is counted under.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::ApiKilled => "API killed",
            Self::WorkerKilled => "worker killed",
            Self::PoliceKilled => "police endpoint killed",
            Self::ApiStopped(_) => "API stopped",
            Self::WorkerStopped(_) => "worker stopped",
            Self::WorkerClock(_) => "clock of a worker",
            Self::DatabaseKilled(_) => "PostgreSQL killed",
            Self::ApiToDatabase(..) => "link API to database",
            Self::WorkerToDatabase(..) => "link worker to database",
            Self::WorkerToPolice(..) => "link worker to police",
            Self::Police(..) => "police endpoint misbehaves",
            Self::Registry(..) => "registry misbehaves",
        }
    }
}

/// Which faults a run is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kit {
    /// Every kind that the database allows, in turn; then by chance.
    Everything,
    /// The API only.
    Api,
    /// The worker only.
    Worker,
    /// PostgreSQL only.
    Server,
    /// Clocks of workers that jump by nearly five minutes, an hour, a day.
    Clock,
}

impl Kit {
    /// The kit of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "everything" => Some(Self::Everything),
            "api" => Some(Self::Api),
            "worker" => Some(Self::Worker),
            "server" => Some(Self::Server),
            "clock" => Some(Self::Clock),
            _ => None,
        }
    }

    /// Whether faults follow each other regardless of the system's state, like kills that nothing
    /// waits for.
    pub const fn is_storm(self) -> bool {
        match self {
            Self::Api | Self::Worker => true,
            Self::Everything | Self::Server | Self::Clock => false,
        }
    }

    /// Most rounds of a leg: a seed that fails is found again soon. A leg of clocks is shorter
    /// than the smallest of its errors, so that no two clocks are taken for each other.
    pub const fn leg_length(self) -> u32 {
        match self {
            Self::Api | Self::Worker => 50,
            Self::Everything | Self::Server => 25,
            Self::Clock => 6,
        }
    }

    /// API processes on PostgreSQL; SQLite has one.
    pub const fn api_count(self) -> usize {
        match self {
            Self::Api => 2,
            Self::Everything | Self::Worker | Self::Server | Self::Clock => 1,
        }
    }

    /// Workers at the same time.
    pub const fn worker_count(self) -> usize {
        match self {
            Self::Worker => 2,
            Self::Everything | Self::Api | Self::Server | Self::Clock => 1,
        }
    }

    /// The faults of a run, in their order.
    pub fn choose(self, database: Database, round_count: u32, random: &mut StdRng) -> Vec<Fault> {
        let has_server = database == Database::Postgres;
        (0..round_count)
            .map(|round| match self {
                Self::Api => Fault::ApiKilled,
                Self::Worker => Fault::WorkerKilled,
                Self::Server => Fault::DatabaseKilled(lasting(random, 0..3_000)),
                Self::Clock => Fault::WorkerClock(WRONG_BY[round as usize % WRONG_BY.len()]),
                Self::Everything => any(round, has_server, random),
            })
            .collect()
    }
}

/// By how many seconds a worker's clock is wrong. The smallest is longer than a leg, and less than the
/// five minutes after which the police endpoint takes a signature for stale.
const WRONG_BY: [i32; 6] = [280, -280, 3_600, -3_600, 86_400, -86_400];

/// Kinds of faults: the first ones need no server.
const KIND_COUNT_WITHOUT_SERVER: u32 = 8;
const KIND_COUNT: u32 = 11;

/// The first rounds go through all kinds, so that no run leaves one out.
fn any(round: u32, has_server: bool, random: &mut StdRng) -> Fault {
    let count = if has_server {
        KIND_COUNT
    } else {
        KIND_COUNT_WITHOUT_SERVER
    };
    let kind = if round < count {
        round
    } else {
        random.random_range(0..count)
    };
    match kind {
        0 => Fault::ApiKilled,
        1 => Fault::WorkerKilled,
        2 => Fault::Police(misbehaviour(random), lasting(random, 500..3_000)),
        3 => Fault::Registry(misbehaviour(random), lasting(random, 500..3_000)),
        4 => Fault::WorkerToPolice(weather(random), lasting(random, 500..3_000)),
        5 => Fault::ApiStopped(lasting(random, 500..3_000)),
        6 => Fault::WorkerStopped(lasting(random, 6_000..8_000)),
        7 => Fault::PoliceKilled,
        8 => Fault::ApiToDatabase(database_weather(random), lasting(random, 500..4_000)),
        9 => Fault::WorkerToDatabase(database_weather(random), lasting(random, 500..4_000)),
        _ => Fault::DatabaseKilled(lasting(random, 0..2_000)),
    }
}

fn lasting(random: &mut StdRng, milliseconds: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.random_range(milliseconds))
}

fn misbehaviour(random: &mut StdRng) -> Misbehaviour {
    Misbehaviour::ALL[random.random_range(0..Misbehaviour::ALL.len())]
}

fn weather(random: &mut StdRng) -> Weather {
    const ALL: [Weather; 7] = [
        Weather::Cut,
        Weather::Reset,
        Weather::BlackHole,
        Weather::AnswersLost,
        Weather::QuestionsLost,
        Weather::Slow(Duration::from_millis(500)),
        Weather::Narrow(10_000),
    ];
    ALL[random.random_range(0..ALL.len())]
}

fn database_weather(random: &mut StdRng) -> Weather {
    const ALL: [Weather; 9] = [
        Weather::Cut,
        Weather::Reset,
        Weather::BlackHole,
        Weather::AnswersLost,
        Weather::QuestionsLost,
        Weather::Slow(Duration::from_millis(250)),
        Weather::Narrow(100_000),
        Weather::CutAfterCommit,
        Weather::CutBeforeCommit,
    ];
    ALL[random.random_range(0..ALL.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_seed_chooses_the_same_faults_again() {
        let choose = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            Kit::Everything.choose(Database::Postgres, 50, &mut random)
        };
        assert_eq!(choose(7), choose(7));
        assert_ne!(choose(7), choose(8));
    }

    #[test]
    fn the_first_rounds_leave_no_kind_out() {
        for (database, count) in [(Database::Sqlite, 8), (Database::Postgres, 11)] {
            let mut random = StdRng::seed_from_u64(1);
            let faults = Kit::Everything.choose(database, count, &mut random);
            let classes: BTreeSet<&str> = faults.iter().map(Fault::class).collect();
            assert_eq!(classes.len(), faults.len(), "{database:?}");
        }
    }
}
