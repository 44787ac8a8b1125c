//! Organisations, facilities and keys: by command and by the admin API, the same things.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Caller, Database, Process, Services, on_both_databases, people, run_to_end};

/// Keys are remembered for two seconds.
const KEY_FORGOTTEN: Duration = Duration::from_secs(15);
const UNKNOWN: &str = "0190c8f0-a000-7000-8000-00000000abcd";

on_both_databases![
    a_hotel_is_set_up_by_command_and_declares,
    a_hotel_is_set_up_by_the_api_and_declares,
    what_is_asked_twice_under_a_key_is_made_once,
    a_change_names_its_version_and_its_day,
    an_ended_facility_takes_no_declarations_and_keeps_its_stays,
    an_ended_organisation_says_why,
    a_key_says_whose_it_is_and_when_it_was_used,
    only_administrators_keep_the_directory,
    a_command_that_is_wrong_names_the_option,
];

struct Office {
    services: Services,
    address: String,
    admin: Caller,
    _api: Process,
}

impl Office {
    async fn open(database: Database) -> Self {
        let services = Services::install(database).await;
        let (api, address) = services.start_api().await;
        Self {
            admin: services.caller(&address, "admin"),
            services,
            address,
            _api: api,
        }
    }

    async fn command(&self, arguments: &[&str]) -> String {
        let ending = run_to_end(arguments, self.services.settings()).await;
        assert_eq!(ending.code, Some(0), "{arguments:?}: {}", ending.log);
        ending.output.trim().to_owned()
    }

    async fn shown(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.command(arguments).await).unwrap()
    }

    fn caller(&self, key: &str) -> Caller {
        Caller::new(&self.address, Some(key))
    }

    /// An organisation with a hotel and a key for it; the ids of both and the key's text.
    async fn hotel(&self, code: &str) -> (String, String, String) {
        let organisation = json!({"code": code, "name": "Công ty Biển Xanh"});
        let organisation = self.made("/v1/admin/organisations", &organisation).await;
        let hotel = self.made("/v1/admin/facilities", &hotel(code)).await;
        let facility_id = text(&hotel["id"]);
        let key = json!({"organisation_code": code, "role": "declarant", "label": "desk",
            "facility_ids": [facility_id]});
        let key = self.made("/v1/admin/keys", &key).await;
        (text(&organisation["id"]), facility_id, text(&key["secret"]))
    }

    async fn made(&self, path: &str, body: &Value) -> Value {
        self.admin.post(path, body).await.expect(201)
    }

    async fn count(&self, query: &str) -> i64 {
        self.services.database().count(query).await
    }

    fn change(&self, path: &str, version: u32, patch: &Value) -> tests::Call {
        let call = self.admin.call("PATCH", path);
        let call = call.header("If-Match", &format!("\"{version}\""));
        call.body("application/merge-patch+json", patch.to_string())
    }
}

fn hotel(code: &str) -> Value {
    json!({"organisation_code": code, "kind": "lodging_business", "subkind": "hotel",
        "name": "Khách sạn Biển Xanh", "address": "Số 1 đường Hồ Xuân Hương",
        "commune_code": "16531", "capacity": 80})
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().clone()
}

