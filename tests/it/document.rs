//! The OpenAPI document is part of the contract: a change to it is a change for others.

use std::path::Path;

use serde_json::Value;
use tests::{Database, River, on_both_databases};

on_both_databases![
    the_document_is_the_golden_one,
    the_pages_of_the_document_are_served
];

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/openapi.json");

async fn the_document_is_the_golden_one(database: Database) {
    let river = River::shared(database).await;
    let mut served = river.stranger().get("/openapi.json").await.expect(200);
    // The address it is served at is not part of it.
    served.as_object_mut().unwrap().remove("servers");
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

async fn the_pages_of_the_document_are_served(database: Database) {
    let river = River::shared(database).await;
    let page = river.stranger().get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
}
