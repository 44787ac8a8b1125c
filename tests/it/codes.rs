//! The public catalogue of codes: whole, and true to what the service says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::{Database, River, on_both_databases};

on_both_databases![
    every_code_is_published_with_its_fix_and_an_example,
    the_codes_published_are_those_the_program_says,
];

async fn published(river: &River) -> Vec<Value> {
    let catalogue = river.stranger().get("/v1/catalogues/error_codes").await;
    catalogue.expect(200)["items"].as_array().unwrap().clone()
}

async fn every_code_is_published_with_its_fix_and_an_example(database: Database) {
    let river = River::shared(database).await;
    for entry in published(river).await {
        for member in ["title", "detail", "fix"] {
            for language in ["vi", "en"] {
                let text = entry[member][language].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{member} in {language} of {entry}");
            }
        }
        assert!(entry["retryable"].is_boolean(), "{entry}");
        assert_eq!(entry["example"]["code"], entry["code"]);
        let is_of_a_member = ["violation", "warning"].contains(&entry["class"].as_str().unwrap());
        assert_eq!(entry["status"].is_null(), is_of_a_member, "{entry}");
        assert_eq!(
            entry["example"]["pointer"].is_string(),
            is_of_a_member,
            "{entry}"
        );
    }
}

/// A code that is listed and never said is a promise nobody keeps; one that is said and not
/// listed leaves a program without an answer. Codes are said where the source makes a violation,
/// a warning or a problem of them; the tables that give them words and statuses do not count.
async fn the_codes_published_are_those_the_program_says(database: Database) {
    let river = River::shared(database).await;
    let listed: BTreeSet<String> = published(river)
        .await
        .iter()
        .map(|entry| variant(entry["code"].as_str().unwrap()))
        .collect();
    let said = said();
    let unsaid: Vec<&String> = listed.difference(&said).collect();
    assert!(unsaid.is_empty(), "listed and never said: {unsaid:?}");
    let unlisted: Vec<&String> = said.difference(&listed).collect();
    assert!(unlisted.is_empty(), "said and not listed: {unlisted:?}");
}

/// `json_too_deep` to `JsonTooDeep`, as the source names it.
fn variant(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

/// The codes that stand in the source outside of tables and tests.
fn said() -> BTreeSet<String> {
    const CRATES: [&str; 6] = ["domain", "formats", "intake", "api", "worker", "runtime"];
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for name in CRATES {
        collect(&workspace.join(name).join("src"), &mut files);
    }
    let mut said = BTreeSet::new();
    for file in files {
        let path = file.strip_prefix(workspace).unwrap().to_str().unwrap();
        if path.starts_with("domain/src/problem/") || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let source = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let is_the_table = path == "api/src/problem.rs";
        let marker = if is_the_table { "new(Code::" } else { "Code::" };
        let places = source.match_indices(marker).map(|(place, _)| place);
        let whole = places.filter(|place| !source[..*place].ends_with(char::is_alphanumeric));
        said.extend(whole.filter_map(|place| leading_variant(&source[place + marker.len()..])));
    }
    said
}

/// The variant at the start of the text; names in lower case are functions, names in capitals
/// constants.
fn leading_variant(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect();
    let is_constant = name.chars().all(|letter| letter.is_ascii_uppercase());
    let is_variant = name.chars().next()?.is_ascii_uppercase() && !is_constant;
    is_variant.then_some(name)
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
