//! Machines at desks that stand in for one-time codes.

use domain::sender::Sender;
use pages::badge::{Badge, Tone};
use pages::field::Choice;
use pages::icon::Icon;
use pages::moment;
use pages::office::{Act, Button, Cell, Column, Form, Part, Row, Table};
use store::accounts::machines::{self as kept, Machine};

use super::forms::{Fields, Returned};
use super::*;
use crate::accounts::machines;
use crate::auth::op;
use crate::payload::JsonDocument;

/// The page of machines.
pub(super) const PATH: &str = "/organisation/machines";

/// The pages of machines.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/organisation/machines", list),
        post("/organisation/machines", enroll),
        post("/organisation/machines/:id", end),
    ]
}

/// `GET /organisation/machines`.
async fn list(request: Request) -> MadePage {
    let (visit, _) = OfficeVisit::<op::MachinesPage>::open(request).await?;
    visit.machines(OfficeOutcome::default()).await
}

/// `POST /organisation/machines`: the browser that sends it is trusted from then on.
async fn enroll(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::EnrollMachine>::receive(request).await?;
    let document = JsonDocument::of(sent.to_json(&["facility_id", "label"]), visit.now);
    let sender = visit.admitted.sender();
    let words = visit.reader.words;
    let (exchange, key) = (&visit.exchange, sent.key());
    let outcome = match machines::take_in(&visit.app, sender, exchange, &key, document).await {
        Ok((machine, false)) => OfficeOutcome::done(words.machine_enrolled(machine.label.as_str())),
        Ok((machine, true)) => OfficeOutcome::made_before(
            words.machine_enrolled_before(machine.label.as_str()),
            words.machine_enrolled_before_advice(),
        ),
        Err(failure) => {
            let labels = [
                ("facility_id", words.facility_word()),
                ("label", words.machine_label()),
            ];
            OfficeOutcome::returned(Returned::new(sent, &failure, words, &labels))
        }
    };
    visit.machines(outcome).await
}

/// `POST /organisation/machines/{id}`: it is a machine like any other from then on.
async fn end(request: Request) -> MadePage {
    let (visit, _, request) = OfficeVisit::<op::EndMachine>::receive(request).await?;
    machines::put_out(&visit.app, visit.admitted.sender(), id_of(&request)?).await?;
    let fact = visit.reader.words.machine_was_ended();
    visit.machines(OfficeOutcome::done(fact)).await
}

impl<A: Access> OfficeVisit<A> {
    async fn machines(&self, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let found = self.trusted_machines().await?;
        let mut page = self
            .office_page(Section::Accounts, words.machines(), &mut outcome)
            .await?;
        page.tabs = self.account_tabs(PATH);
        let sender = self.admitted.sender();
        page.parts.push(Part::Table(Table {
            words,
            id: "list",
            heading: words.machine_count(found.len()),
            hint: String::new(),
            acts: Vec::new(),
            columns: vec![
                Column::text(words.machine_label()),
                Column::text(words.facility_word()),
                Column::text(words.enrolled_at()),
                Column::text(words.state_word()),
                Column::acts(words.what_to_do()),
            ],
            rows: found
                .iter()
                .map(|one| self.machine_row(sender, one))
                .collect(),
            empty: (Icon::Lock, words.no_machines().to_owned()),
            more: None,
        }));
        let form = self.enrolment_form(outcome.returned.as_ref());
        page.aside.push(Part::Form(Box::new(form)));
        html::page(&self.reader, &page)
    }

    /// The machines that stand in for codes, at the caller's facilities.
    async fn trusted_machines(&self) -> Result<Vec<Machine>, Failure> {
        let caller = self.admitted.caller();
        let own = caller.sender.organisation_id;
        let (facilities, by) = (bound_facilities(caller), &self.app.account_row_key);
        let mut found = kept::list(&self.app.db, own, facilities, OFFERED, by).await?;
        found.retain(|machine| machine.ended_at.is_none());
        Ok(found)
    }

    fn machine_row(&self, sender: &Sender, machine: &Machine) -> Row {
        let words = self.reader.words;
        let facility = sender.facility(machine.facility_id);
        let badge = Badge::new(Tone::Ok, Icon::CircleCheck, words.machine_trusted());
        let button = Button::danger(Icon::Ban, words.end_machine()).about(machine.label.as_str());
        Row::plain(vec![
            Cell::Name(machine.label.clone(), String::new()),
            Cell::Text(facility.map_or_else(String::new, |one| one.name.clone())),
            Cell::Number(moment::short(machine.enrolled_at)),
            Cell::State(badge, String::new()),
            Cell::Acts(vec![Act::Send {
                action: format!("{PATH}/{}", machine.id),
                hidden: Vec::new(),
                button,
            }]),
        ])
    }

    fn enrolment_form(&self, back: Option<&Returned>) -> Form {
        let words = self.reader.words;
        let fields = Fields::of(back);
        let own = self.admitted.sender().facilities.iter();
        let open = own.filter(|facility| facility.is_open(self.now));
        let choices = open.map(|one| Choice::new(one.id.to_string(), one.name.as_str()));
        let facility = fields.choice("facility_id", words.facility_word(), "", choices.collect());
        let label = fields
            .line("label", words.machine_label(), "")
            .hint(words.machine_label_hint());
        Form {
            words,
            id: "new",
            action: PATH.to_owned(),
            heading: words.enroll_machine().to_owned(),
            hint: words.enroll_machine_hint().to_owned(),
            hidden: vec![self.key_field(back)],
            fields: vec![facility.class("wide").into(), label.class("wide").into()],
            button: Button::primary(Icon::Lock, words.enroll_machine()),
            is_folded: false,
        }
    }
}
