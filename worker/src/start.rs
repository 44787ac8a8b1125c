//! Starting and orderly stopping of a worker.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use intake::Intake;
use runtime::{
    clock::Clock,
    ops::{self, Readiness},
    serve::{self, Listener, ServeLimits},
    skew::ClockWatch,
    standard_webhooks, tasks,
    telemetry::{self, MetricsHandle},
    vault::Vault,
};
use secrecy::SecretString;
use store::{Database, wake};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    WorkerSettings,
    chance::Chance,
    claim::ClaimLoop,
    clock_watch,
    config::{OPS_LISTEN, POLICE_SECRET, POLICE_URL, REGISTRY_URL},
    content::Contents,
    destinations::Destinations,
    imports,
    peer::{Peer, PeerName},
    police, registry, sequencer,
    settle::Recorder,
    sweeps, transport, webhooks,
    worker::Worker,
};

/// Time limit for a claim in progress at shutdown; tasks it claims later become free when their
/// lease ends.
const CLAIM_PATIENCE: Duration = Duration::from_secs(2);
/// Time limit for the current part of a file; unrecorded rows are processed again.
const IMPORT_PATIENCE: Duration = Duration::from_secs(2);
/// Time limit for releasing the remaining tasks, and again for writing the last results.
const FINISH_RESERVE: Duration = Duration::from_secs(3);

/// What a worker is made of.
pub struct WorkerParts {
    /// Where tasks are.
    pub db: Database,
    /// Decrypts personal data. Missing data keys are read from the database.
    pub vault: Arc<Vault>,
    /// Takes what uploaded files declare. It is not stopped here: stop it after [`RunningWorker::task`]
    /// has ended.
    pub intake: Intake,
    /// Signs deliveries, as `whsec_<base64>`.
    pub police_secret: SecretString,
    /// Tells the time.
    pub clock: Clock,
    /// Addresses and bounds.
    pub settings: WorkerSettings,
    /// Seed of the random source of backoff; `None` takes the machine's.
    pub seed: Option<u64>,
}

/// A worker that runs.
#[derive(Debug)]
pub struct RunningWorker {
    /// Where its /livez, /readyz and /metrics listen, when they do.
    pub ops_addr: Option<SocketAddr>,
    /// Its peers, for a process that answers `/readyz` on its behalf.
    pub peers: Peers,
    /// Ends after the shutdown: tasks finished or released, results written.
    pub task: JoinHandle<()>,
}

/// The peers that a worker speaks to.
#[derive(Clone)]
pub struct Peers(Arc<Worker>);

impl Peers {
    /// Lists them as dependencies, which never change the status.
    pub fn list_in(&self, readiness: &Readiness) {
        for name in [PeerName::Registry, PeerName::Police] {
            let worker = Arc::clone(&self.0);
            readiness.add_dependency(name.as_str(), move || {
                let is_open = worker.is_away(name);
                async move {
                    (!is_open)
                        .then_some(())
                        .ok_or_else(|| "its breaker is open".to_owned())
                }
            });
        }
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Peers")
    }
}

/// Starts a worker; `shutdown` ends it: it claims no more, finishes what is under way within the
/// time of its settings and gives the rest back.
///
/// # Errors
/// A setting that cannot be used, by name.
pub async fn start(
    parts: WorkerParts,
    shutdown: CancellationToken,
) -> anyhow::Result<RunningWorker> {
    let listener = match &parts.settings.ops_listen {
        Some(listen) => Some(Listener::bind(listen, OPS_LISTEN).await?),
        None => None,
    };
    let ops_addr = listener.as_ref().map(Listener::local_addr);
    // Before anything counts.
    let metrics = telemetry::install_metrics().context("install the metrics")?;
    let intake = parts.intake.clone();
    let worker = Arc::new(assemble(parts)?);
    // Before anything begins.
    worker.compare_clocks().await;
    let sender = webhooks::start(&worker)?;
    let claim_loop = Arc::new(ClaimLoop::new(Arc::clone(&worker)));
    let readiness = readiness(&worker, &claim_loop);
    let ops_shutdown = CancellationToken::new();
    let ops =
        listener.map(|listener| start_ops(listener, &readiness, metrics, ops_shutdown.clone()));
    let peers = Peers(Arc::clone(&worker));
    let supervised = supervise(claim_loop, worker, intake, sender, readiness, shutdown);
    let task = tasks::spawn("worker", async move {
        supervised.await;
        ops_shutdown.cancel();
        if let Some(ops) = ops {
            // A panic in it is logged by the task itself.
            let _ = ops.await;
        }
    });
    Ok(RunningWorker {
        ops_addr,
        peers,
        task,
    })
}

