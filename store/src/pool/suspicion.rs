//! Connections that may be dead, and how they are tested.
//!
//! A connection that was idle for a while is tested before it is used again. After a connection
//! broke or did not answer, all are tested for some seconds.

use std::{sync::Arc, time::Duration};

use sea_orm::sqlx::{self, Connection, PgConnection, postgres::PgPoolOptions};
use tokio::time::{Instant, timeout};

use super::pace::Latest;

/// How long connections are tested before each use after one did not answer.
const SUSPECT_DURATION: Duration = Duration::from_secs(5);
/// A connection idle for this long may have died unnoticed, with a restart of the server. Its next
/// query may be one whose answer decides, so it is tested; on a busy pool none is.
pub(crate) const IDLE_TRUSTED: Duration = Duration::from_secs(1);
/// The longest such a test takes.
const TEST_TIMEOUT: Duration = Duration::from_millis(250);
/// A query abandoned sooner than this says nothing about its connection.
const SILENCE_MIN: Duration = Duration::from_millis(100);

/// Set for a few seconds after a connection stopped answering. Clones share the flag.
#[derive(Clone, Default)]
pub(crate) struct Suspicion(Arc<Latest>);

impl Suspicion {
    /// While the flag is set, tests connections when they are taken and when they are returned. One
    /// that does not answer is closed at once, which frees its slot.
    pub(crate) fn watch(&self, settings: &mut sea_orm::ConnectOptions) {
        let (taken, returned) = (self.clone(), self.clone());
        settings.map_sqlx_postgres_before_acquire(move |connection, meta| {
            let suspicion = taken.clone();
            Box::pin(async move { suspicion.test(connection, meta.idle_for).await })
        });
        settings.map_sqlx_postgres_pool_opts(move |options: PgPoolOptions| {
            let returned = returned.clone();
            options.after_release(move |connection, _| {
                let suspicion = returned.clone();
                Box::pin(async move { suspicion.test(connection, Duration::ZERO).await })
            })
        });
    }

    pub(crate) fn raise(&self) {
        self.0.note(Instant::now() + SUSPECT_DURATION);
    }

    fn is_raised(&self) -> bool {
        Instant::now() < self.0.get()
    }

    pub(crate) fn pending_query(&self) -> PendingQuery<'_> {
        PendingQuery {
            suspicion: self,
            since: Instant::now(),
            is_answered: false,
        }
    }

    /// Whether the connection may be used. Errors: it is dead; close it without a goodbye.
    async fn test(
        &self,
        connection: &mut PgConnection,
        idle_for: Duration,
    ) -> Result<bool, sqlx::Error> {
        if !self.is_raised() {
            // Nothing speaks against an idle one: the test may take as long as its taker waits.
            if idle_for >= IDLE_TRUSTED {
                connection.ping().await?;
            }
            return Ok(true);
        }
        match timeout(TEST_TIMEOUT, connection.ping()).await {
            Ok(answer) => answer.map(|()| true),
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}

/// A query that has not been answered yet. Dropped unanswered, it makes the connections suspect.
pub(crate) struct PendingQuery<'a> {
    suspicion: &'a Suspicion,
    since: Instant,
    pub(crate) is_answered: bool,
}

impl Drop for PendingQuery<'_> {
    fn drop(&mut self) {
        if !self.is_answered && self.since.elapsed() >= SILENCE_MIN {
            self.suspicion.raise();
        }
    }
}
