//! Webhooks: signed, retried, disabled with notice, and never sent to forbidden addresses.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Caller, Consumer, Database, Manner, River, Services, Setting, eventually, eventually_some,
    on_both_databases, people,
};

const SEEN: Duration = Duration::from_secs(30);
/// Bytes that lie between us and a consumer at most: what is read of an answer, and what the
/// system keeps for both ends.
const ON_THE_WAY_MAX: u64 = 16 * 1024 * 1024;

on_both_databases![
    a_consumer_is_told_signed_and_of_what_it_asked_for,
    a_failing_consumer_is_told_again_the_same_under_the_same_id,
    who_fails_always_is_switched_off_with_notice_and_resumes,
    who_is_gone_is_switched_off_at_once,
    what_was_given_up_is_sent_by_a_replay,
    a_hung_consumer_delays_nobody_and_hangs_in_few_places,
    what_waited_is_sent_after_a_kill,
    a_try_tells_whether_it_works,
    a_webhook_is_seen_by_whom_it_concerns,
    what_is_asked_of_a_webhook_is_checked,
    deliveries_are_listed_page_by_page,
    abuse_54_private_addresses_are_refused_at_registration_and_at_each_connection,
    abuse_55_a_name_for_the_machine_itself_is_refused_however_it_is_resolved,
    abuse_56_a_redirect_is_not_followed_and_counts_as_a_failure,
    abuse_57_other_schemes_user_information_and_ports_are_refused,
    abuse_58_other_spellings_of_an_address_are_normalised_then_refused,
    abuse_59_an_endless_answer_is_not_read,
    abuse_60_the_secret_is_told_once,
    production_allows_no_private_addresses,
];

fn hurry(times: u32) -> Setting {
    ("LUUTRU_WEBHOOK_HURRY", times.to_string())
}

/// As in production.
fn strict() -> Setting {
    ("LUUTRU_WEBHOOK_ALLOW_PRIVATE", "false".to_owned())
}

async fn make(caller: &Caller, url: &str) -> Value {
    let made = caller.post("/v1/webhooks", &json!({"url": url})).await;
    made.expect(201)
}

fn path_of(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap())
}

async fn declare(river: &River, name: &str) -> String {
    let stay = people::citizen(river.facility(name));
    let stay = river.caller(name).accepted(&stay).await;
    stay["id"].as_str().unwrap().to_owned()
}

