//! The outermost layer: whatever happens inside, each request gets one answer of ours, with an id,
//! the common headers, a span, a measurement, and a log line if we are at fault.

mod measure;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::problem::Code;
use futures_util::FutureExt;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, PathPattern, Request, Response, Route, RouteMethod};
use poem_openapi::OpenApi;
use runtime::serve::{self, Client};
use tracing::{Instrument, Span};

use crate::app::App;
use crate::auth;
use crate::exchange::Exchange;
use crate::imports;
use crate::pages::{self, PageReader};
use crate::problem::Failure;
use crate::routes::Api;
use measure::{Active, Durations, Measured};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How long a finished answer waits to learn whose quotas to report.
const RECOGNISED_WITHIN: Duration = Duration::from_millis(250);

/// Default headers of answers.
const DEFAULTS: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Headers that the door adds at most: five defaults, the request's id, and two about quotas. Room
/// for all of them is reserved at once: a header map that grows hashes all its names again.
const HEADER_COUNT_MAX: usize = 8;

/// All routes behind the door.
pub(crate) fn build(app: &Arc<App>) -> Door<Route> {
    let mut table = HashMap::new();
    Api::new(app).add_routes(&mut table);
    pages::add_routes(&mut table);
    let mut templates = Api::templates();
    let mut facts = HashMap::new();
    let mut routes = Route::new();
    for (pattern, endpoints) in table {
        let template = templates.remove(&pattern);
        let template = template.unwrap_or_else(|| pattern.clone());
        facts.insert(pattern.clone(), RouteFacts::new(template, endpoints.keys()));
        let methods = endpoints
            .into_iter()
            .fold(RouteMethod::new(), |methods, (method, endpoint)| {
                methods.method(method, endpoint)
            });
        routes = routes.at(pattern, methods);
    }
    Door {
        inner: routes,
        app: Arc::clone(app),
        facts,
        unmatched: Durations::unmatched(),
    }
}

/// What is known of a path in advance.
struct RouteFacts {
    /// How long its answers take.
    durations: Durations,
    /// The methods it takes.
    allow: HeaderValue,
}

impl RouteFacts {
    fn new<'a>(template: String, methods: impl Iterator<Item = &'a Method>) -> Self {
        let mut names: Vec<&str> = methods.map(Method::as_str).collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.sort_unstable();
        let allow = HeaderValue::from_str(&names.join(", "));
        Self {
            durations: Durations::new(template),
            allow: allow.unwrap_or_else(|_| HeaderValue::from_static("")),
        }
    }
}

/// See the module.
pub(crate) struct Door<E> {
    inner: E,
    app: Arc<App>,
    facts: HashMap<String, RouteFacts>,
    /// How long answers to requests take that match no route.
    unmatched: Durations,
}

impl<E: Endpoint<Output = Response>> Endpoint for Door<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let client = request.data::<Client>().cloned();
        let exchange = Exchange::begin(request.headers(), &self.app.clock, client);
        let exchange = Arc::new(exchange);
        request.set_data(Arc::clone(&exchange));
        request.set_data(Arc::clone(&self.app));
        let method = method_name(request.method());
        let authorization = request.headers().get(header::AUTHORIZATION).cloned();
        let reader = pages::is_page(request.uri().path()).then(|| PageReader::of(&request));
        let limit = self.time_limit(&request);
        let _active = Active::begin(method);
        let span = span(&exchange, method);

        let (outcome, pattern) = match self.app.settings.hosts.judge(&request) {
            Ok(()) => {
                let work = self.work(request, method, limit);
                work.instrument(span.clone()).await
            }
            Err(code) => (Err(Failure::new(code)), None),
        };
        let facts = pattern.and_then(|pattern| self.facts.get(pattern.0.as_ref()));
        let (mut response, failure) = match outcome {
            Ok(response) => (response, None),
            Err(failure) => (
                rendered(&failure, &exchange, reader.as_ref()),
                Some(failure),
            ),
        };
        if let Some(facts) = facts
            && matches!(&failure, Some(failure) if failure.code() == Code::MethodNotAllowed)
        {
            let allow = facts.allow.clone();
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response.headers_mut().reserve(HEADER_COUNT_MAX);
        self.set_rate_limit(&mut response, &exchange, authorization)
            .await;
        set_defaults(response.headers_mut(), &exchange);
        let own = exchange.holdings.get().and_then(|held| held.take_own());
        if let Some(own) = own {
            serve::keep_until_written(&mut response, own);
        }
        let measured = Measured {
            durations: facts.map_or(&self.unmatched, |facts| &facts.durations),
            method,
            status: response.status().as_u16(),
            took: started.elapsed(),
        };
        measured.note(&span, failure.as_ref());
        Ok(response)
    }
}

