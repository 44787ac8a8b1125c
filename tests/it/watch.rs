//! What people on call need: backlogs, the state of endpoints, refusals, and active webhooks.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Caller, Consumer, Database, Manner, River, Services, eventually, eventually_some,
    exact_text_of, now, on_both_databases, people, run_to_end, sheet,
};

on_both_databases![
    the_backlog_is_measured_by_destination_also_while_no_worker_runs,
    every_metric_says_what_it_is,
    an_item_is_counted_once_at_whatever_door,
    command_and_api_tell_the_same_of_a_breaker,
    what_the_police_refused_is_listed_until_it_is_corrected,
    refusals_are_in_the_log_with_their_request_and_no_value,
    the_webhooks_of_an_ended_key_stop_until_another_key_takes_them,
];

const SEEN: Duration = Duration::from_secs(60);
const PEPPER: &str = "5f0c2b9e7a41d8c36e90b7f2a4d15c83e6079ab1c4f8d23571be0a9c64d7f318";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().clone()
}

async fn metrics(ops: &Caller) -> String {
    let answer = ops.get("/metrics").await;
    assert_eq!(answer.status, 200);
    answer.text().to_owned()
}

/// The value of the first line with this name and these words in its labels.
fn value(metrics: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let mut lines = metrics.lines().filter(|line| line.starts_with(name));
    let line = lines.find(|line| labels.iter().all(|label| line.contains(label)))?;
    line.rsplit(' ').next()?.parse().ok()
}

async fn command(services: &Services, arguments: &[&str]) -> Value {
    let ending = run_to_end(arguments, services.settings()).await;
    assert_eq!(ending.code, Some(0), "{arguments:?}: {}", ending.log);
    serde_json::from_str(&ending.output).unwrap()
}

async fn the_backlog_is_measured_by_destination_also_while_no_worker_runs(database: Database) {
    let services = Services::install(database).await;
    let (api, address) = services.launch_api_with(&[]);
    api.ready().await;
    let desk = services.caller(&address, "integrator");
    for _ in 0..3 {
        desk.accepted(&people::citizen(services.facility("hotel")))
            .await;
    }
    let seen = eventually_some("the backlog", SEEN, async || {
        let seen = metrics(api.ops()).await;
        let open = value(
            &seen,
            "luutru_destination_backlog{",
            &["\"38\"", "\"open\""],
        );
        (open == Some(3.0)).then_some(seen)
    })
    .await;
    assert_eq!(
        value(&seen, "luutru_outbox_rows{", &["\"open\""]),
        Some(3.0)
    );
    let left = value(
        &seen,
        "luutru_destination_deadline_left_seconds{",
        &["\"38\""],
    );
    // Before 23:00 of today, or before 08:00 of tomorrow.
    let left = left.unwrap();
    assert!((0.0..=24.0 * 3_600.0).contains(&left), "{left}");
    let elsewhere = value(
        &seen,
        "luutru_destination_deadline_left_seconds{",
        &["\"01\""],
    );
    assert_eq!(elsewhere, Some(f64::INFINITY));
    let listed = command(&services, &["delivery", "list", "destinations", "--json"]).await;
    let of = |code: &str| {
        let rows = listed.as_array().unwrap();
        rows.iter().find(|row| row["code"] == code).unwrap().clone()
    };
    assert_eq!(of("38")["backlog"]["open"], 3);
    assert!(of("38")["backlog"]["nearest_deadline_at"].is_string());
    assert_eq!(of("01")["backlog"]["open"], 0);
}

async fn every_metric_says_what_it_is(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    desk.accepted(&people::citizen(river.facility("hotel")))
        .await;
    let seen = metrics(&river.ops()).await;
    let names = |word: &str| -> Vec<String> {
        let lines = seen.lines().filter_map(|line| line.strip_prefix(word));
        let names = lines.filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect()
    };
    let explained = names("# HELP ");
    let typed = names("# TYPE ");
    assert!(typed.len() > 10, "{seen}");
    for name in typed {
        assert!(explained.contains(&name), "{name} has no HELP");
    }
    assert_eq!(value(&seen, "luutru_build_info{", &["version="]), Some(1.0));
}

