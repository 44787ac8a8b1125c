//! Numbers events soon after they are committed: an unnumbered event appears in no feed and goes to
//! no webhook.
//!
//! Every worker runs one; the database admits one at a time. Events are numbered in batches with a
//! pause in between, so that a busy service spends at most ten short transactions a second on it,
//! however many stays it takes.

use std::time::Duration;

use metrics::histogram;
use runtime::clock::Clock;
use store::{Database, events};

/// Numbered by one transaction.
const BATCH_COUNT_MAX: u64 = 1_000;
/// Between two batches, unless one was full.
const PAUSE: Duration = Duration::from_millis(100);
/// The polling interval when there are no notices.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// After a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Runs until dropped.
pub(crate) async fn run(db: Database, clock: Clock) {
    loop {
        db.wake().wait_for_events(POLL_INTERVAL).await;
        match number_all(&db, &clock).await {
            Ok(()) => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                tracing::warn!(%error, "events wait for their numbers");
                tokio::time::sleep(FAILURE_PAUSE).await;
            }
        }
    }
}

async fn number_all(db: &Database, clock: &Clock) -> store::Result<()> {
    loop {
        let happened_at = events::number(db, BATCH_COUNT_MAX).await?;
        let now = clock.now();
        for at in &happened_at {
            let lag = (now - at).to_std().unwrap_or_default();
            histogram!("luutru_event_lag_seconds").record(lag.as_secs_f64());
        }
        if u64::try_from(happened_at.len()).is_ok_and(|count| count < BATCH_COUNT_MAX) {
            return Ok(());
        }
    }
}
