//! Every refusal is a problem with a code, in two languages, and repeats no submitted value.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, River, now, on_both_databases, people, raw_exchange, text_of,
};

on_both_databases![
    what_is_not_json_is_refused,
    who_has_no_key_is_told_how_to_show_one,
    who_may_not_declare_is_refused,
    what_is_not_there_is_not_found,
    another_method_is_named_with_the_allowed_ones,
    another_media_type_is_refused,
    what_is_wrong_with_a_body_is_named,
    a_body_that_is_too_large_is_refused_and_answered,
    a_body_that_stops_half_way_is_given_up,
    all_violations_are_named_at_once,
    members_of_the_service_and_unknown_ones_are_refused,
    every_rule_of_a_member_has_its_code,
    problems_speak_vietnamese_and_english,
    nothing_that_was_sent_comes_back_or_is_logged,
];

const STAYS: &str = "/v1/stays";

async fn what_is_not_json_is_refused(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let send = async |body: Vec<u8>| {
        let call = desk.call("POST", STAYS);
        call.body("application/json", body).send().await
    };
    let broken: [&[u8]; 6] = [
        b"",
        b"{",
        b"{\"room\": 1,}",
        b"\xff\xfe",
        b"{} {}",
        b"{\"room\": \"\xc3\"}",
    ];
    for body in broken {
        let problem = send(body.to_vec())
            .await
            .expect_problem(400, "malformed_json");
        assert_eq!(problem["retryable"], false);
    }
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    send(deep.into_bytes())
        .await
        .expect_problem(400, "json_too_deep");
    // JSON of the wrong shape is no malformed JSON.
    for body in ["[]", "7", "null", "\"stay\""] {
        let violations = send(body.as_bytes().to_vec()).await.violations();
        assert!(
            violations.contains(&("".into(), "invalid_type".into())),
            "{body}"
        );
    }
}

async fn who_has_no_key_is_told_how_to_show_one(database: Database) {
    let river = River::shared(database).await;
    let stranger = river.stranger();
    let stay = people::citizen(river.facility("hotel"));
    let hotel = river.key("hotel");
    let other_secret = format!("{}{}", &hotel[..hotel.len() - 2], "AA");
    let unknown = format!("luutru_{}_{}", "0".repeat(32), "A".repeat(43));
    let keys = ["", "x", &other_secret, &unknown, &hotel.to_uppercase()];
    let mut answers = vec![
        stranger.declare(&stay).await,
        stranger.get(STAYS).await,
        stranger.get("/v1/limits").await,
        stranger
            .call("GET", STAYS)
            .header("Authorization", "Basic aG90ZWw6c2VjcmV0")
            .send()
            .await,
    ];
    for key in keys {
        answers.push(stranger.with_key(key).declare(&stay).await);
    }
    for answer in answers {
        answer.expect_problem(401, "unauthorized");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer"), "{challenge}");
    }
}

async fn who_may_not_declare_is_refused(database: Database) {
    let river = River::shared(database).await;
    let stay = people::citizen(river.facility("hotel"));
    for name in ["police", "admin"] {
        let caller = river.caller(name);
        caller.declare(&stay).await.expect_problem(403, "forbidden");
        let batch = json!({"stays": [stay]});
        let answer = caller.post("/v1/stays/batch", &batch).await;
        answer.expect_problem(403, "forbidden");
    }
}

async fn what_is_not_there_is_not_found(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let paths = [
        "/nowhere",
        "/v1",
        "/v1/stays/0199c1c8-0280-7000-8000-000000000099",
        "/v1/stays/not-an-id",
        "/v1/stays/0199c1c8-0280-7000-8000-000000000099/receipt",
        "/v1/facilities/0199c1c8-0280-7000-8000-000000000099",
        "/v1/catalogues/colours",
    ];
    for path in paths {
        desk.get(path).await.expect_problem(404, "not_found");
    }
}

