//! Changes to a declared stay: amendment, departure, extension, cancellation.
//!
//! A change is an operation with its document. [`apply`] merges it into the content of the current
//! version and judges the result by the rules of [`crate::declaration::check`], which yields the
//! next version, or every violation at once. Timeliness never changes: that of version 1 stands.

mod merge;

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::declaration::{self, Declaration, Faults, Rejudging};
use crate::draft::WORD_LENGTH_MAX;
use crate::draft::reader::{Bound, ObjectReader};
use crate::event::EventKind;
use crate::night::{self, End};
use crate::problem::{Code, Hint, Violation};
use crate::stay::Presence;
use crate::text::nfc_trim;
use crate::time::{format_instant, parse_instant};

pub use merge::differences;

/// Longest reason of a change, in characters.
pub const REASON_LENGTH_MAX: usize = 500;

const REASON: Bound = Bound::lines(REASON_LENGTH_MAX);
const WORD: Bound = Bound::line(WORD_LENGTH_MAX);

const REASON_MEMBER: &str = "reason";
const DEPARTED_AT: &str = "departed_at";
const EXPECTED_DEPARTURE_AT: &str = "expected_departure_at";

/// Members of a change that are instants, equal whatever offset they are written with.
const INSTANTS: [&str; 3] = ["arrival_at", DEPARTED_AT, EXPECTED_DEPARTURE_AT];

coded! {
    /// The operations of a sender on a stay.
    pub enum Operation {
        /// Correct, complete, take a departure back: a merge patch with its reason.
        Amendment => "amendment",
        /// The guest has left.
        Departure => "departure",
        /// The guest stays longer.
        Extension => "extension",
        /// The stay was declared in error.
        Cancellation => "cancellation",
    }
}

coded! {
    /// What made a version.
    pub enum ChangeKind {
        /// The declaration itself: version 1.
        Declared => "declared",
        /// Something was corrected.
        Amended => "amended",
        /// The guest left.
        Departed => "departed",
        /// A departure was taken back.
        Returned => "returned",
        /// The expected departure was moved.
        Extended => "extended",
        /// The stay was declared in error.
        Cancelled => "cancelled",
        /// Missing data was supplied, which is not a correction.
        Completed => "completed",
    }
}

impl ChangeKind {
    /// What senders hear of it.
    #[must_use]
    pub const fn event(self) -> EventKind {
        match self {
            Self::Declared => EventKind::StayAccepted,
            Self::Amended => EventKind::StayAmended,
            Self::Departed => EventKind::StayDeparted,
            Self::Returned => EventKind::StayReturned,
            Self::Extended => EventKind::StayExtended,
            Self::Cancelled => EventKind::StayCancelled,
            Self::Completed => EventKind::StayCompleted,
        }
    }
}

/// A requested change.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// What is to be done.
    pub operation: Operation,
    /// The document that came with it; judged by [`apply`].
    pub document: Value,
}

/// The stay before a change.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// Content of the current version, with `departed_at` if it has one.
    pub content: &'a Value,
    /// Whether the guest is there.
    pub presence: Presence,
    /// What is owed, as [`declaration::Completion::to_text`] writes it.
    pub owed: Option<&'a str>,
    /// Whether the sender gave the arrival rather than leaving it to the time of receipt.
    pub arrival_was_sent: bool,
}

/// The stay after a change.
pub struct After {
    /// What the change was.
    pub kind: ChangeKind,
    /// The new content, with `departed_at` if it has one.
    pub content: Value,
    /// Whether the guest is there.
    pub presence: Presence,
    /// When the stay began.
    pub arrival_at: DateTime<Utc>,
    /// When the guest left.
    pub departed_at: Option<DateTime<Utc>>,
    /// Whether a night lies within the stay, see [`crate::night`].
    pub has_night: bool,
    /// What is owed now, as it is stored.
    pub owed: Option<String>,
    /// The newly judged declaration; `None` if the declaration itself is unchanged.
    pub declaration: Option<Declaration>,
    /// Why, in the sender's words.
    pub reason: Option<String>,
}

impl Change {
    /// A merge patch with its reason.
    #[must_use]
    pub fn amendment(patch: Map<String, Value>, reason: &str) -> Self {
        let mut document = patch;
        document.insert(REASON_MEMBER.to_owned(), json!(reason));
        Self {
            operation: Operation::Amendment,
            document: Value::Object(document),
        }
    }

