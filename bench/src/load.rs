//! `luutru load`: declares made-up stays at a given rate and reports the answers.

mod journal;
pub(crate) mod mix;
pub(crate) mod people;
mod police;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod summary;
pub(crate) mod timeline;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use domain::facility::FacilityKind;
use hyper::header::{self, HeaderValue};
use runtime::{clock::Clock, ids, secrets::SettingError, shutdown::Shutdown};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    Watch,
    wire::{Connection, Target},
};
use journal::Journal;
use mix::Mix;
use people::{People, Population};
use run::{Desk, Run};
use schedule::{Arrivals, Pace};
pub use summary::Summary;

const BATCH_SIZE_MAX: u32 = 1_000;
const CONNECTION_COUNT_MAX: usize = 4_096;

/// Declares made-up stays to an API and prints a summary of the answers.
///
/// Without --concurrency the model is open: requests start on schedule whether or not earlier ones
/// have been answered, and latency counts from the scheduled start.
#[derive(Args)]
pub struct LoadOptions {
    /// Address of the API, http://host:port.
    #[arg(long, env = "LUUTRU_LOAD_URL")]
    url: String,

    /// API key to declare with. May be repeated (in the environment: separated by commas).
    #[arg(
        long = "key",
        alias = "keys",
        env = "LUUTRU_LOAD_KEYS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    keys: Vec<SecretString>,

    /// File with API keys, one per line.
    #[arg(long, env = "LUUTRU_LOAD_KEYS_FILE")]
    keys_file: Option<PathBuf>,

    /// Facilities to declare for. By default all that the keys may use.
    #[arg(
        long = "facility",
        alias = "facilities",
        env = "LUUTRU_LOAD_FACILITIES",
        value_delimiter = ','
    )]
    facilities: Vec<Uuid>,

    /// Requests per second (open model).
    #[arg(long, env = "LUUTRU_LOAD_RATE", default_value_t = 50.0)]
    rate: f64,

    /// How long new requests are started. 10 if neither this nor --count is given.
    #[arg(long, env = "LUUTRU_LOAD_DURATION_SECONDS")]
    duration_seconds: Option<f64>,

    /// How the starts are spread.
    #[arg(long, env = "LUUTRU_LOAD_ARRIVALS", value_enum, default_value_t)]
    arrivals: Arrivals,

    /// Closed model: this many connections, each sending its next request when the last is answered.
    #[arg(long, env = "LUUTRU_LOAD_CONCURRENCY")]
    concurrency: Option<usize>,

    /// Closed model: total number of requests.
    #[arg(long, env = "LUUTRU_LOAD_COUNT", requires = "concurrency")]
    count: Option<u64>,

    /// Open model: number of connections, each with one request at a time.
    #[arg(long, env = "LUUTRU_LOAD_CONNECTIONS", default_value_t = 64)]
    connections: usize,

    /// Share of requests that are batches, from 0 to 1.
    #[arg(long, env = "LUUTRU_LOAD_BATCH_SHARE", default_value_t = 0.0)]
    batch_share: f64,

    /// Number of stays in a batch.
    #[arg(long, env = "LUUTRU_LOAD_BATCH_SIZE", default_value_t = 50)]
    batch_size: u32,

    /// Which guests check in.
    #[arg(long, env = "LUUTRU_LOAD_PEOPLE", value_enum, default_value_t)]
    people: Population,

    /// Share of guests with a foreign passport, from 0 to 1.
    #[arg(long, env = "LUUTRU_LOAD_FOREIGNER_SHARE", default_value_t = 0.05)]
    foreigner_share: f64,

    /// Share of requests that repeat an earlier request of the run, from 0 to 1.
    #[arg(long, env = "LUUTRU_LOAD_RESEND_SHARE", default_value_t = 0.0)]
    resend_share: f64,

    /// Share of single stays whose guest was declared earlier in the run, from 0 to 1.
    #[arg(long, env = "LUUTRU_LOAD_RETURNING_SHARE", default_value_t = 0.0)]
    returning_share: f64,

    /// Makes the same guests and the same schedule as the run that printed this seed. Random by
    /// default.
    #[arg(long, env = "LUUTRU_LOAD_SEED")]
    seed: Option<u64>,

    /// Prefix of the run's references and keys: up to 64 letters, digits, - and _. Random by default.
    /// A name that was used before conflicts with the stays of that run.
    #[arg(long, env = "LUUTRU_LOAD_NAME")]
    name: Option<String>,

    /// File to record every request and outcome in, one JSON object per line.
    #[arg(long, env = "LUUTRU_LOAD_JOURNAL")]
    journal: Option<PathBuf>,

    /// How often to resend a request without a known outcome, with the same Idempotency-Key.
    #[arg(long, env = "LUUTRU_LOAD_RETRY_COUNT_MAX", default_value_t = 0)]
    retry_count_max: u32,

    /// Seconds to wait for an answer.
    #[arg(long, env = "LUUTRU_LOAD_TIMEOUT_SECONDS", default_value_t = 15.0)]
    timeout_seconds: f64,

    /// Address of the simulated police endpoint: wait until every accepted stay is in its ledger.
    #[arg(long, env = "LUUTRU_LOAD_POLICE_URL")]
    police_url: Option<String>,

    /// Longest wait for the ledger, in seconds.
    #[arg(long, env = "LUUTRU_LOAD_POLICE_WAIT_SECONDS", default_value_t = 60.0)]
    police_wait_seconds: f64,

    /// Writes a report with charts to this file as well: one HTML page that needs nothing else.
    #[arg(long, env = "LUUTRU_LOAD_HTML", value_name = "FILE")]
    html: Option<PathBuf>,

    /// Prints the summary as one JSON object.
    #[arg(long, env = "LUUTRU_LOAD_JSON")]
    json: bool,
}

