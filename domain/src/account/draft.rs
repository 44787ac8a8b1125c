//! Reads the requests that make and change accounts.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Account, AccountScope, AreaGrant, Jurisdiction, folded_name, is_name};
use crate::catalogue::{Catalogues, CommuneCode};
use crate::directory::{CODE_LENGTH_MAX, NAME_LENGTH_MAX, SCOPE_COUNT_MAX};
use crate::facility::Facility;
use crate::members::Members;
use crate::problem::{Code, Hint, Violation};
use crate::role::{AccountRole, Reach};
use crate::time::parse_day;

/// Characters of a word, an id or a day.
const WORD_LENGTH_MAX: usize = 64;

/// A new account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDraft {
    /// Code of the organisation it belongs to; none: the one of the account that makes it.
    pub organisation_code: Option<String>,
    /// What is typed to sign in.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it may do.
    pub role: AccountRole,
    /// What it may see.
    pub scope: AccountScope,
}

impl AccountDraft {
    /// Reads `{organisation_code?, name, label?, role, facility_ids?, areas?}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(
        body: &Value,
        catalogues: &Catalogues,
        today: NaiveDate,
    ) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let organisation_code = members.text("organisation_code", CODE_LENGTH_MAX);
        let name = name(&mut members);
        let label = members.text("label", NAME_LENGTH_MAX);
        let role = role(&mut members, true);
        let scope = scope(&mut members, catalogues, today);
        if let Some(role) = role {
            check_scope(&mut members, role, &scope);
        }
        members.finish()?;
        let (Some(name), Some(role)) = (name, role) else {
            return Err(Vec::new());
        };
        Ok(Self {
            organisation_code,
            label: label.unwrap_or_else(|| name.clone()),
            name,
            role,
            scope,
        })
    }

    /// The account, made at `now`.
    #[must_use]
    pub fn into_account(self, id: Uuid, organisation_id: Uuid, now: DateTime<Utc>) -> Account {
        Account {
            id,
            organisation_id,
            name: self.name,
            label: self.label,
            role: self.role,
            scope: self.scope,
            has_password: false,
            has_totp: false,
            created_at: now,
            ended_at: None,
            version: 1,
        }
    }
}

/// A change of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPatch {
    /// What people call it.
    pub label: String,
    /// What it may do.
    pub role: AccountRole,
    /// What it may see.
    pub scope: AccountScope,
    /// Whether it has ended.
    pub is_ended: bool,
}

impl AccountPatch {
    /// Reads a merge patch of `label`, `role`, `facility_ids`, `areas`, `is_ended`. What is left out
    /// stays as it is.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(
        body: &Value,
        before: &Account,
        catalogues: &Catalogues,
        today: NaiveDate,
    ) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let label = members.text("label", NAME_LENGTH_MAX);
        let role = role(&mut members, false).unwrap_or(before.role);
        let sent = scope(&mut members, catalogues, today);
        let is_ended = flag(&mut members, "is_ended");
        let is_sent = |name: &str| body.get(name).is_some();
        let scope = AccountScope {
            facility_ids: match is_sent("facility_ids") {
                true => sent.facility_ids,
                false => before.scope.facility_ids.clone(),
            },
            areas: match is_sent("areas") {
                true => sent.areas,
                false => before.scope.areas.clone(),
            },
        };
        check_scope(&mut members, role, &scope);
        members.finish()?;
        Ok(Self {
            label: label.unwrap_or_else(|| before.label.clone()),
            role,
            scope,
            is_ended: is_ended.unwrap_or(before.ended_at.is_some()),
        })
    }

    /// Whether it changes what the account may do or see: then its sessions end.
    #[must_use]
    pub fn ends_sessions_of(&self, before: &Account) -> bool {
        self.role != before.role
            || self.scope != before.scope
            || self.is_ended != before.ended_at.is_some()
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_said_by(&self, before: &Account) -> bool {
        self.label == before.label && !self.ends_sessions_of(before)
    }
}

