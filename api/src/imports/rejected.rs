//! The rejected rows of a file, as a file of the same kind with the reasons beside them.

mod merged;

use std::sync::Arc;

use domain::import::RowOutcome;
use domain::problem::{Code, Language};
use formats::columns::Field;
use formats::rejected::{RejectedFileLayout, RejectedRow, write};
use intake::upload::{RejectedCells, Sealed};
use merged::Merged;
pub(crate) use merged::SentSheet;
use poem_openapi::{ApiResponse, OpenApi, param::Path};
use serde_json::Value;
use store::imports::{Import, ImportRow};
use uuid::Uuid;

use super::file::TableFile;
use super::{find, sheet_names};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::exchange::Current;
use crate::problem::Failure;
use crate::reads;
use crate::reply::Localised;
use crate::topic::Topic;

/// Rows read by one statement.
const ROWS_AT_ONCE: u64 = 2_000;

/// The rejected rows of files.
pub(crate) struct RejectedRowsApi(pub(crate) Arc<App>);

/// The rejected rows are shown.
#[derive(ApiResponse)]
pub(crate) enum RejectedRowsShown {
    /// The rejected rows.
    #[oai(status = 200)]
    File(Localised<TableFile>),
}

impl Examples for RejectedRowsApi {}

#[OpenApi]
impl RejectedRowsApi {
    /// Get the rejected rows of a file
    ///
    /// As a file of the kind that was sent, with the reasons in two more columns. Correct the rows
    /// and send the file again as it is.
    #[oai(
        path = "/v1/imports/:id/rejected",
        method = "get",
        operation_id = "showRejectedRows",
        tag = "Topic::Files"
    )]
    async fn show(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::ShowRejectedRows>,
        /// The file's id.
        Path(id): Path<Uuid>,
    ) -> Result<RejectedRowsShown, Failure> {
        let (app, language) = (&self.0, exchange.language);
        let import = find(app, &admitted, id).await?;
        // It may be as large as what was sent.
        let _place = app.files.acquire().await.map_err(Failure::internal)?;
        let merged = Merged::of(&sent_sheets(app, &import)?);
        let look = look(app, &import, &merged, language)?;
        let rows = rejected_rows(app, &import, &merged, language).await?;
        reads::note(app, admitted.sender(), rows.len()).await;
        let kind = import.format.get()?;
        let written = tokio::task::spawn_blocking(move || write(kind, &look, rows.into_iter()));
        let written = written.await.map_err(Failure::internal)?;
        let file = TableFile {
            kind,
            bytes: written.map_err(Failure::internal)?,
            name: format!("luutru-{}", import.id),
        };
        Ok(RejectedRowsShown::File(Localised::new(language, file)))
    }
}

/// The cells of the heading; none while the file was not read.
fn heading(app: &App, import: &Import) -> Result<Vec<String>, Failure> {
    let Some(sealed) = &import.sealed_heading else {
        return Ok(Vec::new());
    };
    let opened = Sealed::Heading.open(&app.vault, import, sealed);
    let opened = opened.map_err(Failure::internal)?;
    serde_json::from_slice(&opened).map_err(|_| Failure::internal("a heading cannot be read"))
}

/// The sheets that were read, each with its heading.
pub(crate) fn sent_sheets(app: &App, import: &Import) -> Result<Vec<SentSheet>, Failure> {
    let layout = store::imports::layout(import)?;
    let names = sheet_names(app, import)?;
    if names.sheets.is_empty() {
        return Ok(vec![SentSheet {
            heading: heading(app, import)?,
            fields: fields(&layout),
        }]);
    }
    let sheets = names.sheets.into_iter().enumerate();
    Ok(sheets
        .map(|(place, (_, heading))| SentSheet {
            heading,
            fields: fields(&layout["sheets"][place]),
        })
        .collect())
}

/// How the file looks: as the one that was sent, as far as is known.
fn look(
    app: &App,
    import: &Import,
    merged: &Merged,
    language: Language,
) -> Result<RejectedFileLayout, Failure> {
    let layout = store::imports::layout(import)?;
    let delimiter = match layout["delimiter"].as_str().map(str::as_bytes) {
        Some([delimiter]) => *delimiter,
        _ => b',',
    };
    Ok(RejectedFileLayout {
        language,
        delimiter,
        heading: merged.heading.clone(),
        fields: merged.fields.clone(),
        lists: app.templates.lists.clone(),
    })
}

