//! `luutru check`: looks at everything that is stored and says what does not fit together.

use anyhow::Context;
use clap::Args;
use domain::{canonical::to_canonical_json, receipt::content_sha256};
use runtime::{clock::Clock, profile::Profile, signing, vault::Vault};
use serde_json::{Value, json};
use store::{
    Database, consistency,
    stays::{StayRow, StayVersionRow},
};

use crate::{
    assemble,
    exit::Ending,
    settings::{PlaceSettings, Secret, SecretSettings, Secrets},
    terminal,
};

const PAGE_SIZE: u64 = 500;

/// Checks the rows against each other, opens every sealed version and verifies every receipt.
/// Changes nothing; prints a line of JSON. Exit code 1 when something is wrong.
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
}

/// Checks.
pub(crate) async fn execute(options: CheckOptions) -> anyhow::Result<Ending> {
    let profile = options.place.profile_or(Profile::Production);
    let needed = [Secret::MasterKey, Secret::IndexKey, Secret::ReceiptKey];
    let secrets = Secrets::gather(&options.secrets, &options.place, profile, &needed)?;
    let db = assemble::connect_checked(&options.place, profile).await?;
    let outcome = check(&db, &secrets).await;
    db.close().await;
    outcome
}

async fn check(db: &Database, secrets: &Secrets) -> anyhow::Result<Ending> {
    let vault = assemble::open_vault(db, secrets, &Clock::system()).await?;
    let jwks = secrets.receipt_signer()?.jwks();
    let findings = consistency::check(db).await?;
    let versions = check_versions(db, &vault, &jwks).await?;
    let rules: serde_json::Map<String, Value> = findings
        .iter()
        .map(|finding| (finding.rule.to_owned(), json!(finding.count)))
        .collect();
    let broken_count: i64 = findings.iter().map(|finding| finding.count).sum();
    let is_whole = broken_count == 0
        && versions.unreadable + versions.digest_differs + versions.receipt_invalid == 0;
    let report = json!({
        "whole": is_whole,
        "broken_by_rule": rules,
        "versions": {
            "checked": versions.checked,
            "unreadable": versions.unreadable,
            "digest_differs": versions.digest_differs,
            "receipt_invalid": versions.receipt_invalid,
        },
    });
    terminal::say_line(&report.to_string())?;
    Ok(if is_whole {
        Ending::Done
    } else {
        Ending::Found
    })
}

async fn check_versions(db: &Database, vault: &Vault, jwks: &Value) -> anyhow::Result<Versions> {
    let mut found = Versions::default();
    let mut after = None;
    loop {
        let page = consistency::versions_after(db, after, PAGE_SIZE)
            .await
            .context("the versions were not read")?;
        let Some((_, last)) = page.last() else {
            return Ok(found);
        };
        after = Some((last.stay_id, last.version));
        for (stay, version) in &page {
            found.note(vault, jwks, stay, version);
        }
    }
}

impl Versions {
    fn note(&mut self, vault: &Vault, jwks: &Value, stay: &StayRow, version: &StayVersionRow) {
        self.checked += 1;
        match intake::view::open(vault, version) {
            Ok(opened) => {
                let canonical = to_canonical_json(&opened.content);
                let digest = content_sha256(&opened.salt, &canonical);
                if digest.as_slice() != version.content_sha256 {
                    self.digest_differs += 1;
                }
            }
            Err(_) => self.unreadable += 1,
        }
        let jws = intake::view::jws(stay, version);
        if signing::verify_jws(&jws, jwks).is_err() {
            self.receipt_invalid += 1;
        }
    }
}
