//! Unique made-up guests for tests.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::time::{local, now, text_of};

/// Words in the personal members of every stay made here. None may ever be logged.
pub const MARKERS: [&str; 4] = ["Thiềm", "0987 608 243", "gác xép", "đặt qua chị Thiềm"];

/// Somebody who can be declared.
#[derive(Clone, Debug)]
pub struct Person {
    /// Twelve digits; a man born in Thanh Hóa in 1985.
    pub number: String,
    /// With diacritics.
    pub full_name: String,
}

/// A person whom nobody else has.
pub fn person() -> Person {
    let count = next();
    Person {
        number: format!("038085{count:06}"),
        full_name: format!("Lê Thiềm {}", syllables(count)),
    }
}

/// A number not given before in this test run.
pub fn next() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(100_000);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A text not given before in this test run, for references and keys.
pub fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", next())
}

/// A name part without digits for a count.
pub(crate) fn syllables(count: u32) -> String {
    const PARTS: [&str; 10] = [
        "An", "Bình", "Cẩm", "Dũng", "Đức", "Giang", "Hà", "Khánh", "Lâm", "Minh",
    ];
    let digits = count.to_string();
    let parts: Vec<&str> = digits
        .bytes()
        .map(|digit| PARTS[usize::from(digit - b'0')])
        .collect();
    parts.join(" ")
}

/// A citizen's stay with everything a hotel knows: arrived just now, for two days.
pub fn citizen(facility_id: &str) -> Value {
    let person = person();
    json!({
        "facility_id": facility_id,
        "reference": fresh("PMS"),
        "room": "203 gác xép",
        "arrival_at": text_of(now()),
        "expected_departure_at": text_of(now() + TimeDelta::days(2)),
        "purpose": "tourism",
        "guest": {
            "full_name": person.full_name,
            "birth_date": "1985-05-17",
            "sex": "male",
            "nationality": "VNM",
            "document": {"kind": "citizen_card", "number": person.number},
            "residence": {"address": "Số 9 ngõ Thiềm Thừ"},
            "phone": "0987 608 243",
        },
        "party": {"reference": "G-77", "role": "head"},
        "note": "đặt qua chị Thiềm",
    })
}

/// The least that a citizen's stay at a hotel needs: name, number, room, departure.
pub fn minimal(facility_id: &str) -> Value {
    let person = person();
    json!({
        "facility_id": facility_id,
        "room": "12",
        "expected_departure_at": text_of(now() + TimeDelta::days(1)),
        "guest": {
            "full_name": person.full_name,
            "document": {"kind": "citizen_card", "number": person.number},
        },
    })
}

/// A foreigner's stay: arrived just now, for three days.
pub fn foreigner(facility_id: &str) -> Value {
    json!({
        "facility_id": facility_id,
        "reference": fresh("F"),
        "room": "305",
        "arrival_at": text_of(now()),
        "expected_departure_at": text_of(now() + TimeDelta::days(3)),
        "guest": {
            "full_name": "ANNA THIỀM MUSTERFRAU",
            "birth_date": "1979-08",
            "sex": "female",
            "nationality": "DEU",
            "document": {"kind": "passport", "number": format!("C{:08}", next())},
            "permitted_stay_until": local(80, "00:00:00").date_naive().to_string(),
            "visa": {"kind": "DL", "number": "V1234567", "expires_on": local(80, "00:00:00").date_naive().to_string()},
            "entered_on": local(-2, "00:00:00").date_naive().to_string(),
            "entry_gate": "Nội Bài",
        },
    })
}

/// An unidentified person brought to a hospital.
pub fn unidentified(facility_id: &str) -> Value {
    json!({
        "facility_id": facility_id,
        "reference": fresh("BN"),
        "bed": "12B",
        "ward": "Hồi sức",
        "arrival_at": text_of(now()),
        "guest": {
            "document": {"kind": "none"},
            "no_document_reason": "unidentified",
        },
    })
}
