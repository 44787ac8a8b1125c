//! The OpenAPI document and the page that shows it.
//!
//! The document's examples are dated relative to the time of serving, so that what is copied from
//! it is always taken. The page loads script and style from paths of ours, so that its policy
//! names no hash and allows nothing that stands in a page.

mod document;
mod examples;
mod page;

use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Timelike, Utc};
use poem::http::header;
use poem_openapi::types::Any;
use serde_json::Value;

use crate::answer::Answer;

pub(crate) use page::{Asset, Page};

/// How long a browser keeps document and page.
const CACHING: &str = "public, max-age=300";

/// The document and, once somebody has asked for it, the page.
pub(crate) struct Documents {
    /// With examples that are not dated yet.
    undated: Value,
    /// As it is served during one hour.
    dated: Mutex<Option<(DateTime<Utc>, Bytes)>>,
    page: OnceLock<Option<Page>>,
}

impl Documents {
    /// Writes the document, out of what the framework derives from the operations.
    pub(crate) fn new(derived: Value) -> Self {
        Self {
            undated: document::write(derived),
            dated: Mutex::new(None),
            page: OnceLock::new(),
        }
    }

    /// The document.
    pub(crate) fn openapi(&self, now: DateTime<Utc>) -> Answer<Any<Value>> {
        Answer::json(self.text(now)).with_header(header::CACHE_CONTROL, CACHING)
    }

    fn text(&self, now: DateTime<Utc>) -> Bytes {
        let mut dated = self.dated.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |(at, _): &&(DateTime<Utc>, Bytes)| {
            at.date_naive() == now.date_naive() && at.hour() == now.hour()
        };
        if let Some((_, text)) = dated.as_ref().filter(is_fresh) {
            return text.clone();
        }
        let mut document = self.undated.clone();
        examples::date(&mut document, now);
        let text = Bytes::from(document::to_text(&document));
        *dated = Some((now, text.clone()));
        text
    }

    /// The page; `None` when the framework's parts of it are not where they were.
    pub(crate) fn page(&self) -> Option<Page> {
        self.page.get_or_init(Page::new).clone()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn what_is_served_is_json_with_json_first_and_examples_of_today() {
        let documents = Documents::new(crate::routes::specification());
        let now = DateTime::parse_from_rfc3339("2026-11-24T10:00:00Z").unwrap();
        let now = now.with_timezone(&Utc);
        let text = documents.text(now);
        assert_eq!(text, documents.text(now + TimeDelta::minutes(59)));
        assert_ne!(text, documents.text(now + TimeDelta::minutes(61)));
        let document: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(document["openapi"], "3.0.3");
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert!(!text.contains("\"@"), "an example is not dated");
        let receipt = &text[text.find("\"showReceipt\"").unwrap()..];
        let at = |media_type: &str| receipt.find(&format!("\"{media_type}\":{{")).unwrap();
        assert!(at("application/json") < at("application/jose"));
        let stay = &document["paths"]["/v1/stays"]["post"]["requestBody"]["content"];
        let stay = &stay["application/json"]["examples"]["citizen"]["value"];
        assert_eq!(stay["expected_departure_at"], "2026-11-26T12:00:00+07:00");
    }
}
