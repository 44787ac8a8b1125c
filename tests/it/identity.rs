//! The identity check: it never holds a stay back, and its findings are for the police.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Database, River, Services, local, measured, now, on_both_databases, people, text_of};
use tokio::time::{Instant, sleep};

const DELIVERED: Duration = Duration::from_secs(15);
const HEALED: Duration = Duration::from_secs(60);

on_both_databases![
    a_person_as_the_registry_knows_him_is_verified,
    another_spelling_is_no_difference,
    a_difference_is_delivered_and_the_sender_sees_attention_only,
    an_unknown_number_looks_to_the_sender_like_a_difference,
    a_broken_registry_does_not_hold_back_what_is_due,
    a_broken_registry_is_asked_again_when_it_is_well,
    no_trouble_of_the_registry_is_felt_at_the_intake,
    what_the_registry_holds_up_goes_out_half_an_hour_before_its_deadline,
];

const LOOK_AGAIN: [&str; 3] = [
    "/guest/full_name",
    "/guest/document/number",
    "/guest/birth_date",
];

/// A citizen whom the registry knows under this name and date.
async fn known_as(river: &River, full_name: &str, birth_date: &str) -> Value {
    let stay = people::citizen(river.facility("hotel"));
    let number = stay["guest"]["document"]["number"].as_str().unwrap();
    let registry = river.registry();
    registry.knows(number, full_name, birth_date, "male").await;
    stay
}

async fn identity_after_delivery(river: &River, stay: &Value) -> Value {
    let desk = river.caller("hotel");
    let id = desk.accepted(stay).await["id"].take();
    let id = id.as_str().unwrap();
    let delivered = desk.delivered(id, "acknowledged", DELIVERED).await;
    assert_eq!(river.police().effects(id).await.len(), 1);
    delivered["identity"].clone()
}

async fn a_person_as_the_registry_knows_him_is_verified(database: Database) {
    let river = River::shared(database).await;
    let mut stay = known_as(river, "Lê Thiềm Văn", "1985-05-17").await;
    stay["guest"]["full_name"] = json!("LÊ THIỀM VĂN");
    let identity = identity_after_delivery(river, &stay).await;
    assert_eq!(identity, json!({"state": "verified"}));
}

async fn another_spelling_is_no_difference(database: Database) {
    let river = River::shared(database).await;
    for (name, birth_date) in [
        ("Le Thiem Van", "1985-05-17"),
        ("Văn Lê Thiềm", "1985-05-17"),
        ("Lê Thiềm Văn", "1985"),
    ] {
        let mut stay = known_as(river, "Lê Thiềm Văn", "1985-05-17").await;
        stay["guest"]["full_name"] = json!(name);
        stay["guest"]["birth_date"] = json!(birth_date);
        let identity = identity_after_delivery(river, &stay).await;
        assert_eq!(identity["state"], "verified", "{name} {birth_date}");
    }
}

async fn a_difference_is_delivered_and_the_sender_sees_attention_only(database: Database) {
    let river = River::shared(database).await;
    let mut stay = known_as(river, "Lê Thiềm Văn", "1985-05-17").await;
    stay["guest"]["full_name"] = json!("Trần Thiềm Khác");
    let identity = identity_after_delivery(river, &stay).await;
    assert_eq!(
        identity,
        json!({"state": "attention", "pointers": LOOK_AGAIN})
    );
}

async fn an_unknown_number_looks_to_the_sender_like_a_difference(database: Database) {
    let river = River::shared(database).await;
    let stay = people::citizen(river.facility("hotel"));
    let identity = identity_after_delivery(river, &stay).await;
    assert_eq!(
        identity,
        json!({"state": "attention", "pointers": LOOK_AGAIN})
    );
}

async fn a_broken_registry_does_not_hold_back_what_is_due(database: Database) {
    let river = River::start(database).await;
    river.registry().fail(&json!({"outage": true})).await;
    // Due yesterday: waiting for the registry would make it only later.
    let mut stay = people::citizen(river.facility("hotel"));
    stay["arrival_at"] = json!(text_of(local(-1, "10:00:00")));
    let identity = identity_after_delivery(&river, &stay).await;
    assert!(
        identity["state"] == "deferred" || identity["state"] == "pending",
        "{identity}"
    );
    // A foreigner has no entry in it.
    let desk = river.caller("hotel");
    let foreigner = desk
        .accepted(&people::foreigner(river.facility("hotel")))
        .await;
    let id = foreigner["id"].as_str().unwrap();
    let stay = desk.delivered(id, "acknowledged", DELIVERED).await;
    assert_eq!(stay["identity"]["state"], "not_applicable");
}

