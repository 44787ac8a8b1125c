//! Quotas: shown, kept, and apart for each sender.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Answer, Database, River, Setting, on_both_databases, people};
use tokio::task::JoinSet;

on_both_databases![
    quotas_are_shown_on_every_answer_and_at_their_own_address,
    a_spent_quota_is_429_until_it_has_filled_again,
    a_batch_beyond_the_burst_is_too_large_for_ever,
    reading_has_a_quota_of_its_own,
    one_flooding_key_does_not_cost_another_a_request,
    a_flood_beyond_every_bound_is_answered_in_time,
];

/// Settings of `luutru up`, which multiplies rates and bursts by ten.
fn quotas(facility: (u32, u32), key: (u32, u32)) -> Vec<Setting> {
    vec![
        ("LUUTRU_FACILITY_STAYS_PER_SECOND", facility.0.to_string()),
        ("LUUTRU_FACILITY_STAY_BURST", facility.1.to_string()),
        ("LUUTRU_KEY_STAYS_PER_SECOND", key.0.to_string()),
        ("LUUTRU_KEY_STAY_BURST", key.1.to_string()),
    ]
}

async fn quotas_are_shown_on_every_answer_and_at_their_own_address(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let limits = desk.get("/v1/limits").await.expect(200);
    assert!(limits.is_object(), "{limits}");
    let answers = [
        desk.declare(&people::citizen(river.facility("hotel")))
            .await,
        desk.declare(&json!({})).await,
        desk.get("/v1/stays").await,
        desk.get("/v1/stays/not-an-id").await,
        desk.call("DELETE", "/v1/stays").send().await,
    ];
    for answer in answers {
        for name in ["ratelimit-policy", "ratelimit"] {
            let value = answer.header(name).unwrap_or_default();
            assert!(
                value.contains('"') && value.contains(';'),
                "{name}: {value}"
            );
        }
    }
    let stranger = river.stranger().get("/v1/stays").await;
    assert_eq!(stranger.header("ratelimit"), None);
}

async fn a_spent_quota_is_429_until_it_has_filled_again(database: Database) {
    // Ten times one a second, after a burst of ten times one.
    let river = River::start_with(database, &quotas((1, 1), (100, 1000))).await;
    let desk = river.caller("hotel");
    let mut posts = JoinSet::new();
    for _ in 0..60 {
        let (desk, stay) = (desk.clone(), people::citizen(river.facility("hotel")));
        posts.spawn(async move { desk.declare(&stay).await });
    }
    let answers = posts.join_all().await;
    let (accepted, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert!(
        accepted.len() >= 10,
        "only {} were accepted",
        accepted.len()
    );
    let refused = refused.first().expect("the quota was never spent");
    let problem = refused.expect_problem(429, "rate_limited");
    assert_eq!(problem["retryable"], true);
    assert!(retry_after(refused) >= 1);
    // The quota of another facility is another.
    let school = river.caller("school");
    school
        .accepted(&people::citizen(river.facility("school")))
        .await;
    // A caller that retries when told to is served.
    let stay = people::citizen(river.facility("hotel"));
    let limit = Duration::from_secs(retry_after(refused) + 5);
    tests::eventually("a filled quota", limit, async || {
        desk.declare(&stay).await.status < 300
    })
    .await;
}

fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn a_batch_beyond_the_burst_is_too_large_for_ever(database: Database) {
    let river = River::start_with(database, &quotas((20, 1), (100, 1))).await;
    let desk = river.caller("hotel");
    let batch = |count: usize| -> Value {
        let facility_id = river.facility("hotel");
        let stays: Vec<Value> = (0..count).map(|_| people::citizen(facility_id)).collect();
        json!({"stays": stays})
    };
    let answer = desk.post("/v1/stays/batch", &batch(11)).await;
    let problem = answer.expect_problem(413, "batch_too_large");
    assert_eq!(problem["retryable"], false);
    let answer = desk.post("/v1/stays/batch", &batch(10)).await.expect(200);
    assert_eq!(answer["accepted"], 10);
}

async fn reading_has_a_quota_of_its_own(database: Database) {
    let settings = [
        ("LUUTRU_READS_PER_SECOND", "1".to_owned()),
        ("LUUTRU_READ_BURST", "1".to_owned()),
    ];
    let river = River::start_with(database, &settings).await;
    let desk = river.caller("hotel");
    let mut statuses = Vec::new();
    for _ in 0..60 {
        statuses.push(desk.get("/v1/stays").await.status);
    }
    assert_eq!(statuses[0], 200);
    assert!(statuses.contains(&429), "{statuses:?}");
    desk.accepted(&people::citizen(river.facility("hotel")))
        .await;
    river.caller("school").get("/v1/stays").await.expect(200);
}

async fn one_flooding_key_does_not_cost_another_a_request(database: Database) {
    // Ten times two a second for each facility and key.
    let river = River::start_with(database, &quotas((2, 2), (2, 2))).await;
    let flooder = river.caller("hotel");
    let neighbour = river.caller("guest_house");
    let mut flood = JoinSet::new();
    // Twenty senders without a pause.
    for _ in 0..20 {
        let flooder = flooder.clone();
        let facility_id = river.facility("hotel").to_owned();
        flood.spawn(async move {
            let mut statuses = Vec::new();
            for _ in 0..20 {
                statuses.push(flooder.declare(&people::citizen(&facility_id)).await.status);
            }
            statuses
        });
    }
    for _ in 0..10 {
        let stay = people::citizen(river.facility("guest_house"));
        let mut answer = neighbour.declare(&stay).await;
        assert_ne!(answer.status, 429, "{}", answer.text());
        // A busy machine may shed one; a caller that retries is served.
        if answer.status == 503 {
            answer = neighbour.declare(&stay).await;
        }
        assert!(answer.status < 300, "{}", answer.text());
    }
    let statuses = flood.join_all().await.concat();
    assert!(
        statuses
            .iter()
            .all(|status| [201, 429, 503].contains(status))
    );
    assert!(statuses.contains(&429));
}

async fn a_flood_beyond_every_bound_is_answered_in_time(database: Database) {
    let settings = [
        ("LUUTRU_REQUESTS_AT_ONCE", "16".to_owned()),
        ("LUUTRU_KEY_REQUESTS_AT_ONCE", "8".to_owned()),
        ("LUUTRU_FACILITY_REQUESTS_AT_ONCE", "8".to_owned()),
    ];
    let river = River::start_with(database, &settings).await;
    let mut posts = JoinSet::new();
    let names = ["hotel", "guest_house", "school", "hospital"];
    let callers = names.map(|name| (river.caller(name), river.facility(name)));
    for number in 0..400 {
        let (caller, facility_id) = &callers[number % callers.len()];
        let (caller, stay) = (caller.clone(), people::citizen(facility_id));
        posts.spawn(async move { caller.declare(&stay).await });
    }
    // The caller's own time-out ends the test if one waits forever.
    let answers = posts.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 201));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert!([429, 503].contains(&answer.status), "{}", answer.text());
        assert!(retry_after(answer) >= 1);
        assert_eq!(answer.json()["retryable"], true);
    }
    let desk = river.caller("hotel");
    desk.accepted(&people::citizen(river.facility("hotel")))
        .await;
}
