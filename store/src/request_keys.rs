//! The `Idempotency-Key` of requests that declare nothing: of officers and operators.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{Database, Error, Result, declarations::Idempotency, dialect, rows, write};

/// Takes the key of a request, which leads to `subject_id`. `None` when it was free; else what it
/// led to, if the request was the same.
pub(crate) async fn take(
    db: &Database,
    connection: &impl ConnectionTrait,
    key: &Idempotency,
    subject_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Option<Uuid>>> {
    let statement = dialect::statement(
        db.backend(),
        "INSERT INTO idempotency_key (key_hash, request_hash, stay_id, created_at, expires_at) \
         VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (key_hash) DO UPDATE SET request_hash = excluded.request_hash, \
           stay_id = excluded.stay_id, created_at = excluded.created_at, \
           expires_at = excluded.expires_at \
         WHERE idempotency_key.expires_at <= excluded.created_at RETURNING key_hash",
        vec![
            rows::bytes(key.key_hash.to_vec()),
            rows::bytes(key.request_hash.to_vec()),
            rows::uuid(subject_id),
            rows::instant(now),
            rows::instant(key.expires_at),
        ],
    );
    if connection.query_one_raw(statement).await?.is_some() {
        return Ok(None);
    }
    let statement = dialect::statement(
        db.backend(),
        "SELECT request_hash, stay_id FROM idempotency_key WHERE key_hash = ?",
        vec![rows::bytes(key.key_hash.to_vec())],
    );
    let row = connection.query_one_raw(statement).await?;
    let row = row.ok_or(Error::Corrupt {
        what: "idempotency_key",
    })?;
    let request_hash: Vec<u8> = row.try_get("", "request_hash")?;
    let known: Option<Uuid> = row.try_get("", "stay_id")?;
    Ok(Some(known.filter(|_| request_hash == key.request_hash)))
}

/// What the key of a request led to, and when it was taken. `None` when it is free; no id when
/// another request has it.
pub async fn find(
    db: &Database,
    key: &Idempotency,
    now: DateTime<Utc>,
) -> Result<Option<(Option<Uuid>, DateTime<Utc>)>> {
    let statement = dialect::statement(
        db.backend(),
        "SELECT request_hash, stay_id, created_at FROM idempotency_key \
         WHERE key_hash = ? AND expires_at > ?",
        vec![rows::bytes(key.key_hash.to_vec()), rows::instant(now)],
    );
    let Some(row) = db.reader().query_one_raw(statement).await? else {
        return Ok(None);
    };
    let request_hash: Vec<u8> = row.try_get("", "request_hash")?;
    let subject: Option<Uuid> = row.try_get("", "stay_id")?;
    let is_same = request_hash == key.request_hash;
    Ok(Some((
        subject.filter(|_| is_same),
        row.try_get("", "created_at")?,
    )))
}

/// Lets a key that was just taken lead elsewhere.
pub(crate) async fn lead_to(
    db: &Database,
    connection: &impl ConnectionTrait,
    key: &Idempotency,
    subject_id: Uuid,
) -> Result<()> {
    let statement = dialect::statement(
        db.backend(),
        "UPDATE idempotency_key SET stay_id = ? WHERE key_hash = ?",
        vec![rows::uuid(subject_id), rows::bytes(key.key_hash.to_vec())],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Keeps another request from using this key, where the same one may be worked on again. False
/// when another request has it.
pub async fn guard(db: &Database, key: &Idempotency, now: DateTime<Utc>) -> Result<bool> {
    let transaction = write::begin(db).await?;
    let known = take(db, &transaction, key, Uuid::nil(), now).await?;
    write::commit(transaction).await?;
    Ok(known.is_none_or(|known| known.is_some()))
}
