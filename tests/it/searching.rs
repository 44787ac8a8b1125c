//! Finding stays: by ranges of days, room and order in the list, by number and name in a body.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Caller, Database, River, local, now, on_both_databases, people, text_of};

on_both_databases![
    ranges_of_days_and_rooms_choose,
    a_list_goes_by_deadline_in_pages,
    a_room_is_found_among_many_in_pages,
    a_guest_is_found_by_number_and_by_name,
    a_search_finds_nothing_of_others,
    a_search_is_in_the_audit_and_in_no_log,
    what_is_asked_of_a_search_is_checked,
];

const SEARCH: &str = "/v1/stays/search";

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|one| one["id"].to_string()).collect()
}

async fn found(desk: &Caller, query: &str) -> BTreeSet<String> {
    let page = desk.get(&format!("/v1/stays?{query}")).await.expect(200);
    assert_eq!(page["next_cursor"], Value::Null, "{query}");
    ids(&page).into_iter().collect()
}

fn day(offset: i64) -> String {
    local(offset, "12:00:00").date_naive().to_string()
}

async fn ranges_of_days_and_rooms_choose(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let stay = async |arrived: i64, leaves: i64, room: &str| {
        let mut stay = people::citizen(river.facility("hotel"));
        stay["arrival_at"] = json!(text_of(local(arrived, "00:00:00")));
        stay["expected_departure_at"] = json!(text_of(local(leaves, "23:59:59")));
        stay["room"] = json!(room);
        desk.accepted(&stay).await["id"].to_string()
    };
    let long = stay(-5, 4, "A 101").await;
    let short = stay(-3, 1, "102").await;
    let fresh = stay(-1, 2, "a 101").await;
    let table = [
        (format!("arrival_from={}", day(-3)), vec![&short, &fresh]),
        (format!("arrival_to={}", day(-3)), vec![&long, &short]),
        (
            format!("arrival_from={}&arrival_to={}", day(-3), day(-3)),
            vec![&short],
        ),
        (format!("arrival_from={}", day(0)), vec![]),
        (
            format!("expected_departure_from={}", day(2)),
            vec![&long, &fresh],
        ),
        (
            format!("expected_departure_to={}", day(2)),
            vec![&short, &fresh],
        ),
        (
            format!(
                "expected_departure_from={}&expected_departure_to={}",
                day(2),
                day(2)
            ),
            vec![&fresh],
        ),
        ("room=A%20101".to_owned(), vec![&long, &fresh]),
        ("room=%20a+101".to_owned(), vec![&long, &fresh]),
        (
            format!("room=A%20101&arrival_from={}", day(-2)),
            vec![&fresh],
        ),
        ("room=101".to_owned(), vec![]),
    ];
    for (query, expected) in table {
        let expected: BTreeSet<String> = expected.into_iter().cloned().collect();
        assert_eq!(found(&desk, &query).await, expected, "{query}");
        let in_order = found(&desk, &format!("{query}&sort=deadline")).await;
        assert_eq!(in_order, expected, "{query}, by deadline");
    }
    let faults = [
        (
            "arrival_from=yesterday",
            "/query/arrival_from",
            "invalid_date",
        ),
        ("arrival_to=2026-02-30", "/query/arrival_to", "invalid_date"),
        (
            "expected_departure_from=1",
            "/query/expected_departure_from",
            "invalid_date",
        ),
        (
            "expected_departure_to=x",
            "/query/expected_departure_to",
            "invalid_date",
        ),
        ("room=", "/query/room", "invalid_filter"),
        ("sort=oldest", "/query/sort", "invalid_filter"),
    ];
    for (query, pointer, code) in faults {
        let violations = desk.get(&format!("/v1/stays?{query}")).await.violations();
        assert_eq!(
            violations,
            [(pointer.into(), code.into())].into(),
            "{query}"
        );
    }
}

