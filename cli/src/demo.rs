//! The demonstration's keys and accounts: their secrets live in `demo.json` and `demo-accounts.json`
//! of the data directory, because the database holds only their hashes.

use std::path::{Path, PathBuf};

use runtime::{clock::Clock, vault::Vault};
use seeds::{DemoAccounts, DemoSecrets, DemoSeeded};
use store::Database;

use crate::{private_file, settings::Secrets};

const DEMO_FILE: &str = "demo.json";
const ACCOUNTS_FILE: &str = "demo-accounts.json";

/// What is known of the texts of the demo keys.
pub(crate) enum DemoTexts {
    /// Kept in this directory; made there when absent.
    KeptIn(PathBuf),
    /// Not stored: keys are created when the database has none.
    Unknown,
}

/// Puts the demonstration into the database.
pub(crate) async fn seed(
    db: &Database,
    secrets: &Secrets,
    clock: &Clock,
    texts: &DemoTexts,
) -> anyhow::Result<DemoSeeded> {
    let pepper = secrets.key_pepper()?;
    match texts {
        DemoTexts::KeptIn(directory) => {
            let make = || Ok(DemoSecrets::generate(clock));
            let kept: DemoSecrets = private_file::load_or_make(&directory.join(DEMO_FILE), make)?;
            seeds::seed_demo(db, &pepper, clock, Some(&kept)).await
        }
        DemoTexts::Unknown => seeds::seed_demo(db, &pepper, clock, None).await,
    }
}

/// Puts the demonstration's accounts into the database; their secrets are kept in this directory and
/// made there when absent.
pub(crate) async fn seed_accounts(
    db: &Database,
    vault: &Vault,
    secrets: &Secrets,
    clock: &Clock,
    directory: &Path,
) -> anyhow::Result<DemoAccounts> {
    let pepper = secrets.key_pepper()?;
    let path = directory.join(ACCOUNTS_FILE);
    let kept = private_file::load_or_make(&path, DemoAccounts::generate)?;
    seeds::seed_demo_accounts(db, vault, &pepper, clock, &kept).await?;
    Ok(kept)
}
