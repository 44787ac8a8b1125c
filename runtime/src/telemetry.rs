//! Logs and metrics of a process.
//!
//! Logs always go to stderr (stdout belongs to answers of commands): text on a terminal, one JSON
//! object a line otherwise. A panic is logged with its place; its text only when it is a fixed
//! one, because a formatted text may quote what somebody submitted.

mod help;

use std::any::Any;
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::time::Duration;

use clap::ValueEnum;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use parking_lot::Mutex;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::secrets::SettingError;

/// Value of `LUUTRU_LOG` when it is not set: what an operator wants to read.
pub const DEFAULT_FILTER: &str = "info,sqlx=warn,sea_orm=warn,hyper=warn,h2=warn,reqwest=warn";

/// Upper bounds of the `*_seconds` histograms: the advice of OpenTelemetry for durations of HTTP,
/// with two below and three above for commits and waits.
/// Source: OpenTelemetry semantic conventions, `http.server.request.duration`.
const SECONDS_BUCKETS: [f64; 19] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0, 60.0, 600.0,
];

/// Upper bounds of the histograms that count (`*_rows`, `*_count`).
const COUNT_BUCKETS: [f64; 11] = [
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
];

/// How often old samples are folded away, so that they do not gather when nobody asks.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Form of the log. `LUUTRU_LOG_FORMAT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text when stderr is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging: `filter` is the value of `LUUTRU_LOG`, for instance [`DEFAULT_FILTER`] or
/// `info,store=debug`. Lines go to `writer`, which stands for stderr. A second call in the same
/// process changes nothing.
pub fn init<W>(format: LogFormat, filter: &str, writer: W) -> Result<(), SettingError>
where
    W: for<'line> MakeWriter<'line> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).map_err(|_| {
        SettingError::new(
            "LUUTRU_LOG",
            "is not a log filter. Write a level and, optionally, levels by target, \
             for instance info,store=debug.",
        )
    })?;
    let is_terminal = std::io::stderr().is_terminal();
    let is_text = match format {
        LogFormat::Auto => is_terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    let is_first = if is_text {
        builder.with_ansi(is_terminal).try_init().is_ok()
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init()
            .is_ok()
    };
    if is_first {
        std::panic::set_hook(Box::new(log_panic));
    }
    Ok(())
}

/// A formatted panic message is suppressed; a literal one and the location are logged.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    tracing::error!(place, text = shown_text(panic.payload()), "panic");
}

fn shown_text(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(text held back)")
}

/// Renders what the process has measured, in the text format of Prometheus.
#[derive(Clone)]
pub struct MetricsHandle {
    prometheus: PrometheusHandle,
}

impl std::fmt::Debug for MetricsHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MetricsHandle")
    }
}

impl MetricsHandle {
    /// All metrics, text format of Prometheus.
    pub fn render(&self) -> String {
        self.prometheus.render()
    }
}

/// Makes the macros of `metrics` count, once per process: later calls give the same handle.
///
/// Histograms named `*_seconds` have the buckets that OpenTelemetry advises, `*_rows` and `*_count`
/// powers of two; others are summaries.
pub fn install_metrics() -> Result<MetricsHandle, BuildError> {
    static INSTALLED: Mutex<Option<MetricsHandle>> = Mutex::new(None);

    let mut installed = INSTALLED.lock();
    if let Some(handle) = installed.as_ref() {
        return Ok(handle.clone());
    }
    let prometheus = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_rows".to_owned()), &COUNT_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_count".to_owned()), &COUNT_BUCKETS)?
        .install_recorder()?;
    help::describe();
    metrics::gauge!(
        "luutru_build_info",
        "version" => env!("CARGO_PKG_VERSION"),
        "profile" => if cfg!(debug_assertions) { "debug" } else { "release" },
        "os" => std::env::consts::OS,
        "arch" => std::env::consts::ARCH
    )
    .set(1.0);
    let handle = MetricsHandle { prometheus };
    start_upkeep(handle.prometheus.clone());
    *installed = Some(handle.clone());
    Ok(handle)
}

/// A thread, not a task: the recorder outlives every runtime of the process.
fn start_upkeep(prometheus: PrometheusHandle) {
    let started = std::thread::Builder::new()
        .name("metrics".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(UPKEEP_INTERVAL);
                prometheus.run_upkeep();
            }
        });
    if started.is_err() {
        tracing::error!("could not start the thread that compacts metrics");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_histograms_and_a_second_install_gives_the_same_metrics() {
        install_metrics().unwrap();
        metrics::histogram!("luutru_runtime_test_seconds").record(0.003);
        metrics::counter!("luutru_runtime_test_total").increment(2);

        let text = install_metrics().unwrap().render();
        assert!(text.contains("# HELP luutru_build_info "), "{text}");
        assert!(text.contains("luutru_build_info{version=\""), "{text}");
        assert!(
            text.contains(r#"luutru_runtime_test_seconds_bucket{le="0.005"} 1"#),
            "{text}"
        );
        assert!(
            text.contains(r#"luutru_runtime_test_seconds_bucket{le="0.0025"} 0"#),
            "{text}"
        );
        assert!(text.contains("luutru_runtime_test_total 2"), "{text}");
    }

    #[test]
    fn a_filter_that_cannot_be_read_names_its_setting() {
        let error = init(LogFormat::Text, "info,=,=", std::io::stderr).unwrap_err();
        assert_eq!(error.setting(), "LUUTRU_LOG");
    }

    #[test]
    fn a_panic_shows_a_fixed_text_and_holds_back_a_formatted_one() {
        let fixed = std::panic::catch_unwind(|| panic!("on purpose")).unwrap_err();
        assert_eq!(shown_text(fixed.as_ref()), "on purpose");

        let name = String::from("Nguyễn Văn An");
        let formatted = std::panic::catch_unwind(|| panic!("no room for {name}")).unwrap_err();
        assert_eq!(shown_text(formatted.as_ref()), "(text held back)");
    }
}
