//! Changes to a declared stay: every version is kept, is sent to the police if it concerns them,
//! and never changes the time of filing.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{
    Answer, Call, Caller, Database, River, local, now, on_both_databases, people, text_of,
};
use tokio::task::JoinSet;

const DELIVERED: Duration = Duration::from_secs(30);

on_both_databases![
    an_amendment_makes_a_version_and_keeps_the_filing,
    every_fault_of_a_patch_is_named,
    a_departure_is_told_corrected_and_taken_back,
    an_extension_moves_the_departure_and_warns_of_temporary_residence,
    a_cancelled_stay_is_final_and_frees_what_it_held,
    judgement_has_one_order,
    of_many_changes_of_one_version_one_is_made,
    a_change_is_sent_again_without_effect,
    a_key_answers_byte_for_byte_whatever_came_after,
    the_police_get_what_concerns_them_in_order,
    what_does_not_concern_the_police_is_not_sent,
    what_was_owed_is_completed,
    the_registry_is_asked_again_about_another_guest,
    a_reference_moves_and_stays_unique,
    a_resend_of_first_or_current_content_is_a_replay,
    a_late_stay_stays_late,
    the_history_tells_who_when_and_why,
    an_older_identity_result_is_not_told_after_a_newer_version,
];

fn id_of(stay: &Value) -> String {
    stay["id"].as_str().unwrap().to_owned()
}

async fn declared(river: &River, desk: &Caller) -> (String, Value) {
    let stay = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    (id_of(&stay), stay)
}

/// Sends all of them at the same time.
async fn at_once(calls: impl Iterator<Item = Call>) -> Vec<Answer> {
    let mut sent = JoinSet::new();
    for call in calls {
        sent.spawn(call.send());
    }
    sent.join_all().await
}

async fn an_amendment_makes_a_version_and_keeps_the_filing(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, first) = declared(river, &desk).await;
    let patch = json!({
        "room": " 305 ", "party": {"role": null}, "guest": {"phone": null}, "reason": "Đổi phòng",
    });
    let answer = desk.amend(&id, 1, &patch).await;
    let second = answer.expect(200);
    assert_eq!(answer.header("etag"), Some("\"2\""));
    assert_eq!(second["version"], 2);
    assert_eq!(second["room"], "305");
    assert_eq!(second["party"], json!({"reference": "G-77"}));
    assert_eq!(second["guest"].get("phone"), None);
    assert_eq!(second["guest"]["full_name"], first["guest"]["full_name"]);
    assert_eq!(second.get("reason"), None);
    for member in ["received_at", "deadline_at", "timeliness", "arrival_at"] {
        assert_eq!(second[member], first[member], "{member}");
    }
    assert_eq!(second["presence"], "present");
    assert_eq!(second["identity"], json!({"state": "pending"}));
    assert_eq!(second["delivery"], json!({"state": "queued", "version": 2}));
    let number = first["receipt"]["number"].as_str().unwrap();
    assert_eq!(second["receipt"]["number"], format!("{number}/2"));
    assert_ne!(
        second["receipt"]["content_salt"],
        first["receipt"]["content_salt"]
    );
    let jwks = river
        .stranger()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    tests::receipt::assert_sound(&first, &jwks);
    tests::receipt::assert_sound(&second, &jwks);
    for (version, stay) in [(1, &first), (2, &second)] {
        let path = format!("/v1/stays/{id}/receipt?version={version}");
        assert_eq!(desk.get(&path).await.expect(200), stay["receipt"]);
    }
    let shown = desk.get(&format!("/v1/stays/{id}")).await;
    assert_eq!(shown.header("etag"), Some("\"2\""));
    assert_eq!(shown.expect(200)["room"], "305");
}