async fn a_hotel_is_set_up_by_command_and_declares(database: Database) {
    let office = Office::open(database).await;
    let organisation = ["organisation", "create", "--code", "bien-xanh", "--name"];
    let made = [&organisation[..], &["Công ty Biển Xanh", "--as", "lan"]].concat();
    let organisation_id = office.command(&made).await;
    let place = [
        "--commune",
        "16531",
        "--address",
        "Số 1 đường Hồ Xuân Hương",
    ];
    let kind = ["--kind", "lodging_business", "--subkind", "hotel"];
    let facility = [
        "facility",
        "create",
        "--organisation",
        "bien-xanh",
        "--name",
        "Biển Xanh",
    ];
    let facility_id = office
        .command(&[&facility[..], &kind[..], &place[..]].concat())
        .await;
    let key = [
        "key",
        "create",
        "--organisation-code",
        "bien-xanh",
        "--role",
        "declarant",
    ];
    let rest = ["--facility-id", &facility_id, "--label", "front desk"];
    let key = office.command(&[&key[..], &rest[..]].concat()).await;

    let desk = office.caller(&key);
    let stay = desk.accepted(&people::citizen(&facility_id)).await;
    assert_eq!(stay["facility_id"], facility_id);
    let seen = desk.get("/v1/facilities").await.expect(200);
    assert_eq!(items(&seen)[0]["province_code"], "38");

    // The API shows the same.
    let path = format!("/v1/admin/organisations/{organisation_id}");
    let by_api = office.admin.get(&path).await.expect(200);
    let listed = office.shown(&["organisation", "list", "--json"]).await;
    assert!(listed.as_array().unwrap().contains(&by_api), "{listed}");
    let path = format!("/v1/admin/facilities/{facility_id}");
    let by_api = office.admin.get(&path).await.expect(200);
    let listed = ["facility", "list", "--organisation", "bien-xanh", "--json"];
    assert_eq!(office.shown(&listed).await, json!([by_api]));

    let change = [
        "facility",
        "change",
        &facility_id,
        "--capacity",
        "120",
        "--json",
    ];
    assert_eq!(office.shown(&change).await["capacity"], 120);
    office.command(&["facility", "end", &facility_id]).await;
    office.command(&["facility", "reopen", &facility_id]).await;
    office
        .command(&["organisation", "change", "bien-xanh", "--name", "Khác"])
        .await;
    for action in [
        "organisation.created",
        "organisation.changed",
        "facility.created",
        "facility.changed",
        "facility.ended",
        "facility.reopened",
        "key.created",
    ] {
        let query = format!(
            "SELECT COUNT(*) FROM audit_entry e JOIN operator o ON o.id = e.actor_id \
             WHERE e.actor_kind = 'operator' AND e.action = '{action}'"
        );
        assert_eq!(office.count(&query).await, 1, "{action}");
    }
    let named = "SELECT COUNT(*) FROM operator WHERE name = 'lan'";
    assert_eq!(office.count(named).await, 1);
}

async fn a_hotel_is_set_up_by_the_api_and_declares(database: Database) {
    let office = Office::open(database).await;
    let (organisation_id, facility_id, key) = office.hotel("bien-xanh").await;
    let desk = office.caller(&key);
    desk.accepted(&people::citizen(&facility_id)).await;

    let path = format!("/v1/admin/facilities?organisation_id={organisation_id}");
    let page = office.admin.get(&path).await.expect(200);
    let expected = json!({"kind": "lodging_business", "subkind": "hotel", "capacity": 80,
        "commune_code": "16531", "province_code": "38", "is_remote": false, "state": "open",
        "organisation_code": "bien-xanh", "version": 1, "upcoming": [], "ended_at": null});
    let [shown] = &items(&page)[..] else {
        panic!("{page}")
    };
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let page = office.admin.get("/v1/admin/organisations?limit=1").await;
    let page = page.expect(200);
    let cursor = text(&page["next_cursor"]);
    let rest = format!("/v1/admin/organisations?cursor={cursor}");
    let rest = office.admin.get(&rest).await.expect(200);
    let all = [items(&page), items(&rest)].concat();
    assert!(all.iter().any(|one| one["code"] == "bien-xanh"), "{all:?}");
    let distinct = "SELECT COUNT(*) FROM organisation";
    assert_eq!(
        i64::try_from(all.len()).unwrap(),
        office.count(distinct).await
    );

    let mut old = hotel("bien-xanh");
    old["commune_code"] = json!("00001");
    let refused = office.admin.post("/v1/admin/facilities", &old).await;
    let problem = refused.expect_problem(422, "validation_failed");
    assert_eq!(
        problem["errors"][0]["code"], "commune_replaced",
        "{problem}"
    );
    let message = text(&problem["errors"][0]["message"]);
    assert!(message.contains("Mã hiện nay: "), "{message}");
    let taken = json!({"code": "bien-xanh", "name": "Khác"});
    let taken = office.admin.post("/v1/admin/organisations", &taken).await;
    taken.expect_problem(409, "code_taken");
    let ownerless = office
        .admin
        .post("/v1/admin/facilities", &hotel("nobody"))
        .await;
    let problem = ownerless.expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "organisation_unknown");
}

