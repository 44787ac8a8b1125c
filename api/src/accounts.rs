//! Accounts: made, listed, changed and invited by a manager for their organisation, by an
//! administrator for all.

pub(crate) mod declined;
pub(crate) mod invitations;
pub(crate) mod machines;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod shapes;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::account::{self as rules, Account};
use domain::audit::{Action, SubjectKind};
use domain::problem::{Code, Violation};
use domain::rights::{OperationId, RightHolder};
use domain::role::AccountRole;
use domain::session::INVITATION_VALID;
use domain::time::local_date;
use intake::Refusal;
use poem_openapi::{ApiResponse, OpenApi, param::Path};
use runtime::ids;
use runtime::token::{Token, TokenUse};
use store::accounts::{self, StoredAccount, invitations::Invitation};
use store::directory::{ActionOutcome, ActionRecord, ListPart};
use uuid::Uuid;

use crate::admin::directory::OfOrganisation;
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, op};
use crate::caller::Caller;
use crate::cursor;
use crate::examples::Examples;
use crate::idempotency::{Area, IdempotencyKey};
use crate::parameters::{Paged, Query};
use crate::payload::{JsonDocument, MERGE_PATCH, Shape};
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::reply::{ETag, Json, Location, Replayed};
use crate::topic::Topic;
use declined::{Conflicting, Declined};

pub(crate) use shapes::{
    AccountDraft, AccountMade, AccountPage, AccountPatch, AccountView, InvitationView,
};

/// Domain separation for the key hashes of requests about accounts.
const AREA: Area = Area {
    key: "idempotency.accounts",
    request: "request.accounts",
};
/// The scope of this list's cursors.
const LIST: &str = "accounts";

impl Shape for AccountDraft {}
impl Shape for AccountPatch {
    const MEDIA_TYPES: &'static [&'static str] = &[MERGE_PATCH, crate::reply::JSON];
}

/// Accounts are listed.
#[derive(ApiResponse)]
pub(crate) enum AccountsListed {
    /// A page of accounts.
    #[oai(status = 200)]
    Page(Json<AccountPage>),
}