async fn every_fault_of_a_patch_is_named(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, first) = declared(river, &desk).await;
    let long = "x".repeat(501);
    let table = [
        (json!({"room": "1"}), vec![("/reason", "required")]),
        (
            json!({"room": "1", "reason": " "}),
            vec![("/reason", "required")],
        ),
        (json!({"reason": long}), vec![("/reason", "too_long")]),
        (json!([]), vec![("", "invalid_type")]),
        (
            json!({"version": 3, "facility_id": first["facility_id"], "reason": "x"}),
            vec![("/facility_id", "read_only"), ("/version", "read_only")],
        ),
        (
            json!({"colour": null, "guest": {"full_name": null}, "reason": "x"}),
            vec![
                ("/colour", "unknown_field"),
                ("/guest/full_name", "required"),
            ],
        ),
        (
            json!({"room": null, "arrival_at": null, "reason": "x"}),
            vec![("/arrival_at", "required"), ("/room", "required")],
        ),
        (
            json!({"departed_at": "yesterday", "guest": {"sex": "m"}, "reason": "x"}),
            vec![
                ("/departed_at", "invalid_instant"),
                ("/guest/sex", "unknown_code"),
            ],
        ),
        (
            json!({"arrival_at": text_of(now() - TimeDelta::days(63)), "reason": "x"}),
            vec![("/arrival_at", "arrival_too_old")],
        ),
        (
            json!({"arrival_at": text_of(now() + TimeDelta::hours(1)), "reason": "x"}),
            vec![("/arrival_at", "arrival_in_future")],
        ),
    ];
    for (patch, expected) in table {
        let found = desk.amend(&id, 1, &patch).await.violations();
        let expected = expected
            .iter()
            .map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned()));
        assert_eq!(found, expected.collect(), "{patch}");
    }
    assert_eq!(desk.stay(&id).await["version"], 1);
}

