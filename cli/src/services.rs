//! The services, each started as a part with a name, an address, a stop and an end; and the
//! commands that run one of them alone.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::TimeDelta;
use clap::{Args, Parser};
use domain::declaration::Window;
use intake::{Intake, IntakeParts, IntakeSettings};
use runtime::{
    clock::Clock,
    destination::DestinationSettings,
    ops::Readiness,
    profile::Profile,
    secrets::SettingError,
    shutdown::{Shutdown, StopStep, stop_in_order},
    signing::ReceiptSigner,
    tasks, telemetry,
    vault::Vault,
};
use simulators::{Person, PoliceSettings, Registry, RegistrySettings};
use store::{Database, catalogues::StoredCatalogue};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    assemble::{self, Beside},
    exit::Ending,
    settings::{PlaceSettings, Refusals, Secret, SecretSettings, Secrets},
};

/// The longest a process alone may take to stop its service; with what follows below the 25
/// seconds of the contract.
const SERVICE_STOP_MAX: Duration = Duration::from_secs(21);
const INTAKE_STOP_MAX: Duration = Duration::from_secs(2);
const DATABASE_STOP_MAX: Duration = Duration::from_secs(1);

/// The most that tasks under way get at a stop of `luutru up`, where every part needs its time.
const EMBEDDED_FINISH_SECONDS: u32 = 3;

/// A service that runs.
pub(crate) struct Part {
    /// Its command.
    pub(crate) name: &'static str,
    /// Where it serves; the worker only has an ops address.
    pub(crate) addr: Option<SocketAddr>,
    /// Where `/readyz` and `/metrics` are, when it has an address of its own for them.
    pub(crate) ops_addr: Option<SocketAddr>,
    /// Asks it to stop.
    stop: CancellationToken,
    /// Ends with it.
    task: JoinHandle<()>,
}

impl Part {
    /// `http://` and the address it serves at; empty when it serves none.
    pub(crate) fn url(&self) -> String {
        self.addr
            .map(|addr| format!("http://{addr}"))
            .unwrap_or_default()
    }

    /// `http://` and its ops address; empty when it has none.
    pub(crate) fn ops_url(&self) -> String {
        self.ops_addr
            .map(|addr| format!("http://{addr}"))
            .unwrap_or_default()
    }

    /// Asks it to stop and does not wait.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// Returns when it has ended, asked to or not.
    pub(crate) async fn ended(&mut self) {
        // A panic is logged by the task itself.
        let _ = (&mut self.task).await;
    }

    /// Asks it to stop and waits for its end, as a step of an ordered stop.
    pub(crate) fn into_stop(self, limit: Duration) -> StopStep {
        let Self {
            name, stop, task, ..
        } = self;
        StopStep::new(name, limit, async move {
            stop.cancel();
            if !task.is_finished() {
                // A panic is logged by the task itself.
                let _ = task.await;
            }
        })
    }
}

/// Limits of the intake behind the API.
#[derive(Args, Clone)]
pub(crate) struct IntakeOptions {
    /// Transactions that accept declarations at the same time (PostgreSQL; SQLite has one). Fewer
    /// gather larger groups, more wait less for the disk.
    #[arg(
        long,
        env = "LUUTRU_COMMITTERS",
        default_value_t = IntakeSettings::default().committer_count,
        value_name = "COUNT"
    )]
    committers: usize,

    /// Declarations that may wait to be written; more are refused with 503 and Retry-After.
    #[arg(
        long,
        env = "LUUTRU_INTAKE_QUEUE",
        default_value_t = IntakeSettings::default().queue_count_max,
        value_name = "COUNT"
    )]
    intake_queue: usize,

    /// Most declarations written by one transaction.
    #[arg(
        long,
        env = "LUUTRU_INTAKE_GROUP",
        default_value_t = IntakeSettings::default().group_count_max,
        value_name = "COUNT"
    )]
    intake_group: usize,
}

impl IntakeOptions {
    fn settings(&self, window: Window) -> IntakeSettings {
        IntakeSettings {
            committer_count: self.committers.max(1),
            queue_count_max: self.intake_queue.max(1),
            group_count_max: self.intake_group.max(1),
            window,
            ..IntakeSettings::default()
        }
    }
}

/// Options of `luutru api`.
#[derive(Args)]
pub(crate) struct ApiOptions {
    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,

    #[command(flatten)]
    intake: IntakeOptions,

    #[command(flatten)]
    api: api::ApiSettings,
}

/// Options of `luutru worker`.
#[derive(Args)]
pub(crate) struct WorkerOptions {
    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,

