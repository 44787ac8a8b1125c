//! Puts a process together from its settings: database, vault, catalogues, signer, intake.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use chrono::{DateTime, Datelike, Utc};
use domain::{catalogue::Catalogues, time::local_date};
use intake::rewrite::Manner;
use runtime::{
    clock::Clock,
    ids,
    profile::Profile,
    secrets::SettingError,
    tasks,
    vault::{Vault, VaultError, WrappedDataKey},
};
use secrecy::ExposeSecret;
use store::{ConnectOptions, Database, catalogues::StoredCatalogue, data_keys::DataKey};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::settings::{DATABASE_URL, PlaceSettings, Refusals, Secrets};

/// How long start-up waits for a database that does not answer yet.
const DATABASE_WAIT: Duration = Duration::from_secs(10);
const DATABASE_PAUSE: Duration = Duration::from_millis(250);
/// Without these no rule can be applied.
const ASKED_CATALOGUES: [&str; 4] = ["provinces", "communes", "countries", "commune_aliases"];
/// How often to load other processes' data keys and create the next month's.
const DATA_KEY_INTERVAL: Duration = Duration::from_secs(60);
/// How the background rewrite yields to other work, and how often it checks again.
const REWRITE_PAUSE: Duration = Duration::from_millis(50);
const REWRITE_INTERVAL: Duration = Duration::from_secs(60);
/// After this long, no process of an earlier release still runs beside a worker of this one.
const EARLIER_MAY_RUN: Duration = Duration::from_secs(15 * 60);

/// Connects to the database and checks that commits are durable: an unsafe database is refused in
/// production and logged in development.
pub(crate) async fn connect(
    place: &PlaceSettings,
    profile: Profile,
    options: &ConnectOptions,
) -> anyhow::Result<Database> {
    let url = place.database_url(profile)?;
    let last = Instant::now() + DATABASE_WAIT;
    let db = loop {
        match Database::connect(url.expose_secret(), options).await {
            Ok(db) => break db,
            Err(store::Error::Unavailable) if Instant::now() < last => {
                tokio::time::sleep(DATABASE_PAUSE).await;
            }
            Err(error) => return Err(error).context(DATABASE_URL),
        }
    };
    match store::health::check_durable(&db).await {
        Ok(()) => {}
        Err(error) if profile.is_production() => return Err(error).context(DATABASE_URL),
        Err(error) => {
            tracing::warn!(%error, "the database is not durable; production would refuse it")
        }
    }
    Ok(db)
}

/// Like [`connect_checked`], but creates no file: for read-only commands.
pub(crate) async fn connect_to_look(
    place: &PlaceSettings,
    profile: Profile,
) -> anyhow::Result<Database> {
    ensure!(
        profile.is_production() || !place.is_without_database()?,
        "LUUTRU_DATA_DIR: there is no database in {}",
        place.data_dir.display()
    );
    let options = ConnectOptions {
        may_create: false,
        ..place.connect_options()
    };
    connect_with(place, profile, &options).await
}

/// Like [`connect`], and checks that the schema is this binary's.
pub(crate) async fn connect_checked(
    place: &PlaceSettings,
    profile: Profile,
) -> anyhow::Result<Database> {
    connect_with(place, profile, &place.connect_options()).await
}

async fn connect_with(
    place: &PlaceSettings,
    profile: Profile,
    options: &ConnectOptions,
) -> anyhow::Result<Database> {
    let db = connect(place, profile, options).await?;
    store::schema::check(&db).await.context(DATABASE_URL)?;
    Ok(db)
}

/// Like [`connect_checked`], and quickly checks the file for damage: for commands that write.
pub(crate) async fn connect_whole(
    place: &PlaceSettings,
    profile: Profile,
    options: &ConnectOptions,
) -> anyhow::Result<Database> {
    let db = connect_with(place, profile, options).await?;
    store::health::check_whole(&db)
        .await
        .context(DATABASE_URL)?;
    Ok(db)
}

/// The catalogues that are loaded in the database, and the rules' view of them.
pub(crate) async fn catalogues(
    db: &Database,
) -> anyhow::Result<(Vec<StoredCatalogue>, Catalogues)> {
    let stored = store::catalogues::load_all(db).await?;
    for name in ASKED_CATALOGUES {
        ensure!(
            stored.iter().any(|catalogue| catalogue.name == name),
            "the catalogue {name} is not loaded: run `luutru seed` first"
        );
    }
    let mut catalogues = Catalogues::default();
    for StoredCatalogue { name, entries, .. } in &stored {
        for (code, body) in entries {
            let body = serde_json::from_str(body.get())
                .with_context(|| format!("entry {code} of the catalogue {name} is damaged"))?;
            catalogues.add(name, code, &body)?;
        }
    }
    Ok((stored, catalogues))
}

