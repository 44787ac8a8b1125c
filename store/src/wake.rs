//! Tells workers that there is something to do.
//!
//! On SQLite within the process; on PostgreSQL by LISTEN/NOTIFY, sent after the commit on another
//! connection and at most [`NOTICE_RATE_MAX_PER_SECOND`] times a second, since a NOTIFY inside the
//! intake's transaction would make committers wait for each other. A notice may be lost, so waiters
//! poll as well.

mod bell;

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, Statement, sqlx::postgres::PgListener};

use crate::{Backend, Database, Error, Result};

pub use bell::Wake;

/// Most notices a process sends a second.
pub const NOTICE_RATE_MAX_PER_SECOND: u32 = 20;

const CHANNEL: &str = "luutru_outbox";

/// Forwards this process's notices to the others. Runs until dropped; on SQLite it never returns.
pub async fn announce(db: &Database) {
    let pause = Duration::from_secs(1) / NOTICE_RATE_MAX_PER_SECOND;
    loop {
        db.wake().outbound().await;
        if db.backend() == Backend::Postgres {
            let statement = Statement::from_string(db.db_backend(), format!("NOTIFY {CHANNEL}"));
            if let Err(error) = db
                .reader()
                .execute_raw(statement)
                .await
                .map_err(Error::from)
            {
                tracing::debug!(%error, "could not notify the workers; they will poll");
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Listens for the notices of other processes. Runs until dropped, reconnecting as needed; on
/// SQLite it never returns.
pub async fn listen(db: &Database) {
    if db.backend() == Backend::Sqlite {
        return std::future::pending().await;
    }
    loop {
        if let Err(error) = listen_once(db).await {
            tracing::warn!(%error, "listening for notices was interrupted; polling continues");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn listen_once(db: &Database) -> Result<()> {
    let pool = db.reader().unlimited().get_postgres_connection_pool();
    let driver_error = |error| {
        Error::from(sea_orm::DbErr::Conn(sea_orm::RuntimeErr::SqlxError(
            Arc::new(error),
        )))
    };
    let mut listener = PgListener::connect_with(pool).await.map_err(driver_error)?;
    listener.listen(CHANNEL).await.map_err(driver_error)?;
    loop {
        listener.recv().await.map_err(driver_error)?;
        db.wake().ring();
    }
}
