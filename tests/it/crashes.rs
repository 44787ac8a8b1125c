//! `kill -9` at any moment: every stay answered with 2xx is stored, and at the police once.

use std::time::Duration;

use tests::{
    Database, Journal, Posted, Process, River, Services, Setting, on_both_databases, post_steadily,
};

const PER_SECOND: u32 = 50;
const BETWEEN_KILLS: Duration = Duration::from_millis(900);
const DRAINED: Duration = Duration::from_secs(75);

/// A lease that ends soon after its worker.
fn short_lease() -> [Setting; 2] {
    [
        ("LUUTRU_WORKER_LEASE_SECONDS", "5".to_owned()),
        ("LUUTRU_PEER_CALL_TIMEOUT_MILLISECONDS", "2000".to_owned()),
    ]
}

on_both_databases![
    an_api_killed_under_load_loses_nothing_it_accepted,
    a_worker_killed_under_load_delivers_everything_once,
    a_whole_river_killed_under_load_goes_on_where_it_was,
];

async fn an_api_killed_under_load_loses_nothing_it_accepted(database: Database) {
    let services = Services::install(database).await;
    let (first, address) = services.start_api().await;
    let _worker = services.start_worker().await;
    let desk = services.caller(&address, "integrator");
    let facility_id = services.facility("hotel");
    let journal = Journal::default();
    let mut api = first;
    let kills = async {
        for _ in 0..3 {
            tokio::time::sleep(BETWEEN_KILLS).await;
            api.kill();
            api = services.start_api_again(&address).await;
        }
        tokio::time::sleep(BETWEEN_KILLS).await;
    };
    post_steadily(&journal, &desk, facility_id, PER_SECOND, kills).await;
    journal.resend_open(&desk).await;
    assert_kept_and_delivered_once(&services, &journal, &address).await;
}

async fn a_worker_killed_under_load_delivers_everything_once(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let mut worker: Process = services.start_worker_with(&short_lease()).await;
    let desk = services.caller(&address, "integrator");
    let facility_id = services.facility("hotel");
    let journal = Journal::default();
    let kills = async {
        for _ in 0..3 {
            tokio::time::sleep(BETWEEN_KILLS).await;
            worker.kill();
            worker = services.start_worker_with(&short_lease()).await;
        }
        tokio::time::sleep(BETWEEN_KILLS).await;
    };
    post_steadily(&journal, &desk, facility_id, PER_SECOND, kills).await;
    assert_kept_and_delivered_once(&services, &journal, &address).await;
}

async fn assert_kept_and_delivered_once(services: &Services, journal: &Journal, address: &str) {
    let desk = services.caller(address, "integrator");
    let accepted = journal.accepted();
    assert!(accepted.len() > 50, "only {} were accepted", accepted.len());
    for outcome in journal.outcomes() {
        assert!(matches!(outcome, Posted::Accepted(_)), "{outcome:?}");
    }
    for id in &accepted {
        desk.stay(id).await;
    }
    let count = services.database().count("SELECT COUNT(*) FROM stay").await;
    assert_eq!(
        usize::try_from(count).unwrap(),
        accepted.len(),
        "none is there that was not sent"
    );
    let police = services.police();
    tests::eventually("delivery of all", DRAINED, async || {
        police.stays_with_one_effect().await.len() >= accepted.len()
    })
    .await;
    assert_eq!(police.stays_with_one_effect().await, accepted);
    let query = "SELECT COUNT(*) FROM stay WHERE delivery_state <> 'acknowledged'";
    tests::eventually("acknowledgement of all", DRAINED, async || {
        services.database().count(query).await == 0
    })
    .await;
}

async fn a_whole_river_killed_under_load_goes_on_where_it_was(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let mut settings = short_lease().to_vec();
    if let Some(database) = &database {
        settings.push(("LUUTRU_DATABASE_URL", database.url().to_owned()));
    }
    let journal = Journal::default();
    for _ in 0..2 {
        let river = River::start_in(directory.path(), &settings).await;
        let desk = river.caller("integrator");
        let facility_id = river.facility("hotel");
        let kill = async {
            tokio::time::sleep(BETWEEN_KILLS).await;
            river.process().kill();
        };
        post_steadily(&journal, &desk, facility_id, PER_SECOND, kill).await;
    }
    let river = River::start_in(directory.path(), &settings).await;
    let desk = river.caller("integrator");
    journal.resend_open(&desk).await;
    let accepted = journal.accepted();
    assert!(accepted.len() > 30, "only {} were accepted", accepted.len());
    let police = river.police();
    tests::eventually("delivery of all", DRAINED, async || {
        police.stays_with_one_effect().await.len() >= accepted.len()
    })
    .await;
    assert_eq!(police.stays_with_one_effect().await, accepted);
    for id in &accepted {
        desk.delivered(id, "acknowledged", DRAINED).await;
    }
}
