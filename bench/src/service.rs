//! The services under measurement: child processes on a database of their own, started as an
//! operator would start them.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use secrecy::SecretString;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{
    machine::{Memory, Process},
    postgres::free_port,
    wire::{Connection, Target},
};

const READY_WAIT: Duration = Duration::from_secs(30);
const READY_PAUSE: Duration = Duration::from_millis(20);
const STOP_WAIT: Duration = Duration::from_secs(26);

/// Quotas that a generator on one key does not reach; what is measured lies behind them.
const WIDE_LIMITS: [(&str, &str); 6] = [
    ("LUUTRU_FACILITY_STAYS_PER_SECOND", "1000000"),
    ("LUUTRU_FACILITY_STAY_BURST", "1000000"),
    ("LUUTRU_KEY_STAYS_PER_SECOND", "1000000"),
    ("LUUTRU_KEY_STAY_BURST", "1000000"),
    ("LUUTRU_READS_PER_SECOND", "1000000"),
    ("LUUTRU_READ_BURST", "1000000"),
];

type Setting = (&'static str, String);

/// A migrated and seeded database, and the settings to start services on it.
pub(crate) struct Installation {
    /// The luutru that is measured.
    binary: PathBuf,
    settings: Vec<Setting>,
    /// A key for all demo facilities.
    pub(crate) key: SecretString,
    /// A key of an officer of the demo facilities' province.
    pub(crate) police_key: SecretString,
    /// A key of an operator.
    pub(crate) admin_key: SecretString,
    /// `sqlite://…` or `postgres://…`.
    pub(crate) database_url: String,
    directory: TempDir,
}

#[derive(Deserialize)]
struct Seeded {
    keys: SeededKeys,
}

#[derive(Deserialize)]
struct SeededKeys {
    integrator: String,
    police: String,
    admin: String,
}

impl Installation {
    /// On an empty PostgreSQL database, or without one on an SQLite file of its own. `binary` is
    /// another build to measure than this one.
    pub(crate) async fn new(
        postgres_url: Option<String>,
        binary: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let binary = match binary {
            Some(path) => path.canonicalize().context("LUUTRU_BENCH_AGAINST")?,
            None => std::env::current_exe()?,
        };
        let directory = tempfile::Builder::new().prefix("luutru-bench-").tempdir()?;
        let data_dir = directory.path().join("data");
        let database_url = postgres_url
            .unwrap_or_else(|| format!("sqlite://{}", data_dir.join("luutru.db").display()));
        let state = data_dir.display().to_string();
        std::fs::create_dir(&data_dir)?;
        let mut settings: Vec<Setting> = vec![
            ("LUUTRU_PROFILE", "development".to_owned()),
            ("LUUTRU_DATA_DIR", state.clone()),
            ("LUUTRU_DATABASE_URL", database_url.clone()),
            ("LUUTRU_REGISTRY_STATE_DIRECTORY", state.clone()),
            ("LUUTRU_POLICE_STATE_DIRECTORY", state),
        ];
        settings.extend(WIDE_LIMITS.map(|(name, value)| (name, value.to_owned())));
        run_to_end(&binary, &["migrate"], &settings, directory.path()).await?;
        let seed = ["seed", "--demo"];
        let printed = run_to_end(&binary, &seed, &settings, directory.path()).await?;
        let seeded: Seeded =
            serde_json::from_str(&printed).context("`luutru seed --demo` printed no keys")?;
        Ok(Self {
            binary,
            settings,
            key: SecretString::from(seeded.keys.integrator),
            police_key: SecretString::from(seeded.keys.police),
            admin_key: SecretString::from(seeded.keys.admin),
            database_url,
            directory,
        })
    }

    /// Where its files are.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// `luutru api`.
    pub(crate) async fn start_api(&self) -> anyhow::Result<Service> {
        self.start(&["api"], "LUUTRU_LISTEN", &[]).await
    }

    /// `luutru registry-sim` with the demo people.
    pub(crate) async fn start_registry(&self) -> anyhow::Result<Service> {
        self.start(&["registry-sim", "--demo"], "LUUTRU_REGISTRY_LISTEN", &[])
            .await
    }

    /// `luutru police-sim`.
    pub(crate) async fn start_police(&self) -> anyhow::Result<Service> {
        self.start(&["police-sim"], "LUUTRU_POLICE_LISTEN", &[])
            .await
    }

    /// `luutru worker` between the two simulators.
    pub(crate) async fn start_worker(
        &self,
        registry: &Service,
        police: &Service,
    ) -> anyhow::Result<Service> {
        let peers = [
            ("LUUTRU_REGISTRY_URL", registry.url.clone()),
            ("LUUTRU_POLICE_URL", police.url.clone()),
        ];
        self.start(&["worker"], "LUUTRU_LISTEN", &peers).await
    }

    /// `luutru up`, which brings its own database.
    pub(crate) async fn start_up(&self) -> anyhow::Result<Service> {
        let simulators = [
            ("LUUTRU_REGISTRY_LISTEN", "127.0.0.1:0".to_owned()),
            ("LUUTRU_POLICE_LISTEN", "127.0.0.1:0".to_owned()),
        ];
        let mut settings: Vec<Setting> = simulators.into();
        settings.push((
            "LUUTRU_DATA_DIR",
            self.path().join("up").display().to_string(),
        ));
        start_service(
            &self.binary,
            &["up"],
            "LUUTRU_LISTEN",
            settings,
            self.path(),
        )
        .await
    }

    async fn start(
        &self,
        arguments: &[&str],
        listen: &'static str,
        more: &[Setting],
    ) -> anyhow::Result<Service> {
        let settings = [self.settings.as_slice(), more].concat();
        start_service(&self.binary, arguments, listen, settings, self.path()).await
    }
}

async fn start_service(
    binary: &Path,
    arguments: &[&str],
    listen: &'static str,
    mut settings: Vec<Setting>,
    directory: &Path,
) -> anyhow::Result<Service> {
    let (port, ops_port) = (free_port()?, free_port()?);
    settings.push((listen, format!("127.0.0.1:{port}")));
    settings.push(("LUUTRU_OPS_LISTEN", format!("127.0.0.1:{ops_port}")));
    let name = arguments.first().copied().unwrap_or_default().to_owned();
    let log = directory.join(format!("{name}.log"));
    let mut service = Service {
        child: command(binary, arguments, &settings)
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("start luutru {name}"))?,
        url: format!("http://127.0.0.1:{port}"),
        name,
        log,
    };
    service
        .wait_until_ready(&format!("http://127.0.0.1:{ops_port}"))
        .await?;
    Ok(service)
}

