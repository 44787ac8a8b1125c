//! Rejected rows as a file of the kind that was sent: the original cells, then why each row was
//! rejected and what may have been meant. In a workbook the faulty cells are marked, each with a
//! comment, and columns keep their widths and drop-down lists. Once corrected, the file can be sent
//! again.

use std::io::{Cursor, Write};

use csv::{QuoteStyle, WriterBuilder};
use domain::import::FileKind;
use domain::problem::Language;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::columns::Field;
use crate::sheet_text::guarded;
use crate::table::escaped_xstring;
use crate::template::{self, Lists};
use crate::write_error::WriteError;

/// How many cells get a comment besides their mark: comments are held in memory until the rows are
/// written.
const COMMENT_COUNT_MAX: usize = 5_000;
/// Rows with drop-down lists below the rejected ones.
const LISTED_ROW_COUNT: usize = 200;
/// How wide our own columns are, in characters.
const OUR_WIDTHS: [f64; 2] = [70.0, 30.0];

/// A rejected row.
#[derive(Debug, Default)]
pub struct RejectedRow {
    /// The cells as they were sent.
    pub cells: Vec<String>,
    /// Why it was refused, for a person.
    pub reasons: String,
    /// What may have been meant; empty when nothing is known.
    pub suggestion: String,
    /// The cells at fault, from 0, each with its reason.
    pub marks: Vec<(usize, String)>,
}

/// How the file looks.
#[derive(Debug)]
pub struct RejectedFileLayout {
    /// The language of words.
    pub language: Language,
    /// CSV: between two cells.
    pub delimiter: u8,
    /// The cells of the heading.
    pub heading: Vec<String>,
    /// The fields of the columns, from 0, where known.
    pub fields: Vec<(usize, Field)>,
    /// Drop-down lists.
    pub lists: Lists,
}

/// Headings of our two columns; [`crate::columns`] recognises them.
#[derive(Clone, Copy)]
struct OurHeadings {
    /// The heading of the reasons.
    reasons: &'static str,
    /// The heading of the suggestions.
    suggestion: &'static str,
}

/// In Vietnamese.
const HEADINGS_VI: OurHeadings = OurHeadings {
    reasons: "Lỗi (luutru)",
    suggestion: "Gợi ý (luutru)",
};
/// In English.
const HEADINGS_EN: OurHeadings = OurHeadings {
    reasons: "Errors (luutru)",
    suggestion: "Suggestion (luutru)",
};

/// Writes the file.
///
/// # Errors
/// The writer of the format failed.
pub fn write(
    kind: FileKind,
    look: &RejectedFileLayout,
    rows: impl Iterator<Item = RejectedRow>,
) -> Result<Vec<u8>, WriteError> {
    let width = look.heading.len();
    let ours = match look.language {
        Language::Vi => HEADINGS_VI,
        Language::En => HEADINGS_EN,
    };
    let first = RejectedRow {
        cells: look.heading.clone(),
        reasons: ours.reasons.to_owned(),
        suggestion: ours.suggestion.to_owned(),
        marks: Vec::new(),
    };
    let lines = std::iter::once(first).chain(rows).map(|row| {
        let mut cells = row.cells;
        cells.resize(width.max(cells.len()), String::new());
        // Ours stand under their headings whatever a row has to the right of its own.
        cells.truncate(width);
        cells.extend([row.reasons, row.suggestion]);
        (cells, row.marks)
    });
    match kind {
        FileKind::Csv => write_csv(look.delimiter, lines.map(|(cells, _)| cells)),
        FileKind::Xlsx => write_xlsx(look, lines),
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
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/comments1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
const SHEET_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/vmlDrawing" Target="../drawings/vmlDrawing1.vml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments" Target="../comments1.xml"/></Relationships>"#;
/// Cell formats: 0 plain, 1 text, 2 heading, 3 at fault, 4 our own columns.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFDDEBF7"/></patternFill></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/></patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/><xf numFmtId="49" fontId="0" fillId="3" borderId="0" xfId="0" applyNumberFormat="1" applyFill="1"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"#;
const SHEET_START: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">"#;
const FROZEN: &str = r#"<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>"#;
const SHEET_END: &str = "</worksheet>";
const COMMENTS_START: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><authors><author>luutru</author></authors><commentList>"#;
const DRAWING_START: &str = r##"<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>"##;

/// Names of the two sheets.
const fn sheet_names(language: Language) -> [&'static str; 2] {
    match language {
        Language::Vi => ["Bị từ chối", "Danh mục"],
        Language::En => ["Rejected", "Lists"],
    }
}

/// Sheets of text, compressed as they are written: no plaintext reaches the disk, and a hundred
/// thousand rows take only the memory of the compressed file.
fn write_xlsx(
    look: &RejectedFileLayout,
    lines: impl Iterator<Item = (Vec<String>, Vec<(usize, String)>)>,
) -> Result<Vec<u8>, WriteError> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let workbook = workbook_part(look.language);
    let heads = [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", &workbook),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/worksheets/_rels/sheet1.xml.rels", SHEET_RELATIONS),
        ("xl/worksheets/sheet2.xml", &lists_sheet(look)),
    ];
    for (path, text) in heads {
        archive.start_file(path, options)?;
        archive.write_all(text.as_bytes())?;
    }
    archive.start_file("xl/worksheets/sheet1.xml", options)?;
    archive.write_all(SHEET_START.as_bytes())?;
    archive.write_all(FROZEN.as_bytes())?;
    archive.write_all(column_widths(look).as_bytes())?;
    archive.write_all(b"<sheetData>")?;
    let mut comments = Vec::new();
    let mut text = String::new();
    let mut row_count = 0;
    for (row, (cells, marks)) in lines.enumerate() {
        text.clear();
        push_row(&mut text, row, look.heading.len(), &cells, &marks);
        archive.write_all(text.as_bytes())?;
        let left = COMMENT_COUNT_MAX.saturating_sub(comments.len());
        comments.extend(
            marks
                .into_iter()
                .take(left)
                .map(|(cell, why)| (row, cell, why)),
        );
        row_count = row + 1;
    }
    archive.write_all(b"</sheetData>")?;
    archive.write_all(validations(look, row_count + LISTED_ROW_COUNT).as_bytes())?;
    archive.write_all(br#"<legacyDrawing r:id="rId1"/>"#)?;
    archive.write_all(SHEET_END.as_bytes())?;
    // One comment a cell, in the order of the sheet.
    comments.sort_by_key(|(row, cell, _)| (*row, *cell));
    comments.dedup_by(|later, first| {
        let is_same = (later.0, later.1) == (first.0, first.1);
        if is_same {
            first.2.push('\n');
            first.2.push_str(&later.2);
        }
        is_same
    });
    archive.start_file("xl/comments1.xml", options)?;
    archive.write_all(comments_part(&comments).as_bytes())?;
    archive.start_file("xl/drawings/vmlDrawing1.vml", options)?;
    archive.write_all(drawing_part(&comments).as_bytes())?;
    Ok(archive.finish()?.into_inner())
}

fn workbook_part(language: Language) -> String {
    let [rows, lists] = sheet_names(language);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"{rows}\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"{lists}\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>"
    )
}

