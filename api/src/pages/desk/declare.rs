//! A card is sent: declared, or shown again with what keeps it from being so.

use domain::{
    problem::{Code, Violation},
    stay::Channel,
};
use intake::{Occasion, Refusal};
use pages::desk::card::{Adult, Source};
use pages::desk::form::CardForm;
use pages::desk::{ScanField, Stage};
use pages::note::Note;
use poem::Request;
use poem::http::StatusCode;
use uuid::Uuid;

use super::{DeskContent, card};
use crate::auth::{Access, op};
use crate::facilities::expected_guests;
use crate::pages::enter::Visit;
use crate::pages::form::is_key;
use crate::pages::{MadePage, see_other};
use crate::problem::Failure;
use crate::stays;

/// `POST /desk/card`: the same card with all fields open, or with an adult as the guardian.
pub(in crate::pages) async fn redraw(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::ReadScan>::receive(request).await?;
    let mut form = CardForm::read(sent.pairs());
    if let Some(adult) = Adult::parse(sent.value("adult")) {
        form.guardian_name = adult.name;
        if form.room.is_empty() {
            form.room = adult.room.unwrap_or_default();
        }
    }
    let card = visit.card(&form, &[]).await?;
    visit
        .page(StatusCode::OK, DeskContent::of_card(card, None))
        .await
}

/// `POST /desk/stays`: declares the guest.
pub(in crate::pages) async fn declare(request: Request) -> MadePage {
    let (mut visit, sent, _) = Visit::<op::DeclareStay>::receive(request).await?;
    visit.declare_card(&CardForm::read(sent.pairs())).await
}

/// Why a card was not declared.
enum Undeclared {
    /// It breaks rules.
    Invalid(Vec<Violation>),
    /// Something else, which may pass.
    Failed(Failure),
}

impl Visit<op::DeclareStay> {
    /// Declares the guest of a card, and leads to the receipt; or shows the card with what is wrong.
    pub(super) async fn declare_card(&mut self, form: &CardForm) -> MadePage {
        match self.declared(form).await {
            Ok(location) => {
                self.has_come(form).await;
                Ok(see_other(&location))
            }
            Err(Undeclared::Invalid(faults)) => {
                let card = self.card(form, &faults).await?;
                let content = DeskContent::of_card(card, None);
                self.page(StatusCode::OK, content).await
            }
            Err(Undeclared::Failed(failure)) => {
                let card = self.card(form, &[]).await?;
                let note = self.unsaved(&failure, self.reader.words.card_kept());
                let content = DeskContent::of_card(card.unsent(), Some(note));
                self.page(failure.status(), content).await
            }
        }
    }

    /// Declares the guest; returns the page that says so.
    async fn declared(&mut self, form: &CardForm) -> Result<String, Undeclared> {
        let facility_id = self.facility.id;
        let cost = [(facility_id, 1)];
        let ticket = &mut self.admitted.ticket;
        stays::charge(&self.app, &self.exchange, ticket, 1, &cost)
            .await
            .map_err(Undeclared::Failed)?;
        let draft = card::draft(form, &self.facility, self.now).to_value();
        let trace_parent = self.exchange.trace_parent();
        let channel = channel(form);
        let occasion = Occasion {
            sender: self.admitted.sender(),
            channel,
            idempotency_key: Some(form.key.as_str()).filter(|key| is_key(key)),
            received_at: self.now,
            trace_parent: Some(&trace_parent),
        };
        let outcome = self.app.intake.declare(occasion, &draft).await;
        match outcome {
            Ok(accepted) => Ok(format!("/desk?sent={}", accepted.stay.id)),
            Err(Refusal::Invalid(faults)) => Err(Undeclared::Invalid(faults)),
            Err(refusal) => Err(Undeclared::Failed(self.admitted.ticket.refuse(refusal))),
        }
    }
}

impl Visit<op::DeclareStay> {
    /// A guest who was expected is no longer: the declaration stands whatever comes of this.
    async fn has_come(&self, form: &CardForm) {
        let Ok(id) = Uuid::try_parse(&form.expected) else {
            return;
        };
        let removed = expected_guests::remove(&self.app, self.sender(), &self.facility, id).await;
        if let Err(failure) = removed {
            tracing::warn!(
                code = %failure.code(),
                "a guest who was declared is still expected"
            );
        }
    }
}

impl<A: Access> Visit<A> {
    /// What to say of a declaration that was not saved, or of which that is not known.
    pub(in crate::pages) fn unsaved(&self, failure: &Failure, kept: &str) -> Note {
        let words = self.reader.words;
        if failure.code() == Code::OutcomeUnknown {
            return Note {
                is_resent: true,
                ..Note::failed(
                    words.not_known_whether_saved().to_owned(),
                    words.asking_again().to_owned(),
                )
            };
        }
        let reason = failure.code().title(words.0);
        let request = words.request_is(self.exchange.request_id());
        Note::failed(
            format!("{}.", words.not_saved_because(reason)),
            format!("{kept} {request}"),
        )
    }
}

impl DeskContent {
    fn of_card(card: pages::desk::card::Card, note: Option<Note>) -> Self {
        Self {
            note,
            stage: Some(Stage::Card(Box::new(card))),
            scan: ScanField::default(),
        }
    }
}

/// The door by which a guest came in: a scanned document, or a form that was typed.
fn channel(form: &CardForm) -> Channel {
    match Source::parse(&form.source) {
        Source::Qr | Source::Mrz => Channel::Scan,
        Source::Typed | Source::Nothing => Channel::Page,
    }
}
