//! `luutru up`: everything in one process, for a laptop, a demonstration or a test.
//!
//! The data directory belongs to one `up` at a time. Secrets and demo keys are made on its first
//! start and kept there, so that every further start is the same installation.

use std::{
    fs::{File, TryLockError},
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use bench::wire::{Connection, Target};
use chrono::{Days, SecondsFormat};
use clap::{ArgMatches, Args, parser::ValueSource};
use domain::time::{VIET_NAM, local_date};
use futures_util::future::select_all;
use runtime::{
    ops::Readiness,
    profile::Profile,
    shutdown::{Shutdown, StopStep, stop_in_order},
};
use secrecy::ExposeSecret;
use seeds::{DemoAccount, DemoAccounts, DemoSeeded, ReadyLine};
use serde_json::json;
use simulators::{PoliceSettings, RegistrySettings};
use store::Database;
use tempfile::TempDir;

use crate::{
    assemble,
    demo::{self, DemoTexts},
    exit::ExitStatus,
    services::{
        self,
        options::ApiOptions,
        start::{self, RunningService, ServiceContext},
    },
    settings::{self, Secret, Secrets},
    terminal,
};

const LOCK_FILE: &str = "luutru.lock";
const FREE_PORT: &str = "127.0.0.1:0";
/// A demonstration should not run into the quotas of a front desk.
const RATE_FACTOR: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Together with intake and database below the 25 seconds of the contract.
const API_STOP_MAX: Duration = Duration::from_secs(12);
const WORKER_STOP_MAX: Duration = Duration::from_secs(7);
const SIMULATOR_STOP_MAX: Duration = Duration::from_secs(1);
const READY_WAIT: Duration = Duration::from_secs(30);
const READY_PAUSE: Duration = Duration::from_millis(10);

/// Starts everything in one process: API, worker, simulated population registry and police
/// endpoint, on embedded SQLite with demo data.
#[derive(Args)]
pub(crate) struct UpOptions {
    /// Keeps everything in a new directory that is removed at the end, and uses free ports where
    /// no address is set.
    #[arg(long, env = "LUUTRU_EPHEMERAL")]
    ephemeral: bool,

    /// Prints one line of JSON to standard output once every service answers.
    #[arg(long, env = "LUUTRU_READY_JSON")]
    ready_json: bool,

    /// Address of the simulated population registry. Port 0 chooses a free port.
    #[arg(long, env = "LUUTRU_REGISTRY_LISTEN", default_value = "127.0.0.1:8081")]
    registry_listen: String,

    /// Address of the simulated police endpoint. Port 0 chooses a free port.
    #[arg(long, env = "LUUTRU_POLICE_LISTEN", default_value = "127.0.0.1:8082")]
    police_listen: String,

    #[command(flatten)]
    api: ApiOptions,
}

impl UpOptions {
    /// An ephemeral `up` takes free ports wherever no address was set.
    pub(crate) fn take_free_ports(&mut self, matches: &ArgMatches) {
        if !self.ephemeral {
            return;
        }
        let addresses = [
            ("listen", &mut self.api.settings.listen),
            ("ops_listen", &mut self.api.settings.ops_listen),
            ("registry_listen", &mut self.registry_listen),
            ("police_listen", &mut self.police_listen),
        ];
        for (name, address) in addresses {
            if matches.value_source(name) == Some(ValueSource::DefaultValue) {
                FREE_PORT.clone_into(address);
            }
        }
    }
}

/// The directory that everything lives in, held against a second `up`.
struct DataDirectory {
    path: PathBuf,
    _lock: File,
    /// Removed at the very end, when everything is closed.
    temporary: Option<TempDir>,
}

impl DataDirectory {
    fn take(options: &mut UpOptions) -> anyhow::Result<Self> {
        let temporary = if options.ephemeral {
            let made = tempfile::Builder::new().prefix("luutru-").tempdir();
            Some(made.context("cannot make a directory for --ephemeral")?)
        } else {
            None
        };
        if let Some(directory) = &temporary {
            options.api.place.data_dir = directory.path().to_owned();
        }
        let path = options.api.place.make_data_dir()?;
        let lock = lock(&path)?;
        Ok(Self {
            path,
            _lock: lock,
            temporary,
        })
    }

    fn leave(self) {
        if let Some(directory) = self.temporary
            && let Err(error) = directory.close()
        {
            tracing::warn!(%error, "could not remove the temporary directory");
        }
    }
}

fn lock(directory: &Path) -> anyhow::Result<File> {
    let path = directory.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("LUUTRU_DATA_DIR: cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "LUUTRU_DATA_DIR: {} is in use by another `luutru up`. Stop that one, or give this \
             one its own with --data-dir.",
            directory.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Everything `up` runs.
struct Services {
    db: Database,
    api: RunningService,
    intake: intake::Intake,
    worker: RunningService,
    registry: RunningService,
    police: RunningService,
}

/// Starts everything, says so, and stays until SIGTERM or SIGINT.
pub(crate) async fn execute(mut options: UpOptions) -> anyhow::Result<ExitStatus> {
    let shutdown = Shutdown::listen()?;
    let directory = DataDirectory::take(&mut options)?;
    let ending = live(options, &directory.path, &shutdown).await;
    directory.leave();
    ending
}

async fn live(
    options: UpOptions,
    directory: &Path,
    shutdown: &Shutdown,
) -> anyhow::Result<ExitStatus> {
    let started_at = Instant::now();
    let profile = options.api.place.profile_or(Profile::Development);
    let is_json = options.ready_json;
    let (mut running, line) = tokio::select! {
        started = start_all(options, profile, directory, shutdown) => started?,
        () = shutdown.requested() => return Ok(ExitStatus::Success),
    };
    let is_ready = tokio::select! {
        ready = wait_until_ready(&line) => ready.map(|()| true),
        () = shutdown.requested() => Ok(false),
    };
    let is_ready = match is_ready {
        Ok(is_ready) => is_ready,
        Err(error) => {
            stop_in_order(running.into_steps()).await;
            return Err(error);
        }
    };
    if is_ready {
        let duration_ms = started_at.elapsed().as_millis();
        tracing::info!(duration_ms, "everything is up");
        terminal::say(&if is_json {
            format!("{}\n", line.to_json()?)
        } else {
            banner(&line)
        })?;
    }
    let is_asked = tokio::select! {
        () = shutdown.requested() => true,
        name = running.first_end() => {
            tracing::error!(service = name, "ended on its own; stopping everything");
            shutdown.request();
            false
        }
    };
    let is_clean = stop_in_order(running.into_steps()).await;
    Ok(if is_asked && is_clean {
        ExitStatus::Success
    } else {
        ExitStatus::ProblemFound
    })
}

async fn start_all(
    mut options: UpOptions,
    profile: Profile,
    directory: &Path,
    shutdown: &Shutdown,
) -> anyhow::Result<(Services, ReadyLine)> {
    services::check_public_url(&options.api.settings, profile)?;
    let webhooks = &mut options.api.settings.webhooks;
    services::check_webhooks(webhooks, profile)?;
    webhooks
        .webhook_allow_private
        .get_or_insert(!profile.is_production());
    let needed = [
        Secret::MasterKey,
        Secret::IndexKey,
        Secret::KeyPepper,
        Secret::ReceiptKey,
        Secret::PoliceSigning,
    ];
    let secrets = Secrets::gather(&options.api.secrets, &options.api.place, profile, &needed)?;
    let limits = options.api.place.connect_options().serving();
    let db = assemble::connect(&options.api.place, profile, &limits).await?;
    store::schema::migrate(&db).await?;
    store::schema::check(&db)
        .await
        .context(settings::DATABASE_URL)?;
    store::health::check_whole(&db)
        .await
        .context(settings::DATABASE_URL)?;
    let context = ServiceContext::open(db.clone(), secrets, &shutdown.token()).await?;
    let seeded = seed(&context, directory).await?;
    let accounts = demo::seed_accounts(
        &context.db,
        &context.vault,
        &context.secrets,
        &context.clock,
        directory,
    )
    .await?;

    let (registry, persons) = start::registry(RegistrySettings {
        listen: options.registry_listen,
        ops_listen: None,
        state_directory: directory.to_owned(),
    })
    .await?;
    start::load_demo_people(&persons).await?;
    let police = start::police(PoliceSettings {
        listen: options.police_listen,
        ops_listen: None,
        state_directory: directory.to_owned(),
        secret: Some(context.secrets.police_secret()?.clone()),
        secret_file: None,
    })
    .await?;
    let webhooks = options.api.settings.webhooks.clone();
    let mut settings = options.api.settings.with_rates_times(RATE_FACTOR);
    // A demonstration's desk signs in with its password alone.
    settings.trusts_every_machine = !profile.is_production();
    if !profile.is_production() {
        let names = accounts.all().map(|one| one.name.clone());
        settings.demo_accounts = names.to_vec();
    }
    let started = start::intake(&context, settings.window(), &options.api.intake).await?;
    let intake = started.intake.clone();
    let (worker, peers) =
        start::worker_between(&context, intake.clone(), &registry, &police, webhooks).await?;
    let readiness = Readiness::default();
    peers.list_in(&readiness);
    let api = start::api(&context, settings, started, readiness).await?;

    let database_url = options.api.place.database_url(profile)?;
    let line = ready_line(
        &api,
        &registry,
        &police,
        database_url.expose_secret(),
        (seeded, accounts),
    )?;
    let running = Services {
        db,
        api,
        intake,
        worker,
        registry,
        police,
    };
    Ok((running, line))
}

async fn seed(context: &ServiceContext, directory: &Path) -> anyhow::Result<DemoSeeded> {
    let ServiceContext {
        db, secrets, clock, ..
    } = context;
    seeds::seed_catalogues(db, clock).await?;
    seeds::seed_destinations(db, clock).await?;
    demo::seed(db, secrets, clock, &DemoTexts::KeptIn(directory.to_owned())).await
}

fn ready_line(
    api: &RunningService,
    registry: &RunningService,
    police: &RunningService,
    database_url: &str,
    (seeded, accounts): (DemoSeeded, DemoAccounts),
) -> anyhow::Result<ReadyLine> {
    Ok(ReadyLine {
        api: api.url(),
        ops: api.ops_url(),
        registry: registry.url(),
        police: police.url(),
        database_url: database_url.to_owned(),
        keys: seeded.keys.context("the demo keys are not known")?,
        facilities: seeded.facilities,
        accounts,
    })
}

/// Asks every address until it answers 200.
async fn wait_until_ready(line: &ReadyLine) -> anyhow::Result<()> {
    let last = Instant::now() + READY_WAIT;
    let questions = [
        (&line.api, "/readyz"),
        (&line.ops, "/readyz"),
        (&line.registry, "/stats"),
        (&line.police, "/stats"),
    ];
    for (url, path) in questions {
        let mut connection = Connection::new(&Target::parse(url)?, Duration::from_secs(2))?;
        loop {
            let answer = connection.get(path, &[]).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                break;
            }
            ensure!(Instant::now() < last, "{url}{path} does not get ready");
            tokio::time::sleep(READY_PAUSE).await;
        }
    }
    Ok(())
}

impl Services {
    /// The name of the first service that ends on its own.
    async fn first_end(&mut self) -> &'static str {
        let services = [
            &mut self.api,
            &mut self.worker,
            &mut self.registry,
            &mut self.police,
        ];
        let ends = services.map(|service| {
            Box::pin(async move {
                service.ended().await;
                service.name
            })
        });
        select_all(ends).await.0
    }

    /// The API stops first, then the worker, then the simulators they call. The worker stops
    /// claiming at once, so that it finishes its tasks while the API finishes its requests.
    fn into_steps(self) -> Vec<StopStep> {
        self.worker.ask_to_stop();
        vec![
            self.api.into_stop(API_STOP_MAX),
            start::stop_intake(self.intake),
            self.worker.into_stop(WORKER_STOP_MAX),
            self.police.into_stop(SIMULATOR_STOP_MAX),
            self.registry.into_stop(SIMULATOR_STOP_MAX),
            start::close(self.db),
        ]
    }
}

/// What a person at the terminal needs first.
fn banner(line: &ReadyLine) -> String {
    let ReadyLine {
        api,
        ops,
        registry,
        police,
        database_url,
        keys,
        facilities,
        accounts,
    } = line;
    let rows = [
        ("hotel", &keys.hotel, facilities.hotel.to_string()),
        (
            "guest house",
            &keys.guest_house,
            facilities.guest_house.to_string(),
        ),
        (
            "residence",
            &keys.official_residence,
            facilities.official_residence.to_string(),
        ),
        ("hospital", &keys.hospital, facilities.hospital.to_string()),
        ("school", &keys.school, facilities.school.to_string()),
        ("integrator", &keys.integrator, "all five".to_owned()),
        ("police", &keys.police, "Thanh Hóa".to_owned()),
        ("admin", &keys.admin, String::new()),
    ];
    let keys_table: String = rows
        .iter()
        .map(|(name, key, place)| format!("  {name:<12}{key}  {place}\n"))
        .collect();
    let accounts_table = accounts_table(api, accounts);
    let key = &keys.hotel;
    let body = sample_stay();
    format!(
        "\nluutru is up. Ctrl-C stops it.\n\n\
         \x20 pages     {api}/sign-in\n\
         \x20 API       {api}        docs {api}/docs\n\
         \x20 ops       {ops}/metrics\n\
         \x20 registry  {registry}/stats\n\
         \x20 police    {police}/v1/notifications\n\
         \x20 database  {}\n\n\
         Demo keys and the facilities they declare for:\n{keys_table}\n\
         Pages, with the demo accounts that begin there and the secrets of their authenticators;\n\
         {api}/sign-in signs in to each by one click:\n{accounts_table}\n\
         Declare a stay:\n\n\
         curl -sS {api}/v1/stays -H 'Authorization: Bearer {key}' \\\n  \
         -H 'Content-Type: application/json' -H 'Accept-Language: en' \\\n  \
         -d '{body}'\n\n\
         Within two seconds its delivery is acknowledged:\n\n\
         curl -sS '{api}/v1/stays?limit=1' -H 'Authorization: Bearer {key}'\n\n",
        without_password(database_url),
    )
}

/// First page, name, password and authenticator of each demo account.
fn accounts_table(api: &str, accounts: &DemoAccounts) -> String {
    let row = |(account, page): (&DemoAccount, &str)| {
        let totp = account.totp_secret.as_deref().unwrap_or("-");
        let address = format!("{api}{page}");
        let DemoAccount { name, password, .. } = account;
        format!("  {address:<32}{name:<16}{password}  {totp}\n")
    };
    accounts.first_pages().into_iter().map(row).collect()
}

/// A stay at the hotel that begins when it is sent: `arrival_at` is left out.
fn sample_stay() -> String {
    let day = local_date(runtime::clock::Clock::system().now()) + Days::new(2);
    let noon = day
        .and_hms_opt(12, 0, 0)
        .and_then(|noon| noon.and_local_timezone(VIET_NAM).single())
        .map(|noon| noon.to_rfc3339_opts(SecondsFormat::Secs, false));
    json!({
        "room": "203",
        "expected_departure_at": noon,
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": "038090001234"},
        },
    })
    .to_string()
}

/// Others often see a terminal.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((user, place)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_belongs_to_one_up_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let held = lock(directory.path()).unwrap();
        let refused = lock(directory.path()).unwrap_err().to_string();
        assert!(refused.contains("in use by another"), "{refused}");
        drop(held);
        assert!(lock(directory.path()).is_ok());
    }

    #[test]
    fn a_shown_url_has_no_password() {
        let table = [
            (
                "postgres://u:secret@host:5432/db",
                "postgres://u@host:5432/db",
            ),
            ("postgres://u@host/db", "postgres://u@host/db"),
            ("sqlite:///tmp/luutru.db", "sqlite:///tmp/luutru.db"),
        ];
        for (url, shown) in table {
            assert_eq!(without_password(url), shown);
        }
    }
}
