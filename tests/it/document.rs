//! The OpenAPI document is part of the contract: a change to it is a change for others.

use std::path::Path;

use serde_json::{Value, json};
use tests::{Caller, Database, River, now, on_both_databases, people, text_of};

on_both_databases![
    the_document_is_the_golden_one,
    the_pages_of_the_document_are_served,
    json_comes_first_and_examples_are_of_today,
    every_example_of_a_request_is_taken,
    every_example_is_of_its_schema,
];

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/openapi.json");

async fn the_document_is_the_golden_one(database: Database) {
    let river = River::shared(database).await;
    let mut served = river.stranger().get("/openapi.json").await.expect(200);
    // The address it is served at is not part of it.
    served.as_object_mut().unwrap().remove("servers");
    // The dates of examples are those of today.
    undate(&mut served);
    let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    if tests::is_golden_update() {
        std::fs::create_dir_all(Path::new(GOLDEN).parent().unwrap()).unwrap();
        std::fs::write(GOLDEN, text).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let golden: Value = serde_json::from_str(&golden).unwrap_or_default();
    assert!(
        golden == served,
        "the served document is not tests/golden/openapi.json ({}). If the change is wanted, \
         write the file anew with LUUTRU_UPDATE_GOLDEN=1 cargo test -p tests document, look at \
         the difference, and add a line to CHANGELOG.md",
        first_difference(&golden, &served, "")
    );
}

/// Where the two begin to differ.
fn first_difference(golden: &Value, served: &Value, pointer: &str) -> String {
    match (golden, served) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left.keys().chain(right.keys());
            let mut differing = names.filter(|name| left.get(*name) != right.get(*name));
            match differing.next() {
                Some(name) => {
                    let (left, right) = (&golden[name], &served[name]);
                    first_difference(left, right, &format!("{pointer}/{name}"))
                }
                None => pointer.to_owned(),
            }
        }
        _ => format!("first at {pointer}"),
    }
}

