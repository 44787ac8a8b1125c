//! Sealing: data is bound to its owner, each stay has its own key, first-form data is rewritten
//! once while the service runs, and a damaged row harms no other.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Caller, Database, River, Services, Setting, eventually, eventually_some, exact_text_of, now,
    on_both_databases, people, run_to_end, text_of,
};

const STARTED: Duration = Duration::from_secs(60);
const DELIVERED: Duration = Duration::from_secs(60);

on_both_databases![
    an_earlier_installation_is_sealed_anew_while_it_serves,
    an_earlier_installation_is_delivered_by_a_worker_of_this_release,
    nothing_of_the_first_form_is_taken_after_the_end,
    a_damaged_row_is_an_error_on_that_row_alone,
    a_stay_given_to_another_facility_is_read_by_nobody,
    without_its_key_nothing_of_a_stay_can_be_read,
    abuse_94_a_stolen_copy_shows_nobody,
];

/// An installation as the release before the second form left it.
struct Earlier {
    services: Services,
    facts: Value,
}

impl Earlier {
    async fn install(database: Database) -> Self {
        let (rows, facts) = match database {
            Database::Sqlite => (
                include_str!("../fixtures/first_form/sqlite.sql"),
                include_str!("../fixtures/first_form/sqlite.json"),
            ),
            Database::Postgres => (
                include_str!("../fixtures/first_form/postgres.sql"),
                include_str!("../fixtures/first_form/postgres.json"),
            ),
        };
        let facts: Value = serde_json::from_str(facts).unwrap();
        let database = database.create_seeded().await;
        database.execute(rows).await;
        let names = [
            "LUUTRU_MASTER_KEY",
            "LUUTRU_INDEX_KEY",
            "LUUTRU_KEY_PEPPER",
            "LUUTRU_RECEIPT_KEY",
            "LUUTRU_POLICE_SECRET",
        ];
        let secret = |name| facts["secrets"][name].as_str().unwrap().to_owned();
        let secrets = names.map(|name| (name, secret(name)));
        let demonstration = json!({"keys": facts["keys"], "facilities": facts["facilities"]});
        let services = Services::take_over(database, &secrets, demonstration).await;
        Self { services, facts }
    }

    fn stay(&self, place: usize) -> &str {
        self.facts["stays"][place].as_str().unwrap()
    }

    /// Everything that somebody may ask for can be read, and says what it said.
    async fn assert_readable(&self, address: &str) {
        let desk = self.services.caller(address, "hotel");
        let listed = desk.get("/v1/stays?limit=200").await.expect(200);
        assert!(listed.get("unreadable").is_none(), "{listed}");
        assert!(listed["items"].as_array().unwrap().len() >= 5);
        for place in 0..5 {
            let id = self.stay(place);
            let history = desk
                .get(&format!("/v1/stays/{id}/history"))
                .await
                .expect(200);
            let receipt = desk.get(&format!("/v1/stays/{id}/receipt?version=1")).await;
            let receipt = receipt.expect(200);
            assert_eq!(receipt["jws"], self.facts["receipts"][place]);
            if place == 2 {
                let reason = &history["items"][1]["reason"];
                assert_eq!(*reason, "khách đổi phòng vì chị Thiềm");
                assert_eq!(desk.stay(id).await["room"], "999 gác xép");
            }
        }
        let rooms = self.services.facility("hotel");
        let rooms = desk
            .get(&format!("/v1/facilities/{rooms}/rooms"))
            .await
            .expect(200);
        assert_eq!(rooms["items"][0]["name"], "203 gác xép");
        let import = self.facts["import"].as_str().unwrap();
        let rejected = desk.get(&format!("/v1/imports/{import}/rejected")).await;
        assert!(
            rejected.text().contains("Thiềm Hỏng"),
            "{}",
            rejected.text()
        );
        let integrator = self.services.caller(address, "integrator");
        let webhooks = integrator.get("/v1/webhooks").await.expect(200);
        assert_eq!(
            webhooks["items"][0]["url"],
            "https://93.184.215.14/hooks/thiem"
        );
        let officer = self.services.caller(address, "police");
        let cases = officer
            .get("/v1/police/notifications?limit=200")
            .await
            .expect(200);
        let cases = cases["items"].as_array().unwrap();
        let notes = cases.iter().map(|case| &case["decisions"][0]["note"]);
        assert!(notes.into_iter().any(|note| note == "ghi chú về ông Thiềm"));
        for case in cases {
            assert!(case["stay"].get("unreadable").is_none(), "{case}");
            assert!(case["stay"]["guest"]["full_name"].is_string(), "{case}");
        }
    }

