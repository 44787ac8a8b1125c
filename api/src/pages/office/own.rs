//! One's own account: password, sessions, recovery codes, single keys.

use domain::problem::Code;
use domain::session::request::PasswordRequest;
use pages::badge::{Badge, Tone};
use pages::icon::Icon;
use pages::office::{Button, Fact, Facts, Form, FormField, Part};

use super::forms::{Fields, Returned};
use super::*;
use crate::accounts::sessions as account_sessions;
use crate::auth::op;
use crate::pages::form::PageForm;
use crate::pages::see_other;
use crate::sign_in::{self, Visitor};

/// The page of one's own account.
const PATH: &str = "/account";
/// From so few recovery codes on, new ones are due.
const CODES_LOW: usize = 3;

/// The pages of one's own account.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/account", show),
        post("/account/password", change_password),
        post("/account/sessions/:id", end_session),
    ]
}

/// `GET /account`.
async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::SessionsPage>::open(request).await?;
    let words = visit.reader.words;
    let query = PageForm::of_query(&request);
    let outcome = match query.value("done") {
        "session" => OfficeOutcome::done(words.session_was_ended()),
        "password" => OfficeOutcome::done(words.password_changed()),
        _ => OfficeOutcome::default(),
    };
    visit.own(outcome).await
}

/// `POST /account/password`.
async fn change_password(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let visit: OfficeVisit<op::ChangePassword> = OfficeVisit::begin(&request, &mut body).await?;
    let visitor = Visitor::of(&request).map_err(Failure::from)?;
    let sent = PageForm::of_stranger(&request, &mut body).await?;
    let signed_in = visit.admitted.signed_in()?;
    let changed = async {
        let asked = sent.to_json(&["present_password", "new_password"]);
        let asked = PasswordRequest::read(&asked).map_err(Failure::invalid)?;
        let passwords = (asked.present.as_str(), asked.new.as_str());
        sign_in::change_password(&visit.app, &visitor, signed_in, passwords).await
    };
    let Err(failure) = changed.await else {
        return Ok(see_other("/account?done=password"));
    };
    let words = visit.reader.words;
    let labels = [
        ("present_password", words.present_password()),
        ("new_password", words.new_password()),
    ];
    let mut back = Returned::new(PageForm::default(), &failure, words, &labels);
    if failure.code() == Code::SignInFailed {
        back = back.with_fault("present_password", words.wrong_present_password());
    }
    visit.own(OfficeOutcome::returned(back)).await
}

/// `POST /account/sessions/{id}`: ends one of one's own sessions, or whichever one may end.
async fn end_session(request: Request) -> MadePage {
    let (visit, _, request) = OfficeVisit::<op::EndSession>::receive(request).await?;
    account_sessions::end(&visit.app, visit.admitted.caller(), id_of(&request)?).await?;
    Ok(see_other("/account?done=session"))
}

impl<A: Access> OfficeVisit<A> {
    async fn own(&self, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let signed_in = self.admitted.signed_in()?;
        let account = signed_in.account();
        let found = account_sessions::in_force(&self.app, &signed_in.stored).await?;
        let mut page = self
            .office_page(Section::Own, words.own_account(), &mut outcome)
            .await?;
        page.sub = account.name.clone();
        let form = self.password_form(outcome.returned.as_ref());
        page.parts.push(Part::Form(Box::new(form)));
        let path = format!("{PATH}/sessions");
        let current = Some(signed_in.kept.session.id);
        let table = super::sessions::table(words, (account, &found), current, Some(&path));
        page.parts.push(Part::Table(table));
        let facilities = self.known_facilities(Some(account.organisation_id)).await?;
        let facts = self.own_facts(account, &names_of(&facilities))?;
        page.aside.push(Part::Facts(facts));
        page.aside.push(Part::Form(Box::new(self.keys_form())));
        html::page(&self.reader, &page)
    }

    fn password_form(&self, back: Option<&Returned>) -> Form {
        let words = self.reader.words;
        let fields = Fields::of(back);
        let password = |name, label, autocomplete, hint| FormField::Password {
            name,
            label,
            autocomplete,
            hint,
            fault: fields.fault(name),
        };
        Form {
            words,
            id: "password",
            action: format!("{PATH}/password"),
            heading: words.change_password().to_owned(),
            hint: words.change_password_hint().to_owned(),
            hidden: Vec::new(),
            fields: vec![
                password(
                    "present_password",
                    words.present_password(),
                    "current-password",
                    "",
                ),
                password(
                    "new_password",
                    words.new_password(),
                    "new-password",
                    words.password_hint(),
                ),
            ],
            button: Button::primary(Icon::Shield, words.save_password()),
            is_folded: false,
        }
    }

    fn own_facts(
        &self,
        account: &Account,
        names: &HashMap<Uuid, String>,
    ) -> Result<Facts, Failure> {
        let words = self.reader.words;
        let proof = &self.admitted.signed_in()?.stored.proof;
        let mut facts = vec![
            Fact::new(words.role(), words.of_account_role(account.role)),
            Fact::new(words.scope(), self.scope_words(account, names)),
        ];
        if account.has_totp {
            let left = proof.recovery_hashes.len();
            let (tone, icon) = match left <= CODES_LOW {
                true => (Tone::Soon, Icon::Triangle),
                false => (Tone::Ok, Icon::CircleCheck),
            };
            let badge = Badge::new(tone, icon, left.to_string());
            facts.push(Fact::state(words.recovery_left(), badge));
        } else {
            facts.push(Fact::new(
                words.second_factor(),
                words.lacks_authenticator(),
            ));
        }
        Ok(Facts {
            id: "facts",
            heading: words.account_data().to_owned(),
            facts,
        })
    }

    /// The switch for single keys, kept like the language.
    fn keys_form(&self) -> Form {
        let words = self.reader.words;
        let (word, label) = match self.reader.has_single_keys {
            true => ("off", words.turn_keys_off()),
            false => ("on", words.turn_keys_on()),
        };
        Form {
            words,
            id: "single-keys",
            action: "/preferences".to_owned(),
            heading: words.single_keys().to_owned(),
            hint: words.single_keys_hint().to_owned(),
            hidden: vec![("keys", word.to_owned()), ("back", PATH.to_owned())],
            fields: Vec::new(),
            button: Button::plain(Icon::Keyboard, label),
            is_folded: false,
        }
    }
}
