//! CSV (RFC 4180) as programs really write it: `,`, `;`, tab or `|` between cells, any line end,
//! unnecessary quotes.
//!
//! Rows are numbered as a spreadsheet shows them: a blank line counts, and a cell with line ends
//! in it does not make several rows.
//!
//! An unclosed quotation mark swallows the rows below it, with their guests. It is detected by what
//! it swallows: text after the closing mark, or lines that look like rows. Then the file is
//! refused, naming the row where the quotation opens.

use std::sync::Arc;

use super::sheet_builder::{SheetBuilder, row_allowance};
use super::texts::Texts;
use super::{
    CELL_BYTE_COUNT_MAX, CellKind, FileFault, FileKind, Layout, Table,
    encoding::{self, Encoding},
};
use crate::columns::field_of;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many lines are examined to find the delimiter.
const TRIED_LINE_COUNT: usize = 20;
const TRIED_BYTE_COUNT: usize = 64 * 1024;
/// Rows with fewer cells are too short for a line in a quotation to be told from one.
const TELLING_CELL_COUNT_MIN: usize = 4;
/// What a spreadsheet leaves in a text file instead of a value, in upper case.
const ERROR_VALUES: [&str; 12] = [
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
    "#FIELD!",
    "#BLOCKED!",
];

/// Whether a cell shows the error of a formula.
pub(super) fn is_error_value(text: &str) -> bool {
    text.starts_with('#')
        && ERROR_VALUES
            .iter()
            .any(|value| text.trim().eq_ignore_ascii_case(value))
}

/// The kind of a cell of which only the text is known.
fn kind_of(text: &str) -> CellKind {
    if is_error_value(text) {
        CellKind::Error
    } else {
        CellKind::Text
    }
}

/// Signatures of compressed files: gzip, bzip2, xz, RAR, 7z.
const PACKED: [&[u8]; 5] = [b"\x1F\x8B", b"BZh", b"\xFD7zXZ", b"Rar!", b"7z\xBC\xAF"];
/// Signatures of documents that are not tables: PDF, PNG, JPEG, RTF.
const DOCUMENTS: [&[u8]; 4] = [b"%PDF", b"\x89PNG", b"\xFF\xD8\xFF", b"{\\rtf"];

/// Refuses what is no text that can be read.
pub(super) fn inspect(bytes: &[u8]) -> Result<(), FileFault> {
    let begins_like = |known: &[&[u8]]| known.iter().any(|start| bytes.starts_with(start));
    if begins_like(&PACKED) {
        return Err(FileFault::Compressed);
    }
    if begins_like(&DOCUMENTS) {
        return Err(FileFault::NotATable);
    }
    encoding::detect(bytes)?;
    if is_markup(bytes) {
        return Err(FileFault::NotATable);
    }
    Ok(())
}

/// Hotel programs save web pages under a spreadsheet's file name.
fn is_markup(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let head = bytes.trim_ascii_start();
    let head = head.get(..head.len().min(64)).unwrap_or_default();
    let head = head.to_ascii_lowercase();
    let starts: [&[u8]; 5] = [b"<!doctype", b"<html", b"<?xml", b"<table", b"<meta"];
    starts.iter().any(|start| head.starts_with(start))
}

pub(super) fn read(bytes: Vec<u8>) -> Result<Table, FileFault> {
    inspect(&bytes)?;
    let (text, encoding) = encoding::decode(&bytes)?;
    read_text(&text, encoding)
}

fn read_text(text: &str, encoding: Encoding) -> Result<Table, FileFault> {
    let (named, text) = named_delimiter(text);
    let delimiter = named.unwrap_or_else(|| delimiter(text));
    let first_number = usize::from(named.is_some());
    let mut texts = Texts::new();
    let mut rows_left = row_allowance();
    let mut builder = SheetBuilder::new(&mut texts, &mut rows_left);
    let mut records = Records::new(text, delimiter, first_number);
    while records.next(|cell, row| builder.push(cell, kind_of(cell), row))? {
        builder.end_row(records.row)?;
    }
    let data = builder.finish(Vec::new())?;
    Ok(data.into_table(
        None,
        Arc::new(texts),
        Layout {
            kind: FileKind::Csv,
            delimiter,
            encoding,
            is_1904: false,
        },
    ))
}

/// The delimiter that a first line `sep=;` names, and the text behind it: Excel's own habit.
fn named_delimiter(text: &str) -> (Option<u8>, &str) {
    let Some((line, rest)) = text.split_once('\n') else {
        return (None, text);
    };
    let line = line.trim_end_matches('\r').trim_matches('"');
    let named = line
        .get(..4)
        .filter(|word| word.eq_ignore_ascii_case("sep="))
        .and_then(|word| line.get(word.len()..));
    match named.map(str::as_bytes) {
        Some([delimiter]) if DELIMITERS.contains(delimiter) => (Some(*delimiter), rest),
        _ => (None, text),
    }
}

/// Cuts a text into records.
struct Records<'a> {
    text: &'a str,
    at: usize,
    delimiter: u8,
    /// The number of the record read last.
    row: usize,
    /// Cells of the widest record so far: what a line looks like that is a row.
    width: usize,
    /// A cell whose marks had to be taken out.
    unquoted: String,
}

impl<'a> Records<'a> {
    fn new(text: &'a str, delimiter: u8, row: usize) -> Self {
        Self {
            text,
            at: 0,
            delimiter,
            row,
            width: 0,
            unquoted: String::new(),
        }
    }

