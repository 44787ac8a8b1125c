//! People sign in: by password and code or enrolled machine, by one-time links; sessions end when
//! they should; nobody is signed in by another site.

use serde_json::{Value, json};
use tests::{
    Database, Person, River, Services, WrongClock, code_of, on_both_databases, people, run_to_end,
};

on_both_databases![
    a_wrong_name_and_a_wrong_password_are_answered_alike,
    a_person_chooses_a_password_and_enrols_an_authenticator,
    a_code_is_good_once,
    a_session_ends_when_its_rights_change,
    a_changed_password_ends_every_other_session,
    guessing_locks_out_nobody_else,
    a_desk_needs_a_code_or_an_enrolled_machine,
    another_site_changes_nothing,
    what_a_person_declares_is_theirs,
    a_forged_account_is_none,
];

const PASSWORD: &str = "trống đồng mưa phùn 7 cây cầu";
const OTHER_PASSWORD: &str = "bảy con cò trắng trên 9 cọc tre";

/// Somebody new, made by the administrator: the name, and the token of the link.
async fn invited(river: &River, account: &Value) -> (String, String, String) {
    let admin = river.person("admin").await;
    let made = admin.post("/v1/accounts", account).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let url = text(&made["invitation"]["url"]);
    let token = text(&made["invitation"]["token"]);
    assert!(url.ends_with(&format!("/invitation/{token}")), "{url}");
    (text(&made["id"]), text(&made["name"]), token)
}

fn officer() -> Value {
    json!({"organisation_code": "demo-police", "name": fresh("officer"),
        "role": "province_officer", "areas": [{"province": "38"}]})
}

fn desk(river: &River) -> Value {
    json!({"organisation_code": "demo", "name": fresh("desk"), "role": "front_desk",
        "facility_ids": [river.facility("hotel")]})
}

fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", people::next())
}

async fn a_wrong_name_and_a_wrong_password_are_answered_alike(database: Database) {
    let river = River::shared(database).await;
    let person = Person::at(river.api());
    let name = &river.account("manager").name;
    let wrong_password = person.sign_in(name, "sai mật khẩu rồi").await;
    let wrong_name = person.sign_in("khong-co-ai", "sai mật khẩu rồi").await;
    for answer in [&wrong_password, &wrong_name] {
        answer.expect_problem(401, "sign_in_failed");
        assert!(answer.header("www-authenticate").is_some());
        assert!(answer.header("set-cookie").is_none());
    }
    let [one, other] = [&wrong_password, &wrong_name].map(|answer| answer.json());
    for member in ["title", "detail", "status", "code"] {
        assert_eq!(one[member], other[member], "{member}");
    }
}

async fn a_person_chooses_a_password_and_enrols_an_authenticator(database: Database) {
    let river = River::shared(database).await;
    let (_, name, token) = invited(river, &officer()).await;
    let person = Person::at(river.api());
    person
        .sign_in(&name, PASSWORD)
        .await
        .expect_problem(401, "sign_in_failed");
    for (password, code) in [
        ("ngắn", "password_too_short"),
        ("matkhau12345", "password_common"),
    ] {
        let refused = person.accept(&token, password).await.violations();
        assert_eq!(refused, [("/password".to_owned(), code.to_owned())].into());
    }
    assert_eq!(person.accept(&token, PASSWORD).await.status, 204);
    person
        .accept(&token, OTHER_PASSWORD)
        .await
        .expect_problem(404, "invitation_invalid");

    let opened = person.sign_in(&name, PASSWORD).await.expect(200);
    assert_eq!(opened["next"], "enrolment");
    let first = person.cookie("luutru_session").unwrap();
    person
        .get("/v1/police/notifications")
        .await
        .expect_problem(401, "second_factor_required");
    let (secret, codes) = person.enrol().await;
    assert_eq!(codes.as_array().unwrap().len(), 10);
    person.get("/v1/police/notifications").await.expect(200);

    // The session of the password alone is none any more: who knew its token has nothing.
    let thief = Person::at(river.api());
    thief.set_cookie("luutru_session", &first);
    thief
        .get("/v1/session")
        .await
        .expect_problem(401, "session_ended");

    let again = Person::at(river.api());
    assert_eq!(
        again.sign_in(&name, PASSWORD).await.expect(200)["next"],
        "code"
    );
    again
        .present("000000")
        .await
        .expect_problem(401, "code_rejected");
    assert_eq!(again.present(&code_of(&secret, 0)).await.status, 204);
    let session = again.get("/v1/session").await.expect(200);
    assert_eq!(session["stage"], "complete");
    assert_eq!(session["account"]["has_second_factor"], true);

    let without = Person::at(river.api());
    without.sign_in(&name, PASSWORD).await.expect(200);
    let code = codes[0].as_str().unwrap();
    assert_eq!(without.present(code).await.status, 204, "a recovery code");
    let twice = Person::at(river.api());
    twice.sign_in(&name, PASSWORD).await.expect(200);
    twice
        .present(code)
        .await
        .expect_problem(401, "code_rejected");
}

