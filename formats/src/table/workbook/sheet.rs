//! One sheet, cell by cell.

use quick_xml::events::{BytesStart, Event};

use super::super::sheet_builder::{Region, SheetBuilder, SheetData};
use super::super::texts::Texts;
use super::super::{CELL_BYTE_COUNT_MAX, COLUMN_COUNT_MAX, CellKind, FileFault};
use super::events::{EventFault, attribute};
use super::package::Package;
use super::strings::{Strings, TextRun, push_text};
use super::styles::{CellFormat, Styles};
use super::xstring::decoded;

/// Columns a sheet has by its format (XFD).
const FORMAT_COLUMN_COUNT: usize = 16_384;
/// Rows a sheet has by its format.
const FORMAT_ROW_COUNT: usize = 1_048_576;
/// Integers up to here are exact in a cell.
const EXACT_MAX: f64 = 1e15;
/// Merged regions that count.
const REGION_COUNT_MAX: usize = 100_000;

/// The workbook's data besides the sheet.
#[derive(Clone, Copy)]
pub(super) struct WorkbookData<'a> {
    pub(super) strings: &'a Strings,
    pub(super) styles: &'a Styles,
}

/// A cell while it is read.
#[derive(Default)]
struct SheetCell {
    column: usize,
    /// As the attribute `t` says.
    kind: String,
    shown: CellFormat,
    value: String,
    has_formula: bool,
}

/// Reads all cells.
pub(super) fn read(
    package: &mut Package<'_>,
    path: &str,
    known: WorkbookData<'_>,
    texts: &mut Texts,
    rows_left: &mut usize,
) -> Result<SheetData, FileFault> {
    let mut events = package.part(path)?.ok_or(FileFault::Unreadable)?;
    let mut reading = SheetReading {
        known,
        row: 0,
        next_column: 0,
        cell: None,
        is_value: false,
        inline: TextRun::default(),
        merged: Vec::new(),
    };
    let mut builder = SheetBuilder::new(texts, rows_left);
    loop {
        let event = events.next().map_err(|fault| match fault {
            EventFault::TooLong if reading.cell.is_some() => {
                FileFault::CellTooLong { row: reading.row }
            }
            EventFault::TooLong | EventFault::Of(_) => FileFault::from(fault),
        })?;
        if matches!(event, Event::Eof) {
            return builder.finish(reading.merged);
        }
        reading.see(&event, &mut builder)?;
    }
}

/// The reader's position in the sheet.
struct SheetReading<'a> {
    known: WorkbookData<'a>,
    /// From 1.
    row: usize,
    /// The column that the next cell without a reference has.
    next_column: usize,
    cell: Option<SheetCell>,
    is_value: bool,
    inline: TextRun,
    merged: Vec<Region>,
}

