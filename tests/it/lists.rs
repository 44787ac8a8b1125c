//! Lists of stays: pages, filters, bounds.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tests::{Caller, Database, River, local, now, on_both_databases, people, text_of};

on_both_databases![
    pages_hold_every_stay_once,
    filters_choose,
    a_reference_finds_every_stay_that_has_it,
    bounds_and_words_of_a_list_are_checked,
];

async fn pages_hold_every_stay_once(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("integrator");
    let stays: Vec<Value> = (0..25)
        .map(|_| people::citizen(river.facility("school")))
        .collect();
    let batch = desk
        .post("/v1/stays/batch", &json!({"stays": stays}))
        .await
        .expect(200);
    let results = batch["results"].as_array().unwrap();
    let declared: BTreeSet<String> = results
        .iter()
        .map(|one| one["stay"]["id"].to_string())
        .collect();
    assert_eq!(declared.len(), 25);

    for limit in [1, 7, 25, 200] {
        let (ids, page_count) = walk(&desk, limit).await;
        assert_eq!(ids.len(), 25, "limit {limit}");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), declared);
        assert!(page_count <= 25 / limit + 1, "limit {limit}: {page_count}");
    }
    let default = desk.get("/v1/stays").await.expect(200);
    assert_eq!(default["items"].as_array().unwrap().len(), 25);
    assert!(default["next_cursor"].is_null());
    // A page holds the same stay as its own address.
    let id = default["items"][0]["id"].as_str().unwrap();
    desk.delivered(id, "acknowledged", Duration::from_secs(20))
        .await;
    let listed = desk.get("/v1/stays?limit=1").await.expect(200);
    assert_eq!(listed["items"][0], desk.stay(id).await);
}

async fn walk(desk: &Caller, limit: usize) -> (Vec<String>, usize) {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    for page_count in 1.. {
        let page = desk
            .get(&format!("/v1/stays?limit={limit}{cursor}"))
            .await
            .expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        ids.extend(items.iter().map(|one| one["id"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (ids, page_count),
        }
    }
    unreachable!("a list ends")
}

async fn filters_choose(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("integrator");
    let hotel = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let mut late = people::citizen(river.facility("school"));
    late["arrival_at"] = json!(text_of(local(-3, "10:00:00")));
    let late = desk.accepted(&late).await;
    let owed = desk
        .accepted(&people::unidentified(river.facility("hospital")))
        .await;
    let mut short = people::citizen(river.facility("guest_house"));
    short["arrival_at"] = json!(text_of(local(-4, "09:00:00")));
    short["expected_departure_at"] = json!(text_of(local(-4, "18:00:00")));
    let short = desk.accepted(&short).await;
    for stay in [&hotel, &late, &owed, &short] {
        desk.delivered(
            stay["id"].as_str().unwrap(),
            "acknowledged",
            Duration::from_secs(20),
        )
        .await;
    }

    let all = [&hotel, &late, &owed, &short];
    let before = text_of(now() - chrono::TimeDelta::hours(1)).replace('+', "%2B");
    let table = [
        (
            format!("facility_id={}", river.facility("school")),
            vec![&late],
        ),
        (
            format!("arrival_date={}", local(-3, "00:00:00").date_naive()),
            vec![&late],
        ),
        ("presence=present".to_owned(), all.to_vec()),
        ("presence=departed".to_owned(), vec![]),
        ("presence=cancelled".to_owned(), vec![]),
        ("identity=attention".to_owned(), vec![&hotel, &late, &short]),
        ("identity=not_applicable".to_owned(), vec![&owed]),
        ("delivery=acknowledged".to_owned(), all.to_vec()),
        ("delivery=not_required".to_owned(), vec![]),
        ("delivery=parked".to_owned(), vec![]),
        ("timeliness=late".to_owned(), vec![&late, &short]),
        ("timeliness=on_time".to_owned(), vec![&hotel, &owed]),
        ("completion=due".to_owned(), vec![&owed]),
        (
            format!("reference={}", owed["reference"].as_str().unwrap()),
            vec![&owed],
        ),
        ("reference=unknown".to_owned(), vec![]),
        (format!("changed_since={before}"), all.to_vec()),
        (
            format!(
                "timeliness=late&facility_id={}&delivery=acknowledged",
                river.facility("school")
            ),
            vec![&late],
        ),
    ];
    for (filter, expected) in table {
        let listed = desk.get(&format!("/v1/stays?{filter}")).await.expect(200);
        let ids: BTreeSet<String> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].to_string())
            .collect();
        let expected: BTreeSet<String> = expected.iter().map(|one| one["id"].to_string()).collect();
        assert_eq!(ids, expected, "{filter}");
    }
    // The police see the registry's answer; the sender does not.
    for word in ["mismatch", "not_found"] {
        let answer = desk.get(&format!("/v1/stays?identity={word}")).await;
        let is_hidden = answer.status == 422 || answer.json()["items"] == json!([]);
        assert!(is_hidden, "{}", answer.text());
    }
}

