//! A pool whose queries end in time, whatever happens to the network.
//!
//! A server that answers ends a long statement itself, and says so. One that is silent (a cut
//! cable, a host that is gone, a firewall that forgot the connection) would be waited for until
//! the kernel gives up, a quarter of an hour. So each question has a limit on this side too, a
//! little above the server's own. A connection that lay idle for a while is looked at before it is
//! used again, and each one is for some seconds after another broke or was silent.
//!
//! A caller that finds every connection taken queues, and is refused when no connection has been
//! released for longer than usual: see [`Pace`].

pub mod pace;

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, QueryResult, RuntimeErr, Statement, TransactionOptions, TransactionTrait,
    prelude::async_trait::async_trait,
    sqlx::{
        self, Connection, PgConnection, Postgres,
        pool::PoolConnection,
        postgres::{PgArguments, PgPoolOptions, PgRow},
    },
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use self::pace::{Latest, Pace};
use crate::Error;

/// How long connections are tested before each use after one was silent.
const DOUBT_DURATION: Duration = Duration::from_secs(5);
/// A connection that lay idle for so long may have died unnoticed, with a restart of the server. Its
/// next question may be one whose answer decides, so it is looked at; on a busy pool none is.
pub(crate) const IDLE_TRUSTED: Duration = Duration::from_secs(1);
/// The longest such a look takes.
const LOOK_TIMEOUT: Duration = Duration::from_millis(250);
/// A query abandoned sooner than this says nothing about its connection.
const SILENCE_MIN: Duration = Duration::from_millis(100);

/// Limits of a pool to a server, and whose turn it is.
pub(crate) struct Turns {
    places: Arc<Semaphore>,
    pace: Pace,
    /// The longest wait for a connection.
    wait_max: Duration,
    /// The longest that a question waits for its answer.
    answer_max: Duration,
    doubt: Doubt,
}

impl Turns {
    /// For a pool of `place_count` connections. `patience_min` is the least time to wait while no
    /// connection is released, `wait_max` the longest wait.
    pub(crate) fn new(
        place_count: u32,
        patience_min: Duration,
        wait_max: Duration,
        answer_max: Duration,
    ) -> Self {
        let place_count = usize::try_from(place_count).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(place_count)),
            pace: Pace::new(patience_min),
            wait_max,
            answer_max,
            doubt: Doubt::default(),
        }
    }

    /// While connections are in doubt, tests them when they are taken and when they are returned.
    /// One that does not answer is closed at once, which frees its slot.
    pub(crate) fn watch(&self, settings: &mut sea_orm::ConnectOptions) {
        let (taken, returned) = (self.doubt.clone(), self.doubt.clone());
        settings.map_sqlx_postgres_before_acquire(move |connection, meta| {
            let doubt = taken.clone();
            Box::pin(async move { doubt.look(connection, meta.idle_for).await })
        });
        settings.map_sqlx_postgres_pool_opts(move |options: PgPoolOptions| {
            let returned = returned.clone();
            options.after_release(move |connection, _| {
                let doubt = returned.clone();
                Box::pin(async move { doubt.look(connection, Duration::ZERO).await })
            })
        });
    }

    async fn enter(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let places = Arc::clone(&self.places);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(place);
        }
        let since = Instant::now();
        let until = || self.pace.gives_up_at(since, 1).min(since + self.wait_max);
        match pace::outlast(places.acquire_owned(), until).await {
            Some(Ok(place)) => Ok(place),
            Some(Err(_)) | None => Err(no_answer()),
        }
    }

    /// Waits for an answer within the limit. A query abandoned here or by its caller puts the pool
    /// in doubt.
    async fn answer<T>(
        &self,
        question: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let mut asked = Asked {
            doubt: &self.doubt,
            since: Instant::now(),
            is_answered: false,
        };
        let answer = timeout(self.answer_max, question).await;
        asked.is_answered = answer.is_ok();
        answer.unwrap_or_else(|_| Err(no_answer()))
    }
}

fn no_answer() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
}

/// A question on its way.
struct Asked<'a> {
    doubt: &'a Doubt,
    since: Instant,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_answered && self.since.elapsed() >= SILENCE_MIN {
            self.doubt.raise();
        }
    }
}

/// Set for a few seconds after a connection stopped answering. Clones share the flag.
#[derive(Clone, Default)]
struct Doubt(Arc<Latest>);

impl Doubt {
    fn raise(&self) {
        self.0.note(Instant::now() + DOUBT_DURATION);
    }

    fn is_raised(&self) -> bool {
        Instant::now() < self.0.get()
    }

