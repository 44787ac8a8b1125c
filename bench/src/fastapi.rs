//! A service of FastAPI and asyncpg to compare with, in a Python environment of its own.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{
    machine::Process,
    postgres::free_port,
    wire::{Connection, Target},
};

const REQUIREMENTS: &str = include_str!("fastapi/requirements.txt");
const SERVICE: &str = include_str!("fastapi/service.py");
const WORKER_COUNT: &str = "2";
const READY_WAIT: Duration = Duration::from_secs(30);
const READY_PAUSE: Duration = Duration::from_millis(50);

/// A virtual environment with the packages that the service needs.
pub(crate) struct PythonEnvironment {
    directory: PathBuf,
    /// Removed at the end, unless the operator named the directory.
    _temporary: Option<TempDir>,
}

impl PythonEnvironment {
    /// Creates the environment and installs the packages from PyPI; what is already installed in a
    /// named directory stays.
    pub(crate) async fn prepare(directory: Option<&Path>) -> anyhow::Result<Self> {
        let temporary = match directory {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("luutru-bench-python-")
                    .tempdir()?,
            ),
        };
        let directory = match (directory, &temporary) {
            (Some(named), _) => named.to_owned(),
            (None, Some(made)) => made.path().to_owned(),
            (None, None) => bail!("no directory for Python"),
        };
        let environment = Self {
            directory,
            _temporary: temporary,
        };
        environment.install().await.context(
            "P4 needs python3 with its module venv (Debian: apt-get install python3-venv) and a \
             way to PyPI",
        )?;
        Ok(environment)
    }

    async fn install(&self) -> anyhow::Result<()> {
        tracing::info!("installing FastAPI and asyncpg");
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&self.directory);
        output_of(&mut make).await?;
        tokio::fs::write(self.directory.join("requirements.txt"), REQUIREMENTS).await?;
        tokio::fs::write(self.directory.join("service.py"), SERVICE).await?;
        let mut install = self.python();
        install
            .args(["-m", "pip", "install", "--quiet"])
            .args(["--disable-pip-version-check", "--requirement"])
            .arg(self.directory.join("requirements.txt"));
        output_of(&mut install).await?;
        Ok(())
    }

    fn python(&self) -> Command {
        let mut command = Command::new(self.directory.join("bin/python"));
        command.current_dir(&self.directory);
        command
    }

    /// The versions that were measured, as a sentence.
    pub(crate) async fn versions(&self) -> anyhow::Result<String> {
        let python = output_of(self.python().arg("--version")).await?;
        let packages = REQUIREMENTS
            .lines()
            .filter(|line| line.contains("=="))
            .map(|line| line.replace("==", " "));
        let packages: Vec<String> = packages.collect();
        Ok(format!("{}, {}", python.trim(), packages.join(", ")))
    }
}

/// The running service. Dropping it ends it.
pub(crate) struct FastApi {
    child: Child,
    /// Where it serves.
    pub(crate) url: String,
}

impl FastApi {
    /// Starts uvicorn on an empty database and waits until it answers.
    pub(crate) async fn start(
        environment: &PythonEnvironment,
        database_url: &str,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let log = environment.directory.join("service.log");
        let child = environment
            .python()
            .args(["-m", "uvicorn", "service:app", "--host", "127.0.0.1"])
            .arg("--port")
            .arg(port.to_string())
            .args(["--workers", WORKER_COUNT, "--no-access-log"])
            .env("DATABASE_URL", database_url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .kill_on_drop(true)
            .spawn()
            .context("start uvicorn")?;
        let service = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        service.wait_until_ready(&log).await?;
        Ok(service)
    }

    async fn wait_until_ready(&self, log: &Path) -> anyhow::Result<()> {
        let last = Instant::now() + READY_WAIT;
        let mut connection = Connection::new(&Target::parse(&self.url)?, Duration::from_secs(1))?;
        while !connection
            .get("/readyz", &[])
            .await
            .is_ok_and(|answer| answer.status == 200)
        {
            if Instant::now() > last {
                let text = std::fs::read_to_string(log).unwrap_or_default();
                let end = text.lines().last().unwrap_or_default();
                bail!("the FastAPI service did not become ready: {end}");
            }
            tokio::time::sleep(READY_PAUSE).await;
        }
        Ok(())
    }

    /// uvicorn's supervisor; its workers are its children.
    pub(crate) fn process(&self) -> anyhow::Result<Process> {
        Ok(Process {
            name: "fastapi",
            process_id: self.child.id().context("uvicorn has ended")?,
        })
    }
}

async fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let end = errors.lines().last().unwrap_or_default();
    ensure!(output.status.success(), "{end}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
