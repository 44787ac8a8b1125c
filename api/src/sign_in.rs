//! Signing in: what happens when a person gives a password, then a code. The JSON operations and the
//! pages call these functions and add nothing of their own.
//!
//! A wrong name and a wrong password take the same time and get the same words. Each stage opens
//! another session with another token.

mod attempts;
mod demo;
mod totp;
mod visitor;

use chrono::{DateTime, Utc};
use domain::account::{Account, folded_name};
use domain::audit::{Action, SubjectKind};
use domain::password;
use domain::problem::{Code, Violation};
use domain::role::SecondFactor;
use domain::session::{NextStep, Session, Stage};
use metrics::counter;
use runtime::ids;
use runtime::password::PasswordError;
use runtime::secrets::is_same;
use runtime::token::{Token, TokenUse, keyed_hash};
use store::accounts::sessions::{self, StoredSession};
use store::accounts::{self, Proof, StoredAccount, invitations, machines};
use store::audit::{Actor, Entry};
use uuid::Uuid;

use crate::app::App;
use crate::auth::cookies;
use crate::auth::sessions::challenge;
use crate::caller::SignedIn;
use crate::exchange::Exchange;
use crate::problem::Failure;

pub(crate) use attempts::SignInAttempts;
pub(crate) use demo::{as_demo, demo_accounts};
pub(crate) use totp::{begin_totp, confirm_totp};
pub(crate) use visitor::Visitor;

/// A password was right.
pub(crate) struct PasswordAccepted {
    /// Whose it is.
    pub(crate) account: Account,
    /// What is still missing.
    pub(crate) next: NextStep,
}

/// Opens a session by a password; its cookie goes with the answer.
///
/// Errors: 401 when name or password is wrong, 429 after too many wrong ones, 503 when too many
/// passwords are being hashed.
pub(crate) async fn with_password(
    app: &App,
    visitor: &Visitor,
    name: &str,
    password: &str,
) -> Result<PasswordAccepted, Failure> {
    let name = folded_name(name);
    let found = accounts::find_by_name(&app.db, &name, &app.account_row_key).await?;
    let found = found.filter(|stored| stored.account.ended_at.is_none());
    let is_known = found
        .as_ref()
        .is_some_and(|stored| is_known_browser(app, visitor, stored));
    let attempt = app.attempts.begin(&name, visitor.address(), is_known)?;
    let hash = found
        .as_ref()
        .and_then(|stored| stored.proof.password_hash.as_deref());
    let is_right = is_password(app, password, hash).await?;
    let Some(stored) = found.filter(|_| is_right) else {
        counter!("luutru_sign_ins_total", "outcome" => "refused").increment(1);
        return Err(challenge(Code::SignInFailed));
    };
    attempt.forgive();
    let next = next_step(app, visitor, &stored.account).await?;
    let stage = match next {
        NextStep::Nothing => Stage::Complete,
        NextStep::Code | NextStep::Enrolment => Stage::Password,
    };
    let (kept, token) = new_session(app, &stored, stage);
    let action = match stage {
        Stage::Complete => Action::SessionOpened,
        Stage::Password => Action::SessionBegun,
    };
    let entry = entry(
        app,
        &stored.account,
        action,
        (SubjectKind::Session, kept.session.id),
    );
    sessions::open(&app.db, &kept, &app.account_row_key, entry).await?;
    hand_over(app, &visitor.exchange, &stored, stage, &token);
    Ok(PasswordAccepted {
        account: stored.account,
        next,
    })
}

/// Completes a session by a one-time code or a recovery code; its new cookie goes with the answer.
///
/// Errors: 401 when the code is wrong, too old or used; 429 after too many wrong ones.
pub(crate) async fn with_code(
    app: &App,
    visitor: &Visitor,
    signed_in: &SignedIn,
    code: &str,
) -> Result<(), Failure> {
    let stored = &signed_in.stored;
    let is_known = is_known_browser(app, visitor, stored);
    let name = &stored.account.name;
    let attempt = app.attempts.begin(name, visitor.address(), is_known)?;
    let proof = totp::used(app, stored, code)?;
    let proof = proof.ok_or_else(|| challenge(Code::CodeRejected))?;
    attempt.forgive();
    let after = stored.clone().with_proof(proof);
    complete(
        app,
        &visitor.exchange,
        signed_in,
        after,
        Action::SessionOpened,
    )
    .await
}

