mod plan;

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::declaration::Window;
use crate::facility::Facility;
use crate::problem::Code;

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(&format!("2026-11-24T{text}+07:00")).unwrap()
}

fn facility() -> Facility {
    Facility {
        id: Uuid::from_u128(7),
        organisation_id: Uuid::nil(),
        kind: FacilityKind::MedicalFacility,
        subkind: None,
        name: String::new(),
        address: String::new(),
        commune_code: "16531".to_owned(),
        province_code: "38".to_owned(),
        is_remote: false,
        ended_at: None,
    }
}

fn read(document: &Value) -> Result<Census<'_>, Vec<Violation>> {
    let kind = FacilityKind::MedicalFacility;
    Census::read(document, kind, &Window::default(), at("08:05:00"))
}

fn census<'a>(document: &'a Value) -> Census<'a> {
    read(document).unwrap_or_else(|found| panic!("{found:?}"))
}

fn codes(document: &Value) -> Vec<(String, Code)> {
    let found = read(document).err().unwrap_or_default();
    found
        .into_iter()
        .map(|violation| (violation.pointer, violation.code))
        .collect()
}

#[test]
fn every_fault_of_a_census_is_named() {
    let taken_at = "2026-11-24T08:00:00+07:00";
    let table = [
        (json!([]), vec![("", Code::InvalidType)]),
        (
            json!({}),
            vec![("/taken_at", Code::Required), ("/stays", Code::Required)],
        ),
        (
            json!({"taken_at": "today", "stays": {}, "colour": 1}),
            vec![
                ("/colour", Code::UnknownField),
                ("/taken_at", Code::InvalidInstant),
                ("/stays", Code::InvalidType),
            ],
        ),
        (
            json!({"taken_at": "2026-11-24T08:16:00+07:00", "stays": []}),
            vec![("/taken_at", Code::CensusTimeOutOfRange)],
        ),
        (
            json!({"taken_at": "2026-09-01T08:16:00+07:00", "stays": []}),
            vec![("/taken_at", Code::CensusTimeOutOfRange)],
        ),
        (
            json!({"taken_at": taken_at, "scope": {}, "stays": []}),
            vec![("/scope/ward", Code::Required)],
        ),
        (
            json!({"taken_at": taken_at, "scope": {"ward": " "}, "stays": []}),
            vec![("/scope/ward", Code::Required)],
        ),
        (
            json!({"taken_at": taken_at, "scope": {"ward": 1}, "stays": []}),
            vec![("/scope/ward", Code::InvalidType)],
        ),
        (
            json!({"taken_at": taken_at, "scope": {"ward": "a", "room_prefix": "b"}, "stays": []}),
            vec![("/scope", Code::TooManyItems)],
        ),
        (
            json!({"taken_at": taken_at, "missing": "guess", "confirm": {"departures": -1},
                "stays": []}),
            vec![
                ("/confirm/departures", Code::InvalidType),
                ("/missing", Code::UnknownCode),
            ],
        ),
        (
            json!({"taken_at": taken_at, "stays": vec![Value::Null; STAY_COUNT_MAX + 1]}),
            vec![("/stays", Code::TooManyItems)],
        ),
    ];
    for (document, expected) in table {
        let expected: Vec<(String, Code)> = expected
            .into_iter()
            .map(|(pointer, code)| (pointer.to_owned(), code))
            .collect();
        let shown = document["scope"].clone();
        assert_eq!(codes(&document), expected, "{shown}");
    }
}

#[test]
fn who_is_missing_departs_from_a_ward_and_is_asked_about_elsewhere() {
    let table = [
        (FacilityKind::LodgingBusiness, Missing::Ask),
        (FacilityKind::GuestHouse, Missing::Ask),
        (FacilityKind::OfficialResidence, Missing::Ask),
        (FacilityKind::MedicalFacility, Missing::Depart),
        (FacilityKind::School, Missing::Ask),
    ];
    for (kind, missing) in table {
        assert_eq!(Missing::default_of(kind), missing);
    }
}

