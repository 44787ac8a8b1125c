//! The common part of both simulators: every service request runs through [`Control::serve`], which
//! applies faults and counts; `/faults`, `/refusals` and `/stats` set and show them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use poem::{
    Body, Endpoint, Response, Route,
    endpoint::make,
    get,
    http::{Method, StatusCode, header},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{self, Failure},
    faults::{Fate, FaultPlan, Faults},
    refusals::{Refusal, Refusals},
};

/// How long a request hangs under `hang_rate`.
const HANG_DURATION: Duration = Duration::from_secs(120);
/// A list of refusals may be long; nothing else on a control path is.
const CONTROL_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Faults, refusals and counters of one simulator.
pub(crate) struct Control {
    pub(crate) faults: Faults,
    pub(crate) refusals: Refusals,
    pub(crate) counters: Counters,
    shutdown: CancellationToken,
}

/// Counts since the start of the process.
#[derive(Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    refused: AtomicU64,
    in_flight: AtomicU64,
    outage: AtomicU64,
    hang: AtomicU64,
    drop_after_accept: AtomicU64,
    malformed: AtomicU64,
    error: AtomicU64,
}

impl Counters {
    /// A request refused because `/refusals` says so.
    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    fn count_fate(&self, fate: Fate) {
        let counter = match fate {
            Fate::Outage => &self.outage,
            Fate::Hang => &self.hang,
            Fate::DropAfterAccept => &self.drop_after_accept,
            Fate::Malformed => &self.malformed,
            Fate::Error { .. } => &self.error,
            Fate::Answered => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Control {
    pub(crate) fn new(shutdown: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            faults: Faults::none(),
            refusals: Refusals::default(),
            counters: Counters::default(),
            shutdown,
        })
    }

    /// Serves one request under the current faults. `work` has the effect and builds the honest
    /// answer; it runs before the latency, so that a caller that times out does not know whether it
    /// took effect.
    pub(crate) async fn serve(&self, work: impl Future<Output = Response>) -> Response {
        let _present = Present::enter(&self.counters);
        let (fate, delay) = self.faults.draw();
        self.counters.count_fate(fate);
        match fate {
            Fate::Outage => answer::cut(),
            Fate::Hang => {
                self.pause(HANG_DURATION).await;
                answer::cut()
            }
            Fate::DropAfterAccept => {
                work.await;
                self.pause(delay).await;
                answer::cut()
            }
            Fate::Malformed => {
                work.await;
                self.pause(delay).await;
                answer::malformed()
            }
            Fate::Error {
                status,
                retry_after_s,
            } => {
                self.pause(delay).await;
                injected_error(status, retry_after_s)
            }
            Fate::Answered => {
                let response = work.await;
                self.pause(delay).await;
                response
            }
        }
    }

    /// Waits, but not into a shutdown.
    async fn pause(&self, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = self.shutdown.cancelled() => {}
        }
    }

    /// `/stats`: `effects` and what else the simulator itself counts are added by the caller.
    fn stats(&self) -> Value {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        json!({
            "requests": read(&counters.requests),
            "refused": read(&counters.refused),
            "in_flight": read(&counters.in_flight),
            "faults": {
                "outage": read(&counters.outage),
                "hang": read(&counters.hang),
                "drop_after_accept": read(&counters.drop_after_accept),
                "malformed": read(&counters.malformed),
                "error": read(&counters.error),
            },
        })
    }
}

/// A request being served; leaves the count even when its caller hangs up.
struct Present<'a>(&'a Counters);

