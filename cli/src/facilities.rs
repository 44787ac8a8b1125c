//! `luutru facility`: manages facilities through the same functions as the admin API.

use anyhow::{Context, ensure};
use api::views::FacilityRecordView;
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};
use domain::{
    audit::{Action, SubjectKind},
    directory::{self as rules, FacilityDraft, FacilityPatch, FacilityRecord, is_over},
    time::local_date,
};
use runtime::{clock::Clock, ids, profile::Profile};
use serde_json::{Value, json};
use store::{Database, directory};
use uuid::Uuid;

use crate::{
    assemble,
    exit::ExitStatus,
    operator::{self, ActingOperator, DirectoryEdit},
    organisations::{body, named},
    settings::PlaceSettings,
    terminal,
};

/// Members whose options have another name.
const OPTIONS: [(&str, &str); 5] = [
    ("organisation_code", "--organisation"),
    ("commune_code", "--commune"),
    ("is_remote", "--remote"),
    ("valid_from", "--from"),
    ("ended_at", "--at"),
];

/// Creates, lists, changes and ends facilities: the places where guests stay.
#[derive(Subcommand)]
pub(crate) enum FacilityCommand {
    /// Creates a facility and prints its id.
    Create(Box<FacilityCreateOptions>),
    /// Lists facilities: id, organisation, kind, commune, state, name.
    List(FacilityListOptions),
    /// Changes a facility, as of today or a later day; omitted options stay unchanged.
    Change(Box<FacilityChangeOptions>),
    /// Ends a facility: it accepts no new declarations; its stays can still be read, changed and
    /// departed.
    End(FacilityEndOptions),
    /// Reopens a facility that has ended.
    Reopen(FacilityNamedOptions),
}

/// What a new facility is.
#[derive(Args)]
pub(crate) struct FacilityCreateOptions {
    /// Code of its organisation.
    #[arg(long, env = "LUUTRU_FACILITY_ORGANISATION", value_name = "CODE")]
    organisation: String,

    /// Its legal kind: lodging_business, guest_house, official_residence, medical_facility or
    /// school.
    #[arg(long, env = "LUUTRU_FACILITY_KIND")]
    kind: String,

    /// Its subkind, for instance hotel, homestay, hospital, dormitory: see the catalogue
    /// facility_kinds for those of each kind.
    #[arg(long, env = "LUUTRU_FACILITY_SUBKIND")]
    subkind: Option<String>,

    /// Its name, as the police know it.
    #[arg(long, env = "LUUTRU_FACILITY_NAME")]
    name: String,

    /// Its address inside the commune.
    #[arg(long, env = "LUUTRU_FACILITY_ADDRESS")]
    address: String,

    /// Current five-digit code of its commune, ward or special zone.
    #[arg(long, env = "LUUTRU_FACILITY_COMMUNE", value_name = "CODE")]
    commune: String,

    /// Whether it lies in a remote area, where foreigners may be declared within 24 hours; by
    /// default as the catalogue says for its commune.
    #[arg(
        long,
        env = "LUUTRU_FACILITY_REMOTE",
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    remote: Option<bool>,

    /// How many guests it can hold.
    #[arg(long, env = "LUUTRU_FACILITY_CAPACITY", value_name = "COUNT")]
    capacity: Option<u32>,

    /// Prints one JSON object instead of the id alone.
    #[arg(long, env = "LUUTRU_FACILITY_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which facilities are listed, and how.
#[derive(Args)]
pub(crate) struct FacilityListOptions {
    /// Only facilities of the organisation with this code.
    #[arg(long, env = "LUUTRU_FACILITY_ORGANISATION", value_name = "CODE")]
    organisation: Option<String>,

    /// Prints one JSON array.
    #[arg(long, env = "LUUTRU_FACILITY_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// What of a facility changes.
#[derive(Args)]
pub(crate) struct FacilityChangeOptions {
    /// Id of the facility, as `luutru facility list` shows it.
    id: Uuid,

