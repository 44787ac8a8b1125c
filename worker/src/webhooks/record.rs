//! Writes the results of calls in groups, one transaction each.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use domain::webhook;
use store::webhook_queue::{self, CallResult};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{FAILURE_PAUSE, hurried, slots::CallSlot};
use crate::worker::Worker;

/// Results written by one transaction, and those that may wait for it.
pub(super) const RESULT_COUNT_MAX: usize = 128;
/// Attempts to write a group of results; after that the leases expire and the calls are repeated.
const RECORD_COUNT_MAX: u32 = 5;

/// A call that ended, and its slot, which is free once the result is written.
pub(super) struct EndedCall {
    pub(super) result: CallResult,
    pub(super) _slot: CallSlot,
}

/// Writes results in groups until `stop`, then those that are left.
pub(super) async fn run(
    worker: Arc<Worker>,
    mut ended: mpsc::Receiver<EndedCall>,
    stop: CancellationToken,
) {
    loop {
        let mut group = Vec::new();
        tokio::select! {
            biased;
            count = ended.recv_many(&mut group, RESULT_COUNT_MAX) => if count == 0 { return },
            () = stop.cancelled() => {
                while let Ok(call) = ended.try_recv() {
                    group.push(call);
                }
                record(&worker, &group).await;
                return;
            }
        }
        record(&worker, &group).await;
    }
}

async fn record(worker: &Worker, group: &[EndedCall]) {
    let results: Vec<CallResult> = group.iter().map(|call| call.result.clone()).collect();
    if results.is_empty() {
        return;
    }
    let patience: Duration = hurried(webhook::FAILING_MAX, worker.settings.webhook_hurry.get());
    let patience = TimeDelta::from_std(patience).unwrap_or_default();
    for _ in 0..RECORD_COUNT_MAX {
        let now = worker.clock.now();
        match webhook_queue::record(&worker.db, &results, now, now - patience).await {
            Ok(disabled) => {
                for id in disabled {
                    tracing::warn!(webhook.id = %id, "disabled a webhook");
                }
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "could not write the results of webhook calls");
                tokio::time::sleep(FAILURE_PAUSE).await;
            }
        }
    }
}