    /// The guest left at this instant.
    #[must_use]
    pub fn departure(departed_at: DateTime<Utc>) -> Self {
        Self {
            operation: Operation::Departure,
            document: json!({DEPARTED_AT: format_instant(departed_at)}),
        }
    }

    /// The guest is expected to leave at this instant.
    #[must_use]
    pub fn extension(expected_departure_at: DateTime<Utc>) -> Self {
        Self {
            operation: Operation::Extension,
            document: json!({EXPECTED_DEPARTURE_AT: format_instant(expected_departure_at)}),
        }
    }

    /// The stay was declared in error.
    #[must_use]
    pub fn cancellation(reason: &str) -> Self {
        Self {
            operation: Operation::Cancellation,
            document: json!({REASON_MEMBER: reason}),
        }
    }

    /// Operation and document in a form that is equal for equivalent changes: text in NFC and
    /// trimmed, instants as instants.
    #[must_use]
    pub fn comparison_content(&self) -> Value {
        let mut document = normal(&self.document);
        for name in INSTANTS {
            let at = document.get(name).and_then(Value::as_str);
            if let Some(at) = at.and_then(parse_instant) {
                document[name] = json!(format_instant(at));
            }
        }
        json!([self.operation.as_str(), document])
    }
}

/// Why the stay's state forbids a change, if it does. A departed stay may still be corrected,
/// completed, taken back and cancelled; a cancelled one is final.
#[must_use]
pub const fn forbidden(operation: Operation, presence: Presence) -> Option<Code> {
    match (presence, operation) {
        (Presence::Cancelled, _) => Some(Code::StayCancelled),
        (Presence::Departed, Operation::Departure | Operation::Extension) => {
            Some(Code::StayDeparted)
        }
        (Presence::Departed, Operation::Amendment | Operation::Cancellation)
        | (Presence::Present, _) => None,
    }
}

/// The stay after the change.
///
/// # Errors
/// Every violation at once; pointers are into the change's document.
pub fn apply(
    change: &Change,
    before: &Before<'_>,
    by: &Rejudging<'_>,
) -> Result<After, Vec<Violation>> {
    match change.operation {
        Operation::Amendment => amend(&change.document, before, by),
        Operation::Departure => depart(&change.document, before, by),
        Operation::Extension => extend(&change.document, before, by),
        Operation::Cancellation => cancel(&change.document, before, by),
    }
}

/// Whether both contents lead to the same question to the registry.
#[must_use]
pub fn is_same_guest(one: &Value, other: &Value) -> bool {
    ["full_name", "birth_date", "sex", "document"]
        .into_iter()
        .all(|member| one["guest"].get(member) == other["guest"].get(member))
}

fn amend(
    document: &Value,
    before: &Before<'_>,
    by: &Rejudging<'_>,
) -> Result<After, Vec<Violation>> {
    let mut violations = Vec::new();
    let Some(mut reader) = ObjectReader::root(document, &mut violations) else {
        return Err(violations);
    };
    let reason = reader.text(REASON_MEMBER, REASON);
    let mut patch = document.as_object().cloned().unwrap_or_default();
    patch.remove(REASON_MEMBER);
    let departure = patch.remove(DEPARTED_AT);
    if reason.is_none() && violations.is_empty() {
        violations.push(Violation::new("/reason", Code::Required));
    }
    if reason.is_some() && patch.is_empty() && departure.is_none() {
        violations.push(Violation::new("", Code::NothingToChange));
    }
    let departed_at = match departure {
        None => departed_at(before.content),
        Some(Value::Null) => None,
        Some(sent) => read_instant(&sent, "/departed_at", &mut violations),
    };
    let content = merge::merged(&without_departure(before.content), patch, &mut violations);
    let arrival_was_sent = before.arrival_was_sent || document.get("arrival_at").is_some();
    check_departure(departed_at, &content, by, &mut violations);
    let declaration = check_again(&content, violations, by, arrival_was_sent)?;
    let content = with_departure(declaration.content(), departed_at);
    let owed = owed(before, &content, &declaration);
    let kind = match (self::departed_at(before.content), departed_at) {
        (None, Some(_)) => ChangeKind::Departed,
        (Some(_), None) => ChangeKind::Returned,
        (None, None) | (Some(_), Some(_)) if is_completion(before, &content, owed.as_deref()) => {
            ChangeKind::Completed
        }
        (None, None) | (Some(_), Some(_)) => ChangeKind::Amended,
    };
    Ok(After {
        kind,
        presence: presence(before, departed_at),
        arrival_at: declaration.arrival_at,
        departed_at,
        has_night: has_night(
            declaration.arrival_at,
            departed_at,
            declaration.expected_departure_at,
            by,
        ),
        owed,
        content,
        declaration: Some(declaration),
        reason,
    })
}