/// An account was made.
#[derive(ApiResponse)]
pub(crate) enum AccountCreated {
    /// It is made; hand over the link.
    #[oai(status = 201)]
    First(
        Json<AccountMade>,
        #[oai(header = "Location")] Location,
        #[oai(header = "ETag")] ETag,
    ),
    /// It had been made before: the first answer again, without the link.
    #[oai(status = 200)]
    Again(
        Json<AccountMade>,
        #[oai(header = "Location")] Location,
        #[oai(header = "ETag")] ETag,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

/// An account is shown.
#[derive(ApiResponse)]
pub(crate) enum AccountShown {
    /// The account.
    #[oai(status = 200)]
    Account(Json<AccountView>, #[oai(header = "ETag")] ETag),
}

/// A one-time link was made.
#[derive(ApiResponse)]
pub(crate) enum Invited {
    /// The link, told this once. Earlier ones are no longer good.
    #[oai(status = 201)]
    Link(Json<InvitationView>),
}

/// Accounts, made, listed and changed.
pub(crate) struct AccountsApi(pub(crate) Arc<App>);

impl Examples for AccountsApi {
    const EXAMPLES: &'static str = include_str!("accounts.examples.json");
}

#[OpenApi]
impl AccountsApi {
    /// List accounts
    ///
    /// Those of the caller's organisation, the oldest first; an administrator and an auditor see all.
    #[oai(
        path = "/v1/accounts",
        method = "get",
        operation_id = "listAccounts",
        tag = "Topic::Accounts"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListAccounts>,
        mut query: Query<Paged<OfOrganisation>>,
    ) -> Result<AccountsListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let page = query.page(&app.vault, LIST, sender.key_id);
        let wanted = query.finish()?.filters.organisation_id;
        let part = ListPart {
            after: page.after,
            count_max: page.count_max(),
        };
        let own = organisation_bound(&admitted.ticket.caller);
        let mut rows = match (own, wanted) {
            // Foreign and absent are the same.
            (Some(own), Some(wanted)) if own != wanted => Vec::new(),
            (own, wanted) => {
                let organisation_id = own.or(wanted);
                accounts::list(&app.db, organisation_id, part, &app.account_row_key).await?
            }
        };
        let last = page.cut(&mut rows);
        let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, sender.key_id, row.id));
        Ok(AccountsListed::Page(Json(AccountPage {
            items: rows.iter().map(AccountView::of).collect(),
            next_cursor,
        })))
    }

    /// Make an account
    ///
    /// The one-time link is in `invitation`, this once: hand it to the person, who chooses a password
    /// by it within 72 hours.
    #[oai(
        path = "/v1/accounts",
        method = "post",
        operation_id = "createAccount",
        tag = "Topic::Accounts"
    )]
    async fn create(
        &self,
        admitted: Admitted<op::CreateAccount>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: JsonDocument<AccountDraft>,
    ) -> Result<AccountCreated, Failure> {
        let (app, caller) = (&self.0, &admitted.ticket.caller);
        let (sender, now) = (&caller.sender, document.received_at);
        let request = ("accounts", &document.value);
        let guard = key.of_request(app, sender, (AREA, &[]), request, now);
        let by = &app.account_row_key;
        let earlier = accounts::earlier(&app.db, guard.as_ref(), by, now).await?;
        let written = match earlier {
            Some(written) => written,
            None => {
                let stored = drafted(app, caller, &document.value, now).await?;
                let subject = (SubjectKind::Account, stored.account.id);
                let note = ActionRecord {
                    entry: audit::entry(app, sender, Action::AccountCreated, subject, now),
                    key: guard.as_ref(),
                };
                let written = accounts::create(&app.db, &stored, by, note).await;
                written.map_err(|error| key.failure(error))?
            }
        };
        let (account, is_replayed) = made(written, &key)?;
        let invitation = match is_replayed {
            true => None,
            false => Some(invite(app, caller, account.id, now).await?),
        };
        let location = Location::of(format!("/v1/accounts/{}", account.id));
        let etag = ETag::of(account.version);
        let view = AccountMade::of(AccountView::of(&account), invitation);
        Ok(if is_replayed {
            AccountCreated::Again(Json(view), location, etag, Replayed::when(true))
        } else {
            AccountCreated::First(Json(view), location, etag)
        })
    }

    /// See an account
    #[oai(
        path = "/v1/accounts/:id",
        method = "get",
        operation_id = "showAccount",
        tag = "Topic::Accounts"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowAccount>,
        /// The account's id.
        Path(id): Path<Uuid>,
    ) -> Result<AccountShown, Failure> {
        let stored = visible(&self.0, &admitted.ticket.caller, id).await?;
        Ok(shown(&stored.account))
    }

    /// Change an account
    ///
    /// Its label, role and scope, or whether it has ended. A change of what it may do ends its
    /// sessions at once.
    #[oai(
        path = "/v1/accounts/:id",
        method = "patch",
        operation_id = "changeAccount",
        tag = "Topic::Accounts"
    )]
    async fn change(
        &self,
        admitted: Admitted<op::ChangeAccount>,
        /// The account's id.
        Path(id): Path<Uuid>,
        /// The version that the change is meant for, from `ETag`; whichever it is when left out.
        #[oai(name = "If-Match")]
        if_match: IfMatch<false>,
        document: JsonDocument<AccountPatch>,
    ) -> Result<AccountShown, Declined<Conflicting>> {
        let (app, caller) = (&self.0, &admitted.ticket.caller);
        let now = document.received_at;
        let before = managed(app, caller, id).await?;
        if_match.check(before.account.version)?;
        let patch = read_patch(app, caller, &document.value, &before.account, now).await?;
        if patch.is_said_by(&before.account) {
            return Ok(shown(&before.account));
        }
        let after = before.changed(patch, now);
        let account = after.account.clone();
        let entry = audit::entry(
            app,
            &caller.sender,
            Action::AccountChanged,
            (SubjectKind::Account, id),
            now,
        );
        if !accounts::replace(&app.db, &before, after, &app.account_row_key, entry).await? {
            let version = before.account.version;
            return Err(Refusal::VersionMismatch { version }.into());
        }
        Ok(shown(&account))
    }

    /// Make a new one-time link
    ///
    /// For a forgotten password or a lost authenticator: using it sets a new password, removes the
    /// authenticator and ends all sessions. Earlier links are no longer good.
    #[oai(
        path = "/v1/accounts/:id/invitation",
        method = "post",
        operation_id = "inviteAccount",
        tag = "Topic::Accounts"
    )]
    async fn invite(
        &self,
        admitted: Admitted<op::InviteAccount>,
        /// The account's id.
        Path(id): Path<Uuid>,
    ) -> Result<Invited, Failure> {
        let (app, caller) = (&self.0, &admitted.ticket.caller);
        let stored = managed(app, caller, id).await?;
        let id = stored.account.id;
        let link = invite(app, caller, id, app.clock.now()).await?;
        Ok(Invited::Link(Json(link)))
    }
}

