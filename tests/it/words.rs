//! A damaged word is an error of its row alone, and nothing is signed or sent that rests on it.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Caller, Database, River, Services, eventually, eventually_some, local, on_both_databases,
    people, run_to_end, sheet, text_of,
};

const DELIVERED: Duration = Duration::from_secs(60);

on_both_databases![
    a_damaged_word_of_a_stay_is_an_error_of_that_stay_alone,
    a_task_whose_kind_is_damaged_is_set_aside_and_nothing_is_sent,
    a_damaged_event_is_left_out_of_the_feed_and_the_others_follow,
    a_damaged_case_is_named_beside_the_others,
    a_damaged_word_of_a_file_is_an_error_of_that_file_or_row,
    a_damaged_webhook_is_left_out_and_its_owner_sees_the_others,
    a_damaged_facility_refuses_its_own_keys_alone,
];

/// The schema keeps other words out, so that only damage past luutru brings one in.
fn damage(database: Database, table: &str, column: &str, stay_id: &str, key: &str) -> String {
    let (without_checks, id) = match database {
        Database::Sqlite => (
            "PRAGMA ignore_check_constraints = ON;".to_owned(),
            format!("x'{}'", stay_id.replace('-', "")),
        ),
        Database::Postgres => (
            format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_check;"),
            format!("'{stay_id}'"),
        ),
    };
    format!("{without_checks} UPDATE {table} SET {column} = 'damaged' WHERE {key} = {id}")
}

fn ids(page: &Value, list: &str) -> Vec<Value> {
    let rows = page[list].as_array().cloned().unwrap_or_default();
    rows.into_iter().map(|row| row["id"].clone()).collect()
}

async fn a_damaged_word_of_a_stay_is_an_error_of_that_stay_alone(database: Database) {
    let river = River::start(database).await;
    let hotel = river.facility("hotel");
    let desk = river.caller("hotel");
    let sound = desk.accepted(&people::citizen(hotel)).await;
    for column in ["timeliness", "presence", "identity_state", "delivery_state"] {
        let damaged = desk.accepted(&people::citizen(hotel)).await;
        let id = damaged["id"].as_str().unwrap();
        // Nothing is written to its row any more.
        desk.delivered(id, "acknowledged", DELIVERED).await;
        let statement = damage(database, "stay", column, id, "id");
        river.database().unwrap().execute(&statement).await;
        let page = desk.get("/v1/stays?limit=200").await.expect(200);
        assert!(ids(&page, "items").contains(&sound["id"]), "{column}");
        assert!(
            ids(&page, "unreadable").contains(&damaged["id"]),
            "{column}"
        );
        desk.get(&format!("/v1/stays/{id}"))
            .await
            .expect_problem(500, "stay_unreadable");
        desk.get(&format!("/v1/facilities/{hotel}/due"))
            .await
            .expect(200);
    }
    let late = damaged_receipt(&river, database).await;
    desk.get(&format!("/v1/stays/{late}/receipt"))
        .await
        .expect_problem(500, "stay_unreadable");
    let id = sound["id"].as_str().unwrap();
    let receipt = desk.get(&format!("/v1/stays/{id}/receipt")).await;
    assert_eq!(receipt.expect(200)["timeliness"], "on_time");
}

/// A stay whose stored timeliness is damaged.
async fn damaged_receipt(river: &River, database: Database) -> String {
    let desk = river.caller("hotel");
    let stay = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let id = stay["id"].as_str().unwrap();
    let statement = damage(database, "stay", "timeliness", id, "id");
    river.database().unwrap().execute(&statement).await;
    id.to_owned()
}

