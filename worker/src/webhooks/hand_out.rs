//! Makes deliveries of numbered events, webhook by webhook.
//!
//! Every worker does this; the first to move a webhook's position wins. A webhook with too many
//! waiting deliveries gets no more for now: its position stays, and the feed keeps new events for
//! 30 days.

use std::{sync::Arc, time::Duration};

use domain::{
    event::EventKind,
    time::format_instant,
    webhook::{WAITING_COUNT_MAX, WebhookEvent},
};
use runtime::{clock::Clock, ids};
use serde_json::{Value, json};
use store::{
    Database, damage,
    events::{self, EventRow},
    webhook_queue,
    webhooks::{self, DeliveryRow, WebhookRow},
};

use crate::worker::Worker;

/// Events handed out by one transaction.
const PAGE_COUNT_MAX: u64 = 200;
/// How far a position may fall behind before it skips events that do not concern its webhook; less
/// writing than moving at each of them.
const LAG_MAX: i64 = 10_000;
/// Between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// After a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Runs until dropped.
pub(super) async fn run(worker: Arc<Worker>) {
    loop {
        if worker.has_wrong_clock() {
            tokio::time::sleep(POLL_INTERVAL).await;
            continue;
        }
        let pause = match hand_out_all(&worker.db, &worker.clock).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => POLL_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "could not hand out events to webhooks");
                FAILURE_PAUSE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// True when there may be more at once.
async fn hand_out_all(db: &Database, clock: &Clock) -> store::Result<bool> {
    let mut has_more = false;
    for webhook in webhook_queue::behind(db, clock.now(), LAG_MAX).await? {
        match hand_out(db, clock, &webhook).await {
            Ok(is_full) => has_more |= is_full,
            Err(error) => {
                tracing::warn!(webhook.id = %webhook.id, %error, "could not hand out events");
            }
        }
    }
    Ok(has_more)
}

async fn hand_out(db: &Database, clock: &Clock, webhook: &WebhookRow) -> store::Result<bool> {
    let scope = webhook_queue::scope(webhook)?;
    let kinds = webhooks::kinds(webhook)?;
    if webhook_queue::is_full(db, webhook.id, WAITING_COUNT_MAX).await? {
        return Ok(false);
    }
    let page = events::page(db, &scope, webhook.position, PAGE_COUNT_MAX).await?;
    let deliveries = page.items.iter().filter_map(|event| {
        let made = delivery(clock, webhook, kinds.as_deref(), event);
        damage::sound("event", event.id, made).flatten()
    });
    let deliveries: Vec<DeliveryRow> = deliveries.collect();
    webhook_queue::hand_out(db, webhook, page.reached, deliveries).await?;
    Ok(page.is_full)
}

/// The delivery of an event, if the webhook wants it.
///
/// Errors: the event is damaged. It cannot be sent, and the others do not wait for it.
fn delivery(
    clock: &Clock,
    webhook: &WebhookRow,
    kinds: Option<&[EventKind]>,
    event: &EventRow,
) -> store::Result<Option<DeliveryRow>> {
    let kind = event.kind.get()?;
    if kinds.is_some_and(|kinds| !kinds.contains(&kind)) {
        return Ok(None);
    }
    let (id, body) = (ids::uuid_v7(clock), body(event)?.to_string());
    let about = WebhookEvent::Feed(kind);
    let delivery = webhooks::new_delivery(id, webhook.id, event.id, about, body, clock.now());
    Ok(Some(delivery))
}

/// The payload: the members of the feed's event without its position in the feed.
fn body(event: &EventRow) -> store::Result<Value> {
    let mut data = events::detail(event)?;
    data.insert("facility_id".to_owned(), json!(event.facility_id));
    data.insert("stay_id".to_owned(), json!(event.stay_id));
    data.insert("version".to_owned(), json!(event.version));
    Ok(json!({
        "type": event.kind.get()?,
        "timestamp": format_instant(event.created_at),
        "data": data,
    }))
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::ValueType;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_body_has_type_timestamp_and_data() {
        let event = EventRow {
            id: Uuid::from_u128(1),
            organisation_id: None,
            facility_id: Some(Uuid::from_u128(2)),
            stay_id: None,
            version: Some(1),
            kind: EventKind::StayAccepted.into(),
            detail: r#"{"timeliness":"on_time"}"#.to_owned(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            sequence: Some(7),
        };
        let expected = json!({
            "type": "stay.accepted",
            "timestamp": "1970-01-01T07:00:00+07:00",
            "data": {
                "timeliness": "on_time",
                "facility_id": "00000000-0000-0000-0000-000000000002",
                "stay_id": null,
                "version": 1,
            },
        });
        assert_eq!(body(&event).unwrap(), expected);
        let damaged = EventRow {
            detail: "[]".to_owned(),
            ..event.clone()
        };
        assert!(matches!(
            body(&damaged),
            Err(store::Error::Corrupt {
                what: "event.detail"
            })
        ));
        let damaged = EventRow {
            kind: ValueType::try_from("thiềm".into()).unwrap(),
            ..event
        };
        assert!(matches!(
            body(&damaged),
            Err(store::Error::Corrupt { what: "EventKind" })
        ));
    }
}
