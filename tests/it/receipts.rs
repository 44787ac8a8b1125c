//! Receipts are verified offline by a third-party library.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Database, ProcessExit, River, on_both_databases, people, receipt, run_to_end};

on_both_databases![
    a_receipt_verifies_offline_and_covers_what_was_sent,
    text_in_decomposed_form_is_kept_composed_and_covered,
    a_receipt_is_served_as_json_and_as_jws,
    a_changed_receipt_does_not_verify,
    a_receipt_is_served_on_paper,
    the_text_of_a_receipt_copies_as_it_reads,
    a_day_s_receipt_counts_what_began_on_it,
    a_day_s_receipt_is_for_its_facility_and_a_day_only,
    receipts_are_verified_by_the_command_with_files_alone,
];

async fn a_receipt_verifies_offline_and_covers_what_was_sent(database: Database) {
    let river = River::shared(database).await;
    let jwks = river
        .stranger()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    let stays = [
        ("hotel", people::citizen(river.facility("hotel"))),
        ("hotel", people::minimal(river.facility("hotel"))),
        ("hotel", people::foreigner(river.facility("hotel"))),
        ("hospital", people::unidentified(river.facility("hospital"))),
    ];
    for (name, stay) in stays {
        let declared = river.caller(name).accepted(&stay).await;
        receipt::assert_sound(&declared, &jwks);
        assert_eq!(declared["receipt"]["version"], 1);
        let number = declared["receipt"]["number"].as_str().unwrap();
        assert!(!number.contains('/'), "{number}");
    }
}

async fn text_in_decomposed_form_is_kept_composed_and_covered(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut stay = people::citizen(river.facility("hotel"));
    // "Lê Thị Thiềm" with its marks apart, and with spaces around.
    stay["guest"]["full_name"] = json!("  Le\u{302} Thi\u{323} Thie\u{302}\u{300}m ");
    let declared = desk.accepted(&stay).await;
    assert_eq!(declared["guest"]["full_name"], "Lê Thị Thiềm");
    let jwks = desk.get("/.well-known/jwks.json").await.expect(200);
    receipt::assert_sound(&declared, &jwks);
}

async fn a_receipt_is_served_as_json_and_as_jws(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let declared = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let path = format!("/v1/stays/{}/receipt", declared["id"].as_str().unwrap());
    for path in [path.clone(), format!("{path}?version=1")] {
        let answer = desk.call("GET", &path).header("Accept", "application/json");
        assert_eq!(answer.send().await.expect(200), declared["receipt"]);
        let answer = desk.call("GET", &path).header("Accept", "application/jose");
        let answer = answer.send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/jose"));
        assert_eq!(json!(answer.text()), declared["receipt"]["jws"]);
    }
    let pdf = desk
        .call("GET", &path)
        .header("Accept", "application/x-unknown");
    pdf.send().await.expect_problem(406, "not_acceptable");
    let absent = desk.get(&format!("{path}?version=2")).await;
    absent.expect_problem(404, "not_found");
}

async fn a_receipt_is_served_on_paper(database: Database) {
    let river = River::shared(database).await;
    let stays = [
        ("hotel", people::citizen(river.facility("hotel"))),
        ("hotel", people::foreigner(river.facility("hotel"))),
        ("hospital", people::unidentified(river.facility("hospital"))),
    ];
    for (name, stay) in stays {
        let desk = river.caller(name);
        let declared = desk.accepted(&stay).await;
        let path = format!("/v1/stays/{}/receipt", declared["id"].as_str().unwrap());
        let paper = async |caller: &str| {
            let caller = river.caller(caller);
            let call = caller
                .call("GET", &path)
                .header("Accept", "application/pdf");
            call.send().await
        };
        let one = paper(name).await;
        assert_eq!(one.status, 200, "{}", one.text());
        assert_eq!(one.header("content-type"), Some("application/pdf"));
        assert_eq!(one.header("vary"), Some("Accept"));
        assert_eq!(one.header("x-content-type-options"), Some("nosniff"));
        let number = declared["receipt"]["number"].as_str().unwrap();
        assert_eq!(
            one.header("content-disposition").unwrap(),
            format!("inline; filename=\"{number}.pdf\"")
        );
        assert!(one.body.starts_with(b"%PDF-1.7"));
        assert!(one.body.len() < 100_000);
        assert_eq!(one.body, paper(name).await.body);
        paper("school").await.expect_problem(404, "not_found");
    }
}

