//! API keys for machines. Only a keyed hash of the secret is stored, and every row carries a MAC:
//! an attacker who can write to the database but lacks the pepper can neither create a key nor
//! widen the rights of one.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use domain::sender::Role;
use entity::api_key;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{Database, Error, Result, dialect, installation, write};

/// The generation of the pepper that made a MAC; the first byte of each MAC.
const PEPPER_GENERATION: u8 = 1;
/// Domain separation: no other use of the pepper starts with these bytes.
const ROW_PURPOSE: &[u8] = b"luutru api_key row 1";
/// Recorded once every row has its MAC. After that, a row without one never gets one.
const AUTHENTICATED: &str = "api_keys_authenticated";

/// A key as it is stored.
#[derive(Clone)]
pub struct ApiKey {
    /// The public part of the key's text.
    pub id: Uuid,
    /// The organisation that owns the key.
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

/// Authenticates the rows of keys, with a key derived from the pepper. The pepper is not in the
/// database.
#[derive(Clone)]
pub struct RowKey(hmac::Key);

impl std::fmt::Debug for RowKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RowKey(…)")
    }
}

impl RowKey {
    /// Derives the authenticator from the pepper that also hashes the secrets of keys.
    #[must_use]
    pub fn of_pepper(pepper: &[u8; 32]) -> Self {
        let pepper = hmac::Key::new(hmac::HMAC_SHA256, pepper);
        let derived = hmac::sign(&pepper, ROW_PURPOSE);
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// `generation | HMAC-SHA-256` over every column except the MAC itself, as stored, each
    /// prefixed with its length.
    fn mac(&self, row: &api_key::Model) -> Vec<u8> {
        let instant = |at: DateTime<Utc>| at.timestamp_micros().to_be_bytes().to_vec();
        let or_none = |at: Option<DateTime<Utc>>| at.map(instant).unwrap_or_default();
        let parts: [&[u8]; 11] = [
            row.id.as_bytes(),
            row.organisation_id.as_bytes(),
            row.role.as_stored().as_bytes(),
            row.label.as_bytes(),
            &row.secret_hash,
            row.facility_ids.as_bytes(),
            row.commune_codes.as_bytes(),
            row.province_codes.as_bytes(),
            &instant(row.created_at),
            &or_none(row.expires_at),
            &or_none(row.revoked_at),
        ];
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        [&[PEPPER_GENERATION], context.sign().as_ref()].concat()
    }

    fn holds(&self, row: &api_key::Model) -> bool {
        let expected = self.mac(row);
        let found = row.mac.as_deref().unwrap_or_default();
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, found).is_ok()
    }

    /// The record that every row has its MAC.
    fn mark(&self) -> Vec<u8> {
        let mark = hmac::sign(&self.0, AUTHENTICATED.as_bytes());
        [&[PEPPER_GENERATION], mark.as_ref()].concat()
    }
}

/// The result of looking up the public part of a key.
pub enum KeyLookup {
    /// The key as we last wrote it.
    Key(ApiKey),
    /// The row was written or changed by somebody else, so it is not a valid key.
    Forged {
        /// The stored hash of its secret.
        secret_hash: Vec<u8>,
    },
}

/// Gives every row its MAC, once in the life of an installation, because rows of earlier releases
/// have none. From then on a row without a MAC is not a key. `is_upgraded` says whether such rows
/// may exist; if it is false, rows without a MAC stay without one. Returns the number of rows
/// updated.
///
/// Errors: [`Error::Corrupt`] when the record that this was done is forged.
pub async fn authenticate_all(
    db: &Database,
    by: &RowKey,
    is_upgraded: bool,
    now: DateTime<Utc>,
) -> Result<usize> {
    let mark = by.mark();
    match installation::fact(db, AUTHENTICATED).await? {
        Some(found) if found == mark => return Ok(0),
        Some(_) => return Err(not_ours()),
        None => {}
    }
    let transaction = write::begin(db).await?;
    installation::offer(&transaction, AUTHENTICATED, &mark, now).await?;
    if installation::read(&transaction, AUTHENTICATED).await? != Some(mark) {
        return Err(not_ours());
    }
    let bare = match is_upgraded {
        true => {
            api_key::Entity::find()
                .filter(api_key::Column::Mac.is_null())
                .lock_exclusive()
                .all(&transaction)
                .await?
        }
        false => Vec::new(),
    };
    let served = bare.len();
    for row in bare {
        let mac = by.mac(&row);
        let mut row = row.into_active_model();
        row.mac = Set(Some(mac));
        row.update(&transaction).await?;
    }
    write::commit(transaction).await?;
    Ok(served)
}