async fn a_departure_is_told_corrected_and_taken_back(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, first) = declared(river, &desk).await;
    let at = async |body: Value| desk.act(&id, "departure", 1, &body).await.violations();
    let one = |pointer: &str, code: &str| [(pointer.to_owned(), code.to_owned())].into();
    assert_eq!(at(json!({})).await, one("/departed_at", "required"));
    let early = json!({"departed_at": text_of(now() - TimeDelta::days(1))});
    assert_eq!(
        at(early).await,
        one("/departed_at", "departure_before_arrival")
    );
    let ahead = json!({"departed_at": text_of(now() + TimeDelta::minutes(11))});
    assert_eq!(at(ahead).await, one("/departed_at", "departure_in_future"));
    let more = json!({"departed_at": text_of(now()), "room": "1"});
    assert_eq!(at(more).await, one("/room", "unknown_field"));

    let left_at = text_of(now() + TimeDelta::minutes(5));
    let departed = desk
        .act(&id, "departure", 1, &json!({"departed_at": left_at}))
        .await
        .expect(200);
    assert_eq!(departed["presence"], "departed");
    assert_eq!(departed["departed_at"], left_at);
    assert_eq!(departed["version"], 2);
    assert_eq!(departed["timeliness"], first["timeliness"]);
    let list = desk
        .get(&format!(
            "/v1/stays?presence=departed&reference={}",
            first["reference"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert_eq!(list["items"][0]["id"], id.as_str());

    let again = json!({"departed_at": text_of(now())});
    desk.act(&id, "departure", 2, &again)
        .await
        .expect_problem(409, "stay_departed");
    let longer = json!({"expected_departure_at": text_of(now() + TimeDelta::days(9))});
    desk.act(&id, "extension", 2, &longer)
        .await
        .expect_problem(409, "stay_departed");
    let corrected_at = text_of(now() + TimeDelta::minutes(1));
    let patch = json!({"departed_at": corrected_at, "reason": "Ghi nhầm giờ"});
    let corrected = desk.amend(&id, 2, &patch).await.expect(200);
    assert_eq!(corrected["departed_at"], corrected_at);
    assert_eq!(corrected["presence"], "departed");
    let patch = json!({"departed_at": null, "reason": "Khách quay lại"});
    let back = desk.amend(&id, 3, &patch).await.expect(200);
    assert_eq!(back["presence"], "present");
    assert_eq!(back.get("departed_at"), None);
    assert_eq!(desk.stay(&id).await["presence"], "present");
    assert_eq!(
        changes(&desk, &id).await,
        ["declared", "departed", "amended", "returned"]
    );
}

async fn changes(desk: &Caller, id: &str) -> Vec<String> {
    let history = desk
        .get(&format!("/v1/stays/{id}/history"))
        .await
        .expect(200);
    let items = history["items"].as_array().unwrap();
    let kinds = items.iter().map(|item| item["change"].as_str().unwrap());
    kinds.map(str::to_owned).collect()
}

async fn an_extension_moves_the_departure_and_warns_of_temporary_residence(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, _) = declared(river, &desk).await;
    let before = json!({"expected_departure_at": text_of(now() - TimeDelta::days(3))});
    let found = desk.act(&id, "extension", 1, &before).await.violations();
    let pointer = "/expected_departure_at".to_owned();
    assert_eq!(
        found,
        [(pointer, "departure_before_arrival".to_owned())].into()
    );

    let until = text_of(now() + TimeDelta::days(5));
    let longer = json!({"expected_departure_at": until});
    let extended = desk.act(&id, "extension", 1, &longer).await.expect(200);
    assert_eq!(extended["expected_departure_at"], until);
    assert_eq!(extended["warnings"], json!([]));
    let until = text_of(now() + TimeDelta::days(31));
    let longer = json!({"expected_departure_at": until});
    let extended = desk.act(&id, "extension", 2, &longer).await.expect(200);
    let warning = json!([{
        "pointer": "/expected_departure_at", "code": "temporary_residence_due",
    }]);
    assert_eq!(extended["warnings"], warning);
    assert_eq!(
        changes(&desk, &id).await,
        ["declared", "extended", "extended"]
    );
}

async fn a_cancelled_stay_is_final_and_frees_what_it_held(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (key, mut body) = (
        people::fresh("key"),
        people::citizen(river.facility("hotel")),
    );
    let first = desk.declare_as(&key, &body).await;
    let id = id_of(&first.expect(201));
    desk.act(&id, "cancellation", 1, &json!({}))
        .await
        .violations();
    let reason = json!({"reason": "Khai nhầm khách"});
    let cancelled = desk.act(&id, "cancellation", 1, &reason).await.expect(200);
    assert_eq!(cancelled["presence"], "cancelled");
    assert_eq!(cancelled["version"], 2);
    assert_eq!(desk.stay(&id).await["presence"], "cancelled");

    let patch = json!({"room": "9", "reason": "x"});
    desk.amend(&id, 2, &patch)
        .await
        .expect_problem(409, "stay_cancelled");
    for (action, body) in [
        (
            "departure",
            json!({"departed_at": text_of(now() + TimeDelta::minutes(1))}),
        ),
        (
            "extension",
            json!({"expected_departure_at": text_of(now() + TimeDelta::days(9))}),
        ),
        ("cancellation", json!({"reason": "noch einmal"})),
    ] {
        desk.act(&id, action, 2, &body)
            .await
            .expect_problem(409, "stay_cancelled");
    }
    // Its key alone still answers, as it did first.
    let again = desk.declare_as(&key, &body).await;
    again.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    // Reference and content are free.
    let anew = desk.accepted(&body).await;
    assert_ne!(anew["id"], id.as_str());
    body["room"] = json!("9");
    desk.declare(&body)
        .await
        .expect_problem(409, "reference_conflict");

    let minimal = people::minimal(river.facility("hotel"));
    let id = id_of(&desk.accepted(&minimal).await);
    desk.act(&id, "cancellation", 1, &reason).await.expect(200);
    assert_ne!(desk.accepted(&minimal).await["id"], id.as_str());
}

async fn judgement_has_one_order(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, _) = declared(river, &desk).await;
    let path = format!("/v1/stays/{id}");
    let good = json!({"room": "8", "reason": "x"});
    // Foreign, absent and malformed are the same, whatever else is wrong.
    let stranger = river.caller("hospital");
    let absent = "0197c1c8-0280-7000-8000-000000000999";
    for (caller, id) in [(&stranger, id.as_str()), (&desk, absent), (&desk, "x")] {
        let path = format!("/v1/stays/{id}");
        let call = caller.call("PATCH", &path).body("application/json", "{");
        call.send().await.expect_problem(404, "not_found");
        caller
            .amend(id, 1, &good)
            .await
            .expect_problem(404, "not_found");
        let history = caller.get(&format!("{path}/history")).await;
        history.expect_problem(404, "not_found");
    }
    // No version named comes before anything about the body.
    let unnamed = desk.call("PATCH", &path);
    let unnamed = unnamed.body("application/json", "{").send().await;
    unnamed.expect_problem(428, "precondition_required");
    let unnamed = desk.call("PATCH", &path).json(&json!({})).send().await;
    unnamed.expect_problem(428, "precondition_required");
    // The body comes before the version.
    let named = |body: &str, media_type: &str| {
        let call = desk.call("PATCH", &path).header("If-Match", "\"7\"");
        call.body(media_type, body.to_owned()).send()
    };
    named("{", "application/merge-patch+json")
        .await
        .expect_problem(400, "malformed_json");
    named("{}", "text/plain")
        .await
        .expect_problem(415, "unsupported_media_type");
    named("{}", "application/json").await.violations();
    // The version comes before the stay's state.
    let passed = desk.amend(&id, 7, &good).await;
    passed.expect_problem(412, "version_mismatch");
    assert_eq!(passed.header("etag"), Some("\"1\""));
    for unknown in ["1", "W/\"1\"", "\"x\"", ""] {
        let call = desk.call("PATCH", &path).header("If-Match", unknown);
        let answer = call.json(&good).send().await;
        answer.expect_problem(412, "version_mismatch");
    }
    let reason = json!({"reason": "x"});
    desk.act(&id, "cancellation", 1, &reason).await.expect(200);
    desk.amend(&id, 1, &good)
        .await
        .expect_problem(412, "version_mismatch");
    desk.amend(&id, 2, &good)
        .await
        .expect_problem(409, "stay_cancelled");
    let police = river.caller("police");
    police
        .amend(&id, 2, &good)
        .await
        .expect_problem(403, "forbidden");
}