/// Every letter with every tone, in words short enough for a line.
fn every_vietnamese_letter() -> String {
    let tones = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];
    let words = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY".chars().map(|vowel| {
        let word: String = tones.iter().map(|tone| format!("{vowel}{tone}")).collect();
        word
    });
    let words: Vec<String> = words.chain(["đĐ".to_owned()]).collect();
    domain::text::nfc_trim(&words.join(" "))
}

/// The text of a PDF without white space, because full lines are broken anywhere.
fn copied(pdf: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("receipt.pdf");
    std::fs::write(&file, pdf).unwrap();
    let output = std::process::Command::new("pdftotext")
        .args([file.as_os_str(), "-".as_ref()])
        .output()
        .expect("pdftotext is installed (Debian: poppler-utils)");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().collect()
}

async fn the_text_of_a_receipt_copies_as_it_reads(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut stay = people::citizen(river.facility("hotel"));
    stay["guest"]["full_name"] = json!(every_vietnamese_letter());
    let declared = desk.accepted(&stay).await;
    let path = format!("/v1/stays/{}/receipt", declared["id"].as_str().unwrap());
    let paper = desk.call("GET", &path).header("Accept", "application/pdf");
    let text = copied(&paper.send().await.body);
    let name: String = every_vietnamese_letter().split_whitespace().collect();
    for words in ["Địachỉ", "Biênnhận", &name] {
        assert!(
            text.to_lowercase().contains(&words.to_lowercase()),
            "{words} in {text}"
        );
    }
}

/// A day that no other test declares stays for.
async fn declare_on(river: &River, day: &str, count: usize) -> Vec<Value> {
    let mut declared = Vec::new();
    for hour in 0..count {
        let mut stay = people::citizen(river.facility("guest_house"));
        stay["arrival_at"] = json!(format!("{day}T{:02}:30:00+07:00", hour + 1));
        declared.push(river.caller("guest_house").accepted(&stay).await);
    }
    declared
}

/// A local day some days ago.
fn days_ago(count: i64) -> String {
    let day = tests::now() - chrono::Duration::days(count);
    day.date_naive().to_string()
}

