//! The outcome of each row of a file.

use std::sync::Arc;

use domain::import::RowOutcome;
use intake::upload::{RejectedCells, SheetNames};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use serde_json::Value;
use store::{damage, imports::ImportRow};
use uuid::Uuid;

use super::rejected::{self, SentSheet};
use super::{find, notes_of, problem_of, sheet_names};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::parameters::{Paged, Query, query};
use crate::problem::Failure;
use crate::reads;
use crate::reply::{Json, Localised, Raw};
use crate::shapes::text::RowOutcomeWord;
use crate::shapes::{Problem, ViolationView};
use crate::topic::Topic;

query! {
    /// Which rows of a file are listed.
    pub(crate) struct RowFilters {
        /// Only rows with this outcome.
        outcome: Option<RowOutcome>,
    }
}

/// What became of rows of a file.
#[derive(Object, Serialize)]
pub(crate) struct ImportRowPage {
    /// The rows, in the order of the file.
    items: Vec<ImportRowView>,
    /// Leads to the next page; `null` on the last of those that are done.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// What became of a row.
#[derive(Object, Serialize)]
#[oai(rename = "ImportRow")]
pub(crate) struct ImportRowView {
    /// The name of its sheet; `null` of a text file.
    #[oai(nullable)]
    sheet: Option<String>,
    /// Its number as a spreadsheet shows it, from 1.
    row: u32,
    /// What became of it.
    outcome: RowOutcomeWord,
    /// The stay, when it is new or had been declared before.
    #[oai(nullable)]
    stay_id: Option<Uuid>,
    /// The cells of a rejected row as they were sent, each under its heading; empty of any other.
    values: Vec<ImportCell>,
    /// What may have been meant in its cells, where that is known.
    suggestions: Vec<ImportCell>,
    /// What deserves a look.
    warnings: Vec<ViolationView>,
    /// Why it was refused; pointers are into a stay.
    #[oai(nullable)]
    problem: Option<Raw<Problem>>,
}

/// A cell of a row.
#[derive(Object, Serialize)]
pub(crate) struct ImportCell {
    /// The heading of its column.
    heading: String,
    /// What it holds, or may have been meant to hold.
    value: String,
}

/// The rows of files.
pub(crate) struct ImportRowsApi(pub(crate) Arc<App>);

/// The rows of a file are listed.
#[derive(ApiResponse)]
pub(crate) enum ImportRowsListed {
    /// A page of rows.
    #[oai(status = 200)]
    Page(Localised<Json<ImportRowPage>>),
}

impl Examples for ImportRowsApi {
    const EXAMPLES: &'static str = include_str!("rows.examples.json");
}

#[OpenApi]
impl ImportRowsApi {
    /// See what became of each row of a file
    #[oai(
        path = "/v1/imports/:id/rows",
        method = "get",
        operation_id = "listImportRows",
        tag = "Topic::Files"
    )]
    async fn list(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::ListImportRows>,
        /// The file's id.
        Path(id): Path<Uuid>,
        mut query: Query<Paged<RowFilters>>,
    ) -> Result<ImportRowsListed, Failure> {
        let app = &self.0;
        let import = find(app, &admitted, id).await?;
        let key_id = admitted.sender().key_id;
        let list = format!("imports/{}/rows", import.id);
        let page = query.page(&app.vault, &list, key_id);
        let outcome = query.finish()?.filters.outcome;
        let after = page.after.map(position_of);
        let count = u64::try_from(page.limit)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let mut rows = store::imports::rows(&app.db, import.id, outcome, after, count).await?;
        let has_more = rows.len() > page.limit;
        rows.truncate(page.limit);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last.map(|row| cursor::write(&app.vault, &list, key_id, place_of(row)));
        let names = sheet_names(app, &import)?;
        let sheets = rejected::sent_sheets(app, &import)?;
        let sound = rows
            .iter()
            .filter_map(|row| damage::sound("import_row", import.id, SoundRow::of(row)));
        let items = sound.map(|row| {
            let view = ImportRowView::of(&row, &names, &exchange)?;
            let cells = rejected::sent_cells(app, &import, row.row)?;
            Ok::<_, Failure>(view.with_cells(row.row, cells, &sheets))
        });
        let shown = rows.iter().filter(|row| row.sealed.is_some()).count();
        reads::note(app, admitted.sender(), shown).await;
        let page = ImportRowPage {
            items: items.collect::<Result<_, _>>()?,
            next_cursor,
        };
        let answer = Localised::new(exchange.language, Json(page));
        Ok(ImportRowsListed::Page(answer))
    }
}

