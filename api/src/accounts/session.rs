//! The session of who calls: signing in by password and code, and out.

use std::sync::Arc;

use domain::account::Account;
use domain::session::request::{PasswordRequest, SignInRequest, read_code};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;

use super::AccountView;
use super::declined::{AtTheDoor, Conflicting, Declined, Unfit};
use crate::app::App;
use crate::auth::{Admitted, op, origin};
use crate::caller::SignedIn;
use crate::examples::Examples;
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{AccountName, Instant, NextStepWord, Secret, StageWord};
use crate::sign_in::{self, Visitor};
use crate::topic::Topic;

/// Bytes of a request that nobody has vouched for, as JSON or as a form.
pub(crate) const BYTES_MAX: u32 = 8 * 1024;

/// Name and password.
#[derive(Object)]
pub(crate) struct SignInDraft {
    /// What is typed to sign in.
    name: AccountName,
    /// The password.
    password: Secret,
}

/// A one-time code.
#[derive(Object)]
pub(crate) struct CodeDraft {
    /// Six digits of the authenticator, or a recovery code.
    code: Secret,
}

/// A change of the password.
#[derive(Object)]
pub(crate) struct PasswordDraft {
    /// The one in force.
    present_password: Secret,
    /// The next one.
    new_password: Secret,
}

impl Shape for SignInDraft {
    fn bytes_max(_: &crate::config::ApiSettings) -> u32 {
        BYTES_MAX
    }
}
impl Shape for CodeDraft {}
impl Shape for PasswordDraft {}

/// What a password opened.
#[derive(Object, Serialize)]
pub(crate) struct SignInOpened {
    /// Whose it is.
    account: AccountView,
    /// What is still missing.
    next: NextStepWord,
}

/// The session of who calls.
#[derive(Object, Serialize)]
#[oai(rename = "Session")]
pub(crate) struct SessionView {
    /// Who has signed in.
    account: AccountView,
    /// What they have proved.
    stage: StageWord,
    /// When it ends by itself, unless it is used before.
    expires_at: Instant,
    /// For `X-CSRF-Token`, where a browser sends neither `Sec-Fetch-Site` nor `Origin`.
    csrf_token: String,
}

/// A new authenticator.
#[derive(Object, Serialize)]
#[oai(rename = "Authenticator")]
pub(crate) struct AuthenticatorView {
    /// To be typed, in base32.
    secret: String,
    /// To be scanned, `otpauth://totp/…`.
    url: String,
}

/// Codes for when the authenticator is lost.
#[derive(Object, Serialize)]
#[oai(rename = "RecoveryCodeList")]
pub(crate) struct RecoveryCodes {
    /// Each is good once. They are told this once.
    recovery_codes: Vec<String>,
}

/// A password was right.
#[derive(ApiResponse)]
pub(crate) enum SignInAnswered {
    /// The session's cookie is set; `next` says what it still lacks.
    #[oai(status = 200)]
    Opened(Json<SignInOpened>),
}

/// The session is shown.
#[derive(ApiResponse)]
pub(crate) enum SessionShown {
    /// The session.
    #[oai(status = 200)]
    Session(Json<SessionView>),
}

/// Something was done that answers nothing.
#[derive(ApiResponse)]
pub(crate) enum NoContent {
    /// It is done.
    #[oai(status = 204)]
    NoContent,
}

/// An authenticator is to be enrolled.
#[derive(ApiResponse)]
pub(crate) enum TotpBegun {
    /// Scan it, then confirm it by its first code.
    #[oai(status = 200)]
    Authenticator(Json<AuthenticatorView>),
}

/// An authenticator is enrolled.
#[derive(ApiResponse)]
pub(crate) enum TotpConfirmed {
    /// The session is complete.
    #[oai(status = 200)]
    Codes(Json<RecoveryCodes>),
}

/// The session of who calls.
pub(crate) struct SessionApi(pub(crate) Arc<App>);

impl Examples for SessionApi {
    const EXAMPLES: &'static str = include_str!("session.examples.json");
}