async fn a_code_is_good_once(database: Database) {
    let river = River::shared(database).await;
    let (_, name, token) = invited(river, &officer()).await;
    let person = Person::at(river.api());
    person.accept(&token, PASSWORD).await;
    person.sign_in(&name, PASSWORD).await.expect(200);
    let (secret, _) = person.enrol().await;
    let code = code_of(&secret, 1);
    let (one, other) = (Person::at(river.api()), Person::at(river.api()));
    for twin in [&one, &other] {
        twin.sign_in(&name, PASSWORD).await.expect(200);
    }
    let (first, second) = tokio::join!(one.present(&code), other.present(&code));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401], "of two at once, one is let in");
}

async fn a_session_ends_when_its_rights_change(database: Database) {
    let river = River::shared(database).await;
    let (id, name, token) = invited(river, &desk(river)).await;
    let person = Person::at(river.api());
    person.accept(&token, PASSWORD).await;
    let sign_in = async || {
        person.sign_in(&name, PASSWORD).await.expect(200);
        person.get("/v1/facilities").await.expect(200);
    };
    let admin = river.person("admin").await;
    let path = format!("/v1/accounts/{id}");

    sign_in().await;
    admin
        .patch(&path, &json!({"label": "Ca đêm"}))
        .await
        .expect(200);
    person.get("/v1/facilities").await.expect(200);
    let scope = json!({"facility_ids": [river.facility("guest_house")]});
    admin.patch(&path, &scope).await.expect(200);
    person
        .get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");

    sign_in().await;
    let listed = person.get("/v1/sessions").await.expect(200);
    let session = listed["items"][0]["id"].as_str().unwrap();
    let session = format!("/v1/sessions/{session}");
    assert_eq!(admin.delete(&session).await.status, 204);
    person
        .get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");

    sign_in().await;
    assert_eq!(person.delete("/v1/session").await.status, 204);
    person
        .get("/v1/facilities")
        .await
        .expect_problem(401, "unauthorized");

    sign_in().await;
    admin
        .patch(&path, &json!({"is_ended": true}))
        .await
        .expect(200);
    person
        .get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");
    person
        .sign_in(&name, PASSWORD)
        .await
        .expect_problem(401, "sign_in_failed");
}

