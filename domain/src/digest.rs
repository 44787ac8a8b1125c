//! The digest of a facility's day: the count of its receipts, and one hash over their numbers.
//!
//! A sender makes the same digest from the receipts it holds. When the two agree, nothing is
//! missing on either side; when they differ, the lists of numbers tell which.
//!
//! What is counted: each stay that began on the local day and is not cancelled, by the number of
//! its first version ([`crate::receipt::number`]), whatever was amended since.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::draft::reader::{Bound, ObjectReader};
use crate::problem::{Code, Hint, Violation};
use crate::time::parse_day;

/// Most numbers that a sender lists of one day: those of the largest file.
pub const NUMBER_COUNT_MAX: usize = 100_000;
/// Longest number that is read, in characters; ours have 26, and a few more from version 2 on.
pub const NUMBER_LENGTH_MAX: usize = 64;

/// The longest text, in characters, that is read as a date.
const DATE_LENGTH_MAX: usize = 64;
/// Most violations that are named of one list.
const VIOLATION_COUNT_MAX: usize = 100;

/// Count and hash of a set of receipt numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// How many different numbers.
    pub count: usize,
    /// SHA-256 over the numbers in the order of their bytes, joined by `\n`, none at the end;
    /// of no number at all it is the SHA-256 of nothing. 32 bytes, written as hex in JSON.
    pub sha256: [u8; 32],
}

/// The digest of these numbers, in whatever order they come; one that comes twice counts once.
pub fn of_numbers<Text: AsRef<str>>(numbers: impl IntoIterator<Item = Text>) -> Digest {
    let mut numbers: Vec<Text> = numbers.into_iter().collect();
    numbers.sort_unstable_by(|left, right| left.as_ref().cmp(right.as_ref()));
    numbers.dedup_by(|left, right| left.as_ref() == right.as_ref());
    let mut sha256 = Sha256::new();
    for (position, number) in numbers.iter().enumerate() {
        if position > 0 {
            sha256.update(b"\n");
        }
        sha256.update(number.as_ref().as_bytes());
    }
    Digest {
        count: numbers.len(),
        sha256: sha256.finalize().into(),
    }
}

/// The receipts that a sender holds of a local day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderReceipts {
    /// The day in Viet Nam on which the stays began.
    pub date: NaiveDate,
    /// Their receipts' numbers, in whatever order.
    pub numbers: Vec<String>,
}

impl SenderReceipts {
    /// Reads `{date, receipts: [numbers]}`; the list may be empty.
    ///
    /// # Errors
    /// Every violation, at most 100.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let held = read_held(body, &mut violations);
        violations.truncate(VIOLATION_COUNT_MAX);
        held.filter(|_| violations.is_empty()).ok_or(violations)
    }
}

fn read_held(body: &Value, violations: &mut Vec<Violation>) -> Option<SenderReceipts> {
    let mut reader = ObjectReader::root(body, violations)?;
    let text = reader.text("date", Bound::line(DATE_LENGTH_MAX));
    let date = text.as_deref().and_then(parse_day);
    match (&text, date) {
        (None, _) => reader.require("date"),
        (Some(_), None) => reader.refuse("date", Code::InvalidDate),
        (Some(_), Some(_)) => {}
    }
    let elements = reader.list("receipts", 0..=NUMBER_COUNT_MAX);
    if elements.is_none() {
        reader.require("receipts");
    }
    reader.finish(&[]);
    let mut numbers = Vec::new();
    for (index, element) in elements.unwrap_or_default().iter().enumerate() {
        match read_number(element) {
            Ok(number) => numbers.push(number),
            Err((code, hint)) => violations.push(Violation {
                pointer: format!("/receipts/{index}"),
                code,
                hint,
            }),
        }
    }
    Some(SenderReceipts {
        date: date?,
        numbers,
    })
}

/// A number as text. Whether it is one of ours shows when it is looked for.
fn read_number(element: &Value) -> Result<String, (Code, Option<Hint>)> {
    let text = element.as_str().ok_or((Code::InvalidType, None))?.trim();
    if text.chars().nth(NUMBER_LENGTH_MAX).is_some() {
        return Err((Code::TooLong, Some(Hint::LengthMax(NUMBER_LENGTH_MAX))));
    }
    Ok(text.to_owned())
}

