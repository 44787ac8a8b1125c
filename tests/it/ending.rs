//! How stays continue and end: overdue departures, returning guests, stays declared in error, moved
//! arrivals, and one-time events.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{
    Caller, Database, River, eventually, eventually_some, local, now, on_both_databases, people,
    text_of,
};

on_both_databases![
    who_should_have_left_is_counted_listed_and_told_of_once,
    a_guest_who_left_and_is_back_is_declared_anew,
    a_cancelled_stay_has_no_case_that_an_officer_could_take,
    an_arrival_that_would_have_been_late_opens_a_case,
    each_thing_that_needs_attention_is_told_once,
    a_family_on_one_passport_is_no_duplicate,
    dates_of_entry_are_warned_of,
];

const LIMIT: Duration = Duration::from_secs(60);

fn id(stay: &Value) -> &str {
    stay["id"].as_str().unwrap()
}

/// The events of a stay so far, in order.
async fn events(desk: &Caller, stay_id: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut path = "/v1/events?limit=200".to_owned();
    loop {
        let page = desk.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap().clone();
        if items.is_empty() {
            return found;
        }
        found.extend(items.into_iter().filter(|one| one["stay_id"] == stay_id));
        let next = page["next_cursor"].as_str().unwrap();
        path = format!("/v1/events?limit=200&after={next}");
    }
}

async fn count_of(desk: &Caller, stay_id: &str, kind: &str) -> usize {
    let events = events(desk, stay_id).await;
    events.iter().filter(|event| event["type"] == kind).count()
}

async fn due(desk: &Caller, facility_id: &str, stay_id: &str) -> Vec<Value> {
    let path = format!("/v1/facilities/{facility_id}/due?limit=200");
    let page = desk.get(&path).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    let own = items.filter(|item| item["stay_id"] == stay_id);
    own.filter(|item| item["kind"] == "departure_overdue")
        .cloned()
        .collect()
}

async fn guests_today(desk: &Caller, facility_id: &str) -> Vec<Value> {
    let path = format!("/v1/facilities/{facility_id}/occupancy");
    let occupancy = desk.get(&path).await.expect(200);
    let rooms = occupancy["rooms"].as_array().unwrap().iter();
    let guests = rooms.flat_map(|room| room["guests"].as_array().unwrap().clone());
    guests.collect()
}

async fn who_should_have_left_is_counted_listed_and_told_of_once(database: Database) {
    const OVERDUE: &str = "stay.departure_overdue";
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let leaving = async |at| {
        let mut stay = people::citizen(hotel);
        stay["arrival_at"] = json!(text_of(local(-3, "14:00:00")));
        stay["expected_departure_at"] = json!(text_of(at));
        desk.accepted(&stay).await
    };
    let passed = leaving(local(-2, "12:00:00")).await;
    let soon = leaving(now() + TimeDelta::seconds(3)).await;
    let later = leaving(now() + TimeDelta::days(1)).await;
    for stay in [&passed, &soon] {
        eventually("the event", LIMIT, async || {
            count_of(&desk, id(stay), OVERDUE).await == 1
        })
        .await;
        let listed = due(&desk, hotel, id(stay)).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["due_at"], stay["expected_departure_at"]);
        assert_eq!(listed[0]["is_overdue"], true);
        assert_eq!(listed[0]["pointers"], json!(["/expected_departure_at"]));
        let guests = guests_today(&desk, hotel).await;
        let guest = guests.iter().find(|guest| guest["stay_id"] == stay["id"]);
        assert_eq!(guest.unwrap()["stays_overnight"], true);
    }
    let told = events(&desk, id(&passed)).await;
    let told = told.iter().find(|event| event["type"] == OVERDUE).unwrap();
    let expected = json!({"expected_departure_at": passed["expected_departure_at"]});
    assert_eq!(told["data"], expected);
    assert_eq!(due(&desk, hotel, id(&later)).await.len(), 0);

    // One call sees to it, whichever.
    let until = now() + TimeDelta::seconds(4);
    let extension = json!({"expected_departure_at": text_of(until)});
    let extended = desk.act(id(&passed), "extension", 1, &extension).await;
    extended.expect(200);
    assert_eq!(due(&desk, hotel, id(&passed)).await.len(), 0);
    let departure = json!({"departed_at": text_of(now())});
    let departed = desk.act(id(&soon), "departure", 1, &departure).await;
    departed.expect(200);
    assert_eq!(due(&desk, hotel, id(&soon)).await.len(), 0);
    // The next hour has an event of its own, and the first had one, however often it was looked at.
    eventually("the second event", LIMIT, async || {
        count_of(&desk, id(&passed), OVERDUE).await == 2
    })
    .await;
    assert_eq!(due(&desk, hotel, id(&passed)).await.len(), 1);
    assert_eq!(count_of(&desk, id(&soon), OVERDUE).await, 1);
    assert_eq!(count_of(&desk, id(&later), OVERDUE).await, 0);
    // A departure taken back brings back the entry, and no event.
    let back = json!({"departed_at": null, "reason": "khách vẫn ở"});
    desk.amend(id(&soon), 2, &back).await.expect(200);
    assert_eq!(due(&desk, hotel, id(&soon)).await.len(), 1);
    assert_eq!(count_of(&desk, id(&soon), OVERDUE).await, 1);
}

