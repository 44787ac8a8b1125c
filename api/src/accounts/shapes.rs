//! Accounts as they are sent and shown.

use chrono::{DateTime, Utc};
use domain::account::{Account, AreaGrant, Jurisdiction};
use poem_openapi::Object;
use runtime::token::Token;
use serde::Serialize;
use uuid::Uuid;

use crate::public_url::PublicUrl;
use crate::shapes::text::{
    AccountName, AccountRoleWord, AccountStateWord, CommuneCode, Day, Id, Instant,
    OrganisationCode, PlaceName, ProvinceCode,
};

/// Where a one-time link leads.
const INVITATION_PATH: &str = "/invitation";

/// An account: never its password.
#[derive(Object, Serialize)]
#[oai(rename = "Account")]
pub struct AccountView {
    /// The account's id.
    pub(crate) id: Uuid,
    /// The organisation it belongs to.
    organisation_id: Uuid,
    /// What is typed to sign in.
    name: AccountName,
    /// What people call it.
    label: PlaceName,
    /// What it may do.
    role: AccountRoleWord,
    /// How it stands.
    state: AccountStateWord,
    /// Facilities it works at; none: all of its organisation, for a manager.
    facility_ids: Vec<Uuid>,
    /// Areas of an officer or supervisor.
    areas: Vec<AreaView>,
    /// Whether it has an authenticator.
    has_second_factor: bool,
    /// When it was made.
    created_at: Instant,
    /// When it was ended.
    #[oai(nullable)]
    ended_at: Option<Instant>,
    /// Counts its changes.
    version: u32,
}

impl AccountView {
    /// An account as its managers see it.
    #[must_use]
    pub fn of(account: &Account) -> Self {
        Self {
            id: account.id,
            organisation_id: account.organisation_id,
            name: AccountName(account.name.clone()),
            label: PlaceName(account.label.clone()),
            role: account.role.into(),
            state: account.state().into(),
            facility_ids: account.scope.facility_ids.clone(),
            areas: account.scope.areas.iter().map(AreaView::of).collect(),
            has_second_factor: account.has_totp,
            created_at: Instant::of(account.created_at),
            ended_at: account.ended_at.map(Instant::of),
            version: u32::try_from(account.version).unwrap_or_default(),
        }
    }
}

/// An area and for how long: one of `commune` and `province`.
#[derive(Object, Serialize)]
#[oai(rename = "AccountArea")]
pub(crate) struct AreaView {
    /// A commune of today.
    #[oai(nullable)]
    commune: Option<CommuneCode>,
    /// A province.
    #[oai(nullable)]
    province: Option<ProvinceCode>,
    /// The first day.
    valid_from: Day,
    /// The last day; `null`: until further notice.
    #[oai(nullable)]
    valid_until: Option<Day>,
}

impl AreaView {
    fn of(grant: &AreaGrant) -> Self {
        let (commune, province) = match &grant.area {
            Jurisdiction::Commune(code) => (Some(CommuneCode(code.clone())), None),
            Jurisdiction::Province(code) => (None, Some(ProvinceCode(code.clone()))),
        };
        Self {
            commune,
            province,
            valid_from: Day(grant.valid_from.to_string()),
            valid_until: grant.valid_until.map(|day| Day(day.to_string())),
        }
    }
}

/// A one-time link.
#[derive(Object, Serialize)]
#[oai(rename = "Invitation")]
pub struct InvitationView {
    /// The link to hand over, told this once.
    url: String,
    /// Its last part.
    token: String,
    /// Until when it is good.
    expires_at: Instant,
}

impl InvitationView {
    /// A link that was just made.
    #[must_use]
    pub fn of(base: &PublicUrl, token: &Token, expires_at: DateTime<Utc>) -> Self {
        let path = format!("{INVITATION_PATH}/{}", token.text().as_str());
        Self {
            url: base.with_path(&path),
            token: token.text().as_str().to_owned(),
            expires_at: Instant::of(expires_at),
        }
    }
}

impl InvitationView {
    /// The link.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// An account that was made, with its link.
#[derive(Object, Serialize)]
pub struct AccountMade {
    #[oai(flatten)]
    #[serde(flatten)]
    account: AccountView,
    /// The one-time link; `null` when the request is a replay.
    #[oai(nullable)]
    invitation: Option<InvitationView>,
}

impl AccountMade {
    /// An account and its link.
    #[must_use]
    pub fn of(account: AccountView, invitation: Option<InvitationView>) -> Self {
        Self {
            account,
            invitation,
        }
    }
}

/// A page of accounts, the oldest first.
#[derive(Object, Serialize)]
pub(crate) struct AccountPage {
    /// The accounts.
    pub(crate) items: Vec<AccountView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    pub(crate) next_cursor: Option<String>,
}

/// A new account.
#[derive(Object)]
pub(crate) struct AccountDraft {
    /// Code of its organisation; the caller's own when left out.
    #[oai(nullable)]
    organisation_code: Option<OrganisationCode>,
    /// What is typed to sign in.
    name: AccountName,
    /// What people call it. No personal names, please.
    #[oai(nullable)]
    label: Option<PlaceName>,
    /// What it may do.
    role: AccountRoleWord,
    /// Facilities it works at. Left out for a manager: all of the organisation, also later ones.
    #[oai(nullable, validator(max_items = 1000))]
    facility_ids: Option<Vec<Id>>,
    /// Areas of an officer or supervisor.
    #[oai(nullable, validator(max_items = 1000))]
    areas: Option<Vec<AreaDraft>>,
}

/// An area and for how long: one of `commune` and `province`.
#[derive(Object)]
pub(crate) struct AreaDraft {
    /// A commune of today.
    #[oai(nullable)]
    commune: Option<CommuneCode>,
    /// A province.
    #[oai(nullable)]
    province: Option<ProvinceCode>,
    /// The first day; today when left out.
    #[oai(nullable)]
    valid_from: Option<Day>,
    /// The last day; until further notice when left out.
    #[oai(nullable)]
    valid_until: Option<Day>,
}

/// A change of an account.
#[derive(Object)]
pub(crate) struct AccountPatch {
    /// What people call it.
    #[oai(nullable)]
    label: Option<PlaceName>,
    /// What it may do.
    #[oai(nullable)]
    role: Option<AccountRoleWord>,
    /// Facilities it works at.
    #[oai(nullable, validator(max_items = 1000))]
    facility_ids: Option<Vec<Id>>,
    /// Areas of an officer or supervisor.
    #[oai(nullable, validator(max_items = 1000))]
    areas: Option<Vec<AreaDraft>>,
    /// Whether it has ended; `false` opens it again.
    #[oai(nullable)]
    is_ended: Option<bool>,
}
