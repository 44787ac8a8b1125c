//! A file of stays as a whole: every visible sheet with a recognised heading, row by row, and the
//! skipped sheets with the reason. No row is lost: every row read is returned, numbered
//! consecutively over all sheets.

pub mod limited;

use chrono::{DateTime, NaiveDate, Utc};
use domain::import::{DateOrder, FileKind};
use domain::problem::Language;
use domain::text::fold;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stay_rows::places::PlaceColumns;
pub use crate::stay_rows::places::RowNote;
use crate::stay_rows::{CellNote, RowReading, SheetRow, StayRows, Terms};
use crate::table::{FileFault, PassedOver, PassedOverReason, STAY_ROW_COUNT_MAX, Table, Workbook};

/// Names, in comparable form, of sheets that show how to fill in the template.
const EXAMPLE_SHEETS: [&str; 2] = ["VI DU", "EXAMPLE"];

/// The sender's options for the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOptions {
    /// What stands first in dates such as `08/12/2026`; the file decides when left out.
    pub date_order: Option<DateOrder>,
    /// When the file was received, in microseconds since 1970.
    pub received_at_micros: i64,
    /// Until when its foreigners may stay, where their rows do not say.
    pub permitted_stay_until: Option<NaiveDate>,
}

impl FileOptions {
    fn terms(&self) -> Terms {
        Terms {
            date_order: self.date_order,
            received_at: DateTime::<Utc>::from_timestamp_micros(self.received_at_micros)
                .unwrap_or_default(),
            permitted_stay_until: self.permitted_stay_until,
        }
    }
}

/// A file whose sheets are understood.
pub struct StayFile {
    sheets: Vec<StayRows>,
    passed_over: Vec<PassedOver>,
}

/// The recognised structure of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileDescription {
    /// Rows of all sheets that are read.
    pub row_count: usize,
    /// The sheets that are read, in order.
    pub sheets: Vec<SheetDescription>,
    /// The others: name and reason.
    pub passed_over: Vec<(String, String)>,
}

/// A sheet that is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SheetDescription {
    /// Its name; a text file has none. Personal.
    pub name: Option<String>,
    /// The cells of the heading, columns of ours left out. Personal.
    pub heading: Vec<String>,
    /// Its rows below the heading.
    pub row_count: usize,
    /// How it was understood: positions and words, with no text of the file except known headings.
    pub layout: Value,
    /// Where what is said about a row stands.
    pub places: PlaceColumns,
}

/// A row, with all that is said about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRow {
    /// The place of its sheet among those that are read.
    pub sheet: usize,
    /// Its number as the person sees it in that sheet, from 1.
    pub number: usize,
    /// The cells as they were sent, columns of ours left out. Personal.
    pub cells: Vec<String>,
    /// What it says.
    pub reading: FileReading,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FileReading {
    /// Nobody is declared, and why.
    Skipped(RowNote),
    /// A stay.
    Stay(Box<FileStay>),
}

/// A stay as a row has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileStay {
    /// In the contract's form, `facility_id` left out. Personal.
    pub stay: Value,
    /// What is wrong with it; pointers are into the stay.
    pub violations: Vec<RowNote>,
    /// What deserves a look.
    pub warnings: Vec<RowNote>,
    /// What may have been meant, by heading. Personal.
    pub suggestions: Vec<(String, String)>,
    /// Whether the time of arrival was assumed.
    pub arrival_is_assumed: bool,
    /// When the guest left, of one who has, in microseconds since 1970.
    pub departed_at_micros: Option<i64>,
    /// The columns that members were read from, where there are several for one.
    pub sources: Vec<(String, String)>,
}

impl FileStay {
    /// When the guest left, of one who has.
    #[must_use]
    pub fn departed_at(&self) -> Option<DateTime<Utc>> {
        self.departed_at_micros
            .and_then(DateTime::from_timestamp_micros)
    }
}

/// Why a sheet is not read, and the resulting fault if the file has no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unread {
    NoRows,
    ColumnsUnknown,
    HeadingAlone,
}

impl StayFile {
    /// Understands a file.
    ///
    /// # Errors
    /// No sheet is understood, or one of them has a fault that would lose guests.
    pub fn read(bytes: Vec<u8>, kind: FileKind, wishes: &FileOptions) -> Result<Self, FileFault> {
        let workbook = Workbook::read(bytes, kind)?;
        let mut file = Self {
            sheets: Vec::new(),
            passed_over: workbook.passed_over,
        };
        let mut unread = Vec::new();
        for table in workbook.sheets {
            if let Err(reason) = file.add(table, &wishes.terms())? {
                unread.push(reason);
            }
        }
        if file.len() > STAY_ROW_COUNT_MAX {
            return Err(FileFault::TooManyRows);
        }
        if !file.sheets.is_empty() {
            return Ok(file);
        }
        Err(match unread.into_iter().max() {
            Some(Unread::ColumnsUnknown) => FileFault::ColumnsUnknown,
            Some(Unread::NoRows | Unread::HeadingAlone) | None => FileFault::Empty,
        })
    }

