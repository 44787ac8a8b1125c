//! Operators' view of a request: that it is active, how long its answer took, and a log line if
//! something is wrong with it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use metrics::{Gauge, Histogram, counter, gauge, histogram};
use parking_lot::RwLock;
use tracing::{Level, Span};

use crate::problem::Failure;

/// Label of requests that matched no route.
const NO_ROUTE: &str = "none";

/// Handles of one metric by those of its labels that vary. The recorder finds a metric by hashing
/// its name and freshly allocated labels, so each handle is looked up once and kept.
struct Handles<L, H>(RwLock<HashMap<L, H>>);

impl<L: Copy + Eq + Hash, H: Clone> Handles<L, H> {
    fn new() -> Self {
        Self(RwLock::new(HashMap::new()))
    }

    fn get(&self, labels: L, find: impl FnOnce() -> H) -> H {
        let known = self.0.read();
        if let Some(handle) = known.get(&labels) {
            return handle.clone();
        }
        drop(known);
        let mut known = self.0.write();
        known.entry(labels).or_insert_with(find).clone()
    }
}

/// Counts a request while alive, also when the client hangs up.
pub(super) struct Active(Gauge);

impl Active {
    pub(super) fn begin(method: &'static str) -> Self {
        static BY_METHOD: LazyLock<Handles<&'static str, Gauge>> = LazyLock::new(Handles::new);

        let active = BY_METHOD.get(
            method,
            || gauge!("http_server_active_requests", "http_request_method" => method),
        );
        active.increment(1);
        Self(active)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// How long the answers of one route take, by method and status.
pub(super) struct Durations {
    template: Arc<str>,
    histograms: Handles<(&'static str, u16), Histogram>,
}

impl Durations {
    /// For the route with this template, spelled as in the document.
    pub(super) fn new(template: impl Into<Arc<str>>) -> Self {
        Self {
            template: template.into(),
            histograms: Handles::new(),
        }
    }

    /// For requests that match no route.
    pub(super) fn unmatched() -> Self {
        Self::new(NO_ROUTE)
    }

    pub(super) fn template(&self) -> &str {
        &self.template
    }

    fn record(&self, method: &'static str, status: u16, took: Duration) {
        let histogram = self.histograms.get((method, status), || {
            histogram!(
                "http_server_request_duration_seconds",
                "http_route" => Arc::clone(&self.template),
                "http_request_method" => method,
                "http_response_status_code" => status.to_string()
            )
        });
        histogram.record(took);
    }
}

/// An answer, as the operator sees it.
pub(super) struct Measured<'a> {
    pub(super) durations: &'a Durations,
    pub(super) method: &'static str,
    pub(super) status: u16,
    pub(super) took: Duration,
}

impl Measured<'_> {
    pub(super) fn note(&self, span: &Span, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            counter!("luutru_problems_total", "code" => failure.code().as_str()).increment(1);
        }
        self.log(span, failure);
        self.durations.record(self.method, self.status, self.took);
    }

    /// One line for each answer that is our fault and for each refusal, with codes but no values;
    /// other answers are logged at debug level.
    fn log(&self, span: &Span, failure: Option<&Failure>) {
        let line = LogLine::of(self.status, failure.is_some());
        if line == LogLine::Answered && !tracing::enabled!(Level::DEBUG) {
            return;
        }
        // Each field recorded makes the subscriber format all fields of the span again, so they
        // are left out of a span that no line shows.
        span.record("http.route", self.durations.template());
        span.record("http.response.status_code", self.status);
        let milliseconds = self.took.as_secs_f64() * 1_000.0;
        span.in_scope(|| line.write(milliseconds, failure));
    }
}

/// The log line of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LogLine {
    /// Our fault, somebody must act.
    Failed,
    /// Ours as well, and expected to pass.
    Unserved,
    /// The caller's fault.
    Refused,
    /// Anything else.
    Answered,
}

impl LogLine {
    fn of(status: u16, is_failure: bool) -> Self {
        match status {
            500 => Self::Failed,
            501.. if is_failure => Self::Unserved,
            400..=499 if is_failure && REFUSAL_LINES.take() => Self::Refused,
            _ => Self::Answered,
        }
    }

    fn write(self, milliseconds: f64, failure: Option<&Failure>) {
        let code = failure.map(|failure| failure.code().as_str());
        let cause = failure.and_then(Failure::causes);
        match self {
            Self::Failed => tracing::error!(
                code,
                cause,
                milliseconds,
                "a request failed with an internal error"
            ),
            Self::Unserved => {
                tracing::warn!(code, cause, milliseconds, "a request could not be served")
            }
            Self::Refused => {
                let errors = failure.map(Failure::error_codes);
                tracing::info!(code, errors, milliseconds, "a request was refused")
            }
            Self::Answered => tracing::debug!(code, milliseconds, "a request was answered"),
        }
    }
}

/// Refusals logged in one second at most, so that a caller that is refused a thousand times a
/// second does not fill the log.
const REFUSAL_LINES_PER_SECOND: u64 = 100;

static REFUSAL_LINES: LineCount = LineCount {
    second: AtomicU64::new(0),
    count: AtomicU64::new(0),
};

/// How many lines were written in this second of the process's life.
struct LineCount {
    second: AtomicU64,
    count: AtomicU64,
}

impl LineCount {
    /// Whether one more may be written; suppressed lines are counted.
    fn take(&self) -> bool {
        static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

        self.take_at(STARTED.elapsed().as_secs())
    }

    fn take_at(&self, second: u64) -> bool {
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.count.store(0, Ordering::Relaxed);
        }
        let is_free = self.count.fetch_add(1, Ordering::Relaxed) < REFUSAL_LINES_PER_SECOND;
        if !is_free {
            counter!("luutru_log_lines_held_back_total").increment(1);
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_fill_no_log() {
        let lines = LineCount {
            second: AtomicU64::new(0),
            count: AtomicU64::new(0),
        };
        for _ in 0..REFUSAL_LINES_PER_SECOND {
            assert!(lines.take_at(7));
        }
        assert!(!lines.take_at(7));
        assert!(lines.take_at(8), "the next second has lines of its own");
    }

    #[test]
    fn a_handle_is_looked_up_once_for_its_labels() {
        let handles = Handles::new();
        let found = |labels, handle| handles.get(labels, || handle);
        assert_eq!(found(("GET", 200), "first"), "first");
        assert_eq!(found(("GET", 200), "again"), "first");
        assert_eq!(found(("GET", 404), "another status"), "another status");
        assert_eq!(found(("POST", 200), "another method"), "another method");
    }

    #[test]
    fn only_faults_and_refusals_have_lines_of_their_own() {
        assert!(LogLine::of(500, true) == LogLine::Failed);
        assert!(LogLine::of(503, true) == LogLine::Unserved);
        assert!(LogLine::of(422, true) == LogLine::Refused);
        assert!(LogLine::of(201, false) == LogLine::Answered);
        assert!(LogLine::of(404, false) == LogLine::Answered);
    }
}
