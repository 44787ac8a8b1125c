//! HTTP/1.1 by hand, for what a well-behaved client cannot send.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIMIT: Duration = Duration::from_secs(15);

/// What came back on a connection.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status; `None` when the connection closed without an answer.
    pub status: Option<u16>,
    /// Head and body as text.
    pub text: String,
}

/// Opens a connection to `address` (`http://…`), sends the pieces one after the other as far as
/// the other side takes them, and reads until it closes or the answer's head and body are there.
pub async fn raw_exchange(address: &str, pieces: &[&[u8]]) -> RawAnswer {
    let exchange = exchange(address, pieces);
    tokio::time::timeout(LIMIT, exchange)
        .await
        .expect("the service neither answered nor closed the connection")
}

async fn exchange(address: &str, pieces: &[&[u8]]) -> RawAnswer {
    let authority = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).await.expect("a connection");
    for piece in pieces {
        // The service may have answered and closed already.
        if stream.write_all(piece).await.is_err() {
            break;
        }
    }
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while !is_complete(&bytes) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.get(9..12).and_then(|digits| digits.parse().ok());
    RawAnswer { status, text }
}

/// Whether head and announced body are there.
fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| bytes.len() >= head.len() + 4 + length)
}
