//! `luutru account`: makes, lists and changes accounts of people, and prints one-time links.

use anyhow::{Context, bail};
use api::views::{AccountMade, AccountView, InvitationView};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use domain::{
    account::{Account, AccountDraft, AccountPatch, folded_name},
    audit::{Action, SubjectKind},
    directory::Organisation,
    role::AccountRole,
    session::INVITATION_VALID,
    time::local_date,
};
use runtime::{
    clock::Clock,
    ids,
    profile::Profile,
    token::{Token, TokenUse},
};
use serde_json::{Value, json};
use store::{
    Database,
    accounts::{self, AccountRowKey, StoredAccount, invitations::Invitation},
    directory::ActionRecord,
};
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
const OPTIONS: [(&str, &str); 3] = [
    ("facility_ids", "--facility-id"),
    ("areas", "--commune or --province"),
    ("is_ended", "--end"),
];

/// Makes, lists and changes accounts of people: front desks, wards, managers, officers, operators.
#[derive(Subcommand)]
pub(crate) enum AccountCommand {
    /// Makes an account and prints its one-time link: the person chooses a password by it.
    Create(Box<CreateOptions>),
    /// Lists accounts with role, state and scope.
    List(Box<ListOptions>),
    /// Changes what an account may do, ends it, or prints a new one-time link for it.
    Change(Box<ChangeOptions>),
}

/// What an account may see.
#[derive(Args)]
struct ScopeOptions {
    /// Facility the account works at; may be repeated. A manager without any sees all of the
    /// organisation, including later ones.
    #[arg(
        long = "facility-id",
        env = "LUUTRU_ACCOUNT_FACILITY_IDS",
        value_delimiter = ',',
        value_name = "ID"
    )]
    facility_ids: Vec<Uuid>,

    /// Code of a commune that an officer or supervisor covers; may be repeated.
    #[arg(
        long = "commune",
        env = "LUUTRU_ACCOUNT_COMMUNES",
        value_delimiter = ',',
        value_name = "CODE"
    )]
    communes: Vec<String>,

    /// Code of a province that an officer or supervisor covers; may be repeated.
    #[arg(
        long = "province",
        env = "LUUTRU_ACCOUNT_PROVINCES",
        value_delimiter = ',',
        value_name = "CODE"
    )]
    provinces: Vec<String>,

    /// Last day on which communes and provinces are covered, for instance 2027-06-30.
    #[arg(long, env = "LUUTRU_ACCOUNT_VALID_UNTIL", value_name = "DAY")]
    valid_until: Option<String>,
}

/// What a new account may do.
#[derive(Args)]
pub(crate) struct CreateOptions {
    /// Code of the organisation that the account belongs to, for instance demo.
    #[arg(
        long,
        alias = "organisation",
        env = "LUUTRU_ACCOUNT_ORGANISATION_CODE",
        value_name = "CODE"
    )]
    organisation_code: String,

    /// What is typed to sign in: small letters, digits, -_.@
    #[arg(long, env = "LUUTRU_ACCOUNT_NAME")]
    name: String,

    /// manager, front_desk, ward, dormitory, residence, commune_officer, province_officer,
    /// supervisor, auditor or administrator.
    #[arg(long, env = "LUUTRU_ACCOUNT_ROLE", value_parser = parse_role)]
    role: AccountRole,

    /// Label of the account. Do not use personal names.
    #[arg(long, env = "LUUTRU_ACCOUNT_LABEL")]
    label: Option<String>,

    #[command(flatten)]
    scope: ScopeOptions,

    #[command(flatten)]
    link: LinkOptions,

    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

/// How a one-time link is printed.
#[derive(Args)]
struct LinkOptions {
    /// Address at which browsers reach the service; the link begins with it. Links that are made on
    /// the page /organisation/accounts begin with the API's.
    #[arg(
        long,
        env = "LUUTRU_PUBLIC_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    public_url: api::PublicUrl,

