//! Authenticates the rows of people.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use metrics::counter;
use uuid::Uuid;

use crate::{Error, Result};

/// The generation of the pepper that made a MAC; the first byte of each MAC.
const PEPPER_GENERATION: u8 = 1;
/// Domain separation: no other use of the pepper starts with these bytes.
const PURPOSE: &[u8] = b"luutru account rows 1";

/// Tables and ids of rows that somebody else wrote or changed.
pub(super) type Forged = Vec<(&'static str, Uuid)>;

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
    pub(super) fn of_table(&self, table: &str) -> RowMac {
        let mut mac = RowMac(hmac::Context::with_key(&self.0));
        mac.part(table.as_bytes());
        mac
    }
}

pub(super) fn is_same(expected: &[u8], found: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(expected, found).is_ok()
}

pub(super) fn report_forged(table: &'static str, id: Uuid) {
    counter!("luutru_auth_forged_rows_total", "table" => table).increment(1);
    tracing::error!(
        table,
        row.id = %id,
        "a row was written or changed past luutru: it is ignored. Find out who did it; make the \
         account or the link again"
    );
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::Corrupt {
        what: "account columns",
    })
}

/// `generation | HMAC-SHA-256` over the table and every column except the MAC itself, each prefixed
/// with its length.
pub(super) struct RowMac(hmac::Context);

impl RowMac {
    pub(super) fn part(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    /// An absent column differs from an empty one.
    pub(super) fn optional(&mut self, part: Option<&[u8]>) {
        self.part(&[u8::from(part.is_some())]);
        self.part(part.unwrap_or_default());
    }

    pub(super) fn instant(&mut self, at: DateTime<Utc>) {
        self.part(&at.timestamp_micros().to_be_bytes());
    }

    pub(super) fn optional_instant(&mut self, at: Option<DateTime<Utc>>) {
        let micros = at.map(|at| at.timestamp_micros().to_be_bytes());
        self.optional(micros.as_ref().map(<[u8; 8]>::as_slice));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        [&[PEPPER_GENERATION], self.0.sign().as_ref()].concat()
    }
}