async fn a_guest_who_left_and_is_back_is_declared_anew(database: Database) {
    let river = River::shared(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let stay = people::minimal(hotel);
    let first = desk.accepted(&stay).await;
    assert_eq!(desk.declare(&stay).await.expect(200)["id"], first["id"]);
    let departure = json!({"departed_at": text_of(now() + TimeDelta::minutes(5))});
    desk.act(id(&first), "departure", 1, &departure)
        .await
        .expect(200);
    let second = desk.accepted(&stay).await;
    assert_ne!(second["id"], first["id"]);
    assert_eq!(second["presence"], "present");
    assert_eq!(desk.declare(&stay).await.expect(200)["id"], second["id"]);
    // The same in a batch.
    desk.act(id(&second), "departure", 1, &departure)
        .await
        .expect(200);
    let batch = json!({"stays": [stay]});
    let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
    assert_eq!(answer["results"][0]["outcome"], "accepted", "{answer}");
    let again = desk.post("/v1/stays/batch", &batch).await.expect(200);
    assert_eq!(again["results"][0]["outcome"], "replayed", "{again}");
    // A key says that it is the very same request.
    let keyed = people::minimal(hotel);
    let key = people::fresh("back");
    let first = desk.declare_as(&key, &keyed).await;
    let stay = first.expect(201);
    desk.act(id(&stay), "departure", 1, &departure)
        .await
        .expect(200);
    let again = desk.declare_as(&key, &keyed).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    // And so does the hour of arrival.
    let mut timed = people::minimal(hotel);
    timed["arrival_at"] = json!(text_of(now() - TimeDelta::minutes(5)));
    let first = desk.accepted(&timed).await;
    desk.act(id(&first), "departure", 1, &departure)
        .await
        .expect(200);
    assert_eq!(desk.declare(&timed).await.expect(200)["id"], first["id"]);
}

async fn cases(police: &Caller, query: &str) -> Vec<Value> {
    let path = format!("/v1/police/notifications?limit=200{query}");
    let page = police.get(&path).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

async fn case_of(police: &Caller, kind: &str, stay_id: &str) -> Option<Value> {
    let found = cases(police, &format!("&kind={kind}")).await;
    found.into_iter().find(|case| case["stay"]["id"] == stay_id)
}

async fn a_cancelled_stay_has_no_case_that_an_officer_could_take(database: Database) {
    let river = River::start(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    let late = || {
        let mut stay = people::citizen(river.facility("hotel"));
        stay["arrival_at"] = json!(text_of(local(-2, "10:00:00")));
        stay
    };
    let declared = [desk.accepted(&late()).await, desk.accepted(&late()).await];
    // Late at once, and unknown to the registry a little later; one of them is held by an officer.
    for stay in &declared {
        for kind in ["late", "not_found"] {
            eventually(kind, LIMIT, async || {
                case_of(&police, kind, id(stay)).await.is_some()
            })
            .await;
        }
    }
    let case = case_of(&police, "late", id(&declared[0])).await.unwrap();
    let ids = json!({"count": 1, "ids": [case["id"]]});
    let claimed = police.post("/v1/police/claims", &ids).await.expect(200);
    assert_eq!(claimed["items"].as_array().unwrap().len(), 1, "{claimed}");
    // Refused as well by the police endpoint from now on, the cancellation included.
    let refusal = json!([{"stay_id": declared[1]["id"], "status": 422, "code": "unknown_person"}]);
    river.police().refuse(&refusal).await;
    for stay in &declared {
        let reason = json!({"reason": "Nhầm"});
        let cancelled = desk.act(id(stay), "cancellation", 1, &reason).await;
        cancelled.expect(200);
    }
    assert_eq!(cases(&police, "").await, Vec::<Value>::new());
    let path = format!(
        "/v1/police/notifications/{}/decision",
        case["id"].as_str().unwrap()
    );
    let decision = json!({"decision": "accept", "note": "x", "lease_id": claimed["lease_id"]});
    let lost = police.post(&path, &decision).await;
    lost.expect_problem(409, "lease_lost");
    desk.delivered(id(&declared[1]), "rejected", LIMIT).await;
    let claim = json!({"count": 50});
    let nothing = police.post("/v1/police/claims", &claim).await.expect(200);
    assert_eq!(nothing["items"], json!([]));
}

async fn an_arrival_that_would_have_been_late_opens_a_case(database: Database) {
    let river = River::shared(database).await;
    let (desk, police) = (river.caller("hotel"), river.caller("police"));
    let stay = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    assert_eq!(stay["timeliness"], "on_time");
    let patch = json!({"room": "9", "reason": "Đổi phòng"});
    desk.amend(id(&stay), 1, &patch).await.expect(200);
    assert_eq!(case_of(&police, "late", id(&stay)).await, None);
    let arrival_at = text_of(local(-3, "15:00:00"));
    let patch = json!({"arrival_at": arrival_at, "reason": "Nhầm ngày"});
    let moved = desk.amend(id(&stay), 2, &patch).await.expect(200);
    assert_eq!(moved["timeliness"], "on_time");
    assert_eq!(moved["deadline_at"], stay["deadline_at"]);
    let case = case_of(&police, "late", id(&stay)).await.unwrap();
    assert_eq!(case["state"], "open");
    let late_by = case["detail"]["late_by_minutes"].as_i64().unwrap();
    let deadline = local(-3, "23:00:00");
    let expected = (now() - deadline).num_minutes();
    assert!((expected - late_by).abs() <= 2, "{late_by} {expected}");
}

async fn each_thing_that_needs_attention_is_told_once(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let told = async |stay: &Value| {
        let events = events(&desk, id(stay)).await;
        let count = |kind: &str| events.iter().filter(|one| one["type"] == kind).count();
        (count("stay.attention"), count("stay.completion_due"))
    };
    // Nobody the registry knows, without a birth date.
    let stay = desk.accepted(&people::minimal(hotel)).await;
    let mut version = 1;
    let amend = async |version: u64, patch: Value| {
        let mut patch = patch;
        patch["reason"] = json!("sửa");
        desk.amend(id(&stay), version, &patch).await.expect(200);
        desk.delivered(id(&stay), "acknowledged", LIMIT).await;
    };
    desk.delivered(id(&stay), "acknowledged", LIMIT).await;
    eventually("the first time", LIMIT, async || {
        told(&stay).await == (1, 1)
    })
    .await;
    for room in ["21", "22", "23"] {
        amend(version, json!({"room": room})).await;
        version += 1;
    }
    // Its last event is there, and nothing was repeated.
    eventually_some("the last version", LIMIT, async || {
        let events = events(&desk, id(&stay)).await;
        let last = events.last().cloned()?;
        (last["type"] == "stay.acknowledged" && last["version"] == version).then_some(())
    })
    .await;
    assert_eq!(told(&stay).await, (1, 1));
    // Another name is another thing to look at.
    let name = format!("{} Khác", people::person().full_name);
    amend(version, json!({"guest": {"full_name": name}})).await;
    eventually("the second time", LIMIT, async || told(&stay).await.0 == 2).await;
}

async fn a_family_on_one_passport_is_no_duplicate(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let mother = people::foreigner(hotel);
    let mut family = mother.clone();
    family["party"] = json!({"reference": people::fresh("G"), "role": "head"});
    let member = |name: &str, party: &Value| {
        let mut stay = family.clone();
        stay["reference"] = json!(people::fresh("F"));
        stay["guest"]["full_name"] = json!(name);
        stay["guest"]["birth_date"] = json!("2015-03-04");
        stay["party"] = party.clone();
        stay
    };
    let party = family["party"].clone();
    let warnings = |stay: &Value| -> Vec<String> {
        let warnings = stay["warnings"].as_array().unwrap().iter();
        let codes = warnings.map(|one| one["code"].as_str().unwrap().to_owned());
        codes.collect()
    };
    // Together, and one after the other.
    let batch = json!({"stays": [family, member("PAUL MUSTERFRAU", &party)]});
    let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
    for result in answer["results"].as_array().unwrap() {
        assert_eq!(warnings(&result["stay"]), Vec::<String>::new(), "{result}");
    }
    let child = desk.accepted(&member("LENA MUSTERFRAU", &party)).await;
    assert_eq!(warnings(&child), Vec::<String>::new());
    let police = river.caller("police");
    assert_eq!(cases(&police, "&kind=duplicate").await, Vec::<Value>::new());
    // The same guest twice, and somebody of another party, are what they were.
    let twice = desk.accepted(&member("LENA MUSTERFRAU", &party)).await;
    assert_eq!(warnings(&twice), ["already_present_here"]);
    let other = json!({"reference": people::fresh("G"), "role": "head"});
    let stranger = desk.accepted(&member("KARL ANDERER", &other)).await;
    assert_eq!(warnings(&stranger).len(), 3, "{stranger}");
    assert_eq!(cases(&police, "&kind=duplicate").await.len(), 2);
}

async fn dates_of_entry_are_warned_of(database: Database) {
    let river = River::shared(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let mut stay = people::foreigner(hotel);
    stay["guest"]["permitted_stay_until"] = json!("1900-01-01");
    stay["guest"]["visa"]["expires_on"] = json!("2020-05-01");
    stay["guest"]["entered_on"] = json!(local(3, "00:00:00").date_naive().to_string());
    let expected = [
        ("/guest/permitted_stay_until", "permitted_stay_ended"),
        ("/guest/visa/expires_on", "visa_expired"),
        ("/guest/entered_on", "entered_after_arrival"),
    ];
    let judged = desk.post("/v1/stays/validate", &stay).await.expect(200);
    let declared = desk.accepted(&stay).await;
    for answer in [&judged, &declared] {
        let warnings = answer["warnings"].as_array().unwrap().iter();
        let found: Vec<(&str, &str)> = warnings
            .map(|one| {
                (
                    one["pointer"].as_str().unwrap(),
                    one["code"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, expected);
    }
}
