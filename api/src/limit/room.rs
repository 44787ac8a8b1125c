//! Memory for bodies larger than one stay, while they arrive and are processed.
//!
//! A body reserves its announced length from its key's share before the first byte, so that bodies
//! of one key never wait for each other half received. From the shared memory it takes only what
//! has arrived, so that a caller who announces much and sends little blocks nobody.

use std::sync::Arc;
use std::time::Duration;

use domain::problem::Code;
use metrics::counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::gate::GatePermit;
use crate::config::ApiSettings;
use crate::imports::form;
use crate::problem::Failure;

/// What room is given in.
const UNIT_BYTES: u32 = 64 * 1024;
/// Documents and pictures of all keys.
const DOCUMENT_BYTES: u32 = 64 * 1024 * 1024;
/// Files of all keys, in largest files.
const FILE_COUNT: u32 = 2;
/// How long a body waits for its key's other bodies.
const OWN_PATIENCE: Duration = Duration::from_secs(10);
/// How long it waits for those of others, at each part.
const SHARED_PATIENCE: Duration = Duration::from_secs(5);

/// What kind of body is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// JSON or a picture, read at once.
    Document,
    /// A file, which may come slowly.
    File,
}

/// How many units there are.
#[derive(Clone, Copy)]
pub(super) struct RoomSizes {
    documents: u32,
    files: u32,
}

impl RoomSizes {
    /// For one key: the largest body of each kind.
    pub(super) fn of_key(settings: &ApiSettings) -> Self {
        let batch = settings.batch_body_bytes_max;
        Self {
            documents: units(
                settings
                    .census_body_bytes_max
                    .max(batch)
                    .max(DOCUMENT_BYTES / 4),
            ),
            files: units(settings.file_body_bytes_max + form::OVERHEAD_BYTE_COUNT_MAX),
        }
    }
}

/// The room of one key.
pub(crate) struct OwnRoom(BodyRoom);

/// The room of all keys.
pub(crate) struct SharedRoom(BodyRoom);

struct BodyRoom {
    documents: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

impl BodyRoom {
    fn new(sizes: RoomSizes) -> Self {
        let semaphore = |count| Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1)));
        Self {
            documents: semaphore(sizes.documents),
            files: semaphore(sizes.files),
        }
    }

    fn of(&self, kind: BodyKind) -> Arc<Semaphore> {
        Arc::clone(match kind {
            BodyKind::Document => &self.documents,
            BodyKind::File => &self.files,
        })
    }
}

impl OwnRoom {
    pub(super) fn new(sizes: RoomSizes) -> Self {
        Self(BodyRoom::new(sizes))
    }

    /// Room for a whole body of this length.
    ///
    /// Errors: 429 when the key's other bodies keep it too long.
    pub(crate) async fn reserve(&self, kind: BodyKind, bytes: u32) -> Result<GatePermit, Failure> {
        let room = self.0.of(kind).acquire_many_owned(units(bytes));
        let reserved = tokio::time::timeout(OWN_PATIENCE, room).await;
        reserved
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| refused(Code::RateLimited))
    }
}

impl SharedRoom {
    pub(super) fn new(settings: &ApiSettings) -> Self {
        let largest = settings
            .census_body_bytes_max
            .max(settings.batch_body_bytes_max);
        let file = units(settings.file_body_bytes_max + form::OVERHEAD_BYTE_COUNT_MAX);
        Self(BodyRoom::new(RoomSizes {
            documents: units(DOCUMENT_BYTES.max(largest)),
            files: file.saturating_mul(FILE_COUNT),
        }))
    }

    /// A body of which nothing has come.
    pub(crate) fn begin(&self, kind: BodyKind) -> Received {
        Received {
            room: self.0.of(kind),
            place: None,
            bytes: 0,
        }
    }
}

/// The room that a body takes.
pub(crate) struct Received {
    room: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
    bytes: u32,
}

impl Received {
    /// So many bytes more have come.
    ///
    /// Errors: 503 when others leave no room for them.
    pub(crate) async fn grow(&mut self, bytes: usize) -> Result<(), Failure> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let before = units(self.bytes);
        self.bytes = self.bytes.saturating_add(bytes);
        let more = units(self.bytes) - before;
        if more == 0 {
            return Ok(());
        }
        let room = Arc::clone(&self.room).acquire_many_owned(more);
        let taken = tokio::time::timeout(SHARED_PATIENCE, room).await;
        let taken = taken.ok().and_then(Result::ok);
        let taken = taken.ok_or_else(|| refused(Code::Overloaded))?;
        match &mut self.place {
            Some(place) => place.merge(taken),
            None => self.place = Some(taken),
        }
        Ok(())
    }

    /// The memory held until the body has been processed.
    pub(crate) fn into_place(self) -> Option<GatePermit> {
        self.place
    }
}

fn refused(code: Code) -> Failure {
    counter!("luutru_shed_total", "reason" => "body_room").increment(1);
    Failure::new(code)
}

fn units(bytes: u32) -> u32 {
    bytes.div_ceil(UNIT_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> RoomSizes {
        RoomSizes {
            documents: 2,
            files: 2,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_of_a_key_wait_for_each_other_and_for_nobody_else() {
        let (one, other) = (OwnRoom::new(sizes()), OwnRoom::new(sizes()));
        let first = one
            .reserve(BodyKind::Document, 2 * UNIT_BYTES)
            .await
            .unwrap_or_else(|_| panic!());
        let refused = one.reserve(BodyKind::Document, 1).await.err();
        assert_eq!(
            refused.map(|failure| failure.code()),
            Some(Code::RateLimited)
        );
        assert!(one.reserve(BodyKind::File, 1).await.is_ok());
        assert!(other.reserve(BodyKind::Document, 1).await.is_ok());
        drop(first);
        assert!(one.reserve(BodyKind::Document, 1).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_taken_by_what_has_come() {
        let shared = SharedRoom(BodyRoom::new(sizes()));
        let mut first = shared.begin(BodyKind::File);
        let mut second = shared.begin(BodyKind::File);
        for _ in 0..64 {
            assert!(first.grow(1024).await.is_ok());
        }
        assert!(second.grow(1).await.is_ok());
        let refused = first.grow(1).await.err();
        assert_eq!(
            refused.map(|failure| failure.code()),
            Some(Code::Overloaded)
        );
        drop(second.into_place());
        assert!(first.grow(1).await.is_ok());
    }
}
