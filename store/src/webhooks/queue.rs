//! The webhook queue: each numbered event is handed out once to each webhook, deliveries are
//! claimed by lease, and their outcomes are recorded with the lease as fencing token.
//!
//! Each webhook has its own position in the feed, which moves in the transaction that creates its
//! deliveries: no event is skipped or handed out twice, whichever process dies and when. A disabled
//! webhook keeps its position and resumes there.

use chrono::{DateTime, Utc};
use domain::{
    event::EventKind,
    webhook::{CallOutcome, DisabledReason, EventProgress},
};
use entity::{webhook, webhook_delivery};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{
    Backend, Database, Result, dialect,
    events::{self, EventRow},
    pool::Transaction,
    rows,
    table_rows::{self, WebhookDeliveryRow},
    webhooks::{self, DeliveryRow, WebhookRow},
    write,
};

/// How many webhooks one pass examines.
const WEBHOOK_COUNT_MAX: u64 = 5_000;

/// The key is still valid. Once it ends, nothing is handed out and nothing is called, even before
/// the webhook is marked as disabled.
const HAS_KEY: &str = "NOT EXISTS (SELECT 1 FROM api_key WHERE api_key.id = webhook.created_by \
     AND (api_key.revoked_at IS NOT NULL OR api_key.expires_at <= ?))";

/// Disables the webhooks whose key has ended, notifies their organisations, and returns how many
/// there were. Pending deliveries go out once somebody with a valid key re-enables the webhook.
pub async fn disable_orphans(
    db: &Database,
    now: DateTime<Utc>,
    fresh_id: impl Fn() -> Uuid,
) -> Result<usize> {
    let backend = db.backend();
    let ended = format!("disabled_at IS NULL AND NOT {HAS_KEY}");
    let any = format!("SELECT 1 FROM webhook WHERE {ended} LIMIT 1");
    let any = dialect::statement(backend, &any, vec![rows::instant(now)]);
    if db.reader().query_one_raw(any).await?.is_none() {
        return Ok(0);
    }
    let transaction = write::begin(db).await?;
    let text = format!(
        "UPDATE webhook SET disabled_at = ?, disabled_reason = ? WHERE {ended} RETURNING *"
    );
    let reason = DisabledReason::KeyEnded;
    let values = vec![
        rows::instant(now),
        rows::text(reason.as_str()),
        rows::instant(now),
    ];
    let statement = dialect::statement(backend, &text, values);
    let disabled = WebhookRow::find_by_statement(statement)
        .all(&transaction)
        .await?;
    let events = disabled.iter().map(|row| {
        let webhook = (row.id, row.organisation_id);
        disabled_event(fresh_id(), webhook, reason, now)
    });
    let events: Vec<table_rows::EventRow> = events.collect();
    if !events.is_empty() {
        let insert = dialect::insert_rows(backend, "event", events, "");
        transaction.execute_raw(insert).await?;
    }
    write::commit(transaction).await?;
    db.wake().notify_events();
    Ok(disabled.len())
}

/// Tells the organisation that its webhook was disabled.
fn disabled_event(
    id: Uuid,
    (webhook_id, organisation_id): (Uuid, Uuid),
    reason: DisabledReason,
    now: DateTime<Utc>,
) -> table_rows::EventRow {
    let detail = serde_json::json!({"webhook_id": webhook_id, "reason": reason});
    table_rows::EventRow(EventRow {
        id,
        organisation_id: Some(organisation_id),
        facility_id: None,
        stay_id: None,
        version: None,
        kind: EventKind::WebhookDisabled.into(),
        detail: detail.to_string(),
        created_at: now,
        sequence: None,
    })
}

