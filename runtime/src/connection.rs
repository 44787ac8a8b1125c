//! The state of a connection: which side waits for the other, and since when.
//!
//! The HTTP library sets no limit for a client that connects and stays silent, or that stops in the
//! middle of a body or of reading an answer. Here every wait for the client has a limit; a wait for
//! our own handler has none (the handler limits itself).
//!
//! An answer is tracked until its last byte is written to the socket, not just until the library
//! has taken it: on HTTP/2 the client controls how much it accepts, and the rest waits in the
//! library's buffers. So each part of an answer keeps its request alive, and a part that is not
//! accepted in time ends the connection, whatever else moves on it.

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};

use crate::serve::ServeLimits;

/// How long an idle connection lives when all slots are taken.
const IDLE_WHEN_FULL: Duration = Duration::from_secs(1);

/// The part of an answer that counts as progress: a client that accepts none within the time limit
/// is cut off.
const PART_BYTES: usize = 16 * 1024;
/// With this much of its answers not accepted, a connection's further requests are not processed,
const UNREAD_BYTES_MAX: u64 = 1024 * 1024;
/// if there are so many of them: beside a long download, others go on.
const UNREAD_ANSWERS_MAX: usize = 4;

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
    /// Its address or its key has too many connections.
    Crowded,
    /// The process stops and no request is running.
    Stopping,
}

impl Cut {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SlowHead => "slow_head",
            Self::Idle => "idle",
            Self::SlowReader => "slow_reader",
            Self::Crowded => "crowded",
            Self::Stopping => "stopping",
        }
    }
}

/// State of one connection, shared by its socket, its requests and its watch.
pub(crate) struct Activity {
    limits: ServeLimits,
    state: Mutex<ActivityState>,
    /// Something of an answer was taken.
    taken: Notify,
}

struct ActivityState {
    request_count: usize,
    /// The number of the next request.
    next_number: u64,
    /// Concurrent requests: bytes between them need not be a head.
    is_multiplexed: bool,
    is_stopping: bool,
    idle_since: Instant,
    /// When the wait for a head began: at the connection's start, later at its first byte.
    head_since: Option<Instant>,
    write_blocked_since: Option<Instant>,
    /// Answers on their way to the client, by request number.
    answers: HashMap<u64, UntakenAnswer>,
    /// Unread bytes of all answers together.
    unread_bytes: u64,
}

impl ActivityState {
    fn has_room(&self) -> bool {
        self.unread_bytes < UNREAD_BYTES_MAX || self.answers.len() < UNREAD_ANSWERS_MAX
    }
}

/// An answer that the client has not taken whole.
struct UntakenAnswer {
    /// Parts handed out but not yet written.
    part_count: usize,
    /// Nothing to accept: the rest is not yet produced.
    is_ours: bool,
    /// When the client last accepted something, or could first do so.
    progress_at: Instant,
    /// Its length was known from the start.
    is_sized: bool,
    unread_bytes: u64,
}

impl UntakenAnswer {
    fn waits_since(&self) -> Option<Instant> {
        let waits = self.part_count > 0 || !self.is_ours;
        waits.then_some(self.progress_at)
    }
}

impl Activity {
    pub(crate) fn new(limits: ServeLimits) -> Arc<Self> {
        let now = Instant::now();
        let state = ActivityState {
            request_count: 0,
            next_number: 0,
            is_multiplexed: false,
            is_stopping: false,
            idle_since: now,
            head_since: Some(now),
            write_blocked_since: None,
            answers: HashMap::new(),
            unread_bytes: 0,
        };
        Arc::new(Self {
            limits,
            state: Mutex::new(state),
            taken: Notify::new(),
        })
    }

    /// Counts a request until the returned guard is dropped.
    pub(crate) fn start_request(self: &Arc<Self>) -> RequestGuard {
        let mut state = self.state.lock();
        state.request_count += 1;
        state.head_since = None;
        let number = state.next_number;
        state.next_number += 1;
        RequestGuard {
            activity: Arc::clone(self),
            number,
            _kept: None,
        }
    }

    /// From now on a byte need not start a head: it may be a setting or a ping.
    pub(crate) fn is_multiplexed(&self) {
        self.state.lock().is_multiplexed = true;
    }

    /// Waits until the client has accepted enough of the previous answers.
    pub(crate) async fn room(&self) {
        loop {
            let taken = self.taken.notified();
            if self.state.lock().has_room() {
                return;
            }
            taken.await;
        }
    }

    pub(crate) fn start_stopping(&self) {
        self.state.lock().is_stopping = true;
    }

    /// Whether to close the connection. `is_full`: no slot is left for others.
    pub(crate) fn judge(&self, is_full: bool) -> Option<Cut> {
        let state = self.state.lock();
        let exceeds = |since: Instant, limit: Duration| since.elapsed() >= limit;
        let stalled = state
            .answers
            .values()
            .filter_map(UntakenAnswer::waits_since);
        let stalled = stalled.chain(state.write_blocked_since);
        if stalled
            .min()
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
        let mut state = self.state.lock();
        if state.request_count == 0 && state.head_since.is_none() && !state.is_multiplexed {
            state.head_since = Some(Instant::now());
        }
    }

