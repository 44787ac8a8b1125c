//! A stay's receipt, as JSON, as the bare JWS, or on paper.

use domain::document::DocumentKind;
use domain::draft::Draft;
use domain::problem::Code;
use domain::time::parse_instant;
use formats::receipt_paper::{Sleeping, StayPaper};
use poem::http::{HeaderMap, header};
use serde_json::json;
use store::stays::{StayRow, StayVersionRow};

use super::find;
use crate::accept;
use crate::answer::{Answer, JSON};
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::paper::{self, PDF};
use crate::problem::Failure;
use crate::query::{Parameter, Query};
use crate::reads;
use crate::shapes::Receipt;
use crate::unreadable;

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
    let media_type = accept::choose(headers, &[JSON, JOSE, PDF])
        .ok_or_else(|| Failure::new(Code::NotAcceptable))?;
    let version = query.parsed("version", Code::InvalidFilter, |text| {
        text.parse().ok().filter(|version| *version >= 1)
    });
    query.finish()?;
    let (stay, version) = find(app, admitted.sender(), id, version).await?;
    let answer = if media_type == PDF {
        let paper = paper_of(app, admitted, &stay, &version)?;
        paper::answer(app, &version.receipt_number, move || paper.to_pdf()).await?
    } else if media_type == JOSE {
        let jws = intake::view::jws(&stay, &version);
        Answer::of_type(
            JOSE,
            jws.map_err(|error| unreadable::failure(stay.id, error))?,
        )
    } else {
        let receipt = intake::view::receipt(&app.vault, &stay, &version);
        let receipt = receipt.map_err(|error| unreadable::failure(stay.id, error))?;
        Answer::json(receipt.to_string())
    };
    reads::note(app, admitted.sender(), 1).await;
    Ok(answer.with_header(header::VARY, "Accept"))
}

fn paper_of(
    app: &App,
    admitted: &Admitted<Reading>,
    stay: &StayRow,
    version: &StayVersionRow,
) -> Result<StayPaper, Failure> {
    let facility = admitted.sender().facility(stay.facility_id);
    let facility = facility.ok_or_else(|| Failure::new(Code::NotFound))?;
    let opened = intake::view::open(&app.vault, stay, version)
        .map_err(|error| unreadable::failure(stay.id, error))?;
    let damaged = |error| unreadable::failure(stay.id, error);
    // What was accepted is well-formed; members that only the service sets are not printed.
    let (draft, _) = Draft::read(&opened.content);
    let instant = |text: Option<String>| text.as_deref().and_then(parse_instant);
    let document = draft.guest.document.unwrap_or_default();
    let kind = document.kind.as_deref().and_then(DocumentKind::parse);
    let sleeping = draft.room.map(Sleeping::Room);
    Ok(StayPaper {
        number: version.receipt_number.clone(),
        version: version.version,
        place: paper::place(app, facility),
        guest_name: draft.guest.full_name,
        document: (kind.unwrap_or(DocumentKind::Other), document.number),
        sleeping: sleeping.or_else(|| draft.bed.map(Sleeping::Bed)),
        arrival_at: instant(draft.arrival_at).unwrap_or(stay.arrival_at),
        expected_departure_at: instant(draft.expected_departure_at),
        received_at: stay.received_at,
        deadline_at: stay.deadline_at,
        timeliness: stay.timeliness.get().map_err(damaged)?,
        content_sha256: hex::encode(&version.content_sha256),
        jws: intake::view::jws(stay, version).map_err(damaged)?,
    })
}
