//! Operators' control over delivery to the police, over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Caller, Database, Police, River, Services, on_both_databases, people};

/// Breakers are probed every five seconds, and the tables are read every second.
const DELIVERED: Duration = Duration::from_secs(60);
const UNKNOWN: &str = "0190c8f0-a000-7000-8000-00000000abcd";

on_both_databases![
    what_was_set_aside_is_seen_and_sent_again_once,
    all_that_was_set_aside_goes_again_once_however_many_ask,
    a_destination_is_held_back_and_let_go_with_what_waits_for_it,
    a_request_under_a_key_is_done_once,
    only_administrators_operate_and_what_is_not_there_is_404,
    a_request_that_breaks_rules_names_all_of_them,
];

/// An installation with an API, an administrator, and a desk that declares.
struct Office {
    services: Services,
    admin: Caller,
    desk: Caller,
    _api: tests::Process,
}

impl Office {
    async fn open(database: Database) -> Self {
        let services = Services::install(database).await;
        let (api, address) = services.start_api().await;
        Self {
            admin: services.caller(&address, "admin"),
            desk: services.caller(&address, "integrator"),
            _api: api,
            services,
        }
    }

    async fn declare(&self, facility: &str) -> String {
        let mut stay = people::citizen(self.services.facility(facility));
        stay["bed"] = json!("1");
        text(&self.desk.accepted(&stay).await["id"])
    }

    /// Stays of the hotel, each as if it had crashed three workers and been parked by the next one.
    async fn set_aside(&self, count: usize) -> (tests::Process, Vec<String>) {
        let mut stays = Vec::new();
        for _ in 0..count {
            stays.push(self.declare("hotel").await);
        }
        let poisoned = "UPDATE outbox_task SET claim_count = 3";
        self.services.database().execute(poisoned).await;
        let worker = self.services.start_worker().await;
        for id in &stays {
            self.desk.delivered(id, "parked", DELIVERED).await;
        }
        (worker, stays)
    }

    async fn listed(&self, query: &str) -> Vec<Value> {
        let path = format!("/v1/admin/deliveries?limit=200{query}");
        items(&self.admin.get(&path).await.expect(200))
    }

    async fn destination(&self, code: &str) -> Value {
        let path = format!("/v1/admin/destinations/{code}");
        self.admin.get(&path).await.expect(200)
    }

    /// Entries of this action, of the administrator's key.
    async fn deeds(&self, action: &str) -> i64 {
        let query = format!(
            "SELECT COUNT(*) FROM audit_entry WHERE actor_kind = 'api_key' \
               AND actor_id IN (SELECT id FROM api_key WHERE role = 'admin') \
               AND action = '{action}'"
        );
        self.services.database().count(&query).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().clone()
}

fn requeue_path(id: &str) -> String {
    format!("/v1/admin/deliveries/{id}/requeue")
}

async fn what_was_set_aside_is_seen_and_sent_again_once(database: Database) {
    let office = Office::open(database).await;
    let (_worker, stays) = office.set_aside(3).await;
    let [one, other, third] = &stays[..] else {
        unreachable!()
    };

    let listed = office.listed("").await;
    assert_eq!(listed.len(), 3, "{listed:?}");
    let first_page = office.admin.get("/v1/admin/deliveries?limit=2").await;
    let first_page = first_page.expect(200);
    let cursor = text(&first_page["next_cursor"]);
    let rest = office.listed(&format!("&cursor={cursor}")).await;
    assert_eq!([items(&first_page), rest].concat(), listed);
    let by_hotel = format!("&facility_id={}", office.services.facility("hotel"));
    assert_eq!(office.listed(&by_hotel).await.len(), 3);
    assert_eq!(office.listed("&destination=38").await.len(), 3);
    assert_eq!(office.listed("&destination=01").await, Vec::<Value>::new());
    assert_eq!(office.listed("&state=open").await, Vec::<Value>::new());
    assert_eq!(office.listed("&reason=worker_died").await.len(), 3);
    assert_eq!(
        office.listed("&reason=unclear_answers").await,
        Vec::<Value>::new()
    );
    let notification = |stay_id: &str| {
        let task = listed.iter().find(|task| task["stay_id"] == *stay_id);
        text(&task.unwrap()["id"])
    };

    let id = notification(one);
    let path = format!("/v1/admin/deliveries/{id}");
    let task = office.admin.get(&path).await.expect(200);
    assert_eq!(task["state"], "parked");
    assert_eq!(task["destination"], "38");
    assert_eq!(
        (&task["reason"], &task["attempts"]),
        (&json!("worker_died"), &json!([]))
    );
    let answer = office.admin.post(&requeue_path(&id), &json!({})).await;
    let expected = json!({"id": id, "outcome": "requeued"});
    assert_eq!(answer.expect(200), expected);
    office.desk.delivered(one, "acknowledged", DELIVERED).await;
    let task = office.admin.get(&path).await.expect(200);
    let last = task["attempts"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["peer"], &last["http_status"]),
        (&json!("police"), &json!(200))
    );
    let settled = office.admin.call("POST", &requeue_path(&id)).send().await;
    settled.expect_problem(409, "delivery_settled");

