//! CSV (RFC 4180), as programs really write it: `,`, `;`, tab or `|` between cells, any line end,
//! quotes where there need be none.

use csv::{ReaderBuilder, StringRecord};

use super::{Builder, FileFault, FileKind, Layout, Table, encoding};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Lines that are looked at to find the delimiter.
const TRIED_LINE_COUNT: usize = 10;
const TRIED_BYTE_COUNT: usize = 64 * 1024;

pub(super) fn read(bytes: &[u8]) -> Result<Table, FileFault> {
    let (text, encoding) = encoding::decode(bytes)?;
    let (named, text) = named_delimiter(&text);
    let delimiter = named.unwrap_or_else(|| delimiter(text));
    let first_number = if named.is_some() { 1 } else { 0 };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut builder = Builder::new();
    let mut record = StringRecord::new();
    let mut number = first_number;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            // The text is text already, and rows may differ in length: nothing else is left.
            Err(_) => return Err(FileFault::Unreadable),
        }
        number += 1;
        for cell in &record {
            builder.push(cell, number)?;
        }
        builder.end_row(number)?;
    }
    Ok(builder.finish(Layout {
        kind: FileKind::Csv,
        delimiter,
        encoding,
        is_1904: false,
    }))
}

/// The delimiter that a first line `sep=;` names, and the text behind it: Excel's own habit.
fn named_delimiter(text: &str) -> (Option<u8>, &str) {
    let Some((line, rest)) = text.split_once('\n') else {
        return (None, text);
    };
    let named = line.trim_end_matches('\r').strip_prefix("sep=");
    match named.map(str::as_bytes) {
        Some([delimiter]) if DELIMITERS.contains(delimiter) => (Some(*delimiter), rest),
        _ => (None, text),
    }
}

/// The delimiter that cuts the first lines into the most columns, the same number in each.
fn delimiter(text: &str) -> u8 {
    let counts = counts(text);
    let score = |place: usize| {
        let of_lines = || counts.iter().map(|line| line[place]);
        let most = of_lines().max().unwrap_or_default();
        let agreeing = of_lines().filter(|count| *count == most).count();
        if most == 0 { 0 } else { agreeing * 100 + most }
    };
    // The first of equals: the comma.
    let best = (0..DELIMITERS.len())
        .rev()
        .max_by_key(|place| score(*place));
    best.map_or(b',', |place| DELIMITERS[place])
}

/// How often each delimiter stands outside quotes, in each of the first lines that are not blank.
fn counts(text: &str) -> Vec<[usize; DELIMITERS.len()]> {
    let mut lines = Vec::new();
    let mut line = [0; DELIMITERS.len()];
    let mut is_blank = true;
    let mut is_quoted = false;
    for byte in text.bytes().take(TRIED_BYTE_COUNT) {
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
