//! A key sees its own facilities; everything else looks as if it were not there.

use serde_json::{Value, json};
use tests::{Answer, Database, River, on_both_databases, people};

on_both_databases![
    a_stay_of_another_facility_looks_absent,
    a_facility_of_others_looks_absent,
    lists_show_only_the_keys_own_facilities,
    a_key_sees_the_facilities_it_may_declare_for,
    a_foreign_and_an_absent_facility_are_refused_alike,
];

/// The answer without what differs from request to request.
fn comparable(answer: &Answer) -> Value {
    let mut problem = answer.expect_problem(404, "not_found");
    problem["request_id"].take();
    problem["instance"].take();
    let mut names: Vec<&str> = answer.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    json!([problem, names])
}

async fn a_stay_of_another_facility_looks_absent(database: Database) {
    let river = River::shared(database).await;
    let stay = people::citizen(river.facility("school"));
    let id = river.caller("school").accepted(&stay).await["id"].take();
    let id = id.as_str().unwrap();
    let absent = "0199c1c8-0280-7000-8000-0000000000aa";
    for name in [
        "hotel",
        "guest_house",
        "hospital",
        "official_residence",
        "admin",
    ] {
        let other = river.caller(name);
        for tail in ["", "/receipt"] {
            let foreign = other.get(&format!("/v1/stays/{id}{tail}")).await;
            let missing = other.get(&format!("/v1/stays/{absent}{tail}")).await;
            if foreign.status == 403 {
                // The role reads no stays at all.
                missing.expect_problem(403, "forbidden");
                continue;
            }
            assert_eq!(comparable(&foreign), comparable(&missing), "{name}");
        }
    }
    river.caller("integrator").stay(id).await;
}

async fn a_facility_of_others_looks_absent(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    let foreign = desk
        .get(&format!("/v1/facilities/{}", river.facility("school")))
        .await;
    let absent = desk
        .get("/v1/facilities/0199c1c8-0280-7000-8000-0000000000aa")
        .await;
    assert_eq!(comparable(&foreign), comparable(&absent));
}

async fn lists_show_only_the_keys_own_facilities(database: Database) {
    let river = River::shared(database).await;
    river
        .caller("school")
        .accepted(&people::citizen(river.facility("school")))
        .await;
    river
        .caller("hotel")
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    let listed = river
        .caller("hotel")
        .get("/v1/stays?limit=200")
        .await
        .expect(200);
    for stay in listed["items"].as_array().unwrap() {
        assert_eq!(stay["facility_id"], river.facility("hotel"));
    }
    let path = format!("/v1/stays?facility_id={}", river.facility("school"));
    let foreign = river.caller("hotel").get(&path).await;
    let absent = "/v1/stays?facility_id=0199c1c8-0280-7000-8000-0000000000aa";
    let absent = river.caller("hotel").get(absent).await;
    assert_eq!(foreign.status, absent.status);
    if foreign.status == 200 {
        assert_eq!(foreign.json()["items"], json!([]));
    }
    let listed = river.caller("integrator").get(&path).await.expect(200);
    assert!(!listed["items"].as_array().unwrap().is_empty());
}

async fn a_key_sees_the_facilities_it_may_declare_for(database: Database) {
    let river = River::shared(database).await;
    let kinds = [
        ("hotel", "lodging_business"),
        ("guest_house", "guest_house"),
        ("official_residence", "official_residence"),
        ("hospital", "medical_facility"),
        ("school", "school"),
    ];
    for (name, kind) in kinds {
        let caller = river.caller(name);
        let listed = caller.get("/v1/facilities").await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed["items"][0]["id"], river.facility(name));
        assert_eq!(listed["items"][0]["kind"], kind);
        let path = format!("/v1/facilities/{}", river.facility(name));
        assert_eq!(caller.get(&path).await.expect(200), listed["items"][0]);
    }
    let listed = river
        .caller("integrator")
        .get("/v1/facilities")
        .await
        .expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 5);
}

async fn a_foreign_and_an_absent_facility_are_refused_alike(database: Database) {
    let river = River::shared(database).await;
    let desk = river.caller("hotel");
    for id in [
        river.facility("school"),
        "0199c1c8-0280-7000-8000-0000000000aa",
    ] {
        let violations = desk.declare(&people::citizen(id)).await.violations();
        let expected = ("/facility_id".to_owned(), "facility_unknown".to_owned());
        assert_eq!(violations, [expected].into());
    }
}
