//! An uploaded file as rows of text: CSV or XLSX, bounded in every direction.
//!
//! The whole text lies in one allocation, so that a sheet of 100,000 rows costs little more than
//! its characters. Cells are text as a person sees it: numbers without an exponent, instants as
//! serial numbers where the file has them so. A formula has no text: its cached value is what
//! somebody's program computed, not what somebody typed.

mod delimited;
mod encoding;
mod workbook;

use domain::problem::{Code, Hint, Violation};

pub use encoding::Encoding;

/// Most bytes of a file.
pub const FILE_BYTE_COUNT_MAX: usize = 64 * 1024 * 1024;
/// Most rows, the heading included.
pub const ROW_COUNT_MAX: usize = 100_020;
/// Most columns.
pub const COLUMN_COUNT_MAX: usize = 200;
/// Longest text of a cell, in bytes. Excel itself takes 32,767 characters.
pub const CELL_BYTE_COUNT_MAX: usize = 32 * 1024;
/// Most bytes of all text: what a few words repeated in a million cells may grow to.
pub const TEXT_BYTE_COUNT_MAX: usize = 128 * 1024 * 1024;

/// What kind of file it is, as its media type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Text with a separator.
    Csv,
    /// Office Open XML workbook.
    Xlsx,
}

impl FileKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Xlsx];

    /// The word of JSON and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The kind of a word written by [`Self::as_str`].
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The media type (RFC 7111; IANA registration of OOXML).
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The kind of a media type without parameters.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.media_type().eq_ignore_ascii_case(media_type))
    }
}

/// Why a file as a whole cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// Not a file of the kind it is said to be, damaged, or locked with a password.
    Unreadable,
    /// Text in no encoding that can be told for certain; the line where it shows first, from 1.
    EncodingUnknown {
        /// The line.
        line: usize,
    },
    /// A workbook with macros.
    Macros,
    /// Unpacked it would be far larger than it looks.
    ExpandsTooFar,
    /// More rows than are taken.
    TooManyRows,
    /// More columns than are taken.
    TooManyColumns,
    /// A cell with more text than any column can hold; its row, from 1.
    CellTooLong {
        /// The row.
        row: usize,
    },
    /// No row below the heading.
    Empty,
    /// No heading that names a guest and an arrival.
    ColumnsUnknown,
    /// Two columns, from 1, that both fit one member.
    ColumnsAmbiguous {
        /// The first.
        first: usize,
        /// The other.
        second: usize,
    },
}

impl FileFault {
    /// The fault as a violation of the whole document.
    #[must_use]
    pub fn violation(self) -> Violation {
        let (code, hint) = match self {
            Self::Unreadable => (Code::FileUnreadable, None),
            Self::EncodingUnknown { line } => (Code::FileEncodingUnknown, Some(Hint::AtRow(line))),
            Self::Macros => (Code::FileHasMacros, None),
            Self::ExpandsTooFar => (Code::FileExpandsTooFar, None),
            Self::TooManyRows => (
                Code::FileTooManyRows,
                Some(Hint::Between(1, STAY_ROW_COUNT_MAX)),
            ),
            Self::TooManyColumns => (
                Code::FileTooManyColumns,
                Some(Hint::Between(1, COLUMN_COUNT_MAX)),
            ),
            Self::CellTooLong { row } => (Code::FileCellTooLong, Some(Hint::AtRow(row))),
            Self::Empty => (Code::FileEmpty, None),
            Self::ColumnsUnknown => (Code::FileColumnsUnknown, None),
            Self::ColumnsAmbiguous { first, second } => (
                Code::FileColumnsAmbiguous,
                Some(Hint::Columns(first, second)),
            ),
        };
        let violation = Violation::new("", code);
        match hint {
            Some(hint) => violation.with(hint),
            None => violation,
        }
    }
}

/// Most rows with a stay.
pub const STAY_ROW_COUNT_MAX: usize = 100_000;

/// A file's rows, blank ones left out.
pub struct Table {
    text: String,
    /// Where each cell's text ends; it begins where the one before ends.
    ends: Vec<u32>,
    rows: Vec<Row>,
    /// Formula cells as (place in `rows`, column), in order.
    formulas: Vec<(u32, u16)>,
    /// How the file is made.
    pub layout: Layout,
}

/// How a file is made, so that its rejected rows can be written the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What kind of file.
    pub kind: FileKind,
    /// CSV: between two cells.
    pub delimiter: u8,
    /// CSV: its characters.
    pub encoding: Encoding,
    /// XLSX: whether serial numbers of days count from 1904.
    pub is_1904: bool,
}

