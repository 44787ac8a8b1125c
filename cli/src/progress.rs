//! Progress of a long command, drawn on standard error while that is a terminal. Otherwise nothing
//! is written.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use parking_lot::Mutex;

const REDRAW_INTERVAL: Duration = Duration::from_millis(100);
/// For a step of unknown length.
const SPINNER: &str = "{spinner} {msg}  {elapsed}";
/// For a step of known length.
const BAR: &str = "{spinner} {msg}  {wide_bar} {human_pos} of {human_len}  {eta} left";

/// Every bar of the process, so that log lines can be written between redraws. `None` unless
/// standard error is a terminal.
static BARS: LazyLock<Option<MultiProgress>> =
    LazyLock::new(|| io::stderr().is_terminal().then(MultiProgress::new));
/// A service has no bar, and its log must not depend on a terminal that may go away.
static BAR_COUNT: AtomicUsize = AtomicUsize::new(0);

/// The progress of one command. Dropping it clears its line.
pub(crate) struct ProgressLine {
    bar: Option<ProgressBar>,
    /// The step shown and its length, to notice when they change.
    shown: Mutex<(String, u64)>,
}

impl ProgressLine {
    /// Shows nothing before the first [`ProgressLine::show`].
    pub(crate) fn new() -> Self {
        let bar = BARS.as_ref().map(|bars| bars.add(ProgressBar::no_length()));
        if bar.is_some() {
            BAR_COUNT.fetch_add(1, Ordering::Relaxed);
        }
        Self {
            bar,
            shown: Mutex::default(),
        }
    }

    /// Whether anybody can see it. If not, a total need not be counted.
    pub(crate) fn is_visible(&self) -> bool {
        self.bar.is_some()
    }

    /// Shows how much of a step is done. `of` is 0 while the length of the step is unknown.
    pub(crate) fn show(&self, step: &str, done: u64, of: u64) {
        let Some(bar) = &self.bar else {
            return;
        };
        let mut shown = self.shown.lock();
        // Steps of one length, such as the rounds of a measurement, are one bar.
        if shown.1 != of || shown.0.is_empty() {
            bar.set_style(style(if of == 0 { SPINNER } else { BAR }));
            bar.reset();
            bar.enable_steady_tick(REDRAW_INTERVAL);
        }
        if of > 0 {
            bar.set_length(of);
            bar.set_position(done.min(of));
        }
        if shown.0 != step {
            bar.set_message(step.to_owned());
        }
        *shown = (step.to_owned(), of);
    }

    /// Writes to standard output without the line of the progress in between.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match BARS.as_ref() {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            BAR_COUNT.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Only a template with a mistake is refused, and both are tested.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Standard error for log lines: while one is written, the progress is not on the screen.
pub(crate) struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().lock().write_all(line);
        match BARS.as_ref() {
            Some(bars) if BAR_COUNT.load(Ordering::Relaxed) > 0 => bars.suspend(write)?,
            Some(_) | None => write()?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_well_formed() {
        for template in [SPINNER, BAR] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
