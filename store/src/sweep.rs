//! Forgets what has run out: idempotency keys and content keys past their end, and tries for numbers
//! that count no more.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{declaration_key, idempotency_key};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{Database, Result, tries};

/// How long tries for a number are kept: longer than they count, for stays that wait for the registry
/// through a long outage.
const TRIES_KEPT: TimeDelta = TimeDelta::days(14);

/// Deletes keys that ended before `now`; answers with how many rows went.
pub async fn forget_expired_keys(db: &Database, now: DateTime<Utc>) -> Result<u64> {
    let idempotency = idempotency_key::Entity::delete_many()
        .filter(idempotency_key::Column::ExpiresAt.lte(now))
        .exec(db.writer())
        .await?;
    let declaration = declaration_key::Entity::delete_many()
        .filter(declaration_key::Column::ExpiresAt.lte(now))
        .exec(db.writer())
        .await?;
    let tries = tries::forget(db, now - TRIES_KEPT).await?;
    Ok(idempotency.rows_affected + declaration.rows_affected + tries)
}
