//! Operators' control over delivery to the police: `luutru delivery`.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Caller, Database, Police, ProcessExit, Services, on_both_databases, people, run_to_end,
};

/// Breakers are probed every five seconds, and the tables are read every second.
const DELIVERED: Duration = Duration::from_secs(60);

on_both_databases![
    what_was_set_aside_is_sent_again_by_hand,
    a_destination_is_set_up_paused_and_resumed_by_hand,
    what_an_operator_gets_wrong_is_refused_with_a_sentence,
];

async fn delivery(services: &Services, arguments: &[&str]) -> ProcessExit {
    let arguments = [&["delivery"], arguments].concat();
    run_to_end(&arguments, services.settings()).await
}

async fn done(services: &Services, arguments: &[&str]) -> String {
    let ending = delivery(services, arguments).await;
    assert_eq!(ending.code, Some(0), "{arguments:?}: {}", ending.log);
    ending.output
}

async fn shown(services: &Services, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(services, arguments).await).unwrap()
}

async fn declare(desk: &Caller, facility_id: &str) -> String {
    let mut stay = people::citizen(facility_id);
    stay["bed"] = json!("1");
    let stay = desk.accepted(&stay).await;
    stay["id"].as_str().unwrap().to_owned()
}

async fn deeds(services: &Services, action: &str) -> i64 {
    let query = format!(
        "SELECT COUNT(*) FROM audit_entry WHERE actor_kind = 'operator' AND action = '{action}'"
    );
    services.database().count(&query).await
}

async fn what_was_set_aside_is_sent_again_by_hand(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let hotel = services.facility("hotel");
    let (one, other, third) = (
        declare(&desk, hotel).await,
        declare(&desk, hotel).await,
        declare(&desk, hotel).await,
    );
    // As if each had ended three workers.
    let poisoned = "UPDATE outbox_task SET claim_count = 3";
    services.database().execute(poisoned).await;
    let _worker = services.start_worker().await;
    for id in [&one, &other, &third] {
        desk.delivered(id, "parked", DELIVERED).await;
    }
    let listed = shown(&services, &["list", "parked", "--json"]).await;
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 3, "{listed:?}");
    let task_of = |stay_id: &str| {
        let task = listed.iter().find(|task| task["stay_id"] == *stay_id);
        task.unwrap()["id"].as_str().unwrap().to_owned()
    };

    let id = task_of(&one);
    let task = shown(&services, &["show", &id]).await;
    assert_eq!(
        (&task["state"], &task["reason"]),
        (&json!("parked"), &json!("worker_died"))
    );
    assert_eq!(task["attempts"], json!([]));
    done(&services, &["requeue", &id]).await;
    desk.delivered(&one, "acknowledged", DELIVERED).await;
    let task = shown(&services, &["show", &id]).await;
    let attempts = task["attempts"].as_array().unwrap();
    let last = attempts.last().unwrap();
    assert_eq!(
        (&last["peer"], &last["http_status"]),
        (&json!("police"), &json!(200))
    );
    let again = delivery(&services, &["requeue", &id]).await;
    assert_eq!(again.code, Some(2));
    assert!(again.log.contains("is not parked"), "{}", again.log);

    // The newer version carries the whole stay.
    let patch = json!({"guest": {"full_name": "Trần Thị Bích"}, "reason": "Ghi nhầm tên"});
    desk.amend(&other, 1, &patch).await.expect(200);
    desk.delivered(&other, "acknowledged", DELIVERED).await;
    let superseded = delivery(&services, &["requeue", &task_of(&other)]).await;
    assert_eq!(superseded.code, Some(2));
    assert!(superseded.log.contains("later version"));
    let outcome = shown(&services, &["requeue", "--all"]).await;
    assert_eq!(outcome, json!({"requeued": 1, "superseded": 1}));
    desk.delivered(&third, "acknowledged", DELIVERED).await;
    for id in [&one, &other, &third] {
        assert_eq!(services.police().effects(id).await.len(), 1);
    }
    assert_eq!(deeds(&services, "delivery.requeued").await, 2);
}

