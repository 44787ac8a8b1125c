//! The databases of the tests: a SQLite file, or a separate database on one PostgreSQL server for
//! the whole test run.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tempfile::TempDir;
use testcontainers::{
    ContainerAsync, Image, ImageExt,
    core::{ContainerPort, IntoContainerPort, Mount, WaitFor},
    runners::AsyncRunner,
};
use tokio::sync::OnceCell;

use crate::{binary::run_to_end, environment, guard::Held};

/// SQLite's file in its directory.
const FILE: &str = "luutru.db";
const DEFAULT_IMAGE: &str = "postgres:15";
const PORT: ContainerPort = ContainerPort::Tcp(5432);
/// On a permanent server, databases of a test run this old are leftovers of an aborted run.
const LEFT_OVER_SECONDS: u64 = 3600;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A server, in a container unless `LUUTRU_TEST_DATABASE_URL` names one.
    Postgres,
}

/// An empty database for one test, gone with it.
pub struct TestDatabase {
    url: String,
    kind: Kind,
}

enum Kind {
    Sqlite {
        directory: TempDir,
        held: Held,
    },
    Postgres {
        name: String,
    },
    /// Somebody else cleans up.
    Borrowed,
}

impl Database {
    /// Creates an empty database.
    pub async fn create(self) -> TestDatabase {
        match self {
            Self::Sqlite => sqlite(),
            Self::Postgres => postgres("").await,
        }
    }

    /// Creates a database with schema and catalogues: a copy of one that is made once for the test
    /// run.
    pub async fn create_seeded(self) -> TestDatabase {
        self.template().await.copy().await
    }

    async fn template(self) -> &'static TestDatabase {
        static SQLITE: OnceCell<TestDatabase> = OnceCell::const_new();
        static POSTGRES: OnceCell<TestDatabase> = OnceCell::const_new();
        let template = match self {
            Self::Sqlite => &SQLITE,
            Self::Postgres => &POSTGRES,
        };
        template
            .get_or_init(async || {
                let database = self.create().await;
                fill(&database.url).await;
                database
            })
            .await
    }
}

impl TestDatabase {
    /// A database that somebody else made and cleans up, given schema and catalogues.
    pub async fn at(url: &str) -> Self {
        fill(url).await;
        Self {
            url: url.to_owned(),
            kind: Kind::Borrowed,
        }
    }

    /// A copy with the same content. There must be no connections to the original.
    pub async fn copy(&self) -> Self {
        match &self.kind {
            Kind::Sqlite { directory, .. } => {
                let copy = sqlite();
                if let Kind::Sqlite { directory: to, .. } = &copy.kind {
                    std::fs::copy(directory.path().join(FILE), to.path().join(FILE))
                        .expect("the database can be copied");
                }
                copy
            }
            Kind::Postgres { name } => postgres(&format!("TEMPLATE {name}")).await,
            Kind::Borrowed => panic!("a borrowed database is not copied"),
        }
    }

    /// `sqlite://…` or `postgres://…`, as `LUUTRU_DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements on it.
    pub async fn execute(&self, statements: &str) {
        let connection = connect(&self.url).await;
        connection
            .execute_unprepared(statements)
            .await
            .unwrap_or_else(|error| panic!("{statements}: {error}"));
        close(connection).await;
    }

    /// Whether nobody is in the middle of a transaction that keeps all others from writing: SQLite
    /// has one writer at a time.
    pub async fn is_free_to_write(&self) -> bool {
        if !self.url.starts_with("sqlite:") {
            return true;
        }
        let connection = connect(&self.url).await;
        let statements = "PRAGMA busy_timeout = 50; BEGIN IMMEDIATE; ROLLBACK";
        let outcome = connection.execute_unprepared(statements).await;
        close(connection).await;
        outcome.is_ok()
    }

    /// The one number that a query answers.
    pub async fn count(&self, query: &str) -> i64 {
        let connection = connect(&self.url).await;
        let backend = connection.get_database_backend();
        let row = connection
            .query_one_raw(Statement::from_string(backend, query))
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"))
            .expect("one row");
        close(connection).await;
        row.try_get_by_index(0).expect("a number")
    }