async fn what_is_asked_twice_under_a_key_is_made_once(database: Database) {
    let office = Office::open(database).await;
    let twice = async |path: &str, body: &Value| {
        let ask = || {
            office
                .admin
                .call("POST", path)
                .header("Idempotency-Key", "k-1")
                .json(body)
        };
        let first = ask().send().await;
        let first_text = first.text();
        let made = first.expect(201);
        let id = text(&made["id"]);
        (made, first_text, id)
    };
    let organisation = json!({"code": "bien-xanh", "name": "Biển Xanh"});
    let (_, first_text, id) = twice("/v1/admin/organisations", &organisation).await;
    // Changed since: the replay returns the original answer.
    let path = format!("/v1/admin/organisations/{id}");
    let patch = json!({"name": "Khác", "ended_at": "2099-01-01T00:00:00+07:00"});
    let patched = office.change(&path, 1, &patch).send().await.expect(200);
    assert_eq!(patched["version"], 2);
    let again = office.admin.call("POST", "/v1/admin/organisations");
    let again = again
        .header("Idempotency-Key", "k-1")
        .json(&organisation)
        .send()
        .await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (200, Some("true"))
    );
    assert_eq!(again.text(), first_text);
    let other = json!({"code": "khac", "name": "Biển Xanh"});
    let reused = office.admin.call("POST", "/v1/admin/organisations");
    let reused = reused
        .header("Idempotency-Key", "k-1")
        .json(&other)
        .send()
        .await;
    reused.expect_problem(422, "idempotency_key_reused");

    let call = |path: &str, key: &str, body: &Value| {
        office
            .admin
            .call("POST", path)
            .header("Idempotency-Key", key)
            .json(body)
    };
    let first = call("/v1/admin/facilities", "k-2", &hotel("bien-xanh"))
        .send()
        .await;
    let first_text = first.text();
    let facility_id = text(&first.expect(201)["id"]);
    let path = format!("/v1/admin/facilities/{facility_id}");
    let patch = json!({"commune_code": "14797", "capacity": null});
    let change = || {
        office
            .change(&path, 1, &patch)
            .header("Idempotency-Key", "k-3")
    };
    let changed = change().send().await;
    let changed_text = changed.text();
    assert_eq!(changed.expect(200)["version"], 2);
    office.admin.call("DELETE", &path).send().await.expect(200);
    for (call, expected) in [
        (
            call("/v1/admin/facilities", "k-2", &hotel("bien-xanh")),
            first_text,
        ),
        (change(), changed_text),
    ] {
        let again = call.send().await;
        assert_eq!(
            (again.status, again.header("idempotent-replayed")),
            (200, Some("true"))
        );
        assert_eq!(again.text(), expected);
    }
    // Without a key, from the version before: the change that made the present one.
    let reopened = json!({"ended_at": null});
    office.change(&path, 3, &reopened).send().await.expect(200);
    let said_again = office.change(&path, 3, &reopened).send().await.expect(200);
    assert_eq!(said_again["version"], 4);

    let draft = json!({"organisation_code": "bien-xanh", "role": "declarant", "label": "desk",
        "facility_ids": [facility_id]});
    let made = call("/v1/admin/keys", "k-4", &draft)
        .send()
        .await
        .expect(201);
    let replayed = call("/v1/admin/keys", "k-4", &draft).send().await;
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
    let replayed = replayed.expect(200);
    assert_eq!(replayed["secret"], Value::Null);
    let mut expected = made.clone();
    expected["secret"] = Value::Null;
    assert_eq!(replayed, expected);
    let keys = "SELECT COUNT(*) FROM api_key WHERE label = 'desk'";
    assert_eq!(office.count(keys).await, 1);
    let facilities = "SELECT COUNT(*) FROM facility WHERE capacity IS NULL AND version = 4";
    assert_eq!(office.count(facilities).await, 1);
}

