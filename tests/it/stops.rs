//! SIGTERM: accepted requests are kept, nothing waits forever, and the exit code is 0.

use std::time::Duration;

use serde_json::json;
use tests::{
    Caller, Database, Journal, Posted, River, Services, measured, on_both_databases, people,
    post_steadily,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// The contract's bound.
const ENDED: Duration = Duration::from_secs(25);

on_both_databases![
    an_idle_river_ends_with_zero,
    a_river_under_load_ends_with_zero_and_keeps_what_it_accepted,
    every_service_ends_with_zero,
    a_stop_does_not_wait_for_a_silent_police_endpoint,
    a_stop_under_load_is_no_failure_behind_a_balancer,
];

async fn an_idle_river_ends_with_zero(database: Database) {
    for signal in ["TERM", "INT"] {
        let river = River::start(database).await;
        river.process().signal(signal);
        let ending = river.process().ended(ENDED).await;
        assert_eq!(ending.code, Some(0), "SIG{signal}: {}", ending.log);
        assert_eq!(
            ending.output.lines().count(),
            1,
            "the ready line and nothing else"
        );
    }
}

async fn a_river_under_load_ends_with_zero_and_keeps_what_it_accepted(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let settings: Vec<_> = database
        .iter()
        .map(|database| ("LUUTRU_DATABASE_URL", database.url().to_owned()))
        .collect();
    let journal = Journal::default();
    {
        let river = River::start_in(directory.path(), &settings).await;
        let desk = river.caller("integrator");
        let facility_id = river.facility("school");
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            river.process().terminate();
            let ending = river.process().ended(ENDED).await;
            assert_eq!(ending.code, Some(0), "{}", ending.log);
        };
        post_steadily(&journal, &desk, facility_id, 50, stop).await;
    }
    for outcome in journal.outcomes() {
        if let Posted::Refused(status, code) = outcome {
            assert_eq!((status, code.as_str()), (503, "stopping"));
        }
    }
    let accepted = journal.accepted();
    assert!(accepted.len() > 20, "only {} were accepted", accepted.len());
    let river = River::start_in(directory.path(), &settings).await;
    let desk = river.caller("integrator");
    for id in &accepted {
        desk.delivered(id, "acknowledged", Duration::from_secs(40))
            .await;
        assert_eq!(river.police().effects(id).await.len(), 1);
    }
}

async fn every_service_ends_with_zero(database: Database) {
    let services = Services::install(database).await;
    let (api, address) = services.start_api().await;
    let worker = services.start_worker().await;
    let desk = services.caller(&address, "hotel");
    let stay = desk
        .accepted(&people::citizen(services.facility("hotel")))
        .await;
    let limit = Duration::from_secs(15);
    desk.delivered(stay["id"].as_str().unwrap(), "acknowledged", limit)
        .await;
    let processes = [
        &api,
        &worker,
        services.police_process(),
        services.registry_process(),
    ];
    for process in processes {
        process.terminate();
    }
    for process in processes {
        let ending = process.ended(ENDED).await;
        assert_eq!(ending.code, Some(0), "{}", ending.log);
    }
}

async fn a_stop_does_not_wait_for_a_silent_police_endpoint(database: Database) {
    let river = River::start(database).await;
    river.police().fail(&json!({"hang_rate": 1.0})).await;
    let desk = river.caller("hotel");
    desk.accepted(&people::citizen(river.facility("hotel")))
        .await;
    let police = river.police();
    tests::eventually("a call that hangs", Duration::from_secs(15), async || {
        police.stats().await["faults"]["hang"].as_u64() >= Some(1)
    })
    .await;
    river.process().terminate();
    let ending = river.process().ended(ENDED).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
}

/// Declares at the first, and where that has no complete 2xx at the other, as a balancer does;
/// answers the stay's id and what the first said.
async fn balanced(first: Caller, second: Caller, stay: serde_json::Value) -> (String, Option<u16>) {
    let key = people::fresh("balanced");
    let call = first.call("POST", "/v1/stays");
    let call = call.header("Idempotency-Key", &key).json(&stay);
    let said = call.try_send().await.ok();
    let status = said.as_ref().map(|answer| answer.status);
    let answer = match said.filter(|answer| answer.status < 300) {
        Some(answer) => answer,
        None => second.declare_as(&key, &stay).await,
    };
    assert!(answer.status < 300, "{}", answer.text());
    (answer.json()["id"].as_str().unwrap().to_owned(), status)
}

/// R21: SIGTERM under load. The process reports unready at once, answers requests under way and
/// exits 0 in time; clients behind a balancer see no failure.
async fn a_stop_under_load_is_no_failure_behind_a_balancer(database: Database) {
    let services = Services::install(database).await;
    let (stopped, one) = services.start_api().await;
    let (_other, two) = services.start_api().await;
    let (first, second) = (
        services.caller(&one, "integrator"),
        services.caller(&two, "integrator"),
    );
    let facility_id = services.facility("hotel");
    let mut posts = JoinSet::new();
    let mut terminated = None;
    let mut not_ready = None;
    for round in 0..120 {
        if round == 50 {
            stopped.terminate();
            terminated = Some(Instant::now());
        }
        if let (Some(at), None) = (terminated, not_ready) {
            let ready = first.call("GET", "/readyz").try_send().await;
            let is_ready = ready.is_ok_and(|answer| answer.status == 200);
            not_ready = (!is_ready).then(|| at.elapsed());
        }
        let stay = people::citizen(facility_id);
        posts.spawn(balanced(first.clone(), second.clone(), stay));
        sleep(Duration::from_millis(20)).await;
    }
    let answers = posts.join_all().await;
    let ending = stopped.ended(ENDED).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    let ended = terminated.unwrap().elapsed();
    let not_ready = not_ready.expect("it was never not ready");
    assert!(not_ready < Duration::from_secs(1), "{not_ready:?}");
    let said = |status| {
        let answers = answers.iter();
        answers.filter(|(_, first)| *first == status).count()
    };
    let (taken, refused, unanswered) = (said(Some(201)), said(Some(503)), said(None));
    assert_eq!(taken + refused + unanswered, answers.len());
    assert!(taken >= 50, "only {taken} before the stop");
    let rows = services.database().count("SELECT COUNT(*) FROM stay").await;
    assert_eq!(usize::try_from(rows).unwrap(), answers.len());
    measured(
        "R21",
        &format!(
            "not ready {not_ready:?} after SIGTERM, exit 0 within {ended:?}; of {} stays {taken} \
             taken, {refused} refused and {unanswered} without an answer there, all taken at the \
             second try",
            answers.len()
        ),
    );
}
