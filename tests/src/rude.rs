//! A misbehaving police endpoint: the test decides each answer byte for byte. It records when each
//! request came, and how long the caller waited.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::consumer::{self, Told};

/// What it sends at once of a long answer.
const CHUNK_LENGTH: usize = 16 * 1024;
/// What its side of a connection holds, so that what it could send tells what was read.
const SEND_BUFFER_BYTES: u32 = 16 * 1024;

/// What it does with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Confirms, as it should.
    Confirms,
    /// Confirms, and confirms something else right behind it on the same connection.
    ConfirmsTwice,
    /// These bytes and nothing more.
    Says(Vec<u8>),
    /// Keeps the connection and says nothing.
    Silent,
    /// A confirmation, one byte a second.
    Drips,
    /// Ends its side of the connection, and keeps the other.
    HalfCloses,
    /// 200 and JSON of so many bytes, announced or in chunks.
    Floods {
        /// How many.
        byte_count: usize,
        /// Whether `Content-Length` says so.
        is_announced: bool,
    },
}

impl Reply {
    /// An answer of this status, with more header lines, each ended, and a body.
    pub fn status(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!(
            "HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self::Says(bytes)
    }

    /// 200 and a body that says to be JSON.
    pub fn json(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, "content-type: application/json\r\n", body)
    }
}

/// A notification that came.
#[derive(Clone, Debug)]
pub struct Notified {
    /// When it had come whole.
    pub at: Instant,
    /// Its id.
    pub id: String,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// How often its id has come, this time included.
    pub try_count: usize,
    /// Which id it is, in the order of their first coming, from zero.
    pub place: usize,
    /// How long the caller waited until it gave up; `None` while it waits, or when it was answered
    /// whole.
    pub waited: Option<Duration>,
    /// Bytes of an answer that could be sent.
    pub sent: usize,
}

impl Notified {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a notification is JSON")
    }

    /// Its confirmation, as the police endpoint's contract has it.
    pub fn confirmation(&self) -> Value {
        json!({
            "police_reference": format!("RUDE-{}", self.place),
            "received_at": "2026-11-23T14:05:00+07:00",
        })
    }
}

type Choice = dyn Fn(&Notified) -> Reply + Send + Sync;

/// A running endpoint. Dropping it ends it.
pub struct Rude {
    shared: Arc<Shared>,
    address: String,
    // Ends with it.
    _tasks: JoinSet<()>,
}

struct Shared {
    choice: Box<Choice>,
    notified: Mutex<Vec<Notified>>,
}

