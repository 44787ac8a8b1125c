//! Checks that every answer to every test conforms to the OpenAPI document: its status, its media
//! type, and its JSON schema, strictly: an undescribed member is a fault, and so is `null` where it
//! is not allowed.
//!
//! The document is the one that the service under test serves. The validator is written here from
//! OpenAPI 3.0.3 and supports only what the document uses: an unknown keyword is a fault.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::caller::http_client;

/// The service is there: it has just said that it is ready.
const LIMIT: Duration = Duration::from_secs(20);
/// Keywords that say nothing of what is valid.
const WORDS: [&str; 7] = [
    "default",
    "description",
    "example",
    "title",
    "x-extensible-enum",
    "deprecated",
    "readOnly",
];

static DOCUMENT: OnceLock<Value> = OnceLock::new();

/// Takes the document of a service, if none is known yet.
pub(crate) async fn learn(api: &str) {
    if DOCUMENT.get().is_some() {
        return;
    }
    let request = http_client().get(format!("{api}/openapi.json"));
    let answer = request.timeout(LIMIT).send().await.expect("the document");
    let document = answer.bytes().await.expect("the whole document");
    let document = serde_json::from_slice(&document).expect("the document as JSON");
    // Another test may have been quicker.
    DOCUMENT.get_or_init(|| document);
}

/// Fails the test when an answer is not what the document says of it.
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let Some(document) = DOCUMENT.get() else {
        return;
    };
    if let Err(fault) = judge(document, method, path, answer) {
        panic!(
            "{method} {path} answered {} against the document: {fault}\n{}",
            answer.status,
            answer.text()
        );
    }
}

/// The first thing in which a value differs from a schema of the document.
pub fn fault_of(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let mut faults = Vec::new();
    Judge { document }.look(schema, value, "", &mut faults);
    faults.into_iter().next()
}

fn judge(document: &Value, method: &str, path: &str, answer: &Answer) -> Result<(), String> {
    let Some(operation) = operation(document, method, path) else {
        return Ok(());
    };
    let status = answer.status.to_string();
    let response = &operation["responses"][&status];
    if response.is_null() {
        return Err("the operation names no such status".to_owned());
    }
    let response = resolve(document, response)?;
    let Some(content) = response["content"].as_object() else {
        let is_empty = answer.body.is_empty();
        return is_empty
            .then_some(())
            .ok_or("a body where none is".to_owned());
    };
    let media_type = answer.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let body = content
        .get(media_type)
        .ok_or_else(|| format!("the media type {media_type:?} is not named for this status"))?;
    if !media_type.ends_with("json") || method == "HEAD" {
        return Ok(());
    }
    let sent = serde_json::from_slice(&answer.body).map_err(|_| "no JSON".to_owned())?;
    let mut faults = Vec::new();
    Judge { document }.look(&body["schema"], &sent, "", &mut faults);
    match faults.first() {
        None => Ok(()),
        Some(fault) => Err(fault.clone()),
    }
}

/// The operation of a path; unknown paths are left to the router.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next()?;
    let method = match method {
        "HEAD" => "get".to_owned(),
        other => other.to_lowercase(),
    };
    let paths = document["paths"].as_object()?;
    let fits = |template: &str| {
        let (sent, known) = (path.split('/'), template.split('/'));
        sent.clone().count() == known.clone().count()
            && sent
                .zip(known)
                .all(|(sent, known)| known == sent || (known.starts_with('{') && !sent.is_empty()))
    };
    // A path without variables is meant before one with.
    let mut fitting: Vec<_> = paths
        .iter()
        .filter(|(template, _)| fits(template))
        .collect();
    fitting.sort_by_key(|(template, _)| template.matches('{').count());
    let (_, methods) = fitting.first()?;
    methods.get(&method)
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value, String> {
    match value["$ref"].as_str() {
        None => Ok(value),
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .ok_or_else(|| format!("{reference} leads nowhere")),
    }
}

struct Judge<'a> {
    document: &'a Value,
}

