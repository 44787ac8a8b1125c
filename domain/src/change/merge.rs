//! Merge patches (RFC 7396) on a stay's content, and what differs between two contents.

use serde_json::{Map, Value};

use crate::draft::{Draft, READ_ONLY};
use crate::problem::{Code, Violation};

/// The content merged with the patch. Faults in the patch's shape are added to `violations`:
/// unknown members, read-only members, wrong types.
pub(super) fn merged(
    content: &Value,
    mut patch: Map<String, Value>,
    violations: &mut Vec<Violation>,
) -> Value {
    // A stay never moves to another facility.
    let facility_id = patch.remove("facility_id");
    if facility_id.is_some_and(|sent| !sent.is_null()) {
        violations.push(Violation::new("/facility_id", Code::ReadOnly));
    }
    let sent = Value::Object(patch);
    let (_, found) = Draft::read(&sent);
    violations.extend(found);
    let mut patch = sent.as_object().cloned().unwrap_or_default();
    patch.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let patch = Value::Object(patch);
    let mut content = content.clone();
    merge(&mut content, &patch);
    drop_answered_reason(&mut content, &patch);
    content
}

/// RFC 7396, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Adding a document removes the reason for having none, unless the patch says otherwise.
fn drop_answered_reason(content: &mut Value, patch: &Value) {
    const REASON: &str = "no_document_reason";
    let kind = content.pointer("/guest/document/kind");
    let has_document = kind
        .and_then(Value::as_str)
        .is_some_and(|kind| kind != "none");
    let is_sent = patch.pointer("/guest/no_document_reason").is_some();
    if has_document && !is_sent {
        let guest = content.get_mut("guest").and_then(Value::as_object_mut);
        if let Some(guest) = guest {
            guest.remove(REASON);
        }
    }
}

/// Pointers of the members that are not the same in both contents, the innermost each, in the
/// order of their names.
#[must_use]
pub fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ(one, other, "", &mut found);
    found
}

fn differ(one: &Value, other: &Value, pointer: &str, found: &mut Vec<String>) {
    if one == other {
        return;
    }
    let (Value::Object(left), Value::Object(right)) = (one, other) else {
        found.push(pointer.to_owned());
        return;
    };
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (left, right) = (left.get(name), right.get(name));
        // A member added or removed as a whole is reported once.
        let pointer = format!("{pointer}/{name}");
        match (left, right) {
            (Some(left), Some(right)) => differ(left, right, &pointer, found),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => found.push(pointer),
        }
    }
}
