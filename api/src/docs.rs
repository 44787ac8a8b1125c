//! The OpenAPI document and the page that shows it: written once, served as bytes.

mod document;

use std::sync::OnceLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use poem::http::{HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, OpenApiService,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Any,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::answer::Answer;

const HTML: &str = "text/html; charset=utf-8";
/// How long a browser keeps document and page.
const CACHING: &str = "public, max-age=300";

/// The document and, once somebody has asked for it, the page.
pub(crate) struct Documents {
    openapi: Bytes,
    page: OnceLock<Page>,
}

impl Documents {
    /// Writes the document.
    pub(crate) fn new() -> Self {
        Self {
            openapi: Bytes::from(document::write().to_string()),
            page: OnceLock::new(),
        }
    }

    /// The document.
    pub(crate) fn openapi(&self) -> Answer<Any<Value>> {
        Answer::json(self.openapi.clone()).with_header(header::CACHE_CONTROL, CACHING)
    }

    /// The page.
    pub(crate) fn page(&self) -> Page {
        self.page
            .get_or_init(|| Page::new(&String::from_utf8_lossy(&self.openapi)))
            .clone()
    }
}

/// Swagger UI with the document inside. It loads nothing from anywhere.
#[derive(Clone)]
pub(crate) struct Page {
    html: Bytes,
    security_policy: HeaderValue,
}

impl Page {
    fn new(openapi: &str) -> Self {
        let template = OpenApiService::new((), "luutru", "");
        // Inside a script, so that no text of the document may end it.
        let openapi = openapi.replace("</", "<\\/");
        let html = template
            .swagger_ui_html()
            .replacen(&template.spec(), &openapi, 1)
            .replacen("<title>Swagger UI</title>", "<title>luutru API</title>", 1);
        let html = format!("<!doctype html>{html}");
        let security_policy = HeaderValue::from_str(&security_policy(&html));
        Self {
            html: Bytes::from(html),
            security_policy: security_policy
                .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(HTML)
            .header(header::CONTENT_SECURITY_POLICY, self.security_policy)
            .header(header::CACHE_CONTROL, CACHING)
            .body(self.html)
    }
}

impl ApiResponse for Page {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: "text/html",
                    schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
                }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

/// Only the scripts that are in the page run, each named by its hash; requests go only to us.
fn security_policy(html: &str) -> String {
    let hashes: Vec<String> = scripts(html)
        .map(|script| {
            let digest = Sha256::digest(script.as_bytes());
            format!("'sha256-{}'", STANDARD.encode(digest))
        })
        .collect();
    format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; \
         font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hashes.join(" ")
    )
}

/// What stands inside each script element.
fn scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once('>')?;
        rest.split_once("</script>").map(|(script, _)| script)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_whole() {
        let html = "<head><script charset=\"x\">a > b</script></head><script>\nc\n</script>";
        assert_eq!(scripts(html).collect::<Vec<_>>(), ["a > b", "\nc\n"]);
    }

    #[test]
    fn the_page_holds_the_document_and_names_its_scripts() {
        let documents = Documents::new();
        let page = documents.page();
        let html = String::from_utf8(page.html.to_vec()).unwrap();
        assert!(html.contains("declareStay") && html.contains("luutru API"));
        let policy = page.security_policy.to_str().unwrap();
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    }
}
