use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::catalogue::{Catalogues, Entries};
use crate::declaration::Window;
use crate::facility::{Facility, FacilityKind};

const FILED_AT: &str = "2026-11-23T14:10:00+07:00";
const CHANGED_AT: &str = "2026-11-24T09:00:00+07:00";

fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn facility(kind: FacilityKind) -> Arc<Facility> {
    Arc::new(Facility {
        id: Uuid::from_u128(1),
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

fn catalogues() -> Catalogues {
    let vietnamese = vec![("VNM".to_owned(), json!({"kind": "iso"}))];
    let none = Entries::new();
    Catalogues::read(&none, &none, &vietnamese, &none).unwrap()
}

fn content() -> Value {
    json!({
        "facility_id": Uuid::from_u128(1), "reference": "A-1", "room": "203", "ward": "Nội",
        "arrival_at": "2026-11-23T14:00:00+07:00",
        "expected_departure_at": "2026-11-25T12:00:00+07:00",
        "guest": {
            "full_name": "Nguyễn Văn An", "phone": "0912 345 678",
            "document": {"kind": "citizen_card", "number": "038090990001"},
        },
    })
}

fn unidentified() -> Value {
    json!({
        "facility_id": Uuid::from_u128(1), "reference": "BN-1", "bed": "12B",
        "arrival_at": "2026-11-23T14:00:00+07:00",
        "guest": {"document": {"kind": "none"}, "no_document_reason": "unidentified"},
    })
}

/// A stay and how it stands.
struct Stay {
    kind: FacilityKind,
    content: Value,
    presence: Presence,
    owed: Option<String>,
}

impl Stay {
    fn at_hotel() -> Self {
        Self {
            kind: FacilityKind::LodgingBusiness,
            content: content(),
            presence: Presence::Present,
            owed: None,
        }
    }

    fn departed() -> Self {
        let mut stay = Self::at_hotel();
        stay.content["departed_at"] = json!("2026-11-24T08:00:00+07:00");
        stay.presence = Presence::Departed;
        stay
    }

    fn owing(content: Value, missing: &[&str]) -> Self {
        let due_at = "2026-12-23T14:00:00+07:00";
        Self {
            kind: FacilityKind::MedicalFacility,
            content,
            presence: Presence::Present,
            owed: Some(json!({"missing": missing, "due_at": due_at}).to_string()),
        }
    }

    fn apply(&self, operation: Operation, document: Value) -> Result<After, Vec<Violation>> {
        let before = Before {
            content: &self.content,
            presence: self.presence,
            owed: self.owed.as_deref(),
            arrival_was_sent: true,
        };
        let by = Rejudging {
            facility: &facility(self.kind),
            catalogues: &catalogues(),
            window: &Window::default(),
            received_at: instant(CHANGED_AT),
            filed_at: instant(FILED_AT),
        };
        let change = Change {
            operation,
            document,
        };
        apply(&change, &before, &by)
    }

    fn amended(&self, patch: Value) -> After {
        let mut patch = patch;
        patch["reason"] = json!("sửa");
        let after = self.apply(Operation::Amendment, patch);
        after.unwrap_or_else(|violations| panic!("{violations:?}"))
    }

    fn faults(&self, operation: Operation, document: Value) -> Vec<(String, &'static str)> {
        let Err(violations) = self.apply(operation, document) else {
            return Vec::new();
        };
        violations
            .into_iter()
            .map(|violation| (violation.pointer, violation.code.as_str()))
            .collect()
    }
}

#[test]
fn a_patch_is_laid_over_the_content() {
    // Each row: patch, pointers that change.
    let table = [
        (json!({"room": "305"}), vec!["/room"]),
        (json!({"room": " 203 "}), vec![]),
        (json!({"ward": null}), vec!["/ward"]),
        (json!({"ward": ""}), vec!["/ward"]),
        (json!({"note": null}), vec![]),
        (json!({"guest": {"phone": null}}), vec!["/guest/phone"]),
        (
            json!({"guest": {"document": {"number": "038090990002"}}}),
            vec!["/guest/document/number"],
        ),
        (
            json!({"arrival_at": "2026-11-23T06:00:00Z"}),
            vec!["/arrival_at"],
        ),
        (json!({"arrival_at": "2026-11-23T07:00:00Z"}), vec![]),
        (json!({"party": {"role": "head"}}), vec!["/party"]),
        (json!({"party": {"role": null}}), vec![]),
        (json!({"facility_id": null, "version": null}), vec![]),
    ];
    for (patch, expected) in table {
        let stay = Stay::at_hotel();
        let after = stay.amended(patch.clone());
        assert_eq!(
            differences(&stay.content, &after.content),
            expected,
            "{patch}"
        );
        assert_eq!(after.kind, ChangeKind::Amended);
        assert_eq!(after.reason.as_deref(), Some("sửa"));
    }
}

#[test]
fn every_fault_of_a_document_is_named_once() {
    use Operation::{Amendment, Cancellation, Departure, Extension};

    let long = "x".repeat(REASON_LENGTH_MAX + 1);
    let table = [
        (Amendment, json!({}), vec![("/reason", "required")]),
        (
            Amendment,
            json!({"reason": 7}),
            vec![("/reason", "invalid_type")],
        ),
        (
            Amendment,
            json!({"reason": long}),
            vec![("/reason", "too_long")],
        ),
        (Amendment, json!([]), vec![("", "invalid_type")]),
        (
            Amendment,
            json!({"reason": "x", "room": 7, "guest": 7}),
            vec![("/room", "invalid_type"), ("/guest", "invalid_type")],
        ),
        (
            Amendment,
            json!({"reason": "x", "facility_id": "y", "presence": "present", "colour": null}),
            vec![
                ("/facility_id", "read_only"),
                ("/colour", "unknown_field"),
                ("/presence", "read_only"),
            ],
        ),
        (
            Amendment,
            json!({"reason": "x", "guest": null}),
            vec![
                ("/guest/document", "required"),
                ("/guest/full_name", "required"),
            ],
        ),
        // Counted from the filing: 62 days before it is not too old a day later.
        (
            Amendment,
            json!({"reason": "x", "arrival_at": "2026-09-22T14:10:00+07:00"}),
            vec![],
        ),
        (
            Amendment,
            json!({"reason": "x", "arrival_at": "2026-09-22T14:09:59+07:00"}),
            vec![("/arrival_at", "arrival_too_old")],
        ),
        // Counted from now.
        (
            Amendment,
            json!({"reason": "x", "arrival_at": "2026-11-24T09:10:01+07:00"}),
            vec![("/arrival_at", "arrival_in_future")],
        ),
        (
            Amendment,
            json!({"reason": "x", "departed_at": 7}),
            vec![("/departed_at", "invalid_type")],
        ),
        (Departure, json!({}), vec![("/departed_at", "required")]),
        (
            Departure,
            json!({"departed_at": null}),
            vec![("/departed_at", "required")],
        ),
        (
            Departure,
            json!({"departed_at": "2026-11-24", "reason": "x"}),
            vec![
                ("/reason", "unknown_field"),
                ("/departed_at", "invalid_instant"),
            ],
        ),
        (
            Departure,
            json!({"departed_at": "2026-11-23T13:59:59+07:00"}),
            vec![("/departed_at", "departure_before_arrival")],
        ),
        (
            Departure,
            json!({"departed_at": "2026-11-23T14:00:00+07:00"}),
            vec![],
        ),
        (
            Departure,
            json!({"departed_at": "2026-11-24T09:10:00+07:00"}),
            vec![],
        ),
        (
            Departure,
            json!({"departed_at": "2026-11-24T09:10:01+07:00"}),
            vec![("/departed_at", "departure_in_future")],
        ),
        (
            Extension,
            json!({}),
            vec![("/expected_departure_at", "required")],
        ),
        (
            Extension,
            json!({"expected_departure_at": "2026-11-23T14:00:00+07:00"}),
            vec![("/expected_departure_at", "departure_before_arrival")],
        ),
        (
            Cancellation,
            json!({"reason": " "}),
            vec![("/reason", "required")],
        ),
        (
            Cancellation,
            json!({"reason": "x", "room": "1"}),
            vec![("/room", "unknown_field")],
        ),
    ];
    for (operation, document, expected) in table {
        let found = Stay::at_hotel().faults(operation, document.clone());
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(pointer, code)| (pointer.to_owned(), code))
            .collect();
        assert_eq!(found, expected, "{operation} {document}");
    }
}

#[test]
fn presence_follows_the_departure() {
    let left = json!({"departed_at": "2026-11-24T08:30:00+07:00"});
    let table = [
        (Stay::at_hotel(), left.clone(), "departed", "departed"),
        (Stay::departed(), left, "amended", "departed"),
        (
            Stay::departed(),
            json!({"departed_at": null}),
            "returned",
            "present",
        ),
        (
            Stay::departed(),
            json!({"room": "9"}),
            "amended",
            "departed",
        ),
        (
            Stay::at_hotel(),
            json!({"departed_at": null}),
            "amended",
            "present",
        ),
    ];
    for (stay, patch, kind, presence) in table {
        let after = stay.amended(patch.clone());
        assert_eq!(
            (after.kind.as_str(), after.presence.as_str()),
            (kind, presence),
            "{patch}"
        );
        let has_departed = after.content.get("departed_at").is_some();
        assert_eq!(has_departed, presence == "departed");
    }
    let left = json!({"departed_at": "2026-11-24T01:30:00Z"});
    let after = Stay::at_hotel().apply(Operation::Departure, left).unwrap();
    assert_eq!(after.content["departed_at"], "2026-11-24T08:30:00+07:00");
    assert_eq!(after.presence, Presence::Departed);
    assert!(after.declaration.is_none(), "nothing else is judged again");
}

#[test]
fn states_forbid_what_makes_no_sense_in_them() {
    use Operation::{Amendment, Cancellation, Departure, Extension};

    let table = [
        (Presence::Present, [None; 4]),
        (
            Presence::Departed,
            [
                None,
                Some(Code::StayDeparted),
                Some(Code::StayDeparted),
                None,
            ],
        ),
        (Presence::Cancelled, [Some(Code::StayCancelled); 4]),
    ];
    for (presence, expected) in table {
        let found = [Amendment, Departure, Extension, Cancellation]
            .map(|operation| forbidden(operation, presence));
        assert_eq!(found, expected, "{presence}");
    }
}

#[test]
fn a_night_is_told_by_the_departure_that_took_place() {
    let table = [
        (json!({"departed_at": "2026-11-23T20:00:00+07:00"}), false),
        (json!({"departed_at": "2026-11-23T23:30:00+07:00"}), true),
        (json!({"departed_at": "2026-11-24T08:00:00+07:00"}), true),
        // The change came after 23:00 that day, and the guest is present.
        (
            json!({"expected_departure_at": "2026-11-23T20:00:00+07:00"}),
            true,
        ),
        (json!({"room": "1"}), true),
    ];
    for (patch, has_night) in table {
        let after = Stay::at_hotel().amended(patch.clone());
        assert_eq!(after.has_night, has_night, "{patch}");
    }
}

#[test]
fn what_is_owed_is_completed_and_no_correction() {
    let identity = [
        "/guest/full_name",
        "/guest/birth_date",
        "/guest/sex",
        "/guest/document",
    ];
    let card = json!({"guest": {
        "full_name": "Nguyễn Văn An",
        "document": {"kind": "citizen_card", "number": "038090990001"},
        "birth_date": "1990-05-17", "sex": "male",
    }});
    let named = json!({"guest": {"full_name": "Nguyễn Văn An"}});
    let unknown = || Stay::owing(unidentified(), &identity);
    let minimal = || Stay::owing(content(), &["/guest/birth_date"]);
    let born = json!({"guest": {"birth_date": "1990-05-17"}});
    let other = json!({"guest": {"document": {"number": "038090990002"}}});
    // Each row: stay, patch, kind, whether something is owed afterwards.
    let table = [
        (unknown(), card, "completed", false),
        (unknown(), named, "amended", true),
        (minimal(), born, "completed", false),
        (minimal(), json!({"room": "1"}), "amended", true),
        // Another person, whom the registry has not checked.
        (minimal(), other, "amended", false),
        (Stay::at_hotel(), json!({"room": "1"}), "amended", false),
    ];
    for (stay, patch, kind, is_owed) in table {
        let after = stay.amended(patch.clone());
        assert_eq!(
            (after.kind.as_str(), after.owed.is_some()),
            (kind, is_owed),
            "{patch}"
        );
        let reason = after.content["guest"].get("no_document_reason");
        assert_eq!(
            reason.is_some(),
            after.content["guest"]["document"]["kind"] == "none"
        );
    }
}

#[test]
fn thirty_days_are_temporary_residence() {
    let table = [
        ("2026-12-22T12:00:00+07:00", 0),
        ("2026-12-23T12:00:00+07:00", 1),
    ];
    for (until, warning_count) in table {
        let document = json!({"expected_departure_at": until});
        let after = Stay::at_hotel().apply(Operation::Extension, document);
        let declaration = after.unwrap().declaration.unwrap();
        assert_eq!(declaration.warnings.len(), warning_count, "{until}");
    }
}

#[test]
fn changes_that_say_the_same_compare_equal() {
    let patch = |room: &str, at: &str| Change {
        operation: Operation::Amendment,
        document: json!({"room": room, "arrival_at": at, "reason": "x"}),
    };
    let one = patch("Phòng 1", "2026-11-23T14:00:00+07:00").comparison_content();
    let same = patch(" Pho\u{300}ng 1", "2026-11-23T07:00:00Z").comparison_content();
    assert_eq!(one, same);
    let other = patch("Phòng 2", "2026-11-23T07:00:00Z").comparison_content();
    assert_ne!(one, other);
    let cancelled = Change::cancellation("x").comparison_content();
    let amended = Change::amendment(Map::new(), "x").comparison_content();
    assert_ne!(cancelled, amended);
}

#[test]
fn the_registry_is_asked_about_these_members() {
    let table = [
        (json!({"guest": {"full_name": "Nguyễn Văn Ba"}}), false),
        (json!({"guest": {"birth_date": "1990"}}), false),
        (json!({"guest": {"sex": "male"}}), false),
        (
            json!({"guest": {"document": {"number": "038090990002"}}}),
            false,
        ),
        (json!({"guest": {"phone": null}, "room": "1"}), true),
    ];
    for (patch, is_same) in table {
        let stay = Stay::at_hotel();
        let after = stay.amended(patch.clone());
        assert_eq!(
            is_same_guest(&stay.content, &after.content),
            is_same,
            "{patch}"
        );
    }
}
