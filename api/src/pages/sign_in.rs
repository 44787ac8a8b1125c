//! Signing in and out on pages: forms around the functions of [`crate::sign_in`].

use domain::account::Account;
use domain::problem::{Code, Violation};
use domain::session::NextStep;
use domain::session::request::{AcceptanceRequest, SignInRequest, read_code};
use formats::paper::Modules;
use pages::note::Note;
use pages::receipt::QrCode;
use pages::sign_in::{
    CodePage, DemoChoice, EnrolmentPage, InvitationPage, RecoveryPage, SignInPage,
};
use pages::words::Words;
use poem::Request;
use poem::http::StatusCode;
use serde_json::json;

use super::form::PageForm;
use super::{MadePage, PageReader, html, see_other};
use crate::app::App;
use crate::auth::{self, op};
use crate::exchange;
use crate::problem::Failure;
use crate::sign_in::{self, Visitor};

/// `GET /sign-in`.
pub(super) async fn show(request: Request) -> MadePage {
    let reader = PageReader::of(&request);
    let query = PageForm::of_query(&request);
    let done = |fact: &str| Some(Note::done(fact.to_owned(), String::new()));
    let note = match (query.value("left"), query.value("password")) {
        ("", "") => None,
        ("", _) => done(reader.words.password_saved()),
        _ => done(reader.words.signed_out()),
    };
    let app = App::of(&request)?;
    first_step(
        app,
        &reader,
        StatusCode::OK,
        ("", query.value("next")),
        note,
    )
    .await
}

/// `POST /sign-in`: name and password.
pub(super) async fn take_password(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let app = App::of(&request)?;
    let reader = PageReader::of(&request);
    let visitor = Visitor::of(&request).map_err(Failure::from)?;
    let sent = PageForm::of_stranger(&request, &mut body).await?;
    let (name, next) = (sent.value("name"), html::next(sent.value("next")));
    let asked = match SignInRequest::read(&sent.to_json(&["name", "password"])) {
        Ok(asked) => asked,
        Err(violations) => {
            let advice = unread(reader.words, &violations);
            let note = Note::failed(reader.words.not_signed_in().to_owned(), advice.to_owned());
            return first_step(app, &reader, StatusCode::OK, (name, next), Some(note)).await;
        }
    };
    match sign_in::with_password(app, &visitor, &asked.name, &asked.password).await {
        Ok(opened) => Ok(see_other(&match opened.next {
            NextStep::Nothing => next.to_owned(),
            NextStep::Code => format!("/sign-in/code?next={next}"),
            NextStep::Enrolment => format!("/sign-in/enrolment?next={next}"),
        })),
        Err(failure) => {
            let (status, note) = refused(&reader, &failure, reader.words.wrong_password());
            first_step(app, &reader, status, (name, next), Some(note)).await
        }
    }
}

/// `POST /sign-in/demo`: one click, where the application was given demo accounts.
pub(super) async fn take_demo(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let visitor = Visitor::of(&request).map_err(Failure::from)?;
    let sent = PageForm::of_stranger(&request, &mut body).await?;
    sign_in::as_demo(App::of(&request)?, &visitor, sent.value("name")).await?;
    Ok(see_other(html::next(sent.value("next"))))
}

/// `GET /sign-in/code`.
pub(super) async fn show_code(request: Request) -> MadePage {
    let admitted = auth::admit::<op::ShowSession>(&request).await?;
    let reader = PageReader::of(&request);
    let query = PageForm::of_query(&request);
    let next = html::next(query.value("next"));
    let account = admitted.signed_in()?.account();
    if !account.has_totp {
        return Ok(see_other(&format!("/sign-in/enrolment?next={next}")));
    }
    let page = CodePage {
        head: reader.head(reader.words.enter_the_code()),
        person: account.label.clone(),
        next: next.to_owned(),
        note: None,
    };
    html::page(&reader, &page)
}

