//! Accounts: listed, made, changed, ended, and given new links.

use std::collections::HashMap;

use domain::account::{Account, AccountState, AreaGrant, Jurisdiction};
use domain::problem::Code;
use domain::rights::OperationId;
use domain::role::{AccountRole, Reach};
use domain::time::local_date;
use domain::typed::written_day;
use pages::badge::{Badge, Tone};
use pages::field::Choice;
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::office::{
    Button, Cell, Column, Fact, Facts, Form, FormField, Grant, OfficePage, OneTimeSecret, Part,
    Row, TabLink, Table,
};
use pages::section::Section;
use pages::words::Words;
use serde_json::{Map, Value, json};

use super::forms::{self, FieldLabel, Fields, Returned};
use super::*;
use crate::accounts::{self, InvitationView, sessions as account_sessions};
use crate::auth::op;
use crate::pages::form::PageForm;
use crate::pages::see_other;
use crate::payload::JsonDocument;

/// The page of accounts.
const PATH: &str = "/organisation/accounts";
/// Areas that a new form has room for beside those that are there.
const EMPTY_GRANT_COUNT: usize = 2;

/// The pages of accounts.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/organisation/accounts", list),
        post("/organisation/accounts", make),
        get("/organisation/accounts/:id", show),
        post("/organisation/accounts/:id", change),
        post("/organisation/accounts/:id/end", end),
        post("/organisation/accounts/:id/open", open),
        post("/organisation/accounts/:id/link", renew),
        post("/organisation/accounts/:id/sessions/:session", end_session),
    ]
}

/// `GET /organisation/accounts`.
async fn list(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::AccountsPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    visit
        .accounts(query.value("after"), OfficeOutcome::default())
        .await
}

/// `POST /organisation/accounts`.
async fn make(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::CreateAccount>::receive(request).await?;
    let draft = JsonDocument::of(visit.draft(&sent), visit.now);
    let made = accounts::make(&visit.app, visit.admitted.caller(), &sent.key(), draft).await;
    let words = visit.reader.words;
    let outcome = match made {
        Ok((account, Some(link))) => {
            let fact = words.account_made(account.label.as_str());
            OfficeOutcome::secret(secret(fact, &link, words, PATH.to_owned()))
        }
        Ok((account, None)) => OfficeOutcome::made_before(
            words.account_made_before(account.label.as_str()),
            words.account_made_before_advice(),
        ),
        Err(failure) => OfficeOutcome::returned(returned(words, sent, &failure)),
    };
    visit.accounts("", outcome).await
}

/// `GET /organisation/accounts/{id}`.
async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::AccountsPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    let words = visit.reader.words;
    let outcome = match query.value("done") {
        "" => OfficeOutcome::default(),
        "session" => OfficeOutcome::done(words.session_was_ended()),
        _ => OfficeOutcome::done(words.done()),
    };
    visit.account(id_of(&request)?, outcome).await
}

/// `POST /organisation/accounts/{id}`: another label, role or scope.
async fn change(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ChangeAccount>::receive(request).await?;
    let mut patch = visit.draft(&sent);
    if let Value::Object(patch) = &mut patch {
        patch.entry("facility_ids").or_insert_with(|| json!([]));
        patch.entry("areas").or_insert_with(|| json!([]));
    }
    visit.alter(id_of(&request)?, sent, patch).await
}

/// `POST /organisation/accounts/{id}/end`.
async fn end(request: Request) -> MadePage {
    set_ended(request, true).await
}

/// `POST /organisation/accounts/{id}/open`.
async fn open(request: Request) -> MadePage {
    set_ended(request, false).await
}

async fn set_ended(request: Request, is_ended: bool) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ChangeAccount>::receive(request).await?;
    visit
        .alter(id_of(&request)?, sent, json!({"is_ended": is_ended}))
        .await
}

