//! One of the two systems that a worker calls: its connections, its bounds, its breaker.
//!
//! A call goes through [`Peer::admit`], which applies the rate limit, the concurrency limit and the
//! breaker; then [`Admitted::post`]; then [`Admitted::note`] reports the outcome to the breaker.
//! The text of an answer never leaves this crate.
//!
//! The [`Transport`] of a call is a value, so that a test can substitute a script.

use std::{
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
pub(crate) use domain::operator::PeerName;
use metrics::{gauge, histogram};
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use runtime::{
    clock::Clock,
    outgoing::{self, OutgoingLimits, ReadError},
    secrets::SettingError,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use crate::{
    backoff::RETRY_AFTER_MAX,
    breaker::{Admission, Breaker, Change, Health},
};

/// The burst after a pause, as a share of one second's calls.
const BURST: Duration = Duration::from_millis(100);

/// Bounds of the calls to one peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerLimits {
    pub(crate) outgoing: OutgoingLimits,
    /// Calls at once.
    pub(crate) call_count_max: usize,
    /// Calls a second.
    pub(crate) rate_per_second: u32,
}

/// A call on its way.
pub(crate) type Calling<'a> = Pin<Box<dyn Future<Output = Result<Answer, CallFault>> + Send + 'a>>;

/// How calls travel.
pub(crate) trait Transport: Send + Sync {
    /// Sends `body` as JSON and reads the answer up to a limit. `now` is the current instant, for
    /// times in the answer.
    fn post(&self, headers: HeaderMap, body: Vec<u8>, now: DateTime<Utc>) -> Calling<'_>;
}

/// Over HTTP.
struct Http {
    url: Url,
    client: Client,
}

impl Transport for Http {
    fn post(&self, headers: HeaderMap, body: Vec<u8>, now: DateTime<Utc>) -> Calling<'_> {
        let request = self
            .client
            .post(self.url.clone())
            .headers(headers)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        Box::pin(async move {
            match request.send().await {
                Ok(response) => read(response, now).await,
                Err(error) => Err(fault_of(&error)),
            }
        })
    }
}

/// Calls to `base_url` at `path`. `setting` is the environment name of the address.
pub(crate) fn http(
    setting: &'static str,
    base_url: &str,
    path: &str,
    limits: &OutgoingLimits,
) -> Result<Box<dyn Transport>, SettingError> {
    let advice = "is not an http:// or https:// address. Write it as http://host:port.";
    let mut url = Url::parse(base_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| SettingError::new(setting, advice))?;
    url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
    let client = outgoing::client(limits).map_err(|_| {
        SettingError::new(setting, "cannot be called: the TLS library did not start.")
    })?;
    Ok(Box::new(Http { url, client }))
}

/// One system that is called.
pub(crate) struct Peer {
    name: PeerName,
    has_gauge: bool,
    clock: Clock,
    transport: Box<dyn Transport>,
    call_count_max: usize,
    rate_per_second: usize,
    places: Semaphore,
    pace: Mutex<Pace>,
    breaker: Mutex<Breaker>,
    standing: Mutex<Standing>,
    /// Set when the breaker closes, until somebody takes note.
    has_recovered: AtomicBool,
}

/// A snapshot of a peer's state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// Since when, and why, its breaker is open.
    pub(crate) open: Option<(DateTime<Utc>, &'static str)>,
    /// When it last did its work.
    pub(crate) well_at: Option<DateTime<Utc>>,
}

/// An answer that was read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) is_json: bool,
    /// How long the peer asks to be left alone.
    pub(crate) retry_after: Option<TimeDelta>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer. Whether the call had an effect is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallFault {
    /// No whole answer in time.
    Timeout,
    /// No connection.
    Connect,
    /// The connection ended before the answer did.
    Cut,
    /// More than we read.
    TooLong,
}

impl CallFault {
    /// The code of attempts and labels.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Cut => "cut",
            Self::TooLong => "answer_too_long",
        }
    }
}

/// A call that was made, and how it ended.
pub(crate) struct Exchange {
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) latency: Duration,
    pub(crate) outcome: Result<Answer, CallFault>,
}

impl Exchange {
    /// How long the peer asks to be left alone.
    pub(crate) fn retry_after(&self) -> Option<TimeDelta> {
        self.outcome.as_ref().ok()?.retry_after
    }

    /// The status, if there was an answer.
    pub(crate) fn http_status(&self) -> Option<i32> {
        self.outcome
            .as_ref()
            .ok()
            .map(|answer| answer.status.into())
    }
}

/// Leave to make one call.
pub(crate) struct Admitted<'a> {
    peer: &'a Peer,
    admission: Admission,
    _place: SemaphorePermit<'a>,
}

