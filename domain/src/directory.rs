//! Organisations, facilities and keys: what administrators create, change and end.
//!
//! A change names the day from which it applies. History is kept: the state of an organisation or
//! facility after any version can be reconstructed, so that a resend gets the first answer.

mod key;
mod organisation;
mod place;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

pub use key::{KeyDraft, KeyFaults, KeyRecord, KeyState, SCOPE_COUNT_MAX};
pub use organisation::{Organisation, OrganisationDraft, read_organisation_patch};
pub use place::{FacilityDraft, FacilityPatch, FacilityRecord};

use crate::members::Members;
use crate::problem::{Code, Hint};
use crate::time::{format_instant, parse_day, parse_instant};

/// Characters of a name or a label.
pub const NAME_LENGTH_MAX: usize = 200;
/// Characters of an address inside a commune.
pub const ADDRESS_LENGTH_MAX: usize = 500;
/// Characters of an organisation's code.
pub const CODE_LENGTH_MAX: usize = 64;
/// Most beds of a facility.
pub const CAPACITY_MAX: u32 = 100_000;
/// The default lifetime of a key, in days.
pub const KEY_DAYS_DEFAULT: u32 = 365;
/// Most days until a key ends.
pub const KEY_DAYS_MAX: u32 = 3_650;
/// How many days before its end a key is reported as expiring soon.
pub const EXPIRES_SOON_DAYS: i64 = 30;
/// Characters of a word out of a catalogue, of an id, of an instant.
const WORD_LENGTH_MAX: usize = 64;

/// Members of a content as they are kept: those that a change touched, or all.
pub type Content = Map<String, Value>;

/// A change as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectoryChange {
    /// The version it made; the first one holds everything.
    pub version: i32,
    /// The first day on which it holds.
    pub valid_from: NaiveDate,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// What it touched.
    pub content: Content,
}

impl DirectoryChange {
    /// The changes up to `version` that are in force on `day`, in order of application.
    pub fn in_force(changes: &[Self], day: NaiveDate, version: i32) -> Vec<&Self> {
        let holds = |change: &&Self| change.valid_from <= day && change.version <= version;
        let mut found: Vec<&Self> = changes.iter().filter(holds).collect();
        found.sort_by_key(|change| (change.valid_from, change.version));
        found
    }
}

/// A code of an organisation: short, in the letters of a command line.
fn code(members: &mut Members<'_>, name: &'static str) -> Option<String> {
    let code = members.required(name, CODE_LENGTH_MAX)?;
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_fitting = code.starts_with(is_plain)
        && code
            .chars()
            .all(|letter| is_plain(letter) || "-_.".contains(letter));
    if !is_fitting {
        members.fault(name, Code::OrganisationCodeInvalid, None);
        return None;
    }
    Some(code)
}

fn flag(members: &mut Members<'_>, name: &'static str) -> Option<bool> {
    let flag = members.take(name)?.as_bool();
    if flag.is_none() {
        members.fault(name, Code::InvalidType, None);
    }
    flag
}

fn count(members: &mut Members<'_>, name: &'static str, most: u32) -> Option<u32> {
    let value = members.take(name)?;
    if !value.is_number() {
        members.fault(name, Code::InvalidType, None);
        return None;
    }
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    let fitting = count.filter(|count| (1..=most).contains(count));
    if fitting.is_none() {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        members.fault(name, Code::OutOfRange, Some(Hint::Between(1, most)));
    }
    fitting
}

fn day(members: &mut Members<'_>, name: &'static str) -> Option<NaiveDate> {
    let text = members.text(name, WORD_LENGTH_MAX)?;
    let day = parse_day(&text);
    if day.is_none() {
        members.fault(name, Code::InvalidDate, None);
    }
    day
}

fn instant(members: &mut Members<'_>, name: &'static str) -> Option<DateTime<Utc>> {
    let text = members.text(name, WORD_LENGTH_MAX)?;
    let instant = parse_instant(&text);
    if instant.is_none() {
        members.fault(name, Code::InvalidInstant, None);
    }
    instant
}

/// Whether a member was sent as `null`: taken away.
fn is_cleared(body: &Value, name: &str) -> bool {
    body.get(name).is_some_and(Value::is_null)
}

/// A member of a patch that cannot be taken away.
fn refuse_clearing(members: &mut Members<'_>, body: &Value, names: &[&'static str]) {
    for name in names {
        if is_cleared(body, name) {
            members.fault(name, Code::Required, None);
        }
    }
}

/// An instant as it is kept and shown.
fn instant_json(at: Option<DateTime<Utc>>) -> Value {
    at.map(format_instant).map_or(Value::Null, Value::String)
}

/// The end that a content names.
fn ended_at(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str().and_then(parse_instant)
}

/// Whether an end has come.
#[must_use]
pub fn is_over(ended_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    ended_at.is_some_and(|end| end <= now)
}

/// `open`, or `ended` once the end has come.
#[must_use]
pub fn state(ended_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> &'static str {
    if is_over(ended_at, now) {
        "ended"
    } else {
        "open"
    }
}

/// The words of [`state`].
pub const STATES: [&str; 2] = ["open", "ended"];

#[cfg(test)]
mod tests;
