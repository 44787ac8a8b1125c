//! A stay's receipt, as JSON, as the bare JWS, or on paper.

use std::sync::Arc;

use domain::document::DocumentKind;
use domain::draft::Draft;
use domain::problem::Code;
use domain::sender::Sender;
use domain::time::parse_instant;
use formats::receipt_paper::{SleepingPlace, StayPaper};
use poem::http::HeaderMap;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Path,
    registry::{MetaSchema, MetaSchemaRef},
};
use store::stays::{StayRow, StayVersionRow};
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::paper;
use crate::parameters::{Parameter, Query, inline, query};
use crate::problem::Failure;
use crate::reads;
use crate::receipt_form::{ReceiptForm, WantedForm};
use crate::refused::Refused;
use crate::reply::{Json, Raw};
use crate::shapes::Receipt;
use crate::topic::Topic;
use crate::unreadable;

query! {
    /// Which receipt of a stay.
    pub(crate) struct ReceiptQuery {
        /// Of which version of the stay; the newest when left out.
        version: Option<Version>,
    }
}

/// The receipts of a stay.
pub(crate) struct StayReceiptApi(pub(crate) Arc<App>);

/// A receipt is shown.
#[derive(ApiResponse)]
pub(crate) enum ReceiptShown {
    /// The receipt.
    #[oai(status = 200)]
    Receipt(ReceiptForm<Raw<Receipt>>),
}

impl Examples for StayReceiptApi {
    const EXAMPLES: &'static str = include_str!("receipt.examples.json");
}

#[OpenApi]
impl StayReceiptApi {
    /// See a stay's receipt
    ///
    /// As JSON, as the bare JWS for `Accept: application/jose`, or to be printed for
    /// `Accept: application/pdf`.
    #[oai(
        path = "/v1/stays/:id/receipt",
        method = "get",
        operation_id = "showReceipt",
        tag = "Topic::Stays"
    )]
    async fn show(
        &self,
        headers: &HeaderMap,
        admitted: Admitted<op::ShowReceipt>,
        /// The stay's id.
        Path(id): Path<Uuid>,
        query: Query<ReceiptQuery>,
    ) -> Result<ReceiptShown, Refused<406>> {
        let app = &self.0;
        let wanted = WantedForm::of(headers)?;
        let version = query.finish()?.version.map(|version| version.0);
        let (stay, version) = find(app, admitted.sender(), id, version).await?;
        let form = match wanted {
            WantedForm::Pdf => {
                let paper = paper_of(app, admitted.sender(), &stay, &version)?;
                let name = version.receipt_number.clone();
                ReceiptForm::Pdf(paper::write(app, &name, move || paper.to_pdf()).await?)
            }
            WantedForm::Jose => {
                let jws = intake::view::jws(&stay, &version);
                let jws = jws.map_err(|error| unreadable::failure(stay.id, error))?;
                ReceiptForm::Jose(jws)
            }
            WantedForm::Json => {
                let receipt = intake::view::receipt(&app.vault, &stay, &version);
                let receipt = receipt.map_err(|error| unreadable::failure(stay.id, error))?;
                ReceiptForm::Json(Json(Raw::of(&receipt)?))
            }
        };
        reads::note(app, admitted.sender(), 1).await;
        Ok(ReceiptShown::Receipt(form))
    }
}

/// A version of a stay, from 1.
pub(crate) struct Version(i32);

impl Parameter for Version {
    fn read(text: &str) -> Option<Self> {
        let version = text.parse().ok()?;
        (version >= 1).then_some(Self(version))
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema {
            minimum: Some(1.0),
            maximum: Some(f64::from(i32::MAX)),
            ..MetaSchema::new("integer")
        })
    }
}

/// What stands on a receipt of paper.
///
/// Errors: 404 for a stay of another facility; the stay is damaged.
pub(crate) fn paper_of(
    app: &App,
    sender: &Sender,
    stay: &StayRow,
    version: &StayVersionRow,
) -> Result<StayPaper, Failure> {
    let facility = sender.facility(stay.facility_id);
    let facility = facility.ok_or_else(|| Failure::new(Code::NotFound))?;
    let opened = intake::view::open(&app.vault, stay, version)
        .map_err(|error| unreadable::failure(stay.id, error))?;
    let (timeliness, jws) = (stay.timeliness.get(), intake::view::jws(stay, version));
    // Accepted content is well-formed; members that only the service sets are not printed.
    let (draft, _) = Draft::read(&opened.content);
    let instant = |text: Option<String>| text.as_deref().and_then(parse_instant);
    let document = draft.guest.document.unwrap_or_default();
    let kind = document.kind.as_deref().and_then(DocumentKind::parse);
    let sleeping = draft.room.map(SleepingPlace::Room);
    Ok(StayPaper {
        number: version.receipt_number.clone(),
        version: version.version,
        place: paper::place(app, facility),
        guest_name: draft.guest.full_name,
        document: (kind.unwrap_or(DocumentKind::Other), document.number),
        sleeping: sleeping.or_else(|| draft.bed.map(SleepingPlace::Bed)),
        arrival_at: instant(draft.arrival_at).unwrap_or(stay.arrival_at),
        expected_departure_at: instant(draft.expected_departure_at),
        received_at: stay.received_at,
        deadline_at: stay.deadline_at,
        timeliness: timeliness.map_err(|error| unreadable::failure(stay.id, error))?,
        content_sha256: hex::encode(&version.content_sha256),
        jws: jws.map_err(|error| unreadable::failure(stay.id, error))?,
    })
}
