//! Who: what each kind of guest must state.

use super::*;
use crate::deadline::Rule;

#[test]
fn a_citizen_with_the_12_digit_number_owes_nothing_more() {
    let declaration = accept(&citizen());
    assert_eq!(declaration.guest.nationality.as_deref(), Some("VNM"));
    assert_eq!(declaration.deadline.rule, Rule::CitizenEvening);
    assert_eq!(declaration.completion, CompletionState::Complete);
    assert!(declaration.warnings.is_empty());

    let notice = with(
        citizen(),
        "/guest/document/kind",
        json!("personal_id_notice"),
    );
    assert!(refusals(&notice, &[hotel()]).is_empty());
}

#[test]
fn a_citizen_with_another_document_owes_birth_date_and_sex() {
    let documents = [
        ("old_identity_card", "173990011"),
        ("driving_licence", "380012345678"),
        ("birth_certificate", "12/2019"),
        ("health_insurance_card", "GD4380123456789"),
    ];
    for (kind, number) in documents {
        let document = json!({"kind": kind, "number": number});
        let body = with(citizen(), "/guest/document", document);
        let missing = ["/guest/birth_date required", "/guest/sex required"];
        assert_eq!(refusals(&body, &[hotel()]), missing, "{kind}");
        let body = with(body, "/guest/birth_date", json!("1988"));
        let body = with(body, "/guest/sex", json!("female"));
        assert_eq!(
            accept(&body).guest.nationality.as_deref(),
            Some("VNM"),
            "{kind}"
        );
    }
}

#[test]
fn a_foreigner_owes_birth_date_sex_nationality_and_permitted_stay() {
    assert_eq!(accept(&foreigner()).deadline.rule, Rule::Foreigner);
    let table = [
        ("/guest/birth_date", vec!["/guest/birth_date required"]),
        ("/guest/sex", vec!["/guest/sex required"]),
        ("/guest/nationality", vec!["/guest/nationality required"]),
        (
            "/guest/permitted_stay_until",
            vec!["/guest/permitted_stay_until required"],
        ),
    ];
    for (pointer, expected) in table {
        assert_eq!(
            refusals(&without(foreigner(), pointer), &[hotel()]),
            expected,
            "{pointer}"
        );
    }
    let stateless = with(foreigner(), "/guest/nationality", json!("XXA"));
    assert_eq!(accept(&stateless).deadline.rule, Rule::Foreigner);
}

#[test]
fn a_vietnamese_passport_names_its_nationality() {
    let body = with(foreigner(), "/guest/nationality", json!("VNM"));
    let body = without(body, "/guest/permitted_stay_until");
    assert_eq!(accept(&body).deadline.rule, Rule::CitizenEvening);
}

#[test]
fn without_document_there_is_a_reason_and_no_number() {
    let none = |document: Value| with(citizen(), "/guest/document", document);
    let body = none(json!({"kind": "none"}));
    assert_eq!(
        refusals(&body, &[hotel()]),
        ["/guest/no_document_reason required"]
    );

    let body = with(body, "/guest/no_document_reason", json!("stolen"));
    assert_eq!(
        refusals(&body, &[hotel()]),
        ["/guest/no_document_reason unknown_code"]
    );

    let body = with(body, "/guest/no_document_reason", json!("lost"));
    let missing = ["/guest/birth_date required", "/guest/sex required"];
    assert_eq!(refusals(&body, &[hotel()]), missing);

    let body = with(body, "/guest/birth_date", json!("1988-07"));
    let body = with(body, "/guest/sex", json!("male"));
    assert_eq!(accept(&body).completion, CompletionState::Complete);

    let body = with(body, "/guest/document/number", json!("038090990001"));
    assert_eq!(
        refusals(&body, &[hotel()]),
        ["/guest/document/number document_number_not_allowed"]
    );
}

