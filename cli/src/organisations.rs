//! `luutru organisation`: manages organisations through the same functions as the admin API.

use anyhow::Context;
use api::views::OrganisationView;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::{
    audit::{Action, SubjectKind},
    directory::{self as rules, Organisation, OrganisationDraft, read_organisation_patch},
};
use runtime::{clock::Clock, ids, profile::Profile};
use serde_json::{Map, Value, json};
use store::{Database, directory};

use crate::{
    assemble,
    exit::ExitStatus,
    operator::{self, ActingOperator, DirectoryEdit},
    settings::PlaceSettings,
    terminal,
};

/// Creates, lists, changes and ends organisations: companies, hospitals, schools, agencies.
#[derive(Subcommand)]
pub(crate) enum OrganisationCommand {
    /// Creates an organisation and prints its id.
    Create(OrganisationCreateOptions),
    /// Lists all organisations: code, state, name.
    List(OrganisationListOptions),
    /// Changes an organisation's name.
    Change(OrganisationChangeOptions),
    /// Ends an organisation: its facilities accept no new declarations; their stays can still be
    /// read, changed and departed.
    End(OrganisationEndOptions),
    /// Reopens an organisation that has ended.
    Reopen(OrganisationNamedOptions),
}

/// What a new organisation is called.
#[derive(Args)]
pub(crate) struct OrganisationCreateOptions {
    /// Its code on the command line: lower-case letters, digits, -_. Cannot be changed.
    #[arg(long, env = "LUUTRU_ORGANISATION_CODE")]
    code: String,

    /// Its name.
    #[arg(long, env = "LUUTRU_ORGANISATION_NAME")]
    name: String,

    /// Prints one JSON object instead of the id alone.
    #[arg(long, env = "LUUTRU_ORGANISATION_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// How organisations are listed.
#[derive(Args)]
pub(crate) struct OrganisationListOptions {
    /// Prints one JSON array.
    #[arg(long, env = "LUUTRU_ORGANISATION_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// What an organisation is called from now on.
#[derive(Args)]
pub(crate) struct OrganisationChangeOptions {
    /// Code of the organisation.
    code: String,

    /// Its new name.
    #[arg(long, env = "LUUTRU_ORGANISATION_NAME")]
    name: String,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which organisation ends, and when.
#[derive(Args)]
pub(crate) struct OrganisationEndOptions {
    /// Code of the organisation.
    code: String,

    /// When it ends, for instance 2027-01-01T00:00:00+07:00; now by default.
    #[arg(long, env = "LUUTRU_ORGANISATION_AT", value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which organisation.
#[derive(Args)]
pub(crate) struct OrganisationNamedOptions {
    /// Code of the organisation.
    code: String,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Runs one of the organisation commands.
pub(crate) async fn execute(command: OrganisationCommand) -> anyhow::Result<ExitStatus> {
    let place = command.place();
    let profile = place.profile_or(Profile::Production);
    let db = assemble::connect_checked(place, profile).await?;
    let outcome = perform(&db, command).await;
    db.close().await;
    outcome.map(|()| ExitStatus::Success)
}

impl OrganisationCommand {
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

async fn perform(db: &Database, command: OrganisationCommand) -> anyhow::Result<()> {
    match command {
        OrganisationCommand::Create(options) => create(db, &options).await,
        OrganisationCommand::List(options) => list(db, options.json).await,
        OrganisationCommand::Change(options) => {
            let turn = DirectoryEdit::Change(json!({"name": options.name}));
            change(db, &options.code, &turn).await
        }
        OrganisationCommand::End(options) => {
            change(db, &options.code, &DirectoryEdit::End(options.at)).await
        }
        OrganisationCommand::Reopen(options) => {
            change(db, &options.code, &DirectoryEdit::Reopen).await
        }
    }
}

async fn create(db: &Database, options: &OrganisationCreateOptions) -> anyhow::Result<()> {
    let body = json!({"code": options.code, "name": options.name});
    let draft = OrganisationDraft::read(&body);
    let draft = draft.map_err(|violations| operator::refused(&violations, &[]))?;
    let hand = ActingOperator::at_terminal(db).await?;
    let now = hand.clock.now();
    let organisation = draft.into_organisation(ids::uuid_v7(&hand.clock), now);
    let note = hand.note(
        Action::OrganisationCreated,
        (SubjectKind::Organisation, organisation.id),
    );
    let made = directory::create_organisation(db, organisation, note).await?;
    let made = operator::done(made)?;
    if options.json {
        terminal::say_json(&OrganisationView::of(&made, now))
    } else {
        Ok(terminal::say_line(&made.id.to_string())?)
    }
}

async fn list(db: &Database, is_json: bool) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let read = async |part| directory::organisations(db, part).await;
    let all = operator::all(read, |one| one.id).await?;
    if is_json {
        let shown = all.iter().map(|one| OrganisationView::of(one, now));
        terminal::say_json(&shown.collect::<Vec<_>>())
    } else {
        let lines: String = all.iter().map(|one| line(one, now)).collect();
        Ok(terminal::say(&lines)?)
    }
}

fn line(organisation: &Organisation, now: DateTime<Utc>) -> String {
    let state = rules::state(organisation.ended_at, now);
    format!(
        "{}  {:<20}  {state:<5}  {}\n",
        organisation.id, organisation.code, organisation.name
    )
}

/// Changes, ends or opens one.
async fn change(db: &Database, code: &str, turn: &DirectoryEdit) -> anyhow::Result<()> {
    let judged = named(db, code).await?;
    let content = read_organisation_patch(&turn.patch(), &judged);
    let content =
        content.map_err(|violations| operator::refused(&violations, &[("ended_at", "--at")]))?;
    let hand = ActingOperator::at_terminal(db).await?;
    let action = turn.action([
        Action::OrganisationChanged,
        Action::OrganisationEnded,
        Action::OrganisationReopened,
    ]);
    let note = hand.note(action, (SubjectKind::Organisation, judged.id));
    operator::done(directory::change_organisation(db, &judged, content, note).await?)?;
    Ok(terminal::say_line(&format!("{} {code}", turn.done()))?)
}

/// The organisation of a code.
///
/// Errors: there is none.
pub(crate) async fn named(db: &Database, code: &str) -> anyhow::Result<Organisation> {
    directory::organisation_by_code(db, code)
        .await?
        .with_context(|| {
            format!(
                "there is no organisation {code}: see `luutru organisation list`, or create it \
                 with `luutru organisation create --code {code} --name NAME`"
            )
        })
}

/// The members that were given.
pub(crate) fn body<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let given = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<String, Value>>())
}
