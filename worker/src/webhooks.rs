//! Delivers events to webhooks.
//!
//! Two loops. One creates a delivery of each numbered event for each webhook that wants it. The
//! other claims due deliveries and calls. Invariants:
//! - Nothing is called but what [`WebhookTargets`] lets through, and no redirect is followed.
//! - A hanging consumer occupies few slots, and none of those for police deliveries.
//! - The same event is sent under the same `webhook-id` and with the same bytes, however often.

mod call;
mod hand_out;
mod record;
mod slots;

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::Context;
use chrono::TimeDelta;
use domain::webhook::{self, CallOutcome, WebhookEvent};
use metrics::{counter, gauge};
use reqwest::Client;
use runtime::{
    ids,
    outgoing::OutgoingLimits,
    tasks,
    vault::{Owner, SealContext},
    webhook_target::WebhookTargets,
};
use serde::Deserialize;
use store::{
    damage,
    webhook_queue::{self, CallResult},
    webhooks::{DeliveryRow, WebhookRow},
};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;
use zeroize::Zeroize;

use crate::worker::Worker;
use record::EndedCall;
use slots::{CallSlot, CallSlots};

/// A consumer that fails and has never accepted anything is called again after this fraction of the
/// time it has been failing: some fifty times in the five days until it is disabled. Its address
/// may belong to somebody who never asked for it.
const UNPROVEN_PACE: u32 = 4;
/// A call from connecting to the answer.
const CALL_DURATION_MAX: Duration = Duration::from_secs(15);
/// Longer than a call and recording its result take.
const LEASE_SECONDS: u32 = 40;
/// The polling interval for due deliveries while no call ends.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// After the database did not answer.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);
/// Time limit for calls under way at shutdown; then they are released.
const FINISH_PATIENCE: Duration = Duration::from_secs(3);
/// Time limit for releasing them, and again for writing the last results.
const FINISH_RESERVE: Duration = Duration::from_secs(1);

/// The table whose rows hold addresses and secrets, for the seal's context.
const SEALED_TABLE: &str = "webhook";

/// Sends events.
pub(crate) struct WebhookSender {
    worker: Arc<Worker>,
    targets: WebhookTargets,
    client: Client,
    slots: Arc<CallSlots>,
    calls: TaskTracker,
    abandon: CancellationToken,
    results: mpsc::Sender<EndedCall>,
}

/// What is sealed of a webhook.
#[derive(Deserialize)]
struct WebhookSecrets {
    url: String,
    secret: String,
}

impl Drop for WebhookSecrets {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// A sender that runs.
pub(crate) struct RunningWebhookSender {
    sender: Arc<WebhookSender>,
    loops: Vec<tokio::task::JoinHandle<()>>,
    recording: tokio::task::JoinHandle<()>,
    stop_recording: CancellationToken,
}

impl RunningWebhookSender {
    /// Stops claiming, and finishes or releases calls under way.
    pub(crate) async fn stop(self) {
        for task in &self.loops {
            task.abort();
        }
        self.sender.calls.close();
        if timeout(FINISH_PATIENCE, self.sender.calls.wait())
            .await
            .is_err()
        {
            self.sender.abandon.cancel();
            if timeout(FINISH_RESERVE, self.sender.calls.wait())
                .await
                .is_err()
            {
                tracing::warn!("abandoning webhook calls; their leases will expire");
            }
        }
        self.stop_recording.cancel();
        if timeout(FINISH_RESERVE, self.recording).await.is_err() {
            tracing::warn!(
                "could not write the results of webhook calls; the calls will be repeated"
            );
        }
    }
}

/// Starts sending.
///
/// # Errors
/// No HTTP client can be made.
pub(crate) fn start(worker: &Arc<Worker>) -> anyhow::Result<RunningWebhookSender> {
    let targets = WebhookTargets::new(&worker.settings.webhooks);
    let limits = OutgoingLimits {
        call_timeout: CALL_DURATION_MAX,
        pool_idle_count_max: usize::try_from(slots::CALL_COUNT_MAX).unwrap_or(1),
        ..OutgoingLimits::default()
    };
    let client = targets
        .client(&limits)
        .context("make the client of webhooks")?;
    let (results, ended) = mpsc::channel(record::RESULT_COUNT_MAX);
    let sender = Arc::new(WebhookSender {
        worker: Arc::clone(worker),
        targets,
        client,
        slots: Arc::default(),
        calls: TaskTracker::new(),
        abandon: CancellationToken::new(),
        results,
    });
    let stop_recording = CancellationToken::new();
    let handing_out = hand_out::run(Arc::clone(worker));
    Ok(RunningWebhookSender {
        loops: vec![
            tasks::spawn("worker.webhooks.hand_out", handing_out),
            tasks::spawn("worker.webhooks.claim", Arc::clone(&sender).run()),
        ],
        recording: tasks::spawn(
            "worker.webhooks.record",
            record::run(Arc::clone(worker), ended, stop_recording.clone()),
        ),
        sender,
        stop_recording,
    })
}

impl WebhookSender {
    async fn run(self: Arc<Self>) {
        loop {
            match self.round().await {
                // A slot that becomes free may be filled at once.
                Ok(()) => {
                    let _ = timeout(POLL_INTERVAL, self.slots.freed()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "could not claim webhook deliveries");
                    tokio::time::sleep(FAILURE_PAUSE).await;
                }
            }
        }
    }

