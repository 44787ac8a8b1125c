//! Shape: JSON of any kind, and all violations at once.

use proptest::prelude::*;

use super::*;
use crate::canonical::to_canonical_json;

#[test]
fn an_empty_body_names_every_required_member() {
    let expected = [
        "/expected_departure_at required",
        "/guest/document required",
        "/guest/full_name required",
        "/room required",
    ];
    for body in [
        json!({}),
        json!({"guest": null}),
        json!({"guest": {}}),
        json!({"room": " "}),
    ] {
        assert_eq!(refusals(&body, &[hotel()]), expected, "{body}");
    }
}

#[test]
fn shape_and_meaning_come_together_and_each_place_once() {
    let body = json!({
        "id": "x",
        "departed_at": null,
        "colour": null,
        "a/b~c": 1,
        "room": 203,
        "arrival_at": "2026-11-23T14:05:00",
        "purpose": ["tourism"],
        "note": "a\u{0}b",
        "guest": {
            "full_name": "x".repeat(201),
            "document": "038090990001",
            "sex": "X",
            "age": 36,
        },
    });
    let expected = [
        "/arrival_at invalid_instant",
        "/a~1b~0c unknown_field",
        "/colour unknown_field",
        "/expected_departure_at required",
        "/guest/age unknown_field",
        "/guest/document invalid_type",
        "/guest/full_name too_long",
        "/guest/sex unknown_code",
        "/id read_only",
        "/note control_character",
        "/purpose invalid_type",
        "/room invalid_type",
    ];
    assert_eq!(refusals(&body, &[hotel()]), expected);
}

#[test]
fn what_only_the_service_sets_is_read_only() {
    let names = [
        "id",
        "version",
        "received_at",
        "deadline_at",
        "timeliness",
        "warnings",
        "presence",
        "identity",
        "delivery",
        "completion",
        "receipt",
        "departed_at",
    ];
    for name in names {
        let body = with(citizen(), &format!("/{name}"), json!("x"));
        assert_eq!(refusals(&body, &[hotel()]), [format!("/{name} read_only")]);
    }
}

#[test]
fn control_characters_are_refused_but_a_note_may_have_lines() {
    for letter in [
        '\u{0}', '\u{1}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9f}', '\n', '\t',
    ] {
        let body = with(citizen(), "/room", json!(format!("2{letter}03")));
        assert_eq!(
            refusals(&body, &[hotel()]),
            ["/room control_character"],
            "{letter:?}"
        );
    }
    let body = with(citizen(), "/note", json!("đến muộn\r\n\tđã gọi"));
    assert!(refusals(&body, &[hotel()]).is_empty());
}

#[test]
fn lengths_are_counted_in_characters_after_trimming() {
    let table = [
        ("/reference", 128),
        ("/room", 64),
        ("/purpose_text", 2000),
        ("/guest/full_name", 200),
    ];
    for (pointer, length_max) in table {
        let fits = format!("  {}  ", "ễ".repeat(length_max));
        assert!(refusals(&with(citizen(), pointer, json!(fits)), &[hotel()]).is_empty());
        let long = "ễ".repeat(length_max + 1);
        let refused = refusals(&with(citizen(), pointer, json!(long)), &[hotel()]);
        assert_eq!(refused, [format!("{pointer} too_long")]);
    }
}

#[test]
fn a_document_that_is_no_object_has_one_fault() {
    for body in [json!(null), json!([]), json!("stay"), json!(7), json!(true)] {
        assert_eq!(refusals(&body, &[hotel()]), [" invalid_type"], "{body}");
    }
}

#[test]
fn violations_are_bounded() {
    let body: Value = (0..5000).map(|at| (format!("m{at}"), json!(1))).collect();
    assert_eq!(refusals(&body, &[hotel()]).len(), VIOLATION_COUNT_MAX);
}

