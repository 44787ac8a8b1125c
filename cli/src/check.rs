//! `luutru check`: reads everything that is stored and reports what does not fit together.

use std::collections::BTreeSet;

use anyhow::Context;
use clap::Args;
use domain::{canonical::to_canonical_json, receipt::content_sha256};
use intake::rewrite::Inspection;
use runtime::{
    profile::Profile,
    signing::{self, SigningError},
    vault::Vault,
};
use serde_json::{Value, json};
use store::{
    Database,
    accounts::AccountRowKey,
    consistency,
    stays::{StayRow, StayVersionRow},
};

use crate::{
    assemble,
    exit::ExitStatus,
    progress::ProgressLine,
    settings::{PlaceSettings, Secret, SecretSettings, Secrets},
    terminal,
};

const PAGE_SIZE: u64 = 500;
/// Rows that are named. The counts include the rest.
const NAMED_COUNT_MAX: usize = 100;

/// Checks the rows against each other, opens every sealed version and verifies every receipt.
/// Changes nothing and prints a line of JSON. Exit code 1: something is wrong.
///
/// Needs the master key and the index key. With the pepper it also checks the rows of API keys, and
/// with the receipt keys the receipts.
#[derive(Args)]
pub(crate) struct CheckOptions {
    #[command(flatten)]
    place: PlaceSettings,

    #[command(flatten)]
    secrets: SecretSettings,
}

/// What was found in the versions.
#[derive(Default)]
struct Versions {
    checked: u64,
    unreadable: u64,
    digest_differs: u64,
    receipt_invalid: u64,
    /// Signed by a key that is not configured, which does not mean that the receipt is invalid.
    receipt_key_absent: u64,
    absent_kids: BTreeSet<String>,
    /// Which they are, as far as they are named.
    faults: Vec<Value>,
}

/// Checks.
pub(crate) async fn execute(options: CheckOptions) -> anyhow::Result<ExitStatus> {
    let profile = options.place.profile_or(Profile::Production);
    let needed = [Secret::MasterKey, Secret::IndexKey];
    let wanted = [Secret::ReceiptKey, Secret::KeyPepper];
    let (given, place) = (&options.secrets, &options.place);
    let secrets = Secrets::find(given, place, profile, &needed, &wanted)?;
    let db = assemble::connect_to_look(place, profile).await?;
    let outcome = check(&db, &secrets).await;
    db.close().await;
    outcome
}

async fn check(db: &Database, secrets: &Secrets) -> anyhow::Result<ExitStatus> {
    assemble::compare_keys(db, secrets).await?;
    let vault = assemble::open_vault_as_it_is(db, secrets).await?;
    let jwks = match secrets.receipt_signer() {
        Ok(signer) => signer.jwks(),
        Err(_) => json!({"keys": []}),
    };
    let progress = ProgressLine::new();
    progress.show("step 1 of 3: rules between rows", 0, 0);
    let findings = consistency::check(db).await?;
    let versions = check_versions(db, &vault, &jwks, &progress).await?;
    progress.show("step 3 of 3: other sealed rows", 0, 0);
    let forged = forged_keys(db, secrets).await?;
    let forged_people = forged_people(db, secrets).await?;
    let others = intake::rewrite::inspect(db, &vault).await?;
    drop(progress);
    let rules: serde_json::Map<String, Value> = findings
        .iter()
        .map(|finding| (finding.rule.to_owned(), json!(finding.count)))
        .collect();
    let broken_count: i64 = findings.iter().map(|finding| finding.count).sum();
    let is_whole = broken_count == 0
        && versions.is_whole()
        && others.unreadable.is_empty()
        && forged.as_ref().is_none_or(|forged| forged.is_empty())
        && forged_people
            .as_ref()
            .is_none_or(|forged| forged.is_empty());
    versions.explain();
    let report = json!({
        "whole": is_whole,
        "broken_by_rule": rules,
        "versions": versions.to_json(),
        "other_sealed_rows": others_to_json(&others),
        "api_keys": match &forged {
            Some(forged) => json!({
                "changed_past_luutru": forged.len(),
                "ids": forged.iter().take(NAMED_COUNT_MAX).collect::<Vec<_>>(),
            }),
            None => json!("not checked: LUUTRU_KEY_PEPPER is not set"),
        },
        "accounts": match &forged_people {
            Some(forged) => json!({
                "changed_past_luutru": forged.len(),
                "rows": forged.iter().take(NAMED_COUNT_MAX).map(|(table, id)| {
                    json!({"table": table, "id": id})
                }).collect::<Vec<_>>(),
            }),
            None => json!("not checked: LUUTRU_KEY_PEPPER is not set"),
        },
    });
    terminal::say_line(&report.to_string())?;
    Ok(if is_whole {
        ExitStatus::Success
    } else {
        ExitStatus::ProblemFound
    })
}