    async fn round(self: &Arc<Self>) -> store::Result<()> {
        let worker = &self.worker;
        if worker.has_wrong_clock() {
            return Ok(());
        }
        let due = webhook_queue::due(&worker.db, worker.clock.now()).await?;
        let due = self.in_their_pace(due).await?;
        let wanted = self.slots.free(&due, worker.chance.draw());
        if wanted.is_empty() {
            return Ok(());
        }
        let lease_id = ids::uuid_v7(&worker.clock);
        let now = worker.clock.now();
        let claimed =
            webhook_queue::claim(&worker.db, lease_id, now, LEASE_SECONDS, &wanted).await?;
        let webhooks: HashMap<Uuid, WebhookRow> =
            due.into_iter().map(|row| (row.id, row)).collect();
        for delivery in claimed {
            if let Some(webhook) = webhooks.get(&delivery.webhook_id) {
                self.start(webhook.clone(), delivery, lease_id);
            }
        }
        Ok(())
    }

    /// Webhooks that may be called now: all except those that fail, have never accepted anything,
    /// and were called too recently.
    async fn in_their_pace(&self, due: Vec<WebhookRow>) -> store::Result<Vec<WebhookRow>> {
        let worker = &self.worker;
        let now = worker.clock.now();
        let mut callable = Vec::with_capacity(due.len());
        for webhook in due {
            let failing_since = webhook
                .failing_since
                .filter(|_| webhook.proven_at.is_none());
            if let Some(since) = failing_since
                && let Some(last) = webhook_queue::last_call(&worker.db, webhook.id).await?
            {
                let pause = (now - since).to_std().unwrap_or_default() / UNPROVEN_PACE;
                let pause = hurried(pause, worker.settings.webhook_hurry.get());
                if (now - last).to_std().unwrap_or_default() < pause {
                    continue;
                }
            }
            callable.push(webhook);
        }
        Ok(callable)
    }

    fn start(self: &Arc<Self>, webhook: WebhookRow, delivery: DeliveryRow, lease_id: Uuid) {
        let slot = self.slots.take(&webhook);
        let sender = Arc::clone(self);
        let span = tracing::debug_span!(
            "worker.webhook.call",
            webhook.id = %webhook.id,
            delivery.id = %delivery.id,
        );
        let work = async move { sender.deliver(&webhook, &delivery, lease_id, slot).await };
        tasks::spawn_on(
            &self.calls,
            "worker.webhook",
            tracing::Instrument::instrument(work, span),
        );
    }

