//! Starts each service as a [`RunningService`]: a name, an address, a way to stop it and its end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Parser;
use domain::declaration::Window;
use intake::{Intake, IntakeParts};
use runtime::{
    clock::Clock, ops::Readiness, shutdown::StopStep, signing::ReceiptSigner, tasks, telemetry,
    vault::Vault, webhook_target::WebhookTargetSettings,
};
use simulators::{Person, PoliceSettings, Registry, RegistrySettings};
use store::{Database, catalogues::StoredCatalogue};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::options::IntakeOptions;
use crate::{
    assemble::{self, FirstFormReleases},
    settings::Secrets,
};

const INTAKE_STOP_MAX: Duration = Duration::from_secs(2);
const DATABASE_STOP_MAX: Duration = Duration::from_secs(1);
/// How long the worker of `luutru up` may finish running tasks: every service needs part of the
/// 25 seconds.
const EMBEDDED_FINISH_SECONDS: u32 = 3;

/// A service that runs.
pub(crate) struct RunningService {
    /// The name of its command.
    pub(crate) name: &'static str,
    /// Where it serves. The worker has an ops address only.
    pub(crate) addr: Option<SocketAddr>,
    /// Where `/readyz` and `/metrics` are, when it has an address of its own for them.
    pub(crate) ops_addr: Option<SocketAddr>,
    /// Cancelled to stop it.
    stop: CancellationToken,
    /// Ends when the service has ended.
    task: JoinHandle<()>,
}

impl RunningService {
    /// The URL it serves at; empty without an address.
    pub(crate) fn url(&self) -> String {
        self.addr
            .map(|addr| format!("http://{addr}"))
            .unwrap_or_default()
    }

    /// The URL of its ops address; empty without one.
    pub(crate) fn ops_url(&self) -> String {
        self.ops_addr
            .map(|addr| format!("http://{addr}"))
            .unwrap_or_default()
    }