fn column_widths(look: &RejectedFileLayout) -> String {
    let field = |place| look.fields.iter().find(|(known, _)| *known == place);
    let own = (0..look.heading.len()).map(|place| match field(place) {
        Some((_, field)) => template::width(*field),
        None => template::width(Field::Reference),
    });
    let columns: String = own
        .chain(OUR_WIDTHS)
        .enumerate()
        .map(|(place, width)| {
            let number = place + 1;
            format!(r#"<col min="{number}" max="{number}" width="{width}" customWidth="1"/>"#)
        })
        .collect();
    format!("<cols>{columns}</cols>")
}

fn push_row(
    out: &mut String,
    row: usize,
    own_count: usize,
    cells: &[String],
    marks: &[(usize, String)],
) {
    out.push_str("<row>");
    for (place, cell) in cells.iter().enumerate() {
        let style = if row == 0 {
            2
        } else if marks.iter().any(|(marked, _)| *marked == place) {
            3
        } else if place >= own_count {
            4
        } else {
            1
        };
        out.push_str(&format!(
            r#"<c t="inlineStr" s="{style}"><is><t xml:space="preserve">"#
        ));
        push_escaped(&escaped_xstring(&guarded(cell)), out);
        out.push_str("</t></is></c>");
    }
    out.push_str("</row>");
}

/// Drop-down lists that advise and do not forbid.
fn validations(look: &RejectedFileLayout, last_row: usize) -> String {
    let [_, lists_name] = sheet_names(look.language);
    let ranges: Vec<String> = look
        .fields
        .iter()
        .filter_map(|(place, field)| {
            let range = template::range_of(*field, &look.lists, look.language, lists_name)?;
            let column = column_letters(*place);
            Some(format!(
                r#"<dataValidation type="list" errorStyle="warning" allowBlank="1" showInputMessage="1" showErrorMessage="1" sqref="{column}2:{column}{last_row}"><formula1>{range}</formula1></dataValidation>"#
            ))
        })
        .collect();
    if ranges.is_empty() {
        return String::new();
    }
    format!(
        r#"<dataValidations count="{}">{}</dataValidations>"#,
        ranges.len(),
        ranges.concat()
    )
}

fn lists_sheet(look: &RejectedFileLayout) -> String {
    let labels = template::labels(&look.lists, look.language);
    let height = labels
        .iter()
        .map(|(_, labels)| labels.len())
        .max()
        .unwrap_or_default();
    let mut out = format!("{SHEET_START}<sheetData>");
    for row in 0..height {
        out.push_str(&format!(r#"<row r="{}">"#, row + 1));
        for (place, (_, labels)) in labels.iter().enumerate() {
            let Some(label) = labels.get(row) else {
                continue;
            };
            let cell = format!("{}{}", column_letters(place), row + 1);
            out.push_str(&format!(r#"<c r="{cell}" t="inlineStr"><is><t>"#));
            push_escaped(label, &mut out);
            out.push_str("</t></is></c>");
        }
        out.push_str("</row>");
    }
    out.push_str("</sheetData>");
    out.push_str(SHEET_END);
    out
}

/// A column from 0 as spreadsheets call it.
fn column_letters(place: usize) -> String {
    let mut rest = place + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

fn comments_part(comments: &[(usize, usize, String)]) -> String {
    let mut out = COMMENTS_START.to_owned();
    for (row, cell, why) in comments {
        let place = format!("{}{}", column_letters(*cell), row + 1);
        out.push_str(&format!(
            r#"<comment ref="{place}" authorId="0"><text><t xml:space="preserve">"#
        ));
        push_escaped(why, &mut out);
        out.push_str("</t></text></comment>");
    }
    out.push_str("</commentList></comments>");
    out
}

/// The shapes that comments are shown in: without them, programs report the file as damaged.
fn drawing_part(comments: &[(usize, usize, String)]) -> String {
    let mut out = DRAWING_START.to_owned();
    for (place, (row, cell, _)) in comments.iter().enumerate() {
        let id = 1025 + place;
        let (left, right, bottom) = (cell + 1, cell + 4, row + 5);
        out.push_str(&format!(
            r##"<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"/><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{left}, 15, {row}, 2, {right}, 15, {bottom}, 4</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{cell}</x:Column></x:ClientData></v:shape>"##
        ));
    }
    out.push_str("</xml>");
    out
}

/// Characters that XML 1.0 cannot hold are dropped; a carriage return would be read as a line feed.
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

    fn look() -> RejectedFileLayout {
        RejectedFileLayout {
            language: Language::Vi,
            delimiter: b';',
            heading: vec!["Họ và tên".to_owned(), "Ngày đến".to_owned()],
            fields: vec![(0, Field::FullName), (1, Field::Nationality)],
            lists: Lists {
                countries: vec![template::TemplateWord {
                    code: "VNM".to_owned(),
                    name_vi: "Việt Nam".to_owned(),
                    name_en: "Viet Nam".to_owned(),
                }],
                ..Lists::default()
            },
        }
    }

    fn written(kind: FileKind, cells: &[Vec<String>]) -> Table {
        let rows = cells.iter().map(|cells| RejectedRow {
            cells: cells.clone(),
            reasons: "why".to_owned(),
            suggestion: String::new(),
            marks: vec![(1, "a < b".to_owned()), (1, "and".to_owned())],
        });
        let look = look();
        let bytes = write(kind, &look, rows).unwrap();
        Table::read(&bytes, kind).unwrap()
    }

    #[test]
    fn nothing_written_would_be_run_by_a_spreadsheet() {
        let dangerous = ["=1+1", "+84912345678", "-1", "@SUM(1)", "\tx", "\rx", "＝1"];
        for &kind in FileKind::ALL {
            for text in dangerous {
                let table = written(kind, &[vec![text.to_owned(), "x".to_owned()]]);
                assert_eq!(table.cell(1, 0), format!("'{text}"), "{kind:?}");
                assert!(!table.is_formula(1, 0));
            }
        }
    }

    #[test]
    fn a_workbook_keeps_lists_and_widths_and_marks_the_cells_at_fault() {
        let look = look();
        let row = RejectedRow {
            cells: vec!["Lê".to_owned(), "My".to_owned()],
            reasons: "why".to_owned(),
            suggestion: String::new(),
            marks: vec![(1, "a < b".to_owned()), (1, "and".to_owned())],
        };
        let bytes = write(FileKind::Xlsx, &look, std::iter::once(row)).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut part = |name: &str| {
            let mut text = String::new();
            let mut file = archive.by_name(name).unwrap();
            std::io::Read::read_to_string(&mut file, &mut text).unwrap();
            text
        };
        let sheet = part("xl/worksheets/sheet1.xml");
        assert!(
            sheet.contains(r#"<c t="inlineStr" s="3"><is><t xml:space="preserve">My<"#),
            "{sheet}"
        );
        assert!(
            sheet.contains(r#"<c t="inlineStr" s="1"><is><t xml:space="preserve">Lê<"#),
            "{sheet}"
        );
        assert!(
            sheet.contains(r#"<col min="1" max="1" width="28" customWidth="1"/>"#),
            "{sheet}"
        );
        assert!(
            sheet.contains(r#"sqref="B2:B202"><formula1>'Danh mục'!$D$1:$D$1<"#),
            "{sheet}"
        );
        let comments = part("xl/comments1.xml");
        assert!(
            comments.contains(r#"<comment ref="B2" authorId="0">"#),
            "{comments}"
        );
        assert!(comments.contains("a &lt; b\nand"), "{comments}");
        assert!(part("xl/drawings/vmlDrawing1.vml").contains("<x:Row>1</x:Row><x:Column>1<"));
        assert!(part("xl/worksheets/sheet2.xml").contains("Việt Nam - VNM"));
    }

    proptest! {
        #[test]
        fn what_we_write_is_read_back(
            cells in proptest::collection::vec("[ -~À-ỹ\n]{1,12}", 2..3)
        ) {
            for &kind in FileKind::ALL {
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