    #[command(flatten)]
    intake: IntakeOptions,

    #[command(flatten)]
    window: WindowOptions,

    #[command(flatten)]
    worker: worker::WorkerSettings,
}

/// How far from now an arrival in a file may lie: the same settings as the API's.
#[derive(Args)]
struct WindowOptions {
    /// Minutes that an arrival may lie ahead of our clock.
    #[arg(
        long,
        env = "LUUTRU_ARRIVAL_AHEAD_MINUTES",
        default_value = "10",
        value_name = "MINUTES"
    )]
    arrival_ahead_minutes: u32,

    /// Days that an arrival may lie back.
    #[arg(
        long,
        env = "LUUTRU_ARRIVAL_BACK_DAYS",
        default_value = "62",
        value_name = "DAYS"
    )]
    arrival_back_days: u32,
}

impl WindowOptions {
    fn window(&self) -> Window {
        Window {
            ahead: TimeDelta::minutes(self.arrival_ahead_minutes.into()),
            back: TimeDelta::days(self.arrival_back_days.into()),
        }
    }
}

/// Options of `luutru registry-sim`.
#[derive(Args)]
pub(crate) struct RegistryOptions {
    /// Adds the people of the demonstration to those that are known.
    #[arg(long, env = "LUUTRU_REGISTRY_DEMO")]
    demo: bool,

    #[command(flatten)]
    registry: RegistrySettings,
}

/// Options of `luutru police-sim`.
#[derive(Args)]
pub(crate) struct PoliceOptions {
    #[command(flatten)]
    police: PoliceSettings,
}

/// What every service that uses the database is made of.
#[derive(Clone)]
pub(crate) struct Foundation {
    /// The database, its schema checked.
    pub(crate) db: Database,
    /// Its data keys are kept up to date until the stop of the process.
    pub(crate) vault: Arc<Vault>,
    /// The secrets of the process.
    pub(crate) secrets: Secrets,
    /// The time.
    pub(crate) clock: Clock,
}

impl Foundation {
    /// Opens the vault over the database. `stop` ends the upkeep of its data keys.
    pub(crate) async fn lay(
        db: Database,
        secrets: Secrets,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let vault = assemble::open_vault(&db, &secrets, &clock).await?;
        assemble::start_data_keys(&db, &vault, &clock, stop);
        Ok(Self {
            db,
            vault,
            secrets,
            clock,
        })
    }
}

/// In production webhooks go over https, and to private addresses only where those are named.
///
/// # Errors
/// Everything is allowed in production.
pub(crate) fn check_webhooks(
    settings: &DestinationSettings,
    profile: Profile,
) -> Result<(), SettingError> {
    if profile.is_production() && settings.webhook_allow_private == Some(true) {
        return Err(SettingError::new(
            "LUUTRU_WEBHOOK_ALLOW_PRIVATE",
            "is for development and tests. Name the networks that webhooks may go to with \
             LUUTRU_WEBHOOK_NETWORKS.",
        ));
    }
    Ok(())
}

/// In production a worker knows whom to call, and calls nobody in clear.
///
/// # Errors
/// Every setting that is missing or would send personal data in clear.
fn check_peers(settings: &worker::WorkerSettings, profile: Profile) -> Result<(), Refusals> {
    let refusals = settings.refusals();
    if profile.is_production() && !refusals.is_empty() {
        return Err(Refusals::new(refusals));
    }
    Ok(())
}

/// `luutru api`.
pub(crate) async fn api(options: ApiOptions) -> anyhow::Result<Ending> {
    let profile = options.place.profile_or(Profile::Production);
    check_webhooks(&options.api.webhooks, profile)?;
    let needed = [
        Secret::MasterKey,
        Secret::IndexKey,
        Secret::KeyPepper,
        Secret::ReceiptKey,
    ];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let shutdown = Shutdown::listen()?;
    let limits = options.place.connect_options().serving();
    let db = assemble::connect_whole(&options.place, profile, &limits).await?;
    let foundation = Foundation::lay(db.clone(), secrets, &shutdown.token()).await?;
    let reception = start_intake(&foundation, options.api.window(), &options.intake).await?;
    let intake = reception.intake.clone();
    let part = start_api(&foundation, options.api, reception, Readiness::default()).await?;
    let steps = |part: Part| {
        vec![
            part.into_stop(SERVICE_STOP_MAX),
            stop_intake(intake),
            close(db),
        ]
    };
    run_alone(part, &shutdown, steps).await
}