    /// Asks it to stop and does not wait.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// Returns when it has ended, for whatever reason.
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

/// What every service with a database shares.
#[derive(Clone)]
pub(crate) struct ServiceContext {
    /// The database, its schema checked.
    pub(crate) db: Database,
    /// Its data keys are kept up to date until the stop of the process.
    pub(crate) vault: Arc<Vault>,
    /// The secrets of the process.
    pub(crate) secrets: Secrets,
    /// The time.
    pub(crate) clock: Clock,
}

impl ServiceContext {
    /// Opens the vault of the database. `stop` ends the upkeep of its data keys.
    pub(crate) async fn open(
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

/// A running intake, with what the API needs beside it.
pub(crate) struct StartedIntake {
    /// Takes declarations.
    pub(crate) intake: Intake,
    signer: Arc<ReceiptSigner>,
    published: Vec<StoredCatalogue>,
}

/// Starts the intake of a process.
pub(crate) async fn intake(
    context: &ServiceContext,
    window: Window,
    options: &IntakeOptions,
) -> anyhow::Result<StartedIntake> {
    let signer = Arc::new(context.secrets.receipt_signer()?);
    let (published, catalogues) = assemble::catalogues(&context.db).await?;
    let intake = Intake::start(IntakeParts {
        db: context.db.clone(),
        vault: Arc::clone(&context.vault),
        signer: Arc::clone(&signer),
        catalogues: Arc::new(catalogues),
        clock: context.clock.clone(),
        settings: options.settings(window),
    });
    Ok(StartedIntake {
        intake,
        signer,
        published,
    })
}

/// Starts the API on an intake. It adds its own checks to `readiness`.
pub(crate) async fn api(
    context: &ServiceContext,
    settings: api::ApiSettings,
    started: StartedIntake,
    readiness: Readiness,
) -> anyhow::Result<RunningService> {
    let ServiceContext {
        db,
        vault,
        secrets,
        clock,
    } = context;
    let stop = CancellationToken::new();
    let parts = api::ApiParts {
        db: db.clone(),
        vault: Arc::clone(vault),
        signer: started.signer,
        pepper: *secrets.key_pepper()?,
        intake: started.intake,
        catalogues: started.published,
        clock: clock.clone(),
        readiness,
        metrics: telemetry::install_metrics().context("install the metrics")?,
        settings,
    };
    let running = api::start(parts, stop.clone()).await?;
    start_announcing(db, &stop);
    Ok(RunningService {
        name: "api",
        addr: Some(running.addr),
        ops_addr: Some(running.ops_addr),
        stop,
        task: running.task,
    })
}

/// Notifies the workers of other processes of new work, until `stop`.
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
pub(crate) async fn worker(
    context: &ServiceContext,
    intake: Intake,
    settings: worker::WorkerSettings,
    first_form: FirstFormReleases,
) -> anyhow::Result<(RunningService, worker::Peers)> {
    let stop = CancellationToken::new();
    let ServiceContext {
        db, vault, clock, ..
    } = context;
    assemble::start_rewrite(db, vault, clock, first_form, &stop);
    let parts = worker::WorkerParts {
        db: context.db.clone(),
        vault: Arc::clone(&context.vault),
        intake,
        police_secret: context.secrets.police_secret()?.clone(),
        clock: context.clock.clone(),
        settings,
        seed: None,
    };
    let running = worker::start(parts, stop.clone()).await?;
    let service = RunningService {
        name: "worker",
        addr: None,
        ops_addr: running.ops_addr,
        stop,
        task: running.task,
    };
    Ok((service, running.peers))
}

/// The worker's settings from the environment, without arguments.
#[derive(Parser)]
struct WorkerDefaults {
    #[command(flatten)]
    worker: worker::WorkerSettings,
}

/// Starts the worker of `luutru up`: settings from the environment, both simulators in the same
/// process.
pub(crate) async fn worker_between(
    context: &ServiceContext,
    intake: Intake,
    registry: &RunningService,
    police: &RunningService,
    webhooks: WebhookTargetSettings,
) -> anyhow::Result<(RunningService, worker::Peers)> {
    let mut settings = WorkerDefaults::try_parse_from(["luutru"])?.worker;
    settings.webhooks = webhooks;
    settings.ops_listen = None;
    settings.finish_seconds = settings.finish_seconds.min(EMBEDDED_FINISH_SECONDS);
    settings.registry_url = Some(registry.url());
    settings.police_url = Some(police.url());
    worker(context, intake, settings, FirstFormReleases::Excluded).await
}

/// Starts the population registry's simulator.
pub(crate) async fn registry(
    settings: RegistrySettings,
) -> anyhow::Result<(RunningService, Registry)> {
    let stop = CancellationToken::new();
    let clock = Clock::system();
    let (running, registry) = simulators::start_registry(settings, clock, stop.clone()).await?;
    Ok((simulator("registry-sim", running, stop), registry))
}

/// Starts the police endpoint's simulator.
pub(crate) async fn police(settings: PoliceSettings) -> anyhow::Result<RunningService> {
    let stop = CancellationToken::new();
    let running = simulators::start_police(settings, Clock::system(), stop.clone()).await?;
    Ok(simulator("police-sim", running, stop))
}

fn simulator(
    name: &'static str,
    running: simulators::RunningSimulator,
    stop: CancellationToken,
) -> RunningService {
    RunningService {
        name,
        addr: Some(running.addr),
        ops_addr: running.ops_addr,
        stop,
        task: running.task,
    }
}

/// Adds the people of the demonstration. People already in the registry keep their entry.
pub(crate) async fn load_demo_people(registry: &Registry) -> anyhow::Result<()> {
    let persons = seeds::demo_people().map(|person| Person {
        personal_id: person.personal_id,
        full_name: person.full_name,
        birth_date: person.birth_date.to_string(),
        sex: person.sex.as_str().to_owned(),
    });
    let added = registry.load_persons(persons).await?;
    tracing::info!(added, "loaded the demo people into the registry");
    Ok(())
}

/// Stops the intake once everything it accepted is committed.
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
