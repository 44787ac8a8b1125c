//! The page: Swagger UI, of which the framework carries the bundle.

use bytes::Bytes;
use poem::http::{HeaderValue, header};
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, OpenApiService,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::CACHING;

/// Allows only our own scripts and requests. Swagger UI writes inline styles, and its images are
/// inside its style sheet.
const SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

const HTML: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>luutru API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"#;

/// Disables the validator, which would send a request to another host.
const START: &str = r##"SwaggerUIBundle({
    dom_id: "#ui",
    url: "/openapi.json",
    deepLinking: true,
    validatorUrl: null,
});
"##;

// The markup around style and script in the framework's page.
const BEFORE_STYLE: &str = "<style charset=\"UTF-8\">";
const BETWEEN: &str = "</style>\n    <script charset=\"UTF-8\">";
const AFTER_SCRIPT: &str = "</script>\n</head>";

/// Swagger UI. It loads nothing from other hosts.
#[derive(Clone)]
pub(crate) struct SwaggerPage {
    style: Bytes,
    script: Bytes,
}

impl SwaggerPage {
    /// Takes the bundle out of the framework's page.
    pub(super) fn new() -> Option<Self> {
        let page = OpenApiService::new((), "luutru", "").swagger_ui_html();
        let (_, rest) = page.split_once(BEFORE_STYLE)?;
        let (style, rest) = rest.split_once(BETWEEN)?;
        let (script, _) = rest.split_once(AFTER_SCRIPT)?;
        Some(Self {
            style: Bytes::from(style.to_owned()),
            script: Bytes::from(script.to_owned()),
        })
    }

    /// A file that the page loads.
    pub(crate) fn asset(self, name: &str) -> Option<Asset> {
        const SCRIPT: &str = "text/javascript; charset=utf-8";
        let (media_type, body) = match name {
            "swagger-ui.css" => ("text/css; charset=utf-8", self.style),
            "swagger-ui-bundle.js" => (SCRIPT, self.script),
            "start.js" => (SCRIPT, Bytes::from_static(START.as_bytes())),
            _ => return None,
        };
        Some(Asset { media_type, body })
    }
}

impl IntoResponse for SwaggerPage {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, SECURITY_POLICY)
            .header(header::CACHE_CONTROL, CACHING)
            .body(HTML)
    }
}

impl ApiResponse for SwaggerPage {
    fn meta() -> MetaResponses {
        text_of("text/html")
    }

    fn register(_: &mut Registry) {}
}

/// A file of the page.
pub(crate) struct Asset {
    media_type: &'static str,
    body: Bytes,
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type(self.media_type)
            .header(header::CACHE_CONTROL, CACHING)
            .body(self.body)
    }
}

/// Not in the document: only the page requests it.
impl ApiResponse for Asset {
    fn meta() -> MetaResponses {
        text_of("text/plain")
    }

    fn register(_: &mut Registry) {}
}

fn text_of(content_type: &'static str) -> MetaResponses {
    MetaResponses {
        responses: vec![MetaResponse {
            description: "The page.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType {
                content_type,
                schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
            }],
            headers: Vec::new(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_is_taken_out_whole() {
        let page = SwaggerPage::new().unwrap();
        assert!(page.script.len() > 1_000_000 && page.style.len() > 100_000);
        let script = String::from_utf8(page.script.to_vec()).unwrap();
        assert!(script.contains("SwaggerUIBundle"));
        for name in ["swagger-ui.css", "swagger-ui-bundle.js", "start.js"] {
            assert!(HTML.contains(&format!("/docs/{name}\"")));
            assert!(page.clone().asset(name).is_some());
        }
        assert!(page.asset("other.js").is_none());
    }
}
