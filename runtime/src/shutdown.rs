//! Stopping in order.
//!
//! The first SIGTERM or SIGINT cancels a token that everything watches; a second one ends the
//! process at once, for an operator in a hurry.

use std::io;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::tasks;

/// Exit code after a second signal.
const IMPATIENT_EXIT_CODE: i32 = 1;
/// A signal this soon after the first is a duplicate: timeout(1), for example, signals the process
/// and then its group.
const SAME_WISH: Duration = Duration::from_secs(1);

/// Whether the process has been asked to stop.
#[derive(Clone, Debug)]
pub struct Shutdown {
    token: CancellationToken,
}

impl Shutdown {
    /// Starts to listen for SIGTERM and SIGINT. Call once per process, inside the runtime.
    pub fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let token = CancellationToken::new();
        tasks::spawn("signals", watch(terminate, interrupt, token.clone()));
        Ok(Self { token })
    }

    /// One that only [`Shutdown::request`] triggers, for tests and embedded services.
    pub fn manual() -> Self {
        Self {
            token: CancellationToken::new(),
        }
    }

    /// Cancelled when the process shall stop.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Returns when the process shall stop.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// Asks for the stop from inside, for instance when a part has failed for good.
    pub fn request(&self) {
        self.token.cancel();
    }
}

async fn watch(mut terminate: Signal, mut interrupt: Signal, token: CancellationToken) {
    let name = next_signal(&mut terminate, &mut interrupt).await;
    tracing::info!(
        signal = name,
        "stopping; a second signal ends the process at once"
    );
    token.cancel();
    let first = Instant::now();
    while first.elapsed() < SAME_WISH {
        next_signal(&mut terminate, &mut interrupt).await;
    }
    tracing::error!("second signal: exiting at once; the next start continues unfinished work");
    std::process::exit(IMPATIENT_EXIT_CODE);
}

async fn next_signal(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

/// One step of an ordered stop.
pub struct StopStep {
    name: &'static str,
    limit: Duration,
    work: BoxFuture<'static, ()>,
}

impl StopStep {
    /// `work` ends the part called `name`; after `limit` it is dropped and the next step starts.
    pub fn new(
        name: &'static str,
        limit: Duration,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self {
            name,
            limit,
            work: work.boxed(),
        }
    }
}

/// Runs the steps one after the other. True when every step ended within its limit; the others are
/// logged by name.
pub async fn stop_in_order(steps: Vec<StopStep>) -> bool {
    let mut is_clean = true;
    for step in steps {
        if tokio::time::timeout(step.limit, step.work).await.is_err() {
            tracing::error!(step = step.name, "did not stop in time and was abandoned");
            is_clean = false;
        } else {
            tracing::debug!(step = step.name, "stopped");
        }
    }
    is_clean
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn steps_run_in_order_and_a_stuck_one_does_not_hold_the_next() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |name: &'static str| {
            let order = Arc::clone(&order);
            StopStep::new(name, Duration::from_secs(1), async move {
                order.lock().push(name);
            })
        };
        let stuck = StopStep::new("stuck", Duration::from_secs(5), std::future::pending());

        assert!(!stop_in_order(vec![note("listener"), stuck, note("database")]).await);
        assert_eq!(*order.lock(), ["listener", "database"]);
        assert!(stop_in_order(vec![note("again")]).await);
    }

    #[tokio::test]
    async fn a_request_from_inside_reaches_every_token() {
        let shutdown = Shutdown::manual();
        let token = shutdown.token();
        assert!(!token.is_cancelled());
        shutdown.request();
        token.cancelled().await;
        shutdown.requested().await;
    }

    #[tokio::test]
    async fn sigterm_cancels_the_token_and_does_not_end_the_process() {
        let shutdown = Shutdown::listen().unwrap();
        let kill = std::process::Command::new("kill")
            .args(["-TERM", &std::process::id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        shutdown.requested().await;
    }
}