fn extend(
    document: &Value,
    before: &Before<'_>,
    by: &Rejudging<'_>,
) -> Result<After, Vec<Violation>> {
    let mut violations = Vec::new();
    let expected = only_member(document, EXPECTED_DEPARTURE_AT, WORD, &mut violations);
    let mut patch = Map::new();
    if let Some(expected) = expected {
        patch.insert(EXPECTED_DEPARTURE_AT.to_owned(), json!(expected));
    }
    let content = merge::merged(&without_departure(before.content), patch, &mut violations);
    let declaration = check_again(&content, violations, by, before.arrival_was_sent)?;
    let departed_at = departed_at(before.content);
    Ok(After {
        kind: ChangeKind::Extended,
        presence: before.presence,
        arrival_at: declaration.arrival_at,
        departed_at,
        has_night: has_night(
            declaration.arrival_at,
            departed_at,
            declaration.expected_departure_at,
            by,
        ),
        owed: before.owed.map(str::to_owned),
        content: with_departure(declaration.content(), departed_at),
        declaration: Some(declaration),
        reason: None,
    })
}

/// Only the departure is judged: a guest who has left has left, even if the rest of the stay would
/// break today's rules.
fn depart(
    document: &Value,
    before: &Before<'_>,
    by: &Rejudging<'_>,
) -> Result<After, Vec<Violation>> {
    let mut violations = Vec::new();
    let text = only_member(document, DEPARTED_AT, WORD, &mut violations);
    let departed_at =
        text.and_then(|text| read_instant(&json!(text), "/departed_at", &mut violations));
    check_departure(departed_at, before.content, by, &mut violations);
    let (Some(departed_at), true) = (departed_at, violations.is_empty()) else {
        return Err(violations);
    };
    let content = with_departure(without_departure(before.content), Some(departed_at));
    let presence = presence(before, Some(departed_at));
    Ok(untouched(
        ChangeKind::Departed,
        content,
        (before, by),
        presence,
        None,
    ))
}

fn cancel(
    document: &Value,
    before: &Before<'_>,
    by: &Rejudging<'_>,
) -> Result<After, Vec<Violation>> {
    let mut violations = Vec::new();
    let reason = only_member(document, REASON_MEMBER, REASON, &mut violations);
    if !violations.is_empty() {
        return Err(violations);
    }
    Ok(untouched(
        ChangeKind::Cancelled,
        before.content.clone(),
        (before, by),
        Presence::Cancelled,
        reason,
    ))
}

/// A stay whose declaration itself is unchanged.
fn untouched(
    kind: ChangeKind,
    content: Value,
    (before, by): (&Before<'_>, &Rejudging<'_>),
    presence: Presence,
    reason: Option<String>,
) -> After {
    let arrival_at = instant_of(&content, "arrival_at").unwrap_or_default();
    let departed_at = departed_at(&content);
    let expected = instant_of(&content, EXPECTED_DEPARTURE_AT);
    After {
        kind,
        presence,
        arrival_at,
        departed_at,
        has_night: has_night(arrival_at, departed_at, expected, by),
        owed: before.owed.map(str::to_owned),
        content,
        declaration: None,
        reason,
    }
}

fn has_night(
    arrival_at: DateTime<Utc>,
    departed_at: Option<DateTime<Utc>>,
    expected_departure_at: Option<DateTime<Utc>>,
    by: &Rejudging<'_>,
) -> bool {
    let planned = End::Planned(expected_departure_at);
    let end = departed_at.map_or(planned, End::Left);
    night::has_night(arrival_at, end, by.received_at)
}

fn check_again(
    content: &Value,
    violations: Vec<Violation>,
    by: &Rejudging<'_>,
    arrival_was_sent: bool,
) -> Result<Declaration, Vec<Violation>> {
    let judged = declaration::check_again(content, violations, by);
    let mut declaration = judged.map_err(|Faults { violations, .. }| violations)?;
    declaration.arrival_was_sent = arrival_was_sent;
    Ok(declaration)
}

