//! One sheet, cell by cell.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the reader's enumerations, not ours"
)]

use quick_xml::events::{BytesStart, Event};

use super::super::{Builder, CELL_BYTE_COUNT_MAX, COLUMN_COUNT_MAX, FileFault};
use super::package::{Package, attribute, fault_of};
use super::strings::{Strings, TextRun, push_text};

/// Columns a sheet has by its format (XFD).
const FORMAT_COLUMN_COUNT: usize = 16_384;
/// Rows a sheet has by its format.
const FORMAT_ROW_COUNT: usize = 1_048_576;
/// Integers up to here are exact in a cell.
const EXACT_MAX: f64 = 1e15;

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    column: usize,
    /// As the attribute `t` says.
    kind: String,
    value: String,
    has_formula: bool,
}

/// Reads all cells.
pub(super) fn read(
    package: &mut Package<'_>,
    path: &str,
    strings: &Strings,
) -> Result<Builder, FileFault> {
    let mut reader = package.part(path)?.ok_or(FileFault::Unreadable)?;
    let mut buffer = Vec::new();
    let mut reading = Reading::default();
    let mut builder = Builder::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        let event = event.map_err(|error| fault_of(&error))?;
        match &event {
            Event::Eof => return Ok(builder),
            Event::End(element) if element.local_name().as_ref() == b"sheetData" => {
                return Ok(builder);
            }
            _ => reading.see(&event, strings, &mut builder)?,
        }
    }
}

/// Where in the sheet the reader is.
#[derive(Default)]
struct Reading {
    /// From 1.
    row: usize,
    /// The column that the next cell without a reference has.
    next_column: usize,
    cell: Option<Cell>,
    is_value: bool,
    inline: TextRun,
}

impl Reading {
    fn see(
        &mut self,
        event: &Event<'_>,
        strings: &Strings,
        builder: &mut Builder,
    ) -> Result<(), FileFault> {
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                b"row" => self.start_row(element)?,
                b"c" => self.start_cell(element)?,
                b"v" => self.is_value = true,
                b"f" => self.note_formula(),
                _ => self.inline_text(event)?,
            },
            Event::Empty(element) => match element.local_name().as_ref() {
                b"row" => self.start_row(element)?,
                // A cell without content but with a place.
                b"c" => {
                    self.start_cell(element)?;
                    self.cell = None;
                }
                b"f" => self.note_formula(),
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                b"row" => builder.end_row(self.row)?,
                b"c" => self.end_cell(strings, builder)?,
                b"v" => self.is_value = false,
                _ => self.inline_text(event)?,
            },
            _ => self.inline_text(event)?,
        }
        Ok(())
    }

    fn start_row(&mut self, element: &BytesStart<'_>) -> Result<(), FileFault> {
        let named = attribute(element, b"r").and_then(|text| text.parse::<usize>().ok());
        let row = named.unwrap_or(self.row + 1);
        if row <= self.row || row > FORMAT_ROW_COUNT {
            return Err(FileFault::Unreadable);
        }
        self.row = row;
        self.next_column = 0;
        Ok(())
    }

    fn start_cell(&mut self, element: &BytesStart<'_>) -> Result<(), FileFault> {
        let named = attribute(element, b"r").and_then(|text| column(&text));
        let column = named.unwrap_or(self.next_column);
        if column < self.next_column || column >= FORMAT_COLUMN_COUNT {
            return Err(FileFault::Unreadable);
        }
        self.next_column = column + 1;
        self.is_value = false;
        self.inline = TextRun::default();
        self.cell = Some(Cell {
            column,
            kind: attribute(element, b"t").unwrap_or_default(),
            ..Cell::default()
        });
        Ok(())
    }

    fn note_formula(&mut self) {
        if let Some(cell) = &mut self.cell {
            cell.has_formula = true;
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

    fn end_cell(&mut self, strings: &Strings, builder: &mut Builder) -> Result<(), FileFault> {
        let Some(cell) = self.cell.take() else {
            return Ok(());
        };
        let text = if cell.has_formula {
            String::new()
        } else {
            text_of(&cell, strings)?
        };
        if text.is_empty() && !cell.has_formula {
            return Ok(());
        }
        if cell.column >= COLUMN_COUNT_MAX {
            return Err(FileFault::TooManyColumns);
        }
        while builder.open_count() < cell.column {
            builder.push("", self.row)?;
        }
        builder.push(&text, self.row)?;
        if cell.has_formula {
            builder.mark_formula();
        }
        Ok(())
    }
}

/// What a person sees in the cell, as far as the sheet alone tells.
fn text_of(cell: &Cell, strings: &Strings) -> Result<String, FileFault> {
    Ok(match cell.kind.as_str() {
        "s" => {
            let place = cell.value.trim().parse::<usize>();
            let text = place.ok().and_then(|place| strings.get(place));
            text.ok_or(FileFault::Unreadable)?.to_owned()
        }
        "inlineStr" | "str" | "d" => cell.value.clone(),
        "b" => if cell.value.trim() == "1" {
            "TRUE"
        } else {
            "FALSE"
        }
        .to_owned(),
        // `#N/A` and the like: no value.
        "e" => String::new(),
        _ => number(cell.value.trim()),
    })
}

/// A number without an exponent: `3.8090001234E10` in the file is 38090001234 in the cell.
fn number(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < EXACT_MAX => format!("{number:.0}"),
        Ok(number) if number.is_finite() && number.abs() < EXACT_MAX => number.to_string(),
        Ok(_) | Err(_) => text.to_owned(),
    }
}

/// The column of a reference (`AB12`), from 0.
fn column(reference: &str) -> Option<usize> {
    let letters = reference
        .bytes()
        .take_while(u8::is_ascii_alphabetic)
        .map(|letter| usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    let mut column = 0_usize;
    let mut count = 0;
    for letter in letters {
        count += 1;
        if count > 3 {
            return None;
        }
        column = column * 26 + letter;
    }
    column.checked_sub(1)
}
