//! Guests whom a facility expects: noted by hand or by its own system, so that the desk sees who is
//! not declared yet. They are no declarations and go to nobody.

use std::ops::RangeInclusive;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};

use crate::draft::reader::{Bound, ObjectReader};
use crate::draft::{NAME_LENGTH_MAX, PLACE_LENGTH_MAX, WORD_LENGTH_MAX};
use crate::problem::{Code, Violation};
use crate::time::{at_local, parse_day};

/// How many may be noted at once.
pub const NOTED_AT_ONCE: RangeInclusive<usize> = 1..=200;
/// How many a facility may expect.
pub const EXPECTED_COUNT_MAX: usize = 1_000;
/// How many days ahead a guest may be expected.
const DAYS_AHEAD_MAX: u64 = 62;
/// Longest text of a day.
const DAY_LENGTH_MAX: usize = 32;
/// Guests who arrive late in the evening are declared before this time of the next morning (Law on
/// Residence 68/2020/QH14, art. 30): nobody is expected any longer then.
const MORNING: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(morning) => morning,
    None => NaiveTime::MIN,
};

/// A guest who is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedGuest {
    /// The guest, as far as the name is known.
    pub full_name: String,
    /// Where the guest will sleep.
    pub room: Option<String>,
    /// The number of the document that the guest will show.
    pub document_number: Option<String>,
    /// The day in Viet Nam on which the guest arrives.
    pub expected_on: NaiveDate,
}

impl ExpectedGuest {
    /// Reads `{items: [{full_name, room?, document_number?, expected_on?}]}`; today where no day is
    /// named.
    ///
    /// # Errors
    /// Every violation.
    pub fn read_list(body: &Value, today: NaiveDate) -> Result<Vec<Self>, Vec<Violation>> {
        let mut violations = Vec::new();
        let mut guests = Vec::new();
        let elements = read_elements(body, &mut violations);
        for (index, element) in elements.iter().enumerate() {
            guests.extend(read_guest(
                &format!("/items/{index}"),
                element,
                today,
                &mut violations,
            ));
        }
        if violations.is_empty() {
            Ok(guests)
        } else {
            Err(violations)
        }
    }

    /// What is kept of the guest, sealed: everything but the day.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "document_number": self.document_number,
            "full_name": self.full_name,
            "room": self.room,
        })
    }

    /// The guest that [`Self::to_value`] kept.
    #[must_use]
    pub fn of_value(value: &Value, expected_on: NaiveDate) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            full_name: text("full_name")?,
            room: text("room"),
            document_number: text("document_number"),
            expected_on,
        })
    }

    /// When the guest is expected no longer.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        let next_day = self.expected_on.checked_add_days(Days::new(1));
        at_local(next_day.unwrap_or(self.expected_on), MORNING)
    }
}

fn read_elements<'a>(body: &'a Value, violations: &mut Vec<Violation>) -> &'a [Value] {
    let Some(mut list) = ObjectReader::root(body, violations) else {
        return &[];
    };
    let elements = list.list("items", NOTED_AT_ONCE);
    if body.get("items").is_none_or(Value::is_null) {
        list.require("items");
    }
    list.finish(&[]);
    elements.unwrap_or_default()
}

fn read_guest(
    pointer: &str,
    element: &Value,
    today: NaiveDate,
    violations: &mut Vec<Violation>,
) -> Option<ExpectedGuest> {
    let mut reader = ObjectReader::at(pointer.to_owned(), element, violations)?;
    let full_name = reader.text("full_name", Bound::name(NAME_LENGTH_MAX));
    if full_name.is_none() {
        reader.require("full_name");
    }
    let room = reader.text("room", Bound::line(PLACE_LENGTH_MAX));
    let document_number = reader.text("document_number", Bound::number(WORD_LENGTH_MAX));
    let day = reader.text("expected_on", Bound::line(DAY_LENGTH_MAX));
    let expected_on = match day.as_deref().map(parse_day) {
        None => Some(today),
        Some(None) => {
            reader.refuse("expected_on", Code::InvalidDate);
            None
        }
        Some(Some(day)) if is_ahead(day, today) => Some(day),
        Some(Some(_)) => {
            reader.refuse("expected_on", Code::OutOfRange);
            None
        }
    };
    reader.finish(&[]);
    Some(ExpectedGuest {
        full_name: full_name?,
        room,
        document_number,
        expected_on: expected_on?,
    })
}

/// Yesterday's guests may come after midnight.
fn is_ahead(day: NaiveDate, today: NaiveDate) -> bool {
    let first = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let last = today.checked_add_days(Days::new(DAYS_AHEAD_MAX));
    (first..=last.unwrap_or(today)).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    fn today() -> NaiveDate {
        parse_day("2026-11-30").unwrap()
    }

    #[test]
    fn a_guest_is_kept_as_it_was_noted() {
        let sent = json!({"items": [
            {"full_name": " Nguyễn Văn An ", "room": "203", "document_number": "038090001234"},
            {"full_name": "Lê Thị Mai", "expected_on": "2026-12-01"},
        ]});
        let guests = ExpectedGuest::read_list(&sent, today()).unwrap();
        assert_eq!(guests[0].full_name, "Nguyễn Văn An");
        assert_eq!(guests[0].expected_on, today());
        for guest in &guests {
            let kept = ExpectedGuest::of_value(&guest.to_value(), guest.expected_on);
            assert_eq!(kept.as_ref(), Some(guest));
        }
        let end = parse_instant("2026-12-02T08:00:00+07:00").unwrap();
        assert_eq!(guests[1].expires_at(), end);
    }

    #[test]
    fn every_fault_is_named() {
        let table = [
            (json!({}), vec![("/items", Code::Required)]),
            (json!({"items": []}), vec![("/items", Code::TooFewItems)]),
            (
                json!({"items": [{}, {"full_name": "An", "expected_on": "mai"}]}),
                vec![
                    ("/items/0/full_name", Code::Required),
                    ("/items/1/expected_on", Code::InvalidDate),
                ],
            ),
            (
                json!({"items": [
                    {"full_name": "An", "expected_on": "2026-11-28"},
                    {"full_name": "An", "expected_on": "2027-11-28", "x": 1},
                ]}),
                vec![
                    ("/items/0/expected_on", Code::OutOfRange),
                    ("/items/1/expected_on", Code::OutOfRange),
                    ("/items/1/x", Code::UnknownField),
                ],
            ),
        ];
        for (body, expected) in table {
            let found = ExpectedGuest::read_list(&body, today()).unwrap_err();
            let found = found
                .iter()
                .map(|fault| (fault.pointer.as_str(), fault.code));
            assert_eq!(found.collect::<Vec<_>>(), expected, "{body}");
        }
    }
}
