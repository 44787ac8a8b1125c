//! The catalogues as they are sent, written once at the start.

use std::{cell::Cell, collections::BTreeMap};

use bytes::Bytes;
use domain::problem::{self, Class, Code};
use poem_openapi::{Object, types::ToJSON};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::catalogues::StoredCatalogue;

use crate::problem::status;
use crate::shapes::text::Day;

/// The catalogue of our own codes, which is part of the program, not of the database.
const ERROR_CODES: &str = "error_codes";
/// The day the codes were first published.
const ERROR_CODES_VALID_FROM: &str = "2026-11-24";

/// A catalogue without its entries.
#[derive(Object)]
pub(crate) struct CatalogueHead {
    /// Its name.
    name: String,
    /// Changes whenever an entry does.
    version: String,
    /// The first day this version holds.
    valid_from: Day,
    /// The last day this version holds; `null` while it does.
    #[oai(nullable)]
    valid_to: Option<Day>,
    /// How many entries it has.
    item_count: u32,
}

/// The catalogues there are.
#[derive(Object)]
pub(crate) struct CatalogueList {
    /// The catalogues, by name.
    items: Vec<CatalogueHead>,
    /// Always `null`: there is one page.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A catalogue with its entries.
#[derive(Object)]
#[oai(rename = "Catalogue")]
pub(crate) struct CatalogueView {
    /// Its name.
    name: String,
    /// Changes whenever an entry does.
    version: String,
    /// The first day this version holds.
    valid_from: Day,
    /// The last day this version holds; `null` while it does.
    #[oai(nullable)]
    valid_to: Option<Day>,
    /// The entries, in their order; each has a `code`.
    items: Vec<CatalogueEntry>,
}

/// An entry of a catalogue. Its further members depend on the catalogue.
#[derive(Object)]
pub(crate) struct CatalogueEntry {
    /// What other documents call it.
    code: String,
}

/// All catalogues as the bytes that are sent.
pub(crate) struct Published {
    list: PublishedText,
    catalogues: BTreeMap<String, PublishedText>,
}

/// JSON and the digest of its bytes, which is its version.
pub(super) struct PublishedText {
    pub(super) json: Bytes,
    pub(super) digest: String,
}

impl Published {
    /// Writes the catalogues of the database and that of the codes.
    pub(crate) fn new(stored: Vec<StoredCatalogue>) -> Self {
        let mut heads = BTreeMap::new();
        let mut catalogues = BTreeMap::new();
        for catalogue in stored {
            let head = Head {
                valid_from: catalogue.valid_from.to_string(),
                version: catalogue.version,
            };
            let items = catalogue.entries.into_iter().map(|(_, body)| body);
            publish(catalogue.name, head, items, &mut heads, &mut catalogues);
        }
        let items: Vec<Value> = problem::catalogue().into_iter().map(with_status).collect();
        let head = Head {
            valid_from: ERROR_CODES_VALID_FROM.to_owned(),
            version: digest(Value::from(items.clone()).to_string().as_bytes()),
        };
        publish(
            ERROR_CODES.to_owned(),
            head,
            items.into_iter(),
            &mut heads,
            &mut catalogues,
        );
        let list = CatalogueList {
            items: heads.into_values().collect(),
            next_cursor: None,
        };
        Self {
            list: PublishedText::new(list.to_json_string()),
            catalogues,
        }
    }

    /// The list of catalogues.
    pub(super) const fn list(&self) -> &PublishedText {
        &self.list
    }

    /// The catalogue of this name.
    pub(super) fn of(&self, name: &str) -> Option<&PublishedText> {
        self.catalogues.get(name)
    }
}

/// A code's entry with the HTTP status of its answers; a code about a member has none.
fn with_status(mut entry: Value) -> Value {
    let code = entry["code"].as_str().and_then(Code::parse);
    if let Some(code) = code
        && !matches!(code.class(), Class::Violation | Class::Warning)
    {
        let status = status(code).as_u16();
        entry["status"] = json!(status);
        entry["example"]["status"] = json!(status);
    }
    entry
}

struct Head {
    version: String,
    valid_from: String,
}

/// A catalogue as it is sent. Members stand in canonical order.
#[derive(Serialize)]
struct WrittenCatalogue<'a, E> {
    items: E,
    name: &'a str,
    valid_from: &'a str,
    valid_to: Option<&'a str>,
    version: &'a str,
}

/// Entries that are made one at a time while they are written, because all together may take ten times
/// the memory of the text.
struct CatalogueEntries<I>(Cell<Option<I>>);

impl<I> CatalogueEntries<I> {
    fn of(entries: I) -> Self {
        Self(Cell::new(Some(entries)))
    }
}

impl<I: Iterator<Item: Serialize>> Serialize for CatalogueEntries<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.take().into_iter().flatten())
    }
}

#[expect(clippy::expect_used, reason = "texts and values are always JSON")]
fn publish(
    name: String,
    head: Head,
    items: impl ExactSizeIterator<Item: Serialize>,
    heads: &mut BTreeMap<String, CatalogueHead>,
    catalogues: &mut BTreeMap<String, PublishedText>,
) {
    let item_count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let text = serde_json::to_string(&WrittenCatalogue {
        items: CatalogueEntries::of(items),
        name: &name,
        valid_from: &head.valid_from,
        valid_to: None,
        version: &head.version,
    });
    let text = text.expect("a catalogue can be written");
    catalogues.insert(name.clone(), PublishedText::new(text));
    heads.insert(
        name.clone(),
        CatalogueHead {
            name,
            version: head.version,
            valid_from: Day(head.valid_from),
            valid_to: None,
            item_count,
        },
    );
}

impl PublishedText {
    fn new(json: String) -> Self {
        let digest = digest(json.as_bytes());
        let json = Bytes::from(json);
        Self { json, digest }
    }
}

/// 16 hex digits that change whenever the bytes do.
fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    hex::encode(&digest[..8])
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use serde_json::value::{RawValue, to_raw_value};

    use super::*;

    fn entry(code: &str, name: &str) -> (String, Box<RawValue>) {
        let body = json!({"code": code, "name_vi": name});
        (code.to_owned(), to_raw_value(&body).unwrap())
    }

    fn published() -> Published {
        Published::new(vec![StoredCatalogue {
            name: "countries".to_owned(),
            version: "7".to_owned(),
            valid_from: NaiveDate::from_ymd_opt(2025, 7, 1).unwrap(),
            entries: vec![entry("VNM", "Việt Nam"), entry("LAO", "Lào")],
        }])
    }

    fn json(text: Option<&PublishedText>) -> Value {
        serde_json::from_slice(&text.unwrap().json).unwrap()
    }

    #[test]
    fn a_catalogue_has_version_validity_and_entries_with_codes() {
        let published = published();
        let catalogue = json(published.of("countries"));
        assert_eq!(catalogue["version"], "7");
        assert_eq!(catalogue["valid_from"], "2025-07-01");
        assert_eq!(catalogue["items"][0]["code"], "VNM");
        assert_eq!(catalogue["items"][1]["name_vi"], "Lào");

        let codes = json(published.of("error_codes"));
        assert_eq!(codes["items"].as_array().unwrap().len(), Code::ALL.len());
        assert!(published.of("elsewhere").is_none());

        let list = json(Some(published.list()));
        assert_eq!(list["items"][0]["name"], "countries");
        assert_eq!(list["items"][0]["item_count"], 2);
        assert_eq!(list["items"][1]["name"], "error_codes");
        assert_ne!(
            published.list().digest,
            published.of("countries").unwrap().digest
        );
    }
}
