//! Makes deliveries of numbered events, webhook by webhook.
//!
//! Every worker does this; the first to move a webhook's position wins. A webhook with too many
//! waiting deliveries gets no more for now: its position stays, and the feed keeps new events for
//! 30 days.

use std::{collections::HashSet, sync::Arc, time::Duration};

use domain::{time::format_instant, webhook::WAITING_COUNT_MAX};
use runtime::{clock::Clock, ids};
use serde_json::{Value, json};
use store::{
    Database,
    events::{self, EventRow},
    webhook_queue,
    webhooks::{self, DeliveryRow, WebhookRow},
};

use crate::run::Worker;

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
    let kinds = webhook_queue::kinds(webhook)?;
    if webhook_queue::is_full(db, webhook.id, WAITING_COUNT_MAX).await? {
        return Ok(false);
    }
    let page = events::page(db, &scope, webhook.position, PAGE_COUNT_MAX).await?;
    let wanted = page
        .items
        .iter()
        .filter(|event| is_wanted(kinds.as_ref(), event));
    let deliveries = wanted.map(|event| delivery(clock, webhook, event));
    let deliveries: Vec<DeliveryRow> = deliveries.collect();
    webhook_queue::hand_out(db, webhook, page.reached, deliveries).await?;
    Ok(page.is_full)
}

fn is_wanted(kinds: Option<&HashSet<String>>, event: &EventRow) -> bool {
    kinds.is_none_or(|kinds| kinds.contains(&event.kind))
}

fn delivery(clock: &Clock, webhook: &WebhookRow, event: &EventRow) -> DeliveryRow {
    let id = ids::uuid_v7(clock);
    let body = body(event).to_string();
    webhooks::new_delivery(id, webhook.id, event.id, &event.kind, body, clock.now())
}

/// The payload: the members of the feed's event without its position in the feed.
fn body(event: &EventRow) -> Value {
    let mut data: Value = serde_json::from_str(&event.detail).unwrap_or_else(|_| json!({}));
    if !data.is_object() {
        data = json!({});
    }
    data["facility_id"] = json!(event.facility_id);
    data["stay_id"] = json!(event.stay_id);
    data["version"] = json!(event.version);
    json!({
        "type": event.kind,
        "timestamp": format_instant(event.created_at),
        "data": data,
    })
}

#[cfg(test)]
mod tests {
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
            kind: "stay.accepted".to_owned(),
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
        assert_eq!(body(&event), expected);
        let damaged = EventRow {
            detail: "[]".to_owned(),
            ..event
        };
        assert_eq!(body(&damaged)["data"]["version"], 1);
    }
}
