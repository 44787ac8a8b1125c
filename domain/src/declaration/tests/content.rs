//! Tests the stored content of a stay, and when two stays are the same.

use super::*;
use crate::canonical::to_canonical_json;

#[test]
fn the_content_is_what_was_sent_with_facility_and_arrival_filled_in() {
    let sent = json!({
        "reference": "  PMS-1 ",
        "room": "203",
        "expected_departure_at": "2026-11-25T05:00:00Z",
        "note": null,
        "party": {},
        "guest": {
            "full_name": "Nguye\u{302}\u{303}n Va\u{306}n An",
            "birth_date": "1990-05",
            "phone": "",
            "document": {"kind": "citizen_card", "number": "038090990001"},
        },
    });
    let expected = json!({
        "facility_id": hotel().id,
        "reference": "PMS-1",
        "room": "203",
        "arrival_at": RECEIVED_AT,
        "expected_departure_at": "2026-11-25T12:00:00+07:00",
        "guest": {
            "full_name": "Nguyễn Văn An",
            "birth_date": "1990-05",
            "document": {"kind": "citizen_card", "number": "038090990001"},
        },
    });
    assert_eq!(accept(&sent).content(), expected);
}

#[test]
fn a_resend_in_other_words_says_the_same() {
    let same = |left: &Value, right: &Value| {
        accept(left).comparison_content() == accept(right).comparison_content()
    };
    let id = hotel().id.to_string();
    let table = [
        with(citizen(), "/arrival_at", json!("2026-11-23T07:05:00.000Z")),
        with(
            citizen(),
            "/guest/full_name",
            json!(" Nguye\u{302}\u{303}n Văn An "),
        ),
        with(citizen(), "/guest/nationality", json!("VNM")),
        with(citizen(), "/purpose", json!("tourism")),
        with(citizen(), "/facility_id", json!(id.to_uppercase())),
        with(citizen(), "/note", json!("  ")),
        with(citizen(), "/guest/residence", json!({"address": null})),
    ];
    for other in &table {
        assert!(same(&citizen(), other), "{other}");
    }
    let table = [
        with(citizen(), "/arrival_at", json!("2026-11-23T14:05:01+07:00")),
        with(citizen(), "/room", json!("204")),
        with(citizen(), "/guest/full_name", json!("Nguyen Van An")),
        with(citizen(), "/guest/birth_date", json!("1990")),
        with(citizen(), "/purpose", json!("business")),
        with(citizen(), "/note", json!("x")),
        without(citizen(), "/arrival_at"),
    ];
    for other in &table {
        assert!(!same(&citizen(), other), "{other}");
    }
}

#[test]
fn without_arrival_the_moment_of_sending_does_not_matter() {
    let body = without(citizen(), "/arrival_at");
    let later = instant("2026-11-23T14:15:00+07:00");
    let again = check(&body, &[hotel()], &catalogues(), &Window::default(), later).unwrap();
    assert_eq!(
        again.comparison_content(),
        accept(&body).comparison_content()
    );
    assert_ne!(again.content(), accept(&body).content());
}

#[test]
fn all_members_of_the_contract_are_kept() {
    let body = json!({
        "facility_id": hotel().id, "reference": "PMS-123-1", "room": "203", "bed": "2",
        "ward": "Nội", "arrival_at": "2026-11-23T14:05:00+07:00",
        "expected_departure_at": "2026-11-25T12:00:00+07:00", "purpose": "other",
        "purpose_text": "Thăm bạn",
        "guest": {
            "full_name": "Phommachanh Somsak", "birth_date": "2004-03-02", "sex": "male",
            "nationality": "LAO", "document": {"kind": "passport", "number": "PA0099002"},
            "residence": {"commune_code": "14812", "address": "Số 5"}, "phone": "0912345678",
            "guardian": {"full_name": "Bounmy", "relation": "cha", "phone": "0912345679"},
            "mother_reference": "M-1", "permitted_stay_until": "2027-06-30",
            "visa": {"kind": "DH", "number": "V1", "expires_on": "2027-06-30"},
            "entered_on": "2026-09-01", "entry_gate": "Nà Mèo", "no_document_reason": "minor",
        },
        "party": {"reference": "G-77", "role": "head"}, "note": "x",
    });
    assert_eq!(accept(&body).content(), body);
    assert_eq!(accept(&body).comparison_content(), to_canonical_json(&body));
}

#[test]
fn a_declaration_does_not_print_its_guest() {
    let printed = format!("{:?} {:?}", accept(&citizen()), accept(&citizen()).guest);
    for personal in ["Nguyễn", "038090990001", "203"] {
        assert!(!printed.contains(personal));
    }
}