#[test]
fn unidentified_persons_need_a_reference_and_are_completed_later() {
    let hospital = facility(FacilityKind::MedicalFacility);
    let body = json!({
        "bed": "P101.G04",
        "guest": {"document": {"kind": "none"}, "no_document_reason": "unidentified"},
    });
    assert_eq!(
        refusals(&body, std::slice::from_ref(&hospital)),
        ["/reference required"]
    );

    let body = with(body, "/reference", json!("LT2611-00885"));
    let declaration = judge(&body, std::slice::from_ref(&hospital)).unwrap();
    assert_eq!(declaration.completion, CompletionState::Due);
    let owed = [
        "/guest/full_name",
        "/guest/birth_date",
        "/guest/sex",
        "/guest/document",
    ];
    assert_eq!(declaration.owed.missing, owed);
    assert_eq!(
        declaration.owed.due_at,
        Some(instant("2026-12-23T14:10:00+07:00"))
    );
    assert_eq!(declaration.deadline.rule, Rule::CitizenEvening);
    assert_eq!(declaration.guest.nationality, None);

    let body = with(body, "/guest/full_name", json!("Không rõ Nam 1"));
    let body = with(body, "/guest/sex", json!("male"));
    let declaration = judge(&body, &[hospital]).unwrap();
    assert_eq!(
        declaration.owed.missing,
        ["/guest/birth_date", "/guest/document"]
    );
}

#[test]
fn a_newborn_owes_its_document_for_60_days() {
    let body = json!({
        "room": "P210",
        "arrival_at": "2026-11-23T13:07:00+07:00",
        "guest": {
            "full_name": "Con bà Lê Thị Bích Ngọc", "birth_date": "2026-11-23", "sex": "female",
            "document": {"kind": "none"}, "no_document_reason": "newborn",
            "mother_reference": "LT2611-00880",
        },
    });
    let declaration = judge(&body, &[facility(FacilityKind::MedicalFacility)]).unwrap();
    assert_eq!(declaration.owed.missing, ["/guest/document"]);
    assert_eq!(
        declaration.owed.due_at,
        Some(instant("2027-01-22T13:07:00+07:00"))
    );

    // A foreigner's child has its mother's deadline, and no permit of its own.
    let body = with(body, "/guest/nationality", json!("LAO"));
    let declaration = judge(&body, &[facility(FacilityKind::MedicalFacility)]).unwrap();
    assert_eq!(declaration.deadline.rule, Rule::Foreigner);
}

#[test]
fn the_number_is_judged_and_nothing_else_follows_from_a_bad_one() {
    let table = [
        ("03809099001", "personal_id_length"),
        ("03809099000O", "personal_id_not_digits"),
        ("038 090 990 001", "personal_id_not_digits"),
        ("０38090990001", "personal_id_not_digits"),
        ("003090990001", "personal_id_birth_place"),
        ("038290990001", "personal_id_future_birth_year"),
    ];
    for (number, code) in table {
        let body = with(citizen(), "/guest/document/number", json!(number));
        let expected = format!("/guest/document/number {code}");
        assert_eq!(refusals(&body, &[hotel()]), [expected], "{number}");
    }
    let body = without(citizen(), "/guest/document/number");
    assert_eq!(
        refusals(&body, &[hotel()]),
        ["/guest/document/number required"]
    );
    let body = without(citizen(), "/guest/document/kind");
    assert_eq!(
        refusals(&body, &[hotel()]),
        ["/guest/document/kind required"]
    );
    let body = with(citizen(), "/guest/document/kind", json!("id_card"));
    assert_eq!(
        refusals(&body, &[hotel()]),
        ["/guest/document/kind unknown_code"]
    );
}

#[test]
fn a_difference_from_the_number_warns_and_never_refuses() {
    let table = [
        (json!({"sex": "male"}), vec![]),
        (json!({"sex": "unspecified"}), vec![]),
        (
            json!({"sex": "female"}),
            vec!["/guest/sex sex_differs_from_number"],
        ),
        (json!({"birth_date": "1990-05-17"}), vec![]),
        (json!({"birth_date": "1990"}), vec![]),
        (
            json!({"birth_date": "1991-05-17"}),
            vec!["/guest/birth_date birth_year_differs_from_number"],
        ),
    ];
    for (members, expected) in table {
        let mut body = citizen();
        for (name, value) in members.as_object().unwrap() {
            body["guest"][name] = value.clone();
        }
        assert_eq!(warnings(&body), expected, "{members}");
    }
}