async fn a_change_names_its_version_and_its_day(database: Database) {
    let office = Office::open(database).await;
    let (_, facility_id, key) = office.hotel("bien-xanh").await;
    let path = format!("/v1/admin/facilities/{facility_id}");
    let unnamed = office.admin.call("PATCH", &path);
    let unnamed = unnamed
        .body("application/merge-patch+json", "{}")
        .send()
        .await;
    unnamed.expect_problem(428, "precondition_required");
    let stale = office
        .change(&path, 7, &json!({"name": "Khác"}))
        .send()
        .await;
    assert_eq!(stale.header("etag"), Some("\"1\""));
    stale.expect_problem(412, "version_mismatch");

    let later = json!({"valid_from": "2099-01-01", "commune_code": "14797", "kind": "guest_house"});
    let answer = office.change(&path, 1, &later).send().await;
    assert_eq!(answer.header("etag"), Some("\"2\""));
    let shown = answer.expect(200);
    assert_eq!(shown["commune_code"], "16531", "not yet: {shown}");
    assert_eq!(shown["upcoming"][0]["valid_from"], "2099-01-01");
    assert_eq!(shown["upcoming"][0]["changes"]["commune_code"], "14797");
    assert_eq!(shown["upcoming"][0]["changes"]["kind"], "guest_house");
    // Its day has come.
    let come = "UPDATE directory_change SET valid_from = '2026-01-01' WHERE version = 2 ";
    let first = "UPDATE directory_change SET valid_from = '2025-12-31' WHERE version = 1 ";
    for statement in [come, first] {
        office.services.database().execute(statement).await;
    }
    let shown = office.admin.get(&path).await.expect(200);
    assert_eq!(
        (&shown["commune_code"], &shown["kind"], &shown["subkind"]),
        (&json!("14797"), &json!("guest_house"), &Value::Null)
    );
    assert_eq!(shown["upcoming"], json!([]));
    let desk = office.caller(&key);
    tests::eventually("the new commune", KEY_FORGOTTEN, async || {
        let seen = desk.get(&format!("/v1/facilities/{facility_id}")).await;
        seen.expect(200)["commune_code"] == "14797"
    })
    .await;
    desk.accepted(&people::citizen(&facility_id)).await;
    let sent = "SELECT COUNT(*) FROM outbox_task WHERE destination = '14797'";
    assert_eq!(office.count(sent).await, 1);

    let wrong = json!({"valid_from": "2026-01-01", "commune_code": "00001", "name": null, "x": 1});
    let problem = office.change(&path, 2, &wrong).send().await;
    let problem = problem.expect_problem(422, "validation_failed");
    let codes: Vec<&Value> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["code"])
        .collect();
    let expected = [
        "valid_from_in_past",
        "commune_replaced",
        "required",
        "unknown_field",
    ];
    assert_eq!(codes, expected, "{problem}");
}