async fn of_many_changes_of_one_version_one_is_made(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, _) = declared(river, &desk).await;
    let patches: Vec<Value> = (0..20)
        .map(|number| json!({"room": format!("R{number}"), "reason": "Đổi phòng"}))
        .collect();
    let calls = patches
        .iter()
        .map(|patch| desk.amendment(&id, "\"1\"", patch));
    let answers = at_once(calls).await;
    let made: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert_eq!(made.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.expect_problem(412, "version_mismatch");
    }
    let stay = desk.stay(&id).await;
    assert_eq!(stay["version"], 2);
    assert_eq!(stay["room"], made[0].json()["room"]);

    // Without a version named each is made, on top of the others.
    let calls = patches.iter().map(|patch| desk.amendment(&id, "*", patch));
    let answers = at_once(calls).await;
    let mut versions: Vec<u64> = answers
        .iter()
        .map(|answer| answer.expect(200)["version"].as_u64().unwrap())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    // One of them may have asked for what was there already.
    assert!(versions.len() >= 19, "{versions:?}");
    let newest = usize::try_from(*versions.last().unwrap()).unwrap();
    assert_eq!(changes(&desk, &id).await.len(), newest);
}

async fn a_change_is_sent_again_without_effect(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, _) = declared(river, &desk).await;
    let patch = json!({"room": "8", "note": null, "reason": "Đổi phòng"});
    let first = desk.amend(&id, 1, &patch).await;
    first.expect(200);
    // The same in other clothes.
    let patch = json!({"reason": " Đổi phòng ", "note": null, "room": "8 "});
    let again = desk.amend(&id, 1, &patch).await;
    again.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.body, first.body);
    // Another from there is late, and so is the same one once something else has happened.
    let other = json!({"room": "8", "note": null, "reason": "x"});
    desk.amend(&id, 1, &other)
        .await
        .expect_problem(412, "version_mismatch");
    // What changes nothing makes no version.
    let nothing = desk
        .amend(&id, 2, &json!({"room": "8", "reason": "x"}))
        .await;
    assert_eq!(nothing.header("idempotent-replayed"), Some("true"));
    assert_eq!(nothing.expect(200)["version"], 2);

    let left = json!({"departed_at": text_of(now() + TimeDelta::minutes(1))});
    let departed = desk.act(&id, "departure", 2, &left).await;
    departed.expect(200);
    let again = desk.act(&id, "departure", 2, &left).await;
    assert_eq!(again.body, departed.body);
    desk.amend(&id, 1, &patch)
        .await
        .expect_problem(412, "version_mismatch");
    let reason = json!({"reason": "Nhầm"});
    let cancelled = desk.act(&id, "cancellation", 3, &reason).await;
    cancelled.expect(200);
    let again = desk.act(&id, "cancellation", 3, &reason).await;
    assert_eq!(again.expect(200), cancelled.json());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(
        changes(&desk, &id).await,
        ["declared", "amended", "departed", "cancelled"]
    );
}

