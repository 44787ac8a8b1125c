//! `luutru key`: creates, lists and revokes API keys. The text of a key is shown once.

use anyhow::{bail, ensure};
use api::views::KeyView;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::{
    audit::{Action, SubjectKind},
    directory::{KeyDraft, KeyRecord, is_over},
    sender::Role,
    time::local_date,
};
use runtime::{clock::Clock, ids, key_hash, profile::Profile};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use store::{Database, api_keys::ApiKey, key_ring};
use uuid::Uuid;

use crate::{
    assemble,
    exit::ExitStatus,
    operator::{self, ActingOperator},
    organisations::{body, named},
    settings::{PlaceSettings, Secret, SecretSettings, Secrets},
    terminal,
};

/// Members whose options have another name.
const OPTIONS: [(&str, &str); 4] = [
    ("facility_ids", "--facility-id"),
    ("communes", "--commune"),
    ("provinces", "--province"),
    ("never_expires", "--no-expiry"),
];

/// Creates, lists and revokes API keys.
#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Creates a key and prints its text, only once: the database keeps only a hash.
    Create(Box<KeyCreateOptions>),
    /// Lists keys with owner, rights, creator, expiry and last use, but never their texts.
    List(KeyListOptions),
    /// Revokes a key; requests with it are refused from then on.
    Revoke(Box<RevokeOptions>),
}

/// What a new key may do.
#[derive(Args)]
pub(crate) struct KeyCreateOptions {
    /// Code of the organisation that owns the key, for instance demo.
    #[arg(
        long,
        alias = "organisation",
        env = "LUUTRU_KEY_ORGANISATION_CODE",
        value_name = "CODE"
    )]
    organisation_code: String,

    /// declarant and integrator declare stays, police reads those of its communes, admin operates
    /// the service.
    #[arg(long, env = "LUUTRU_KEY_ROLE", value_parser = parse_role)]
    role: Role,

    /// Facility the key may declare for; may be repeated. An integrator's key without any covers
    /// all facilities of the organisation, including later ones.
    #[arg(
        long = "facility-id",
        env = "LUUTRU_KEY_FACILITY_IDS",
        value_delimiter = ',',
        value_name = "ID"
    )]
    facility_ids: Vec<Uuid>,

    /// All facilities of the organisation; for an integrator, including later ones.
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

    /// Label of the key. Do not use personal names.
    #[arg(long, env = "LUUTRU_KEY_LABEL")]
    label: String,

    /// Days until the key expires, up to 3650; 365 by default.
    #[arg(long, env = "LUUTRU_KEY_EXPIRES_IN_DAYS", value_name = "DAYS")]
    expires_in_days: Option<u32>,

    /// The key never expires.
    #[arg(long, env = "LUUTRU_KEY_NO_EXPIRY", conflicts_with = "expires_in_days")]
    no_expiry: bool,

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
pub(crate) struct KeyListOptions {
    /// Only keys of the organisation with this code.
    #[arg(
        long,
        alias = "organisation",
        env = "LUUTRU_KEY_ORGANISATION_CODE",
        value_name = "CODE"
    )]
    organisation_code: Option<String>,

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
pub(crate) async fn execute(command: KeyCommand) -> anyhow::Result<ExitStatus> {
    match command {
        KeyCommand::Create(options) => create(*options).await,
        KeyCommand::List(options) => list(options).await,
        KeyCommand::Revoke(options) => revoke(*options).await,
    }
}

async fn create(options: KeyCreateOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    let needed = [Secret::KeyPepper];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let db = assemble::connect_checked(&options.place, profile).await?;
    let clock = Clock::system();
    let outcome = async {
        assemble::settle_keys(&db, &secrets, clock.now()).await?;
        make_key(&db, &options, &secrets).await
    }
    .await;
    db.close().await;
    let (key, text) = outcome?;
    if options.json {
        terminal::say_json(&PrintedKey {
            made: KeyView::of(&key, Clock::system().now()),
            key: &text,
        })?;
    } else {
        terminal::say_line(&text)?;
    }
    tracing::info!(key.id = %key.id, role = %key.role, "key made; its text is not shown again");
    Ok(ExitStatus::Success)
}