async fn an_ended_facility_takes_no_declarations_and_keeps_its_stays(database: Database) {
    let office = Office::open(database).await;
    let (_, facility_id, key) = office.hotel("bien-xanh").await;
    let desk = office.caller(&key);
    let first = people::citizen(&facility_id);
    let stay = desk.declare_as("k-1", &first).await.expect(201);
    let id = text(&stay["id"]);
    let path = format!("/v1/admin/facilities/{facility_id}");
    let ended = office.admin.call("DELETE", &path).send().await.expect(200);
    assert_eq!(
        (&ended["state"], &ended["version"]),
        (&json!("ended"), &json!(2))
    );
    let again = office.admin.call("DELETE", &path).send().await.expect(200);
    assert_eq!(again, ended);

    tests::eventually("the end of the facility", KEY_FORGOTTEN, async || {
        let seen = desk.get(&format!("/v1/facilities/{facility_id}")).await;
        seen.expect(200)["ended_at"] == ended["ended_at"]
    })
    .await;
    let mut other = people::citizen(&facility_id);
    let refused = desk.declare(&other).await;
    let problem = refused.expect_problem(422, "validation_failed");
    let error = json!([{"pointer": "/facility_id", "code": "facility_ended",
        "message": problem["errors"][0]["message"]}]);
    assert_eq!(problem["errors"], error);
    other.as_object_mut().unwrap().remove("facility_id");
    let refused = desk.declare(&other).await;
    let problem = refused.expect_problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "facility_ended");
    let batch = json!({"stays": [other]});
    let batch = desk.post("/v1/stays/batch", &batch).await.expect(200);
    let problem = &batch["results"][0]["problem"];
    assert_eq!(problem["errors"][0]["code"], "facility_ended", "{batch}");
    let judged = desk.post("/v1/stays/validate", &other).await.expect(200);
    assert_eq!(judged["errors"][0]["code"], "facility_ended", "{judged}");
    let taken_at = tests::now().to_rfc3339();
    let line = json!({"room": "9", "expected_departure_at": other["expected_departure_at"],
        "guest": other["guest"]});
    let census = json!({"taken_at": taken_at, "missing": "ask", "stays": [line]});
    let path = format!("/v1/facilities/{facility_id}/census");
    let census = desk
        .call("PUT", &path)
        .json(&census)
        .send()
        .await
        .expect(200);
    assert_eq!(census["arrived"], 0, "{census}");

    // An honest resend, a change and a departure are none of them new.
    let resent = desk.declare_as("k-1", &first).await;
    assert_eq!(
        (resent.status, resent.header("idempotent-replayed")),
        (200, Some("true"))
    );
    let amended = desk
        .amend(&id, 1, &json!({"room": "305", "reason": "đổi phòng"}))
        .await;
    assert_eq!(amended.expect(200)["room"], "305");
    let gone = json!({"departed_at": tests::now().to_rfc3339()});
    let departed = desk.act(&id, "departure", 2, &gone).await.expect(200);
    assert_eq!(departed["presence"], "departed");
    assert_eq!(desk.stay(&id).await["version"], 3);
}

async fn an_ended_organisation_says_why(database: Database) {
    let office = Office::open(database).await;
    let (organisation_id, facility_id, key) = office.hotel("bien-xanh").await;
    let path = format!("/v1/admin/organisations/{organisation_id}");
    let ended = office.admin.call("DELETE", &path).send().await.expect(200);
    assert_eq!(ended["state"], "ended");
    let desk = office.caller(&key);
    tests::eventually("the end of the organisation", KEY_FORGOTTEN, async || {
        let refused = desk.declare(&people::citizen(&facility_id)).await;
        refused.status == 422 && refused.text().contains("facility_ended")
    })
    .await;
    let listed = ["key", "list", "--organisation-code", "bien-xanh", "--json"];
    let listed = office.shown(&listed).await;
    assert_eq!(listed[0]["state"], "organisation_ended", "{listed}");
    let shown = office
        .admin
        .get(&format!("/v1/admin/facilities/{facility_id}"))
        .await;
    assert_eq!(shown.expect(200)["state"], "ended");
    for (path, body) in [
        ("/v1/admin/facilities", hotel("bien-xanh")),
        (
            "/v1/admin/keys",
            json!({"organisation_code": "bien-xanh", "role": "admin", "label": "x"}),
        ),
    ] {
        let refused = office.admin.post(path, &body).await;
        let problem = refused.expect_problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], "organisation_ended", "{path}");
    }
    office
        .command(&["organisation", "reopen", "bien-xanh"])
        .await;
    tests::eventually("the organisation again", KEY_FORGOTTEN, async || {
        desk.declare(&people::citizen(&facility_id)).await.status == 201
    })
    .await;
}