async fn a_key_answers_byte_for_byte_whatever_came_after(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let (id, _) = declared(river, &desk).await;
    let key = people::fresh("key");
    let amend = async |version: u64, patch: Value| {
        let call = desk.amendment(&id, &format!("\"{version}\""), &patch);
        call.header("Idempotency-Key", &key).send().await
    };
    let patch = json!({"room": "8", "reason": "Đổi phòng"});
    // A refusal leaves the key free.
    amend(7, patch.clone())
        .await
        .expect_problem(412, "version_mismatch");
    let first = amend(1, patch.clone()).await;
    first.expect(200);
    let reason = json!({"reason": "Nhầm"});
    desk.act(&id, "cancellation", 2, &reason).await.expect(200);
    let again = amend(1, patch.clone()).await;
    again.expect(200);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("etag"), Some("\"2\""));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    amend(1, json!({"room": "9", "reason": "Đổi phòng"}))
        .await
        .expect_problem(422, "idempotency_key_reused");
    // A key is one for all: neither another stay nor a declaration may have it.
    desk.declare_as(&key, &people::citizen(river.facility("hotel")))
        .await
        .expect_problem(422, "idempotency_key_reused");

    // Twins at once make one version.
    let (id, _) = declared(river, &desk).await;
    let key = people::fresh("key");
    let twins = (0..10).map(|_| {
        let call = desk.amendment(&id, "\"1\"", &patch);
        call.header("Idempotency-Key", &key)
    });
    let answers = at_once(twins).await;
    for answer in &answers {
        answer.expect(200);
        assert_eq!(answer.body, answers[0].body);
    }
    assert_eq!(changes(&desk, &id).await, ["declared", "amended"]);
}

/// Kind and version of each effect, in the order of the ledger.
async fn told(river: &River, id: &str) -> Vec<(String, u64)> {
    let effects = river.police().effects(id).await;
    effects
        .iter()
        .map(|effect| {
            let kind = effect["kind"].as_str().unwrap().to_owned();
            (kind, effect["version"].as_u64().unwrap())
        })
        .collect()
}

fn stays(versions: &[u64]) -> Vec<(String, u64)> {
    let stays = versions.iter().map(|version| ("stay".to_owned(), *version));
    stays.collect()
}

