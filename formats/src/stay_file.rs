//! A file of stays as a whole: every visible sheet whose heading is understood, row after row, and
//! what was passed over, with the reason. No row is lost on the way: what is read is given out, one
//! by one and numbered through, sheet after sheet.

pub mod limited;

use domain::catalogue::Catalogues;
use domain::problem::{Code, Language, Violation};
use domain::text::fold;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stay_rows::{DateOrder, Reading, StayRow, StayRows};
use crate::table::{
    FileFault, FileKind, PassedOver, PassedOverReason, STAY_ROW_COUNT_MAX, Table, Workbook,
};

/// What sheets are called, in comparable form, that show how the template is filled in.
const EXAMPLE_SHEETS: [&str; 2] = ["VI DU", "EXAMPLE"];

/// What the sender says about the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// What stands first in dates such as `08/12/2026` (`dmy` or `mdy`); the file decides when
    /// left out.
    pub date_order: Option<String>,
}

/// A file whose sheets are understood.
pub struct StayFile {
    sheets: Vec<StayRows>,
    passed_over: Vec<PassedOver>,
}

/// What a file turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
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
    /// How it was understood: places and words, no text of the file.
    pub layout: Value,
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
    /// Nobody is here: a booking, a cancellation, a no-show.
    Skipped,
    /// A stay.
    Stay(Box<FileStay>),
}

/// A stay as a row has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileStay {
    /// In the contract's form, `facility_id` left out. Personal.
    pub stay: Value,
    /// What is wrong with it; pointers are into the stay.
    pub violations: Vec<Note>,
    /// What deserves a look.
    pub warnings: Vec<Note>,
    /// What may have been meant, by pointer. Personal.
    pub suggestions: Vec<(String, String)>,
}

/// A violation in words: what it says is decided where the row is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Pointer into the stay.
    pub pointer: String,
    /// Its code.
    pub code: String,
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
}

impl From<&Violation> for Note {
    fn from(violation: &Violation) -> Self {
        Self {
            pointer: violation.pointer.clone(),
            code: violation.code.as_str().to_owned(),
            vi: violation.message(Language::Vi),
            en: violation.message(Language::En),
        }
    }
}

impl Note {
    /// As it is kept with a row: words in both languages, no value.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"pointer": self.pointer, "code": self.code, "vi": self.vi, "en": self.en})
    }

    /// The violation without what its hint added.
    #[must_use]
    pub fn violation(&self) -> Violation {
        let code = Code::parse(&self.code).unwrap_or(Code::Internal);
        Violation::new(self.pointer.clone(), code)
    }
}

/// Why a sheet is not read, and what that means for a file without any other.
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
    pub fn read(
        bytes: Vec<u8>,
        kind: FileKind,
        catalogues: &Catalogues,
        wishes: &Wishes,
    ) -> Result<Self, FileFault> {
        let workbook = Workbook::read(bytes, kind)?;
        let mut file = Self {
            sheets: Vec::new(),
            passed_over: workbook.passed_over,
        };
        let mut unread = Vec::new();
        for table in workbook.sheets {
            if let Err(reason) = file.add(table, catalogues, wishes)? {
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

    fn add(
        &mut self,
        table: Table,
        catalogues: &Catalogues,
        wishes: &Wishes,
    ) -> Result<Result<(), Unread>, FileFault> {
        let name = table.name().unwrap_or_default().to_owned();
        let has_rows = table.row_count() > 0;
        let order = wishes.date_order.as_deref().and_then(DateOrder::parse);
        let (unread, reason) = if is_example(&name) {
            (Unread::HeadingAlone, PassedOverReason::Example)
        } else if has_rows {
            match StayRows::new(table, catalogues, order) {
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

    /// What the file turned out to be.
    #[must_use]
    pub fn description(&self) -> Description {
        let sheets = self.sheets.iter().map(|rows| SheetDescription {
            name: rows.table().name().map(str::to_owned),
            heading: rows.heading(),
            row_count: rows.len(),
            layout: layout(rows),
        });
        let passed_over = self.passed_over.iter();
        Description {
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
            ..file_row(rows.row(index))
        })
    }
}

fn is_example(name: &str) -> bool {
    let name = fold(name);
    EXAMPLE_SHEETS.iter().any(|known| name.starts_with(known))
}

fn file_row(row: StayRow) -> FileRow {
    let notes = |violations: &[Violation]| violations.iter().map(Note::from).collect();
    let reading = match row.reading {
        Reading::Skipped => FileReading::Skipped,
        Reading::Stay(draft) => {
            let draft = *draft;
            FileReading::Stay(Box::new(FileStay {
                violations: notes(&draft.violations),
                warnings: notes(&draft.warnings),
                stay: draft.stay,
                suggestions: draft
                    .suggestions
                    .into_iter()
                    .map(|(pointer, text)| (pointer.to_owned(), text))
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

/// What the sender may know of how a sheet was understood: places and words, no text of it.
fn layout(rows: &StayRows) -> Value {
    let table = rows.table();
    let layout = table.layout;
    let columns: Vec<Value> = rows
        .columns()
        .known()
        .map(|(field, column)| json!({"column": column + 1, "field": field.as_str()}))
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
    })
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