    /// Tasks that are on lease, with their leases, as ids are written.
    pub async fn leases(&self) -> Vec<(String, String)> {
        let id = |column: &str| match self.url.starts_with("sqlite") {
            true => format!("lower(hex({column}))"),
            false => format!("replace({column}::text, '-', '')"),
        };
        let query = format!(
            "SELECT {} || {} FROM outbox_task WHERE settled_at IS NULL AND lease_id IS NOT NULL",
            id("id"),
            id("lease_id")
        );
        let hyphened = |text: &str| {
            let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &text[range]);
            parts.join("-")
        };
        let found = self.texts(&query).await;
        let pairs = found.iter().map(|pair| pair.split_at(32));
        pairs
            .map(|(task, lease)| (hyphened(task), hyphened(lease)))
            .collect()
    }

    /// The texts of a query's first column.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let connection = connect(&self.url).await;
        let backend = connection.get_database_backend();
        let rows = connection
            .query_all_raw(Statement::from_string(backend, query))
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        close(connection).await;
        let texts = rows
            .iter()
            .map(|row| row.try_get_by_index(0).expect("text"));
        texts.collect()
    }

    /// All that is stored, as bytes: the files of SQLite, every row of PostgreSQL as text.
    pub async fn everything(&self) -> Vec<u8> {
        match &self.kind {
            Kind::Sqlite { directory, .. } => {
                let files = std::fs::read_dir(directory.path()).expect("the files of SQLite");
                let contents = files
                    .flatten()
                    .filter_map(|file| std::fs::read(file.path()).ok());
                contents.collect::<Vec<_>>().concat()
            }
            Kind::Postgres { .. } | Kind::Borrowed => self.every_row().await.into_bytes(),
        }
    }

    async fn every_row(&self) -> String {
        let connection = connect(&self.url).await;
        let backend = connection.get_database_backend();
        let texts = async |query: &str| -> Vec<String> {
            let statement = Statement::from_string(backend, query);
            let rows = connection.query_all_raw(statement).await.expect("rows");
            let texts = rows
                .iter()
                .map(|row| row.try_get_by_index(0).expect("text"));
            texts.collect()
        };
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        let mut everything = String::new();
        for table in texts(tables).await {
            let query = format!("SELECT t::text FROM {table} t");
            everything.push_str(&texts(&query).await.join("\n"));
            // Bytes are shown as hex, which would hide what is readable in them.
            for column in texts(&format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_name = '{table}' AND data_type = 'bytea'"
            ))
            .await
            {
                let query = format!(
                    "SELECT encode({column}, 'escape') FROM {table} WHERE {column} IS NOT NULL"
                );
                everything.push_str(&texts(&query).await.join("\n"));
            }
        }
        close(connection).await;
        everything
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.kind {
            Kind::Sqlite { held, .. } => held.free(),
            // Nothing waits for this; a database that is not dropped goes with the container or is
            // removed as a leftover.
            Kind::Postgres { name } => drop_later(name.clone()),
            Kind::Borrowed => {}
        }
    }
}

/// Gives a database schema and catalogues.
async fn fill(url: &str) {
    let settings = [("LUUTRU_DATABASE_URL", url.to_owned())];
    for command in ["migrate", "seed"] {
        let ending = run_to_end(&[command], &settings).await;
        assert_eq!(ending.code, Some(0), "luutru {command}: {}", ending.log);
    }
}

fn sqlite() -> TestDatabase {
    let directory = tempfile::tempdir().expect("a directory for the database");
    let held = Held::directory(directory.path());
    let file = directory.path().join(FILE);
    TestDatabase {
        url: format!("sqlite://{}", file.display()),
        kind: Kind::Sqlite { directory, held },
    }
}

/// A new database, made with these words after its name.
async fn postgres(options: &str) -> TestDatabase {
    let server = server().await;
    let name = format!(
        "luutru_test_{}_{}_{}",
        unix_seconds(),
        std::process::id(),
        crate::people::next()
    );
    create_on(server, &format!("{name} {options}")).await;
    TestDatabase {
        url: with_database(server, &name),
        kind: Kind::Postgres { name },
    }
}

/// Creates a database on a server: its name, and what follows it.
pub(crate) async fn create_on(server: &str, name: &str) {
    let connection = connect(server).await;
    connection
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap_or_else(|error| {
            panic!("the PostgreSQL server of the tests makes no database: {error}")
        });
    close(connection).await;
}

/// Whether a server answers a query.
pub(crate) async fn answers(url: &str) -> bool {
    let mut options = sea_orm::ConnectOptions::new(url);
    options
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(1))
        .sqlx_logging(false);
    let Ok(connection) = sea_orm::Database::connect(options).await else {
        return false;
    };
    let is_there = connection.execute_unprepared("SELECT 1").await.is_ok();
    let _ = connection.close().await;
    is_there
}

/// The address of the server, with a database to connect to.
async fn server() -> &'static str {
    static SERVER: OnceCell<String> = OnceCell::const_new();
    SERVER
        .get_or_init(
            async || match environment::setting("LUUTRU_TEST_DATABASE_URL") {
                Some(url) => {
                    drop_left_overs(&url).await;
                    url
                }
                None => container().await,
            },
        )
        .await
}