/// The only member of a document, required; any other is a fault.
fn only_member(
    document: &Value,
    name: &'static str,
    bound: Bound,
    violations: &mut Vec<Violation>,
) -> Option<String> {
    let mut reader = ObjectReader::root(document, violations)?;
    let text = reader.text(name, bound);
    reader.finish(&[]);
    let pointer = format!("/{name}");
    let is_named = violations
        .iter()
        .any(|violation| violation.pointer == pointer);
    if text.is_none() && !is_named {
        violations.push(Violation::new(pointer, Code::Required));
    }
    text
}

fn read_instant(
    sent: &Value,
    pointer: &str,
    violations: &mut Vec<Violation>,
) -> Option<DateTime<Utc>> {
    let Some(text) = sent.as_str() else {
        violations.push(Violation::new(pointer, Code::InvalidType));
        return None;
    };
    let at = parse_instant(text.trim());
    if at.is_none() {
        violations.push(Violation::new(pointer, Code::InvalidInstant));
    }
    at
}

/// Not before the arrival, and not further ahead than clocks may differ.
fn check_departure(
    departed_at: Option<DateTime<Utc>>,
    content: &Value,
    by: &Rejudging<'_>,
    violations: &mut Vec<Violation>,
) {
    let Some(departed_at) = departed_at else {
        return;
    };
    let arrival_at = instant_of(content, "arrival_at");
    let declare_from = departed_at
        .checked_sub_signed(by.window.ahead)
        .unwrap_or(departed_at);
    let violation = Violation::new("/departed_at", Code::DepartureInFuture);
    if arrival_at.is_some_and(|arrival_at| departed_at < arrival_at) {
        violations.push(Violation::new("/departed_at", Code::DepartureBeforeArrival));
    } else if declare_from > by.received_at {
        violations.push(violation.with(Hint::DeclareFrom(declare_from)));
    }
}

const fn presence(before: &Before<'_>, departed_at: Option<DateTime<Utc>>) -> Presence {
    match (before.presence, departed_at) {
        (Presence::Cancelled, _) => Presence::Cancelled,
        (Presence::Present | Presence::Departed, Some(_)) => Presence::Departed,
        (Presence::Present | Presence::Departed, None) => Presence::Present,
    }
}

/// The data the content lacks. A birth date that the registry did not know also stays owed until it
/// is given, or until the stay names another person.
fn owed(before: &Before<'_>, content: &Value, declaration: &Declaration) -> Option<String> {
    declaration.owed.to_text().or_else(|| {
        let owed = before.owed?;
        let is_still_owed = is_same_guest(before.content, content)
            && declaration.guest.birth_date.is_none()
            && missing(owed) == ["/guest/birth_date"];
        is_still_owed.then(|| owed.to_owned())
    })
}

/// Whether all missing data has been supplied.
fn is_completion(before: &Before<'_>, content: &Value, owed: Option<&str>) -> bool {
    let Some(was_owed) = before.owed.filter(|_| owed.is_none()) else {
        return false;
    };
    missing(was_owed).iter().all(|pointer| {
        let given = content.pointer(pointer);
        given.is_some_and(|given| given.get("kind").is_none_or(|kind| kind != "none"))
    })
}

fn missing(owed: &str) -> Vec<String> {
    let owed: Value = serde_json::from_str(owed).unwrap_or_default();
    let pointers = owed["missing"].as_array().into_iter().flatten();
    pointers
        .filter_map(|pointer| pointer.as_str().map(str::to_owned))
        .collect()
}

fn departed_at(content: &Value) -> Option<DateTime<Utc>> {
    instant_of(content, DEPARTED_AT)
}

fn instant_of(content: &Value, member: &str) -> Option<DateTime<Utc>> {
    parse_instant(content.get(member)?.as_str()?)
}

fn without_departure(content: &Value) -> Value {
    let mut content = content.clone();
    if let Some(members) = content.as_object_mut() {
        members.remove(DEPARTED_AT);
    }
    content
}

fn with_departure(mut content: Value, departed_at: Option<DateTime<Utc>>) -> Value {
    if let (Some(members), Some(departed_at)) = (content.as_object_mut(), departed_at) {
        members.insert(DEPARTED_AT.to_owned(), json!(format_instant(departed_at)));
    }
    content
}

/// Normalises text to NFC and trims it; leaves everything else unchanged.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(nfc_trim(text)),
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(members.map(|(name, v)| (name.clone(), normal(v))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Nearly everything in a change is personal, so only the operation is printed.
impl fmt::Debug for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Change({})", self.operation)
    }
}

#[cfg(test)]
mod tests;
