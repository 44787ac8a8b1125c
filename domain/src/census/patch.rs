//! The differences between a line and its stay.

use serde_json::{Map, Value};

use crate::catalogue::VIET_NAM_CODE;
use crate::document::{DocumentKind, ImpliedNationality};
use crate::facility::Facility;

/// Members that identify a guest.
const TELLING: [&str; 6] = [
    "full_name",
    "birth_date",
    "sex",
    "nationality",
    "document",
    "no_document_reason",
];

/// The members of a line that differ from the stay's content, as a merge patch; members that the
/// line omits stay unchanged. Spelling out a default that the content omits is not a difference;
/// neither is outdated data about a guest without a document who has been identified since.
///
/// `first` is the original content, if data is still missing from it.
#[must_use]
pub fn patch(
    line: &Value,
    content: &Value,
    first: Option<&Value>,
    facility: &Facility,
) -> Map<String, Value> {
    let mut patch = differing(line, content);
    patch.remove("facility_id");
    let outdated = outdated(line, content, first);
    if let Some(guest) = patch.get_mut("guest").and_then(Value::as_object_mut) {
        guest.retain(|member, _| !outdated.contains(&member.as_str()));
        if guest.is_empty() {
            patch.remove("guest");
        }
    }
    let is_default = content.get("purpose").is_none()
        && line["purpose"].as_str() == Some(facility.default_purpose().as_str());
    if is_default {
        patch.remove("purpose");
    }
    if is_implied(line, content)
        && let Some(guest) = patch.get_mut("guest").and_then(Value::as_object_mut)
    {
        guest.remove("nationality");
        if guest.is_empty() {
            patch.remove("guest");
        }
    }
    patch
}

/// Members for which the line repeats data from before the guest was identified: all identifying
/// members once there is a document; before that, those supplied since the declaration that the
/// line repeats as first declared. No line removes a document that was found.
fn outdated(line: &Value, content: &Value, first: Option<&Value>) -> Vec<&'static str> {
    if !is_without_document(line) {
        return Vec::new();
    }
    if !is_without_document(content) {
        return TELLING.to_vec();
    }
    let said_first = |member: &&str| {
        let first = first.and_then(|first| first.get("guest")?.get(member));
        first.is_some() && first == line["guest"].get(member)
    };
    TELLING.into_iter().filter(said_first).collect()
}

/// Whether a guest is declared without a document.
fn is_without_document(content: &Value) -> bool {
    let kind = content.pointer("/guest/document/kind");
    kind.and_then(Value::as_str) == Some(DocumentKind::None.as_str())
}

/// Whether the line names the nationality that the content's document implies.
fn is_implied(line: &Value, content: &Value) -> bool {
    let kind = content.pointer("/guest/document/kind");
    let kind = kind
        .and_then(Value::as_str)
        .and_then(DocumentKind::parse)
        .map(DocumentKind::implied_nationality);
    let named = line.pointer("/guest/nationality").and_then(Value::as_str);
    content.pointer("/guest/nationality").is_none()
        && kind == Some(ImpliedNationality::Vietnamese)
        && named.is_some_and(|named| named.eq_ignore_ascii_case(VIET_NAM_CODE))
}

fn differing(line: &Value, content: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    for (name, said) in line.as_object().into_iter().flatten() {
        let stored = content.get(name);
        if stored == Some(said) {
            continue;
        }
        let difference = match (said, stored) {
            (Value::Object(_), Some(stored @ Value::Object(_))) => {
                Value::Object(differing(said, stored))
            }
            (_, _) => said.clone(),
        };
        let is_nothing = difference.as_object().is_some_and(Map::is_empty);
        if !is_nothing {
            found.insert(name.clone(), difference);
        }
    }
    found
}
