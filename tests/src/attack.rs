//! What attackers send, bounded in count and time and only ever to a service of this test run;
//! and what an honest sender meets meanwhile.

use std::{collections::BTreeMap, fmt, io, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Types of HTTP/2 frames (RFC 9113, section 6).
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
/// No answer within this time is none.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections that are held open.
pub struct Flood {
    sockets: Vec<TcpStream>,
    // End with it.
    _writers: JoinSet<()>,
}

impl Flood {
    /// Opens so many connections to `address` (`http://…`) and sends `first` on each.
    pub async fn open(address: &str, count: usize, first: &[u8]) -> Self {
        let authority = address.trim_start_matches("http://");
        let mut sockets = Vec::with_capacity(count);
        for _ in 0..count {
            let opened = timeout(PATIENCE, TcpStream::connect(authority)).await;
            let mut socket = opened.expect("a connection in time").expect("a connection");
            // It may have been refused already.
            let _ = socket.write_all(first).await;
            sockets.push(socket);
        }
        Self {
            sockets,
            _writers: JoinSet::new(),
        }
    }

    /// The same, and then a byte of each after each pause, for as long as it is held.
    pub async fn drip(address: &str, count: usize, first: &[u8], pause: Duration) -> Self {
        let opened = Self::open(address, count, first).await;
        let mut writers = JoinSet::new();
        for mut socket in opened.sockets {
            writers.spawn(async move {
                while socket.write_all(b"a").await.is_ok() {
                    sleep(pause).await;
                }
            });
        }
        Self {
            sockets: Vec::new(),
            _writers: writers,
        }
    }

    /// How many the service has closed by now.
    pub fn closed_count(&self) -> usize {
        self.sockets.iter().filter(|one| is_closed(one)).count()
    }
}

/// Reads what is there; true at the end.
fn is_closed(socket: &TcpStream) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match socket.try_read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

/// HTTP/2 whose client takes nothing: `count` times GET of a path, and no window for an answer.
pub fn unread_http_2(path: &str, key: Option<&str>, count: u32) -> Vec<u8> {
    // SETTINGS_INITIAL_WINDOW_SIZE = 0.
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for number in 0..count {
        // RFC 7541, appendix A: GET, http, then names of the table with values of ours.
        let mut block = vec![0x82, 0x86];
        block.extend(named(&[0x04], path));
        block.extend(named(&[0x01], "127.0.0.1"));
        if let Some(key) = key {
            block.extend(named(&[0x0f, 0x08], &format!("Bearer {key}")));
        }
        bytes.extend(frame(HEADERS, 0x5, 2 * number + 1, &block));
    }
    bytes
}

fn named(name: &[u8], value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("a short value");
    assert!(length < 127, "a value that needs one byte of length");
    [name, &[length], value.as_bytes()].concat()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload");
    let [_, length @ ..] = length.to_be_bytes();
    let head = [length.as_slice(), &[kind, flags], &stream.to_be_bytes()].concat();
    [head.as_slice(), payload].concat()
}

/// A key that nobody has, in the form of one; `seed` makes it differ from others.
pub fn made_up_key(seed: u64) -> String {
    format!("luutru_{seed:030x}07_{}", "A".repeat(43))
}

/// What a sender met.
#[derive(Debug, Default)]
pub struct Figures {
    latencies: Vec<Duration>,
    /// How often each status came; 0 for no answer.
    pub statuses: BTreeMap<u16, usize>,
}

impl Figures {
    /// Calls so many times, one after the other, with a pause between.
    pub async fn of(count: usize, pause: Duration, mut call: impl AsyncFnMut() -> u16) -> Self {
        let mut figures = Self::default();
        for _ in 0..count {
            let started = Instant::now();
            let status = timeout(PATIENCE, call()).await.unwrap_or(0);
            figures.latencies.push(started.elapsed());
            *figures.statuses.entry(status).or_default() += 1;
            sleep(pause).await;
        }
        figures
    }

    /// Whether nothing came but these.
    pub fn are_all(&self, statuses: &[u16]) -> bool {
        self.statuses.keys().all(|status| statuses.contains(status))
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = |part: usize| sorted.get((sorted.len() * part / 100).min(sorted.len() - 1));
        let milliseconds = |part| at(part).map_or(0, Duration::as_millis);
        write!(
            formatter,
            "{} calls, statuses {:?}, p50 {} ms, p95 {} ms, max {} ms",
            sorted.len(),
            self.statuses,
            milliseconds(50),
            milliseconds(95),
            milliseconds(100),
        )
    }
}