async fn a_key_says_whose_it_is_and_when_it_was_used(database: Database) {
    let office = Office::open(database).await;
    let (organisation_id, facility_id, _) = office.hotel("bien-xanh").await;
    let draft = json!({"organisation_code": "bien-xanh", "role": "integrator", "label": "PMS",
        "facility_ids": [facility_id], "expires_in_days": 20});
    let made = office.made("/v1/admin/keys", &draft).await;
    let expected = json!({"organisation_id": organisation_id, "organisation_code": "bien-xanh",
        "role": "integrator", "label": "PMS", "facility_ids": [facility_id], "communes": [],
        "provinces": [], "state": "expires_soon", "last_used_at": null, "revoked_at": null});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let admin = items(
        &office
            .admin
            .get("/v1/admin/keys?limit=200")
            .await
            .expect(200),
    );
    let admin = admin.iter().find(|key| key["role"] == "admin").unwrap();
    assert_eq!(made["created_by"], admin["id"], "who made it");

    let path = format!("/v1/admin/keys/{}", text(&made["id"]));
    let pms = office.caller(made["secret"].as_str().unwrap());
    let limits = pms.get("/v1/limits").await.expect(200);
    assert_eq!(
        limits["key_expires_at"], made["expires_at"],
        "its holder is told too"
    );
    tests::eventually("the use of the key", KEY_FORGOTTEN, async || {
        office.admin.get(&path).await.expect(200)["last_used_at"].is_string()
    })
    .await;
    let uses = "SELECT COUNT(*) FROM api_key_use";
    assert!(
        office.count(uses).await >= 2,
        "this key and the administrator's"
    );

    let plain = json!({"organisation_code": "bien-xanh", "role": "integrator", "label": "year"});
    let year = office.made("/v1/admin/keys", &plain).await;
    let days = |key: &Value, name: &str| {
        let at = chrono::DateTime::parse_from_rfc3339(key[name].as_str().unwrap());
        at.unwrap().timestamp() / 86_400
    };
    assert_eq!(days(&year, "expires_at") - days(&year, "created_at"), 365);
    let endless = [
        "key",
        "create",
        "--organisation-code",
        "bien-xanh",
        "--role",
        "integrator",
    ];
    let endless = [
        &endless[..],
        &[
            "--label",
            "for ever",
            "--no-expiry",
            "--json",
            "--as",
            "lan",
        ],
    ];
    let endless = office.shown(&endless.concat()).await;
    assert_eq!(
        (&endless["expires_at"], &endless["created_by"]),
        (&Value::Null, &json!("lan"))
    );

    let revoked = office.admin.call("DELETE", &path).send().await.expect(200);
    assert_eq!(revoked["state"], "revoked");
    let again = office.admin.call("DELETE", &path).send().await.expect(200);
    assert_eq!(again["revoked_at"], revoked["revoked_at"]);
    office
        .command(&["key", "revoke", endless["id"].as_str().unwrap()])
        .await;
    for (kind, action, count) in [
        ("api_key", "key.created", 3),
        ("api_key", "key.revoked", 1),
        ("operator", "key.created", 1),
        ("operator", "key.revoked", 1),
    ] {
        let query = format!(
            "SELECT COUNT(*) FROM audit_entry WHERE actor_kind = '{kind}' AND action = '{action}' \
             AND subject_kind = 'api_key'"
        );
        assert_eq!(office.count(&query).await, count, "{kind} {action}");
    }
    tests::eventually("the end of the key", KEY_FORGOTTEN, async || {
        pms.get("/v1/limits").await.status == 401
    })
    .await;
    let list = office
        .command(&["key", "list", "--organisation-code", "bien-xanh"])
        .await;
    for word in ["PMS", "revoked", "1 facility", "by lan", "until never"] {
        assert!(list.contains(word), "{word} in {list}");
    }
}

