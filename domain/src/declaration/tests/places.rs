//! Tests the members required by each kind of facility.

use super::*;

#[test]
fn each_kind_of_facility_asks_for_its_own() {
    let bare = json!({
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": "038090990001"},
        },
    });
    let both = vec!["/expected_departure_at required", "/room required"];
    let table = [
        (FacilityKind::LodgingBusiness, both.clone()),
        (FacilityKind::GuestHouse, both.clone()),
        (FacilityKind::School, both),
        (FacilityKind::MedicalFacility, vec!["/room required"]),
        (FacilityKind::OfficialResidence, vec![]),
    ];
    for (kind, expected) in table {
        assert_eq!(refusals(&bare, &[facility(kind)]), expected, "{kind}");
    }
    let in_bed = with(bare, "/bed", json!("G04"));
    assert!(refusals(&in_bed, &[facility(FacilityKind::MedicalFacility)]).is_empty());
}

#[test]
fn the_purpose_left_out_is_the_facility_s_own() {
    let table = [
        (FacilityKind::LodgingBusiness, None, Purpose::Tourism),
        (
            FacilityKind::LodgingBusiness,
            Some("hotel"),
            Purpose::Tourism,
        ),
        (
            FacilityKind::LodgingBusiness,
            Some("worker_housing"),
            Purpose::Work,
        ),
        (
            FacilityKind::LodgingBusiness,
            Some("household"),
            Purpose::FamilyVisit,
        ),
        (FacilityKind::GuestHouse, None, Purpose::Business),
        (FacilityKind::OfficialResidence, None, Purpose::Business),
        (
            FacilityKind::MedicalFacility,
            None,
            Purpose::MedicalTreatment,
        ),
        (FacilityKind::School, None, Purpose::Study),
    ];
    for (kind, subkind, purpose) in table {
        let mut place = Facility::clone(&facility(kind));
        place.subkind = subkind.map(str::to_owned);
        let declaration = judge(&citizen(), &[Arc::new(place)]).unwrap();
        assert_eq!(declaration.purpose, purpose, "{kind} {subkind:?}");
    }
}

#[test]
fn another_purpose_says_which() {
    let body = with(citizen(), "/purpose", json!("other"));
    assert_eq!(refusals(&body, &[hotel()]), ["/purpose_text required"]);
    let body = with(body, "/purpose_text", json!("Thăm mộ liệt sĩ"));
    assert_eq!(accept(&body).purpose, Purpose::Other);
    let body = with(citizen(), "/purpose", json!("leisure"));
    assert_eq!(refusals(&body, &[hotel()]), ["/purpose unknown_code"]);
    for purpose in Purpose::ALL
        .iter()
        .filter(|purpose| **purpose != Purpose::Other)
    {
        let body = with(citizen(), "/purpose", json!(purpose.as_str()));
        assert_eq!(accept(&body).purpose, *purpose);
    }
}

#[test]
fn the_facility_may_be_left_out_by_a_key_of_one() {
    let school = facility(FacilityKind::School);
    let named = |id: &str| with(citizen(), "/facility_id", json!(id));
    let own = school.id.to_string();
    let foreign = Uuid::from_u128(77).to_string();
    let unknown = vec!["/facility_id facility_unknown"];
    let required = vec!["/facility_id required"];
    let table = [
        (citizen(), vec![hotel()], vec![]),
        (citizen(), vec![hotel(), school.clone()], required.clone()),
        (citizen(), vec![], required),
        (named(&own), vec![hotel(), school.clone()], vec![]),
        (named(&own.to_uppercase()), vec![school], vec![]),
        (named(&own), vec![hotel()], unknown.clone()),
        (named(&foreign), vec![hotel()], unknown.clone()),
        (named("hotel"), vec![hotel()], unknown),
    ];
    for (body, facilities, expected) in table {
        assert_eq!(
            refusals(&body, &facilities),
            expected,
            "{:?}",
            body.get("facility_id")
        );
    }
}

#[test]
fn a_faulty_facility_id_is_not_taken_for_one_left_out() {
    let body = with(citizen(), "/facility_id", json!(7));
    assert_eq!(refusals(&body, &[hotel()]), ["/facility_id invalid_type"]);
}

#[test]
fn the_party_has_a_role_of_the_list() {
    let body = with(
        citizen(),
        "/party",
        json!({"reference": "G-77", "role": "head"}),
    );
    assert_eq!(accept(&body).party.unwrap().role, Some(PartyRole::Head));
    let body = with(body, "/party/role", json!("boss"));
    assert_eq!(refusals(&body, &[hotel()]), ["/party/role unknown_code"]);
}

#[test]
fn a_facility_that_has_ended_takes_no_new_declarations() {
    let stay = json!({
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": "038090990001"},
        },
    });
    let now = instant(RECEIVED_AT);
    let second = chrono::TimeDelta::seconds(1);
    let table = [
        (None, vec![]),
        (Some(now + second), vec![]),
        (Some(now), vec!["/facility_id facility_ended"]),
        (Some(now - second), vec!["/facility_id facility_ended"]),
    ];
    for (ended_at, expected) in table {
        let mut place = (*facility(FacilityKind::OfficialResidence)).clone();
        place.ended_at = ended_at;
        assert_eq!(
            refusals(&stay, &[Arc::new(place)]),
            expected,
            "{ended_at:?}"
        );
    }
}
