//! `luutru key`: API keys are made, listed and ended here. The text of a key is shown once.

use std::collections::HashSet;

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use domain::{catalogue::CommuneCode, sender::Role, time::format_instant};
use runtime::{clock::Clock, ids, key_hash, profile::Profile};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::{Database, api_keys::ApiKey};
use uuid::Uuid;

use crate::{
    assemble,
    exit::Ending,
    settings::{PlaceSettings, Secret, SecretSettings, Secrets},
    terminal,
};

const LABEL_LENGTH_MAX: usize = 200;
const DAYS_MAX: u32 = 3_650;

/// Makes, lists and ends API keys.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes a key and prints its text, once: the database keeps only a hash.
    Create(Box<CreateOptions>),
    /// Lists all keys: id, role, state, label. Never a text.
    List(ListOptions),
    /// Ends a key; requests with it are refused from then on.
    Revoke(Box<RevokeOptions>),
}

/// What a new key may do.
#[derive(Args)]
pub(crate) struct CreateOptions {
    /// Code of the organisation the key speaks for, for instance demo.
    #[arg(
        long,
        alias = "organisation",
        env = "LUUTRU_KEY_ORGANISATION_CODE",
        value_name = "CODE"
    )]
    organisation_code: String,

    /// declarant and integrator declare stays, police reads those of its communes, admin operates.
    #[arg(long, env = "LUUTRU_KEY_ROLE", value_parser = parse_role)]
    role: Role,

    /// Facility the key may declare for; may be repeated. Left out for an integrator: all of the
    /// organisation, also later ones.
    #[arg(
        long = "facility-id",
        env = "LUUTRU_KEY_FACILITY_IDS",
        value_delimiter = ',',
        value_name = "ID"
    )]
    facility_ids: Vec<Uuid>,

    /// All facilities the organisation has; for an integrator also later ones.
    #[arg(
        long,
        env = "LUUTRU_KEY_ALL_FACILITIES",
        conflicts_with = "facility_ids"
    )]
    all_facilities: bool,

    /// Code of a commune a police key may see; may be repeated.
    #[arg(
        long = "commune",
        env = "LUUTRU_KEY_COMMUNES",
        value_delimiter = ',',
        value_name = "CODE"
    )]
    communes: Vec<String>,

    /// Code of a province a police key may see; may be repeated.
    #[arg(
        long = "province",
        env = "LUUTRU_KEY_PROVINCES",
        value_delimiter = ',',
        value_name = "CODE"
    )]
    provinces: Vec<String>,

    /// What people call the key. No personal names, please.
    #[arg(long, env = "LUUTRU_KEY_LABEL")]
    label: String,

    /// Days until the key ends by itself; it does not when left out.
    #[arg(long, env = "LUUTRU_KEY_EXPIRES_IN_DAYS", value_name = "DAYS")]
    expires_in_days: Option<u32>,

    /// Prints one JSON object instead of the text alone.
    #[arg(long, env = "LUUTRU_KEY_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

/// How keys are listed.
#[derive(Args)]
pub(crate) struct ListOptions {
    /// Prints one JSON array.
    #[arg(long, env = "LUUTRU_KEY_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which key is ended.
#[derive(Args)]
pub(crate) struct RevokeOptions {
    /// Id of the key, as `luutru key list` shows it.
    id: Uuid,

    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

fn parse_role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("must be one of {}", words.join(", "))
    })
}

/// Runs one of the key commands.
pub(crate) async fn execute(command: KeyCommand) -> anyhow::Result<Ending> {
    match command {
        KeyCommand::Create(options) => create(*options).await,
        KeyCommand::List(options) => list(options).await,
        KeyCommand::Revoke(options) => revoke(*options).await,
    }
}

async fn create(options: CreateOptions) -> anyhow::Result<Ending> {
    let profile = options.place.profile_or(Profile::Production);
    let needed = [Secret::KeyPepper];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let db = assemble::connect_checked(&options.place, profile).await?;
    let clock = Clock::system();
    let outcome = async {
        assemble::settle_keys(&db, &secrets, clock.now()).await?;
        make_key(&db, &options, &secrets, &clock).await
    }
    .await;
    db.close().await;
    let (key, text) = outcome?;
    if options.json {
        let shown = json!({ "id": key.id, "key": text, "expires_at": key.expires_at.map(wire) });
        terminal::say_line(&shown.to_string())?;
    } else {
        terminal::say_line(&text)?;
    }
    tracing::info!(key.id = %key.id, role = %key.role, "key made; its text is not shown again");
    Ok(Ending::Done)
}