    // The newer version carries the whole stay.
    let patch = json!({"guest": {"full_name": "Trần Thị Bích"}, "reason": "Ghi nhầm tên"});
    office.desk.amend(other, 1, &patch).await.expect(200);
    office
        .desk
        .delivered(other, "acknowledged", DELIVERED)
        .await;
    let path = requeue_path(&notification(other));
    let superseded = office.admin.call("POST", &path).send().await;
    superseded.expect_problem(409, "delivery_superseded");

    let elsewhere = json!({"destination": "01"});
    let none = json!({"requeued": 0, "superseded": 0, "more": false});
    let path = "/v1/admin/deliveries/requeue";
    let answer = office.admin.post(path, &elsewhere).await;
    assert_eq!(answer.expect(200), none);
    let other_reason = json!({"destination": "38", "reason": "unclear_answers"});
    let answer = office.admin.post(path, &other_reason).await;
    assert_eq!(answer.expect(200), none);
    let here = json!({"destination": "38", "facility_id": office.services.facility("hotel")});
    let answer = office.admin.post(path, &here).await;
    let expected = json!({"requeued": 1, "superseded": 1, "more": false});
    assert_eq!(answer.expect(200), expected);
    office
        .desk
        .delivered(third, "acknowledged", DELIVERED)
        .await;
    for id in &stays {
        assert_eq!(office.services.police().effects(id).await.len(), 1);
    }
    assert_eq!(office.deeds("delivery.requeued").await, 2);
    // 3 of the list, 2 and 1 of its pages, 3, 3 and 3 of its filters, 2 alone.
    assert_eq!(office.deeds("delivery.read").await, 17);
}

async fn all_that_was_set_aside_goes_again_once_however_many_ask(database: Database) {
    let office = Office::open(database).await;
    let (_worker, stays) = office.set_aside(24).await;
    let ids: Vec<String> = office
        .listed("")
        .await
        .iter()
        .map(|task| text(&task["id"]))
        .collect();
    assert_eq!(ids.len(), 24);
    let mut asking = tokio::task::JoinSet::new();
    for caller in 0..4 {
        let admin = office.admin.clone();
        let ids = ids.clone();
        asking.spawn(async move {
            if caller % 2 == 0 {
                let path = "/v1/admin/deliveries/requeue";
                let which = match caller {
                    0 => json!({}),
                    _ => json!({"destination": "38", "reason": "worker_died"}),
                };
                let answer = admin.post(path, &which).await.expect(200);
                return answer["requeued"].as_u64().unwrap();
            }
            let mut requeued = 0;
            for id in ids {
                let answer = admin.call("POST", &requeue_path(&id)).send().await;
                match answer.status {
                    200 => requeued += u64::from(answer.json()["outcome"] == "requeued"),
                    // The worker was quicker than the question.
                    _ => {
                        answer.expect_problem(409, "delivery_settled");
                    }
                }
            }
            requeued
        });
    }
    let requeued: u64 = asking.join_all().await.into_iter().sum();
    assert_eq!(requeued, 24);
    assert_eq!(office.deeds("delivery.requeued").await, 24);
    for id in &stays {
        office.desk.delivered(id, "acknowledged", DELIVERED).await;
        assert_eq!(office.services.police().effects(id).await.len(), 1);
    }
}

