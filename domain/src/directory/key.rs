//! API keys as administrators see them, without their text.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    EXPIRES_SOON_DAYS, KEY_DAYS_DEFAULT, KEY_DAYS_MAX, NAME_LENGTH_MAX, WORD_LENGTH_MAX, code,
    count, flag, is_over,
};
use crate::catalogue::{Catalogues, CommuneCode};
use crate::members::Members;
use crate::problem::{Code, Hint, Violation};
use crate::sender::Role;

/// Facilities, communes or provinces that one key names at most.
pub const SCOPE_COUNT_MAX: usize = 1_000;

coded! {
    /// How it stands with a key.
    pub enum KeyState {
        /// In force.
        Active => "active",
        /// In force, and its end is near.
        ExpiresSoon => "expires_soon",
        /// Past its end.
        Expired => "expired",
        /// Ended by hand.
        Revoked => "revoked",
        /// Its organisation has ended: it can read and change existing stays, but declares nothing.
        OrganisationEnded => "organisation_ended",
    }
}

/// A key as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The public part of its text.
    pub id: Uuid,
    /// The organisation that owns it.
    pub organisation_id: Uuid,
    /// That organisation's code.
    pub organisation_code: String,
    /// From when on the organisation declares nothing.
    pub organisation_ended_at: Option<DateTime<Utc>>,
    /// What it may do.
    pub role: Role,
    /// What people call it.
    pub label: String,
    /// Facilities it is bound to; none: all of its organisation.
    pub facility_ids: Vec<Uuid>,
    /// Communes a police key may see.
    pub communes: Vec<String>,
    /// Provinces a police key may see.
    pub provinces: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The creator: an API key's id, or the operator at a terminal; unknown for older keys.
    pub created_by: Option<String>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was ended by hand.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl KeyRecord {
    /// How it stands now.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        if is_over(self.revoked_at, now) {
            KeyState::Revoked
        } else if is_over(self.expires_at, now) {
            KeyState::Expired
        } else if is_over(self.organisation_ended_at, now) {
            KeyState::OrganisationEnded
        } else if is_over(self.expires_at, now + TimeDelta::days(EXPIRES_SOON_DAYS)) {
            KeyState::ExpiresSoon
        } else {
            KeyState::Active
        }
    }

    /// The key as created, for the replay of its creation.
    #[must_use]
    pub fn as_made(mut self) -> Self {
        self.last_used_at = None;
        self.revoked_at = None;
        self.organisation_ended_at = None;
        self
    }
}

/// What a new key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDraft {
    /// Code of the organisation it speaks for.
    pub organisation_code: String,
    /// What it may do.
    pub role: Role,
    /// What people call it.
    pub label: String,
    /// Facilities named.
    pub facility_ids: Vec<Uuid>,
    /// All facilities that the organisation has.
    pub has_all_facilities: bool,
    /// Communes a police key may see.
    pub communes: Vec<String>,
    /// Provinces a police key may see.
    pub provinces: Vec<String>,
    /// Days until it ends; `None`: it never does, which was said.
    pub days: Option<u32>,
}

/// The conflicts between a key's draft and the existing data.
pub type KeyFaults = Vec<Violation>;

