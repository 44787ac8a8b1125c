use std::collections::BTreeSet;

use domain::{draft, receipt};
use poem_openapi::OpenApi;

use super::*;
use crate::routes::Api;

fn pointers(schema: &Value, schemas: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    let schema = resolve(schema, schemas);
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{prefix}/{name}");
        pointers(member, schemas, &pointer, found);
        found.insert(pointer);
    }
}

fn resolve<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    let inner = schema["allOf"].get(0).unwrap_or(schema);
    match inner["$ref"].as_str() {
        Some(reference) => &schemas[reference.rsplit('/').next().unwrap()],
        None => inner,
    }
}

fn members(value: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        let pointer = format!("{prefix}/{name}");
        members(member, &pointer, found);
        found.insert(pointer);
    }
}

/// A draft with every member there is: one that `domain` adds does not compile until it is here.
fn full_draft() -> draft::Draft {
    let text = || Some("x".to_owned());
    draft::Draft {
        facility_id: text(),
        reference: text(),
        room: text(),
        bed: text(),
        ward: text(),
        arrival_at: text(),
        expected_departure_at: text(),
        purpose: text(),
        purpose_text: text(),
        guest: draft::DraftGuest {
            full_name: text(),
            birth_date: text(),
            sex: text(),
            nationality: text(),
            document: Some(draft::DraftDocument {
                kind: text(),
                number: text(),
            }),
            no_document_reason: text(),
            residence: Some(draft::DraftResidence {
                commune_code: text(),
                address: text(),
            }),
            phone: text(),
            guardian: Some(draft::DraftGuardian {
                full_name: text(),
                relation: text(),
                phone: text(),
            }),
            mother_reference: text(),
            permitted_stay_until: text(),
            visa: Some(draft::DraftVisa {
                kind: text(),
                number: text(),
                expires_on: text(),
            }),
            entered_on: text(),
            entry_gate: text(),
        },
        party: Some(draft::DraftParty {
            reference: text(),
            role: text(),
        }),
        note: text(),
    }
}

#[test]
fn the_documented_members_are_those_the_domain_reads() {
    let document = write();
    let schemas = &document["components"]["schemas"];
    let mut documented = BTreeSet::new();
    pointers(&schemas["StayDraft"], schemas, "", &mut documented);
    let mut read = BTreeSet::new();
    members(&full_draft().to_value(), "", &mut read);
    assert_eq!(documented, read);
}

#[test]
fn unknown_members_are_documented_as_faults_and_null_as_absent() {
    let document = write();
    let schemas = &document["components"]["schemas"];
    for name in REQUEST_SCHEMAS {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
    assert_eq!(schemas["StayDraft"]["properties"]["room"]["nullable"], true);
    let party = &schemas["StayDraft"]["properties"]["party"];
    assert_eq!(party["nullable"], true);
    assert!(party.get("$ref").is_none() && party["allOf"].is_array());
    let guest = &schemas["StayDraft"]["properties"]["guest"];
    assert_ne!(guest["nullable"], true);
}

#[test]
fn every_operation_declares_what_it_may_answer() {
    let document = write();
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            found.insert(id.to_owned());
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("503"), "{path}");
            let has_key = operation.get("security").is_some();
            assert_eq!(responses.contains_key("401"), has_key, "{path}");
            assert_eq!(responses.contains_key("429"), has_key, "{path}");
            let has_body = operation.get("requestBody").is_some();
            assert_eq!(responses.contains_key("415"), has_body, "{path}");
            for (status, response) in responses {
                let is_described = response.get("$ref").is_some()
                    || response["description"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty());
                assert!(is_described, "{path} {status}");
            }
        }
    }
    let facts: BTreeSet<_> = FACTS
        .iter()
        .map(|facts| facts.operation.to_owned())
        .collect();
    assert_eq!(found, facts);
    let declare = &document["paths"]["/v1/stays"]["post"]["responses"];
    assert!(declare["201"]["headers"]["Location"].is_object());
    assert!(declare["200"]["headers"]["Idempotent-Replayed"].is_object());
}

#[test]
fn no_reference_leads_nowhere() {
    fn check(value: &Value, document: &Value) {
        if let Some(reference) = value["$ref"].as_str() {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{reference}");
        }
        for inner in value.as_object().into_iter().flat_map(Map::values) {
            check(inner, document);
        }
        for inner in value.as_array().into_iter().flatten() {
            check(inner, document);
        }
    }
    let document = write();
    check(&document, &document);
}

#[test]
fn every_route_is_known_by_its_path_in_the_document() {
    for api in Api::meta() {
        for path in api.paths {
            assert!(!path.path.contains(':'), "{}", path.path);
        }
    }
}

#[test]
fn the_test_vector_is_right() {
    let start = ABOUT.find("{\"facility_id\"").unwrap();
    let end = start + ABOUT[start..].find('`').unwrap();
    let content = &ABOUT.as_bytes()[start..end];
    let value: Value = serde_json::from_slice(content).unwrap();
    assert_eq!(content, domain::canonical::to_canonical_json(&value));
    let salt: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let digest = receipt::content_sha256(&salt, content);
    assert_eq!(hex::encode(digest), TEST_VECTOR_SHA256);
}