/// A key that was made, with its text.
#[derive(Serialize)]
struct PrintedKey<'a> {
    #[serde(flatten)]
    made: KeyView,
    key: &'a str,
}

async fn make_key(
    db: &Database,
    options: &KeyCreateOptions,
    secrets: &Secrets,
) -> anyhow::Result<(KeyRecord, String)> {
    let (_, catalogues) = assemble::catalogues(db).await?;
    let draft = KeyDraft::read(&options.body(), &catalogues);
    let draft = draft.map_err(|violations| operator::refused(&violations, &OPTIONS))?;
    let hand = ActingOperator::at_terminal(db).await?;
    let now = hand.clock.now();
    let organisation = named(db, &draft.organisation_code).await?;
    ensure!(
        !is_over(organisation.ended_at, now),
        "--organisation-code: {} has ended; `luutru organisation reopen {}` opens it again",
        organisation.code,
        organisation.code
    );
    let facilities = store::facilities::of_organisation(db, organisation.id, &[], now).await?;
    let open = facilities.iter().filter(|facility| facility.is_open(now));
    let open: Vec<Uuid> = open.map(|facility| facility.id).collect();
    let facility_ids = draft.facilities(&open);
    let facility_ids =
        facility_ids.map_err(|violations| operator::refused(&violations, &OPTIONS))?;
    let made = key_hash::generate(ids::uuid_v7(&hand.clock));
    let key = ApiKey {
        id: made.key_id,
        organisation_id: organisation.id,
        role: draft.role,
        secret_hash: key_hash::hash(&*secrets.key_pepper()?, &made.secret).to_vec(),
        facility_ids,
        created_at: now,
        expires_at: draft.expires_at(now),
        label: draft.label,
        commune_codes: draft.communes,
        province_codes: draft.provinces,
        revoked_at: None,
    };
    let note = hand.note(Action::KeyCreated, (SubjectKind::ApiKey, key.id));
    let written = key_ring::create(db, &key, &secrets.row_key()?, note).await?;
    let record = operator::done(written)?;
    Ok((record, made.text().expose_secret().to_owned()))
}

impl KeyCreateOptions {
    /// As the API takes it.
    fn body(&self) -> Value {
        let some = |words: &[String]| (!words.is_empty()).then(|| json!(words));
        let facilities = (!self.facility_ids.is_empty()).then(|| json!(self.facility_ids));
        body([
            ("organisation_code", Some(json!(self.organisation_code))),
            ("role", Some(json!(self.role.as_str()))),
            ("label", Some(json!(self.label))),
            ("facility_ids", facilities),
            ("all_facilities", self.all_facilities.then_some(json!(true))),
            ("communes", some(&self.communes)),
            ("provinces", some(&self.provinces)),
            ("expires_in_days", self.expires_in_days.map(Value::from)),
            ("never_expires", self.no_expiry.then_some(json!(true))),
        ])
    }
}

async fn list(options: KeyListOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    let db = assemble::connect_checked(&options.place, profile).await?;
    let keys = all_keys(&db, options.organisation_code.as_deref()).await;
    db.close().await;
    let (keys, now) = (keys?, Clock::system().now());
    if options.json {
        let shown = keys.iter().map(|key| KeyView::of(key, now));
        terminal::say_json(&shown.collect::<Vec<_>>())?;
    } else {
        let lines: String = keys.iter().map(|key| to_line(key, now)).collect();
        terminal::say(&lines)?;
    }
    Ok(ExitStatus::Success)
}