#[test]
fn no_message_repeats_what_was_sent() {
    let body = with(foreigner(), "/guest/full_name", json!("Secret9!"));
    let body = with(body, "/guest/document/number", json!("Secret9 !"));
    let body = with(body, "/arrival_at", json!("Secret9!"));
    let faults = judge(&body, &[hotel()]).unwrap_err();
    assert_eq!(faults.violations.len(), 3);
    assert!(!format!("{faults:?}").contains("Secret9"));
    for violation in &faults.violations {
        for language in [crate::problem::Language::Vi, crate::problem::Language::En] {
            assert!(!violation.message(language).contains("Secret9"));
        }
    }
}

/// JSON made of the contract's own names and of plausible and odd values.
pub(super) fn any_body() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 32] = [
        "facility_id",
        "reference",
        "room",
        "bed",
        "ward",
        "arrival_at",
        "expected_departure_at",
        "purpose",
        "purpose_text",
        "guest",
        "party",
        "note",
        "full_name",
        "birth_date",
        "sex",
        "nationality",
        "document",
        "kind",
        "number",
        "no_document_reason",
        "residence",
        "commune_code",
        "address",
        "phone",
        "guardian",
        "visa",
        "expires_on",
        "role",
        "id",
        "permitted_stay_until",
        "entered_on",
        "x/~",
    ];
    const WORDS: [&str; 20] = [
        "citizen_card",
        "none",
        "passport",
        "unidentified",
        "newborn",
        "038090990001",
        "1990-05",
        "2026-11-23T14:05:00+07:00",
        "2026-11-25T12:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "male",
        "VNM",
        "FRA",
        "14812",
        "14813",
        "other",
        "head",
        "Nguyễn Văn An",
        "",
        "0000",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        prop::sample::select(WORDS.as_slice()).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 12, |inner| {
        let name = prop_oneof![
            9 => prop::sample::select(NAMES.as_slice()).prop_map(str::to_owned),
            1 => ".*",
        ];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            6 => prop::collection::btree_map(name, inner, 0..12)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The stay of a citizen with a few places overwritten.
pub(super) fn mutated_stay() -> impl Strategy<Value = Value> {
    const POINTERS: [&str; 12] = [
        "/room",
        "/arrival_at",
        "/expected_departure_at",
        "/purpose",
        "/guest",
        "/party",
        "/note",
        "/facility_id",
        "/reference",
        "/bed",
        "/ward",
        "/x",
    ];
    let change = (prop::sample::select(POINTERS.as_slice()), any_body());
    prop::collection::vec(change, 0..4).prop_map(|changes| {
        changes
            .into_iter()
            .fold(citizen(), |body, (pointer, value)| {
                with(body, pointer, value)
            })
    })
}

proptest! {
    #[test]
    fn any_json_is_judged_without_panic(
        body in prop_oneof![any_body(), mutated_stay()],
        micros in -62_000_000_000_000_000..253_000_000_000_000_000_i64,
    ) {
        let received_at = DateTime::from_timestamp_micros(micros).unwrap();
        let facilities = [hotel()];
        match check(&body, &facilities, &catalogues(), &Window::default(), received_at) {
            Ok(declaration) => {
                let canonical = to_canonical_json(&declaration.content());
                prop_assert_eq!(declaration.canonical_content(), canonical);
                let again = check(
                    &declaration.content(), &facilities, &catalogues(), &Window::default(),
                    received_at,
                );
                prop_assert_eq!(again.unwrap().content(), declaration.content());
            }
            Err(faults) => {
                prop_assert!(!faults.violations.is_empty());
                let mut seen = std::collections::HashSet::new();
                for violation in &faults.violations {
                    let place = (violation.pointer.clone(), violation.code);
                    prop_assert!(seen.insert(place), "{violation:?} twice");
                    prop_assert!(violation.pointer.is_empty() || violation.pointer.starts_with('/'));
                }
            }
        }
    }
}