#[test]
fn names_hold_letters_of_any_script() {
    let good = [
        "Nguyễn Văn An",
        "Nguye\u{302}\u{303}n Va\u{306}n An",
        "H'Ngọc Niê",
        "H’Ngọc Niê",
        "Jean-Luc St. Pierre",
        "김민지",
        "王小明",
        "नरेन्द्र",
        "Αλέξανδρος",
        "محمد",
        "O",
    ];
    for name in good {
        let body = with(citizen(), "/guest/full_name", json!(name));
        assert!(refusals(&body, &[hotel()]).is_empty(), "{name}");
    }
    for name in [
        "Nguyen 2",
        "-",
        "An@example",
        "<b>An</b>",
        "An, Nguyễn",
        "An\u{202e}",
        "٣",
    ] {
        let body = with(citizen(), "/guest/full_name", json!(name));
        assert_eq!(
            refusals(&body, &[hotel()]),
            ["/guest/full_name invalid_name"],
            "{name}"
        );
    }
}

#[test]
fn dates_and_words_of_the_guest_are_judged() {
    let table = [
        ("/guest/birth_date", "1990-02-30", "invalid_date"),
        ("/guest/birth_date", "17/05/1990", "invalid_date"),
        ("/guest/birth_date", "2026-11-24", "birth_date_in_future"),
        ("/guest/birth_date", "1876-11-22", "birth_date_too_old"),
        ("/guest/sex", "M", "unknown_code"),
        ("/guest/nationality", "FR", "unknown_code"),
        ("/guest/nationality", "UTO", "unknown_code"),
        ("/guest/permitted_stay_until", "2027-1-1", "invalid_date"),
        ("/guest/entered_on", "2026-11-31", "invalid_date"),
        ("/guest/phone", "call me", "invalid_phone"),
        ("/guest/phone", "0912 345 678 901 2345", "invalid_phone"),
    ];
    for (pointer, value, code) in table {
        let body = with(foreigner(), pointer, json!(value));
        assert_eq!(
            refusals(&body, &[hotel()]),
            [format!("{pointer} {code}")],
            "{value}"
        );
    }
    for phone in ["+84 (0)912-345.678", "0912345678", "115"] {
        let body = with(citizen(), "/guest/phone", json!(phone));
        assert!(refusals(&body, &[hotel()]).is_empty(), "{phone}");
    }
}

#[test]
fn visa_guardian_and_residence_are_judged() {
    let visa = json!({"kind": "DL", "number": "AB123", "expires_on": "2027-02-31"});
    let guardian = json!({"full_name": "Lê 3", "relation": "mẹ", "phone": "x"});
    let body = with(foreigner(), "/guest/visa", visa);
    let body = with(body, "/guest/guardian", guardian);
    let expected = [
        "/guest/guardian/full_name invalid_name",
        "/guest/guardian/phone invalid_phone",
        "/guest/visa/expires_on invalid_date",
    ];
    assert_eq!(refusals(&body, &[hotel()]), expected);

    let at = |code: &str| {
        with(
            citizen(),
            "/guest/residence",
            json!({"commune_code": code, "address": "Số 5"}),
        )
    };
    assert!(warnings(&at("14812")).is_empty());
    assert_eq!(
        warnings(&at("14813")),
        ["/guest/residence/commune_code commune_code_old"]
    );
    assert_eq!(
        warnings(&at("14817")),
        ["/guest/residence/commune_code commune_code_ambiguous"]
    );
    let unknown = ["/guest/residence/commune_code unknown_commune"];
    assert_eq!(refusals(&at("99999"), &[hotel()]), unknown);
}
