//! Named background tasks that never die silently.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Runs `future` as a task inside the present span.
///
/// A panic is logged with the task's name and counted in `luutru_task_panics_total{task}`; the
/// handle then resolves normally. Dropping the handle leaves the task running, `abort` ends it.
#[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
pub fn spawn(
    name: &'static str,
    future: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(guarded(name, future).in_current_span())
}

/// Like [`spawn`], and `tracker` waits for it.
pub fn spawn_on(
    tracker: &TaskTracker,
    name: &'static str,
    future: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    tracker.spawn(guarded(name, future).in_current_span())
}

/// The text of a panic is left to the hook of [`crate::telemetry`], which knows what may be shown.
async fn guarded(name: &'static str, future: impl Future<Output = ()>) {
    if AssertUnwindSafe(future).catch_unwind().await.is_err() {
        metrics::counter!("luutru_task_panics_total", "task" => name).increment(1);
        tracing::error!(task = name, "a background task panicked and has ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_the_task_and_nothing_else() {
        spawn("panics", async { panic!("on purpose") })
            .await
            .unwrap();

        let tracker = TaskTracker::new();
        spawn_on(&tracker, "panics too", async { panic!("on purpose") });
        tracker.close();
        tracker.wait().await;
    }
}
