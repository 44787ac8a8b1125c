//! Names, numbers and remarks as people really write, paste and scan them.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Caller, Database, River, eventually_some, now, on_both_databases, people, text_of};

on_both_databases![
    what_a_passport_prints_is_a_name,
    what_nobody_sees_is_dropped_from_numbers_and_named_elsewhere,
    what_misleads_is_refused_in_every_text,
    telephone_address_note_and_ward_never_refuse,
    two_equal_newborns_of_one_batch_are_told,
    a_card_of_another_country_has_a_kind_of_its_own,
    a_zone_misread_is_a_doubt_and_a_french_card_is_read,
];

fn with(mut stay: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    stay.pointer_mut(parent).unwrap()[name] = value;
    stay
}

/// The codes at one place.
fn codes_at(warnings: &Value, pointer: &str) -> Vec<String> {
    let all = warnings.as_array().unwrap().iter();
    all.filter(|warning| warning["pointer"] == pointer)
        .map(|warning| warning["code"].as_str().unwrap().to_owned())
        .collect()
}

async fn what_a_passport_prints_is_a_name(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for name in [
        "MUTHU A/L RAMASAMY",
        "LIM @ AHMAD BIN ALI",
        "JOHN SMITH 3RD",
        "YAMADA (SMITH) KEIKO",
        "CB NGUYỄN THỊ HOA 1",
    ] {
        let stay = people::minimal(river.facility("hotel"));
        let stay = with(stay, "/guest/full_name", json!(name));
        let answer = desk.accepted(&stay).await;
        assert_eq!(answer["guest"]["full_name"], name);
    }
    for name in ["B1234567", "an@example.com", "038090001234"] {
        let stay = people::minimal(river.facility("hotel"));
        let stay = with(stay, "/guest/full_name", json!(name));
        let named = desk.declare(&stay).await.violations();
        assert!(
            named.contains(&("/guest/full_name".into(), "invalid_name".into())),
            "{name}"
        );
    }
}

async fn what_nobody_sees_is_dropped_from_numbers_and_named_elsewhere(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::minimal(river.facility("hotel"));
    let number = stay["guest"]["document"]["number"]
        .as_str()
        .unwrap()
        .to_owned();
    let pasted = format!("\u{feff}{}\u{200b}{}\u{200e}", &number[..3], &number[3..]);
    let answer = desk
        .accepted(&with(stay, "/guest/document/number", json!(pasted)))
        .await;
    assert_eq!(answer["guest"]["document"]["number"], json!(number));
    let warned = codes_at(&answer["warnings"], "/guest/document/number");
    assert_eq!(warned, ["invisible_dropped"]);

    for pointer in ["/room", "/reference", "/guest/full_name"] {
        let stay = with(
            people::minimal(river.facility("hotel")),
            pointer,
            json!("An\u{200b}"),
        );
        let named = desk.declare(&stay).await.violations();
        let expected = (pointer.to_owned(), "invisible_character".to_owned());
        assert_eq!(named.into_iter().collect::<Vec<_>>(), [expected]);
    }
}

async fn what_misleads_is_refused_in_every_text(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut whole = people::minimal(river.facility("hotel"));
    whole["guest"]["guardian"] = json!({"full_name": "Lê Thị Bình"});
    whole["guest"]["residence"] = json!({});
    for pointer in [
        "/room",
        "/bed",
        "/ward",
        "/reference",
        "/note",
        "/guest/full_name",
        "/guest/document/number",
        "/guest/residence/address",
        "/guest/guardian/full_name",
        "/guest/guardian/relation",
    ] {
        for misleading in ["an\u{202e}na", "an\u{2066}na", "an\u{e0041}na"] {
            let stay = with(whole.clone(), pointer, json!(misleading));
            let named = desk.declare(&stay).await.violations();
            let expected = (pointer.to_owned(), "invisible_character".to_owned());
            assert_eq!(
                named.into_iter().collect::<Vec<_>>(),
                [expected],
                "{misleading:?}"
            );
        }
    }
    let answer = desk
        .accepted(&people::minimal(river.facility("hotel")))
        .await;
    let change = json!({"room": "9", "reason": "đổi\u{202e}phòng"});
    let id = answer["id"].as_str().unwrap();
    let named = desk.amend(id, 1, &change).await.violations();
    assert!(named.contains(&("/reason".into(), "invisible_character".into())));
}