/// The fields of the columns, by index among those that are returned, without ours.
fn fields(layout: &Value) -> Vec<(usize, Field)> {
    let columns = layout["columns"].as_array().map(Vec::as_slice);
    let mut ours_count = 0;
    let mut fields = Vec::new();
    for column in columns.unwrap_or_default() {
        let field = column["field"].as_str().and_then(Field::parse);
        let number = column["column"]
            .as_u64()
            .and_then(|number| usize::try_from(number).ok());
        match (field, number) {
            (Some(Field::Ours), _) => ours_count += 1,
            (Some(field), Some(number)) => {
                fields.push((number.saturating_sub(1 + ours_count), field));
            }
            _ => {}
        }
    }
    fields
}

async fn rejected_rows(
    app: &App,
    import: &Import,
    merged: &Merged,
    language: Language,
) -> Result<Vec<RejectedRow>, Failure> {
    let mut rejected = Vec::new();
    let mut after = None;
    loop {
        let outcome = Some(RowOutcome::Rejected);
        let part = store::imports::rows(&app.db, import.id, outcome, after, ROWS_AT_ONCE).await?;
        let Some(last) = part.last() else {
            return Ok(rejected);
        };
        after = Some(last.position);
        for row in &part {
            rejected.push(rejected_row(app, import, row, merged, language)?);
        }
    }
}

/// The cells of a rejected row; none of any other.
pub(crate) fn sent_cells(
    app: &App,
    import: &Import,
    row: &ImportRow,
) -> Result<RejectedCells, Failure> {
    let Some(sealed) = &row.sealed else {
        return Ok(RejectedCells::default());
    };
    let opened = Sealed::Row(row.position).open(&app.vault, import, sealed);
    let opened = opened.map_err(Failure::internal)?;
    serde_json::from_slice(&opened).map_err(|_| Failure::internal("a rejected row cannot be read"))
}

fn rejected_row(
    app: &App,
    import: &Import,
    row: &ImportRow,
    merged: &Merged,
    language: Language,
) -> Result<RejectedRow, Failure> {
    let sheet = row.sheet.and_then(|place| usize::try_from(place).ok());
    let cells = sent_cells(app, import, row)?;
    let suggestions: Vec<String> = cells
        .suggestions
        .into_iter()
        .map(|(heading, text)| format!("{heading}: {text}"))
        .collect();
    let notes = store::imports::notes(row)?;
    Ok(RejectedRow {
        cells: merged.cells(sheet, cells.cells),
        reasons: reasons(row, &notes, language),
        suggestion: suggestions.join("; "),
        marks: marks(&notes, language)
            .into_iter()
            .map(|(column, reason)| (merged.place(sheet, column), reason))
            .collect(),
    })
}

/// Each reason; the column that it is about is named in it.
fn reasons(row: &ImportRow, notes: &Value, language: Language) -> String {
    let errors = notes["errors"].as_array().map(Vec::as_slice);
    let errors = errors.unwrap_or_default();
    if errors.is_empty() {
        let code = notes["code"].as_str().and_then(Code::parse);
        return code.unwrap_or(Code::Internal).detail(language).to_owned();
    }
    let reason = |error: &Value| {
        error[language.as_str()]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let number = row.row_number;
    let place = match language {
        Language::Vi => format!("Dòng {number} của tệp đã gửi."),
        Language::En => format!("Row {number} of the file that was sent."),
    };
    let reasons = errors.iter().map(reason);
    std::iter::once(place)
        .chain(reasons)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The cells at fault, each with its reason.
fn marks(notes: &Value, language: Language) -> Vec<(usize, String)> {
    let errors = notes["errors"].as_array().map(Vec::as_slice);
    let mark = |error: &Value| {
        let cell = usize::try_from(error["cell"].as_u64()?).ok()?;
        Some((cell, error[language.as_str()].as_str()?.to_owned()))
    };
    errors.unwrap_or_default().iter().filter_map(mark).collect()
}
