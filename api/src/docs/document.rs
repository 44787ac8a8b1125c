//! The OpenAPI document: what the framework derives from the routes, completed with possible
//! refusals, headers of answers, and the rule that unknown members are errors.

mod bodies;
mod forms;
mod types;

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Derived, examples};

use crate::problem::PROBLEM_JSON;
use crate::reply::JSON;

const ABOUT: &str = "Notification of stay (thông báo lưu trú) to the police, for every facility \
that must declare its guests.\n\n\
Errors are `application/problem+json` with a stable `code`; the catalogue `error_codes` lists them \
all. `Accept-Language` chooses Vietnamese (default) or English. A receipt verifies offline: its \
`jws` is signed with a key of `/.well-known/jwks.json`, and its `content_sha256` is the SHA-256 of \
the 16 bytes of `content_salt` followed by the stay as sent after normalisation, with \
`facility_id` and `arrival_at`, in the canonical form of RFC 8785.\n\n\
Test vector: salt `AAECAwQFBgcICQoLDA0ODw` and content \
`{\"facility_id\":\"0197c1c8-0280-7000-8000-000000000010\",\"guest\":{\"document\":\
{\"kind\":\"citizen_card\",\"number\":\"038090001234\"},\"full_name\":\"Nguyễn Văn An\"},\
\"room\":\"203\"}` give `";

/// Every status of a problem and what it means.
const PROBLEMS: [(u16, &str); 17] = [
    (
        400,
        "The request cannot be read: no JSON, nested too deep, or a malformed header.",
    ),
    (401, "No key in force was presented."),
    (403, "The role of the key may not do this."),
    (404, "Nothing here that the key may see."),
    (406, "No form that `Accept` allows."),
    (408, "The body did not arrive in time. Nothing was saved."),
    (
        409,
        "It contradicts what is stored, or its twin is still running.",
    ),
    (
        412,
        "What is stored is at another version than `If-Match` names; a stay's is in `ETag`. Nothing was changed.",
    ),
    (
        413,
        "The body is too large, or costs more than the quota ever has.",
    ),
    (415, "The body is not UTF-8 JSON, or it is compressed."),
    (422, "It breaks rules: `errors` names all of them."),
    (
        421,
        "The host name is not one of the service's. Use the address that its operator gave.",
    ),
    (
        428,
        "`If-Match` with the version that the change is meant for is missing.",
    ),
    (429, "A quota is used up. Try again after `Retry-After`."),
    (500, "A fault of the service."),
    (
        503,
        "The service cannot do it now. Try again after `Retry-After`. Only `outcome_unknown` \
           may have been saved.",
    ),
    (405, "The path does not take this method."),
];

/// The document, out of what the framework derives from the operations.
pub(super) fn write(derived: Derived) -> Value {
    let mut document = derived.document;
    document["openapi"] = json!("3.0.3");
    document["info"]["description"] = json!(format!("{ABOUT}{TEST_VECTOR_SHA256}`."));
    document["info"]["license"] =
        json!({"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"});
    document["servers"] = json!([{"url": "/"}]);
    order_topics(&mut document["tags"]);
    let requests = request_schemas(&document);
    complete_schemas(&mut document["components"]["schemas"], &requests);
    document["components"]["headers"] = headers();
    document["components"]["parameters"] = common_parameters();
    document["components"]["responses"] = problem_responses();
    for operation in operations(&mut document) {
        types::complete(operation, &headers());
    }
    add_examples(&mut document, &examples::read(derived.examples));
    add_openness(&mut document);
    forms::require(&mut document["components"]["schemas"], &requests);
    bodies::add(&mut document);
    forms::correct(&mut document);
    document
}

/// Topics in the order in which somebody who is new here wants to read of them.
fn order_topics(topics: &mut Value) {
    const ORDER: [&str; 9] = [
        "Stays",
        "Files",
        "Facilities",
        "Events",
        "Accounts",
        "Catalogues",
        "Police",
        "Administration",
        "Operation",
    ];
    let place = |topic: &Value| {
        let mut order = ORDER.iter();
        order.position(|name| topic["name"] == *name)
    };
    if let Some(topics) = topics.as_array_mut() {
        topics.sort_by_key(|topic| place(topic).unwrap_or(ORDER.len()));
    }
}

/// SHA-256 of the test vector in [`ABOUT`]; a test computes it.
const TEST_VECTOR_SHA256: &str = "9d57021b8140a6f2632411c33d887912702ce55d22b0c158c480dbdb235ffafe";

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let paths = document["paths"].as_object_mut();
    paths
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
}

/// The schemas of what is sent, whatever a body is made of: a member that is not named there is
/// refused, `null` is the same as absent.
fn request_schemas(document: &Value) -> BTreeSet<String> {
    let schemas = &document["components"]["schemas"];
    let mut found = BTreeSet::new();
    let paths = document["paths"].as_object();
    let methods = paths.into_iter().flat_map(Map::values);
    let operations = methods.filter_map(Value::as_object).flat_map(Map::values);
    let mut left: Vec<&Value> = operations
        .filter_map(|operation| operation.get("requestBody"))
        .collect();
    while let Some(value) = left.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let schema = &schemas[name];
            if schema.get("properties").is_some() && found.insert(name.to_owned()) {
                left.push(schema);
            }
        }
        left.extend(value.as_object().into_iter().flat_map(Map::values));
        left.extend(value.as_array().into_iter().flatten());
    }
    found
}

