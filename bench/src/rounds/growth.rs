//! What a stay costs in a large database against a small one, and how long a large one is searched.
//!
//! Both databases are on one server and are declared to in turn, so that the pairs compare. Only then
//! come rounds right after a checkpoint. PostgreSQL then writes each page that is changed for the
//! first time into its log whole, and in a large index each new hash changes another page. They tell
//! how much there is to gain from checkpoints that are far apart (docs/operations.md), and have no
//! limit. A checkpoint between the pairs would be in them: a round changes too few pages to be out
//! of its reach.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::time::local_date;
use hyper::header::{self, HeaderValue};
use runtime::clock::Clock;
use secrecy::{ExposeSecret, SecretString};

use super::{Bench, Load, sample};
use crate::{
    history::{self, Place},
    load::{mix::Mix, people::Population, schedule::Pace},
    machine::Process,
    postgres::{self, Postgres},
    report::{Figure, Measure, Sample, Side, median},
    service::{Installation, Service},
    wire::{Connection, Target},
};

/// Stays of the small database.
const SMALL_COUNT: u64 = 10_000;
/// Stays that a side declares before its first round, uncounted.
const WARM_UP_COUNT: u64 = 2_000;
/// Stays of a side of a round. A number, no time: the small database is to stay small.
const ROUND_COUNT: u64 = 4_000;
/// How much more a stay may cost in the large database.
const RATIO_MAX: f64 = 1.15;
/// How long a question may take in the large database, the whole request.
const READ_MS_MAX: f64 = 20.0;
/// Requests of each question, uncounted and counted.
const READ_COUNTS: (u32, u32) = (3, 25);

/// Places of the processes in a sample.
const API: usize = 1;
const POSTGRES: usize = 2;

/// The sides of a round.
const NAMES: [&str; 3] = [
    "large database",
    "small database",
    "large, after a checkpoint",
];

/// A database of a certain size with its API.
struct Site {
    installation: Installation,
    api: Service,
}

/// A sample, and the bytes of log for each stay of it.
struct Taken {
    sample: Sample,
    log_bytes: f64,
}

impl Bench<'_> {
    /// The measure `growth`.
    pub(super) async fn take_growth(&mut self) -> anyhow::Result<()> {
        if self.postgres.is_none() && self.options.postgres_url.is_none() {
            self.postgres = Some(Postgres::start_with(&postgres::ADVISED)?);
        }
        let small = self.site("small", SMALL_COUNT).await?;
        let large = self.site("large", self.options.rows).await?;
        for site in [&small, &large] {
            self.declare_to(site, WARM_UP_COUNT).await?;
        }
        let mut sides = [(); 3].map(|()| Vec::new());
        for round in 1..=self.options.rounds {
            self.begin("growth", round, NAMES[0]);
            sides[0].push(self.take_from(&large).await?);
            self.begin("growth", round, NAMES[1]);
            sides[1].push(self.take_from(&small).await?);
        }
        for round in 1..=self.options.rounds {
            self.server()?.say_to(&large.url(), "CHECKPOINT")?;
            self.begin("growth", round, NAMES[2]);
            sides[2].push(self.take_from(&large).await?);
        }
        let reads = read_all(&large).await?;
        for site in [small, large] {
            site.api.stop().await?;
        }
        self.keep(measure(self.options.rows, sides, reads))
    }

    fn server(&self) -> anyhow::Result<&Postgres> {
        self.postgres.as_ref().context("no PostgreSQL")
    }

    async fn site(&mut self, purpose: &str, count: u64) -> anyhow::Result<Site> {
        tracing::info!(count, "seeding");
        let installation = self.install(purpose).await?;
        let now = Clock::system().now();
        let psql = self.server()?.psql()?;
        let url = installation.database_url.clone();
        let seeding = tokio::task::spawn_blocking(move || {
            history::write(&psql, &url, &demo_places(), count, now)
        });
        seeding.await.context("the seeding broke off")??;
        // What autovacuum would do meanwhile, at whose cost nobody knows.
        let url = &installation.database_url;
        self.server()?.say_to(url, "VACUUM (ANALYZE)")?;
        let api = installation.start_api().await?;
        Ok(Site { installation, api })
    }

    async fn declare_to(&self, site: &Site, count: u64) -> anyhow::Result<super::Work> {
        let pace = Pace::Closed {
            request_count: Some(count),
            duration: None,
        };
        let load = Load::Singles(Population::MadeUp, Mix::FRESH);
        self.post(&site.api, &site.installation, pace, load).await
    }

    async fn take_from(&self, site: &Site) -> anyhow::Result<Taken> {
        let mut processes = vec![Process::this("generator"), site.api.process("api")?];
        processes.extend(self.server()?.process());
        let position = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn";
        let before = self.server()?.number(&site.url(), position)?;
        let sample = sample(&processes, self.declare_to(site, ROUND_COUNT)).await?;
        let after = self.server()?.number(&site.url(), position)?;
        Ok(Taken {
            log_bytes: (after - before) / sample.count.max(1.0),
            sample,
        })
    }
}

