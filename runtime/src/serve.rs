//! The accept loop: every incoming connection of the process arrives here.
//!
//! Invariants: connections are bounded in total and per client, and so is every wait for a client
//! (head, body, answer, next request); a stop lets running requests finish.

mod limits;

use std::any::Any;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use poem::http::uri::Scheme;
use poem::http::{Version, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, IntoEndpoint, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use uuid::Uuid;

use crate::address::{ClientAddress, TrustedProxies};
use crate::connection::{
    Activity, CountedBody, Cut, Kept, Leftover, WatchedBody, WatchedSocket, WireBody,
};
use crate::connections_by_owner::{ConnectionEntry, ConnectionOwner, ConnectionsByOwner};
use crate::secrets::SettingError;
use crate::tasks;

pub use limits::ServeLimits;

/// Between two failed accepts, doubled from the first to the second.
const ACCEPT_PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));
/// How much of a refused body is read and thrown away, so that the client gets to the answer.
const LEFTOVER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// For how long.
const LEFTOVER_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit for a head that is arriving when the stop begins.
const STOP_GRACE: Duration = Duration::from_secs(1);
/// Looks at a connection per `header_read_timeout`; a cut is late by at most one part.
const WATCH_PARTS: u32 = 4;
/// The HTTP library takes no smaller buffer.
const BUFFER_BYTES_MIN: usize = 8 * 1024;
/// Requests at once on one HTTP/2 connection: what RFC 9113, 6.5.2, advises as the least.
const STREAM_COUNT_MAX: u32 = 100;
/// How much of an HTTP/2 answer the HTTP library buffers until the client accepts it.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// The interval between HTTP/2 pings, and the time limit for their answers.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// An open port.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    local_addr: SocketAddr,
    setting: &'static str,
    proxies: TrustedProxies,
}

impl Listener {
    /// Opens `addr` (`host:port`; port 0 takes a free one). `setting` is the environment name that
    /// an error speaks of and that labels the metrics.
    pub async fn bind(addr: &str, setting: &'static str) -> Result<Self, SettingError> {
        let refused = |error: io::Error| {
            let advice = format!(
                "cannot listen on {addr} ({error}). Set {setting} to host:port, \
                 with port 0 for a free one."
            );
            SettingError::new(setting, advice)
        };
        let listener = TcpListener::bind(addr).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        Ok(Self {
            listener,
            local_addr,
            setting,
            proxies: TrustedProxies::default(),
        })
    }

    /// Trusts these proxies about their clients.
    #[must_use]
    pub fn trusting(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// The actual address, even if port 0 was requested.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// `http://` and the address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.local_addr)
    }
}

/// True when a request's body ended because the client was too slow: answer 408. Looks into the
/// errors that the framework wraps around ours.
pub fn is_body_timeout(error: &io::Error) -> bool {
    let wrapped = || error.get_ref()?.downcast_ref::<io::Error>();
    error.kind() == io::ErrorKind::TimedOut || wrapped().is_some_and(is_body_timeout)
}

/// The client of a request, in its [`poem::Request::data`].
#[derive(Clone)]
pub struct Client {
    address: ClientAddress,
    entry: Arc<ConnectionEntry>,
}

impl Client {
    /// The address it is counted under.
    pub fn address(&self) -> ClientAddress {
        self.address
    }

    /// Records that this key was recognised: the connection counts against it from now on.
    pub fn has_key(&self, key_id: Uuid) {
        self.entry.give_to(key_id);
    }
}

/// Keeps a thing until the last byte of the answer is written, or never will be: what bounds the
/// answers that are under way at the same time.
pub fn keep_until_written(response: &mut Response, thing: impl Any + Send + Sync) {
    response.extensions_mut().insert(Kept(Arc::new(thing)));
}

/// What all connections of a listener share.
struct Shared<E> {
    endpoint: E,
    limits: ServeLimits,
    listener_name: &'static str,
    local_addr: SocketAddr,
    proxies: TrustedProxies,
    places: Arc<Semaphore>,
    by_owner: Arc<ConnectionsByOwner>,
    connections: TaskTracker,
    /// Finish what is running.
    stop: CancellationToken,
    /// Finish now.
    abort: CancellationToken,
}

