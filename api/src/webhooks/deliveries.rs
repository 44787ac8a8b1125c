//! A webhook's deliveries: pending ones, outcomes, and replays.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::problem::Code;
use domain::time::format_instant;
use domain::webhook::{WAITING_COUNT_MAX, WebhookEvent};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use serde::Serialize;
use serde_json::json;
use store::{
    damage,
    declarations::Idempotency,
    idempotency,
    webhooks::{DeliveryRow, GuardedOutcome, WebhookRow},
    word::{Unreadable, Word},
};
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Access, Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::idempotency::IdempotencyKey;
use crate::parameters::{Paged, Query};
use crate::problem::Failure;
use crate::reply::{Json, Replayed};
use crate::shapes::text::{Instant, WebhookEventWord, WebhookOutcomeWord, WebhookProgressWord};
use crate::topic::Topic;

/// The retry delay while too many deliveries wait for a webhook, in seconds.
const FULL_RETRY_AFTER_SECONDS: u32 = 60;

/// An event on its way to a webhook.
#[derive(Object, Serialize)]
#[oai(rename = "WebhookDelivery")]
pub(crate) struct WebhookDeliveryView {
    /// Its id.
    id: Uuid,
    /// The event, as the header `webhook-id` names it.
    event_id: Uuid,
    /// What happened. More words may come.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: WebhookEventWord,
    /// Where it is on its way.
    state: WebhookProgressWord,
    /// Attempts so far.
    attempts: i32,
    /// When it was made.
    created_at: Instant,
    /// When it will be tried; `null` when it is settled.
    #[oai(nullable)]
    next_attempt_at: Option<Instant>,
    /// When it was last tried.
    #[oai(nullable)]
    last_attempt_at: Option<Instant>,
    /// How that ended.
    #[oai(nullable)]
    last_outcome: Option<WebhookOutcomeWord>,
    /// The status that was answered.
    #[oai(nullable)]
    last_status: Option<i32>,
}

/// A part of the list of a webhook's deliveries.
#[derive(Object, Serialize)]
pub(crate) struct WebhookDeliveryPage {
    /// The deliveries, the newest first.
    items: Vec<WebhookDeliveryView>,
    /// Where to read on; `null` at the end.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// What is sent to a webhook.
pub(crate) struct DeliveriesApi(pub(crate) Arc<App>);

/// Deliveries are listed.
#[derive(ApiResponse)]
pub(crate) enum DeliveriesListed {
    /// A page of deliveries.
    #[oai(status = 200)]
    Page(Json<WebhookDeliveryPage>),
}

/// A delivery was begun.
#[derive(ApiResponse)]
pub(crate) enum DeliveryBegun {
    /// The delivery that will be tried.
    #[oai(status = 202)]
    First(Json<WebhookDeliveryView>),
    /// The first answer again.
    #[oai(status = 200)]
    Again(
        Json<WebhookDeliveryView>,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

impl Examples for DeliveriesApi {
    const EXAMPLES: &'static str = include_str!("deliveries.examples.json");
}

#[OpenApi]
impl DeliveriesApi {
    /// Try a webhook
    ///
    /// Sends an event `webhook.test`.
    #[oai(
        path = "/v1/webhooks/:id/test",
        method = "post",
        operation_id = "testWebhook",
        tag = "Topic::Events"
    )]
    async fn test(
        &self,
        admitted: Admitted<op::TestWebhook>,
        /// The webhook's id.
        Path(id): Path<Uuid>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<DeliveryBegun, Failure> {
        let webhook = super::find(&self.0, &admitted, id).await?;
        test(&self.0, &admitted, &webhook, &key).await
    }

    /// List a webhook's deliveries
    ///
    /// What was sent to it and what waits, newest first. Settled ones are kept for 30 days.
    #[oai(
        path = "/v1/webhooks/:id/deliveries",
        method = "get",
        operation_id = "listDeliveries",
        tag = "Topic::Events"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListDeliveries>,
        /// The webhook's id.
        Path(id): Path<Uuid>,
        mut query: Query<Paged>,
    ) -> Result<DeliveriesListed, Failure> {
        let app = &self.0;
        let webhook = super::find(app, &admitted, id).await?;
        let key_id = admitted.sender().key_id;
        let list = format!("webhooks/{}/deliveries", webhook.id);
        let page = query.page(&app.vault, &list, key_id);
        query.finish()?;
        let count = u64::try_from(page.limit)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let mut rows = store::webhooks::deliveries(&app.db, webhook.id, page.after, count).await?;
        let has_more = rows.len() > page.limit;
        rows.truncate(page.limit);
        let last = rows.last().filter(|_| has_more);
        let sound = rows.iter().filter_map(|row| {
            damage::sound("webhook_delivery", row.id, WebhookDeliveryView::of(row))
        });
        Ok(DeliveriesListed::Page(Json(WebhookDeliveryPage {
            items: sound.collect(),
            next_cursor: last.map(|row| cursor::write(&app.vault, &list, key_id, row.id)),
        })))
    }

