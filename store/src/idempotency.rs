//! The `Idempotency-Key` of every request: which request it came with, and what that led to.
//!
//! A key leads to a stay and its version, to the id of something else (a case, an audit entry, a
//! webhook), or to nothing: then it only keeps another request from using it. The last is stored
//! as NULL; releases before stored the nil id for some of them, which is read as the same.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use crate::{
    Backend, Database, Error, Result, dialect,
    rows::{self, columns},
    write,
};

/// An `Idempotency-Key` and the request it came with.
#[derive(Clone)]
pub struct Idempotency {
    /// Keyed hash of organisation and key.
    pub key_hash: [u8; 32],
    /// Keyed hash of the request.
    pub request_hash: [u8; 32],
    /// When the key is forgotten.
    pub expires_at: DateTime<Utc>,
}

/// A stay and the version of it that a key led to. Of anything else the version is 1.
pub type Target = (Uuid, i32);

/// What is stored of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedKey {
    /// Keyed hash of the request that it came with.
    pub request_hash: Vec<u8>,
    /// What it led to; `None` where it only guards its request.
    pub target: Option<Target>,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
}

impl RecordedKey {
    /// Whether the key came with this very request.
    #[must_use]
    pub fn is_same_request(&self, key: &Idempotency) -> bool {
        self.request_hash == key.request_hash
    }

    /// Whether the key came with this very request and only guards it.
    #[must_use]
    pub fn guards(&self, key: &Idempotency) -> bool {
        self.is_same_request(key) && self.target.is_none()
    }

    /// What this very request led to.
    #[must_use]
    pub fn subject_of(&self, key: &Idempotency) -> Option<Uuid> {
        let target = self.target.filter(|_| self.is_same_request(key));
        target.map(|(subject_id, _)| subject_id)
    }
}