#[test]
fn a_line_is_of_the_facility_and_of_the_scope() {
    let facility = facility();
    let scoped = |scope: Value| {
        json!({"taken_at": "2026-11-24T08:00:00+07:00", "scope": scope,
        "stays": []})
    };
    let ward = scoped(json!({"ward": "Sản"}));
    let rooms = scoped(json!({"room_prefix": "A"}));
    let table = [
        (&ward, json!({}), None),
        (&ward, json!({"ward": "Sản"}), None),
        (&ward, json!({"ward": "Nhi"}), Some("/ward")),
        (&rooms, json!({"room": "A12"}), None),
        (&rooms, json!({"room": "B1"}), Some("/room")),
        (&rooms, json!({}), None),
        (&rooms, json!({"facility_id": facility.id}), None),
        (
            &rooms,
            json!({"facility_id": Uuid::nil()}),
            Some("/facility_id"),
        ),
        (&rooms, json!({"departed_at": "x"}), Some("/departed_at")),
    ];
    for (document, sent, pointer) in table {
        let line = census(document).line(&sent, &facility);
        let found: Vec<&str> = line
            .violations
            .iter()
            .map(|violation| violation.pointer.as_str())
            .collect();
        assert_eq!(found, pointer.into_iter().collect::<Vec<_>>(), "{sent}");
    }
    let line = census(&ward).line(&json!({"reference": "1"}), &facility);
    assert_eq!(line.content["ward"], "Sản");
    let declaration = line.to_declaration(at("08:00:00"));
    assert_eq!(declaration["arrival_at"], "2026-11-24T08:00:00+07:00");
}

fn line(content: Value) -> Line {
    Line {
        content,
        violations: Vec::new(),
        warnings: Vec::new(),
    }
}

fn known(content: &Value, arrival: &str) -> Known<'static> {
    Known {
        stay_id: id(0),
        content: Box::leak(Box::new(content.clone())),
        first: None,
        owed: None,
        received_at: at(arrival),
        was_missed: false,
        presence: Presence::Present,
        arrival_at: at(arrival),
        changed_at: None,
        counted_at: None,
    }
}

fn id(place: usize) -> Uuid {
    Uuid::from_u128(u128::try_from(place).unwrap())
}