    /// Whether the connection may be used. Errors: it is dead; close it without a goodbye.
    async fn look(
        &self,
        connection: &mut PgConnection,
        idle_for: Duration,
    ) -> Result<bool, sqlx::Error> {
        if !self.is_raised() {
            // Nothing speaks against one that lay idle: it has as long as its taker waits.
            if idle_for >= IDLE_TRUSTED {
                connection.ping().await?;
            }
            return Ok(true);
        }
        match timeout(LOOK_TIMEOUT, connection.ping()).await {
            Ok(answer) => answer.map(|()| true),
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}

/// How a caller waits for answers on a connection.
pub(crate) trait Patience: Send + Sync {
    /// Waits for the answer without a limit.
    fn ask<T: Send>(
        &self,
        question: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> impl Future<Output = Result<T, DbErr>> + Send;
}

/// A query outside a transaction occupies a slot until it ends.
impl Patience for Arc<Turns> {
    async fn ask<T: Send>(
        &self,
        question: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        let _place = self.enter().await?;
        let asked = Instant::now();
        let answer = self.answer(question).await;
        if answer.is_ok() {
            self.pace.note(asked.elapsed());
        }
        answer
    }
}

/// A transaction's place in its pool.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    since: Instant,
    _place: OwnedSemaphorePermit,
}

impl Patience for Turn {
    async fn ask<T: Send>(
        &self,
        question: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        self.turns.answer(question).await
    }
}

/// A connection and its time limits. SQLite is a file: there is no network and no queue.
pub(crate) struct Limited<C, P> {
    connection: C,
    patience: Option<P>,
}

/// One pool of connections.
pub(crate) type Pool = Limited<DatabaseConnection, Arc<Turns>>;

/// A transaction whose queries have the limits of its pool. Rolled back on drop.
pub(crate) type Transaction = Limited<DatabaseTransaction, Turn>;

impl<C, P: Patience> Limited<C, P> {
    /// The connection without limits, for work of any length.
    pub(crate) fn unlimited(&self) -> &C {
        &self.connection
    }

    async fn ask<T: Send>(
        &self,
        question: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        match &self.patience {
            None => question.await,
            Some(patience) => patience.ask(question).await,
        }
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send, P: Patience> ConnectionTrait for Limited<C, P> {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.ask(self.connection.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        self.ask(self.connection.execute_unprepared(text)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.ask(self.connection.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(self.connection.query_all_raw(statement)).await
    }
}

impl Pool {
    pub(crate) fn new(connection: DatabaseConnection, turns: Option<Turns>) -> Self {
        Self {
            connection,
            patience: turns.map(Arc::new),
        }
    }

    /// A connection to PostgreSQL for one statement.
    pub(crate) async fn connection(&self) -> Result<LoneConnection, DbErr> {
        let Some(turns) = &self.patience else {
            let reason = "a file of SQLite has no connection of PostgreSQL";
            return Err(DbErr::Custom(reason.to_owned()));
        };
        let place = turns.enter().await?;
        let pool = self.connection.get_postgres_connection_pool();
        let acquired = async { pool.acquire().await.map_err(of_the_driver) };
        let connection = turns.answer(acquired).await?;
        let turn = Turn {
            turns: Arc::clone(turns),
            since: Instant::now(),
            _place: place,
        };
        Ok(LoneConnection { connection, turn })
    }

    /// Begins a transaction; it occupies a slot until it ends.
    pub(crate) async fn begin(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        let begin = self.connection.begin_with_options(options);
        let Some(turns) = &self.patience else {
            return Ok(Transaction {
                connection: begin.await?,
                patience: None,
            });
        };
        let place = turns.enter().await?;
        let connection = turns.answer(begin).await?;
        let turn = Turn {
            turns: Arc::clone(turns),
            since: Instant::now(),
            _place: place,
        };
        Ok(Transaction {
            connection,
            patience: Some(turn),
        })
    }
}

/// A connection to PostgreSQL that somebody has for one statement.
pub(crate) struct LoneConnection {
    connection: PoolConnection<Postgres>,
    turn: Turn,
}

impl LoneConnection {
    /// Runs the statement and waits for its end: rows come before their transaction is committed.
    pub(crate) async fn run(
        mut self,
        text: &'static str,
        arguments: PgArguments,
    ) -> Result<Vec<PgRow>, DbErr> {
        let query = sqlx::query_with(text, arguments);
        let rows = async {
            let rows = query.fetch_all(&mut *self.connection).await;
            rows.map_err(of_the_driver)
        };
        let turns = &self.turn.turns;
        let rows = self.turn.ask(rows).await;
        match &rows {
            Ok(_) => turns.pace.note(self.turn.since.elapsed()),
            // What broke one connection has broken the others of the pool as well.
            Err(error) if matches!(Error::of(error), Error::Unavailable) => turns.doubt.raise(),
            Err(_) => {}
        }
        rows
    }
}

fn of_the_driver(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

impl Transaction {
    /// Commits. Without an answer in time the outcome is unknown.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let commit = self.connection.commit();
        let Some(turn) = self.patience else {
            return commit.await;
        };
        turn.ask(commit).await?;
        turn.turns.pace.note(turn.since.elapsed());
        Ok(())
    }

    /// Rolls back. Dropping does the same without waiting.
    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        let rollback = self.connection.rollback();
        match self.patience {
            None => rollback.await,
            Some(turn) => turn.ask(rollback).await,
        }
    }
}
