//! Time limits and connection limits of a listener.

use std::time::Duration;

/// Bounds of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeLimits {
    /// Connections at once, idle ones included. Others wait in the backlog of the system.
    pub connection_count_max: usize,
    /// Connections at once of one address on which no key is known.
    pub address_connection_count_max: usize,
    /// Connections at once of one key.
    pub key_connection_count_max: usize,
    /// From the connection, or the first byte of a further request, to the end of its head.
    pub header_read_timeout: Duration,
    /// From one request's end to the next one's first byte; one second when all places are taken.
    pub idle_timeout: Duration,
    /// Without a byte of a request's body.
    pub body_stall_timeout: Duration,
    /// For the whole of a request's body.
    pub body_timeout: Duration,
    /// Without the client taking a further part of an answer, 16 KiB or what is left of it. On
    /// HTTP/2 for each answer: what goes on beside it does not count.
    pub write_stall_timeout: Duration,
    /// Header lines of a request (HTTP/1): more is 431.
    pub header_count_max: usize,
    /// Bytes of a request's head, at least 8 KiB: more is 431.
    pub header_bytes_max: usize,
    /// Time limit for requests running when the stop begins; after that they are cut off.
    pub stop_timeout: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connection_count_max: 4096,
            address_connection_count_max: 1024,
            key_connection_count_max: 1024,
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_stall_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(300),
            write_stall_timeout: Duration::from_secs(30),
            header_count_max: 100,
            header_bytes_max: 32 * 1024,
            stop_timeout: Duration::from_secs(20),
        }
    }
}
