//! People who sign in: accounts, sessions, enrolled machines and one-time links. Each action and
//! its audit entry are one transaction.
//!
//! Every row carries a MAC over all its columns: an attacker who can write to the database but
//! lacks the pepper can neither make an account nor widen the rights of one. A row that somebody
//! else wrote is treated as absent, and reported.

pub mod invitations;
pub mod machines;
mod row_key;
mod rows;
pub mod sessions;

use chrono::{DateTime, Utc};
use domain::account::{Account, AccountPatch};
use entity::{account, enrolled_machine, invitation, session};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::{
    Database, Error, Result, audit,
    directory::{self, ActionOutcome, ActionRecord, KeyRequest, ListPart},
    idempotency::Idempotency,
    pool::Transaction,
    write,
};

pub use row_key::AccountRowKey;

/// An account with what proves that somebody is its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAccount {
    /// The account.
    pub account: Account,
    /// What proves its holder.
    pub proof: Proof,
    /// Counts what ends its sessions.
    pub generation: i32,
    revision: i32,
}

/// What proves that somebody is the holder of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// The hash of the password, with its parameters (PHC).
    pub password_hash: Option<String>,
    /// The sealed secret of the authenticator.
    pub sealed_totp: Option<Vec<u8>>,
    /// The step of the last code that was used.
    pub totp_step: Option<i64>,
    /// Hashes of the recovery codes that are left.
    pub recovery_hashes: Vec<String>,
}

impl StoredAccount {
    /// A new account without a password.
    #[must_use]
    pub fn new(account: Account) -> Self {
        Self {
            account,
            proof: Proof::default(),
            generation: 1,
            revision: 1,
        }
    }

    /// The same with another proof.
    #[must_use]
    pub fn with_proof(mut self, proof: Proof) -> Self {
        self.account.has_password = proof.password_hash.is_some();
        self.account.has_totp = proof.sealed_totp.is_some();
        self.proof = proof;
        self
    }

    /// The same after a change at `now`; sessions end when it changes what the account may do.
    #[must_use]
    pub fn changed(&self, patch: AccountPatch, now: DateTime<Utc>) -> Self {
        let ends_sessions = patch.ends_sessions_of(&self.account);
        let mut after = self.clone();
        let ended_at = self.account.ended_at.unwrap_or(now);
        after.account.label = patch.label;
        after.account.role = patch.role;
        after.account.scope = patch.scope;
        after.account.ended_at = patch.is_ended.then_some(ended_at);
        after.account.version += 1;
        if ends_sessions {
            after.without_sessions()
        } else {
            after
        }
    }

    /// The same without its sessions: those of earlier generations have ended.
    #[must_use]
    pub fn without_sessions(mut self) -> Self {
        self.generation += 1;
        self
    }
}

