//! Delivery to the police under all their faults: in the end exactly one effect.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Database, River, on_both_databases, people};

/// An outage ends, breakers close, and what waited is spread.
const HEALED: Duration = Duration::from_secs(60);
const DELIVERED: Duration = Duration::from_secs(15);

on_both_databases![
    an_outage_holds_nothing_up_for_good,
    errors_of_the_endpoint_are_its_own_and_never_park_a_stay,
    an_effect_whose_answer_was_lost_is_not_made_twice,
    html_with_a_200_is_no_acceptance,
    a_silent_endpoint_is_given_up_and_asked_again,
    a_mix_of_faults_leaves_one_effect_of_each_stay,
    a_refusal_is_kept_with_its_reason_and_holds_nothing_up,
    too_many_requests_is_a_reason_to_wait,
];

/// Declares `count` stays; answers their ids.
async fn declare(river: &River, count: usize) -> Vec<String> {
    let desk = river.caller("integrator");
    let facility_ids: Vec<&String> = river.facilities().values().collect();
    let stays: Vec<Value> = (0..count)
        .map(|number| people::citizen(facility_ids[number % facility_ids.len()]))
        .collect();
    let answer = desk
        .post("/v1/stays/batch", &json!({"stays": stays}))
        .await
        .expect(200);
    let results = answer["results"].as_array().unwrap();
    let ids = results
        .iter()
        .map(|one| one["stay"]["id"].as_str().unwrap().to_owned());
    ids.collect()
}

async fn assert_one_effect_each(river: &River, ids: &[String], limit: Duration) {
    let (desk, police) = (river.caller("integrator"), river.police());
    for id in ids {
        let stay = desk.delivered(id, "acknowledged", limit).await;
        let effects = police.effects(id).await;
        assert_eq!(effects.len(), 1, "{effects:?}");
        assert_eq!(
            stay["delivery"]["police_reference"],
            effects[0]["police_reference"]
        );
    }
}

/// Waits until the police endpoint has seen the fault so often.
async fn until_felt(river: &River, fault: &str, count: u64) {
    let police = river.police();
    tests::eventually(fault, Duration::from_secs(30), async || {
        police.stats().await["faults"][fault].as_u64() >= Some(count)
    })
    .await;
}

async fn an_outage_holds_nothing_up_for_good(database: Database) {
    let river = River::start(database).await;
    let police = river.police();
    police.fail(&json!({"outage": true})).await;
    let ids = declare(&river, 20).await;
    until_felt(&river, "outage", 5).await;
    let desk = river.caller("integrator");
    for id in &ids {
        let state = desk.stay(id).await["delivery"]["state"].take();
        assert!(state == "queued" || state == "delivering", "{state}");
    }
    // Not ours to fail for: the service is ready and takes more.
    river.ops().get("/readyz").await.expect(200);
    let late = declare(&river, 1).await;
    police.heal().await;
    assert_one_effect_each(&river, &[ids, late].concat(), HEALED).await;
}

async fn errors_of_the_endpoint_are_its_own_and_never_park_a_stay(database: Database) {
    let river = River::start(database).await;
    let police = river.police();
    let mut ids = Vec::new();
    for status in [500, 503, 401, 403] {
        police
            .fail(&json!({"error_rate": 1.0, "error_status": status}))
            .await;
        let before = police.stats().await["faults"]["error"].as_u64().unwrap();
        ids.extend(declare(&river, 3).await);
        until_felt(&river, "error", before + 1).await;
    }
    police.heal().await;
    assert_one_effect_each(&river, &ids, HEALED).await;
}

async fn an_effect_whose_answer_was_lost_is_not_made_twice(database: Database) {
    let river = River::start(database).await;
    let police = river.police();
    police.fail(&json!({"drop_after_accept_rate": 1.0})).await;
    let ids = declare(&river, 5).await;
    until_felt(&river, "drop_after_accept", 2).await;
    let desk = river.caller("integrator");
    for id in &ids {
        assert_ne!(desk.stay(id).await["delivery"]["state"], "acknowledged");
    }
    police.heal().await;
    assert_one_effect_each(&river, &ids, HEALED).await;
}

async fn html_with_a_200_is_no_acceptance(database: Database) {
    let river = River::start(database).await;
    let police = river.police();
    police.fail(&json!({"malformed_rate": 1.0})).await;
    let ids = declare(&river, 3).await;
    until_felt(&river, "malformed", 3).await;
    let desk = river.caller("integrator");
    for id in &ids {
        assert_ne!(desk.stay(id).await["delivery"]["state"], "acknowledged");
    }
    police.heal().await;
    assert_one_effect_each(&river, &ids, HEALED).await;
}

async fn a_silent_endpoint_is_given_up_and_asked_again(database: Database) {
    let river = River::start(database).await;
    let police = river.police();
    police.fail(&json!({"hang_rate": 1.0})).await;
    let ids = declare(&river, 2).await;
    until_felt(&river, "hang", 1).await;
    police.heal().await;
    // The call that hangs is given up after ten seconds.
    assert_one_effect_each(&river, &ids, HEALED).await;
}

async fn a_mix_of_faults_leaves_one_effect_of_each_stay(database: Database) {
    let river = River::start(database).await;
    let police = river.police();
    let faults = json!({
        "error_rate": 0.2, "drop_after_accept_rate": 0.2, "malformed_rate": 0.2,
        "latency_ms": 5, "jitter_ms": 20, "seed": 20_261_123,
    });
    police.fail(&faults).await;
    let ids = declare(&river, 60).await;
    until_felt(&river, "error", 2).await;
    until_felt(&river, "drop_after_accept", 2).await;
    police.heal().await;
    assert_one_effect_each(&river, &ids, HEALED).await;
    assert_eq!(police.stays_with_one_effect().await.len(), 60);
}

async fn a_refusal_is_kept_with_its_reason_and_holds_nothing_up(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let refused = people::citizen(river.facility("hotel"));
    let number = &refused["guest"]["document"]["number"];
    let refusal = json!([{"document_number": number, "status": 422, "code": "unknown_person"}]);
    river.police().refuse(&refusal).await;
    let refused = desk.accepted(&refused).await;
    let neighbour = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;

    let id = refused["id"].as_str().unwrap();
    let stay = desk.delivered(id, "rejected", DELIVERED).await;
    let reason = stay["delivery"]["reason"].as_str().unwrap();
    assert!(reason.contains("unknown_person"), "{reason}");
    assert!(river.police().effects(id).await.is_empty());
    assert_eq!(stay["receipt"], refused["receipt"]);

    let id = neighbour["id"].as_str().unwrap().to_owned();
    assert_one_effect_each(&river, &[id], DELIVERED).await;
    let requests = river.police().stats().await["refused"].as_u64();
    assert_eq!(requests, Some(1), "a clear refusal is not asked for again");
}

async fn too_many_requests_is_a_reason_to_wait(database: Database) {
    let river = River::start(database).await;
    let police = river.police();
    police
        .fail(&json!({"error_rate": 1.0, "error_status": 429, "retry_after_s": 1}))
        .await;
    let ids = declare(&river, 3).await;
    until_felt(&river, "error", 1).await;
    police.heal().await;
    assert_one_effect_each(&river, &ids, HEALED).await;
}