async fn only_administrators_keep_the_directory(database: Database) {
    let office = Office::open(database).await;
    for name in ["hotel", "integrator", "police"] {
        let caller = office.services.caller(&office.address, name);
        for path in ["organisations", "facilities", "keys"] {
            let path = format!("/v1/admin/{path}");
            caller.get(&path).await.expect_problem(404, "not_found");
            let made = caller.post(&path, &json!({})).await;
            made.expect_problem(404, "not_found");
            let one = format!("{path}/{UNKNOWN}");
            let deleted = caller.call("DELETE", &one).send().await;
            deleted.expect_problem(404, "not_found");
        }
    }
    for path in ["organisations", "facilities", "keys"] {
        for id in [UNKNOWN, "x"] {
            let path = format!("/v1/admin/{path}/{id}");
            office
                .admin
                .get(&path)
                .await
                .expect_problem(404, "not_found");
            let deleted = office.admin.call("DELETE", &path).send().await;
            deleted.expect_problem(404, "not_found");
        }
    }
    let before = "SELECT COUNT(*) FROM audit_entry WHERE subject_kind = 'organisation'";
    assert_eq!(office.count(before).await, 0);
}

async fn a_command_that_is_wrong_names_the_option(database: Database) {
    let services = Services::install(database).await;
    let place = ["--name", "x", "--address", "y", "--kind", "school"];
    let create = |more: &[&'static str]| [&["facility", "create"], &place[..], more].concat();
    let key = |more: &[&'static str]| {
        [
            &[
                "key",
                "create",
                "--organisation-code",
                "demo",
                "--label",
                "x",
            ],
            more,
        ]
        .concat()
    };
    let table: Vec<(Vec<&str>, &str)> = vec![
        (
            vec!["organisation", "create", "--code", "Biển", "--name", "x"],
            "--code: A code has small letters",
        ),
        (
            vec!["organisation", "create", "--code", "demo", "--name", "x"],
            "--code: another organisation has this code",
        ),
        (
            vec!["organisation", "end", "nobody"],
            "there is no organisation nobody",
        ),
        (
            create(&["--organisation", "nobody", "--commune", "16531"]),
            "there is no organisation nobody",
        ),
        (
            create(&["--organisation", "demo", "--commune", "00001"]),
            "--commune: This is the code of a commune that existed before",
        ),
        (
            create(&["--organisation", "demo", "--commune", "99999"]),
            "--commune: No commune has this code",
        ),
        (
            create(&[
                "--organisation",
                "demo",
                "--commune",
                "16531",
                "--subkind",
                "hotel",
            ]),
            "--subkind: This word is not in its catalogue",
        ),
        (vec!["facility", "end", UNKNOWN], "there is no facility"),
        (key(&["--role", "declarant"]), "--facility-id: "),
        (key(&["--role", "police"]), "--commune: "),
        (
            key(&["--role", "admin", "--province", "38"]),
            "--province: Keys of this role",
        ),
        (
            key(&["--role", "admin", "--expires-in-days", "4000"]),
            "--expires-in-days: ",
        ),
        (
            key(&["--role", "declarant", "--facility-id", UNKNOWN]),
            "--facility-id: ",
        ),
        (vec!["key", "revoke", UNKNOWN], "there is no key"),
    ];
    for (arguments, sentence) in table {
        let ending = run_to_end(&arguments, services.settings()).await;
        assert_eq!(ending.code, Some(2), "{arguments:?}");
        assert!(
            ending.log.contains(sentence),
            "{arguments:?}: {}",
            ending.log
        );
    }
    let deeds = "SELECT COUNT(*) FROM audit_entry WHERE actor_kind = 'operator'";
    assert_eq!(services.database().count(deeds).await, 0);
}
