//! The rows of accounts.

use domain::account::{Account, AccountScope};
use entity::account;

use super::row_key::{Forged, is_same, report_forged, to_json};
use super::{AccountRowKey, Proof, StoredAccount};
use crate::{Error, Result};

impl AccountRowKey {
    fn of_account(&self, row: &account::Model) -> Vec<u8> {
        let mut mac = self.of_table("account");
        mac.part(row.id.as_bytes());
        mac.part(row.organisation_id.as_bytes());
        mac.part(row.name.as_bytes());
        mac.part(row.label.as_bytes());
        mac.part(row.role.as_stored().as_bytes());
        mac.part(row.facility_ids.as_bytes());
        mac.part(row.areas.as_bytes());
        mac.optional(row.password_hash.as_deref().map(str::as_bytes));
        mac.optional(row.sealed_totp.as_deref());
        mac.optional(
            row.totp_step
                .map(i64::to_be_bytes)
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        );
        mac.part(row.recovery_hashes.as_bytes());
        mac.part(&row.generation.to_be_bytes());
        mac.instant(row.created_at);
        mac.optional_instant(row.ended_at);
        mac.part(&row.version.to_be_bytes());
        mac.part(&row.revision.to_be_bytes());
        mac.finish()
    }

    pub(super) fn forged_accounts(&self, rows: Vec<account::Model>) -> Forged {
        let is_forged = |row: &account::Model| !is_same(&self.of_account(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("account", row.id)).collect()
    }

    /// The row of an account.
    pub(super) fn row(&self, stored: &StoredAccount) -> Result<account::Model> {
        let StoredAccount {
            account,
            proof,
            generation,
            revision,
        } = stored;
        let mut row = account::Model {
            id: account.id,
            organisation_id: account.organisation_id,
            name: account.name.clone(),
            label: account.label.clone(),
            role: account.role.into(),
            facility_ids: to_json(&account.scope.facility_ids)?,
            areas: to_json(&account.scope.areas)?,
            password_hash: proof.password_hash.clone(),
            sealed_totp: proof.sealed_totp.clone(),
            totp_step: proof.totp_step,
            recovery_hashes: to_json(&proof.recovery_hashes)?,
            generation: *generation,
            created_at: account.created_at,
            ended_at: account.ended_at,
            version: account.version,
            revision: *revision,
            mac: Vec::new(),
        };
        row.mac = self.of_account(&row);
        Ok(row)
    }

    /// The account of a row; `None` when somebody else wrote it.
    pub(super) fn read(&self, row: account::Model) -> Result<Option<StoredAccount>> {
        if !is_same(&self.of_account(&row), &row.mac) {
            report_forged("account", row.id);
            return Ok(None);
        }
        let account = Account {
            id: row.id,
            organisation_id: row.organisation_id,
            role: row.role.get()?,
            scope: scope_of(&row)?,
            has_password: row.password_hash.is_some(),
            has_totp: row.sealed_totp.is_some(),
            name: row.name,
            label: row.label,
            created_at: row.created_at,
            ended_at: row.ended_at,
            version: row.version,
        };
        let recovery_hashes = serde_json::from_str(&row.recovery_hashes);
        let proof = Proof {
            password_hash: row.password_hash,
            sealed_totp: row.sealed_totp,
            totp_step: row.totp_step,
            recovery_hashes: recovery_hashes.map_err(|_| Error::Corrupt {
                what: "account.recovery_hashes",
            })?,
        };
        Ok(Some(StoredAccount {
            account,
            proof,
            generation: row.generation,
            revision: row.revision,
        }))
    }
}

/// The scope as it lies in the columns.
fn scope_of(row: &account::Model) -> Result<AccountScope> {
    let corrupt = |what| move |_| Error::Corrupt { what };
    let facility_ids = serde_json::from_str(&row.facility_ids);
    let areas = serde_json::from_str(&row.areas);
    Ok(AccountScope {
        facility_ids: facility_ids.map_err(corrupt("account.facility_ids"))?,
        areas: areas.map_err(corrupt("account.areas"))?,
    })
}
