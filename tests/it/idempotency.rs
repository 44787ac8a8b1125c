//! `Idempotency-Key`: every operation that creates something accepts it, and keys of different
//! facilities never collide.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, River, Services, local, on_both_databases, people, run_to_end,
    text_of,
};

on_both_databases![
    no_operation_that_makes_something_forgets_the_key,
    a_webhook_is_made_once_and_its_secret_told_again,
    a_try_of_a_webhook_and_a_replay_are_made_once,
    a_webhook_is_switched_on_once,
    a_lease_is_extended_once,
    the_keys_of_facilities_are_apart,
    what_keys_led_to_is_found_by_the_check,
];

/// POST operations that make nothing: there is nothing to be done twice.
const MAKE_NOTHING: [&str; 5] = [
    "compareReceipts",
    "readScan",
    "searchStays",
    "signIn",
    "validateStay",
];

/// Operations that can be sent again: what they take is good once or says how things are to be, a
/// new link or enrolment takes the place of the one before, and a guest who is expected already is
/// noted once.
const ARE_REPEATABLE: [&str; 9] = [
    "acceptInvitation",
    "beginTotp",
    "changeAccount",
    "changePassword",
    "confirmTotp",
    "enrollMachine",
    "inviteAccount",
    "noteExpectedGuests",
    "presentCode",
];

/// An address without a listener.
const NOBODY: &str = "http://127.0.0.1:9/luutru";

async fn no_operation_that_makes_something_forgets_the_key(database: Database) {
    let river = River::shared(database).await;
    let document = river.stranger().get("/openapi.json").await.expect(200);
    let mut forgetful = Vec::new();
    let mut count = 0;
    for methods in document["paths"].as_object().unwrap().values() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            if !["post", "patch"].contains(&method.as_str())
                || MAKE_NOTHING.contains(&id)
                || ARE_REPEATABLE.contains(&id)
            {
                continue;
            }
            count += 1;
            let parameters = operation["parameters"].as_array().unwrap();
            let is_key = |one: &Value| one["in"] == "header" && one["name"] == "Idempotency-Key";
            let responses = operation["responses"].as_object().unwrap();
            let is_refused = ["400", "409", "422"].map(|status| responses.contains_key(status));
            if !parameters.iter().any(is_key) || is_refused.contains(&false) {
                forgetful.push(id.to_owned());
            }
        }
    }
    assert_eq!(forgetful, Vec::<String>::new());
    assert!(count > 15, "{count}");
}

async fn under(caller: &Caller, key: &str, path: &str, body: Option<&Value>) -> Answer {
    let call = caller.call("POST", path).header("Idempotency-Key", key);
    let call = match body {
        Some(body) => call.json(body),
        None => call,
    };
    call.send().await
}

fn assert_replay(again: &Answer, first: &Answer) {
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.text(), first.text());
    assert_eq!(again.header("location"), first.header("location"));
}

async fn a_webhook_is_made_once_and_its_secret_told_again(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let body = json!({"url": NOBODY, "events": ["stay.accepted"]});
    let key = people::fresh("hook");
    let first = under(&desk, &key, "/v1/webhooks", Some(&body)).await;
    let made = first.expect(201);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let mut twins = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (desk, key, body) = (desk.clone(), key.clone(), body.clone());
        twins.spawn(async move { under(&desk, &key, "/v1/webhooks", Some(&body)).await });
    }
    for twin in twins.join_all().await {
        assert_replay(&twin, &first);
    }
    let listed = desk.get("/v1/webhooks").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["secret"], Value::Null);

    let other = json!({"url": NOBODY});
    let other = under(&desk, &key, "/v1/webhooks", Some(&other)).await;
    other.expect_problem(422, "idempotency_key_reused");
    // A refusal leaves the key free.
    let key = people::fresh("hook");
    let faulty = json!({"url": "here"});
    under(&desk, &key, "/v1/webhooks", Some(&faulty))
        .await
        .violations();
    under(&desk, &key, "/v1/webhooks", Some(&body))
        .await
        .expect(201);
    // Deleted data is not returned again.
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(desk.call("DELETE", &path).send().await.status, 204);
    let key = "hook-of-the-one-deleted";
    let gone = under(&desk, key, "/v1/webhooks", Some(&body))
        .await
        .expect(201);
    let path = format!("/v1/webhooks/{}", gone["id"].as_str().unwrap());
    desk.call("DELETE", &path).send().await;
    under(&desk, key, "/v1/webhooks", Some(&body))
        .await
        .expect_problem(404, "not_found");
}

async fn a_try_of_a_webhook_and_a_replay_are_made_once(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let hook = desk.post("/v1/webhooks", &json!({"url": NOBODY})).await;
    let path = format!("/v1/webhooks/{}", hook.expect(201)["id"].as_str().unwrap());
    let test = format!("{path}/test");
    let key = people::fresh("try");
    let first = under(&desk, &key, &test, None).await;
    let delivery = first.expect(202);
    let listed = async || {
        let page = desk.get(&format!("{path}/deliveries")).await.expect(200);
        page["items"].as_array().unwrap().clone()
    };
    // It has been tried by then, and the first answer is the first answer all the same.
    tests::eventually("an attempt", Duration::from_secs(20), async || {
        listed().await[0]["attempts"] != json!(0)
    })
    .await;
    assert_replay(&under(&desk, &key, &test, None).await, &first);
    assert_eq!(listed().await.len(), 1);

    let replay = format!(
        "{path}/deliveries/{}/replay",
        delivery["id"].as_str().unwrap()
    );
    let first = tests::eventually_some("a replay", Duration::from_secs(20), async || {
        // A delivery under way continues unchanged, and the key stays free.
        let key = people::fresh("again");
        let first = under(&desk, &key, &replay, None).await;
        (first.expect(202)["attempts"] == json!(0)).then_some((key, first))
    });
    let (key, first) = first.await;
    assert_replay(&under(&desk, &key, &replay, None).await, &first);
    // The key of one request is not the key of another.
    under(&desk, &key, &test, None)
        .await
        .expect_problem(422, "idempotency_key_reused");
}