fn shown(account: &Account) -> AccountShown {
    AccountShown::Account(Json(AccountView::of(account)), ETag::of(account.version))
}

fn made(written: ActionOutcome<Account>, key: &IdempotencyKey) -> Result<(Account, bool), Failure> {
    let (account, is_replayed) = match written {
        ActionOutcome::Done(account) => (account, false),
        ActionOutcome::Replayed(account, _) => (account, true),
        ActionOutcome::KeyReused => return Err(key.reused()),
        ActionOutcome::CodeTaken => return Err(Failure::new(Code::AccountNameTaken)),
        ActionOutcome::VersionMismatch(version) => {
            return Err(Refusal::VersionMismatch { version }.into());
        }
    };
    key.count(if is_replayed { "replay" } else { "new" });
    Ok((account, is_replayed))
}

/// The organisation that a caller is bound to; none: it manages those of all.
fn organisation_bound(caller: &Caller) -> Option<Uuid> {
    let is_of_all = matches!(
        caller.holder(),
        RightHolder::Account(AccountRole::Administrator | AccountRole::Auditor)
    );
    (!is_of_all).then_some(caller.sender.organisation_id)
}

/// An account that the caller may see. Absent and foreign are the same.
async fn visible(app: &App, caller: &Caller, id: Uuid) -> Result<StoredAccount, Failure> {
    let stored = accounts::find(&app.db, id, &app.account_row_key).await?;
    let own = organisation_bound(caller);
    let is_visible =
        |stored: &StoredAccount| own.is_none_or(|own| own == stored.account.organisation_id);
    stored
        .filter(is_visible)
        .ok_or_else(|| Failure::new(Code::NotFound))
}

/// An account that the caller may change. Absent and foreign are the same.
async fn managed(app: &App, caller: &Caller, id: Uuid) -> Result<StoredAccount, Failure> {
    let stored = visible(app, caller, id).await?;
    if is_manager(caller) && may_appoint(caller, stored.account.role) {
        Ok(stored)
    } else {
        Err(Failure::new(Code::NotFound))
    }
}

fn may_appoint(caller: &Caller, role: AccountRole) -> bool {
    match caller.holder() {
        RightHolder::Account(own) => own.may_appoint(role),
        RightHolder::Key(_) => false,
    }
}

/// A new account as its draft wants it.
async fn drafted(
    app: &App,
    caller: &Caller,
    draft: &serde_json::Value,
    now: DateTime<Utc>,
) -> Result<StoredAccount, Failure> {
    let today = local_date(now);
    let draft = rules::AccountDraft::read(draft, app.intake.catalogues(), today);
    let draft = draft.map_err(Failure::invalid)?;
    let organisation_id = organisation_of(app, caller, draft.organisation_code.as_deref()).await?;
    check(
        app,
        caller,
        (organisation_id, draft.role, &draft.scope),
        now,
    )
    .await?;
    let id = ids::uuid_v7(&app.clock);
    Ok(StoredAccount::new(draft.into_account(
        id,
        organisation_id,
        now,
    )))
}

