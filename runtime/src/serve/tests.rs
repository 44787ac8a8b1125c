//! Time limits run on a clock that stands still until everything waits (`start_paused`), over an
//! in-memory connection; what needs a port runs on a real one.

use poem::http::StatusCode;
use poem::{Body, Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Notify;

use super::*;

const GET: &[u8] = b"GET /quick HTTP/1.1\r\nhost: test\r\n\r\n";
const CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

/// `/quick` answers, `/slow` takes 100 s, `/read` reads its body, `/refuse` does not, `/large`
/// answers 10 MiB, `/keep` keeps a thing, `/panic` panics, `/wait` answers when told.
fn endpoint(gate: Arc<Gate>) -> impl Endpoint<Output = Response> + 'static {
    poem::EndpointExt::map_to_response(poem::endpoint::make(move |request: Request| {
        let gate = Arc::clone(&gate);
        async move { route(request, &gate).await }
    }))
}

/// What an answer of `/keep` keeps.
static KEPT: Semaphore = Semaphore::const_new(1);

/// Holds requests of `/wait`.
#[derive(Default)]
struct Gate {
    reached: Notify,
    opened: Notify,
}

async fn route(mut request: Request, gate: &Gate) -> Response {
    match request.uri().path() {
        "/slow" => tokio::time::sleep(Duration::from_secs(100)).await,
        "/wait" => {
            gate.reached.notify_one();
            gate.opened.notified().await;
        }
        "/keep" => {
            let mut response = Response::from("kept");
            keep_until_written(&mut response, KEPT.try_acquire().unwrap());
            return response;
        }
        "/panic" => panic!("on purpose"),
        "/large" => return Response::from(Body::from_vec(vec![b'x'; 10 * 1024 * 1024])),
        "/refuse" => return StatusCode::PAYLOAD_TOO_LARGE.into(),
        "/read" => {
            if let Err(poem::error::ReadBodyError::Io(error)) = request.take_body().into_vec().await
            {
                assert!(is_body_timeout(&error));
                return StatusCode::REQUEST_TIMEOUT.into();
            }
        }
        _ => {}
    }
    Response::from("done")
}

fn shared(limits: ServeLimits) -> Arc<Shared<impl Endpoint<Output = Response> + 'static>> {
    Arc::new(Shared {
        endpoint: endpoint(Arc::default()),
        limits,
        listener_name: "test",
        local_addr: CLIENT,
        proxies: TrustedProxies::default(),
        by_owner: by_owner(&limits),
        places: Arc::new(Semaphore::new(limits.connection_count_max)),
        connections: TaskTracker::new(),
        stop: CancellationToken::new(),
        abort: CancellationToken::new(),
    })
}

type Served = tokio::sync::oneshot::Receiver<Option<Cut>>;

/// The client's end of a connection, and how it ended.
fn connect<E: Endpoint + 'static>(shared: &Arc<Shared<E>>) -> (DuplexStream, Served) {
    let (client, server) = tokio::io::duplex(16 * 1024);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let shared = Arc::clone(shared);
    tasks::spawn("test connection", async move {
        let cut = serve_connection(server, CLIENT, &shared).await;
        let _ = sender.send(cut);
    });
    (client, receiver)
}

/// Reads one answer with a short body, so that the connection can be used again.
async fn read_answer(client: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    loop {
        answer.push(client.read_u8().await.unwrap());
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text.into_owned();
            }
        }
    }
}