async fn a_day_s_receipt_counts_what_began_on_it(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("guest_house");
    let (day, other_day) = (days_ago(40), days_ago(39));
    let declared = declare_on(river, &day, 3).await;
    declare_on(river, &other_day, 1).await;
    let path = format!(
        "/v1/facilities/{}/receipts?date={day}",
        river.facility("guest_house")
    );
    let receipt = desk.get(&path).await.expect(200);
    assert_eq!(receipt["count"], 3);
    let mut numbers: Vec<&str> = declared
        .iter()
        .map(|stay| stay["receipt"]["number"].as_str().unwrap())
        .collect();
    let listed: Vec<&str> = receipt["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["number"].as_str().unwrap())
        .collect();
    assert_eq!(listed, numbers);
    assert_eq!(receipt["receipts"][0]["stay_id"], declared[0]["id"]);
    assert_eq!(receipt["receipts"][0]["timeliness"], "late");
    numbers.sort_unstable();
    let digest = hex::encode(Sha256::digest(numbers.join("\n")));
    assert_eq!(receipt["sha256"], digest);

    let jwks = desk.get("/.well-known/jwks.json").await.expect(200);
    let jose = desk.call("GET", &path).header("Accept", "application/jose");
    for jws in [
        jose.send().await.text(),
        receipt["jws"].as_str().unwrap().to_owned(),
    ] {
        let mut stated = receipt::verified_payload_of(&jws, &jwks, "luutru-day-receipt").unwrap();
        let stated = stated.as_object_mut().unwrap();
        assert_eq!(stated.remove("iss"), Some(json!("luutru")));
        assert!(stated.remove("as_of").is_some());
        for (name, value) in stated {
            assert_eq!(*value, receipt[name.as_str()], "{name}");
        }
        // It passes for no receipt of a stay.
        assert!(receipt::verified_payload(&jws, &jwks).is_err());
    }
    let paper = desk.call("GET", &path).header("Accept", "application/pdf");
    let paper = paper.send().await;
    assert_eq!(paper.header("content-type"), Some("application/pdf"));
    assert!(paper.body.starts_with(b"%PDF-1.7"));
}

async fn a_day_s_receipt_is_for_its_facility_and_a_day_only(database: Database) {
    let river = River::shared(database).await;
    let path = format!("/v1/facilities/{}/receipts", river.facility("guest_house"));
    let day = format!("{path}?date={}", days_ago(400));
    let empty = river.caller("guest_house").get(&day).await.expect(200);
    assert_eq!(empty["count"], 0);
    assert_eq!(empty["receipts"], json!([]));
    let nothing = hex::encode(Sha256::digest(""));
    assert_eq!(empty["sha256"], nothing);

    for foreign in ["hotel", "police"] {
        let answer = river.caller(foreign).get(&day).await;
        answer.expect_problem(404, "not_found");
    }
    let desk = river.caller("guest_house");
    let call = desk.call("GET", &day).header("Accept", "text/html");
    call.send().await.expect_problem(406, "not_acceptable");
    let table = [
        (path.clone(), "required"),
        (format!("{path}?date=24.11.2026"), "invalid_date"),
        (format!("{path}?date=2026-02-30"), "invalid_date"),
    ];
    for (path, code) in table {
        let violations = desk.get(&path).await.violations();
        let expected = [("/query/date".to_owned(), code.to_owned())];
        assert_eq!(violations, expected.into(), "{path}");
    }
}

/// `luutru receipt verify` with these files in its reach, and no setting of a service.
async fn verify(arguments: &[&str]) -> ProcessExit {
    run_to_end(&[&["receipt", "verify"], arguments].concat(), &[]).await
}

async fn receipts_are_verified_by_the_command_with_files_alone(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let declared = desk.accepted(&stay).await;
    let other = desk
        .accepted(&people::foreigner(river.facility("hotel")))
        .await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let jwks = desk.get("/.well-known/jwks.json").await.expect(200);
    let keys = file("jwks.json", jwks.to_string());
    let stranger_keys = file(
        "other.json",
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "x", "x": "AA"}]}).to_string(),
    );
    let answer = file("stay.json", declared.to_string());
    let other_answer = file("other-stay.json", other.to_string());
    let jws = declared["receipt"]["jws"].as_str().unwrap();
    let jws_file = file("receipt.jws", format!("{jws}\n"));
    let changed = jws.replace(".eyJ", ".eyI");
    let path = format!(
        "/v1/facilities/{}/receipts?date={}",
        river.facility("hotel"),
        days_ago(0)
    );
    let day = file("day.json", desk.get(&path).await.text());

    // Each row: arguments, exit code, what the result says.
    let table: [(Vec<&str>, i32, &str); 9] = [
        (vec![jws, "--keys", &keys], 0, "HỢP LỆ"),
        (
            vec![&jws_file, "--keys", &keys],
            0,
            "Nội dung: chưa kiểm tra",
        ),
        (vec![&answer, "--keys", &keys], 0, "KHỚP mã băm"),
        (
            vec![&day, "--keys", &keys, "--language", "en"],
            0,
            "a facility's day",
        ),
        (
            vec![
                jws,
                "--keys",
                &stranger_keys,
                "--keys",
                &keys,
                "--content",
                &answer,
            ],
            0,
            "KHỚP mã băm",
        ),
        (
            vec![jws, "--keys", &keys, "--content", &other_answer],
            1,
            "KHÔNG KHỚP",
        ),
        (vec![&changed, "--keys", &keys], 1, "chữ ký sai"),
        (
            vec![jws, "--keys", &stranger_keys, "--language", "en"],
            1,
            "NOT VERIFIED",
        ),
        (vec![&keys, "--keys", &keys], 1, "không phải biên nhận"),
    ];
    for (arguments, code, says) in table {
        let ending = verify(&arguments).await;
        assert_eq!(ending.code, Some(code), "{arguments:?}: {}", ending.log);
        assert!(ending.output.contains(says), "{says} in {}", ending.output);
        for marker in people::MARKERS {
            assert!(!ending.output.contains(marker), "a personal value is shown");
        }
    }
    // An unreadable file is distinguished from an invalid receipt.
    let absent = directory.path().join("absent").display().to_string();
    for arguments in [
        vec![jws],
        vec![jws, "--keys", &absent],
        vec![&absent, "--keys", &keys],
        vec![jws, "--keys", &jws_file],
        vec![jws, "--keys", &keys, "--content", &jws_file],
    ] {
        let ending = verify(&arguments).await;
        assert_eq!(ending.code, Some(2), "{arguments:?}");
        assert!(!ending.log.is_empty() && ending.output.is_empty());
    }
}

async fn a_changed_receipt_does_not_verify(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let jwks = desk.get("/.well-known/jwks.json").await.expect(200);
    let one = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let two = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let jws = |stay: &serde_json::Value| stay["receipt"]["jws"].as_str().unwrap().to_owned();
    let parts = |jws: &str| jws.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (one, two) = (parts(&jws(&one)), parts(&jws(&two)));
    let swapped = format!("{}.{}.{}", one[0], two[1], one[2]);
    assert!(receipt::verified_payload(&one.join("."), &jwks).is_ok());
    assert!(receipt::verified_payload(&swapped, &jwks).is_err());
}
