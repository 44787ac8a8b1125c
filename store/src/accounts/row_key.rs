//! Authenticates the rows of this module, and turns them into what they mean.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use domain::{account::Account, session::Session};
use entity::{account, enrolled_machine, invitation, session};
use metrics::counter;
use uuid::Uuid;

use super::{Proof, Stored, invitations::Invitation, machines::Machine, scope_of, sessions};
use crate::{Error, Result};

/// The generation of the pepper that made a MAC; the first byte of each MAC.
const PEPPER_GENERATION: u8 = 1;
/// Domain separation: no other use of the pepper starts with these bytes.
const PURPOSE: &[u8] = b"luutru account rows 1";

/// Tables and ids of rows that somebody else wrote or changed.
type Forged = Vec<(&'static str, Uuid)>;

/// Authenticates rows with a key derived from the pepper. The pepper is not in the database.
#[derive(Clone)]
pub struct AccountRowKey(hmac::Key);

impl std::fmt::Debug for AccountRowKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AccountRowKey(…)")
    }
}

impl AccountRowKey {
    /// Derives the key from the pepper that also hashes the secrets of API keys.
    #[must_use]
    pub fn of_pepper(pepper: &[u8; 32]) -> Self {
        let pepper = hmac::Key::new(hmac::HMAC_SHA256, pepper);
        let derived = hmac::sign(&pepper, PURPOSE);
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// Begins the MAC of a row of a table.
    fn of_table(&self, table: &str) -> RowMac {
        let mut mac = RowMac(hmac::Context::with_key(&self.0));
        mac.part(table.as_bytes());
        mac
    }

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

    fn of_machine(&self, row: &enrolled_machine::Model) -> Vec<u8> {
        let mut mac = self.of_table("enrolled_machine");
        mac.part(row.id.as_bytes());
        mac.part(row.organisation_id.as_bytes());
        mac.part(row.facility_id.as_bytes());
        mac.part(row.label.as_bytes());
        mac.part(&row.token_hash);
        mac.part(row.enrolled_by.as_bytes());
        mac.instant(row.enrolled_at);
        mac.optional_instant(row.ended_at);
        mac.finish()
    }

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

    pub(super) fn forged_accounts(&self, rows: Vec<account::Model>) -> Forged {
        let is_forged = |row: &account::Model| !is_same(&self.of_account(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("account", row.id)).collect()
    }

    pub(super) fn forged_sessions(&self, rows: Vec<session::Model>) -> Forged {
        let is_forged = |row: &session::Model| !is_same(&self.of_session(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("session", row.id)).collect()
    }

    pub(super) fn forged_machines(&self, rows: Vec<enrolled_machine::Model>) -> Forged {
        let is_forged = |row: &enrolled_machine::Model| !is_same(&self.of_machine(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("enrolled_machine", row.id)).collect()
    }

    pub(super) fn forged_invitations(&self, rows: Vec<invitation::Model>) -> Forged {
        let is_forged = |row: &invitation::Model| !is_same(&self.of_invitation(row), &row.mac);
        let rows = rows.into_iter().filter(is_forged);
        rows.map(|row| ("invitation", row.id)).collect()
    }

    /// The row of an account.
    pub(super) fn row(&self, stored: &Stored) -> Result<account::Model> {
        let Stored {
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
    pub(super) fn read(&self, row: account::Model) -> Result<Option<Stored>> {
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
        Ok(Some(Stored {
            account,
            proof,
            generation: row.generation,
            revision: row.revision,
        }))
    }

    /// The row of a session.
    pub(super) fn session_row(&self, kept: &sessions::Kept) -> session::Model {
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
    pub(super) fn read_session(&self, row: session::Model) -> Result<Option<sessions::Kept>> {
        if !is_same(&self.of_session(&row), &row.mac) {
            report_forged("session", row.id);
            return Ok(None);
        }
        Ok(Some(sessions::Kept {
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

    /// The row of a machine.
    pub(super) fn machine_row(&self, machine: &Machine) -> enrolled_machine::Model {
        let mut row = enrolled_machine::Model {
            id: machine.id,
            organisation_id: machine.organisation_id,
            facility_id: machine.facility_id,
            label: machine.label.clone(),
            token_hash: machine.token_hash.clone(),
            enrolled_by: machine.enrolled_by,
            enrolled_at: machine.enrolled_at,
            ended_at: machine.ended_at,
            mac: Vec::new(),
        };
        row.mac = self.of_machine(&row);
        row
    }

    /// The machine of a row; `None` when somebody else wrote it.
    pub(super) fn read_machine(&self, row: enrolled_machine::Model) -> Option<Machine> {
        if !is_same(&self.of_machine(&row), &row.mac) {
            report_forged("enrolled_machine", row.id);
            return None;
        }
        Some(Machine {
            id: row.id,
            organisation_id: row.organisation_id,
            facility_id: row.facility_id,
            label: row.label,
            token_hash: row.token_hash,
            enrolled_by: row.enrolled_by,
            enrolled_at: row.enrolled_at,
            ended_at: row.ended_at,
        })
    }

    /// The row of a one-time link.
    pub(super) fn invitation_row(&self, invitation: &Invitation) -> invitation::Model {
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
    pub(super) fn read_invitation(&self, row: invitation::Model) -> Option<Invitation> {
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

fn is_same(expected: &[u8], found: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(expected, found).is_ok()
}

fn report_forged(table: &'static str, id: Uuid) {
    counter!("luutru_auth_forged_rows_total", "table" => table).increment(1);
    tracing::error!(
        table,
        row.id = %id,
        "a row was written or changed past luutru: it is ignored. Find out who did it; make the \
         account or the link again"
    );
}

fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::Corrupt {
        what: "account columns",
    })
}

/// `generation | HMAC-SHA-256` over the table and every column except the MAC itself, each prefixed
/// with its length.
struct RowMac(hmac::Context);

impl RowMac {
    fn part(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    /// An absent column differs from an empty one.
    fn optional(&mut self, part: Option<&[u8]>) {
        self.part(&[u8::from(part.is_some())]);
        self.part(part.unwrap_or_default());
    }

    fn instant(&mut self, at: DateTime<Utc>) {
        self.part(&at.timestamp_micros().to_be_bytes());
    }

    fn optional_instant(&mut self, at: Option<DateTime<Utc>>) {
        let micros = at.map(|at| at.timestamp_micros().to_be_bytes());
        self.optional(micros.as_ref().map(<[u8; 8]>::as_slice));
    }

    fn finish(self) -> Vec<u8> {
        [&[PEPPER_GENERATION], self.0.sign().as_ref()].concat()
    }
}