async fn another_method_is_named_with_the_allowed_ones(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for (method, path, allowed) in [
        ("DELETE", STAYS, vec!["GET", "POST"]),
        ("PUT", "/v1/stays/batch", vec!["POST"]),
        ("GET", "/v1/stays/validate", vec!["POST"]),
        ("POST", "/v1/limits", vec!["GET"]),
    ] {
        let answer = desk.call(method, path).send().await;
        if path == "/v1/stays/validate" && answer.status == 404 {
            // It reads as the id of a stay, which is not there.
            continue;
        }
        answer.expect_problem(405, "method_not_allowed");
        let allow = answer.header("allow").unwrap();
        let named: Vec<&str> = allow.split(',').map(str::trim).collect();
        for method in allowed {
            assert!(named.contains(&method), "{path}: {allow}");
        }
    }
}

async fn another_media_type_is_refused(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel")).to_string();
    for media_type in ["text/plain", "application/xml", "multipart/form-data"] {
        let call = desk.call("POST", STAYS).body(media_type, stay.clone());
        let answer = call.send().await;
        answer.expect_problem(415, "unsupported_media_type");
    }
    let call = desk.call("POST", STAYS);
    let call = call.body("application/json; charset=utf-8", stay);
    call.send().await.expect(201);
}

async fn what_is_wrong_with_a_body_is_named(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let text = stay.to_string();
    // Some editors put a byte order mark in front of UTF-8.
    let marked = desk.call("POST", STAYS);
    let marked = marked.body("application/json", format!("\u{feff}{text}"));
    marked.send().await.expect(201);

    let twice = text.replacen("\"full_name\"", "\"full_name\":\"A B\",\"full_name\"", 1);
    let refused = |path: &str, body: String| {
        let call = desk.call("POST", path).header("Accept-Language", "en");
        call.body("application/json", body).send()
    };
    let batch = |item: &str| format!("{{\"stays\":[{text},{item}]}}");
    let table = [
        (STAYS, twice.clone(), "/guest/full_name"),
        ("/v1/stays/validate", twice.clone(), "/guest/full_name"),
        ("/v1/stays/batch", batch(&twice), "/stays/1/guest/full_name"),
    ];
    for (path, body, pointer) in table {
        let answer = refused(path, body).await;
        let problem = answer.expect_problem(400, "malformed_json");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert_eq!(problem["errors"][0]["code"], "member_repeated");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with("A member is there twice; errors names it."));
    }

    let packed = desk.call("POST", STAYS).header("Content-Encoding", "gzip");
    let packed = packed.header("Accept-Language", "en");
    let packed = packed.body("application/json", text.clone()).send().await;
    let problem = packed.expect_problem(415, "unsupported_media_type");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("compressed (header Content-Encoding)"),
        "{detail}"
    );

    let table = [
        (STAYS, "application/json."),
        ("/v1/imports?dry_run=true", "text/csv or "),
        ("/v1/scans", "application/json or image/png or image/jpeg."),
    ];
    for (path, advice) in table {
        let call = desk.call("POST", path).header("Accept-Language", "en");
        let answer = call.body("application/xml", "<x/>").send().await;
        let problem = answer.expect_problem(415, "unsupported_media_type");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains(&format!("Here: Content-Type: {advice}")),
            "{detail}"
        );
    }
    let patch = desk.call("PATCH", "/v1/stays/0199c1c8-0280-7000-8000-0000000000aa");
    let patch = patch.header("If-Match", "\"1\"").body("text/plain", "{}");
    patch.send().await.expect_problem(404, "not_found");

    // A parameter is no member.
    let answer = desk.call("GET", "/v1/stays?presense=present");
    let answer = answer.header("Accept-Language", "en").send().await;
    let problem = answer.expect_problem(422, "validation_failed");
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("This address has no such query parameter"));
}

