//! The catalogues are public, complete and cacheable.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{Database, River, on_both_databases};

on_both_databases![
    all_catalogues_are_listed_and_public,
    provinces_and_communes_are_complete,
    an_unchanged_catalogue_is_not_sent_again,
    every_code_of_the_service_is_published,
];

const NAMES: [&str; 8] = [
    "provinces",
    "communes",
    "countries",
    "document_kinds",
    "purposes",
    "facility_kinds",
    "error_codes",
    "commune_aliases",
];

async fn all_catalogues_are_listed_and_public(database: Database) {
    let river = River::shared(database).await;
    let stranger = river.stranger();
    let listed = stranger.get("/v1/catalogues").await.expect(200);
    let names: BTreeSet<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, NAMES.into());
    for name in NAMES {
        let catalogue = entries(river, name).await;
        assert!(!catalogue.is_empty(), "{name}");
    }
}

async fn entries(river: &River, name: &str) -> Vec<Value> {
    let answer = river
        .stranger()
        .get(&format!("/v1/catalogues/{name}"))
        .await;
    let catalogue = answer.expect(200);
    assert_eq!(catalogue["name"], name);
    assert!(catalogue["version"].is_string(), "{name}");
    assert!(answer.header("etag").is_some(), "{name}");
    let entries = catalogue.get("entries").or_else(|| catalogue.get("items"));
    entries.unwrap().as_array().unwrap().clone()
}

async fn provinces_and_communes_are_complete(database: Database) {
    let river = River::shared(database).await;
    let provinces = entries(river, "provinces").await;
    assert_eq!(provinces.len(), 34);
    let provinces: BTreeSet<&str> = provinces
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    let communes = entries(river, "communes").await;
    assert_eq!(communes.len(), 3_321);
    for commune in &communes {
        assert!(
            provinces.contains(commune["province_code"].as_str().unwrap()),
            "{commune}"
        );
    }
    let thanh_hoa = communes.iter().filter(|one| one["province_code"] == "38");
    assert_eq!(thanh_hoa.count(), 166);
    assert_eq!(entries(river, "purposes").await.len(), 21);
    assert_eq!(entries(river, "document_kinds").await.len(), 11);
    assert_eq!(entries(river, "facility_kinds").await.len(), 5);
}

async fn an_unchanged_catalogue_is_not_sent_again(database: Database) {
    let river = River::shared(database).await;
    let stranger = river.stranger();
    let first = stranger.get("/v1/catalogues/provinces").await;
    let tag = first.header("etag").unwrap();
    let call = stranger.call("GET", "/v1/catalogues/provinces");
    let again = call.header("If-None-Match", tag).send().await;
    assert_eq!(again.status, 304);
    assert!(again.body.is_empty());
    assert_eq!(again.header("etag"), Some(tag));
    let call = stranger.call("GET", "/v1/catalogues/provinces");
    let other = call.header("If-None-Match", "\"other\"").send().await;
    assert_eq!(other.expect(200), first.json());
}

async fn every_code_of_the_service_is_published(database: Database) {
    let river = River::shared(database).await;
    let published = entries(river, "error_codes").await;
    let codes: BTreeSet<&str> = published
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    // The harness looks at every code of every problem it meets: it knows them from the same list.
    let known: BTreeSet<&str> = domain::problem::Code::ALL
        .iter()
        .map(|code| code.as_str())
        .collect();
    assert_eq!(codes, known);
    for code in &published {
        assert!(code["retryable"].is_boolean(), "{code}");
        for language in ["vi", "en"] {
            assert!(code["detail"][language].is_string(), "{code}");
        }
    }
}
