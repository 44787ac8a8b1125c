//! What a facility still has to do.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde_json::{Value, json};
use tests::{Caller, Database, River, local, on_both_databases, people, text_of};

const DELIVERED: Duration = Duration::from_secs(30);

on_both_databases![
    what_the_police_have_not_confirmed_is_due_by_its_deadline,
    corrections_and_completions_are_due_until_they_are_made,
    a_refused_stay_is_a_correction_with_its_reason,
    questions_are_due_until_they_are_answered,
    pages_of_what_is_due_follow_each_other,
    what_is_due_of_others_is_as_good_as_absent,
];

fn path(facility_id: &str) -> String {
    format!("/v1/facilities/{facility_id}/due")
}

async fn due(desk: &Caller, facility_id: &str) -> Vec<Value> {
    let page = desk.get(&path(facility_id)).await.expect(200);
    assert_eq!(page["next_cursor"], Value::Null);
    page["items"].as_array().unwrap().clone()
}

fn kinds(items: &[Value]) -> Vec<(&str, &str)> {
    items
        .iter()
        .map(|item| {
            (
                item["kind"].as_str().unwrap(),
                item["stay_id"].as_str().unwrap(),
            )
        })
        .collect()
}

fn instant(text: &Value) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text.as_str().unwrap()).unwrap()
}

fn id(stay: &Value) -> &str {
    stay["id"].as_str().unwrap()
}

/// A foreigner staying for this many days; the registry is not asked about foreigners.
async fn foreigner(desk: &Caller, facility_id: &str, days_back: i64) -> Value {
    let mut stay = people::foreigner(facility_id);
    stay["arrival_at"] = json!(text_of(local(-days_back, "00:30:00")));
    desk.accepted(&stay).await
}

async fn what_the_police_have_not_confirmed_is_due_by_its_deadline(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    assert_eq!(due(&desk, hotel).await, Vec::<Value>::new());
    river.police().fail(&json!({"outage": true})).await;
    let recent = foreigner(&desk, hotel, 2).await;
    let oldest = foreigner(&desk, hotel, 3).await;
    let cancelled = foreigner(&desk, hotel, 4).await;
    let reason = json!({"reason": "Khai nhầm khách"});
    let cancellation = desk.act(id(&cancelled), "cancellation", 1, &reason);
    cancellation.await.expect(200);
    let items = due(&desk, hotel).await;
    let expected = [
        ("unacknowledged", id(&oldest)),
        ("unacknowledged", id(&recent)),
    ];
    assert_eq!(kinds(&items), expected);
    assert_eq!(items[0]["due_at"], oldest["deadline_at"]);
    assert_eq!(items[0]["version"], 1);
    assert_eq!(items[0]["is_overdue"], true);
    assert_eq!(items[0]["pointers"], json!([]));
    river.police().heal().await;
    tests::eventually("everything is confirmed", 3 * DELIVERED, async || {
        due(&desk, hotel).await.is_empty()
    })
    .await;
}

async fn corrections_and_completions_are_due_until_they_are_made(database: Database) {
    let river = River::start(database).await;
    let (desk, hospital) = (river.caller("hospital"), river.facility("hospital"));
    let unidentified = desk.accepted(&people::unidentified(hospital)).await;
    desk.delivered(id(&unidentified), "acknowledged", DELIVERED)
        .await;
    // The registry does not know this number: the sender looks again.
    let mut flagged = people::minimal(hospital);
    flagged["arrival_at"] = json!(text_of(local(-1, "10:00:00")));
    let flagged = desk.accepted(&flagged).await;
    desk.delivered(id(&flagged), "acknowledged", DELIVERED)
        .await;
    tests::eventually("attention", DELIVERED, async || {
        desk.stay(id(&flagged)).await["identity"]["state"] == "attention"
    })
    .await;
    let items = due(&desk, hospital).await;
    let of_flagged: Vec<_> = items
        .iter()
        .filter(|item| item["stay_id"] == flagged["id"] && item["kind"] == "correction")
        .collect();
    let [correction] = of_flagged.as_slice() else {
        panic!("one correction is due: {items:?}");
    };
    assert_eq!(correction["due_at"], flagged["deadline_at"]);
    assert_eq!(correction["pointers"][0], "/guest/full_name");
    let of_unidentified: Vec<_> = items
        .iter()
        .filter(|item| item["stay_id"] == unidentified["id"])
        .collect();
    let [completion] = of_unidentified.as_slice() else {
        panic!("one completion is due: {items:?}");
    };
    assert_eq!(completion["kind"], "completion");
    assert_eq!(completion["due_at"], unidentified["completion"]["due_at"]);
    assert_eq!(
        completion["pointers"],
        unidentified["completion"]["missing"]
    );
    assert_eq!(completion["is_overdue"], false);
    let times: Vec<_> = items.iter().map(|item| item["due_at"].as_str()).collect();
    assert!(times.is_sorted(), "{times:?}");

    // Guests who have left cannot be asked again.
    let departed = json!({"departed_at": text_of(tests::now())});
    let departure = desk.act(id(&flagged), "departure", 1, &departed);
    departure.await.expect(200);
    tests::eventually("no correction is due", DELIVERED, async || {
        let items = due(&desk, hospital).await;
        items.iter().all(|item| item["kind"] == "completion")
    })
    .await;
}

