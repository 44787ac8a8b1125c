//! Converts a scan to the members of a guest. Nothing is stored.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{
    problem::{Code, Violation},
    scan::{self, Scan, ScanKind},
    time::local_date,
};
use formats::qr_image::{self, ImageFault, ImageKind};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::App;
use crate::auth::{Admitted, op};
use crate::caller::Caller;
use crate::examples::Examples;
use crate::exchange::Current;
use crate::payload::{ScanBody, Scanned};
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::{Json, Localised, Raw};
use crate::shapes::text::{CountryCode, Name, PartialDate, SexWord};
use crate::shapes::{IdentityDocument, Residence, ViolationView};
use crate::topic::Topic;

/// How long a picture waits for others of its key.
const OWN_PATIENCE: Duration = Duration::from_secs(10);

/// What a scan says about a guest.
#[derive(Object, Serialize)]
#[oai(rename = "Scan")]
pub(crate) struct ScanView {
    /// The members it holds, in the form of a stay's `guest`.
    guest: Raw<ScannedGuest>,
    /// Each doubt at its member; compare with the document.
    warnings: Vec<ViolationView>,
}

/// The members of a guest that a scan holds; any may be missing.
#[derive(Object)]
pub(crate) struct ScannedGuest {
    /// As on the document; without diacritics from a machine-readable zone.
    full_name: Option<Name>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    birth_date: Option<PartialDate>,
    /// The sex on the document.
    sex: Option<SexWord>,
    /// Alpha-3.
    nationality: Option<CountryCode>,
    /// The document itself.
    document: Option<IdentityDocument>,
    /// Where the guest lives, as printed when the card was issued.
    residence: Option<Residence>,
}

/// Reading what a scanner delivers.
pub(crate) struct ScansApi(pub(crate) Arc<App>);

/// A scan was read.
#[derive(ApiResponse)]
pub(crate) enum ScanRead {
    /// What the scan holds, and what of it is in doubt.
    #[oai(status = 200)]
    Scan(Localised<Json<ScanView>>),
}

impl Examples for ScansApi {
    const EXAMPLES: &'static str = include_str!("scans.examples.json");
}

#[OpenApi]
impl ScansApi {
    /// Read a scan
    ///
    /// The text of a citizen card's QR code, a machine-readable zone, or a picture (PNG, JPEG) with
    /// the QR code of a card. Answers with the members of a guest; what is in doubt is named.
    /// Nothing is stored.
    #[oai(
        path = "/v1/scans",
        method = "post",
        operation_id = "readScan",
        tag = "Topic::Stays"
    )]
    async fn read(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::ReadScan>,
        scanned: Scanned,
    ) -> Result<ScanRead, Refused<422>> {
        let app = &self.0;
        let scan = match scanned.body {
            ScanBody::Text(document) => read_text(app, &document, scanned.received_at)?,
            ScanBody::Image { kind, bytes } => {
                let text = read_picture(app, &admitted.ticket.caller, kind, bytes).await?;
                let today = local_date(scanned.received_at);
                scan::read_qr(&text, today).map_err(|code| refusal("", code))?
            }
        };
        let view = ScanView {
            guest: Raw::of(&scan.guest)?,
            warnings: ViolationView::all(&scan.warnings, exchange.language),
        };
        let answer = Localised::new(exchange.language, Json(view));
        Ok(ScanRead::Scan(answer))
    }
}

fn refusal(pointer: &str, code: Code) -> Failure {
    Failure::invalid(vec![Violation::new(pointer, code)])
}

fn read_text(app: &App, document: &Value, received_at: DateTime<Utc>) -> Result<Scan, Failure> {
    let (kind, text) = members(document).map_err(Failure::invalid)?;
    let today = local_date(received_at);
    let read = match kind {
        ScanKind::Qr => scan::read_qr(text, today),
        ScanKind::Mrz => scan::read_mrz(text, today, app.intake.catalogues()),
    };
    read.map_err(|code| refusal("/text", code))
}

