//! `luutru migrate` and `luutru seed`.

use clap::Args;
use runtime::{clock::Clock, profile::Profile};
use serde_json::json;
use store::Database;

use crate::{
    assemble,
    demo::{self, DemoTexts},
    exit::ExitStatus,
    progress::ProgressLine,
    settings::{PlaceSettings, Secret, SecretSettings, Secrets},
    terminal,
};

/// Brings the schema up to date. Several processes may run it at the same time.
#[derive(Args)]
pub(crate) struct MigrateOptions {
    #[command(flatten)]
    place: PlaceSettings,
}

/// Loads the catalogues. With --demo, also an organisation with five facilities and its keys.
#[derive(Args)]
pub(crate) struct SeedOptions {
    /// Adds the demonstration. New keys are printed once and cannot be shown again.
    #[arg(long, env = "LUUTRU_SEED_DEMO")]
    demo: bool,

    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

/// Migrates.
pub(crate) async fn migrate(options: MigrateOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    let limits = options.place.connect_options();
    let db = assemble::connect(&options.place, profile, &limits).await?;
    let progress = ProgressLine::new();
    let watch = |done, of| progress.show("migrations", done, of);
    let outcome = store::schema::migrate_watched(&db, &watch).await;
    db.close().await;
    drop(progress);
    outcome?;
    tracing::info!("the schema is up to date");
    Ok(ExitStatus::Success)
}

/// Seeds.
pub(crate) async fn seed(options: SeedOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    let needed: &[Secret] = if options.demo {
        &[Secret::KeyPepper]
    } else {
        &[]
    };
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, needed)?;
    let db = assemble::connect_checked(&options.place, profile).await?;
    let outcome = seed_into(&db, &options, profile, &secrets).await;
    db.close().await;
    outcome
}

async fn seed_into(
    db: &Database,
    options: &SeedOptions,
    profile: Profile,
    secrets: &Secrets,
) -> anyhow::Result<ExitStatus> {
    let clock = Clock::system();
    let progress = ProgressLine::new();
    let step_count = if options.demo { 3 } else { 2 };
    progress.show("catalogues", 0, step_count);
    seeds::seed_catalogues(db, &clock).await?;
    progress.show("police endpoints", 1, step_count);
    seeds::seed_destinations(db, &clock).await?;
    if !options.demo {
        return Ok(ExitStatus::Success);
    }
    progress.show("demonstration", 2, step_count);
    let texts = if profile.is_production() {
        DemoTexts::Unknown
    } else {
        DemoTexts::KeptIn(options.place.make_data_dir()?)
    };
    assemble::settle_keys(db, secrets, clock.now()).await?;
    let seeded = demo::seed(db, secrets, &clock, &texts).await?;
    drop(progress);
    let printed = json!({ "facilities": seeded.facilities, "keys": seeded.keys });
    terminal::say_line(&printed.to_string())?;
    Ok(ExitStatus::Success)
}
