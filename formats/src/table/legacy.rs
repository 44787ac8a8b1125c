//! Other workbook formats: `.xls` of Excel 97 to 2003 (BIFF8 in an OLE file) and `.ods`
//! (OpenDocument). A library loads them completely, so only a process with a memory limit may call
//! it.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Ods, Range, Reader, SheetType, SheetVisible, Xls};

use super::sheet_builder::{Region, SheetBuilder, SheetData, row_allowance};
use super::texts::Texts;
use super::{
    ARCHIVE, CellKind, FileFault, FileKind, Layout, OLE_FILE, PassedOver, PassedOverReason,
    Workbook, encoding::Encoding,
};

/// What the directory of an archive of OpenDocument begins with.
const OPEN_DOCUMENT: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
/// Bytes of an archive's first entry before its name.
const ENTRY_HEAD_LENGTH: usize = 30;

/// Which make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegacyFormat {
    /// An OLE file.
    Xls,
    /// An archive of OpenDocument.
    Ods,
}

impl LegacyFormat {
    /// The make of a file that is no XLSX.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(OLE_FILE) {
            return Some(Self::Xls);
        }
        let name = bytes.get(ENTRY_HEAD_LENGTH..).unwrap_or_default();
        let is_open = bytes.starts_with(ARCHIVE) && name.starts_with(OPEN_DOCUMENT);
        is_open.then_some(Self::Ods)
    }
}

/// Refuses files that are clearly not workbooks, or are locked.
pub(super) fn inspect(bytes: &[u8], format: LegacyFormat) -> Result<(), FileFault> {
    match format {
        LegacyFormat::Xls => {
            // Streams are named in UTF-16. An XLSX with a password is an OLE file too.
            let has = |name: &str| {
                let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
                bytes.windows(name.len()).any(|window| window == name)
            };
            if has("_VBA_PROJECT") {
                return Err(FileFault::Macros);
            }
            if has("EncryptedPackage") || !(has("Workbook") || has("Book")) {
                return Err(FileFault::Unreadable);
            }
            Ok(())
        }
        LegacyFormat::Ods => zip::ZipArchive::new(Cursor::new(bytes))
            .map(|_| ())
            .map_err(|_| FileFault::Unreadable),
    }
}

pub(super) fn read(bytes: Vec<u8>, format: LegacyFormat) -> Result<Workbook, FileFault> {
    inspect(&bytes, format)?;
    let bytes = Cursor::new(bytes);
    match format {
        LegacyFormat::Xls => {
            let book = Xls::new(bytes).map_err(|_| FileFault::Unreadable)?;
            let merged = |book: &mut Xls<_>, name: &str| {
                let regions = book.merge_cells_by_sheet_name(name).unwrap_or_default();
                regions.iter().map(region).collect()
            };
            sheets(book, merged)
        }
        LegacyFormat::Ods => {
            let book = Ods::new(bytes).map_err(|_| FileFault::Unreadable)?;
            sheets(book, |_, _| Vec::new())
        }
    }
}

fn region(region: &calamine::Dimensions) -> Region {
    Region {
        first_row: region.start.0 as usize + 1,
        last_row: region.end.0 as usize + 1,
        column: region.start.1 as usize,
    }
}