/// Cursors hold ids: a position is the number that its id is.
fn place_of(row: &ImportRow) -> Uuid {
    Uuid::from_u128(u128::try_from(row.position).unwrap_or_default())
}

fn position_of(place: Uuid) -> i32 {
    i32::try_from(place.as_u128()).unwrap_or(i32::MAX)
}

/// A row that can be read.
struct SoundRow<'a> {
    row: &'a ImportRow,
    outcome: RowOutcome,
    notes: Value,
}

impl<'a> SoundRow<'a> {
    fn of(row: &'a ImportRow) -> store::Result<Self> {
        Ok(Self {
            row,
            outcome: row.outcome.get()?,
            notes: store::imports::notes(row)?,
        })
    }
}

impl ImportRowView {
    fn of(row: &SoundRow<'_>, names: &SheetNames, exchange: &Exchange) -> Result<Self, Failure> {
        let SoundRow {
            row,
            outcome,
            notes,
        } = row;
        let sheet = row.sheet.and_then(|place| usize::try_from(place).ok());
        let sheet = sheet.and_then(|place| names.sheets.get(place));
        let is_rejected = *outcome == RowOutcome::Rejected;
        Ok(Self {
            sheet: sheet.and_then(|(name, _)| name.clone()),
            row: row.row_number.unsigned_abs(),
            outcome: (*outcome).into(),
            stay_id: row.stay_id,
            values: Vec::new(),
            suggestions: Vec::new(),
            warnings: notes_of(&notes["warnings"], exchange.language),
            problem: is_rejected
                .then(|| problem_of(notes, exchange))
                .transpose()?,
        })
    }

    /// The same with what its cells hold.
    fn with_cells(self, row: &ImportRow, cells: RejectedCells, sheets: &[SentSheet]) -> Self {
        let place = row.sheet.and_then(|place| usize::try_from(place).ok());
        let sheet = sheets.get(place.unwrap_or_default());
        let headings = sheet.map(|sheet| sheet.heading.as_slice());
        let headings = headings.unwrap_or_default().iter().cloned();
        let values = headings.chain(std::iter::repeat(String::new()));
        let cell = |(heading, value)| ImportCell { heading, value };
        Self {
            values: values.zip(cells.cells).map(cell).collect(),
            suggestions: cells.suggestions.into_iter().map(cell).collect(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_speaks_the_language_asked_for() {
        let notes = json!({
            "code": "validation_failed",
            "errors": [{"pointer": "/room", "code": "required", "vi": "Thiếu.", "en": "Missing."}],
        });
        let row = ImportRow {
            import_id: Uuid::nil(),
            position: 7,
            row_number: 9,
            sheet: Some(0),
            outcome: RowOutcome::Rejected.into(),
            stay_id: None,
            notes: Some(notes.to_string()),
            sealed: None,
        };
        assert_eq!(position_of(place_of(&row)), 7);
        for (language, message) in [(Language::Vi, "Thiếu."), (Language::En, "Missing.")] {
            let names = SheetNames {
                file: None,
                sheets: vec![(Some("Tầng 1".to_owned()), Vec::new())],
                passed_over: Vec::new(),
            };
            let sound = SoundRow::of(&row).unwrap();
            let shown = ImportRowView::of(&sound, &names, &Exchange::for_test("r", language));
            let shown = serde_json::to_value(shown.map_err(|failure| failure.code()).unwrap());
            let shown = shown.unwrap();
            assert_eq!(shown["sheet"], "Tầng 1");
            assert_eq!(shown["row"], 9);
            assert_eq!(shown["problem"]["code"], "validation_failed");
            assert_eq!(shown["problem"]["errors"][0]["message"], message);
            assert_eq!(shown["warnings"], json!([]));
        }
    }
}