async fn the_police_get_what_concerns_them_in_order(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let police = river.police();
    police.fail(&json!({"outage": true})).await;
    let (id, _) = declared(&river, &desk).await;
    for (version, room) in [(1, "11"), (2, "12"), (3, "13")] {
        let patch = json!({"room": room, "reason": "Đổi phòng"});
        desk.amend(&id, version, &patch).await.expect(200);
    }
    let left = json!({"departed_at": text_of(now() + TimeDelta::minutes(1))});
    let departed = desk.act(&id, "departure", 4, &left).await.expect(200);
    assert_eq!(
        departed["delivery"],
        json!({"state": "queued", "version": 5})
    );
    let cancel = json!({"reason": "Nhầm"});
    let cancelled = desk.act(&id, "cancellation", 5, &cancel).await.expect(200);
    assert_eq!(
        cancelled["delivery"],
        json!({"state": "queued", "version": 6})
    );
    police.heal().await;
    let stay = desk.delivered(&id, "acknowledged", DELIVERED).await;
    assert_eq!(stay["delivery"]["version"], 6);
    let mut expected = stays(&[1, 2, 3, 4, 5]);
    expected.push(("cancellation".to_owned(), 6));
    assert_eq!(told(&river, &id).await, expected);
    let effects = police.effects(&id).await;
    assert_eq!(
        stay["delivery"]["police_reference"],
        effects[5]["police_reference"]
    );
}

async fn what_does_not_concern_the_police_is_not_sent(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hospital");
    let patient = people::unidentified(river.facility("hospital"));
    let id = id_of(&desk.accepted(&patient).await);
    let first = desk.delivered(&id, "acknowledged", DELIVERED).await;
    let patch = json!({
        "ward": "Nội", "bed": "3A", "note": "chuyển khoa", "guest": {"phone": "0987 608 243"},
        "reason": "Chuyển khoa",
    });
    let second = desk.amend(&id, 1, &patch).await.expect(200);
    assert_eq!(second["delivery"], json!({"state": "queued", "version": 1}));
    assert_eq!(desk.stay(&id).await["delivery"], first["delivery"]);
    let patch = json!({"guest": {"residence": {"address": "Số 1"}}, "reason": "Thêm địa chỉ"});
    let third = desk.amend(&id, 2, &patch).await.expect(200);
    assert_eq!(third["delivery"], json!({"state": "queued", "version": 3}));
    desk.delivered(&id, "acknowledged", DELIVERED).await;
    assert_eq!(told(river, &id).await, stays(&[1, 3]));
    let history = desk
        .get(&format!("/v1/stays/{id}/history"))
        .await
        .expect(200);
    let forwarded = history["items"].as_array().unwrap().iter();
    let forwarded: Vec<bool> = forwarded
        .map(|item| item["is_forwarded"].as_bool().unwrap())
        .collect();
    assert_eq!(forwarded, [true, false, true]);
}

async fn what_was_owed_is_completed(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hospital");
    let patient = people::unidentified(river.facility("hospital"));
    let stay = desk.accepted(&patient).await;
    assert_eq!(stay["completion"]["state"], "due");
    let id = id_of(&stay);
    let person = people::person();
    let patch = json!({"guest": {"full_name": person.full_name}, "reason": "Người nhà đến nhận"});
    let named = desk.amend(&id, 1, &patch).await.expect(200);
    assert_eq!(named["completion"]["state"], "due");
    let patch = json!({
        "guest": {
            "birth_date": "1985-05-17", "sex": "male",
            "document": {"kind": "citizen_card", "number": person.number},
        },
        "reason": "Có căn cước",
    });
    let known = desk.amend(&id, 2, &patch).await.expect(200);
    assert_eq!(known["completion"], json!({"state": "complete"}));
    assert_eq!(known["guest"].get("no_document_reason"), None);
    assert_eq!(
        desk.stay(&id).await["completion"],
        json!({"state": "complete"})
    );
    assert_eq!(
        changes(&desk, &id).await,
        ["declared", "amended", "completed"]
    );

    let mut newborn = people::unidentified(river.facility("hospital"));
    newborn["guest"] = json!({
        "full_name": "Con bà Thiềm", "birth_date": text_of(now())[..10], "sex": "female",
        "document": {"kind": "none"}, "no_document_reason": "newborn",
    });
    let id = id_of(&desk.accepted(&newborn).await);
    let number = people::person().number;
    let patch = json!({
        "guest": {
            "full_name": "Lê Thiềm Mới",
            "document": {"kind": "birth_certificate", "number": number},
        },
        "reason": "Đã đăng ký khai sinh",
    });
    let known = desk.amend(&id, 1, &patch).await.expect(200);
    assert_eq!(known["completion"], json!({"state": "complete"}));
    assert_eq!(changes(&desk, &id).await, ["declared", "completed"]);
}

