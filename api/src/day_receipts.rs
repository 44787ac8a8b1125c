//! The receipt of a facility's day: the receipts of all stays that began on it, with one digest and
//! one signature over all.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::digest::{self, Digest};
use domain::facility::Facility;
use domain::problem::Code;
use domain::receipt::{self, DayFacts};
use domain::stay::Timeliness;
use formats::receipt_paper::{DayLine, DayPaper};
use intake::view::ISSUER;
use poem::http::HeaderMap;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use store::stays::ArrivedRow;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::facilities;
use crate::paper;
use crate::parameters::{Query, query};
use crate::problem::Failure;
use crate::receipt_form::{ReceiptForm, WantedForm};
use crate::refused::Refused;
use crate::reply::Json;
use crate::shapes::text::{self, CompactJws, Instant, Sha256Hex, TimelinessWord};
use crate::topic::Topic;
use crate::unreadable;

query! {
    /// Which day of a facility.
    pub(crate) struct DayQuery {
        /// The day in Viet Nam on which the stays began; required.
        date: Option<NaiveDate>,
    }
}

impl Query<DayQuery> {
    /// The day that is asked for.
    ///
    /// Errors: 422 when it is missing, no day, or not alone.
    pub(crate) fn day(mut self) -> Result<NaiveDate, Failure> {
        if self.parameters.date.is_none() && !self.has_fault("date") {
            self.refuse("date", Code::Required);
        }
        let date = self.finish()?.date;
        date.ok_or_else(|| Failure::internal("a day that is missing was not refused"))
    }
}

/// The receipt of a facility's day. Its JWS verifies offline with the keys at
/// `/.well-known/jwks.json`; it states everything here but the list.
#[derive(Object, Serialize)]
pub(crate) struct DayReceipt {
    /// The facility.
    facility_id: Uuid,
    /// The day in Viet Nam on which the stays began.
    date: text::Day,
    /// When it was looked: a stay declared late may still come to a day that is over.
    as_of: Instant,
    /// How many stays; those cancelled do not count.
    count: u32,
    /// SHA-256 over the numbers, sorted and joined by line feeds.
    sha256: Sha256Hex,
    /// Every receipt, in the order of declaration, by the number of the stay's first version.
    receipts: Vec<DayReceiptLine>,
    /// The signed statement.
    jws: CompactJws,
}

/// A receipt of a day.
#[derive(Object, Serialize)]
pub(crate) struct DayReceiptLine {
    /// The receipt's number.
    number: String,
    /// The stay.
    stay_id: Uuid,
    /// Legal time of filing.
    received_at: Instant,
    /// Whether it came in time.
    timeliness: TimelinessWord,
}

/// The receipts of a facility's days.
pub(crate) struct DayReceiptsApi(pub(crate) Arc<App>);

/// A day's receipt is shown.
#[derive(ApiResponse)]
pub(crate) enum DayReceiptShown {
    /// The receipt of the day.
    #[oai(status = 200)]
    Receipt(ReceiptForm<DayReceipt>),
}

impl Examples for DayReceiptsApi {
    const EXAMPLES: &'static str = include_str!("day_receipts.examples.json");
}

#[OpenApi]
impl DayReceiptsApi {
    /// See a day's receipt
    ///
    /// Every receipt of the stays that began on a day, with one digest and one signature over all:
    /// as JSON, as the bare JWS for `Accept: application/jose`, or to be printed for
    /// `Accept: application/pdf`.
    #[oai(
        path = "/v1/facilities/:id/receipts",
        method = "get",
        operation_id = "showDayReceipt",
        tag = "Topic::Facilities"
    )]
    async fn show(
        &self,
        headers: &HeaderMap,
        admitted: Admitted<op::ShowDayReceipt>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        query: Query<DayQuery>,
    ) -> Result<DayReceiptShown, Refused<406>> {
        let app = &self.0;
        let wanted = WantedForm::of(headers)?;
        let facility = facilities::find(admitted.sender(), id)?;
        let date = query.day()?;
        let rows = store::stays::arrived_on(&app.db, facility.id, date).await?;
        let day = Day::of(app, facility, date, rows)?;
        Ok(DayReceiptShown::Receipt(match wanted {
            WantedForm::Pdf => {
                let name = format!("{}-{date}", facility.id);
                let paper = day.into_paper(paper::place(app, facility));
                ReceiptForm::Pdf(paper::write(app, &name, move || paper.to_pdf()).await?)
            }
            WantedForm::Jose => ReceiptForm::Jose(day.jws),
            WantedForm::Json => ReceiptForm::Json(Json(day.into_answer(facility))),
        }))
    }
}

/// A day as it stands now.
struct Day {
    date: NaiveDate,
    as_of: DateTime<Utc>,
    lines: Vec<ReceiptLine>,
    digest: Digest,
    jws: String,
}

/// A stay of the day.
struct ReceiptLine {
    stay_id: Uuid,
    number: String,
    received_at: DateTime<Utc>,
    timeliness: Timeliness,
}

impl Day {
    fn of(
        app: &App,
        facility: &Facility,
        date: NaiveDate,
        rows: Vec<ArrivedRow>,
    ) -> Result<Self, Failure> {
        let lines = rows
            .iter()
            .map(ReceiptLine::of)
            .collect::<Result<Vec<ReceiptLine>, Failure>>()?;
        let digest = digest::of_numbers(lines.iter().map(|line| &line.number));
        let as_of = app.clock.now();
        let payload = receipt::day_payload(&DayFacts {
            facility_id: facility.id,
            date,
            as_of,
            digest: &digest,
            iss: ISSUER,
        });
        Ok(Self {
            date,
            as_of,
            lines,
            jws: app.signer.sign_day(&payload),
            digest,
        })
    }

    fn into_answer(self, facility: &Facility) -> DayReceipt {
        DayReceipt {
            facility_id: facility.id,
            date: text::Day::of(self.date),
            as_of: Instant::of(self.as_of),
            count: u32::try_from(self.digest.count).unwrap_or(u32::MAX),
            sha256: Sha256Hex(hex::encode(self.digest.sha256)),
            receipts: self
                .lines
                .into_iter()
                .map(ReceiptLine::into_answer)
                .collect(),
            jws: CompactJws(self.jws),
        }
    }

    fn into_paper(self, place: formats::receipt_paper::PrintedPlace) -> DayPaper {
        let lines = self.lines.into_iter().map(|line| DayLine {
            number: line.number,
            received_at: line.received_at,
            timeliness: line.timeliness,
        });
        DayPaper {
            place,
            day: self.date,
            as_of: self.as_of,
            lines: lines.collect(),
            sha256: hex::encode(self.digest.sha256),
            jws: self.jws,
        }
    }
}

impl ReceiptLine {
    fn of(row: &ArrivedRow) -> Result<Self, Failure> {
        let timeliness = row.timeliness.get();
        Ok(Self {
            stay_id: row.id,
            number: receipt::number(row.received_at, row.id, 1),
            received_at: row.received_at,
            timeliness: timeliness.map_err(|error| unreadable::failure(row.id, error))?,
        })
    }

    fn into_answer(self) -> DayReceiptLine {
        DayReceiptLine {
            number: self.number,
            stay_id: self.stay_id,
            received_at: Instant::of(self.received_at),
            timeliness: self.timeliness.into(),
        }
    }
}
