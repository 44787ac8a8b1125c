//! The demonstration's keys: their texts live in `demo.json` of the data directory, because the
//! database holds only their hashes.

use std::path::PathBuf;

use runtime::clock::Clock;
use seeds::{DemoSecrets, DemoSeeded};
use store::Database;

use crate::{private_file, settings::Secrets};

const DEMO_FILE: &str = "demo.json";

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
