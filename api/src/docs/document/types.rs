//! Completes an operation by what its types say: which problems follow from what it takes, which
//! headers every answer has.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::references;
use domain::rights::OperationId;

use crate::auth::{self, KEY_SCHEME, SESSION_SCHEME};

/// Problems that any operation may answer.
const COMMON_PROBLEMS: [u16; 3] = [421, 500, 503];
/// Problems that any operation with a key may answer.
const KEYED_PROBLEMS: [u16; 2] = [401, 429];

/// An operation as the framework derives it from its handler.
type OperationObject = Map<String, Value>;

/// Completes an operation. `headers` are those that the document knows.
pub(super) fn complete(operation: &mut OperationObject, headers: &Value) {
    let has_key = operation.contains_key("security");
    let mut problems = problems(operation);
    problems.extend(name_schemes(operation).into_iter().flatten());
    complete_parameters(operation);
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let responses = responses.as_object_mut().into_iter().flatten();
    for (status, response) in responses {
        // A problem says what it is where all are listed.
        if response["description"] == "" {
            *response = problem(status);
        } else {
            name_headers(response, headers, has_key);
        }
    }
    for status in problems {
        let responses = &mut operation["responses"];
        if responses.get(status.to_string()).is_none() {
            responses[status.to_string()] = problem(&status.to_string());
        }
    }
}

fn problem(status: &str) -> Value {
    json!({"$ref": format!("#/components/responses/Problem{status}")})
}

/// The problems that follow from what an operation takes. What is a fault only of some operations
/// is in the type of their failure.
fn problems(operation: &OperationObject) -> BTreeSet<u16> {
    let mut problems = BTreeSet::from(COMMON_PROBLEMS);
    if operation.contains_key("security") {
        problems.extend(KEYED_PROBLEMS);
    }
    if operation.contains_key("requestBody") {
        problems.extend([400, 408, 413, 415]);
    }
    let parameters = operation.get("parameters").and_then(Value::as_array);
    for parameter in parameters.into_iter().flatten() {
        let is_required = parameter["required"] == true;
        let (place, name) = (&parameter["in"], &parameter["name"]);
        problems.extend(match (place.as_str(), name.as_str()) {
            (Some("path"), _) => &[404][..],
            (Some("query"), _) => &[422],
            (_, Some("Idempotency-Key")) => &[400, 409, 422],
            (_, Some("If-Match")) if is_required => &[412, 428],
            (_, Some("If-Match")) => &[412],
            _ => &[],
        });
    }
    problems
}

/// Handlers name their operation where the framework wants a security scheme. The document has the
/// schemes of those who hold the right, and the problem of those who do not.
fn name_schemes(operation: &mut OperationObject) -> Option<[u16; 2]> {
    let schemes = operation.get_mut("security")?;
    let named = schemes.pointer("/0")?.as_object()?.keys().next()?;
    let named = OperationId::parse(named)?;
    let right = named.right();
    let mut names = Vec::new();
    if !right.keys.is_empty() {
        names.push(json!({KEY_SCHEME: []}));
    }
    if !right.accounts.is_empty() {
        names.push(json!({SESSION_SCHEME: []}));
    }
    *schemes = Value::Array(names);
    // Another site's page is refused with 403 by every operation that a session may use.
    Some([auth::denial_status(named), 403])
}

/// Parameters as the document has them, and those of every operation.
fn complete_parameters(operation: &mut OperationObject) {
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    let Some(parameters) = parameters.as_array_mut() else {
        return;
    };
    for parameter in parameters.iter_mut().filter(|one| one["in"] == "query") {
        if let Some(members) = parameter.as_object_mut() {
            // What the framework adds is what holds anyway.
            members.retain(|name, _| !["deprecated", "explode"].contains(&name.as_str()));
        }
        round_bounds(&mut parameter["schema"]);
    }
    for name in ["AcceptLanguage", "RequestId"] {
        parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
    }
}

/// The framework has only numbers with a fraction.
fn round_bounds(schema: &mut Value) {
    for bound in ["minimum", "maximum"] {
        if let Some(whole) = schema.get(bound).and_then(Value::as_f64) {
            schema[bound] = json!(whole as i64);
        }
    }
}

/// Headers refer to the document's list of them; every answer has some more.
fn name_headers(response: &mut Value, known: &Value, has_key: bool) {
    let own = response["headers"].as_object();
    let is_own = |name: &&str| {
        let mut own = own.into_iter().flat_map(Map::keys);
        own.any(|own| own.eq_ignore_ascii_case(name))
    };
    let known = known.as_object().into_iter().flat_map(Map::keys);
    let mut names: Vec<&str> = known.map(String::as_str).filter(is_own).collect();
    names.push("X-Request-Id");
    if has_key {
        names.extend(["RateLimit-Policy", "RateLimit"]);
    }
    response["headers"] = references("headers", &names);
}
