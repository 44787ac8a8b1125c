//! Alive, ready, measured: `/livez`, `/readyz`, `/metrics`.
//!
//! `/livez` answers as long as the process serves, without running checks. `/readyz` is 200 or 503
//! depending on checks of what this process itself needs; dependencies are listed as well but never
//! change the status, because neither a restart nor another instance would fix them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use parking_lot::RwLock;
use poem::endpoint::make_sync;
use poem::http::{StatusCode, header};
use poem::{Endpoint, Response, Route, get};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::telemetry::MetricsHandle;

type CheckQuery = Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// How often checks run, and their time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadinessLimits {
    /// How long a result is reused before the check runs again.
    pub cache_duration: Duration,
    /// A check that takes longer counts as failing.
    pub check_timeout: Duration,
}

impl Default for ReadinessLimits {
    fn default() -> Self {
        Self {
            cache_duration: Duration::from_secs(1),
            check_timeout: Duration::from_millis(200),
        }
    }
}

/// The state behind `/readyz`. Clones share it.
#[derive(Clone)]
pub struct Readiness {
    inner: Arc<ReadinessInner>,
}

struct ReadinessInner {
    limits: ReadinessLimits,
    is_draining: AtomicBool,
    checks: RwLock<Vec<Arc<Check>>>,
}

struct Check {
    name: &'static str,
    kind: CheckKind,
    question: CheckQuery,
    /// Held while a check runs, so that concurrent callers share one run.
    last: Mutex<Option<(Instant, bool)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CheckKind {
    /// Decides between 200 and 503.
    Own,
    /// Only listed.
    Dependency,
}

/// One answer of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadinessReport {
    /// Whether the process should get requests.
    pub is_ready: bool,
    /// Own checks and whether they passed; `draining` is always among them.
    pub checks: Vec<(&'static str, bool)>,
    /// Other systems and whether they answered.
    pub dependencies: Vec<(&'static str, bool)>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new(ReadinessLimits::default())
    }
}

impl Readiness {
    /// Without checks: ready.
    pub fn new(limits: ReadinessLimits) -> Self {
        let inner = ReadinessInner {
            limits,
            is_draining: AtomicBool::new(false),
            checks: RwLock::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Adds a check that decides the status. Its error goes to the log, so it must hold nothing
    /// personal or secret.
    pub fn add_check<F, Fut>(&self, name: &'static str, question: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.add(name, CheckKind::Own, Box::new(move || question().boxed()));
    }

    /// Adds another system, listed as `ok` or `degraded`. Its error goes to the log.
    pub fn add_dependency<F, Fut>(&self, name: &'static str, question: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.add(
            name,
            CheckKind::Dependency,
            Box::new(move || question().boxed()),
        );
    }

    /// Not ready from now on: the process finishes its work and stops.
    pub fn start_draining(&self) {
        self.inner.is_draining.store(true, Ordering::SeqCst);
    }

    /// True after [`Readiness::start_draining`].
    pub fn is_draining(&self) -> bool {
        self.inner.is_draining.load(Ordering::SeqCst)
    }

    /// Runs all checks without a recent result, concurrently.
    pub async fn report(&self) -> ReadinessReport {
        let checks = self.inner.checks.read().clone();
        let answers = join_all(checks.iter().map(|check| check.answer(self.inner.limits))).await;

        let mut own = Vec::new();
        let mut dependencies = Vec::new();
        for (check, is_ok) in checks.iter().zip(answers) {
            match check.kind {
                CheckKind::Own => own.push((check.name, is_ok)),
                CheckKind::Dependency => dependencies.push((check.name, is_ok)),
            }
        }
        own.push(("draining", !self.is_draining()));
        let is_ready = own.iter().all(|(_, is_ok)| *is_ok);
        ReadinessReport {
            is_ready,
            checks: own,
            dependencies,
        }
    }

    fn add(&self, name: &'static str, kind: CheckKind, question: CheckQuery) {
        let check = Check {
            name,
            kind,
            question,
            last: Mutex::new(None),
        };
        let mut checks = self.inner.checks.write();
        checks.push(Arc::new(check));
    }
}

impl Check {
    async fn answer(&self, limits: ReadinessLimits) -> bool {
        let mut last = self.last.lock().await;
        if let Some((asked_at, is_ok)) = *last
            && asked_at.elapsed() < limits.cache_duration
        {
            return is_ok;
        }
        let answer = tokio::time::timeout(limits.check_timeout, (self.question)())
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()));
        self.note_change(last.is_none_or(|(_, was_ok)| was_ok), &answer);
        *last = Some((Instant::now(), answer.is_ok()));
        answer.is_ok()
    }

