//! Sessions: opened by a password, completed by a second factor, ended by their holder, by a
//! manager, or by a new generation of their account.

use chrono::{DateTime, Utc};
use domain::session::Session;
use entity::session::{self, Column, Entity};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::row_key::{Forged, is_same, report_forged};
use super::{AccountRowKey, StoredAccount, move_on};
use crate::{Database, Error, Result, audit, write};

/// Sessions of one account that are listed at most.
const LISTED_MAX: u64 = 200;

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// Keyed hash of its token.
    pub token_hash: Vec<u8>,
    /// The sealed secret of an authenticator that is being enrolled.
    pub sealed_totp: Option<Vec<u8>>,
}

/// Opens a session.
pub async fn open(
    db: &Database,
    kept: &StoredSession,
    by: &AccountRowKey,
    entry: audit::Entry,
) -> Result<()> {
    let transaction = write::begin(db).await?;
    insert(&transaction, kept, by).await?;
    audit::note(&transaction, entry).await?;
    write::commit(transaction).await
}

/// Completes a session: it gets another id and token, so that nobody who knew the old ones can use
/// it, and the account moves on, so that no code is used twice. Returns false when the account or
/// the session has moved in the meantime: nothing was written.
pub async fn complete(
    db: &Database,
    pending: &StoredSession,
    complete: &StoredSession,
    (before, after): (&StoredAccount, StoredAccount),
    by: &AccountRowKey,
    entry: audit::Entry,
) -> Result<bool> {
    let transaction = write::begin(db).await?;
    let is_moved = move_on(&transaction, before, after, by).await?;
    if !is_moved || !remove(&transaction, pending).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    insert(&transaction, complete, by).await?;
    audit::note(&transaction, entry).await?;
    write::commit(transaction).await?;
    Ok(true)
}

/// Keeps the secret of an authenticator with the session in which it is enrolled. Returns false
/// when the session is gone.
pub async fn keep_totp(db: &Database, kept: &StoredSession, by: &AccountRowKey) -> Result<bool> {
    update(db.writer(), kept, by).await
}

/// Notes that a session was used, unless it has been ended in the meantime.
pub async fn note_use(db: &Database, kept: &StoredSession, by: &AccountRowKey) -> Result<bool> {
    update(db.writer(), kept, by).await
}

/// The session of a token, with its account, whether they still hold or not.
pub async fn find(
    db: &Database,
    token_hash: &[u8],
    by: &AccountRowKey,
) -> Result<Option<(StoredSession, StoredAccount)>> {
    let row = Entity::find()
        .filter(Column::TokenHash.eq(token_hash))
        .one(db.reader())
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let Some(kept) = by.read_session(row)? else {
        return Ok(None);
    };
    let stored = super::find(db, kept.session.account_id, by).await?;
    Ok(stored.map(|stored| (kept, stored)))
}

/// One session.
pub async fn get(db: &Database, id: Uuid, by: &AccountRowKey) -> Result<Option<StoredSession>> {
    let row = Entity::find_by_id(id).one(db.reader()).await?;
    row.map_or(Ok(None), |row| by.read_session(row))
}

/// The sessions of an account that were not ended by hand, the newest first.
pub async fn of_account(
    db: &Database,
    account_id: Uuid,
    by: &AccountRowKey,
) -> Result<Vec<Session>> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account_id))
        .filter(Column::EndedAt.is_null())
        .order_by_desc(Column::Id)
        .limit(LISTED_MAX)
        .all(db.reader())
        .await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in rows {
        sessions.extend(by.read_session(row)?.map(|kept| kept.session));
    }
    Ok(sessions)
}

/// Ends a session. One that has ended stays as it is.
///
/// Errors: [`Error::NotFound`].
pub async fn end(db: &Database, id: Uuid, by: &AccountRowKey, entry: audit::Entry) -> Result<()> {
    let transaction = write::begin(db).await?;
    let row = Entity::find_by_id(id)
        .lock_exclusive()
        .one(&transaction)
        .await?
        .ok_or(Error::NotFound)?;
    let Some(mut kept) = by.read_session(row)? else {
        return Err(Error::NotFound);
    };
    if kept.session.ended_at.is_none() {
        kept.session.ended_at = Some(entry.at);
        update(&transaction, &kept, by).await?;
        audit::note(&transaction, entry).await?;
    }
    write::commit(transaction).await
}

/// Deletes sessions that were last used before `end`, and links that expired before it. Returns how
/// many rows were deleted.
pub async fn forget(db: &Database, end: DateTime<Utc>) -> Result<u64> {
    let sessions = Entity::delete_many()
        .filter(Column::LastUsedAt.lt(end))
        .exec(db.writer())
        .await?;
    let links = super::invitations::forget(db, end).await?;
    Ok(sessions.rows_affected + links)
}

async fn insert(
    connection: &impl ConnectionTrait,
    kept: &StoredSession,
    by: &AccountRowKey,
) -> Result<()> {
    Entity::insert(by.session_row(kept).into_active_model())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

async fn remove(connection: &impl ConnectionTrait, kept: &StoredSession) -> Result<bool> {
    let removed = Entity::delete_many()
        .filter(Column::Id.eq(kept.session.id))
        .filter(Column::EndedAt.is_null())
        .exec(connection)
        .await?;
    Ok(removed.rows_affected == 1)
}

/// Writes a session that has not ended.
async fn update(
    connection: &impl ConnectionTrait,
    kept: &StoredSession,
    by: &AccountRowKey,
) -> Result<bool> {
    let row = by.session_row(kept).into_active_model().reset_all();
    let written = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(kept.session.id))
        .filter(Column::EndedAt.is_null())
        .exec(connection)
        .await?;
    Ok(written.rows_affected == 1)
}

impl AccountRowKey {
    fn of_session(&self, row: &session::Model) -> Vec<u8> {
        let mut mac = self.of_table("session");
        mac.part(row.id.as_bytes());
        mac.part(row.account_id.as_bytes());
        mac.part(&row.token_hash);
        mac.part(row.stage.as_stored().as_bytes());
        mac.part(&row.generation.to_be_bytes());
        mac.optional(row.sealed_totp.as_deref());
        mac.instant(row.created_at);
        mac.instant(row.last_used_at);
        mac.optional_instant(row.ended_at);
        mac.finish()
    }

    pub(super) fn forged_sessions(&self, rows: Vec<session::Model>) -> Forged {
        let is_forged = |row: &session::Model| !is_same(&self.of_session(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("session", row.id)).collect()
    }

    /// The row of a session.
    fn session_row(&self, kept: &StoredSession) -> session::Model {
        let session = &kept.session;
        let mut row = session::Model {
            id: session.id,
            account_id: session.account_id,
            token_hash: kept.token_hash.clone(),
            stage: session.stage.into(),
            generation: session.generation,
            sealed_totp: kept.sealed_totp.clone(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            ended_at: session.ended_at,
            mac: Vec::new(),
        };
        row.mac = self.of_session(&row);
        row
    }

    /// The session of a row; `None` when somebody else wrote it.
    fn read_session(&self, row: session::Model) -> Result<Option<StoredSession>> {
        if !is_same(&self.of_session(&row), &row.mac) {
            report_forged("session", row.id);
            return Ok(None);
        }
        Ok(Some(StoredSession {
            session: Session {
                id: row.id,
                account_id: row.account_id,
                stage: row.stage.get()?,
                generation: row.generation,
                created_at: row.created_at,
                last_used_at: row.last_used_at,
                ended_at: row.ended_at,
            },
            token_hash: row.token_hash,
            sealed_totp: row.sealed_totp,
        }))
    }
}