impl LoadOptions {
    /// Whether the summary is wanted as one JSON object.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Where the report is wanted as an HTML page.
    #[must_use]
    pub fn html(&self) -> Option<&Path> {
        self.html.as_deref()
    }
}

/// Runs the load until its end, or until the process is asked to stop.
///
/// # Errors
/// A setting is out of bounds, the API cannot be asked for its facilities, the journal cannot be
/// written, or the simulator's ledger cannot be read.
pub async fn execute(options: LoadOptions, watch: Watch<'_>) -> anyhow::Result<Summary> {
    let shutdown = Shutdown::listen()?;
    let police_wait = seconds(
        "LUUTRU_LOAD_POLICE_WAIT_SECONDS",
        options.police_wait_seconds,
    )?;
    let police = options.police_url.as_deref().map(Target::parse);
    let police = police.transpose().context("LUUTRU_LOAD_POLICE_URL")?;
    let run = Arc::new(options.into_run(police.is_some()).await?);
    let stop = shutdown.token();
    let tally = run::run(&run, &stop, watch).await?;
    let comparison = match &police {
        Some(target) => {
            Some(police::compare(target, &tally.stay_ids, police_wait, &stop, watch).await?)
        }
        None => None,
    };
    Ok(Summary::new(&run.name, run.seed, &tally, comparison))
}

impl LoadOptions {
    async fn into_run(self, keeps_ids: bool) -> anyhow::Result<Run> {
        self.check()?;
        let target = Target::parse(&self.url).context("LUUTRU_LOAD_URL")?;
        let clock = Clock::system();
        let keys = self.all_keys()?;
        let call_timeout = seconds("LUUTRU_LOAD_TIMEOUT_SECONDS", self.timeout_seconds)?;
        let desks = find_desks(&target, &keys, &self.facilities).await?;
        let seed = self.seed.unwrap_or_else(random_seed);
        let journal = match &self.journal {
            Some(path) => Some(Journal::open(path, clock.clone()).with_context(|| {
                format!("LUUTRU_LOAD_JOURNAL: cannot write {}", path.display())
            })?),
            None => None,
        };
        Ok(Run {
            pace: self.pace()?,
            connection_count: self.concurrency.unwrap_or(self.connections),
            desks,
            people: People::new(self.people, self.foreigner_share, seed),
            mix: Mix {
                resend_share: self.resend_share,
                returning_share: self.returning_share,
            },
            name: self.name.unwrap_or_else(random_name),
            seed,
            batch_share: self.batch_share,
            batch_size: self.batch_size,
            retry_count_max: self.retry_count_max,
            call_timeout,
            journal,
            keeps_ids,
            clock,
            target,
        })
    }

