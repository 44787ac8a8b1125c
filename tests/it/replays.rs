//! An honest resend never makes a second stay and never gets an error.

use serde_json::{Value, json};
use tests::{Answer, Database, River, now, on_both_databases, people, text_of};

on_both_databases![
    the_same_key_and_request_give_the_first_answer_byte_for_byte,
    the_same_key_with_another_request_is_refused,
    a_refusal_leaves_the_key_free,
    a_malformed_key_is_refused,
    fifty_twins_at_once_make_one_stay,
    fifty_twins_without_a_key_make_one_stay,
    the_same_reference_and_content_are_a_replay,
    the_same_reference_with_other_content_is_a_conflict,
    a_reference_belongs_to_its_facility,
    content_alone_is_a_replay_where_there_is_no_reference,
    equal_content_in_other_clothes_is_equal,
    a_replay_shows_the_stay_as_it_was_accepted,
];

fn assert_replay(answer: &Answer, first: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("idempotent-replayed"), Some("true"));
    assert_eq!(answer.text(), first.text());
    assert_eq!(answer.header("location"), first.header("location"));
    assert_eq!(answer.header("etag"), Some("\"1\""));
}

async fn the_same_key_and_request_give_the_first_answer_byte_for_byte(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for stay in [
        people::citizen(river.facility("hotel")),
        people::minimal(river.facility("hotel")),
        people::foreigner(river.facility("hotel")),
    ] {
        let key = people::fresh("key");
        let first = desk.declare_as(&key, &stay).await;
        first.expect(201);
        assert_eq!(first.header("idempotent-replayed"), None);
        let again = desk.declare_as(&key, &stay).await;
        assert_replay(&again, &first);
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
}

async fn the_same_key_with_another_request_is_refused(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let key = people::fresh("key");
    desk.declare_as(&key, &people::citizen(river.facility("hotel")))
        .await
        .expect(201);
    let other = desk
        .declare_as(&key, &people::citizen(river.facility("hotel")))
        .await;
    let problem = other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(problem["retryable"], false);
    // Keys belong to the facility: another facility's are different, and it does not matter which of
    // the organisation's senders uses one.
    let same_organisation = river.caller("integrator");
    same_organisation
        .declare_as(&key, &people::citizen(river.facility("school")))
        .await
        .expect(201);
    same_organisation
        .declare_as(&key, &people::citizen(river.facility("hotel")))
        .await
        .expect_problem(422, "idempotency_key_reused");
}

async fn a_refusal_leaves_the_key_free(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let key = people::fresh("key");
    let mut stay = people::citizen(river.facility("hotel"));
    let room = stay["room"].take();
    desk.declare_as(&key, &stay).await.violations();
    stay["room"] = room;
    desk.declare_as(&key, &stay).await.expect(201);
}

async fn a_malformed_key_is_refused(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let long = "k".repeat(256);
    for key in ["has space", &long, ""] {
        let answer = desk
            .declare_as(key, &people::citizen(river.facility("hotel")))
            .await;
        answer.expect_problem(400, "idempotency_key_malformed");
    }
    let longest = format!("{:k>255}", people::next());
    desk.declare_as(&longest, &people::citizen(river.facility("hotel")))
        .await
        .expect(201);
}

async fn fifty_twins_at_once_make_one_stay(database: Database) {
    let river = River::shared(database).await;
    let key = people::fresh("key");
    let stay = people::citizen(river.facility("hotel"));
    assert_one_of_fifty(river, &stay, Some(&key)).await;
    let reference = stay["reference"].as_str().unwrap();
    let path = format!("/v1/stays?reference={reference}");
    let listed = river.caller("hotel").get(&path).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

async fn fifty_twins_without_a_key_make_one_stay(database: Database) {
    let river = River::shared(database).await;
    let with_reference = people::citizen(river.facility("hotel"));
    assert_one_of_fifty(river, &with_reference, None).await;
    let without_reference = people::minimal(river.facility("hotel"));
    assert_one_of_fifty(river, &without_reference, None).await;
}

async fn assert_one_of_fifty(river: &River, stay: &Value, key: Option<&str>) {
    let desk = river.caller("hotel");
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let call = desk.call("POST", "/v1/stays").json(stay);
        let call = match key {
            Some(key) => call.header("Idempotency-Key", key),
            None => call,
        };
        posts.spawn(call.send());
    }
    let answers = posts.join_all().await;
    let (first, replays): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(first.len(), 1);
    assert_eq!(replays.len(), 49);
    for replay in replays {
        assert_replay(&replay, &first[0]);
    }
}

async fn the_same_reference_and_content_are_a_replay(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let first = desk.declare(&stay).await;
    first.expect(201);
    assert_replay(&desk.declare(&stay).await, &first);
    // Another key is no other stay, and is remembered from now on.
    let key = people::fresh("key");
    assert_replay(&desk.declare_as(&key, &stay).await, &first);
    assert_replay(&river.caller("integrator").declare(&stay).await, &first);
}

async fn the_same_reference_with_other_content_is_a_conflict(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut stay = people::citizen(river.facility("hotel"));
    let first = desk.accepted(&stay).await;
    stay["room"] = json!("204");
    let problem = desk
        .declare(&stay)
        .await
        .expect_problem(409, "reference_conflict");
    assert!(problem.to_string().contains(first["id"].as_str().unwrap()));
}

async fn a_reference_belongs_to_its_facility(database: Database) {
    let river = River::shared(database).await;
    let integrator = river.caller("integrator");
    let mut stay = people::citizen(river.facility("hotel"));
    let hotel = integrator.accepted(&stay).await;
    stay["facility_id"] = json!(river.facility("guest_house"));
    let guest_house = integrator.accepted(&stay).await;
    assert_ne!(hotel["id"], guest_house["id"]);
}

async fn content_alone_is_a_replay_where_there_is_no_reference(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut stay = people::minimal(river.facility("hotel"));
    let first = desk.declare(&stay).await;
    first.expect(201);
    // The second one is received later, so its arrival would be another.
    assert_replay(&desk.declare(&stay).await, &first);

    stay["arrival_at"] = json!(text_of(now()));
    let with_arrival = desk.declare(&stay).await;
    with_arrival.expect(201);
    assert_replay(&desk.declare(&stay).await, &with_arrival);
    stay["room"] = json!("13");
    desk.declare(&stay).await.expect(201);
}

async fn equal_content_in_other_clothes_is_equal(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let mut stay = people::citizen(river.facility("hotel"));
    stay["guest"]["full_name"] = json!("Lê Thị Thiềm");
    let first = desk.declare(&stay).await;
    first.expect(201);

    // Marks apart, other offset, defaults left out, null for absent, spaces.
    stay["guest"]["full_name"] = json!(" Le\u{302} Thi\u{323} Thie\u{302}\u{300}m");
    let arrival: chrono::DateTime<chrono::Utc> =
        stay["arrival_at"].as_str().unwrap().parse().unwrap();
    stay["arrival_at"] = json!(arrival.format("%Y-%m-%dT%H:%M:%S.000Z").to_string());
    stay["guest"].as_object_mut().unwrap().remove("nationality");
    stay.as_object_mut().unwrap().remove("purpose");
    stay["bed"] = Value::Null;
    stay["room"] = json!(format!("  {} ", stay["room"].as_str().unwrap()));
    assert_replay(&desk.declare(&stay).await, &first);
}

async fn a_replay_shows_the_stay_as_it_was_accepted(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let key = people::fresh("key");
    let stay = people::citizen(river.facility("hotel"));
    let first = desk.declare_as(&key, &stay).await;
    let id = first.expect(201)["id"].as_str().unwrap().to_owned();
    let limit = std::time::Duration::from_secs(10);
    desk.delivered(&id, "acknowledged", limit).await;
    let again = desk.declare_as(&key, &stay).await;
    assert_replay(&again, &first);
    assert_eq!(again.json()["delivery"]["state"], "queued");
    let location = again.header("location").unwrap();
    let path = location.trim_start_matches(river.api());
    assert_eq!(
        desk.get(path).await.expect(200)["delivery"]["state"],
        "acknowledged"
    );
}