    /// Prints one JSON object instead of the link alone.
    #[arg(long, env = "LUUTRU_ACCOUNT_JSON")]
    json: bool,
}

/// How accounts are listed.
#[derive(Args)]
pub(crate) struct ListOptions {
    /// Only accounts of the organisation with this code.
    #[arg(
        long,
        alias = "organisation",
        env = "LUUTRU_ACCOUNT_ORGANISATION_CODE",
        value_name = "CODE"
    )]
    organisation_code: Option<String>,

    /// Prints one JSON array.
    #[arg(long, env = "LUUTRU_ACCOUNT_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

/// What changes of an account. What is left out stays as it is.
#[derive(Args)]
pub(crate) struct ChangeOptions {
    /// Name of the account.
    name: String,

    /// Its next role.
    #[arg(long, env = "LUUTRU_ACCOUNT_ROLE", value_parser = parse_role)]
    role: Option<AccountRole>,

    /// Its next label.
    #[arg(long, env = "LUUTRU_ACCOUNT_LABEL")]
    label: Option<String>,

    #[command(flatten)]
    scope: ScopeOptions,

    /// Ends the account: its sessions end at once, and nobody signs in to it.
    #[arg(long, env = "LUUTRU_ACCOUNT_END", conflicts_with = "reopen")]
    end: bool,

    /// Opens an account that has ended.
    #[arg(long, env = "LUUTRU_ACCOUNT_REOPEN")]
    reopen: bool,

    /// Prints a new one-time link, for a forgotten password or a lost authenticator.
    #[arg(long, env = "LUUTRU_ACCOUNT_NEW_LINK")]
    new_link: bool,

    #[command(flatten)]
    link: LinkOptions,

    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

fn parse_role(word: &str) -> Result<AccountRole, String> {
    AccountRole::parse(word).ok_or_else(|| {
        let words: Vec<&str> = AccountRole::ALL.iter().map(|role| role.as_str()).collect();
        format!("must be one of {}", words.join(", "))
    })
}

/// Runs one of the account commands.
pub(crate) async fn execute(command: AccountCommand) -> anyhow::Result<ExitStatus> {
    let (place, settings) = match &command {
        AccountCommand::Create(options) => (&options.place, &options.secrets),
        AccountCommand::List(options) => (&options.place, &options.secrets),
        AccountCommand::Change(options) => (&options.place, &options.secrets),
    };
    let profile = place.profile_or(Profile::Production);
    let secrets = Secrets::gather(settings, place, profile, &[Secret::KeyPepper])?;
    let db = assemble::connect_checked(place, profile).await?;
    let outcome = perform(&db, &secrets, &command).await;
    db.close().await;
    outcome.map(|()| ExitStatus::Success)
}

async fn perform(db: &Database, secrets: &Secrets, command: &AccountCommand) -> anyhow::Result<()> {
    assemble::settle_keys(db, secrets, Clock::system().now()).await?;
    let desk = Desk {
        db,
        pepper: *secrets.key_pepper()?,
    };
    match command {
        AccountCommand::Create(options) => desk.create(options).await,
        AccountCommand::List(options) => desk.list(options).await,
        AccountCommand::Change(options) => desk.change(options).await,
    }
}

/// Where accounts are managed.
struct Desk<'a> {
    db: &'a Database,
    pepper: [u8; 32],
}

