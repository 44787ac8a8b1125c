//! Answers made equal from run to run, so that whole answers can be compared with stored ones.

use chrono::{DateTime, NaiveDate};
use serde_json::Value;

/// The answer with everything that differs by run replaced: the given texts by their labels, ids,
/// instants and days by their kinds, and signatures and salts by `[signed]`.
#[must_use]
pub fn redact(answer: &Value, known: &[(&Value, &str)]) -> Value {
    if let Some((_, label)) = known.iter().find(|(value, _)| *value == answer) {
        return Value::from(format!("[{label}]"));
    }
    match answer {
        Value::String(text) => kind_of(text).map_or_else(|| answer.clone(), Value::from),
        Value::Array(elements) => elements.iter().map(|one| redact(one, known)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), redact(value, known)))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => answer.clone(),
    }
}

fn kind_of(text: &str) -> Option<&'static str> {
    // 32 bytes or more in base64url or hexadecimal.
    let is_signed = text.len() >= 43
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    if is_id(text) {
        Some("[id]")
    } else if DateTime::parse_from_rfc3339(text).is_ok() {
        Some("[instant]")
    } else if text.parse::<NaiveDate>().is_ok() {
        Some("[day]")
    } else {
        is_signed.then_some("[signed]")
    }
}

fn is_id(text: &str) -> bool {
    let lengths = text.split('-').map(|group| {
        let is_hexadecimal = group.chars().all(|letter| letter.is_ascii_hexdigit());
        is_hexadecimal.then_some(group.len())
    });
    lengths.eq([8, 4, 4, 4, 12].map(Some))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_by_run_is_replaced_and_nothing_else() {
        let name = json!("Nguyễn Văn An");
        let answer = json!({
            "id": "019abcde-0000-7000-8000-000000000001",
            "guest": {"full_name": "Nguyễn Văn An"},
            "received_at": "2026-11-30T08:00:00+07:00",
            "on": ["2026-11-30"],
            "jws": "a".repeat(50),
            "room": "305", "version": 1, "note": null,
        });
        let expected = json!({
            "id": "[id]",
            "guest": {"full_name": "[name]"},
            "received_at": "[instant]",
            "on": ["[day]"],
            "jws": "[signed]",
            "room": "305", "version": 1, "note": null,
        });
        assert_eq!(redact(&answer, &[(&name, "name")]), expected);
    }
}