/// What is stored of a key that still holds.
pub async fn find(
    db: &Database,
    key_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<RecordedKey>> {
    let statement = dialect::statement(
        db.backend(),
        "SELECT request_hash, stay_id, version, created_at FROM idempotency_key \
         WHERE key_hash = ? AND expires_at > ?",
        vec![rows::bytes(key_hash.to_vec()), rows::instant(now)],
    );
    let row = db.reader().query_one_raw(statement).await?;
    row.map(|row| read(&row)).transpose()
}

/// What is stored of a key, whether it still holds or not.
pub(crate) async fn get(
    connection: &impl ConnectionTrait,
    key_hash: &[u8; 32],
) -> Result<Option<RecordedKey>> {
    let statement = dialect::statement(
        Backend::of(connection),
        "SELECT request_hash, stay_id, version, created_at FROM idempotency_key \
         WHERE key_hash = ?",
        vec![rows::bytes(key_hash.to_vec())],
    );
    let row = connection.query_one_raw(statement).await?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &QueryResult) -> Result<RecordedKey> {
    Ok(RecordedKey {
        request_hash: row.try_get("", "request_hash")?,
        target: target(row.try_get("", "stay_id")?, row.try_get("", "version")?),
        taken_at: row.try_get("", "created_at")?,
    })
}

/// What stored columns say that a key led to. Where no version is named it is the first.
pub(crate) fn target(subject_id: Option<Uuid>, version: Option<i32>) -> Option<Target> {
    let subject_id = subject_id.filter(|id| !id.is_nil());
    subject_id.map(|subject_id| (subject_id, version.unwrap_or(1)))
}

/// Stores keys that are free or have run out, and answers with their hashes. One that still holds
/// is left alone.
pub(crate) async fn insert(
    connection: &impl ConnectionTrait,
    keys: Vec<IdempotencyKeyRow>,
) -> Result<HashSet<Vec<u8>>> {
    let tail = "ON CONFLICT (key_hash) DO UPDATE SET request_hash = excluded.request_hash, \
         stay_id = excluded.stay_id, version = excluded.version, \
         created_at = excluded.created_at, expires_at = excluded.expires_at \
         WHERE idempotency_key.expires_at <= excluded.created_at RETURNING key_hash";
    let backend = Backend::of(connection);
    let statement = dialect::insert_rows(backend, "idempotency_key", keys, tail);
    let taken = connection.query_all_raw(statement).await?;
    taken
        .iter()
        .map(|row| Ok(row.try_get("", "key_hash")?))
        .collect()
}

/// Takes the key of a request, which leads to `subject_id`. `None` when it was free; else what it
/// led to, if the request was the same.
pub(crate) async fn take(
    connection: &impl ConnectionTrait,
    key: &Idempotency,
    subject_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Option<Uuid>>> {
    let row = IdempotencyKeyRow {
        key: key.clone(),
        stay_id: Some(subject_id),
        version: None,
        created_at: now,
    };
    if !insert(connection, vec![row]).await?.is_empty() {
        return Ok(None);
    }
    let known = get(connection, &key.key_hash).await?;
    let known = known.ok_or(Error::Corrupt {
        what: "idempotency_key",
    })?;
    Ok(Some(known.subject_of(key)))
}

/// Lets a key that was just taken lead elsewhere.
pub(crate) async fn lead_to(
    connection: &impl ConnectionTrait,
    key: &Idempotency,
    subject_id: Uuid,
) -> Result<()> {
    let statement = dialect::statement(
        Backend::of(connection),
        "UPDATE idempotency_key SET stay_id = ? WHERE key_hash = ?",
        vec![rows::uuid(subject_id), rows::bytes(key.key_hash.to_vec())],
    );
    connection.execute_raw(statement).await?;
    Ok(())
}

/// Keeps another request from using the key of one whose items are judged one by one, or that may
/// be repeated. False when another request has it.
pub async fn guard(db: &Database, key: &Idempotency, now: DateTime<Utc>) -> Result<bool> {
    let transaction = write::begin(db).await?;
    let may_go_on = guard_on(&transaction, key, now).await?;
    write::commit(transaction).await?;
    Ok(may_go_on)
}

/// [`guard`] in the transaction of what the request makes: a refusal leaves the key free.
pub(crate) async fn guard_on(
    connection: &impl ConnectionTrait,
    key: &Idempotency,
    now: DateTime<Utc>,
) -> Result<bool> {
    let row = IdempotencyKeyRow::new(key.clone(), None, now);
    if !insert(connection, vec![row]).await?.is_empty() {
        return Ok(true);
    }
    let known = get(connection, &key.key_hash).await?;
    Ok(known.is_some_and(|known| known.guards(key)))
}

/// Remembers what a key led to when nothing new was made for it. One that still holds stays as it
/// is.
pub async fn keep(
    db: &Database,
    key: &Idempotency,
    target: Target,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = IdempotencyKeyRow::new(key.clone(), Some(target), now);
    let transaction = write::begin(db).await?;
    insert(&transaction, vec![row]).await?;
    write::commit(transaction).await
}

/// A key as it is stored.
pub(crate) struct IdempotencyKeyRow {
    pub(crate) key: Idempotency,
    stay_id: Option<Uuid>,
    version: Option<i32>,
    created_at: DateTime<Utc>,
}

impl IdempotencyKeyRow {
    /// A key and what it leads to; without that it only guards its request.
    pub(crate) fn new(key: Idempotency, target: Option<Target>, created_at: DateTime<Utc>) -> Self {
        Self {
            key,
            stay_id: target.map(|(stay_id, _)| stay_id),
            version: target.map(|(_, version)| version),
            created_at,
        }
    }
}

columns!(IdempotencyKeyRow {
    key.key_hash,
    key.request_hash,
    stay_id,
    version,
    created_at,
    key.expires_at,
});

#[cfg(test)]
mod tests {
    use ::tests::on_both_databases;
    use chrono::TimeDelta;

    use super::*;
    use crate::ConnectOptions;

    on_both_databases![
        a_key_that_only_guards_lets_its_own_request_go_on,
        a_guard_of_an_earlier_release_reads_as_one,
        a_key_leads_to_what_was_first_made_with_it,
    ];

    fn key(request: u8, now: DateTime<Utc>) -> Idempotency {
        Idempotency {
            key_hash: [7; 32],
            request_hash: [request; 32],
            expires_at: now + TimeDelta::hours(1),
        }
    }

    async fn open(database: ::tests::Database) -> (Database, ::tests::TestDatabase) {
        let database = database.create().await;
        let db = Database::connect(database.url(), &ConnectOptions::default()).await;
        let db = db.unwrap();
        crate::schema::migrate(&db).await.unwrap();
        (db, database)
    }

    async fn a_key_that_only_guards_lets_its_own_request_go_on(database: ::tests::Database) {
        let (db, _database) = open(database).await;
        let now = ::tests::now().to_utc();
        let (own, other) = (key(1, now), key(2, now));
        assert!(guard(&db, &own, now).await.unwrap());
        assert!(guard(&db, &own, now).await.unwrap(), "again");
        assert!(!guard(&db, &other, now).await.unwrap());
        let known = find(&db, &own.key_hash, now).await.unwrap().unwrap();
        assert!(known.guards(&own) && !known.guards(&other));
        assert_eq!(known.target, None);
        let later = now + TimeDelta::hours(1);
        assert!(guard(&db, &other, later).await.unwrap(), "it has run out");
    }

    async fn a_guard_of_an_earlier_release_reads_as_one(database: ::tests::Database) {
        let (db, _database) = open(database).await;
        let now = ::tests::now().to_utc();
        let (own, other) = (key(1, now), key(2, now));
        let transaction = write::begin(&db).await.unwrap();
        let taken = take(&transaction, &own, Uuid::from_u128(1), now).await;
        assert_eq!(taken.unwrap(), None);
        lead_to(&transaction, &own, Uuid::nil()).await.unwrap();
        write::commit(transaction).await.unwrap();
        assert!(guard(&db, &own, now).await.unwrap());
        assert!(!guard(&db, &other, now).await.unwrap());
    }

    async fn a_key_leads_to_what_was_first_made_with_it(database: ::tests::Database) {
        let (db, _database) = open(database).await;
        let now = ::tests::now().to_utc();
        let (own, other) = (key(1, now), key(2, now));
        let [first, second] = [1, 2].map(Uuid::from_u128);
        keep(&db, &own, (first, 3), now).await.unwrap();
        keep(&db, &own, (second, 4), now).await.unwrap();
        let known = find(&db, &own.key_hash, now).await.unwrap().unwrap();
        assert_eq!(known.target, Some((first, 3)));
        let transaction = write::begin(&db).await.unwrap();
        let by_own = take(&transaction, &own, second, now).await.unwrap();
        let by_other = take(&transaction, &other, second, now).await.unwrap();
        assert_eq!((by_own, by_other), (Some(Some(first)), Some(None)));
        lead_to(&transaction, &own, second).await.unwrap();
        write::commit(transaction).await.unwrap();
        assert!(!guard(&db, &own, now).await.unwrap(), "it led to something");
    }
}