/// A reference is free again once its stay is cancelled, or has another one.
async fn a_reference_finds_every_stay_that_has_it(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let found = async |reference: &Value| {
        let reference = reference.as_str().unwrap();
        let listed = desk.get(&format!("/v1/stays?reference={reference}")).await;
        let items = listed.expect(200)["items"].take();
        let items = items.as_array().unwrap().clone();
        let ids = items
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let mut body = people::citizen(river.facility("hotel"));
    let first = body["reference"].take();
    let mut ids = Vec::new();
    for _ in 0..2 {
        body["reference"] = first.clone();
        let stay = desk.accepted(&body).await;
        let id = stay["id"].as_str().unwrap().to_owned();
        let reason = json!({"reason": "Khai nhầm khách"});
        desk.act(&id, "cancellation", 1, &reason).await.expect(200);
        ids.insert(0, id);
    }
    let third = desk.accepted(&body).await["id"].clone();
    let third = third.as_str().unwrap().to_owned();
    let cancelled = ids.clone();
    ids.insert(0, third.clone());
    assert_eq!(found(&first).await, ids);

    let second = json!(people::fresh("PMS"));
    let patch = json!({"reference": second, "reason": "Sai mã đặt phòng"});
    desk.amend(&third, 1, &patch).await.expect(200);
    assert_eq!(found(&first).await, cancelled);
    assert_eq!(found(&second).await, std::slice::from_ref(&third));

    let mut other = people::citizen(river.facility("hotel"));
    other["reference"] = first.clone();
    let fourth = desk.accepted(&other).await["id"].clone();
    let fourth = fourth.as_str().unwrap().to_owned();
    assert_eq!(found(&first).await, [vec![fourth], cancelled].concat());
    assert_eq!(found(&second).await, [third]);
}

async fn bounds_and_words_of_a_list_are_checked(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let table = [
        ("limit=0", "/query/limit", "invalid_limit"),
        ("limit=201", "/query/limit", "invalid_limit"),
        ("limit=-1", "/query/limit", "invalid_limit"),
        ("limit=ten", "/query/limit", "invalid_limit"),
        (
            "limit=99999999999999999999",
            "/query/limit",
            "invalid_limit",
        ),
        ("cursor=xyz", "/query/cursor", "invalid_cursor"),
        ("presence=asleep", "/query/presence", "invalid_filter"),
        ("identity=gone", "/query/identity", "invalid_filter"),
        ("delivery=lost", "/query/delivery", "invalid_filter"),
        ("timeliness=early", "/query/timeliness", "invalid_filter"),
        ("completion=half", "/query/completion", "invalid_filter"),
        (
            "arrival_date=2026-02-30",
            "/query/arrival_date",
            "invalid_date",
        ),
        (
            "changed_since=yesterday",
            "/query/changed_since",
            "invalid_instant",
        ),
    ];
    for (query, pointer, code) in table {
        let violations = desk.get(&format!("/v1/stays?{query}")).await.violations();
        assert_eq!(
            violations,
            [(pointer.into(), code.into())].into(),
            "{query}"
        );
    }
    let both = desk.get("/v1/stays?limit=0&cursor=xyz").await.violations();
    assert_eq!(both.len(), 2, "{both:?}");
    for query in ["limit=1", "limit=200"] {
        desk.get(&format!("/v1/stays?{query}")).await.expect(200);
    }
}
