//! Reads the file in a separate process; contains both ends of the pipe.
//!
//! A file is untrusted: it may demand any amount of memory or time, or trigger a bug in a library.
//! So a separate process reads it, with its own limits and nothing but the file, and its crash
//! affects nothing else. It gets a [`Request`] as one line of JSON and then the bytes of the file;
//! it returns lines of JSON, each an [`ReaderAnswer`]: the structure of the file, its rows one by one,
//! the end; or the fault. The reader of the pipe sets the pace.

use std::io::{BufRead, Read, Write};

use domain::import::FileKind;
use serde::{Deserialize, Serialize};

use super::{FileDescription, FileOptions, FileRow, StayFile};
use crate::stay_rows::places::RowNote;
use crate::table::{FILE_BYTE_COUNT_MAX, FileFault};

/// Longest line of the request.
const REQUEST_BYTE_COUNT_MAX: u64 = 64 * 1024;

/// What is to be read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// What kind of file.
    pub kind: FileKind,
    /// The size of the file in bytes; a shorter input is an error.
    pub byte_count: usize,
    /// What the sender says about it.
    pub wishes: FileOptions,
    /// Rows before this one are not asked for.
    pub first_row: usize,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
pub enum ReaderAnswer {
    /// The file is understood.
    File(FileDescription),
    /// The next row.
    Row(FileRow),
    /// There are no more rows.
    End,
    /// The file as a whole cannot be read.
    Fault(Vec<RowNote>),
}

/// Serves one file.
///
/// # Errors
/// The pipe broke, or the input is not a valid request.
pub fn serve(input: impl Read, output: impl Write) -> std::io::Result<()> {
    let mut input = std::io::BufReader::new(input);
    let mut line = Vec::new();
    let mut head = input.by_ref().take(REQUEST_BYTE_COUNT_MAX);
    head.read_until(b'\n', &mut line)?;
    let request: Request = serde_json::from_slice(&line)?;
    let mut output = std::io::BufWriter::new(output);
    let file = match read(&mut input, &request)? {
        Ok(file) => file,
        Err(fault) => {
            let notes = fault.violations().iter().map(RowNote::of).collect();
            return send(&mut output, &ReaderAnswer::Fault(notes));
        }
    };
    send(&mut output, &ReaderAnswer::File(file.description()))?;
    for row in file.rows(request.first_row) {
        write(&mut output, &ReaderAnswer::Row(row))?;
    }
    send(&mut output, &ReaderAnswer::End)
}

fn read(input: &mut impl Read, request: &Request) -> std::io::Result<Result<StayFile, FileFault>> {
    let broken = |what| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
    // In one piece: growing by doubling would take twice the memory.
    let mut bytes = Vec::with_capacity(request.byte_count.min(FILE_BYTE_COUNT_MAX));
    input
        .by_ref()
        .take(request.byte_count as u64)
        .read_to_end(&mut bytes)?;
    if bytes.len() != request.byte_count {
        return Err(broken("not the whole file"));
    }
    Ok(StayFile::read(bytes, request.kind, &request.wishes))
}

fn write(output: &mut impl Write, answer: &ReaderAnswer) -> std::io::Result<()> {
    serde_json::to_writer(&mut *output, answer)?;
    output.write_all(b"\n")
}

fn send(output: &mut impl Write, answer: &ReaderAnswer) -> std::io::Result<()> {
    write(output, answer)?;
    output.flush()
}
