//! Standard output: results of commands and nothing else. Logs go to standard error.

use std::io::{self, Write};

use serde::Serialize;

/// Writes the text as it is.
pub(crate) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes the text and a line end.
pub(crate) fn say_line(text: &str) -> io::Result<()> {
    say(&format!("{text}\n"))
}

/// Writes the value as one line of JSON.
pub(crate) fn say_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(say_line(&serde_json::to_string(value)?)?)
}