async fn a_webhook_is_switched_on_once(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let hook = desk.post("/v1/webhooks", &json!({"url": NOBODY})).await;
    let path = format!("/v1/webhooks/{}", hook.expect(201)["id"].as_str().unwrap());
    let key = people::fresh("on");
    let first = under(&desk, &key, &format!("{path}/enable"), None).await;
    assert_eq!(first.expect(200)["state"], "enabled");
    let again = under(&desk, &key, &format!("{path}/enable"), None).await;
    assert_replay(&again, &first);
}

async fn a_lease_is_extended_once(database: Database) {
    let river = River::start(database).await;
    let mut late = people::citizen(river.facility("hotel"));
    late["arrival_at"] = json!(text_of(local(-2, "10:00:00")));
    river.caller("hotel").accepted(&late).await;
    let officer = river.caller("police");
    let claimed = officer
        .post("/v1/police/claims", &json!({"count": 1}))
        .await
        .expect(200);
    let lease = claimed["lease_id"].as_str().unwrap();
    let path = format!("/v1/police/claims/{lease}/extension");
    let key = people::fresh("longer");
    let first = under(&officer, &key, &path, None).await;
    first.expect(200);
    assert_replay(&under(&officer, &key, &path, None).await, &first);
    let absent = path.replace(lease, "0199c1c8-0280-7000-8000-0000000000aa");
    under(&officer, &key, &absent, None)
        .await
        .expect_problem(404, "not_found");
}

/// The hotel and the guest house belong to one organisation and number their requests alike.
async fn the_keys_of_facilities_are_apart(database: Database) {
    let river = River::start(database).await;
    let houses = ["hotel", "guest_house"];
    let key = "1";
    for house in houses {
        let desk = river.caller(house);
        let stay = people::citizen(river.facility(house));
        let first = desk.declare_as(key, &stay).await;
        let declared = first.expect(201);
        let again = desk.declare_as(key, &stay).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{house}");

        // Changes, batches, censuses and webhooks alike.
        let id = declared["id"].as_str().unwrap();
        let amended = desk
            .amendment(id, "\"1\"", &json!({"room": "7", "reason": "Đổi phòng"}))
            .header("Idempotency-Key", "2")
            .send()
            .await;
        amended.expect(200);
        let batch = json!({"stays": [people::citizen(river.facility(house))]});
        under(&desk, "3", "/v1/stays/batch", Some(&batch))
            .await
            .expect(200);
        let census = json!({
            "taken_at": text_of(tests::now()),
            "missing": "ask",
            "stays": [people::citizen(river.facility(house))],
        });
        let path = format!("/v1/facilities/{}/census", river.facility(house));
        let counted = desk.call("PUT", &path).header("Idempotency-Key", "4");
        counted.json(&census).send().await.expect(200);
        let hook = json!({"url": NOBODY, "events": ["stay.accepted"]});
        let hook = under(&desk, "5", "/v1/webhooks", Some(&hook)).await;
        assert_eq!(
            hook.expect(201)["facility_ids"],
            json!([river.facility(house)])
        );
    }
    // Within a facility a key is the same key for every sender of the organisation.
    let other = people::citizen(river.facility("hotel"));
    let integrator = river.caller("integrator");
    integrator
        .declare_as(key, &other)
        .await
        .expect_problem(422, "idempotency_key_reused");
}

async fn what_keys_led_to_is_found_by_the_check(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let keyed = async |name: &str, path: &str, body: &Value| {
        let caller = services.caller(&address, name);
        let call = caller.call("POST", path).json(body);
        let key = people::fresh("key");
        call.header("Idempotency-Key", &key).send().await
    };
    let stay = people::citizen(services.facility("hotel"));
    keyed("hotel", "/v1/stays", &stay).await.expect(201);
    let pause = json!({"reason": "Bảo trì cổng tiếp nhận"});
    let path = "/v1/admin/destinations/38";
    let paused = keyed("admin", &format!("{path}/pause"), &pause).await;
    paused.expect(200);
    let resumed = keyed("admin", &format!("{path}/resume"), &json!({})).await;
    resumed.expect(200);
    // What is removed again is no loss.
    let wish = json!({"url": "https://93.184.215.14/hooks"});
    let made = keyed("integrator", "/v1/webhooks", &wish).await.expect(201);
    let caller = services.caller(&address, "integrator");
    let path = format!("/v1/webhooks/{}", made["id"].as_str().unwrap());
    let removed = caller.call("DELETE", &path).send().await;
    assert_eq!(removed.status, 204);
    let check = run_to_end(&["check"], services.settings()).await;
    assert_eq!(check.code, Some(0), "{}", check.output);
}
