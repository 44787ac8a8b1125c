//! A separate PostgreSQL server, to be killed and restarted.
//!
//! In a container where the tests run in containers. Where `LUUTRU_TEST_DATABASE_URL` names a
//! server that others use too, one is started beside it from the installed binaries.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use testcontainers::{ContainerAsync, ImageExt, core::IntoContainerPort, runners::AsyncRunner};
use tokio::net::TcpStream;

use crate::{
    database::{self, TestDatabase},
    environment, eventually,
    guard::Held,
    services::free_port,
};

const STARTED: Duration = Duration::from_secs(60);
const INSTALLED: &str = "/usr/lib/postgresql";
/// PostgreSQL runs as nobody's root.
const USER: &str = "postgres";

/// A running server.
pub struct Server {
    port: u16,
    kind: Kind,
}

enum Kind {
    Installed(Box<Installed>),
    Container {
        id: String,
        _container: Box<ContainerAsync<database::Postgres>>,
        _held: Held,
    },
}

struct Installed {
    binaries: PathBuf,
    process: Child,
    held: [Held; 2],
    data: TempDir,
}

impl Server {
    /// Starts one.
    pub async fn start() -> Self {
        let port = free_port();
        let kind = if environment::setting("LUUTRU_TEST_DATABASE_URL").is_some() {
            Kind::Installed(Box::new(Installed::start(port)))
        } else {
            container(port).await
        };
        let server = Self { port, kind };
        server.answers().await;
        server
    }

    /// A new database with schema and catalogues.
    pub async fn create_database(&self, name: &str) -> TestDatabase {
        let url = format!("postgres://{USER}@127.0.0.1:{}", self.port);
        database::create_on(&format!("{url}/postgres"), name).await;
        TestDatabase::at(&format!("{url}/{name}")).await
    }

    /// `kill -9` of the postmaster; of the whole container where it is in one.
    pub fn kill(&mut self) {
        match &mut self.kind {
            Kind::Installed(installed) => installed.kill(),
            Kind::Container { id, .. } => docker(&["kill", "--signal", "KILL", id]),
        }
    }

    /// Starts it again on the same data and port.
    pub async fn start_again(&mut self) {
        let port = self.port;
        match &mut self.kind {
            Kind::Installed(installed) => installed.start_again(port).await,
            Kind::Container { id, .. } => docker(&["start", id]),
        }
        self.answers().await;
    }

    async fn answers(&self) {
        let address = format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port);
        eventually("an answer of PostgreSQL", STARTED, async || {
            // The driver waits long for a port that is published before the server listens.
            TcpStream::connect(("127.0.0.1", self.port)).await.is_ok()
                && database::answers(&address).await
        })
        .await;
    }
}

impl Installed {
    fn start(port: u16) -> Self {
        let binaries = newest_binaries();
        let data = tempfile::tempdir().expect("a directory for the server");
        own(data.path());
        let made = as_user(&binaries.join("initdb"))
            .args(["--username", USER, "--auth", "trust", "--encoding", "UTF8"])
            .args(["--locale", "C.UTF-8", "--no-instructions", "--pgdata"])
            .arg(data.path().join("data"))
            .stdout(Stdio::null())
            .status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "initdb of {} failed",
            binaries.display()
        );
        let process = postmaster(&binaries, data.path(), port);
        let held = [Held::process(process.id()), Held::directory(data.path())];
        Self {
            binaries,
            process,
            held,
            data,
        }
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.held[0].free();
    }

    /// The backends of a killed postmaster need a moment to notice; until then a new one refuses
    /// to start.
    async fn start_again(&mut self, port: u16) {
        eventually("the start of PostgreSQL", STARTED, async || {
            let mut process = postmaster(&self.binaries, self.data.path(), port);
            tokio::time::sleep(Duration::from_millis(300)).await;
            if process.try_wait().expect("a child").is_some() {
                return false;
            }
            self.held[0] = Held::process(process.id());
            self.process = process;
            true
        })
        .await;
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        self.kill();
        self.held[1].free();
    }
}

fn postmaster(binaries: &Path, data: &Path, port: u16) -> Child {
    as_user(&binaries.join("postgres"))
        .arg("-D")
        .arg(data.join("data"))
        .args(["-p", &port.to_string()])
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
        ])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", data.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("PostgreSQL can be started")
}

/// The directory with the newest installed server.
fn newest_binaries() -> PathBuf {
    let versions = std::fs::read_dir(INSTALLED).ok().into_iter().flatten();
    let newest = versions
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|path| path.join("postgres").is_file() && path.join("initdb").is_file())
        .max();
    newest.unwrap_or_else(|| {
        panic!(
            "there is no PostgreSQL server below {INSTALLED} to be killed: install the package \
             `postgresql`, or unset LUUTRU_TEST_DATABASE_URL to use a container"
        )
    })
}

/// A command that does not run as root.
fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"])
        .arg(program);
    command
}

fn own(directory: &Path) {
    if is_root() {
        let owned = Command::new("chown").arg(USER).arg(directory).status();
        assert!(
            owned.is_ok_and(|status| status.success()),
            "the user {USER} cannot be given a directory"
        );
    }
}

/// Whether this test run may do what root may.
pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

async fn container(port: u16) -> Kind {
    let image = database::Postgres::on_disk();
    let container = image
        .with_mapped_port(port, 5432.tcp())
        .with_startup_timeout(Duration::from_secs(120))
        .start()
        .await
        .unwrap_or_else(|error| {
            panic!(
                "PostgreSQL does not start in a container ({error}). Start a Docker Engine, or \
                 name a server in LUUTRU_TEST_DATABASE_URL and install the package `postgresql`"
            )
        });
    Kind::Container {
        id: container.id().to_owned(),
        _held: Held::container(container.id()),
        _container: Box::new(container),
    }
}

fn docker(arguments: &[&str]) {
    let done = Command::new("docker")
        .args(arguments)
        .stdout(Stdio::null())
        .status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "docker {} failed",
        arguments[0]
    );
}