impl Peer {
    /// A peer that is called over this transport, within these bounds.
    pub(crate) fn new(
        name: PeerName,
        transport: Box<dyn Transport>,
        limits: PeerLimits,
        clock: Clock,
    ) -> Self {
        let peer = Self {
            name,
            has_gauge: true,
            clock,
            transport,
            call_count_max: limits.call_count_max,
            rate_per_second: usize::try_from(limits.rate_per_second).unwrap_or(usize::MAX),
            places: Semaphore::new(limits.call_count_max),
            pace: Mutex::new(Pace::new(limits.rate_per_second)),
            breaker: Mutex::default(),
            standing: Mutex::default(),
            has_recovered: AtomicBool::new(false),
        };
        peer.show_breaker(0);
        peer
    }

    /// Leaves the gauge with the peer's name to another instance.
    pub(crate) fn without_gauge(mut self) -> Self {
        self.has_gauge = false;
        self
    }

    /// Calls a second, at most.
    pub(crate) fn rate_per_second(&self) -> usize {
        self.rate_per_second
    }

    /// Calls at once, at most.
    pub(crate) fn call_count_max(&self) -> usize {
        self.call_count_max
    }

    /// What is known of it.
    pub(crate) fn standing(&self) -> Standing {
        *lock(&self.standing)
    }

    /// Waits for a free slot and for the rate limit. `None` when the breaker blocks calls.
    pub(crate) async fn admit(&self) -> Option<Admitted<'_>> {
        if self.is_held() {
            return None;
        }
        // The semaphore is never closed.
        let place = self.places.acquire().await.ok()?;
        let now = self.clock.steady();
        let go_at = lock(&self.pace).reserve(now);
        if let Some(go_at) = go_at {
            self.clock.sleep(go_at - now).await;
        }
        let admission = lock(&self.breaker).admit(self.clock.steady());
        match admission {
            Admission::Held => return None,
            Admission::Probe => self.show_breaker(1),
            Admission::Call => {}
        }
        Some(Admitted {
            peer: self,
            admission,
            _place: place,
        })
    }

    /// True while the breaker is open.
    pub(crate) fn is_open(&self) -> bool {
        lock(&self.breaker).is_open()
    }

    /// True when the breaker is open and would let a probe through.
    pub(crate) fn is_probe_due(&self) -> bool {
        lock(&self.breaker).is_probe_due(self.clock.steady())
    }

    /// True when the breaker would refuse a call now.
    fn is_held(&self) -> bool {
        let breaker = lock(&self.breaker);
        breaker.is_open() && !breaker.is_probe_due(self.clock.steady())
    }

    /// It has just accepted or explicitly refused a notification.
    pub(crate) fn note_well(&self) {
        lock(&self.standing).well_at = Some(self.clock.now());
    }

    /// True once after the breaker has closed.
    pub(crate) fn take_recovered(&self) -> bool {
        self.has_recovered.swap(false, Ordering::AcqRel)
    }

    /// For tasks still waiting after the breaker closed, because they were postponed earlier and
    /// written only now, or could not be made due: unless it is open again, waiting tasks are
    /// checked once more.
    pub(crate) fn look_after_late_ones(&self) {
        if !self.is_open() {
            self.has_recovered.store(true, Ordering::Release);
        }
    }

    fn note_standing(&self, code: &'static str, change: Change) {
        let now = self.clock.now();
        let mut standing = lock(&self.standing);
        match change {
            Change::Opened => standing.open = Some((now, code)),
            Change::Closed => standing.open = None,
            Change::None => {}
        }
    }

    /// 0 closed, 1 a probe is out, 2 open.
    fn show_breaker(&self, state: u8) {
        if self.has_gauge {
            gauge!("luutru_breaker_state", "peer" => self.name.as_str()).set(f64::from(state));
        }
    }
}

impl Admitted<'_> {
    /// Sends `body` as JSON and reads the answer up to a limit.
    pub(crate) async fn post(&self, headers: HeaderMap, body: Vec<u8>) -> Exchange {
        let clock = &self.peer.clock;
        let (started_at, started) = (clock.now(), clock.steady());
        let outcome = self.peer.transport.post(headers, body, started_at).await;
        let latency = clock.steady() - started;
        self.measure(&outcome, latency);
        Exchange {
            started_at,
            latency,
            outcome,
        }
    }

    /// Reports to the breaker what the answer says about the peer. `code` gives the reason if it is
    /// failing.
    pub(crate) fn note(self, health: Health, code: &'static str, wish: Option<TimeDelta>) {
        let peer = self.peer;
        let wish = wish.and_then(|wish| wish.min(RETRY_AFTER_MAX).to_std().ok());
        let now = peer.clock.steady();
        let change = lock(&peer.breaker).note(self.admission, health, now, wish);
        peer.note_standing(code, change);
        let name = peer.name.as_str();
        match change {
            Change::Opened if health == Health::RefusesUs && peer.name == PeerName::Registry => {
                tracing::error!(
                    peer = name,
                    "refuses our calls; its tasks wait: check its address"
                );
            }
            Change::Opened => {
                tracing::warn!(peer = name, "is failing; its tasks wait");
            }
            Change::Closed => {
                tracing::info!(peer = name, "is back; sending its waiting tasks");
                peer.has_recovered.store(true, Ordering::Release);
            }
            Change::None => {}
        }
        let is_open = peer.is_open();
        if change != Change::None || (is_open && self.admission == Admission::Probe) {
            peer.show_breaker(if is_open { 2 } else { 0 });
        }
    }

    fn measure(&self, outcome: &Result<Answer, CallFault>, latency: Duration) {
        let (status, error_type) = match outcome {
            Ok(answer) => (answer.status.to_string(), "none"),
            Err(fault) => ("none".to_owned(), fault.as_str()),
        };
        histogram!(
            "http_client_request_duration_seconds",
            "peer" => self.peer.name.as_str(),
            "http_response_status_code" => status,
            "error_type" => error_type,
        )
        .record(latency.as_secs_f64());
    }
}

