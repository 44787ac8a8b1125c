//! A webhook consumer: a small web server that keeps what it receives, and behaves well or badly on
//! request.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use parking_lot::Mutex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::eventually_some;

const CHUNK_LENGTH: usize = 64 * 1024;

/// How a consumer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// With this status.
    Status(u16),
    /// Never.
    Hangs,
    /// With a redirect to this address.
    Redirects(String),
    /// 200, and a body of so many bytes.
    Streams(u64),
}

/// A call that a consumer got.
#[derive(Clone, Debug)]
pub struct Told {
    /// Headers, names in small letters.
    pub headers: HashMap<String, String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Told {
    /// The header `webhook-id`.
    pub fn id(&self) -> &str {
        self.headers.get("webhook-id").map_or("", String::as_str)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a webhook's body is JSON")
    }

    /// Whether it was signed with this secret, by the rules of Standard Webhooks.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = secret.strip_prefix("whsec_").expect("a webhook secret");
        let key = STANDARD.decode(key).expect("base64");
        let timestamp = self.headers.get("webhook-timestamp");
        let timestamp = timestamp.expect("a call says when it was made");
        let mut content = format!("{}.{timestamp}.", self.id()).into_bytes();
        content.extend_from_slice(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(&key, &content)));
        let signatures = self.headers.get("webhook-signature");
        signatures.is_some_and(|all| all.split(' ').any(|one| one == expected))
    }
}

/// RFC 2104, for keys of 64 bytes at most.
fn hmac_sha256(key: &[u8], content: &[u8]) -> Vec<u8> {
    let mut padded = [0; 64];
    padded[..key.len()].copy_from_slice(key);
    let inner = padded.map(|byte| byte ^ 0x36);
    let outer = padded.map(|byte| byte ^ 0x5c);
    let inner = Sha256::new().chain_update(inner).chain_update(content);
    let outer = Sha256::new().chain_update(outer);
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

/// A running consumer. Dropping it ends it.
pub struct Consumer {
    shared: Arc<Shared>,
    address: String,
    // Ends with it.
    _tasks: JoinSet<()>,
}

struct Shared {
    manner: Mutex<Manner>,
    told: Mutex<Vec<Told>>,
    under_way: AtomicUsize,
    most_at_once: AtomicUsize,
    streamed: AtomicU64,
}

impl Consumer {
    /// Starts one on a free port.
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            manner: Mutex::new(manner),
            told: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            streamed: AtomicU64::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&shared)));
        Self {
            shared,
            address: format!("http://{address}/luutru"),
            _tasks: tasks,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.address
    }

    /// Answers otherwise from now on.
    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock() = manner;
    }

    /// What it got so far.
    pub fn told(&self) -> Vec<Told> {
        self.shared.told.lock().clone()
    }

    /// What it got of one type of events.
    pub fn told_of(&self, kind: &str) -> Vec<Told> {
        let told = self.told().into_iter();
        told.filter(|told| told.json()["type"] == kind).collect()
    }

    /// Waits for a call about a stay.
    pub async fn until_told(&self, kind: &str, stay_id: &str, limit: Duration) -> Told {
        eventually_some(kind, limit, async || {
            let told = self.told_of(kind).into_iter();
            let mut told = told.filter(|told| told.json()["data"]["stay_id"] == stay_id);
            told.next()
        })
        .await
    }

    /// The most calls that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::SeqCst)
    }

    /// Bytes of bodies that it could send.
    pub fn streamed(&self) -> u64 {
        self.shared.streamed.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut calls = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        calls.spawn(async move {
            // A caller that disconnects halfway is not the consumer's fault.
            let _ = serve(socket, &shared).await;
        });
    }
}

async fn serve(mut socket: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let Some(told) = read(&mut socket).await? else {
        return Ok(());
    };
    let count = shared.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_at_once.fetch_max(count, Ordering::SeqCst);
    shared.told.lock().push(told);
    let manner = shared.manner.lock().clone();
    let answered = answer(&mut socket, shared, manner).await;
    shared.under_way.fetch_sub(1, Ordering::SeqCst);
    answered
}

async fn answer(socket: &mut TcpStream, shared: &Shared, manner: Manner) -> std::io::Result<()> {
    match manner {
        Manner::Status(status) => {
            let head =
                format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            socket.write_all(head.as_bytes()).await
        }
        Manner::Redirects(address) => {
            let head = format!(
                "HTTP/1.1 302 Found\r\nlocation: {address}\r\ncontent-length: 0\r\n\
                 connection: close\r\n\r\n"
            );
            socket.write_all(head.as_bytes()).await
        }
        Manner::Streams(length) => {
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
            socket.write_all(head.as_bytes()).await?;
            let chunk = vec![b'x'; CHUNK_LENGTH];
            for _ in 0..length / CHUNK_LENGTH as u64 {
                socket.write_all(&chunk).await?;
                shared
                    .streamed
                    .fetch_add(CHUNK_LENGTH as u64, Ordering::SeqCst);
            }
            Ok(())
        }
        Manner::Hangs => {
            // Until the other side disconnects.
            let mut byte = [0];
            socket.read(&mut byte).await.map(|_| ())
        }
    }
}

/// One request; `None` when the connection ends before it is whole.
pub(crate) async fn read(socket: &mut TcpStream) -> std::io::Result<Option<Told>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if socket.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let headers: HashMap<String, String> = lines
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length");
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if socket.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Told { headers, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn hmac_is_that_of_the_standard() {
        let tag = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            hex::encode(tag),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