impl Site {
    fn url(&self) -> String {
        self.installation.database_url.clone()
    }
}

/// The facilities of the demonstration that are searched. The first one is large.
fn demo_places() -> Vec<Place> {
    let ids = seeds::demo_facility_ids();
    let place = |facility_id, commune_code| Place {
        facility_id,
        organisation_id: seeds::demo_organisation().id,
        commune_code,
        province_code: "38",
    };
    vec![
        place(ids.hotel, "16531"),
        place(ids.guest_house, "16531"),
        place(ids.hospital, "14797"),
        place(ids.school, "14797"),
    ]
}

/// Ratios and bytes of the rounds, and the questions.
fn measure(rows: u64, sides: [Vec<Taken>; 3], reads: Vec<Figure>) -> Measure {
    let [large, small, _] = &sides;
    let mut figures = Vec::new();
    for (name, place) in [("PostgreSQL", POSTGRES), ("API", API)] {
        // A server that was not started here is not measured.
        let of = |taken: &Taken| {
            taken
                .sample
                .processes_us
                .get(place)
                .map(|process| process.1)
        };
        let ratios: Option<Vec<f64>> = large
            .iter()
            .zip(small)
            .map(|(large, small)| Some(of(large)? / of(small)?.max(1e-9)))
            .collect();
        if let Some(ratios) = ratios {
            figures.push(Figure {
                name: format!("processor time of a stay, {name}, large against small"),
                value: median(ratios),
                unit: "times",
                limit: Some(RATIO_MAX),
            });
        }
    }
    for (name, taken) in NAMES.iter().zip(&sides) {
        figures.push(Figure {
            name: format!("write-ahead log of a stay, {name}"),
            value: median(taken.iter().map(|taken| taken.log_bytes).collect()),
            unit: "bytes",
            limit: None,
        });
    }
    figures.extend(reads);
    let sides = NAMES.into_iter().zip(sides).map(|(name, taken)| Side {
        name,
        samples: taken.into_iter().map(|taken| taken.sample).collect(),
    });
    let title = format!(
        "POST /v1/stays with {rows} stays in the database against {SMALL_COUNT}, and questions to \
         the large one"
    );
    Measure::paired("growth", title, sides.collect()).with_figures(figures)
}

/// Who asks, and for what.
struct Question<'a> {
    name: &'static str,
    key: &'a SecretString,
    path: String,
}

fn questions(installation: &Installation, now: DateTime<Utc>) -> Vec<Question<'_>> {
    let table = [
        (&installation.key, desk_questions(now)),
        (&installation.admin_key, operator_questions()),
        (&installation.police_key, officer_questions()),
    ];
    let questions = table.into_iter().flat_map(|(key, questions)| {
        let questions = questions.into_iter();
        questions.map(move |(name, path)| Question { name, key, path })
    });
    questions.collect()
}

