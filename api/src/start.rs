//! The running API: its parts, its start and its stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use intake::Intake;
use runtime::{
    clock::Clock,
    draft_seal::DraftSeal,
    ops::{self, Readiness},
    password::PasswordHasher,
    secrets::SettingError,
    serve::{self, Listener, ServeLimits},
    signing::ReceiptSigner,
    skew::{COMPARE_INTERVAL, ClockWatch},
    tasks,
    telemetry::MetricsHandle,
    vault::Vault,
    webhook_target::WebhookTargets,
};
use store::{Database, catalogues::StoredCatalogue};
use tokio::{sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::catalogues::published::Published;
use crate::config::ApiSettings;
use crate::door;
use crate::events::Tail;
use crate::imports::workbooks::Templates;
use crate::key_uses::KeyUses;
use crate::known_keys::KnownKeys;
use crate::limit::Limits;
use crate::noted_reads::NotedReads;
use crate::police::statistics::kept::KeptStatistics;
use crate::sign_in::SignInAttempts;

/// How often idle quotas and old keys are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How many pictures are searched at once: each may take 300 MB and a core.
const PICTURE_COUNT_MAX: usize = 2;
/// Keys that may wait for their turn.
const WAITING_PICTURE_COUNT_MAX: usize = 16;
/// How many files are held in memory at once: each may have 64 MiB.
const FILE_COUNT_MAX: usize = 2;
/// How many PDFs are rendered at once: each takes a core.
const PAPER_COUNT_MAX: usize = 2;

/// What the API is made of.
pub struct ApiParts {
    /// Where stays, keys and facilities are.
    pub db: Database,
    /// Opens what is sealed.
    pub vault: Arc<Vault>,
    /// Its public keys are published.
    pub signer: Arc<ReceiptSigner>,
    /// What API keys are hashed with.
    pub pepper: [u8; 32],
    /// Accepts declarations. Not stopped here: stop it after [`RunningApi::task`] has ended.
    pub intake: Intake,
    /// What is published at `/v1/catalogues`, besides the codes.
    pub catalogues: Vec<StoredCatalogue>,
    /// Tells when a request has been received.
    pub clock: Clock,
    /// Gets the checks `database`, `clock`, `schema` and `keys`, and starts draining at shutdown.
    pub readiness: Readiness,
    /// What `/metrics` shows.
    pub metrics: MetricsHandle,
    /// Limits and addresses.
    pub settings: ApiSettings,
}

/// An API that serves.
pub struct RunningApi {
    /// Where the API answers.
    pub addr: SocketAddr,
    /// Where `/metrics`, `/livez` and `/readyz` answer.
    pub ops_addr: SocketAddr,
    /// Ends when every request is answered after the stop, or when the listener is broken.
    pub task: JoinHandle<()>,
}

/// Binds both addresses and serves until `shutdown`: then it reports not ready at once, accepts no
/// new connections, and finishes running requests.
///
/// Errors: an address cannot be listened on.
pub async fn start(
    parts: ApiParts,
    shutdown: CancellationToken,
) -> Result<RunningApi, SettingError> {
    let listener = Listener::bind(&parts.settings.listen, "LUUTRU_LISTEN").await?;
    let listener = listener.trusting(parts.settings.trusted_proxies.clone());
    let ops_listener = Listener::bind(&parts.settings.ops_listen, "LUUTRU_OPS_LISTEN").await?;
    let (addr, ops_addr) = (listener.local_addr(), ops_listener.local_addr());
    let watch = Arc::new(ClockWatch::correcting(parts.clock.clone()));
    // Before anything is received.
    watch.look(store::health::server_time(&parts.db)).await;
    add_checks(&parts, &watch);
    let metrics = parts.metrics.clone();
    let passwords = PasswordHasher::new()
        .map_err(|_| SettingError::new("LUUTRU", "cannot hash passwords on this machine."))?;
    let drafts = DraftSeal::of_pepper(&parts.pepper).map_err(|_| {
        SettingError::new(
            "LUUTRU_KEY_PEPPER",
            "leads to no key for drafts. Make another.",
        )
    })?;
    let app = Arc::new(assemble(parts, passwords, drafts, shutdown.clone()));
    let serving = run(app, watch, listener, ops_listener, metrics, shutdown);
    let task = tasks::spawn("api", serving);
    Ok(RunningApi {
        addr,
        ops_addr,
        task,
    })
}

fn assemble(
    parts: ApiParts,
    passwords: PasswordHasher,
    drafts: DraftSeal,
    stop: CancellationToken,
) -> App {
    App {
        drafts,
        templates: Templates::new(&parts.catalogues),
        catalogues: Published::new(parts.catalogues),
        limits: Limits::new(&parts.settings),
        webhook_targets: WebhookTargets::new(&parts.settings.webhooks),
        db: parts.db,
        vault: parts.vault,
        signer: parts.signer,
        row_key: store::api_keys::RowKey::of_pepper(&parts.pepper),
        account_row_key: store::accounts::AccountRowKey::of_pepper(&parts.pepper),
        passwords,
        attempts: SignInAttempts::default(),
        pepper: parts.pepper,
        intake: parts.intake,
        clock: parts.clock,
        readiness: parts.readiness,
        settings: parts.settings,
        keys: KnownKeys::default(),
        key_uses: KeyUses::default(),
        noted_reads: NotedReads::default(),
        statistics: KeptStatistics::default(),
        tail: Tail::default(),
        stop,
        pictures: Arc::new(Semaphore::new(PICTURE_COUNT_MAX)),
        pictures_waiting: Semaphore::new(WAITING_PICTURE_COUNT_MAX),
        papers: Semaphore::new(PAPER_COUNT_MAX),
        files: Semaphore::new(FILE_COUNT_MAX),
    }
}

async fn run(
    app: Arc<App>,
    watch: Arc<ClockWatch>,
    listener: Listener,
    ops_listener: Listener,
    metrics: MetricsHandle,
    shutdown: CancellationToken,
) {
    let readiness = app.readiness.clone();
    let newest_key = app.keys.meet_all(&app.db).await;
    let ops_stop = CancellationToken::new();
    let ops = serve::serve(
        ops_listener,
        ops::ops_endpoint(&readiness, metrics),
        ServeLimits::default(),
        ops_stop.clone(),
    );
    let api = async {
        let door = door::build(&app);
        let outcome = serve::serve(listener, door, ServeLimits::default(), shutdown.clone()).await;
        report(outcome);
        // A broken listener stops the process: nothing is served any more.
        shutdown.cancel();
        ops_stop.cancel();
    };
    let drain = async {
        shutdown.cancelled().await;
        readiness.start_draining();
    };
    let tail = app.tail.run(&app.db, &shutdown);
    let upkeep = async {
        tokio::join!(
            sweep(&app, &shutdown),
            keep_time(&app, &watch, &shutdown),
            app.keys.meet_new(&app.db, newest_key, &shutdown),
            app.key_uses.keep(&app.db, &shutdown),
            measure(&app, &shutdown)
        );
    };
    let (outcome, (), (), (), ()) = tokio::join!(ops, api, drain, upkeep, tail);
    report(outcome);
}

fn report(outcome: std::io::Result<()>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "a listener failed");
    }
}