fn complete_schemas(schemas: &mut Value, requests: &BTreeSet<String>) {
    for name in requests {
        let Some(schema) = schemas.get_mut(name).and_then(Value::as_object_mut) else {
            continue;
        };
        schema.insert("additionalProperties".to_owned(), json!(false));
        let required = schema.get("required").cloned().unwrap_or_default();
        let required = required.as_array().cloned().unwrap_or_default();
        let members = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, member) in members.into_iter().flatten() {
            if !required.contains(&json!(name)) {
                make_nullable(member);
            }
        }
    }
}

/// In OpenAPI 3.0 nothing may stand beside a reference.
fn make_nullable(member: &mut Value) {
    if member.get("$ref").is_some() {
        *member = json!({"allOf": [member.take()]});
    }
    member["nullable"] = json!(true);
}

/// Examples of what is sent and answered as JSON.
fn add_examples(document: &mut Value, examples: &Map<String, Value>) {
    for operation in operations(document) {
        let id = operation.get("operationId").and_then(Value::as_str);
        let Some(shown) = id.and_then(|id| examples.get(id)) else {
            continue;
        };
        let bodies = operation.get_mut("requestBody");
        let bodies = bodies.and_then(|body| body["content"].as_object_mut());
        for (media_type, body) in bodies.into_iter().flatten() {
            if media_type.ends_with("json")
                && let Some(requests) = shown.get("requests")
            {
                body["examples"] = requests.clone();
            }
        }
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for (status, response) in responses.into_iter().flatten() {
            if status.starts_with('2')
                && let Some(body) = response.pointer_mut("/content/application~1json")
                && let Some(answer) = shown.get("answer")
            {
                body["example"] = answer.clone();
            }
        }
    }
}

/// Marks operations without a key, which the framework leaves out.
fn add_openness(document: &mut Value) {
    for operation in operations(document) {
        operation.entry("security").or_insert_with(|| json!([]));
    }
}

fn references(kind: &str, names: &[&str]) -> Value {
    let references = names.iter().map(|name| {
        let reference = format!("#/components/{kind}/{name}");
        ((*name).to_owned(), json!({"$ref": reference}))
    });
    Value::Object(references.collect())
}

fn headers() -> Value {
    let text = |about: &str| json!({"description": about, "schema": {"type": "string"}});
    let seconds =
        |about: &str| json!({"description": about, "schema": {"type": "integer", "minimum": 1}});
    json!({
        "X-Request-Id": text("The request's id: as sent, else ours."),
        "Location": text("Where it is."),
        "ETag": text("The version in quotes."),
        "Idempotent-Replayed": text("`true`: nothing new was made."),
        "RateLimit-Policy": text("The quotas: units `q` in `w` seconds."),
        "RateLimit": text("What is left of them: `r` units, the next one in `t` seconds."),
        "Retry-After": seconds("Seconds after which to try again."),
        "WWW-Authenticate": text("How to present a key."),
    })
}

fn common_parameters() -> Value {
    json!({
        "AcceptLanguage": {
            "name": "Accept-Language",
            "in": "header",
            "description": "`vi` (default) or `en`, for titles, details and messages.",
            "required": false,
            "schema": {"type": "string"},
        },
        "RequestId": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "1 to 128 visible ASCII characters that name this request in answers \
                            and logs; others are replaced.",
            "required": false,
            "schema": {"type": "string"},
        },
    })
}

fn problem_responses() -> Value {
    let responses = PROBLEMS.iter().map(|(status, about)| {
        let names: &[&str] = match status {
            401 => &["X-Request-Id", "WWW-Authenticate"],
            412 => &["X-Request-Id", "ETag"],
            429 | 503 => &["X-Request-Id", "Retry-After"],
            _ => &["X-Request-Id"],
        };
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        let response = json!({
            "description": about,
            "headers": references("headers", names),
            "content": {PROBLEM_JSON: {"schema": schema}},
        });
        (format!("Problem{status}"), response)
    });
    Value::Object(responses.collect())
}

/// The document as text, with JSON first among several media types, because client generators take
/// the first one.
///
/// Errors: it cannot be written.
pub(super) fn to_text(document: &Value) -> serde_json::Result<String> {
    serde_json::to_string(&JsonFirst(document))
}

/// A value whose objects name the media type of JSON first.
struct JsonFirst<'a>(&'a Value);

impl Serialize for JsonFirst<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let first = members.get_key_value(JSON);
                let rest = members.iter().filter(|(name, _)| *name != JSON);
                let members = first.into_iter().chain(rest);
                serializer.collect_map(members.map(|(name, member)| (name, JsonFirst(member))))
            }
            Value::Array(elements) => serializer.collect_seq(elements.iter().map(JsonFirst)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.0.serialize(serializer)
            }
        }
    }
}

#[cfg(test)]
mod tests;