fn assert_about(started: Instant, seconds: std::ops::RangeInclusive<u64>) {
    let elapsed = started.elapsed().as_secs();
    assert!(seconds.contains(&elapsed), "after {elapsed} s");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_its_head_byte_by_byte_is_cut() {
    let (mut client, served) = connect(&shared(ServeLimits::default()));
    let started = Instant::now();
    for byte in GET.iter().cycle() {
        if client.write_u8(*byte).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    assert_eq!(served.await.unwrap(), Some(Cut::SlowHead));
    assert_about(started, 10..=14);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_connects_and_is_silent_is_cut() {
    let (_client, served) = connect(&shared(ServeLimits::default()));
    let started = Instant::now();
    assert_eq!(served.await.unwrap(), Some(Cut::SlowHead));
    assert_about(started, 10..=12);
}

#[tokio::test(start_paused = true)]
async fn a_slow_second_head_is_cut_like_the_first() {
    let (mut client, served) = connect(&shared(ServeLimits::default()));
    client.write_all(GET).await.unwrap();
    assert!(read_answer(&mut client).await.ends_with("done"));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let started = Instant::now();
    client.write_all(b"GET /").await.unwrap();
    assert_eq!(served.await.unwrap(), Some(Cut::SlowHead));
    assert_about(started, 10..=12);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_and_sooner_when_all_places_are_taken() {
    for (is_full, seconds) in [(false, 75..=77), (true, 1..=3)] {
        let shared = shared(ServeLimits::default());
        if is_full {
            shared.places.forget_permits(usize::MAX);
        }
        let (mut client, served) = connect(&shared);
        client.write_all(GET).await.unwrap();
        read_answer(&mut client).await;
        let started = Instant::now();
        assert_eq!(served.await.unwrap(), Some(Cut::Idle));
        assert_about(started, seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_handler_is_not_the_clients_fault() {
    let (mut client, _served) = connect(&shared(ServeLimits::default()));
    let started = Instant::now();
    client
        .write_all(b"GET /slow HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    assert!(read_answer(&mut client).await.ends_with("done"));
    assert_about(started, 100..=100);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_or_trickles_ends_as_timed_out() {
    let head = b"POST /read HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\n";
    for (pause_seconds, seconds) in [(15, 10..=10), (5, 300..=300)] {
        let (client, _served) = connect(&shared(ServeLimits::default()));
        let (mut reader, mut writer) = tokio::io::split(client);
        let started = Instant::now();
        writer.write_all(head).await.unwrap();
        let trickle = tasks::spawn("trickle", async move {
            while writer.write_u8(b'x').await.is_ok() {
                tokio::time::sleep(Duration::from_secs(pause_seconds)).await;
            }
        });
        let answer = read_answer(&mut reader).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert_about(started, seconds);
        trickle.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answer_is_cut() {
    let (mut client, served) = connect(&shared(ServeLimits::default()));
    let started = Instant::now();
    client
        .write_all(b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(served.await.unwrap(), Some(Cut::SlowReader));
    assert_about(started, 30..=32);
}

/// An HTTP/2 frame of this type with these flags.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let [_, length @ ..] = length;
    let head = [length.as_slice(), &[kind, flags], &stream.to_be_bytes()].concat();
    [head.as_slice(), payload].concat()
}

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;

/// Begins HTTP/2, wanting so many bytes of each answer.
fn begin_http_2(window: u32) -> Vec<u8> {
    const INITIAL_WINDOW_SIZE: [u8; 2] = [0, 4];
    let setting = [INITIAL_WINDOW_SIZE.as_slice(), &window.to_be_bytes()].concat();
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(),
        &frame(SETTINGS, 0, 0, &setting),
    ]
    .concat()
}

/// `GET` of a path, as the whole of a stream.
fn get_2(stream: u32, path: &str) -> Vec<u8> {
    // RFC 7541: GET and http from the static table, then the name :path with a value.
    let head = [0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    let block = [head.as_slice(), path.as_bytes()].concat();
    frame(HEADERS, 0x5, stream, &block)
}

/// Reads and forgets.
async fn swallow(mut reader: tokio::io::ReadHalf<DuplexStream>) {
    while reader.read_u8().await.is_ok() {}
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_http_2_holds_back_is_cut_whatever_else_moves() {
    // Each row: what the client wants of each answer, of which; what it sends from then on.
    type Goes = fn(u32) -> Vec<u8>;
    let table: [(u32, &str, Goes); 5] = [
        (0, "/quick", |_| Vec::new()),
        (1, "/quick", |_| Vec::new()),
        (0, "/quick", |_| frame(PING, 0, 0, &[7; 8])),
        (65_535, "/large", |stream| get_2(stream, "/quick")),
        // A byte at a time.
        (0, "/quick", |_| frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])),
    ];
    for (number, (window, path, goes)) in table.into_iter().enumerate() {
        let (client, served) = connect(&shared(ServeLimits::default()));
        let (reader, mut writer) = tokio::io::split(client);
        tasks::spawn("reader", swallow(reader));
        let started = Instant::now();
        let writer = tasks::spawn("writer", async move {
            writer.write_all(&begin_http_2(window)).await.unwrap();
            writer.write_all(&get_2(1, path)).await.unwrap();
            for stream in (3..).step_by(2) {
                tokio::time::sleep(Duration::from_secs(15)).await;
                if writer.write_all(&goes(stream)).await.is_err() {
                    break;
                }
            }
        });
        tokio::select! {
            cut = served => assert_eq!(cut.unwrap(), Some(Cut::SlowReader), "row {number}"),
            () = tokio::time::sleep(Duration::from_secs(90)) => panic!("row {number} lives"),
        }
        assert_about(started, 30..=33);
        writer.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_an_answer_slowly_gets_it_whole() {
    let (mut client, _served) = connect(&shared(ServeLimits::default()));
    client
        .write_all(b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    let mut length = 0;
    let mut bytes = vec![0; 16 * 1024];
    while length < 10 * 1024 * 1024 {
        tokio::time::sleep(Duration::from_secs(8)).await;
        length += client.read(&mut bytes).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_http_2_connection_has_as_long_as_any_other() {
    let (client, served) = connect(&shared(ServeLimits::default()));
    let (reader, mut writer) = tokio::io::split(client);
    tasks::spawn("reader", swallow(reader));
    writer.write_all(&begin_http_2(65_535)).await.unwrap();
    writer.write_all(&get_2(1, "/quick")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    // Signs of life, which are no requests: an answer to a ping of ours, and a ping.
    let living = tasks::spawn("life", async move {
        loop {
            let acknowledged = frame(PING, 1, 0, &[0x3b; 8]);
            let ping = frame(PING, 0, 0, &[7; 8]);
            for frame in [acknowledged, ping] {
                if writer.write_all(&frame).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    });
    let cut = served.await.unwrap();
    // Ours, for silence, or the library's, for a ping that was not answered.
    assert!([Some(Cut::Idle), None].contains(&cut), "{cut:?}");
    assert_about(started, 20..=77);
    living.abort();
}

#[tokio::test(start_paused = true)]
async fn what_a_request_keeps_is_kept_until_its_answer_is_written() {
    let (client, served) = connect(&shared(ServeLimits::default()));
    let (mut reader, mut writer) = tokio::io::split(client);
    writer.write_all(&begin_http_2(0)).await.unwrap();
    writer.write_all(&get_2(1, "/keep")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(KEPT.available_permits(), 0);
    let wanted = frame(WINDOW_UPDATE, 0, 1, &[0, 0, 16, 0]);
    writer.write_all(&wanted).await.unwrap();
    let mut bytes = [0; 1024];
    while KEPT.available_permits() == 0 {
        let count = reader.read(&mut bytes).await.unwrap();
        assert!(count > 0, "the connection ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop((reader, writer));
    served.await.unwrap();
}

#[tokio::test]
async fn a_flood_of_one_address_keeps_nobody_out() {
    let limits = ServeLimits {
        connection_count_max: 40,
        address_connection_count_max: 30,
        ..Default::default()
    };
    let server = start(limits).await;
    let mut flood = Vec::new();
    for _ in 0..200 {
        flood.push(TcpStream::connect(server.addr).await.unwrap());
    }
    let asked = std::time::Instant::now();
    let mut honest = TcpStream::connect(server.addr).await.unwrap();
    honest.write_all(GET).await.unwrap();
    assert!(read_answer(&mut honest).await.ends_with("done"));
    assert!(asked.elapsed() < Duration::from_secs(5));
    // The oldest went.
    assert_eq!(flood[0].read(&mut [0; 16]).await.unwrap_or(0), 0);
    server.shutdown.cancel();
    server.ended.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_body_is_read_to_its_end_and_the_connection_lives_on() {
    let (mut client, _served) = connect(&shared(ServeLimits::default()));
    let head = b"POST /refuse HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000\r\n\r\n";
    client.write_all(head).await.unwrap();
    // Much more than the connection holds: gets through only when the other side reads it.
    client.write_all(&vec![b'x'; 1_000_000]).await.unwrap();
    assert!(read_answer(&mut client).await.starts_with("HTTP/1.1 413"));

    client.write_all(GET).await.unwrap();
    assert!(read_answer(&mut client).await.ends_with("done"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_body_that_does_not_come_is_given_up() {
    let (mut client, served) = connect(&shared(ServeLimits::default()));
    let started = Instant::now();
    let head = b"POST /refuse HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000\r\n\r\n";
    client.write_all(head).await.unwrap();
    assert!(read_answer(&mut client).await.starts_with("HTTP/1.1 413"));
    served.await.unwrap();
    assert_about(started, 5..=5);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_first_is_refused_without_being_told_to_go_on() {
    let (mut client, _served) = connect(&shared(ServeLimits::default()));
    let head = b"POST /refuse HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\n\
                 content-length: 1000000\r\n\r\n";
    client.write_all(head).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn too_many_or_too_long_headers_are_431() {
    let many = "x: y\r\n".repeat(101);
    let long = format!("x: {}\r\n", "y".repeat(40_000));
    for headers in [many, long] {
        let (client, _served) = connect(&shared(ServeLimits::default()));
        let (mut reader, mut writer) = tokio::io::split(client);
        let request = format!("GET /quick HTTP/1.1\r\nhost: test\r\n{headers}\r\n");
        let writing = tasks::spawn("writing", async move {
            // The other side may close before the last byte.
            let _ = writer.write_all(request.as_bytes()).await;
        });
        assert!(read_answer(&mut reader).await.starts_with("HTTP/1.1 431"));
        writing.await.unwrap();
    }
}

/// A server on a free port.
struct Running {
    addr: SocketAddr,
    url: String,
    gate: Arc<Gate>,
    shutdown: CancellationToken,
    ended: tokio::sync::oneshot::Receiver<io::Result<()>>,
}

async fn start(limits: ServeLimits) -> Running {
    let listener = Listener::bind("127.0.0.1:0", "LUUTRU_LISTEN")
        .await
        .unwrap();
    let (addr, url) = (listener.local_addr(), listener.url());
    let (gate, shutdown) = (Arc::new(Gate::default()), CancellationToken::new());
    let (sender, ended) = tokio::sync::oneshot::channel();
    let serving = serve(
        listener,
        endpoint(Arc::clone(&gate)),
        limits,
        shutdown.clone(),
    );
    tasks::spawn("test server", async move {
        let _ = sender.send(serving.await);
    });
    Running {
        addr,
        url,
        gate,
        shutdown,
        ended,
    }
}

/// Asks `/wait` and returns when the handler has the request.
async fn start_waiting(server: &Running) -> TcpStream {
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    client
        .write_all(b"GET /wait HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    server.gate.reached.notified().await;
    client
}

#[tokio::test]
async fn a_stop_finishes_the_running_request_and_takes_no_other() {
    let server = start(ServeLimits::default()).await;
    let mut idle = TcpStream::connect(server.addr).await.unwrap();
    idle.write_all(GET).await.unwrap();
    read_answer(&mut idle).await;
    let mut running = start_waiting(&server).await;

    server.shutdown.cancel();
    // The idle connection is closed at once, and nothing listens any more.
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
    let mut later = TcpStream::connect(server.addr).await;
    if let Ok(later) = later.as_mut() {
        let _ = later.write_all(GET).await;
        assert_eq!(later.read(&mut [0; 16]).await.unwrap_or(0), 0);
    }

    server.gate.opened.notify_one();
    let mut answer = String::new();
    running.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
        "{answer}"
    );
    server.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let limits = ServeLimits {
        stop_timeout: Duration::from_millis(50),
        ..Default::default()
    };
    let server = start(limits).await;
    let mut stuck = start_waiting(&server).await;
    server.shutdown.cancel();
    server.ended.await.unwrap().unwrap();
    assert_eq!(stuck.read(&mut [0; 16]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn connections_over_the_cap_wait_for_a_place() {
    let limits = ServeLimits {
        connection_count_max: 1,
        header_read_timeout: Duration::from_millis(200),
        ..Default::default()
    };
    let server = start(limits).await;
    let mut first = TcpStream::connect(server.addr).await.unwrap();
    let mut second = TcpStream::connect(server.addr).await.unwrap();
    let asked = std::time::Instant::now();
    second.write_all(GET).await.unwrap();
    assert!(read_answer(&mut second).await.ends_with("done"));
    // The silent first connection held the only place until its time was up.
    assert!(asked.elapsed() >= Duration::from_millis(150));
    assert_eq!(first.read(&mut [0; 16]).await.unwrap_or(0), 0);
    server.shutdown.cancel();
    server.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn http_2_without_tls_is_served_and_stopped() {
    let server = start(ServeLimits::default()).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = client
        .post(format!("{}/read", server.url))
        .body("body")
        .send()
        .await
        .unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.text().await.unwrap(), "done");
    server.shutdown.cancel();
    server.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_ends_its_connection_only() {
    let server = start(ServeLimits::default()).await;
    let mut client = TcpStream::connect(server.addr).await.unwrap();
    client
        .write_all(b"GET /panic HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(client.read(&mut [0; 16]).await.unwrap_or(0), 0);

    let mut other = TcpStream::connect(server.addr).await.unwrap();
    other.write_all(GET).await.unwrap();
    assert!(read_answer(&mut other).await.ends_with("done"));
}

#[tokio::test]
async fn a_taken_port_names_the_setting() {
    let first = Listener::bind("127.0.0.1:0", "LUUTRU_LISTEN")
        .await
        .unwrap();
    let taken = first.local_addr().to_string();
    for addr in [taken.as_str(), "nowhere", "127.0.0.1:70000"] {
        let error = Listener::bind(addr, "LUUTRU_OPS_LISTEN").await.unwrap_err();
        assert_eq!(error.setting(), "LUUTRU_OPS_LISTEN");
    }
}