    /// How many blobs of the first form there are.
    async fn first_form_count(&self, database: Database) -> i64 {
        let columns = [
            ("stay_version", "sealed"),
            ("stay_version", "sealed_reason"),
            ("outbox_task", "sealed_body"),
            ("review_decision", "sealed"),
            ("webhook", "sealed"),
            ("room_list", "sealed"),
            ("import", "sealed_heading"),
            ("import_chunk", "sealed"),
            ("import_row", "sealed"),
        ];
        let mut count = 0;
        for (table, column) in columns {
            let first = match database {
                Database::Sqlite => format!("substr({column}, 1, 1) = x'01'"),
                Database::Postgres => format!("get_byte({column}, 0) = 1"),
            };
            let query =
                format!("SELECT COUNT(*) FROM {table} WHERE {column} IS NOT NULL AND {first}");
            count += self.services.database().count(&query).await;
        }
        count
    }
}

fn report(output: &str) -> Value {
    serde_json::from_str(output).unwrap_or_else(|_| panic!("{output}"))
}

async fn an_earlier_installation_is_sealed_anew_while_it_serves(database: Database) {
    let earlier = Earlier::install(database).await;
    let services = &earlier.services;
    let (api, address) = services.start_api().await;
    earlier.assert_readable(&address).await;
    assert!(earlier.first_form_count(database).await > 10);

    // A change re-seals its stay.
    let desk = services.caller(&address, "hotel");
    let patch = json!({"room": "7 gác xép", "reason": "đổi phòng"});
    desk.amend(earlier.stay(0), 1, &patch).await.expect(200);
    let keyless = "SELECT COUNT(*) FROM stay WHERE sealed_key IS NULL";
    assert_eq!(services.database().count(keyless).await, 4);
    let new = desk
        .accepted(&people::citizen(services.facility("hotel")))
        .await;

    // Two at once: one works, the other waits, and finds nothing left.
    let rewrite = || run_to_end(&["rewrite"], services.settings());
    let (one, other) = tokio::join!(rewrite(), rewrite());
    let mut stays = 0;
    for ending in [&one, &other] {
        assert_eq!(ending.code, Some(0), "{}", ending.log);
        let report = report(&ending.output);
        assert_eq!(report["finished"], true);
        stays += report["stays"].as_u64().unwrap();
    }
    assert_eq!(stays, 4);
    assert_eq!(services.database().count(keyless).await, 0);
    assert_eq!(earlier.first_form_count(database).await, 0);

    // The process that ran meanwhile, and one that starts on it.
    earlier.assert_readable(&address).await;
    assert_eq!(
        desk.stay(new["id"].as_str().unwrap()).await["receipt"],
        new["receipt"]
    );
    let (_second, second) = services.start_api().await;
    earlier.assert_readable(&second).await;
    let whole = run_to_end(&["check"], services.settings()).await;
    assert_eq!(whole.code, Some(0), "{} {}", whole.output, whole.log);
    assert!(api.is_running());
}

/// The bytes that the earlier release had fixed are the ones that are sent.
async fn an_earlier_installation_is_delivered_by_a_worker_of_this_release(database: Database) {
    let earlier = Earlier::install(database).await;
    let services = &earlier.services;
    let (_api, address) = services.start_api().await;
    let _worker = services.start_worker().await;
    let desk = services.caller(&address, "hotel");
    for place in 0..5 {
        desk.delivered(earlier.stay(place), "acknowledged", DELIVERED)
            .await;
    }
    // The worker re-seals in the background, and does not record the end yet: an earlier release
    // may still run for a while.
    let sealed_anew = async || earlier.first_form_count(database).await == 0;
    eventually("everything to be sealed anew", DELIVERED, sealed_anew).await;
    let record = "SELECT COUNT(*) FROM installation_fact WHERE name = 'sealed_in_second_form'";
    assert_eq!(services.database().count(record).await, 0);
    earlier.assert_readable(&address).await;
}

