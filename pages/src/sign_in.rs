//! Signing in: name and password, then the code of the second factor.

use askama::Template;

use crate::frame::Head;
use crate::icon::Icon;
use crate::note::Note;
use crate::receipt::QrCode;

/// The first step.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// What every page has.
    pub head: Head,
    /// The name as typed; a password is never sent back.
    pub name: String,
    /// Where to go afterwards.
    pub next: String,
    /// Why this was not enough, or what happened before.
    pub note: Option<Note>,
    /// Demo accounts, each signed in by one click. A real installation has none.
    pub demo: Vec<DemoChoice>,
}

/// A demo account to sign in to.
pub struct DemoChoice {
    /// What would be typed to sign in.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it may do.
    pub role: String,
}

/// The second step.
#[derive(Template)]
#[template(path = "sign_in_code.html")]
pub struct CodePage {
    /// What every page has.
    pub head: Head,
    /// Who is signing in.
    pub person: String,
    /// Where to go afterwards.
    pub next: String,
    /// Why this was not enough.
    pub note: Option<Note>,
}

/// The second step of the first time: an authenticator is set up.
#[derive(Template)]
#[template(path = "sign_in_enrolment.html")]
pub struct EnrolmentPage {
    /// What every page has.
    pub head: Head,
    /// Where to go afterwards.
    pub next: String,
    /// The key as it is typed by hand.
    pub secret: String,
    /// The key as it is scanned.
    pub code: QrCode,
    /// Why this was not enough.
    pub note: Option<Note>,
}

/// The recovery codes, shown once.
#[derive(Template)]
#[template(path = "sign_in_recovery.html")]
pub struct RecoveryPage {
    /// What every page has.
    pub head: Head,
    /// Where to go afterwards.
    pub next: String,
    /// The codes.
    pub codes: Vec<String>,
}

/// The page behind a one-time link, on which a person chooses a password.
#[derive(Template)]
#[template(path = "invitation.html")]
pub struct InvitationPage {
    /// What every page has.
    pub head: Head,
    /// Whom the link is for.
    pub person: String,
    /// The name that is typed to sign in, for password managers.
    pub name: String,
    /// Why the password was not taken.
    pub note: Option<Note>,
}
