use serde_json::{Value, json};

use super::*;
use crate::catalogue::Catalogues;
use crate::facility::{Facility, FacilityKind};
use crate::problem::{Code, Violation};
use crate::time::{parse_day, parse_instant};
use chrono::NaiveDate;

fn catalogues() -> Catalogues {
    let mut catalogues = Catalogues::default();
    let commune = json!({"full_name": "Phường X", "province_code": "38", "is_remote": false,
        "valid_from": "2025-07-01", "valid_to": null});
    let targets = json!([{"code": "16531", "is_default": true}]);
    let alias = json!({"level": "commune", "old_code": "14932", "targets": targets});
    for (catalogue, code, body) in [
        ("provinces", "38", json!({"full_name": "Tỉnh Thanh Hóa"})),
        ("communes", "16531", commune),
        ("commune_aliases", "commune-14932", alias),
    ] {
        catalogues.add(catalogue, code, &body).unwrap();
    }
    catalogues
}

fn today() -> NaiveDate {
    parse_day("2026-11-29").unwrap()
}

fn read(body: &Value) -> Result<AccountDraft, Vec<Violation>> {
    AccountDraft::read(body, &catalogues(), today())
}

fn faults(violations: Vec<Violation>) -> Vec<(String, Code)> {
    let pair = |violation: Violation| (violation.pointer, violation.code);
    violations.into_iter().map(pair).collect()
}

fn account(draft: AccountDraft) -> Account {
    let now = parse_instant("2026-11-29T10:00:00+07:00").unwrap();
    draft.into_account(Uuid::from_u128(1), Uuid::from_u128(2), now)
}

#[test]
fn an_account_has_a_name_a_role_and_its_scope() {
    let hotel = Uuid::from_u128(7);
    let desk = json!({"name": " Le-Tan ", "role": "front_desk", "facility_ids": [hotel]});
    let desk = read(&desk).unwrap();
    assert_eq!(
        (desk.name.as_str(), desk.label.as_str()),
        ("le-tan", "le-tan")
    );
    assert_eq!(desk.scope.facility_ids, [hotel]);
    let desk = account(desk);
    assert_eq!(desk.state(), AccountState::Invited);
    assert_eq!(desk.second_factor(), SecondFactor::CodeOrMachine);

    let officer = json!({"name": "can-bo-1", "role": "commune_officer",
        "areas": [{"commune": "16531", "valid_until": "2026-12-31"}]});
    let officer = read(&officer).unwrap().scope;
    for (day, expected) in [
        ("2026-11-28", 0),
        ("2026-11-29", 1),
        ("2026-12-31", 1),
        ("2027-01-01", 0),
    ] {
        let day = parse_day(day).unwrap();
        assert_eq!(officer.communes_on(day).len(), expected, "{day}");
        assert!(officer.provinces_on(day).is_empty());
    }
}

#[test]
fn a_draft_names_everything_that_is_wrong() {
    let hotel = Uuid::from_u128(7);
    let period = json!({"province": "38", "valid_from": "2026-12-01", "valid_until": "2026-11-30"});
    let table = [
        (json!([]), vec![("", Code::InvalidType)]),
        (
            json!({}),
            vec![("/name", Code::Required), ("/role", Code::Required)],
        ),
        (
            json!({"name": "ab", "role": "boss"}),
            vec![
                ("/name", Code::AccountNameInvalid),
                ("/role", Code::UnknownCode),
            ],
        ),
        (
            json!({"name": "a038053770363", "role": "administrator"}),
            vec![("/name", Code::AccountNameInvalid)],
        ),
        (
            json!({"name": "desk", "role": "ward"}),
            vec![("/facility_ids", Code::Required)],
        ),
        (
            json!({"name": "desk", "role": "manager", "areas": [{"province": "38"}]}),
            vec![("/areas", Code::NotForRole)],
        ),
        (
            json!({"name": "boss", "role": "auditor", "facility_ids": [hotel]}),
            vec![("/facility_ids", Code::NotForRole)],
        ),
        (
            json!({"name": "officer", "role": "supervisor"}),
            vec![("/areas", Code::Required)],
        ),
        (
            json!({"name": "officer", "role": "commune_officer", "areas": [{"province": "38"}]}),
            vec![("/areas/0", Code::NotForRole)],
        ),
        (
            json!({"name": "officer", "role": "supervisor", "areas": [
                {"commune": "14932"}, {"commune": "1"}, {"province": "1"}, {}, period,
                {"commune": "16531", "province": "38"}]}),
            vec![
                ("/areas/0/commune", Code::CommuneReplaced),
                ("/areas/1/commune", Code::UnknownCode),
                ("/areas/2/province", Code::UnknownCode),
                ("/areas/3/commune", Code::Required),
                ("/areas/4/valid_until", Code::PeriodReversed),
                ("/areas/5/province", Code::ContradictsMember),
            ],
        ),
    ];
    for (body, expected) in table {
        let found = faults(read(&body).unwrap_err());
        let expected: Vec<(String, Code)> = expected
            .into_iter()
            .map(|(pointer, code)| (pointer.to_owned(), code))
            .collect();
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_ends_sessions_when_rights_change() {
    let hotel = Uuid::from_u128(7);
    let desk = json!({"name": "desk", "role": "front_desk", "facility_ids": [hotel]});
    let desk = account(read(&desk).unwrap());
    let patch = |body: Value| AccountPatch::read(&body, &desk, &catalogues(), today());
    for (body, ends) in [
        (json!({"label": "Ca đêm"}), false),
        (json!({"facility_ids": [hotel]}), false),
        (json!({"facility_ids": [hotel, Uuid::from_u128(8)]}), true),
        (json!({"role": "manager"}), true),
        (json!({"is_ended": true}), true),
    ] {
        let patch = patch(body.clone()).unwrap();
        assert_eq!(patch.ends_sessions_of(&desk), ends, "{body}");
    }
    assert!(patch(json!({})).unwrap().is_said_by(&desk));
    let faulty = patch(json!({"role": "auditor"})).unwrap_err();
    assert_eq!(
        faults(faulty),
        [("/facility_ids".to_owned(), Code::NotForRole)]
    );
}

#[test]
fn a_desk_works_at_facilities_of_its_kind_that_are_there() {
    let facility = |number, kind| Facility {
        id: Uuid::from_u128(number),
        organisation_id: Uuid::nil(),
        kind,
        subkind: None,
        name: String::new(),
        address: String::new(),
        commune_code: "16531".to_owned(),
        province_code: "38".to_owned(),
        is_remote: false,
        ended_at: None,
    };
    let present = [
        facility(1, FacilityKind::LodgingBusiness),
        facility(2, FacilityKind::MedicalFacility),
    ];
    let scope = AccountScope {
        facility_ids: vec![Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)],
        areas: Vec::new(),
    };
    let found = scope.check_facilities(AccountRole::FrontDesk, &present);
    let expected = [
        ("/facility_ids/1".to_owned(), Code::FacilityNotForRole),
        ("/facility_ids/2".to_owned(), Code::FacilityUnknown),
    ];
    assert_eq!(faults(found.unwrap_err()), expected);
    let found = scope.check_facilities(AccountRole::Manager, &present);
    assert_eq!(faults(found.unwrap_err()).len(), 1);
}
