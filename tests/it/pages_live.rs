//! What the pages do over time, over HTTP: what was declared can be taken back for ten seconds.

use std::time::Duration;

use serde_json::Value;
use tests::{Answer, Database, Person, River, on_both_databases, people};

on_both_databases![
    what_is_taken_back_at_once_is_never_sent,
    what_a_worker_has_is_not_taken_back,
    a_cancellation_in_time_withdraws_as_well,
    a_page_follows_its_own_facility,
    what_cannot_be_opened_is_not_declared,
    the_program_for_browsers_may_ask_this_host_only,
];

/// The hotel's front desk.
async fn desk(river: &River) -> Person {
    Person::signed_in(river.api(), river.account("desk")).await
}

/// Sends a form as a browser does.
async fn send(person: &Person, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let escaped = |value: &str| -> String {
        let bytes = value.bytes();
        bytes.map(|byte| format!("%{byte:02X}")).collect()
    };
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    let call = person.call("POST", path);
    let body = pairs.join("&");
    call.body("application/x-www-form-urlencoded", body)
        .send()
        .await
}

/// Declares somebody on the page; the stay's id.
async fn declared(desk: &Person, key: &str) -> String {
    let person = people::person();
    let pairs = [
        ("kind", "citizen_card"),
        ("number", person.number.as_str()),
        ("full_name", person.full_name.as_str()),
        ("room", "301"),
        ("departure", "1/1"),
        ("purpose", "tourism"),
        ("source", "typed"),
        ("key", key),
    ];
    let answer = send(desk, "/desk/stays", &pairs).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let location = answer.header("location").unwrap();
    let (_, id) = location.split_once("sent=").unwrap();
    id.to_owned()
}

fn own_receipts(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    let receipts = items
        .iter()
        .flat_map(|item| item["receipts"].as_array().unwrap());
    receipts
        .map(|receipt| receipt["number"].as_str().unwrap().to_owned())
        .collect()
}

