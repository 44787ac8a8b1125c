//! Rewrites what the framework derives into forms that every reader of OpenAPI 3.0 accepts, from
//! strict validators to client generators.
//!
//! - Nothing stands beside a reference, and no reference stands alone in `allOf`.
//! - `null` is allowed by a schema of its own: `nullable` counts only beside a `type` (3.0.3).
//! - Lists of words have names, and lists that may grow are no closed lists.
//! - What an answer always has is required in it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Lists that get new words with any release: a program that was made before must take them.
const GROWING: [&str; 3] = ["EventType", "ProblemCode", "WebhookEventType"];

/// Members of answers that are `null` where they are, and not always there.
const AT_TIMES: [(&str, &str); 2] = [("StayQuestion", "question"), ("Completion", "due_at")];

/// Members that an answer has though a request may leave them out.
const FILLED_IN: [(&str, &[&str]); 1] = [("Stay", &["facility_id", "arrival_at"])];

/// Corrects the whole document.
pub(super) fn correct(document: &mut Value) {
    name_lists(document);
    for name in GROWING {
        open_up(&mut document["components"]["schemas"][name]);
    }
    unwrap_references(document);
    mark_ids(document);
}

/// A list that may grow: strings, with the known ones named.
fn open_up(schema: &mut Value) {
    if let Some(schema) = schema.as_object_mut()
        && let Some(words) = schema.remove("enum")
    {
        schema.insert("x-extensible-enum".to_owned(), words);
    }
}

/// In answers, members that may be `null` are always there. `requests` are the schemas of what is
/// sent.
pub(super) fn require(schemas: &mut Value, requests: &BTreeSet<String>) {
    let Some(schemas) = schemas.as_object_mut() else {
        return;
    };
    for (name, schema) in schemas {
        if requests.contains(name) {
            continue;
        }
        let filled_in = FILLED_IN.iter().find(|(of, _)| of == name);
        let filled_in = filled_in.map_or(&[][..], |(_, members)| members);
        let is_always_there = |member: &str, form: &Value| {
            let is_nullable = form["nullable"] == true && !AT_TIMES.contains(&(name, member));
            is_nullable || filled_in.contains(&member)
        };
        let members = schema["properties"].as_object();
        let always: Vec<String> = members
            .into_iter()
            .flatten()
            .filter(|(member, form)| is_always_there(member, form))
            .map(|(member, _)| member.clone())
            .collect();
        if always.is_empty() {
            continue;
        }
        let mut required: Vec<String> = match schema.get("required").and_then(Value::as_array) {
            Some(known) => known
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            None => Vec::new(),
        };
        required.extend(always);
        required.sort_unstable();
        required.dedup();
        schema["required"] = json!(required);
    }
}

/// Lists of words in parameters refer to the list of that name; one that has none gets one.
fn name_lists(document: &mut Value) {
    let mut schemas = document["components"]["schemas"].take();
    let operations = super::operations(document);
    for operation in operations {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let id = id.to_owned();
        let parameters = operation.get_mut("parameters");
        for parameter in parameters
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let Some(schema) = parameter.get_mut("schema") else {
                continue;
            };
            let about = format!("Words of the parameter `{name}`.");
            for place in ["/items", ""] {
                if let Some(list) = schema.pointer_mut(place)
                    && list.get("enum").is_some()
                {
                    *list = named(list, &mut schemas, &(pascal(&id) + &pascal(&name)), &about);
                }
            }
        }
    }
    document["components"]["schemas"] = schemas;
}

fn named(list: &Value, schemas: &mut Value, new_name: &str, about: &str) -> Value {
    let known = schemas.as_object().into_iter().flatten();
    let mut known = known.filter(|(_, schema)| {
        schema["enum"] == list["enum"] && schema["default"] == list["default"]
    });
    let name = match known.next() {
        Some((name, _)) => name.clone(),
        None => {
            let mut schema = list.clone();
            schema["description"] = json!(about);
            schemas[new_name] = schema;
            new_name.to_owned()
        }
    };
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// `listStays` or `date_order` as the name of a type.
fn pascal(name: &str) -> String {
    let mut is_start = true;
    let mut pascal = String::new();
    for letter in name.chars() {
        if letter == '_' {
            is_start = true;
        } else if is_start {
            pascal.extend(letter.to_uppercase());
            is_start = false;
        } else {
            pascal.push(letter);
        }
    }
    pascal
}

/// A reference and nothing beside it, or the same or `null`.
fn unwrap_references(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(unwrapped) = unwrapped(members) {
                *value = unwrapped;
                return;
            }
            for member in members.values_mut() {
                unwrap_references(member);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(unwrap_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn unwrapped(members: &Map<String, Value>) -> Option<Value> {
    let parts = members.get("allOf")?.as_array()?;
    let reference = parts.first()?.get("$ref").filter(|_| parts.len() <= 2)?;
    let reference = json!({"$ref": reference});
    let is_nullable = |part: &Value| part["nullable"] == true;
    if members.get("nullable").is_none_or(|flag| *flag != true) && !parts.iter().any(is_nullable) {
        return Some(reference);
    }
    // The framework writes the description at both places.
    let description = members.get("description").cloned();
    let description = description.or_else(|| parts.get(1)?.get("description").cloned());
    let mut either = json!({"oneOf": [reference, nothing()]});
    if let Some(description) = description {
        either["description"] = description;
    }
    Some(either)
}

/// Nothing but `null`, in the words of OpenAPI 3.0.
fn nothing() -> Value {
    json!({"type": "object", "nullable": true, "enum": [null]})
}

/// Ids in paths are ids.
fn mark_ids(document: &mut Value) {
    for operation in super::operations(document) {
        let parameters = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let is_id = name == "id" || name.ends_with("_id");
            if is_id && parameter["in"] == "path" {
                parameter["schema"] = json!({"type": "string", "format": "uuid"});
            }
        }
    }
}