    fn check(&self) -> Result<(), SettingError> {
        let refuse = |setting: &str, advice: &str| Err(SettingError::new(setting, advice));
        let connections = self.concurrency.unwrap_or(self.connections);
        if !(1..=CONNECTION_COUNT_MAX).contains(&connections) {
            return refuse("LUUTRU_LOAD_CONNECTIONS", "must be from 1 to 4096.");
        }
        if !self.rate.is_finite() || self.rate <= 0.0 {
            return refuse("LUUTRU_LOAD_RATE", "must be a number above 0.");
        }
        if !(0.0..=1.0).contains(&self.batch_share) {
            return refuse("LUUTRU_LOAD_BATCH_SHARE", "must be from 0 to 1.");
        }
        if !(1..=BATCH_SIZE_MAX).contains(&self.batch_size) {
            return refuse("LUUTRU_LOAD_BATCH_SIZE", "must be from 1 to 1000.");
        }
        if !(0.0..=1.0).contains(&self.foreigner_share) {
            return refuse("LUUTRU_LOAD_FOREIGNER_SHARE", "must be from 0 to 1.");
        }
        if !(0.0..=1.0).contains(&self.resend_share) {
            return refuse("LUUTRU_LOAD_RESEND_SHARE", "must be from 0 to 1.");
        }
        if !(0.0..=1.0 - self.resend_share).contains(&self.returning_share) {
            let advice = "must be from 0 to 1, together with the share of resends.";
            return refuse("LUUTRU_LOAD_RETURNING_SHARE", advice);
        }
        let is_name = |name: &String| {
            (1..=64).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if !self.name.as_ref().is_none_or(is_name) {
            return refuse(
                "LUUTRU_LOAD_NAME",
                "must be 1 to 64 letters, digits, - and _.",
            );
        }
        Ok(())
    }

    fn pace(&self) -> Result<Pace, SettingError> {
        let duration = self
            .duration_seconds
            .map(|length| seconds("LUUTRU_LOAD_DURATION_SECONDS", length))
            .transpose()?;
        let default = Duration::from_secs(10);
        Ok(match self.concurrency {
            Some(_) => Pace::Closed {
                request_count: self.count,
                duration: match self.count {
                    Some(_) => duration,
                    None => Some(duration.unwrap_or(default)),
                },
            },
            None => Pace::Open {
                rate: self.rate,
                duration: duration.unwrap_or(default),
                arrivals: self.arrivals,
            },
        })
    }

    fn all_keys(&self) -> Result<Vec<SecretString>, SettingError> {
        let mut keys = self.keys.clone();
        if let Some(path) = &self.keys_file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let advice = format!("{} cannot be read ({}).", path.display(), error.kind());
                SettingError::new("LUUTRU_LOAD_KEYS_FILE", advice)
            })?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            keys.extend(lines.map(SecretString::from));
        }
        if keys.is_empty() {
            let advice = "is not set. Give --key, LUUTRU_LOAD_KEYS or LUUTRU_LOAD_KEYS_FILE.";
            return Err(SettingError::new("LUUTRU_LOAD_KEYS", advice));
        }
        Ok(keys)
    }
}

/// A length of time that makes sense: above 0, at most a day.
fn seconds(setting: &str, length: f64) -> Result<Duration, SettingError> {
    if length.is_finite() && length > 0.0 && length <= 86_400.0 {
        Ok(Duration::from_secs_f64(length))
    } else {
        let advice = "must be a number of seconds above 0 and up to 86400.";
        Err(SettingError::new(setting, advice))
    }
}

/// Short enough to type.
pub(crate) fn random_seed() -> u64 {
    u32::from_be_bytes(ids::random_bytes()).into()
}

fn random_name() -> String {
    format!("load-{}", hex::encode(ids::random_bytes::<4>()))
}

/// The header of a key.
pub(crate) fn bearer(key: &SecretString) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret().trim()))
        .ok()
        .context("LUUTRU_LOAD_KEYS: contains something that is not an API key")?;
    value.set_sensitive(true);
    Ok(value)
}

#[derive(Deserialize)]
struct FacilityPage {
    items: Vec<FacilityAnswer>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct FacilityAnswer {
    id: Uuid,
    kind: String,
}

/// The facilities of the keys, limited to `wanted` unless that is empty. A facility shared by
/// several keys goes to the first.
pub(crate) async fn find_desks(
    target: &Target,
    keys: &[SecretString],
    wanted: &[Uuid],
) -> anyhow::Result<Vec<Desk>> {
    let mut desks: Vec<Desk> = Vec::new();
    for key in keys {
        let authorization = bearer(key)?;
        for facility in facilities_of(target, &authorization).await? {
            let facility_id = facility.id.to_string();
            let is_wanted = wanted.is_empty() || wanted.contains(&facility.id);
            if !is_wanted || desks.iter().any(|desk| desk.facility_id == facility_id) {
                continue;
            }
            desks.push(Desk {
                facility_id,
                kind: FacilityKind::parse(&facility.kind)
                    .with_context(|| format!("unknown kind of facility {}", facility.kind))?,
                authorization: authorization.clone(),
            });
        }
    }
    ensure!(
        !desks.is_empty(),
        "LUUTRU_LOAD_FACILITIES: the keys may not declare for any of them"
    );
    Ok(desks)
}

async fn facilities_of(
    target: &Target,
    authorization: &HeaderValue,
) -> anyhow::Result<Vec<FacilityAnswer>> {
    let mut connection = Connection::new(target, Duration::from_secs(10))?;
    let head = [(header::AUTHORIZATION, authorization)];
    let mut facilities = Vec::new();
    let mut path = "/v1/facilities?limit=200".to_owned();
    loop {
        let answer = match connection.get(&path, &head).await {
            Ok(answer) => answer,
            Err(reason) => bail!("the API does not answer ({})", reason.as_str()),
        };
        if answer.status != 200 {
            let code = run::problem_code(&answer.body).unwrap_or_default();
            bail!("the API answers {} {code} to /v1/facilities", answer.status);
        }
        let page: FacilityPage =
            serde_json::from_slice(&answer.body).context("the list of facilities is unreadable")?;
        facilities.extend(page.items);
        match page.next_cursor {
            Some(cursor) => path = format!("/v1/facilities?limit=200&cursor={cursor}"),
            None => return Ok(facilities),
        }
    }
}