    /// First day of the change, for instance 2027-01-01; today by default.
    #[arg(long, env = "LUUTRU_FACILITY_FROM", value_name = "DATE")]
    from: Option<NaiveDate>,

    /// Its legal kind; removes the subkind unless one is given.
    #[arg(long, env = "LUUTRU_FACILITY_KIND")]
    kind: Option<String>,

    /// Its subkind; an empty value removes it.
    #[arg(long, env = "LUUTRU_FACILITY_SUBKIND")]
    subkind: Option<String>,

    /// Its name.
    #[arg(long, env = "LUUTRU_FACILITY_NAME")]
    name: Option<String>,

    /// Its address inside the commune.
    #[arg(long, env = "LUUTRU_FACILITY_ADDRESS")]
    address: Option<String>,

    /// Code of its commune; also sets its province and, unless given, whether it is remote.
    #[arg(long, env = "LUUTRU_FACILITY_COMMUNE", value_name = "CODE")]
    commune: Option<String>,

    /// Whether it lies in a remote area.
    #[arg(
        long,
        env = "LUUTRU_FACILITY_REMOTE",
        num_args = 0..=1,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    remote: Option<bool>,

    /// How many guests it can hold.
    #[arg(long, env = "LUUTRU_FACILITY_CAPACITY", value_name = "COUNT")]
    capacity: Option<u32>,

    /// Prints one JSON object.
    #[arg(long, env = "LUUTRU_FACILITY_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which facility ends, and when.
#[derive(Args)]
pub(crate) struct FacilityEndOptions {
    /// Id of the facility.
    id: Uuid,