async fn nothing_of_the_first_form_is_taken_after_the_end(database: Database) {
    let earlier = Earlier::install(database).await;
    let services = &earlier.services;
    let kept = "CREATE TABLE kept AS SELECT stay_id, version, sealed FROM stay_version";
    services.database().execute(kept).await;
    let ending = run_to_end(&["rewrite"], services.settings()).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    // Again there is nothing to do.
    let ending = run_to_end(&["rewrite"], services.settings()).await;
    assert_eq!(report(&ending.output)["stays"], 0);
    let (api, address) = services.start_api().await;
    earlier.assert_readable(&address).await;

    let id = earlier.stay(0);
    let blob = match database {
        Database::Sqlite => format!("x'{}'", id.replace('-', "")),
        Database::Postgres => format!("'{id}'"),
    };
    let put_back = format!(
        "UPDATE stay_version SET sealed = (SELECT sealed FROM kept k \
           WHERE k.stay_id = stay_version.stay_id AND k.version = 1) \
         WHERE stay_id = {blob} AND version = 1"
    );
    services.database().execute(&put_back).await;
    let desk = services.caller(&address, "hotel");
    desk.get(&format!("/v1/stays/{id}"))
        .await
        .expect_problem(500, "stay_unreadable");
    let checked = run_to_end(&["check"], services.settings()).await;
    assert_eq!(checked.code, Some(1));
    assert_eq!(
        report(&checked.output)["versions"]["faults"][0]["stay_id"],
        *id
    );

    // Taking the record away opens the door no wider.
    api.terminate();
    assert_eq!(api.ended(STARTED).await.code, Some(0));
    let all = "DELETE FROM installation_fact";
    let keys = "UPDATE api_key SET mac = NULL WHERE label = 'demo school'";
    for statement in [all, keys] {
        services.database().execute(statement).await;
    }
    for command in ["api", "worker", "rewrite"] {
        let ending = run_to_end(&[command], services.settings()).await;
        assert_eq!(ending.code, Some(2), "{command}: {}", ending.log);
        assert!(ending.log.contains("installation_fact"), "{}", ending.log);
    }
}

async fn late(river: &River) -> Value {
    let desk = river.caller("hotel");
    let mut stay = people::citizen(river.facility("hotel"));
    stay["arrival_at"] = json!(text_of(now() - chrono::TimeDelta::days(3)));
    desk.accepted(&stay).await
}

fn literal(database: Database, id: &Value) -> String {
    let id = id.as_str().unwrap();
    match database {
        Database::Sqlite => format!("x'{}'", id.replace('-', "")),
        Database::Postgres => format!("'{id}'"),
    }
}

fn zeros(database: Database) -> &'static str {
    match database {
        Database::Sqlite => "zeroblob(200)",
        Database::Postgres => "decode(repeat('00', 200), 'hex')",
    }
}

fn ids(page: &Value, list: &str) -> Vec<Value> {
    let rows = page[list].as_array().cloned().unwrap_or_default();
    rows.into_iter().map(|row| row["id"].clone()).collect()
}

async fn pages(desk: &Caller) -> (Vec<Value>, Vec<Value>) {
    let (mut items, mut unreadable, mut cursor) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = desk
            .get(&format!("/v1/stays?limit=2{cursor}"))
            .await
            .expect(200);
        items.extend(ids(&page, "items"));
        unreadable.extend(ids(&page, "unreadable"));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (items, unreadable),
        }
    }
}

async fn a_damaged_row_is_an_error_on_that_row_alone(database: Database) {
    let river = River::start(database).await;
    let hotel = river.facility("hotel");
    let desk = river.caller("hotel");
    let mut stays = Vec::new();
    for _ in 0..5 {
        stays.push(late(&river).await);
    }
    let damaged = &stays[2];
    let officer = river.caller("police");
    let seen = async || {
        let cases = officer
            .get("/v1/police/notifications?limit=200")
            .await
            .expect(200);
        let cases = cases["items"].as_array().unwrap().clone();
        let of_it = cases
            .into_iter()
            .filter(|case| case["stay"]["id"] == damaged["id"]);
        let of_it: Vec<Value> = of_it.collect();
        (!of_it.is_empty()).then_some(of_it)
    };
    eventually_some("the case", STARTED, seen).await;
    let of_it = literal(database, &damaged["id"]);
    let statement = format!(
        "UPDATE stay_version SET sealed = {} WHERE stay_id = {of_it}",
        zeros(database)
    );
    river.database().unwrap().execute(&statement).await;

    let (items, unreadable) = pages(&desk).await;
    assert_eq!(items.len(), 4);
    assert_eq!(unreadable, [damaged["id"].clone()]);
    let page = desk.get("/v1/stays?limit=200").await.expect(200);
    let row = &page["unreadable"][0];
    assert_eq!(row["facility_id"], hotel);
    assert_eq!(row["received_at"], damaged["received_at"]);
    let reference = damaged["reference"].as_str().unwrap();
    let found = desk
        .get(&format!("/v1/stays?reference={reference}"))
        .await
        .expect(200);
    assert_eq!(ids(&found, "unreadable"), [damaged["id"].clone()]);

    let path = format!("/v1/stays/{}", damaged["id"].as_str().unwrap());
    for path in [
        path.clone(),
        format!("{path}/history"),
        format!("{path}/receipt"),
    ] {
        desk.get(&path).await.expect_problem(500, "stay_unreadable");
    }
    let change = json!({"room": "9", "reason": "đổi phòng"});
    let id = damaged["id"].as_str().unwrap();
    desk.amend(id, 1, &change)
        .await
        .expect_problem(500, "stay_unreadable");

    let day = desk
        .get(&format!("/v1/facilities/{hotel}/occupancy"))
        .await
        .expect(200);
    assert_eq!(day["unreadable"], json!([damaged["id"]]));
    desk.get(&format!("/v1/facilities/{hotel}/due"))
        .await
        .expect(200);

    for case in seen().await.unwrap() {
        assert_eq!(case["stay"]["unreadable"], true);
        assert_eq!(case["stay"]["guest"], json!({}));
        assert_eq!(case["stay"]["deadline_at"], damaged["deadline_at"]);
    }

    a_census_leaves_it_alone(&desk, hotel, &stays).await;

    let metrics = river.ops().get("/metrics").await.text();
    assert!(
        metrics.contains("luutru_unreadable_rows_total"),
        "{metrics}"
    );
}