/// Ends the session and takes its cookie away.
pub(crate) async fn sign_out(
    app: &App,
    exchange: &Exchange,
    signed_in: &SignedIn,
) -> Result<(), Failure> {
    let id = signed_in.kept.session.id;
    let entry = entry(
        app,
        signed_in.account(),
        Action::SessionEnded,
        (SubjectKind::Session, id),
    );
    sessions::end(&app.db, id, &app.account_row_key, entry).await?;
    exchange.set_cookie(cookies::clear_session(&app.settings));
    Ok(())
}

/// Changes the password of who has signed in. All sessions end; this browser gets a new one.
///
/// Errors: 401 when the present password is wrong, 422 when the new one is not good enough, 429
/// after too many wrong ones.
pub(crate) async fn change_password(
    app: &App,
    visitor: &Visitor,
    signed_in: &SignedIn,
    (present, new): (&str, &str),
) -> Result<(), Failure> {
    let stored = &signed_in.stored;
    let account = &stored.account;
    let attempt = app.attempts.begin(&account.name, visitor.address(), true)?;
    let hash = stored.proof.password_hash.as_deref();
    if !is_password(app, present, hash).await? {
        return Err(challenge(Code::SignInFailed));
    }
    attempt.forgive();
    let proof = Proof {
        password_hash: Some(new_hash(app, account, ("/new_password", new)).await?),
        ..stored.proof.clone()
    };
    let after = stored.clone().with_proof(proof).without_sessions();
    let moved = after.clone();
    let noted = entry(
        app,
        account,
        Action::AccountPasswordChanged,
        (SubjectKind::Account, account.id),
    );
    if !accounts::replace(&app.db, stored, after, &app.account_row_key, noted).await? {
        return Err(challenge(Code::SessionEnded));
    }
    let (kept, token) = new_session(app, &moved, Stage::Complete);
    let noted = entry(
        app,
        account,
        Action::SessionOpened,
        (SubjectKind::Session, kept.session.id),
    );
    sessions::open(&app.db, &kept, &app.account_row_key, noted).await?;
    hand_over(app, &visitor.exchange, &moved, Stage::Complete, &token);
    Ok(())
}

/// Sets the password of the account that a one-time link is for. Its earlier password, its
/// authenticator and its sessions are gone.
///
/// Errors: 404 when the link is no longer good, 422 when the password is not good enough.
pub(crate) async fn accept_invitation(
    app: &App,
    visitor: &Visitor,
    token: &str,
    password: &str,
) -> Result<Account, Failure> {
    let now = app.clock.now();
    let Some((invitation, stored)) = invited(app, token, now).await? else {
        app.limits.strangers.note(visitor.address())?;
        return Err(Failure::new(Code::InvitationInvalid));
    };
    let account = stored.account.clone();
    let proof = Proof {
        password_hash: Some(new_hash(app, &account, ("/password", password)).await?),
        ..Proof::default()
    };
    let after = stored.clone().with_proof(proof).without_sessions();
    let entry = entry(
        app,
        &account,
        Action::AccountPasswordSet,
        (SubjectKind::Account, account.id),
    );
    let moves = (&stored, after);
    let by = &app.account_row_key;
    if invitations::accept(&app.db, &invitation, moves, by, entry).await? {
        Ok(account)
    } else {
        Err(Failure::new(Code::InvitationInvalid))
    }
}