impl AccountScope {
    /// Checks the facilities against those that the organisation has.
    ///
    /// # Errors
    /// Facilities that are not among them, or of a kind that the role does not work at.
    pub fn check_facilities(
        &self,
        role: AccountRole,
        present: &[Facility],
    ) -> Result<(), Vec<Violation>> {
        let known: HashMap<Uuid, &Facility> = present.iter().map(|one| (one.id, one)).collect();
        let kinds = role.facility_kinds();
        let fault = |id: &Uuid| match known.get(id) {
            None => Some(Code::FacilityUnknown),
            Some(found) if !kinds.is_empty() && !kinds.contains(&found.kind) => {
                Some(Code::FacilityNotForRole)
            }
            Some(_) => None,
        };
        let faults: Vec<Violation> = self
            .facility_ids
            .iter()
            .enumerate()
            .filter_map(|(place, id)| Some((place, fault(id)?)))
            .map(|(place, code)| Violation::new(format!("/facility_ids/{place}"), code))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}

fn name(members: &mut Members<'_>) -> Option<String> {
    let name = folded_name(&members.required("name", WORD_LENGTH_MAX)?);
    if !is_name(&name) {
        members.fault("name", Code::AccountNameInvalid, None);
        return None;
    }
    Some(name)
}

fn role(members: &mut Members<'_>, is_required: bool) -> Option<AccountRole> {
    let word = match is_required {
        true => members.required("role", WORD_LENGTH_MAX),
        false => members.text("role", WORD_LENGTH_MAX),
    }?;
    let role = AccountRole::parse(&word);
    if role.is_none() {
        members.fault("role", Code::UnknownCode, None);
    }
    role
}

fn flag(members: &mut Members<'_>, name: &'static str) -> Option<bool> {
    let flag = members.take(name)?.as_bool();
    if flag.is_none() {
        members.fault(name, Code::InvalidType, None);
    }
    flag
}

fn scope(members: &mut Members<'_>, catalogues: &Catalogues, today: NaiveDate) -> AccountScope {
    let facility_ids = members.words("facility_ids", SCOPE_COUNT_MAX, |text| {
        // One of another form is one that does not exist.
        Some(Uuid::try_parse(text).unwrap_or_default())
    });
    AccountScope {
        facility_ids,
        areas: areas(members, catalogues, today),
    }
}

fn areas(members: &mut Members<'_>, catalogues: &Catalogues, today: NaiveDate) -> Vec<AreaGrant> {
    let Some(value) = members.take("areas") else {
        return Vec::new();
    };
    let Some(items) = value.as_array() else {
        members.fault("areas", Code::InvalidType, None);
        return Vec::new();
    };
    if items.len() > SCOPE_COUNT_MAX {
        let between = Hint::Between(0, SCOPE_COUNT_MAX);
        members.fault("areas", Code::TooManyItems, Some(between));
        return Vec::new();
    }
    let mut grants = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        match grant(item, catalogues, today) {
            Ok(grant) => grants.push(grant),
            Err(violations) => {
                for violation in violations {
                    let pointer = format!("areas/{place}{}", violation.pointer);
                    members.fault(&pointer, violation.code, violation.hint);
                }
            }
        }
    }
    grants
}

/// Reads `{commune | province, valid_from?, valid_until?}`.
fn grant(
    item: &Value,
    catalogues: &Catalogues,
    today: NaiveDate,
) -> Result<AreaGrant, Vec<Violation>> {
    let mut members = Members::of(item)?;
    let commune = members.text("commune", WORD_LENGTH_MAX);
    let province = members.text("province", WORD_LENGTH_MAX);
    let valid_from = day(&mut members, "valid_from").unwrap_or(today);
    let valid_until = day(&mut members, "valid_until");
    if valid_until.is_some_and(|last| last < valid_from) {
        members.fault("valid_until", Code::PeriodReversed, None);
    }
    let area = match (commune, province) {
        (Some(code), None) => match catalogues.commune_code(&code) {
            Some(CommuneCode::Current(_)) => Some(Jurisdiction::Commune(code)),
            Some(CommuneCode::Old(_)) => {
                members.fault("commune", Code::CommuneReplaced, None);
                None
            }
            None => {
                members.fault("commune", Code::UnknownCode, None);
                None
            }
        },
        (None, Some(code)) if catalogues.province(&code).is_some() => {
            Some(Jurisdiction::Province(code))
        }
        (None, Some(_)) => {
            members.fault("province", Code::UnknownCode, None);
            None
        }
        (Some(_), Some(_)) => {
            members.fault("province", Code::ContradictsMember, None);
            None
        }
        (None, None) => {
            members.fault("commune", Code::Required, Some(Hint::OrMember("/province")));
            None
        }
    };
    members.finish()?;
    Ok(AreaGrant {
        area: area.ok_or_else(Vec::new)?,
        valid_from,
        valid_until,
    })
}

fn day(members: &mut Members<'_>, name: &'static str) -> Option<NaiveDate> {
    let text = members.text(name, WORD_LENGTH_MAX)?;
    let day = parse_day(&text);
    if day.is_none() {
        members.fault(name, Code::InvalidDate, None);
    }
    day
}

/// Each role has the scope of its reach and no other; a desk names its facilities.
fn check_scope(members: &mut Members<'_>, role: AccountRole, scope: &AccountScope) {
    let reach = role.reach();
    if reach != Reach::Facilities && !scope.facility_ids.is_empty() {
        members.fault("facility_ids", Code::NotForRole, None);
    }
    if reach != Reach::Areas && !scope.areas.is_empty() {
        members.fault("areas", Code::NotForRole, None);
    }
    if role.is_desk() && scope.facility_ids.is_empty() {
        members.fault("facility_ids", Code::Required, None);
    }
    if reach == Reach::Areas && scope.areas.is_empty() && !members.has_fault_under("areas") {
        members.fault("areas", Code::Required, None);
    }
    let is_fitting = |grant: &AreaGrant| match (&grant.area, role) {
        (Jurisdiction::Province(_), AccountRole::CommuneOfficer)
        | (Jurisdiction::Commune(_), AccountRole::ProvinceOfficer) => false,
        (Jurisdiction::Commune(_) | Jurisdiction::Province(_), _) => true,
    };
    for (place, _) in (0..)
        .zip(&scope.areas)
        .filter(|(_, grant)| !is_fitting(grant))
    {
        members.fault(&format!("areas/{place}"), Code::NotForRole, None);
    }
}
