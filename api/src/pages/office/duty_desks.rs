//! The duty desks of the communes' police: the telephone that facilities call when declaring does
//! not work.

use std::collections::BTreeMap;

use domain::rights::OperationId;
use pages::badge::{Badge, Tone};
use pages::field::{Choice, Control};
use pages::icon::Icon;
use pages::moment;
use pages::office::{Button, Cell, Column, Form, Part, Row, Table};
use pages::words::Words;
use serde_json::json;
use store::duty_desks::{self as stored, DutyDesk};

use super::forms::{FieldLabel, Fields, Returned};
use super::*;
use crate::admin::duty_desks;
use crate::auth::op;
use crate::pages::see_other;
use crate::payload::JsonDocument;

/// The page of duty desks.
const PATH: &str = "/admin/duty-desks";

/// The pages of duty desks.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/admin/duty-desks", list),
        post("/admin/duty-desks", set),
    ]
}

/// `GET /admin/duty-desks`.
async fn list(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::DutyDesksPage>::open(request).await?;
    let outcome = OfficeOutcome::of_query(&request, visit.reader.words);
    visit.duty_desks(outcome).await
}

/// `POST /admin/duty-desks`: another telephone, or none.
async fn set(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::SetDutyDesk>::receive(request).await?;
    let document = JsonDocument::of(json!({"telephone": sent.value("telephone")}), visit.now);
    let (sender, commune_code) = (visit.admitted.sender(), sent.value("commune_code"));
    match duty_desks::set(&visit.app, sender, commune_code, document).await {
        Ok(_) => Ok(see_other(&format!("{PATH}?done=changed"))),
        Err(failure) => {
            let outcome = returned(visit.reader.words, sent, &failure);
            visit.duty_desks(outcome).await
        }
    }
}

fn returned(words: Words, sent: PageForm, failure: &Failure) -> OfficeOutcome {
    let labels: [FieldLabel; 2] = [
        ("commune_code", words.office_commune()),
        ("telephone", words.phone()),
    ];
    OfficeOutcome::returned(Returned::new(sent, failure, words, &labels))
}

impl<A: Access> OfficeVisit<A> {
    async fn duty_desks(&self, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let desks = self.known_and_missing_desks().await?;
        let mut page = self
            .office_page(Section::DutyDesks, words.duty_desks(), &mut outcome)
            .await?;
        page.sub = words.duty_desks_sub().to_owned();
        let missing = desks.values().filter(|(_, desk)| desk.is_none()).count();
        let rows = desks.iter().map(|(code, (name, desk))| {
            let (telephone, changed_at) = match desk {
                Some(desk) => (
                    Cell::Text(desk.telephone.clone()),
                    moment::short(desk.changed_at),
                ),
                None => (
                    Cell::State(
                        Badge::new(Tone::Soon, Icon::Triangle, words.no_telephone()),
                        String::new(),
                    ),
                    super::destinations::dash(),
                ),
            };
            Row::plain(vec![
                Cell::Name(name.clone(), code.clone()),
                telephone,
                Cell::Number(changed_at),
            ])
        });
        page.parts.push(Part::Table(Table {
            words,
            id: "list",
            heading: words.duty_desk_count(desks.len(), missing),
            hint: String::new(),
            acts: Vec::new(),
            columns: vec![
                Column::text(words.office_commune()),
                Column::text(words.phone()),
                Column::text(words.changed_at_word()),
            ],
            rows: rows.collect(),
            empty: (Icon::Phone, words.no_duty_desks().to_owned()),
            more: None,
        }));
        if self.may(OperationId::SetDutyDesk) && !desks.is_empty() {
            let fields = Fields::of(outcome.returned.as_ref());
            page.aside
                .push(Part::Form(Box::new(form(words, &fields, &desks))));
        }
        html::page(&self.reader, &page)
    }

    /// The communes where facilities lie, and those of which a telephone is known, by code.
    async fn known_and_missing_desks(&self) -> Result<DesksByCommune, Failure> {
        let catalogues = self.app.intake.catalogues();
        let named = |code: &str| area_name(catalogues, code);
        let mut desks = DesksByCommune::new();
        for code in stored::communes_of_facilities(&self.app.db).await? {
            desks.insert(code.clone(), (named(&code), None));
        }
        for desk in stored::all(&self.app.db).await? {
            let name = named(&desk.commune_code);
            desks.insert(desk.commune_code.clone(), (name, Some(desk)));
        }
        Ok(desks)
    }
}

/// The name of each commune, and what is known of its desk.
type DesksByCommune = BTreeMap<String, (String, Option<DutyDesk>)>;

fn form(words: Words, fields: &Fields<'_>, desks: &DesksByCommune) -> Form {
    let choices = desks.iter().map(|(code, (name, desk))| {
        let label = match desk {
            Some(desk) => format!("{name}: {}", desk.telephone),
            None => name.clone(),
        };
        Choice::new(code.as_str(), label)
    });
    // What is missing comes first to mind.
    let missing = desks.iter().find(|(_, (_, desk))| desk.is_none());
    let offered = missing.map_or("", |(code, _)| code.as_str());
    Form {
        words,
        id: "set",
        action: PATH.to_owned(),
        heading: words.set_duty_desk().to_owned(),
        hint: words.set_duty_desk_hint().to_owned(),
        hidden: Vec::new(),
        fields: vec![
            fields
                .choice(
                    "commune_code",
                    words.office_commune(),
                    offered,
                    choices.collect(),
                )
                .class("wide")
                .into(),
            fields
                .line("telephone", words.phone(), "")
                .with(Control::Telephone)
                .hint(words.duty_telephone_hint())
                .class("wide")
                .into(),
        ],
        button: Button::primary(Icon::Check, words.save()),
        is_folded: false,
    }
}
