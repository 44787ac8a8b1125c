//! Demo accounts: one of each role, for a demonstration and for tests.

use anyhow::Context;
use chrono::{DateTime, Utc};
use domain::account::{Account, AccountScope, AreaGrant, Jurisdiction};
use domain::role::{AccountRole, Reach};
use domain::time::local_date;
use runtime::one_time_code::{Authenticator, SecretPlace};
use runtime::password::PasswordHasher;
use runtime::{clock::Clock, ids, vault::Vault};
use serde::{Deserialize, Serialize};
use store::Database;
use store::accounts::{self, AccountRowKey, Proof, StoredAccount};
use uuid::Uuid;

use crate::demo::demo_facility_ids;
use crate::demo::{DemoOrganisation, OPERATOR, ORGANISATION, POLICE, PROVINCE, SAM_SON};

/// Bytes of a demo password.
const PASSWORD_LENGTH: usize = 12;
/// Where the secret of an account's authenticator is sealed, as the API opens it.
const TOTP_TABLE: &str = "account.sealed_totp";

/// How to sign in to one of them. Secret: no `Debug`, never logged.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoAccount {
    /// What is typed to sign in.
    pub name: String,
    /// The password.
    pub password: String,
    /// The secret of the authenticator in base32, where one is compulsory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_secret: Option<String>,
}

/// All of them, by the names of the contract.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoAccounts {
    /// The hotel's front desk.
    pub desk: DemoAccount,
    /// A ward of the hospital.
    pub ward: DemoAccount,
    /// The school's dormitory.
    pub dormitory: DemoAccount,
    /// The official residence's.
    pub residence: DemoAccount,
    /// The organisation's manager.
    pub manager: DemoAccount,
    /// An officer of the hotel's commune.
    pub police: DemoAccount,
    /// An officer of the province.
    pub province: DemoAccount,
    /// Who watches over officers of the province.
    pub supervisor: DemoAccount,
    /// Who sees how the service is run.
    pub auditor: DemoAccount,
    /// Who operates it.
    pub admin: DemoAccount,
}

impl DemoAccounts {
    /// New random passwords and authenticators, known to no database yet.
    ///
    /// # Errors
    /// A name that no authenticator takes.
    pub fn generate() -> anyhow::Result<Self> {
        let of = |name: &str, role: AccountRole| -> anyhow::Result<DemoAccount> {
            let totp_secret = match role.is_desk() {
                true => None,
                false => Some(Authenticator::generate(name)?.secret_text()),
            };
            Ok(DemoAccount {
                name: name.to_owned(),
                password: hex::encode(ids::random_bytes::<PASSWORD_LENGTH>()),
                totp_secret,
            })
        };
        Ok(Self {
            desk: of("le-tan", AccountRole::FrontDesk)?,
            ward: of("khoa-noi", AccountRole::Ward)?,
            dormitory: of("ky-tuc-xa", AccountRole::Dormitory)?,
            residence: of("nha-cong-vu", AccountRole::Residence)?,
            manager: of("quan-ly", AccountRole::Manager)?,
            police: of("cong-an-phuong", AccountRole::CommuneOfficer)?,
            province: of("cong-an-tinh", AccountRole::ProvinceOfficer)?,
            supervisor: of("giam-sat", AccountRole::Supervisor)?,
            auditor: of("kiem-tra", AccountRole::Auditor)?,
            admin: of("van-hanh", AccountRole::Administrator)?,
        })
    }

    /// All of them, in the order of the contract.
    #[must_use]
    pub fn all(&self) -> [&DemoAccount; 10] {
        self.plans().map(|(account, _)| account)
    }