fn others_to_json(others: &Inspection) -> Value {
    let named = others.unreadable.iter().take(NAMED_COUNT_MAX);
    let named =
        named.map(|row| json!({"table": row.table, "id": row.row_id, "version": row.version}));
    json!({
        "checked": others.checked,
        "unreadable": others.unreadable.len(),
        "faults": named.collect::<Vec<_>>(),
    })
}

/// The API keys whose rows somebody else wrote or changed; `None` without the pepper.
async fn forged_keys(db: &Database, secrets: &Secrets) -> anyhow::Result<Option<Vec<uuid::Uuid>>> {
    match secrets.row_key() {
        Ok(row_key) => Ok(Some(store::api_keys::forged(db, &row_key).await?)),
        Err(_) => Ok(None),
    }
}

/// The rows of accounts, sessions, machines and links that somebody else wrote or changed; `None`
/// without the pepper.
async fn forged_people(
    db: &Database,
    secrets: &Secrets,
) -> anyhow::Result<Option<Vec<(&'static str, uuid::Uuid)>>> {
    match secrets.key_pepper() {
        Ok(pepper) => {
            let by = AccountRowKey::of_pepper(&pepper);
            Ok(Some(store::accounts::forged(db, &by).await?))
        }
        Err(_) => Ok(None),
    }
}

async fn check_versions(
    db: &Database,
    vault: &Vault,
    jwks: &Value,
    progress: &ProgressLine,
) -> anyhow::Result<Versions> {
    let mut found = Versions::default();
    let of = if progress.is_visible() {
        consistency::version_count(db).await?
    } else {
        0
    };
    let mut after = None;
    loop {
        let page = consistency::versions_after(db, after, PAGE_SIZE)
            .await
            .context("could not read the versions")?;
        let Some((_, last)) = page.last() else {
            return Ok(found);
        };
        after = Some((last.stay_id, last.version));
        progress.show("step 2 of 3: versions of stays", found.checked, of);
        for (stay, version) in &page {
            found.note(vault, jwks, stay, version);
        }
    }
}

impl Versions {
    fn note(&mut self, vault: &Vault, jwks: &Value, stay: &StayRow, version: &StayVersionRow) {
        self.checked += 1;
        if intake::view::reason(vault, stay, version).is_err() {
            self.unreadable += 1;
            self.name(version, "reason_unreadable");
        }
        match intake::view::open(vault, stay, version) {
            Ok(opened) => {
                let canonical = to_canonical_json(&opened.content);
                let digest = content_sha256(&opened.salt, &canonical);
                if digest.as_slice() != version.content_sha256 {
                    self.digest_differs += 1;
                    self.name(version, "digest_differs");
                }
            }
            Err(_) => {
                self.unreadable += 1;
                self.name(version, "unreadable");
            }
        }
        let Ok(jws) = intake::view::jws(stay, version) else {
            self.unreadable += 1;
            self.name(version, "word_unreadable");
            return;
        };
        match signing::verify_jws(&jws, jwks) {
            Ok(_) => {}
            Err(SigningError::UnknownKey) => {
                self.receipt_key_absent += 1;
                self.absent_kids.insert(version.receipt_kid.clone());
            }
            Err(_) => {
                self.receipt_invalid += 1;
                self.name(version, "receipt_invalid");
            }
        }
    }

    fn name(&mut self, version: &StayVersionRow, fault: &str) {
        if self.faults.len() < NAMED_COUNT_MAX {
            let (stay_id, version) = (version.stay_id, version.version);
            let fault = json!({"stay_id": stay_id, "version": version, "fault": fault});
            self.faults.push(fault);
        }
    }

    fn is_whole(&self) -> bool {
        self.unreadable + self.digest_differs + self.receipt_invalid + self.receipt_key_absent == 0
    }

    /// Describes problems that an operator can fix.
    fn explain(&self) {
        if self.receipt_key_absent > 0 {
            let kids: Vec<&str> = self.absent_kids.iter().map(String::as_str).collect();
            let (count, kids) = (self.receipt_key_absent, kids.join(", "));
            tracing::warn!(
                "{count} receipts are signed by a key that is not configured ({kids}) and could \
                 not be verified: add that key to LUUTRU_RECEIPT_KEY, after the signing key, and \
                 run the check again"
            );
        }
        if self.unreadable > 0 {
            tracing::warn!(
                "{} sealed versions cannot be read: damaged, or their stay was given to another \
                 organisation or facility past luutru",
                self.unreadable
            );
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "checked": self.checked,
            "unreadable": self.unreadable,
            "digest_differs": self.digest_differs,
            "receipt_invalid": self.receipt_invalid,
            "receipt_key_absent": self.receipt_key_absent,
            "absent_receipt_keys": self.absent_kids,
            "faults": self.faults,
        })
    }
}