async fn read_patch(
    app: &App,
    caller: &Caller,
    patch: &serde_json::Value,
    before: &Account,
    now: DateTime<Utc>,
) -> Result<rules::AccountPatch, Failure> {
    let catalogues = app.intake.catalogues();
    let patch = rules::AccountPatch::read(patch, before, catalogues, local_date(now));
    let patch = patch.map_err(Failure::invalid)?;
    let wanted = (before.organisation_id, patch.role, &patch.scope);
    check(app, caller, wanted, now).await?;
    Ok(patch)
}

/// Errors: 422 for a role that the caller may not appoint, and for facilities that are not there or
/// not the caller's.
async fn check(
    app: &App,
    caller: &Caller,
    (organisation_id, role, scope): (Uuid, AccountRole, &rules::AccountScope),
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let refuse = |pointer, code| Failure::invalid(vec![Violation::new(pointer, code)]);
    if !may_appoint(caller, role) {
        return Err(refuse("/role", Code::NotForRole));
    }
    let mut present =
        store::facilities::of_organisation(&app.db, organisation_id, &[], now).await?;
    if let Some(own) = bound_facilities(caller) {
        present.retain(|facility| own.contains(&facility.id));
        // A manager of some facilities makes none that sees all.
        if scope.facility_ids.is_empty() {
            return Err(refuse("/facility_ids", Code::Required));
        }
    }
    let checked = scope.check_facilities(role, &present);
    checked.map_err(Failure::invalid)
}

/// The facilities that a manager is bound to.
fn bound_facilities(caller: &Caller) -> Option<&[Uuid]> {
    let account = caller.signed_in()?.account();
    let facility_ids = account.scope.facility_ids.as_slice();
    (account.role == AccountRole::Manager && !facility_ids.is_empty()).then_some(facility_ids)
}

/// The organisation that a new account belongs to.
///
/// Errors: 422 when it is not one of the caller's.
async fn organisation_of(app: &App, caller: &Caller, code: Option<&str>) -> Result<Uuid, Failure> {
    let Some(code) = code else {
        return Ok(caller.sender.organisation_id);
    };
    let found = store::directory::organisation_by_code(&app.db, code).await?;
    let own = organisation_bound(caller);
    let found = found.filter(|found| own.is_none_or(|own| own == found.id));
    let unknown = || {
        let violation = Violation::new("/organisation_code", Code::OrganisationUnknown);
        Failure::invalid(vec![violation])
    };
    found.map(|found| found.id).ok_or_else(unknown)
}

/// Makes a one-time link, in place of earlier ones.
async fn invite(
    app: &App,
    caller: &Caller,
    account_id: Uuid,
    now: DateTime<Utc>,
) -> Result<InvitationView, Failure> {
    let token = Token::generate();
    let invitation = Invitation {
        id: ids::uuid_v7(&app.clock),
        account_id,
        token_hash: token.hash(&app.pepper, TokenUse::Invitation).to_vec(),
        created_at: now,
        expires_at: now + INVITATION_VALID,
        used_at: None,
    };
    let subject = (SubjectKind::Account, account_id);
    let entry = audit::entry(app, &caller.sender, Action::AccountInvited, subject, now);
    let by = &app.account_row_key;
    accounts::invitations::create(&app.db, &invitation, by, entry).await?;
    let base = &app.settings.public_url;
    Ok(InvitationView::of(base, &token, invitation.expires_at))
}

/// Whether the caller may manage accounts at all.
fn is_manager(caller: &Caller) -> bool {
    OperationId::ChangeAccount
        .right()
        .is_held_by(caller.holder())
}