/// Between two measurements of what waits.
const MEASURE_INTERVAL: Duration = Duration::from_secs(15);

async fn sweep(app: &App, shutdown: &CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(SWEEP_INTERVAL) => {
                app.keys.sweep();
                app.limits.sweep();
                app.attempts.sweep();
            }
        }
    }
}

/// Measures the backlog for the police, even while no worker runs.
async fn measure(app: &App, shutdown: &CancellationToken) {
    loop {
        let catalogues = app.intake.catalogues();
        let measured = store::backlog::measure(&app.db, catalogues, app.clock.now()).await;
        if let Err(error) = measured {
            tracing::debug!(%error, "could not measure the outbox");
        }
        let pause = tokio::time::sleep(MEASURE_INTERVAL);
        if shutdown.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// Compares clocks, even if nobody queries readiness.
async fn keep_time(app: &App, watch: &ClockWatch, shutdown: &CancellationToken) {
    let pause = || tokio::time::sleep(COMPARE_INTERVAL);
    while shutdown.run_until_cancelled(pause()).await.is_some() {
        watch.look(store::health::server_time(&app.db)).await;
    }
}

fn add_checks(parts: &ApiParts, watch: &Arc<ClockWatch>) {
    let db = parts.db.clone();
    watch.add_checks(&parts.readiness, move || {
        let db = db.clone();
        async move { store::health::server_time(&db).await }
    });
    let db = parts.db.clone();
    parts.readiness.add_check("schema", move || {
        let db = db.clone();
        async move {
            store::schema::check(&db)
                .await
                .map_err(|error| error.to_string())
        }
    });
    let (vault, clock) = (Arc::clone(&parts.vault), parts.clock.clone());
    parts.readiness.add_check("keys", move || {
        let month = domain::time::local_date(clock.now())
            .format("%Y-%m")
            .to_string();
        let has_key = vault.has_month(&month);
        async move {
            has_key
                .then_some(())
                .ok_or_else(|| "there is no data key for this month".to_owned())
        }
    });
}
