//! Webhooks as their owners see them: created, listed, re-enabled and deleted, with the deliveries
//! on their way to each.

pub mod queue;

use chrono::{DateTime, Utc};
use domain::{
    event::EventKind,
    webhook::{EventProgress, WebhookEvent},
};
use entity::{webhook, webhook_delivery};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Backend, Database, Error, Result, audit, dialect,
    idempotency::{self, Idempotency},
    pool::Transaction,
    rows,
    table_rows::{AuditRow, WebhookDeliveryRow},
    write,
};

/// A webhook as stored: address and secret are sealed.
pub type WebhookRow = webhook::Model;
/// A delivery as stored.
pub type DeliveryRow = webhook_delivery::Model;

/// A webhook as it is made.
pub struct NewWebhook {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The facilities whose events it hears of; `None`: all of the organisation.
    pub facility_ids: Option<Vec<Uuid>>,
    /// The kinds of events that it wants; `None`: all.
    pub kinds: Option<Vec<EventKind>>,
    /// Its address and secret.
    pub sealed: Vec<u8>,
    /// The number of the event after which it begins.
    pub position: i64,
    /// The key with which it ends.
    pub created_by: Uuid,
    /// When it is made.
    pub created_at: DateTime<Utc>,
}

impl From<NewWebhook> for WebhookRow {
    fn from(new: NewWebhook) -> Self {
        Self {
            id: new.id,
            organisation_id: new.organisation_id,
            facility_ids: new.facility_ids.map(|ids| json!(ids).to_string()),
            kinds: new.kinds.map(|kinds| json!(kinds).to_string()),
            sealed: new.sealed,
            position: new.position,
            created_by: new.created_by,
            created_at: new.created_at,
            failing_since: None,
            disabled_at: None,
            disabled_reason: None,
            proven_at: None,
        }
    }
}

/// The outcome of a request that may be repeated under one `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardedOutcome {
    /// It is done.
    Done,
    /// A replay under this key, for this webhook or delivery.
    Replayed(Uuid),
    /// The key was used by another request.
    KeyReused,
    /// It cannot be done; nothing was written, and the key stays free.
    NotDone,
}