async fn a_changed_password_ends_every_other_session(database: Database) {
    let river = River::shared(database).await;
    let (_, name, token) = invited(river, &desk(river)).await;
    let (here, elsewhere) = (Person::at(river.api()), Person::at(river.api()));
    here.accept(&token, PASSWORD).await;
    for person in [&here, &elsewhere] {
        person.sign_in(&name, PASSWORD).await.expect(200);
    }
    let change = json!({"present_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let wrong = json!({"present_password": OTHER_PASSWORD, "new_password": PASSWORD});
    here.post("/v1/session/password", &wrong)
        .await
        .expect_problem(401, "sign_in_failed");
    assert_eq!(here.post("/v1/session/password", &change).await.status, 204);
    here.get("/v1/facilities").await.expect(200);
    elsewhere
        .get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");
    elsewhere
        .sign_in(&name, PASSWORD)
        .await
        .expect_problem(401, "sign_in_failed");
    elsewhere.sign_in(&name, OTHER_PASSWORD).await.expect(200);
}

async fn guessing_locks_out_nobody_else(database: Database) {
    let river = River::start(database).await;
    let desk = river.account("desk").clone();
    let owner = river.person("desk").await;
    let guesser = Person::at(river.api());
    let mut refused = 0;
    for guess in 0..20 {
        let answer = guesser
            .sign_in(&desk.name, &format!("đoán mò lần {guess}"))
            .await;
        if answer.status == 429 {
            answer.expect_problem(429, "too_many_sign_ins");
            assert!(answer.header("retry-after").is_some());
            refused += 1;
        } else {
            answer.expect_problem(401, "sign_in_failed");
        }
    }
    assert!(refused >= 5, "{refused} of 20");
    // Who is signed in stays so, and other names open from the same address.
    owner.get("/v1/facilities").await.expect(200);
    let ward = river.account("ward");
    guesser
        .sign_in(&ward.name, &ward.password)
        .await
        .expect(200);
}

/// With the production profile, where nobody trusts a machine that was not enrolled.
async fn a_desk_needs_a_code_or_an_enrolled_machine(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let command = async |words: &[&str]| {
        let ending = run_to_end(&[&["account"][..], words].concat(), services.settings()).await;
        assert_eq!(ending.code, Some(0), "{}", ending.log);
        ending.output
    };
    let link = async |words: &[&str]| {
        let made = command(&[words, &["--json"]].concat()).await;
        let made: Value = serde_json::from_str(&made).unwrap();
        made["invitation"]["token"].as_str().unwrap().to_owned()
    };
    let hotel = services.facility("hotel");
    let demo = ["create", "--organisation-code", "demo"];
    let manager = ["--name", "quan-ly", "--role", "manager"];
    let manager_token = link(&[&demo[..], &manager[..]].concat()).await;
    let desk = [
        "--name",
        "le-tan",
        "--role",
        "front_desk",
        "--facility-id",
        hotel,
    ];
    let desk_token = link(&[&demo[..], &desk[..]].concat()).await;
    assert!(command(&["list"]).await.contains("le-tan"));

    // At the machine of the desk: first the manager, then the desk.
    let machine = Person::at(&address);
    machine.accept(&manager_token, PASSWORD).await;
    machine.accept(&desk_token, OTHER_PASSWORD).await;
    let opened = machine.sign_in("le-tan", OTHER_PASSWORD).await.expect(200);
    assert_eq!(opened["next"], "enrolment", "not enrolled yet");
    let opened = machine.sign_in("quan-ly", PASSWORD).await.expect(200);
    assert_eq!(opened["next"], "enrolment");
    machine.enrol().await;
    let wanted = json!({"facility_id": hotel, "label": "Quầy 1"});
    let enrolled = machine.post("/v1/machines", &wanted).await.expect(201);
    let foreign = json!({"facility_id": "0199c1c8-0280-7000-8000-0000000000aa", "label": "x"});
    let refused = machine.post("/v1/machines", &foreign).await.violations();
    assert_eq!(
        refused,
        [("/facility_id".to_owned(), "facility_unknown".to_owned())].into()
    );

    let opened = machine.sign_in("le-tan", OTHER_PASSWORD).await.expect(200);
    assert_eq!(opened["next"], "nothing");
    machine.get("/v1/facilities").await.expect(200);
    let elsewhere = Person::at(&address);
    let opened = elsewhere
        .sign_in("le-tan", OTHER_PASSWORD)
        .await
        .expect(200);
    assert_eq!(opened["next"], "enrolment");

    let manager = Person::at(&address);
    let new_link = link(&["change", "quan-ly", "--new-link"]).await;
    manager.accept(&new_link, PASSWORD).await;
    manager.sign_in("quan-ly", PASSWORD).await.expect(200);
    manager.enrol().await;
    let path = format!("/v1/machines/{}", enrolled["id"].as_str().unwrap());
    manager.delete(&path).await.expect(200);
    let opened = machine.sign_in("le-tan", OTHER_PASSWORD).await.expect(200);
    assert_eq!(opened["next"], "enrolment", "its enrolment was ended");
}

async fn another_site_changes_nothing(database: Database) {
    let river = River::shared(database).await;
    let desk = river.person("desk").await;
    let stay = people::citizen(river.facility("hotel"));
    let declare = |headers: &[(&str, &str)]| {
        let call = desk.bare_call("POST", "/v1/stays").json(&stay);
        let with = |call: tests::Call, (name, value): &(&str, &str)| call.header(name, value);
        headers.iter().fold(call, with).send()
    };
    for sent in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[],
        &[("X-CSRF-Token", "00")],
    ] {
        declare(sent).await.expect_problem(403, "cross_site");
    }
    let session = desk.get("/v1/session").await.expect(200);
    let token = session["csrf_token"].as_str().unwrap();
    declare(&[("X-CSRF-Token", token)]).await.expect(201);
    declare(&[("Origin", river.api())]).await.expect(200);
    let login = json!({"name": "x", "password": "y"});
    let login = river.stranger().call("POST", "/v1/session").json(&login);
    login
        .header("Sec-Fetch-Site", "cross-site")
        .send()
        .await
        .expect_problem(403, "cross_site");
}

async fn what_a_person_declares_is_theirs(database: Database) {
    let river = River::start(database).await;
    let desk = river.person("desk").await;
    let hotel = river.facility("hotel");
    let stay = desk
        .post("/v1/stays", &people::citizen(hotel))
        .await
        .expect(201);
    let id = stay["id"].as_str().unwrap();
    let history = desk
        .get(&format!("/v1/stays/{id}/history"))
        .await
        .expect(200);
    assert_eq!(history["items"][0]["made_by"]["label"], "Lễ tân");
    let database = river.database().unwrap();
    let audited = "SELECT COUNT(*) FROM audit_entry \
        WHERE action = 'stay.declared' AND actor_kind = 'account'";
    assert_eq!(database.count(audited).await, 1);
    let school = people::citizen(river.facility("school"));
    let refused = desk.post("/v1/stays", &school).await.violations();
    assert_eq!(
        refused,
        [("/facility_id".to_owned(), "facility_unknown".to_owned())].into()
    );
}

/// Who can write to the database but lacks the pepper widens no rights.
async fn a_forged_account_is_none(database: Database) {
    let river = River::start(database).await;
    let desk = river.person("desk").await;
    desk.get("/v1/facilities").await.expect(200);
    let account = river.account("desk");
    let database = river.database().unwrap();
    let forge = format!(
        "UPDATE account SET role = 'administrator' WHERE name = '{}'",
        account.name
    );
    database.execute(&forge).await;
    desk.get("/v1/admin/keys")
        .await
        .expect_problem(401, "session_ended");
    let refused = Person::at(river.api())
        .sign_in(&account.name, &account.password)
        .await;
    refused.expect_problem(401, "sign_in_failed");
    let logs = river.process().log();
    assert!(
        logs.contains("was written or changed past luutru"),
        "an operator is told"
    );
}

/// On SQLite alone: the service goes by the clock of a database server, which no test can move.
#[tokio::test]
async fn sessions_end_when_nobody_uses_them() {
    let clock = WrongClock::ahead(0);
    let directory = tempfile::tempdir().unwrap();
    let river = River::start_in(directory.path(), &clock.settings()).await;
    let desk = river.person("desk").await;
    let manager = river.person("manager").await;
    const MINUTE: i64 = 60;
    const HOUR: i64 = 3_600;
    clock.jump(29 * MINUTE);
    manager.get("/v1/facilities").await.expect(200);
    clock.jump(60 * MINUTE);
    manager
        .get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");
    desk.get("/v1/facilities").await.expect(200);
    clock.jump(12 * HOUR);
    desk.get("/v1/facilities").await.expect(200);
    clock.jump(25 * HOUR);
    desk.get("/v1/facilities")
        .await
        .expect_problem(401, "session_ended");
}