impl Desk<'_> {
    fn row_key(&self) -> AccountRowKey {
        AccountRowKey::of_pepper(&self.pepper)
    }

    async fn create(&self, options: &CreateOptions) -> anyhow::Result<()> {
        let acting = ActingOperator::at_terminal(self.db).await?;
        let now = acting.clock.now();
        let (_, catalogues) = assemble::catalogues(self.db).await?;
        let draft = AccountDraft::read(&options.body(), &catalogues, local_date(now));
        let draft = draft.map_err(|violations| operator::refused(&violations, &OPTIONS))?;
        let organisation = named(self.db, &options.organisation_code).await?;
        let account = draft.into_account(ids::uuid_v7(&acting.clock), organisation.id, now);
        self.check(&account, now).await?;
        let note = acting.note(Action::AccountCreated, (SubjectKind::Account, account.id));
        let stored = StoredAccount::new(account);
        let written = accounts::create(self.db, &stored, &self.row_key(), note).await?;
        if written == store::directory::ActionOutcome::CodeTaken {
            bail!("--name: another account is called {}", stored.account.name);
        }
        let account = operator::done(written)?;
        let link = self.invite(&account, &options.link, &acting).await?;
        show(&options.link, &account, link)
    }

    async fn list(&self, options: &ListOptions) -> anyhow::Result<()> {
        let organisation_id = match options.organisation_code.as_deref() {
            Some(code) => Some(named(self.db, code).await?.id),
            None => None,
        };
        let row_key = self.row_key();
        let read =
            async |part| accounts::list(self.db, organisation_id, None, part, &row_key).await;
        let all = operator::all(read, |one| one.id).await?;
        if options.json {
            let shown = all.iter().map(AccountView::of);
            return terminal::say_json(&shown.collect::<Vec<_>>());
        }
        let read = async |part| store::directory::organisations(self.db, part).await;
        let organisations = operator::all(read, |one| one.id).await?;
        let lines: String = all.iter().map(|one| to_line(one, &organisations)).collect();
        Ok(terminal::say(&lines)?)
    }

    async fn change(&self, options: &ChangeOptions) -> anyhow::Result<()> {
        let acting = ActingOperator::at_terminal(self.db).await?;
        let now = acting.clock.now();
        let row_key = self.row_key();
        let name = folded_name(&options.name);
        let before = accounts::find_by_name(self.db, &name, &row_key).await?;
        let before = before
            .with_context(|| format!("there is no account {name}: see `luutru account list`"))?;
        let (_, catalogues) = assemble::catalogues(self.db).await?;
        let body = options.body();
        let patch = AccountPatch::read(&body, &before.account, &catalogues, local_date(now));
        let patch = patch.map_err(|violations| operator::refused(&violations, &OPTIONS))?;
        if !patch.is_said_by(&before.account) {
            let after = before.changed(patch, now);
            self.check(&after.account, now).await?;
            let entry = acting.entry(
                Action::AccountChanged,
                (SubjectKind::Account, before.account.id),
            );
            if !accounts::replace(self.db, &before, after, &row_key, entry).await? {
                bail!("somebody else changed {name} at the same moment; try again");
            }
        }
        if options.new_link {
            let link = self.invite(&before.account, &options.link, &acting).await?;
            return show(&options.link, &before.account, link);
        }
        terminal::say_line(&format!("changed {name}"))?;
        Ok(())
    }

    /// Errors: facilities that the organisation does not have, or of a kind that the role does not
    /// work at.
    async fn check(&self, account: &Account, now: DateTime<Utc>) -> anyhow::Result<()> {
        let organisation_id = account.organisation_id;
        let present =
            store::facilities::of_organisation(self.db, organisation_id, &[], now).await?;
        let checked = account.scope.check_facilities(account.role, &present);
        checked.map_err(|violations| operator::refused(&violations, &OPTIONS))
    }

    /// Makes a one-time link, in place of earlier ones.
    async fn invite(
        &self,
        account: &Account,
        options: &LinkOptions,
        acting: &ActingOperator,
    ) -> anyhow::Result<InvitationView> {
        let (token, now) = (Token::generate(), acting.clock.now());
        let invitation = Invitation {
            id: ids::uuid_v7(&acting.clock),
            account_id: account.id,
            token_hash: token.hash(&self.pepper, TokenUse::Invitation).to_vec(),
            created_at: now,
            expires_at: now + INVITATION_VALID,
            used_at: None,
        };
        let entry = acting.entry(Action::AccountInvited, (SubjectKind::Account, account.id));
        let row_key = self.row_key();
        let note = ActionRecord { entry, key: None };
        accounts::invitations::create(self.db, &invitation, &row_key, note).await?;
        let expires_at = invitation.expires_at;
        Ok(InvitationView::of(&options.public_url, &token, expires_at))
    }
}

