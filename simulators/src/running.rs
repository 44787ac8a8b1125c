//! Starting and ending a simulator: addresses, state directory, order of shutdown.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use poem::{Endpoint, Response};
use runtime::{
    ops::{self, Readiness},
    serve::{Listener, ServeLimits},
    tasks, telemetry,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::journal::{Book, Journal, Writer};

const OPS_SETTING: &str = "LUUTRU_OPS_LISTEN";

/// A simulator that serves.
#[derive(Debug)]
pub struct RunningSimulator {
    /// Where it listens, with the port it was given.
    pub addr: SocketAddr,
    /// Where its /livez, /readyz and /metrics listen, when they do.
    pub ops_addr: Option<SocketAddr>,
    /// Ends after the shutdown: connections finished, state file closed.
    pub task: JoinHandle<()>,
}

/// The open ports of a simulator, before it serves.
pub(crate) struct Ports {
    service: Listener,
    ops: Option<Listener>,
}

impl Ports {
    /// Opens them. `setting` is the environment name of the service's address.
    pub(crate) async fn open(
        listen: &str,
        setting: &'static str,
        ops_listen: Option<&str>,
    ) -> anyhow::Result<Self> {
        let service = Listener::bind(listen, setting).await?;
        let ops = match ops_listen {
            Some(listen) => Some(Listener::bind(listen, OPS_SETTING).await?),
            None => None,
        };
        Ok(Self { service, ops })
    }
}

/// Serves until `shutdown`: then the connections are finished, the state file is closed, and the
/// ops address goes last.
pub(crate) fn start<B: Book>(
    ports: Ports,
    endpoint: impl Endpoint<Output = Response> + 'static,
    journal: Journal<B>,
    writer: Writer,
    shutdown: CancellationToken,
) -> anyhow::Result<RunningSimulator> {
    let addr = ports.service.local_addr();
    let ops_addr = ports.ops.as_ref().map(Listener::local_addr);
    let readiness = readiness(journal.clone());
    let ops_shutdown = CancellationToken::new();
    let ops = match ports.ops {
        Some(listener) => Some(start_ops(listener, &readiness, ops_shutdown.clone())?),
        None => None,
    };
    let task = tasks::spawn("simulator", async move {
        let draining = readiness.clone();
        let ending = shutdown.clone();
        let notice = tasks::spawn("simulator-draining", async move {
            ending.cancelled().await;
            draining.start_draining();
        });
        serve(ports.service, endpoint, shutdown).await;
        notice.abort();
        journal.stop().await;
        writer.finished().await;
        ops_shutdown.cancel();
        if let Some(ops) = ops {
            // A panic in it is logged by the task itself.
            let _ = ops.await;
        }
    });
    Ok(RunningSimulator {
        addr,
        ops_addr,
        task,
    })
}

fn readiness<B: Book>(journal: Journal<B>) -> Readiness {
    let readiness = Readiness::default();
    readiness.add_check("journal", move || {
        let is_open = journal.is_open();
        async move {
            is_open
                .then_some(())
                .ok_or_else(|| "the state file is closed".to_owned())
        }
    });
    readiness
}

fn start_ops(
    listener: Listener,
    readiness: &Readiness,
    shutdown: CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let metrics = telemetry::install_metrics().context("install the metrics")?;
    let endpoint = ops::ops_endpoint(readiness, metrics);
    Ok(tasks::spawn(
        "simulator-ops",
        serve(listener, endpoint, shutdown),
    ))
}

async fn serve(listener: Listener, endpoint: impl Endpoint + 'static, shutdown: CancellationToken) {
    let limits = ServeLimits::default();
    // All who call come from one address and have no key.
    let limits = ServeLimits {
        address_connection_count_max: limits.connection_count_max,
        ..limits
    };
    let served = runtime::serve::serve(listener, endpoint, limits, shutdown);
    if let Err(error) = served.await {
        tracing::error!(%error, "a listener broke");
    }
}

/// The path of a state file; makes its directory.
pub(crate) fn state_file(directory: &Path, name: &str) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("make the state directory {}", directory.display()))?;
    Ok(directory.join(name))
}
