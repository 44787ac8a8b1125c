//! A database that is unreachable or refuses: timely refusals, readiness, recovery without a
//! restart, and nothing done without an audit entry.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Answer, Database, Journal, Link, Posted, Services, local, measured, officer_key,
    on_both_databases, people, post_steadily, run_to_end, text_of,
};

const NOTICED: Duration = Duration::from_secs(10);
const RECOVERED: Duration = Duration::from_secs(30);

on_both_databases![what_cannot_be_audited_is_not_done];

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
    // Each check remembers its answer for a while of its own.
    tests::eventually("readiness to fall", NOTICED, async || {
        let readiness = desk.get("/readyz").await;
        readiness.status == 503 && readiness.json()["checks"]["database"] == "failing"
    })
    .await;
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
    // Refused stays are not stored, and every row has its related rows.
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

/// R24: the audit table refuses every row. No change is made, each attempt is answered with a
/// problem of the service's own, and everything goes on when the audit does.
async fn what_cannot_be_audited_is_not_done(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    let hotel = services.facility("hotel");
    let officer = desk.with_key(&officer_key(&["--province", "38"], services.settings()).await);
    // Late: a case for the officer.
    let mut late = people::citizen(hotel);
    late["arrival_at"] = json!(text_of(local(-1, "10:00:00")));
    let stay = desk.accepted(&late).await;
    let id = stay["id"].as_str().unwrap();
    let request = json!({"count": 1, "kinds": ["late"]});
    let claimed = officer.post("/v1/police/claims", &request).await;
    let claimed = claimed.expect(200);
    let case = claimed["items"][0]["id"].as_str().unwrap();
    desk.accepted(&late_too(hotel)).await;

    let stored = services.database();
    stored.execute(break_audit(stored.url())).await;
    let before = content(&services).await;
    let lease = &claimed["lease_id"];
    let decision = json!({"decision": "accept", "note": "Đã gọi", "lease_id": lease});
    let decide = format!("/v1/police/notifications/{case}/decision");
    let rooms = json!({"rooms": [{"name": "101", "kind": "room", "capacity": 2}]});
    let rooms_path = format!("/v1/facilities/{hotel}/rooms");
    let left = json!({"departed_at": text_of(local(0, "00:00:01"))});
    let patch = json!({"room": "909", "reason": "moved"});
    let two = json!({"stays": [people::citizen(hotel), people::citizen(hotel)]});
    let csv = tests::sheet::csv(&tests::sheet::guests(2));
    let upload = desk.call("POST", "/v1/imports").body("text/csv", csv);
    let answers = [
        ("declare", desk.declare(&people::citizen(hotel)).await),
        ("batch", desk.post("/v1/stays/batch", &two).await),
        ("amend", desk.amend(id, 1, &patch).await),
        ("departure", desk.act(id, "departure", 1, &left).await),
        (
            "cancellation",
            desk.act(id, "cancellation", 1, &json!({"reason": "no_show"}))
                .await,
        ),
        (
            "rooms",
            desk.call("PUT", &rooms_path).json(&rooms).send().await,
        ),
        ("import", upload.send().await),
        ("queue", officer.get("/v1/police/notifications").await),
        ("claim", officer.post("/v1/police/claims", &request).await),
        ("decision", officer.post(&decide, &decision).await),
    ];
    for (deed, answer) in &answers {
        assert_refused(deed, answer);
    }
    let pause = ["delivery", "pause", "national", "--reason", "test"];
    let ending = run_to_end(&pause, services.settings()).await;
    assert_ne!(ending.code, Some(0), "{}", ending.log);
    assert_eq!(content(&services).await, before, "something was done");

    stored.execute(mend_audit(stored.url())).await;
    desk.declare(&people::citizen(hotel)).await.expect(201);
    desk.amend(id, 1, &patch).await.expect(200);
    officer.post(&decide, &decision).await.expect(200);
    let whole = run_to_end(&["check"], services.settings()).await;
    assert_eq!(whole.code, Some(0), "{}", whole.output);
    measured(
        "R24",
        &format!("{} deeds refused, nothing changed", answers.len() + 1),
    );
}

fn late_too(hotel: &str) -> Value {
    let mut stay = people::citizen(hotel);
    stay["arrival_at"] = json!(text_of(local(-1, "11:00:00")));
    stay
}

fn assert_refused(deed: &str, answer: &Answer) {
    if answer.status == 200 {
        let results = answer.json()["results"].as_array().cloned();
        let results = results.unwrap_or_else(|| panic!("{deed}: {}", answer.text()));
        assert!(
            results.iter().all(|one| one["outcome"] == "rejected"),
            "{deed}: {results:?}"
        );
        return;
    }
    assert!(
        [500, 503].contains(&answer.status),
        "{deed}: {} {}",
        answer.status,
        answer.text()
    );
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    assert!(
        ["internal", "storage_unavailable"].contains(&&*code),
        "{deed}: {code}"
    );
    answer.expect_problem(answer.status, &code);
}

fn break_audit(url: &str) -> &'static str {
    match url.starts_with("sqlite") {
        true => {
            "CREATE TRIGGER no_audit BEFORE INSERT ON audit_entry \
             BEGIN SELECT RAISE(ABORT, 'no audit today'); END"
        }
        false => {
            "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'no audit today'; END $$; \
             CREATE TRIGGER no_audit BEFORE INSERT ON audit_entry \
             FOR EACH ROW EXECUTE FUNCTION no_audit()"
        }
    }
}

fn mend_audit(url: &str) -> &'static str {
    match url.starts_with("sqlite") {
        true => "DROP TRIGGER no_audit",
        false => "DROP TRIGGER no_audit ON audit_entry; DROP FUNCTION no_audit()",
    }
}

/// The number of rows in each table that an operation writes to, and the values it changes.
async fn content(services: &Services) -> Vec<i64> {
    let mut counts = Vec::new();
    for what in [
        "stay",
        "stay_version",
        "outbox_task",
        "declaration_key",
        "idempotency_key",
        "event",
        "review_case",
        "review_claim",
        "review_decision",
        "audit_entry",
        "import",
        "stay WHERE version > 1",
        "destination WHERE state = 'paused'",
        "room_list",
    ] {
        let query = format!("SELECT COUNT(*) FROM {what}");
        counts.push(services.database().count(&query).await);
    }
    counts
}