fn sheets<R: Reader<Cursor<Vec<u8>>>>(
    mut book: R,
    merged: impl Fn(&mut R, &str) -> Vec<Region>,
) -> Result<Workbook, FileFault> {
    let mut texts = Texts::new();
    let mut rows_left = row_allowance();
    let mut read: Vec<(String, SheetData)> = Vec::new();
    let mut passed_over = Vec::new();
    for sheet in book.sheets_metadata().to_vec() {
        let is_visible = sheet.visible == SheetVisible::Visible;
        let has_cells = sheet.typ == SheetType::WorkSheet;
        if !is_visible || !has_cells {
            passed_over.push(PassedOver {
                name: sheet.name,
                reason: if is_visible {
                    PassedOverReason::NoCells
                } else {
                    PassedOverReason::Hidden
                },
            });
            continue;
        }
        let cells = book.worksheet_range(&sheet.name);
        let cells = cells.map_err(|_| FileFault::Unreadable)?;
        let formulas = book.worksheet_formula(&sheet.name).unwrap_or_default();
        let mut builder = SheetBuilder::new(&mut texts, &mut rows_left);
        add(&cells, &formulas, &mut builder)?;
        let merged = merged(&mut book, &sheet.name);
        read.push((sheet.name, builder.finish(merged)?));
    }
    let texts = Arc::new(texts);
    let layout = Layout {
        kind: FileKind::Xlsx,
        delimiter: b',',
        encoding: Encoding::Utf8,
        is_1904: false,
    };
    let sheets = read
        .into_iter()
        .map(|(name, data)| data.into_table(Some(name), Arc::clone(&texts), layout))
        .collect();
    Ok(Workbook {
        sheets,
        passed_over,
    })
}

fn add(
    cells: &Range<Data>,
    formulas: &Range<String>,
    builder: &mut SheetBuilder<'_>,
) -> Result<(), FileFault> {
    let Some((first_row, first_column)) = cells.start() else {
        return Ok(());
    };
    for (row, of_row) in (first_row..).zip(cells.rows()) {
        let number = row as usize + 1;
        for _ in 0..first_column {
            builder.push("", CellKind::Text, number)?;
        }
        for (column, cell) in (first_column..).zip(of_row) {
            let formula = formulas.get_value((row, column));
            if formula.is_some_and(|formula| !formula.is_empty()) {
                builder.push("", CellKind::Formula, number)?;
                continue;
            }
            let (text, kind) = shown(cell);
            builder.push(&text, kind, number)?;
        }
        builder.end_row(number)?;
    }
    Ok(())
}

/// What a person sees in a cell. Dates are given as text: which day they count from differs.
fn shown(cell: &Data) -> (String, CellKind) {
    match cell {
        Data::Empty => (String::new(), CellKind::Text),
        Data::String(text) => (text.clone(), CellKind::Text),
        Data::Int(number) => (number.to_string(), CellKind::Number),
        Data::Float(value) => (
            super::workbook::number(&value.to_string()),
            CellKind::Number,
        ),
        Data::Bool(true) => ("TRUE".to_owned(), CellKind::Boolean),
        Data::Bool(false) => ("FALSE".to_owned(), CellKind::Boolean),
        Data::DateTime(at) => (date(at), CellKind::Date),
        Data::DateTimeIso(text) => (text.clone(), CellKind::Date),
        Data::DurationIso(text) => (time(text).unwrap_or(text.clone()), CellKind::Date),
        Data::Error(error) => (error.to_string(), CellKind::Error),
    }
}

/// A day, a time of day, or both.
fn date(at: &calamine::ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
    let value = at.as_f64();
    if value < 1.0 {
        return format!("{hour:02}:{minute:02}:{second:02}");
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    if value.fract() == 0.0 {
        day
    } else {
        format!("{day} {hour:02}:{minute:02}:{second:02}")
    }
}

/// A time of day as OpenDocument has it, `PT09H05M00S`.
fn time(text: &str) -> Option<String> {
    let (hours, rest) = text.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let seconds = rest.strip_suffix('S')?.split('.').next()?;
    let [hours, minutes, seconds] = [hours, minutes, seconds].map(|part| part.parse::<u32>().ok());
    Some(format!("{:02}:{:02}:{:02}", hours?, minutes?, seconds?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_told_from_a_duration_in_words() {
        let table = [
            ("PT09H05M00S", Some("09:05:00")),
            ("PT9H5M7.5S", Some("09:05:07")),
            ("PT5M", None),
            ("P1D", None),
        ];
        for (text, meant) in table {
            assert_eq!(time(text).as_deref(), meant, "{text}");
        }
    }
}