async fn a_task_whose_kind_is_damaged_is_set_aside_and_nothing_is_sent(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let hotel = services.facility("hotel");
    let sound = desk.accepted(&people::citizen(hotel)).await;
    let damaged = desk.accepted(&people::citizen(hotel)).await;
    let id = damaged["id"].as_str().unwrap();
    let statement = damage(database, "outbox_task", "kind", id, "stay_id");
    services.database().execute(&statement).await;
    if database == Database::Sqlite {
        // The check of the file before a start finds it: nothing is sent at all.
        let ending = run_to_end(&["worker"], services.settings()).await;
        assert_eq!(ending.code, Some(2), "{}", ending.log);
        assert!(ending.log.contains("the database file is damaged"));
        return;
    }
    let _worker = services.start_worker().await;
    desk.delivered(sound["id"].as_str().unwrap(), "acknowledged", DELIVERED)
        .await;
    let parked = async || {
        let query = "SELECT COUNT(*) FROM outbox_task WHERE state = 'parked'";
        services.database().count(query).await == 1
    };
    tests::eventually("the task is set aside", DELIVERED, parked).await;
    let attempts = "SELECT COUNT(*) FROM attempt WHERE task_id IN \
        (SELECT id FROM outbox_task WHERE state = 'parked')";
    assert_eq!(services.database().count(attempts).await, 0);
    let shown = desk.stay(id).await;
    assert_eq!(shown["delivery"], json!({"state": "queued", "version": 1}));
}

/// The stays of the events of this kind in the feed.
async fn told(desk: &Caller, kind: &str) -> Vec<Value> {
    let page = desk.get("/v1/events?limit=200").await.expect(200);
    let items = page["items"].as_array().cloned().unwrap_or_default();
    let of_kind = items.into_iter().filter(|event| event["type"] == kind);
    of_kind.map(|event| event["stay_id"].clone()).collect()
}

async fn a_damaged_event_is_left_out_of_the_feed_and_the_others_follow(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let damaged = desk.accepted(&stay).await;
    let later = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    eventually("both are told of", DELIVERED, async || {
        let told = told(&desk, "stay.acknowledged").await;
        told.contains(&damaged["id"]) && told.contains(&later["id"])
    })
    .await;
    let id = damaged["id"].as_str().unwrap();
    let statement = damage(database, "event", "kind", id, "stay_id");
    river.database().unwrap().execute(&statement).await;
    let told = told(&desk, "stay.accepted").await;
    assert!(told.contains(&later["id"]) && !told.contains(&damaged["id"]));
}

/// A late stay, and the case that it opens.
async fn late_case(river: &River, officer: &Caller) -> (String, String) {
    let mut stay = people::citizen(river.facility("hotel"));
    stay["arrival_at"] = json!(text_of(local(-1, "10:00:00")));
    let stay = river.caller("hotel").accepted(&stay).await;
    let case = eventually_some("the case of a late stay", DELIVERED, async || {
        let page = officer
            .get("/v1/police/notifications?kind=late&limit=200")
            .await
            .expect(200);
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items
            .into_iter()
            .find(|case| case["stay"]["id"] == stay["id"])
    })
    .await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&stay["id"]), text(&case["id"]))
}

async fn a_damaged_case_is_named_beside_the_others(database: Database) {
    let river = River::start(database).await;
    let officer = river.caller("police");
    let (_, sound) = late_case(&river, &officer).await;
    let (of_stay, by_stay) = late_case(&river, &officer).await;
    let (_, by_case) = late_case(&river, &officer).await;
    river
        .caller("hotel")
        .delivered(&of_stay, "acknowledged", DELIVERED)
        .await;
    let statements = [
        damage(database, "stay", "presence", &of_stay, "id"),
        damage(database, "review_case", "kind", &by_case, "id"),
    ];
    for statement in statements {
        river.database().unwrap().execute(&statement).await;
    }
    // The harness compares every answer with the document.
    let page = officer.get("/v1/police/notifications?limit=200").await;
    let page = page.expect(200);
    assert!(ids(&page, "items").contains(&json!(sound)));
    for damaged in [&by_stay, &by_case] {
        let unreadable = page["unreadable"].as_array().unwrap();
        assert!(unreadable.contains(&json!(damaged)), "{page}");
        officer
            .get(&format!("/v1/police/notifications/{damaged}"))
            .await
            .expect_problem(500, "internal");
    }
    let claim = json!({"ids": [sound, by_stay], "count": 2});
    let claim = officer.post("/v1/police/claims", &claim).await.expect(200);
    assert_eq!(ids(&claim, "items"), [json!(sound)]);
    assert_eq!(claim["unreadable"], json!([by_stay]));
}

