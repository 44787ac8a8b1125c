//! A table that was pasted out of a spreadsheet: read as an uploaded file is. Without a heading,
//! each column is what its cells look like.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::import::FileKind;
use domain::text::fold;
use domain::time::local_date;
use domain::typed;
use formats::stay_file::{FileOptions, FileReading, StayFile};
use pages::desk::form::CardForm;

use super::rows;
use crate::problem::Failure;

/// The heading of the day on which guests came.
const ARRIVAL: &str = "Ngày đến";
/// Lines that are looked at to find out what a column holds.
const LOOKED_AT: usize = 50;

/// The guests of a pasted table; `None` where it is not understood.
///
/// Errors: the machine is at fault.
pub(super) async fn guests(
    text: String,
    received_at: DateTime<Utc>,
) -> Result<Option<Vec<CardForm>>, Failure> {
    let read = tokio::task::spawn_blocking(move || {
        read(&text, received_at).or_else(|| {
            let headed = format!("{}\n{text}", heading(&text, received_at)?);
            read(&headed, received_at)
        })
    });
    read.await.map_err(Failure::internal)
}

fn read(text: &str, received_at: DateTime<Utc>) -> Option<Vec<CardForm>> {
    stays(text, received_at).or_else(|| {
        // A file says when its guests came; a table that is pasted may leave that to the page.
        let dated = dated(text, received_at)?;
        let mut guests = stays(&dated, received_at)?;
        for guest in &mut guests {
            guest.arrival.clear();
        }
        Some(guests)
    })
}

/// The table with a first column of arrivals: today.
fn dated(text: &str, received_at: DateTime<Utc>) -> Option<String> {
    let delimiter = delimiter(text)?;
    let today = typed::written_day(local_date(received_at));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = std::iter::once(ARRIVAL).chain(std::iter::repeat(today.as_str()));
    let lines = first.zip(lines);
    let lines: Vec<String> = lines
        .map(|(first, line)| format!("{first}{delimiter}{line}\n"))
        .collect();
    Some(lines.concat())
}

fn delimiter(text: &str) -> Option<char> {
    let known = ['\t', ';', ','].into_iter();
    known.into_iter().find(|one| text.contains(*one))
}

fn stays(text: &str, received_at: DateTime<Utc>) -> Option<Vec<CardForm>> {
    let options = FileOptions {
        received_at_micros: received_at.timestamp_micros(),
        ..FileOptions::default()
    };
    let file = StayFile::read(text.as_bytes().to_vec(), FileKind::Csv, &options).ok()?;
    let guests = file.rows(0).filter_map(|row| match row.reading {
        FileReading::Stay(stay) => Some(rows::of_file_row(&stay, &row.cells)),
        FileReading::Skipped(_) => None,
    });
    Some(guests.collect())
}

/// What rows of a file say, each given by its heading and its cells.
///
/// Errors: the machine is at fault.
pub(super) async fn of_cells(
    rows: Vec<(Vec<String>, Vec<String>)>,
    options: FileOptions,
) -> Result<Vec<CardForm>, Failure> {
    let read = tokio::task::spawn_blocking(move || {
        let rows = rows.iter();
        let guests = rows.map(|(heading, cells)| of_row(heading, cells, &options));
        guests.map(Option::unwrap_or_default).collect()
    });
    read.await.map_err(Failure::internal)
}

fn of_row(heading: &[String], cells: &[String], options: &FileOptions) -> Option<CardForm> {
    let text = format!("{}\n{}\n", line(heading), line(cells));
    let file = StayFile::read(text.into_bytes(), FileKind::Csv, options).ok()?;
    let row = file.rows(0).next()?;
    match row.reading {
        FileReading::Stay(stay) => Some(rows::of_file_row(&stay, &row.cells)),
        FileReading::Skipped(_) => None,
    }
}

/// A line of a text with separators.
fn line(cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| cell.replace('"', "\"\""));
    let cells: Vec<String> = cells.map(|cell| format!("\"{cell}\"")).collect();
    cells.join(",")
}

/// What a column may hold, by its usual heading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Birth,
    Sex,
    Name,
    Room,
}

impl Kind {
    /// In the order in which they choose: a number of a document is no room.
    const ALL: [Self; 5] = [Self::Number, Self::Birth, Self::Sex, Self::Name, Self::Room];

