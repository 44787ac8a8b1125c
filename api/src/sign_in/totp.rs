//! The authenticator of an account: enrolled once, its codes good once, with recovery codes for when
//! it is lost.

use domain::audit::{Action, SubjectKind};
use domain::problem::Code;
use domain::session::Stage;
use domain::time::local_date;
use runtime::one_time_code::{
    Authenticator, RECOVERY_CODE_COUNT, SecretPlace, recovery_codes, recovery_letters,
};
use runtime::token::{TokenUse, keyed_hash};
use runtime::vault::VaultError;
use store::accounts::{self, Proof, StoredAccount, sessions};
use uuid::Uuid;

use super::{Visitor, challenge, complete, entry};
use crate::app::App;
use crate::caller::SignedIn;
use crate::problem::Failure;

/// Where the secret of an account is sealed.
const ACCOUNT_TABLE: &str = "account.sealed_totp";
/// Where it is sealed until its first code has come.
const SESSION_TABLE: &str = "session.sealed_totp";

/// A new authenticator, to be scanned or typed.
pub(crate) struct Enrolment {
    /// In the letters that are typed.
    pub(crate) secret: String,
    /// `otpauth://totp/…`, to be scanned.
    pub(crate) address: String,
}

/// Begins to enrol an authenticator: it counts once its first code has come. Until then the session
/// has the same one, however often it is asked for.
///
/// Errors: 409 when there is one.
pub(crate) async fn begin_totp(app: &App, signed_in: &SignedIn) -> Result<Enrolment, Failure> {
    let account = signed_in.account();
    if account.has_totp {
        return Err(Failure::new(Code::SecondFactorEnrolled));
    }
    let authenticator = match pending(app, signed_in)? {
        Some(pending) => pending,
        None => new_authenticator(app, signed_in).await?,
    };
    Ok(Enrolment {
        secret: authenticator.secret_text(),
        address: authenticator.address().map_err(Failure::internal)?,
    })
}

/// The authenticator that waits for its first code.
fn pending(app: &App, signed_in: &SignedIn) -> Result<Option<Authenticator>, Failure> {
    let Some(sealed) = signed_in.kept.sealed_totp.as_deref() else {
        return Ok(None);
    };
    let name = &signed_in.account().name;
    let opened = Authenticator::open(&app.vault, session_place(signed_in), sealed, name);
    opened.map(Some).map_err(failure)
}

/// Makes an authenticator, which waits in the session for its first code.
async fn new_authenticator(app: &App, signed_in: &SignedIn) -> Result<Authenticator, Failure> {
    let name = &signed_in.account().name;
    let authenticator = Authenticator::generate(name).map_err(Failure::internal)?;
    let mut kept = signed_in.kept.clone();
    let place = session_place(signed_in);
    kept.sealed_totp = Some(
        authenticator
            .seal(&app.vault, &month(app), place)
            .map_err(failure)?,
    );
    if !sessions::keep_totp(&app.db, &kept, &app.account_row_key).await? {
        return Err(challenge(Code::SessionEnded));
    }
    Ok(authenticator)
}

/// Enrols the authenticator by its first code; completes a session that waited for it. Answers with
/// the recovery codes, told this once.
///
/// Errors: 401 when the code is wrong, 409 when there is an authenticator, 429 after too many wrong
/// codes.
pub(crate) async fn confirm_totp(
    app: &App,
    visitor: &Visitor,
    signed_in: &SignedIn,
    code: &str,
) -> Result<[String; RECOVERY_CODE_COUNT], Failure> {
    let stored = &signed_in.stored;
    let account = &stored.account;
    if account.has_totp {
        return Err(Failure::new(Code::SecondFactorEnrolled));
    }
    let attempt = app.attempts.begin(&account.name, visitor.address(), true)?;
    let rejected = || challenge(Code::CodeRejected);
    let authenticator = pending(app, signed_in)?.ok_or_else(rejected)?;
    let step = authenticator.step_of(code.trim(), app.clock.now(), None);
    let step = step.ok_or_else(rejected)?;
    attempt.forgive();
    let codes = recovery_codes();
    let place = account_place(stored);
    let hashes = codes
        .iter()
        .filter_map(|code| recovery_hash(app, account.id, code));
    let proof = Proof {
        sealed_totp: Some(
            authenticator
                .seal(&app.vault, &month(app), place)
                .map_err(failure)?,
        ),
        totp_step: Some(step),
        recovery_hashes: hashes.collect(),
        ..stored.proof.clone()
    };
    let after = stored.clone().with_proof(proof);
    match signed_in.kept.session.stage {
        Stage::Password => {
            complete(
                app,
                &visitor.exchange,
                signed_in,
                after,
                Action::AccountTotpEnrolled,
            )
            .await?;
        }
        Stage::Complete => {
            let noted = entry(
                app,
                account,
                Action::AccountTotpEnrolled,
                (SubjectKind::Account, account.id),
            );
            if !accounts::replace(&app.db, stored, after, &app.account_row_key, noted).await? {
                return Err(rejected());
            }
        }
    }
    Ok(codes)
}

/// The proof that is left of an account once a code is used; `None` when the code is not right.
pub(super) fn used(
    app: &App,
    stored: &StoredAccount,
    code: &str,
) -> Result<Option<Proof>, Failure> {
    let account = &stored.account;
    let Some(sealed) = &stored.proof.sealed_totp else {
        return Ok(None);
    };
    if let Some(hash) = recovery_hash(app, account.id, code) {
        let mut proof = stored.proof.clone();
        let count = proof.recovery_hashes.len();
        proof.recovery_hashes.retain(|known| *known != hash);
        return Ok((proof.recovery_hashes.len() < count).then_some(proof));
    }
    let place = account_place(stored);
    let authenticator = Authenticator::open(&app.vault, place, sealed, &account.name);
    let authenticator = authenticator.map_err(failure)?;
    let last = stored.proof.totp_step;
    let step = authenticator.step_of(code.trim(), app.clock.now(), last);
    Ok(step.map(|step| Proof {
        totp_step: Some(step),
        ..stored.proof.clone()
    }))
}

/// The keyed hash that is stored of a recovery code; `None` for what is none.
fn recovery_hash(app: &App, account_id: Uuid, code: &str) -> Option<String> {
    let letters = recovery_letters(code)?;
    let parts = [account_id.as_bytes().as_slice(), letters.as_bytes()];
    Some(hex::encode(keyed_hash(
        &app.pepper,
        TokenUse::Recovery,
        &parts,
    )))
}

fn account_place(stored: &StoredAccount) -> SecretPlace {
    SecretPlace {
        table: ACCOUNT_TABLE,
        row_id: stored.account.id,
        organisation_id: stored.account.organisation_id,
    }
}

fn session_place(signed_in: &SignedIn) -> SecretPlace {
    SecretPlace {
        table: SESSION_TABLE,
        row_id: signed_in.kept.session.id,
        organisation_id: signed_in.account().organisation_id,
    }
}

fn month(app: &App) -> String {
    local_date(app.clock.now()).format("%Y-%m").to_string()
}

fn failure(error: VaultError) -> Failure {
    match error {
        // Another process may have made the key; it is loaded in a moment.
        VaultError::UnknownKey(_) | VaultError::UnknownMonth(_) => {
            Failure::new(Code::StorageUnavailable)
        }
        VaultError::NotUnwrapped(_) | VaultError::NotOpened | VaultError::NotSealed => {
            Failure::internal(error)
        }
    }
}