/// Each stay with its place for an id.
fn in_order<const COUNT: usize>(mut stays: [Known<'static>; COUNT]) -> [Known<'static>; COUNT] {
    for (place, stay) in stays.iter_mut().enumerate() {
        stay.stay_id = id(place);
    }
    stays
}

fn numbered(number: &str) -> Value {
    json!({"guest": {"document": {"number": number}}})
}

#[test]
fn a_line_is_matched_by_reference_and_else_by_document() {
    let with = |reference: &str, number: &str| {
        let mut content = numbered(number);
        content["reference"] = json!(reference);
        content
    };
    let stays = in_order([
        known(&with("A", "111"), "06:00:00"),
        known(&with("B", "222"), "06:00:00"),
        known(&numbered("333"), "05:00:00"),
        known(&numbered("333"), "06:00:00"),
    ]);
    let table = [
        (vec![with("A", "999")], vec![LineMatch::Stay(id(0))]),
        (vec![with("Z", "222")], vec![LineMatch::Stay(id(1))]),
        (vec![numbered("2 2-2")], vec![LineMatch::Stay(id(1))]),
        (vec![with("Z", "999")], vec![LineMatch::Nobody]),
        (vec![json!({})], vec![LineMatch::Nobody]),
        // The newer of two; the next line gets the other.
        (
            vec![with("X", "333"), with("Y", "333")],
            vec![LineMatch::Stay(id(3)), LineMatch::Stay(id(2))],
        ),
        // A reference comes before a document, whatever the order of lines.
        (
            vec![numbered("111"), with("A", "111")],
            vec![LineMatch::Nobody, LineMatch::Stay(id(0))],
        ),
        (
            vec![with("A", "1"), with("A", "2"), numbered("9"), numbered("9")],
            vec![
                LineMatch::Stay(id(0)),
                LineMatch::Repeated(0),
                LineMatch::Nobody,
                LineMatch::Repeated(2),
            ],
        ),
    ];
    for (contents, expected) in table {
        let lines: Vec<Line> = contents.into_iter().map(line).collect();
        assert_eq!(match_lines(&lines, &stays), expected);
    }
}

#[test]
fn a_faulty_line_tells_its_guest_by_a_number_that_is_not_at_fault() {
    let fault = |pointer: &str| Violation::new(pointer, Code::InvalidType);
    // Its content, where it is faulty; whether it is about a newcomer for certain.
    let table = [
        (numbered("1"), vec!["/room"], true),
        (numbered("1"), vec!["/room", "/guest/full_name"], true),
        (numbered("1"), vec!["/referenceless"], true),
        (numbered("1"), vec!["/guest/document/number"], false),
        (numbered("1"), vec!["/guest/document/kind"], false),
        (numbered("1"), vec!["/guest/document"], false),
        (numbered("1"), vec!["/guest/nationality"], false),
        (numbered("1"), vec!["/reference"], false),
        (numbered("1"), vec!["/a"; VIOLATION_COUNT_MAX], false),
        (json!({"reference": "A"}), vec!["/room"], false),
        (json!({}), vec![""], false),
    ];
    for (content, pointers, expected) in table {
        let faults: Vec<Violation> = pointers.iter().map(|pointer| fault(pointer)).collect();
        let found = line(content).tells_a_newcomer(&faults);
        assert_eq!(found, expected, "{:?}", pointers.first());
    }
}

#[test]
fn a_repeated_line_tells_its_guest_unless_it_names_another_document() {
    let foreign = |nationality: &str| {
        let mut content = numbered("1");
        content["guest"]["nationality"] = json!(nationality);
        content
    };
    let table = [
        (json!({}), numbered("1"), None, true),
        (json!({}), json!({}), None, true),
        (numbered("1 "), numbered("1"), None, true),
        (numbered("2"), numbered("1"), None, false),
        (numbered("2"), json!({}), None, false),
        (foreign("LAO"), foreign("DEU"), None, false),
        (
            json!({}),
            numbered("1"),
            Some("/guest/document/number"),
            false,
        ),
        (json!({}), numbered("1"), Some("/room"), true),
    ];
    for (content, before, pointer, expected) in table {
        let faults = pointer.map(|pointer| Violation::new(pointer, Code::InvalidType));
        let faults: Vec<Violation> = faults.into_iter().collect();
        let found = line(content.clone()).tells_the_guest_of(&line(before), &faults);
        assert_eq!(found, expected, "{content} {pointer:?}");
    }
}

#[test]
fn nobody_departs_while_a_line_may_be_about_anybody() {
    let table = [
        ("depart", 0, Missing::Depart),
        ("depart", 1, Missing::Ask),
        ("ask", 0, Missing::Ask),
        ("ask", 2, Missing::Ask),
    ];
    for (missing, unclear_count, expected) in table {
        let document = json!({"taken_at": "2026-11-24T08:00:00+07:00", "missing": missing,
            "stays": []});
        assert_eq!(census(&document).missing_become(unclear_count), expected);
    }
}

#[test]
fn the_same_number_of_two_countries_is_two_guests() {
    let mut stay = numbered("C1");
    stay["guest"]["nationality"] = json!("LAO");
    let stays = [known(&stay, "06:00:00")];
    for (nationality, expected) in [("LAO", LineMatch::Stay(id(0))), ("DEU", LineMatch::Nobody)] {
        let mut sent = numbered("C1");
        sent["guest"]["nationality"] = json!(nationality);
        assert_eq!(match_lines(&[line(sent)], &stays), [expected]);
    }
}

#[test]
fn only_what_a_line_sends_and_the_stay_does_not_say_changes() {
    let content = json!({
        "room": "1", "note": "x",
        "guest": {"full_name": "An", "document": {"kind": "citizen_card", "number": "1"}},
    });
    let table = [
        (json!({}), json!({})),
        (json!({"facility_id": "7", "room": "1"}), json!({})),
        (json!({"room": "2"}), json!({"room": "2"})),
        (json!({"guest": {"full_name": "An"}}), json!({})),
        (
            json!({"guest": {"full_name": "Anh", "phone": "1"}}),
            json!({"guest": {"full_name": "Anh", "phone": "1"}}),
        ),
        (json!({"purpose": "medical_treatment"}), json!({})),
        (json!({"purpose": "visit"}), json!({"purpose": "visit"})),
        (json!({"guest": {"nationality": "VNM"}}), json!({})),
        (
            json!({"guest": {"nationality": "LAO"}}),
            json!({"guest": {"nationality": "LAO"}}),
        ),
    ];
    for (sent, expected) in table {
        let found = Value::Object(patch(&sent, &content, None, &facility()));
        assert_eq!(found, expected, "{sent}");
    }
}

#[test]
fn what_a_line_goes_on_saying_of_a_guest_who_is_known_by_now_changes_nothing() {
    let none = |reason: &str| json!({"document": {"kind": "none"}, "no_document_reason": reason});
    let with = |mut guest: Value, members: Value| {
        lay_over(&mut guest, &members);
        json!({ "guest": guest })
    };
    let card = json!({"guest": {
        "full_name": "Trần Thị Bình", "birth_date": "1980-02-01", "sex": "female",
        "document": {"kind": "citizen_card", "number": "1"},
    }});
    let called = json!({"full_name": "Không rõ Nam 1", "sex": "unspecified"});
    let named = with(none("unidentified"), json!({"full_name": "Trần Thị Bình"}));
    let nameless = with(none("unidentified"), json!({}));
    let first = with(none("unidentified"), called.clone());
    let phone = json!({"guest": {"phone": "1"}});
    // Each row: line, content, what was declared first, what is different.
    let table = [
        (nameless.clone(), card.clone(), None, json!({})),
        (first.clone(), card.clone(), None, json!({})),
        (
            with(none("newborn"), json!({})),
            card.clone(),
            None,
            json!({}),
        ),
        (
            with(none("minor"), called.clone()),
            card.clone(),
            None,
            json!({}),
        ),
        (with(none("lost"), called), card.clone(), None, json!({})),
        (
            with(none("unidentified"), json!({"phone": "1"})),
            card.clone(),
            None,
            phone,
        ),
        (
            card.clone(),
            nameless.clone(),
            Some(nameless.clone()),
            card.clone(),
        ),
        (first.clone(), named.clone(), Some(first.clone()), json!({})),
        (nameless.clone(), named.clone(), Some(nameless), json!({})),
        (
            with(none("unidentified"), json!({"full_name": "Trần Thị Bích"})),
            named,
            Some(first),
            json!({"guest": {"full_name": "Trần Thị Bích"}}),
        ),
    ];
    for (line, content, first, expected) in table {
        let found = patch(&line, &content, first.as_ref(), &facility());
        assert_eq!(Value::Object(found), expected, "{line} {content}");
    }
}

#[test]
fn a_stay_lies_in_its_ward_and_in_the_rooms_of_every_prefix() {
    let table = [
        (json!({}), vec![]),
        (json!({"ward": "Sản"}), vec![["ward", "Sản"]]),
        (
            json!({"room": "Á1", "ward": "B"}),
            vec![["ward", "B"], ["room_prefix", "Á"], ["room_prefix", "Á1"]],
        ),
        (json!({"room": "7"}), vec![["room_prefix", "7"]]),
        (json!({"room": ""}), vec![]),
    ];
    for (content, expected) in table {
        let around = Scope::around(&content);
        let found: Vec<[&str; 2]> = around.iter().map(Scope::parts).collect();
        assert_eq!(found, expected, "{content}");
        assert!(around.iter().all(|scope| scope.holds(&content)));
    }
}

#[test]
fn who_arrived_or_changed_later_is_not_missing() {
    let document = json!({"taken_at": "2026-11-24T08:00:00+07:00", "scope": {"ward": "Sản"},
        "stays": [{}]});
    let here = json!({"ward": "Sản"});
    let changed = Known {
        changed_at: Some(at("08:01:00")),
        ..known(&here, "06:00:00")
    };
    let counted = |counted_at| Known {
        counted_at: Some(at(counted_at)),
        ..known(&here, "06:00:00")
    };
    let departed = Known {
        presence: Presence::Departed,
        ..known(&here, "06:00:00")
    };
    let stays = in_order([
        known(&here, "06:00:00"),
        known(&here, "08:00:01"),
        changed,
        departed,
        known(&json!({"ward": "Nhi"}), "06:00:00"),
        known(&here, "07:00:00"),
        // A later census of its rooms, and one that is not later.
        counted("08:00:01"),
        counted("08:00:00"),
    ]);
    let listed = HashSet::from([id(5)]);
    let absent = census(&document).absent(stays.into_iter(), &listed);
    assert_eq!(absent.missing, [0, 7].map(id));
    assert_eq!(absent.left_alone, [1, 2, 6].map(id));
    assert_eq!(absent.present_count, 4);
}

#[test]
fn many_departures_are_confirmed_by_their_number() {
    let of = |lines: usize, missing: &str, confirmed: Option<u32>| {
        let mut document = json!({"taken_at": "2026-11-24T08:00:00+07:00", "missing": missing,
            "stays": vec![json!({}); lines]});
        if let Some(departures) = confirmed {
            document["confirm"] = json!({"departures": departures});
        }
        document
    };
    // Lines, what becomes of the missing, confirmed; present, missing; to confirm.
    let table = [
        (1, "depart", None, 10, 5, None),
        (1, "depart", None, 10, 6, Some(6)),
        (1, "depart", Some(5), 10, 6, Some(6)),
        (1, "depart", Some(6), 10, 6, None),
        (0, "depart", None, 10, 2, Some(2)),
        (0, "depart", Some(2), 10, 2, None),
        (1, "ask", None, 10, 10, None),
        (0, "ask", None, 10, 10, Some(0)),
        (0, "ask", Some(0), 10, 10, None),
    ];
    for (lines, missing, confirmed, present_count, missing_count, expected) in table {
        let document = of(lines, missing, confirmed);
        let absent = Absent {
            present_count,
            missing: (0..missing_count).map(id).collect(),
            left_alone: Vec::new(),
        };
        let census = census(&document);
        let found = census.departures_to_confirm(&absent, census.missing);
        assert_eq!(found, expected, "{lines} {missing} {confirmed:?}");
    }
}

proptest! {
    /// No two lines are about one stay, and what a patch was made for is done by it.
    #[test]
    fn matching_is_one_to_one(
        sent in prop::collection::vec((0_u8..6, 0_u8..6), 0..12),
        stored in prop::collection::vec((0_u8..6, 0_u8..6), 0..12),
    ) {
        let content = |(reference, number): &(u8, u8)| {
            let mut content = numbered(&number.to_string());
            if *reference > 0 {
                content["reference"] = json!(reference.to_string());
            }
            content
        };
        let stays = stored.iter().enumerate().map(|(place, pair)| Known {
            stay_id: id(place),
            ..known(&content(pair), "06:00:00")
        });
        let stays: Vec<Known<'_>> = stays.collect();
        let lines: Vec<Line> = sent.iter().map(|pair| line(content(pair))).collect();
        let matches = match_lines(&lines, &stays);
        prop_assert_eq!(matches.len(), lines.len());
        let mut seen = HashSet::new();
        for found in matches {
            if let LineMatch::Stay(stay_id) = found {
                let is_known = stays.iter().any(|stay| stay.stay_id == stay_id);
                prop_assert!(is_known && seen.insert(stay_id));
            }
        }
    }

    /// Applying a line to a stay twice changes nothing the second time.
    #[test]
    fn a_patch_is_done_once(line in arbitrary_json(), content in arbitrary_json()) {
        let found = patch(&line, &content, None, &facility());
        let mut after = content.clone();
        lay_over(&mut after, &Value::Object(found));
        prop_assert!(patch(&line, &after, None, &facility()).is_empty());
    }
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = "[ab]{0,2}".prop_map(Value::String);
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop::collection::hash_map("[xyz]", inner, 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    })
}

fn lay_over(target: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, change) in changes {
        lay_over(&mut target[name], change);
    }
}