    fn add(&mut self, table: Table, terms: &Terms) -> Result<Result<(), Unread>, FileFault> {
        let name = table.name().unwrap_or_default().to_owned();
        let has_rows = table.row_count() > 0;
        let (unread, reason) = if is_example(&name) {
            (Unread::HeadingAlone, PassedOverReason::Example)
        } else if has_rows {
            match StayRows::new(table, terms) {
                Ok(rows) => {
                    self.sheets.push(rows);
                    return Ok(Ok(()));
                }
                Err(FileFault::ColumnsUnknown) => {
                    (Unread::ColumnsUnknown, PassedOverReason::ColumnsUnknown)
                }
                Err(FileFault::Empty) => (Unread::HeadingAlone, PassedOverReason::Empty),
                Err(fault) => return Err(fault),
            }
        } else {
            (Unread::NoRows, PassedOverReason::Empty)
        };
        self.passed_over.push(PassedOver { name, reason });
        Ok(Err(unread))
    }

    /// How many rows all sheets have below their headings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sheets.iter().map(StayRows::len).sum()
    }

    /// Never true: a file without rows is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The recognised structure of the file.
    #[must_use]
    pub fn description(&self) -> FileDescription {
        let sheets = self.sheets.iter().map(|rows| SheetDescription {
            name: rows.table().name().map(str::to_owned),
            heading: rows.heading(),
            row_count: rows.len(),
            layout: layout(rows),
            places: rows.places().clone(),
        });
        let passed_over = self.passed_over.iter();
        FileDescription {
            row_count: self.len(),
            sheets: sheets.collect(),
            passed_over: passed_over
                .map(|sheet| (sheet.name.clone(), sheet.reason.as_str().to_owned()))
                .collect(),
        }
    }

    /// Rows from this one on, from 0, of all sheets in order.
    pub fn rows(&self, first: usize) -> impl Iterator<Item = FileRow> {
        let places = self
            .sheets
            .iter()
            .enumerate()
            .flat_map(|(sheet, rows)| (0..rows.len()).map(move |index| (sheet, rows, index)));
        places.skip(first).map(|(sheet, rows, index)| FileRow {
            sheet,
            cells: rows.cells(index),
            ..file_row(rows.row(index), rows.places())
        })
    }
}

fn is_example(name: &str) -> bool {
    let name = fold(name);
    EXAMPLE_SHEETS.iter().any(|known| name.starts_with(known))
}

fn file_row(row: SheetRow, places: &PlaceColumns) -> FileRow {
    let notes = |notes: &[CellNote]| notes.iter().map(|note| places.note(note)).collect();
    let reading = match row.reading {
        RowReading::Skipped(note) => FileReading::Skipped(places.note(&note)),
        RowReading::Stay(draft) => {
            let draft = *draft;
            let suggestions = draft.suggestions.into_iter();
            let sources = draft.sources.into_iter();
            FileReading::Stay(Box::new(FileStay {
                violations: notes(&draft.violations),
                warnings: notes(&draft.warnings),
                stay: draft.stay,
                suggestions: suggestions
                    .map(|(field, text)| (places.heading(field, Language::Vi), text))
                    .collect(),
                arrival_is_assumed: draft.arrival_is_assumed,
                departed_at_micros: draft.departed_at.map(|at| at.timestamp_micros()),
                sources: sources
                    .map(|(pointer, field)| (pointer.to_owned(), field.as_str().to_owned()))
                    .collect(),
            }))
        }
    };
    FileRow {
        sheet: 0,
        number: row.number,
        cells: Vec::new(),
        reading,
    }
}

/// How a sheet was understood, as shown to the sender: positions and words, with no text of the
/// sheet except known headings.
fn layout(rows: &StayRows) -> Value {
    let table = rows.table();
    let layout = table.layout;
    let columns: Vec<Value> = rows
        .columns()
        .known()
        .map(|column| {
            json!({
                "column": column.place + 1,
                "field": column.field.as_str(),
                "heading": column.heading,
                "is_used": !column.is_passed_over,
                "date_order": rows.order_of(column.field).map(DateOrder::as_str),
            })
        })
        .collect();
    let first = rows.columns().heading_row + 1;
    json!({
        "columns": columns,
        "delimiter": char::from(layout.delimiter).to_string(),
        "encoding": layout.encoding.as_str(),
        "date_order": rows.date_order().map(DateOrder::as_str),
        "heading_row": table.row_number(rows.columns().heading_row),
        "first_row": table.row_number(first),
        "last_row": table.row_number(table.row_count().saturating_sub(1)),
        "rows_total": rows.len(),
        "known_by": rows.known_by().as_str(),
    })
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