async fn make_key(
    db: &Database,
    options: &CreateOptions,
    secrets: &Secrets,
    clock: &Clock,
) -> anyhow::Result<(ApiKey, String)> {
    let code = &options.organisation_code;
    let organisation_id = store::facilities::organisation_by_code(db, code)
        .await?
        .with_context(|| format!("--organisation-code: there is no organisation {code}"))?;
    let facility_ids = facilities_of_key(db, options, organisation_id).await?;
    check_scope(db, options).await?;
    let label = options.label.trim();
    ensure!(
        !label.is_empty() && label.chars().count() <= LABEL_LENGTH_MAX,
        "--label: must have 1 to {LABEL_LENGTH_MAX} characters"
    );
    let now = clock.now();
    let made = key_hash::generate(ids::uuid_v7(clock));
    let key = ApiKey {
        id: made.key_id,
        organisation_id,
        role: options.role,
        label: label.to_owned(),
        secret_hash: key_hash::hash(&*secrets.key_pepper()?, &made.secret).to_vec(),
        facility_ids,
        commune_codes: options.communes.clone(),
        province_codes: options.provinces.clone(),
        created_at: now,
        expires_at: expiry(options.expires_in_days, now)?,
        revoked_at: None,
    };
    ensure!(
        store::api_keys::insert(db, &key, &secrets.row_key()?).await?,
        "a key with this id exists already; run the command again"
    );
    Ok((key, made.text().expose_secret().to_owned()))
}

fn expiry(days: Option<u32>, now: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let Some(days) = days else {
        return Ok(None);
    };
    ensure!(
        (1..=DAYS_MAX).contains(&days),
        "--expires-in-days: must be from 1 to {DAYS_MAX}"
    );
    Ok(Some(now + Duration::days(days.into())))
}

/// The facilities that are stored with the key; empty means all, for those roles that may.
async fn facilities_of_key(
    db: &Database,
    options: &CreateOptions,
    organisation_id: Uuid,
) -> anyhow::Result<Vec<Uuid>> {
    let present: Vec<Uuid> = store::facilities::of_organisation(db, organisation_id)
        .await?
        .iter()
        .map(|facility| facility.id)
        .collect();
    let is_named = options.all_facilities || !options.facility_ids.is_empty();
    match options.role {
        Role::Declarant if !is_named => {
            bail!("--facility-id: a declarant's key needs one, or --all-facilities")
        }
        Role::Declarant if options.all_facilities => Ok(present),
        Role::Declarant | Role::Integrator => {
            let known: HashSet<&Uuid> = present.iter().collect();
            let unknown = options.facility_ids.iter().find(|id| !known.contains(id));
            match unknown {
                Some(id) => bail!("--facility-id: the organisation has no open facility {id}"),
                None => Ok(options.facility_ids.clone()),
            }
        }
        Role::Police | Role::Admin if is_named => {
            bail!(
                "--facility-id: a key of role {} has no facilities",
                options.role
            )
        }
        Role::Police | Role::Admin => Ok(Vec::new()),
    }
}

/// Communes and provinces exist, and only the police have them.
async fn check_scope(db: &Database, options: &CreateOptions) -> anyhow::Result<()> {
    let is_empty = options.communes.is_empty() && options.provinces.is_empty();
    match options.role {
        Role::Police => ensure!(
            !is_empty,
            "--commune: a police key needs one, or a --province"
        ),
        Role::Declarant | Role::Integrator | Role::Admin => {
            ensure!(
                is_empty,
                "--commune: only a police key has communes and provinces"
            );
            return Ok(());
        }
    }
    let (_, catalogues) = assemble::catalogues(db).await?;
    for code in &options.communes {
        ensure!(
            matches!(catalogues.commune_code(code), Some(CommuneCode::Current(_))),
            "--commune: {code} is no commune of today"
        );
    }
    for code in &options.provinces {
        ensure!(
            catalogues.province(code).is_some(),
            "--province: {code} is no province of today"
        );
    }
    Ok(())
}

