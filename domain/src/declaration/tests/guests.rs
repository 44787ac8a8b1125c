//! Tests the members required of each kind of guest.

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
        "MUTHU A/L RAMASAMY",
        "SITI D/O RAMAN",
        "LIM @ AHMAD BIN ALI",
        "TAN@CHEN",
        "YAMADA (SMITH) KEIKO",
        "JOHN SMITH 3RD",
        "CB NGUYỄN THỊ HOA 1",
        "An, Nguyễn",
        "नर\u{94d}\u{200d}ेन",
    ];
    for name in good {
        let body = with(citizen(), "/guest/full_name", json!(name));
        assert!(refusals(&body, &[hotel()]).is_empty(), "{name}");
    }
    for name in [
        "B1234567",
        "A1",
        "38090001234",
        "-",
        "@",
        "an@example.com",
        "https://an.example",
        "<b>An</b>",
        "An; Bình",
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
    ];
    for (pointer, value, code) in table {
        let body = with(foreigner(), pointer, json!(value));
        assert_eq!(
            refusals(&body, &[hotel()]),
            [format!("{pointer} {code}")],
            "{value}"
        );
    }
}

/// A citizen with a guardian and an address.
fn with_everything() -> Value {
    let guardian = json!({"full_name": "Lê Thị Bình", "relation": "mẹ", "phone": "0912345678"});
    let body = with(citizen(), "/guest/guardian", guardian);
    with(body, "/guest/residence", json!({"address": "Số 5"}))
}

#[test]
fn telephone_address_note_and_ward_never_keep_a_guest_from_being_declared() {
    let long = "x".repeat(600);
    let table = [
        (
            "/guest/phone",
            "+84 (0)912-345.678",
            "+84 (0)912-345.678",
            "",
        ),
        ("/guest/phone", "115", "115", ""),
        ("/guest/phone", "không có", "không có", "invalid_phone"),
        (
            "/guest/phone",
            "0912 345 678 / 0987 654 321",
            "0912 345 678 / 0987 654 321",
            "invalid_phone",
        ),
        (
            "/guest/phone",
            "\u{202d}+84 912 345 678\u{202c}",
            "+84 912 345 678",
            "invisible_dropped",
        ),
        ("/guest/guardian/phone", "0", "0", "invalid_phone"),
        ("/guest/residence/address", "Số 5\nngõ 2", "Số 5 ngõ 2", ""),
        (
            "/guest/residence/address",
            "Số\u{200b} 5",
            "Số 5",
            "invisible_dropped",
        ),
        ("/guest/residence/address", &long, &long[..500], "text_cut"),
        ("/ward", "Khoa\u{feff} Nội", "Khoa Nội", "invisible_dropped"),
        ("/ward", &long, &long[..64], "text_cut"),
        (
            "/note",
            "khách\u{7}quen\u{2028}vip",
            "kháchquen\nvip",
            "invisible_dropped",
        ),
    ];
    for (pointer, sent, kept, code) in table {
        let body = with(with_everything(), pointer, json!(sent));
        let content = accept(&body).content();
        assert_eq!(content.pointer(pointer), Some(&json!(kept)), "{sent:?}");
        let expected = if code.is_empty() {
            Vec::new()
        } else {
            vec![format!("{pointer} {code}")]
        };
        assert_eq!(warnings(&body), expected, "{sent:?}");
    }
}

#[test]
fn what_nobody_sees_is_dropped_from_numbers_and_named_elsewhere() {
    let number = with(
        citizen(),
        "/guest/document/number",
        json!("\u{feff}0380\u{200b}90990001\u{200e}"),
    );
    assert_eq!(
        accept(&number).content().pointer("/guest/document/number"),
        Some(&json!("038090990001"))
    );
    assert_eq!(
        warnings(&number),
        ["/guest/document/number invisible_dropped"]
    );
    let places = [
        "/room",
        "/bed",
        "/reference",
        "/guest/full_name",
        "/guest/guardian/full_name",
        "/guest/guardian/relation",
    ];
    for pointer in places {
        for hidden in ["An\u{200b}", "A\u{200d}n", "A\u{ad}n", "A\u{2028}n"] {
            let body = with(with_everything(), pointer, json!(hidden));
            let named = [format!("{pointer} invisible_character")];
            assert_eq!(refusals(&body, &[hotel()]), named, "{hidden:?}");
        }
    }
    let all = places.iter().chain(&[
        "/ward",
        "/note",
        "/guest/residence/address",
        "/guest/document/number",
    ]);
    for pointer in all {
        for misleading in ["a\u{202e}b", "a\u{2066}b", "a\u{e0041}b"] {
            let body = with(with_everything(), pointer, json!(misleading));
            let named = [format!("{pointer} invisible_character")];
            assert_eq!(refusals(&body, &[hotel()]), named, "{misleading:?}");
        }
    }
}

#[test]
fn a_citizens_document_with_another_nationality_is_worth_a_look() {
    let body = with(foreigner(), "/guest/nationality", json!("LAO"));
    let card = json!({"kind": "citizen_card", "number": "038090001234"});
    let body = with(body, "/guest/document", card);
    let found = warnings(&body);
    assert!(
        found.contains(&"/guest/nationality nationality_differs_from_document".to_owned()),
        "{found:?}"
    );
    let card = json!({"kind": "foreign_identity_card", "number": "L01X00T47"});
    let body = with(body, "/guest/document", card);
    assert!(warnings(&body).is_empty());
}

#[test]
fn visa_guardian_and_residence_are_judged() {
    let visa = json!({"kind": "DL", "number": "AB123", "expires_on": "2027-02-31"});
    let guardian = json!({"full_name": "Lê 3000", "relation": "mẹ", "phone": "x"});
    let body = with(foreigner(), "/guest/visa", visa);
    let body = with(body, "/guest/guardian", guardian);
    let expected = [
        "/guest/guardian/full_name invalid_name",
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
