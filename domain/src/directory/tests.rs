use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::catalogue::Catalogues;
use crate::problem::Violation;
use crate::sender::Role;

fn catalogues() -> Catalogues {
    let mut catalogues = Catalogues::default();
    let commune = |province: &str, is_remote: bool, valid_to: Option<&str>| {
        json!({"full_name": "Phường X", "province_code": province, "is_remote": is_remote,
            "valid_from": "2025-07-01", "valid_to": valid_to})
    };
    let targets = json!([{"code": "16531", "is_default": true}]);
    for (catalogue, code, body) in [
        ("provinces", "38", json!({"full_name": "Tỉnh Thanh Hóa"})),
        ("communes", "16531", commune("38", false, None)),
        ("communes", "14797", commune("38", true, None)),
        (
            "communes",
            "00001",
            commune("38", false, Some("2026-12-31")),
        ),
        (
            "commune_aliases",
            "commune-14932",
            json!({"level": "commune", "old_code": "14932", "targets": targets}),
        ),
        (
            "facility_kinds",
            "lodging_business",
            json!({"subkinds": [{"code": "hotel"}]}),
        ),
        (
            "facility_kinds",
            "school",
            json!({"subkinds": [{"code": "dormitory"}]}),
        ),
    ] {
        catalogues.add(catalogue, code, &body).unwrap();
    }
    catalogues
}

fn now() -> DateTime<Utc> {
    parse_instant("2026-11-29T10:00:00+07:00").unwrap()
}

fn today() -> NaiveDate {
    parse_day("2026-11-29").unwrap()
}

fn hotel() -> Value {
    json!({
        "organisation_code": "bien-xanh", "kind": "lodging_business", "subkind": "hotel",
        "name": "Khách sạn Biển Xanh", "address": "Số 1 đường Hồ Xuân Hương",
        "commune_code": "16531",
    })
}

fn record() -> FacilityRecord {
    let draft = FacilityDraft::read(&hotel(), &catalogues(), today()).unwrap();
    draft.into_record(Uuid::from_u128(1), Uuid::from_u128(2), now())
}

fn faults(violations: Vec<Violation>) -> Vec<(String, Code)> {
    let pair = |violation: Violation| (violation.pointer, violation.code);
    violations.into_iter().map(pair).collect()
}

fn owned(expected: &[(&str, Code)]) -> Vec<(String, Code)> {
    let pair = |(pointer, code): &(&str, Code)| ((*pointer).to_owned(), *code);
    expected.iter().map(pair).collect()
}

#[test]
fn a_facility_lies_in_a_commune_of_today_and_brings_what_that_says() {
    let facility = record().facility;
    assert_eq!(facility.province_code, "38");
    assert!(!facility.is_remote);
    let mut remote = hotel();
    remote["commune_code"] = json!("14797");
    let draft = FacilityDraft::read(&remote, &catalogues(), today()).unwrap();
    assert!(draft.is_remote);
    remote["is_remote"] = json!(false);
    let draft = FacilityDraft::read(&remote, &catalogues(), today()).unwrap();
    assert!(!draft.is_remote);
}

#[test]
fn an_old_commune_is_refused_with_its_successor() {
    let mut body = hotel();
    body["commune_code"] = json!("14932");
    let violations = FacilityDraft::read(&body, &catalogues(), today()).unwrap_err();
    assert_eq!(violations[0].code, Code::CommuneReplaced);
    assert_eq!(violations[0].hint, Some(Hint::CommuneNow(16_531)));
    // Abolished by a day: valid before, not after.
    body["commune_code"] = json!("00001");
    assert!(FacilityDraft::read(&body, &catalogues(), today()).is_ok());
    let later = parse_day("2027-01-01").unwrap();
    let violations = FacilityDraft::read(&body, &catalogues(), later).unwrap_err();
    assert_eq!(violations[0].code, Code::UnknownCommune);
}

#[test]
fn a_facility_names_everything_that_is_wrong() {
    let table = [
        (json!([]), vec![("", Code::InvalidType)]),
        (
            json!({"organisation_code": "Biển", "kind": "hotel", "subkind": "inn", "name": " ",
                "commune_code": "99999", "is_remote": "no", "capacity": 0, "owner": "x"}),
            vec![
                ("/organisation_code", Code::OrganisationCodeInvalid),
                ("/kind", Code::UnknownCode),
                ("/name", Code::Required),
                ("/address", Code::Required),
                ("/commune_code", Code::UnknownCommune),
                ("/is_remote", Code::InvalidType),
                ("/capacity", Code::OutOfRange),
                ("/owner", Code::UnknownField),
            ],
        ),
    ];
    for (body, expected) in table {
        let violations = FacilityDraft::read(&body, &catalogues(), today()).unwrap_err();
        assert_eq!(faults(violations), owned(&expected), "{body}");
    }
    let mut body = hotel();
    body["subkind"] = json!("dormitory");
    let violations = FacilityDraft::read(&body, &catalogues(), today()).unwrap_err();
    assert_eq!(
        faults(violations),
        owned(&[("/subkind", Code::UnknownCode)])
    );
}

