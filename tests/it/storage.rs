//! A database that goes away: refusals in time, readiness, and recovery without a restart.

use std::time::Duration;

use serde_json::json;
use tests::{Database, Journal, Link, Posted, Services, people, post_steadily};

const NOTICED: Duration = Duration::from_secs(10);
const RECOVERED: Duration = Duration::from_secs(30);

/// Only PostgreSQL has a network to it.
async fn behind_a_link() -> (Services, Link, tests::Process, String) {
    let services = Services::install(Database::Postgres).await;
    let (link, url) = Link::to_database(services.database().url()).await;
    let (api, address) = services
        .start_api_with(&[("LUUTRU_DATABASE_URL", url)])
        .await;
    (services, link, api, address)
}

#[tokio::test]
async fn a_lost_postgres_is_noticed_and_comes_back_without_a_restart() {
    let (services, link, api, address) = behind_a_link().await;
    let desk = services.caller(&address, "hotel");
    let facility_id = services.facility("hotel");
    desk.accepted(&people::citizen(facility_id)).await;

    link.cut();
    let stay = people::citizen(facility_id);
    let refused = desk.declare(&stay).await;
    let code = refused.json()["code"].as_str().unwrap().to_owned();
    assert!(
        ["storage_unavailable", "outcome_unknown"].contains(&code.as_str()),
        "{code}"
    );
    let problem = refused.expect_problem(503, &code);
    assert_eq!(problem["retryable"], true);
    assert!(refused.header("retry-after").is_some());
    tests::eventually("readiness to fall", NOTICED, async || {
        desk.get("/readyz").await.status == 503
    })
    .await;
    assert_eq!(
        desk.get("/readyz").await.json()["checks"]["database"],
        "failing"
    );
    desk.get("/livez").await.expect(200);
    // The database is not asked for these.
    desk.get("/openapi.json").await.expect(200);

    link.mend();
    tests::eventually("readiness", RECOVERED, async || {
        desk.get("/readyz").await.status == 200
    })
    .await;
    tests::eventually("acceptance", Duration::from_secs(5), async || {
        desk.declare(&stay).await.status < 300
    })
    .await;
    assert!(api.is_running());
}

#[tokio::test]
async fn a_cut_under_load_leaves_nothing_half_done() {
    let (services, link, _api, address) = behind_a_link().await;
    let _worker = services.start_worker().await;
    let desk = services.caller(&address, "integrator");
    let journal = Journal::default();
    let cuts = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(700)).await;
            link.cut();
            tokio::time::sleep(Duration::from_millis(300)).await;
            link.mend();
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    };
    post_steadily(&journal, &desk, services.facility("hotel"), 50, cuts).await;
    tests::eventually("readiness", RECOVERED, async || {
        desk.get("/readyz").await.status == 200
    })
    .await;
    let refused = journal
        .outcomes()
        .into_iter()
        .filter_map(|outcome| match outcome {
            Posted::Refused(status, code) => Some((status, code)),
            Posted::Accepted(_) | Posted::Unknown => None,
        });
    for (status, code) in refused {
        assert_eq!(status, 503, "{code}");
    }
    journal.resend_open(&desk).await;
    let accepted = journal.accepted();
    assert!(accepted.len() > 30, "only {} were accepted", accepted.len());
    for id in &accepted {
        desk.stay(id).await;
    }
    // What was refused is not there, and every row has its companions.
    let database = services.database();
    let count = async |query: &str| usize::try_from(database.count(query).await).unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM stay").await, accepted.len());
    assert_eq!(
        count("SELECT COUNT(*) FROM stay_version").await,
        accepted.len()
    );
    let tasks = "SELECT COUNT(DISTINCT stay_id) FROM outbox_task";
    assert_eq!(count(tasks).await, accepted.len());
    let police = services.police();
    tests::eventually("delivery of all", Duration::from_secs(60), async || {
        police.stays_with_one_effect().await.len() >= accepted.len()
    })
    .await;
    assert_eq!(police.stays_with_one_effect().await, accepted);
}

#[tokio::test]
async fn a_worker_comes_back_with_its_postgres() {
    let services = Services::install(Database::Postgres).await;
    let (_api, address) = services.start_api().await;
    let (link, url) = Link::to_database(services.database().url()).await;
    let worker = services
        .start_worker_with(&[("LUUTRU_DATABASE_URL", url)])
        .await;
    let desk = services.caller(&address, "hotel");
    link.cut();
    let stay = desk
        .accepted(&people::citizen(services.facility("hotel")))
        .await;
    let id = stay["id"].as_str().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(
        desk.stay(id).await["delivery"],
        json!({"state": "queued", "version": 1})
    );
    assert!(worker.is_running());
    link.mend();
    desk.delivered(id, "acknowledged", RECOVERED).await;
    assert_eq!(services.police().effects(id).await.len(), 1);
}