/// `POST /organisation/accounts/{id}/link`.
async fn renew(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::InviteAccount>::receive(request).await?;
    let id = id_of(&request)?;
    let caller = visit.admitted.caller();
    let link = accounts::new_link_once(&visit.app, caller, id, &sent.key()).await?;
    let account = accounts::visible(&visit.app, caller, id).await?.account;
    let words = visit.reader.words;
    let outcome = match link {
        Some(link) => {
            let fact = words.link_made(account.label.as_str());
            OfficeOutcome::secret(secret(fact, &link, words, format!("{PATH}/{id}")))
        }
        None => {
            OfficeOutcome::made_before(words.link_made_before(), words.link_made_before_advice())
        }
    };
    visit.account(id, outcome).await
}

/// `POST /organisation/accounts/{id}/sessions/{session}`: ends it.
async fn end_session(request: Request) -> MadePage {
    let (visit, _, request) = OfficeVisit::<op::EndSession>::receive(request).await?;
    let ids = request.path_params::<(Uuid, Uuid)>();
    let (id, session) = ids.map_err(|_| Failure::new(Code::NotFound))?;
    account_sessions::end(&visit.app, visit.admitted.caller(), session).await?;
    Ok(see_other(&format!("{PATH}/{id}?done=session")))
}

fn secret(fact: String, link: &InvitationView, words: Words, next: String) -> OneTimeSecret {
    OneTimeSecret {
        fact,
        text: link.url().to_owned(),
        advice: words.link_advice().to_owned(),
        kept: words.link_kept(),
        next,
    }
}

fn labels(words: Words) -> [FieldLabel; 6] {
    [
        ("name", words.account_name_short()),
        ("label", words.account_label()),
        ("role", words.role()),
        ("organisation_code", words.organisation()),
        ("facility_ids", words.facilities_of_account()),
        ("areas", words.areas()),
    ]
}

fn returned(words: Words, sent: PageForm, failure: &Failure) -> Returned {
    let back = Returned::new(sent, failure, words, &labels(words));
    if failure.code() == Code::AccountNameTaken {
        return back.with_fault("name", Code::AccountNameTaken.detail(words.0));
    }
    back
}

impl<A: Access> OfficeVisit<A> {
    /// The members of a draft or change that the fields of a form fill.
    fn draft(&self, sent: &PageForm) -> Value {
        let mut draft = sent.to_json(&["organisation_code", "name", "label", "role"]);
        let facility_ids: Vec<&str> = sent.values("facility_ids").collect();
        let areas = self.typed_areas(sent);
        if let Value::Object(draft) = &mut draft {
            if !facility_ids.is_empty() {
                draft.insert("facility_ids".to_owned(), json!(facility_ids));
            }
            if !areas.is_empty() {
                draft.insert("areas".to_owned(), json!(areas));
            }
        }
        draft
    }

    /// The areas that were typed; a row without a code is none.
    fn typed_areas(&self, sent: &PageForm) -> Vec<Value> {
        let today = local_date(self.now);
        let rows = sent.values("area").zip(sent.values("area_from"));
        let rows = rows.zip(sent.values("area_until"));
        let typed = rows.filter(|((code, _), _)| !code.trim().is_empty());
        typed
            .map(|((code, from), until)| {
                let code = code.trim();
                let is_province = code.len() <= 2;
                let member = if is_province { "province" } else { "commune" };
                let mut area = Map::from_iter([(member.to_owned(), json!(code))]);
                for (name, text) in [("valid_from", from), ("valid_until", until)] {
                    area.extend(forms::day(text, today).map(|day| (name.to_owned(), day)));
                }
                Value::Object(area)
            })
            .collect()
    }

    /// Changes an account, and shows it.
    async fn alter(&self, id: Uuid, sent: PageForm, patch: Value) -> MadePage {
        let if_match = forms::if_match(&sent);
        let document = JsonDocument::of(patch, self.now);
        let caller = self.admitted.caller();
        match accounts::alter(&self.app, caller, id, &if_match, document).await {
            Ok(_) => Ok(see_other(&format!("{PATH}/{id}?done=change"))),
            Err(failure) => {
                let back = returned(self.reader.words, sent, &failure);
                self.account(id, OfficeOutcome::returned(back)).await
            }
        }
    }