/// Kind and text of a document, or all its faults.
fn members(document: &Value) -> Result<(ScanKind, &str), Vec<Violation>> {
    let Value::Object(members) = document else {
        return Err(vec![Violation::new("", Code::InvalidType)]);
    };
    let unknown = members
        .keys()
        .filter(|name| !["kind", "text"].contains(&name.as_str()));
    let mut violations: Vec<Violation> = unknown
        .map(|name| {
            let name = name.replace('~', "~0").replace('/', "~1");
            Violation::new(format!("/{name}"), Code::UnknownField)
        })
        .collect();
    let kind = member(members, "kind", &mut violations).and_then(|word| {
        let kind = ScanKind::parse(word);
        if kind.is_none() {
            violations.push(Violation::new("/kind", Code::UnknownCode));
        }
        kind
    });
    let text = member(members, "text", &mut violations);
    match (kind, text) {
        (Some(kind), Some(text)) if violations.is_empty() => Ok((kind, text)),
        _ => Err(violations),
    }
}

fn member<'a>(
    members: &'a Map<String, Value>,
    name: &str,
    violations: &mut Vec<Violation>,
) -> Option<&'a str> {
    let fault = match members.get(name) {
        None | Some(Value::Null) => Code::Required,
        Some(Value::String(text)) if text.trim().is_empty() => Code::Required,
        Some(Value::String(text)) => return Some(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Code::InvalidType
        }
    };
    violations.push(Violation::new(format!("/{name}"), fault));
    None
}

/// The text of the QR code in a picture, searched beside the threads that answer requests. A key
/// has one picture searched at a time, so that it takes nobody else's turn.
pub(crate) async fn read_picture(
    app: &App,
    caller: &Caller,
    kind: ImageKind,
    bytes: Vec<u8>,
) -> Result<String, Failure> {
    let own_turn = caller.meter.pictures.enter(OWN_PATIENCE).await;
    let own_turn = own_turn.ok_or_else(|| Failure::new(Code::RateLimited))?;
    let Ok(_waiting) = app.pictures_waiting.try_acquire() else {
        return Err(Failure::new(Code::Overloaded));
    };
    let turn = Arc::clone(&app.pictures).acquire_owned().await;
    let turn = turn.map_err(Failure::internal)?;
    let read = tokio::task::spawn_blocking(move || {
        // Held until the search ends, even if nobody waits for it any more.
        let _turns = (own_turn, turn);
        qr_image::read(&bytes, kind)
    })
    .await;
    read.map_err(Failure::internal)?
        .map_err(|fault| match fault {
            ImageFault::TooManyBytes => Failure::new(Code::BodyTooLarge),
            ImageFault::TooManyPixels | ImageFault::Unreadable | ImageFault::WithoutQr => {
                refusal("", fault.code())
            }
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scan_s_document_has_kind_and_text() {
        let good = json!({"kind": "qr", "text": "x"});
        assert_eq!(members(&good), Ok((ScanKind::Qr, "x")));
        let table = [
            (json!(["qr"]), vec![("", Code::InvalidType)]),
            (
                json!({}),
                vec![("/kind", Code::Required), ("/text", Code::Required)],
            ),
            (
                json!({"kind": "bar", "text": 5, "x": 1}),
                vec![
                    ("/x", Code::UnknownField),
                    ("/kind", Code::UnknownCode),
                    ("/text", Code::InvalidType),
                ],
            ),
            (
                json!({"kind": "mrz", "text": "  "}),
                vec![("/text", Code::Required)],
            ),
        ];
        for (document, expected) in table {
            let violations = members(&document).unwrap_err();
            let found: Vec<_> = violations
                .iter()
                .map(|violation| (violation.pointer.as_str(), violation.code))
                .collect();
            assert_eq!(found, expected);
        }
    }
}