#[test]
fn a_change_holds_from_its_day_on_and_touches_what_it_says() {
    let table = [
        (json!({"name": "Khách sạn Biển Xanh"}), json!({})),
        (json!({"name": "Khác"}), json!({"name": "Khác"})),
        (
            json!({"commune_code": "14797"}),
            json!({"commune_code": "14797", "is_remote": true}),
        ),
        (
            json!({"commune_code": "14797", "is_remote": false}),
            json!({"commune_code": "14797"}),
        ),
        (
            json!({"kind": "school"}),
            json!({"kind": "school", "subkind": null}),
        ),
        (
            json!({"kind": "school", "subkind": "dormitory"}),
            json!({"kind": "school", "subkind": "dormitory"}),
        ),
        (json!({"capacity": 40}), json!({"capacity": 40})),
        (json!({"capacity": null}), json!({})),
        (
            json!({"ended_at": "2026-11-30T00:00:00+07:00"}),
            json!({"ended_at": "2026-11-30T00:00:00+07:00"}),
        ),
    ];
    for (body, expected) in table {
        let patch = FacilityPatch::read(&body, &record(), &catalogues(), today()).unwrap();
        assert_eq!(Value::Object(patch.content), expected, "{body}");
        assert_eq!(patch.valid_from, today());
    }
    let later = json!({"valid_from": "2026-12-01", "name": "Khác"});
    let patch = FacilityPatch::read(&later, &record(), &catalogues(), today()).unwrap();
    assert_eq!(patch.valid_from, parse_day("2026-12-01").unwrap());
    let wrong = json!({"valid_from": "2026-11-28", "name": null, "commune_code": "14932",
        "subkind": "dormitory"});
    let violations = FacilityPatch::read(&wrong, &record(), &catalogues(), today()).unwrap_err();
    let expected = [
        ("/valid_from", Code::ValidFromInPast),
        ("/subkind", Code::UnknownCode),
        ("/commune_code", Code::CommuneReplaced),
        ("/name", Code::Required),
    ];
    assert_eq!(faults(violations), owned(&expected));
}

#[test]
fn changes_lie_over_each_other_by_day_and_by_version() {
    let change = |version, day: &str, name: &str| DirectoryChange {
        version,
        valid_from: parse_day(day).unwrap(),
        at: now(),
        content: Content::from_iter([("name".to_owned(), json!(name))]),
    };
    let changes = [
        change(1, "2026-11-01", "first"),
        change(2, "2026-12-01", "december"),
        change(3, "2026-11-29", "now"),
    ];
    let table = [
        ("2026-11-29", 3, "now"),
        ("2026-11-29", 2, "first"),
        ("2026-12-01", 3, "december"),
        ("2026-12-01", 1, "first"),
    ];
    for (day, version, expected) in table {
        let mut record = record();
        for change in DirectoryChange::in_force(&changes, parse_day(day).unwrap(), version) {
            record.apply(&change.content);
        }
        assert_eq!(record.facility.name, expected, "{day} {version}");
    }
    let mut again = record();
    again.apply(&record().content());
    assert_eq!(again, record(), "a content says everything");
}

#[test]
fn an_organisation_has_a_code_and_ends() {
    let draft = OrganisationDraft::read(&json!({"code": "bien-xanh", "name": "Biển Xanh"}));
    let draft = draft.unwrap();
    assert_eq!(
        (draft.code.as_str(), draft.name.as_str()),
        ("bien-xanh", "Biển Xanh")
    );
    for code in ["", "Bien", "biển", "-a", "a b", &"a".repeat(65)] {
        let body = json!({"code": code, "name": "x"});
        assert!(OrganisationDraft::read(&body).is_err(), "{code}");
    }
    let organisation = Organisation {
        id: Uuid::from_u128(1),
        code: draft.code,
        name: draft.name,
        created_at: now(),
        ended_at: None,
        version: 1,
    };
    let end = json!({"ended_at": "2026-11-29T10:00:00+07:00"});
    let content = read_organisation_patch(&end, &organisation).unwrap();
    let mut ended = organisation.clone();
    ended.apply(&content);
    assert_eq!(state(ended.ended_at, now()), "ended");
    let open = json!({"ended_at": null});
    let content = read_organisation_patch(&open, &ended).unwrap();
    ended.apply(&content);
    assert_eq!(ended, organisation);
    let violations = read_organisation_patch(&json!({"code": "x", "name": null}), &organisation);
    let expected = [("/name", Code::Required), ("/code", Code::UnknownField)];
    assert_eq!(faults(violations.unwrap_err()), owned(&expected));
}

