//! One of the two systems that a worker calls: its connections, its bounds, its breaker.
//!
//! A call goes through [`Peer::admit`], which applies the rate limit, the concurrency limit and the
//! breaker; then [`AdmittedCall::post`]; then [`AdmittedCall::note`] reports the outcome to the
//! breaker.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
pub(crate) use domain::operator::PeerName;
use metrics::{gauge, histogram};
use reqwest::header::HeaderMap;
use runtime::{clock::Clock, outgoing::OutgoingLimits};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    backoff::RETRY_AFTER_MAX,
    breaker::{Breaker, BreakerChange, CallPermit, Health},
    rate_limit::RateLimit,
    transport::{CallFault, PeerAnswer, Transport},
};

/// Bounds of the calls to one peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerLimits {
    pub(crate) outgoing: OutgoingLimits,
    /// Calls at once.
    pub(crate) call_count_max: usize,
    /// Calls a second.
    pub(crate) rate_per_second: u32,
}

/// One system that is called.
pub(crate) struct Peer {
    name: PeerName,
    has_gauge: bool,
    clock: Clock,
    transport: Box<dyn Transport>,
    call_count_max: usize,
    rate_per_second: usize,
    slots: Semaphore,
    rate_limit: Mutex<RateLimit>,
    breaker: Mutex<Breaker>,
    status: Mutex<PeerStatus>,
    /// Set when the breaker closes, until somebody takes note.
    has_recovered: AtomicBool,
}

/// A snapshot of a peer's state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PeerStatus {
    /// Since when, and why, its breaker is open.
    pub(crate) open: Option<(DateTime<Utc>, &'static str)>,
    /// When it last did its work.
    pub(crate) well_at: Option<DateTime<Utc>>,
}

/// A call that was made, and how it ended.
pub(crate) struct PeerCall {
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) latency: Duration,
    pub(crate) outcome: Result<PeerAnswer, CallFault>,
}

impl PeerCall {
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
pub(crate) struct AdmittedCall<'a> {
    peer: &'a Peer,
    permit: CallPermit,
    _slot: SemaphorePermit<'a>,
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
            slots: Semaphore::new(limits.call_count_max),
            rate_limit: Mutex::new(RateLimit::new(limits.rate_per_second)),
            breaker: Mutex::default(),
            status: Mutex::default(),
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
    pub(crate) fn status(&self) -> PeerStatus {
        *lock(&self.status)
    }

    /// Waits for a free slot and for the rate limit. `None` when the breaker blocks calls.
    pub(crate) async fn admit(&self) -> Option<AdmittedCall<'_>> {
        if self.is_held() {
            return None;
        }
        // The semaphore is never closed.
        let slot = self.slots.acquire().await.ok()?;
        let now = self.clock.steady();
        let go_at = lock(&self.rate_limit).reserve(now);
        if let Some(go_at) = go_at {
            self.clock.sleep(go_at - now).await;
        }
        let permit = lock(&self.breaker).admit(self.clock.steady());
        match permit {
            CallPermit::Held => return None,
            CallPermit::Probe => self.show_breaker(1),
            CallPermit::Call => {}
        }
        Some(AdmittedCall {
            peer: self,
            permit,
            _slot: slot,
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
        lock(&self.status).well_at = Some(self.clock.now());
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

    fn note_status(&self, code: &'static str, change: BreakerChange) {
        let now = self.clock.now();
        let mut status = lock(&self.status);
        match change {
            BreakerChange::Opened => status.open = Some((now, code)),
            BreakerChange::Closed => status.open = None,
            BreakerChange::None => {}
        }
    }

    /// 0 closed, 1 a probe is out, 2 open.
    fn show_breaker(&self, state: u8) {
        if self.has_gauge {
            gauge!("luutru_breaker_state", "peer" => self.name.as_str()).set(f64::from(state));
        }
    }
}

impl AdmittedCall<'_> {
    /// Sends `body` as JSON and reads the answer up to a limit.
    pub(crate) async fn post(&self, headers: HeaderMap, body: Vec<u8>) -> PeerCall {
        let clock = &self.peer.clock;
        let (started_at, started) = (clock.now(), clock.steady());
        let outcome = self.peer.transport.post(headers, body, started_at).await;
        let latency = clock.steady() - started;
        self.measure(&outcome, latency);
        PeerCall {
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
        let change = lock(&peer.breaker).note(self.permit, health, now, wish);
        peer.note_status(code, change);
        let name = peer.name.as_str();
        match change {
            BreakerChange::Opened
                if health == Health::RefusesUs && peer.name == PeerName::Registry =>
            {
                tracing::error!(
                    peer = name,
                    "refuses our calls; its tasks wait: check its address"
                );
            }
            BreakerChange::Opened => {
                tracing::warn!(peer = name, "is failing; its tasks wait");
            }
            BreakerChange::Closed => {
                tracing::info!(peer = name, "is back; sending its waiting tasks");
                peer.has_recovered.store(true, Ordering::Release);
            }
            BreakerChange::None => {}
        }
        let is_open = peer.is_open();
        if change != BreakerChange::None || (is_open && self.permit == CallPermit::Probe) {
            peer.show_breaker(if is_open { 2 } else { 0 });
        }
    }

    fn measure(&self, outcome: &Result<PeerAnswer, CallFault>, latency: Duration) {
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
