//! Tests the contract's section "A stay", row by row.

mod content;
mod guests;
mod places;
mod shapes;
mod sound;
mod times;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::catalogue::Entries;
use crate::facility::FacilityKind;
use crate::time::parse_instant;

/// The instant of receipt of every test: 14:10 in Viet Nam.
const RECEIVED_AT: &str = "2026-11-23T14:10:00+07:00";

fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn facility(kind: FacilityKind) -> Arc<Facility> {
    let tail = 1 + FacilityKind::ALL
        .iter()
        .position(|other| *other == kind)
        .unwrap();
    Arc::new(Facility {
        id: Uuid::from_u128(tail as u128),
        organisation_id: Uuid::from_u128(99),
        kind,
        subkind: None,
        name: "Cơ sở thử".to_owned(),
        address: "1 Lê Lợi".to_owned(),
        commune_code: "14812".to_owned(),
        province_code: "38".to_owned(),
        is_remote: false,
        ended_at: None,
    })
}

fn hotel() -> Arc<Facility> {
    facility(FacilityKind::LodgingBusiness)
}

fn catalogues() -> Catalogues {
    let country = |code: &str| (code.to_owned(), json!({"kind": "iso"}));
    let commune = json!({"full_name": "Phường Bỉm Sơn", "province_code": "38"});
    let alias = json!({
        "level": "commune", "old_code": "14813", "targets": [{"code": "14812", "is_default": true}],
    });
    let divided = json!({
        "level": "commune", "old_code": "14817",
        "targets": [{"code": "14812", "is_default": true}, {"code": "14820", "is_default": false}],
    });
    Catalogues::read(
        &Entries::new(),
        &vec![("14812".to_owned(), commune)],
        &["VNM", "FRA", "KOR", "LAO", "XXA"].map(country).to_vec(),
        &vec![
            ("commune-14813".to_owned(), alias),
            ("commune-14817".to_owned(), divided),
        ],
    )
    .unwrap()
}

/// Judges a body at [`RECEIVED_AT`].
fn judge(body: &Value, facilities: &[Arc<Facility>]) -> Result<Declaration, Faults> {
    check(
        body,
        facilities,
        &catalogues(),
        &Window::default(),
        instant(RECEIVED_AT),
    )
}

/// Accepts a body at the hotel.
fn accept(body: &Value) -> Declaration {
    judge(body, &[hotel()]).unwrap()
}

/// Every violation as `pointer code`, sorted; empty when the body is accepted.
fn refusals(body: &Value, facilities: &[Arc<Facility>]) -> Vec<String> {
    judge(body, facilities).map_or_else(|faults| written(&faults.violations), |_| Vec::new())
}

fn warnings(body: &Value) -> Vec<String> {
    written(&accept(body).warnings)
}

fn written(violations: &[Violation]) -> Vec<String> {
    let mut rows: Vec<String> = violations
        .iter()
        .map(|found| format!("{} {}", found.pointer, found.code))
        .collect();
    rows.sort();
    rows
}

/// A citizen at the hotel: name and number, room and times.
fn citizen() -> Value {
    json!({
        "room": "203",
        "arrival_at": "2026-11-23T14:05:00+07:00",
        "expected_departure_at": "2026-11-25T12:00:00+07:00",
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": "038090990001"},
        },
    })
}

/// A foreigner at the hotel, with everything that is required.
fn foreigner() -> Value {
    let mut body = citizen();
    body["guest"] = json!({
        "full_name": "Amélie O’Neil-Dupont",
        "birth_date": "1990-09-09",
        "sex": "female",
        "nationality": "FRA",
        "document": {"kind": "passport", "number": "99RT00001"},
        "permitted_stay_until": "2027-01-31",
    });
    body
}

/// A body with one place changed; `null` takes it away.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
    body
}

fn without(body: Value, pointer: &str) -> Value {
    with(body, pointer, Value::Null)
}
