//! Calls in flight: requests wait here until the schedule lets them arrive, and answers until the
//! schedule lets them be received.
//!
//! A call of a dead worker may still arrive: the network does not know.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use runtime::clock::Clock;
use tokio::time::Instant;
use uuid::Uuid;

use super::defects::Defect;
use crate::{
    peer::PeerName,
    transport::{CallFault, Calling, PeerAnswer, Transport},
};

/// What a caller hears.
pub(super) type Outcome = Result<PeerAnswer, CallFault>;

/// A call on its way.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) peer: PeerName,
    /// The worker that made it.
    pub(super) machine: u32,
    pub(super) begun: Instant,
    /// The `Idempotency-Key`.
    pub(super) key: Option<String>,
    pub(super) body: Vec<u8>,
    /// The peer has dealt with it.
    pub(super) has_arrived: bool,
    /// The answer to receive, once the peer has answered.
    pub(super) outcome: Option<Outcome>,
    /// Somebody still waits for the answer.
    pub(super) is_awaited: bool,
    is_heard: bool,
}

/// All calls.
#[derive(Default)]
pub(super) struct Calls(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    calls: BTreeMap<u64, Call>,
    last: u64,
    /// The call that whoever was moved last waits for.
    waited_for: Option<u64>,
}

impl Calls {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, call: Call) -> u64 {
        let mut inner = self.inner();
        inner.last += 1;
        let id = inner.last;
        inner.calls.insert(id, call);
        id
    }

    fn hang_up(&self, id: u64) {
        let mut inner = self.inner();
        if inner.waited_for == Some(id) {
            inner.waited_for = None;
        }
        let Some(call) = inner.calls.get_mut(&id) else {
            return;
        };
        call.is_awaited = false;
        if call.has_arrived {
            inner.calls.remove(&id);
        }
    }

    fn listen(&self, id: u64) -> Option<Outcome> {
        let mut inner = self.inner();
        let call = inner.calls.get_mut(&id)?;
        if call.is_heard {
            let outcome = call.outcome.take();
            inner.calls.remove(&id);
            return outcome;
        }
        inner.waited_for = Some(id);
        None
    }

    /// The call that whoever was moved last waits for.
    pub(super) fn take_waited_for(&self) -> Option<u64> {
        self.inner().waited_for.take()
    }

    /// Those that have not arrived.
    pub(super) fn to_arrive(&self) -> Vec<u64> {
        let inner = self.inner();
        let calls = inner.calls.iter();
        calls
            .filter(|(_, call)| !call.has_arrived)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Those whose answer is on its way to somebody.
    pub(super) fn to_answer(&self) -> Vec<u64> {
        let inner = self.inner();
        let calls = inner.calls.iter();
        calls
            .filter(|(_, call)| call.is_awaited && call.outcome.is_some())
            .map(|(id, _)| *id)
            .collect()
    }

    /// All, with the instant they began at.
    pub(super) fn begun(&self) -> Vec<(u64, Instant)> {
        let inner = self.inner();
        let calls = inner.calls.iter();
        calls.map(|(id, call)| (*id, call.begun)).collect()
    }

    /// A call as it is.
    pub(super) fn get(&self, id: u64) -> Option<Call> {
        self.inner().calls.get(&id).cloned()
    }

    /// The peer has dealt with it; without an outcome it stays silent.
    pub(super) fn arrived(&self, id: u64, outcome: Option<Outcome>) {
        let mut inner = self.inner();
        if let Some(call) = inner.calls.get_mut(&id) {
            call.has_arrived = true;
            call.outcome = outcome;
            if !call.is_awaited {
                inner.calls.remove(&id);
            }
        }
    }

    /// Lets the answer be heard at the next move of whoever waits for it.
    pub(super) fn answer(&self, id: u64) {
        if let Some(call) = self.inner().calls.get_mut(&id) {
            call.is_heard = true;
        }
    }

    /// Times out: the caller gets an error, and a request that has not arrived never will.
    pub(super) fn give_up(&self, id: u64) {
        let mut inner = self.inner();
        let Some(call) = inner.calls.get_mut(&id) else {
            return;
        };
        if call.is_awaited {
            call.has_arrived = true;
            call.is_heard = true;
            call.outcome = Some(Err(CallFault::Timeout));
        } else {
            inner.calls.remove(&id);
        }
    }
}

/// The calls of one worker to one peer.
pub(super) struct Wire {
    pub(super) calls: Arc<Calls>,
    pub(super) peer: PeerName,
    pub(super) machine: u32,
    pub(super) clock: Clock,
    pub(super) defect: Defect,
    pub(super) attempt_count: AtomicUsize,
}

impl Transport for Wire {
    fn post(&self, headers: HeaderMap, body: Vec<u8>, _: DateTime<Utc>) -> Calling<'_> {
        let key = headers
            .get("idempotency-key")
            .and_then(|key| key.to_str().ok())
            .map(str::to_owned);
        let mut call = Call {
            peer: self.peer,
            machine: self.machine,
            begun: self.clock.steady(),
            key,
            body,
            has_arrived: false,
            outcome: None,
            is_awaited: true,
            is_heard: false,
        };
        if self.peer == PeerName::Police {
            let attempt = self.attempt_count.fetch_add(1, Ordering::Relaxed) + 1;
            self.defect.bend_call(&mut call, self.machine, attempt);
        }
        Box::pin(async move {
            let id = self.calls.add(call.clone());
            let outcome = Listening {
                calls: &self.calls,
                id,
            }
            .await;
            match (self.peer, call.key.as_deref().map(Uuid::parse_str)) {
                (PeerName::Police, Some(Ok(id))) => self.defect.bend_answer(id, outcome),
                _ => outcome,
            }
        })
    }
}

struct Listening<'a> {
    calls: &'a Calls,
    id: u64,
}

impl Future for Listening<'_> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Outcome> {
        match self.calls.listen(self.id) {
            Some(outcome) => Poll::Ready(outcome),
            None => Poll::Pending,
        }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.calls.hang_up(self.id);
    }
}