/// Puts one day and one instant in the place of all, so that the golden document never grows stale.
fn undate(value: &mut Value) {
    match value {
        Value::String(text) if chrono::DateTime::parse_from_rfc3339(text).is_ok() => {
            "2026-01-01T00:00:00+07:00".clone_into(text);
        }
        Value::String(text) if text.parse::<chrono::NaiveDate>().is_ok() => {
            "2026-01-01".clone_into(text);
        }
        Value::Array(elements) => elements.iter_mut().for_each(undate),
        Value::Object(members) => members.values_mut().for_each(undate),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn the_pages_of_the_document_are_served(database: Database) {
    let river = River::shared(database).await;
    let stranger = river.stranger();
    let page = stranger.get("/docs").await;
    assert_eq!(page.status, 200);
    let media_type = page.header("content-type").unwrap();
    assert!(media_type.starts_with("text/html"));
    // The page loads only our files, and its policy lets nothing else run.
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    let html = page.text();
    let files: Vec<&str> = html
        .split('"')
        .filter(|text| text.starts_with("/docs/"))
        .collect();
    assert_eq!(files.len(), 3, "{html}");
    for file in files {
        let answer = stranger.get(file).await;
        assert_eq!(answer.status, 200, "{file}");
        let is_style = file.ends_with(".css");
        let media_type = if is_style {
            "text/css"
        } else {
            "text/javascript"
        };
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with(media_type)
        );
    }
    assert!(!html.contains("<script>") && !html.contains("http"));
    let absent = stranger.get("/docs/other.js").await;
    absent.expect_problem(404, "not_found");
}

async fn json_comes_first_and_examples_are_of_today(database: Database) {
    let river = River::shared(database).await;
    let answer = river.stranger().get("/openapi.json").await;
    let text = answer.text();
    let receipt = &text[text.find("\"/v1/stays/{id}/receipt\"").unwrap()..];
    let at = |media_type: &str| receipt.find(&format!("\"{media_type}\":{{")).unwrap();
    assert!(at("application/json") < at("application/jose"));
    let document = answer.json();
    let examples = &document["paths"]["/v1/stays"]["post"]["requestBody"]["content"]["application/json"]
        ["examples"];
    let departure = examples["citizen"]["value"]["expected_departure_at"].as_str();
    let departure = chrono::DateTime::parse_from_rfc3339(departure.unwrap()).unwrap();
    let days = (departure - now()).num_hours();
    assert!((24..=60).contains(&days), "{departure}");
}

/// The preconditions of an operation's example, and its target.
struct Stage {
    river: River,
    count: u32,
}

impl Stage {
    /// A stay of the hotel that arrived half an hour ago.
    async fn stay(&mut self) -> String {
        self.count += 1;
        let mut stay = people::citizen(self.river.facility("hotel"));
        stay["arrival_at"] = json!(text_of(now() - chrono::TimeDelta::minutes(30)));
        let stay = self.river.caller("hotel").accepted(&stay).await;
        stay["id"].as_str().unwrap().to_owned()
    }

    /// Caller and address for an example; none where it cannot be done on a fresh service.
    async fn place(&mut self, id: &str, name: &str, path: &str) -> (Caller, String) {
        let facility = match name {
            "patient" | "newborn" | "unidentified" | "ward" => "hospital",
            "student" => "school",
            _ => "hotel",
        };
        let caller = match id {
            "claimCases" | "decideCase" => self.river.caller("police"),
            "pauseDestination"
            | "setDutyDesk"
            | "requeueNotifications"
            | "createOrganisation"
            | "changeOrganisation"
            | "createFacility"
            | "changeFacility"
            | "createKey" => self.river.caller("admin"),
            _ => self.river.caller(facility),
        };
        let path = match id {
            "amendStay" | "departStay" | "extendStay" | "cancelStay" => {
                path.replace("{id}", &self.stay().await)
            }
            "decideCase" => path.replace("{id}", "0199c1c8-0280-7000-8000-0000000000aa"),
            "changeOrganisation" => {
                let page = caller.get("/v1/admin/organisations").await.expect(200);
                path.replace("{id}", page["items"][0]["id"].as_str().unwrap())
            }
            _ => path
                .replace("{id}", self.river.facility(facility))
                .replace("{code}", "38")
                .replace("{commune_code}", "16531"),
        };
        (caller, path)
    }
}

/// Operations for those who have signed in. `signing_in` sends their requests.
const FOR_PEOPLE: [&str; 6] = [
    "createAccount",
    "changeAccount",
    "enrollMachine",
    "presentCode",
    "confirmTotp",
    "changePassword",
];

/// Each example of a request, sent as it is to the operation it stands at, breaks no rule.
async fn every_example_of_a_request_is_taken(database: Database) {
    let river = River::start(database).await;
    let document = river.stranger().get("/openapi.json").await.expect(200);
    let mut stage = Stage { river, count: 0 };
    let mut with_examples = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let content = &operation["requestBody"]["content"]["application/json"];
            if content.is_null() {
                continue;
            }
            let examples = content["examples"].as_object();
            let examples = examples.unwrap_or_else(|| panic!("{id} shows no example"));
            with_examples += 1;
            for (name, example) in examples {
                let (caller, path) = stage.place(id, name, path).await;
                let mut body = example["value"].clone();
                if body["url"].is_string() {
                    // Nobody is called out there from a test.
                    body["url"] = json!("http://127.0.0.1:9/luutru");
                }
                let call = caller.call(&method.to_uppercase(), &path).json(&body);
                let call = match id {
                    "amendStay" | "departStay" | "extendStay" | "cancelStay"
                    | "changeOrganisation" | "changeFacility" => call.header("If-Match", "\"1\""),
                    _ => call,
                };
                let answer = call.send().await;
                let what = format!("{id} {name}: {}", answer.text());
                match (id, name.as_str()) {
                    // There is no such case, and its departures are others.
                    ("decideCase" | "answerQuestion", _) => {
                        drop(answer.expect_problem(404, "not_found"));
                    }
                    ("putCensus", "whole_facility") if answer.status == 409 => {
                        drop(answer.expect_problem(409, "census_implausible"));
                    }
                    // Nobody has departed.
                    ("amendStay", "not_left") => assert_eq!(answer.status, 200, "{what}"),
                    ("pauseDestination", _) if answer.status == 404 => {}
                    // Nobody has this name, and nobody this link: it broke no rule.
                    ("signIn", _) => drop(answer.expect_problem(401, "sign_in_failed")),
                    ("acceptInvitation", _) => {
                        drop(answer.expect_problem(404, "invitation_invalid"));
                    }
                    // For people: a key does not get as far as the body.
                    (id, _) if FOR_PEOPLE.contains(&id) => {
                        assert!([401, 403, 404].contains(&answer.status), "{what}");
                    }
                    // Judged after the document: it broke no rule.
                    ("changeOrganisation" | "changeFacility", _) if answer.status == 412 => {}
                    _ => assert!((200..300).contains(&answer.status), "{what}"),
                }
                let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                if id == "validateStay" {
                    assert_eq!(json["valid"], true, "{what}");
                }
                if id == "declareStays" || id == "putCensus" {
                    assert!(
                        json["rejected"].is_null() || json["rejected"] == 0,
                        "{what}"
                    );
                }
            }
        }
    }
    assert!(with_examples >= 18, "{with_examples}");
}

async fn every_example_is_of_its_schema(database: Database) {
    let river = River::shared(database).await;
    let document = river.stranger().get("/openapi.json").await.expect(200);
    let mut silent = Vec::new();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            let request = &operation["requestBody"]["content"]["application/json"];
            for (name, example) in request["examples"].as_object().into_iter().flatten() {
                let fault = tests::fault_of(&document, &request["schema"], &example["value"]);
                assert_eq!(fault, None, "{id} {name}");
            }
            // Officers and operators work with pages and commands of ours.
            let is_for_us =
                ["Police", "Administration"].contains(&operation["tags"][0].as_str().unwrap());
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                let body = &response["content"]["application/json"];
                if !status.starts_with('2') || body.is_null() {
                    continue;
                }
                if body["example"].is_null() {
                    if !is_for_us {
                        silent.push(format!("{id} {status}"));
                    }
                    continue;
                }
                let fault = tests::fault_of(&document, &body["schema"], &body["example"]);
                assert_eq!(fault, None, "the answer of {id}");
            }
        }
    }
    // The document is no example of itself.
    silent.retain(|one| one != "showDocument 200");
    assert_eq!(silent, Vec::<String>::new(), "no example of an answer");
}