async fn read(response: Response, now: DateTime<Utc>) -> Result<Answer, CallFault> {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name)?.to_str().ok();
    let is_json = header(CONTENT_TYPE).is_some_and(is_json);
    let retry_after = header(RETRY_AFTER).and_then(|text| parse_retry_after(text, now));
    match outgoing::read_limited(response, outgoing::ANSWER_BYTES_MAX).await {
        Ok(body) => Ok(Answer {
            status,
            is_json,
            retry_after,
            body: body.to_vec(),
        }),
        Err(ReadError::TooLong { .. }) => Err(CallFault::TooLong),
        Err(ReadError::BrokenOff(error)) if error.is_timeout() => Err(CallFault::Timeout),
        Err(ReadError::BrokenOff(_)) => Err(CallFault::Cut),
    }
}

fn fault_of(error: &reqwest::Error) -> CallFault {
    if error.is_timeout() {
        CallFault::Timeout
    } else if error.is_connect() {
        CallFault::Connect
    } else {
        CallFault::Cut
    }
}

/// `application/json`, or a type of its family such as `application/problem+json`.
fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Seconds, or the instant of RFC 9110, section 10.2.3. A time in the past is ignored.
fn parse_retry_after(text: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = text.trim();
    let wish = match text.parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now,
    };
    (wish > TimeDelta::zero()).then_some(wish)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spreads calls over time: a virtual schedule of one call an interval, which may run ahead of the
/// clock by [`BURST`].
struct Pace {
    interval: Duration,
    next: Option<Instant>,
}

impl Pace {
    fn new(rate_per_second: u32) -> Self {
        Self {
            interval: Duration::from_secs(1) / rate_per_second.max(1),
            next: None,
        }
    }

    /// Takes the next place; `None` when it is now.
    fn reserve(&mut self, now: Instant) -> Option<Instant> {
        let place = self.next.unwrap_or(now).max(now);
        self.next = Some(place + self.interval);
        let go_at = place.checked_sub(BURST)?;
        (go_at > now).then_some(go_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_lets_a_burst_through_and_spreads_the_rest() {
        let now = Instant::now();
        let mut pace = Pace::new(100);
        let waits: Vec<u128> = (0..31)
            .map(|_| pace.reserve(now).map_or(0, |at| (at - now).as_millis()))
            .collect();
        assert!(waits[..=10].iter().all(|wait| *wait == 0), "{waits:?}");
        assert_eq!(waits[11], 10);
        assert_eq!(waits[30], 200);

        let later = now + Duration::from_secs(10);
        assert_eq!(
            pace.reserve(later),
            None,
            "what was not used is not saved up"
        );
    }

    #[test]
    fn a_wish_is_seconds_or_an_instant() {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let table = [
            ("120", Some(120)),
            (" 5 ", Some(5)),
            ("0", None),
            ("-1", None),
            ("Mon, 23 Nov 2026 10:01:00 GMT", Some(60)),
            ("Mon, 23 Nov 2026 09:59:00 GMT", None),
            ("soon", None),
            ("", None),
        ];
        for (text, seconds) in table {
            let wish = parse_retry_after(text, now).map(|wish| wish.num_seconds());
            assert_eq!(wish, seconds, "{text}");
        }
    }

    #[test]
    fn json_is_told_from_other_types() {
        let table = [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/problem+json", true),
            ("text/html; charset=utf-8", false),
            ("text/json", false),
            ("application/jsonl", false),
            ("", false),
        ];
        for (content_type, expected) in table {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_called_is_refused_by_its_setting() {
        let limits = OutgoingLimits::default();
        let transport = |url| http("LUUTRU_POLICE_URL", url, "v1/x", &limits);
        assert!(transport("http://127.0.0.1:8082/").is_ok());
        for url in ["", "127.0.0.1:8082", "ftp://host", "http://"] {
            let error = transport(url).err().unwrap();
            assert_eq!(error.setting(), "LUUTRU_POLICE_URL", "{url}");
        }
    }
}