async fn command_and_api_tell_the_same_of_a_breaker(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let (desk, admin) = (
        services.caller(&address, "integrator"),
        services.caller(&address, "admin"),
    );
    let _worker = services.start_worker().await;
    services.police().fail(&json!({"outage": true})).await;
    for _ in 0..8 {
        desk.accepted(&people::citizen(services.facility("hotel")))
            .await;
    }
    let told = async || {
        let page = admin
            .get("/v1/admin/destinations?limit=200")
            .await
            .expect(200);
        let by_api = items(&page).into_iter();
        let listed = command(&services, &["delivery", "list", "destinations", "--json"]).await;
        let by_command = listed.as_array().unwrap().clone();
        let breaker = |row: Value| {
            let words = [
                "code",
                "endpoint_of",
                "breaker",
                "breaker_reason",
                "breaker_since",
            ];
            words.map(|word| row[word].clone())
        };
        let by_api: Vec<_> = by_api.map(breaker).collect();
        let by_command: Vec<_> = by_command.into_iter().map(breaker).collect();
        (by_api, by_command)
    };
    let is_open = |rows: &[[Value; 5]]| {
        let hotel = rows.iter().find(|row| row[0] == "38");
        hotel.is_some_and(|row| row[2] == "open" && row[4].is_string())
    };
    eventually("both say that it is open", SEEN, async || {
        let (by_api, by_command) = told().await;
        is_open(&by_api) && by_api == by_command
    })
    .await;
    services.police().heal().await;
    eventually("both say that it is closed", SEEN, async || {
        let (by_api, by_command) = told().await;
        !is_open(&by_api) && by_api == by_command
    })
    .await;
}

async fn what_the_police_refused_is_listed_until_it_is_corrected(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let (desk, admin) = (
        services.caller(&address, "integrator"),
        services.caller(&address, "admin"),
    );
    let _worker = services.start_worker().await;
    let refused = people::citizen(services.facility("hotel"));
    let number = &refused["guest"]["document"]["number"];
    let refusal = json!([{"document_number": number, "status": 422, "code": "unknown_person"}]);
    services.police().refuse(&refusal).await;
    let id = text(&desk.accepted(&refused).await["id"]);
    desk.delivered(&id, "rejected", SEEN).await;
    let by_api = async || {
        let page = admin.get("/v1/admin/deliveries?state=rejected").await;
        items(&page.expect(200))
    };
    let by_command = async || {
        let listed = command(&services, &["delivery", "list", "rejected", "--json"]).await;
        listed.as_array().unwrap().clone()
    };
    for listed in [by_api().await, by_command().await] {
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(listed[0]["stay_id"], id.as_str());
        assert_eq!(listed[0]["state"], "refused");
        assert_eq!(listed[0]["reason"], "unknown_person");
    }
    services.police().refuse(&json!([])).await;
    let patch = json!({"room": "77", "reason": "Xem lại"});
    desk.amend(&id, 1, &patch).await.expect(200);
    desk.delivered(&id, "acknowledged", SEEN).await;
    assert_eq!(
        (by_api().await, by_command().await),
        (Vec::new(), Vec::new())
    );
}

