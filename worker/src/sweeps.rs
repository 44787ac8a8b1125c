//! Periodic work: time-driven changes, deleting expired keys and events, and measuring the outbox
//! and the police's queue.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use domain::review::ReviewKind;
use metrics::gauge;
use runtime::{clock::Clock, ids};
use store::{Database, backlog, events, imports, review, sweep, webhook_queue};
use tokio::time::{MissedTickBehavior, interval};

use crate::{evening, webhooks, worker::Worker};

/// Between two measurements of the outbox.
const MEASURE_INTERVAL: Duration = Duration::from_secs(30);
/// The interval between checks for time-driven changes.
const EVENING_INTERVAL: Duration = Duration::from_secs(2);
/// Between two sweeps of expired rows.
const FORGET_INTERVAL: Duration = Duration::from_secs(3600);
/// How long an event stays in the feed, and a settled delivery in the list of its webhook.
const EVENT_KEPT: TimeDelta = TimeDelta::days(30);
/// Events deleted by one statement.
const FORGET_COUNT_MAX: u64 = 2_000;

/// An upload still incomplete by then never will be complete.
const UNFINISHED_KEPT: TimeDelta = TimeDelta::hours(1);

/// Runs until dropped.
pub(crate) async fn run(worker: Arc<Worker>) {
    let (db, clock) = (&worker.db, &worker.clock);
    let mut measure = interval(MEASURE_INTERVAL);
    let mut forget = interval(FORGET_INTERVAL);
    let mut hours = interval(EVENING_INTERVAL);
    for ticks in [&mut measure, &mut forget, &mut hours] {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        tokio::select! {
            _ = measure.tick() => {
                measure_outbox(&worker).await;
                measure_cases(db, clock).await;
                adopt_cases(db).await;
                disable_orphans(&worker).await;
                webhooks::measure(db).await;
            }
            _ = hours.tick() => evening::look(&worker).await,
            _ = forget.tick() => {
                // With a wrong clock too much would be deleted.
                worker.compare_clocks().await;
                if worker.has_wrong_clock() {
                    continue;
                }
                forget_keys(db, clock).await;
                forget_events(db, clock).await;
                forget_files(db, clock).await;
                forget_deliveries(db, clock).await;
            }
        }
    }
}

async fn measure_outbox(worker: &Worker) {
    let catalogues = worker.destinations.catalogues();
    let measured = backlog::measure(&worker.db, &catalogues, worker.clock.now()).await;
    if let Err(error) = measured {
        tracing::debug!(%error, "could not measure the outbox");
    }
}

/// How many cases of each kind wait for an officer, and for how many seconds the oldest.
async fn measure_cases(db: &Database, clock: &Clock) {
    let waiting = match review::queue::waiting(db).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::debug!(%error, "could not measure the police's queue");
            return;
        }
    };
    for kind in ReviewKind::ALL {
        let found = waiting.iter().find(|line| line.kind.get() == Ok(*kind));
        let oldest_opened_at = found.and_then(|line| line.oldest_opened_at);
        let age = oldest_opened_at.map_or(0, |at| (clock.now() - at).num_seconds().max(0));
        let count = found.map_or(0, |line| line.waiting_count);
        let measured = [
            ("luutru_review_cases", count),
            ("luutru_review_oldest_age_seconds", age),
        ];
        for (name, value) in measured {
            #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            gauge!(name, "kind" => kind.as_str()).set(value as f64);
        }
    }
}

/// Cases that a process of the release before opens while both run.
async fn adopt_cases(db: &Database) {
    if let Err(error) = review::adopt(db).await {
        tracing::debug!(%error, "could not move the previous release's cases");
    }
}

/// Marks webhooks whose key has ended; nothing has been sent for them since.
async fn disable_orphans(worker: &Worker) {
    let fresh_id = || ids::uuid_v7(&worker.clock);
    match webhook_queue::disable_orphans(&worker.db, worker.clock.now(), fresh_id).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "disabled the webhooks of ended keys"),
        Err(error) => tracing::debug!(%error, "could not disable the webhooks of ended keys"),
    }
}

async fn forget_keys(db: &Database, clock: &Clock) {
    match sweep::forget_expired_keys(db, clock.now()).await {
        Ok(count) => tracing::debug!(count, "deleted expired keys"),
        Err(error) => tracing::warn!(%error, "could not delete expired keys; retrying later"),
    }
}

async fn forget_events(db: &Database, clock: &Clock) {
    let end = clock.now() - EVENT_KEPT;
    loop {
        match events::forget(db, end, FORGET_COUNT_MAX).await {
            Ok(FORGET_COUNT_MAX) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "could not delete old events; retrying later");
                return;
            }
        }
    }
}

/// Uploads whose time is over, and those that were cut off long ago.
async fn forget_files(db: &Database, clock: &Clock) {
    let now = clock.now();
    match imports::forget_expired(db, now, now - UNFINISHED_KEPT).await {
        Ok(count) => tracing::debug!(count, "deleted expired files"),
        Err(error) => tracing::warn!(%error, "could not delete expired files; retrying later"),
    }
}

async fn forget_deliveries(db: &Database, clock: &Clock) {
    let end = clock.now() - EVENT_KEPT;
    loop {
        match webhook_queue::forget(db, end, FORGET_COUNT_MAX).await {
            Ok(FORGET_COUNT_MAX) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "could not delete old deliveries; retrying later");
                return;
            }
        }
    }
}
