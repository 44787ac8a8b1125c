//! The OpenAPI document and the page that shows it.
//!
//! The document's examples are dated relative to the time of serving, so that a copied example is
//! always accepted. The page loads script and style from our own paths, so its policy needs no hash
//! and allows nothing inline.

mod document;
mod examples;
mod page;

use std::sync::OnceLock;

use bytes::Bytes;
use chrono::{DateTime, Timelike, Utc};
use domain::problem::Code;
use parking_lot::Mutex;
use poem::http::{HeaderValue, header};
use poem::{Endpoint, EndpointExt, middleware::SetHeader};
use poem_openapi::{ApiResponse, OpenApi, param::Path, types::Any};
use runtime::clock::Clock;
use serde_json::Value;

use crate::problem::Failure;
use crate::reply::Written;
use crate::topic::Topic;
use page::{Asset, SwaggerPage};

/// How long a browser keeps document and page.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// What describes the operations, for people and programs.
pub(crate) struct DocsApi {
    /// What is shown.
    pub(crate) documents: Documents,
    /// Dates the examples.
    pub(crate) clock: Clock,
}

/// The document is shown.
#[derive(ApiResponse)]
pub(crate) enum DocumentShown {
    /// The document.
    #[oai(status = 200)]
    Document(Written<Any<Value>>),
}

#[OpenApi]
impl DocsApi {
    /// See this document
    #[oai(
        path = "/openapi.json",
        method = "get",
        operation_id = "showDocument",
        tag = "Topic::Operation",
        transform = "cached"
    )]
    async fn show_document(&self) -> Result<DocumentShown, Failure> {
        let text = self.documents.text(self.clock.now());
        let text = text.map_err(Failure::internal)?;
        Ok(DocumentShown::Document(Written::new(text)))
    }

    /// Try the operations in a browser
    #[oai(
        path = "/docs",
        method = "get",
        operation_id = "showDocs",
        tag = "Topic::Operation"
    )]
    async fn show_docs(&self) -> Result<SwaggerPage, Failure> {
        let page = self.documents.page();
        page.ok_or_else(|| Failure::internal("the page of the document is not there"))
    }

    /// Get a file of the page
    #[oai(path = "/docs/:file", method = "get", hidden)]
    async fn show_docs_file(&self, Path(file): Path<String>) -> Result<Asset, Failure> {
        let asset = self.documents.page().and_then(|page| page.asset(&file));
        asset.ok_or_else(|| Failure::new(Code::NotFound))
    }
}

/// Lets a browser keep the answer.
fn cached(endpoint: impl Endpoint) -> impl Endpoint {
    endpoint.with(SetHeader::new().overriding(header::CACHE_CONTROL, CACHING))
}

/// What the document is made of.
pub(crate) struct Derived {
    /// What the framework derives from the operations.
    pub(crate) document: Value,
    /// The examples of the nouns.
    pub(crate) examples: &'static [&'static str],
}

/// The document and, once somebody has asked for it, the page.
pub(crate) struct Documents {
    /// With examples that are not dated yet.
    undated: Value,
    /// As it is served during one hour.
    dated: Mutex<Option<(DateTime<Utc>, Bytes)>>,
    page: OnceLock<Option<SwaggerPage>>,
}

impl Documents {
    /// Writes the document, out of what the framework derives from the operations.
    pub(crate) fn new(derived: Derived) -> Self {
        Self {
            undated: document::write(derived),
            dated: Mutex::new(None),
            page: OnceLock::new(),
        }
    }

    fn text(&self, now: DateTime<Utc>) -> serde_json::Result<Bytes> {
        let mut dated = self.dated.lock();
        let is_fresh = |(at, _): &&(DateTime<Utc>, Bytes)| {
            at.date_naive() == now.date_naive() && at.hour() == now.hour()
        };
        if let Some((_, text)) = dated.as_ref().filter(is_fresh) {
            return Ok(text.clone());
        }
        let mut document = self.undated.clone();
        examples::date(&mut document, now);
        let text = Bytes::from(document::to_text(&document)?);
        *dated = Some((now, text.clone()));
        Ok(text)
    }

    /// The page; `None` when the framework's bundle has an unexpected layout.
    pub(crate) fn page(&self) -> Option<SwaggerPage> {
        self.page.get_or_init(SwaggerPage::new).clone()
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
        let text_at = |at| documents.text(at).unwrap();
        let text = text_at(now);
        assert_eq!(text, text_at(now + TimeDelta::minutes(59)));
        assert_ne!(text, text_at(now + TimeDelta::minutes(61)));
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