/// `POST /sign-in/code`: the code of the second factor.
pub(super) async fn take_code(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let app = App::of(&request)?;
    let admitted = auth::admit::<op::PresentCode>(&request).await?;
    let reader = PageReader::of(&request);
    let visitor = Visitor::of(&request).map_err(Failure::from)?;
    let sent = PageForm::of_stranger(&request, &mut body).await?;
    let next = html::next(sent.value("next"));
    let signed_in = admitted.signed_in()?;
    let entered = async {
        let code = code(&sent)?;
        sign_in::with_code(app, &visitor, signed_in, &code).await
    };
    match entered.await {
        Ok(()) => Ok(see_other(next)),
        Err(failure) => {
            let (status, note) = refused(&reader, &failure, reader.words.wrong_code());
            let page = CodePage {
                head: failed_head(&reader, reader.words.enter_the_code()),
                person: signed_in.account().label.clone(),
                next: next.to_owned(),
                note: Some(note),
            };
            html::answer(&reader, status, &page)
        }
    }
}

/// `GET /sign-in/enrolment`: a new key for the authenticator.
pub(super) async fn show_enrolment(request: Request) -> MadePage {
    let admitted = auth::admit::<op::BeginTotp>(&request).await?;
    let query = PageForm::of_query(&request);
    let enrolment = sign_in::begin_totp(App::of(&request)?, admitted.signed_in()?).await?;
    let reader = PageReader::of(&request);
    enrolment_page(
        &reader,
        (&enrolment.secret, &enrolment.address),
        html::next(query.value("next")),
        None,
    )
}

/// `POST /sign-in/enrolment`: the first code of the authenticator.
pub(super) async fn take_enrolment(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let app = App::of(&request)?;
    let admitted = auth::admit::<op::ConfirmTotp>(&request).await?;
    let reader = PageReader::of(&request);
    let visitor = Visitor::of(&request).map_err(Failure::from)?;
    let sent = PageForm::of_stranger(&request, &mut body).await?;
    let next = html::next(sent.value("next"));
    let signed_in = admitted.signed_in()?;
    let entered = async {
        let code = code(&sent)?;
        sign_in::confirm_totp(app, &visitor, signed_in, &code).await
    };
    match entered.await {
        Ok(codes) => {
            let page = RecoveryPage {
                head: reader.head(reader.words.recovery_title()),
                next: next.to_owned(),
                codes: codes.to_vec(),
            };
            html::page(&reader, &page)
        }
        Err(failure) => {
            let (_, note) = refused(&reader, &failure, reader.words.wrong_code());
            let enrolment = sign_in::begin_totp(app, signed_in).await?;
            enrolment_page(
                &reader,
                (&enrolment.secret, &enrolment.address),
                next,
                Some(note),
            )
        }
    }
}

/// `GET /invitation/{token}`.
pub(super) async fn show_invitation(request: Request) -> MadePage {
    let reader = PageReader::of(&request);
    let account = invited(&request).await?;
    html::page(&reader, &invitation(&reader, &account, None))
}

/// `POST /invitation/{token}`: the password that was chosen.
pub(super) async fn accept_invitation(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let reader = PageReader::of(&request);
    let visitor = Visitor::of(&request).map_err(Failure::from)?;
    let account = invited(&request).await?;
    let sent = PageForm::of_stranger(&request, &mut body).await?;
    let app = App::of(&request)?;
    let accepted = async {
        let chosen = json!({"token": token_of(&request), "password": sent.value("password")});
        let chosen = AcceptanceRequest::read(&chosen).map_err(Failure::invalid)?;
        sign_in::accept_invitation(app, &visitor, &chosen.token, &chosen.password).await
    };
    match accepted.await {
        Ok(_) => Ok(see_other("/sign-in?password=1")),
        Err(failure) => {
            let words = reader.words;
            let advice = match failure.first_error() {
                Some(code) => code.detail(words.0),
                None => failure.code().detail(words.0),
            };
            let note = Note::failed(words.nothing_was_saved().to_owned(), advice.to_owned());
            html::page(&reader, &invitation(&reader, &account, Some(note)))
        }
    }
}