/// PostgreSQL as the official image runs it; its data in memory, for speed.
pub(crate) struct Postgres {
    name: String,
    tag: String,
    mounts: Vec<Mount>,
}

impl Postgres {
    fn new() -> Self {
        let image = environment::setting("LUUTRU_TEST_POSTGRES_IMAGE");
        let image = image.as_deref().unwrap_or(DEFAULT_IMAGE);
        // A colon before the last slash belongs to a registry's port.
        let (name, tag) = match image.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (image, "latest"),
        };
        Self {
            name: name.to_owned(),
            tag: tag.to_owned(),
            mounts: vec![Mount::tmpfs_mount("/var/lib/postgresql/data")],
        }
    }

    /// Its data outlives a `kill -9`.
    pub(crate) fn on_disk() -> Self {
        Self {
            mounts: Vec::new(),
            ..Self::new()
        }
    }
}

impl Image for Postgres {
    fn name(&self) -> &str {
        &self.name
    }

    fn tag(&self) -> &str {
        &self.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        // The first server only makes user and database.
        let line = "database system is ready to accept connections";
        vec![
            WaitFor::message_on_stdout(line),
            WaitFor::message_on_stderr(line),
        ]
    }

    fn env_vars(
        &self,
    ) -> impl IntoIterator<Item = (impl Into<Cow<'_, str>>, impl Into<Cow<'_, str>>)> {
        // Without a password: verifying one costs an unoptimised build more than a whole test.
        [("POSTGRES_HOST_AUTH_METHOD", "trust")]
    }

    fn mounts(&self) -> impl IntoIterator<Item = &Mount> {
        &self.mounts
    }

    fn cmd(&self) -> impl IntoIterator<Item = impl Into<Cow<'_, str>>> {
        ["postgres", "-c", "max_connections=300"]
    }

    fn expose_ports(&self) -> &[ContainerPort] {
        &[PORT]
    }
}

async fn container() -> String {
    let image = Postgres::new();
    let full_name = format!("{}:{}", image.name, image.tag);
    let container: ContainerAsync<Postgres> = image
        .with_startup_timeout(Duration::from_secs(120))
        .start()
        .await
        .unwrap_or_else(|error| {
            panic!(
                "PostgreSQL does not start in a container of {full_name} ({error}). Start a \
                 Docker Engine; or name an image that is there in LUUTRU_TEST_POSTGRES_IMAGE; or \
                 name a server in LUUTRU_TEST_DATABASE_URL. scripts/test.sh does the first two."
            )
        });
    // Rust drops no statics: the guard removes the container instead.
    Held::container(container.id());
    let host = container.get_host().await.expect("the engine's address");
    let port = container
        .get_host_port_ipv4(5432.tcp())
        .await
        .expect("the published port");
    std::mem::forget(container);
    format!("postgres://postgres@{host}:{port}/postgres")
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options)
        .await
        .unwrap_or_else(|error| panic!("the database of the test does not answer: {error}"))
}

async fn close(connection: DatabaseConnection) {
    connection.close().await.expect("a connection closes");
}

fn with_database(server: &str, name: &str) -> String {
    let (address, options) = match server.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (server, String::new()),
    };
    let (authority, _) = address
        .rsplit_once('/')
        .expect("LUUTRU_TEST_DATABASE_URL names a database, such as postgres://…/postgres");
    format!("{authority}/{name}{options}")
}

fn drop_later(name: String) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let connection = connect(server().await).await;
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // A left-over is dropped by a later run.
            let _ = connection.execute_unprepared(&statement).await;
            close(connection).await;
        });
    });
}

/// Drops databases of test runs that did not get to it.
async fn drop_left_overs(url: &str) {
    let connection = connect(url).await;
    let query = "SELECT datname::text FROM pg_database WHERE datname LIKE 'luutru\\_test\\_%'";
    let backend = connection.get_database_backend();
    let rows = connection
        .query_all_raw(Statement::from_string(backend, query))
        .await
        .expect("the server lists its databases");
    let oldest = unix_seconds().saturating_sub(LEFT_OVER_SECONDS);
    for row in rows {
        let name: String = row.try_get_by_index(0).expect("a name");
        let made_at = name.split('_').nth(2).and_then(|part| part.parse().ok());
        if made_at.is_some_and(|made_at: u64| made_at < oldest) {
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let _ = connection.execute_unprepared(&statement).await;
        }
    }
    close(connection).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests are outside of the service and have no clock of it"
)]
fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
