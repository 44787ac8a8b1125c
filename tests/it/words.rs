//! A damaged word is an error of its row alone, and nothing is signed or sent that rests on it.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Database, River, Services, on_both_databases, people, run_to_end};

const DELIVERED: Duration = Duration::from_secs(60);

on_both_databases![
    a_damaged_word_of_a_stay_is_an_error_of_that_stay_alone,
    a_task_whose_kind_is_damaged_is_set_aside_and_nothing_is_sent,
];

/// The schema keeps other words out, so that only damage past luutru brings one in.
fn damage(database: Database, table: &str, column: &str, stay_id: &str, key: &str) -> String {
    let (without_checks, id) = match database {
        Database::Sqlite => (
            "PRAGMA ignore_check_constraints = ON;".to_owned(),
            format!("x'{}'", stay_id.replace('-', "")),
        ),
        Database::Postgres => (
            format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_{column}_check;"),
            format!("'{stay_id}'"),
        ),
    };
    format!("{without_checks} UPDATE {table} SET {column} = 'damaged' WHERE {key} = {id}")
}

fn ids(page: &Value, list: &str) -> Vec<Value> {
    let rows = page[list].as_array().cloned().unwrap_or_default();
    rows.into_iter().map(|row| row["id"].clone()).collect()
}

async fn a_damaged_word_of_a_stay_is_an_error_of_that_stay_alone(database: Database) {
    let river = River::start(database).await;
    let hotel = river.facility("hotel");
    let desk = river.caller("hotel");
    let sound = desk.accepted(&people::citizen(hotel)).await;
    for column in ["timeliness", "presence", "identity_state", "delivery_state"] {
        let damaged = desk.accepted(&people::citizen(hotel)).await;
        let id = damaged["id"].as_str().unwrap();
        // Nothing is written to its row any more.
        desk.delivered(id, "acknowledged", DELIVERED).await;
        let statement = damage(database, "stay", column, id, "id");
        river.database().unwrap().execute(&statement).await;
        let page = desk.get("/v1/stays?limit=200").await.expect(200);
        assert!(ids(&page, "items").contains(&sound["id"]), "{column}");
        assert!(
            ids(&page, "unreadable").contains(&damaged["id"]),
            "{column}"
        );
        desk.get(&format!("/v1/stays/{id}"))
            .await
            .expect_problem(500, "stay_unreadable");
        desk.get(&format!("/v1/facilities/{hotel}/due"))
            .await
            .expect(200);
    }
    let late = damaged_receipt(&river, database).await;
    desk.get(&format!("/v1/stays/{late}/receipt"))
        .await
        .expect_problem(500, "stay_unreadable");
    let id = sound["id"].as_str().unwrap();
    let receipt = desk.get(&format!("/v1/stays/{id}/receipt")).await;
    assert_eq!(receipt.expect(200)["timeliness"], "on_time");
}

/// A stay whose stored timeliness is damaged.
async fn damaged_receipt(river: &River, database: Database) -> String {
    let desk = river.caller("hotel");
    let stay = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let id = stay["id"].as_str().unwrap();
    let statement = damage(database, "stay", "timeliness", id, "id");
    river.database().unwrap().execute(&statement).await;
    id.to_owned()
}

async fn a_task_whose_kind_is_damaged_is_set_aside_and_nothing_is_sent(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "integrator");
    let hotel = services.facility("hotel");
    let sound = desk.accepted(&people::citizen(hotel)).await;
    let damaged = desk.accepted(&people::citizen(hotel)).await;
    let id = damaged["id"].as_str().unwrap();
    let statement = damage(database, "outbox_task", "kind", id, "stay_id");
    services.database().execute(&statement).await;
    if database == Database::Sqlite {
        // The check of the file before a start finds it: nothing is sent at all.
        let ending = run_to_end(&["worker"], services.settings()).await;
        assert_eq!(ending.code, Some(2), "{}", ending.log);
        assert!(ending.log.contains("the database file is damaged"));
        return;
    }
    let _worker = services.start_worker().await;
    desk.delivered(sound["id"].as_str().unwrap(), "acknowledged", DELIVERED)
        .await;
    let parked = async || {
        let query = "SELECT COUNT(*) FROM outbox_task WHERE state = 'parked'";
        services.database().count(query).await == 1
    };
    tests::eventually("the task is set aside", DELIVERED, parked).await;
    let attempts = "SELECT COUNT(*) FROM attempt WHERE task_id IN \
        (SELECT id FROM outbox_task WHERE state = 'parked')";
    assert_eq!(services.database().count(attempts).await, 0);
    let shown = desk.stay(id).await;
    assert_eq!(shown["delivery"], json!({"state": "queued", "version": 1}));
}