async fn a_census_leaves_it_alone(desk: &Caller, hotel: &str, stays: &[Value]) {
    let damaged = &stays[2];
    let path = format!("/v1/facilities/{hotel}/census");
    let line = |stay: &Value| json!({"reference": stay["reference"]});
    let census = |lines: Vec<Value>| json!({"taken_at": exact_text_of(now()), "missing": "ask", "stays": lines});
    // One that does not have it, and one that does.
    let others = [0, 1, 3].map(|place| line(&stays[place])).to_vec();
    let with_it = [0, 1, 3, 2].map(|place| line(&stays[place])).to_vec();
    for (lines, index) in [(others, Value::Null), (with_it, json!(3))] {
        let answer = desk
            .call("PUT", &path)
            .json(&census(lines))
            .send()
            .await
            .expect(200);
        assert_eq!(answer["asked"], 1, "{answer}");
        assert_eq!(answer["rejected"], 1, "{answer}");
        assert_eq!(answer["arrived"], 0, "{answer}");
        let results = answer["results"].as_array().unwrap();
        let of_it = results.iter().find(|row| row["stay_id"] == damaged["id"]);
        let of_it = of_it.unwrap();
        assert_eq!(of_it["index"], index);
        assert_eq!(of_it["problem"]["code"], "stay_unreadable");
        let missing = results
            .iter()
            .find(|row| row["outcome"] == "asked")
            .unwrap();
        assert_eq!(missing["stay_id"], stays[4]["id"]);
    }
}

/// M5: an `UPDATE` of one column does not show a guest of the hotel to the guest house.
async fn a_stay_given_to_another_facility_is_read_by_nobody(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let hotel = services.caller(&address, "hotel");
    let stay = hotel
        .accepted(&people::citizen(services.facility("hotel")))
        .await;
    let stays = stay["id"].as_str().unwrap();
    let house = json!(services.facility("guest_house"));
    let statement = format!(
        "UPDATE stay SET facility_id = {} WHERE id = {}",
        literal(database, &house),
        literal(database, &stay["id"])
    );
    services.database().execute(&statement).await;
    let desk = services.caller(&address, "guest_house");
    let path = format!("/v1/stays/{stays}");
    desk.get(&path).await.expect_problem(500, "stay_unreadable");
    let page = desk.get("/v1/stays").await.expect(200);
    assert_eq!(page["items"], json!([]));
    assert_eq!(ids(&page, "unreadable"), [stay["id"].clone()]);
    assert!(!page.to_string().contains("Thiềm"));
    let checked = run_to_end(&["check"], services.settings()).await;
    assert_eq!(checked.code, Some(1));
    let faults = report(&checked.output)["versions"]["faults"].clone();
    let of_it = faults.as_array().unwrap().iter();
    let of_it: Vec<&Value> = of_it.filter(|fault| fault["stay_id"] == *stays).collect();
    assert!(
        of_it.iter().any(|fault| fault["fault"] == "unreadable"),
        "{faults}"
    );
}