    const fn heading(self) -> &'static str {
        match self {
            Self::Number => "Số giấy tờ",
            Self::Birth => "Ngày sinh",
            Self::Sex => "Giới tính",
            Self::Name => "Họ và tên",
            Self::Room => "Phòng",
        }
    }

    fn fits(self, cell: &str, now: DateTime<Utc>) -> bool {
        let digit_count = cell.bytes().filter(u8::is_ascii_digit).count();
        let is_compact = !cell.contains(['/', '-']) && !cell.contains(char::is_whitespace);
        match self {
            Self::Number => digit_count >= 6 && is_compact && cell.len() <= 20,
            Self::Birth => digit_count >= 4 && typed::birth_date(cell, local_date(now)).is_some(),
            Self::Sex => matches!(
                fold(cell).as_str(),
                "NAM" | "NU" | "MALE" | "FEMALE" | "M" | "F"
            ),
            Self::Name => digit_count == 0 && cell.split_whitespace().count() >= 2,
            Self::Room => digit_count > 0 && cell.chars().count() <= 6,
        }
    }
}

/// A heading for a table without one; `None` where names or numbers are not found.
fn heading(text: &str, now: DateTime<Utc>) -> Option<String> {
    let delimiter = delimiter(text)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<Vec<&str>> = lines
        .take(LOOKED_AT)
        .map(|line| line.split(delimiter).map(str::trim).collect())
        .collect();
    let column_count = lines.iter().map(Vec::len).max()?;
    let mut names = vec![""; column_count];
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let free = (0..column_count).filter(|at| names.get(*at) == Some(&""));
        let fitting = free.filter(|at| is_of(&lines, *at, kind, now));
        let best = fitting.max_by_key(|at| (variety(&lines, *at), std::cmp::Reverse(*at)));
        if let Some(slot) = best.and_then(|at| names.get_mut(at)) {
            *slot = kind.heading();
            found.push(kind);
        }
    }
    let is_enough = found.contains(&Kind::Name) && found.contains(&Kind::Number);
    is_enough.then(|| names.join(&delimiter.to_string()))
}

fn cells<'a>(lines: &'a [Vec<&'a str>], at: usize) -> impl Iterator<Item = &'a str> {
    let cells = lines.iter().filter_map(move |line| line.get(at));
    cells.copied().filter(|cell| !cell.is_empty())
}

/// Whether most cells of a column look so. A column that counts its lines holds nothing.
fn is_of(lines: &[Vec<&str>], at: usize, kind: Kind, now: DateTime<Utc>) -> bool {
    let (mut all, mut fitting, mut counting) = (0, 0, 0);
    for cell in cells(lines, at) {
        all += 1;
        fitting += usize::from(kind.fits(cell, now));
        counting += usize::from(cell.parse() == Ok(all));
    }
    fitting * 10 >= all * 8 && all > 0 && (counting < all || all == 1)
}

/// How many different values a column has.
fn variety(lines: &[Vec<&str>], at: usize) -> usize {
    cells(lines, at).collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use domain::time::parse_instant;

    use super::*;

    #[test]
    fn a_table_is_read_with_and_without_a_heading() {
        let now = parse_instant("2026-11-27T20:45:00+07:00").unwrap();
        let rows = "1\tNguyễn Văn An\t038090001234\t17/05/1990\tNam\t301\n\
                    2\tTrần Thị Bình\t038195001235\t02/03/1995\tNữ\t302\n";
        let found = heading(rows, now).unwrap();
        assert_eq!(
            found,
            "\tHọ và tên\tSố giấy tờ\tNgày sinh\tGiới tính\tPhòng"
        );
        let named = format!("STT\tHọ tên\tSố CCCD\tNgày sinh\tGiới tính\tPhòng\n{rows}");
        for text in [format!("{found}\n{rows}"), named] {
            let guests = read(&text, now).unwrap();
            assert_eq!(guests.len(), 2, "{text}");
            assert_eq!(guests[0].full_name, "Nguyễn Văn An");
            assert_eq!(guests[0].number, "038090001234");
            assert_eq!(guests[0].birth_date, "17/05/1990");
            assert_eq!(guests[1].sex, "female");
            assert_eq!(guests[1].room, "302");
        }
        assert!(heading("Nguyễn Văn An\nTrần Thị Bình\n", now).is_none());
        assert!(read(rows, now).is_none());
    }
}
