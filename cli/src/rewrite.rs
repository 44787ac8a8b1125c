//! `luutru rewrite`: seals again what an earlier release stored, while the service runs.

use std::time::{Duration, Instant};

use clap::Args;
use intake::rewrite::{self, Manner, RewriteProgress};
use parking_lot::Mutex;
use runtime::{clock::Clock, profile::Profile};
use serde_json::json;
use store::Database;

use crate::{
    assemble,
    exit::ExitStatus,
    progress::ProgressLine,
    settings::{PlaceSettings, Secret, SecretSettings, Secrets},
    terminal,
};

/// How often progress is logged.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Seals again what an earlier release stored: bound to organisation and facility, with a key per
/// stay. Services of this release may run meanwhile, but none of the earlier one. When stopped and
/// run again, it continues where it was. Prints a line of JSON. Exit code 1: damaged rows were found
/// and left unchanged.
#[derive(Args)]
pub(crate) struct RewriteOptions {
    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

/// Rewrites.
pub(crate) async fn execute(options: RewriteOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    let needed = [Secret::MasterKey, Secret::IndexKey, Secret::KeyPepper];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let limits = options.place.connect_options();
    let db = assemble::connect_whole(&options.place, profile, &limits).await?;
    let outcome = run(&db, &secrets).await;
    db.close().await;
    outcome
}

async fn run(db: &Database, secrets: &Secrets) -> anyhow::Result<ExitStatus> {
    let clock = Clock::system();
    let vault = assemble::open_vault(db, secrets, &clock).await?;
    let manner = Manner {
        pause: Duration::ZERO,
        may_finish: true,
    };
    let told = Mutex::new(None::<Instant>);
    let bar = ProgressLine::new();
    let tell = |progress: RewriteProgress| {
        if let RewriteProgress::Stays { done, of } = progress {
            bar.show("stays sealed again", done, of);
        }
        // The bar says it already.
        if bar.is_visible() && progress != RewriteProgress::Waiting {
            return;
        }
        let mut told = told.lock();
        if told.is_some_and(|at| at.elapsed() < TOLD_EVERY) {
            return;
        }
        *told = Some(Instant::now());
        match progress {
            RewriteProgress::Waiting => {
                tracing::info!("another process is rewriting; waiting for it to finish")
            }
            RewriteProgress::Stays { done, of } => {
                tracing::info!(done, of, "re-sealing stays")
            }
        }
    };
    let done = rewrite::run(db, &vault, &clock, manner, &tell).await?;
    drop(bar);
    let report = json!({
        "stays": done.stays,
        "others": done.blobs,
        "damaged": done.damaged,
        "finished": vault.refuses_first_form(),
    });
    terminal::say_line(&report.to_string())?;
    Ok(if done.damaged == 0 {
        ExitStatus::Success
    } else {
        ExitStatus::ProblemFound
    })
}