impl<'a> Present<'a> {
    fn enter(counters: &'a Counters) -> Self {
        counters.requests.fetch_add(1, Ordering::Relaxed);
        counters.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(counters)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn injected_error(status: u16, retry_after_s: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response =
        answer::failure(status, "simulated_error", "Failed as asked for in /faults.");
    if let Some(seconds) = retry_after_s {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Adds the control paths. `own_counts` gives the members that a simulator adds to `/stats`.
pub(crate) fn add_routes(
    route: Route,
    control: &Arc<Control>,
    own_counts: impl Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static,
) -> Route {
    let stats = {
        let control = Arc::clone(control);
        make(move |_| {
            let mut stats = control.stats();
            if let Some(members) = stats.as_object_mut() {
                let counts = own_counts().into_iter();
                members.extend(counts.map(|(name, count)| (name.to_owned(), count.into())));
            }
            async move { answer::json(StatusCode::OK, &stats) }
        })
    };
    route
        .at("/faults", faults_endpoint(Arc::clone(control)))
        .at("/refusals", refusals_endpoint(Arc::clone(control)))
        .at("/stats", get(stats))
}

fn faults_endpoint(control: Arc<Control>) -> impl Endpoint<Output = Response> {
    let endpoint = make(move |request| {
        let control = Arc::clone(&control);
        async move {
            let faults = &control.faults;
            match *request.method() {
                Method::PUT => match put_faults(faults, request.into_body()).await {
                    Ok(plan) => answer::json(StatusCode::OK, &plan),
                    Err(response) => response,
                },
                Method::DELETE => {
                    faults.clear();
                    answer::json(StatusCode::OK, &faults.plan())
                }
                _ => answer::json(StatusCode::OK, &faults.plan()),
            }
        }
    });
    let endpoint = Arc::new(endpoint);
    get(Arc::clone(&endpoint))
        .put(Arc::clone(&endpoint))
        .delete(endpoint)
}

async fn put_faults(faults: &Faults, body: Body) -> Result<FaultPlan, Response> {
    let plan: FaultPlan = read_control(body, Value::is_object).await?;
    let violations = plan.violations();
    if violations.is_empty() {
        Ok(faults.set(plan))
    } else {
        Err(invalid("A value is out of bounds.", &violations))
    }
}

fn refusals_endpoint(control: Arc<Control>) -> impl Endpoint<Output = Response> {
    let endpoint = make(move |request| {
        let control = Arc::clone(&control);
        async move {
            let refusals = &control.refusals;
            match *request.method() {
                Method::PUT => match put_refusals(refusals, request.into_body()).await {
                    Ok(()) => answer::json(StatusCode::OK, &refusals.list()),
                    Err(response) => response,
                },
                Method::DELETE => {
                    refusals.set(Vec::new());
                    answer::json(StatusCode::OK, &refusals.list())
                }
                _ => answer::json(StatusCode::OK, &refusals.list()),
            }
        }
    });
    let endpoint = Arc::new(endpoint);
    get(Arc::clone(&endpoint))
        .put(Arc::clone(&endpoint))
        .delete(endpoint)
}

async fn put_refusals(refusals: &Refusals, body: Body) -> Result<(), Response> {
    let is_list_of_objects = |value: &Value| {
        let elements = value.as_array();
        elements.is_some_and(|elements| elements.iter().all(Value::is_object))
    };
    let list: Vec<Refusal> = read_control(body, is_list_of_objects).await?;
    let violations: Vec<String> = list
        .iter()
        .enumerate()
        .filter_map(|(position, refusal)| {
            let pointer = refusal.violation()?;
            Some(format!("/{position}{pointer}"))
        })
        .collect();
    if violations.is_empty() {
        refusals.set(list);
        return Ok(());
    }
    Err(invalid(
        "Each refusal has exactly one of stay_id, document_number and facility_id, a status \
         from 400 to 599 and a code.",
        &violations,
    ))
}

/// Not JSON: 400. JSON of another shape: 422; the shape is judged apart, because the JSON reader
/// takes an array for an object too.
async fn read_control<T: DeserializeOwned>(
    body: Body,
    has_shape: impl FnOnce(&Value) -> bool,
) -> Result<T, Response> {
    let value = read_json(body, CONTROL_BODY_BYTES_MAX)
        .await
        .map_err(Failure::into_response)?;
    Some(value)
        .filter(has_shape)
        .and_then(|value| serde_json::from_value(value).ok())
        .ok_or_else(|| invalid::<&str>("A member is unknown, missing or of the wrong type.", &[]))
}

fn invalid<P: AsRef<str> + serde::Serialize>(message: &str, pointers: &[P]) -> Response {
    let body = json!({ "code": "invalid", "message": message, "pointers": pointers });
    answer::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
}

/// Reads a body as JSON within a limit.
pub(crate) async fn read_json(body: Body, limit: usize) -> Result<Value, Failure> {
    let bytes = read_bytes(body, limit).await?;
    serde_json::from_slice(&bytes).map_err(|_| NOT_JSON)
}

pub(crate) const NOT_JSON: Failure = Failure::new(
    StatusCode::BAD_REQUEST,
    "malformed",
    "The body is not JSON.",
);

/// Reads a body within a limit.
pub(crate) async fn read_bytes(body: Body, limit: usize) -> Result<Vec<u8>, Failure> {
    let bytes = body.into_bytes_limit(limit).await.map_err(|error| {
        if matches!(error, poem::error::ReadBodyError::PayloadTooLarge) {
            Failure::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "The body is too large.",
            )
        } else {
            Failure::new(
                StatusCode::BAD_REQUEST,
                "body_unreadable",
                "The body could not be read to its end.",
            )
        }
    })?;
    Ok(bytes.to_vec())
}