async fn the_registry_is_asked_again_about_another_guest(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let registry = river.registry();
    let mut body = people::citizen(river.facility("hotel"));
    let right = body["guest"]["full_name"].clone();
    let number = body["guest"]["document"]["number"]
        .as_str()
        .unwrap()
        .to_owned();
    registry
        .knows(&number, right.as_str().unwrap(), "1985-05-17", "male")
        .await;
    body["guest"]["full_name"] = json!("Trần Thị Sai");
    let id = id_of(&desk.accepted(&body).await);
    let stay = desk.delivered(&id, "acknowledged", DELIVERED).await;
    assert_eq!(stay["identity"]["state"], "attention");
    // Another room says nothing about the guest.
    let patch = json!({"note": "xem lại", "reason": "Ghi chú"});
    desk.amend(&id, 1, &patch).await.expect(200);
    assert_eq!(desk.stay(&id).await["identity"]["state"], "attention");
    let patch = json!({"guest": {"full_name": right}, "reason": "Gõ sai tên"});
    desk.amend(&id, 2, &patch).await.expect(200);
    let stay = desk.delivered(&id, "acknowledged", DELIVERED).await;
    assert_eq!(stay["delivery"]["version"], 3);
    assert_eq!(stay["identity"]["state"], "verified");
}

async fn a_reference_moves_and_stays_unique(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut body = people::citizen(river.facility("hotel"));
    let stay = desk.accepted(&body).await;
    let id = id_of(&stay);
    let (old, new) = (body["reference"].clone(), people::fresh("PMS"));
    let (_, other) = declared(river, &desk).await;
    let patch = json!({"reference": other["reference"], "reason": "Sửa mã"});
    let problem = desk
        .amend(&id, 1, &patch)
        .await
        .expect_problem(409, "reference_conflict");
    assert_eq!(problem["stay_id"], other["id"]);
    assert_eq!(desk.stay(&id).await["version"], 1);
    let patch = json!({"reference": new, "reason": "Sửa mã"});
    desk.amend(&id, 1, &patch).await.expect(200);
    // Its original content still counts as an honest resend.
    let again = desk.declare(&body).await;
    assert_eq!(again.expect(200)["id"], id.as_str());
    // Another stay may have the old reference now, and nobody the new one.
    let mut third = people::citizen(river.facility("hotel"));
    third["reference"] = json!(new);
    let problem = desk
        .declare(&third)
        .await
        .expect_problem(409, "reference_conflict");
    assert_eq!(problem["stay_id"], id.as_str());
    third["reference"] = old;
    let third = desk.accepted(&third).await;
    assert_ne!(third["id"], id.as_str());
    body["room"] = json!("1");
    desk.declare(&body)
        .await
        .expect_problem(409, "reference_conflict");
}

async fn a_resend_of_first_or_current_content_is_a_replay(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for mut body in [
        people::citizen(river.facility("hotel")),
        people::minimal(river.facility("hotel")),
    ] {
        let first = desk.declare(&body).await;
        let id = id_of(&first.expect(201));
        for (version, room) in [(1, "21"), (2, "22")] {
            let patch = json!({"room": room, "reason": "Đổi phòng"});
            desk.amend(&id, version, &patch).await.expect(200);
        }
        let again = desk.declare(&body).await;
        again.expect(200);
        assert_eq!(again.body, first.body);
        body["room"] = json!("22");
        let again = desk.declare(&body).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        let again = again.expect(200);
        assert_eq!((&again["id"], &again["version"]), (&json!(id), &json!(3)));
    }
}