async fn all_keys(db: &Database, organisation: Option<&str>) -> anyhow::Result<Vec<KeyRecord>> {
    let organisation_id = match organisation {
        Some(code) => Some(named(db, code).await?.id),
        None => None,
    };
    let read = async |part| key_ring::list(db, organisation_id, part).await;
    operator::all_sound("api_key", read).await
}

/// A key in readable form: its owner, rights, expiry and last use.
fn to_line(key: &KeyRecord, now: DateTime<Utc>) -> String {
    let day = |at: Option<DateTime<Utc>>, none: &str| {
        at.map_or(none.to_owned(), |at| local_date(at).to_string())
    };
    let (id, organisation) = (key.id, &key.organisation_code);
    let (role, state) = (key.role.as_str(), key.state(now).as_str());
    let (expires, used) = (
        day(key.expires_at, "never"),
        day(key.last_used_at, "not used"),
    );
    let (scope, maker) = (scope(key), key.created_by.as_deref().unwrap_or("unknown"));
    format!(
        "{id}  {organisation:<16}  {role:<10}  {state:<18}  until {expires:<10}  used {used:<10}  \
         {scope:<16}  by {maker:<12}  {}\n",
        key.label
    )
}

fn scope(key: &KeyRecord) -> String {
    let areas = [key.provinces.as_slice(), &key.communes].concat();
    match (key.role, key.facility_ids.len()) {
        (Role::Police, _) => areas.join(","),
        (Role::Admin, _) => "installation".to_owned(),
        (Role::Declarant | Role::Integrator, 0) => "all facilities".to_owned(),
        (Role::Declarant | Role::Integrator, 1) => "1 facility".to_owned(),
        (Role::Declarant | Role::Integrator, count) => format!("{count} facilities"),
    }
}

async fn revoke(options: RevokeOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    let needed = [Secret::KeyPepper];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let row_key = secrets.row_key()?;
    let db = assemble::connect_checked(&options.place, profile).await?;
    let outcome = async {
        assemble::settle_keys(&db, &secrets, Clock::system().now()).await?;
        let hand = ActingOperator::at_terminal(&db).await?;
        let entry = hand.entry(Action::KeyRevoked, (SubjectKind::ApiKey, options.id));
        anyhow::Ok(key_ring::revoke(&db, options.id, &row_key, entry).await)
    }
    .await;
    db.close().await;
    match outcome? {
        Ok(()) => {
            terminal::say_line(&format!("revoked {}", options.id))?;
            Ok(ExitStatus::Success)
        }
        Err(store::Error::NotFound) => {
            bail!("there is no key {}: see `luutru key list`", options.id)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_line_tells_whose_a_key_is_what_it_may_do_and_until_when() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let key = KeyRecord {
            id: Uuid::from_u128(1),
            organisation_id: Uuid::from_u128(2),
            organisation_code: "bien-xanh".to_owned(),
            organisation_ended_at: None,
            role: Role::Declarant,
            label: "night desk".to_owned(),
            facility_ids: vec![Uuid::from_u128(3)],
            communes: Vec::new(),
            provinces: Vec::new(),
            created_at: now,
            created_by: Some("lan".to_owned()),
            expires_at: Some(now + TimeDelta::days(10)),
            last_used_at: None,
            revoked_at: None,
        };
        let line = to_line(&key, now);
        for word in [
            "bien-xanh",
            "declarant",
            "expires_soon",
            "until 2026-11-28",
            "used not used",
            "1 facility",
            "by lan",
            "night desk",
        ] {
            assert!(line.contains(word), "{word} in {line}");
        }
        let police = KeyRecord {
            role: Role::Police,
            facility_ids: Vec::new(),
            communes: vec!["16531".to_owned()],
            provinces: vec!["38".to_owned()],
            expires_at: None,
            ..key
        };
        let line = to_line(&police, now);
        assert!(
            line.contains("38,16531") && line.contains("until never"),
            "{line}"
        );
    }
}
