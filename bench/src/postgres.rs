//! The PostgreSQL server to measure against: an existing one, or one started for the run in its own
//! directory, with the settings of a fresh installation (everything durable).

use std::{
    env,
    fmt::Write as _,
    fs,
    net::TcpListener,
    ops::Range,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use rand::Rng;
use tempfile::TempDir;

use crate::machine::Process;

const DISTRIBUTION_DIRECTORY: &str = "/usr/lib/postgresql";
/// The database every server has.
const MAINTENANCE: &str = "postgres";
/// The user initdb makes.
const USER: &str = "luutru";
const CONNECTION_COUNT_MAX: u32 = 200;
/// Where servers of a run listen, and how many of these are looked at.
const PORTS: Range<u16> = 10_000..15_000;
const PORT_TRY_COUNT: usize = 100;
/// What docs/operations.md advises for a database that grows.
pub(crate) const ADVISED: [(&str, &str); 5] = [
    ("shared_buffers", "4GB"),
    ("max_wal_size", "16GB"),
    ("checkpoint_timeout", "30min"),
    ("checkpoint_completion_target", "0.9"),
    ("wal_compression", "lz4"),
];

/// The programs of PostgreSQL.
#[derive(Clone)]
pub(crate) struct Programs {
    directories: Vec<PathBuf>,
}

impl Programs {
    /// Looks in PATH, then in what the distribution installs, newest version first.
    pub(crate) fn find() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut directories: Vec<PathBuf> = env::split_paths(&path).collect();
        let versions = fs::read_dir(DISTRIBUTION_DIRECTORY).into_iter().flatten();
        let mut versions: Vec<(u32, PathBuf)> = versions
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        versions.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
        directories.extend(versions.into_iter().map(|(_, path)| path));
        Self { directories }
    }

    /// Where a program is.
    pub(crate) fn path(&self, name: &str) -> anyhow::Result<PathBuf> {
        self.directories
            .iter()
            .map(|directory| directory.join(name))
            .find(|path| path.is_file())
            .with_context(|| {
                format!(
                    "{name} is neither in PATH nor in {DISTRIBUTION_DIRECTORY}: install PostgreSQL \
                     (Debian: apt-get install postgresql postgresql-contrib)"
                )
            })
    }
}

/// A server, ended when dropped if this run started it.
pub(crate) struct Postgres {
    programs: Programs,
    /// `postgres://…/` without a database.
    base_url: String,
    made_databases: Vec<String>,
    own: Option<OwnServer>,
}

struct OwnServer {
    programs: Programs,
    account: Option<Account>,
    directory: TempDir,
}

/// The user that runs the server: initdb refuses root.
#[derive(Clone, Copy)]
struct Account {
    user_id: u32,
    group_id: u32,
}

impl Postgres {
    /// Uses the server of this URL, whose user may make databases; its path is ignored.
    pub(crate) fn given(url: &str) -> anyhow::Result<Self> {
        let (scheme, rest) = url
            .split_once("://")
            .context("LUUTRU_BENCH_POSTGRES_URL: is no URL")?;
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        Ok(Self {
            programs: Programs::find(),
            base_url: format!("{scheme}://{host}/"),
            made_databases: Vec::new(),
            own: None,
        })
    }

    /// Starts one with the settings of a fresh installation.
    pub(crate) fn start() -> anyhow::Result<Self> {
        Self::start_with(&[])
    }

    /// Starts one with these settings.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let programs = Programs::find();
        let account = account()?;
        let directory = tempfile::Builder::new()
            .prefix("luutru-bench-postgres-")
            .tempdir()?;
        if let Some(account) = account {
            chown(
                directory.path(),
                Some(account.user_id),
                Some(account.group_id),
            )?;
        }
        let own = OwnServer {
            programs: programs.clone(),
            account,
            directory,
        };
        let port = free_port()?;
        own.initialise()?;
        own.launch(port, settings)?;
        Ok(Self {
            programs,
            base_url: format!("postgres://{USER}@127.0.0.1:{port}/"),
            made_databases: Vec::new(),
            own: Some(own),
        })
    }

    /// The server's first process, of one that was started here.
    pub(crate) fn process(&self) -> Option<Process> {
        let own = self.own.as_ref()?;
        let text = fs::read_to_string(own.data().join("postmaster.pid")).ok()?;
        Some(Process {
            name: "postgres",
            process_id: text.lines().next()?.parse().ok()?,
        })
    }

    /// Where pgbench is.
    pub(crate) fn pgbench(&self) -> anyhow::Result<PathBuf> {
        self.programs.path("pgbench")
    }

    /// Creates an empty database and gives its URL.
    pub(crate) fn new_database(&mut self, purpose: &str) -> anyhow::Result<String> {
        let name = format!("luutru_bench_{}_{purpose}", std::process::id());
        self.say(&format!("CREATE DATABASE {name}"))?;
        let url = format!("{}{name}", self.base_url);
        self.made_databases.push(name);
        Ok(url)
    }

    /// Where psql is.
    pub(crate) fn psql(&self) -> anyhow::Result<PathBuf> {
        self.programs.path("psql")
    }

    fn say(&self, statement: &str) -> anyhow::Result<()> {
        self.say_to(&format!("{}{MAINTENANCE}", self.base_url), statement)
    }

    /// Carries a statement out in a database.
    pub(crate) fn say_to(&self, url: &str, statement: &str) -> anyhow::Result<()> {
        run(&mut self.ask(url, statement)?, "psql")
    }

    /// The one number that a query answers.
    pub(crate) fn number(&self, url: &str, query: &str) -> anyhow::Result<f64> {
        let output = self.ask(url, query)?.stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let number = text.trim().parse();
        number.with_context(|| format!("{query}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    fn ask(&self, url: &str, statement: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(self.psql()?);
        command
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set=ON_ERROR_STOP=1",
                "--command",
            ])
            .arg(statement)
            .arg(url);
        Ok(command)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.own.is_some() {
            return;
        }
        for name in &self.made_databases {
            if let Err(error) = self.say(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")) {
                tracing::warn!(database = name, %error, "a database of the run was left behind");
            }
        }
    }
}