async fn a_refused_stay_is_a_correction_with_its_reason(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let refused = people::citizen(hotel);
    let number = &refused["guest"]["document"]["number"];
    let refusal = json!([{"document_number": number, "status": 422, "code": "unknown_person"}]);
    river.police().refuse(&refusal).await;
    let refused = desk.accepted(&refused).await;
    let stay = desk.delivered(id(&refused), "rejected", DELIVERED).await;
    let items = due(&desk, hotel).await;
    assert_eq!(kinds(&items), [("correction", id(&refused))]);
    assert_eq!(items[0]["delivery"], "rejected");
    assert_eq!(items[0]["reason"], stay["delivery"]["reason"]);
    assert_eq!(items[0]["due_at"], stay["deadline_at"]);
    assert_eq!(items[0]["questions"], json!([]));
}

async fn questions_are_due_until_they_are_answered(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    let police = river.caller("police");
    let stay = foreigner(&desk, hotel, 3).await;
    let missing = foreigner(&desk, hotel, 2).await;
    for stay in [&stay, &missing] {
        desk.delivered(id(stay), "acknowledged", DELIVERED).await;
    }
    assert_eq!(due(&desk, hotel).await, Vec::<Value>::new());

    let request = json!({"count": 10, "kinds": ["late"]});
    let claimed = tests::eventually_some("the case", DELIVERED, async || {
        let claimed = police.post("/v1/police/claims", &request).await.expect(200);
        let mut cases = claimed["items"].as_array().unwrap().iter();
        let case = cases.find(|case| case["stay"]["id"] == stay["id"])?;
        Some((claimed["lease_id"].clone(), case["id"].clone()))
    })
    .await;
    let (lease_id, case_id) = claimed;
    let question = json!({
        "decision": "request_correction", "note": "Xem lại", "lease_id": lease_id,
        "question": "Giờ đến có đúng không?", "pointers": ["/arrival_at"],
    });
    let decision = format!(
        "/v1/police/notifications/{}/decision",
        case_id.as_str().unwrap()
    );
    police.post(&decision, &question).await.expect(200);
    let census = json!({"taken_at": text_of(tests::now()), "stays": [
        {"reference": stay["reference"]},
    ]});
    let path = format!("/v1/facilities/{hotel}/census");
    let answer = desk.call("PUT", &path).json(&census).send().await;
    assert_eq!(answer.expect(200)["asked"], 1);

    let items = due(&desk, hotel).await;
    let expected = [("correction", id(&stay)), ("correction", id(&missing))];
    assert_eq!(kinds(&items), expected);
    assert_eq!(items[0]["delivery"], "acknowledged");
    assert_eq!(items[0]["pointers"], json!(["/arrival_at"]));
    for (item, stay) in items.iter().zip([&stay, &missing]) {
        assert_eq!(item["questions"], desk.stay(id(stay)).await["questions"]);
        // The stay's deadline has long passed; there is a day to answer from the question on.
        let asked_at = instant(&item["questions"][0]["asked_at"]);
        assert_eq!(instant(&item["due_at"]), asked_at + TimeDelta::days(1));
        assert_eq!(item["is_overdue"], false);
    }
    let mut pages = Vec::new();
    let mut cursor = String::new();
    for _ in 0..2 {
        let page = format!("/v1/facilities/{hotel}/due?limit=1{cursor}");
        let page = desk.get(&page).await.expect(200);
        pages.push(page["items"][0].clone());
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap_or("-"));
    }
    assert_eq!(pages, items);
    assert_eq!(items[1]["questions"][0]["code"], "census_missing");

    let arrival_at = text_of(local(-3, "01:30:00"));
    let patch = json!({"arrival_at": arrival_at, "reason": "Xem lại"});
    desk.amend(id(&stay), 1, &patch).await.expect(200);
    let departed = json!({"departed_at": text_of(tests::now())});
    let departure = desk.act(id(&missing), "departure", 1, &departed).await;
    departure.expect(200);
    tests::eventually("nothing is due", DELIVERED, async || {
        due(&desk, hotel).await.is_empty()
    })
    .await;
}

async fn pages_of_what_is_due_follow_each_other(database: Database) {
    let river = River::start(database).await;
    let (desk, hotel) = (river.caller("hotel"), river.facility("hotel"));
    river.police().fail(&json!({"outage": true})).await;
    let mut expected = Vec::new();
    for days_back in [3, 2, 2, 2] {
        expected.push(foreigner(&desk, hotel, days_back).await["id"].clone());
    }
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = format!("{}?limit=1{cursor}", path(hotel));
        let page = desk.get(&page).await.expect(200);
        let [item] = page["items"].as_array().unwrap().as_slice() else {
            panic!("one item a page: {page}");
        };
        found.push(item["stay_id"].clone());
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, expected);
    let wrong = format!("{}?limit=0&cursor=x&kind=y", path(hotel));
    let expected = [
        ("/query/limit", "invalid_limit"),
        ("/query/cursor", "invalid_cursor"),
        ("/query/kind", "unknown_field"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(desk.get(&wrong).await.violations(), expected.into());
}

async fn what_is_due_of_others_is_as_good_as_absent(database: Database) {
    let river = River::shared(database).await;
    let absent = "0197c1c8-0280-7000-8000-00000000ffff";
    for key in ["hotel", "police", "admin"] {
        for id in [river.facility("school"), absent, "x"] {
            let answer = river.caller(key).get(&path(id)).await;
            answer.expect_problem(404, "not_found");
        }
    }
}
