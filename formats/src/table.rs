//! An uploaded file as rows of text: CSV or a workbook, bounded in every direction.
//!
//! The whole text is stored in one allocation, so that a sheet of 100,000 rows costs little more
//! than its characters. Cells are text as a person sees it: numbers without an exponent, instants
//! as serial numbers if the file has them so. A formula has no text, because its cached value was
//! computed by a program rather than typed by a person. The kind of each cell is stored beside its
//! text ([`CellKind`]): a room that the program turned into a date is not a room.
//!
//! A workbook has sheets: each visible one is a [`Table`], with its name and with row numbers as
//! the person sees them.

mod delimited;
mod encoding;
mod legacy;
mod sheet_builder;
mod texts;
mod workbook;

use std::sync::Arc;

use domain::import::FileKind;
use domain::problem::{Code, Hint, Violation};

use texts::{TextId, Texts};

pub use encoding::Encoding;
pub use texts::MEMORY_BYTE_COUNT_MAX;
pub(crate) use workbook::escaped_xstring;

/// The most bytes of a file.
pub const FILE_BYTE_COUNT_MAX: usize = 64 * 1024 * 1024;
/// Most rows, the heading included.
pub const ROW_COUNT_MAX: usize = 100_020;
/// Most columns.
pub const COLUMN_COUNT_MAX: usize = 200;
/// Longest text of a cell, in bytes. Excel itself takes 32,767 characters.
pub const CELL_BYTE_COUNT_MAX: usize = 32 * 1024;

/// Detects the kind by the first bytes: an archive or an OLE file is a workbook, anything else is
/// text.
#[must_use]
pub fn kind_of_content(bytes: &[u8]) -> FileKind {
    if bytes.starts_with(ARCHIVE) || bytes.starts_with(OLE_FILE) {
        FileKind::Xlsx
    } else {
        FileKind::Csv
    }
}

/// What archives begin with.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// The signature of OLE files: an old workbook, or one with a password.
const OLE_FILE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

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
    /// Reading it takes more memory or time than a file may have.
    TooHeavy,
    /// A quotation mark that opens in this row, from 1, and never closes, or only rows later.
    QuoteOpen {
        /// The row.
        row: usize,
    },
    /// A web page, a picture or another document with the name of a table.
    NotATable,
    /// The file is packed.
    Compressed,
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
    /// Pairs of columns that both fit one member and say different things.
    ColumnsAmbiguous(Pairs),
}

/// Pairs of columns, from 1; of very many the first ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    pairs: [(u16, u16); PAIR_COUNT_MAX],
    count: usize,
}

/// The most pairs reported at once.
const PAIR_COUNT_MAX: usize = 12;

impl Pairs {
    pub(crate) fn of(pairs: &[(usize, usize)]) -> Self {
        let mut all = Self::default();
        for (first, second) in pairs.iter().take(PAIR_COUNT_MAX) {
            let column = |column: &usize| u16::try_from(*column).unwrap_or(u16::MAX);
            if let Some(place) = all.pairs.get_mut(all.count) {
                *place = (column(first), column(second));
                all.count += 1;
            }
        }
        all
    }

    /// Each pair.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let pairs = self.pairs.iter().take(self.count);
        pairs.map(|(first, second)| (usize::from(*first), usize::from(*second)))
    }
}

impl FileFault {
    /// The fault as violations of the whole document: one, or one for each pair of columns.
    #[must_use]
    pub fn violations(self) -> Vec<Violation> {
        let Self::ColumnsAmbiguous(pairs) = self else {
            return vec![self.violation()];
        };
        let violation = |(first, second)| {
            let hint = Hint::Columns(first, second);
            Violation::new("", Code::FileColumnsAmbiguous).with(hint)
        };
        pairs.iter().map(violation).collect()
    }

    /// The fault as one violation of the whole document.
    #[must_use]
    pub fn violation(self) -> Violation {
        let (code, hint) = match self {
            Self::Unreadable => (Code::FileUnreadable, None),
            Self::EncodingUnknown { line } => (Code::FileEncodingUnknown, Some(Hint::AtRow(line))),
            Self::Macros => (Code::FileHasMacros, None),
            Self::ExpandsTooFar => (Code::FileExpandsTooFar, None),
            Self::TooHeavy => (Code::FileTooHeavy, None),
            Self::QuoteOpen { row } => (Code::FileQuoteOpen, Some(Hint::AtRow(row))),
            Self::NotATable => (Code::FileNotATable, None),
            Self::Compressed => (Code::FileCompressed, None),
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
            Self::ColumnsAmbiguous(pairs) => {
                let first = pairs.iter().next();
                let hint = first.map(|(first, second)| Hint::Columns(first, second));
                (Code::FileColumnsAmbiguous, hint)
            }
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

/// What a cell was in the file, before it became text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum CellKind {
    /// Text, or nothing.
    #[default]
    Text,
    /// A number.
    Number,
    /// A date, a time or both: the text is the serial number, or what the file says.
    Date,
    /// Yes or no.
    Boolean,
    /// What a spreadsheet shows instead of a value: `#N/A` and the like.
    Error,
    /// A formula: the text is empty.
    Formula,
}

/// The content of a file: the sheets that are read, and those that are not.
pub struct Workbook {
    /// Sheets that are visible, in the order of the file. A text file is one without a name.
    pub sheets: Vec<Table>,
    /// Sheets that were not read, in the order of the file.
    pub passed_over: Vec<PassedOver>,
}

/// A sheet that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Its name. May be personal: people name sheets after guests.
    pub name: String,
    /// Why.
    pub reason: PassedOverReason,
}

/// Why a sheet is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOverReason {
    /// It is hidden.
    Hidden,
    /// It has no rows.
    Empty,
    /// It has no heading that names a guest and an arrival.
    ColumnsUnknown,
    /// It is a chart or something else without cells.
    NoCells,
    /// It shows how the template is filled in.
    Example,
}