fn show(options: &LinkOptions, account: &Account, link: InvitationView) -> anyhow::Result<()> {
    if options.json {
        let made = AccountMade::of(AccountView::of(account), Some(link));
        terminal::say_json(&made)
    } else {
        terminal::say_line(link.url())?;
        tracing::info!(account.id = %account.id, "the link is good once, for 72 hours");
        Ok(())
    }
}

impl ScopeOptions {
    fn facility_ids(&self) -> Option<Value> {
        (!self.facility_ids.is_empty()).then(|| json!(self.facility_ids))
    }

    fn areas(&self) -> Option<Value> {
        let until = &self.valid_until;
        let area = |(kind, code): (&str, &String)| json!({kind: code, "valid_until": until});
        let communes = self.communes.iter().map(|code| ("commune", code));
        let provinces = self.provinces.iter().map(|code| ("province", code));
        let areas: Vec<Value> = communes.chain(provinces).map(area).collect();
        (!areas.is_empty()).then(|| json!(areas))
    }
}

impl CreateOptions {
    /// As the API takes it.
    fn body(&self) -> Value {
        body([
            ("name", Some(json!(self.name))),
            ("label", self.label.as_ref().map(|label| json!(label))),
            ("role", Some(json!(self.role.as_str()))),
            ("facility_ids", self.scope.facility_ids()),
            ("areas", self.scope.areas()),
        ])
    }
}

impl ChangeOptions {
    /// As the API takes it.
    fn body(&self) -> Value {
        let is_ended = (self.end || self.reopen).then_some(json!(self.end));
        body([
            ("label", self.label.as_ref().map(|label| json!(label))),
            ("role", self.role.map(|role| json!(role.as_str()))),
            ("facility_ids", self.scope.facility_ids()),
            ("areas", self.scope.areas()),
            ("is_ended", is_ended),
        ])
    }
}

/// An account in readable form: where it belongs, its role, state and scope.
fn to_line(account: &Account, organisations: &[Organisation]) -> String {
    let organisation = organisations
        .iter()
        .find(|one| one.id == account.organisation_id)
        .map_or("unknown", |one| one.code.as_str());
    let (role, state) = (account.role.as_str(), account.state().as_str());
    let scope = match (account.scope.facility_ids.len(), account.scope.areas.len()) {
        (0, 0) => "all".to_owned(),
        (0, areas) => format!("{areas} areas"),
        (facilities, _) => format!("{facilities} facilities"),
    };
    let factor = if account.has_totp { "code" } else { "no code" };
    format!(
        "{:<24}  {organisation:<16}  {role:<16}  {state:<8}  {scope:<14}  {factor:<8}  {}\n",
        account.name, account.label
    )
}

#[cfg(test)]
mod tests {
    use domain::account::AccountScope;

    use super::*;

    #[test]
    fn a_line_tells_where_an_account_belongs_and_what_it_may_do() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let organisation = Organisation {
            id: Uuid::from_u128(2),
            code: "bien-xanh".to_owned(),
            name: "Biển Xanh".to_owned(),
            created_at: now,
            ended_at: None,
            version: 1,
        };
        let account = Account {
            id: Uuid::from_u128(1),
            organisation_id: organisation.id,
            name: "le-tan".to_owned(),
            label: "Ca đêm".to_owned(),
            role: AccountRole::FrontDesk,
            scope: AccountScope {
                facility_ids: vec![Uuid::from_u128(3)],
                areas: Vec::new(),
            },
            has_password: false,
            has_totp: false,
            created_at: now,
            ended_at: None,
            version: 1,
        };
        let line = to_line(&account, &[organisation]);
        for word in [
            "le-tan",
            "bien-xanh",
            "front_desk",
            "invited",
            "1 facilities",
            "Ca đêm",
        ] {
            assert!(line.contains(word), "{word} in {line}");
        }
    }
}