#[test]
fn a_key_ends_in_a_year_unless_something_else_is_said() {
    let base = json!({"organisation_code": "a", "role": "admin", "label": "ops"});
    let table = [
        (json!({}), Some(365)),
        (json!({"expires_in_days": 1}), Some(1)),
        (json!({"expires_in_days": 3650}), Some(3_650)),
        (json!({"never_expires": true}), None),
        (json!({"never_expires": false}), Some(365)),
    ];
    for (more, days) in table {
        let mut body = base.clone();
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let draft = KeyDraft::read(&body, &catalogues()).unwrap();
        assert_eq!(draft.days, days, "{body}");
        let expected = days.map(|days| now() + chrono::TimeDelta::days(days.into()));
        assert_eq!(draft.expires_at(now()), expected);
    }
    for (more, code) in [
        (json!({"expires_in_days": 0}), Code::OutOfRange),
        (json!({"expires_in_days": 3651}), Code::OutOfRange),
        (json!({"expires_in_days": "x"}), Code::InvalidType),
        (
            json!({"expires_in_days": 1, "never_expires": true}),
            Code::ContradictsMember,
        ),
    ] {
        let mut body = base.clone();
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let violations = KeyDraft::read(&body, &catalogues()).unwrap_err();
        assert_eq!(violations[0].code, code, "{body}");
    }
}

#[test]
fn a_key_has_the_scope_of_its_role() {
    let id = Uuid::from_u128(1);
    let table = [
        (
            "declarant",
            json!({}),
            vec![("/facility_ids", Code::Required)],
        ),
        ("declarant", json!({"facility_ids": [id]}), vec![]),
        ("declarant", json!({"all_facilities": true}), vec![]),
        ("integrator", json!({}), vec![]),
        (
            "integrator",
            json!({"communes": ["16531"]}),
            vec![("/communes", Code::NotForRole)],
        ),
        ("police", json!({}), vec![("/communes", Code::Required)]),
        ("police", json!({"communes": ["16531"]}), vec![]),
        ("police", json!({"provinces": ["38"]}), vec![]),
        (
            "police",
            json!({"communes": ["14932"]}),
            vec![("/communes/0", Code::UnknownCode)],
        ),
        (
            "police",
            json!({"provinces": ["38"], "facility_ids": [id]}),
            vec![("/facility_ids", Code::NotForRole)],
        ),
        (
            "admin",
            json!({"all_facilities": true}),
            vec![("/all_facilities", Code::NotForRole)],
        ),
        (
            "declarant",
            json!({"all_facilities": true, "facility_ids": [id]}),
            vec![("/all_facilities", Code::ContradictsMember)],
        ),
        ("owner", json!({}), vec![("/role", Code::UnknownCode)]),
    ];
    for (role, more, expected) in table {
        let mut body = json!({"organisation_code": "a", "role": role, "label": "x"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let found = KeyDraft::read(&body, &catalogues())
            .err()
            .unwrap_or_default();
        assert_eq!(faults(found), owned(&expected), "{body}");
    }
}

#[test]
fn a_key_is_bound_to_facilities_that_are_there() {
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let draft = |more: Value| {
        let mut body = json!({"organisation_code": "a", "role": "declarant", "label": "x"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        KeyDraft::read(&body, &catalogues()).unwrap()
    };
    let all = draft(json!({"all_facilities": true}));
    assert_eq!(all.facilities(&[one, other]), Ok(vec![one, other]));
    let named = draft(json!({"facility_ids": [one]}));
    assert_eq!(named.facilities(&[one, other]), Ok(vec![one]));
    let violations = named.facilities(&[other]).unwrap_err();
    let expected = [("/facility_ids/0", Code::FacilityUnknown)];
    assert_eq!(faults(violations), owned(&expected));
}

#[test]
fn how_a_key_stands_is_one_word() {
    let key = KeyRecord {
        id: Uuid::from_u128(1),
        organisation_id: Uuid::from_u128(2),
        organisation_code: "a".to_owned(),
        organisation_ended_at: None,
        role: Role::Declarant,
        label: "desk".to_owned(),
        facility_ids: Vec::new(),
        communes: Vec::new(),
        provinces: Vec::new(),
        created_at: now(),
        created_by: None,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    let days = |count| Some(now() + chrono::TimeDelta::days(count));
    let table = [
        (None, None, None, KeyState::Active),
        (days(31), None, None, KeyState::Active),
        (days(30), None, None, KeyState::ExpiresSoon),
        (days(0), None, None, KeyState::Expired),
        (days(9), None, days(0), KeyState::OrganisationEnded),
        (days(9), None, days(1), KeyState::ExpiresSoon),
        (days(0), days(0), days(0), KeyState::Revoked),
    ];
    for (expires_at, revoked_at, organisation_ended_at, expected) in table {
        let key = KeyRecord {
            expires_at,
            revoked_at,
            organisation_ended_at,
            ..key.clone()
        };
        assert_eq!(key.state(now()), expected);
    }
}
