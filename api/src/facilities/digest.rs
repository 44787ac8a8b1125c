//! The digest of a facility's day, and how the receipts that a sender holds differ from it.

use std::sync::Arc;

use chrono::NaiveDate;
use domain::{
    digest::{self, SenderReceipts},
    facility::Facility,
    receipt,
};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::config::ApiSettings;
use crate::day_receipts::DayQuery;
use crate::examples::Examples;
use crate::parameters::Query;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::Json;
use crate::shapes::text::{Day, ReceiptNumber, Sha256Hex};
use crate::topic::Topic;

/// The receipts that a sender holds of a day.
#[derive(Object)]
pub(crate) struct HeldReceipts {
    /// The day in Viet Nam on which the stays began.
    date: Day,
    /// The numbers of the stays' first versions, in any order; one given twice counts once.
    #[oai(validator(max_items = 100000))]
    receipts: Vec<ReceiptNumber>,
}

impl Shape for HeldReceipts {
    fn bytes_max(settings: &ApiSettings) -> u32 {
        settings.batch_body_bytes_max
    }
}

/// What the receipts of a facility's day come to.
#[derive(Object, Serialize)]
#[oai(rename = "Digest")]
pub(crate) struct DigestView {
    /// The facility.
    facility_id: Uuid,
    /// The day in Viet Nam on which the stays began.
    date: Day,
    /// How many stays; those cancelled do not count.
    count: u32,
    /// SHA-256 over the numbers of their first versions, sorted and joined by line feeds.
    sha256: Sha256Hex,
}

/// How the receipts that a sender holds differ from those stored.
#[derive(Object, Serialize)]
#[oai(rename = "DigestComparison")]
pub(crate) struct ComparisonView {
    /// Stored of the day, and not on the list, sorted.
    missing: Vec<String>,
    /// On the list, and not stored of the day (another day, cancelled, never saved), sorted:
    /// declare these again, which makes nothing twice.
    unknown: Vec<String>,
}

/// Comparing what is stored of a day with what the sender holds.
pub(crate) struct DigestsApi(pub(crate) Arc<App>);

/// A digest is shown.
#[derive(ApiResponse)]
pub(crate) enum DigestShown {
    /// The digest.
    #[oai(status = 200)]
    Digest(Json<DigestView>),
}

/// Receipts were compared.
#[derive(ApiResponse)]
pub(crate) enum ReceiptsCompared {
    /// What differs.
    #[oai(status = 200)]
    Comparison(Json<ComparisonView>),
}

impl Examples for DigestsApi {
    const EXAMPLES: &'static str = include_str!("digest.examples.json");
}

#[OpenApi]
impl DigestsApi {
    /// See a day's digest
    ///
    /// Count and hash over the receipt numbers of the stays that began on a day. Make the same of
    /// the receipts you hold: when both agree, nothing is missing on either side; when they
    /// differ, POST your numbers.
    #[oai(
        path = "/v1/facilities/:id/digest",
        method = "get",
        operation_id = "showDigest",
        tag = "Topic::Facilities"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowDigest>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        query: Query<DayQuery>,
    ) -> Result<DigestShown, Failure> {
        let facility = find(admitted.sender(), id)?;
        let date = query.day()?;
        let digest = digest::of_numbers(numbers(&self.0, facility, date).await?);
        Ok(DigestShown::Digest(Json(DigestView {
            facility_id: facility.id,
            date: Day::of(date),
            count: u32::try_from(digest.count).unwrap_or(u32::MAX),
            sha256: Sha256Hex(hex::encode(digest.sha256)),
        })))
    }

    /// Compare a day's receipts
    ///
    /// With the numbers that the sender holds. Stores nothing. Nothing differs exactly when the
    /// digests agree.
    #[oai(
        path = "/v1/facilities/:id/digest",
        method = "post",
        operation_id = "compareReceipts",
        tag = "Topic::Facilities"
    )]
    async fn compare(
        &self,
        admitted: Admitted<op::CompareReceipts>,
        /// The facility's id.
        Path(id): Path<Uuid>,
        document: JsonDocument<HeldReceipts>,
    ) -> Result<ReceiptsCompared, Refused<422>> {
        let facility = find(admitted.sender(), id)?;
        let held = SenderReceipts::read(&document.value).map_err(Failure::invalid)?;
        let stored = numbers(&self.0, facility, held.date).await?;
        let comparison = digest::compare(&stored, &held.numbers);
        Ok(ReceiptsCompared::Comparison(Json(ComparisonView {
            missing: comparison.missing,
            unknown: comparison.unknown,
        })))
    }
}

async fn numbers(app: &App, facility: &Facility, date: NaiveDate) -> Result<Vec<String>, Failure> {
    let rows = store::stays::arrived_on(&app.db, facility.id, date).await?;
    let numbers = rows
        .iter()
        .map(|row| receipt::number(row.received_at, row.id, 1));
    Ok(numbers.collect())
}
