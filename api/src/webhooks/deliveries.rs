//! What is on its way to a webhook, what became of it, and sending it again.

use chrono::{DateTime, Utc};
use domain::problem::Code;
use domain::time::format_instant;
use domain::webhook::{TEST, WAITING_COUNT_MAX};
use poem::http::StatusCode;
use runtime::ids;
use serde_json::json;
use store::{
    declarations::Idempotency,
    idempotency,
    webhooks::{Deed, DeliveryRow, WebhookRow},
};
use uuid::Uuid;

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Asking};
use crate::cursor;
use crate::idempotency::IdempotencyKey;
use crate::problem::Failure;
use crate::query::{Query, id_of};
use crate::shapes::text::{Instant, WebhookEventWord, WebhookOutcomeWord, WebhookProgressWord};
use crate::shapes::{WebhookDeliveryPage, WebhookDeliveryView};

/// When to come again while too much waits for a webhook, in seconds.
const FULL_RETRY_AFTER_SECONDS: u32 = 60;

/// A page of a webhook's deliveries, newest first.
pub(crate) async fn list(
    app: &App,
    admitted: &Admitted<Asking>,
    id: &str,
    mut query: Query,
) -> Result<Answer<WebhookDeliveryPage>, Failure> {
    let webhook = super::find(app, admitted, id).await?;
    let key_id = admitted.sender().key_id;
    let list = format!("webhooks/{}/deliveries", webhook.id);
    let page = query.page(&app.vault, &list, key_id);
    query.finish()?;
    let limit = u64::try_from(page.limit).unwrap_or(u64::MAX);
    let mut rows =
        store::webhooks::deliveries(&app.db, webhook.id, page.after, limit.saturating_add(1))
            .await?;
    let has_more = rows.len() > page.limit;
    rows.truncate(page.limit);
    let last = rows.last().filter(|_| has_more);
    Ok(Answer::of(&WebhookDeliveryPage {
        items: rows.iter().map(view).collect(),
        next_cursor: last.map(|row| cursor::write(&app.vault, &list, key_id, row.id)),
    }))
}

/// Sends an event that means nothing.
pub(crate) async fn test(
    app: &App,
    admitted: &Admitted<Asking>,
    id: &str,
    key: &IdempotencyKey,
) -> Result<Answer<WebhookDeliveryView>, Failure> {
    let webhook = super::find(app, admitted, id).await?;
    let now = app.clock.now();
    let path = format!("webhooks/{}/test", webhook.id);
    let guard = super::guard(app, admitted, key, &webhook, &path, now);
    let begun = Begun {
        app,
        webhook: &webhook,
        key,
        guard: guard.as_ref(),
        now,
    };
    if let Some(answer) = begun.before().await? {
        return Ok(answer);
    }
    must_be_enabled(&webhook)?;
    admitted.ticket.caller.meter.take_webhook_test()?;
    if store::webhook_queue::is_full(&app.db, webhook.id, WAITING_COUNT_MAX).await? {
        return Err(Failure::new(Code::RateLimited).retry_after(FULL_RETRY_AFTER_SECONDS));
    }
    let body = json!({
        "type": TEST,
        "timestamp": format_instant(now),
        "data": {"webhook_id": webhook.id},
    });
    let event_id = ids::uuid_v7(&app.clock);
    let id = ids::uuid_v7(&app.clock);
    let body = body.to_string();
    let row = store::webhooks::new_delivery(id, webhook.id, event_id, TEST, body, now);
    let added = store::webhooks::add_delivery(&app.db, row.clone(), guard.as_ref()).await;
    match added.map_err(|error| key.failure(error))? {
        Deed::Replayed(_) | Deed::KeyReused => begun.by_twin().await,
        Deed::Done | Deed::NotDone => {
            key.count("new");
            Ok(Answer::of(&view(&row)).with_status(StatusCode::ACCEPTED))
        }
    }
}

/// Begins a delivery anew.
pub(crate) async fn replay(
    app: &App,
    admitted: &Admitted<Asking>,
    id: &str,
    delivery_id: &str,
    key: &IdempotencyKey,
) -> Result<Answer<WebhookDeliveryView>, Failure> {
    let webhook = super::find(app, admitted, id).await?;
    let delivery_id = id_of(delivery_id)?;
    let now = app.clock.now();
    let path = format!("webhooks/{}/deliveries/{delivery_id}/replay", webhook.id);
    let guard = super::guard(app, admitted, key, &webhook, &path, now);
    let begun = Begun {
        app,
        webhook: &webhook,
        key,
        guard: guard.as_ref(),
        now,
    };
    if let Some(answer) = begun.before().await? {
        return Ok(answer);
    }
    let row = delivery(app, &webhook, delivery_id).await?;
    must_be_enabled(&webhook)?;
    let replayed = store::webhooks::replay(&app.db, webhook.id, delivery_id, now, guard.as_ref());
    let row = match replayed.await.map_err(|error| key.failure(error))? {
        Deed::Done => anew(row, now),
        Deed::Replayed(_) | Deed::KeyReused => return begun.by_twin().await,
        // It is under way, and goes on as it is.
        Deed::NotDone => delivery(app, &webhook, delivery_id).await?,
    };
    key.count("new");
    Ok(Answer::of(&view(&row)).with_status(StatusCode::ACCEPTED))
}

async fn delivery(app: &App, webhook: &WebhookRow, id: Uuid) -> Result<DeliveryRow, Failure> {
    let found = store::webhooks::delivery(&app.db, webhook.id, id).await?;
    found.ok_or_else(|| Failure::new(Code::NotFound))
}

/// A wish about deliveries of a webhook that may have come before under its key.
struct Begun<'a> {
    app: &'a App,
    webhook: &'a WebhookRow,
    key: &'a IdempotencyKey,
    guard: Option<&'a Idempotency>,
    now: DateTime<Utc>,
}

impl Begun<'_> {
    /// The first answer, if it came before.
    async fn before(&self) -> Result<Option<Answer<WebhookDeliveryView>>, Failure> {
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
        );
        self.key.count("replay");
        Ok(Some(Answer::of(&view(&row)).replayed(true)))
    }

    /// The same after a twin was quicker.
    async fn by_twin(&self) -> Result<Answer<WebhookDeliveryView>, Failure> {
        let answer = self.before().await?;
        answer.ok_or_else(|| Failure::new(Code::IdempotencyInProgress))
    }
}

/// A delivery as it is when it begins.
fn anew(row: DeliveryRow, at: DateTime<Utc>) -> DeliveryRow {
    DeliveryRow {
        created_at: row.created_at,
        ..store::webhooks::new_delivery(
            row.id,
            row.webhook_id,
            row.event_id,
            &row.kind,
            row.body,
            at,
        )
    }
}

fn must_be_enabled(webhook: &WebhookRow) -> Result<(), Failure> {
    if webhook.disabled_at.is_some() {
        return Err(Failure::new(Code::WebhookDisabled));
    }
    Ok(())
}

fn view(row: &DeliveryRow) -> WebhookDeliveryView {
    let instant = |at| Instant(format_instant(at));
    let is_open = row.settled_at.is_none();
    WebhookDeliveryView {
        id: row.id,
        event_id: row.event_id,
        kind: WebhookEventWord(row.kind.clone()),
        state: WebhookProgressWord(row.state.clone()),
        attempts: row.attempt_count,
        created_at: instant(row.created_at),
        next_attempt_at: is_open.then(|| instant(row.due_at)),
        last_attempt_at: row.last_attempt_at.map(instant),
        last_outcome: row.last_outcome.clone().map(WebhookOutcomeWord),
        last_status: row.last_status,
    }
}