impl KeyDraft {
    /// Reads `{organisation_code, role, label, facility_ids?, all_facilities?, communes?,
    /// provinces?, expires_in_days?, never_expires?}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value, catalogues: &Catalogues) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let organisation_code = code(&mut members, "organisation_code");
        let word = members.required("role", WORD_LENGTH_MAX);
        let role = word.and_then(|word| {
            let role = Role::parse(&word);
            if role.is_none() {
                members.fault("role", Code::UnknownCode, None);
            }
            role
        });
        let label = members.required("label", NAME_LENGTH_MAX);
        let facility_ids = members.words("facility_ids", SCOPE_COUNT_MAX, |text| {
            // One of another form is one that does not exist.
            Some(Uuid::try_parse(text).unwrap_or_default())
        });
        let has_all_facilities = flag(&mut members, "all_facilities").unwrap_or_default();
        let communes = members.words("communes", SCOPE_COUNT_MAX, |text| {
            let code = catalogues.commune_code(text)?;
            matches!(code, CommuneCode::Current(_)).then(|| text.to_owned())
        });
        let provinces = members.words("provinces", SCOPE_COUNT_MAX, |text| {
            catalogues
                .province(text)
                .map(|province| province.code.clone())
        });
        let days = count(&mut members, "expires_in_days", KEY_DAYS_MAX);
        let is_endless = flag(&mut members, "never_expires").unwrap_or_default();
        if is_endless && days.is_some() {
            members.fault("never_expires", Code::ContradictsMember, None);
        }
        if let Some(role) = role {
            let has_communes = !communes.is_empty() || !provinces.is_empty();
            check_scope(&mut members, body, role, has_communes, has_all_facilities);
        }
        members.finish()?;
        let (Some(organisation_code), Some(role), Some(label)) = (organisation_code, role, label)
        else {
            return Err(Vec::new());
        };
        Ok(Self {
            organisation_code,
            role,
            label,
            facility_ids,
            has_all_facilities,
            communes,
            provinces,
            days: (!is_endless).then(|| days.unwrap_or(KEY_DAYS_DEFAULT)),
        })
    }

    /// The facilities that are stored with the key, of those that its organisation has and that
    /// have not ended; none: all of them, also later ones.
    ///
    /// # Errors
    /// Facilities that are not among them.
    pub fn facilities(&self, present: &[Uuid]) -> Result<Vec<Uuid>, KeyFaults> {
        if self.role == Role::Declarant && self.has_all_facilities {
            return Ok(present.to_vec());
        }
        let known: HashSet<&Uuid> = present.iter().collect();
        let mut faults = Vec::new();
        for (place, id) in self.facility_ids.iter().enumerate() {
            if !known.contains(id) {
                let pointer = format!("/facility_ids/{place}");
                faults.push(Violation::new(pointer, Code::FacilityUnknown));
            }
        }
        if faults.is_empty() {
            Ok(self.facility_ids.clone())
        } else {
            Err(faults)
        }
    }

    /// When a key made now ends.
    #[must_use]
    pub fn expires_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.days.map(|days| now + TimeDelta::days(days.into()))
    }
}

/// Only the police have communes, only those who declare have facilities, and each has some.
fn check_scope(
    members: &mut Members<'_>,
    body: &Value,
    role: Role,
    has_communes: bool,
    has_all_facilities: bool,
) {
    let is_sent = |name: &str| {
        let value = body.get(name);
        let is_empty = value.and_then(Value::as_array).is_some_and(Vec::is_empty);
        value.is_some_and(|value| !value.is_null()) && !is_empty
    };
    let (may_have_facilities, may_have_communes) = match role {
        Role::Declarant | Role::Integrator => (true, false),
        Role::Police => (false, true),
        Role::Admin => (false, false),
    };
    if !may_have_facilities && is_sent("facility_ids") {
        members.fault("facility_ids", Code::NotForRole, None);
    }
    if !may_have_facilities && has_all_facilities {
        members.fault("all_facilities", Code::NotForRole, None);
    }
    if may_have_facilities && has_all_facilities && is_sent("facility_ids") {
        members.fault("all_facilities", Code::ContradictsMember, None);
    }
    for name in ["communes", "provinces"] {
        if !may_have_communes && is_sent(name) {
            members.fault(name, Code::NotForRole, None);
        }
    }
    let is_named = has_all_facilities || is_sent("facility_ids");
    if role == Role::Declarant && !is_named {
        let or = Hint::OrMember("/all_facilities");
        members.fault("facility_ids", Code::Required, Some(or));
    }
    if role == Role::Police && !has_communes && !is_sent("communes") && !is_sent("provinces") {
        let or = Hint::OrMember("/provinces");
        members.fault("communes", Code::Required, Some(or));
    }
}