    /// The page on which each begins to work.
    #[must_use]
    pub fn first_pages(&self) -> [(&DemoAccount, &'static str); 10] {
        self.plans()
            .map(|(account, plan)| (account, first_page(plan.role)))
    }

    fn plans(&self) -> [(&DemoAccount, AccountPlan); 10] {
        let facilities = demo_facility_ids();
        let desk = |role, facility_id, label| AccountPlan {
            organisation: ORGANISATION,
            role,
            label,
            facility_ids: vec![facility_id],
            area: None,
        };
        let officer = |role, area, label| AccountPlan {
            organisation: POLICE,
            role,
            label,
            facility_ids: Vec::new(),
            area: Some(area),
        };
        let other = |organisation, role, label| AccountPlan {
            organisation,
            role,
            label,
            facility_ids: Vec::new(),
            area: None,
        };
        let commune = Jurisdiction::Commune(SAM_SON.to_owned());
        let province = || Jurisdiction::Province(PROVINCE.to_owned());
        [
            (
                &self.desk,
                desk(AccountRole::FrontDesk, facilities.hotel, "Lễ tân"),
            ),
            (
                &self.ward,
                desk(AccountRole::Ward, facilities.hospital, "Khoa Nội"),
            ),
            (
                &self.dormitory,
                desk(AccountRole::Dormitory, facilities.school, "Ký túc xá"),
            ),
            (
                &self.residence,
                desk(
                    AccountRole::Residence,
                    facilities.official_residence,
                    "Nhà công vụ",
                ),
            ),
            (
                &self.manager,
                other(ORGANISATION, AccountRole::Manager, "Quản lý"),
            ),
            (
                &self.police,
                officer(AccountRole::CommuneOfficer, commune, "Công an phường"),
            ),
            (
                &self.province,
                officer(AccountRole::ProvinceOfficer, province(), "Công an tỉnh"),
            ),
            (
                &self.supervisor,
                officer(AccountRole::Supervisor, province(), "Giám sát"),
            ),
            (
                &self.auditor,
                other(OPERATOR, AccountRole::Auditor, "Kiểm tra"),
            ),
            (
                &self.admin,
                other(OPERATOR, AccountRole::Administrator, "Vận hành"),
            ),
        ]
    }
}

const fn first_page(role: AccountRole) -> &'static str {
    match role {
        AccountRole::Manager
        | AccountRole::FrontDesk
        | AccountRole::Ward
        | AccountRole::Dormitory
        | AccountRole::Residence => "/desk",
        AccountRole::CommuneOfficer | AccountRole::ProvinceOfficer | AccountRole::Supervisor => {
            "/police"
        }
        AccountRole::Auditor | AccountRole::Administrator => "/admin",
    }
}

/// What a demo account may do.
struct AccountPlan {
    organisation: DemoOrganisation,
    role: AccountRole,
    label: &'static str,
    facility_ids: Vec<Uuid>,
    area: Option<Jurisdiction>,
}

/// Puts the demo accounts into a database that has the demonstration's organisations and
/// facilities; one that is there is left alone. Safe to repeat.
///
/// # Errors
/// The database's own; a secret that is none.
pub async fn seed_demo_accounts(
    db: &Database,
    vault: &Vault,
    pepper: &[u8; 32],
    clock: &Clock,
    secrets: &DemoAccounts,
) -> anyhow::Result<()> {
    let by = AccountRowKey::of_pepper(pepper);
    let hasher = PasswordHasher::new()?;
    for (account, plan) in secrets.plans() {
        if accounts::find_by_name(db, &account.name, &by)
            .await?
            .is_some()
        {
            continue;
        }
        let stored = StoredAccount::new(plan.into_account(&account.name, clock));
        let proof = prove(account, &stored.account, vault, &hasher, clock.now());
        let proof = proof
            .await
            .with_context(|| format!("the account {}", account.name))?;
        accounts::insert_absent(db, &stored.with_proof(proof), &by).await?;
    }
    Ok(())
}

impl AccountPlan {
    fn into_account(self, name: &str, clock: &Clock) -> Account {
        debug_assert_eq!(self.area.is_some(), self.role.reach() == Reach::Areas);
        let now = clock.now();
        let grant = |area| AreaGrant {
            area,
            valid_from: local_date(now),
            valid_until: None,
        };
        Account {
            id: ids::uuid_v7(clock),
            organisation_id: self.organisation.id,
            name: name.to_owned(),
            label: self.label.to_owned(),
            role: self.role,
            scope: AccountScope {
                facility_ids: self.facility_ids,
                areas: self.area.into_iter().map(grant).collect(),
            },
            has_password: true,
            has_totp: false,
            created_at: now,
            ended_at: None,
            version: 1,
        }
    }
}

async fn prove(
    secrets: &DemoAccount,
    account: &Account,
    vault: &Vault,
    hasher: &PasswordHasher,
    now: DateTime<Utc>,
) -> anyhow::Result<Proof> {
    let place = SecretPlace {
        table: TOTP_TABLE,
        row_id: account.id,
        organisation_id: account.organisation_id,
    };
    let month = local_date(now).format("%Y-%m").to_string();
    let sealed_totp = match &secrets.totp_secret {
        Some(text) => {
            let authenticator = Authenticator::of_text(text, &account.name)?;
            Some(authenticator.seal(vault, &month, place)?)
        }
        None => None,
    };
    Ok(Proof {
        password_hash: Some(hasher.hash(&secrets.password).await?),
        sealed_totp,
        ..Proof::default()
    })
}
