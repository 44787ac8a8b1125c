//! Scans become the members of a guest; nothing is stored.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::{Color, QrCode};
use serde_json::{Value, json};
use tests::{Caller, Database, River, on_both_databases, people};

on_both_databases![
    a_card_s_qr_text_is_a_guest_ready_to_declare,
    every_vector_of_cards_and_zones_is_read_or_refused,
    a_picture_of_a_card_s_code_is_read,
    what_is_no_scan_is_refused_with_its_reason,
    nothing_of_a_scan_is_kept,
];

async fn scan(caller: &Caller, kind: &str, text: &str) -> tests::Answer {
    let body = json!({"kind": kind, "text": text});
    caller.post("/v1/scans", &body).await
}

/// The text on the card of a man born in Thanh Hóa on 17 May 1985.
fn card(person: &people::Person) -> String {
    format!(
        "{}|173990011|{}|17051985|Nam|Số 9 ngõ Thiềm Thừ, Thanh Hóa|01052021",
        person.number, person.full_name
    )
}

async fn a_card_s_qr_text_is_a_guest_ready_to_declare(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let person = people::person();
    let read = scan(&desk, "qr", &card(&person)).await.expect(200);
    let guest = &read["guest"];
    assert_eq!(guest["full_name"], json!(person.full_name));
    assert_eq!(guest["birth_date"], "1985-05-17");
    assert_eq!(guest["sex"], "male");
    assert_eq!(guest["document"]["kind"], "citizen_card");
    assert_eq!(guest["document"]["number"], json!(person.number));
    assert_eq!(read["warnings"], json!([]));

    let mut stay = people::minimal(river.facility("hotel"));
    stay["guest"] = guest.clone();
    desk.accepted(&stay).await;

    // A doubt has its place and its words in the language asked for.
    let doubtful = card(&person).replace("|Nam|", "|Nữ|");
    let call = desk
        .call("POST", "/v1/scans")
        .header("Accept-Language", "en");
    let body = json!({"kind": "qr", "text": doubtful});
    let read = call.json(&body).send().await.expect(200);
    let warning = &read["warnings"][0];
    assert_eq!(warning["pointer"], "/guest/sex");
    assert_eq!(warning["code"], "sex_differs_from_number");
    assert!(warning["message"].as_str().unwrap().contains("number"));
}

async fn every_vector_of_cards_and_zones_is_read_or_refused(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let cards: Value =
        serde_json::from_str(include_str!("../../domain/testdata/qr_vectors.json")).unwrap();
    let zones: Value =
        serde_json::from_str(include_str!("../../domain/testdata/mrz_vectors.json")).unwrap();
    let text_of = |vector: &Value| match vector["lines"].as_array() {
        Some(lines) => {
            let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
            lines.join("\n")
        }
        None => vector["text"].as_str().unwrap().to_owned(),
    };
    for (kind, vectors) in [("qr", &cards), ("mrz", &zones)] {
        for vector in vectors["valid"].as_array().unwrap() {
            let read = scan(&desk, kind, &text_of(vector)).await;
            let read = read.expect(200);
            assert!(read["guest"]["document"]["number"].is_string(), "{vector}");
            let codes = read["warnings"].to_string();
            assert!(!codes.contains("check_digit_wrong"), "{vector} {codes}");
        }
        for vector in vectors["invalid"].as_array().unwrap() {
            let answer = scan(&desk, kind, &text_of(vector)).await;
            if answer.status == 200 {
                let warnings = answer.json()["warnings"].as_array().unwrap().len();
                assert!(warnings > 0, "{vector} is read without a doubt");
            } else {
                let problem = answer.expect_problem(422, "validation_failed");
                assert_eq!(problem["errors"][0]["pointer"], "/text", "{vector}");
            }
        }
    }
}

/// A picture of a QR code: black on white, six pixels a module, with the quiet zone.
fn picture(text: &str, format: ImageFormat) -> Vec<u8> {
    const SCALE: u32 = 6;
    const MARGIN: u32 = 4;
    let code = QrCode::new(text).unwrap();
    let width = u32::try_from(code.width()).unwrap();
    let side = (width + 2 * MARGIN) * SCALE;
    let colors = code.to_colors();
    let image = GrayImage::from_fn(side, side, |x, y| {
        let (x, y) = (x / SCALE, y / SCALE);
        let is_inside = |at: u32| (MARGIN..MARGIN + width).contains(&at);
        let is_dark = is_inside(x)
            && is_inside(y)
            && colors[((y - MARGIN) * width + x - MARGIN) as usize] == Color::Dark;
        Luma([if is_dark { 0 } else { 255 }])
    });
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

async fn a_picture_of_a_card_s_code_is_read(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for (media_type, format) in [
        ("image/png", ImageFormat::Png),
        ("image/jpeg", ImageFormat::Jpeg),
    ] {
        let person = people::person();
        let call = desk.call("POST", "/v1/scans");
        let call = call.body(media_type, picture(&card(&person), format));
        let read = call.send().await.expect(200);
        assert_eq!(read["guest"]["full_name"], json!(person.full_name));
        assert_eq!(read["guest"]["document"]["number"], json!(person.number));
    }
}

async fn what_is_no_scan_is_refused_with_its_reason(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let refused = scan(&desk, "qr", "https://example.com/menu").await;
    refused.expect_problem(422, "validation_failed");
    assert_eq!(refused.violations().first().unwrap().0, "/text");
    let refused = desk
        .post("/v1/scans", &json!({"kind": "bar", "x": 1}))
        .await;
    refused.expect_problem(422, "validation_failed");
    let expected = [
        ("/kind", "unknown_code"),
        ("/text", "required"),
        ("/x", "unknown_field"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(refused.violations(), expected.into());

    let send = |media_type: &'static str, bytes: Vec<u8>| {
        let call = desk.call("POST", "/v1/scans").body(media_type, bytes);
        call.send()
    };
    let broken = send("image/png", b"no picture at all".to_vec()).await;
    broken.expect_problem(422, "validation_failed");
    let expected = ("".to_owned(), "image_unreadable".to_owned());
    assert_eq!(broken.violations().first(), Some(&expected));
    let mut blank = Cursor::new(Vec::new());
    let white = GrayImage::from_pixel(200, 200, Luma([255]));
    white.write_to(&mut blank, ImageFormat::Png).unwrap();
    let blank = send("image/png", blank.into_inner()).await;
    let expected = ("".to_owned(), "image_without_qr".to_owned());
    assert_eq!(blank.violations().first(), Some(&expected));
    send("image/png", vec![0; 8 * 1024 * 1024 + 1])
        .await
        .expect_problem(413, "body_too_large");
    send("image/webp", vec![0; 10])
        .await
        .expect_problem(415, "unsupported_media_type");
    let stranger = river.stranger();
    scan(&stranger, "qr", "x")
        .await
        .expect_problem(401, "unauthorized");
    scan(&river.caller("police"), "qr", "x")
        .await
        .expect_problem(403, "forbidden");
}

async fn nothing_of_a_scan_is_kept(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let person = people::person();
    scan(&desk, "qr", &card(&person)).await.expect(200);
    let call = desk.call("POST", "/v1/scans");
    let picture = picture(&card(&person), ImageFormat::Png);
    call.body("image/png", picture).send().await.expect(200);
    let stays = desk.get("/v1/stays").await.expect(200);
    assert_eq!(stays["items"], json!([]));
    if let Some(database) = river.database() {
        let everything = String::from_utf8_lossy(&database.everything().await).into_owned();
        assert!(!everything.contains(&person.number));
        assert!(!everything.contains("Thiềm Thừ"));
    }
}