    /// Send a delivery again
    ///
    /// Whatever became of it: the same bytes under the same `webhook-id`, as if for the first time.
    #[oai(
        path = "/v1/webhooks/:id/deliveries/:delivery_id/replay",
        method = "post",
        operation_id = "replayDelivery",
        tag = "Topic::Events"
    )]
    async fn replay(
        &self,
        admitted: Admitted<op::ReplayDelivery>,
        /// The webhook's id.
        Path(id): Path<Uuid>,
        /// The delivery's id.
        Path(delivery_id): Path<Uuid>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<DeliveryBegun, Failure> {
        let webhook = super::find(&self.0, &admitted, id).await?;
        replay(&self.0, &admitted, &webhook, delivery_id, &key).await
    }
}

/// Sends an event that means nothing.
async fn test(
    app: &App,
    admitted: &Admitted<impl Access>,
    webhook: &WebhookRow,
    key: &IdempotencyKey,
) -> Result<DeliveryBegun, Failure> {
    let now = app.clock.now();
    let path = format!("webhooks/{}/test", webhook.id);
    let guard = super::guard(app, admitted, key, webhook, &path, now)?;
    let begun = GuardedRequest {
        app,
        webhook,
        key,
        guard: guard.as_ref(),
        now,
    };
    if let Some(answer) = begun.before().await? {
        return Ok(answer);
    }
    must_be_enabled(webhook)?;
    admitted.ticket.caller.meter.take_webhook_test()?;
    if store::webhook_queue::is_full(&app.db, webhook.id, WAITING_COUNT_MAX).await? {
        return Err(Failure::new(Code::RateLimited).retry_after(FULL_RETRY_AFTER_SECONDS));
    }
    let row = new_test(app, webhook, now);
    let added = store::webhooks::add_delivery(&app.db, row.clone(), guard.as_ref()).await;
    match added.map_err(|error| key.failure(error))? {
        GuardedOutcome::Replayed(_) | GuardedOutcome::KeyReused => begun.by_twin().await,
        GuardedOutcome::Done | GuardedOutcome::NotDone => {
            key.count("new");
            Ok(DeliveryBegun::First(Json(WebhookDeliveryView::of(&row)?)))
        }
    }
}

fn new_test(app: &App, webhook: &WebhookRow, now: DateTime<Utc>) -> DeliveryRow {
    let body = json!({
        "type": WebhookEvent::Test.as_str(),
        "timestamp": format_instant(now),
        "data": {"webhook_id": webhook.id},
    });
    let event_id = ids::uuid_v7(&app.clock);
    let id = ids::uuid_v7(&app.clock);
    store::webhooks::new_delivery(
        id,
        webhook.id,
        event_id,
        WebhookEvent::Test,
        body.to_string(),
        now,
    )
}