/// How two sets of numbers differ, each sorted. Nothing differs exactly when the digests agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Stored, and not held by the sender.
    pub missing: Vec<String>,
    /// Held by the sender, and not stored of that day.
    pub unknown: Vec<String>,
}

/// Compares what is stored with what a sender holds.
#[must_use]
pub fn compare(stored: &[String], held: &[String]) -> Comparison {
    let stored: BTreeSet<&String> = stored.iter().collect();
    let held: BTreeSet<&String> = held.iter().collect();
    let only = |these: &BTreeSet<&String>, others: &BTreeSet<&String>| {
        let only = these.difference(others);
        only.map(|number| (*number).clone()).collect()
    };
    Comparison {
        missing: only(&stored, &held),
        unknown: only(&held, &stored),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_read_whole_and_every_fault_of_it_named() {
        let held =
            SenderReceipts::read(&json!({"date": "2026-11-24", "receipts": [" A ", "B", "A"]}));
        let held = held.unwrap();
        assert_eq!(held.date.to_string(), "2026-11-24");
        assert_eq!(held.numbers, ["A", "B", "A"]);
        assert!(SenderReceipts::read(&json!({"date": "2026-11-24", "receipts": []})).is_ok());

        let table = [
            (json!([]), vec![("", Code::InvalidType)]),
            (
                json!({"date": null, "receipts": null}),
                vec![("/date", Code::Required), ("/receipts", Code::Required)],
            ),
            (
                json!({"date": "2026-02-30", "receipts": "A", "x": 1}),
                vec![
                    ("/date", Code::InvalidDate),
                    ("/receipts", Code::InvalidType),
                    ("/x", Code::UnknownField),
                ],
            ),
            (
                json!({"date": 7, "receipts": ["A", null, 7, "A".repeat(NUMBER_LENGTH_MAX + 1)]}),
                vec![
                    ("/date", Code::InvalidType),
                    ("/receipts/1", Code::InvalidType),
                    ("/receipts/2", Code::InvalidType),
                    ("/receipts/3", Code::TooLong),
                ],
            ),
            (
                json!({"date": "2026-11-24", "receipts": vec![""; NUMBER_COUNT_MAX + 1]}),
                vec![("/receipts", Code::TooManyItems)],
            ),
        ];
        for (body, expected) in table {
            let found = SenderReceipts::read(&body).unwrap_err();
            let found: Vec<_> = found
                .iter()
                .map(|one| (one.pointer.as_str(), one.code))
                .collect();
            assert_eq!(found, expected);
        }
        let many = json!({"date": "2026-11-24", "receipts": vec![0; 1_000]});
        assert_eq!(
            SenderReceipts::read(&many).unwrap_err().len(),
            VIOLATION_COUNT_MAX
        );
    }

    proptest! {
        #[test]
        fn nothing_differs_exactly_when_the_digests_agree(
            stored in prop::collection::vec("[AB]{1,2}", 0..5),
            held in prop::collection::vec("[AB]{1,2}", 0..5),
        ) {
            let comparison = compare(&stored, &held);
            let agree = of_numbers(&stored) == of_numbers(&held);
            prop_assert_eq!(comparison == Comparison::default(), agree);
            for number in &comparison.missing {
                prop_assert!(stored.contains(number) && !held.contains(number));
            }
            for number in &comparison.unknown {
                prop_assert!(held.contains(number) && !stored.contains(number));
            }
        }
    }

    #[test]
    fn the_digest_is_that_of_the_sorted_lines() {
        // Each row: numbers as they come, the text that is hashed, how many.
        let table: [(&[&str], &str, usize); 4] = [
            (&[], "", 0),
            (&["LT-261124-A"], "LT-261124-A", 1),
            (
                &["LT-261124-B", "LT-261123-Z", "LT-261124-A"],
                "LT-261123-Z\nLT-261124-A\nLT-261124-B",
                3,
            ),
            (
                &["LT-261124-B", "LT-261124-A", "LT-261124-B"],
                "LT-261124-A\nLT-261124-B",
                2,
            ),
        ];
        for (numbers, text, count) in table {
            let sha256 = Sha256::digest(text.as_bytes()).into();
            assert_eq!(of_numbers(numbers), Digest { count, sha256 });
        }
    }

    #[test]
    fn an_empty_day_has_the_known_hash_of_nothing() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest = of_numbers(std::iter::empty::<&str>());
        assert_eq!(hex::encode(digest.sha256), expected);
    }
}