async fn a_broken_registry_is_asked_again_when_it_is_well(database: Database) {
    let river = River::start(database).await;
    let registry = river.registry();
    registry
        .fail(&json!({"error_rate": 1.0, "error_status": 500}))
        .await;
    let desk = river.caller("hotel");
    let stay = known_as(&river, "Lê Thiềm Văn", "1985-05-17").await;
    let mut stay = stay;
    stay["guest"]["full_name"] = json!("Lê Thiềm Văn");
    let declared = desk.accepted(&stay).await;
    let id = declared["id"].as_str().unwrap();
    tests::eventually("a question to the registry", DELIVERED, async || {
        registry.stats().await["faults"]["error"].as_u64() >= Some(1)
    })
    .await;
    let deadline_at: chrono::DateTime<chrono::FixedOffset> =
        declared["deadline_at"].as_str().unwrap().parse().unwrap();
    let waits = deadline_at - now() > TimeDelta::minutes(31);
    if waits {
        assert!(
            river.police().effects(id).await.is_empty(),
            "it waits for the registry"
        );
    }
    registry.heal().await;
    desk.delivered(id, "acknowledged", HEALED).await;
    let effects = river.police().effects(id).await;
    let stays = effects.iter().filter(|effect| effect["kind"] == "stay");
    assert_eq!(stays.count(), 1, "{effects:?}");
    tests::eventually("the identity check", HEALED, async || {
        desk.stay(id).await["identity"]["state"] == "verified"
    })
    .await;
}

/// R13: down, hung, failing, slow for three in ten. Stays are taken as soon as without trouble.
async fn no_trouble_of_the_registry_is_felt_at_the_intake(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let troubles = [
        ("none", json!({})),
        ("down", json!({"outage": true})),
        ("hung", json!({"hang_rate": 1.0})),
        ("failing", json!({"error_rate": 1.0, "error_status": 500})),
        ("three in ten hung", json!({"hang_rate": 0.3})),
        ("slow", json!({"latency_ms": 3000})),
    ];
    for (trouble, faults) in troubles {
        river.registry().fail(&faults).await;
        let mut times = Vec::new();
        for _ in 0..20 {
            let stay = people::citizen(river.facility("hotel"));
            let started = Instant::now();
            desk.accepted(&stay).await;
            times.push(started.elapsed());
        }
        times.sort_unstable();
        let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
        // Calls to the registry take up to ten seconds; a busy machine some, too.
        assert!(longest < Duration::from_secs(5), "{trouble}: {longest:?}");
        measured(
            "R13",
            &format!("registry {trouble}: taken in {median:?} (median), {longest:?} (longest)"),
        );
    }
}

/// R13: the registry is away. A stay waits for it, goes out unverified 30 minutes before its
/// deadline and no later, and is checked afterwards.
async fn what_the_registry_holds_up_goes_out_half_an_hour_before_its_deadline(database: Database) {
    const SECONDS: i64 = 31 * 60 + 6;
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let (desk, registry) = (services.caller(&address, "hotel"), services.registry());
    registry.fail(&json!({"outage": true})).await;
    let stay = people::citizen(services.facility("hotel"));
    let (guest, text) = (&stay["guest"], |value: &Value| {
        value.as_str().unwrap().to_owned()
    });
    let number = text(&guest["document"]["number"]);
    let (name, birth_date) = (text(&guest["full_name"]), text(&guest["birth_date"]));
    registry
        .knows(&number, &name, &birth_date, &text(&guest["sex"]))
        .await;
    let stay = desk.accepted(&stay).await;
    let id = stay["id"].as_str().unwrap();
    let deadline = match services.database().url().starts_with("sqlite") {
        true => format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '+{SECONDS} seconds')"),
        false => format!("now() + interval '{SECONDS} seconds'"),
    };
    let statement = format!("UPDATE outbox_task SET deadline_at = {deadline}");
    services.database().execute(&statement).await;
    let started = Instant::now();
    let _worker = services.start_worker().await;
    sleep(Duration::from_secs(3).saturating_sub(started.elapsed())).await;
    assert!(services.police().effects(id).await.is_empty(), "it waits");
    let delivered = desk.delivered(id, "acknowledged", HEALED).await;
    let waited = started.elapsed();
    assert_eq!(delivered["identity"]["state"], "deferred");
    // A minute is kept for the calls.
    assert!(waited < Duration::from_secs(6 + 60), "{waited:?}");
    registry.heal().await;
    tests::eventually("the identity check", HEALED, async || {
        desk.stay(id).await["identity"]["state"] == "verified"
    })
    .await;
    let effects = services.police().effects(id).await;
    let stays = effects.iter().filter(|effect| effect["kind"] == "stay");
    assert_eq!(stays.count(), 1, "{effects:?}");
    measured(
        "R13",
        &format!(
            "gone out {waited:?} after it had {SECONDS} s left: {} s before the deadline",
            SECONDS - i64::try_from(waited.as_secs()).unwrap()
        ),
    );
}