impl Rude {
    /// Starts one that answers each request as `choice` says.
    pub async fn start(choice: impl Fn(&Notified) -> Reply + Send + Sync + 'static) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .set_send_buffer_size(SEND_BUFFER_BYTES)
            .expect("a small buffer");
        let any = "127.0.0.1:0".parse().expect("an address");
        socket.bind(any).expect("a free port");
        let listener = socket.listen(1024).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            choice: Box::new(choice),
            notified: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let served = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                connections.spawn(async move {
                    // Callers are expected to disconnect here.
                    let _ = serve(socket, &served).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            shared,
            address: format!("http://{address}"),
            _tasks: tasks,
        }
    }

    /// Where it listens, as a setting takes it.
    pub fn url(&self) -> &str {
        &self.address
    }

    /// The requests so far, in order of arrival.
    pub fn notified(&self) -> Vec<Notified> {
        self.shared.notified.lock().clone()
    }

    /// The same by id.
    pub fn by_id(&self) -> HashMap<String, Vec<Notified>> {
        let mut by_id: HashMap<String, Vec<Notified>> = HashMap::new();
        for one in self.notified() {
            by_id.entry(one.id.clone()).or_default().push(one);
        }
        by_id
    }
}

async fn serve(mut socket: TcpStream, shared: &Shared) -> std::io::Result<()> {
    while let Some(told) = consumer::read(&mut socket).await? {
        let (number, notified) = note(shared, told);
        let reply = (shared.choice)(&notified);
        let started = Instant::now();
        let answered = answer(&mut socket, reply, &notified).await;
        let mut all = shared.notified.lock();
        match answered {
            Answered::Whole => {}
            Answered::Ended { sent } => {
                all[number].sent = sent;
                return Ok(());
            }
            Answered::Left { sent } => {
                all[number].sent = sent;
                all[number].waited = Some(started.elapsed());
                return Ok(());
            }
        }
    }
    Ok(())
}

fn note(shared: &Shared, told: Told) -> (usize, Notified) {
    let mut all = shared.notified.lock();
    let id = told.id().to_owned();
    let before: Vec<&Notified> = all.iter().filter(|one| one.id == id).collect();
    let place = before.first().map(|one| one.place);
    let try_count = before.len() + 1;
    let next_place = all.iter().map(|one| one.place + 1).max().unwrap_or(0);
    let notified = Notified {
        at: Instant::now(),
        id,
        body: told.body,
        try_count,
        place: place.unwrap_or(next_place),
        waited: None,
        sent: 0,
    };
    all.push(notified.clone());
    (all.len() - 1, notified)
}

enum Answered {
    /// The connection can be used again.
    Whole,
    /// It ends.
    Ended { sent: usize },
    /// The caller gave up.
    Left { sent: usize },
}

async fn answer(socket: &mut TcpStream, reply: Reply, notified: &Notified) -> Answered {
    match reply {
        Reply::Confirms => {
            let confirmation = http(&notified.confirmation());
            match socket.write_all(confirmation.as_bytes()).await {
                Ok(()) => Answered::Whole,
                Err(_) => Answered::Left { sent: 0 },
            }
        }
        Reply::ConfirmsTwice => {
            let mut another = notified.confirmation();
            another["police_reference"] = json!("ANOTHER");
            let both = http(&notified.confirmation()) + &http(&another);
            match socket.write_all(both.as_bytes()).await {
                Ok(()) => Answered::Whole,
                Err(_) => Answered::Left { sent: 0 },
            }
        }
        Reply::Says(bytes) => {
            let sent = bytes.len();
            match socket.write_all(&bytes).await {
                Ok(()) => Answered::Ended { sent },
                Err(_) => Answered::Left { sent: 0 },
            }
        }
        Reply::Silent => until_left(socket).await,
        Reply::HalfCloses => {
            let _ = socket.shutdown().await;
            until_left(socket).await
        }
        Reply::Drips => drip(socket, &http(&notified.confirmation())).await,
        Reply::Floods {
            byte_count,
            is_announced,
        } => flood(socket, byte_count, is_announced).await,
    }
}

fn http(body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn until_left(socket: &mut TcpStream) -> Answered {
    let mut bytes = [0; 64];
    while socket.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
    Answered::Left { sent: 0 }
}

async fn drip(socket: &mut TcpStream, text: &str) -> Answered {
    let (mut reader, mut writer) = socket.split();
    let mut sent = 0;
    let dripping = async {
        for byte in text.as_bytes() {
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
            sent += 1;
            sleep(Duration::from_secs(1)).await;
        }
    };
    let mut byte = [0];
    tokio::select! {
        () = dripping => {}
        _ = reader.read(&mut byte) => {}
    }
    Answered::Left { sent }
}

/// White space is JSON as far as it goes.
async fn flood(socket: &mut TcpStream, byte_count: usize, is_announced: bool) -> Answered {
    let length = if is_announced {
        format!("content-length: {byte_count}")
    } else {
        "transfer-encoding: chunked".to_owned()
    };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}\r\n\r\n");
    if socket.write_all(head.as_bytes()).await.is_err() {
        return Answered::Left { sent: 0 };
    }
    let white = vec![b' '; CHUNK_LENGTH];
    let chunk = if is_announced {
        white
    } else {
        let size = format!("{CHUNK_LENGTH:x}\r\n");
        [size.as_bytes(), &white, b"\r\n"].concat()
    };
    let mut sent = 0;
    while sent < byte_count {
        if socket.write_all(&chunk).await.is_err() {
            return Answered::Left { sent };
        }
        sent += CHUNK_LENGTH;
    }
    Answered::Ended { sent }
}