#[OpenApi]
impl SessionApi {
    /// Sign in
    ///
    /// Sets the cookie of a session. With `next` `code` or `enrolment` the session is good for that
    /// step alone. A wrong name and a wrong password are answered alike.
    #[oai(
        path = "/v1/session",
        method = "post",
        operation_id = "signIn",
        tag = "Topic::Accounts"
    )]
    async fn sign_in(
        &self,
        visitor: Visitor,
        document: JsonDocument<SignInDraft>,
    ) -> Result<SignInAnswered, Declined<AtTheDoor>> {
        let sent = SignInRequest::read(&document.value).map_err(Failure::invalid)?;
        let (name, password) = (&sent.name, &sent.password);
        let opened = sign_in::with_password(&self.0, &visitor, name, password).await?;
        Ok(SignInAnswered::Opened(Json(SignInOpened {
            account: AccountView::of(&opened.account),
            next: opened.next.into(),
        })))
    }

    /// See the session
    #[oai(
        path = "/v1/session",
        method = "get",
        operation_id = "showSession",
        tag = "Topic::Accounts"
    )]
    async fn show(&self, admitted: Admitted<op::ShowSession>) -> Result<SessionShown, Failure> {
        let view = view(&self.0, admitted.signed_in()?);
        Ok(SessionShown::Session(Json(view)))
    }

    /// Sign out
    #[oai(
        path = "/v1/session",
        method = "delete",
        operation_id = "signOut",
        tag = "Topic::Accounts"
    )]
    async fn sign_out(
        &self,
        admitted: Admitted<op::SignOut>,
        visitor: Visitor,
    ) -> Result<NoContent, Failure> {
        sign_in::sign_out(&self.0, &visitor.exchange, admitted.signed_in()?).await?;
        Ok(NoContent::NoContent)
    }

    /// Present the second factor
    ///
    /// Completes the session; its cookie is set anew. A code is good once, and so is this request: it
    /// takes no `Idempotency-Key`, as no operation of signing in does, whose answer is a cookie.
    #[oai(
        path = "/v1/session/code",
        method = "post",
        operation_id = "presentCode",
        tag = "Topic::Accounts"
    )]
    async fn present_code(
        &self,
        admitted: Admitted<op::PresentCode>,
        visitor: Visitor,
        document: JsonDocument<CodeDraft>,
    ) -> Result<NoContent, Declined<Unfit>> {
        let code = read_code(&document.value).map_err(Failure::invalid)?;
        sign_in::with_code(&self.0, &visitor, admitted.signed_in()?, &code).await?;
        Ok(NoContent::NoContent)
    }

    /// Begin to enrol an authenticator
    ///
    /// Asked again, it answers the same one until its first code has come.
    #[oai(
        path = "/v1/session/totp",
        method = "post",
        operation_id = "beginTotp",
        tag = "Topic::Accounts"
    )]
    async fn begin_totp(
        &self,
        admitted: Admitted<op::BeginTotp>,
    ) -> Result<TotpBegun, Declined<Conflicting>> {
        let begun = sign_in::begin_totp(&self.0, admitted.signed_in()?).await?;
        Ok(TotpBegun::Authenticator(Json(AuthenticatorView {
            secret: begun.secret,
            url: begun.address,
        })))
    }

    /// Confirm an authenticator by its first code
    ///
    /// Completes a session that waited for it; its cookie is set anew.
    #[oai(
        path = "/v1/session/totp/confirmation",
        method = "post",
        operation_id = "confirmTotp",
        tag = "Topic::Accounts"
    )]
    async fn confirm_totp(
        &self,
        admitted: Admitted<op::ConfirmTotp>,
        visitor: Visitor,
        document: JsonDocument<CodeDraft>,
    ) -> Result<TotpConfirmed, Declined<Conflicting>> {
        let code = read_code(&document.value).map_err(Failure::invalid)?;
        let signed_in = admitted.signed_in()?;
        let codes = sign_in::confirm_totp(&self.0, &visitor, signed_in, &code).await?;
        Ok(TotpConfirmed::Codes(Json(RecoveryCodes {
            recovery_codes: codes.to_vec(),
        })))
    }

    /// Change the password
    ///
    /// All sessions of the account end; this one gets another cookie. Sent twice, the second finds
    /// that the password is another one already.
    #[oai(
        path = "/v1/session/password",
        method = "post",
        operation_id = "changePassword",
        tag = "Topic::Accounts"
    )]
    async fn change_password(
        &self,
        admitted: Admitted<op::ChangePassword>,
        visitor: Visitor,
        document: JsonDocument<PasswordDraft>,
    ) -> Result<NoContent, Declined<Unfit>> {
        let sent = PasswordRequest::read(&document.value).map_err(Failure::invalid)?;
        let passwords = (sent.present.as_str(), sent.new.as_str());
        sign_in::change_password(&self.0, &visitor, admitted.signed_in()?, passwords).await?;
        Ok(NoContent::NoContent)
    }
}

fn view(app: &App, signed_in: &SignedIn) -> SessionView {
    let account: &Account = signed_in.account();
    let session = &signed_in.kept.session;
    SessionView {
        account: AccountView::of(account),
        stage: session.stage.into(),
        expires_at: Instant::of(session.expires_at(account)),
        csrf_token: origin::token(app, signed_in),
    }
}
