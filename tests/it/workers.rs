//! Several workers on one database never deliver the same thing twice in effect.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tests::{Caller, Database, Services, measured, on_both_databases, people};
use tokio::task::JoinSet;

const DELIVERED: Duration = Duration::from_secs(60);

on_both_databases![
    three_workers_deliver_each_stay_once,
    a_worker_that_slept_past_its_lease_changes_nothing,
    two_api_processes_share_one_memory,
    eight_clients_who_say_the_same_at_once_make_one_stay,
];

async fn declare(desk: &Caller, facility_id: &str, count: usize) -> BTreeSet<String> {
    let stays: Vec<Value> = (0..count).map(|_| people::citizen(facility_id)).collect();
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

async fn until_all_are_at_the_police(services: &Services, ids: &BTreeSet<String>) {
    let police = services.police();
    tests::eventually("delivery of all", DELIVERED, async || {
        police.stays_with_one_effect().await.is_superset(ids)
    })
    .await;
    assert_eq!(&police.stays_with_one_effect().await, ids);
}

async fn three_workers_deliver_each_stay_once(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let _workers = [
        services.start_worker().await,
        services.start_worker().await,
        services.start_worker().await,
    ];
    // Slow enough for the workers to meet.
    services
        .police()
        .fail(&json!({"latency_ms": 10, "jitter_ms": 30}))
        .await;
    let facility_id = services.facility("hotel");
    let ids = declare(&desk, facility_id, 300).await;
    until_all_are_at_the_police(&services, &ids).await;
    let stats = services.police().stats().await;
    assert_eq!(stats["effects"], 300);
    assert_eq!(
        stats["deliveries"], 300,
        "nothing was sent twice: no lease was lost"
    );
    for id in ids.iter().take(10) {
        desk.delivered(id, "acknowledged", DELIVERED).await;
    }
    let query = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL";
    tests::eventually("the end of all tasks", DELIVERED, async || {
        services.database().count(query).await == 0
    })
    .await;
}

/// R20: SIGSTOP for longer than the lease, while another with the same name works. What the
/// sleeper hands in when it wakes changes no row.
async fn a_worker_that_slept_past_its_lease_changes_nothing(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let police = services.police();
    let lease = [
        ("LUUTRU_WORKER_LEASE_SECONDS", "10".to_owned()),
        ("LUUTRU_PEER_CALL_TIMEOUT_MILLISECONDS", "4000".to_owned()),
    ];
    let sleeper = services.start_worker_with(&lease).await;
    // It falls asleep while its calls are on the way.
    police.fail(&json!({"latency_ms": 3000})).await;
    let ids = declare(&desk, services.facility("hotel"), 5).await;
    tests::eventually("a call on the way", DELIVERED, async || {
        police.stats().await["in_flight"].as_u64() >= Some(1)
    })
    .await;
    // Not in the middle of a write: SQLite has one writer, and a sleeping one stops everybody.
    tests::eventually("a moment between two writes", DELIVERED, async || {
        sleeper.signal("STOP");
        let is_free = services.database().is_free_to_write().await;
        if !is_free {
            sleeper.signal("CONT");
        }
        is_free
    })
    .await;
    police.heal().await;
    let _successor = services.start_worker().await;
    // The lease of the sleeper ends after ten seconds.
    until_all_are_at_the_police(&services, &ids).await;
    for id in &ids {
        desk.delivered(id, "acknowledged", DELIVERED).await;
    }
    let rows = "SELECT state || CAST(settled_at AS TEXT) || CAST(attempt_count AS TEXT) \
                FROM outbox_task UNION ALL SELECT delivery_state || police_reference FROM stay \
                ORDER BY 1";
    let count = "SELECT COUNT(*) FROM attempt WHERE peer = 'police'";
    let before = services.database().texts(rows).await;
    let attempts = services.database().count(count).await;
    sleeper.signal("CONT");
    tests::eventually("what the sleeper has to say", DELIVERED, async || {
        services.database().count(count).await > attempts
    })
    .await;
    sleeper.terminate();
    let ending = sleeper.ended(Duration::from_secs(25)).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    for id in &ids {
        assert_eq!(desk.stay(id).await["delivery"]["state"], "acknowledged");
    }
    assert_eq!(police.stays_with_one_effect().await, ids);
    assert_eq!(services.database().texts(rows).await, before);
    let late = services.database().count(count).await - attempts;
    measured(
        "R20",
        &format!("{late} calls noted after the sleep, 0 rows of tasks and stays changed"),
    );
}

async fn two_api_processes_share_one_memory(database: Database) {
    let services = Services::install(database).await;
    let (_one, one) = services.start_api().await;
    let (_two, two) = services.start_api().await;
    let (one, two) = (
        services.caller(&one, "hotel"),
        services.caller(&two, "hotel"),
    );
    for _ in 0..5 {
        let key = people::fresh("key");
        let stay = people::citizen(services.facility("hotel"));
        let (left, right) = tokio::join!(one.declare_as(&key, &stay), two.declare_as(&key, &stay));
        let statuses = [left.status, right.status];
        assert!(
            statuses == [201, 200] || statuses == [200, 201],
            "{statuses:?}"
        );
        assert_eq!(left.text(), right.text());
    }
}

/// R11: the same request one to fifty times at once, from eight clients at two API processes. One
/// stay, one effect; the others get the first answer, or are told to retry.
async fn eight_clients_who_say_the_same_at_once_make_one_stay(database: Database) {
    let services = Services::install(database).await;
    let apis = [services.start_api().await, services.start_api().await];
    let _worker = services.start_worker().await;
    let clients: Vec<Caller> = (0..8)
        .map(|number| services.caller(&apis[number % 2].1, "hotel"))
        .collect();
    let facility_id = services.facility("hotel");
    let mut ids = BTreeSet::new();
    let (mut replay_count, mut later_count) = (0, 0);
    for count in [1, 2, 3, 8, 20, 50] {
        for has_key in [true, false] {
            let key = has_key.then(|| people::fresh("key"));
            let stay = people::citizen(facility_id);
            let mut posts = JoinSet::new();
            for number in 0..count {
                let call = clients[number % clients.len()].call("POST", "/v1/stays");
                let call = match &key {
                    Some(key) => call.header("Idempotency-Key", key),
                    None => call,
                };
                posts.spawn(call.json(&stay).send());
            }
            let answers = posts.join_all().await;
            let taken: Vec<_> = answers.iter().filter(|one| one.status < 300).collect();
            let first = taken.iter().filter(|one| one.status == 201).count();
            assert_eq!(first, 1);
            for answer in answers.iter().filter(|one| one.status >= 300) {
                answer.expect_problem(409, "idempotency_in_progress");
                assert!(answer.header("retry-after").is_some());
                later_count += 1;
            }
            assert!(taken.iter().all(|one| one.text() == taken[0].text()));
            replay_count += taken.len() - 1;
            ids.insert(taken[0].json()["id"].as_str().unwrap().to_owned());
        }
    }
    until_all_are_at_the_police(&services, &ids).await;
    let stays = services.database().count("SELECT COUNT(*) FROM stay").await;
    assert_eq!(usize::try_from(stays).unwrap(), ids.len());
    measured(
        "R11",
        &format!(
            "{} stays, {replay_count} replays, {later_count} told to come again",
            ids.len()
        ),
    );
}
