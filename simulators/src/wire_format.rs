//! Forms of values as the simulators understand them: their own reading of the published formats.

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, Utc};
use serde_json::Value;

/// Viet Nam time.
pub(crate) const VIET_NAM: FixedOffset = match FixedOffset::east_opt(7 * 3_600) {
    Some(offset) => offset,
    None => panic!("seven hours are a valid offset"),
};

/// RFC 3339 in Viet Nam time, with as many digits of the second as needed.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.with_timezone(&VIET_NAM)
        .to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

pub(crate) fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.with_timezone(&Utc))
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub(crate) fn is_partial_date(text: &str) -> bool {
    let has_digits_at = |range: std::ops::Range<usize>| {
        text.as_bytes()
            .get(range)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
    };
    let full = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        10 => text.to_owned(),
        _ => return false,
    };
    has_digits_at(0..4) && full.len() == 10 && NaiveDate::parse_from_str(&full, "%Y-%m-%d").is_ok()
}

/// True when every member of the document, at any depth, has the form that its name promises:
/// text under `…_at` is an RFC 3339 instant with offset, text under `…_on` and `…_until` a date.
/// (`birth_date` is a date of the guest in one place and the grade of a comparison in another.)
pub(crate) fn has_sound_times(document: &Value) -> bool {
    match document {
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| is_sound_member(name, value) && has_sound_times(value)),
        Value::Array(elements) => elements.iter().all(has_sound_times),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn is_sound_member(name: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    if name.ends_with("_at") {
        parse_instant(text).is_some()
    } else if name.ends_with("_on") || name.ends_with("_until") {
        is_partial_date(text)
    } else {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn instants_are_written_in_viet_nam_time() {
        let table = [
            ("2026-11-23T07:05:00Z", "2026-11-23T14:05:00+07:00"),
            ("2026-11-23T17:05:00.5Z", "2026-11-24T00:05:00.500+07:00"),
        ];
        for (sent, written) in table {
            assert_eq!(parse_instant(sent).map(instant).as_deref(), Some(written));
        }
    }

    #[test]
    fn dates_may_be_partial_and_must_exist() {
        for sound in ["1990", "1990-05", "1990-05-17", "2024-02-29"] {
            assert!(is_partial_date(sound), "{sound}");
        }
        for unsound in [
            "",
            "90",
            "1990-5",
            "1990-13",
            "2023-02-29",
            "17/05/1990",
            "1990-05-1é",
        ] {
            assert!(!is_partial_date(unsound), "{unsound}");
        }
    }

    #[test]
    fn a_time_of_another_form_is_found_at_any_depth() {
        let sound = json!({
            "arrival_at": "2026-11-23T14:05:00+07:00",
            "expected_departure_at": null,
            "guest": {"birth_date": "1990", "visa": {"expires_on": "2027-01-31"}},
        });
        assert!(has_sound_times(&sound));
        let unsound = [
            json!({"arrival_at": "2026-11-23T14:05:00"}),
            json!({"guest": {"permitted_stay_until": "31/01/2027"}}),
            json!({"guests": [{"visa": {"expires_on": "2027-02-30"}}]}),
        ];
        for document in unsound {
            assert!(!has_sound_times(&document), "{document}");
        }
    }
}
