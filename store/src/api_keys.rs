//! The keys of machines. Only a keyed hash of the secret is stored.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::sender::Role;
use entity::api_key;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{Database, Error, Result, dialect};

/// A key as it is stored.
#[derive(Clone)]
pub struct ApiKey {
    /// The public part of the key's text.
    pub id: Uuid,
    /// Whom the key speaks for.
    pub organisation_id: Uuid,
    /// What the key may do.
    pub role: Role,
    /// What people call it.
    pub label: String,
    /// HMAC-SHA-256 of the secret part under the pepper.
    pub secret_hash: Vec<u8>,
    /// The facilities it may declare for; empty: all of the organisation (integrators, admins).
    pub facility_ids: Vec<Uuid>,
    /// The communes a police key may see.
    pub commune_codes: Vec<String>,
    /// The provinces a police key may see.
    pub province_codes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was ended by hand.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// Neither revoked nor past its end.
    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What people call these keys, by id.
pub async fn labels(db: &Database, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let rows = api_key::Entity::find()
        .select_only()
        .columns([api_key::Column::Id, api_key::Column::Label])
        .filter(api_key::Column::Id.is_in(ids.iter().copied()))
        .into_tuple::<(Uuid, String)>()
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().collect())
}

/// Adds a key; one with the same id stays as it is. Tells whether it was added.
pub async fn insert(db: &Database, key: &ApiKey) -> Result<bool> {
    let facility_ids: Vec<String> = key.facility_ids.iter().map(Uuid::to_string).collect();
    let row = api_key::ActiveModel {
        id: Set(key.id),
        organisation_id: Set(key.organisation_id),
        role: Set(key.role.as_str().to_owned()),
        label: Set(key.label.clone()),
        secret_hash: Set(key.secret_hash.clone()),
        facility_ids: Set(to_json(&facility_ids)),
        commune_codes: Set(to_json(&key.commune_codes)),
        province_codes: Set(to_json(&key.province_codes)),
        created_at: Set(key.created_at),
        expires_at: Set(key.expires_at),
        revoked_at: Set(key.revoked_at),
    };
    let added = api_key::Entity::insert(row)
        .on_conflict(dialect::ignore_conflicts("id"))
        .exec_without_returning(db.writer())
        .await?;
    Ok(added == 1)
}

/// The key with this public part.
pub async fn find(db: &Database, id: Uuid) -> Result<Option<ApiKey>> {
    let row = api_key::Entity::find_by_id(id).one(db.reader()).await?;
    row.map(from_row).transpose()
}

/// All keys, oldest first.
pub async fn list(db: &Database) -> Result<Vec<ApiKey>> {
    let rows = api_key::Entity::find()
        .order_by_asc(api_key::Column::CreatedAt)
        .order_by_asc(api_key::Column::Id)
        .all(db.reader())
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Ends a key. Errors: [`Error::NotFound`] when there is no such key or it was ended before.
pub async fn revoke(db: &Database, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let outcome = api_key::Entity::update_many()
        .col_expr(api_key::Column::RevokedAt, Expr::value(now))
        .filter(api_key::Column::Id.eq(id))
        .filter(api_key::Column::RevokedAt.is_null())
        .exec(db.writer())
        .await?;
    if outcome.rows_affected == 1 {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

fn to_json(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}

fn from_json(text: &str, what: &'static str) -> Result<Vec<String>> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt { what })
}

fn from_row(row: api_key::Model) -> Result<ApiKey> {
    let facility_ids = from_json(&row.facility_ids, "api_key.facility_ids")?
        .iter()
        .map(|id| {
            Uuid::parse_str(id).map_err(|_| Error::Corrupt {
                what: "api_key.facility_ids",
            })
        })
        .collect::<Result<_>>()?;
    Ok(ApiKey {
        id: row.id,
        organisation_id: row.organisation_id,
        role: Role::parse(&row.role).ok_or(Error::Corrupt {
            what: "api_key.role",
        })?,
        label: row.label,
        secret_hash: row.secret_hash,
        facility_ids,
        commune_codes: from_json(&row.commune_codes, "api_key.commune_codes")?,
        province_codes: from_json(&row.province_codes, "api_key.province_codes")?,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    })
}