async fn list(options: ListOptions) -> anyhow::Result<Ending> {
    let profile = options.place.profile_or(Profile::Production);
    let db = assemble::connect_checked(&options.place, profile).await?;
    let keys = store::api_keys::list(&db).await;
    db.close().await;
    let (keys, now) = (keys?, Clock::system().now());
    if options.json {
        let shown: Vec<Value> = keys.iter().map(|key| to_json(key, now)).collect();
        terminal::say_line(&Value::from(shown).to_string())?;
    } else {
        let lines: String = keys.iter().map(|key| to_line(key, now)).collect();
        terminal::say(&lines)?;
    }
    Ok(Ending::Done)
}

/// What may be said of a key: never a hash or a text.
fn to_json(key: &ApiKey, now: DateTime<Utc>) -> Value {
    json!({
        "id": key.id,
        "organisation_id": key.organisation_id,
        "role": key.role.as_str(),
        "label": key.label,
        "state": state(key, now),
        "facility_ids": key.facility_ids,
        "communes": key.commune_codes,
        "provinces": key.province_codes,
        "created_at": wire(key.created_at),
        "expires_at": key.expires_at.map(wire),
        "revoked_at": key.revoked_at.map(wire),
    })
}

fn to_line(key: &ApiKey, now: DateTime<Utc>) -> String {
    let id = key.id;
    let (role, state) = (key.role.as_str(), state(key, now));
    let created_at = key.created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "{id}  {role:<10}  {state:<7}  {created_at}  {}\n",
        key.label
    )
}

fn state(key: &ApiKey, now: DateTime<Utc>) -> &'static str {
    if key.revoked_at.is_some() {
        "revoked"
    } else if key.is_valid_at(now) {
        "active"
    } else {
        "expired"
    }
}

fn wire(instant: DateTime<Utc>) -> String {
    format_instant(instant)
}

async fn revoke(options: RevokeOptions) -> anyhow::Result<Ending> {
    let profile = options.place.profile_or(Profile::Production);
    let needed = [Secret::KeyPepper];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let row_key = secrets.row_key()?;
    let db = assemble::connect_checked(&options.place, profile).await?;
    let now = Clock::system().now();
    let settled = assemble::settle_keys(&db, &secrets, now).await;
    let outcome = match settled {
        Ok(()) => Ok(store::api_keys::revoke(&db, options.id, &row_key, now).await),
        Err(refusal) => Err(refusal),
    };
    db.close().await;
    match outcome? {
        Ok(()) => {
            terminal::say_line(&format!("revoked {}", options.id))?;
            Ok(Ending::Done)
        }
        Err(store::Error::NotFound) => {
            bail!("there is no key {} that could be revoked", options.id)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(expires_at: Option<DateTime<Utc>>, revoked_at: Option<DateTime<Utc>>) -> ApiKey {
        ApiKey {
            id: Uuid::from_u128(1),
            organisation_id: Uuid::from_u128(2),
            role: Role::Declarant,
            label: "desk".to_owned(),
            secret_hash: vec![0xab; 32],
            facility_ids: vec![Uuid::from_u128(3)],
            commune_codes: Vec::new(),
            province_codes: Vec::new(),
            created_at: DateTime::default(),
            expires_at,
            revoked_at,
        }
    }

    #[test]
    fn a_listed_key_shows_its_state_and_no_secret() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let table = [
            (key(None, None), "active"),
            (key(Some(now), None), "expired"),
            (key(Some(now + Duration::days(1)), None), "active"),
            (key(Some(now + Duration::days(1)), Some(now)), "revoked"),
        ];
        for (key, expected) in table {
            let shown = to_json(&key, now);
            assert_eq!(shown["state"], expected);
            assert!(to_line(&key, now).contains(expected));
            assert!(!shown.to_string().contains("abab"));
        }
    }

    #[test]
    fn an_end_lies_between_a_day_and_ten_years_ahead() {
        let now = DateTime::default();
        assert_eq!(expiry(None, now).unwrap(), None);
        assert_eq!(expiry(Some(1), now).unwrap(), Some(now + Duration::days(1)));
        assert!(expiry(Some(0), now).is_err());
        assert!(expiry(Some(3_651), now).is_err());
    }
}
