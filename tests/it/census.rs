//! Censuses: they declare new guests, update present ones, let missing guests depart or ask about
//! them, and never accept an obvious mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::{Value, json};
use tests::{
    Answer, Caller, Database, Process, River, Services, exact_text_of, now, on_both_databases,
    people, text_of,
};
use tokio::task::JoinSet;

on_both_databases![
    a_ward_tells_who_came_who_left_and_who_moved,
    wards_tell_when_each_was_last_confirmed,
    a_dry_run_foretells_and_changes_nothing,
    who_is_missing_from_a_roster_is_asked_about,
    an_older_census_is_refused,
    a_census_that_looks_like_a_mistake_is_confirmed_by_number,
    what_came_or_changed_after_it_is_left_alone,
    an_older_census_of_all_leaves_alone_what_a_later_one_counted,
    an_older_roster_leaves_alone_the_rooms_of_a_later_one,
    who_left_and_is_there_again_is_taken_back,
    what_a_ward_goes_on_saying_of_a_guest_who_is_known_by_now_is_unchanged,
    a_bad_line_never_harms_a_good_one,
    nobody_departs_while_a_faulty_line_may_be_about_anybody,
    it_is_refused_as_a_whole_by_one_order,
    two_thousand_lines_are_one_request,
    a_census_cut_off_by_a_kill_is_finished_by_the_same_again,
    censuses_of_two_processes_come_one_after_the_other,
    a_killed_process_holds_its_facility_no_longer_than_its_lease,
    a_process_that_slept_through_its_turn_writes_nothing_more,
];

const COUNTS: [&str; 6] = [
    "arrived",
    "departed",
    "changed",
    "unchanged",
    "asked",
    "rejected",
];

fn hours_ago(hours: i64) -> DateTime<FixedOffset> {
    now() - TimeDelta::hours(hours)
}

fn patient(facility_id: &str, ward: &str) -> Value {
    let mut stay = people::citizen(facility_id);
    stay["ward"] = json!(ward);
    stay["arrival_at"] = json!(text_of(hours_ago(3)));
    stay["purpose"] = json!("medical_treatment");
    stay
}

async fn present(desk: &Caller, facility_id: &str, ward: &str, count: usize) -> Vec<Value> {
    let stays: Vec<Value> = (0..count).map(|_| patient(facility_id, ward)).collect();
    for stay in &stays {
        desk.accepted(stay).await;
    }
    stays
}

async fn put(desk: &Caller, facility_id: &str, query: &str, census: &Value) -> Answer {
    let path = format!("/v1/facilities/{facility_id}/census{query}");
    desk.call("PUT", &path).json(census).send().await
}

fn ward_census(ward: &str, stays: &[Value]) -> Value {
    json!({"taken_at": exact_text_of(now()), "scope": {"ward": ward}, "stays": stays})
}

/// The counts that are not 0.
fn counts(answer: &Value) -> BTreeMap<&'static str, u64> {
    let counts = COUNTS.map(|name| (name, answer[name].as_u64().unwrap()));
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

async fn by_reference(desk: &Caller, reference: &Value) -> Value {
    let reference = reference.as_str().unwrap();
    let list = desk.get(&format!("/v1/stays?reference={reference}")).await;
    list.expect(200)["items"][0].clone()
}

