//! Requests and their outcomes, one JSON object per line.
//!
//! A line is handed to the operating system before the request it announces is sent, so that even a
//! killed run knows every stay it may have made. No line contains an API key or data of a guest: a
//! body is recorded only by its SHA-256.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use chrono::SecondsFormat;
use parking_lot::Mutex;
use runtime::clock::Clock;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// An open journal.
pub(crate) struct Journal {
    file: Mutex<File>,
    clock: Clock,
}

/// One stay that is about to be sent.
#[derive(Serialize)]
pub(crate) struct Sending<'a> {
    /// The request's `Idempotency-Key`.
    pub(crate) key: &'a str,
    /// From 1; more than 1 when the outcome of the previous attempt is unknown.
    pub(crate) attempt: u32,
    /// Where the guest stays.
    pub(crate) facility_id: &'a str,
    /// The stay's own reference.
    pub(crate) reference: &'a str,
    /// Lower-case hex, of the bytes of this stay's object.
    pub(crate) body_sha256: &'a str,
}

/// What became of one stay.
#[derive(Serialize)]
pub(crate) struct Ending<'a> {
    /// The request's `Idempotency-Key`.
    pub(crate) key: &'a str,
    /// Which attempt.
    pub(crate) attempt: u32,
    /// The stay's own reference.
    pub(crate) reference: &'a str,
    /// HTTP status; none when there was no answer.
    pub(crate) status: Option<u16>,
    /// `accepted`, `replayed`, `rejected` or `unknown`.
    pub(crate) outcome: &'static str,
    /// The problem's code, or why there was no answer.
    pub(crate) code: Option<&'a str>,
    /// Id of the stay.
    pub(crate) stay_id: Option<Uuid>,
    /// Number of the receipt.
    pub(crate) receipt: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Send(&'a Sending<'a>),
    Outcome(&'a Ending<'a>),
}

#[derive(Serialize)]
struct Stamped<'a> {
    at: String,
    #[serde(flatten)]
    line: Line<'a>,
}

impl Journal {
    /// Opens the file for appending; makes it when absent.
    pub(crate) fn open(path: &Path, clock: Clock) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self {
            file: Mutex::new(file),
            clock,
        })
    }

    /// Records a request about to be sent; returns before it is sent.
    pub(crate) fn sending(&self, stays: &[Sending<'_>]) -> io::Result<()> {
        self.write(stays.iter().map(Line::Send))
    }

    /// Notes what became of it.
    pub(crate) fn ended(&self, stays: &[Ending<'_>]) -> io::Result<()> {
        self.write(stays.iter().map(Line::Outcome))
    }

    fn write<'a>(&self, lines: impl Iterator<Item = Line<'a>>) -> io::Result<()> {
        let at = self
            .clock
            .now()
            .to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut text = Vec::new();
        for line in lines {
            let at = at.clone();
            serde_json::to_writer(&mut text, &Stamped { at, line })?;
            text.push(b'\n');
        }
        let mut file = self.file.lock();
        file.write_all(&text)
    }
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_line_is_an_object_in_the_order_of_events() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.jsonl");
        let journal = Journal::open(&path, Clock::system()).unwrap();
        let sending = Sending {
            key: "k-1",
            attempt: 1,
            facility_id: "f",
            reference: "R-1",
            body_sha256: "00",
        };
        journal.sending(&[sending]).unwrap();
        let ending = Ending {
            key: "k-1",
            attempt: 1,
            reference: "R-1",
            status: Some(201),
            outcome: "accepted",
            code: None,
            stay_id: Some(Uuid::nil()),
            receipt: Some("LT-1"),
        };
        journal.ended(&[ending]).unwrap();

        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["event"], "send");
        assert_eq!(lines[0]["body_sha256"], "00");
        assert_eq!(lines[1]["event"], "outcome");
        assert_eq!(lines[1]["status"], 201);
        assert_eq!(lines[1]["receipt"], "LT-1");
    }
}
