//! The caller of a request: a program with a key, or a person who has signed in.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::account::Account;
use domain::rights::RightHolder;
use domain::sender::Sender;
use store::accounts::{StoredAccount, sessions::StoredSession};
use store::api_keys::ApiKey;
use store::events::FeedScope;
use uuid::Uuid;

use crate::limit::{FacilityMeter, KeyMeter};

/// A recognised caller.
pub(crate) struct Caller {
    /// The caller as the rules see it.
    pub(crate) sender: Sender,
    /// What is counted of the key or account.
    pub(crate) meter: Arc<KeyMeter>,
    /// The facility of a caller that serves exactly one, and what is counted of it.
    pub(crate) only_facility: Option<(Uuid, Arc<FacilityMeter>)>,
    /// What it presented.
    pub(crate) credential: Credential,
}

/// What a caller presented.
pub(crate) enum Credential {
    /// A program's key.
    Key(Box<ApiKey>),
    /// The cookie of a session.
    Session(Box<SignedIn>),
}

/// A person in a session, whatever its stage.
pub(crate) struct SignedIn {
    /// The session.
    pub(crate) kept: StoredSession,
    /// The account.
    pub(crate) stored: StoredAccount,
}

impl SignedIn {
    /// The account.
    pub(crate) fn account(&self) -> &Account {
        &self.stored.account
    }
}

impl Caller {
    /// The key it presented.
    pub(crate) fn key(&self) -> Option<&ApiKey> {
        match &self.credential {
            Credential::Key(key) => Some(key),
            Credential::Session(_) => None,
        }
    }

    /// The person who has signed in.
    pub(crate) fn signed_in(&self) -> Option<&SignedIn> {
        match &self.credential {
            Credential::Session(signed_in) => Some(signed_in),
            Credential::Key(_) => None,
        }
    }

    /// By which role it has its rights.
    pub(crate) fn holder(&self) -> RightHolder {
        match &self.credential {
            Credential::Key(key) => RightHolder::Key(key.role),
            Credential::Session(signed_in) => RightHolder::Account(signed_in.account().role),
        }
    }

    /// When the key or session ends by itself.
    pub(crate) fn expires_at(&self) -> Option<DateTime<Utc>> {
        match &self.credential {
            Credential::Key(key) => key.expires_at,
            Credential::Session(signed_in) => {
                Some(signed_in.kept.session.expires_at(signed_in.account()))
            }
        }
    }

    /// Which events it may see.
    pub(crate) fn scope(&self) -> FeedScope {
        let is_bound = match &self.credential {
            Credential::Key(key) => !key.facility_ids.is_empty(),
            Credential::Session(signed_in) => !signed_in.account().scope.facility_ids.is_empty(),
        };
        let facilities = self.sender.facilities.iter();
        FeedScope {
            organisation_id: self.sender.organisation_id,
            facility_ids: is_bound.then(|| facilities.map(|facility| facility.id).collect()),
        }
    }
}

#[cfg(test)]
impl Caller {
    /// A caller without facilities.
    pub(crate) fn for_test(limits: &crate::limit::Limits) -> Self {
        let id = Uuid::from_u128(7);
        Self {
            sender: Sender {
                key_id: id,
                kind: domain::sender::SenderKind::Key,
                organisation_id: id,
                role: domain::sender::Role::Integrator,
                facilities: Vec::new(),
                communes: Vec::new(),
                provinces: Vec::new(),
            },
            meter: limits.key(id).unwrap(),
            only_facility: None,
            credential: Credential::Key(Box::new(ApiKey {
                id,
                organisation_id: id,
                role: domain::sender::Role::Integrator,
                label: String::new(),
                secret_hash: vec![0; 32],
                facility_ids: Vec::new(),
                commune_codes: Vec::new(),
                province_codes: Vec::new(),
                created_at: DateTime::UNIX_EPOCH,
                expires_at: None,
                revoked_at: None,
            })),
        }
    }
}