async fn a_ward_tells_who_came_who_left_and_who_moved(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let stays = present(&desk, hospital, &ward, 4).await;
    let elsewhere = present(&desk, hospital, &people::fresh("Khoa"), 1).await;
    // Unchanged, moved, known by the document alone, missing; come from elsewhere, new.
    let moved = json!({"reference": stays[1]["reference"], "room": "Phòng 9"});
    let mut nameless = stays[2].clone();
    nameless.as_object_mut().unwrap().remove("reference");
    let newcomer = json!({"reference": people::fresh("BN"), "room": "7",
        "guest": people::minimal(hospital)["guest"]});
    let transferred = json!({"reference": elsewhere[0]["reference"]});
    let lines = [stays[0].clone(), moved, nameless, newcomer, transferred];
    let census = ward_census(&ward, &lines);
    let answer = put(&desk, hospital, "", &census).await.expect(200);
    let expected = [
        ("arrived", 1),
        ("changed", 2),
        ("departed", 1),
        ("unchanged", 2),
    ];
    assert_eq!(counts(&answer), expected.into());
    let results = answer["results"].as_array().unwrap();
    let outcomes: Vec<&str> = results
        .iter()
        .map(|result| result["outcome"].as_str().unwrap())
        .collect();
    let expected = [
        "unchanged",
        "changed",
        "unchanged",
        "arrived",
        "changed",
        "departed",
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(results[1]["stay"]["room"], "Phòng 9");
    assert_eq!(results[1]["stay"]["version"], 2);
    assert_eq!(results[3]["stay"]["ward"], ward);
    assert_eq!(results[3]["stay"]["arrival_at"], census["taken_at"]);
    assert_eq!(results[4]["stay"]["ward"], ward);
    assert_eq!(results[5]["index"], Value::Null);
    assert_eq!(results[5]["reference"], stays[3]["reference"]);
    assert_eq!(results[5]["stay"]["departed_at"], census["taken_at"]);
    assert!(results[5]["stay"]["receipt"]["jws"].is_string());
    let left = by_reference(&desk, &stays[3]["reference"]).await;
    assert_eq!(left["presence"], "departed");
    let id = results[1]["stay_id"].as_str().unwrap();
    let history = desk
        .get(&format!("/v1/stays/{id}/history"))
        .await
        .expect(200);
    assert_eq!(history["items"][1]["channel"], "census");

    let again = put(&desk, hospital, "", &census).await.expect(200);
    assert_eq!(counts(&again), [("unchanged", 5)].into());
}

async fn wards_tell_when_each_was_last_confirmed(database: Database) {
    let river = River::start(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let path = format!("/v1/facilities/{hospital}/wards");
    let wards = async || {
        let list = desk.get(&path).await.expect(200);
        assert_eq!(list["next_cursor"], Value::Null);
        let items = list["items"].as_array().unwrap().iter();
        let named = items.map(|ward| (ward["name"].as_str().unwrap().to_owned(), ward.clone()));
        named.collect::<BTreeMap<String, Value>>()
    };
    let (inner, births) = ("Khoa Nội thử", "Khoa Sản thử");
    let stays = present(&desk, hospital, inner, 2).await;
    let other = present(&desk, hospital, births, 1).await;
    let before = wards().await;
    assert_eq!(before[inner]["present_count"], 2);
    assert_eq!(before[births]["present_count"], 1);
    assert_eq!(before[inner]["confirmed_at"], Value::Null);

    let census = ward_census(inner, &stays);
    put(&desk, hospital, "?dry_run=true", &census)
        .await
        .expect(200);
    assert_eq!(wards().await, before, "a dry run confirms nothing");
    put(&desk, hospital, "", &census).await.expect(200);
    let after = wards().await;
    assert_eq!(after[inner]["confirmed_at"], census["taken_at"]);
    assert_eq!(after[births], before[births]);

    // A census of all of it is one of each ward.
    let all: Vec<Value> = stays.iter().chain(&other).cloned().collect();
    let census = json!({"taken_at": exact_text_of(now()), "stays": all});
    put(&desk, hospital, "", &census).await.expect(200);
    for ward in wards().await.values() {
        assert_eq!(ward["confirmed_at"], census["taken_at"], "{ward}");
    }
    let school = river.caller("school");
    assert_eq!(school.get(&path).await.status, 404);
    // The page says it in words.
    let nurse = river.person("ward").await;
    let page = nurse.get("/desk/ward").await.text();
    assert!(page.contains("Các khoa") && page.contains(births), "{page}");
    assert!(page.contains("Xác nhận lần cuối "), "{page}");
}

async fn a_dry_run_foretells_and_changes_nothing(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let stays = present(&desk, hospital, &ward, 3).await;
    let mut moved = stays[1].clone();
    moved["room"] = json!("Phòng 8");
    let census = ward_census(&ward, &[stays[0].clone(), moved, patient(hospital, &ward)]);
    let foretold = put(&desk, hospital, "?dry_run=true", &census)
        .await
        .expect(200);
    for stay in &stays {
        let found = by_reference(&desk, &stay["reference"]).await;
        assert_eq!(
            (&found["version"], &found["presence"]),
            (&json!(1), &json!("present"))
        );
    }
    for result in foretold["results"].as_array().unwrap() {
        assert_eq!(result["stay"], Value::Null);
    }
    let done = put(&desk, hospital, "?dry_run=false", &census)
        .await
        .expect(200);
    assert_eq!(counts(&foretold), counts(&done));
    let expected = [
        ("arrived", 1),
        ("changed", 1),
        ("departed", 1),
        ("unchanged", 1),
    ];
    assert_eq!(counts(&done), expected.into());
}

/// A student's bed for the term, as a dormitory keeps it.
fn student(school: &str, block: &str) -> Value {
    let mut stay = people::citizen(school);
    stay["room"] = json!(format!("{block}305"));
    stay["bed"] = json!("3");
    stay["purpose"] = json!("study");
    stay["arrival_at"] = json!(text_of(hours_ago(24 * 20)));
    stay["expected_departure_at"] = json!(text_of(now() + TimeDelta::days(68)));
    stay
}

async fn who_is_missing_from_a_roster_is_asked_about(database: Database) {
    let river = River::shared(database).await;
    let (desk, school) = (river.caller("school"), river.facility("school"));
    let block = people::fresh("A");
    let stays: Vec<Value> = (0..4).map(|_| student(school, &block)).collect();
    let roster = |stays: &[Value]| json!({"taken_at": exact_text_of(now()), "scope": {"room_prefix": block}, "stays": stays});
    let answer = put(&desk, school, "", &roster(&stays)).await.expect(200);
    assert_eq!(counts(&answer), [("arrived", 4)].into());
    let received: Vec<&Value> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["stay"]["received_at"])
        .collect();
    assert!(received.iter().all(|at| *at == received[0]), "{received:?}");

    // Three of four are missing: a question each, and nobody departs.
    let answer = put(&desk, school, "", &roster(&stays[..1]))
        .await
        .expect(200);
    assert_eq!(counts(&answer), [("asked", 3), ("unchanged", 1)].into());
    let id_of = |place: usize| {
        answer["results"][place]["stay_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (one, two) = (id_of(1), id_of(2));
    let shown = desk.stay(&one).await;
    assert_eq!(shown["presence"], "present");
    assert_eq!(shown["questions"][0]["code"], "census_missing");
    assert!(shown["questions"][0]["asked_at"].is_string());
    let again = put(&desk, school, "", &roster(&stays[..1]))
        .await
        .expect(200);
    assert_eq!(counts(&again), [("asked", 3), ("unchanged", 1)].into());
    assert_eq!(desk.stay(&one).await["questions"], shown["questions"]);

    // A later roster that has one of them, and the departure of another, close their questions.
    put(&desk, school, "", &roster(&stays[..2]))
        .await
        .expect(200);
    assert_eq!(desk.stay(&one).await.get("questions"), None);
    let departure = json!({"departed_at": text_of(now())});
    desk.act(&two, "departure", 1, &departure).await.expect(200);
    assert_eq!(desk.stay(&two).await.get("questions"), None);
    let back = json!({"departed_at": null, "reason": "Nhầm"});
    desk.amend(&two, 2, &back).await.expect(200);
    assert_eq!(desk.stay(&two).await.get("questions"), None);
}

async fn an_older_census_is_refused(database: Database) {
    let river = River::start(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let stays = present(&desk, hospital, &ward, 2).await;
    let at = |taken_at: DateTime<FixedOffset>, scope: Value| json!({"taken_at": text_of(taken_at), "scope": scope, "stays": stays});
    let (first, scope) = (hours_ago(1), json!({"ward": ward}));
    put(&desk, hospital, "", &at(first, scope.clone()))
        .await
        .expect(200);
    let older = at(first - TimeDelta::seconds(1), scope.clone());
    for query in ["", "?dry_run=true"] {
        let refused = put(&desk, hospital, query, &older).await;
        let problem = refused.expect_problem(409, "census_stale");
        assert_eq!(problem["last_taken_at"], text_of(first));
    }
    put(&desk, hospital, "", &at(first, scope.clone()))
        .await
        .expect(200);
    // Another ward has its own; the whole facility covers every ward.
    let other = json!({"taken_at": text_of(hours_ago(2)), "scope": {"ward": "Khác"},
        "confirm": {"departures": 0}, "stays": []});
    put(&desk, hospital, "", &other).await.expect(200);
    put(&desk, hospital, "", &at(now(), Value::Null))
        .await
        .expect(200);
    let refused = put(
        &desk,
        hospital,
        "",
        &at(first + TimeDelta::minutes(1), scope),
    )
    .await;
    refused.expect_problem(409, "census_stale");
}

async fn a_census_that_looks_like_a_mistake_is_confirmed_by_number(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let stays = present(&desk, hospital, &ward, 5).await;
    let mut census = ward_census(&ward, &stays[..2]);
    for confirm in [
        Value::Null,
        json!({"departures": 2}),
        json!({"departures": 4}),
    ] {
        census["confirm"] = confirm;
        let refused = put(&desk, hospital, "", &census).await;
        let problem = refused.expect_problem(409, "census_implausible");
        assert_eq!(problem["departures"], 3);
    }
    assert_eq!(
        by_reference(&desk, &stays[4]["reference"]).await["presence"],
        "present"
    );
    // A refusal leaves the key free for the census that is confirmed, which takes it.
    let key = people::fresh("census");
    let path = format!("/v1/facilities/{hospital}/census");
    let put_as = async |census: &Value| {
        let call = desk.call("PUT", &path).json(census);
        call.header("Idempotency-Key", &key).send().await
    };
    let refused = put_as(&census).await;
    refused.expect_problem(409, "census_implausible");
    census["confirm"] = json!({"departures": 3});
    let dry = format!("{path}?dry_run=true");
    let foretold = desk.call("PUT", &dry).json(&census);
    foretold
        .header("Idempotency-Key", &key)
        .send()
        .await
        .expect(200);
    let answer = put_as(&census).await.expect(200);
    assert_eq!(counts(&answer), [("departed", 3), ("unchanged", 2)].into());
    let again = put_as(&census).await.expect(200);
    assert_eq!(counts(&again), [("unchanged", 2)].into());
    let mut other = census.clone();
    other["confirm"] = json!({"departures": 2});
    let reused = put_as(&other).await;
    reused.expect_problem(422, "idempotency_key_reused");

    let mut empty = ward_census(&ward, &[]);
    let refused = put(&desk, hospital, "", &empty).await;
    let problem = refused.expect_problem(409, "census_implausible");
    assert_eq!(problem["departures"], 2);
    empty["confirm"] = json!({"departures": 2});
    let answer = put(&desk, hospital, "", &empty).await.expect(200);
    assert_eq!(counts(&answer), [("departed", 2)].into());
    let again = put(&desk, hospital, "", &empty).await.expect(200);
    assert_eq!(counts(&again), [].into());
}

async fn what_came_or_changed_after_it_is_left_alone(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let stays = present(&desk, hospital, &ward, 4).await;
    let taken_at = text_of(hours_ago(1));
    let mut later = patient(hospital, &ward);
    later["arrival_at"] = json!(text_of(now()));
    desk.accepted(&later).await;
    let id = async |place: usize| {
        let stay = by_reference(&desk, &stays[place]["reference"]).await;
        stay["id"].as_str().unwrap().to_owned()
    };
    let patch = json!({"room": "mới", "reason": "Chuyển phòng"});
    desk.amend(&id(2).await, 1, &patch).await.expect(200);
    let departure = json!({"departed_at": text_of(now())});
    desk.act(&id(3).await, "departure", 1, &departure)
        .await
        .expect(200);
    // The census lacks the first two guests, has the third in the old room, and still has the
    // fourth, who has left since.
    let lines = [stays[1].clone(), stays[2].clone(), stays[3].clone()];
    let census = json!({"taken_at": taken_at, "scope": {"ward": ward}, "stays": lines});
    let answer = put(&desk, hospital, "", &census).await.expect(200);
    assert_eq!(counts(&answer), [("departed", 1), ("unchanged", 4)].into());
    assert_eq!(answer["results"][3]["reference"], stays[0]["reference"]);
    // Guests who came after it are left alone, and named.
    assert_eq!(answer["results"][4]["index"], Value::Null);
    assert_eq!(answer["results"][4]["reference"], later["reference"]);
    assert_eq!(answer["results"][4]["outcome"], "unchanged");
    assert_eq!(
        by_reference(&desk, &later["reference"]).await["presence"],
        "present"
    );
    assert_eq!(
        by_reference(&desk, &stays[2]["reference"]).await["room"],
        "mới"
    );
    assert_eq!(
        by_reference(&desk, &stays[3]["reference"]).await["presence"],
        "departed"
    );
}

async fn an_older_census_of_all_leaves_alone_what_a_later_one_counted(database: Database) {
    let river = River::start(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let (counted, other) = (people::fresh("Khoa"), people::fresh("Khoa"));
    let stays = present(&desk, hospital, &counted, 4).await;
    let others = present(&desk, hospital, &other, 5).await;
    let id = |stay: &Value| stay["id"].as_str().unwrap().to_owned();
    let left = id(&by_reference(&desk, &stays[3]["reference"]).await);
    let departure = json!({"departed_at": text_of(hours_ago(1))});
    desk.act(&left, "departure", 1, &departure)
        .await
        .expect(200);
    // Both lie a little ahead, so that what was written until now is older.
    let [older, later] = [1, 2].map(|minutes| text_of(now() + TimeDelta::minutes(minutes)));
    let ward = json!({"taken_at": later, "scope": {"ward": counted}, "missing": "ask",
        "stays": stays[..2]});
    let answer = put(&desk, hospital, "", &ward).await.expect(200);
    assert_eq!(counts(&answer), [("asked", 1), ("unchanged", 2)].into());

    // Neither of the two appears in it, nor the guest the ward was asked about; a departed guest
    // does, one who arrives there, one now said to be there, one who arrives elsewhere, and two of
    // five others.
    let mut moved = others[2].clone();
    moved["ward"] = json!(counted);
    let lines = [
        stays[2].clone(),
        stays[3].clone(),
        patient(hospital, &counted),
        moved,
        patient(hospital, &other),
        others[0].clone(),
        others[1].clone(),
    ];
    let all = json!({"taken_at": older, "stays": lines});
    let foretold = put(&desk, hospital, "?dry_run=true", &all)
        .await
        .expect(200);
    let answer = put(&desk, hospital, "", &all).await.expect(200);
    let expected = [
        ("arrived", 1),
        ("departed", 2),
        ("rejected", 3),
        ("unchanged", 5),
    ];
    assert_eq!(counts(&answer), expected.into());
    assert_eq!(counts(&foretold), expected.into());
    for index in [1, 2, 3] {
        let problem = &answer["results"][index]["problem"];
        assert_eq!(problem["code"], "census_stale", "line {index}: {problem}");
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["last_taken_at"], later);
    }
    for stay in stays[..3].iter().chain(&others[..3]) {
        let found = by_reference(&desk, &stay["reference"]).await;
        let told = (&found["presence"], &found["version"]);
        assert_eq!(told, (&json!("present"), &json!(1)));
        assert_eq!(found["ward"], stay["ward"]);
    }
    let asked = by_reference(&desk, &stays[2]["reference"]).await;
    assert_eq!(asked["questions"][0]["code"], "census_missing");
    assert_eq!(desk.stay(&left).await["presence"], "departed");
    for stay in &others[3..] {
        let found = by_reference(&desk, &stay["reference"]).await;
        assert_eq!(found["presence"], "departed");
    }
    let stranger = by_reference(&desk, &lines[2]["reference"]).await;
    assert_eq!(stranger, Value::Null);
    let again = put(&desk, hospital, "", &all).await.expect(200);
    assert_eq!(counts(&again), [("rejected", 3), ("unchanged", 6)].into());

    // One that is not older covers every ward again.
    let lines = [&stays[..3], &lines[4..]].concat();
    let all = json!({"taken_at": later, "stays": lines});
    let answer = put(&desk, hospital, "", &all).await.expect(200);
    assert_eq!(counts(&answer), [("departed", 1), ("unchanged", 6)].into());
    let asked = by_reference(&desk, &stays[2]["reference"]).await;
    assert_eq!(asked.get("questions"), None);
}

async fn an_older_roster_leaves_alone_the_rooms_of_a_later_one(database: Database) {
    let river = River::start(database).await;
    let (desk, school) = (river.caller("school"), river.facility("school"));
    let block = people::fresh("A");
    let (counted, other) = (format!("{block}1"), format!("{block}2"));
    let inside: Vec<Value> = (0..2).map(|_| student(school, &counted)).collect();
    let outside: Vec<Value> = (0..4).map(|_| student(school, &other)).collect();
    for stay in inside.iter().chain(&outside) {
        desk.accepted(stay).await;
    }
    let [older, later] = [1, 2].map(|minutes| text_of(now() + TimeDelta::minutes(minutes)));
    let rooms = json!({"taken_at": later, "scope": {"room_prefix": counted}, "stays": inside});
    let answer = put(&desk, school, "", &rooms).await.expect(200);
    assert_eq!(counts(&answer), [("unchanged", 2)].into());
    // The whole block, which holds the rooms that were counted, as well as the whole school.
    for (scope, departed) in [(json!({"room_prefix": block}), 1), (Value::Null, 0)] {
        let lines = [&outside[..3], &[student(school, &counted)]].concat();
        let roster = json!({"taken_at": older, "scope": scope, "missing": "depart",
            "stays": lines});
        let answer = put(&desk, school, "", &roster).await.expect(200);
        assert_eq!(answer["departed"], departed, "{answer}");
        // Guests counted by the later census are named as well.
        assert_eq!(answer["unchanged"], 5);
        assert_eq!(answer["results"][3]["problem"]["code"], "census_stale");
        assert_eq!(answer["rejected"], 1);
    }
    for stay in &inside {
        let found = by_reference(&desk, &stay["reference"]).await;
        assert_eq!(found["presence"], "present");
    }
}

async fn who_left_and_is_there_again_is_taken_back(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let stays = present(&desk, hospital, &ward, 2).await;
    let census = ward_census(&ward, &stays[..1]);
    put(&desk, hospital, "", &census).await.expect(200);
    let until = text_of(now());
    tests::eventually("the second after", Duration::from_secs(5), async || {
        text_of(now()) != until
    })
    .await;
    let answer = put(&desk, hospital, "", &ward_census(&ward, &stays))
        .await
        .expect(200);
    assert_eq!(counts(&answer), [("changed", 1), ("unchanged", 1)].into());
    let back = by_reference(&desk, &stays[1]["reference"]).await;
    assert_eq!(
        (&back["presence"], &back["version"]),
        (&json!("present"), &json!(3))
    );
}

async fn what_a_ward_goes_on_saying_of_a_guest_who_is_known_by_now_is_unchanged(
    database: Database,
) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let without_document = |reason: &str, name: Option<&str>| {
        let mut stay = people::unidentified(hospital);
        stay["ward"] = json!(ward);
        stay["arrival_at"] = json!(text_of(hours_ago(3)));
        stay["guest"]["no_document_reason"] = json!(reason);
        if let Some(name) = name {
            stay["guest"]["full_name"] = json!(name);
        }
        if reason != "unidentified" {
            stay["guest"]["birth_date"] = json!("2026-11-20");
            stay["guest"]["sex"] = json!("male");
        }
        stay
    };
    let lines = [
        without_document("unidentified", None),
        without_document("unidentified", Some("Không rõ Nam")),
        without_document("newborn", Some("Con bà Lan")),
        without_document("minor", Some("Lê Văn Con")),
        without_document("lost", Some("Lê Văn Mất")),
        // Only the name is known so far.
        without_document("unidentified", Some("Không rõ Nữ")),
    ];
    for (index, line) in lines.iter().enumerate() {
        let stay = desk.accepted(line).await;
        let person = people::person();
        let mut guest = json!({"full_name": person.full_name});
        if index < 5 {
            guest["birth_date"] = json!("1985-05-17");
            guest["sex"] = json!("male");
            guest["document"] = json!({"kind": "citizen_card", "number": person.number});
            guest["no_document_reason"] = Value::Null;
        }
        let patch = json!({"guest": guest, "reason": "Người nhà đến nhận"});
        let id = stay["id"].as_str().unwrap();
        let known = desk.amend(id, 1, &patch).await.expect(200);
        // Declared again as it was, it is the stay that it became.
        let again = desk.declare(line).await.expect(200);
        assert_eq!(again["id"], known["id"]);
    }
    let census = ward_census(&ward, &lines);
    for _ in 0..2 {
        let answer = put(&desk, hospital, "", &census).await.expect(200);
        assert_eq!(counts(&answer), [("unchanged", 6)].into(), "{answer}");
    }
    // Other data of the ward is accepted.
    let mut moved = lines[0].clone();
    moved["bed"] = json!("14");
    let lines = [&[moved], &lines[1..]].concat();
    let answer = put(&desk, hospital, "", &ward_census(&ward, &lines)).await;
    let answer = answer.expect(200);
    assert_eq!(counts(&answer), [("changed", 1), ("unchanged", 5)].into());
    let stay = &answer["results"][0]["stay"];
    assert_eq!(stay["bed"], "14");
    assert_eq!(stay["guest"]["document"]["kind"], "citizen_card");
}

async fn a_bad_line_never_harms_a_good_one(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let stays = present(&desk, hospital, &ward, 2).await;
    let mut lines = vec![
        json!({"reference": stays[0]["reference"], "room": 7}),
        json!({"reference": stays[1]["reference"], "ward": "Khác"}),
        json!({"reference": people::fresh("BN")}),
        json!({"reference": stays[0]["reference"]}),
        json!({"facility_id": river.facility("school")}),
        json!(7),
    ];
    lines.push(patient(hospital, &ward));
    let answer = put(&desk, hospital, "", &ward_census(&ward, &lines))
        .await
        .expect(200);
    assert_eq!(counts(&answer), [("arrived", 1), ("rejected", 6)].into());
    let table = [
        (0, "/room", "invalid_type"),
        (1, "/ward", "census_outside_scope"),
        (2, "/room", "required"),
        (3, "/reference", "census_line_repeated"),
        (4, "/facility_id", "facility_unknown"),
        (5, "", "invalid_type"),
    ];
    for (index, pointer, code) in table {
        let problem = &answer["results"][index]["problem"];
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
}

async fn nobody_departs_while_a_faulty_line_may_be_about_anybody(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let with_number = |number: Value| {
        let mut line = patient(hospital, "");
        line["ward"].take();
        line["reference"].take();
        line["guest"]["document"]["number"] = number;
        line
    };
    let roomless = || {
        let mut line = people::minimal(hospital);
        line.as_object_mut().unwrap().remove("room");
        line
    };
    let own_number = |stay: &Value| stay["guest"]["document"]["number"].clone();
    let cut_off = |stay: &Value| json!(own_number(stay).as_str().unwrap()[1..]);
    let in_twice = |stay: &Value, other: &Value| {
        let mut line = with_number(own_number(other));
        line["reference"] = stay["reference"].clone();
        line
    };
    // How the line names the fourth of five guests while the fifth is missing, and whether that
    // identifies the guest.
    type Told<'a> = Box<dyn Fn(&[Value]) -> Value + 'a>;
    let table: [(&str, Told<'_>, bool); 7] = [
        ("no object", Box::new(|_| json!(7)), false),
        (
            "a number that is none",
            Box::new(|_| with_number(json!(38))),
            false,
        ),
        (
            "a lost zero",
            Box::new(|stays| with_number(cut_off(&stays[3]))),
            false,
        ),
        (
            "a reference alone",
            Box::new(|_| json!({"reference": people::fresh("BN")})),
            false,
        ),
        (
            "a reference that another line has",
            Box::new(|stays| in_twice(&stays[0], &stays[3])),
            false,
        ),
        (
            "a faulty room",
            Box::new(|stays| json!({"reference": stays[3]["reference"], "room": 7})),
            true,
        ),
        ("a newcomer without a room", Box::new(|_| roomless()), true),
    ];
    for (name, told, is_clear) in table {
        let ward = people::fresh("Khoa");
        let stays = present(&desk, hospital, &ward, 5).await;
        let faulty = told(&stays);
        let mut lines = stays[..3].to_vec();
        lines.push(faulty);
        let census = ward_census(&ward, &lines);
        let foretold = put(&desk, hospital, "?dry_run=true", &census).await;
        let answer = put(&desk, hospital, "", &census).await.expect(200);
        assert_eq!(counts(&foretold.expect(200)), counts(&answer), "{name}");
        assert_eq!(answer["rejected"], 1, "{name}");
        let warnings = answer["warnings"].as_array().unwrap();
        let presence = by_reference(&desk, &stays[4]["reference"]).await;
        if is_clear {
            assert_eq!(presence["presence"], "departed", "{name}");
            assert!(warnings.is_empty(), "{name}: {warnings:?}");
            continue;
        }
        assert_eq!(answer["departed"], 0, "{name}");
        assert_eq!(answer["asked"], 2, "{name}");
        assert_eq!(presence["presence"], "present", "{name}");
        assert_eq!(presence["questions"][0]["code"], "census_missing", "{name}");
        assert_eq!(warnings.len(), 1, "{name}");
        assert_eq!(warnings[0]["pointer"], "/stays/3", "{name}");
        assert_eq!(warnings[0]["code"], "census_guest_unclear", "{name}");

        // Once corrected, it lets missing guests depart, and asks about nobody.
        lines[3] = stays[3].clone();
        let mended = put(&desk, hospital, "", &ward_census(&ward, &lines)).await;
        let mended = mended.expect(200);
        assert_eq!(counts(&mended), [("departed", 1), ("unchanged", 4)].into());
        assert_eq!(mended["warnings"], json!([]), "{name}");
        for (place, expected) in [(3, "present"), (4, "departed")] {
            let stay = by_reference(&desk, &stays[place]["reference"]).await;
            assert_eq!(stay["presence"], expected, "{name}");
            assert_eq!(stay.get("questions"), None, "{name}");
        }
    }
}

async fn it_is_refused_as_a_whole_by_one_order(database: Database) {
    let river = River::shared(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let ward = people::fresh("Khoa");
    let census = ward_census(&ward, &[patient(hospital, &ward)]);
    for (caller, id) in [
        ("school", hospital),
        ("hospital", river.facility("school")),
        ("hospital", "0197c1c8-0280-7000-8000-000000000999"),
        ("hospital", "x"),
    ] {
        let refused = put(&river.caller(caller), id, "", &census).await;
        refused.expect_problem(404, "not_found");
    }
    let refused = put(&river.caller("police"), hospital, "", &census).await;
    refused.expect_problem(403, "forbidden");
    let found = put(&desk, hospital, "?dry_run=perhaps", &census)
        .await
        .violations();
    assert_eq!(
        found,
        [("/query/dry_run".into(), "invalid_filter".into())].into()
    );
    let found = put(&desk, hospital, "", &json!({"scope": {}}))
        .await
        .violations();
    let expected = [
        ("/scope/ward".into(), "required".into()),
        ("/stays".into(), "required".into()),
        ("/taken_at".into(), "required".into()),
    ];
    assert_eq!(found, expected.into());
    let ahead = json!({"taken_at": text_of(now() + TimeDelta::minutes(11)), "stays": []});
    let found = put(&desk, hospital, "", &ahead).await.violations();
    assert_eq!(
        found,
        [("/taken_at".into(), "census_time_out_of_range".into())].into()
    );

    // A key guards against another body only.
    let key = people::fresh("census");
    let path = format!("/v1/facilities/{hospital}/census");
    let send = async |body: &Value| {
        let call = desk.call("PUT", &path).header("Idempotency-Key", &key);
        call.json(body).send().await
    };
    assert_eq!(
        counts(&send(&census).await.expect(200)),
        [("arrived", 1)].into()
    );
    assert_eq!(
        counts(&send(&census).await.expect(200)),
        [("unchanged", 1)].into()
    );
    let other = ward_census(&ward, &[]);
    send(&other)
        .await
        .expect_problem(422, "idempotency_key_reused");
}

async fn two_thousand_lines_are_one_request(database: Database) {
    let river = River::start(database).await;
    let (desk, school) = (river.caller("school"), river.facility("school"));
    let mut stays: Vec<Value> = (0..2_000).map(|_| student(school, "A")).collect();
    let roster = |stays: &[Value]| json!({"taken_at": exact_text_of(now()), "stays": stays});
    let started = Instant::now();
    let answer = put(&desk, school, "", &roster(&stays)).await.expect(200);
    assert_eq!(counts(&answer), [("arrived", 2_000)].into());
    for stay in stays.iter_mut().take(100) {
        stay["bed"] = json!("4");
    }
    let answer = put(&desk, school, "", &roster(&stays[..1_900]))
        .await
        .expect(200);
    let expected = [("asked", 100), ("changed", 100), ("unchanged", 1_800)];
    assert_eq!(counts(&answer), expected.into());
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_secs(60), "it took {elapsed:?}");
}

async fn a_census_cut_off_by_a_kill_is_finished_by_the_same_again(database: Database) {
    const STAY_COUNT: usize = 600;
    let services = Services::install(database).await;
    let (api, address) = services.start_api().await;
    let (desk, hospital) = (
        services.caller(&address, "hospital"),
        services.facility("hospital"),
    );
    let before: Vec<Value> = (0..STAY_COUNT).map(|_| patient(hospital, "Nội")).collect();
    desk.post("/v1/stays/batch", &json!({"stays": before}))
        .await
        .expect(200);
    let newcomers: Vec<Value> = (0..STAY_COUNT).map(|_| patient(hospital, "Nội")).collect();
    let census = json!({
        "taken_at": exact_text_of(now()),
        "stays": newcomers,
        "confirm": {"departures": STAY_COUNT},
    });
    let path = format!("/v1/facilities/{hospital}/census");
    let mut cut_off = JoinSet::new();
    cut_off.spawn(desk.call("PUT", &path).json(&census).try_send());
    let stays = async |presence: &str| {
        let query = format!("SELECT COUNT(*) FROM stay WHERE presence = '{presence}'");
        usize::try_from(services.database().count(&query).await).unwrap()
    };
    tests::eventually(
        "the first departures",
        Duration::from_secs(60),
        async || stays("departed").await > 0,
    )
    .await;
    api.kill();
    cut_off.join_all().await;
    let done = stays("departed").await;

    let _api = services.start_api_again(&address).await;
    let answer = put(&desk, hospital, "", &census).await.expect(200);
    let rest = u64::try_from(STAY_COUNT - done).unwrap();
    assert_eq!(answer["departed"], rest, "{done} had departed");
    assert_eq!(answer["unchanged"], STAY_COUNT);
    assert_eq!(answer["rejected"], 0);
    assert_eq!(stays("departed").await, STAY_COUNT);
    assert_eq!(stays("present").await, STAY_COUNT);
}

/// A model of a census's effect on a ward, without a database: guests are numbers.
#[derive(Clone, Default)]
struct Ward {
    present: BTreeSet<usize>,
    departed: BTreeSet<usize>,
    /// Of the newest census: which of those that were sent, the later ones having greater numbers.
    newest: usize,
}

impl Ward {
    /// Takes in a census of these guests: its counts, unless it is older than the newest.
    fn take(&mut self, number: usize, guests: &BTreeSet<usize>) -> Option<BTreeMap<&str, u64>> {
        if number < self.newest {
            return None;
        }
        self.newest = number;
        let count = |guests: BTreeSet<usize>| u64::try_from(guests.len()).unwrap();
        let gone = &self.present - guests;
        let back = &self.departed & guests;
        let known = &self.present | &self.departed;
        let counts = [
            ("arrived", count(guests - &known)),
            ("departed", count(gone.clone())),
            ("changed", count(back.clone())),
            ("unchanged", count(&self.present & guests)),
        ];
        self.present.clone_from(guests);
        self.departed = &(&self.departed - &back) | &gone;
        Some(counts.into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

/// The request and its answer: the number of a census, and its counts.
type Told = (usize, Option<BTreeMap<&'static str, u64>>);

/// The ward after some order of these censuses in which each gets the answer that it got.
fn after_some_order(ward: &Ward, censuses: &[BTreeSet<usize>], told: &[Told]) -> Option<Ward> {
    if told.is_empty() {
        return Some(ward.clone());
    }
    (0..told.len()).find_map(|first| {
        let mut after = ward.clone();
        let mut others = told.to_vec();
        let (number, answer) = others.remove(first);
        let is_so = after.take(number, &censuses[number]) == answer;
        is_so.then(|| after_some_order(&after, censuses, &others))?
    })
}

/// Three censuses of a ward, some of them more than once, at two processes at the same time, again
/// and again: answers and outcome are those of some order.
async fn censuses_of_two_processes_come_one_after_the_other(database: Database) {
    const ROUND_COUNT: usize = 12;
    const PRESENT_COUNT: usize = 12;
    let services = Services::install(database).await;
    let apis = [services.start_api().await, services.start_api().await];
    let desks = [0, 1].map(|place| services.caller(&apis[place].1, "hospital"));
    let hospital = services.facility("hospital");
    // Some guests come, some go, some come back.
    let censuses: [BTreeSet<usize>; 3] = [
        (0..10).chain([12]).collect(),
        (1..11).chain([12, 13]).collect(),
        (2..12).chain([13, 14]).collect(),
    ];
    let sendings = [[0, 0, 1, 1], [0, 1, 2, 2], [1, 0, 2, 1], [2, 1, 0, 0]];
    for round in 0..ROUND_COUNT {
        let name = people::fresh("Khoa");
        let guests: Vec<Value> = (0..15).map(|_| patient(hospital, &name)).collect();
        let present = json!({"stays": &guests[..PRESENT_COUNT]});
        desks[0].post("/v1/stays/batch", &present).await.expect(200);
        // Later than whatever is written now.
        let taken_at: Vec<String> = (1..=3)
            .map(|minutes| text_of(now() + TimeDelta::minutes(minutes)))
            .collect();
        let mut sent = JoinSet::new();
        for (place, number) in sendings[round % sendings.len()].into_iter().enumerate() {
            let lines: Vec<&Value> = censuses[number]
                .iter()
                .map(|guest| &guests[*guest])
                .collect();
            let census = json!({"taken_at": taken_at[number], "scope": {"ward": name},
                "stays": lines});
            let path = format!("/v1/facilities/{hospital}/census");
            let call = desks[place % 2].call("PUT", &path).json(&census).send();
            sent.spawn(async move { (number, call.await) });
        }
        let answers = sent.join_all().await;
        let told: Vec<Told> = answers
            .iter()
            .map(|(number, answer)| match answer.status {
                409 => {
                    answer.expect_problem(409, "census_stale");
                    (*number, None)
                }
                _ => (*number, Some(counts(&answer.expect(200)))),
            })
            .collect();
        let ward = Ward {
            present: (0..PRESENT_COUNT).collect(),
            ..Ward::default()
        };
        let after = after_some_order(&ward, &censuses, &told);
        let after = after.unwrap_or_else(|| panic!("round {round}: no order explains {told:?}"));
        for (guest, stay) in guests.iter().enumerate() {
            let reference = stay["reference"].as_str().unwrap();
            let list = desks[1]
                .get(&format!("/v1/stays?reference={reference}"))
                .await;
            let list = list.expect(200);
            let presence: Vec<&str> = list["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|stay| stay["presence"].as_str().unwrap())
                .collect();
            let expected = match (
                after.present.contains(&guest),
                after.departed.contains(&guest),
            ) {
                (true, _) => vec!["present"],
                (false, true) => vec!["departed"],
                (false, false) => vec![],
            };
            assert_eq!(presence, expected, "round {round}, guest {guest}: {told:?}");
        }
    }
    let leases = services
        .database()
        .count("SELECT COUNT(*) FROM census_lease");
    assert_eq!(leases.await, 0, "every turn was given back");
}

/// A hospital whose guests all leave by a census that one process works on, and the desk of
/// another process.
struct Exchange {
    services: Services,
    holder: Process,
    other: Caller,
    before: Vec<Value>,
    /// The answer of the census under way.
    answer: JoinSet<Option<Answer>>,
    _api: Process,
}

impl Exchange {
    const STAY_COUNT: usize = 400;

    /// Begins; answers as soon as the first guests have come.
    async fn begin(database: Database) -> Self {
        let services = Services::install(database).await;
        let (holder, one) = services.start_api().await;
        let (api, two) = services.start_api().await;
        let hospital = services.facility("hospital");
        let desk = services.caller(&one, "hospital");
        let patients = || -> Vec<Value> {
            let patients = (0..Self::STAY_COUNT).map(|_| patient(hospital, "Nội"));
            patients.collect()
        };
        let before = patients();
        desk.post("/v1/stays/batch", &json!({"stays": before}))
            .await
            .expect(200);
        let census = json!({
            "taken_at": exact_text_of(now()),
            "stays": patients(),
            "confirm": {"departures": Self::STAY_COUNT},
        });
        let path = format!("/v1/facilities/{hospital}/census");
        let call = desk.call("PUT", &path).json(&census);
        let mut answer = JoinSet::new();
        answer.spawn(async move { call.try_send().await.ok() });
        let exchange = Self {
            other: services.caller(&two, "hospital"),
            services,
            holder,
            before,
            answer,
            _api: api,
        };
        tests::eventually("the first arrivals", Duration::from_secs(60), async || {
            exchange.count("SELECT COUNT(*) FROM stay").await > Self::STAY_COUNT
        })
        .await;
        exchange
    }

    async fn count(&self, query: &str) -> usize {
        usize::try_from(self.services.database().count(query).await).unwrap()
    }

    /// Sends a later census of exactly the guests present before, until it is complete.
    async fn take_back(&self) {
        let census = json!({
            "taken_at": text_of(now() + TimeDelta::minutes(1)),
            "stays": self.before,
        });
        let hospital = self.services.facility("hospital");
        tests::eventually("a census", Duration::from_secs(90), async || {
            let answer = put(&self.other, hospital, "", &census).await;
            // On a busy machine it may take longer than a request may.
            answer.status != 503 && answer.expect(200)["rejected"] == 0
        })
        .await;
    }

    async fn expect_who_was_there_before(&self) {
        let mut present = BTreeSet::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/stays?presence=present&limit=200{cursor}");
            let page = self.other.get(&path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            present.extend(items.iter().map(|stay| stay["reference"].to_string()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let before = self.before.iter().map(|stay| stay["reference"].to_string());
        assert_eq!(present, before.collect());
    }

    /// Whether nothing is being written just now.
    async fn is_between_two_writes(&self, database: Database) -> bool {
        match database {
            Database::Sqlite => self.services.database().is_free_to_write().await,
            Database::Postgres => {
                let query = "SELECT COUNT(*) FROM pg_stat_activity \
                             WHERE datname = current_database() AND xact_start IS NOT NULL \
                               AND pid <> pg_backend_pid()";
                self.count(query).await == 0
            }
        }
    }
}

async fn a_killed_process_holds_its_facility_no_longer_than_its_lease(database: Database) {
    const LEASE: Duration = Duration::from_secs(15);
    const WORK: Duration = Duration::from_secs(45);
    let mut exchange = Exchange::begin(database).await;
    exchange.holder.kill();
    assert!(
        exchange
            .answer
            .join_next()
            .await
            .unwrap()
            .unwrap()
            .is_none()
    );
    let query = "SELECT COUNT(*) FROM census_lease";
    assert_eq!(exchange.count(query).await, 1, "it died in its turn");
    let started = Instant::now();
    exchange.take_back().await;
    let elapsed = started.elapsed();
    assert!(elapsed < LEASE + WORK, "the facility waited {elapsed:?}");
    exchange.expect_who_was_there_before().await;
}

async fn a_process_that_slept_through_its_turn_writes_nothing_more(database: Database) {
    let mut exchange = Exchange::begin(database).await;
    // Not in the middle of a write: a sleeping one holds its locks.
    tests::eventually(
        "a moment between two writes",
        Duration::from_secs(60),
        async || {
            exchange.holder.signal("STOP");
            let is_free = exchange.is_between_two_writes(database).await;
            if !is_free {
                exchange.holder.signal("CONT");
            }
            is_free
        },
    )
    .await;
    exchange.take_back().await;
    exchange.expect_who_was_there_before().await;
    let versions = "SELECT COUNT(*) FROM stay_version";
    let written = exchange.count(versions).await;

    exchange.holder.signal("CONT");
    let late = exchange.answer.join_next().await.unwrap().unwrap().unwrap();
    let late = late.expect(200);
    let refused: Vec<&Value> = late["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["outcome"] == "rejected")
        .map(|result| &result["problem"])
        .collect();
    assert!(!refused.is_empty(), "all was written before it slept");
    for problem in refused {
        assert_eq!(problem["code"], "overloaded", "{problem}");
        assert_eq!(problem["retryable"], true);
    }
    assert_eq!(exchange.count(versions).await, written);
    exchange.expect_who_was_there_before().await;
}