    async fn deliver(
        &self,
        webhook: &WebhookRow,
        delivery: &DeliveryRow,
        lease_id: Uuid,
        slot: CallSlot,
    ) {
        let started_at = self.worker.clock.now();
        let Some(about) = damage::sound("webhook_delivery", delivery.id, delivery.kind.get())
        else {
            self.set_aside(delivery.id, lease_id).await;
            return;
        };
        let called = tokio::select! {
            called = self.call(webhook, delivery) => called,
            () = self.abandon.cancelled() => None,
        };
        let Some((outcome, status)) = called else {
            self.give_back(delivery.id, lease_id).await;
            return;
        };
        counter!("luutru_webhook_attempts_total", "outcome" => outcome.as_str()).increment(1);
        let result = CallResult {
            delivery_id: delivery.id,
            lease_id,
            webhook_id: webhook.id,
            outcome,
            status,
            started_at,
            next_at: self.next_at(about, delivery.attempt_count, outcome),
            notice_id: ids::uuid_v7(&self.worker.clock),
        };
        let call = EndedCall {
            result,
            _slot: slot,
        };
        if self.results.send(call).await.is_err() {
            tracing::warn!(
                "could not write the result of a webhook call; the call will be repeated"
            );
        }
    }

    /// `None` when it cannot be called now.
    async fn call(
        &self,
        webhook: &WebhookRow,
        delivery: &DeliveryRow,
    ) -> Option<(CallOutcome, Option<u16>)> {
        let context = SealContext {
            table: SEALED_TABLE,
            row_id: webhook.id,
            version: 0,
            owner: Owner {
                organisation_id: webhook.organisation_id,
                facility_id: Uuid::nil(),
            },
        };
        let contents = &self.worker.contents;
        let opened = contents
            .open_webhook(&context, &webhook.sealed)
            .await
            .ok()?;
        let secrets: WebhookSecrets = serde_json::from_slice(&opened).ok()?;
        let now = self.worker.clock.now();
        let call = call::Call {
            client: &self.client,
            targets: &self.targets,
            url: &secrets.url,
            secret: &secrets.secret,
        };
        Some(call.post(delivery, now.timestamp()).await)
    }

    /// Ends a damaged delivery: nobody knows what would be sent.
    async fn set_aside(&self, delivery_id: Uuid, lease_id: Uuid) {
        let now = self.worker.clock.now();
        let failed = webhook_queue::fail(&self.worker.db, delivery_id, lease_id, now).await;
        if let Err(error) = failed {
            tracing::warn!(%error, "could not end a damaged delivery; it will be claimed again");
        }
    }

    async fn give_back(&self, delivery_id: Uuid, lease_id: Uuid) {
        // If it cannot be called, retry only after its lease.
        if !self.abandon.is_cancelled() {
            return;
        }
        let released = webhook_queue::release(&self.worker.db, delivery_id, lease_id).await;
        if let Err(error) = released {
            tracing::debug!(%error, "could not release a delivery; its lease will expire");
        }
    }

    fn next_at(
        &self,
        about: WebhookEvent,
        attempt_count: i32,
        outcome: CallOutcome,
    ) -> Option<chrono::DateTime<chrono::Utc>> {
        // A test delivery shows at once whether the webhook works.
        if outcome == CallOutcome::Delivered || about == WebhookEvent::Test {
            return None;
        }
        let attempt = u32::try_from(attempt_count).unwrap_or(u32::MAX);
        let wait = webhook::wait_after(attempt.saturating_add(1))?;
        let wait = hurried(wait, self.worker.settings.webhook_hurry.get());
        // Up to a tenth more, so that failures that happened together are not retried together.
        let wait = wait.mul_f64(1.0 + self.worker.chance.draw() / 10.0);
        Some(self.worker.clock.now() + TimeDelta::from_std(wait).unwrap_or_default())
    }
}

fn hurried(wait: Duration, hurry: u32) -> Duration {
    wait / hurry.max(1)
}

/// Counts disabled webhooks.
pub(crate) async fn measure(db: &store::Database) {
    match webhook_queue::disabled_count(db).await {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 rows")]
        Ok(count) => gauge!("luutru_webhook_disabled").set(count as f64),
        Err(error) => tracing::debug!(%error, "could not count webhooks"),
    }
}