    fn note_write(&self, is_blocked: bool) {
        self.state.lock().write_blocked_since = is_blocked.then(Instant::now);
    }
}

/// A request that is running, from its head to the last byte of its answer.
pub(crate) struct RequestGuard {
    activity: Arc<Activity>,
    number: u64,
    /// What the request keeps until its answer is written.
    _kept: Option<Arc<dyn Any + Send + Sync>>,
}

impl RequestGuard {
    /// The answer is ready: from now on we wait for the client.
    fn begin_answer(&self, length: Option<u64>) {
        let answer = UntakenAnswer {
            part_count: 0,
            is_ours: false,
            progress_at: Instant::now(),
            is_sized: length.is_some(),
            unread_bytes: length.unwrap_or(0),
        };
        let mut state = self.activity.state.lock();
        state.unread_bytes += answer.unread_bytes;
        state.answers.insert(self.number, answer);
    }

    fn note(&self, change: impl FnOnce(&mut UntakenAnswer)) {
        let mut state = self.activity.state.lock();
        let state = &mut *state;
        if let Some(answer) = state.answers.get_mut(&self.number) {
            let before = answer.unread_bytes;
            change(answer);
            state.unread_bytes = state.unread_bytes.saturating_sub(before) + answer.unread_bytes;
        }
    }

    fn note_waiting(&self) {
        self.note(|answer| answer.is_ours = true);
    }

    fn note_handed_out(&self, length: u64) {
        self.note(|answer| {
            answer.part_count += 1;
            answer.is_ours = false;
            answer.progress_at = Instant::now();
            if !answer.is_sized {
                answer.unread_bytes += length;
            }
        });
    }

    fn note_taken(&self, length: u64) {
        self.note(|answer| {
            answer.part_count = answer.part_count.saturating_sub(1);
            answer.progress_at = Instant::now();
            answer.unread_bytes = answer.unread_bytes.saturating_sub(length);
        });
        self.activity.taken.notify_waiters();
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let mut state = self.activity.state.lock();
        state.request_count -= 1;
        if state.request_count == 0 {
            state.idle_since = Instant::now();
        }
        if let Some(answer) = state.answers.remove(&self.number) {
            state.unread_bytes = state.unread_bytes.saturating_sub(answer.unread_bytes);
        }
        drop(state);
        self.activity.taken.notify_waiters();
    }
}

/// A socket that reports its activity to [`Activity`].
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

/// Receives a request's body that the handler drops before its end.
pub(crate) type Leftover = Arc<Mutex<Option<WireBody>>>;

/// A request body with time limits. An exceeded one ends it with [`io::ErrorKind::TimedOut`].
pub(crate) struct WatchedBody {
    inner: Option<WireBody>,
    leftover: Leftover,
    stall_timeout: Duration,
    ends_at: Instant,
    /// Created at the first wait: most bodies arrive together with the head.
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
            *self.leftover.lock() = Some(inner);
        }
    }
}

/// What a request keeps until its answer is written: put by
/// [`keep_until_written`](crate::serve::keep_until_written).
#[derive(Clone)]
pub(crate) struct Kept(pub(crate) Arc<dyn Any + Send + Sync>);

/// An answer's body that keeps its request counted until it is written.
pub(crate) struct CountedBody {
    inner: WireBody,
    /// The rest of a frame that is handed out in parts.
    rest: Bytes,
    guard: Arc<RequestGuard>,
}

impl CountedBody {
    pub(crate) fn new(inner: WireBody, mut guard: RequestGuard, kept: Option<Kept>) -> Self {
        guard._kept = kept.map(|kept| kept.0);
        guard.begin_answer(inner.size_hint().exact());
        Self {
            inner,
            rest: Bytes::new(),
            guard: Arc::new(guard),
        }
    }

    fn next_part(&mut self) -> Frame<Bytes> {
        let length = self.rest.len().min(PART_BYTES);
        let part = AnswerPart {
            bytes: self.rest.split_to(length),
            guard: Arc::clone(&self.guard),
        };
        self.guard.note_handed_out(part.length());
        Frame::data(Bytes::from_owner(part))
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.next_part())));
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Pending => {
                self.guard.note_waiting();
                Poll::Pending
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => {
                    self.rest = data;
                    Poll::Ready(Some(Ok(self.next_part())))
                }
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            Poll::Ready(end) => Poll::Ready(end),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

/// A part of an answer. The library drops it when it is written, or never will be.
struct AnswerPart {
    bytes: Bytes,
    guard: Arc<RequestGuard>,
}

impl AnswerPart {
    fn length(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }
}

impl AsRef<[u8]> for AnswerPart {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for AnswerPart {
    fn drop(&mut self) {
        self.guard.note_taken(self.length());
    }
}