fn assemble(parts: WorkerParts) -> anyhow::Result<Worker> {
    let settings = parts.settings;
    let clock = &parts.clock;
    let limits = settings.registry_limits();
    let (url, path) = (settings.registry_url(), registry::PATH);
    let transport = transport::http(REGISTRY_URL, url, path, &limits.outgoing)?;
    let registry = Peer::new(PeerName::Registry, transport, limits, clock.clone());
    let limits = settings.police_limits();
    let transport = transport::http(
        POLICE_URL,
        settings.police_url(),
        police::PATH,
        &limits.outgoing,
    )?;
    let police = Peer::new(PeerName::Police, transport, limits, clock.clone());
    let destinations = Destinations::new(parts.db.clone(), clock.clone(), settings.clone(), police);
    Ok(Worker {
        clock_watch: Arc::new(ClockWatch::new(parts.clock.clone())),
        contents: Contents::new(parts.db.clone(), parts.vault),
        registry,
        destinations,
        police_secret: standard_webhooks::parse_secret(POLICE_SECRET, &parts.police_secret)?,
        recorder: Recorder::start(parts.db.clone(), parts.clock.clone()),
        chance: Chance::new(parts.seed),
        db: parts.db,
        clock: parts.clock,
        settings,
        abandon: CancellationToken::new(),
    })
}

async fn supervise(
    claim_loop: Arc<ClaimLoop>,
    worker: Arc<Worker>,
    intake: Intake,
    sender: webhooks::RunningWebhookSender,
    readiness: Readiness,
    shutdown: CancellationToken,
) {
    let db = worker.db.clone();
    let comparing = tasks::spawn("worker.clock", clock_watch::run(Arc::clone(&worker)));
    let listening = tasks::spawn("worker.listen", async move { wake::listen(&db).await });
    let sweeping = tasks::spawn("worker.sweeps", sweeps::run(Arc::clone(&worker)));
    let numbering = tasks::spawn(
        "worker.sequencer",
        sequencer::run(worker.db.clone(), worker.clock.clone()),
    );
    let importing = tasks::spawn(
        "worker.imports",
        imports::run(Arc::clone(&worker), intake, shutdown.clone()),
    );
    let claiming = tasks::spawn(
        "worker.claim",
        Arc::clone(&claim_loop).run(shutdown.clone()),
    );

    shutdown.cancelled().await;
    readiness.start_draining();
    listening.abort();
    sweeping.abort();
    comparing.abort();
    let delivering = async {
        tokio::join!(
            end(claiming, CLAIM_PATIENCE),
            end(importing, IMPORT_PATIENCE)
        );
        let patience = worker.settings.finish_patience();
        claim_loop.finish(patience, FINISH_RESERVE).await;
        worker.recorder.stop(FINISH_RESERVE).await;
    };
    tokio::join!(delivering, sender.stop());
    // Last, so that results just settled reach the feed before the stop.
    numbering.abort();
}

/// Waits for a task that has been told to stop; aborts it if it does not.
async fn end(task: JoinHandle<()>, patience: Duration) {
    let stuck = task.abort_handle();
    if timeout(patience, task).await.is_err() {
        stuck.abort();
    }
}

fn readiness(worker: &Arc<Worker>, claim_loop: &Arc<ClaimLoop>) -> Readiness {
    let readiness = Readiness::default();
    let turning = Arc::clone(claim_loop);
    readiness.add_check("claim_loop", move || {
        let is_turning = turning.is_turning();
        async move {
            is_turning
                .then_some(())
                .ok_or_else(|| "the claim loop is stuck".to_owned())
        }
    });
    let db = worker.db.clone();
    worker.clock_watch.add_checks(&readiness, move || {
        let db = db.clone();
        async move { store::health::server_time(&db).await }
    });
    let db = worker.db.clone();
    readiness.add_check("schema", move || {
        let db = db.clone();
        async move {
            store::schema::check(&db)
                .await
                .map_err(|error| error.to_string())
        }
    });
    Peers(Arc::clone(worker)).list_in(&readiness);
    readiness
}

fn start_ops(
    listener: Listener,
    readiness: &Readiness,
    metrics: MetricsHandle,
    shutdown: CancellationToken,
) -> JoinHandle<()> {
    let endpoint = ops::ops_endpoint(readiness, metrics);
    tasks::spawn("worker.ops", async move {
        let limits = ServeLimits::default();
        if let Err(error) = serve::serve(listener, endpoint, limits, shutdown).await {
            tracing::error!(%error, "the ops listener failed");
        }
    })
}
