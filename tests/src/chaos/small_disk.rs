//! SQLite on a full file system: requests are refused while it is full and accepted once there is
//! room, with nothing lost and no restart.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{
    checker::{Report, check},
    desk::{Desk, Errands, keep_busy, plant_refusals},
    evidence::Evidence,
    history::History,
    journal::Journal,
    server::is_root,
    site::{Crew, Site},
};
use crate::{caller::Caller, database::TestDatabase};

/// The file system, and how much of it is left to the database.
const DISK_MIB: usize = 64;
const LEFT_MIB: usize = 2;
const MIB: usize = 1024 * 1024;
/// How long the disk may take to fill, and the service to resume.
const FULL: Duration = Duration::from_secs(60);
const RESUMED: Duration = Duration::from_secs(5);

/// What was found.
pub struct Found {
    /// What the checker says.
    pub report: Report,
    /// The records.
    pub evidence: Evidence,
    /// Requests refused because the disk was full.
    pub refused: usize,
    /// How soon a stay was acknowledged after there was room again.
    pub resumed: Duration,
    /// What else is wrong, in words.
    pub faults: Vec<String>,
}

/// A file system of a few MiB in memory, gone with this.
struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    fn mount() -> Self {
        let directory = tempfile::tempdir().expect("a directory to mount on");
        let size = format!("size={DISK_MIB}m");
        let mounted = as_root("mount")
            .args(["-t", "tmpfs", "-o", &size, "luutru-chaos"])
            .arg(directory.path())
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "a small file system cannot be mounted: run as root or with sudo, where mounting is \
             allowed"
        );
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn free_bytes(&self) -> usize {
        let output = Command::new("df")
            .args(["--output=avail", "-B1"])
            .arg(self.path())
            .output()
            .expect("df tells what is free");
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().last().unwrap_or_default().trim();
        line.parse().expect("a number of bytes")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy: a process that is still ending may hold a file.
        let _ = as_root("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// A command that only root may run.
fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", program]);
    command
}

/// Fills the disk under load, makes room, and checks.
pub async fn run(seed: u64) -> Found {
    let disk = SmallDisk::mount();
    let url = format!("sqlite://{}", disk.path().join("luutru.db").display());
    let mut site = Site::start_on(TestDatabase::at(&url).await, None, Crew::SMALL).await;
    plant_refusals(&site.services().police()).await;
    let journal = Arc::new(Journal::create(&site.journal()));
    let desk = Desk::new(site.integrators(), journal);
    let ballast = disk.path().join("ballast");
    let weight = disk.free_bytes().saturating_sub(LEFT_MIB * MIB);
    std::fs::write(&ballast, vec![0_u8; weight]).expect("the ballast fits");

    let mut errands = Errands::new(seed, site.facilities());
    let mut probes = Errands::new(seed + 1, site.facilities());
    let mut faults = Vec::new();
    let integrator = site.integrator();
    let meanwhile = async {
        let is_full = until_full(&integrator, &mut probes, &desk).await;
        if !is_full {
            faults.push("the disk never filled".to_owned());
        }
        sleep(Duration::from_secs(2)).await;
        let read = integrator.get("/v1/stays?limit=1").await.status;
        if read != 200 {
            faults.push(format!("a full disk answers a read with {read}"));
        }
        std::fs::remove_file(&ballast).expect("the ballast goes");
        let freed_at = Instant::now();
        if desk.run(probes.plain()).await.is_none() {
            faults.push("no stay was acknowledged after there was room".to_owned());
        }
        freed_at.elapsed()
    };
    let resumed = keep_busy(&desk, &mut errands, 60, meanwhile).await;
    if resumed > RESUMED {
        faults.push(format!("resumed only after {} ms", resumed.as_millis()));
    }
    site.drain().await;
    let sound = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
    if site.services().database().count(sound).await != 1 {
        faults.push("the database is damaged".to_owned());
    }
    let evidence = site.evidence().await;
    let history = History::read(&evidence.journal);
    let refused = history.requests.iter();
    let refused = refused.filter(|one| one.code() == "storage_full").count();
    if refused == 0 {
        faults.push("nothing was refused with storage_full".to_owned());
    }
    drop(site);
    Found {
        report: check(&evidence),
        evidence,
        refused,
        resumed,
        faults,
    }
}

/// Sends until the disk is full; false when it takes too long.
async fn until_full(integrator: &Caller, probes: &mut Errands, desk: &Desk) -> bool {
    let started = Instant::now();
    while started.elapsed() < FULL {
        // One that is refused is sent again once there is room: it is not waited for here.
        let answer = desk.once(&probes.plain()).await;
        if answer.is_some_and(|code| code == "storage_full") {
            return integrator.get("/livez").await.status == 200;
        }
        sleep(Duration::from_millis(50)).await;
    }
    false
}
