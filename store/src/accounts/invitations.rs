//! One-time links. A new one replaces those of its account that were not used.

use chrono::{DateTime, Utc};
use entity::invitation::{self, Column, Entity};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use uuid::Uuid;

use super::row_key::{Forged, is_same, report_forged};
use super::{AccountRowKey, StoredAccount, move_on};
use crate::directory::{self, ActionOutcome, ActionRecord, KeyRequest};
use crate::{Database, Result, audit, write};

/// A one-time link as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// Whose password it sets.
    pub account_id: Uuid,
    /// Keyed hash of its token.
    pub token_hash: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is no longer good.
    pub expires_at: DateTime<Utc>,
    /// When it was used, or replaced.
    pub used_at: Option<DateTime<Utc>>,
}

impl Invitation {
    /// Whether it can be used.
    #[must_use]
    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

/// Makes a link, in place of earlier ones. A replay makes none.
pub async fn create(
    db: &Database,
    invitation: &Invitation,
    by: &AccountRowKey,
    note: ActionRecord<'_>,
) -> Result<ActionOutcome<()>> {
    let transaction = write::begin(db).await?;
    if let Some(known) = directory::known(&transaction, &note).await? {
        transaction.rollback().await?;
        return Ok(match known {
            KeyRequest::Other => ActionOutcome::KeyReused,
            KeyRequest::Same(first) => ActionOutcome::Replayed((), first.at),
        });
    }
    let earlier = Entity::find()
        .filter(Column::AccountId.eq(invitation.account_id))
        .filter(Column::UsedAt.is_null())
        .lock_exclusive()
        .all(&transaction)
        .await?;
    for row in earlier {
        if let Some(replaced) = by.read_invitation(row) {
            use_up(&transaction, &replaced, invitation.created_at, by).await?;
        }
    }
    Entity::insert(by.invitation_row(invitation).into_active_model())
        .exec_without_returning(&transaction)
        .await?;
    audit::note(&transaction, note.entry).await?;
    write::commit(transaction).await?;
    Ok(ActionOutcome::Done(()))
}

/// The link of a token, whether it is still good or not.
pub async fn find(
    db: &Database,
    token_hash: &[u8],
    by: &AccountRowKey,
) -> Result<Option<Invitation>> {
    let row = Entity::find()
        .filter(Column::TokenHash.eq(token_hash))
        .one(db.reader())
        .await?;
    Ok(row.and_then(|row| by.read_invitation(row)))
}

/// Uses a link: the account moves on. Returns false when the link was used or the account has moved
/// in the meantime: nothing was written.
pub async fn accept(
    db: &Database,
    invitation: &Invitation,
    (before, after): (&StoredAccount, StoredAccount),
    by: &AccountRowKey,
    entry: audit::Entry,
) -> Result<bool> {
    let transaction = write::begin(db).await?;
    let is_used = use_up(&transaction, invitation, entry.at, by).await?;
    if !is_used || !move_on(&transaction, before, after, by).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    audit::note(&transaction, entry).await?;
    write::commit(transaction).await?;
    Ok(true)
}

async fn use_up(
    connection: &impl ConnectionTrait,
    invitation: &Invitation,
    now: DateTime<Utc>,
    by: &AccountRowKey,
) -> Result<bool> {
    let used = Invitation {
        used_at: Some(now),
        ..invitation.clone()
    };
    let row = by.invitation_row(&used).into_active_model().reset_all();
    let written = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(invitation.id))
        .filter(Column::UsedAt.is_null())
        .exec(connection)
        .await?;
    Ok(written.rows_affected == 1)
}

pub(super) async fn forget(db: &Database, end: DateTime<Utc>) -> Result<u64> {
    let deleted = Entity::delete_many()
        .filter(Column::ExpiresAt.lt(end))
        .exec(db.writer())
        .await?;
    Ok(deleted.rows_affected)
}

impl AccountRowKey {
    fn of_invitation(&self, row: &invitation::Model) -> Vec<u8> {
        let mut mac = self.of_table("invitation");
        mac.part(row.id.as_bytes());
        mac.part(row.account_id.as_bytes());
        mac.part(&row.token_hash);
        mac.instant(row.created_at);
        mac.instant(row.expires_at);
        mac.optional_instant(row.used_at);
        mac.finish()
    }

    pub(super) fn forged_invitations(&self, rows: Vec<invitation::Model>) -> Forged {
        let is_forged = |row: &invitation::Model| !is_same(&self.of_invitation(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("invitation", row.id)).collect()
    }

    /// The row of a one-time link.
    fn invitation_row(&self, invitation: &Invitation) -> invitation::Model {
        let mut row = invitation::Model {
            id: invitation.id,
            account_id: invitation.account_id,
            token_hash: invitation.token_hash.clone(),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            used_at: invitation.used_at,
            mac: Vec::new(),
        };
        row.mac = self.of_invitation(&row);
        row
    }

    /// The one-time link of a row; `None` when somebody else wrote it.
    fn read_invitation(&self, row: invitation::Model) -> Option<Invitation> {
        if !is_same(&self.of_invitation(&row), &row.mac) {
            report_forged("invitation", row.id);
            return None;
        }
        Some(Invitation {
            id: row.id,
            account_id: row.account_id,
            token_hash: row.token_hash,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
        })
    }
}
