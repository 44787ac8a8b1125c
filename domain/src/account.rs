//! Accounts: people who sign in, what they may see, and how an account is made and changed.

mod draft;
mod scope;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use draft::{AccountDraft, AccountPatch};
pub use scope::{AccountScope, AreaGrant, Jurisdiction};

use crate::role::{AccountRole, SecondFactor};

/// Characters of the shortest and the longest name.
pub const NAME_LENGTHS: std::ops::RangeInclusive<usize> = 3..=64;

coded! {
    /// How it stands with an account.
    pub enum AccountState {
        /// It has no password yet: its one-time link was not used.
        Invited => "invited",
        /// It can sign in.
        Active => "active",
        /// It was ended by hand.
        Ended => "ended",
    }
}

/// An account as it stands, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// The organisation it belongs to.
    pub organisation_id: Uuid,
    /// What is typed to sign in; unique in the installation.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it may do.
    pub role: AccountRole,
    /// What it may see.
    pub scope: AccountScope,
    /// Whether it has a password.
    pub has_password: bool,
    /// Whether it has an authenticator.
    pub has_totp: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was ended by hand.
    pub ended_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: i32,
}

impl Account {
    /// How it stands.
    #[must_use]
    pub fn state(&self) -> AccountState {
        if self.ended_at.is_some() {
            AccountState::Ended
        } else if self.has_password {
            AccountState::Active
        } else {
            AccountState::Invited
        }
    }

    /// What it needs besides the password.
    #[must_use]
    pub fn second_factor(&self) -> SecondFactor {
        self.role.second_factor(self.scope.facility_ids.len())
    }
}

/// A name as it is stored and compared: trimmed, in small letters.
#[must_use]
pub fn folded_name(name: &str) -> String {
    crate::text::nfc_trim(name).to_lowercase()
}

/// Whether a folded name can be that of an account. No personal number fits.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.@".contains(letter)
    };
    NAME_LENGTHS.contains(&name.len())
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(is_plain)
        && !crate::operator::holds_number(name)
}

#[cfg(test)]
mod tests;
