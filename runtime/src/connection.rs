//! What a connection owes: who waits for whom, and since when.
//!
//! The HTTP library bounds neither a client that connects and is silent, nor one that stops in the
//! middle of a body or of reading an answer. Here every wait for the client has a limit; a wait for
//! our own handler has none (that is the handler's business).

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::serve::ServeLimits;

/// An idle connection is closed after this time when all places are taken.
const IDLE_WHEN_FULL: Duration = Duration::from_secs(1);

/// The body type of requests and answers.
pub(crate) type WireBody = BoxBody<Bytes, io::Error>;

/// Why a connection was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The first byte or the rest of a request's head did not come.
    SlowHead,
    /// No request for too long.
    Idle,
    /// The client does not take the answer.
    SlowReader,
    /// The process stops and no request is running.
    Stopping,
}

impl Cut {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SlowHead => "slow_head",
            Self::Idle => "idle",
            Self::SlowReader => "slow_reader",
            Self::Stopping => "stopping",
        }
    }
}

/// State of one connection, shared by its socket, its requests and its watch.
pub(crate) struct Activity {
    limits: ServeLimits,
    state: Mutex<State>,
}

struct State {
    request_count: usize,
    is_stopping: bool,
    idle_since: Instant,
    /// Since when a head is owed: from the connection's start, then from its first byte.
    head_since: Option<Instant>,
    write_blocked_since: Option<Instant>,
}

impl Activity {
    pub(crate) fn new(limits: ServeLimits) -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            request_count: 0,
            is_stopping: false,
            idle_since: now,
            head_since: Some(now),
            write_blocked_since: None,
        };
        Arc::new(Self {
            limits,
            state: Mutex::new(state),
        })
    }

    /// Counts a request until the returned guard is dropped.
    pub(crate) fn start_request(self: &Arc<Self>) -> RequestGuard {
        let mut state = self.lock();
        state.request_count += 1;
        state.head_since = None;
        RequestGuard {
            activity: Arc::clone(self),
        }
    }

    pub(crate) fn start_stopping(&self) {
        self.lock().is_stopping = true;
    }

    /// Whether the connection has to go. `is_full`: no place is left for others.
    pub(crate) fn judge(&self, is_full: bool) -> Option<Cut> {
        let state = self.lock();
        let exceeds = |since: Instant, limit: Duration| since.elapsed() >= limit;
        if state
            .write_blocked_since
            .is_some_and(|at| exceeds(at, self.limits.write_stall_timeout))
        {
            return Some(Cut::SlowReader);
        }
        if state.request_count > 0 {
            return None;
        }
        if state.is_stopping {
            return Some(Cut::Stopping);
        }
        match state.head_since {
            Some(at) => exceeds(at, self.limits.header_read_timeout).then_some(Cut::SlowHead),
            None => {
                let limit = if is_full {
                    IDLE_WHEN_FULL
                } else {
                    self.limits.idle_timeout
                };
                exceeds(state.idle_since, limit).then_some(Cut::Idle)
            }
        }
    }

    fn note_read(&self) {
        let mut state = self.lock();
        if state.request_count == 0 && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    fn note_write(&self, is_blocked: bool) {
        self.lock().write_blocked_since = is_blocked.then(Instant::now);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is running, from its head to the last byte of its answer.
pub(crate) struct RequestGuard {
    activity: Arc<Activity>,
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let mut state = self.activity.lock();
        state.request_count -= 1;
        if state.request_count == 0 {
            state.idle_since = Instant::now();
        }
    }
}

/// A socket that tells [`Activity`] what it does.
pub(crate) struct WatchedSocket<I> {
    inner: I,
    activity: Arc<Activity>,
    is_write_blocked: bool,
}

impl<I> WatchedSocket<I> {
    pub(crate) fn new(inner: I, activity: Arc<Activity>) -> Self {
        Self {
            inner,
            activity,
            is_write_blocked: false,
        }
    }

    fn note_write<T>(&mut self, outcome: Poll<T>) -> Poll<T> {
        if outcome.is_pending() != self.is_write_blocked {
            self.is_write_blocked = outcome.is_pending();
            self.activity.note_write(self.is_write_blocked);
        }
        outcome
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for WatchedSocket<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if buffer.filled().len() > length {
            self.activity.note_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for WatchedSocket<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.note_write(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.note_write(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Where a request's body goes when the handler drops it before its end.
pub(crate) type Leftover = Arc<Mutex<Option<WireBody>>>;

/// A request body with time limits. An exceeded one ends it with [`io::ErrorKind::TimedOut`].
pub(crate) struct WatchedBody {
    inner: Option<WireBody>,
    leftover: Leftover,
    stall_timeout: Duration,
    ends_at: Instant,
    /// Made at the first wait: most bodies come whole with the head.
    patience: Option<Pin<Box<Sleep>>>,
}

impl WatchedBody {
    pub(crate) fn new(inner: WireBody, limits: &ServeLimits) -> (Self, Leftover) {
        let leftover = Leftover::default();
        let body = Self {
            inner: Some(inner),
            leftover: Arc::clone(&leftover),
            stall_timeout: limits.body_stall_timeout,
            ends_at: Instant::now() + limits.body_timeout,
            patience: None,
        };
        (body, leftover)
    }

    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let ends_at = self.ends_at.min(Instant::now() + self.stall_timeout);
        self.patience
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(ends_at)))
            .as_mut()
            .poll(context)
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(inner) = self.inner.as_mut() else {
            return Poll::Ready(None);
        };
        match Pin::new(inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.patience = None;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(end) => {
                self.inner = None;
                Poll::Ready(end)
            }
            Poll::Pending => {
                ready!(self.poll_patience(context));
                self.inner = None;
                Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map(Body::size_hint)
            .unwrap_or_else(|| SizeHint::with_exact(0))
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take()
            && !inner.is_end_stream()
        {
            *self.leftover.lock().unwrap_or_else(PoisonError::into_inner) = Some(inner);
        }
    }
}

/// An answer's body that keeps its request counted until it is sent.
pub(crate) struct CountedBody {
    inner: WireBody,
    _guard: RequestGuard,
}

impl CountedBody {
    pub(crate) fn new(inner: WireBody, guard: RequestGuard) -> Self {
        Self {
            inner,
            _guard: guard,
        }
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