/// A one-time link that is good, and the account that it is for.
pub(crate) async fn invited(
    app: &App,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Option<(invitations::Invitation, StoredAccount)>, Failure> {
    let Some(token) = Token::parse(token) else {
        return Ok(None);
    };
    let hash = token.hash(&app.pepper, TokenUse::Invitation);
    let found = invitations::find(&app.db, &hash, &app.account_row_key).await?;
    let Some(invitation) = found.filter(|one| one.is_valid_at(now)) else {
        return Ok(None);
    };
    let stored = accounts::find(&app.db, invitation.account_id, &app.account_row_key).await?;
    let stored = stored.filter(|stored| stored.account.ended_at.is_none());
    Ok(stored.map(|stored| (invitation, stored)))
}

/// Replaces the session of a password by a complete one.
async fn complete(
    app: &App,
    exchange: &Exchange,
    signed_in: &SignedIn,
    after: StoredAccount,
    action: Action,
) -> Result<(), Failure> {
    let stored = &signed_in.stored;
    let (kept, token) = new_session(app, stored, Stage::Complete);
    let entry = entry(
        app,
        &stored.account,
        action,
        (SubjectKind::Session, kept.session.id),
    );
    let (pending, by) = (&signed_in.kept, &app.account_row_key);
    let moves = (stored, after);
    if !sessions::complete(&app.db, pending, &kept, moves, by, entry).await? {
        // Its twin was faster: a code is good once.
        return Err(challenge(Code::CodeRejected));
    }
    hand_over(app, exchange, stored, Stage::Complete, &token);
    Ok(())
}

async fn next_step(app: &App, visitor: &Visitor, account: &Account) -> Result<NextStep, Failure> {
    let by_machine = account.second_factor() == SecondFactor::CodeOrMachine;
    if by_machine && is_enrolled(app, visitor, account).await? {
        return Ok(NextStep::Nothing);
    }
    Ok(if account.has_totp {
        NextStep::Code
    } else {
        NextStep::Enrolment
    })
}

/// Whether the browser is on a machine that was enrolled at a facility of the account.
async fn is_enrolled(app: &App, visitor: &Visitor, account: &Account) -> Result<bool, Failure> {
    if app.settings.trusts_every_machine {
        return Ok(true);
    }
    let Some(token) = &visitor.machine else {
        return Ok(false);
    };
    let hash = token.hash(&app.pepper, TokenUse::Machine);
    let found = machines::find(&app.db, &hash, &app.account_row_key).await?;
    Ok(found.is_some_and(|machine| {
        machine.ended_at.is_none()
            && machine.organisation_id == account.organisation_id
            && account.scope.facility_ids.contains(&machine.facility_id)
    }))
}

async fn is_password(app: &App, password: &str, hash: Option<&str>) -> Result<bool, Failure> {
    let is_short = password.chars().count() <= password::LENGTH_MAX;
    let hash = hash.filter(|_| is_short);
    // What is too long is no password, and costs no more than one.
    let password = if is_short { password } else { "" };
    let normalized = password::normalized(password);
    app.passwords.verify(&normalized, hash).await.map_err(busy)
}

/// The hash of a new password, which stands at a place of the request.
///
/// Errors: 422 when it is not good enough.
async fn new_hash(
    app: &App,
    account: &Account,
    (pointer, password): (&'static str, &str),
) -> Result<String, Failure> {
    password::check(password, &[&account.name, &account.label])
        .map_err(|code| Failure::invalid(vec![Violation::new(pointer, code)]))?;
    let normalized = password::normalized(password);
    app.passwords.hash(&normalized).await.map_err(busy)
}

fn busy(error: PasswordError) -> Failure {
    match error {
        PasswordError::Busy => Failure::new(Code::Overloaded),
        PasswordError::Failed => Failure::internal(error),
    }
}

fn new_session(app: &App, stored: &StoredAccount, stage: Stage) -> (StoredSession, Token) {
    let (token, now) = (Token::generate(), app.clock.now());
    let kept = StoredSession {
        session: Session {
            id: ids::uuid_v7(&app.clock),
            account_id: stored.account.id,
            stage,
            generation: stored.generation,
            created_at: now,
            last_used_at: now,
            ended_at: None,
        },
        token_hash: token.hash(&app.pepper, TokenUse::Session).to_vec(),
        sealed_totp: None,
    };
    (kept, token)
}

/// Gives a session's cookie to the browser, and marks the browser once the session is complete.
fn hand_over(app: &App, exchange: &Exchange, stored: &StoredAccount, stage: Stage, token: &Token) {
    let role = stored.account.role;
    exchange.set_cookie(cookies::set_session(&app.settings, token, role));
    if stage == Stage::Complete {
        counter!("luutru_sign_ins_total", "outcome" => "complete").increment(1);
        let mark = browser_mark(app, stored);
        exchange.set_cookie(cookies::set_browser(&app.settings, &mark));
    }
}

/// What a browser remembers of an account that has signed in. It opens nothing.
fn browser_mark(app: &App, stored: &StoredAccount) -> String {
    let generation = stored.generation.to_be_bytes();
    let parts = [stored.account.id.as_bytes().as_slice(), &generation];
    hex::encode(keyed_hash(&app.pepper, TokenUse::Browser, &parts))
}

fn is_known_browser(app: &App, visitor: &Visitor, stored: &StoredAccount) -> bool {
    let mark = visitor.browser.as_deref().unwrap_or_default();
    is_same(mark.as_bytes(), browser_mark(app, stored).as_bytes())
}

fn entry(app: &App, account: &Account, action: Action, subject: (SubjectKind, Uuid)) -> Entry {
    let place = (ids::uuid_v7(&app.clock), app.clock.now());
    store::audit::entry(place, Actor::Account(account.id), action, subject)
}