/// Creates an account; a replay answers it as it was made.
pub async fn create(
    db: &Database,
    stored: &StoredAccount,
    by: &AccountRowKey,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<Account>> {
    let transaction = write::begin(db).await?;
    match directory::known(&transaction, &note).await? {
        None => {}
        Some(known) => {
            transaction.rollback().await?;
            return replayed(db, known, by).await;
        }
    }
    match insert(&transaction, stored, by).await {
        Err(Error::Duplicate) => {
            transaction.rollback().await?;
            return Ok(ActionOutcome::CodeTaken);
        }
        inserted => inserted?,
    }
    audit::note(&transaction, note.entry).await?;
    write::commit(transaction).await?;
    Ok(ActionOutcome::Done(stored.account.clone()))
}

/// What an earlier request under this key led to. `None`: the key is free, or the request has none.
pub async fn earlier(
    db: &Database,
    key: Option<&Idempotency>,
    by: &AccountRowKey,
    now: DateTime<Utc>,
) -> Result<Option<ActionOutcome<Account>>> {
    match directory::look_up(db, key, now).await? {
        Some(known) => replayed(db, known, by).await.map(Some),
        None => Ok(None),
    }
}

async fn replayed(
    db: &Database,
    known: KeyRequest,
    by: &AccountRowKey,
) -> Result<ActionOutcome<Account>> {
    let first = match known {
        KeyRequest::Other => return Ok(ActionOutcome::KeyReused),
        KeyRequest::Same(first) => first,
    };
    let made = find(db, first.subject_id, by)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(ActionOutcome::Replayed(made.account, first.at))
}

/// Puts an account where there is none of this name. Returns whether it was put.
pub async fn insert_absent(
    db: &Database,
    stored: &StoredAccount,
    by: &AccountRowKey,
) -> Result<bool> {
    match insert(db.writer(), stored, by).await {
        Ok(()) => Ok(true),
        Err(Error::Duplicate) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn insert(
    connection: &impl ConnectionTrait,
    stored: &StoredAccount,
    by: &AccountRowKey,
) -> Result<()> {
    account::Entity::insert(by.row(stored)?.into_active_model())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Replaces an account by the state that follows from the one that was read. Returns false when it
/// has moved in the meantime: nothing was written.
pub async fn replace(
    db: &Database,
    before: &StoredAccount,
    after: StoredAccount,
    by: &AccountRowKey,
    entry: audit::Entry,
) -> Result<bool> {
    let transaction = write::begin(db).await?;
    if !move_on(&transaction, before, after, by).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    audit::note(&transaction, entry).await?;
    write::commit(transaction).await?;
    Ok(true)
}

/// [`replace`], inside the caller's transaction.
async fn move_on(
    transaction: &Transaction,
    before: &StoredAccount,
    mut after: StoredAccount,
    by: &AccountRowKey,
) -> Result<bool> {
    after.revision = before.revision + 1;
    let row = by.row(&after)?.into_active_model().reset_all();
    let moved = account::Entity::update_many()
        .set(row)
        .filter(account::Column::Id.eq(before.account.id))
        .filter(account::Column::Revision.eq(before.revision))
        .exec(transaction)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// One account.
pub async fn find(db: &Database, id: Uuid, by: &AccountRowKey) -> Result<Option<StoredAccount>> {
    let row = account::Entity::find_by_id(id).one(db.reader()).await?;
    row.map_or(Ok(None), |row| by.read(row))
}

/// The account of a folded name.
pub async fn find_by_name(
    db: &Database,
    name: &str,
    by: &AccountRowKey,
) -> Result<Option<StoredAccount>> {
    let row = account::Entity::find()
        .filter(account::Column::Name.eq(name))
        .one(db.reader())
        .await?;
    row.map_or(Ok(None), |row| by.read(row))
}

/// Accounts of one organisation or of all, by id; with facilities, only those that reach one of
/// them. Forged rows are left out.
pub async fn list(
    db: &Database,
    organisation_id: Option<Uuid>,
    facilities: Option<&[Uuid]>,
    mut part: ListPart,
    by: &AccountRowKey,
) -> Result<Vec<Account>> {
    let mut found = Vec::new();
    loop {
        let rows = rows(db, organisation_id, part).await?;
        let is_last = rows.len() < usize::try_from(part.count_max).unwrap_or(usize::MAX);
        part.after = rows.last().map(|row| row.id).or(part.after);
        for row in rows {
            let account = by.read(row)?.map(|stored| stored.account);
            found.extend(
                account.filter(|one| {
                    facilities.is_none_or(|facilities| one.scope.touches(facilities))
                }),
            );
        }
        let count_max = usize::try_from(part.count_max).unwrap_or(usize::MAX);
        if is_last || found.len() >= count_max {
            found.truncate(count_max);
            return Ok(found);
        }
    }
}

async fn rows(
    db: &Database,
    organisation_id: Option<Uuid>,
    part: ListPart,
) -> Result<Vec<account::Model>> {
    let query = account::Entity::find()
        .order_by_asc(account::Column::Id)
        .apply_if(organisation_id, |query, id| {
            query.filter(account::Column::OrganisationId.eq(id))
        })
        .apply_if(part.after, |query, after| {
            query.filter(account::Column::Id.gt(after))
        });
    Ok(query.limit(part.count_max).all(db.reader()).await?)
}

/// The rows that somebody else wrote or changed: their tables and ids.
pub async fn forged(db: &Database, by: &AccountRowKey) -> Result<Vec<(&'static str, Uuid)>> {
    let reader = db.reader();
    let mut forged = by.forged_accounts(account::Entity::find().all(reader).await?);
    forged.extend(by.forged_sessions(session::Entity::find().all(reader).await?));
    forged.extend(by.forged_machines(enrolled_machine::Entity::find().all(reader).await?));
    forged.extend(by.forged_invitations(invitation::Entity::find().all(reader).await?));
    Ok(forged)
}

/// The labels of these accounts, by id.
pub async fn labels(
    db: &Database,
    ids: &[Uuid],
) -> Result<std::collections::HashMap<Uuid, String>> {
    let rows = account::Entity::find()
        .select_only()
        .columns([account::Column::Id, account::Column::Label])
        .filter(account::Column::Id.is_in(ids.iter().copied()))
        .into_tuple::<(Uuid, String)>()
        .all(db.reader())
        .await?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
mod tests;