async fn a_body_that_is_too_large_is_refused_and_answered(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut stay = people::citizen(river.facility("hotel"));
    stay["note"] = json!("n".repeat(80 * 1024));
    let answer = desk.declare(&stay).await;
    answer.expect_problem(413, "body_too_large");
    let batch = json!({"stays": [], "x": "x".repeat(5 * 1024 * 1024)});
    let answer = desk.post("/v1/stays/batch", &batch).await;
    answer.expect_problem(413, "body_too_large");

    let head = format!(
        "POST /v1/stays HTTP/1.1\r\nhost: luutru\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\n",
        river.key("hotel")
    );
    // Announced only: the answer does not wait for the body.
    let announced = format!("{head}content-length: 1000000000\r\n\r\n");
    let answer = raw_exchange(river.api(), &[announced.as_bytes()]).await;
    assert_eq!(answer.status, Some(413), "{answer:?}");
    assert!(answer.text.contains("body_too_large"), "{answer:?}");
    // Not announced at all.
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    let chunk = format!("{:x}\r\n{}\r\n", 40 * 1024, "x".repeat(40 * 1024));
    let pieces = [
        chunked.as_bytes(),
        chunk.as_bytes(),
        chunk.as_bytes(),
        b"0\r\n\r\n",
    ];
    let answer = raw_exchange(river.api(), &pieces).await;
    assert_eq!(answer.status, Some(413), "{answer:?}");
    assert!(answer.text.contains("body_too_large"), "{answer:?}");
}

async fn a_body_that_stops_half_way_is_given_up(database: Database) {
    let settings = [("LUUTRU_BODY_TIMEOUT_SECONDS", "1".to_owned())];
    let river = River::start_with(database, &settings).await;
    let request = format!(
        "POST /v1/stays HTTP/1.1\r\nhost: luutru\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 500\r\n\r\n{{\"room\":",
        river.key("hotel")
    );
    let answer = raw_exchange(river.api(), &[request.as_bytes()]).await;
    assert_eq!(answer.status, Some(408), "{answer:?}");
    assert!(answer.text.contains("request_timeout"), "{answer:?}");
}

async fn all_violations_are_named_at_once(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = json!({
        "facility_id": river.facility("school"),
        "arrival_at": "yesterday",
        "purpose": "fishing",
        "colour": "blue",
        "version": 7,
        "note": ["not", "text"],
        "guest": {
            "full_name": "1234",
            "birth_date": "1985-13-01",
            "sex": "yes",
            "document": {"kind": "citizen_card", "number": "12", "issuer": "x"},
            "phone": ["none"],
            "residence": {"commune_code": "99999"},
        },
        "party": {"role": "boss"},
    });
    let expected = [
        ("/facility_id", "facility_unknown"),
        ("/arrival_at", "invalid_instant"),
        ("/purpose", "unknown_code"),
        ("/colour", "unknown_field"),
        ("/version", "read_only"),
        ("/note", "invalid_type"),
        ("/guest/full_name", "invalid_name"),
        ("/guest/birth_date", "invalid_date"),
        ("/guest/sex", "unknown_code"),
        ("/guest/document/number", "personal_id_length"),
        ("/guest/document/issuer", "unknown_field"),
        ("/guest/phone", "invalid_type"),
        ("/guest/residence/commune_code", "unknown_commune"),
        ("/party/role", "unknown_code"),
    ];
    assert_eq!(desk.declare(&stay).await.violations(), set(&expected));
    let violations = desk.declare(&json!({})).await.violations();
    let missing = [
        ("/room", "required"),
        ("/expected_departure_at", "required"),
        ("/guest/full_name", "required"),
        ("/guest/document", "required"),
    ];
    assert_eq!(violations, set(&missing));
    let violations = river
        .caller("integrator")
        .declare(&json!({}))
        .await
        .violations();
    assert!(violations.contains(&("/facility_id".into(), "required".into())));
}

fn set(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(pointer, code)| ((*pointer).into(), (*code).into()));
    owned.collect()
}