async fn refusals_are_in_the_log_with_their_request_and_no_value(database: Database) {
    let services = Services::install(database).await;
    let (api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    let mut wrong = people::citizen(services.facility("hotel"));
    wrong["guest"]["document"]["number"] = json!("99988877");
    wrong["guest"]["Nguyễn Thiềm"] = json!("x");
    let refused = desk.declare(&wrong).await;
    let request_id = refused.header("x-request-id").unwrap().to_owned();
    refused.expect_problem(422, "validation_failed");
    let line = eventually_some("the line", SEEN, async || {
        let log = api.log();
        let mut lines = log.lines().map(str::to_owned);
        lines.find(|line| line.contains(&request_id))
    })
    .await;
    for word in [
        "\"INFO\"",
        "validation_failed",
        "unknown_field",
        "personal_id_length",
    ] {
        assert!(line.contains(word), "{word}: {line}");
    }
    assert!(
        !line.contains("Thiềm") && !line.contains("99988877"),
        "{line}"
    );
}

async fn an_item_is_counted_once_at_whatever_door(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let stay = people::citizen(hotel);
    for _ in 0..2 {
        desk.post("/v1/stays", &stay).await;
    }
    let mut faulty = people::citizen(hotel);
    faulty["guest"]["document"]["number"] = json!("1");
    desk.post("/v1/stays", &faulty).await;
    let batch = json!({"stays": [people::citizen(hotel), &faulty, stay]});
    desk.post("/v1/stays/batch", &batch).await.expect(200);

    let (ward, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let lines = [people::minimal(hospital), people::minimal(hospital)];
    let census = json!({"taken_at": exact_text_of(now()), "stays": lines});
    let path = format!("/v1/facilities/{hospital}/census");
    ward.call("PUT", &path)
        .json(&census)
        .send()
        .await
        .expect(200);

    let mut guests = sheet::guests(3);
    guests[1][7] = "1".to_owned();
    guests[2] = guests[0].clone();
    for query in ["?dry_run=true", ""] {
        let file = desk.call("POST", &format!("/v1/imports{query}"));
        let answer = file
            .body(sheet::CSV, sheet::csv(&guests).into_bytes())
            .send();
        let answer = answer.await;
        let address = answer.header("location").unwrap();
        eventually("the end of a file", SEEN, async || {
            desk.get(address).await.expect(200)["state"] == "completed"
        })
        .await;
    }

    let seen = metrics(&river.ops()).await;
    let count = |labels: &[&str]| value(&seen, "luutru_intake_items_total", labels);
    let (hotel, hospital) = ("\"lodging_business\"", "\"medical_facility\"");
    let doors = [
        ("rest", hotel),
        ("batch", hotel),
        ("file", hotel),
        ("census", hospital),
    ];
    for (door, kind) in doors {
        let door = format!("channel=\"{door}\"");
        // Of a census only arrivals are declarations.
        let [accepted, replayed, refused] = match kind == hospital {
            true => [Some(2.0), None, None],
            false => [Some(1.0); 3],
        };
        assert_eq!(
            count(&[&door, kind, "\"accepted\""]),
            accepted,
            "{door} {seen}"
        );
        assert_eq!(
            count(&[&door, kind, "\"replayed\""]),
            replayed,
            "{door} {seen}"
        );
        let found = count(&[&door, kind, "\"refused\"", "\"violation\""]);
        assert_eq!(found, refused, "{door} {seen}");
    }
}

async fn the_webhooks_of_an_ended_key_stop_until_another_key_takes_them(database: Database) {
    let own = [("LUUTRU_KEY_PEPPER", PEPPER.to_owned())];
    let river = River::start_with(database, &own).await;
    let desk = river.caller("hotel");
    let consumer = Consumer::start(Manner::Status(200)).await;
    let hook = json!({"url": consumer.url()});
    let hook = desk.post("/v1/webhooks", &hook).await.expect(201);
    let path = format!("/v1/webhooks/{}", text(&hook["id"]));
    let declare = async |caller: &Caller| {
        let stay = caller
            .accepted(&people::citizen(river.facility("hotel")))
            .await;
        text(&stay["id"])
    };
    let first = declare(&desk).await;
    consumer.until_told("stay.accepted", &first, SEEN).await;
    // luutru_<id>_<secret>
    let id = river.key("hotel").split('_').nth(1).unwrap().to_owned();
    let place = ("LUUTRU_DATABASE_URL", river.database_url().to_owned());
    let settings = [place, own[0].clone()];
    let ending = run_to_end(&["key", "revoke", &id], &settings).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    // Another key of the organisation sees why.
    let other = river.caller("integrator");
    let seen = eventually_some("the webhook is switched off", SEEN, async || {
        let seen = other.get(&path).await;
        let seen = (seen.status == 200).then(|| seen.json())?;
        (seen["state"] == "disabled").then_some(seen)
    })
    .await;
    assert_eq!(seen["disabled_reason"], "key_ended");
    let told = consumer.told().len();
    let second = declare(&other).await;
    eventually("the event is in the feed", SEEN, async || {
        let page = other.get("/v1/events?limit=200").await.expect(200);
        let events = items(&page);
        let is_told = |kind: &str| events.iter().any(|event| event["type"] == kind);
        is_told("webhook.disabled")
            && events
                .iter()
                .any(|event| event["stay_id"] == second.as_str())
    })
    .await;
    assert_eq!(consumer.told().len(), told, "nothing was sent since");
    // A caller with a valid key takes it over, and missed events are sent.
    let enable = format!("{path}/enable");
    other.post(&enable, &json!({})).await.expect(200);
    consumer.until_told("stay.accepted", &second, SEEN).await;
    assert_eq!(other.get(&path).await.expect(200)["state"], "enabled");
}
