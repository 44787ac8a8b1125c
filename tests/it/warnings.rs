//! Stays of the same document at the same time: warnings for the sender, cases for the police,
//! never a refusal.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Database, River, local, now, on_both_databases, people, text_of};

on_both_databases![
    a_guest_who_is_present_here_is_named_and_a_resend_says_the_same,
    another_key_of_the_facility_is_another_sender,
    of_stays_elsewhere_only_the_police_learn,
    a_stay_that_ended_after_the_arrival_overlaps,
    stays_one_after_the_other_or_cancelled_are_no_neighbours,
    twins_of_one_batch_see_each_other,
    a_number_of_another_country_is_another_document,
    what_is_late_or_contradicts_itself_opens_a_case,
];

/// Another stay of the same guest.
fn again(stay: &Value, facility_id: &str) -> Value {
    let mut again = stay.clone();
    again["facility_id"] = json!(facility_id);
    again["reference"] = json!(people::fresh("PMS"));
    again
}

fn warnings(answer: &Value) -> Vec<Value> {
    answer["warnings"].as_array().unwrap().clone()
}

fn present(stay: &Value) -> Value {
    json!({
        "pointer": "/guest/document/number",
        "code": "already_present_here",
        "stay_id": stay["id"],
    })
}

fn another_sender(stay: &Value) -> Value {
    json!({
        "pointer": "/guest/document/number",
        "code": "declared_by_another_sender",
        "stay_id": stay["id"],
    })
}

async fn cases(river: &River, kind: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM review_case WHERE kind = '{kind}'");
    river.database().unwrap().count(&query).await
}

async fn a_guest_who_is_present_here_is_named_and_a_resend_says_the_same(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let first = desk.accepted(&stay).await;
    assert_eq!(warnings(&first), Vec::<Value>::new());

    let second = again(&stay, river.facility("hotel"));
    let key = people::fresh("key");
    let accepted = desk.declare_as(&key, &second).await;
    assert_eq!(warnings(&accepted.expect(201)), [present(&first)]);
    for resend in [
        desk.declare_as(&key, &second).await,
        desk.declare(&second).await,
    ] {
        resend.expect(200);
        assert_eq!(resend.text(), accepted.text(), "byte for byte");
    }
    let shown = desk.stay(accepted.json()["id"].as_str().unwrap()).await;
    assert_eq!(warnings(&shown), [present(&first)]);

    // The newest first.
    let third = desk.accepted(&again(&stay, river.facility("hotel"))).await;
    assert_eq!(
        warnings(&third),
        [present(&accepted.json()), present(&first)]
    );
}

async fn another_key_of_the_facility_is_another_sender(database: Database) {
    let river = River::shared(database).await;
    let stay = people::citizen(river.facility("hotel"));
    let first = river.caller("integrator").accepted(&stay).await;
    let second = again(&stay, river.facility("hotel"));
    let second = river.caller("hotel").accepted(&second).await;
    assert_eq!(warnings(&second), [present(&first), another_sender(&first)]);
}

async fn of_stays_elsewhere_only_the_police_learn(database: Database) {
    let river = River::start(database).await;
    let stay = people::citizen(river.facility("hotel"));
    river.caller("hotel").accepted(&stay).await;
    let elsewhere = again(&stay, river.facility("guest_house"));
    // Even with the same key, one facility learns nothing about another.
    for (sender, stay) in [
        ("guest_house", elsewhere.clone()),
        (
            "integrator",
            again(&stay, river.facility("official_residence")),
        ),
    ] {
        let accepted = river.caller(sender).accepted(&stay).await;
        assert_eq!(warnings(&accepted), Vec::<Value>::new());
    }
    assert_eq!(cases(&river, "declared_elsewhere").await, 2);
    assert_eq!(cases(&river, "duplicate").await, 0);
}