/// Enabled webhooks with events of their organisation ahead; also those that lag `lag_max` numbers
/// behind the feed.
pub async fn behind(db: &Database, now: DateTime<Utc>, lag_max: i64) -> Result<Vec<WebhookRow>> {
    let head = events::head(db).await?;
    let text = format!(
        "SELECT * FROM webhook WHERE disabled_at IS NULL AND {HAS_KEY} AND position < ? \
           AND (position < ? OR EXISTS (\
             SELECT 1 FROM event WHERE event.organisation_id = webhook.organisation_id \
               AND event.sequence > webhook.position AND event.sequence <= ?)) \
         ORDER BY position LIMIT {WEBHOOK_COUNT_MAX}"
    );
    let values = vec![
        rows::instant(now),
        rows::big_integer(head),
        rows::big_integer(head - lag_max),
        rows::big_integer(head),
    ];
    let statement = dialect::statement(db.backend(), &text, values);
    Ok(WebhookRow::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

/// What a webhook hears of.
pub fn scope(row: &WebhookRow) -> Result<events::FeedScope> {
    Ok(events::FeedScope {
        organisation_id: row.organisation_id,
        facility_ids: webhooks::facility_ids(row)?,
    })
}

/// Whether a webhook has `count_max` deliveries that are not settled.
pub async fn is_full(db: &Database, webhook_id: Uuid, count_max: u64) -> Result<bool> {
    let count = webhook_delivery::Entity::find()
        .filter(webhook_delivery::Column::WebhookId.eq(webhook_id))
        .filter(webhook_delivery::Column::SettledAt.is_null())
        .count(db.reader())
        .await?;
    Ok(count >= count_max)
}

/// Moves a webhook from `row.position` to `reached` and creates these deliveries, atomically. Does
/// nothing if another worker has moved it in the meantime, or it was disabled.
pub async fn hand_out(
    db: &Database,
    row: &WebhookRow,
    reached: i64,
    deliveries: Vec<DeliveryRow>,
) -> Result<()> {
    let backend = db.backend();
    let transaction = write::begin(db).await?;
    let text = "UPDATE webhook SET position = ? \
                WHERE id = ? AND position = ? AND disabled_at IS NULL";
    let values = vec![
        rows::big_integer(reached),
        rows::uuid(row.id),
        rows::big_integer(row.position),
    ];
    let moved = transaction
        .execute_raw(dialect::statement(backend, text, values))
        .await?;
    if moved.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(());
    }
    if !deliveries.is_empty() {
        let rows = deliveries.into_iter().map(WebhookDeliveryRow).collect();
        let once = "ON CONFLICT (webhook_id, event_id) DO NOTHING";
        let insert = dialect::insert_rows(backend, "webhook_delivery", rows, once);
        transaction.execute_raw(insert).await?;
    }
    write::commit(transaction).await
}

/// Enabled webhooks with a due delivery that nobody has claimed.
pub async fn due(db: &Database, now: DateTime<Utc>) -> Result<Vec<WebhookRow>> {
    let backend = db.backend();
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let text = format!(
        "SELECT * FROM webhook WHERE disabled_at IS NULL AND {HAS_KEY} AND EXISTS (\
           SELECT 1 FROM webhook_delivery AS d WHERE d.webhook_id = webhook.id \
             AND d.settled_at IS NULL AND d.due_at <= ? \
             AND (d.leased_until IS NULL OR d.leased_until <= {lease_now})) \
         ORDER BY id LIMIT {WEBHOOK_COUNT_MAX}"
    );
    let mut values = vec![rows::instant(now), rows::instant(now)];
    values.extend(lease_now_values);
    let statement = dialect::statement(backend, &text, values);
    Ok(WebhookRow::find_by_statement(statement)
        .all(db.reader())
        .await?)
}

/// When a webhook was called last.
pub async fn last_call(db: &Database, webhook_id: Uuid) -> Result<Option<DateTime<Utc>>> {
    Ok(webhook_delivery::Entity::find()
        .select_only()
        .column(webhook_delivery::Column::LastAttemptAt)
        .filter(webhook_delivery::Column::WebhookId.eq(webhook_id))
        .filter(webhook_delivery::Column::LastAttemptAt.is_not_null())
        .order_by_desc(webhook_delivery::Column::LastAttemptAt)
        .into_tuple::<DateTime<Utc>>()
        .one(db.reader())
        .await?)
}

/// Claims due deliveries for these webhooks, up to a limit for each, under one new lease.
pub async fn claim(
    db: &Database,
    lease_id: Uuid,
    now: DateTime<Utc>,
    lease_seconds: u32,
    wanted: &[(Uuid, u32)],
) -> Result<Vec<DeliveryRow>> {
    let backend = db.backend();
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let (lease_end, lease_end_value) = dialect::lease_end(backend, now, lease_seconds);
    let transaction = write::begin(db).await?;
    let mut claimed = Vec::new();
    for (webhook_id, limit) in wanted {
        let text = format!(
            "WITH picked AS MATERIALIZED (\
               SELECT id FROM webhook_delivery \
               WHERE webhook_id = ? AND settled_at IS NULL AND due_at <= ? \
                 AND (leased_until IS NULL OR leased_until <= {lease_now}) \
               ORDER BY due_at, id LIMIT {limit} {}) \
             UPDATE webhook_delivery SET lease_id = ?, leased_until = {lease_end} \
             WHERE id IN (SELECT id FROM picked) RETURNING *",
            dialect::skip_locked(backend)
        );
        let mut values = vec![rows::uuid(*webhook_id), rows::instant(now)];
        values.extend(lease_now_values.clone());
        values.push(rows::uuid(lease_id));
        values.push(lease_end_value.clone());
        let statement = dialect::statement(backend, &text, values);
        let found = DeliveryRow::find_by_statement(statement);
        claimed.extend(found.all(&transaction).await?);
    }
    write::commit(transaction).await?;
    claimed.sort_by_key(|row| (row.due_at, row.id));
    Ok(claimed)
}

/// Gives a claim back untried.
pub async fn release(db: &Database, id: Uuid, lease_id: Uuid) -> Result<()> {
    let text = "UPDATE webhook_delivery SET lease_id = NULL, leased_until = NULL \
                WHERE id = ? AND lease_id = ?";
    let values = vec![rows::uuid(id), rows::uuid(lease_id)];
    let statement = dialect::statement(db.backend(), text, values);
    db.writer().execute_raw(statement).await?;
    Ok(())
}

/// Ends a delivery that is not to be sent, without a call.
pub async fn fail(db: &Database, id: Uuid, lease_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let text = "UPDATE webhook_delivery SET state = ?, lease_id = NULL, leased_until = NULL, \
                  settled_at = ? \
                WHERE id = ? AND lease_id = ? AND settled_at IS NULL";
    let values = vec![
        rows::text(EventProgress::Failed.as_str()),
        rows::instant(now),
        rows::uuid(id),
        rows::uuid(lease_id),
    ];
    let statement = dialect::statement(db.backend(), text, values);
    db.writer().execute_raw(statement).await?;
    Ok(())
}

/// What became of one call.
#[derive(Clone, Debug)]
pub struct CallResult {
    /// The delivery.
    pub delivery_id: Uuid,
    /// The lease under which it was made; a lost one changes nothing.
    pub lease_id: Uuid,
    /// Its webhook.
    pub webhook_id: Uuid,
    /// How it ended.
    pub outcome: CallOutcome,
    /// The status of the answer.
    pub status: Option<u16>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When to retry, if it failed; `None`: never.
    pub next_at: Option<DateTime<Utc>>,
    /// The event for the owner in case the webhook is disabled.
    pub notice_id: Uuid,
}

/// Records a group of results in one transaction. Disables each webhook whose consumer is gone or
/// which has only failed since `failing_limit`, and returns those.
pub async fn record(
    db: &Database,
    results: &[CallResult],
    now: DateTime<Utc>,
    failing_limit: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    // Concurrent workers lock in the same order, so they cannot deadlock.
    let mut results: Vec<&CallResult> = results.iter().collect();
    results.sort_by_key(|result| (result.webhook_id, result.started_at));
    let transaction = write::begin(db).await?;
    let mut disabled = Vec::new();
    for result in results {
        if !settle(&transaction, result, now).await? {
            continue;
        }
        if result.outcome == CallOutcome::Delivered {
            note_well(&transaction, result.webhook_id, now).await?;
        } else if disable_if_due(&transaction, result, now, failing_limit).await? {
            disabled.push(result.webhook_id);
        }
    }
    write::commit(transaction).await?;
    if !disabled.is_empty() {
        db.wake().notify_events();
    }
    Ok(disabled)
}

/// Returns whether the lease still held.
async fn settle(
    transaction: &Transaction,
    result: &CallResult,
    now: DateTime<Utc>,
) -> Result<bool> {
    let is_delivered = result.outcome == CallOutcome::Delivered;
    let (state, settled_at) = match result.next_at {
        _ if is_delivered => (EventProgress::Delivered, Some(now)),
        Some(_) => (EventProgress::Waiting, None),
        None => (EventProgress::Failed, Some(now)),
    };
    let text = "UPDATE webhook_delivery SET state = ?, attempt_count = attempt_count + 1, \
                  due_at = ?, lease_id = NULL, leased_until = NULL, last_attempt_at = ?, \
                  last_outcome = ?, last_status = ?, settled_at = ? \
                WHERE id = ? AND lease_id = ? AND settled_at IS NULL";
    let values = vec![
        rows::text(state.as_str()),
        rows::instant(result.next_at.unwrap_or(now)),
        rows::instant(result.started_at),
        rows::text(result.outcome.as_str()),
        rows::integer_null(result.status.map(i32::from)),
        rows::instant_null(settled_at),
        rows::uuid(result.delivery_id),
        rows::uuid(result.lease_id),
    ];
    let changed = transaction
        .execute_raw(dialect::statement(Backend::of(transaction), text, values))
        .await?;
    Ok(changed.rows_affected() == 1)
}

async fn note_well(transaction: &Transaction, webhook_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let text = "UPDATE webhook SET failing_since = NULL, proven_at = COALESCE(proven_at, ?) \
                WHERE id = ? AND (failing_since IS NOT NULL OR proven_at IS NULL)";
    let values = vec![rows::instant(now), rows::uuid(webhook_id)];
    let statement = dialect::statement(Backend::of(transaction), text, values);
    transaction.execute_raw(statement).await?;
    Ok(())
}

/// Records the failure and returns whether it disabled the webhook.
async fn disable_if_due(
    transaction: &Transaction,
    result: &CallResult,
    now: DateTime<Utc>,
    failing_limit: DateTime<Utc>,
) -> Result<bool> {
    let backend = Backend::of(transaction);
    let text = "UPDATE webhook SET failing_since = ? WHERE id = ? AND failing_since IS NULL";
    let values = vec![rows::instant(now), rows::uuid(result.webhook_id)];
    let statement = dialect::statement(backend, text, values);
    transaction.execute_raw(statement).await?;
    let is_gone = result.outcome == CallOutcome::Gone;
    let reason = if is_gone {
        DisabledReason::Gone
    } else {
        DisabledReason::Failing
    };
    let text = "UPDATE webhook SET disabled_at = ?, disabled_reason = ? \
                WHERE id = ? AND disabled_at IS NULL AND (? OR failing_since <= ?) \
                RETURNING organisation_id";
    let values = vec![
        rows::instant(now),
        rows::text(reason.as_str()),
        rows::uuid(result.webhook_id),
        rows::boolean(is_gone),
        rows::instant(failing_limit),
    ];
    let statement = dialect::statement(backend, text, values);
    let Some(row) = transaction.query_one_raw(statement).await? else {
        return Ok(false);
    };
    let webhook = (result.webhook_id, row.try_get("", "organisation_id")?);
    let rows = vec![disabled_event(result.notice_id, webhook, reason, now)];
    let insert = dialect::insert_rows(backend, "event", rows, "ON CONFLICT (id) DO NOTHING");
    transaction.execute_raw(insert).await?;
    Ok(true)
}

/// How many webhooks are disabled.
pub async fn disabled_count(db: &Database) -> Result<u64> {
    Ok(webhook::Entity::find()
        .filter(webhook::Column::DisabledAt.is_not_null())
        .count(db.reader())
        .await?)
}

/// Deletes up to `limit` deliveries that were settled before `end` or whose webhook is gone, and
/// returns how many it deleted.
pub async fn forget(db: &Database, end: DateTime<Utc>, limit: u64) -> Result<u64> {
    let old = format!(
        "DELETE FROM webhook_delivery WHERE id IN (\
           SELECT id FROM webhook_delivery WHERE settled_at < ? LIMIT {limit})"
    );
    let old = dialect::statement(db.backend(), &old, vec![rows::instant(end)]);
    let old = db.writer().execute_raw(old).await?.rows_affected();
    let orphans = format!(
        "DELETE FROM webhook_delivery WHERE id IN (\
           SELECT id FROM webhook_delivery WHERE NOT EXISTS (\
             SELECT 1 FROM webhook WHERE webhook.id = webhook_delivery.webhook_id) \
           LIMIT {limit})"
    );
    let orphans = dialect::statement(db.backend(), &orphans, Vec::new());
    let orphans = db.writer().execute_raw(orphans).await?.rows_affected();
    Ok(old.max(orphans))
}