impl PassedOverReason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Hidden,
        Self::Empty,
        Self::ColumnsUnknown,
        Self::NoCells,
        Self::Example,
    ];

    /// The word of JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Empty => "empty",
            Self::ColumnsUnknown => "columns_unknown",
            Self::NoCells => "no_cells",
            Self::Example => "example",
        }
    }
}

impl Workbook {
    /// Reads a file.
    ///
    /// # Errors
    /// The file as a whole cannot be read.
    pub fn read(bytes: Vec<u8>, kind: FileKind) -> Result<Self, FileFault> {
        match kind {
            FileKind::Csv => Ok(Self {
                sheets: vec![delimited::read(bytes)?],
                passed_over: Vec::new(),
            }),
            FileKind::Xlsx => match legacy::LegacyFormat::of(&bytes) {
                Some(format) => legacy::read(bytes, format),
                None => workbook::read(&bytes),
            },
        }
    }
}

/// The rows of a sheet or of a text file, blank ones left out.
pub struct Table {
    name: Option<String>,
    texts: Arc<Texts>,
    cells: Vec<TextId>,
    kinds: Vec<CellKind>,
    rows: Vec<TableRow>,
    /// The values of merged regions below their first row, in order.
    fills: Vec<Fill>,
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
struct TableRow {
    /// As the person sees it, from 1.
    number: u32,
    /// First cell in `cells`.
    first: u32,
    /// Cells that it has itself.
    cell_count: u16,
    /// Cells up to the last one with text, those of merged regions included.
    width: u16,
}

/// A cell that shows what a merged region above it holds.
#[derive(Clone, Copy)]
struct Fill {
    /// Place in `rows`.
    row: u32,
    column: u16,
    text: TextId,
    kind: CellKind,
}

impl Table {
    /// Reads the first sheet of a file.
    ///
    /// # Errors
    /// The file as a whole cannot be read, or there is nothing in it.
    pub fn read(bytes: &[u8], kind: FileKind) -> Result<Self, FileFault> {
        let workbook = Workbook::read(bytes.to_vec(), kind)?;
        let first = workbook.sheets.into_iter().next();
        first
            .filter(|table| !table.rows.is_empty())
            .ok_or(FileFault::Empty)
    }

    /// The sheet's name; a text file has none. May be personal.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
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
        let count = self.rows.get(row).map_or(0, |row| row.width);
        (0..usize::from(count)).map(move |column| self.cell(row, column))
    }

    /// The text of a cell; empty where there is none. A cell of a merged region has the text of
    /// the whole.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.texts.get(self.find(row, column).0)
    }

    /// What a cell was in the file.
    #[must_use]
    pub fn kind(&self, row: usize, column: usize) -> CellKind {
        self.find(row, column).1
    }

    /// Whether a cell holds a formula.
    #[must_use]
    pub fn is_formula(&self, row: usize, column: usize) -> bool {
        self.kind(row, column) == CellKind::Formula
    }

    fn find(&self, row: usize, column: usize) -> (TextId, CellKind) {
        const NOTHING: (TextId, CellKind) = (TextId::EMPTY, CellKind::Text);
        let Some(of_row) = self.rows.get(row) else {
            return NOTHING;
        };
        if column < usize::from(of_row.cell_count) {
            let place = of_row.first as usize + column;
            let text = self.cells.get(place).copied().unwrap_or_default();
            let kind = self.kinds.get(place).copied().unwrap_or_default();
            if !text.is_empty() || kind != CellKind::Text {
                return (text, kind);
            }
        }
        let (Ok(row), Ok(column)) = (u32::try_from(row), u16::try_from(column)) else {
            return NOTHING;
        };
        let found = self
            .fills
            .binary_search_by_key(&(row, column), |fill| (fill.row, fill.column));
        found
            .ok()
            .and_then(|place| self.fills.get(place))
            .map_or(NOTHING, |fill| (fill.text, fill.kind))
    }
}

/// Checks a file without reading its rows; cheap enough for the upload request.
///
/// # Errors
/// The file cannot be one that is taken.
pub fn inspect(bytes: &[u8], kind: FileKind) -> Result<(), FileFault> {
    match kind {
        FileKind::Csv => delimited::inspect(bytes),
        FileKind::Xlsx => match legacy::LegacyFormat::of(bytes) {
            Some(format) => legacy::inspect(bytes, format),
            None => workbook::inspect(bytes),
        },
    }
}

#[cfg(test)]
mod tests;
