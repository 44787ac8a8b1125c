//! Notifications go to the police of the facility's commune, each destination on its own.

use std::time::Duration;

use tests::{Caller, Database, Police, Process, Services, on_both_databases, people};

const DELIVERED: Duration = Duration::from_secs(30);
/// Breakers are probed every five seconds, and the tables are read every second.
const HEALED: Duration = Duration::from_secs(60);

on_both_databases![
    a_commune_with_an_endpoint_of_its_own_gets_its_stays_there,
    tasks_that_wait_follow_a_new_mapping,
    a_destination_that_is_away_keeps_nobody_else_waiting,
    an_endpoint_that_refuses_us_is_paused_with_one_alarm_until_it_takes_us,
];

/// An installation with a second police endpoint, for the commune of the hospital.
struct Town {
    services: Services,
    desk: Caller,
    hotel: String,
    hospital: String,
    commune: String,
    _api: Process,
}

impl Town {
    async fn open(database: Database) -> Self {
        let services = Services::install(database).await;
        let (api, address) = services.start_api().await;
        let desk = services.caller(&address, "integrator");
        let (hotel, hospital) = (services.facility("hotel"), services.facility("hospital"));
        let commune_of = async |id: &str| {
            let facility = desk.get(&format!("/v1/facilities/{id}")).await.expect(200);
            facility["commune_code"].as_str().unwrap().to_owned()
        };
        let commune = commune_of(hospital).await;
        assert_ne!(commune, commune_of(hotel).await);
        Self {
            desk,
            hotel: hotel.to_owned(),
            hospital: hospital.to_owned(),
            commune,
            _api: api,
            services,
        }
    }

    /// Gives the hospital's commune a separate destination.
    async fn give_endpoint(&self, url: &str) {
        let id = match self.services.database().url().starts_with("sqlite") {
            true => "X'0190c8f0a0007000800000000000abcd'",
            false => "'0190c8f0-a000-7000-8000-00000000abcd'",
        };
        let commune = &self.commune;
        let statements = format!(
            "INSERT INTO destination (code, id, name, province_code, endpoint_url, state, breaker, \
               created_at) \
             VALUES ('own', {id}, 'own', '38', '{url}', 'running', 'closed', \
               '2026-01-01 00:00:00+00:00'); \
             INSERT INTO destination_route (commune_code, valid_from, destination_code) \
             VALUES ('{commune}', '2026-01-01', 'own')"
        );
        self.services.database().execute(&statements).await;
    }

    async fn declare(&self, facility_id: &str) -> String {
        let mut stay = people::citizen(facility_id);
        stay["bed"] = serde_json::json!("1");
        let stay = self.desk.accepted(&stay).await;
        stay["id"].as_str().unwrap().to_owned()
    }

    async fn is_delivered_to(&self, id: &str, police: &Police) {
        self.desk.delivered(id, "acknowledged", HEALED).await;
        assert_eq!(police.effects(id).await.len(), 1);
    }

    /// Waits until the row of a destination says so.
    async fn until(&self, code: &str, condition: &str) {
        let query =
            format!("SELECT COUNT(*) FROM destination WHERE code = '{code}' AND {condition}");
        tests::eventually(condition, HEALED, async || {
            self.services.database().count(&query).await == 1
        })
        .await;
    }
}

async fn a_commune_with_an_endpoint_of_its_own_gets_its_stays_there(database: Database) {
    let town = Town::open(database).await;
    let (_process, url) = town.services.start_police().await;
    town.give_endpoint(&url).await;
    let _worker = town.services.start_worker().await;
    let (here, there) = (
        town.declare(&town.hospital).await,
        town.declare(&town.hotel).await,
    );
    let (own, national) = (Police::at(&url), town.services.police());
    town.is_delivered_to(&here, &own).await;
    town.is_delivered_to(&there, &national).await;
    assert!(national.effects(&here).await.is_empty());
    assert!(own.effects(&there).await.is_empty());
}

async fn tasks_that_wait_follow_a_new_mapping(database: Database) {
    let town = Town::open(database).await;
    let (process, url) = town.services.start_police().await;
    process.kill();
    town.give_endpoint(&url).await;
    let _worker = town.services.start_worker().await;
    let id = town.declare(&town.hospital).await;
    let attempts = "SELECT COUNT(*) FROM attempt WHERE peer = 'police'";
    tests::eventually("an attempt", DELIVERED, async || {
        town.services.database().count(attempts).await >= 1
    })
    .await;
    let commune = &town.commune;
    let closed = format!(
        "UPDATE destination_route SET valid_to = '2026-01-02' WHERE commune_code = '{commune}'"
    );
    town.services.database().execute(&closed).await;
    town.is_delivered_to(&id, &town.services.police()).await;
}

async fn a_destination_that_is_away_keeps_nobody_else_waiting(database: Database) {
    let town = Town::open(database).await;
    let (process, url) = town.services.start_police().await;
    town.give_endpoint(&url).await;
    let own = Police::at(&url);
    own.fail(&serde_json::json!({"outage": true})).await;
    let _worker = town.services.start_worker().await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(town.declare(&town.hospital).await);
    }
    town.until("own", "breaker = 'open' AND breaker_since IS NOT NULL")
        .await;
    town.until("national", "breaker = 'closed'").await;
    for _ in 0..5 {
        let id = town.declare(&town.hotel).await;
        town.desk.delivered(&id, "acknowledged", DELIVERED).await;
    }
    own.heal().await;
    for id in &held {
        town.is_delivered_to(id, &own).await;
    }
    town.until("own", "breaker = 'closed' AND breaker_reason IS NULL")
        .await;
    drop(process);
}

async fn an_endpoint_that_refuses_us_is_paused_with_one_alarm_until_it_takes_us(
    database: Database,
) {
    let town = Town::open(database).await;
    let police = town.services.police();
    for status in [401, 403] {
        police
            .fail(&serde_json::json!({"error_rate": 1.0, "error_status": status}))
            .await;
        let worker = town.services.start_worker().await;
        let ids = [
            town.declare(&town.hotel).await,
            town.declare(&town.hotel).await,
        ];
        town.until("national", "state = 'paused' AND paused_by = 'worker'")
            .await;
        town.until("national", "breaker_reason = 'refuses_us'")
            .await;
        for id in &ids {
            let state = town.desk.stay(id).await["delivery"]["state"].take();
            assert!(state == "queued" || state == "delivering", "{state}");
        }
        police.heal().await;
        for id in &ids {
            town.is_delivered_to(id, &police).await;
        }
        town.until("national", "state = 'running' AND paused_by IS NULL")
            .await;
        worker.terminate();
        let log = worker.ended(HEALED).await.log;
        let alarms = log
            .matches("refuses our calls; its tasks wait: check")
            .count();
        assert_eq!(alarms, 1, "{log}");
    }
}
