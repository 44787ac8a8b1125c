//! The rooms and beds of a facility, and who is in them.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Caller, Database, River, local, now, on_both_databases, people, redact, text_of};

on_both_databases![
    a_list_of_rooms_is_kept_and_replaced_as_a_whole,
    a_change_meant_for_another_version_is_refused,
    every_fault_of_a_list_is_named,
    who_is_where_is_shown_by_room_and_day,
    beds_of_wards_are_told_apart,
    rooms_of_others_are_as_good_as_absent,
    names_of_rooms_and_guests_lie_sealed,
];

fn rooms_of(facility_id: &str) -> String {
    format!("/v1/facilities/{facility_id}/rooms")
}

async fn put(desk: &Caller, facility_id: &str, rooms: &Value) -> tests::Answer {
    let call = desk.call("PUT", &rooms_of(facility_id));
    call.json(&json!({"rooms": rooms})).send().await
}

async fn a_list_of_rooms_is_kept_and_replaced_as_a_whole(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let empty = desk.get(&rooms_of(hotel)).await;
    assert_eq!(empty.header("etag"), Some("\"0\""));
    assert_eq!(empty.expect(200), json!({"items": [], "next_cursor": null}));

    let rooms = json!([
        {"name": "101", "kind": "room", "capacity": 2},
        {"name": "102", "kind": "room", "capacity": 4, "ward": "Nhà A"},
    ]);
    let first = put(&desk, hotel, &rooms).await;
    assert_eq!(first.header("etag"), Some("\"1\""));
    assert_eq!(first.expect(200)["items"], rooms);
    let again = put(&desk, hotel, &rooms).await;
    assert_eq!(again.header("etag"), Some("\"1\""), "nothing has changed");

    // The list can be sent back unchanged, under its version.
    let got = desk.get(&rooms_of(hotel)).await;
    let back = desk
        .call("PUT", &rooms_of(hotel))
        .header("If-Match", "\"1\"");
    let back = back.json(&got.expect(200)).send().await;
    assert_eq!(back.header("etag"), Some("\"1\""), "{}", back.text());
    assert_eq!(back.expect(200), got.json());

    let fewer = json!([{"name": "201", "kind": "room", "capacity": 1}]);
    let second = put(&desk, hotel, &fewer).await;
    assert_eq!(second.header("etag"), Some("\"2\""));
    let shown = desk.get(&rooms_of(hotel)).await;
    assert_eq!(shown.header("etag"), Some("\"2\""));
    assert_eq!(shown.expect(200)["items"], fewer);
    let third = put(&desk, hotel, &json!([])).await;
    assert_eq!(third.header("etag"), Some("\"3\""));
    assert_eq!(third.expect(200)["items"], json!([]));

    let noted = "SELECT count(*) FROM audit_entry WHERE action = 'rooms.replaced'";
    assert_eq!(river.database().unwrap().count(noted).await, 3);
}

async fn a_change_meant_for_another_version_is_refused(database: Database) {
    let river = River::start(database).await;
    let (desk, school) = (river.caller("school"), river.facility("school"));
    let put = async |tag: &str, name: &str| {
        let rooms = json!({"rooms": [{"name": name, "kind": "room", "capacity": 8}]});
        let call = desk.call("PUT", &rooms_of(school)).json(&rooms);
        call.header("If-Match", tag).send().await
    };
    let refuse = async |tag: &str, current: &str| {
        let answer = put(tag, "B").await;
        assert_eq!(answer.header("etag"), Some(current));
        answer.expect_problem(412, "version_mismatch");
    };
    refuse("\"1\"", "\"0\"").await;
    put("\"0\"", "A").await.expect(200);
    refuse("\"0\"", "\"1\"").await;
    refuse("3", "\"1\"").await;
    put("\"1\"", "B").await.expect(200);
    put("*", "C").await.expect(200);
    let shown = desk.get(&rooms_of(school)).await;
    assert_eq!(shown.header("etag"), Some("\"3\""));
    assert_eq!(shown.expect(200)["items"][0]["name"], "C");
}

