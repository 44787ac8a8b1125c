//! What is done now and then: what the hour brings about, keys and events that have run out are forgotten, the outbox and the
//! police's queue are measured.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use domain::review::ReviewKind;
use metrics::gauge;
use runtime::{clock::Clock, ids};
use store::{Database, backlog, events, imports, review, sweep, webhook_queue};
use tokio::time::{MissedTickBehavior, interval};

use crate::{evening, run::Worker, webhooks};

/// Between two measurements of the outbox.
const MEASURE_INTERVAL: Duration = Duration::from_secs(30);
/// Between two looks at what the hour brings about.
const EVENING_INTERVAL: Duration = Duration::from_secs(2);
/// Between two sweeps of what has run out.
const FORGET_INTERVAL: Duration = Duration::from_secs(3600);
/// How long an event stays in the feed, and a settled delivery in the list of its webhook.
const EVENT_KEPT: TimeDelta = TimeDelta::days(30);
/// Events deleted by one statement.
const FORGET_COUNT_MAX: u64 = 2_000;

/// An upload that is not whole by then will never be.
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
                // By a wrong clock too much would be forgotten.
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
        tracing::debug!(%error, "the outbox was not measured");
    }
}

/// How many cases of each kind wait for an officer, and for how many seconds the oldest.
async fn measure_cases(db: &Database, clock: &Clock) {
    let waiting = match review::queue::waiting(db).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::debug!(%error, "the police's queue was not measured");
            return;
        }
    };
    for kind in ReviewKind::ALL {
        let found = waiting.iter().find(|line| line.kind == kind.as_str());
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
        tracing::debug!(%error, "cases of the release before were not moved");
    }
}

/// Notes on webhooks that their key has ended; nothing is sent for them since it did.
async fn disable_orphans(worker: &Worker) {
    let fresh_id = || ids::uuid_v7(&worker.clock);
    match webhook_queue::disable_orphans(&worker.db, worker.clock.now(), fresh_id).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "webhooks whose key has ended were switched off"),
        Err(error) => tracing::debug!(%error, "webhooks of ended keys were not switched off"),
    }
}

async fn forget_keys(db: &Database, clock: &Clock) {
    match sweep::forget_expired_keys(db, clock.now()).await {
        Ok(count) => tracing::debug!(count, "expired keys were forgotten"),
        Err(error) => tracing::warn!(%error, "expired keys were not forgotten; tried again later"),
    }
}

async fn forget_events(db: &Database, clock: &Clock) {
    let end = clock.now() - EVENT_KEPT;
    loop {
        match events::forget(db, end, FORGET_COUNT_MAX).await {
            Ok(FORGET_COUNT_MAX) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "old events were not forgotten; tried again later");
                return;
            }
        }
    }
}

/// Uploads whose time is over, and those that were cut off long ago.
async fn forget_files(db: &Database, clock: &Clock) {
    let now = clock.now();
    match imports::forget_expired(db, now, now - UNFINISHED_KEPT).await {
        Ok(count) => tracing::debug!(count, "expired files were forgotten"),
        Err(error) => tracing::warn!(%error, "expired files were not forgotten; tried again later"),
    }
}

async fn forget_deliveries(db: &Database, clock: &Clock) {
    let end = clock.now() - EVENT_KEPT;
    loop {
        match webhook_queue::forget(db, end, FORGET_COUNT_MAX).await {
            Ok(FORGET_COUNT_MAX) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "old deliveries were not forgotten; tried again later");
                return;
            }
        }
    }
}
