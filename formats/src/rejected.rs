//! Rejected rows as a file of the kind that was sent: the person's own cells, then why each row
//! was refused and what may have been meant. Mended, the file can be sent again as it is.

use std::io::{Cursor, Write};

use csv::{QuoteStyle, WriterBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::sheet_text::guarded;
use crate::table::{FileKind, escaped_xstring};

/// A rejected row.
pub struct RejectedRow {
    /// The cells as they were sent.
    pub cells: Vec<String>,
    /// Why it was refused, for a person.
    pub reasons: String,
    /// What may have been meant; empty when nothing is known.
    pub suggestion: String,
}

/// Headings of our two columns; [`crate::columns`] knows them again.
#[derive(Clone, Copy)]
pub struct OurHeadings {
    /// Of the reasons.
    pub reasons: &'static str,
    /// Of the suggestions.
    pub suggestion: &'static str,
}

/// In Vietnamese.
pub const HEADINGS_VI: OurHeadings = OurHeadings {
    reasons: "Lỗi (luutru)",
    suggestion: "Gợi ý (luutru)",
};
/// In English.
pub const HEADINGS_EN: OurHeadings = OurHeadings {
    reasons: "Errors (luutru)",
    suggestion: "Suggestion (luutru)",
};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("a file was not written: {0}")]
pub struct WriteError(String);

impl From<std::io::Error> for WriteError {
    fn from(error: std::io::Error) -> Self {
        Self(error.kind().to_string())
    }
}

impl From<csv::Error> for WriteError {
    fn from(_: csv::Error) -> Self {
        Self("CSV".to_owned())
    }
}

impl From<zip::result::ZipError> for WriteError {
    fn from(_: zip::result::ZipError) -> Self {
        Self("ZIP".to_owned())
    }
}

impl From<rust_xlsxwriter::XlsxError> for WriteError {
    fn from(_: rust_xlsxwriter::XlsxError) -> Self {
        Self("XLSX".to_owned())
    }
}

/// Writes the file. `delimiter` is of CSV.
///
/// # Errors
/// The writer of the format failed.
pub fn write(
    kind: FileKind,
    delimiter: u8,
    heading: &[String],
    ours: OurHeadings,
    rows: impl Iterator<Item = RejectedRow>,
) -> Result<Vec<u8>, WriteError> {
    let width = heading.len();
    let mut first = heading.to_vec();
    first.extend([ours.reasons.to_owned(), ours.suggestion.to_owned()]);
    let lines = std::iter::once(first).chain(rows.map(|row| {
        let mut cells = row.cells;
        cells.resize(width.max(cells.len()), String::new());
        // Ours stand under their headings whatever a row has to the right of its own.
        cells.truncate(width);
        cells.extend([row.reasons, row.suggestion]);
        cells
    }));
    match kind {
        FileKind::Csv => write_csv(delimiter, lines),
        FileKind::Xlsx => write_xlsx(lines),
    }
}

/// With a byte order mark: without it Excel reads UTF-8 as something else.
fn write_csv(
    delimiter: u8,
    lines: impl Iterator<Item = Vec<String>>,
) -> Result<Vec<u8>, WriteError> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .quote_style(QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(b"\xEF\xBB\xBF".to_vec());
    for line in lines {
        writer.write_record(line.iter().map(|cell| guarded(cell)))?;
    }
    writer
        .into_inner()
        .map_err(|error| WriteError::from(std::io::Error::from(error.error().kind())))
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="luutru" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const SHEET_START: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
const SHEET_END: &str = "</sheetData></worksheet>";

/// A sheet of texts, packed as it is written: nothing clear lies in a file of the machine, and a
/// hundred thousand rows take the memory of the packed file.
fn write_xlsx(lines: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, WriteError> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let heads = [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS),
    ];
    for (path, text) in heads {
        archive.start_file(path, options)?;
        archive.write_all(text.as_bytes())?;
    }
    archive.start_file("xl/worksheets/sheet1.xml", options)?;
    archive.write_all(SHEET_START.as_bytes())?;
    let mut text = String::new();
    for line in lines {
        text.clear();
        text.push_str("<row>");
        for cell in &line {
            text.push_str(r#"<c t="inlineStr"><is><t xml:space="preserve">"#);
            push_escaped(&escaped_xstring(&guarded(cell)), &mut text);
            text.push_str("</t></is></c>");
        }
        text.push_str("</row>");
        archive.write_all(text.as_bytes())?;
    }
    archive.write_all(SHEET_END.as_bytes())?;
    Ok(archive.finish()?.into_inner())
}

/// What XML 1.0 cannot hold is left out; a carriage return would be read as a line feed.
fn push_escaped(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(letter),
            '\u{FFFE}' | '\u{FFFF}' => {}
            letter if letter < ' ' => {}
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::Table;

    fn written(kind: FileKind, cells: &[Vec<String>]) -> Table {
        let heading = vec!["Họ và tên".to_owned(), "Ngày đến".to_owned()];
        let rows = cells.iter().map(|cells| RejectedRow {
            cells: cells.clone(),
            reasons: "why".to_owned(),
            suggestion: String::new(),
        });
        let bytes = write(kind, b';', &heading, HEADINGS_VI, rows).unwrap();
        Table::read(&bytes, kind).unwrap()
    }

    #[test]
    fn nothing_written_would_be_run_by_a_spreadsheet() {
        let dangerous = ["=1+1", "+84912345678", "-1", "@SUM(1)", "\tx", "\rx", "＝1"];
        for kind in FileKind::ALL {
            for text in dangerous {
                let table = written(kind, &[vec![text.to_owned(), "x".to_owned()]]);
                assert_eq!(table.cell(1, 0), format!("'{text}"), "{kind:?}");
                assert!(!table.is_formula(1, 0));
            }
        }
    }

    proptest! {
        #[test]
        fn what_we_write_is_read_back(
            cells in proptest::collection::vec("[ -~À-ỹ\n]{1,12}", 2..3)
        ) {
            for kind in FileKind::ALL {
                let table = written(kind, std::slice::from_ref(&cells));
                for (column, cell) in cells.iter().enumerate() {
                    let found = table.cell(1, column);
                    if !cell.trim().is_empty() {
                        prop_assert_eq!(crate::sheet_text::unguarded(found), cell.as_str());
                    }
                }
                prop_assert_eq!(table.cell(1, 2), "why");
            }
        }
    }
}