    /// One log line per change, however often the check is asked.
    fn note_change(&self, was_ok: bool, answer: &Result<(), String>) {
        let check = self.name;
        metrics::gauge!("luutru_readiness", "check" => check).set(f64::from(answer.is_ok()));
        match answer {
            Err(error) if was_ok => tracing::warn!(check, error, "a readiness check fails"),
            Ok(()) if !was_ok => tracing::info!(check, "a readiness check passes again"),
            Ok(()) | Err(_) => {}
        }
    }
}

impl ReadinessReport {
    /// 200 or 503.
    pub fn status(&self) -> StatusCode {
        if self.is_ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }

    /// `{"status": "ready" | "not_ready", "checks": {"database": "ok" | "failing", …},
    /// "dependencies": {"registry": "ok" | "degraded", …}}`.
    pub fn to_json(&self) -> Value {
        json!({
            "status": if self.is_ready { "ready" } else { "not_ready" },
            "checks": words(&self.checks, "failing"),
            "dependencies": words(&self.dependencies, "degraded"),
        })
    }
}

fn words(answers: &[(&'static str, bool)], otherwise: &'static str) -> Map<String, Value> {
    let word = |is_ok| if is_ok { "ok" } else { otherwise };
    answers
        .iter()
        .map(|&(name, is_ok)| (name.to_owned(), Value::from(word(is_ok))))
        .collect()
}

/// All three paths, for the ops address of a process.
pub fn ops_endpoint(
    readiness: &Readiness,
    metrics: MetricsHandle,
) -> impl Endpoint<Output = Response> + 'static {
    let metrics = make_sync(move |_| {
        Response::builder()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(metrics.render())
    });
    poem::EndpointExt::map_to_response(
        health_endpoints(Route::new(), readiness).at("/metrics", get(metrics)),
    )
}

/// Adds `GET /livez` and `GET /readyz` to `route`.
pub fn health_endpoints(route: Route, readiness: &Readiness) -> Route {
    let readiness = readiness.clone();
    let livez = make_sync(|_| answer(StatusCode::OK, &json!({ "status": "alive" })));
    let readyz = poem::endpoint::make(move |_| {
        let readiness = readiness.clone();
        async move {
            let report = readiness.report().await;
            answer(report.status(), &report.to_json())
        }
    });
    route.at("/livez", get(livez)).at("/readyz", get(readyz))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use poem::Request;

    use super::*;
    use crate::telemetry;

    async fn ask(readiness: &Readiness, path: &'static str) -> (StatusCode, String) {
        let metrics = telemetry::install_metrics().unwrap();
        let endpoint = ops_endpoint(readiness, metrics);
        let response = endpoint
            .get_response(Request::builder().uri_str(path).finish())
            .await;
        (
            response.status(),
            response.into_body().into_string().await.unwrap(),
        )
    }

    #[tokio::test]
    async fn ready_lists_checks_and_dependencies_and_a_degraded_one_changes_nothing() {
        let readiness = Readiness::default();
        readiness.add_check("database", || async { Ok(()) });
        readiness.add_dependency("registry", || async { Err("refused".to_owned()) });

        let (status, body) = ask(&readiness, "/readyz").await;
        assert_eq!(status, StatusCode::OK);
        let expected = json!({
            "status": "ready",
            "checks": { "database": "ok", "draining": "ok" },
            "dependencies": { "registry": "degraded" },
        });
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    }

    #[tokio::test]
    async fn a_failing_check_or_draining_is_503_and_livez_stays_200() {
        let readiness = Readiness::default();
        readiness.add_check("database", || async { Err("closed".to_owned()) });
        let (status, body) = ask(&readiness, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(
            body.contains(r#""database":"failing""#) && !body.contains("closed"),
            "{body}"
        );

        let draining = Readiness::default();
        draining.start_draining();
        assert_eq!(
            ask(&draining, "/readyz").await.0,
            StatusCode::SERVICE_UNAVAILABLE
        );
        assert_eq!(ask(&draining, "/livez").await.0, StatusCode::OK);
        assert_eq!(ask(&readiness, "/livez").await.0, StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_cached_and_shared_and_a_stuck_check_is_cut() {
        let readiness = Readiness::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        readiness.add_check("database", move || {
            count.fetch_add(1, Ordering::SeqCst);
            std::future::pending()
        });

        let started = Instant::now();
        let (one, two) = tokio::join!(readiness.report(), readiness.report());
        assert!(!one.is_ready && !two.is_ready);
        assert_eq!(started.elapsed().as_millis(), 200);
        assert_eq!(asked.load(Ordering::SeqCst), 1);

        tokio::time::advance(Duration::from_secs(1)).await;
        readiness.report().await;
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn metrics_are_text() {
        metrics::counter!("luutru_ops_test_total").increment(0);
        let readiness = Readiness::default();
        ask(&readiness, "/livez").await;
        metrics::counter!("luutru_ops_test_total").increment(1);
        let (status, body) = ask(&readiness, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("luutru_ops_test_total 1"), "{body}");
        assert_eq!(ask(&readiness, "/elsewhere").await.0, StatusCode::NOT_FOUND);
    }
}