type Worked = (Result<Response, Failure>, Option<PathPattern>);

impl<E: Endpoint<Output = Response>> Door<E> {
    /// How long a request may take. An upload over a slow line gets more time.
    fn time_limit(&self, request: &Request) -> Duration {
        let settings = &self.app.settings;
        if request.method() == Method::POST && request.uri().path() == imports::PATH {
            settings.file_body_timeout() + settings.request_timeout()
        } else {
            settings.request_timeout()
        }
    }

    /// The inner answer or the reason there is none, with the matched path.
    async fn work(&self, request: Request, method: &'static str, limit: Duration) -> Worked {
        let work = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        match tokio::time::timeout(limit, work).await {
            Ok(Ok(Ok(response))) => {
                let pattern = response.data::<PathPattern>().cloned();
                (Ok(response), pattern)
            }
            Ok(Ok(Err(error))) => {
                let pattern = error.data::<PathPattern>().cloned();
                (Err(error.into()), pattern)
            }
            // The place and text are in the log already, from the panic hook.
            Ok(Err(_)) => (Err(Failure::internal("a handler panicked")), None),
            // The data may or may not have been stored; we stopped waiting.
            Err(_) if ["PATCH", "POST", "PUT"].contains(&method) => {
                (Err(Failure::new(Code::OutcomeUnknown)), None)
            }
            Err(_) => (Err(Failure::new(Code::Overloaded)), None),
        }
    }

    /// Every answer to a known key reports its quotas, including answers that no handler produced.
    async fn set_rate_limit(
        &self,
        response: &mut Response,
        exchange: &Exchange,
        authorization: Option<HeaderValue>,
    ) {
        let status = response.status();
        let headers = response.headers_mut();
        let known = exchange.caller.get().map(Arc::clone);
        let caller = match (known, authorization) {
            (Some(caller), _) => caller,
            (None, Some(authorization)) if !is_judged(status, headers) => {
                let presented = HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]);
                let address = exchange.address();
                let recognised = auth::recognise(&self.app, &presented, address);
                match tokio::time::timeout(RECOGNISED_WITHIN, recognised).await {
                    Ok(Ok(caller)) => caller,
                    Ok(Err(_)) | Err(_) => return,
                }
            }
            (None, _) => return,
        };
        let facility = exchange.facility.get().map(AsRef::as_ref);
        let fields = &self.app.limits.fields;
        fields.set(headers, &caller.meter, facility);
    }
}

/// A failure for programs, or for the reader of a page.
fn rendered(failure: &Failure, exchange: &Exchange, reader: Option<&PageReader>) -> Response {
    let id = exchange.request_id();
    match reader {
        Some(reader) => pages::failed(failure, reader, &id),
        None => failure.render(exchange.language, &id),
    }
}

/// Whether an answer without a caller says that the key is none, or that there were too many.
fn is_judged(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || headers.contains_key(header::WWW_AUTHENTICATE)
}

fn set_defaults(headers: &mut HeaderMap, exchange: &Exchange) {
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(value);
    }
    for cookie in exchange.take_cookies() {
        headers.append(header::SET_COOKIE, cookie);
    }
    if let Ok(id) = HeaderValue::from_str(&exchange.request_id()) {
        headers.insert(REQUEST_ID, id);
    }
}

/// A method as a label: there are no others than these.
fn method_name(method: &Method) -> &'static str {
    const NAMES: [&str; 9] = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT",
    ];
    let name = NAMES.into_iter().find(|name| *name == method.as_str());
    name.unwrap_or("_OTHER")
}

fn span(exchange: &Exchange, method: &'static str) -> Span {
    tracing::info_span!(
        "api.request.answer",
        request.id = exchange.log_id(),
        http.request.method = method,
        http.route = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
        link.trace_id = exchange.linked_trace,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_names_what_a_path_takes() {
        let mut templates = Api::templates();
        let mut template = |pattern| templates.remove(pattern).unwrap();
        let methods = [Method::POST, Method::GET];
        let facts = RouteFacts::new(template("/v1/stays"), methods.iter());
        assert_eq!(facts.allow, "GET, HEAD, POST");
        assert_eq!(facts.durations.template(), "/v1/stays");
        let pattern = "/v1/stays/:param0/receipt";
        let facts = RouteFacts::new(template(pattern), [Method::GET].iter());
        assert_eq!(facts.durations.template(), "/v1/stays/{id}/receipt");
    }

    #[test]
    fn a_strange_method_makes_no_label() {
        let strange = Method::from_bytes(b"BREW").unwrap();
        assert_eq!(method_name(&strange), "_OTHER");
        assert_eq!(method_name(&Method::PATCH), "PATCH");
    }
}
