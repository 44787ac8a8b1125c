//! One type per word: no two types of the product have the same name, so that a word in a
//! signature says which one is meant.
//!
//! `simulators` and `bench` are worlds of their own: they share no type with the product, which
//! they meet over HTTP. Types that a macro makes from a list of words are not read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const CRATES: [&str; 10] = [
    "api", "cli", "domain", "entity", "formats", "intake", "runtime", "seeds", "store", "worker",
];

/// The names that sea-orm expects in the file of each table.
const NAMES_OF_TABLES: [&str; 2] = ["Model", "Relation"];

/// Why a name stands for the same thing in two crates.
const SHAPE: &str = "the JSON shape of what the other crate holds; the contract names it";

/// Names that may be repeated: in which crates, once for each type, and why.
const REPEATED: &[(&str, &[&str], &str)] = &[
    ("AccountDraft", &["api", "domain"], SHAPE),
    ("AccountPatch", &["api", "domain"], SHAPE),
    ("ClaimRequest", &["api", "domain"], SHAPE),
    ("Completion", &["api", "domain"], SHAPE),
    ("DecisionRequest", &["api", "domain"], SHAPE),
    ("Delivery", &["api", "intake"], SHAPE),
    ("Guardian", &["api", "domain"], SHAPE),
    ("Guest", &["api", "domain"], SHAPE),
    ("Identity", &["api", "intake"], SHAPE),
    ("KeyDraft", &["api", "domain"], SHAPE),
    ("OrganisationDraft", &["api", "domain"], SHAPE),
    ("Party", &["api", "domain"], SHAPE),
    ("Receipt", &["api", "intake"], SHAPE),
    ("Residence", &["api", "domain"], SHAPE),
    ("Visa", &["api", "domain"], SHAPE),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The sources of a crate without its tests and without the worker's simulation.
fn sources(directory: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["simulation", "tests"].contains(&name.as_str()) {
                sources(&path, texts);
            }
        } else if name.ends_with(".rs") && !["simulation.rs", "tests.rs"].contains(&name.as_str()) {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// The types that a source declares, tests apart. Associated types are not: they are indented.
fn declared(source: &str) -> Vec<String> {
    let product = source.split("#[cfg(test)]\nmod tests {").next();
    product
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            let (indent, item) = line.split_at(line.len() - line.trim_start().len());
            let item = ["pub ", "pub(crate) ", "pub(super) "]
                .iter()
                .find_map(|visibility| item.strip_prefix(visibility))
                .unwrap_or(item);
            let (keyword, rest) = item.split_once(' ')?;
            let is_type = match keyword {
                "struct" | "enum" | "trait" => true,
                "type" => indent.is_empty(),
                _ => false,
            };
            let end = rest.find(|letter: char| !letter.is_alphanumeric());
            let name = &rest[..end.unwrap_or(rest.len())];
            // A macro's `enum $name` names nothing yet.
            (is_type && !name.is_empty()).then(|| name.to_owned())
        })
        .collect()
}

/// Each name with the crates that declare it, once for each type.
fn homes() -> BTreeMap<String, Vec<&'static str>> {
    let mut homes: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for package in CRATES {
        let mut texts = Vec::new();
        sources(&root().join(package).join("src"), &mut texts);
        assert!(texts.len() > 5, "{package} has {} sources", texts.len());
        for name in texts.iter().flat_map(|text| declared(text)) {
            if package != "entity" || !NAMES_OF_TABLES.contains(&name.as_str()) {
                homes.entry(name).or_default().push(package);
            }
        }
    }
    homes
}

#[test]
fn no_two_types_have_one_name() {
    let repeated: BTreeSet<(String, Vec<&str>)> = homes()
        .into_iter()
        .filter(|(_, homes)| homes.len() > 1)
        .collect();
    let allowed: BTreeSet<(String, Vec<&str>)> = REPEATED
        .iter()
        .map(|(name, homes, _)| ((*name).to_owned(), homes.to_vec()))
        .collect();
    let unknown: Vec<_> = repeated.difference(&allowed).collect();
    assert!(
        unknown.is_empty(),
        "name each thing by a word of its own, or list the name with the reason: {unknown:?}"
    );
    let needless: Vec<_> = allowed.difference(&repeated).collect();
    assert!(
        needless.is_empty(),
        "take these out of the list: {needless:?}"
    );
}

#[test]
fn declarations_are_found_and_uses_are_not() {
    let source = "\
        pub struct One;\n\
        enum Two {\n\
        \x20   Three,\n\
        }\n\
        pub(crate) trait Four<T> {\n\
        \x20   type Five;\n\
        }\n\
        type Six = One;\n\
        fn seven(eight: One) -> Two {}\n\
        pub enum $name {}\n\
        coded! {\n\
        \x20   pub enum Nine {\n\
        \x20   }\n\
        }\n\
        #[cfg(test)]\n\
        mod tests {\n\
        \x20   struct Ten;\n\
        }\n";
    assert_eq!(declared(source), ["One", "Two", "Four", "Six", "Nine"]);
}
