//! A pool whose queries end in time, whatever happens to the network.
//!
//! A server that answers ends a long statement itself, and says so. One that is silent (a cut
//! cable, a host that is gone, a firewall that forgot the connection) would be waited for until
//! the kernel gives up, a quarter of an hour. So each query has a limit on this side too, a little
//! above the server's own.
//!
//! ```text
//!             a slot is free                         answered in time
//!  caller ───────────────────► holds a slot ────────────────────────────► slot released,
//!     │                            │                                      its duration noted
//!     │ every slot is taken        │ no answer within the limit,                  │
//!     ▼                            │ or abandoned by its caller                   │
//!  queued, in order of arrival     ▼                                              │
//!     │        ▲               the pool is suspect for 5 s: connections are       │
//!     │        │               tested when taken and when returned, and a dead    │
//!     │        │               one is closed at once                              │
//!     │        └───────── every release extends the wait ─────────────────────────┘
//!     ▼
//!  refused: no release for longer than usual, or the longest wait has passed
//! ```
//!
//! [`queue`] holds the slots and the limits, [`pace`] decides how long waiting is worthwhile, and
//! [`suspicion`] tests connections. SQLite is a file: there is no network and no queue.

pub mod pace;
pub(crate) mod queue;
pub(crate) mod suspicion;

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement, TransactionOptions, TransactionTrait,
    prelude::async_trait::async_trait,
    sqlx::{
        self, Postgres,
        pool::PoolConnection,
        postgres::{PgArguments, PgRow},
    },
};

use self::queue::{PoolQueue, Slot, TimeLimited};
use crate::Error;

/// A connection and its time limits; `None` for SQLite, which has none.
pub(crate) struct Limited<C, P> {
    connection: C,
    limits: Option<P>,
}

/// One pool of connections.
pub(crate) type Pool = Limited<DatabaseConnection, Arc<PoolQueue>>;

/// A transaction whose queries have the limits of its pool. Rolled back on drop.
pub(crate) type Transaction = Limited<DatabaseTransaction, Slot>;

impl<C, P: TimeLimited> Limited<C, P> {
    /// The connection without limits, for work of any length.
    pub(crate) fn unlimited(&self) -> &C {
        &self.connection
    }

    async fn limit<T: Send>(
        &self,
        query: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        match &self.limits {
            None => query.await,
            Some(limits) => limits.limit(query).await,
        }
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send, P: TimeLimited> ConnectionTrait for Limited<C, P> {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.limit(self.connection.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        self.limit(self.connection.execute_unprepared(text)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.limit(self.connection.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.limit(self.connection.query_all_raw(statement)).await
    }
}

impl Pool {
    pub(crate) fn new(connection: DatabaseConnection, queue: Option<PoolQueue>) -> Self {
        Self {
            connection,
            limits: queue.map(Arc::new),
        }
    }

    /// A connection to PostgreSQL for one statement.
    pub(crate) async fn single_use(&self) -> Result<SingleUseConnection, DbErr> {
        let Some(queue) = &self.limits else {
            let reason = "a file of SQLite has no connection of PostgreSQL";
            return Err(DbErr::Custom(reason.to_owned()));
        };
        let slot = queue.slot().await?;
        let pool = self.connection.get_postgres_connection_pool();
        let acquired = async { pool.acquire().await.map_err(driver_error) };
        let connection = slot.limit(acquired).await?;
        Ok(SingleUseConnection { connection, slot })
    }

    /// Begins a transaction; it occupies a slot until it ends.
    pub(crate) async fn begin(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        let begin = self.connection.begin_with_options(options);
        let Some(queue) = &self.limits else {
            return Ok(Transaction {
                connection: begin.await?,
                limits: None,
            });
        };
        let slot = queue.slot().await?;
        let connection = slot.limit(begin).await?;
        Ok(Transaction {
            connection,
            limits: Some(slot),
        })
    }
}

/// A connection to PostgreSQL that its holder uses for one statement.
pub(crate) struct SingleUseConnection {
    connection: PoolConnection<Postgres>,
    slot: Slot,
}

impl SingleUseConnection {
    /// Runs the statement and waits for its end: rows come before their transaction is committed.
    pub(crate) async fn run(
        mut self,
        text: &'static str,
        arguments: PgArguments,
    ) -> Result<Vec<PgRow>, DbErr> {
        let query = sqlx::query_with(text, arguments);
        let rows = async {
            let rows = query.fetch_all(&mut *self.connection).await;
            rows.map_err(driver_error)
        };
        let rows = self.slot.limit(rows).await;
        match &rows {
            Ok(_) => self.slot.note_completion(),
            // What broke one connection has broken the others of the pool as well.
            Err(error) if matches!(Error::of(error), Error::Unavailable) => {
                self.slot.suspect_connections();
            }
            Err(_) => {}
        }
        rows
    }
}

fn driver_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

impl Transaction {
    /// Commits. Without an answer in time the outcome is unknown.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let commit = self.connection.commit();
        let Some(slot) = self.limits else {
            return commit.await;
        };
        slot.limit(commit).await?;
        slot.note_completion();
        Ok(())
    }

    /// Rolls back. Dropping does the same without waiting.
    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        let rollback = self.connection.rollback();
        match self.limits {
            None => rollback.await,
            Some(slot) => slot.limit(rollback).await,
        }
    }
}
