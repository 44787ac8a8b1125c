use askama::Template;
use domain::{
    facility::{Facility, FacilityKind},
    problem::{Code, Language, Violation},
    time::parse_instant,
};
use uuid::Uuid;

use super::*;

fn facility() -> Facility {
    Facility {
        id: Uuid::nil(),
        organisation_id: Uuid::nil(),
        kind: FacilityKind::LodgingBusiness,
        subkind: None,
        name: "Khách sạn Biển Xanh".to_owned(),
        address: String::new(),
        commune_code: "16531".to_owned(),
        province_code: "38".to_owned(),
        is_remote: false,
        ended_at: None,
    }
}

fn card(form: &CardForm, faults: &[Violation]) -> Card {
    let facility = facility();
    let around = Surroundings {
        words: Words(Language::Vi),
        now: parse_instant("2026-11-27T20:45:00+07:00").unwrap(),
        facility: &facility,
        duplicate: None,
        adults: &[],
        countries: &[Choice::new("VNM", "Việt Nam"), Choice::new("FRA", "Pháp")],
    };
    Card::of(form, faults, around)
}

fn scanned() -> CardForm {
    CardForm {
        kind: "citizen_card".to_owned(),
        number: "038090001234".to_owned(),
        full_name: "Nguyễn Văn An".to_owned(),
        birth_date: "17/05/1990".to_owned(),
        sex: "male".to_owned(),
        nationality: "VNM".to_owned(),
        arrival: "27/11/2026 20:45".to_owned(),
        departure: "28/11/2026 12:00".to_owned(),
        purpose: "tourism".to_owned(),
        source: "qr".to_owned(),
        key: "k".to_owned(),
        ..CardForm::default()
    }
}

fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name).collect()
}

fn focused(card: &Card) -> Option<&'static str> {
    let mut fields = card.guest_fields.iter().chain(&card.stay_fields);
    fields
        .find(|field| field.is_focused)
        .map(|field| field.name)
}

#[test]
fn a_scanned_citizen_needs_a_room_only() {
    let card = card(&scanned(), &[]);
    assert!(card.guest_fields.is_empty());
    assert_eq!(
        names(&card.stay_fields),
        ["room", "arrival", "departure", "purpose"]
    );
    assert_eq!(focused(&card), Some("room"));
    assert!(card.facts.contains(&CardFact::key("17/05/1990 (36 tuổi)")));
    assert_eq!(card.deadline.as_deref(), Some("23:00 hôm nay"));
    assert!(card.guardian.is_none());
}

#[test]
fn what_is_doubtful_is_a_field_and_never_has_the_cursor() {
    let form = CardForm {
        doubts: vec![Violation::new("/guest/full_name", Code::NameDoubtful)],
        ..scanned()
    };
    let card = card(&form, &[]);
    assert_eq!(names(&card.guest_fields), ["full_name"]);
    assert!(matches!(
        card.guest_fields[0].state,
        FieldState::Doubtful(_)
    ));
    assert_eq!(focused(&card), Some("room"));
    assert!(card.hidden.iter().any(|(name, _)| *name == "doubt"));
}

#[test]
fn a_typed_number_asks_for_the_name_first() {
    let form = CardForm {
        full_name: String::new(),
        birth_date: String::new(),
        sex: String::new(),
        source: "typed".to_owned(),
        ..scanned()
    };
    let card = card(&form, &[]);
    assert_eq!(names(&card.guest_fields), ["full_name", "birth_date"]);
    assert_eq!(focused(&card), Some("full_name"));
    assert_eq!(card.heading, "0380 9000 1234");
    assert!(
        card.facts
            .contains(&CardFact::plain("Nam, sinh năm 1990 theo số"))
    );
}

#[test]
fn a_foreigner_owes_a_permission_after_the_room() {
    let form = CardForm {
        kind: "passport".to_owned(),
        number: "19AB40275".to_owned(),
        nationality: "FRA".to_owned(),
        source: "mrz".to_owned(),
        ..scanned()
    };
    let card = card(&form, &[]);
    assert_eq!(names(&card.stay_fields)[..2], ["room", "permitted_until"]);
    assert!(card.own_deadline.is_some());
    assert_eq!(card.deadline.as_deref(), Some("08:45 ngày mai"));
}

#[test]
fn a_child_opens_the_guardian() {
    let form = CardForm {
        birth_date: "12/09/2017".to_owned(),
        ..scanned()
    };
    let guardian = card(&form, &[]).guardian.unwrap();
    assert_eq!(names(&guardian.fields)[0], "guardian_name");
}

#[test]
fn faults_are_summed_up_in_the_order_of_the_fields() {
    let faults = [
        Violation::new("/expected_departure_at", Code::DepartureBeforeArrival),
        Violation::new("/room", Code::Required),
        Violation::new("/guest/document/number", Code::PersonalIdLength),
    ];
    let card = card(&scanned(), &faults);
    let fields: Vec<&str> = card.summary.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, ["number", "room", "departure"]);
    assert_eq!(card.not_saved, "Chưa lưu: có 3 chỗ cần sửa");
    assert_eq!(card.summary[1].1, "Nhập số phòng.");
    assert_eq!(names(&card.guest_fields), ["number"]);
    assert_eq!(focused(&card), None);
}

#[test]
fn every_value_comes_back_once_whether_it_is_text_or_a_field() {
    for is_open in [false, true] {
        let form = CardForm {
            is_open,
            room: "203".to_owned(),
            address: "Quảng Cư".to_owned(),
            ..scanned()
        };
        let card = card(&form, &[]);
        let mut sent: Vec<(&str, &str)> = card
            .hidden
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let fields = card.guest_fields.iter().chain(&card.stay_fields);
        sent.extend(fields.map(|field| (field.name, field.value.as_str())));
        assert!(
            CardForm::read(sent.iter().copied()) == form,
            "open: {is_open}"
        );
        let mut names: Vec<&str> = sent.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), sent.len());
    }
}

#[test]
fn a_field_describes_itself_to_readers_of_the_screen() {
    let field = Field::line("room", "Phòng", "<b>\"")
        .hint("Gợi ý")
        .state(FieldState::Bad("Nhập số phòng.".to_owned()));
    let html = field.render().unwrap();
    assert!(
        html.contains(r#"aria-describedby="room-h room-m""#),
        "{html}"
    );
    assert!(html.contains(r#"aria-invalid="true""#));
    assert!(html.contains(r#"value="&#60;b&#62;&#34;""#), "{html}");
    assert!(html.contains(r#"id="room-m""#));
}