    /// Reads the next record, cell by cell; false at the end.
    fn next(
        &mut self,
        mut take: impl FnMut(&str, usize) -> Result<(), FileFault>,
    ) -> Result<bool, FileFault> {
        if self.at >= self.text.len() {
            return Ok(false);
        }
        self.row += 1;
        let mut count = 0;
        loop {
            if self.byte() == Some(b'"') {
                self.quoted()?;
                take(&self.unquoted, self.row)?;
            } else {
                let start = self.at;
                self.skip_plain();
                take(self.text.get(start..self.at).unwrap_or_default(), self.row)?;
            }
            count += 1;
            if self.byte() == Some(self.delimiter) {
                self.at += 1;
                continue;
            }
            self.skip_line_end();
            self.width = self.width.max(count);
            return Ok(true);
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// To the next delimiter or line end.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| *byte == self.delimiter || *byte == b'\n' || *byte == b'\r';
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
    }

    fn skip_line_end(&mut self) {
        match self.byte() {
            Some(b'\r') => {
                self.at += 1;
                if self.byte() == Some(b'\n') {
                    self.at += 1;
                }
            }
            Some(_) => self.at += 1,
            None => {}
        }
    }

    /// A cell in quotation marks, into `unquoted`.
    fn quoted(&mut self) -> Result<(), FileFault> {
        let open = FileFault::QuoteOpen { row: self.row };
        let start = self.at + 1;
        self.at = start;
        self.unquoted.clear();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let end = rest.find('"').ok_or(open)?;
            let piece = rest.get(..end).unwrap_or_default();
            if self.unquoted.len() + piece.len() > CELL_BYTE_COUNT_MAX {
                let has_lines = self.unquoted.contains('\n') || piece.contains('\n');
                return Err(if has_lines { open } else { self.too_long() });
            }
            self.unquoted.push_str(piece);
            self.at += end + 1;
            if self.byte() != Some(b'"') {
                break;
            }
            self.unquoted.push('"');
            self.at += 1;
        }
        let goes_on = !matches!(self.byte(), None | Some(b'\n' | b'\r'))
            && self.byte() != Some(self.delimiter);
        let has_lines = self.unquoted.contains(['\n', '\r']);
        if has_lines && (goes_on || self.has_swallowed_rows()) {
            return Err(open);
        }
        if goes_on {
            // Text in marks and text behind it are one cell.
            let start = self.at;
            self.skip_plain();
            let rest = self.text.get(start..self.at).unwrap_or_default();
            self.unquoted.push_str(rest);
        }
        Ok(())
    }

    fn too_long(&self) -> FileFault {
        FileFault::CellTooLong { row: self.row }
    }

    /// Whether a line in the quotation, behind its first, has as many cells as a row.
    fn has_swallowed_rows(&self) -> bool {
        if self.width < TELLING_CELL_COUNT_MIN {
            return false;
        }
        let delimiter = char::from(self.delimiter);
        let mut lines = self.unquoted.split('\n').skip(1);
        lines.any(|line| line.matches(delimiter).count() + 1 >= self.width)
    }
}

/// The delimiter under which a line names the most columns that are known; where none names any,
/// the one that cuts the first lines into the most columns, the same number in each.
fn delimiter(text: &str) -> u8 {
    let head = text.floor_char_boundary(TRIED_BYTE_COUNT);
    let head = text.get(..head).unwrap_or_default();
    let known = DELIMITERS.map(|delimiter| known_count(head, delimiter));
    let most = known.into_iter().max().unwrap_or_default();
    let counts = counts(head);
    let score = |place: usize| {
        let of_lines = || counts.iter().map(|line| line[place]);
        let most = of_lines().max().unwrap_or_default();
        let agreeing = of_lines().filter(|count| *count == most).count();
        if most == 0 { 0 } else { agreeing * 100 + most }
    };
    // The first of equals: the comma.
    let best = (0..DELIMITERS.len())
        .rev()
        .filter(|place| known[*place] == most)
        .max_by_key(|place| score(*place));
    best.map_or(b',', |place| DELIMITERS[place])
}

/// How many known columns the best of the first lines names, cut by this delimiter.
fn known_count(text: &str, delimiter: u8) -> usize {
    let mut best = 0;
    let mut records = Records::new(text, delimiter, 0);
    for _ in 0..TRIED_LINE_COUNT {
        let mut cells = Vec::new();
        let is_read = records.next(|cell, _| {
            cells.push(cell.to_owned());
            Ok(())
        });
        // A line that is not cut by it names no more than one.
        if cells.len() > 1 {
            let known = cells.iter().filter(|cell| field_of(cell).is_some());
            best = best.max(known.count());
        }
        if !matches!(is_read, Ok(true)) {
            break;
        }
    }
    best
}

/// How often each delimiter stands outside quotes, in each of the first lines that are not blank.
fn counts(text: &str) -> Vec<[usize; DELIMITERS.len()]> {
    let mut lines = Vec::new();
    let mut line = [0; DELIMITERS.len()];
    let mut is_blank = true;
    let mut is_quoted = false;
    for byte in text.bytes() {
        is_quoted ^= byte == b'"';
        if byte == b'\n' && !is_quoted {
            if !is_blank {
                lines.push(line);
            }
            if lines.len() >= TRIED_LINE_COUNT {
                return lines;
            }
            line = [0; DELIMITERS.len()];
            is_blank = true;
        } else if !is_quoted && let Some(place) = DELIMITERS.iter().position(|one| *one == byte) {
            line[place] += 1;
            is_blank = false;
        } else {
            is_blank &= byte.is_ascii_whitespace();
        }
    }
    if !is_blank {
        lines.push(line);
    }
    lines
}
