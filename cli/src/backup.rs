//! `luutru backup`: copies the embedded database while it is in use, and verifies the copy.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::time::format_instant;
use runtime::{clock::Clock, profile::Profile};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Backend, ConnectOptions, Database, consistency, installation};

use crate::{
    assemble,
    exit::ExitStatus,
    private_file,
    progress::ProgressLine,
    settings::{self, PlaceSettings},
    terminal,
};

const READ_BYTES: usize = 1 << 20;
/// How often the size of the copy is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Copies the embedded database into a new file while the service runs, checks the copy and prints
/// its size and digest. The copy holds no secrets: keep the master key and the index key elsewhere.
/// For PostgreSQL use its own tools (docs/operations.md).
#[derive(Args)]
pub(crate) struct BackupOptions {
    /// The new file. It must not exist.
    #[arg(long, env = "LUUTRU_BACKUP_TO", value_name = "FILE")]
    to: PathBuf,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Backs up.
pub(crate) async fn execute(options: BackupOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    ensure!(
        !options.to.exists(),
        "LUUTRU_BACKUP_TO: {} exists; name a new file",
        options.to.display()
    );
    let db = assemble::connect_checked(&options.place, profile).await?;
    let outcome = match db.backend() {
        Backend::Sqlite => copy(&db, &options.to).await,
        Backend::Postgres => Err(anyhow::anyhow!(
            "LUUTRU_DATABASE_URL: PostgreSQL is backed up by its own tools: pg_basebackup with an \
             archive of its log for the minute before a failure, or `pg_dump --format=custom` for \
             a day's copy; docs/operations.md explains how, and how to restore"
        )),
    };
    db.close().await;
    outcome
}

/// Written under another name until it is complete, verified and on disk.
async fn copy(db: &Database, to: &Path) -> anyhow::Result<ExitStatus> {
    let taken_at = Clock::system().now();
    let mut draft = to.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    let progress = ProgressLine::new();
    let made = make(db, &draft, &progress).await;
    if made.is_err() {
        // Removes the remains of a failed copy of this or an earlier run, if there are any.
        let _ = fs::remove_file(&draft);
    }
    let broken = made?;
    let (byte_count, sha256) = digest(&draft, &progress)?;
    drop(progress);
    fs::rename(&draft, to).with_context(|| format!("cannot write {}", to.display()))?;
    sync_directory(to)?;
    note(db, taken_at).await;
    let report = json!({
        "file": to.display().to_string(),
        "taken_at": format_instant(taken_at),
        "byte_count": byte_count,
        "sha256": sha256,
        "broken_rules": broken,
    });
    terminal::say_line(&report.to_string())?;
    Ok(if broken.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::ProblemFound
    })
}

/// Tells operators' pages when the copy was taken. A copy that nobody is told of is good all the same.
async fn note(db: &Database, taken_at: DateTime<Utc>) {
    let text = format_instant(taken_at);
    let noted = installation::record(db, installation::LAST_BACKUP, text.as_bytes(), taken_at);
    if let Err(error) = noted.await {
        tracing::warn!(%error, "could not record that a backup was made");
    }
}

/// Copies, and names the rules that the copy breaks.
async fn make(
    db: &Database,
    draft: &Path,
    progress: &ProgressLine,
) -> anyhow::Result<Vec<&'static str>> {
    let path = draft
        .to_str()
        .context("LUUTRU_BACKUP_TO: is not valid UTF-8")?;
    private_file::make_empty(draft).with_context(|| format!("cannot write {}", draft.display()))?;
    copy_watched(db, path, progress)
        .await
        .with_context(|| format!("cannot write {}", draft.display()))?;
    progress.show("step 2 of 3: checking the copy", 0, 0);
    let url = settings::sqlite_url(draft)?;
    let copy = Database::connect(&url, &ConnectOptions::default()).await?;
    let checked = async {
        store::schema::check(&copy).await?;
        consistency::check(&copy).await
    }
    .await;
    copy.close().await;
    let broken = checked?.into_iter().filter(|finding| finding.count > 0);
    let broken = broken.map(|finding| finding.rule).collect();
    File::open(draft)?.sync_all()?;
    Ok(broken)
}

/// The copy grows as it is written: its size is the progress.
async fn copy_watched(db: &Database, path: &str, progress: &ProgressLine) -> store::Result<()> {
    let of = if progress.is_visible() {
        store::backup::mib_count(db).await?
    } else {
        0
    };
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    let mut copying = std::pin::pin!(store::backup::copy_into_file(db, path));
    loop {
        tokio::select! {
            copied = &mut copying => return copied,
            _ = look.tick() => {
                let byte_count = fs::metadata(path).map_or(0, |file| file.len());
                progress.show("step 1 of 3: copying, MiB", byte_count >> 20, of);
            }
        }
    }
}

fn digest(path: &Path, progress: &ProgressLine) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let of = file.metadata()?.len() >> 20;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut byte_count = 0_u64;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((byte_count, hex::encode(digest.finalize())));
        }
        digest.update(&buffer[..read]);
        byte_count += read as u64;
        progress.show("step 3 of 3: hashing, MiB", byte_count >> 20, of);
    }
}

/// The new name is on disk, too.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    File::open(directory)?.sync_all()
}