impl OwnServer {
    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, name: &str) -> anyhow::Result<Command> {
        let mut command = Command::new(self.programs.path(name)?);
        command.current_dir(self.directory.path());
        if let Some(account) = self.account {
            command.uid(account.user_id).gid(account.group_id);
        }
        Ok(command)
    }

    fn initialise(&self) -> anyhow::Result<()> {
        let mut command = self.command("initdb")?;
        command
            .args([
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--username",
            ])
            .arg(USER)
            .arg("--pgdata")
            .arg(self.data());
        run(&mut command, "initdb")
    }

    fn launch(&self, port: u16, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        let sockets = self.directory.path().display();
        let mut options = format!(
            "-c port={port} -c listen_addresses=127.0.0.1 -c max_connections={CONNECTION_COUNT_MAX} \
             -c unix_socket_directories={sockets}"
        );
        for (name, value) in settings {
            let _ = write!(options, " -c {name}={value}");
        }
        let mut command = self.command("pg_ctl")?;
        command
            .args(["start", "--wait", "--silent", "--options"])
            .arg(options)
            .arg("--log")
            .arg(self.directory.path().join("server.log"))
            .arg("--pgdata")
            .arg(self.data());
        run(&mut command, "pg_ctl start")
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let stopped = self.command("pg_ctl").and_then(|mut command| {
            command
                .args(["stop", "--wait", "--silent", "--mode=immediate", "--pgdata"])
                .arg(self.data());
            run(&mut command, "pg_ctl stop")
        });
        if let Err(error) = stopped {
            tracing::warn!(%error, "the PostgreSQL of the run may still be there");
        }
    }
}

/// The account `postgres` when we are root, else our own.
fn account() -> anyhow::Result<Option<Account>> {
    use std::os::unix::fs::MetadataExt;

    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("read /etc/passwd")?;
    let of_postgres = accounts.lines().find_map(|line| {
        let mut fields = line.strip_prefix("postgres:")?.split(':');
        let user_id = fields.nth(1)?.parse().ok()?;
        let group_id = fields.next()?.parse().ok()?;
        Some(Account { user_id, group_id })
    });
    match of_postgres {
        Some(account) => Ok(Some(account)),
        None => bail!(
            "initdb refuses root and there is no user postgres: run as another user, or name a \
             server with --postgres-url"
        ),
    }
}

/// A port that nobody listens on, out of the range from which the system takes ports for clients: one
/// of those would take a port between now and the start of what is to listen on it.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let mut draws = rand::rng();
    let mut tries = (0..PORT_TRY_COUNT).map(|_| draws.random_range(PORTS));
    let free = tries.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.with_context(|| format!("no port of {PORTS:?} is free"))
}

fn run(command: &mut Command, name: &str) -> anyhow::Result<()> {
    // A server inherits its output; a pipe would keep us waiting for its end.
    let log = tempfile::tempfile()?;
    let status = command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .status()
        .with_context(|| format!("start {name}"))?;
    ensure!(status.success(), "{name} failed: {}", last_lines(log)?);
    Ok(())
}

fn last_lines(mut log: fs::File) -> anyhow::Result<String> {
    use std::io::{Read, Seek};

    let mut text = String::new();
    log.rewind()?;
    log.read_to_string(&mut text)?;
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(5)..].join(" / "))
}

/// Whether a path is on a disk, for the report.
pub(crate) fn is_in_memory(path: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let of_path = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(place, _)| path.starts_with(place))
        .max_by_key(|(place, _)| place.len());
    of_path.is_some_and(|(_, kind)| kind == "tmpfs")
}
