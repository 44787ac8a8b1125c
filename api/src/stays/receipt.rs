//! A stay's receipt, as JSON or as the bare JWS.

use domain::problem::Code;
use poem::http::{HeaderMap, header};
use serde_json::json;

use super::find;
use crate::accept;
use crate::answer::{Answer, JSON};
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::problem::Failure;
use crate::query::{Parameter, Query};
use crate::reads;
use crate::shapes::Receipt;

/// The media type of a JWS (RFC 7515, 9.2.1).
pub(crate) const JOSE: &str = "application/jose";

/// Which receipt.
pub(crate) const PARAMETERS: [Parameter; 1] = [Parameter {
    name: "version",
    about: "Of which version of the stay; the newest when left out.",
    schema: || json!({"type": "integer", "minimum": 1, "maximum": i32::MAX}),
}];

/// The receipt of a version, in the form that `Accept` prefers.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    headers: &HeaderMap,
    id: &str,
    mut query: Query,
) -> Result<Answer<Receipt>, Failure> {
    let media_type =
        accept::choose(headers, &[JSON, JOSE]).ok_or_else(|| Failure::new(Code::NotAcceptable))?;
    let version = query.parsed("version", Code::InvalidFilter, |text| {
        text.parse().ok().filter(|version| *version >= 1)
    });
    query.finish()?;
    let (stay, version) = find(app, admitted.sender(), id, version).await?;
    let text = if media_type == JOSE {
        intake::view::jws(&stay, &version)
    } else {
        let receipt = intake::view::receipt(&app.vault, &stay, &version);
        receipt.map_err(Failure::internal)?.to_string()
    };
    reads::note(app, admitted.sender(), 1).await;
    Ok(Answer::of_type(media_type, text).with_header(header::VARY, "Accept"))
}