/// The vault with every data key of the database, and the keys of this month and the next.
/// Settles which keys those of the installation are.
pub(crate) async fn open_vault(
    db: &Database,
    secrets: &Secrets,
    clock: &Clock,
) -> anyhow::Result<Arc<Vault>> {
    let vault = Vault::new(secrets.master_key()?, *secrets.index_key()?);
    // Check this first, because a wrong key explains why nothing can be unwrapped.
    compare_keys(db, secrets).await?;
    for key in &wrapped_keys(db).await? {
        load(&vault, key)?;
    }
    // The existing data tells whether this is an upgrade, so look before creating anything.
    settle_keys(db, secrets, clock.now()).await?;
    refresh_data_keys(db, &vault, clock).await?;
    Ok(Arc::new(vault))
}

/// The vault with every data key of the database. Makes none.
pub(crate) async fn open_vault_as_it_is(
    db: &Database,
    secrets: &Secrets,
) -> anyhow::Result<Arc<Vault>> {
    let vault = Vault::new(secrets.master_key()?, *secrets.index_key()?);
    let keys = wrapped_keys(db).await?;
    for key in &keys {
        load(&vault, key)?;
    }
    if keys.iter().any(WrappedDataKey::is_of_second_form) {
        vault.refuse_first_form();
    }
    Ok(Arc::new(vault))
}

/// Makes sure that the keys are those of this database; the first start says which ones those are.
/// Rows of API keys that an earlier release wrote are authenticated, once.
///
/// # Errors
/// A key differs: its name, and what to do.
pub(crate) async fn settle_keys(
    db: &Database,
    secrets: &Secrets,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut refusals = Vec::new();
    for (name, value) in secrets.check_values() {
        let settled = store::installation::settle(db, &check_name(name), &value, now).await?;
        if settled != value {
            refusals.push(another_key(name));
        }
    }
    if !refusals.is_empty() {
        return Err(Refusals::new(refusals).into());
    }
    if let Ok(row_key) = secrets.row_key() {
        let keys = wrapped_keys(db).await?;
        // Data keys wrapped only since the rewrite prove that rows without a MAC are forged.
        let is_upgraded = match keys.as_slice() {
            [] => store::rewrite::is_without_stays(db).await?,
            keys => keys.iter().any(|key| !key.is_of_second_form()),
        };
        let served = store::api_keys::authenticate_all(db, &row_key, is_upgraded, now)
            .await
            .context("the record that API keys are authenticated was forged")?;
        if served > 0 {
            tracing::info!(count = served, "rows of API keys are now authenticated");
        }
    }
    Ok(())
}

/// Like [`settle_keys`], for read-only commands: writes nothing.
pub(crate) async fn compare_keys(db: &Database, secrets: &Secrets) -> anyhow::Result<()> {
    let mut refusals = Vec::new();
    for (name, value) in secrets.check_values() {
        let settled = store::installation::fact(db, &check_name(name)).await?;
        if settled.is_some_and(|settled| settled != value) {
            refusals.push(another_key(name));
        }
    }
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(Refusals::new(refusals).into())
    }
}

fn check_name(key: &str) -> String {
    format!("check_value_of_{key}")
}

fn another_key(name: &'static str) -> SettingError {
    SettingError::new(
        name,
        "is not the one this database was created with. Start with that key, or with the data \
         directory that holds it; nothing was changed.",
    )
}

/// Keeps the vault's data keys up to date until `stop`: those that other processes made, and next
/// month's in time.
pub(crate) async fn keep_data_keys(
    db: Database,
    vault: Arc<Vault>,
    clock: Clock,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(DATA_KEY_INTERVAL) => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = refresh_data_keys(&db, &vault, &clock).await {
            let error = format!("{error:#}");
            tracing::error!(
                error,
                "could not refresh the data keys; retrying in a minute"
            );
        }
    }
}

/// Whether releases that know only the first form of sealing may run beside this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstFormReleases {
    /// They cannot run: this process has the data directory to itself.
    Excluded,
    /// They may run until they are stopped.
    MayRun,
}

/// Puts what an earlier release stored into the second form of sealing, in the background, until
/// nothing is left or `stop`.
pub(crate) fn start_rewrite(
    db: &Database,
    vault: &Arc<Vault>,
    clock: &Clock,
    first_form: FirstFormReleases,
    stop: &CancellationToken,
) {
    if vault.refuses_first_form() {
        return;
    }
    let (db, vault, clock) = (db.clone(), Arc::clone(vault), clock.clone());
    let stop = stop.clone();
    tasks::spawn("rewrite", async move {
        tokio::select! {
            () = rewrite(&db, &vault, &clock, first_form) => {}
            () = stop.cancelled() => {}
        }
    });
}