    /// The list, with the form that makes an account.
    async fn accounts(&self, after: &str, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let caller = self.admitted.caller();
        let mut found = accounts::listed(&self.app, caller, None, part_after(after)).await?;
        let more = cut(&mut found, PATH, |account| account.id);
        let facilities = self.known_facilities(None).await?;
        let names = names_of(&facilities);
        let mut page = self
            .office_page(Section::Accounts, words.accounts(), &mut outcome)
            .await?;
        page.tabs = self.account_tabs(PATH);
        let mut table = table_of_accounts(words, more);
        table.heading = words.account_count(found.len());
        table.rows = found
            .iter()
            .map(|account| self.account_row(account, &names))
            .collect();
        page.parts.push(Part::Table(table));
        if self.may(OperationId::CreateAccount) {
            let form = self
                .new_account(&facilities, outcome.returned.as_ref())
                .await?;
            page.parts.insert(0, Part::Form(Box::new(form)));
        }
        html::page(&self.reader, &page)
    }

    /// The pages beside this one.
    pub(super) fn account_tabs(&self, current: &'static str) -> Vec<TabLink> {
        let words = self.reader.words;
        let mut tabs = vec![(PATH, words.accounts())];
        if self.may(OperationId::ListMachines) {
            tabs.push((super::machines::PATH, words.machines()));
        }
        let tab = |(path, name): (&'static str, &'static str)| TabLink {
            path,
            name,
            is_current: path == current,
        };
        match tabs.len() {
            1 => Vec::new(),
            _ => tabs.into_iter().map(tab).collect(),
        }
    }

    fn account_row(&self, account: &Account, names: &HashMap<Uuid, String>) -> Row {
        let words = self.reader.words;
        let factor = match account.has_totp {
            true => words.has_authenticator(),
            false => words.lacks_authenticator(),
        };
        Row::plain(vec![
            Cell::Link {
                path: format!("{PATH}/{}", account.id),
                name: account.label.clone(),
                aside: account.name.clone(),
            },
            Cell::Text(words.of_account_role(account.role).to_owned()),
            Cell::Text(self.scope_words(account, names)),
            Cell::State(state_badge(words, account), String::new()),
            Cell::Text(factor.to_owned()),
        ])
    }

    async fn new_account(
        &self,
        facilities: &[KnownFacility],
        back: Option<&Returned>,
    ) -> Result<Form, Failure> {
        let words = self.reader.words;
        let fields = Fields::of(back);
        let name = fields
            .line("name", words.account_name_short(), "")
            .hint(words.account_name_hint());
        let label = fields
            .line("label", words.account_label(), "")
            .hint(words.account_label_hint());
        let roles = fields.choice("role", words.role(), "front_desk", self.roles());
        let mut all: Vec<FormField> = vec![name.into(), label.into(), roles.into()];
        let is_of_all = organisation_bound(self.admitted.caller()).is_none();
        if is_of_all {
            let own = self.organisation_choices().await?;
            let choice = fields.choice("organisation_code", words.organisation(), "", own);
            all.push(choice.into());
        }
        all.push(forms::facility_checks(
            &fields,
            legend(words),
            facilities,
            &[],
            is_of_all,
        ));
        if accounts::may_appoint(self.admitted.caller(), AccountRole::CommuneOfficer) {
            all.push(self.grants(back, &[]));
        }
        Ok(Form {
            words,
            id: "new",
            action: PATH.to_owned(),
            heading: words.new_account().to_owned(),
            hint: words.new_account_hint().to_owned(),
            hidden: vec![self.key_field(back)],
            fields: all,
            button: Button::primary(Icon::UserPlus, words.new_account()),
            is_folded: back.is_none(),
        })
    }

