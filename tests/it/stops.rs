//! SIGTERM: what was accepted is kept, nobody waits for ever, and the exit code is 0.

use std::time::Duration;

use serde_json::json;
use tests::{Database, Journal, Posted, River, Services, on_both_databases, people, post_steadily};

/// The contract's bound.
const ENDED: Duration = Duration::from_secs(25);

on_both_databases![
    an_idle_river_ends_with_zero,
    a_river_under_load_ends_with_zero_and_keeps_what_it_accepted,
    every_service_ends_with_zero,
    a_stop_does_not_wait_for_a_silent_police_endpoint,
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
