//! The digest of a facility's day, and how the receipts that a sender holds differ from it.

use chrono::NaiveDate;
use domain::{
    digest::{self, Held},
    facility::Facility,
    receipt,
};
use serde_json::json;

use super::find;
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::day_receipts::read_day;
use crate::payload::Document;
use crate::problem::Failure;
use crate::query::Query;
use crate::shapes::{ComparisonView, DigestView, HeldReceipts};

/// The digest of a day, as it stands now.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    id: &str,
    query: Query,
) -> Result<Answer<DigestView>, Failure> {
    let facility = find(admitted.sender(), id)?;
    let date = read_day(query)?;
    let digest = digest::of_numbers(numbers(app, facility, date).await?);
    let view = json!({
        "facility_id": facility.id,
        "date": date.to_string(),
        "count": digest.count,
        "sha256": hex::encode(digest.sha256),
    });
    Ok(Answer::json(view.to_string()))
}

/// Which of a day's receipts the sender does not hold, and which of those it holds are not ours.
pub(crate) async fn compare(
    app: &App,
    admitted: &Admitted<Reading>,
    id: &str,
    document: &Document<HeldReceipts>,
) -> Result<Answer<ComparisonView>, Failure> {
    let facility = find(admitted.sender(), id)?;
    let held = Held::read(&document.value).map_err(Failure::invalid)?;
    let stored = numbers(app, facility, held.date).await?;
    let comparison = digest::compare(&stored, &held.numbers);
    let view = json!({"missing": comparison.missing, "unknown": comparison.unknown});
    Ok(Answer::json(view.to_string()))
}

async fn numbers(app: &App, facility: &Facility, date: NaiveDate) -> Result<Vec<String>, Failure> {
    let rows = store::stays::arrived_on(&app.db, facility.id, date).await?;
    let numbers = rows
        .iter()
        .map(|row| receipt::number(row.received_at, row.id, 1));
    Ok(numbers.collect())
}