async fn members_of_the_service_and_unknown_ones_are_refused(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let members = [
        "id",
        "version",
        "received_at",
        "deadline_at",
        "timeliness",
        "warnings",
        "presence",
        "identity",
        "delivery",
        "completion",
        "receipt",
    ];
    let mut stay = people::citizen(river.facility("hotel"));
    for member in members {
        stay[member] = json!("x");
    }
    let expected = members.map(|member| (format!("/{member}"), "read_only".to_owned()));
    assert_eq!(desk.declare(&stay).await.violations(), expected.into());

    let mut stay = people::citizen(river.facility("hotel"));
    stay["a/b~c"] = json!(1);
    stay["guest"]["document"]["issued_on"] = Value::Null;
    let expected = [
        ("/a~1b~0c", "unknown_field"),
        ("/guest/document/issued_on", "unknown_field"),
    ];
    assert_eq!(desk.declare(&stay).await.violations(), set(&expected));
}

async fn every_rule_of_a_member_has_its_code(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let ahead = text_of(now() + chrono::TimeDelta::minutes(30));
    let long_ago = text_of(now() - chrono::TimeDelta::days(63));
    let table = [
        ("/arrival_at", json!(ahead), "arrival_in_future"),
        ("/arrival_at", json!(long_ago), "arrival_too_old"),
        (
            "/arrival_at",
            json!("2026-11-23T14:05:00"),
            "invalid_instant",
        ),
        (
            "/expected_departure_at",
            json!(long_ago),
            "departure_before_arrival",
        ),
        (
            "/guest/birth_date",
            json!("2090-01-01"),
            "birth_date_in_future",
        ),
        ("/guest/birth_date", json!("1700"), "birth_date_too_old"),
        ("/guest/full_name", json!("An\u{0}"), "control_character"),
        ("/guest/full_name", json!("A".repeat(201)), "too_long"),
        ("/guest/nationality", json!("XXQ"), "unknown_code"),
        (
            "/guest/document/number",
            json!("003085100000"),
            "personal_id_birth_place",
        ),
        (
            "/guest/document/number",
            json!("038399100000"),
            "personal_id_future_birth_year",
        ),
        (
            "/guest/document/number",
            json!("03808510000a"),
            "personal_id_not_digits",
        ),
        (
            "/guest/document/number",
            json!("0380851000001"),
            "personal_id_length",
        ),
        (
            "/guest/document/kind",
            json!("library_card"),
            "unknown_code",
        ),
        ("/facility_id", json!("no-id"), "facility_unknown"),
    ];
    for (pointer, value, code) in table {
        let mut stay = people::citizen(river.facility("hotel"));
        *stay.pointer_mut(pointer).unwrap() = value;
        let violations = desk.declare(&stay).await.violations();
        assert!(
            violations.contains(&(pointer.into(), code.into())),
            "{code}: {violations:?}"
        );
    }
    // The earliest time to declare is named.
    let mut stay = people::citizen(river.facility("hotel"));
    let arrival_at = now() + chrono::TimeDelta::minutes(30);
    stay["arrival_at"] = json!(text_of(arrival_at));
    let problem = desk
        .declare(&stay)
        .await
        .expect_problem(422, "validation_failed");
    let earliest = text_of(arrival_at - chrono::TimeDelta::minutes(10));
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(&earliest), "{message}");
}

async fn problems_speak_vietnamese_and_english(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let ask = async |language: Option<&str>| {
        let call = desk.call("POST", STAYS).json(&json!({}));
        let call = match language {
            Some(language) => call.header("Accept-Language", language),
            None => call,
        };
        // Whatever the caller accepts.
        call.header("Accept", "text/html").send().await
    };
    let vietnamese = ask(None).await;
    let english = ask(Some("en-GB,en;q=0.9")).await;
    let (vi, en) = (
        vietnamese.expect_problem(422, "validation_failed"),
        english.expect_problem(422, "validation_failed"),
    );
    for member in ["title", "detail"] {
        assert_ne!(vi[member], en[member]);
    }
    assert_ne!(vi["errors"][0]["message"], en["errors"][0]["message"]);
    assert!(vi["detail"].as_str().unwrap().contains("Hãy"), "{vi}");
    let french = ask(Some("fr"))
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(french["title"], vi["title"]);
    let preferred = ask(Some("fr, en;q=0.5, vi;q=0.2")).await;
    assert_eq!(preferred.json()["title"], en["title"]);
}