async fn what_is_taken_back_at_once_is_never_sent(database: Database) {
    let river = River::start(database).await;
    let desk = desk(&river).await;
    let id = declared(&desk, "live-1").await;
    let page = desk.get("/desk").await.text();
    assert!(page.contains(&format!("/desk/stays/{id}/undo")), "{page}");
    let hotel = river.caller("hotel");
    let stay = hotel.stay(&id).await;
    assert_eq!(stay["delivery"]["state"], "queued");
    let number = stay["receipt"]["number"].as_str().unwrap().to_owned();

    let undo = format!("/desk/stays/{id}/undo");
    let answer = send(&desk, &undo, &[("version", "1")]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/desk?undone={id}"));
    let page = desk.get(location).await.text();
    assert!(page.contains("Đã rút khai báo"), "{page}");

    let stay = hotel.stay(&id).await;
    assert_eq!(stay["presence"], "cancelled");
    assert_eq!(stay["delivery"]["state"], "not_required");
    assert_eq!(stay["delivery"]["reason"], "withdrawn");
    let history = hotel.get(&format!("/v1/stays/{id}/history")).await.json();
    assert_eq!(history["items"][1]["change"], "cancelled");
    assert_eq!(history["items"][1]["is_forwarded"], false);
    let again = send(&desk, &undo, &[("version", "1")]).await;
    assert_eq!(
        again.header("location"),
        Some(format!("/desk?undone={id}").as_str())
    );

    // The hold is over, and workers have nothing of it.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert!(river.police().effects(&id).await.is_empty());
    let events = hotel.get("/v1/events?limit=200").await.json();
    let told = events["items"].as_array().unwrap().iter();
    let told: Vec<&Value> = told
        .filter(|event| event["stay_id"] == id.as_str())
        .collect();
    let last = told.last().unwrap();
    assert_eq!(last["type"], "stay.cancelled");
    assert_eq!(last["data"]["withdrawn"], true);

    let day = domain_day(&stay);
    let police = river.caller("police");
    let list = police
        .get(&format!("/v1/police/withdrawals?date={day}"))
        .await;
    assert_eq!(list.status, 200, "{}", list.text());
    assert!(own_receipts(&list.json()).contains(&number));
    let refused = hotel
        .get(&format!("/v1/police/withdrawals?date={day}"))
        .await;
    assert_eq!(refused.status, 404);
    assert_eq!(police.get("/v1/police/withdrawals").await.status, 422);
}

async fn what_a_worker_has_is_not_taken_back(database: Database) {
    let river = River::start(database).await;
    let desk = desk(&river).await;
    let id = declared(&desk, "live-2").await;
    let hotel = river.caller("hotel");
    let limit = Duration::from_secs(60);
    hotel.delivered(&id, "acknowledged", limit).await;
    let page = desk.get("/desk").await.text();
    assert!(!page.contains(&format!("/desk/stays/{id}/undo")));
    let undo = format!("/desk/stays/{id}/undo");
    let answer = send(&desk, &undo, &[("version", "1")]).await;
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/desk/stays/{id}?done=sent"));
    let page = desk.get(location).await.text();
    assert!(page.contains("Chưa hủy"), "{page}");
    assert_eq!(hotel.stay(&id).await["presence"], "present");
}

async fn a_cancellation_in_time_withdraws_as_well(database: Database) {
    let river = River::start(database).await;
    let desk = desk(&river).await;
    let id = declared(&desk, "live-3").await;
    let path = format!("/desk/stays/{id}/cancellation");
    let pairs = [("version", "1"), ("cancellation_reason", "khai nhầm")];
    assert_eq!(send(&desk, &path, &pairs).await.status, 303);
    let stay = river.caller("hotel").stay(&id).await;
    assert_eq!(stay["delivery"]["reason"], "withdrawn");
}

/// The day in Viet Nam of the stay's receipt.
fn domain_day(stay: &Value) -> String {
    let at = stay["received_at"].as_str().unwrap();
    at.split('T').next().unwrap().to_owned()
}

async fn a_page_follows_its_own_facility(database: Database) {
    let river = River::shared(database).await;
    let desk = desk(river).await;
    let mut stream = desk.call("GET", "/desk/live").stream().await;
    let limit = Duration::from_secs(20);
    stream.place(limit).await;
    let elsewhere = people::minimal(river.facility("guest_house"));
    river.caller("guest_house").accepted(&elsewhere).await;
    let body = people::minimal(river.facility("hotel"));
    let stay = river.caller("hotel").accepted(&body).await;
    let told = stream.next(limit).await.expect("an event");
    assert_eq!(told.data["stay_id"], stay["id"]);
    assert!(!told.data.to_string().contains("full_name"));
    let nobody = Person::at(river.api());
    assert_eq!(nobody.get("/desk/live").await.status, 303);
    let officer = river.person("police").await;
    assert_eq!(officer.get("/desk/live").await.status, 403);
}

async fn what_cannot_be_opened_is_not_declared(database: Database) {
    let river = River::shared(database).await;
    let desk = desk(river).await;
    for sealed in ["", "AAAA", "không"] {
        let pairs = [("key", "offline-1"), ("sealed", sealed)];
        let answer = send(&desk, "/desk/sealed", &pairs).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text().contains("Chưa khai"), "{}", answer.text());
    }
    let officer = river.person("police").await;
    let refused = send(&officer, "/desk/sealed", &[("key", "k")]).await;
    assert_eq!(refused.status, 403);
}

async fn the_program_for_browsers_may_ask_this_host_only(database: Database) {
    let river = River::shared(database).await;
    let worker = river.stranger().get("/desk/worker.js").await;
    assert_eq!(worker.status, 200);
    assert_eq!(worker.header("service-worker-allowed"), Some("/desk"));
    let policy = "default-src 'none'; connect-src 'self'";
    assert_eq!(worker.header("content-security-policy"), Some(policy));
    // What it keeps of pages is of nobody, and still only for those who declare.
    let nobody = Person::at(river.api());
    assert_eq!(nobody.get("/desk/offline").await.status, 303);
    let shell = desk(river).await.get("/desk/offline").await;
    assert_eq!(shell.status, 200);
    assert!(shell.text().contains("data-seal-key=\""));
}