/// Serves `endpoint` until `shutdown`; returns when the running requests are answered, or after
/// `limits.stop_timeout`.
///
/// Errors: the listening socket itself is broken. Everything else is survived.
pub async fn serve<E>(
    listener: Listener,
    endpoint: E,
    limits: ServeLimits,
    shutdown: CancellationToken,
) -> io::Result<()>
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    let Listener {
        listener,
        local_addr,
        setting,
        proxies,
    } = listener;
    let shared = Arc::new(Shared {
        endpoint: endpoint.into_endpoint(),
        limits,
        listener_name: setting,
        local_addr,
        proxies,
        places: Arc::new(Semaphore::new(limits.connection_count_max)),
        by_owner: by_owner(&limits),
        connections: TaskTracker::new(),
        stop: CancellationToken::new(),
        abort: CancellationToken::new(),
    });
    tracing::info!(listener = setting, address = %local_addr, "listening");
    let outcome = tokio::select! {
        error = accept_all(&listener, &shared) => Err(error),
        () = shutdown.cancelled() => Ok(()),
    };
    drop(listener);
    finish(&shared).await;
    outcome
}

fn by_owner(limits: &ServeLimits) -> Arc<ConnectionsByOwner> {
    ConnectionsByOwner::new(
        limits.address_connection_count_max,
        limits.key_connection_count_max,
    )
}

/// Ends only with an error that waiting cannot cure.
async fn accept_all<E: Endpoint + 'static>(
    listener: &TcpListener,
    shared: &Arc<Shared<E>>,
) -> io::Error {
    let mut pause = ACCEPT_PAUSE.0;
    loop {
        if shared.places.available_permits() == 0 {
            shared.by_owner.make_room();
        }
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&shared.places).acquire_owned().await else {
            return io::Error::other("no places");
        };
        match listener.accept().await {
            Ok((socket, remote_addr)) => {
                pause = ACCEPT_PAUSE.0;
                start_connection(socket, remote_addr, place, shared);
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) if is_of_the_socket(&error) => return error,
            Err(error) => {
                tracing::error!(listener = shared.listener_name, %error, "cannot accept");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(ACCEPT_PAUSE.1);
            }
        }
    }
}

/// The connection was gone before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::Interrupted,
    ]
    .contains(&error.kind())
}

/// `EBADF`, `EINVAL`, `ENOTSOCK`: the socket does not listen any more.
fn is_of_the_socket(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(9 | 22 | 88))
}

fn start_connection<E: Endpoint + 'static>(
    socket: TcpStream,
    remote_addr: SocketAddr,
    place: OwnedSemaphorePermit,
    shared: &Arc<Shared<E>>,
) {
    // Fails only if the client has already gone, which reading will show.
    let _ = socket.set_nodelay(true);
    let connection = Arc::clone(shared);
    tasks::spawn_on(&shared.connections, "connection", async move {
        let _place = place;
        let open = metrics::gauge!(
            "luutru_connections_open", "listener" => connection.listener_name
        );
        open.increment(1);
        let cut = serve_connection(socket, remote_addr, &connection).await;
        open.decrement(1);
        if let Some(cut) = cut {
            let listener = connection.listener_name;
            metrics::counter!(
                "luutru_connections_cut_total", "listener" => listener, "reason" => cut.as_str()
            )
            .increment(1);
        }
    });
}

async fn finish<E>(shared: &Shared<E>) {
    shared.stop.cancel();
    shared.connections.close();
    if tokio::time::timeout(shared.limits.stop_timeout, shared.connections.wait())
        .await
        .is_err()
    {
        let connection_count = shared.connections.len();
        tracing::error!(
            listener = shared.listener_name,
            connection_count,
            "cut off at shutdown"
        );
        shared.abort.cancel();
        shared.connections.wait().await;
    }
    tracing::info!(listener = shared.listener_name, "stopped listening");
}