/// What a front desk asks, of all its facilities or of its largest.
fn desk_questions(now: DateTime<Utc>) -> Vec<(&'static str, String)> {
    let hotel = seeds::demo_facility_ids().hotel;
    let day = local_date(now - TimeDelta::days(200));
    let later = (now + TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let narrowed = [
        ("a state of delivery that no stay has", "delivery=parked"),
        ("refused stays", "delivery=rejected"),
        ("late stays, of which there are none", "timeliness=late"),
        (
            "incomplete stays, of which there are none",
            "completion=due",
        ),
        (
            "deferred stays, of which there are none",
            "identity=deferred",
        ),
        ("cancelled stays", "presence=cancelled"),
    ]
    .map(|(name, filter)| (name, format!("/v1/stays?facility_id={hotel}&{filter}")));
    let mut questions = vec![
        ("newest stays", "/v1/stays".to_owned()),
        (
            "a reference that nobody has",
            "/v1/stays?reference=unknown".to_owned(),
        ),
        (
            "stays changed since, of which there are none",
            format!("/v1/stays?facility_id={hotel}&changed_since={later}"),
        ),
        (
            "stays of a day",
            format!("/v1/stays?facility_id={hotel}&arrival_date={day}"),
        ),
        (
            "digest of a day",
            format!("/v1/facilities/{hotel}/digest?date={day}"),
        ),
        (
            "what a facility has to see to",
            format!("/v1/facilities/{hotel}/due"),
        ),
        ("events", "/v1/events".to_owned()),
    ];
    questions.extend(narrowed);
    questions
}

fn operator_questions() -> Vec<(&'static str, String)> {
    let table = [
        ("destinations with their backlogs", "/v1/admin/destinations"),
        ("notifications set aside", "/v1/admin/deliveries"),
        (
            "notifications on their way",
            "/v1/admin/deliveries?state=open",
        ),
        (
            "notifications refused",
            "/v1/admin/deliveries?state=rejected",
        ),
    ];
    table.map(|(name, path)| (name, path.to_owned())).into()
}

fn officer_questions() -> Vec<(&'static str, String)> {
    let table = [
        ("summary of an officer's communes", "/v1/police/summary"),
        ("an officer's cases", "/v1/police/notifications"),
        (
            "an officer's closed cases",
            "/v1/police/notifications?state=closed",
        ),
    ];
    table.map(|(name, path)| (name, path.to_owned())).into()
}

async fn read_all(site: &Site) -> anyhow::Result<Vec<Figure>> {
    let mut connection = Connection::new(&Target::parse(&site.api.url)?, Duration::from_secs(10))?;
    let mut figures = Vec::new();
    for question in questions(&site.installation, Clock::system().now()) {
        figures.push(Figure {
            name: format!("GET, {}", question.name),
            value: read(&mut connection, &question).await?,
            unit: "ms",
            limit: Some(READ_MS_MAX),
        });
    }
    Ok(figures)
}

/// Asks again and again; the median of the milliseconds.
async fn read(connection: &mut Connection, question: &Question<'_>) -> anyhow::Result<f64> {
    let bearer = format!("Bearer {}", question.key.expose_secret());
    let bearer = HeaderValue::from_str(&bearer).context("a key is no header")?;
    let head = [(header::AUTHORIZATION, &bearer)];
    let mut times = Vec::new();
    let (unseen, seen) = READ_COUNTS;
    for number in 0..unseen + seen {
        let beginning = Instant::now();
        let answer = connection.get(&question.path, &head).await;
        let took = beginning.elapsed();
        let status = answer.map_or(0, |answer| answer.status);
        ensure!(status == 200, "{}: {status}", question.path);
        if number >= unseen {
            times.push(took.as_secs_f64() * 1e3);
        }
    }
    Ok(median(times))
}
