//! The published lists: written once at the start, public, with an `ETag`.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::problem::{self, Class, Code};
use poem::http::{HeaderMap, StatusCode, header};
use poem_openapi::types::ToJSON;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::catalogues::StoredCatalogue;

use crate::answer::Answer;
use crate::problem::{Failure, status};
use crate::shapes::text::Day;
use crate::shapes::{CatalogueHead, CatalogueList, CatalogueView};

/// The catalogue of our own codes, which lives in the program and not in the database.
const ERROR_CODES: &str = "error_codes";
/// The day the codes were first published.
const ERROR_CODES_VALID_FROM: &str = "2026-11-24";
/// How long a copy is good without asking again.
const CACHING: &str = "public, max-age=300";

/// All catalogues as the bytes that are sent.
pub(crate) struct Published {
    list: Text,
    catalogues: BTreeMap<String, Text>,
}

/// JSON and the `ETag` of its bytes.
struct Text {
    json: Bytes,
    etag: String,
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
            let items = catalogue.entries.into_iter().map(entry);
            publish(catalogue.name, head, items, &mut heads, &mut catalogues);
        }
        let items: Vec<Value> = problem::catalogue().into_iter().map(with_status).collect();
        let head = Head {
            valid_from: ERROR_CODES_VALID_FROM.to_owned(),
            version: digest(Value::from(items.clone()).to_string().as_bytes()),
        };
        let items = items.iter().map(Value::to_string);
        publish(
            ERROR_CODES.to_owned(),
            head,
            items,
            &mut heads,
            &mut catalogues,
        );
        let list = CatalogueList {
            items: heads.into_values().collect(),
            next_cursor: None,
        };
        Self {
            list: Text::new(list.to_json_string()),
            catalogues,
        }
    }

    /// The list of catalogues.
    pub(crate) fn list(&self, headers: &HeaderMap) -> Answer<CatalogueList> {
        self.list.answer(headers)
    }

    /// One catalogue, or 304 for who has it.
    pub(crate) fn show(
        &self,
        headers: &HeaderMap,
        name: &str,
    ) -> Result<Answer<CatalogueView>, Failure> {
        let catalogue = self.catalogues.get(name);
        let catalogue = catalogue.ok_or_else(|| Failure::new(Code::NotFound))?;
        Ok(catalogue.answer(headers))
    }
}

/// A code's entry with the HTTP status of its answers; what is about a member has none of its own.
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

fn publish(
    name: String,
    head: Head,
    items: impl ExactSizeIterator<Item = String>,
    heads: &mut BTreeMap<String, CatalogueHead>,
    catalogues: &mut BTreeMap<String, Text>,
) {
    let item_count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let mut text = r#"{"items":["#.to_owned();
    for (position, item) in items.enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push_str(&item);
    }
    let [quoted_name, valid_from, version] =
        [&name, &head.valid_from, &head.version].map(|word| json!(word));
    text.push_str(&format!(
        r#"],"name":{quoted_name},"valid_from":{valid_from},"valid_to":null,"version":{version}}}"#
    ));
    catalogues.insert(name.clone(), Text::new(text));
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

/// An entry as it is published: its own members, and the code where they do not have it. Read one
/// at a time, because all together would take ten times the memory of the text.
fn entry((code, body): (String, String)) -> String {
    match serde_json::from_str(&body) {
        Ok(Value::Object(mut members)) => {
            members.entry("code").or_insert(Value::String(code));
            Value::Object(members).to_string()
        }
        Ok(other) => json!({"code": code, "value": other}).to_string(),
        Err(_) => json!({"code": code, "value": body}).to_string(),
    }
}

impl Text {
    fn new(json: String) -> Self {
        let etag = format!("\"{}\"", digest(json.as_bytes()));
        let json = Bytes::from(json);
        Self { json, etag }
    }

    fn answer<T>(&self, headers: &HeaderMap) -> Answer<T> {
        let answer = if is_known(headers, &self.etag) {
            Answer::json(()).with_status(StatusCode::NOT_MODIFIED)
        } else {
            Answer::json(self.json.clone())
        };
        answer
            .with_header(header::ETAG, &self.etag)
            .with_header(header::CACHE_CONTROL, CACHING)
    }
}

/// 16 hex digits that change whenever the bytes do.
fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    hex::encode(&digest[..8])
}

/// Whether `If-None-Match` names the `ETag` (weak comparison, RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use poem::http::HeaderValue;
    use poem::{IntoResponse, Response};

    use super::*;

    fn published() -> Published {
        Published::new(vec![StoredCatalogue {
            name: "countries".to_owned(),
            version: "7".to_owned(),
            valid_from: NaiveDate::from_ymd_opt(2025, 7, 1).unwrap(),
            entries: vec![
                ("VNM".to_owned(), json!({"name_vi": "Việt Nam"}).to_string()),
                (
                    "LAO".to_owned(),
                    json!({"code": "LAO", "name_vi": "Lào"}).to_string(),
                ),
            ],
        }])
    }

    async fn json(response: Response) -> Value {
        let bytes = response.into_body().into_bytes().await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_catalogue_has_version_validity_and_entries_with_codes() {
        let published = published();
        let headers = HeaderMap::new();
        let answer = published.show(&headers, "countries").map_err(|_| ());
        let catalogue = json(answer.unwrap().into_response()).await;
        assert_eq!(catalogue["version"], "7");
        assert_eq!(catalogue["valid_from"], "2025-07-01");
        assert_eq!(catalogue["items"][0]["code"], "VNM");
        assert_eq!(catalogue["items"][1]["name_vi"], "Lào");

        let codes = published.show(&headers, "error_codes").map_err(|_| ());
        let codes = json(codes.unwrap().into_response()).await;
        assert_eq!(codes["items"].as_array().unwrap().len(), Code::ALL.len());
        assert!(published.show(&headers, "elsewhere").is_err());

        let list = json(published.list(&headers).into_response()).await;
        assert_eq!(list["items"][0]["name"], "countries");
        assert_eq!(list["items"][0]["item_count"], 2);
        assert_eq!(list["items"][1]["name"], "error_codes");
    }

    #[test]
    fn who_has_it_gets_304() {
        let published = published();
        let first = published.list(&HeaderMap::new()).into_response();
        let etag = first.header("ETag").unwrap().to_owned();
        let table = [
            (etag.clone(), StatusCode::NOT_MODIFIED),
            (format!("W/{etag}"), StatusCode::NOT_MODIFIED),
            (format!("\"x\", {etag}"), StatusCode::NOT_MODIFIED),
            ("*".to_owned(), StatusCode::NOT_MODIFIED),
            ("\"x\"".to_owned(), StatusCode::OK),
        ];
        for (sent, status) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&sent).unwrap());
            let response = published.list(&headers).into_response();
            assert_eq!(response.status(), status, "{sent}");
            assert_eq!(response.header("ETag"), Some(etag.as_str()));
        }
    }
}