async fn deliveries(caller: &Caller, webhook: &Value) -> Vec<Value> {
    let path = format!("{}/deliveries?limit=200", path_of(webhook));
    let page = caller.get(&path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Waits for a delivery that reads so.
async fn until_delivery(
    caller: &Caller,
    webhook: &Value,
    what: &str,
    is_it: impl Fn(&Value) -> bool,
) -> Value {
    eventually_some(what, SEEN, async || {
        let found = deliveries(caller, webhook).await;
        found.into_iter().find(|delivery| is_it(delivery))
    })
    .await
}

async fn until_state(caller: &Caller, webhook: &Value, state: &str) -> Value {
    let path = path_of(webhook);
    eventually_some(state, SEEN, async || {
        let seen = caller.get(&path).await.expect(200);
        (seen["state"] == state).then_some(seen)
    })
    .await
}

async fn a_consumer_is_told_signed_and_of_what_it_asked_for(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let (all, some) = (
        Consumer::start(Manner::Status(200)).await,
        Consumer::start(Manner::Status(204)).await,
    );
    let before = declare(&river, "hotel").await;
    // Numbered, that is.
    eventually("the past", SEEN, async || {
        let feed = desk.get("/v1/events?limit=200").await.expect(200);
        let mut items = feed["items"].as_array().unwrap().iter();
        items.any(|item| item["stay_id"] == before && item["type"] == "stay.acknowledged")
    })
    .await;
    let hook = make(&desk, all.url()).await;
    let wish = json!({"url": some.url(), "events": ["stay.acknowledged"],
        "facility_ids": [river.facility("school")]});
    let integrator = river.caller("integrator");
    integrator.post("/v1/webhooks", &wish).await.expect(201);

    let id = declare(&river, "hotel").await;
    let foreign = declare(&river, "school").await;
    let told = all.until_told("stay.acknowledged", &id, SEEN).await;
    assert!(told.is_signed_with(hook["secret"].as_str().unwrap()));
    assert_eq!(told.headers["content-type"], "application/json");
    let body = told.json();
    assert_eq!(body["data"]["facility_id"], river.facility("hotel"));
    assert_eq!(body["data"]["version"], 1);
    assert!(body["timestamp"].as_str().unwrap().ends_with("+07:00"));
    // The id is the event's, so readers of the feed see it there too.
    let feed = desk.get("/v1/events?limit=200").await.expect(200);
    let mut events = feed["items"].as_array().unwrap().iter();
    let event = events.find(|event| event["id"] == told.id());
    assert_eq!(event.unwrap()["type"], "stay.acknowledged");

    some.until_told("stay.acknowledged", &foreign, SEEN).await;
    for told in some.told() {
        assert_eq!(told.json()["type"], "stay.acknowledged");
        assert_eq!(told.json()["data"]["stay_id"], foreign.as_str());
    }
    let about = |stay: &str| {
        let told = all.told().into_iter().map(|told| told.json());
        told.filter(|body| body["data"]["stay_id"] == stay).count()
    };
    assert_eq!(about(&before), 0, "what happened before");
    assert_eq!(about(&foreign), 0, "what happened elsewhere");
    for told in all.told() {
        let text = String::from_utf8(told.body).unwrap();
        assert!(!people::MARKERS.iter().any(|marker| text.contains(marker)));
    }
    let metrics = river.ops().get("/metrics").await.text();
    let counted = "luutru_webhook_attempts_total{outcome=\"delivered\"}";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(metrics.contains("luutru_webhook_disabled"), "{metrics}");
}

async fn a_failing_consumer_is_told_again_the_same_under_the_same_id(database: Database) {
    let river = River::start_with(database, &[hurry(1_000)]).await;
    let desk = river.caller("hotel");
    let consumer = Consumer::start(Manner::Status(500)).await;
    let hook = make(&desk, consumer.url()).await;
    let id = declare(&river, "hotel").await;
    eventually("a third attempt", SEEN, async || {
        consumer.told_of("stay.accepted").len() >= 3
    })
    .await;
    let seen = desk.get(&path_of(&hook)).await.expect(200);
    assert!(seen["failing_since"].is_string(), "{seen}");
    consumer.behave(Manner::Status(200));
    let taken = until_delivery(&desk, &hook, "success", |delivery| {
        delivery["type"] == "stay.accepted" && delivery["state"] == "delivered"
    })
    .await;
    assert!(taken["attempts"].as_i64().unwrap() >= 4, "{taken}");
    assert_eq!(taken["last_outcome"], "delivered");
    assert_eq!(taken["last_status"], 200);
    assert_eq!(taken["next_attempt_at"], Value::Null);
    let told = consumer.told_of("stay.accepted");
    for one in &told {
        assert_eq!(one.id(), taken["event_id"].as_str().unwrap());
        assert_eq!(one.body, told[0].body);
        assert_eq!(one.json()["data"]["stay_id"], id.as_str());
        assert!(one.is_signed_with(hook["secret"].as_str().unwrap()));
    }
    eventually("a clean slate", SEEN, async || {
        let seen = desk.get(&path_of(&hook)).await.expect(200);
        seen["failing_since"].is_null()
    })
    .await;
}

async fn who_fails_always_is_switched_off_with_notice_and_resumes(database: Database) {
    // 5 days in some 4 seconds.
    let river = River::start_with(database, &[hurry(100_000)]).await;
    let desk = river.caller("hotel");
    let consumer = Consumer::start(Manner::Status(503)).await;
    let witness = Consumer::start(Manner::Status(200)).await;
    let hook = make(&desk, consumer.url()).await;
    make(&desk, witness.url()).await;
    // While it fails, and too long.
    let seen = eventually_some("the switch-off", Duration::from_secs(60), async || {
        declare(&river, "hotel").await;
        let seen = desk.get(&path_of(&hook)).await.expect(200);
        (seen["state"] == "disabled").then_some(seen)
    })
    .await;
    assert_eq!(seen["disabled_reason"], "failing");
    assert!(seen["disabled_at"].is_string());
    let notice = eventually_some("the notice", SEEN, async || {
        let told = witness.told_of("webhook.disabled");
        told.first().map(|told| told.json())
    })
    .await;
    assert_eq!(notice["data"]["webhook_id"], hook["id"]);
    assert_eq!(notice["data"]["reason"], "failing");
    let test = format!("{}/test", path_of(&hook));
    let refused = desk.call("POST", &test).send().await;
    refused.expect_problem(409, "webhook_disabled");

    // Nothing is sent meanwhile, and nothing of it is lost.
    let calls = consumer.told().len();
    let missed = declare(&river, "hotel").await;
    witness.until_told("stay.accepted", &missed, SEEN).await;
    assert!(consumer.told().len() <= calls + 1);
    consumer.behave(Manner::Status(200));
    let enable = format!("{}/enable", path_of(&hook));
    let seen = desk.call("POST", &enable).send().await.expect(200);
    assert_eq!(seen["state"], "enabled");
    assert_eq!(seen["failing_since"], Value::Null);
    consumer.until_told("stay.accepted", &missed, SEEN).await;
}

async fn who_is_gone_is_switched_off_at_once(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("school");
    let consumer = Consumer::start(Manner::Status(410)).await;
    let hook = make(&desk, consumer.url()).await;
    declare(&river, "school").await;
    let seen = until_state(&desk, &hook, "disabled").await;
    assert_eq!(seen["disabled_reason"], "gone");
    let delivery = until_delivery(&desk, &hook, "410", |delivery| {
        delivery["last_outcome"] == "gone"
    })
    .await;
    assert_eq!(delivery["last_status"], 410);
    eventually("the notice in the feed", SEEN, async || {
        let feed = desk.get("/v1/events?limit=200").await.expect(200);
        let items = feed["items"].as_array().unwrap();
        let mut notices = items
            .iter()
            .filter(|event| event["type"] == "webhook.disabled");
        notices.any(|event| event["data"]["webhook_id"] == hook["id"])
    })
    .await;
}

async fn what_was_given_up_is_sent_by_a_replay(database: Database) {
    // A whole schedule in 5 seconds, well before the 21 of the switch-off.
    let river = River::start_with(database, &[hurry(20_000)]).await;
    let desk = river.caller("hotel");
    let consumer = Consumer::start(Manner::Status(500)).await;
    let hook = make(&desk, consumer.url()).await;
    let id = declare(&river, "hotel").await;
    let given_up = until_delivery(&desk, &hook, "the end of the schedule", |delivery| {
        delivery["type"] == "stay.accepted" && delivery["state"] == "failed"
    })
    .await;
    assert_eq!(given_up["attempts"], 8);
    assert_eq!(given_up["last_outcome"], "refused");
    consumer.behave(Manner::Status(200));
    desk.call("POST", &format!("{}/enable", path_of(&hook)))
        .send()
        .await
        .expect(200);
    let delivery_id = given_up["id"].as_str().unwrap();
    let replay = format!("{}/deliveries/{delivery_id}/replay", path_of(&hook));
    let begun = desk.call("POST", &replay).send().await.expect(202);
    assert_eq!(begun["state"], "waiting");
    until_delivery(&desk, &hook, "success", |delivery| {
        delivery["id"] == given_up["id"] && delivery["state"] == "delivered"
    })
    .await;
    let told = consumer.told_of("stay.accepted");
    assert!(told.len() >= 9, "{}", told.len());
    for one in &told {
        assert_eq!(one.id(), given_up["event_id"].as_str().unwrap());
        assert_eq!(one.json()["data"]["stay_id"], id.as_str());
    }
    let absent = replay.replace(delivery_id, "0199c1c8-0280-7000-8000-0000000000aa");
    let absent = desk.call("POST", &absent).send().await;
    absent.expect_problem(404, "not_found");
}

async fn a_hung_consumer_delays_nobody_and_hangs_in_few_places(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let hung = Consumer::start(Manner::Hangs).await;
    let well = Consumer::start(Manner::Status(200)).await;
    let hook = make(&desk, hung.url()).await;
    make(&desk, well.url()).await;
    let mut last = String::new();
    for _ in 0..20 {
        last = declare(&river, "hotel").await;
    }
    let limit = Duration::from_secs(12);
    well.until_told("stay.acknowledged", &last, limit).await;
    desk.delivered(&last, "acknowledged", limit).await;
    assert!((1..=4).contains(&hung.most_at_once()));
    let timed_out = until_delivery(&desk, &hook, "a time-out", |delivery| {
        delivery["last_outcome"] == "timed_out"
    })
    .await;
    assert_eq!(timed_out["state"], "waiting");
    assert_eq!(timed_out["last_status"], Value::Null);
    assert!(hung.most_at_once() <= 4, "{}", hung.most_at_once());
    // Calls that hang do not hold up the stop.
    river.process().terminate();
    let ending = river.process().ended(Duration::from_secs(15)).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
}

async fn what_waited_is_sent_after_a_kill(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let mut settings: Vec<Setting> = database
        .iter()
        .map(|database| ("LUUTRU_DATABASE_URL", database.url().to_owned()))
        .collect();
    settings.push(hurry(1_000));
    let consumer = Consumer::start(Manner::Status(500)).await;
    let mut ids = Vec::new();
    let hook = {
        let river = River::start_in(directory.path(), &settings).await;
        let hook = make(&river.caller("hotel"), consumer.url()).await;
        for _ in 0..5 {
            ids.push(declare(&river, "hotel").await);
        }
        river.process().kill();
        hook
    };
    consumer.behave(Manner::Status(200));
    let river = River::start_in(directory.path(), &settings).await;
    let limit = Duration::from_secs(90);
    for id in &ids {
        let told = consumer.until_told("stay.acknowledged", id, limit).await;
        assert!(told.is_signed_with(hook["secret"].as_str().unwrap()));
    }
    eventually("nothing left to send", limit, async || {
        let found = deliveries(&river.caller("hotel"), &hook).await;
        found
            .iter()
            .all(|delivery| delivery["state"] == "delivered")
    })
    .await;
}

async fn a_try_tells_whether_it_works(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("official_residence");
    let consumer = Consumer::start(Manner::Status(200)).await;
    let hook = make(&desk, consumer.url()).await;
    let test = format!("{}/test", path_of(&hook));
    let begun = desk.call("POST", &test).send().await.expect(202);
    assert_eq!(begun["type"], "webhook.test");
    until_delivery(&desk, &hook, "the try", |delivery| {
        delivery["id"] == begun["id"] && delivery["state"] == "delivered"
    })
    .await;
    let told = &consumer.told_of("webhook.test")[0];
    assert!(told.is_signed_with(hook["secret"].as_str().unwrap()));
    assert_eq!(told.id(), begun["event_id"].as_str().unwrap());

    let deleted = desk.call("DELETE", &path_of(&hook)).send().await;
    assert_eq!(deleted.status, 204);
    assert!(deleted.body.is_empty());
    let again = desk.call("DELETE", &path_of(&hook)).send().await;
    again.expect_problem(404, "not_found");
}

async fn a_webhook_is_seen_by_whom_it_concerns(database: Database) {
    let river = River::shared(database).await;
    let (hotel, school) = (river.caller("hotel"), river.caller("school"));
    let integrator = river.caller("integrator");
    let consumer = Consumer::start(Manner::Status(200)).await;
    let own = make(&hotel, consumer.url()).await;
    assert_eq!(own["facility_ids"], json!([river.facility("hotel")]));
    let wide = make(&integrator, consumer.url()).await;
    assert_eq!(wide["facility_ids"].as_array().unwrap().len(), 5);
    let listed = async |caller: &Caller| {
        let page = caller.get("/v1/webhooks?limit=200").await.expect(200);
        let items = page["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["id"].clone())
            .collect::<Vec<_>>()
    };
    assert!(listed(&integrator).await.contains(&own["id"]));
    assert!(listed(&integrator).await.contains(&wide["id"]));
    assert!(listed(&hotel).await.contains(&own["id"]));
    assert!(!listed(&hotel).await.contains(&wide["id"]));
    assert!(!listed(&school).await.contains(&own["id"]));

    let delivery = "0199c1c8-0280-7000-8000-0000000000aa";
    let doors = [
        ("GET", String::new()),
        ("DELETE", String::new()),
        ("POST", "/enable".to_owned()),
        ("POST", "/test".to_owned()),
        ("GET", "/deliveries".to_owned()),
        ("POST", format!("/deliveries/{delivery}/replay")),
    ];
    for (method, tail) in doors {
        for path in [path_of(&own), "/v1/webhooks/x".to_owned()] {
            let path = format!("{path}{tail}");
            let foreign = school.call(method, &path).send().await;
            foreign.expect_problem(404, "not_found");
            let officer = river.caller("police").call(method, &path).send().await;
            officer.expect_problem(403, "forbidden");
        }
    }
    for hook in [own, wide] {
        let gone = integrator.call("DELETE", &path_of(&hook)).send().await;
        assert_eq!(gone.status, 204);
    }
}

async fn what_is_asked_of_a_webhook_is_checked(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let url = "http://127.0.0.1:9/x";
    let table = [
        (json!({}), "/url", "required"),
        (json!({"url": 5}), "/url", "invalid_type"),
        (json!({"url": "here"}), "/url", "webhook_url_invalid"),
        (json!({"url": url, "event": []}), "/event", "unknown_field"),
        (
            json!({"url": url, "events": []}),
            "/events",
            "too_few_items",
        ),
        (
            json!({"url": url, "events": ["stay.gone"]}),
            "/events/0",
            "unknown_code",
        ),
        (
            json!({"url": url, "facility_ids": [river.facility("school")]}),
            "/facility_ids/0",
            "facility_unknown",
        ),
    ];
    for (body, pointer, code) in table {
        let violations = desk.post("/v1/webhooks", &body).await.violations();
        assert_eq!(violations, [(pointer.to_owned(), code.to_owned())].into());
    }
    for _ in 0..20 {
        make(&desk, url).await;
    }
    let refused = desk.post("/v1/webhooks", &json!({"url": url})).await;
    refused.expect_problem(409, "too_many_webhooks");
    let first = desk.get("/v1/webhooks?limit=15").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/v1/webhooks?limit=15&cursor={cursor}");
    let second = desk.get(&path).await.expect(200);
    assert_eq!(second["items"].as_array().unwrap().len(), 5);
    assert_eq!(second["next_cursor"], Value::Null);
}

async fn deliveries_are_listed_page_by_page(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hospital");
    let consumer = Consumer::start(Manner::Status(200)).await;
    let hook = make(&desk, consumer.url()).await;
    let test = format!("{}/test", path_of(&hook));
    let mut made = Vec::new();
    for _ in 0..5 {
        let begun = desk.call("POST", &test).send().await.expect(202);
        made.insert(0, begun["id"].clone());
    }
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{}/deliveries?limit=2{cursor}", path_of(&hook));
        let page = desk.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        listed.extend(items.iter().map(|item| item["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    listed.retain(|id| made.contains(id));
    assert_eq!(listed, made);
    desk.call("DELETE", &path_of(&hook)).send().await;
}

async fn refused_at_registration(caller: &Caller, url: &str) -> String {
    let answer = caller.post("/v1/webhooks", &json!({"url": url})).await;
    let violations = answer.violations();
    let (pointer, code) = violations.first().unwrap();
    assert_eq!((pointer.as_str(), violations.len()), ("/url", 1), "{url}");
    code.clone()
}

async fn abuse_54_private_addresses_are_refused_at_registration_and_at_each_connection(
    database: Database,
) {
    let directory = tempfile::tempdir().unwrap();
    let database = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let settings: Vec<Setting> = database
        .iter()
        .map(|database| ("LUUTRU_DATABASE_URL", database.url().to_owned()))
        .collect();
    let consumer = Consumer::start(Manner::Status(200)).await;
    let by_name = consumer.url().replace("127.0.0.1", "localhost");
    // Registered while it was allowed, by number and by name.
    let hooks = {
        let river = River::start_in(directory.path(), &settings).await;
        let desk = river.caller("hotel");
        let hooks = [
            make(&desk, consumer.url()).await,
            make(&desk, &by_name).await,
        ];
        river.process().terminate();
        river.process().ended(SEEN).await;
        hooks
    };
    let before = consumer.told().len();
    let settings = [settings, vec![strict()]].concat();
    let river = River::start_in(directory.path(), &settings).await;
    let desk = river.caller("hotel");
    declare(&river, "hotel").await;
    for hook in &hooks {
        let delivery = until_delivery(&desk, hook, "the refusal", |delivery| {
            delivery["last_outcome"] == "not_allowed"
        })
        .await;
        assert_eq!(delivery["state"], "waiting");
    }
    assert_eq!(consumer.told().len(), before);

    for host in [
        "127.0.0.1",
        "[::1]",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "[fc00::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ] {
        let code = refused_at_registration(&desk, &format!("https://{host}/x")).await;
        assert_eq!(code, "webhook_address_not_allowed", "{host}");
    }
}

/// That a name which turns private after the check is refused at the connection is shown beside
/// the resolver, where the name service can be played: `runtime::webhook_target`.
async fn abuse_55_a_name_for_the_machine_itself_is_refused_however_it_is_resolved(
    database: Database,
) {
    let river = River::start_with(database, &[strict()]).await;
    let desk = river.caller("hotel");
    for host in ["localhost", "LOCALHOST", "localhost.", "a.localhost"] {
        let code = refused_at_registration(&desk, &format!("https://{host}/x")).await;
        assert_eq!(code, "webhook_address_not_allowed", "{host}");
    }
}

async fn abuse_56_a_redirect_is_not_followed_and_counts_as_a_failure(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("guest_house");
    let secret_place = Consumer::start(Manner::Status(200)).await;
    let manner = Manner::Redirects(secret_place.url().to_owned());
    let consumer = Consumer::start(manner).await;
    let hook = make(&desk, consumer.url()).await;
    let test = format!("{}/test", path_of(&hook));
    desk.call("POST", &test).send().await.expect(202);
    let delivery = until_delivery(&desk, &hook, "the redirect", |delivery| {
        delivery["last_outcome"] == "redirected"
    })
    .await;
    assert_eq!(delivery["last_status"], 302);
    assert_eq!(delivery["state"], "failed");
    assert!(secret_place.told().is_empty());
    desk.call("DELETE", &path_of(&hook)).send().await;
}

async fn abuse_57_other_schemes_user_information_and_ports_are_refused(database: Database) {
    let river = River::start_with(database, &[strict()]).await;
    let desk = river.caller("hotel");
    for url in [
        "http://example.vn/x",
        "file:///etc/passwd",
        "gopher://example.vn/x",
        "ftp://example.vn/x",
        "javascript:alert(1)",
        "https://user:pass@example.vn/x",
        "https://user@example.vn/x",
        "https://example.vn:25/x",
        "https://example.vn:6379/x",
        "https://example.vn:5432/x",
        "https://example.vn/x#y",
        "//example.vn/x",
        "https://",
    ] {
        let code = refused_at_registration(&desk, url).await;
        assert_eq!(code, "webhook_url_invalid", "{url}");
    }
}

async fn abuse_58_other_spellings_of_an_address_are_normalised_then_refused(database: Database) {
    let river = River::start_with(database, &[strict()]).await;
    let desk = river.caller("hotel");
    for host in [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "ⓛocalhost",
    ] {
        let code = refused_at_registration(&desk, &format!("https://{host}/x")).await;
        assert_eq!(code, "webhook_address_not_allowed", "{host}");
    }
}

async fn abuse_59_an_endless_answer_is_not_read(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hospital");
    let consumer = Consumer::start(Manner::Streams(1 << 30)).await;
    let hook = make(&desk, consumer.url()).await;
    let test = format!("{}/test", path_of(&hook));
    let begun = desk.call("POST", &test).send().await.expect(202);
    let delivery = until_delivery(&desk, &hook, "the end", |delivery| {
        delivery["id"] == begun["id"] && delivery["attempts"] != 0
    })
    .await;
    // The status came in time; the rest is of no interest.
    assert_eq!(delivery["state"], "delivered");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(
        consumer.streamed() < ON_THE_WAY_MAX,
        "{}",
        consumer.streamed()
    );
    desk.call("DELETE", &path_of(&hook)).send().await;
}

async fn abuse_60_the_secret_is_told_once(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let made = desk
        .post(
            "/v1/webhooks",
            &json!({"url": "http://127.0.0.1:9/pms-of-the-hotel"}),
        )
        .await;
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let hook = made.expect(201);
    assert_eq!(made.header("location"), Some(path_of(&hook).as_str()));
    let secret = hook["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let enable = format!("{}/enable", path_of(&hook));
    for (method, path) in [
        ("GET", path_of(&hook)),
        ("GET", "/v1/webhooks".to_owned()),
        ("POST", enable),
        ("GET", format!("{}/deliveries", path_of(&hook))),
    ] {
        let answer = desk.call(method, &path).send().await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("secret"), "{path}");
        assert!(!answer.text().contains("whsec_"), "{path}");
    }
    // Neither it nor the address lies open in the database, or in a log.
    let stored = river.database().unwrap().everything().await;
    let encoded = secret.trim_start_matches("whsec_").as_bytes();
    for text in [encoded, b"pms-of-the-hotel"] {
        assert!(!stored.windows(text.len()).any(|part| part == text));
    }
    assert!(!river.process().log().contains("pms-of-the-hotel"));
}

async fn production_allows_no_private_addresses(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    let consumer = Consumer::start(Manner::Status(200)).await;
    let code = refused_at_registration(&desk, consumer.url()).await;
    assert_eq!(code, "webhook_url_invalid");
    let https = consumer.url().replace("http:", "https:");
    let code = refused_at_registration(&desk, &https).await;
    assert!(code.starts_with("webhook_"), "{code}");
    let code = refused_at_registration(&desk, "https://127.0.0.1/x").await;
    assert_eq!(code, "webhook_address_not_allowed");
}