/// Takes the key of a request, if it has one. Returns the answer to give instead if the key was
/// already taken.
async fn take(
    transaction: &Transaction,
    key: Option<&Idempotency>,
    subject_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<GuardedOutcome>> {
    let Some(key) = key else {
        return Ok(None);
    };
    let known = idempotency::take(transaction, key, subject_id, now).await?;
    Ok(known.map(|known| known.map_or(GuardedOutcome::KeyReused, GuardedOutcome::Replayed)))
}

/// A delivery that begins at `now`.
pub fn new_delivery(
    id: Uuid,
    webhook_id: Uuid,
    event_id: Uuid,
    kind: WebhookEvent,
    body: String,
    now: DateTime<Utc>,
) -> DeliveryRow {
    DeliveryRow {
        id,
        webhook_id,
        event_id,
        kind: kind.into(),
        body,
        state: EventProgress::Waiting.into(),
        attempt_count: 0,
        due_at: now,
        lease_id: None,
        leased_until: None,
        last_attempt_at: None,
        last_outcome: None,
        last_status: None,
        created_at: now,
        settled_at: None,
    }
}

/// Adds a webhook unless its organisation has `count_max` already.
pub async fn insert(
    db: &Database,
    row: WebhookRow,
    count_max: u64,
    entry: audit::Entry,
    key: Option<&Idempotency>,
) -> Result<GuardedOutcome> {
    let transaction = write::begin(db).await?;
    if let Some(other) = take(&transaction, key, row.id, entry.at).await? {
        transaction.rollback().await?;
        return Ok(other);
    }
    let count = webhook::Entity::find()
        .filter(webhook::Column::OrganisationId.eq(row.organisation_id))
        .count(&transaction)
        .await?;
    if count >= count_max {
        transaction.rollback().await?;
        return Ok(GuardedOutcome::NotDone);
    }
    webhook::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(&transaction)
        .await?;
    note(&transaction, entry).await?;
    write::commit(transaction).await?;
    Ok(GuardedOutcome::Done)
}

/// The facilities whose events a webhook hears of; `None`: all of its organisation.
pub fn facility_ids(row: &WebhookRow) -> Result<Option<Vec<Uuid>>> {
    let ids = row.facility_ids.as_deref().map(serde_json::from_str);
    ids.transpose().map_err(|_| Error::Corrupt {
        what: "webhook.facility_ids",
    })
}

/// The kinds of events that a webhook wants; `None`: all.
pub fn kinds(row: &WebhookRow) -> Result<Option<Vec<EventKind>>> {
    let kinds = row.kinds.as_deref().map(serde_json::from_str);
    kinds.transpose().map_err(|_| Error::Corrupt {
        what: "webhook.kinds",
    })
}

/// The webhooks of an organisation, oldest first.
pub async fn of_organisation(db: &Database, organisation_id: Uuid) -> Result<Vec<WebhookRow>> {
    Ok(webhook::Entity::find()
        .filter(webhook::Column::OrganisationId.eq(organisation_id))
        .order_by_asc(webhook::Column::Id)
        .all(db.reader())
        .await?)
}

/// The webhook of this id, if it is the organisation's.
pub async fn find(db: &Database, organisation_id: Uuid, id: Uuid) -> Result<Option<WebhookRow>> {
    Ok(webhook::Entity::find_by_id(id)
        .filter(webhook::Column::OrganisationId.eq(organisation_id))
        .one(db.reader())
        .await?)
}

/// Deletes a webhook; its pending deliveries are swept later. Returns whether it existed.
pub async fn delete(db: &Database, id: Uuid, entry: audit::Entry) -> Result<bool> {
    let transaction = write::begin(db).await?;
    let deleted = webhook::Entity::delete_by_id(id).exec(&transaction).await?;
    if deleted.rows_affected == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    note(&transaction, entry).await?;
    write::commit(transaction).await?;
    Ok(true)
}

/// Re-enables a webhook: it resumes where it stopped, and its pending deliveries are due now. One
/// that was not disabled and has never accepted anything keeps its pace: asking does not speed it
/// up. From now on it belongs to this key and ends with it. Not done if it does not exist.
pub async fn enable(
    db: &Database,
    (id, key_id): (Uuid, Uuid),
    now: DateTime<Utc>,
    entry: audit::Entry,
    key: Option<&Idempotency>,
) -> Result<GuardedOutcome> {
    let transaction = write::begin(db).await?;
    if let Some(other) = take(&transaction, key, id, now).await? {
        transaction.rollback().await?;
        return Ok(other);
    }
    let enabled = webhook::Entity::update_many()
        .col_expr(webhook::Column::CreatedBy, Expr::value(key_id))
        .col_expr(
            webhook::Column::FailingSince,
            Expr::cust(
                "CASE WHEN proven_at IS NULL AND disabled_at IS NULL \
                 THEN failing_since ELSE NULL END",
            ),
        )
        .col_expr(webhook::Column::DisabledAt, none())
        .col_expr(webhook::Column::DisabledReason, none())
        .filter(webhook::Column::Id.eq(id))
        .exec(&transaction)
        .await?;
    if enabled.rows_affected == 0 {
        transaction.rollback().await?;
        return Ok(GuardedOutcome::NotDone);
    }
    webhook_delivery::Entity::update_many()
        .col_expr(webhook_delivery::Column::DueAt, Expr::value(now))
        .filter(webhook_delivery::Column::WebhookId.eq(id))
        .filter(webhook_delivery::Column::SettledAt.is_null())
        .filter(webhook_delivery::Column::DueAt.gt(now))
        .exec(&transaction)
        .await?;
    note(&transaction, entry).await?;
    write::commit(transaction).await?;
    Ok(GuardedOutcome::Done)
}

fn none() -> sea_orm::sea_query::SimpleExpr {
    Expr::cust("NULL")
}

async fn note(connection: &impl ConnectionTrait, entry: audit::Entry) -> Result<()> {
    let rows = vec![AuditRow(entry)];
    let statement = dialect::insert_rows(Backend::of(connection), "audit_entry", rows, "");
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Deliveries of a webhook, newest first, at most `limit`, those older than `before` only.
pub async fn deliveries(
    db: &Database,
    webhook_id: Uuid,
    before: Option<Uuid>,
    limit: u64,
) -> Result<Vec<DeliveryRow>> {
    let mut query =
        webhook_delivery::Entity::find().filter(webhook_delivery::Column::WebhookId.eq(webhook_id));
    if let Some(before) = before {
        query = query.filter(webhook_delivery::Column::Id.lt(before));
    }
    Ok(query
        .order_by_desc(webhook_delivery::Column::Id)
        .limit(limit)
        .all(db.reader())
        .await?)
}

/// A delivery of a webhook.
pub async fn delivery(db: &Database, webhook_id: Uuid, id: Uuid) -> Result<Option<DeliveryRow>> {
    Ok(webhook_delivery::Entity::find_by_id(id)
        .filter(webhook_delivery::Column::WebhookId.eq(webhook_id))
        .one(db.reader())
        .await?)
}

/// Adds one delivery.
pub async fn add_delivery(
    db: &Database,
    delivery: DeliveryRow,
    key: Option<&Idempotency>,
) -> Result<GuardedOutcome> {
    let transaction = write::begin(db).await?;
    let (id, now) = (delivery.id, delivery.created_at);
    if let Some(other) = take(&transaction, key, id, now).await? {
        transaction.rollback().await?;
        return Ok(other);
    }
    let rows = vec![WebhookDeliveryRow(delivery)];
    let statement = dialect::insert_rows(db.backend(), "webhook_delivery", rows, "");
    transaction.execute_raw(statement).await?;
    write::commit(transaction).await?;
    Ok(GuardedOutcome::Done)
}

/// Restarts a delivery as if for the first time, whatever its outcome. Not done if it is already
/// under way.
pub async fn replay(
    db: &Database,
    webhook_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
    key: Option<&Idempotency>,
) -> Result<GuardedOutcome> {
    let backend = db.backend();
    let transaction = write::begin(db).await?;
    if let Some(other) = take(&transaction, key, id, now).await? {
        transaction.rollback().await?;
        return Ok(other);
    }
    let (lease_now, lease_now_values) = dialect::lease_now(backend, now);
    let text = format!(
        "UPDATE webhook_delivery SET state = ?, attempt_count = 0, due_at = ?, settled_at = NULL, \
           last_attempt_at = NULL, last_outcome = NULL, last_status = NULL \
         WHERE id = ? AND webhook_id = ? AND (leased_until IS NULL OR leased_until <= {lease_now})"
    );
    let mut values = vec![
        rows::text(EventProgress::Waiting.as_str()),
        rows::instant(now),
        rows::uuid(id),
        rows::uuid(webhook_id),
    ];
    values.extend(lease_now_values);
    let statement = dialect::statement(backend, &text, values);
    if transaction.execute_raw(statement).await?.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(GuardedOutcome::NotDone);
    }
    write::commit(transaction).await?;
    Ok(GuardedOutcome::Done)
}
