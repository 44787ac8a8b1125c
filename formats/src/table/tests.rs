use std::io::Write;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::*;

/// A workbook of the given parts besides those that every workbook has.
fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
    let head = [
        (
            "xl/workbook.xml",
            r#"<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" state="hidden" r:id="rId9"/><sheet name="b" sheetId="2" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="/xl/strings.xml"/></Relationships>"#,
        ),
    ];
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, text) in head.iter().chain(parts) {
        let options = SimpleFileOptions::default();
        archive.start_file(*path, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> Vec<u8> {
    let strings = "<sst count=\"9\" uniqueCount=\"4000000000\"><si><t>Phòng</t></si><si><r><t>Họ </t></r><r><t>tên</t></r><rPh><t>x</t></rPh></si><si/></sst>";
    let sheet =
        format!("<worksheet><dimension ref=\"A1\"/><sheetData>{rows}</sheetData></worksheet>");
    workbook(&[
        ("xl/strings.xml", strings),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

#[test]
fn a_sheet_is_read_cell_by_cell() {
    let bytes = sheet(
        r#"<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c><c r="D2" t="s"><v>2</v></c></row>
        <row r="5"><c><v>101</v></c><c r="B5"><v>3.8090001234E10</v></c><c r="C5" t="inlineStr"><is><t>A &amp; B&#233;</t></is></c><c r="D5"><f>1+1</f><v>2</v></c><c r="E5"><v>46349.5</v></c><c r="F5" s="3"/><c r="G5" t="e"><v>#N/A</v></c></row>
        <row r="7"><c r="A7" s="1"/></row>"#,
    );
    let table = Table::read(&bytes, FileKind::Xlsx).unwrap();
    assert_eq!(table.row_count(), 2);
    assert_eq!((table.row_number(0), table.row_number(1)), (2, 5));
    let first: Vec<&str> = table.cells(0).collect();
    assert_eq!(first, ["Phòng", "", "Họ tên"]);
    let second: Vec<&str> = table.cells(1).collect();
    assert_eq!(
        second,
        ["101", "38090001234", "A & Bé", "", "46349.5", "", "#N/A"]
    );
    assert!(table.is_formula(1, 3) && !table.is_formula(1, 2));
    assert_eq!(table.kind(1, 6), CellKind::Error);
    assert_eq!(table.name(), Some("b"));
}

#[test]
fn csv_is_read_with_each_delimiter_and_line_end() {
    for delimiter in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n"] {
            let text = ["Phòng", "\"Họ, \"\"tên\"\";\n|\"", "x"].join(delimiter);
            let text = format!("{text}{end}{}{end}", ["101", "a", ""].join(delimiter));
            let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
            assert_eq!(table.row_count(), 2, "{text}");
            assert_eq!(table.cell(0, 1), "Họ, \"tên\";\n|", "{text}");
            let last: Vec<&str> = table.cells(1).collect();
            assert_eq!(last, ["101", "a"]);
        }
    }
    let table = Table::read(b"sep=;\nA;B,C\n1;2\n", FileKind::Csv).unwrap();
    assert_eq!(table.cell(0, 1), "B,C");
    assert_eq!(table.row_number(0), 2);
}

#[test]
fn a_csv_is_numbered_as_an_editor_shows_it() {
    let text = "Họ tên,Ghi chú\n\n\nA,\"x\"\n \nB,y\r\n\r\nC,z";
    let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
    let numbers: Vec<usize> = (0..table.row_count())
        .map(|row| table.row_number(row))
        .collect();
    assert_eq!(numbers, [1, 4, 6, 8]);
}

#[test]
fn a_quotation_that_swallows_rows_is_found_where_it_opens() {
    let heading = "Họ tên,Phòng,Ngày đến,Ngày đi,Ghi chú\n";
    let guest = |name: &str, note: &str| format!("{name},101,28/11/2026,29/11/2026,{note}\n");
    let table = [
        // Never closed.
        (
            guest("A", "\"khách quen"),
            guest("B", "x"),
            guest("C", "y"),
            Some(2),
        ),
        // Closed by the next cell in quotation marks.
        (
            guest("A", "x"),
            guest("B", "\"khách quen"),
            guest("C", "\"y\""),
            Some(3),
        ),
        // Closed by another stray mark, two rows below.
        (
            guest("A", "\"khách quen"),
            guest("B", "x"),
            guest("C", "y\""),
            Some(2),
        ),
        (
            guest("A", "\"khách quen"),
            guest("B", "y\""),
            guest("C", "y"),
            Some(2),
        ),
        // What people do write.
        (
            guest("A", "\"khách quen\""),
            guest("B", "5\" TV"),
            guest("C", "\"a\nb, c\""),
            None,
        ),
        (
            guest("A", "\"nói \"\"ừ\"\"\""),
            guest("B", "\"x\" y"),
            guest("C", "\"\""),
            None,
        ),
    ];
    for (first, second, third, row) in table {
        let text = [heading, &first, &second, &third].concat();
        let read = Table::read(text.as_bytes(), FileKind::Csv);
        match row {
            Some(row) => assert_eq!(read.err(), Some(FileFault::QuoteOpen { row }), "{text}"),
            None => assert_eq!(read.unwrap().row_count(), 4, "{text}"),
        }
    }
}

#[test]
fn the_heading_decides_the_delimiter() {
    let heading = "Họ và tên;Số giấy tờ;Ngày đến;Nơi thường trú;Ghi chú\n";
    let row =
        "Lê A;038090001234;28/11/2026;\"Số 9, ngõ 1, P. Bắc Sơn, TP Sầm Sơn, Thanh Hóa\";a;b\n";
    let plain = row.replace('"', "");
    for row in [row, &plain] {
        let text = format!(
            "Danh sách, khách, tháng, 11, năm, 2026\n{heading}{}",
            row.repeat(12)
        );
        let table = Table::read(text.as_bytes(), FileKind::Csv).unwrap();
        assert_eq!(table.layout.delimiter, b';');
        assert_eq!(table.cell(1, 1), "Số giấy tờ");
    }
}

#[test]
fn what_is_packed_or_another_document_is_named() {
    let zipped = archive(&[("khach.csv", "Họ tên,Ngày đến")]);
    let letter = archive(&[("[Content_Types].xml", ""), ("word/document.xml", "")]);
    let table: [(&[u8], FileFault); 6] = [
        (b"\x1F\x8B\x08\0", FileFault::Compressed),
        (b"Rar!\x1A", FileFault::Compressed),
        (b"%PDF-1.7", FileFault::NotATable),
        (b"\xFF\xD8\xFF\xE0", FileFault::NotATable),
        (&zipped, FileFault::Compressed),
        (&letter, FileFault::NotATable),
    ];
    for (bytes, fault) in table {
        let kind = kind_of_content(bytes);
        assert_eq!(inspect(bytes, kind), Err(fault));
        assert_eq!(Table::read(bytes, kind).err(), Some(fault));
    }
}

#[test]
fn a_web_page_is_no_table() {
    for text in [
        "<html><table>",
        "\u{FEFF}  <!DOCTYPE html>",
        "<?xml version=\"1.0\"?>",
    ] {
        let fault = Some(FileFault::NotATable);
        assert_eq!(Table::read(text.as_bytes(), FileKind::Csv).err(), fault);
    }
}

/// A workbook whose parts are all given.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, text) in parts {
        archive
            .start_file(*path, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn names_of_parts_are_compared_as_the_format_says() {
    let bytes = archive(&[
        (
            "_RELS\\.rels",
            r#"<Relationships><Relationship Id="a" Type="x/officeDocument" Target="XL\Book.xml"/></Relationships>"#,
        ),
        (
            "xl\\book.xml",
            r#"<workbook><sheets><sheet name="Khách" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/BOOK.xml.rels",
            r#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="WorkSheets/Sheet1.XML"/><Relationship Id="rId2" Type="x/sharedStrings" Target="SharedStrings.xml"/></Relationships>"#,
        ),
        (
            "xl/sharedstrings.XML",
            "<sst><si><t>Phòng_x000D_</t></si></sst>",
        ),
        (
            "xl/worksheets/sheet1.xml",
            r#"<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>a_x005F_x000D_</t></is></c></row></sheetData></worksheet>"#,
        ),
    ]);
    assert_eq!(inspect(&bytes, FileKind::Xlsx), Ok(()));
    let table = Table::read(&bytes, FileKind::Xlsx).unwrap();
    assert_eq!(table.name(), Some("Khách"));
    let cells: Vec<&str> = table.cells(0).collect();
    assert_eq!(cells, ["Phòng\n", "a_x000D_"]);
}

#[test]
fn cells_keep_their_kind_and_show_what_their_format_shows() {
    let styles = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="000000000000"/><numFmt numFmtId="165" formatCode="dd/mm/yyyy"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    let sheet = r#"<worksheet><sheetData><row><c s="1"><v>38090001234</v></c><c s="2"><v>46354</v></c><c s="3"><v>46354.5</v></c><c t="b"><v>1</v></c><c t="e"><v>#REF!</v></c><c t="d"><v>2026-11-28</v></c><c s="0"><v>7</v></c><c t="str"><v>x</v></c></row></sheetData></worksheet>"#;
    let bytes = workbook(&[
        ("xl/styles.xml", styles),
        ("xl/worksheets/sheet1.xml", sheet),
    ]);
    let table = Table::read(&bytes, FileKind::Xlsx).unwrap();
    let cells: Vec<&str> = table.cells(0).collect();
    assert_eq!(
        cells,
        [
            "038090001234",
            "46354",
            "46354.5",
            "TRUE",
            "#REF!",
            "2026-11-28",
            "7",
            "x"
        ]
    );
    let kinds: Vec<CellKind> = (0..8).map(|column| table.kind(0, column)).collect();
    use CellKind::{Boolean, Date, Error, Number, Text};
    assert_eq!(
        kinds,
        [Number, Date, Date, Boolean, Error, Date, Number, Text]
    );
    let table = Table::read(b"a,#N/A\n", FileKind::Csv).unwrap();
    assert_eq!(table.kind(0, 1), Error);
}

#[test]
fn a_merged_cell_counts_for_all_its_rows() {
    let bytes = sheet(
        r#"<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>
        <row r="2"><c><v>101</v></c><c t="inlineStr"><is><t>A</t></is></c></row>
        <row r="3"><c r="B3" t="inlineStr"><is><t>B</t></is></c></row>
        <row r="5"><c r="A5"><f>1+1</f></c><c r="B5" t="inlineStr"><is><t>C</t></is></c></row>
        <row r="6"><c r="B6" t="inlineStr"><is><t>D</t></is></c></row></sheetData>
        <mergeCells><mergeCell ref="A2:A4"/><mergeCell ref="$A$5:$A$6"/><mergeCell ref="A1:B1"/><mergeCell ref="Z9:Z99"/></mergeCells><sheetData>"#,
    );
    let table = Table::read(&bytes, FileKind::Xlsx).unwrap();
    assert_eq!(table.row_count(), 5, "a row of nothing else stays blank");
    assert_eq!((table.cell(2, 0), table.cell(2, 1)), ("101", "B"));
    assert_eq!(table.cells(2).collect::<Vec<_>>(), ["101", "B"]);
    assert!(table.is_formula(4, 0), "a formula in all its rows");
    assert_eq!(table.cell(0, 1), "Họ tên");
}

#[test]
fn one_event_of_a_part_is_bounded_while_it_is_read() {
    let long = "a".repeat(300 * 1024);
    let cell = format!("<row><c t=\"inlineStr\"><is><t>{long}</t></is></c></row>");
    let comment = format!("<!--{long}--><row/>");
    let attribute = format!("<row x=\"{long}\"/>");
    let table = [
        (cell, FileFault::CellTooLong { row: 1 }),
        (comment, FileFault::ExpandsTooFar),
        (attribute, FileFault::ExpandsTooFar),
        ("<a>".repeat(200), FileFault::Unreadable),
    ];
    for (rows, fault) in table {
        assert_eq!(
            Table::read(&sheet(&rows), FileKind::Xlsx).err(),
            Some(fault)
        );
    }
    // Excel's longest cell, each character an entity, is read as far as to be called too long.
    let longest = "&quot;".repeat(32_767);
    let rows = format!("<row><c t=\"inlineStr\"><is><t>{longest}</t></is></c></row>");
    assert!(Table::read(&sheet(&rows), FileKind::Xlsx).is_ok());
}

#[test]
fn bounds_hold_for_both_kinds() {
    let long = "x".repeat(CELL_BYTE_COUNT_MAX + 1);
    let wide = "x,".repeat(COLUMN_COUNT_MAX + 1);
    let tall = "x\n".repeat(ROW_COUNT_MAX + 1);
    let table: [(&[u8], FileFault); 5] = [
        (b"", FileFault::Empty),
        (b"\n\n,,,\n", FileFault::Empty),
        (long.as_bytes(), FileFault::CellTooLong { row: 1 }),
        (wide.as_bytes(), FileFault::TooManyColumns),
        (tall.as_bytes(), FileFault::TooManyRows),
    ];
    for (bytes, fault) in table {
        assert_eq!(Table::read(bytes, FileKind::Csv).err(), Some(fault));
    }
    let cell = |reference: &str, text: &str| {
        format!(r#"<row><c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c></row>"#)
    };
    let table = [
        (cell("A1", &long), FileFault::CellTooLong { row: 1 }),
        (cell("GS1", "x"), FileFault::TooManyColumns),
        (cell("ZZZZ1", "x"), FileFault::Empty),
        (r#"<row r="0"/>"#.to_owned(), FileFault::Unreadable),
        (
            r#"<row><c t="s"><v>9</v></c></row>"#.to_owned(),
            FileFault::Unreadable,
        ),
        (
            "<row><c><v>&bomb;</v></c></row>".to_owned(),
            FileFault::Unreadable,
        ),
    ];
    for (rows, fault) in table {
        let read = Table::read(&sheet(&rows), FileKind::Xlsx).err();
        if rows.contains("ZZZZ") {
            // A reference that is none counts as the next column.
            assert_eq!(read, None);
        } else {
            assert_eq!(read, Some(fault), "{}", &rows[..rows.len().min(60)]);
        }
    }
}

#[test]
fn bombs_and_macros_are_refused_before_they_are_unpacked() {
    let blank = " ".repeat(4 * 1024 * 1024);
    let many: Vec<String> = (0..1_001).map(|number| format!("xl/{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|path| (path.as_str(), "")).collect();
    let table = [
        (
            workbook(&[("xl/media/x", &blank)]),
            FileFault::ExpandsTooFar,
        ),
        (workbook(&many), FileFault::ExpandsTooFar),
        (workbook(&[("xl/vbaProject.bin", "x")]), FileFault::Macros),
        (b"PK\x03\x04 no archive".to_vec(), FileFault::Unreadable),
        (
            b"\xD0\xCF\x11\xE0 with a password".to_vec(),
            FileFault::Unreadable,
        ),
        (Vec::new(), FileFault::Unreadable),
    ];
    for (bytes, fault) in table {
        assert_eq!(inspect(&bytes, FileKind::Xlsx), Err(fault));
        assert_eq!(Table::read(&bytes, FileKind::Xlsx).err(), Some(fault));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for &kind in FileKind::ALL {
            let _ = inspect(&bytes, kind);
            let _ = Table::read(&bytes, kind);
        }
    }

    #[test]
    fn no_damage_to_a_workbook_makes_the_reader_panic(
        rows in "(<row>|</row>|<c r=\"[A-C]{1,4}[0-9]{1,8}\"( t=\"(s|b|e|str|inlineStr)\")?>|</c>|<v>[0-9.E&;]{0,8}</v>|<f/>|<is><t>|</t></is>|[<>&]){0,12}",
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = sheet(&rows);
        let _ = Table::read(&bytes, FileKind::Xlsx);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Table::read(&bytes, FileKind::Xlsx);
    }

    #[test]
    fn no_text_makes_the_csv_reader_lose_a_cell(
        cells in proptest::collection::vec("[a-zÀ-ỹ ,;\"\n]{0,8}[a-z]", 1..6)
    ) {
        let mut writer = csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        writer.write_record(["a"; 6]).unwrap();
        let mut padded = cells.clone();
        padded.resize(6, "z".to_owned());
        writer.write_record(&padded).unwrap();
        let bytes = writer.into_inner().unwrap();
        let table = Table::read(&bytes, FileKind::Csv).unwrap();
        for (column, cell) in padded.iter().enumerate() {
            prop_assert_eq!(table.cell(1, column), cell.as_str());
        }
    }
}