    /// The roles that the caller may appoint.
    fn roles(&self) -> Vec<Choice> {
        let caller = self.admitted.caller();
        let all = AccountRole::ALL.iter().copied();
        let open = all.filter(|role| accounts::may_appoint(caller, *role));
        open.map(|role| Choice::new(role.as_str(), self.reader.words.of_account_role(role)))
            .collect()
    }

    /// The organisations that there are, the caller's own first.
    pub(super) async fn organisation_choices(&self) -> Result<Vec<Choice>, Failure> {
        let found = directory::organisations(&self.app.db, OFFERED).await?;
        let own = self.admitted.sender().organisation_id;
        let (first, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.id == own);
        let all = first.into_iter().chain(rest);
        Ok(all.map(|one| Choice::new(one.code, one.name)).collect())
    }

    fn grants(&self, back: Option<&Returned>, present: &[AreaGrant]) -> FormField {
        let mut grants: Vec<Grant> = match back {
            Some(back) => typed_grants(back),
            None => present.iter().map(|grant| self.grant(grant)).collect(),
        };
        grants.extend(std::iter::repeat_n(Grant::default(), EMPTY_GRANT_COUNT));
        FormField::Grants(grants)
    }

    fn grant(&self, grant: &AreaGrant) -> Grant {
        let (Jurisdiction::Commune(code) | Jurisdiction::Province(code)) = &grant.area;
        Grant {
            code: code.clone(),
            name: area_name(self.app.intake.catalogues(), code),
            from: written_day(grant.valid_from),
            until: grant.valid_until.map(written_day).unwrap_or_default(),
            fault: None,
        }
    }

    /// One account, with the forms for it.
    async fn account(&self, id: Uuid, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let caller = self.admitted.caller();
        let stored = accounts::visible(&self.app, caller, id).await?;
        let account = &stored.account;
        let facilities = self.known_facilities(Some(account.organisation_id)).await?;
        let mut page = self
            .office_page(Section::Accounts, account.label.clone(), &mut outcome)
            .await?;
        page.sub = account.name.clone();
        page.tabs = self.account_tabs("");
        page.aside
            .push(Part::Facts(self.account_facts(account, &facilities)));
        if accounts::manages(caller, account) {
            self.add_account_forms(&mut page, account, &facilities, outcome.returned.as_ref());
            let sessions = account_sessions::in_force(&self.app, &stored).await?;
            let path = format!("{PATH}/{id}/sessions");
            let table = super::sessions::table(words, (account, &sessions), None, Some(&path));
            page.parts.push(Part::Table(table));
        } else if accounts::is_manager(caller) {
            page.notes.push(beyond(words));
        }
        html::page(&self.reader, &page)
    }

    fn account_facts(&self, account: &Account, facilities: &[KnownFacility]) -> Facts {
        let words = self.reader.words;
        let factor = match account.has_totp {
            true => words.has_authenticator(),
            false => words.lacks_authenticator(),
        };
        let mut facts = vec![
            Fact::state(words.state_word(), state_badge(words, account)),
            Fact::new(words.role(), words.of_account_role(account.role)),
            Fact::new(
                words.scope(),
                self.scope_words(account, &names_of(facilities)),
            ),
            Fact::new(words.second_factor(), factor),
            Fact::new(words.office_made_at(), moment::short(account.created_at)),
        ];
        let ended = account.ended_at.map(moment::short);
        facts.extend(ended.map(|at| Fact::new(words.ended_at(), at)));
        Facts {
            id: "facts",
            heading: words.account_data().to_owned(),
            facts,
        }
    }