fn token_of(request: &Request) -> String {
    request.path_params::<String>().unwrap_or_default()
}

async fn invited(request: &Request) -> Result<Account, Failure> {
    let app = App::of(request)?;
    let found = sign_in::invited(app, &token_of(request), app.clock.now()).await?;
    let found = found.map(|(_, stored)| stored.account);
    found.ok_or_else(|| Failure::new(Code::InvitationInvalid))
}

fn invitation(reader: &PageReader, account: &Account, note: Option<Note>) -> InvitationPage {
    InvitationPage {
        head: reader.head(reader.words.invitation_title()),
        person: account.label.clone(),
        name: account.name.clone(),
        note,
    }
}

/// `POST /sign-out`.
pub(super) async fn leave(request: Request) -> MadePage {
    let admitted = auth::admit::<op::SignOut>(&request).await?;
    let exchange = exchange::of(&request)?;
    sign_in::sign_out(App::of(&request)?, exchange, admitted.signed_in()?).await?;
    Ok(see_other("/sign-in?left=1"))
}

async fn first_step(
    app: &App,
    reader: &PageReader,
    status: StatusCode,
    (name, next): (&str, &str),
    note: Option<Note>,
) -> MadePage {
    let demo = sign_in::demo_accounts(app).await?;
    let title = reader.words.sign_in();
    let is_failed = note.as_ref().is_some_and(|note| note.is_alert);
    let page = SignInPage {
        head: match is_failed {
            true => failed_head(reader, title),
            false => reader.head(title),
        },
        name: name.to_owned(),
        next: html::next(next).to_owned(),
        note,
        demo: demo
            .into_iter()
            .map(|one| choice(reader.words, one))
            .collect(),
    };
    html::answer(reader, status, &page)
}

fn choice(words: Words, account: Account) -> DemoChoice {
    DemoChoice {
        role: words.of_account_role(account.role).to_owned(),
        label: account.label,
        name: account.name,
    }
}

fn enrolment_page(
    reader: &PageReader,
    (secret, address): (&str, &str),
    next: &str,
    note: Option<Note>,
) -> MadePage {
    let modules = Modules::of(address).map_err(Failure::internal)?;
    let page = EnrolmentPage {
        head: reader.head(reader.words.enrol_title()),
        next: next.to_owned(),
        secret: secret.to_owned(),
        code: QrCode {
            width: modules.width_with_quiet_zone(),
            path: modules.path(),
        },
        note,
    };
    html::page(reader, &page)
}

fn failed_head(reader: &PageReader, title: &str) -> pages::frame::Head {
    reader.head(reader.words.error_title(title))
}

/// What to say of a name and password that cannot be read.
fn unread(words: Words, violations: &[Violation]) -> &'static str {
    match violations.first() {
        Some(first) if first.code != Code::Required => first.code.detail(words.0),
        Some(first) if first.pointer == "/name" => words.enter_account_name(),
        Some(_) | None => words.enter_password(),
    }
}

/// The code of a form, within the bounds of the operation. One that cannot be read is not right.
fn code(sent: &PageForm) -> Result<String, Failure> {
    read_code(&sent.to_json(&["code"])).map_err(|_| Failure::new(Code::CodeRejected))
}

/// What to say of a step that was refused: that it was wrong, or that it was tried too often.
fn refused(reader: &PageReader, failure: &Failure, wrong: &str) -> (StatusCode, Note) {
    let words = reader.words;
    let code = failure.code();
    if [Code::SignInFailed, Code::CodeRejected].contains(&code) {
        let note = Note::failed(words.not_signed_in().to_owned(), wrong.to_owned());
        return (StatusCode::OK, note);
    }
    let fact = format!("{}.", code.title(words.0));
    let note = Note::failed(fact, code.fix(words.0).to_owned());
    (failure.status(), note)
}