async fn a_stay_that_ended_after_the_arrival_overlaps(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let first = desk.accepted(&stay).await;
    let depart = "UPDATE stay SET presence = 'departed', departed_at = expected_departure_at";
    river.database().unwrap().execute(depart).await;
    let second = desk.accepted(&again(&stay, river.facility("hotel"))).await;
    let overlaps = json!({
        "pointer": "/arrival_at", "code": "overlaps_stay_here", "stay_id": first["id"],
    });
    assert_eq!(warnings(&second), [overlaps]);
    assert_eq!(cases(&river, "overlap").await, 1);
    // A guest who is present now has not arrived before the other left.
    let mut third = again(&stay, river.facility("hotel"));
    third["expected_departure_at"] = json!(text_of(now() + TimeDelta::days(1)));
    let third = desk.accepted(&third).await;
    assert_eq!(warnings(&third).len(), 2, "{third}");
    assert_eq!(cases(&river, "duplicate").await, 1);
}

async fn stays_one_after_the_other_or_cancelled_are_no_neighbours(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    desk.accepted(&stay).await;
    // Over before the other began, declared late.
    let mut earlier = again(&stay, river.facility("hotel"));
    earlier["arrival_at"] = json!(text_of(now() - TimeDelta::days(9)));
    earlier["expected_departure_at"] = json!(text_of(now() - TimeDelta::days(7)));
    let earlier = desk.accepted(&earlier).await;
    assert_eq!(warnings(&earlier), Vec::<Value>::new());

    let cancel = "UPDATE stay SET presence = 'cancelled'";
    river.database().unwrap().execute(cancel).await;
    let third = desk.accepted(&again(&stay, river.facility("hotel"))).await;
    assert_eq!(warnings(&third), Vec::<Value>::new());
    assert_eq!(cases(&river, "duplicate").await, 0);
}

async fn twins_of_one_batch_see_each_other(database: Database) {
    let river = River::shared(database).await;
    let stay = people::citizen(river.facility("hotel"));
    let twin = again(&stay, river.facility("hotel"));
    let neighbour = people::citizen(river.facility("hotel"));
    let batch = json!({"stays": [stay, neighbour, twin]});
    let desk = river.caller("hotel");
    let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
    let of = |index: usize| answer["results"][index]["stay"].clone();
    assert_eq!(warnings(&of(0)), Vec::<Value>::new());
    assert_eq!(warnings(&of(1)), Vec::<Value>::new());
    assert_eq!(warnings(&of(2)), [present(&of(0))]);

    let again = desk.post("/v1/stays/batch", &batch).await.expect(200);
    assert_eq!(again["replayed"], 3, "{again}");
    assert_eq!(again["results"][2]["stay"], of(2));
}

async fn a_number_of_another_country_is_another_document(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::foreigner(river.facility("hotel"));
    desk.accepted(&stay).await;
    let mut other = again(&stay, river.facility("hotel"));
    other["guest"]["nationality"] = json!("FRA");
    let other = desk.accepted(&other).await;
    assert_eq!(warnings(&other), Vec::<Value>::new());
}

async fn what_is_late_or_contradicts_itself_opens_a_case(database: Database) {
    let river = River::start(database).await;
    let desk = river.caller("hotel");
    let mut late = people::citizen(river.facility("hotel"));
    late["arrival_at"] = json!(text_of(local(-1, "10:00:00")));
    let accepted = desk.accepted(&late).await;
    assert_eq!(accepted["timeliness"], "late");
    let mut doubtful = people::foreigner(river.facility("hotel"));
    doubtful["guest"] = people::citizen(river.facility("hotel"))["guest"].clone();
    doubtful["guest"]["sex"] = json!("female");
    let accepted = desk.accepted(&doubtful).await;
    assert_eq!(
        warnings(&accepted),
        [json!({"pointer": "/guest/sex", "code": "sex_differs_from_number"})]
    );
    assert_eq!(cases(&river, "late").await, 1);
    assert_eq!(cases(&river, "implausible").await, 1);
    assert_eq!(cases(&river, "declared_elsewhere").await, 0);
}