/// Serves one connection to its end; returns whether and why we ended it.
async fn serve_connection<I, E>(
    socket: I,
    remote_addr: SocketAddr,
    shared: &Arc<Shared<E>>,
) -> Option<Cut>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    E: Endpoint + 'static,
{
    let owner = if shared.proxies.contains(remote_addr.ip()) {
        ConnectionOwner::Proxy
    } else {
        ConnectionOwner::Address(ClientAddress::of(remote_addr.ip()))
    };
    let entry = shared.by_owner.enter(owner);
    let activity = Activity::new(shared.limits);
    let socket = TokioIo::new(WatchedSocket::new(socket, Arc::clone(&activity)));
    let service = service_fn(|request| {
        let activity = Arc::clone(&activity);
        let (shared, entry) = (Arc::clone(shared), Arc::clone(&entry));
        let answer = answer(request, remote_addr, entry, activity, shared);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let protocol = protocol(&shared.limits);
    let mut connection = pin!(protocol.serve_connection(socket, service));
    let watch_interval = shared.limits.header_read_timeout / WATCH_PARTS;
    let mut look = pin!(tokio::time::sleep(watch_interval));
    let mut is_stopping = false;
    loop {
        tokio::select! {
            // Errors are the client's: cut off, or not HTTP.
            _ = connection.as_mut() => return None,
            () = look.as_mut() => {
                let is_full = shared.places.available_permits() == 0;
                if let Some(cut) = activity.judge(is_full) {
                    return Some(cut);
                }
                look.as_mut().reset(Instant::now() + watch_interval.min(STOP_GRACE));
            }
            () = entry.evicted() => return Some(Cut::Crowded),
            () = shared.stop.cancelled(), if !is_stopping => {
                is_stopping = true;
                activity.start_stopping();
                connection.as_mut().graceful_shutdown();
                look.as_mut().reset(Instant::now() + STOP_GRACE);
            }
            () = shared.abort.cancelled() => return Some(Cut::Stopping),
        }
    }
}

/// HTTP/1.1 and HTTP/2 without TLS. Time limits of heads are [`Activity`]'s.
fn protocol(limits: &ServeLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(limits.header_count_max)
        .max_buf_size(limits.header_bytes_max.max(BUFFER_BYTES_MIN));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAM_COUNT_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(SIGN_OF_LIFE)
        .keep_alive_timeout(SIGN_OF_LIFE)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX));
    builder
}

async fn answer<E: Endpoint>(
    request: hyper::Request<Incoming>,
    remote_addr: SocketAddr,
    entry: Arc<ConnectionEntry>,
    activity: Arc<Activity>,
    shared: Arc<Shared<E>>,
) -> hyper::Response<CountedBody> {
    let guard = activity.start_request();
    if request.version() >= Version::HTTP_2 {
        activity.is_multiplexed();
    }
    activity.room().await;
    let client = Client {
        address: shared.proxies.client(remote_addr.ip(), request.headers()),
        entry,
    };
    let has_body = !request.body().is_end_stream();
    // A client that expects 100 sends nothing after a refusal; HTTP/2 ends the stream by itself.
    let is_drained =
        request.version() < Version::HTTP_2 && !request.headers().contains_key(header::EXPECT);
    let local_addr = LocalAddr(Addr::SocketAddr(shared.local_addr));
    let remote_addr = RemoteAddr(Addr::SocketAddr(remote_addr));
    let mut request = poem::Request::from((request, local_addr, remote_addr, Scheme::HTTP));
    request.set_data(client);

    let leftover = has_body.then(|| watch_body(&mut request, &shared.limits));
    let response = shared.endpoint.get_response(request).await;
    if let Some(leftover) = leftover.filter(|_| is_drained) {
        drain(&leftover, &activity, &shared.connections);
    }
    let mut response: hyper::Response<WireBody> = response.into();
    let kept = response.extensions_mut().remove();
    response.map(|body| CountedBody::new(body, guard, kept))
}

fn watch_body(request: &mut poem::Request, limits: &ServeLimits) -> Leftover {
    let (body, leftover) = WatchedBody::new(request.take_body().into(), limits);
    request.set_body(body.boxed());
    leftover
}

/// Drains the unread body alongside the answer: a client still sending when the connection closes
/// would lose the answer.
fn drain(leftover: &Leftover, activity: &Arc<Activity>, connections: &TaskTracker) {
    let body = leftover.lock().take();
    let Some(mut body) = body else {
        return;
    };
    let guard = activity.start_request();
    tasks::spawn_on(connections, "refused body", async move {
        let _guard = guard;
        let read = async {
            let mut length = 0;
            while let Some(Ok(frame)) = body.frame().await {
                length += frame.data_ref().map_or(0, |data| data.len());
                if length > LEFTOVER_BYTES_MAX {
                    break;
                }
            }
        };
        // Out of time is the same as read: the body is dropped and the connection closes.
        let _ = tokio::time::timeout(LEFTOVER_TIMEOUT, read).await;
    });
}

#[cfg(test)]
mod tests;