async fn a_late_stay_stays_late(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut body = people::citizen(river.facility("hotel"));
    body["arrival_at"] = json!(text_of(local(-2, "10:00:00")));
    let late = desk.accepted(&body).await;
    assert_eq!(late["timeliness"], "late");
    let patch = json!({"arrival_at": text_of(now()), "reason": "Ghi nhầm ngày"});
    let amended = desk.amend(&id_of(&late), 1, &patch).await.expect(200);
    assert_eq!(amended["timeliness"], "late");
    assert_eq!(amended["deadline_at"], late["deadline_at"]);
    assert_eq!(amended["receipt"]["timeliness"], "late");

    let (id, on_time) = declared(river, &desk).await;
    let patch = json!({
        "arrival_at": text_of(local(-2, "10:00:00")), "reason": "Ghi nhầm ngày",
    });
    let amended = desk.amend(&id, 1, &patch).await.expect(200);
    assert_eq!(amended["timeliness"], on_time["timeliness"]);
    assert_eq!(amended["deadline_at"], on_time["deadline_at"]);
}

async fn the_history_tells_who_when_and_why(database: Database) {
    let river = River::shared(database).await;
    let (desk, integrator) = (river.caller("hotel"), river.caller("integrator"));
    let (id, first) = declared(river, &desk).await;
    let patch = json!({"room": "5", "guest": {"phone": null}, "reason": "Khách xin đổi phòng"});
    desk.amend(&id, 1, &patch).await.expect(200);
    let cancel = json!({"reason": "Khách không đến"});
    integrator
        .act(&id, "cancellation", 2, &cancel)
        .await
        .expect(200);
    let answer = desk.get(&format!("/v1/stays/{id}/history")).await;
    assert_eq!(answer.header("etag"), Some("\"3\""));
    let history = answer.expect(200);
    let items = history["items"].as_array().unwrap();
    let told: Vec<Value> = items
        .iter()
        .map(|item| {
            json!([
                item["version"],
                item["change"],
                item["changed"],
                item["reason"],
                item["channel"],
                item["presence"]
            ])
        })
        .collect();
    let expected = [
        json!([1, "declared", [], null, "rest", "present"]),
        json!([
            2,
            "amended",
            ["/guest/phone", "/room"],
            "Khách xin đổi phòng",
            "rest",
            "present"
        ]),
        json!([3, "cancelled", [], "Khách không đến", "rest", "cancelled"]),
    ];
    assert_eq!(told, expected);
    assert_eq!(items[0]["made_at"], first["received_at"]);
    assert_eq!(items[0]["made_by"], items[1]["made_by"]);
    assert_ne!(items[1]["made_by"]["key_id"], items[2]["made_by"]["key_id"]);
    assert!(items[0]["made_by"]["label"].is_string(), "{history}");
    assert_eq!(items[0]["receipt_number"], first["receipt"]["number"]);
}

async fn an_older_identity_result_is_not_told_after_a_newer_version(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let registry = river.registry();
    registry.fail(&json!({"outage": true})).await;
    // So near its deadline that it is sent unverified.
    let mut body = people::citizen(river.facility("hotel"));
    body["arrival_at"] = json!(text_of(local(-2, "10:00:00")));
    let id = id_of(&desk.accepted(&body).await);
    let stay = desk.delivered(&id, "acknowledged", DELIVERED).await;
    assert_eq!(stay["identity"]["state"], "deferred");
    let patch = json!({"room": "8", "reason": "Đổi phòng"});
    desk.amend(&id, 1, &patch).await.expect(200);
    tests::eventually("delivery of version 2", DELIVERED, async || {
        told(&river, &id).await == stays(&[1, 2])
    })
    .await;
    registry.heal().await;
    let expected = [stays(&[1, 2]), vec![("identity_result".to_owned(), 2)]].concat();
    tests::eventually(
        "the registry's result",
        Duration::from_secs(60),
        async || told(&river, &id).await.len() >= 3,
    )
    .await;
    assert_eq!(told(&river, &id).await, expected);
    let database = river.database().unwrap();
    tests::eventually("an empty outbox", DELIVERED, async || {
        let open = "SELECT COUNT(*) FROM outbox_task WHERE settled_at IS NULL";
        database.count(open).await == 0
    })
    .await;
}
