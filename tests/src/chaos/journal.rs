//! **J**: requests and their outcomes, one JSON object per line.
//!
//! A line is handed to the operating system before the request it announces is sent, and before the
//! answer it holds is used.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::now;

/// What a sender does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// One stay.
    Declare,
    /// Several stays in one request.
    Batch,
    /// The same request under the same key once more.
    Resend,
    /// Another request under a key that is taken.
    ReuseKey,
    /// Other content under a reference that is taken.
    Conflict,
    /// A stay that breaks a rule.
    Invalid,
    /// A merge patch of a stay.
    Amend,
    /// A departure.
    Depart,
    /// An extension.
    Extend,
    /// A cancellation.
    Cancel,
    /// A merge patch that names a version which is not the current one.
    Stale,
}

impl Operation {
    /// Method, and what follows the stay's id in the path; none of what is no change of a stay.
    pub const fn change(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Amend | Self::Stale => Some(("PATCH", "")),
            Self::Depart => Some(("POST", "/departure")),
            Self::Extend => Some(("POST", "/extension")),
            Self::Cancel => Some(("POST", "/cancellation")),
            Self::Declare
            | Self::Batch
            | Self::Resend
            | Self::ReuseKey
            | Self::Conflict
            | Self::Invalid => None,
        }
    }

    /// The only answer of the service that refuses this for good: status and code.
    pub const fn refusal(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Declare
            | Self::Batch
            | Self::Resend
            | Self::Amend
            | Self::Depart
            | Self::Extend
            | Self::Cancel => None,
            Self::ReuseKey => Some((422, "idempotency_key_reused")),
            Self::Conflict => Some((409, "reference_conflict")),
            Self::Invalid => Some((422, "validation_failed")),
            Self::Stale => Some((412, "version_mismatch")),
        }
    }
}

/// A stay as it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Its reference, unique in a run except for conflicts.
    pub reference: String,
    /// The whole object.
    pub content: Value,
    /// The police endpoint was told to refuse it.
    pub is_refused_by_police: bool,
}

/// A change of a stay as it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Which stay.
    pub stay_id: String,
    /// The version in its `If-Match`.
    pub version: i64,
    /// The body.
    pub document: Value,
    /// Another change of the same version goes out at the same time: one of them is refused.
    pub has_rival: bool,
}

/// A request that is about to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sending {
    /// Microseconds since 1970.
    pub at: i64,
    /// Number of the request in the run.
    pub request: u64,
    /// What it does.
    pub operation: Operation,
    /// Its `Idempotency-Key`.
    pub key: String,
    /// The stays in it.
    pub items: Vec<Item>,
    /// What it changes, where it changes a stay.
    #[serde(default)]
    pub change: Option<Change>,
}

/// How a request ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallEnd {
    /// Microseconds since 1970.
    pub at: i64,
    /// Number of the request.
    pub request: u64,
    /// The status of a complete answer; none when there was none.
    pub status: Option<u16>,
    /// The body of a complete answer.
    pub body: Option<String>,
    /// Its `Retry-After`.
    #[serde(default)]
    pub retry_after: Option<String>,
}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: String,
    /// Its `Retry-After`.
    pub retry_after: Option<String>,
}

/// A line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Line {
    /// Before a request.
    Send(Sending),
    /// After it.
    Outcome(CallEnd),
}

/// The open journal of a run.
pub struct Journal {
    file: Mutex<File>,
    next: AtomicU64,
}

impl Journal {
    /// Makes the file.
    pub fn create(path: &Path) -> Self {
        Self {
            file: Mutex::new(File::create(path).expect("the journal can be made")),
            next: AtomicU64::new(0),
        }
    }

    /// Writes down what is about to be sent; answers the number of the request.
    pub fn sending(
        &self,
        operation: Operation,
        key: &str,
        items: &[Item],
        change: Option<&Change>,
    ) -> u64 {
        let request = self.next.fetch_add(1, Ordering::Relaxed);
        self.write(&Line::Send(Sending {
            at: micros(),
            request,
            operation,
            key: key.to_owned(),
            items: items.to_vec(),
            change: change.cloned(),
        }));
        request
    }

    /// Writes down how a request ended.
    pub fn ended(&self, request: u64, answer: Option<Told>) {
        let at = micros();
        let (status, body, retry_after) = match answer {
            Some(told) => (Some(told.status), Some(told.body), told.retry_after),
            None => (None, None, None),
        };
        self.write(&Line::Outcome(CallEnd {
            at,
            request,
            status,
            body,
            retry_after,
        }));
    }

    fn write(&self, line: &Line) {
        let mut text = serde_json::to_vec(line).expect("a line is JSON");
        text.push(b'\n');
        let mut file = self.file.lock();
        file.write_all(&text).expect("the journal can be written");
    }
}

/// Reads a journal; a torn last line is one that was never answered for.
pub fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).expect("the journal can be read");
    let lines = text.lines().map(serde_json::from_str);
    lines.map_while(Result::ok).collect()
}

/// The current time in microseconds since 1970.
pub(crate) fn micros() -> i64 {
    now().timestamp_micros()
}