async fn rewrite(db: &Database, vault: &Vault, clock: &Clock, first_form: FirstFormReleases) {
    let started = Instant::now();
    loop {
        let manner = Manner {
            pause: REWRITE_PAUSE,
            may_finish: first_form == FirstFormReleases::Excluded
                || started.elapsed() >= EARLIER_MAY_RUN,
        };
        match intake::rewrite::run(db, vault, clock, manner, &|_| ()).await {
            Ok(done) => {
                tracing::info!(
                    stays = done.stays,
                    others = done.blobs,
                    damaged = done.damaged,
                    is_finished = vault.refuses_first_form(),
                    "data sealed by an earlier release has been re-sealed"
                );
                if vault.refuses_first_form() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the rewrite stopped; it resumes in a minute");
            }
        }
        tokio::time::sleep(REWRITE_INTERVAL).await;
    }
}

/// Starts [`keep_data_keys`].
pub(crate) fn start_data_keys(
    db: &Database,
    vault: &Arc<Vault>,
    clock: &Clock,
    stop: &CancellationToken,
) {
    let upkeep = keep_data_keys(db.clone(), Arc::clone(vault), clock.clone(), stop.clone());
    tasks::spawn("data keys", upkeep);
}

async fn refresh_data_keys(db: &Database, vault: &Vault, clock: &Clock) -> anyhow::Result<()> {
    let keys: Vec<WrappedDataKey> = wrapped_keys(db).await?;
    for key in &keys {
        if !vault.has_key(key.id) {
            load(vault, key)?;
        }
    }
    if !vault.refuses_first_form() {
        intake::rewrite::settle(db, vault, &keys, clock.now()).await?;
    }
    // Until this host's clock has been compared, only the server knows which month it is. Health
    // queries give up too soon for a start on a busy machine: without an answer our own clock
    // decides, and the next refresh asks again.
    let server_time = store::health::server_time(db).await.ok().flatten();
    let by_server = server_time.into_iter().flat_map(this_and_next_month);
    for month in this_and_next_month(clock.now())
        .into_iter()
        .chain(by_server)
    {
        if !vault.has_month(&month) {
            let offered = vault.new_data_key(ids::uuid_v7(clock), &month)?;
            let offered = DataKey {
                id: offered.id,
                month: offered.month,
                wrapped: offered.wrapped,
            };
            let settled = store::data_keys::settle_month(db, offered, clock.now()).await?;
            load(vault, &to_wrapped(settled))?;
            tracing::info!(month, "a data key is ready");
        }
    }
    Ok(())
}

async fn wrapped_keys(db: &Database) -> store::Result<Vec<WrappedDataKey>> {
    let keys = store::data_keys::all(db).await?;
    Ok(keys.into_iter().map(to_wrapped).collect())
}

fn to_wrapped(key: DataKey) -> WrappedDataKey {
    WrappedDataKey {
        id: key.id,
        month: key.month,
        wrapped: key.wrapped,
    }
}

fn load(vault: &Vault, key: &WrappedDataKey) -> anyhow::Result<()> {
    match vault.load(key) {
        Err(VaultError::NotUnwrapped(_)) => Err(anyhow::anyhow!(
            "LUUTRU_MASTER_KEY: is not the one this database was sealed with (data key of {}). \
             Start with the key, or the data directory, it was made with.",
            key.month
        )),
        outcome => Ok(outcome?),
    }
}

/// `YYYY-MM` of the local month of an instant, and of the month after.
fn this_and_next_month(now: DateTime<Utc>) -> [String; 2] {
    let today = local_date(now);
    let (year, month) = (today.year(), today.month());
    let (next_year, next_month) = match month {
        12 => (year + 1, 1),
        _ => (year, month + 1),
    };
    [
        format!("{year:04}-{month:02}"),
        format!("{next_year:04}-{next_month:02}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_turn_at_local_midnight_and_over_the_year() {
        let months = |text: &str| {
            let instant = DateTime::parse_from_rfc3339(text).unwrap();
            this_and_next_month(instant.with_timezone(&Utc))
        };
        assert_eq!(months("2026-11-30T23:59:59+07:00"), ["2026-11", "2026-12"]);
        assert_eq!(months("2026-11-30T17:00:00Z"), ["2026-12", "2027-01"]);
    }
}
