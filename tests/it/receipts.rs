//! Receipts are checked offline by a library that is not ours.

use serde_json::json;
use tests::{Database, River, on_both_databases, people, receipt};

on_both_databases![
    a_receipt_verifies_offline_and_covers_what_was_sent,
    text_in_decomposed_form_is_kept_composed_and_covered,
    a_receipt_is_served_as_json_and_as_jws,
    a_changed_receipt_does_not_verify,
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