async fn telephone_address_note_and_ward_never_refuse(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let table = [
        ("/guest/phone", "không có", "không có", "invalid_phone"),
        (
            "/guest/phone",
            "0912345678 / 0987654321",
            "0912345678 / 0987654321",
            "invalid_phone",
        ),
        ("/ward", "Khoa\u{feff} Nội", "Khoa Nội", "invisible_dropped"),
        (
            "/note",
            "khách\u{200b}quen",
            "kháchquen",
            "invisible_dropped",
        ),
    ];
    for (pointer, sent, kept, code) in table {
        let stay = with(
            people::minimal(river.facility("hotel")),
            pointer,
            json!(sent),
        );
        let answer = desk.accepted(&stay).await;
        assert_eq!(answer.pointer(pointer), Some(&json!(kept)), "{sent:?}");
        assert_eq!(codes_at(&answer["warnings"], pointer), [code], "{sent:?}");
    }
    // A line of a census is a declaration as well.
    let school = river.facility("school");
    let mut line = people::minimal(school);
    line["note"] = json!("khách\u{200b}quen");
    let census = json!({"taken_at": text_of(now()), "missing": "ask", "stays": [line]});
    let path = format!("/v1/facilities/{school}/census");
    let call = river.caller("school").call("PUT", &path);
    let answer = call.json(&census).send().await.expect(200);
    let stay = &answer["results"][0]["stay"];
    assert_eq!(stay["note"], "kháchquen", "{answer}");
    assert_eq!(codes_at(&stay["warnings"], "/note"), ["invisible_dropped"]);
    // A file of the same guests: none is lost for a telephone number.
    let person = people::person();
    let file = format!(
        "Họ tên;Số CCCD;Phòng;Ngày đến;Ngày đi;Điện thoại\n{};{};7;{};{};không có\n",
        person.full_name,
        person.number,
        (now() - TimeDelta::days(1)).format("%d/%m/%Y"),
        (now() + TimeDelta::days(1)).format("%d/%m/%Y"),
    );
    let import = imported(&desk, &file).await;
    assert_eq!(import["accepted"], 1, "{import}");
}

/// Sends a file and waits for its end.
async fn imported(desk: &Caller, file: &str) -> Value {
    let call = desk.call("POST", "/v1/imports");
    let sent = call
        .body("text/csv", file.as_bytes().to_vec())
        .send()
        .await
        .expect(202);
    let path = format!("/v1/imports/{}", sent["id"].as_str().unwrap());
    eventually_some("the end of a file", Duration::from_secs(20), async || {
        let import = desk.get(&path).await.expect(200);
        let is_open = import["state"] == "queued" || import["state"] == "running";
        (!is_open).then_some(import)
    })
    .await
}

async fn two_equal_newborns_of_one_batch_are_told(database: Database) {
    let river = River::shared(database).await;
    let ward = river.caller("hospital");
    let newborn = json!({
        "bed": "Sơ sinh 1", "arrival_at": text_of(now()),
        "guest": {"full_name": format!("CB NGUYỄN THỊ HOA {}", people::next() % 9),
            "birth_date": "2026-11-20", "sex": "female",
            "document": {"kind": "none"}, "no_document_reason": "newborn"},
    });
    let batch = json!({"stays": [newborn, newborn]});
    let answer = ward.post("/v1/stays/batch", &batch).await.expect(200);
    assert_eq!(
        (&answer["accepted"], &answer["replayed"]),
        (&json!(1), &json!(1)),
        "{answer}"
    );
    let [first, second] = [&answer["results"][0], &answer["results"][1]];
    assert_eq!(first["warnings"], json!([]));
    assert_eq!(codes_at(&second["warnings"], ""), ["same_as_earlier_item"]);
    assert_eq!(first["stay"], second["stay"]);
}

async fn a_card_of_another_country_has_a_kind_of_its_own(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut stay = people::minimal(river.facility("hotel"));
    stay["guest"] = json!({
        "full_name": "Erika Mustermann", "birth_date": "1964-08-12", "sex": "female",
        "nationality": "DEU", "permitted_stay_until": "2027-01-31",
        "document": {"kind": "foreign_identity_card", "number": "L01X00T47"},
    });
    let answer = desk.accepted(&stay).await;
    assert_eq!(answer["guest"]["document"]["kind"], "foreign_identity_card");
    stay["guest"]["nationality"] = json!("LAO");
    stay["guest"]["document"] = json!({"kind": "citizen_card", "number": people::person().number});
    let answer = desk.accepted(&stay).await;
    let warned = codes_at(&answer["warnings"], "/guest/nationality");
    assert_eq!(warned, ["nationality_differs_from_document"]);
}

async fn a_zone_misread_is_a_doubt_and_a_french_card_is_read(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let scan = async |text: &str| {
        let body = json!({"kind": "mrz", "text": text});
        desk.post("/v1/scans", &body).await.expect(200)
    };
    let doubtful = "P<DEUMUSTERMANN<<ERIKA<<<<<<<<<KKKK<<K<<<<<<\n\
                    C01X00T478DEU6408125F2702283<<<<<<<<<<<<<<<4";
    let read = scan(doubtful).await;
    let warned = codes_at(&read["warnings"], "/guest/full_name");
    assert_eq!(warned, ["name_doubtful"], "{read}");
    let french = "IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<\n8806923102858CORINNE<<<<<<<6512068F6";
    let read = scan(french).await;
    assert_eq!(read["warnings"], json!([]), "{read}");
    assert_eq!(read["guest"]["document"]["number"], "880692310285");
    assert_eq!(read["guest"]["birth_date"], "1965-12-06");
}
