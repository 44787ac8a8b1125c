//! The connection to SQLite or PostgreSQL: a pool for writes, a pool for reads, and one connection
//! reserved for health checks.
//!
//! SQLite has one writer connection (WAL, `synchronous=FULL`: a commit survives power loss) and
//! several readers. PostgreSQL's pools are bounded, so that reads never starve the intake.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, sqlx};

use crate::{
    Error, Result,
    pool::{Pool, queue::PoolQueue},
    wake::Wake,
};

/// Which database answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Embedded SQLite, a file.
    Sqlite,
    /// PostgreSQL 15 or newer.
    Postgres,
}

impl Backend {
    /// That of a connection.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's enumeration, not ours"
    )]
    pub(crate) fn of(connection: &impl ConnectionTrait) -> Self {
        match connection.get_database_backend() {
            DbBackend::Postgres => Self::Postgres,
            // No other driver is built in.
            _ => Self::Sqlite,
        }
    }

    /// `sqlite` or `postgres`, for logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl From<Backend> for DbBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite,
            Backend::Postgres => Self::Postgres,
        }
    }
}

/// How long a health check waits for its connection.
const PROBE_TIMEOUT: Duration = Duration::from_millis(200);

/// How long to wait for SQLite's single writer.
const SQLITE_WAIT_MAX: Duration = Duration::from_secs(10);
/// How late the server's own statement time-out may fire before the server counts as silent.
const ANSWER_SLACK: Duration = Duration::from_millis(100);

/// Limits of the pools. Time limits apply to PostgreSQL only; SQLite is a file.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Connections that write, PostgreSQL only (SQLite has one).
    pub writer_count_max: u32,
    /// Connections that read.
    pub reader_count_max: u32,
    /// How long opening a connection may take before the database counts as unavailable; also the
    /// longest wait for a free one.
    pub acquire_timeout: Duration,
    /// The least time to wait for a free connection while no other query completes.
    pub patience_min: Duration,
    /// The longest a single statement may run.
    pub statement_timeout: Duration,
    /// Whether to create a missing SQLite file.
    pub may_create: bool,
    /// The longest a writing statement waits for a lock. Reading ones wait `patience_min`: rows are
    /// never locked for them, only tables that change.
    pub lock_timeout: Duration,
}

impl ConnectOptions {
    /// Limits for a process that answers people, who should fail fast: it refuses within 300
    /// milliseconds when every connection is stuck, and within 3 seconds when the server is silent.
    #[must_use]
    pub fn serving(self) -> Self {
        Self {
            acquire_timeout: Duration::from_secs(1),
            patience_min: Duration::from_millis(250),
            statement_timeout: Duration::from_secs(2),
            lock_timeout: Duration::from_secs(1),
            ..self
        }
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            writer_count_max: 6,
            reader_count_max: 8,
            acquire_timeout: Duration::from_secs(2),
            patience_min: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            may_create: true,
            lock_timeout: Duration::from_secs(2),
        }
    }
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    inner: Arc<DatabaseInner>,
}

struct DatabaseInner {
    backend: Backend,
    reader: Pool,
    writer: Pool,
    probe: Pool,
    patience_min: Duration,
    wake: Wake,
}