/// `luutru worker`.
pub(crate) async fn worker(options: WorkerOptions) -> anyhow::Result<Ending> {
    let profile = options.place.profile_or(Profile::Production);
    check_webhooks(&options.worker.webhooks, profile)?;
    let mut options = options;
    options.worker.plain_http.is_enforced = profile.is_production();
    let needed = [
        Secret::MasterKey,
        Secret::IndexKey,
        Secret::ReceiptKey,
        Secret::PoliceSigning,
    ];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed);
    let secrets = match (secrets, check_peers(&options.worker, profile)) {
        (secrets, Ok(())) => secrets?,
        (Ok(_), Err(peers)) => return Err(peers.into()),
        // What is missing is told at once, whatever it is.
        (Err(secrets), Err(peers)) => anyhow::bail!("{secrets}\n{peers}"),
    };
    let shutdown = Shutdown::listen()?;
    let limits = options.place.connect_options();
    let db = assemble::connect_whole(&options.place, profile, &limits).await?;
    let foundation = Foundation::lay(db.clone(), secrets, &shutdown.token()).await?;
    let reception = start_intake(&foundation, options.window.window(), &options.intake).await?;
    let intake = reception.intake;
    let (part, _) =
        start_worker(&foundation, intake.clone(), options.worker, Beside::Earlier).await?;
    let steps = |part: Part| {
        vec![
            part.into_stop(SERVICE_STOP_MAX),
            stop_intake(intake),
            close(db),
        ]
    };
    run_alone(part, &shutdown, steps).await
}

/// `luutru registry-sim`.
pub(crate) async fn registry(options: RegistryOptions) -> anyhow::Result<Ending> {
    let shutdown = Shutdown::listen()?;
    let (part, registry) = start_registry(options.registry).await?;
    if options.demo {
        load_demo_people(&registry).await?;
    }
    run_alone(part, &shutdown, |part| {
        vec![part.into_stop(SERVICE_STOP_MAX)]
    })
    .await
}

/// `luutru police-sim`.
pub(crate) async fn police(options: PoliceOptions) -> anyhow::Result<Ending> {
    let shutdown = Shutdown::listen()?;
    let part = start_police(options.police).await?;
    run_alone(part, &shutdown, |part| {
        vec![part.into_stop(SERVICE_STOP_MAX)]
    })
    .await
}

/// Waits for the stop, or for the part's own end, which is a failure; then takes the steps.
async fn run_alone(
    mut part: Part,
    shutdown: &Shutdown,
    steps: impl FnOnce(Part) -> Vec<StopStep>,
) -> anyhow::Result<Ending> {
    let is_asked = tokio::select! {
        () = shutdown.requested() => true,
        () = part.ended() => false,
    };
    if !is_asked {
        tracing::error!(part = part.name, "ended by itself; stopping");
        shutdown.request();
    }
    let is_clean = stop_in_order(steps(part)).await;
    Ok(if is_asked && is_clean {
        Ending::Done
    } else {
        Ending::Found
    })
}

/// Ends the intake: what was accepted is committed.
pub(crate) fn stop_intake(intake: Intake) -> StopStep {
    StopStep::new(
        "intake",
        INTAKE_STOP_MAX,
        async move { intake.stop().await },
    )
}

/// Closes the database.
pub(crate) fn close(db: Database) -> StopStep {
    StopStep::new(
        "database",
        DATABASE_STOP_MAX,
        async move { db.close().await },
    )
}

/// What takes declarations in, and what is published beside it.
pub(crate) struct Reception {
    /// The one door.
    pub(crate) intake: Intake,
    signer: Arc<ReceiptSigner>,
    published: Vec<StoredCatalogue>,
}

/// Starts the intake of a process.
pub(crate) async fn start_intake(
    foundation: &Foundation,
    window: Window,
    options: &IntakeOptions,
) -> anyhow::Result<Reception> {
    let signer = Arc::new(foundation.secrets.receipt_signer()?);
    let (published, catalogues) = assemble::catalogues(&foundation.db).await?;
    let intake = Intake::start(IntakeParts {
        db: foundation.db.clone(),
        vault: Arc::clone(&foundation.vault),
        signer: Arc::clone(&signer),
        catalogues: Arc::new(catalogues),
        clock: foundation.clock.clone(),
        settings: options.settings(window),
    });
    Ok(Reception {
        intake,
        signer,
        published,
    })
}