impl Judge<'_> {
    /// Notes what of a value is not as its schema says.
    fn look(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = match resolve(self.document, schema) {
            Ok(schema) => schema,
            Err(fault) => return faults.push(fault),
        };
        let Some(keywords) = schema.as_object() else {
            return faults.push(format!("{at}: no schema"));
        };
        if value.is_null() && schema["nullable"] == true && keywords.contains_key("type") {
            return;
        }
        for (keyword, said) in keywords {
            let fault = match keyword.as_str() {
                "type" => of_type(said, value),
                "nullable" => None,
                "enum" => {
                    let is_one = said.as_array().is_some_and(|words| words.contains(value));
                    (!is_one).then(|| format!("{value} is none of its words"))
                }
                "format" => of_format(said, value),
                "oneOf" => self.of_one(said, value),
                "properties" => {
                    self.look_at_members(schema, said, value, at, faults);
                    None
                }
                "additionalProperties" => None,
                "required" => missing(said, value),
                "items" => {
                    for (place, element) in value.as_array().into_iter().flatten().enumerate() {
                        self.look(said, element, &format!("{at}/{place}"), faults);
                    }
                    None
                }
                "pattern" => None,
                "minimum" => below(said, value),
                "maximum" => below(value, said),
                "maxLength" => longer(said, value),
                "minLength" => shorter(said, value),
                "minItems" | "maxItems" => None,
                known if WORDS.contains(&known) => None,
                other => Some(format!("the keyword {other} is not known here")),
            };
            if let Some(fault) = fault {
                faults.push(format!("{at}: {fault}"));
            }
        }
        if !keywords.contains_key("properties") {
            self.look_at_further(schema, &Map::new(), value, at, faults);
        }
    }

    fn of_one(&self, said: &Value, value: &Value) -> Option<String> {
        let schemas = said.as_array()?;
        let mut first = Vec::new();
        let mut count = 0;
        for schema in schemas {
            let mut faults = Vec::new();
            self.look(schema, value, "", &mut faults);
            if faults.is_empty() {
                count += 1;
            }
            first.extend(faults.into_iter().take(1));
        }
        (count != 1).then(|| format!("{count} of {} fit: {first:?}", schemas.len()))
    }

    fn look_at_members(
        &self,
        schema: &Value,
        said: &Value,
        value: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let (Some(known), Some(members)) = (said.as_object(), value.as_object()) else {
            return;
        };
        for (name, member) in members {
            if let Some(form) = known.get(name) {
                self.look(form, member, &format!("{at}/{name}"), faults);
            }
        }
        self.look_at_further(schema, known, value, at, faults);
    }

    /// Members that are not described: none, unless the schema says of what form they are.
    fn look_at_further(
        &self,
        schema: &Value,
        known: &Map<String, Value>,
        value: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let Some(members) = value.as_object() else {
            return;
        };
        let further = members
            .iter()
            .filter(|(name, _)| !known.contains_key(*name));
        for (name, member) in further {
            match &schema["additionalProperties"] {
                Value::Bool(true) => {}
                Value::Object(_) => {
                    let form = &schema["additionalProperties"];
                    self.look(form, member, &format!("{at}/{name}"), faults);
                }
                Value::Null
                | Value::Bool(false)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_) => {
                    if schema["type"] == "object" {
                        faults.push(format!("{at}/{name} is not described"));
                    }
                }
            }
        }
    }
}

fn of_type(said: &Value, value: &Value) -> Option<String> {
    let is_fitting = match said.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    (!is_fitting).then(|| format!("{value} is not of type {said}"))
}

fn of_format(said: &Value, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let is_digits = |text: &str, separators: &[usize]| {
        text.bytes().enumerate().all(|(place, byte)| {
            let is_separator = separators.contains(&place);
            is_separator || byte.is_ascii_digit()
        })
    };
    let is_fitting = match said.as_str()? {
        "uuid" => {
            text.len() == 36
                && text.bytes().enumerate().all(|(place, byte)| match place {
                    8 | 13 | 18 | 23 => byte == b'-',
                    _ => byte.is_ascii_hexdigit(),
                })
        }
        "date" => text.len() == 10 && is_digits(text, &[4, 7]),
        "date-time" => text.len() >= 25 && chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        "json-pointer" => text.is_empty() || text.starts_with('/'),
        "binary" => true,
        _ => return Some(format!("the format {said} is not known here")),
    };
    (!is_fitting).then(|| format!("{value} has not the format {said}"))
}

fn missing(said: &Value, value: &Value) -> Option<String> {
    let members = value.as_object()?;
    let names = said.as_array()?.iter().filter_map(Value::as_str);
    let mut missing = names.filter(|name| !members.contains_key(*name));
    missing.next().map(|name| format!("{name} is missing"))
}

fn below(least: &Value, value: &Value) -> Option<String> {
    let is_below = value.as_f64()? < least.as_f64()?;
    is_below.then(|| format!("{value} is out of its bounds"))
}

fn longer(said: &Value, value: &Value) -> Option<String> {
    let length = value.as_str()?.chars().count();
    let is_longer = u64::try_from(length).ok()? > said.as_u64()?;
    is_longer.then(|| format!("a text of {length} characters is too long"))
}

fn shorter(said: &Value, value: &Value) -> Option<String> {
    let length = value.as_str()?.chars().count();
    let is_shorter = u64::try_from(length).ok()? < said.as_u64()?;
    is_shorter.then(|| format!("a text of {length} characters is too short"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(schema: &Value, value: &Value) -> Vec<String> {
        let document = json!({"components": {"schemas": {
            "Guest": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "maxLength": 3}},
            },
        }}});
        let mut faults = Vec::new();
        let judge = Judge {
            document: &document,
        };
        judge.look(schema, value, "", &mut faults);
        faults
    }

    #[test]
    fn what_differs_from_the_document_is_found() {
        let guest = json!({"$ref": "#/components/schemas/Guest"});
        let nobody = json!({"type": "object", "nullable": true, "enum": [null]});
        let guest_or_null = json!({"oneOf": [guest, nobody]});
        let table = [
            (&guest, json!({"name": "An"}), true),
            (&guest, json!({"name": "Anna"}), false),
            (&guest, json!({"name": null}), false),
            (&guest, json!({}), false),
            (&guest, json!({"name": "An", "age": 3}), false),
            (&guest, json!(null), false),
            (&guest, json!("An"), false),
            (&guest_or_null, json!(null), true),
            (&guest_or_null, json!({"name": "An"}), true),
            (&guest_or_null, json!({"name": 7}), false),
            (&guest_or_null, json!([]), false),
            (
                &json!({"type": "string", "format": "uuid"}),
                json!("x"),
                false,
            ),
            (
                &json!({"type": "array", "items": guest}),
                json!([{"name": 1}]),
                false,
            ),
            (&json!({"type": "integer", "minimum": 1}), json!(0), false),
            (&json!({"type": "string", "enum": ["a"]}), json!("b"), false),
            (&json!({"nullable": true}), json!(null), true),
            (&json!({"allOf": []}), json!(null), false),
        ];
        for (schema, value, is_fitting) in table {
            let found = faults(schema, &value);
            assert_eq!(found.is_empty(), is_fitting, "{schema} {value} {found:?}");
        }
    }
}