    fn add_account_forms(
        &self,
        page: &mut OfficePage,
        account: &Account,
        facilities: &[KnownFacility],
        back: Option<&Returned>,
    ) {
        let words = self.reader.words;
        let path = format!("{PATH}/{}", account.id);
        let version = vec![("version", account.version.to_string())];
        let form = |id, action: String, heading: &str, hint: &str, button| Form {
            words,
            id,
            action,
            heading: heading.to_owned(),
            hint: hint.to_owned(),
            hidden: version.clone(),
            fields: Vec::new(),
            button,
            is_folded: false,
        };
        let mut change = form(
            "change",
            path.clone(),
            words.change_account(),
            words.change_account_hint(),
            Button::primary(Icon::Check, words.save()),
        );
        change.fields = self.change_fields(account, facilities, back);
        page.parts.push(Part::Form(Box::new(change)));
        if account.ended_at.is_none() {
            let button = Button::plain(Icon::Send, words.new_link());
            let action = format!("{path}/link");
            let mut renew = form(
                "link",
                action,
                words.new_link(),
                words.new_link_hint(),
                button,
            );
            renew.hidden.push(self.key_field(None));
            page.aside.push(Part::Form(Box::new(renew)));
        }
        let last = match account.ended_at {
            None => form(
                "end",
                format!("{path}/end"),
                words.end_account(),
                words.end_account_hint(),
                Button::danger(Icon::Ban, words.end_account()),
            ),
            Some(_) => form(
                "open",
                format!("{path}/open"),
                words.open_account(),
                words.open_account_hint(),
                Button::plain(Icon::Undo, words.open_account()),
            ),
        };
        page.aside.push(Part::Form(Box::new(last)));
    }

    fn change_fields(
        &self,
        account: &Account,
        facilities: &[KnownFacility],
        back: Option<&Returned>,
    ) -> Vec<FormField> {
        let words = self.reader.words;
        let fields = Fields::of(back);
        let label = fields.line("label", words.account_label(), &account.label);
        let role = fields.choice("role", words.role(), account.role.as_str(), self.roles());
        let mut all: Vec<FormField> = vec![label.into(), role.into()];
        let own = &account.scope.facility_ids;
        let may_have_areas =
            accounts::may_appoint(self.admitted.caller(), AccountRole::CommuneOfficer);
        if account.role.reach() == Reach::Facilities || !may_have_areas {
            all.push(forms::facility_checks(
                &fields,
                legend(words),
                facilities,
                own,
                false,
            ));
        } else {
            all.push(self.grants(back, &account.scope.areas));
        }
        all
    }
}

/// What is said above the facilities of an account.
const fn legend(words: Words) -> (&'static str, &'static str) {
    (words.facilities_of_account(), words.facilities_hint())
}

fn table_of_accounts(words: Words, more: Option<String>) -> Table {
    Table {
        words,
        id: "list",
        heading: String::new(),
        hint: String::new(),
        acts: Vec::new(),
        columns: vec![
            Column::text(words.account_label()),
            Column::text(words.role()),
            Column::text(words.scope()),
            Column::text(words.state_word()),
            Column::text(words.second_factor()),
        ],
        rows: Vec::new(),
        empty: (Icon::Users, words.no_accounts().to_owned()),
        more,
    }
}

/// The areas as they were typed, with what is wrong with each.
fn typed_grants(back: &Returned) -> Vec<Grant> {
    let typed = &back.typed;
    let faults = back.faults_inside("areas");
    let rows = typed.values("area").zip(typed.values("area_from"));
    let rows = rows.zip(typed.values("area_until"));
    let filled = rows.filter(|((code, _), _)| !code.trim().is_empty());
    filled
        .enumerate()
        .map(|(place, ((code, from), until))| Grant {
            code: code.to_owned(),
            name: String::new(),
            from: from.to_owned(),
            until: until.to_owned(),
            fault: faults.get(&place).cloned(),
        })
        .collect()
}

fn beyond(words: Words) -> Note {
    Note {
        tone: Tone::Settled,
        icon: Icon::Lock,
        fact: words.account_beyond().to_owned(),
        advice: String::new(),
        is_alert: false,
        is_resent: false,
    }
}

fn state_badge(words: Words, account: &Account) -> Badge {
    match account.state() {
        AccountState::Invited => Badge::new(Tone::Soon, Icon::Clock, words.account_invited()),
        AccountState::Active => Badge::new(Tone::Ok, Icon::CircleCheck, words.account_active()),
        AccountState::Ended => Badge::new(Tone::Settled, Icon::Ban, words.account_ended()),
    }
}
