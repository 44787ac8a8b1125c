//! Prints figures measured by tests.

/// Prints what was measured of a row of the fault plan. Shown with `--nocapture`.
#[expect(clippy::print_stderr, reason = "a figure for the record")]
pub fn measured(row: &str, what: &str) {
    eprintln!("measured {row}: {what}");
}
