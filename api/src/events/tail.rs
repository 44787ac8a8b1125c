//! The tail of the feed, read once for all streams of the process: the database is polled four
//! times a second, however many clients listen.

use std::sync::Arc;
use std::time::Duration;

use store::Database;
use store::events::{self, FeedPage};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// Between two looks while somebody listens.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Events read at once.
const READ_COUNT_MAX: u64 = 1_000;
/// How many events a stream may lag before it reads from the database itself.
const NEWS_COUNT_MAX: usize = 16;

/// New events of all senders.
pub(crate) struct FeedNews {
    /// The number after which it begins.
    pub(super) after: i64,
    /// What follows.
    pub(super) page: FeedPage,
}

/// Tells streams what is new.
pub(crate) struct Tail(broadcast::Sender<Arc<FeedNews>>);

impl Default for Tail {
    fn default() -> Self {
        let (sender, _) = broadcast::channel(NEWS_COUNT_MAX);
        Self(sender)
    }
}

impl Tail {
    /// Everything new from now on, and perhaps a little before.
    pub(super) fn listen(&self) -> broadcast::Receiver<Arc<FeedNews>> {
        self.0.subscribe()
    }

    /// Looks and tells until the stop.
    pub(crate) async fn run(&self, db: &Database, stop: &CancellationToken) {
        let mut reached = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
            }
            if self.0.receiver_count() == 0 {
                reached = None;
                continue;
            }
            match self.look(db, reached).await {
                Ok(place) => reached = Some(place),
                Err(error) => tracing::debug!(%error, "event streams are waiting for the database"),
            }
        }
    }

    async fn look(&self, db: &Database, reached: Option<i64>) -> store::Result<i64> {
        let is_first = reached.is_none();
        let after = match reached {
            Some(reached) => reached,
            None => events::head(db).await?,
        };
        let page = events::all_after(db, after, READ_COUNT_MAX).await?;
        let reached = page.reached;
        // The first poll fixes the starting point; a stream that has read less catches up to it.
        if reached > after || is_first {
            // Nobody listens any more: nothing is lost.
            let _ = self.0.send(Arc::new(FeedNews { after, page }));
        }
        Ok(reached)
    }
}
