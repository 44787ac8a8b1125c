//! A pool whose questions end in time, whatever becomes of the network.
//!
//! A server that answers ends a long statement itself, and says so. One that is silent (a cut
//! cable, a host that is gone, a firewall that forgot the connection) would be waited for until
//! the kernel gives up, a quarter of an hour. So each question has a limit on this side too, a
//! little above the server's own, and what was silent once is looked at before it is used again.
//!
//! Who finds all connections taken waits in turn, and is refused once nothing comes back for
//! longer than it usually takes: see [`Pace`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, QueryResult, Statement, TransactionOptions, TransactionTrait,
    prelude::async_trait::async_trait,
    sqlx::{self, Connection, PgConnection, postgres::PgPoolOptions},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until, timeout},
};

use crate::pace::Pace;

/// How long connections are looked at before each use after one was silent.
const DOUBT_DURATION: Duration = Duration::from_secs(5);
/// The longest such a look takes.
const LOOK_TIMEOUT: Duration = Duration::from_millis(250);
/// A question given up sooner than this says nothing about its connection.
const SILENCE_MIN: Duration = Duration::from_millis(100);

/// Limits of a pool to a server, and whose turn it is.
pub(crate) struct Turns {
    places: Arc<Semaphore>,
    pace: Pace,
    /// The longest anybody waits for a place.
    wait_max: Duration,
    /// The longest that a question waits for its answer.
    answer_max: Duration,
    doubt: Doubt,
}

impl Turns {
    /// For a pool of `place_count` connections. `patience_min` is the least that is waited for a
    /// place while nothing comes back, `wait_max` the most.
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

    /// Has connections looked at while there is doubt about them, when they are taken and when
    /// they come back. One that does not answer is closed at once, and its place is free.
    pub(crate) fn watch(&self, settings: &mut sea_orm::ConnectOptions) {
        let (taken, returned) = (self.doubt.clone(), self.doubt.clone());
        settings.map_sqlx_postgres_before_acquire(move |connection, _| {
            let doubt = taken.clone();
            Box::pin(async move { doubt.look(connection).await })
        });
        settings.map_sqlx_postgres_pool_opts(move |options: PgPoolOptions| {
            let returned = returned.clone();
            options.after_release(move |connection, _| {
                let doubt = returned.clone();
                Box::pin(async move { doubt.look(connection).await })
            })
        });
    }

    async fn enter(&self) -> Result<OwnedSemaphorePermit, DbErr> {
        let places = Arc::clone(&self.places);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(place);
        }
        let since = Instant::now();
        let mut turn = std::pin::pin!(places.acquire_owned());
        loop {
            let until = self.pace.gives_up_at(since, 1).min(since + self.wait_max);
            if until <= Instant::now() {
                return Err(no_answer());
            }
            tokio::select! {
                biased;
                place = &mut turn => return place.map_err(|_| no_answer()),
                () = sleep_until(until) => {}
            }
        }
    }

    /// Waits for an answer within the limit. A question that is given up, here or by whoever asked,
    /// leaves doubt.
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

/// Whether a connection of the pool was silent a moment ago. A clone is the same.
#[derive(Clone)]
struct Doubt {
    born: Instant,
    /// Microseconds from `born` until which there is doubt.
    until_us: Arc<AtomicU64>,
}

impl Default for Doubt {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            until_us: Arc::default(),
        }
    }
}

impl Doubt {
    fn raise(&self) {
        let until = self.born.elapsed() + DOUBT_DURATION;
        let until_us = u64::try_from(until.as_micros()).unwrap_or(u64::MAX);
        self.until_us.fetch_max(until_us, Ordering::Relaxed);
    }

    fn is_raised(&self) -> bool {
        self.born.elapsed() < Duration::from_micros(self.until_us.load(Ordering::Relaxed))
    }

    /// Whether the connection may be used. Errors: it is dead, and is to be closed without a word.
    async fn look(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        if !self.is_raised() {
            return Ok(true);
        }
        match timeout(LOOK_TIMEOUT, connection.ping()).await {
            Ok(answer) => answer.map(|()| true),
            Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}

/// One pool of connections. SQLite is a file: it has no network to wait for, and no turns.
pub(crate) struct Pool {
    connection: DatabaseConnection,
    turns: Option<Arc<Turns>>,
}

impl Pool {
    pub(crate) fn new(connection: DatabaseConnection, turns: Option<Turns>) -> Self {
        Self {
            connection,
            turns: turns.map(Arc::new),
        }
    }

    /// The connection without any limit, for what may take as long as it takes.
    pub(crate) fn unlimited(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Begins a transaction; it keeps its place until it ends.
    pub(crate) async fn begin(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        let begin = self.connection.begin_with_options(options);
        let (session, turn) = match &self.turns {
            None => (begin.await?, None),
            Some(turns) => {
                let place = turns.enter().await?;
                let session = turns.answer(begin).await?;
                let turn = Turn {
                    turns: Arc::clone(turns),
                    since: Instant::now(),
                    _place: place,
                };
                (session, Some(turn))
            }
        };
        Ok(Transaction { session, turn })
    }

    async fn ask<T>(&self, question: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(turns) = &self.turns else {
            return question.await;
        };
        let _place = turns.enter().await?;
        let asked = Instant::now();
        let answer = turns.answer(question).await;
        if answer.is_ok() {
            turns.pace.note(asked.elapsed());
        }
        answer
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
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

/// A transaction's place in its pool.
struct Turn {
    turns: Arc<Turns>,
    since: Instant,
    _place: OwnedSemaphorePermit,
}

/// A transaction whose questions have the limits of its pool. Rolled back when dropped.
pub(crate) struct Transaction {
    session: DatabaseTransaction,
    turn: Option<Turn>,
}

impl Transaction {
    /// The transaction without any limit, for what may take as long as it takes.
    pub(crate) fn unlimited(&self) -> &DatabaseTransaction {
        &self.session
    }

    /// Commits. Without an answer in time the outcome is open.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let Some(turn) = self.turn else {
            return self.session.commit().await;
        };
        turn.turns.answer(self.session.commit()).await?;
        turn.turns.pace.note(turn.since.elapsed());
        Ok(())
    }

    /// Takes back what was written. A drop does the same, without waiting for it.
    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        match self.turn {
            None => self.session.rollback().await,
            Some(turn) => turn.turns.answer(self.session.rollback()).await,
        }
    }

    async fn ask<T>(&self, question: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        match &self.turn {
            None => question.await,
            Some(turn) => turn.turns.answer(question).await,
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.session.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.ask(self.session.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, text: &str) -> Result<ExecResult, DbErr> {
        self.ask(self.session.execute_unprepared(text)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.ask(self.session.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(self.session.query_all_raw(statement)).await
    }
}