    /// When it ends, for instance 2027-01-01T00:00:00+07:00; now by default.
    #[arg(long, env = "LUUTRU_FACILITY_AT", value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which facility.
#[derive(Args)]
pub(crate) struct FacilityNamedOptions {
    /// Id of the facility.
    id: Uuid,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Runs one of the facility commands.
pub(crate) async fn execute(command: FacilityCommand) -> anyhow::Result<ExitStatus> {
    let place = command.place();
    let profile = place.profile_or(Profile::Production);
    let db = assemble::connect_checked(place, profile).await?;
    let outcome = perform(&db, command).await;
    db.close().await;
    outcome.map(|()| ExitStatus::Success)
}

impl FacilityCommand {
    fn place(&self) -> &PlaceSettings {
        match self {
            Self::Create(options) => &options.place,
            Self::List(options) => &options.place,
            Self::Change(options) => &options.place,
            Self::End(options) => &options.place,
            Self::Reopen(options) => &options.place,
        }
    }
}

async fn perform(db: &Database, command: FacilityCommand) -> anyhow::Result<()> {
    match command {
        FacilityCommand::Create(options) => create(db, *options).await,
        FacilityCommand::List(options) => list(db, &options).await,
        FacilityCommand::Change(options) => {
            let FacilityChangeOptions {
                id, json: is_json, ..
            } = *options;
            let turn = DirectoryEdit::Change(patch(*options));
            let after = change(db, id, &turn).await?;
            match is_json {
                true => terminal::say_json(&FacilityRecordView::of(&after, Clock::system().now())),
                false => say_done(id, &turn),
            }
        }
        FacilityCommand::End(options) => {
            let turn = DirectoryEdit::End(options.at);
            change(db, options.id, &turn).await?;
            say_done(options.id, &turn)
        }
        FacilityCommand::Reopen(options) => {
            change(db, options.id, &DirectoryEdit::Reopen).await?;
            say_done(options.id, &DirectoryEdit::Reopen)
        }
    }
}

fn say_done(id: Uuid, turn: &DirectoryEdit) -> anyhow::Result<()> {
    Ok(terminal::say_line(&format!("{} {id}", turn.done()))?)
}

async fn create(db: &Database, options: FacilityCreateOptions) -> anyhow::Result<()> {
    let sent = body([
        ("organisation_code", Some(json!(options.organisation))),
        ("kind", Some(json!(options.kind))),
        ("subkind", options.subkind.map(Value::from)),
        ("name", Some(json!(options.name))),
        ("address", Some(json!(options.address))),
        ("commune_code", Some(json!(options.commune))),
        ("is_remote", options.remote.map(Value::from)),
        ("capacity", options.capacity.map(Value::from)),
    ]);
    let (_, catalogues) = assemble::catalogues(db).await?;
    let now = Clock::system().now();
    let draft = FacilityDraft::read(&sent, &catalogues, local_date(now));
    let draft = draft.map_err(|violations| operator::refused(&violations, &OPTIONS))?;
    let organisation = named(db, &draft.organisation_code).await?;
    ensure!(
        !is_over(organisation.ended_at, now),
        "--organisation: {} has ended; `luutru organisation reopen {}` opens it again",
        organisation.code,
        organisation.code
    );
    let hand = ActingOperator::at_terminal(db).await?;
    let record = draft.into_record(ids::uuid_v7(&hand.clock), organisation.id, now);
    let note = hand.note(
        Action::FacilityCreated,
        (SubjectKind::Facility, record.facility.id),
    );
    let made = operator::done(directory::create_facility(db, record, note).await?)?;
    if options.json {
        terminal::say_json(&FacilityRecordView::of(&made, now))
    } else {
        Ok(terminal::say_line(&made.facility.id.to_string())?)
    }
}

async fn list(db: &Database, options: &FacilityListOptions) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let organisation_id = match &options.organisation {
        Some(code) => Some(named(db, code).await?.id),
        None => None,
    };
    let read = async |part| directory::facilities(db, organisation_id, part, now).await;
    let all = operator::all_sound("facility", read).await?;
    if options.json {
        let shown = all.iter().map(|one| FacilityRecordView::of(one, now));
        terminal::say_json(&shown.collect::<Vec<_>>())
    } else {
        let lines: String = all.iter().map(|one| line(one, now)).collect();
        Ok(terminal::say(&lines)?)
    }
}

fn line(record: &FacilityRecord, now: DateTime<Utc>) -> String {
    let facility = &record.facility;
    let state = rules::state(facility.ended_at, now);
    let (id, organisation, kind) = (facility.id, &record.organisation_code, facility.kind);
    let (commune, name) = (&facility.commune_code, &facility.name);
    let kind = kind.as_str();
    format!("{id}  {organisation:<20}  {kind:<18}  {commune}  {state:<5}  {name}\n")
}

/// The change as the API takes it.
fn patch(options: FacilityChangeOptions) -> Value {
    let subkind = options.subkind.map(|word| match word.trim() {
        "" => Value::Null,
        word => json!(word),
    });
    body([
        ("valid_from", options.from.map(|day| json!(day.to_string()))),
        ("kind", options.kind.map(Value::from)),
        ("subkind", subkind),
        ("name", options.name.map(Value::from)),
        ("address", options.address.map(Value::from)),
        ("commune_code", options.commune.map(Value::from)),
        ("is_remote", options.remote.map(Value::from)),
        ("capacity", options.capacity.map(Value::from)),
    ])
}

/// Changes, ends or opens one.
async fn change(db: &Database, id: Uuid, turn: &DirectoryEdit) -> anyhow::Result<FacilityRecord> {
    let now = Clock::system().now();
    let judged = directory::facility(db, id, now).await?;
    let judged =
        judged.with_context(|| format!("there is no facility {id}: see `luutru facility list`"))?;
    let (_, catalogues) = assemble::catalogues(db).await?;
    let patch = FacilityPatch::read(&turn.patch(), &judged, &catalogues, local_date(now));
    let patch = patch.map_err(|violations| operator::refused(&violations, &OPTIONS))?;
    let hand = ActingOperator::at_terminal(db).await?;
    let action = turn.action([
        Action::FacilityChanged,
        Action::FacilityEnded,
        Action::FacilityReopened,
    ]);
    let note = hand.note(action, (SubjectKind::Facility, id));
    operator::done(directory::change_facility(db, &judged, patch, note).await?)
}