/// What piece by piece is destroyed for an erasure: one column of one row.
async fn without_its_key_nothing_of_a_stay_can_be_read(database: Database) {
    let earlier = Earlier::install(database).await;
    let services = &earlier.services;
    let ending = run_to_end(&["rewrite"], services.settings()).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    let statement = "UPDATE stay SET sealed_key = NULL";
    services.database().execute(statement).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    let page = desk.get("/v1/stays?limit=200").await.expect(200);
    assert_eq!(page["items"], json!([]));
    assert_eq!(ids(&page, "unreadable").len(), 5);
    let checked = run_to_end(&["check"], services.settings()).await;
    let found = report(&checked.output);
    // Six versions and the reason of one.
    assert_eq!(found["versions"]["unreadable"], 7, "{found}");
    let others = found["other_sealed_rows"]["faults"]
        .as_array()
        .unwrap()
        .clone();
    let of = |table: &str| others.iter().filter(|row| row["table"] == table).count();
    assert_eq!(of("review_decision"), 1, "{found}");
    assert_eq!(of("outbox_task"), 5, "{found}");
    assert_eq!(others.len(), 6, "what is of no stay can be read: {found}");
    let officer = services.caller(&address, "police");
    let cases = officer
        .get("/v1/police/notifications?limit=200")
        .await
        .expect(200);
    assert!(!cases.to_string().contains("Thiềm"), "{cases}");
}

/// A94: a thief of a database copy has no key.
async fn abuse_94_a_stolen_copy_shows_nobody(database: Database) {
    const CANARY: &str = "Canaryông";
    let services = Services::install(database).await;
    let (api, address) = services.start_api().await;
    let worker = services.start_worker().await;
    let hotel = services.facility("hotel");
    let desk = services.caller(&address, "hotel");
    let mut stay = people::citizen(hotel);
    stay["arrival_at"] = json!(text_of(now() - chrono::TimeDelta::days(3)));
    stay["guest"]["full_name"] = json!(format!("Lê {CANARY}"));
    stay["room"] = json!(format!("phòng {CANARY}"));
    stay["note"] = json!(format!("ghi chú {CANARY}"));
    let declared = desk.accepted(&stay).await;
    let id = declared["id"].as_str().unwrap();
    desk.delivered(id, "acknowledged", DELIVERED).await;
    let patch = json!({"room": "8", "reason": format!("vì {CANARY}")});
    desk.amend(id, 1, &patch).await.expect(200);
    let rooms = json!({"rooms": [{"name": CANARY, "kind": "room", "capacity": 2}]});
    let path = format!("/v1/facilities/{hotel}/rooms");
    desk.call("PUT", &path)
        .json(&rooms)
        .send()
        .await
        .expect(200);
    let file = format!("room,full_name,number,arrival\n1,{CANARY},12,hôm qua\n");
    let upload = desk
        .call("POST", "/v1/imports")
        .body("text/csv", file.into_bytes());
    let import = upload.send().await.expect(202);
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    let done = async || desk.get(&path).await.expect(200)["state"] == "completed";
    eventually("the file", DELIVERED, done).await;
    let officer = services.caller(&address, "police");
    let request = json!({"count": 1, "kinds": ["late"]});
    let claimed = officer
        .post("/v1/police/claims", &request)
        .await
        .expect(200);
    let decision = json!({
        "decision": "request_correction", "note": format!("về {CANARY}"),
        "question": format!("có phải {CANARY}?"), "pointers": ["/guest/full_name"],
        "lease_id": claimed["lease_id"],
    });
    let case = claimed["items"][0]["id"].as_str().unwrap();
    let path = format!("/v1/police/notifications/{case}/decision");
    officer.post(&path, &decision).await.expect(200);
    let shown = desk.stay(id).await.to_string();
    assert!(shown.contains(CANARY), "it is there for whom it concerns");
    for process in [&api, &worker] {
        process.terminate();
        assert_eq!(process.ended(STARTED).await.code, Some(0));
    }
    let bytes = services.database().everything().await;
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("acknowledged"), "the copy is real");
    let number = stay["guest"]["document"]["number"].as_str().unwrap();
    let reference = stay["reference"].as_str().unwrap();
    for personal in [CANARY, number, reference, "0987 608 243"] {
        assert!(!holds(personal), "{personal}");
    }
    let secrets = services.settings().iter();
    let secrets = secrets.filter(|(name, _): &&Setting| name.ends_with("_KEY"));
    for (name, secret) in secrets {
        assert!(!holds(secret), "{name}");
    }
}
