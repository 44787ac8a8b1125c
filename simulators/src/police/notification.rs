//! The parts of a notification that the police endpoint reads: enough to file it, to match it
//! against refusals, and to check its form. The rest of the body is up to the sender.

use poem::http::StatusCode;
use serde_json::Value;

use crate::{
    answer::Failure,
    control::NOT_JSON,
    wire_format::{has_sound_times, is_partial_date},
};

const TEXT_BYTES_MAX: usize = 64;

const SHAPE: Failure = Failure::new(
    StatusCode::BAD_REQUEST,
    "notification_incomplete",
    "A notification is a JSON object with stay_id and kind (1 to 64 characters) and version \
     (a number from 1 on).",
);
const TIMES: Failure = Failure::new(
    StatusCode::BAD_REQUEST,
    "notification_times_unsound",
    "Members that end in _at are RFC 3339 instants with an offset; guest.birth_date and those that \
     end in _on or _until are ISO 8601 dates.",
);

/// No `Debug`: a document number is personal.
pub(crate) struct Notification {
    pub(crate) stay_id: String,
    pub(crate) version: u32,
    pub(crate) kind: String,
    pub(crate) facility_id: Option<String>,
    pub(crate) document_number: Option<String>,
}

impl Notification {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Failure> {
        let body: Value = serde_json::from_slice(body).map_err(|_| NOT_JSON)?;
        let stay_id = short_text(&body["stay_id"]).ok_or(SHAPE)?;
        let kind = short_text(&body["kind"]).ok_or(SHAPE)?;
        let version = body["version"].as_u64().and_then(|v| u32::try_from(v).ok());
        let version = version.filter(|version| *version >= 1).ok_or(SHAPE)?;
        let text_at = |pointer| body.pointer(pointer)?.as_str().map(str::to_owned);
        let birth_date = text_at("/guest/birth_date");
        let is_birth_date_sound = birth_date.is_none_or(|date| is_partial_date(&date));
        if !is_birth_date_sound || !has_sound_times(&body) {
            return Err(TIMES);
        }
        let first_of = |pointers: &[&'static str]| pointers.iter().copied().find_map(text_at);
        Ok(Self {
            facility_id: first_of(&["/facility/id", "/facility/facility_id", "/facility_id"]),
            document_number: first_of(&["/guest/document/number", "/document/number"]),
            stay_id,
            version,
            kind,
        })
    }
}

fn short_text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    (1..=TEXT_BYTES_MAX)
        .contains(&text.len())
        .then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judge(body: &Value) -> Option<&'static str> {
        Notification::read(body.to_string().as_bytes())
            .err()
            .map(|failure| failure.code)
    }

    #[test]
    fn three_members_are_enough() {
        assert_eq!(
            judge(&json!({"stay_id": "s", "version": 1, "kind": "stay"})),
            None
        );
    }

    #[test]
    fn each_of_them_is_required_and_judged() {
        let table = [
            json!([]),
            json!("text"),
            json!({"version": 1, "kind": "stay"}),
            json!({"stay_id": "", "version": 1, "kind": "stay"}),
            json!({"stay_id": "s", "version": 0, "kind": "stay"}),
            json!({"stay_id": "s", "version": "1", "kind": "stay"}),
            json!({"stay_id": "s", "version": 1}),
            json!({"stay_id": "s", "version": 1, "kind": "x".repeat(65)}),
        ];
        for body in table {
            assert_eq!(judge(&body), Some("notification_incomplete"), "{body}");
        }
    }

    #[test]
    fn times_of_another_form_are_refused() {
        let mut body = json!({
            "stay_id": "s", "version": 1, "kind": "stay",
            "arrival_at": "2026-11-23T14:05:00+07:00", "guest": {"birth_date": "1990-05"},
            "identity": {"state": "verified", "birth_date": "exact"},
        });
        assert_eq!(judge(&body), None);
        body["guest"]["birth_date"] = json!("17/05/1990");
        assert_eq!(judge(&body), Some("notification_times_unsound"));
        body["guest"] = json!({});
        body["arrival_at"] = json!("2026-11-23T14:05:00");
        assert_eq!(judge(&body), Some("notification_times_unsound"));
    }

    #[test]
    fn what_a_refusal_may_name_is_found() {
        let body = json!({
            "stay_id": "s", "version": 2, "kind": "stay",
            "facility": {"id": "f"},
            "guest": {"document": {"number": "038090001234"}},
        });
        let read = Notification::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(read.facility_id.as_deref(), Some("f"));
        assert_eq!(read.document_number.as_deref(), Some("038090001234"));
    }
}