async fn a_damaged_word_of_a_file_is_an_error_of_that_file_or_row(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let mut guests = sheet::guests(3);
    guests[2][9].clear();
    let answer = desk
        .call("POST", "/v1/imports")
        .body("text/csv", sheet::csv(&guests).into_bytes())
        .send()
        .await;
    let address = answer.header("location").unwrap().to_owned();
    eventually("the end of a file", DELIVERED, async || {
        desk.get(&address).await.expect(200)["state"] == "completed"
    })
    .await;
    let id = address.rsplit('/').next().unwrap();
    let outcome = damage(database, "import_row", "outcome", id, "import_id");
    let one = format!("{outcome} AND position = 0");
    river.database().unwrap().execute(&one).await;
    let rows = desk.get(&format!("{address}/rows")).await.expect(200);
    let rows = rows["items"].as_array().cloned().unwrap();
    let rows: Vec<&Value> = rows.iter().map(|row| &row["row"]).collect();
    assert_eq!(rows, [3, 4]);
    let format = damage(database, "import", "format", id, "id");
    river.database().unwrap().execute(&format).await;
    for path in [address.clone(), format!("{address}/rejected")] {
        desk.get(&path).await.expect_problem(500, "internal");
    }
}

async fn a_damaged_webhook_is_left_out_and_its_owner_sees_the_others(database: Database) {
    let river = River::start(database).await;
    let owner = river.caller("integrator");
    let make = async |events: Value| {
        let draft = json!({"url": "http://127.0.0.1:9/", "events": events});
        let made = owner.post("/v1/webhooks", &draft).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    let sound = make(json!(["stay.parked"])).await;
    let damaged = make(json!(["stay.parked"])).await;
    let statement = damage(database, "webhook", "kinds", &damaged, "id");
    river.database().unwrap().execute(&statement).await;
    let page = owner.get("/v1/webhooks").await.expect(200);
    assert_eq!(ids(&page, "items"), [json!(sound)]);
    owner
        .get(&format!("/v1/webhooks/{damaged}"))
        .await
        .expect_problem(500, "internal");
}

/// The id in the text of a demo key.
fn key_id(river: &River, name: &str) -> String {
    let id = river.key(name).split('_').nth(1).unwrap();
    let ends = [0, 8, 12, 16, 20, 32];
    let parts = ends.windows(2).map(|ends| &id[ends[0]..ends[1]]);
    parts.collect::<Vec<_>>().join("-")
}

async fn a_damaged_facility_refuses_its_own_keys_alone(database: Database) {
    let river = River::start(database).await;
    let path = |name: &str| format!("/v1/facilities/{}", river.facility(name));
    let damaged = river.facility("school");
    let statement = damage(database, "facility", "kind", damaged, "id");
    river.database().unwrap().execute(&statement).await;
    let school = river.caller("school").get(&path("school")).await;
    school.expect_problem(500, "internal");
    river.caller("hotel").get(&path("hotel")).await.expect(200);
    let admin = river.caller("admin");
    let page = admin.get("/v1/admin/facilities?limit=200").await;
    let shown = ids(&page.expect(200), "items");
    assert!(shown.contains(&json!(river.facility("hotel"))));
    assert!(!shown.contains(&json!(damaged)));
    let (forged, sound) = (key_id(&river, "guest_house"), key_id(&river, "hotel"));
    let statement = damage(database, "api_key", "role", &forged, "id");
    river.database().unwrap().execute(&statement).await;
    let keys = admin.get("/v1/admin/keys?limit=200").await.expect(200);
    let shown = ids(&keys, "items");
    assert!(shown.contains(&json!(sound)) && !shown.contains(&json!(forged)));
    // Its row is not as luutru wrote it, so that it is no key.
    let forged = river.caller("guest_house").get(&path("guest_house")).await;
    assert_eq!(forged.status, 401, "{}", forged.text());
}
