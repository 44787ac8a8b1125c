//! Many stays in one request, each judged by itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{Database, River, now, on_both_databases, people, text_of};

on_both_databases![
    a_thousand_with_ten_bad_ones_are_judged_one_by_one,
    twins_in_one_batch_make_one_stay,
    the_key_of_a_batch_guards_against_another_body_only,
    the_size_of_a_batch_is_bounded,
    items_for_a_foreign_facility_are_refused_one_by_one,
];

async fn a_thousand_with_ten_bad_ones_are_judged_one_by_one(database: Database) {
    // A separate `luutru up`: a thousand deliveries would delay the tests beside it.
    let river = River::start(database).await;
    let desk = river.caller("integrator");
    let facility_id = river.facility("hotel");
    let mut stays: Vec<Value> = (0..1000).map(|_| people::citizen(facility_id)).collect();
    let planted = plant(&mut stays);
    let batch = json!({"stays": stays});

    let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
    assert_counts(&answer, 990, 0, 10);
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 1000);
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index);
        match planted.get(&index) {
            Some((pointer, code)) => assert_rejected(result, pointer, code),
            None => {
                assert_eq!(result["outcome"], "accepted", "{result}");
                assert_eq!(result["reference"], stays[index]["reference"]);
                assert_eq!(result["stay"]["room"], stays[index]["room"]);
                assert_eq!(result["stay"]["delivery"]["state"], "queued");
            }
        }
    }

    let again = desk.post("/v1/stays/batch", &batch).await.expect(200);
    assert_counts(&again, 0, 990, 10);
    let replayed = again["results"].as_array().unwrap();
    for (index, result) in replayed.iter().enumerate() {
        if !planted.contains_key(&index) {
            assert_eq!(result["outcome"], "replayed");
            assert_eq!(result["stay"], results[index]["stay"]);
        }
    }
}

/// Spoils ten stays; answers for each index the pointer and the code to expect.
fn plant(stays: &mut [Value]) -> BTreeMap<usize, (&'static str, &'static str)> {
    let planted = [
        (0, "/room", Value::Null, "required"),
        (99, "/guest/full_name", Value::Null, "required"),
        (
            250,
            "/guest/document/number",
            json!("03808510000"),
            "personal_id_length",
        ),
        (
            251,
            "/guest/document/number",
            json!("99908510000x"),
            "personal_id_not_digits",
        ),
        (
            333,
            "/arrival_at",
            json!("2020-01-01T10:00:00+07:00"),
            "arrival_too_old",
        ),
        (
            444,
            "/arrival_at",
            json!("23/11/2026 14:05"),
            "invalid_instant",
        ),
        (512, "/purpose", json!("fishing"), "unknown_code"),
        (700, "/colour", json!("blue"), "unknown_field"),
        (701, "/received_at", json!(text_of(now())), "read_only"),
        (
            999,
            "/guest/birth_date",
            json!("1985-02-30"),
            "invalid_date",
        ),
    ];
    let mut expected = BTreeMap::new();
    for (index, pointer, value, code) in planted {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        stays[index].pointer_mut(parent).unwrap()[member] = value;
        expected.insert(index, (pointer, code));
    }
    expected
}

fn assert_counts(answer: &Value, accepted: u32, replayed: u32, rejected: u32) {
    let counts = json!({
        "accepted": answer["accepted"],
        "replayed": answer["replayed"],
        "rejected": answer["rejected"],
    });
    let expected = json!({"accepted": accepted, "replayed": replayed, "rejected": rejected});
    assert_eq!(counts, expected);
}

fn assert_rejected(result: &Value, pointer: &str, code: &str) {
    assert_eq!(result["outcome"], "rejected", "{result}");
    assert!(result["stay"].is_null());
    assert_eq!(result["problem"]["code"], "validation_failed", "{result}");
    let errors = result["problem"]["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{result}");
    assert_eq!(errors[0]["pointer"], pointer, "{result}");
    assert_eq!(errors[0]["code"], code, "{result}");
}

async fn twins_in_one_batch_make_one_stay(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let stay = people::citizen(river.facility("hotel"));
    let mut other = stay.clone();
    other["room"] = json!("other");
    let batch = json!({"stays": [stay, stay, other]});
    let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
    assert_counts(&answer, 1, 1, 1);
    let results = &answer["results"];
    assert_eq!(results[0]["stay"]["id"], results[1]["stay"]["id"]);
    assert_eq!(results[2]["problem"]["code"], "reference_conflict");
}

async fn the_key_of_a_batch_guards_against_another_body_only(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let key = people::fresh("batch");
    let send = async |body: &Value| {
        let call = desk.call("POST", "/v1/stays/batch").json(body);
        call.header("Idempotency-Key", &key).send().await
    };
    let batch = json!({"stays": [people::citizen(river.facility("hotel"))]});
    assert_counts(&send(&batch).await.expect(200), 1, 0, 0);
    assert_counts(&send(&batch).await.expect(200), 0, 1, 0);
    let other = json!({"stays": [people::citizen(river.facility("hotel"))]});
    send(&other)
        .await
        .expect_problem(422, "idempotency_key_reused");
}

async fn the_size_of_a_batch_is_bounded(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let violations = desk
        .post("/v1/stays/batch", &json!({"stays": []}))
        .await
        .violations();
    assert_eq!(
        violations,
        [("/stays".into(), "too_few_items".into())].into()
    );
    let many = vec![json!({}); 1001];
    let violations = desk
        .post("/v1/stays/batch", &json!({"stays": many}))
        .await
        .violations();
    assert_eq!(
        violations,
        [("/stays".into(), "too_many_items".into())].into()
    );
    let violations = desk
        .post("/v1/stays/batch", &json!({"stays": "all", "x": 1}))
        .await
        .violations();
    let expected = [
        ("/stays".into(), "invalid_type".into()),
        ("/x".into(), "unknown_field".into()),
    ];
    assert_eq!(violations, expected.into());
    let item = desk
        .post("/v1/stays/batch", &json!({"stays": [7]}))
        .await
        .expect(200);
    assert_counts(&item, 0, 0, 1);
}

async fn items_for_a_foreign_facility_are_refused_one_by_one(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let own = people::citizen(river.facility("hotel"));
    let foreign = people::citizen(river.facility("school"));
    let batch = json!({"stays": [own, foreign]});
    let answer = desk.post("/v1/stays/batch", &batch).await.expect(200);
    assert_counts(&answer, 1, 0, 1);
    assert_rejected(&answer["results"][1], "/facility_id", "facility_unknown");
}