async fn a_destination_is_set_up_paused_and_resumed_by_hand(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let (hotel, hospital) = (services.facility("hotel"), services.facility("hospital"));
    let facility = desk.get(&format!("/v1/facilities/{hospital}")).await;
    let commune = facility.expect(200)["commune_code"].take();
    let commune = commune.as_str().unwrap();

    let (_process, url) = services.start_police().await;
    let name = ["--name", "Công an phường", "--province", "38"];
    let endpoint = ["endpoint", "own", "--url", &url, "--rate-per-second", "50"];
    done(&services, &[&endpoint[..], &name[..]].concat()).await;
    done(
        &services,
        &["route", commune, "own", "--from", "2026-01-01"],
    )
    .await;
    done(&services, &["pause", "own", "--reason", "Bảo trì"]).await;
    let row = own(&services).await;
    assert_eq!(
        (&row["name"], &row["state"], &row["paused_by"]),
        (
            &json!("Công an phường"),
            &json!("paused"),
            &json!("operator")
        )
    );
    assert_eq!(row["paused_reason"], "Bảo trì");

    let _worker = services.start_worker().await;
    let held = declare(&desk, hospital).await;
    for _ in 0..3 {
        let id = declare(&desk, hotel).await;
        desk.delivered(&id, "acknowledged", DELIVERED).await;
    }
    assert_eq!(desk.stay(&held).await["delivery"]["state"], "queued");
    let open = shown(&services, &["list", "open", "--json"]).await;
    assert_eq!(open[0]["stay_id"], held);
    assert_eq!(open[0]["attempt_count"], 0);

    done(&services, &["resume", "own"]).await;
    desk.delivered(&held, "acknowledged", DELIVERED).await;
    assert_eq!(Police::at(&url).effects(&held).await.len(), 1);
    let row = own(&services).await;
    assert_eq!(
        (&row["state"], &row["paused_by"]),
        (&json!("running"), &Value::Null)
    );
    for action in ["changed", "routed", "paused", "resumed"] {
        let action = format!("destination.{action}");
        assert_eq!(deeds(&services, &action).await, 1, "{action}");
    }
}

async fn own(services: &Services) -> Value {
    let rows = shown(services, &["list", "destinations", "--json"]).await;
    let mut rows = rows.as_array().unwrap().clone();
    rows.retain(|row| row["code"] == "own");
    rows.pop().unwrap()
}

async fn what_an_operator_gets_wrong_is_refused_with_a_sentence(database: Database) {
    let services = Services::install(database).await;
    let unknown = "0190c8f0-a000-7000-8000-00000000abcd";
    let table: [(&[&str], &str); 10] = [
        (&["show", unknown], "there is no notification"),
        (&["requeue", unknown], "there is no notification"),
        (&["requeue"], "required"),
        (&["list", "--limit", "0"], "--limit"),
        (
            &["pause", "nowhere", "--reason", "x"],
            "there is no destination nowhere",
        ),
        (&["pause", "national", "--reason", " "], "--reason"),
        (
            &[
                "pause",
                "national",
                "--reason",
                "x",
                "--until",
                "2026-01-01T00:00:00Z",
            ],
            "--until",
        ),
        (&["endpoint", "own", "--url", "ftp://h"], "--url"),
        (
            &["route", "99999", "national", "--from", "2026-01-01"],
            "not the code of a current or former commune",
        ),
        (&["resume", "nowhere"], "there is no destination nowhere"),
    ];
    for (arguments, sentence) in table {
        let ending = delivery(&services, arguments).await;
        assert_eq!(ending.code, Some(2), "{arguments:?}");
        assert!(
            ending.log.contains(sentence),
            "{arguments:?}: {}",
            ending.log
        );
    }
    assert_eq!(
        services
            .database()
            .count("SELECT COUNT(*) FROM audit_entry WHERE actor_kind = 'operator'")
            .await,
        0
    );
}
