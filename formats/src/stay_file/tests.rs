use std::io::Cursor;

use rust_xlsxwriter::{Workbook as Writer, Worksheet};

use super::limited::{ReaderAnswer, Request, serve};
use super::*;

const HEADING: [&str; 5] = ["Họ và tên", "Phòng", "Ngày đến", "Giờ đến", "Số giấy tờ"];

pub(super) fn wishes() -> FileOptions {
    let received_at: DateTime<Utc> = "2026-11-29T03:00:00Z".parse().unwrap();
    FileOptions {
        received_at_micros: received_at.timestamp_micros(),
        ..FileOptions::default()
    }
}

fn guest(number: usize) -> [String; 5] {
    [
        "Lê Văn Thử".to_owned(),
        format!("P{number}"),
        "28/11/2026".to_owned(),
        "09:00".to_owned(),
        format!("03809000{number:04}"),
    ]
}

fn write(sheet: &mut Worksheet, first_row: u32, rows: &[Vec<String>]) {
    for (row, cells) in (first_row..).zip(rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
}

fn guests(numbers: std::ops::Range<usize>) -> Vec<Vec<String>> {
    let heading = HEADING.map(str::to_owned).to_vec();
    std::iter::once(heading)
        .chain(numbers.map(|number| guest(number).to_vec()))
        .collect()
}

/// A cover, two sheets of guests, one that is hidden, an example, lists.
fn workbook() -> Vec<u8> {
    let mut workbook = Writer::new();
    let cover = workbook.add_worksheet();
    cover.set_name("Bìa").unwrap();
    write(
        cover,
        0,
        &[vec!["KHÁCH SẠN".to_owned()], vec!["Tháng 11".to_owned()]],
    );
    let first = workbook.add_worksheet();
    first.set_name("Tầng 1").unwrap();
    write(first, 0, &[vec!["Danh sách khách tầng 1".to_owned()]]);
    write(first, 3, &guests(1..3));
    let hidden = workbook.add_worksheet();
    hidden.set_name("Cũ").unwrap();
    write(hidden, 0, &guests(7..8));
    hidden.set_hidden(true);
    let example = workbook.add_worksheet();
    example.set_name("Ví dụ").unwrap();
    write(example, 0, &guests(8..9));
    let empty = workbook.add_worksheet();
    empty.set_name("Trống").unwrap();
    let second = workbook.add_worksheet();
    second.set_name("Tầng 2").unwrap();
    write(second, 0, &guests(3..6));
    workbook.save_to_buffer().unwrap()
}

#[test]
fn every_visible_sheet_with_a_known_heading_is_read() {
    let file = StayFile::read(workbook(), FileKind::Xlsx, &wishes());
    let file = file.ok().unwrap();
    let description = file.description();
    let names: Vec<_> = description
        .sheets
        .iter()
        .map(|sheet| (sheet.name.as_deref().unwrap(), sheet.row_count))
        .collect();
    assert_eq!(names, [("Tầng 1", 2), ("Tầng 2", 3)]);
    assert_eq!(description.row_count, 5);
    assert_eq!(description.sheets[0].layout["heading_row"], 4);
    assert_eq!(description.sheets[0].layout["first_row"], 5);
    assert_eq!(description.sheets[1].layout["last_row"], 4);
    let passed_over: Vec<_> = description
        .passed_over
        .iter()
        .map(|(name, reason)| (name.as_str(), reason.as_str()))
        .collect();
    let expected = [
        ("Cũ", "hidden"),
        ("Bìa", "columns_unknown"),
        ("Ví dụ", "example"),
        ("Trống", "empty"),
    ];
    assert_eq!(passed_over, expected);
    let rows: Vec<FileRow> = file.rows(0).collect();
    let places: Vec<_> = rows.iter().map(|row| (row.sheet, row.number)).collect();
    assert_eq!(places, [(0, 5), (0, 6), (1, 2), (1, 3), (1, 4)]);
    assert_eq!(rows[4].cells[1], "P5");
    // Gone on with in the middle.
    let rest: Vec<FileRow> = file.rows(3).collect();
    assert_eq!(rest, rows[3..]);
}

#[test]
fn what_holds_no_guests_says_why() {
    let one = |rows: &[Vec<String>]| {
        let mut workbook = Writer::new();
        write(workbook.add_worksheet(), 0, rows);
        workbook.save_to_buffer().unwrap()
    };
    let table = [
        (one(&[]), FileFault::Empty),
        (one(&guests(0..0)), FileFault::Empty),
        (one(&[vec!["Bìa".to_owned()]]), FileFault::ColumnsUnknown),
    ];
    for (bytes, fault) in table {
        let read = StayFile::read(bytes, FileKind::Xlsx, &wishes());
        assert_eq!(read.err(), Some(fault));
    }
}

fn served(bytes: &[u8], byte_count: usize, first_row: usize) -> std::io::Result<Vec<ReaderAnswer>> {
    let request = Request {
        kind: FileKind::Xlsx,
        byte_count,
        wishes: wishes(),
        first_row,
    };
    let mut input = serde_json::to_vec(&request).unwrap();
    input.push(b'\n');
    input.extend_from_slice(bytes);
    let mut output = Vec::new();
    serve(Cursor::new(input), &mut output)?;
    let lines = output.split(|byte| *byte == b'\n');
    Ok(lines
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect())
}

#[test]
fn a_file_goes_through_the_pipe_as_it_is() {
    let bytes = workbook();
    let file = StayFile::read(bytes.clone(), FileKind::Xlsx, &wishes());
    let file = file.ok().unwrap();
    for first in [0, 3] {
        let mut answers = served(&bytes, bytes.len(), first).unwrap().into_iter();
        let Some(ReaderAnswer::File(description)) = answers.next() else {
            panic!("no description");
        };
        assert_eq!(description, file.description());
        for row in file.rows(first) {
            assert!(matches!(answers.next(), Some(ReaderAnswer::Row(sent)) if sent == row));
        }
        assert!(matches!(answers.next(), Some(ReaderAnswer::End)));
    }
    assert!(
        served(&bytes, bytes.len() + 1, 0).is_err(),
        "not the whole file"
    );
    let answers = served(b"PK\x03\x04", 4, 0).unwrap();
    assert!(
        matches!(&answers[..], [ReaderAnswer::Fault(notes)] if notes[0].code == "file_unreadable")
    );
}