/// A running child. Dropping it is `kill -9`.
pub(crate) struct Service {
    child: Child,
    name: String,
    log: PathBuf,
    /// Where it serves; of no meaning for a worker.
    pub(crate) url: String,
}

impl Service {
    async fn wait_until_ready(&mut self, ops_url: &str) -> anyhow::Result<()> {
        let last = Instant::now() + READY_WAIT;
        let mut connection = Connection::new(&Target::parse(ops_url)?, Duration::from_secs(1))?;
        loop {
            let answer = connection.get("/readyz", &[]).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            let is_over = self.child.try_wait()?.is_some();
            if is_over || Instant::now() > last {
                bail!("luutru {} did not get ready: {}", self.name, self.log_end());
            }
            tokio::time::sleep(READY_PAUSE).await;
        }
    }

    fn log_end(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().last().unwrap_or_default().to_owned()
    }

    /// Its process, under the name of its column in the report.
    pub(crate) fn process(&self, name: &'static str) -> anyhow::Result<Process> {
        let process_id = self.child.id().context("the child has ended")?;
        Ok(Process { name, process_id })
    }

    /// Its memory at the moment.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        let id = self.child.id().context("the child has ended")?;
        Memory::of(id)
    }

    /// SIGTERM, and waits for its end.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("the child has ended")?;
        let sent = Command::new("kill").arg(id.to_string()).status().await?;
        ensure!(sent.success(), "luutru {} cannot be stopped", self.name);
        let ended = tokio::time::timeout(STOP_WAIT, self.child.wait()).await;
        let status = ended.with_context(|| format!("luutru {} does not stop", self.name))??;
        ensure!(status.success(), "luutru {} ended with {status}", self.name);
        Ok(())
    }
}

/// The binary with these settings and none of this process.
fn command(binary: &Path, arguments: &[&str], settings: &[Setting]) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LUUTRU_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn run_to_end(
    binary: &Path,
    arguments: &[&str],
    settings: &[Setting],
    directory: &Path,
) -> anyhow::Result<String> {
    let output = command(binary, arguments, settings)
        .current_dir(directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .await?;
    ensure!(
        output.status.success(),
        "luutru {} failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