async fn every_fault_of_a_list_is_named(database: Database) {
    let river = River::shared(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let rooms = json!([
        {"name": "1", "kind": "room", "capacity": 1},
        {"name": "1", "kind": "bed"},
        {"name": "2", "kind": "tent", "capacity": 0, "colour": "red"},
        7,
    ]);
    let expected = [
        ("/rooms/1/name", "duplicate"),
        ("/rooms/2/kind", "unknown_code"),
        ("/rooms/2/capacity", "out_of_range"),
        ("/rooms/2/colour", "unknown_field"),
        ("/rooms/3", "invalid_type"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    let violations = put(&desk, hotel, &rooms).await.violations();
    assert_eq!(violations, expected.into());
    let many = vec![json!({"name": "x", "kind": "bed"}); 5_001];
    let violations = put(&desk, hotel, &json!(many)).await.violations();
    let expected = [("/rooms".to_owned(), "too_many_items".to_owned())];
    assert_eq!(violations, expected.into());
    let day = format!("/v1/facilities/{hotel}/occupancy?date=2026-02-30&x=1");
    let expected = [
        ("/query/date", "invalid_date"),
        ("/query/x", "unknown_field"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(desk.get(&day).await.violations(), expected.into());
}

async fn occupancy(desk: &Caller, facility_id: &str, days_from_today: i64) -> Value {
    let date = local(days_from_today, "00:00:00").date_naive();
    let path = format!("/v1/facilities/{facility_id}/occupancy?date={date}");
    desk.get(&path).await.expect(200)
}

/// A guest in a room, from so many days before today for so many nights.
fn guest(facility_id: &str, room: &str, days_back: i64, nights: i64) -> Value {
    let mut stay = people::minimal(facility_id);
    stay["room"] = json!(room);
    stay["arrival_at"] = json!(text_of(local(-days_back, "00:30:00")));
    stay["expected_departure_at"] = json!(text_of(local(nights - days_back, "12:00:00")));
    stay
}

/// The same without what moves by itself: how far each stay has come.
fn without_progress(occupancy: &Value) -> Value {
    let mut still = occupancy.clone();
    let rooms = still["rooms"].as_array_mut().unwrap();
    for guest in rooms
        .iter_mut()
        .flat_map(|room| room["guests"].as_array_mut().unwrap())
    {
        for name in ["completion", "delivery", "identity"] {
            assert!(guest[name].is_string(), "{guest}");
            guest[name] = json!("[moving]");
        }
    }
    still
}

async fn who_is_where_is_shown_by_room_and_day(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let rooms = json!([
        {"name": "101", "kind": "room", "capacity": 2},
        {"name": "102", "kind": "room", "capacity": 1},
    ]);
    put(&desk, hotel, &rooms).await.expect(200);
    let leaving = desk.accepted(&guest(hotel, "101", 2, 2)).await;
    let staying = desk.accepted(&guest(hotel, "101", 1, 3)).await;
    let elsewhere = desk.accepted(&guest(hotel, "gác xép", 1, 3)).await;
    let gone = desk.accepted(&guest(hotel, "102", 5, 2)).await;
    for (stay, departed_at) in [(&leaving, now()), (&gone, local(-3, "11:00:00"))] {
        let departure = json!({"departed_at": text_of(departed_at)});
        let id = stay["id"].as_str().unwrap();
        let departed = desk.act(id, "departure", 1, &departure).await;
        departed.expect(200);
    }

    let today = occupancy(&desk, hotel, 0).await;
    let hotel_id = json!(hotel);
    let known = [
        (&hotel_id, "hotel"),
        (&leaving["id"], "leaving"),
        (&leaving["guest"]["full_name"], "leaving guest"),
        (&leaving["arrival_at"], "two days ago"),
        (&staying["id"], "staying"),
        (&staying["guest"]["full_name"], "staying guest"),
        (&staying["arrival_at"], "yesterday"),
        (&elsewhere["id"], "elsewhere"),
        (&elsewhere["guest"]["full_name"], "guest elsewhere"),
    ];
    let redacted = redact(&without_progress(&today), &known);
    insta::assert_json_snapshot!("rooms_and_guests_of_today", redacted);
    let totals = &today["totals"];

    // Without a day it is today.
    let path = format!("/v1/facilities/{hotel}/occupancy");
    let without_day = desk.get(&path).await.expect(200);
    if without_day["date"] == today["date"] {
        assert_eq!(&without_day["totals"], totals);
    }
    let four_days_ago = occupancy(&desk, hotel, -4).await;
    assert_eq!(four_days_ago["rooms"][1]["occupied"], 1);
    assert_eq!(occupancy(&desk, hotel, 30).await["totals"]["guests"], 0);
    let noted = "SELECT count(*) FROM audit_entry WHERE action = 'stays.read'";
    assert!(river.database().unwrap().count(noted).await >= 1);
}

async fn beds_of_wards_are_told_apart(database: Database) {
    let river = River::start(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let rooms = json!([
        {"name": "1", "kind": "bed", "ward": "Nội"},
        {"name": "1", "kind": "bed", "ward": "Ngoại"},
    ]);
    put(&desk, hospital, &rooms).await.expect(200);
    let mut patient = people::minimal(hospital);
    patient["room"] = Value::Null;
    patient["bed"] = json!("1");
    patient["ward"] = json!("ngoại");
    patient["expected_departure_at"] = Value::Null;
    patient["arrival_at"] = json!(text_of(now() - TimeDelta::minutes(1)));
    let patient = desk.accepted(&patient).await;
    let arrived = local(0, "00:00:00").date_naive().to_string();
    let day = patient["arrival_at"].as_str().unwrap().get(..10).unwrap();
    let path = format!("/v1/facilities/{hospital}/occupancy?date={day}");
    let shown = desk.get(&path).await.expect(200);
    assert_eq!(shown["rooms"][0]["occupied"], 0, "{arrived}");
    assert_eq!(shown["rooms"][1]["guests"][0]["stay_id"], patient["id"]);
    // Without an expected departure a patient is present until a departure is recorded.
    assert_eq!(occupancy(&desk, hospital, 60).await["totals"]["guests"], 1);
}

async fn rooms_of_others_are_as_good_as_absent(database: Database) {
    let river = River::shared(database).await;
    let school = river.facility("school");
    let absent = "0197c1c8-0280-7000-8000-00000000ffff";
    for key in ["hotel", "police", "admin"] {
        let caller = river.caller(key);
        for id in [school, absent, "x"] {
            let rooms = caller.get(&rooms_of(id)).await;
            rooms.expect_problem(404, "not_found");
            let occupancy = caller.get(&format!("/v1/facilities/{id}/occupancy")).await;
            occupancy.expect_problem(404, "not_found");
        }
    }
    put(&river.caller("hotel"), school, &json!([]))
        .await
        .expect_problem(404, "not_found");
    put(&river.caller("police"), school, &json!([]))
        .await
        .expect_problem(403, "forbidden");
}

async fn names_of_rooms_and_guests_lie_sealed(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let rooms = json!([{"name": "phòng bà Thiềm", "kind": "room", "capacity": 2}]);
    put(&desk, hotel, &rooms).await.expect(200);
    let mut stay = people::citizen(hotel);
    stay["room"] = json!("Phòng bà Thiềm");
    desk.accepted(&stay).await;
    let path = format!("/v1/facilities/{hotel}/occupancy");
    let shown = desk.get(&path).await.expect(200);
    assert_eq!(shown["rooms"][0]["guests"].as_array().unwrap().len(), 1);
    let stored = river.database().unwrap().everything().await;
    let name = "Thiềm".as_bytes();
    let is_clear = stored.windows(name.len()).any(|bytes| bytes == name);
    assert!(!is_clear, "a name lies in the database in clear");
    assert!(!river.process().log().contains("Thiềm"));
}