impl Database {
    /// Connects to `sqlite://PATH` or `postgres://…`.
    ///
    /// Errors: [`Error::Unavailable`] when nothing answers, [`Error::Unusable`] when the address is
    /// of no known kind. The address is never part of an error: it holds a password.
    pub async fn connect(url: &str, options: &ConnectOptions) -> Result<Self> {
        let backend = backend_of(url)?;
        let (writer_count, writer_wait) = match backend {
            // All writers of the process queue here; group commits keep the wait short.
            Backend::Sqlite => (1, SQLITE_WAIT_MAX),
            Backend::Postgres => (options.writer_count_max, options.acquire_timeout),
        };
        if backend == Backend::Sqlite && options.may_create {
            make_private_file(url);
        }
        let open = |pool| open_pool(url, backend, options, pool);
        // Writers find their rows by key or in index order. While the outbox grows faster than the
        // statistics, the planner would otherwise read and sort all of it for each claim.
        let writer = PoolSettings {
            connection_count_max: writer_count,
            acquire_timeout: writer_wait,
            lock_timeout: options.lock_timeout,
            bitmap_scans: "off",
            plans: "auto",
            kept_count: 0,
            sqlite_cache_kib: 16_000,
            is_lazy: false,
        };
        let reader = PoolSettings {
            connection_count_max: options.reader_count_max,
            acquire_timeout: options.acquire_timeout,
            lock_timeout: options.lock_timeout.min(options.patience_min),
            bitmap_scans: "on",
            // Which index serves a list depends on the facility and on the instant that are asked
            // for: a plan for any value reads a facility whole where another finds nothing.
            plans: "force_custom_plan",
            // The listener for notices keeps one; SQLite has no listener.
            kept_count: match backend {
                Backend::Sqlite => 0,
                Backend::Postgres => 1,
            },
            // Each connection has its own; other pages are in the kernel's cache.
            sqlite_cache_kib: 2_000,
            is_lazy: false,
        };
        let probe = PoolSettings {
            connection_count_max: 1,
            kept_count: 0,
            acquire_timeout: PROBE_TIMEOUT,
            // Health checks use a short time-out, too short for a start on a busy machine. By then
            // the other two pools have shown that the server answers.
            is_lazy: true,
            ..reader
        };
        let (writer, reader, probe) =
            (open(writer).await?, open(reader).await?, open(probe).await?);
        let inner = DatabaseInner {
            backend,
            reader,
            writer,
            probe,
            patience_min: match backend {
                Backend::Sqlite => SQLITE_WAIT_MAX,
                Backend::Postgres => options.patience_min,
            },
            wake: Wake::default(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Which database this is.
    pub fn backend(&self) -> Backend {
        self.inner.backend
    }

    /// The least time to keep waiting behind writes while none of them completes.
    pub fn patience_min(&self) -> Duration {
        self.inner.patience_min
    }

    /// Wakes the workers.
    pub fn wake(&self) -> &Wake {
        &self.inner.wake
    }

    /// Closes all pools; on SQLite this also folds the write-ahead log into the file.
    pub async fn close(&self) {
        for pool in [&self.inner.reader, &self.inner.probe, &self.inner.writer] {
            if let Err(error) = pool.unlimited().clone().close().await {
                tracing::warn!(error = %Error::from(error), "a database pool did not close cleanly");
            }
        }
    }

    pub(crate) fn reader(&self) -> &Pool {
        &self.inner.reader
    }

    /// For reads that must follow an index, whatever the statistics say. On PostgreSQL the writers
    /// plan that way; on SQLite a read there would wait behind every write.
    pub(crate) fn index_reader(&self) -> &Pool {
        match self.inner.backend {
            Backend::Sqlite => self.reader(),
            Backend::Postgres => self.writer(),
        }
    }

    pub(crate) fn writer(&self) -> &Pool {
        &self.inner.writer
    }

    pub(crate) fn probe(&self) -> &Pool {
        &self.inner.probe
    }

    pub(crate) fn db_backend(&self) -> DbBackend {
        self.inner.backend.into()
    }
}

fn backend_of(url: &str) -> Result<Backend> {
    if url.starts_with("sqlite:") {
        Ok(Backend::Sqlite)
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        Ok(Backend::Postgres)
    } else {
        Err(Error::Unusable(
            "LUUTRU_DATABASE_URL must start with sqlite:// or postgres://".to_owned(),
        ))
    }
}

/// Creates the database file readable by its owner only; an existing file keeps its mode. SQLite
/// gives its companion files the same mode.
///
/// If creation fails, the connection attempt that follows reports why.
fn make_private_file(url: &str) {
    use std::{os::unix::fs::OpenOptionsExt, str::FromStr};

    let Ok(driver) = sqlx::sqlite::SqliteConnectOptions::from_str(url) else {
        return;
    };
    let is_file = !url.contains(":memory:") && !url.contains("mode=memory");
    if is_file {
        let mut options = std::fs::OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600);
        let _ = made.open(driver.get_filename());
    }
}

/// In what one pool differs from the others.
struct PoolSettings {
    /// Connections for questions.
    connection_count_max: u32,
    /// Extra connections that are taken for good.
    kept_count: u32,
    acquire_timeout: Duration,
    lock_timeout: Duration,
    /// Pages that a connection to SQLite keeps.
    sqlite_cache_kib: u32,
    bitmap_scans: &'static str,
    /// Whether a prepared statement is planned for each value, a `plan_cache_mode`.
    plans: &'static str,
    /// It connects when it is first asked.
    is_lazy: bool,
}

async fn open_pool(
    url: &str,
    backend: Backend,
    options: &ConnectOptions,
    pool: PoolSettings,
) -> Result<Pool> {
    let mut settings = sea_orm::ConnectOptions::new(url);
    settings
        .max_connections(pool.connection_count_max + pool.kept_count)
        .min_connections(1)
        .acquire_timeout(pool.acquire_timeout)
        .connect_lazy(pool.is_lazy)
        .idle_timeout(Duration::from_secs(300))
        .sqlx_logging(false)
        // Pinging at every use would double the statements of a busy pool.
        .test_before_acquire(backend == Backend::Postgres && pool.connection_count_max == 1);
    if backend == Backend::Sqlite {
        let may_create = options.may_create;
        settings.map_sqlx_sqlite_opts(move |driver| {
            tune_sqlite(driver, pool.sqlite_cache_kib).create_if_missing(may_create)
        });
        settings.map_sqlx_sqlite_before_acquire(|connection, _| {
            Box::pin(async move { is_outside_of_transactions(connection).await })
        });
    }
    let queue = (backend == Backend::Postgres).then(|| {
        PoolQueue::new(
            pool.connection_count_max,
            options.patience_min,
            pool.acquire_timeout,
            options.statement_timeout + ANSWER_SLACK,
        )
    });
    if let Some(queue) = &queue {
        queue.watch(&mut settings);
    }
    let statement_timeout_ms = options.statement_timeout.as_millis().to_string();
    let lock_timeout_ms = pool.lock_timeout.as_millis().to_string();
    settings.map_sqlx_postgres_opts(move |driver| {
        driver.application_name("luutru").options([
            ("statement_timeout", statement_timeout_ms.as_str()),
            ("lock_timeout", lock_timeout_ms.as_str()),
            ("enable_bitmapscan", pool.bitmap_scans),
            ("plan_cache_mode", pool.plans),
            // To compile a plan, or to start processes for it, takes longer than a page does.
            ("jit", "off"),
            ("max_parallel_workers_per_gather", "0"),
            ("idle_in_transaction_session_timeout", "15000"),
            ("timezone", "UTC"),
        ])
    });
    let connection = sea_orm::Database::connect(settings).await?;
    Ok(Pool::new(connection, queue))
}

/// Whether a connection may be reused. One with a transaction left open is closed and replaced.
///
/// On a full disk SQLite ends a transaction by itself; the driver's ROLLBACK then fails, and the
/// driver keeps counting a transaction that no longer exists. Later transactions would be
/// savepoints in it, and a single rollback would leave everything after it uncommitted forever,
/// although each COMMIT succeeds.
async fn is_outside_of_transactions(
    connection: &mut sqlx::SqliteConnection,
) -> std::result::Result<bool, sqlx::Error> {
    use sqlx::Connection;

    // Waits until a pending ROLLBACK has run.
    connection.ping().await?;
    let is_outside = !connection.is_in_transaction();
    if !is_outside {
        tracing::warn!("closed a connection with a transaction left open");
    }
    Ok(is_outside)
}

fn tune_sqlite(
    options: sqlx::sqlite::SqliteConnectOptions,
    cache_kib: u32,
) -> sqlx::sqlite::SqliteConnectOptions {
    use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", format!("-{cache_kib}"))
        .pragma("secure_delete", "on")
        // Each statement of several rows keeps what it would take to undo it alone. In a file that
        // costs as much as the rows.
        .pragma("temp_store", "memory")
        // 32 MiB. Each group of declarations changes a page in most indexes: at the usual thousand
        // pages, every few groups the same pages would be written to the file again, and synced.
        .pragma("wal_autocheckpoint", "8000")
        .pragma("journal_size_limit", "67108864")
        .statement_cache_capacity(200)
}