/// Begins a delivery from its first attempt.
async fn replay(
    app: &App,
    admitted: &Admitted<impl Access>,
    webhook: &WebhookRow,
    delivery_id: Uuid,
    key: &IdempotencyKey,
) -> Result<DeliveryBegun, Failure> {
    let now = app.clock.now();
    let path = format!("webhooks/{}/deliveries/{delivery_id}/replay", webhook.id);
    let guard = super::guard(app, admitted, key, webhook, &path, now)?;
    let begun = GuardedRequest {
        app,
        webhook,
        key,
        guard: guard.as_ref(),
        now,
    };
    if let Some(answer) = begun.before().await? {
        return Ok(answer);
    }
    let row = delivery(app, webhook, delivery_id).await?;
    must_be_enabled(webhook)?;
    let replayed = store::webhooks::replay(&app.db, webhook.id, delivery_id, now, guard.as_ref());
    let row = match replayed.await.map_err(|error| key.failure(error))? {
        GuardedOutcome::Done => anew(row, now)?,
        GuardedOutcome::Replayed(_) | GuardedOutcome::KeyReused => return begun.by_twin().await,
        // It is under way, and goes on as it is.
        GuardedOutcome::NotDone => delivery(app, webhook, delivery_id).await?,
    };
    key.count("new");
    Ok(DeliveryBegun::First(Json(WebhookDeliveryView::of(&row)?)))
}

async fn delivery(app: &App, webhook: &WebhookRow, id: Uuid) -> Result<DeliveryRow, Failure> {
    let found = store::webhooks::delivery(&app.db, webhook.id, id).await?;
    found.ok_or_else(|| Failure::new(Code::NotFound))
}

/// A wish about deliveries of a webhook that may have come before under its key.
struct GuardedRequest<'a> {
    app: &'a App,
    webhook: &'a WebhookRow,
    key: &'a IdempotencyKey,
    guard: Option<&'a Idempotency>,
    now: DateTime<Utc>,
}

impl GuardedRequest<'_> {
    /// The first answer, if it came before.
    async fn before(&self) -> Result<Option<DeliveryBegun>, Failure> {
        let Some(guard) = self.guard else {
            return Ok(None);
        };
        let known = idempotency::find(&self.app.db, &guard.key_hash, self.now).await?;
        let Some(known) = known else {
            return Ok(None);
        };
        let first = known.subject_of(guard).ok_or_else(|| self.key.reused())?;
        let row = anew(
            delivery(self.app, self.webhook, first).await?,
            known.taken_at,
        )?;
        self.key.count("replay");
        Ok(Some(DeliveryBegun::Again(
            Json(WebhookDeliveryView::of(&row)?),
            Replayed::when(true),
        )))
    }

    /// The same after a twin was quicker.
    async fn by_twin(&self) -> Result<DeliveryBegun, Failure> {
        let answer = self.before().await?;
        answer.ok_or_else(|| Failure::new(Code::IdempotencyInProgress))
    }
}

/// A delivery as it is when it begins.
///
/// Errors: it is damaged.
fn anew(row: DeliveryRow, at: DateTime<Utc>) -> Result<DeliveryRow, Unreadable> {
    let (id, webhook_id, event_id) = (row.id, row.webhook_id, row.event_id);
    let about = row.kind.get()?;
    Ok(DeliveryRow {
        created_at: row.created_at,
        ..store::webhooks::new_delivery(id, webhook_id, event_id, about, row.body, at)
    })
}

fn must_be_enabled(webhook: &WebhookRow) -> Result<(), Failure> {
    if webhook.disabled_at.is_some() {
        return Err(Failure::new(Code::WebhookDisabled));
    }
    Ok(())
}

impl WebhookDeliveryView {
    fn of(row: &DeliveryRow) -> Result<Self, Unreadable> {
        let is_open = row.settled_at.is_none();
        let last_outcome = row.last_outcome.as_ref().map(Word::get).transpose()?;
        Ok(Self {
            id: row.id,
            event_id: row.event_id,
            kind: row.kind.get()?.into(),
            state: row.state.get()?.into(),
            attempts: row.attempt_count,
            created_at: Instant::of(row.created_at),
            next_attempt_at: is_open.then(|| Instant::of(row.due_at)),
            last_attempt_at: row.last_attempt_at.map(Instant::of),
            last_outcome: last_outcome.map(WebhookOutcomeWord::from),
            last_status: row.last_status,
        })
    }
}