#[derive(Clone, Copy)]
struct Row {
    /// As the person sees it, from 1.
    number: u32,
    /// First cell in `ends`.
    first: u32,
    cell_count: u16,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// The file as a whole cannot be read.
    pub fn read(bytes: &[u8], kind: FileKind) -> Result<Self, FileFault> {
        let table = match kind {
            FileKind::Csv => delimited::read(bytes)?,
            FileKind::Xlsx => workbook::read(bytes)?,
        };
        if table.rows.is_empty() {
            return Err(FileFault::Empty);
        }
        Ok(table)
    }

    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The number of a row as the person sees it, from 1.
    #[must_use]
    pub fn row_number(&self, row: usize) -> usize {
        self.rows.get(row).map_or(0, |row| row.number as usize)
    }

    /// The cells of a row, up to its last one with text.
    pub fn cells(&self, row: usize) -> impl Iterator<Item = &str> {
        let count = self.rows.get(row).map_or(0, |row| row.cell_count);
        (0..usize::from(count)).map(move |column| self.cell(row, column))
    }

    /// The text of a cell; empty where there is none.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &str {
        let Some(row) = self.rows.get(row) else {
            return "";
        };
        if column >= usize::from(row.cell_count) {
            return "";
        }
        let place = row.first as usize + column;
        let start = match place.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(place).copied().unwrap_or_default();
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// Whether a cell holds a formula.
    #[must_use]
    pub fn is_formula(&self, row: usize, column: usize) -> bool {
        let (Ok(row), Ok(column)) = (u32::try_from(row), u16::try_from(column)) else {
            return false;
        };
        self.formulas.binary_search(&(row, column)).is_ok()
    }
}

/// What can be told of a file without reading its rows: cheap enough to be asked at the door.
///
/// # Errors
/// The file cannot be one that is taken.
pub fn inspect(bytes: &[u8], kind: FileKind) -> Result<(), FileFault> {
    match kind {
        FileKind::Csv => encoding::detect(bytes).map(|_| ()),
        FileKind::Xlsx => workbook::inspect(bytes),
    }
}

/// Collects rows within the bounds.
struct Builder {
    text: String,
    ends: Vec<u32>,
    rows: Vec<Row>,
    formulas: Vec<(u32, u16)>,
    /// Where the open row's cells begin.
    first: usize,
    /// The open row has text or a formula.
    has_content: bool,
    /// Cells of the open row up to its last one with content.
    filled_count: usize,
}

impl Builder {
    fn new() -> Self {
        Self {
            text: String::new(),
            ends: Vec::new(),
            rows: Vec::new(),
            formulas: Vec::new(),
            first: 0,
            has_content: false,
            filled_count: 0,
        }
    }

    /// Adds the next cell of the open row, which has this number.
    fn push(&mut self, text: &str, row_number: usize) -> Result<(), FileFault> {
        if text.len() > CELL_BYTE_COUNT_MAX {
            return Err(FileFault::CellTooLong { row: row_number });
        }
        if self.ends.len() - self.first >= COLUMN_COUNT_MAX {
            // Formatted but empty columns to the right are common.
            if text.trim().is_empty() {
                return Ok(());
            }
            return Err(FileFault::TooManyColumns);
        }
        self.text.push_str(text);
        if self.text.len() > TEXT_BYTE_COUNT_MAX {
            return Err(FileFault::ExpandsTooFar);
        }
        // Below 2^32 by the bound above.
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        if !text.trim().is_empty() {
            self.has_content = true;
            self.filled_count = self.ends.len() - self.first;
        }
        Ok(())
    }

    /// Marks the cell added last as a formula.
    fn mark_formula(&mut self) {
        let column = (self.ends.len() - self.first).saturating_sub(1);
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.formulas
            .push((row, u16::try_from(column).unwrap_or(u16::MAX)));
        self.has_content = true;
        self.filled_count = column + 1;
    }

    /// Cells of the open row.
    fn open_count(&self) -> usize {
        self.ends.len() - self.first
    }

    /// Ends the open row; one without content is forgotten.
    fn end_row(&mut self, row_number: usize) -> Result<(), FileFault> {
        let kept = if self.has_content {
            self.first + self.filled_count
        } else {
            self.first
        };
        self.ends.truncate(kept);
        let text_end = self.ends.last().copied().unwrap_or_default() as usize;
        self.text.truncate(text_end);
        if self.has_content {
            if self.rows.len() >= ROW_COUNT_MAX {
                return Err(FileFault::TooManyRows);
            }
            self.rows.push(Row {
                number: u32::try_from(row_number).unwrap_or(u32::MAX),
                first: u32::try_from(self.first).unwrap_or(u32::MAX),
                cell_count: u16::try_from(self.filled_count).unwrap_or(u16::MAX),
            });
        }
        self.first = self.ends.len();
        self.has_content = false;
        self.filled_count = 0;
        Ok(())
    }

    fn finish(mut self, layout: Layout) -> Table {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        Table {
            text: self.text,
            ends: self.ends,
            rows: self.rows,
            formulas: self.formulas,
            layout,
        }
    }
}

#[cfg(test)]
mod tests;