async fn a_destination_is_held_back_and_let_go_with_what_waits_for_it(database: Database) {
    let office = Office::open(database).await;
    let (_process, url) = office.services.start_police().await;
    let mut endpoint = tests::run_to_end(
        &["delivery", "endpoint", "38", "--url", &url],
        office.services.settings(),
    )
    .await;
    assert_eq!(
        endpoint.code,
        Some(0),
        "{}",
        std::mem::take(&mut endpoint.log)
    );
    let path = "/v1/admin/destinations/38";
    let pause = json!({"reason": "Bảo trì"});
    let paused = office.admin.post(&format!("{path}/pause"), &pause).await;
    let paused = paused.expect(200);
    let row = office.destination("38").await;
    for member in [
        "code",
        "state",
        "paused_by",
        "paused_reason",
        "paused_at",
        "paused_until",
    ] {
        assert_eq!(row[member], paused[member], "{member}");
    }
    assert_eq!(
        (&row["state"], &row["is_held"]),
        (&json!("paused"), &json!(true))
    );
    assert_eq!(row["paused_reason"], "Bảo trì");
    assert_eq!(row["endpoint_of"], "38");
    assert_eq!(office.destination("national").await["is_held"], false);
    assert_eq!(office.destination("01").await["endpoint_of"], "national");

    let _worker = office.services.start_worker().await;
    let held = office.declare("hotel").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(office.desk.stay(&held).await["delivery"]["state"], "queued");
    let open = office.listed("&state=open&destination=38").await;
    assert_eq!(open[0]["stay_id"], held);
    let backlog = office.destination("38").await["backlog"].take();
    assert_eq!(
        (&backlog["open"], &backlog["overdue"], &backlog["parked"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!(backlog["nearest_deadline_at"], open[0]["deadline_at"]);
    assert!(backlog["oldest_age_seconds"].as_u64().unwrap() >= 1);

    let resumed = office
        .admin
        .call("POST", &format!("{path}/resume"))
        .send()
        .await;
    let nobody = json!({
        "code": "38", "state": "running", "paused_by": null, "paused_reason": null,
        "paused_at": null, "paused_until": null,
    });
    assert_eq!(resumed.expect(200), nobody);
    office
        .desk
        .delivered(&held, "acknowledged", DELIVERED)
        .await;
    assert_eq!(Police::at(&url).effects(&held).await.len(), 1);
    let row = office.destination("38").await;
    assert_eq!(
        (&row["state"], &row["is_held"]),
        (&json!("running"), &json!(false))
    );
    assert_eq!(
        (&row["breaker"], &row["backlog"]["open"]),
        (&json!("closed"), &json!(0))
    );
    assert_eq!(office.deeds("destination.paused").await, 1);
    assert_eq!(office.deeds("destination.resumed").await, 1);

    // All of them in pages, each once.
    let mut codes = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/admin/destinations?limit=15{cursor}");
        let page = office.admin.get(&path).await.expect(200);
        codes.extend(items(&page).iter().map(|row| text(&row["code"])));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut sorted = codes.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((codes.len(), &codes), (35, &sorted));
}

async fn a_request_under_a_key_is_done_once(database: Database) {
    let office = Office::open(database).await;
    let path = "/v1/admin/destinations/national/pause";
    let pause = json!({"reason": "Bảo trì"});
    let send = async |path: &str, body: Option<&Value>| {
        let call = office.admin.call("POST", path);
        let call = call.header(
            "Idempotency-Key",
            &format!("once{}", path.replace('/', "-")),
        );
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    };
    let first = send(path, Some(&pause)).await;
    let again = send(path, Some(&pause)).await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.text(), again.text());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.header("idempotent-replayed"), None);
    let other = send(path, Some(&json!({"reason": "Khác"}))).await;
    other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(office.deeds("destination.paused").await, 1);

    let path = "/v1/admin/destinations/national/resume";
    let first = send(path, None).await;
    let again = send(path, None).await;
    assert_eq!((first.text(), again.status), (again.text(), 200));
    assert_eq!(office.deeds("destination.resumed").await, 1);

    let stay = office.declare("hotel").await;
    let open = office.listed("&state=open").await;
    assert_eq!(open[0]["stay_id"], stay);
    let path = requeue_path(&text(&open[0]["id"]));
    // On its way: nothing was changed, and a replay says the same whatever happened since.
    let first = send(&path, None).await;
    assert_eq!(first.json()["outcome"], "on_its_way");
    let aside = "UPDATE outbox_task SET state = 'parked', settled_at = created_at";
    office.services.database().execute(aside).await;
    let again = send(&path, None).await;
    assert_eq!((first.text(), again.status), (again.text(), 200));
    assert_eq!(office.deeds("delivery.requeued").await, 0);

    // A refusal leaves the key free.
    let answered = "UPDATE outbox_task SET state = 'refused'";
    office.services.database().execute(answered).await;
    let call = || {
        let call = office.admin.call("POST", &path);
        call.header("Idempotency-Key", "another")
    };
    call().send().await.expect_problem(409, "delivery_settled");
    office.services.database().execute(aside).await;
    let first = call().send().await;
    assert_eq!(first.json()["outcome"], "requeued");
    let again = call().send().await;
    assert_eq!((first.text(), again.status), (again.text(), 200));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(office.deeds("delivery.requeued").await, 1);

    // For many stays, the key guards only the body.
    let path = "/v1/admin/deliveries/requeue";
    for _ in 0..2 {
        send(path, Some(&json!({}))).await.expect(200);
    }
    let other = send(path, Some(&json!({"destination": "38"}))).await;
    other.expect_problem(422, "idempotency_key_reused");
}

async fn only_administrators_operate_and_what_is_not_there_is_404(database: Database) {
    let river = River::shared(database).await;
    let one = format!("/v1/admin/deliveries/{UNKNOWN}");
    let again = requeue_path(UNKNOWN);
    let table = [
        ("GET", "/v1/admin/deliveries", None),
        ("GET", one.as_str(), None),
        ("POST", again.as_str(), None),
        ("POST", "/v1/admin/deliveries/requeue", Some(json!({}))),
        ("GET", "/v1/admin/destinations", None),
        ("GET", "/v1/admin/destinations/38", None),
        (
            "POST",
            "/v1/admin/destinations/38/pause",
            Some(json!({"reason": "x"})),
        ),
        ("POST", "/v1/admin/destinations/38/resume", None),
    ];
    let send = async |caller: &Caller, method: &str, path: &str, body: Option<&Value>| {
        let call = caller.call(method, path);
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    };
    for (method, path, body) in &table {
        for name in ["hotel", "integrator", "police"] {
            let answer = send(&river.caller(name), method, path, body.as_ref()).await;
            answer.expect_problem(404, "not_found");
        }
        let answer = send(&river.stranger(), method, path, body.as_ref()).await;
        answer.expect_problem(401, "unauthorized");
    }
    let admin = river.caller("admin");
    let nowhere = [
        ("GET", one.as_str(), None),
        ("GET", "/v1/admin/deliveries/x", None),
        ("POST", again.as_str(), None),
        ("POST", "/v1/admin/deliveries/x/requeue", None),
        ("GET", "/v1/admin/destinations/nowhere", None),
        ("GET", "/v1/admin/destinations/%00", None),
        (
            "POST",
            "/v1/admin/destinations/nowhere/pause",
            Some(json!({"reason": "x"})),
        ),
        ("POST", "/v1/admin/destinations/nowhere/resume", None),
    ];
    for (method, path, body) in &nowhere {
        let answer = send(&admin, method, path, body.as_ref()).await;
        answer.expect_problem(404, "not_found");
    }
}

async fn a_request_that_breaks_rules_names_all_of_them(database: Database) {
    let river = River::shared(database).await;
    let admin = river.caller("admin");
    let path = "/v1/admin/deliveries?state=gone&destination=nowhere&facility_id=x&cursor=x&statr=y";
    let problem = admin
        .get(path)
        .await
        .expect_problem(422, "validation_failed");
    let mut pointers = pointers(&problem);
    pointers.sort();
    let expected = [
        "/query/cursor invalid_cursor",
        "/query/destination invalid_filter",
        "/query/facility_id invalid_filter",
        "/query/state invalid_filter",
        "/query/statr unknown_field",
    ];
    assert_eq!(pointers, expected);
    let table = [
        (
            "/v1/admin/destinations/38/pause",
            json!({"until": "2026-01-01T00:00:00+07:00", "by": "me"}),
            vec![
                "/reason required",
                "/until until_in_past",
                "/by unknown_field",
            ],
        ),
        (
            "/v1/admin/deliveries/requeue",
            json!({"destination": 38, "all": true}),
            vec!["/destination invalid_type", "/all unknown_field"],
        ),
        (
            "/v1/admin/deliveries/requeue",
            json!({"destination": "nowhere"}),
            vec!["/destination unknown_code"],
        ),
    ];
    for (path, body, expected) in table {
        let answer = admin.post(path, &body).await;
        let problem = answer.expect_problem(422, "validation_failed");
        assert_eq!(self::pointers(&problem), expected, "{path}");
    }
}

fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().unwrap();
    let pair = |error: &Value| format!("{} {}", text(&error["pointer"]), text(&error["code"]));
    errors.iter().map(pair).collect()
}