fn not_ours() -> Error {
    Error::Corrupt {
        what: "installation_fact.api_keys_authenticated",
    }
}

/// The keys whose rows somebody else wrote or changed, oldest first.
pub async fn forged(db: &Database, by: &RowKey) -> Result<Vec<Uuid>> {
    let rows = api_key::Entity::find()
        .order_by_asc(api_key::Column::Id)
        .all(db.reader())
        .await?;
    let forged = rows.iter().filter(|row| !by.holds(row));
    Ok(forged.map(|row| row.id).collect())
}

/// The labels of these keys, by id.
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

/// Adds a key; an existing key with the same id stays unchanged. Returns whether it was added.
pub async fn insert(db: &Database, key: &ApiKey, by: &RowKey) -> Result<bool> {
    insert_in(db.writer(), key, by).await
}

/// Like [`insert`], inside the caller's transaction.
pub(crate) async fn insert_in(
    connection: &impl ConnectionTrait,
    key: &ApiKey,
    by: &RowKey,
) -> Result<bool> {
    let facility_ids: Vec<String> = key.facility_ids.iter().map(Uuid::to_string).collect();
    let mut row = api_key::Model {
        id: key.id,
        organisation_id: key.organisation_id,
        role: key.role.into(),
        label: key.label.clone(),
        secret_hash: key.secret_hash.clone(),
        facility_ids: to_json(&facility_ids),
        commune_codes: to_json(&key.commune_codes),
        province_codes: to_json(&key.province_codes),
        created_at: key.created_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        mac: None,
    };
    row.mac = Some(by.mac(&row));
    let added = api_key::Entity::insert(row.into_active_model())
        .on_conflict(dialect::ignore_conflicts("id"))
        .exec_without_returning(connection)
        .await?;
    Ok(added == 1)
}

/// The key with this public part.
pub async fn find(db: &Database, id: Uuid, by: &RowKey) -> Result<Option<KeyLookup>> {
    let row = api_key::Entity::find_by_id(id).one(db.reader()).await?;
    match row {
        None => Ok(None),
        Some(row) if by.holds(&row) => Ok(Some(KeyLookup::Key(from_row(row)?))),
        Some(row) => Ok(Some(KeyLookup::Forged {
            secret_hash: row.secret_hash,
        })),
    }
}

/// The ids of keys, ended ones too, in their order: up to `limit` of those after `after`.
pub async fn ids_after(db: &Database, after: Option<Uuid>, limit: u64) -> Result<Vec<Uuid>> {
    let mut query = api_key::Entity::find()
        .select_only()
        .column(api_key::Column::Id)
        .order_by_asc(api_key::Column::Id)
        .limit(limit);
    if let Some(after) = after {
        query = query.filter(api_key::Column::Id.gt(after));
    }
    Ok(query.into_tuple::<Uuid>().all(db.reader()).await?)
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

/// Revokes a key in the same transaction as its audit entry. Returns whether this call revoked it.
///
/// Errors: [`Error::NotFound`].
pub(crate) async fn revoke_in(
    connection: &impl ConnectionTrait,
    id: Uuid,
    by: &RowKey,
    now: DateTime<Utc>,
) -> Result<bool> {
    let row = api_key::Entity::find_by_id(id)
        .lock_exclusive()
        .one(connection)
        .await?;
    let mut row = row.ok_or(Error::NotFound)?;
    if row.revoked_at.is_some() {
        return Ok(false);
    }
    // A forged row is revoked too, and stays invalid.
    let is_ours = by.holds(&row);
    row.revoked_at = Some(now);
    let mac = if is_ours {
        Some(by.mac(&row))
    } else {
        row.mac.clone()
    };
    let mut row = row.into_active_model();
    row.revoked_at = Set(Some(now));
    row.mac = Set(mac);
    row.update(connection).await?;
    Ok(true)
}

fn to_json(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}

fn from_json(text: &str, what: &'static str) -> Result<Vec<String>> {
    serde_json::from_str(text).map_err(|_| Error::Corrupt { what })
}

pub(crate) fn from_row(row: api_key::Model) -> Result<ApiKey> {
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
        role: row.role.get()?,
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
