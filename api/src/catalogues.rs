//! The published lists: public, with an `ETag`.

pub(crate) mod published;

use std::sync::Arc;

use bytes::Bytes;
use domain::problem::Code;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, EndpointExt, middleware::SetHeader};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, types::Any};
use serde_json::Value;

use self::published::{CatalogueList, CatalogueView, PublishedText};
use crate::app::App;
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::{ETag, Json, Raw, Written};
use crate::topic::Topic;

/// How long clients may use a copy without asking again.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The keys that verify receipts (RFC 7517).
#[derive(Object)]
pub(crate) struct Jwks {
    /// Ed25519 keys; the first one signs.
    keys: Vec<Any<Value>>,
}

/// Published lists.
pub(crate) struct CataloguesApi(pub(crate) Arc<App>);

/// Catalogues are listed.
#[derive(ApiResponse)]
pub(crate) enum CataloguesListed {
    /// The catalogues.
    #[oai(status = 200)]
    List(Written<CatalogueList>, #[oai(header = "ETag")] ETag),
    /// What you have still holds.
    #[oai(status = 304)]
    Unchanged(#[oai(header = "ETag")] ETag),
}

/// A catalogue is shown.
#[derive(ApiResponse)]
pub(crate) enum CatalogueShown {
    /// The catalogue.
    #[oai(status = 200)]
    Catalogue(Written<CatalogueView>, #[oai(header = "ETag")] ETag),
    /// What you have still holds.
    #[oai(status = 304)]
    Unchanged(#[oai(header = "ETag")] ETag),
}

/// The receipt keys are shown.
#[derive(ApiResponse)]
pub(crate) enum ReceiptKeysShown {
    /// The keys.
    #[oai(status = 200)]
    Keys(Json<Raw<Jwks>>),
}

impl Examples for CataloguesApi {
    const EXAMPLES: &'static str = include_str!("catalogues.examples.json");
}

#[OpenApi]
impl CataloguesApi {
    /// List catalogues
    #[oai(
        path = "/v1/catalogues",
        method = "get",
        operation_id = "listCatalogues",
        tag = "Topic::Catalogues",
        transform = "cached"
    )]
    async fn list(&self, headers: &HeaderMap) -> Result<CataloguesListed, Failure> {
        let list = self.0.catalogues.list();
        Ok(match unless_known(list, headers) {
            (Some(text), tag) => CataloguesListed::List(Written::new(text), tag),
            (None, tag) => CataloguesListed::Unchanged(tag),
        })
    }

    /// See a catalogue
    ///
    /// Whole, with its version and the day from which it holds.
    #[oai(
        path = "/v1/catalogues/:name",
        method = "get",
        operation_id = "showCatalogue",
        tag = "Topic::Catalogues",
        transform = "cached"
    )]
    async fn show(
        &self,
        headers: &HeaderMap,
        /// The catalogue's name.
        Path(name): Path<String>,
    ) -> Result<CatalogueShown, Failure> {
        let catalogue = self.0.catalogues.of(&name);
        let catalogue = catalogue.ok_or_else(|| Failure::new(Code::NotFound))?;
        Ok(match unless_known(catalogue, headers) {
            (Some(text), tag) => CatalogueShown::Catalogue(Written::new(text), tag),
            (None, tag) => CatalogueShown::Unchanged(tag),
        })
    }

    /// See the receipt keys
    ///
    /// With these a receipt verifies offline, in any JOSE library.
    #[oai(
        path = "/.well-known/jwks.json",
        method = "get",
        operation_id = "showReceiptKeys",
        tag = "Topic::Catalogues",
        transform = "cached"
    )]
    async fn show_receipt_keys(&self) -> Result<ReceiptKeysShown, Failure> {
        Ok(ReceiptKeysShown::Keys(Json(Raw::of(
            &self.0.signer.jwks(),
        )?)))
    }
}

/// Lets a browser keep the answer.
fn cached(endpoint: impl Endpoint) -> impl Endpoint {
    endpoint.with(SetHeader::new().overriding(header::CACHE_CONTROL, CACHING))
}

/// The text unless the caller has it already, and its version.
fn unless_known(text: &PublishedText, headers: &HeaderMap) -> (Option<Bytes>, ETag) {
    let is_known = is_known(headers, &text.digest);
    let json = (!is_known).then(|| text.json.clone());
    (json, ETag::of(&text.digest))
}

/// Whether `If-None-Match` names the version (weak comparison, RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, version: &str) -> bool {
    let etag = format!("\"{version}\"");
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
    use super::*;

    #[test]
    fn who_has_it_is_sent_nothing() {
        let table = [
            ("\"7f\"", true),
            ("W/\"7f\"", true),
            ("\"x\", \"7f\"", true),
            ("*", true),
            ("\"x\"", false),
            ("7f", false),
        ];
        for (sent, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(sent));
            assert_eq!(is_known(&headers, "7f"), expected, "{sent}");
        }
        assert!(!is_known(&HeaderMap::new(), "7f"));
    }
}
