//! What is on its way to a webhook, what became of it, and sending it again.

use domain::problem::Code;
use domain::time::format_instant;
use domain::webhook::{TEST, WAITING_COUNT_MAX};
use poem::http::StatusCode;
use runtime::ids;
use serde_json::json;
use store::webhooks::{DeliveryRow, WebhookRow};

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Asking};
use crate::cursor;
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
) -> Result<Answer<WebhookDeliveryView>, Failure> {
    let webhook = enabled(app, admitted, id).await?;
    admitted.ticket.caller.meter.take_webhook_test()?;
    if store::webhook_queue::is_full(&app.db, webhook.id, WAITING_COUNT_MAX).await? {
        return Err(Failure::new(Code::RateLimited).retry_after(FULL_RETRY_AFTER_SECONDS));
    }
    let now = app.clock.now();
    let body = json!({
        "type": TEST,
        "timestamp": format_instant(now),
        "data": {"webhook_id": webhook.id},
    });
    let event_id = ids::uuid_v7(&app.clock);
    let id = ids::uuid_v7(&app.clock);
    let body = body.to_string();
    let row = store::webhooks::new_delivery(id, webhook.id, event_id, TEST, body, now);
    store::webhooks::add_delivery(&app.db, row.clone()).await?;
    Ok(Answer::of(&view(&row)).with_status(StatusCode::ACCEPTED))
}

/// Begins a delivery anew.
pub(crate) async fn replay(
    app: &App,
    admitted: &Admitted<Asking>,
    id: &str,
    delivery_id: &str,
) -> Result<Answer<WebhookDeliveryView>, Failure> {
    let webhook = super::find(app, admitted, id).await?;
    let absent = || Failure::new(Code::NotFound);
    let delivery_id = id_of(delivery_id)?;
    let found = store::webhooks::delivery(&app.db, webhook.id, delivery_id).await?;
    found.ok_or_else(absent)?;
    must_be_enabled(&webhook)?;
    store::webhooks::replay(&app.db, webhook.id, delivery_id, app.clock.now()).await?;
    let row = store::webhooks::delivery(&app.db, webhook.id, delivery_id).await?;
    let row = row.ok_or_else(absent)?;
    Ok(Answer::of(&view(&row)).with_status(StatusCode::ACCEPTED))
}

async fn enabled(app: &App, admitted: &Admitted<Asking>, id: &str) -> Result<WebhookRow, Failure> {
    let webhook = super::find(app, admitted, id).await?;
    must_be_enabled(&webhook)?;
    Ok(webhook)
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
