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
use store::declarations::Idempotency;
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
    /// A manager of some facilities sees those who reach one of them.
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
        let mut rows = listed(app, &admitted.ticket.caller, wanted, part).await?;
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
        let (account, invitation) = make(app, caller, &key, document).await?;
        let is_replayed = invitation.is_none();
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
        let caller = &admitted.ticket.caller;
        let account = alter(&self.0, caller, id, &if_match, document).await?;
        Ok(shown(&account))
    }

    /// Make a new one-time link
    ///
    /// For a forgotten password or a lost authenticator: using it sets a new password, removes the
    /// authenticator and ends all sessions. Earlier links are no longer good. It takes no
    /// `Idempotency-Key`: a link is told once, and asking again makes another that replaces it.
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
        let link = new_link(&self.0, &admitted.ticket.caller, id).await?;
        Ok(Invited::Link(Json(link)))
    }
}

/// Makes an account, with its one-time link; a replay has none.
///
/// Errors: 409 when the name is taken, 422 for what the draft may not say.
pub(crate) async fn make(
    app: &App,
    caller: &Caller,
    key: &IdempotencyKey,
    document: JsonDocument<AccountDraft>,
) -> Result<(Account, Option<InvitationView>), Failure> {
    let (sender, now) = (&caller.sender, document.received_at);
    let request = ("accounts", &document.value);
    let guard = key.of_request(app, sender, (AREA, &[]), request, now);
    let by = &app.account_row_key;
    let written = match accounts::earlier(&app.db, guard.as_ref(), by, now).await? {
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
    let (account, is_replayed) = done_once(written, key)?;
    let invitation = match is_replayed {
        true => None,
        false => Some(invite(app, caller, account.id, now).await?),
    };
    Ok((account, invitation))
}

/// Changes an account that the caller manages.
///
/// Errors: 403 and 404 as [`managed`], 412 when it has moved, 422 for what it may not become.
pub(crate) async fn alter(
    app: &App,
    caller: &Caller,
    id: Uuid,
    if_match: &IfMatch<false>,
    document: JsonDocument<AccountPatch>,
) -> Result<Account, Failure> {
    let now = document.received_at;
    let before = managed(app, caller, id).await?;
    if_match.check(before.account.version)?;
    let patch = read_patch(app, caller, &document.value, &before.account, now).await?;
    if patch.is_said_by(&before.account) {
        return Ok(before.account);
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
    Ok(account)
}

/// Makes a new one-time link of an account that the caller manages.
pub(crate) async fn new_link(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<InvitationView, Failure> {
    let stored = managed(app, caller, id).await?;
    invite(app, caller, stored.account.id, app.clock.now()).await
}

/// The same once, for a form that may be sent twice; a replay has no link.
pub(crate) async fn new_link_once(
    app: &App,
    caller: &Caller,
    id: Uuid,
    key: &IdempotencyKey,
) -> Result<Option<InvitationView>, Failure> {
    let stored = managed(app, caller, id).await?;
    let (sender, now) = (&caller.sender, app.clock.now());
    let path = format!("accounts/{id}/invitation");
    let request = (path.as_str(), &serde_json::Value::Null);
    let guard = key.of_request(app, sender, (AREA, &[]), request, now);
    let (link, outcome) = link(app, caller, stored.account.id, guard.as_ref(), now)
        .await
        .map_err(|error| key.failure(error))?;
    let (_, is_replayed) = done_once(outcome, key)?;
    Ok((!is_replayed).then_some(link))
}

/// The accounts that the caller may see, of one organisation or of all it sees.
pub(crate) async fn listed(
    app: &App,
    caller: &Caller,
    wanted: Option<Uuid>,
    part: ListPart,
) -> Result<Vec<Account>, Failure> {
    let by = &app.account_row_key;
    match (organisation_bound(caller), wanted) {
        // Foreign and absent are the same.
        (Some(own), Some(wanted)) if own != wanted => Ok(Vec::new()),
        (own, wanted) => {
            let facilities = bound_facilities(caller);
            Ok(accounts::list(&app.db, own.or(wanted), facilities, part, by).await?)
        }
    }
}

fn shown(account: &Account) -> AccountShown {
    AccountShown::Account(Json(AccountView::of(account)), ETag::of(account.version))
}

/// What an action led to, and whether this is a replay of it.
fn done_once<T>(written: ActionOutcome<T>, key: &IdempotencyKey) -> Result<(T, bool), Failure> {
    let (subject, is_replayed) = match written {
        ActionOutcome::Done(subject) => (subject, false),
        ActionOutcome::Replayed(subject, _) => (subject, true),
        ActionOutcome::KeyReused => return Err(key.reused()),
        ActionOutcome::CodeTaken => return Err(Failure::new(Code::AccountNameTaken)),
        ActionOutcome::VersionMismatch(version) => {
            return Err(Refusal::VersionMismatch { version }.into());
        }
    };
    key.count(if is_replayed { "replay" } else { "new" });
    Ok((subject, is_replayed))
}

/// The organisation that a caller is bound to; none: it manages those of all.
pub(crate) fn organisation_bound(caller: &Caller) -> Option<Uuid> {
    let is_of_all = matches!(
        caller.holder(),
        RightHolder::Account(AccountRole::Administrator | AccountRole::Auditor)
    );
    (!is_of_all).then_some(caller.sender.organisation_id)
}

/// An account that the caller may see. Absent and foreign are the same.
pub(crate) async fn visible(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<StoredAccount, Failure> {
    let stored = accounts::find(&app.db, id, &app.account_row_key).await?;
    let (own, facilities) = (organisation_bound(caller), bound_facilities(caller));
    let is_visible = |stored: &StoredAccount| {
        let account = &stored.account;
        own.is_none_or(|own| own == account.organisation_id)
            && facilities.is_none_or(|facilities| account.scope.touches(facilities))
    };
    stored
        .filter(is_visible)
        .ok_or_else(|| Failure::new(Code::NotFound))
}

/// An account that the caller may change. Absent and foreign are the same.
///
/// Errors: 403 for one that reaches what the caller does not manage.
pub(crate) async fn managed(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<StoredAccount, Failure> {
    let stored = visible(app, caller, id).await?;
    if !is_manager(caller) || !may_appoint(caller, stored.account.role) {
        return Err(Failure::new(Code::NotFound));
    }
    if is_beyond(caller, &stored.account) {
        return Err(Failure::new(Code::AccountBeyondScope));
    }
    Ok(stored)
}

/// Whether the caller may change an account that it sees.
pub(crate) fn manages(caller: &Caller, account: &Account) -> bool {
    is_manager(caller) && may_appoint(caller, account.role) && !is_beyond(caller, account)
}

/// Whether an account reaches what its manager, of some facilities alone, does not.
fn is_beyond(caller: &Caller, account: &Account) -> bool {
    bound_facilities(caller).is_some_and(|facilities| !account.scope.is_within(facilities))
}

/// Whether the caller may make accounts of a role, and change them.
pub(crate) fn may_appoint(caller: &Caller, role: AccountRole) -> bool {
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

/// The facilities that a manager is bound to; `None`: to those of the organisation.
pub(crate) fn bound_facilities(caller: &Caller) -> Option<&[Uuid]> {
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
    let (link, _) = link(app, caller, account_id, None, now).await?;
    Ok(link)
}

/// A link, and whether it was made: under a key that was used, it was not.
async fn link(
    app: &App,
    caller: &Caller,
    account_id: Uuid,
    key: Option<&Idempotency>,
    now: DateTime<Utc>,
) -> store::Result<(InvitationView, ActionOutcome<()>)> {
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
    let note = ActionRecord { entry, key };
    let outcome = accounts::invitations::create(&app.db, &invitation, by, note).await?;
    let base = &app.settings.public_url;
    let link = InvitationView::of(base, &token, invitation.expires_at);
    Ok((link, outcome))
}

/// Whether the caller may manage accounts at all.
pub(crate) fn is_manager(caller: &Caller) -> bool {
    OperationId::ChangeAccount
        .right()
        .is_held_by(caller.holder())
}