async fn nothing_that_was_sent_comes_back_or_is_logged(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let canary = format!("canary{}", people::next());
    let stay = json!({
        "facility_id": canary,
        "reference": format!("{canary}\u{1}"),
        "room": {canary.clone(): canary},
        "arrival_at": canary,
        "purpose": canary,
        "guest": {
            "full_name": format!("{canary}\u{7f}"),
            "birth_date": canary,
            "sex": canary,
            "nationality": canary,
            "document": {"kind": "citizen_card", "number": canary},
            "phone": canary,
        },
        "note": format!("{canary}{}", "x".repeat(2_000)),
    });
    // A batch names the references, whatever becomes of their stays.
    let mut item = stay.clone();
    item["reference"] = Value::Null;
    let text = stay.to_string();
    let raw = |media_type: &str, body: String| desk.call("POST", STAYS).body(media_type, body);
    let in_key = format!("{canary} {canary}");
    let answers = [
        desk.declare(&stay).await,
        desk.post("/v1/stays/validate", &stay).await,
        desk.post("/v1/stays/batch", &json!({"stays": [item, canary]}))
            .await,
        desk.post("/v1/stays/batch", &json!(canary)).await,
        raw("application/json", format!("{text},")).send().await,
        raw("application/json", format!("\"{canary}")).send().await,
        raw("text/plain", text.clone()).send().await,
        raw(&format!("application/{canary}"), text).send().await,
        desk.declare_as(&in_key, &stay).await,
        desk.get(&format!(
            "/v1/stays?limit={canary}&cursor={canary}&presence={canary}"
        ))
        .await,
        desk.get(&format!(
            "/v1/stays?arrival_date={canary}&changed_since={canary}"
        ))
        .await,
        desk.get(&format!("/v1/stays/{canary}")).await,
        desk.get(&format!("/v1/catalogues/{canary}")).await,
        desk.get(&format!("/{canary}?{canary}={canary}")).await,
        desk.call("DELETE", &format!("/v1/stays?{canary}"))
            .send()
            .await,
        desk.with_key(&canary).declare(&stay).await,
        desk.call("GET", "/v1/limits")
            .header("X-Request-Id", &in_key)
            .send()
            .await,
    ];
    for (number, answer) in answers.iter().enumerate() {
        assert_silent(answer, &canary, number);
    }
    // An accepted stay is not logged either, nor by the way to the police.
    let accepted = accepted_with(&desk, river, &canary).await;
    let limit = std::time::Duration::from_secs(10);
    desk.delivered(&accepted, "acknowledged", limit).await;
    let log = river.process().log();
    assert!(!log.contains(&canary), "the canary was logged");
    assert!(!log.contains(river.key("hotel")), "a key was logged");
    for marker in people::MARKERS {
        assert!(!log.contains(marker), "a personal value was logged");
    }
    let metrics = river.ops().get("/metrics").await.text();
    assert!(!metrics.contains(&canary));
}

async fn accepted_with(desk: &Caller, river: &River, canary: &str) -> String {
    let mut stay = people::citizen(river.facility("hotel"));
    stay["reference"] = json!(canary);
    stay["room"] = json!(canary);
    stay["note"] = json!(canary);
    stay["guest"]["residence"]["address"] = json!(canary);
    let declared = desk.accepted(&stay).await;
    let listed = desk
        .get(&format!("/v1/stays?reference={canary}"))
        .await
        .expect(200);
    assert_eq!(listed["items"][0]["id"], declared["id"]);
    declared["id"].as_str().unwrap().to_owned()
}

fn assert_silent(answer: &Answer, canary: &str, number: usize) {
    assert!(
        !answer.text().contains(canary),
        "body {number}: {}",
        answer.text()
    );
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains(canary), "header {name} of {number}");
    }
}