/// Walks a list to its end.
async fn walk(desk: &Caller, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = desk.get(&format!("/v1/stays?{query}{cursor}")).await;
        let page = page.expect(200);
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

async fn a_list_goes_by_deadline_in_pages(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("integrator");
    let mut stays = Vec::new();
    for (place, arrived) in [-2, -5, -1, -4, -3, -5, -2].into_iter().enumerate() {
        let mut stay = people::citizen(river.facility(["hotel", "school"][place % 2]));
        stay["arrival_at"] = json!(text_of(local(arrived, "10:00:00")));
        stays.push(stay);
    }
    desk.post("/v1/stays/batch", &json!({"stays": stays}))
        .await
        .expect(200);
    for limit in [1, 3, 7, 200] {
        let items = walk(&desk, &format!("sort=deadline&limit={limit}")).await;
        let places: Vec<(String, String)> = items
            .iter()
            .map(|one| (one["deadline_at"].to_string(), one["id"].to_string()))
            .collect();
        assert_eq!(places.len(), 7, "limit {limit}");
        assert!(places.is_sorted(), "{places:?}");
    }
    // A cursor is good for its order.
    let page = desk
        .get("/v1/stays?sort=deadline&limit=2")
        .await
        .expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = desk.get(&format!("/v1/stays?cursor={cursor}")).await;
    let fault = ("/query/cursor".to_owned(), "invalid_cursor".to_owned());
    assert_eq!(other.violations(), [fault].into());
}

async fn a_room_is_found_among_many_in_pages(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let hotel = river.facility("hotel");
    let mut expected = BTreeSet::new();
    for part in 0..2 {
        let stays: Vec<Value> = (0..700)
            .map(|place| {
                let mut stay = people::citizen(hotel);
                let room = if place % 350 == part { "707" } else { "101" };
                stay["room"] = json!(room);
                stay
            })
            .collect();
        let batch = desk.post("/v1/stays/batch", &json!({"stays": stays})).await;
        let results = batch.expect(200)["results"].take();
        for result in results.as_array().unwrap() {
            if result["stay"]["room"] == "707" {
                expected.insert(result["stay"]["id"].to_string());
            }
        }
    }
    assert_eq!(expected.len(), 4);
    for (limit, sort) in [(1, "newest"), (3, "deadline"), (200, "newest")] {
        let items = walk(&desk, &format!("room=707&limit={limit}&sort={sort}")).await;
        let found: Vec<String> = items.iter().map(|one| one["id"].to_string()).collect();
        assert_eq!(found.len(), 4, "each once, limit {limit}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

async fn a_guest_is_found_by_number_and_by_name(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("integrator");
    let citizen = people::citizen(river.facility("hotel"));
    let first = desk.accepted(&citizen).await;
    let mut second = citizen.clone();
    second["facility_id"] = json!(river.facility("school"));
    second["reference"] = json!(people::fresh("PMS"));
    second["arrival_at"] = json!(text_of(now() - TimeDelta::hours(1)));
    let second = desk.accepted(&second).await;
    let other = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let number = citizen["guest"]["document"]["number"].as_str().unwrap();
    let name = citizen["guest"]["full_name"].as_str().unwrap();
    let spaced = format!("{} {}.{}", &number[..3], &number[3..6], &number[6..]);
    let both: Vec<String> = [&second, &first].map(|stay| stay["id"].to_string()).into();
    let only = |stay: &Value| vec![stay["id"].to_string()];
    let table = [
        (json!({"document_number": number}), both.clone()),
        (json!({"document_number": spaced}), both.clone()),
        (json!({"full_name": name}), both.clone()),
        (
            json!({"full_name": domain::text::fold(name).to_lowercase()}),
            both.clone(),
        ),
        (json!({"full_name": name, "birth_year": 1985}), both.clone()),
        (json!({"full_name": name, "birth_year": 1986}), vec![]),
        (
            json!({"full_name": name, "document_number": number}),
            both.clone(),
        ),
        (
            json!({"document_number": number, "facility_id": river.facility("school")}),
            only(&second),
        ),
        (
            json!({"document_number": number, "full_name": other["guest"]["full_name"]}),
            vec![],
        ),
        (json!({"document_number": "999999999999"}), vec![]),
        // A part of a name is no name.
        (json!({"full_name": "Lê Thiềm"}), vec![]),
    ];
    for (search, expected) in table {
        let page = desk.post(SEARCH, &search).await.expect(200);
        assert_eq!(ids(&page), expected, "{search}");
        assert_eq!(page["next_cursor"], Value::Null);
    }
    let found = desk.post(SEARCH, &json!({"document_number": number})).await;
    let first_id = first["id"].as_str().unwrap();
    assert_eq!(found.expect(200)["items"][1], desk.stay(first_id).await);

    let mut search = json!({"document_number": number, "limit": 1});
    let page = desk.post(SEARCH, &search).await.expect(200);
    assert_eq!(ids(&page), only(&second));
    search["cursor"] = page["next_cursor"].clone();
    let page = desk.post(SEARCH, &search).await.expect(200);
    assert_eq!(
        (ids(&page), &page["next_cursor"]),
        (only(&first), &Value::Null)
    );

    // Searches find the data of the latest change.
    let patch = json!({
        "guest": {"document": {"number": "038085999999"}},
        "reason": "Nhập sai số",
    });
    desk.amend(first_id, 1, &patch).await.expect(200);
    let page = desk
        .post(SEARCH, &json!({"document_number": "038085999999"}))
        .await;
    assert_eq!(ids(&page.expect(200)), only(&first));
    let page = desk.post(SEARCH, &json!({"document_number": number})).await;
    assert_eq!(ids(&page.expect(200)), only(&second));
}

async fn a_search_finds_nothing_of_others(database: Database) {
    let river = River::shared(database).await;
    let citizen = people::citizen(river.facility("hotel"));
    river.caller("hotel").accepted(&citizen).await;
    let number = &citizen["guest"]["document"]["number"];
    for caller in ["guest_house", "school", "admin"] {
        let caller = river.caller(caller);
        let page = caller
            .post(SEARCH, &json!({"document_number": number}))
            .await;
        assert_eq!(page.expect(200)["items"], json!([]));
    }
    let search = json!({"document_number": number, "facility_id": river.facility("hotel")});
    let foreign = river.caller("school").post(SEARCH, &search).await;
    let fault = ("/facility_id".to_owned(), "facility_unknown".to_owned());
    assert_eq!(foreign.violations(), [fault].into());
    let stranger = river.stranger().post(SEARCH, &search).await;
    stranger.expect_problem(401, "unauthorized");
}

async fn a_search_is_in_the_audit_and_in_no_log(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let person = people::person();
    for _ in 0..3 {
        let search = json!({"document_number": person.number, "full_name": person.full_name});
        desk.post(SEARCH, &search).await.expect(200);
    }
    let noted = "SELECT count(*) FROM audit_entry WHERE action = 'stays.searched'";
    let database = river.database().unwrap();
    assert_eq!(database.count(noted).await, 3);
    let log = river.process().log();
    assert!(!log.contains(&person.number) && !log.contains(&person.full_name));
    let everything = database.everything().await;
    let is_kept = |text: &str| {
        everything
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(!is_kept(&person.number) && !is_kept(&person.full_name));
}

async fn what_is_asked_of_a_search_is_checked(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let table = [
        (json!({}), "/document_number", "required"),
        (
            json!({"document_number": 1}),
            "/document_number",
            "invalid_type",
        ),
        (
            json!({"full_name": "A B", "limit": 0}),
            "/limit",
            "out_of_range",
        ),
        (
            json!({"full_name": "A B", "cursor": "x"}),
            "/cursor",
            "invalid_cursor",
        ),
        (
            json!({"full_name": "A B", "birth_year": 9}),
            "/birth_year",
            "out_of_range",
        ),
        (
            json!({"full_name": "A B", "name": "x"}),
            "/name",
            "unknown_field",
        ),
    ];
    for (search, pointer, code) in table {
        let violations = desk.post(SEARCH, &search).await.violations();
        assert_eq!(
            violations,
            [(pointer.into(), code.into())].into(),
            "{search}"
        );
    }
}
