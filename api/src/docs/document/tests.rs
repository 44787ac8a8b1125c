use domain::{draft, receipt, rights::OperationId};
use poem_openapi::OpenApi;

use super::*;
use crate::routes::{self, Api};

fn pointers(schema: &Value, schemas: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    let schema = resolve(schema, schemas);
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{prefix}/{name}");
        pointers(member, schemas, &pointer, found);
        found.insert(pointer);
    }
}

fn resolve<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    let inner = schema["oneOf"].get(0).unwrap_or(schema);
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
    let document = write(routes::specification());
    let schemas = &document["components"]["schemas"];
    let mut documented = BTreeSet::new();
    pointers(&schemas["StayDraft"], schemas, "", &mut documented);
    let mut read = BTreeSet::new();
    members(&full_draft().to_value(), "", &mut read);
    assert_eq!(documented, read);
}

#[test]
fn unknown_members_are_documented_as_faults_and_null_as_absent() {
    let document = write(routes::specification());
    let schemas = &document["components"]["schemas"];
    let requests = request_schemas(&document);
    for name in ["StayPatch", "GuestPatch", "CensusLine", "Visa", "KeyDraft"] {
        assert!(requests.contains(name), "{name}");
    }
    for name in &requests {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
    assert_eq!(schemas["StayDraft"]["properties"]["room"]["nullable"], true);
    let party = &schemas["StayDraft"]["properties"]["party"];
    assert_eq!(party["oneOf"][0]["$ref"], "#/components/schemas/Party");
    assert_eq!(party["oneOf"][1]["enum"], json!([null]));
    let guest = &schemas["StayDraft"]["properties"]["guest"];
    assert_ne!(guest["nullable"], true);
}

#[test]
fn every_operation_declares_what_it_may_answer() {
    let document = write(routes::specification());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("503"), "{path}");
            let has_key = operation["security"] != json!([]);
            // Signing in is refused before there is a session.
            let id = operation["operationId"].as_str().unwrap();
            let is_door = ["signIn", "acceptInvitation"].contains(&id);
            assert_eq!(
                responses.contains_key("401"),
                has_key || id == "signIn",
                "{path}"
            );
            assert_eq!(responses.contains_key("429"), has_key || is_door, "{path}");
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
    let declare = &document["paths"]["/v1/stays"]["post"]["responses"];
    assert!(declare["201"]["headers"]["Location"].is_object());
    assert!(declare["200"]["headers"]["Idempotent-Replayed"].is_object());
    assert!(declare["201"]["headers"]["Idempotent-Replayed"].is_null());
}

/// A handler that names another operation than its own would have another right.
#[test]
fn every_handler_names_its_own_operation() {
    let mut derived = routes::specification();
    for operation in operations(&mut derived.document) {
        let id = operation["operationId"].as_str().unwrap();
        let right = OperationId::parse(id).unwrap().right();
        let named = operation
            .get("security")
            .and_then(|schemes| schemes.pointer("/0"));
        let named = named
            .and_then(Value::as_object)
            .map(|named| named.keys().collect::<Vec<_>>());
        match named {
            Some(named) => assert_eq!(named, [id]),
            None => assert!(right.is_public(), "{id} admits everybody"),
        }
    }
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
    let document = write(routes::specification());
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

/// Every schema of the document, with where it stands.
fn each_schema<'a>(value: &'a Value, pointer: &str, found: &mut Vec<(String, &'a Value)>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let pointer = format!("{pointer}/{name}");
        if ["example", "examples", "headers"].contains(&name.as_str()) {
            continue;
        }
        found.push((pointer.clone(), inner));
        each_schema(inner, &pointer, found);
    }
    for (place, inner) in value.as_array().into_iter().flatten().enumerate() {
        let pointer = format!("{pointer}/{place}");
        found.push((pointer.clone(), inner));
        each_schema(inner, &pointer, found);
    }
}

#[test]
fn every_list_of_words_has_a_name_and_null_a_schema_of_its_own() {
    let document = write(routes::specification());
    let mut schemas = Vec::new();
    each_schema(&document, "", &mut schemas);
    for (pointer, schema) in schemas {
        let is_null = schema["enum"] == json!([null]);
        if schema.get("enum").is_some_and(Value::is_array) && !is_null {
            let is_named = pointer.strip_prefix("/components/schemas/");
            assert!(
                is_named.is_some_and(|name| !name.contains('/')),
                "{pointer}"
            );
            assert!(schema["type"].is_string() && schema["description"].is_string());
        }
        if schema.get("nullable").is_some_and(Value::is_boolean) {
            assert!(
                schema["type"].is_string(),
                "`nullable` has no effect at {pointer}"
            );
            assert!(schema.get("allOf").is_none(), "{pointer}");
        }
        if schema.get("$ref").is_some_and(Value::is_string) {
            assert_eq!(schema.as_object().unwrap().len(), 1, "{pointer}");
        }
        assert!(schema.get("allOf").is_none(), "{pointer}");
    }
}

#[test]
fn every_member_is_described() {
    let document = write(routes::specification());
    let schemas = &document["components"]["schemas"];
    for (name, schema) in schemas.as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
        for (member, form) in schema["properties"].as_object().into_iter().flatten() {
            let described = resolve(form, schemas);
            let is_described =
                form["description"].is_string() || described["description"].is_string();
            assert!(is_described, "{name}.{member}");
        }
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().unwrap();
            for parameter in parameters.iter().filter(|one| one.get("$ref").is_none()) {
                assert!(parameter["description"].is_string(), "{path} {parameter}");
            }
        }
    }
}

#[test]
fn ids_in_paths_are_ids_and_answers_require_what_they_always_have() {
    let document = write(routes::specification());
    let stay = &document["paths"]["/v1/stays/{id}"]["get"]["parameters"];
    let id = stay
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "id");
    assert_eq!(id.unwrap()["schema"]["format"], "uuid");
    let schemas = &document["components"]["schemas"];
    let requires = |schema: &str, member: &str| {
        let required = schemas[schema]["required"].as_array().unwrap();
        required.contains(&json!(member))
    };
    for member in ["facility_id", "arrival_at", "guest", "id"] {
        assert!(requires("Stay", member), "{member}");
    }
    assert!(requires("BatchResult", "stay") && requires("Webhook", "disabled_reason"));
    assert!(!requires("StayDraft", "arrival_at"));
}
