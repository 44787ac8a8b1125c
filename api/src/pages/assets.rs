//! The files that pages load. Their names change with their bytes, so browsers keep them for good.

use domain::problem::Code;
use pages::assets;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Request, Response};

use super::{MadePage, PageReader};
use crate::exchange;
use crate::problem::Failure;

/// A year, and no question in between (RFC 8246).
const CACHING: &str = "public, max-age=31536000, immutable";

/// `GET /assets/{name}`.
pub(super) async fn show(request: Request) -> MadePage {
    let name = request.path_params::<String>().unwrap_or_default();
    let asset = assets::find(&name).ok_or_else(|| Failure::new(Code::NotFound))?;
    let tag = format!("\"{}\"", asset.name);
    let builder = Response::builder()
        .header(header::CACHE_CONTROL, CACHING)
        .header(header::ETAG, tag.as_str())
        .header(header::VARY, "Accept-Encoding");
    if is_known(request.headers(), &tag) {
        return Ok(builder.status(StatusCode::NOT_MODIFIED).finish());
    }
    let builder = builder.content_type(asset.media_type);
    Ok(
        match asset.gzip.filter(|_| PageReader::of(&request).takes_gzip) {
            Some(gzip) => {
                let gzipped = HeaderValue::from_static("gzip");
                builder.header(header::CONTENT_ENCODING, gzipped).body(gzip)
            }
            None => builder.body(asset.bytes),
        },
    )
}

/// Whether the browser has it (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = exchange::text(headers, header::IF_NONE_MATCH.as_str());
    known.is_some_and(|known| {
        let mut tags = known
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|known| known == tag || known == "*")
    })
}