/// Starts the API on an intake. `readiness` is what `/readyz` knows besides the API's own checks.
pub(crate) async fn start_api(
    foundation: &Foundation,
    settings: api::ApiSettings,
    reception: Reception,
    readiness: Readiness,
) -> anyhow::Result<Part> {
    let Foundation {
        db,
        vault,
        secrets,
        clock,
    } = foundation;
    let stop = CancellationToken::new();
    let parts = api::ApiParts {
        db: db.clone(),
        vault: Arc::clone(vault),
        signer: reception.signer,
        pepper: *secrets.key_pepper()?,
        intake: reception.intake,
        catalogues: reception.published,
        clock: clock.clone(),
        readiness,
        metrics: telemetry::install_metrics().context("install the metrics")?,
        settings,
    };
    let running = api::start(parts, stop.clone()).await?;
    start_announcing(db, &stop);
    Ok(Part {
        name: "api",
        addr: Some(running.addr),
        ops_addr: Some(running.ops_addr),
        stop,
        task: running.task,
    })
}

/// Tells workers of other processes that there is work, until `stop`.
fn start_announcing(db: &Database, stop: &CancellationToken) {
    let (db, stop) = (db.clone(), stop.clone());
    tasks::spawn("wake.announce", async move {
        tokio::select! {
            () = store::wake::announce(&db) => {}
            () = stop.cancelled() => {}
        }
    });
}

/// Starts the worker.
pub(crate) async fn start_worker(
    foundation: &Foundation,
    intake: Intake,
    settings: worker::WorkerSettings,
    beside: Beside,
) -> anyhow::Result<(Part, worker::Peers)> {
    let stop = CancellationToken::new();
    let Foundation {
        db, vault, clock, ..
    } = foundation;
    assemble::start_rewrite(db, vault, clock, beside, &stop);
    let parts = worker::WorkerParts {
        db: foundation.db.clone(),
        vault: Arc::clone(&foundation.vault),
        intake,
        police_secret: foundation.secrets.police_secret()?.clone(),
        clock: foundation.clock.clone(),
        settings,
        seed: None,
    };
    let running = worker::start(parts, stop.clone()).await?;
    let part = Part {
        name: "worker",
        addr: None,
        ops_addr: running.ops_addr,
        stop,
        task: running.task,
    };
    Ok((part, running.peers))
}

/// The worker's settings as they are without arguments.
#[derive(Parser)]
struct WorkerDefaults {
    #[command(flatten)]
    worker: worker::WorkerSettings,
}

/// Starts the worker of `luutru up`: settings from the environment, peers in the same process.
pub(crate) async fn start_worker_between(
    foundation: &Foundation,
    intake: Intake,
    registry: &Part,
    police: &Part,
    webhooks: DestinationSettings,
) -> anyhow::Result<(Part, worker::Peers)> {
    let mut settings = WorkerDefaults::try_parse_from(["luutru"])?.worker;
    settings.webhooks = webhooks;
    settings.ops_listen = None;
    settings.finish_seconds = settings.finish_seconds.min(EMBEDDED_FINISH_SECONDS);
    settings.registry_url = Some(registry.url());
    settings.police_url = Some(police.url());
    start_worker(foundation, intake, settings, Beside::Nobody).await
}

/// Starts the population registry's simulator.
pub(crate) async fn start_registry(settings: RegistrySettings) -> anyhow::Result<(Part, Registry)> {
    let stop = CancellationToken::new();
    let clock = Clock::system();
    let (running, registry) = simulators::start_registry(settings, clock, stop.clone()).await?;
    Ok((simulator("registry-sim", running, stop), registry))
}

/// Starts the police endpoint's simulator.
pub(crate) async fn start_police(settings: PoliceSettings) -> anyhow::Result<Part> {
    let stop = CancellationToken::new();
    let running = simulators::start_police(settings, Clock::system(), stop.clone()).await?;
    Ok(simulator("police-sim", running, stop))
}

fn simulator(name: &'static str, running: simulators::Running, stop: CancellationToken) -> Part {
    Part {
        name,
        addr: Some(running.addr),
        ops_addr: running.ops_addr,
        stop,
        task: running.task,
    }
}

/// Adds the people of the demonstration; those that are there stay as they are.
pub(crate) async fn load_demo_people(registry: &Registry) -> anyhow::Result<()> {
    let persons = seeds::demo_people().map(|person| Person {
        personal_id: person.personal_id,
        full_name: person.full_name,
        birth_date: person.birth_date.to_string(),
        sex: person.sex.as_str().to_owned(),
    });
    let added = registry.load_persons(persons).await?;
    tracing::info!(added, "the people of the demonstration are in the registry");
    Ok(())
}