impl SheetReading<'_> {
    fn see(&mut self, event: &Event<'_>, builder: &mut SheetBuilder<'_>) -> Result<(), FileFault> {
        if let Event::Start(element) = event {
            match element.local_name().as_ref() {
                "row" => self.start_row(element)?,
                "c" => self.start_cell(element)?,
                "v" => self.is_value = true,
                "f" => self.note_formula(),
                "mergeCell" => self.note_merged(element),
                _ => self.inline_text(event)?,
            }
        } else if let Event::Empty(element) = event {
            match element.local_name().as_ref() {
                "row" => self.start_row(element)?,
                // A cell without content but with a place.
                "c" => {
                    self.start_cell(element)?;
                    self.cell = None;
                }
                "f" => self.note_formula(),
                "mergeCell" => self.note_merged(element),
                _ => {}
            }
        } else if let Event::End(element) = event {
            match element.local_name().as_ref() {
                "row" => builder.end_row(self.row)?,
                "c" => self.end_cell(builder)?,
                "v" => self.is_value = false,
                _ => self.inline_text(event)?,
            }
        } else {
            self.inline_text(event)?;
        }
        Ok(())
    }

    fn start_row(&mut self, element: &BytesStart<'_>) -> Result<(), FileFault> {
        let named = attribute(element, "r").and_then(|text| text.parse::<usize>().ok());
        let row = named.unwrap_or(self.row + 1);
        if row <= self.row || row > FORMAT_ROW_COUNT {
            return Err(FileFault::Unreadable);
        }
        self.row = row;
        self.next_column = 0;
        Ok(())
    }

    fn start_cell(&mut self, element: &BytesStart<'_>) -> Result<(), FileFault> {
        let named = attribute(element, "r").and_then(|text| place(&text));
        let column = named.map_or(self.next_column, |(column, _)| column);
        if column < self.next_column || column >= FORMAT_COLUMN_COUNT {
            return Err(FileFault::Unreadable);
        }
        let style = attribute(element, "s").and_then(|style| style.parse().ok());
        self.next_column = column + 1;
        self.is_value = false;
        self.inline = TextRun::default();
        self.cell = Some(SheetCell {
            column,
            kind: attribute(element, "t").unwrap_or_default(),
            shown: self.known.styles.shown(style),
            ..SheetCell::default()
        });
        Ok(())
    }

    fn note_formula(&mut self) {
        if let Some(cell) = &mut self.cell {
            cell.has_formula = true;
        }
    }

    /// A region of one row has nothing below it.
    fn note_merged(&mut self, element: &BytesStart<'_>) {
        let Some(reference) = attribute(element, "ref") else {
            return;
        };
        let Some((first, last)) = reference.split_once(':') else {
            return;
        };
        let (Some((column, Some(first_row))), Some((_, Some(last_row)))) =
            (place(first), place(last))
        else {
            return;
        };
        if last_row > first_row && self.merged.len() < REGION_COUNT_MAX {
            self.merged.push(Region {
                first_row,
                last_row,
                column,
            });
        }
    }

    fn inline_text(&mut self, event: &Event<'_>) -> Result<(), FileFault> {
        let Some(cell) = &mut self.cell else {
            return Ok(());
        };
        if self.is_value {
            push_text(event, &mut cell.value)?;
        } else if cell.kind == "inlineStr" {
            self.inline.see(event, &mut cell.value)?;
        }
        if cell.value.len() > CELL_BYTE_COUNT_MAX {
            return Err(FileFault::CellTooLong { row: self.row });
        }
        Ok(())
    }

    fn end_cell(&mut self, builder: &mut SheetBuilder<'_>) -> Result<(), FileFault> {
        let Some(cell) = self.cell.take() else {
            return Ok(());
        };
        if cell.value.is_empty() && !cell.has_formula {
            return Ok(());
        }
        if cell.column >= COLUMN_COUNT_MAX && cell.kind != "s" {
            // Text further to the right than any table has; a shared one may still be empty.
            return Err(FileFault::TooManyColumns);
        }
        while builder.open_count() < cell.column.min(COLUMN_COUNT_MAX) {
            builder.push("", CellKind::Text, self.row)?;
        }
        if cell.has_formula {
            return builder.push("", CellKind::Formula, self.row);
        }
        if cell.kind == "s" {
            let place = cell.value.trim().parse::<usize>();
            let shared = place.ok().and_then(|place| self.known.strings.get(place));
            let shared = shared.ok_or(FileFault::Unreadable)?;
            return builder.push_id(shared, CellKind::Text, self.row);
        }
        let (text, kind) = shown(&cell);
        builder.push(&text, kind, self.row)
    }
}

/// What a person sees in a cell that holds its own value.
fn shown(cell: &SheetCell) -> (String, CellKind) {
    let value = cell.value.trim();
    match cell.kind.as_str() {
        "inlineStr" | "str" => (decoded(&cell.value).into_owned(), CellKind::Text),
        "d" => (value.to_owned(), CellKind::Date),
        "b" => {
            let word = if value == "1" || value.eq_ignore_ascii_case("true") {
                "TRUE"
            } else {
                "FALSE"
            };
            (word.to_owned(), CellKind::Boolean)
        }
        "e" => (value.to_owned(), CellKind::Error),
        _ => match cell.shown {
            CellFormat::Plain => (number(value), CellKind::Number),
            CellFormat::Date => (number(value), CellKind::Date),
            CellFormat::Digits(count) => (filled(number(value), count.into()), CellKind::Number),
        },
    }
}

/// A whole number with zeros in front, as its format shows it.
fn filled(number: String, digit_count: usize) -> String {
    if number.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{number:0>digit_count$}")
    } else {
        number
    }
}

/// A number without an exponent: `3.8090001234E10` in the file is 38090001234 in the cell.
pub(in super::super) fn number(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < EXACT_MAX => format!("{number:.0}"),
        Ok(number) if number.is_finite() && number.abs() < EXACT_MAX => number.to_string(),
        Ok(_) | Err(_) => text.to_owned(),
    }
}

/// The column of a reference (`$AB$12`), from 0, and its row, from 1, where it has one.
fn place(reference: &str) -> Option<(usize, Option<usize>)> {
    let reference = reference.replace('$', "");
    let letter_count = reference
        .bytes()
        .take_while(u8::is_ascii_alphabetic)
        .count();
    if letter_count == 0 || letter_count > 3 {
        return None;
    }
    let (letters, digits) = reference.split_at_checked(letter_count)?;
    let column = letters.bytes().fold(0_usize, |column, letter| {
        column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    Some((column.checked_sub(1)?, digits.parse().ok()))
}
