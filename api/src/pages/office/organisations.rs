//! Organisations: listed, made, renamed, ended and opened again.

use domain::directory::{Organisation, is_over};
use domain::problem::Code;
use domain::rights::OperationId;
use domain::time::format_instant;
use pages::badge::Badge;
use pages::icon::Icon;
use pages::moment;
use pages::office::{Button, Cell, Column, Form, Part, Row, Table};
use pages::words::Words;
use serde_json::{Value, json};

use super::forms::{self, FieldLabel, Fields, Returned};
use super::*;
use crate::admin::directory::organisations;
use crate::auth::op;
use crate::pages::form::PageForm;
use crate::pages::see_other;
use crate::payload::JsonDocument;

/// The page of organisations.
const PATH: &str = "/admin/organisations";

/// The pages of organisations.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/admin/organisations", list),
        post("/admin/organisations", make),
        get("/admin/organisations/:id", show),
        post("/admin/organisations/:id", change),
        post("/admin/organisations/:id/end", end),
        post("/admin/organisations/:id/open", open),
    ]
}

/// `GET /admin/organisations`.
async fn list(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::OrganisationsPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    let after = query.value("after").to_owned();
    visit.organisations(&after, OfficeOutcome::default()).await
}

/// `POST /admin/organisations`.
async fn make(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::CreateOrganisation>::receive(request).await?;
    let document = JsonDocument::of(sent.to_json(&["code", "name"]), visit.now);
    let (sender, key) = (visit.admitted.sender(), sent.key());
    match organisations::make(&visit.app, sender, &key, document).await {
        Ok(made) => Ok(see_other(&format!("{PATH}/{}?done=made", made.subject.id))),
        Err(failure) => {
            let outcome = returned(visit.reader.words, sent, &failure);
            visit.organisations("", outcome).await
        }
    }
}

/// `GET /admin/organisations/{id}`.
async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::OrganisationsPage>::open(request).await?;
    let outcome = OfficeOutcome::of_query(&request, visit.reader.words);
    visit.organisation(id_of(&request)?, outcome).await
}

/// `POST /admin/organisations/{id}`: another name.
async fn change(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ChangeOrganisation>::receive(request).await?;
    let patch = json!({"name": sent.value("name")});
    visit
        .alter_organisation(id_of(&request)?, sent, patch)
        .await
}

/// `POST /admin/organisations/{id}/end`.
async fn end(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::EndOrganisation>::receive(request).await?;
    let patch = json!({"ended_at": format_instant(visit.now)});
    visit
        .alter_organisation(id_of(&request)?, sent, patch)
        .await
}

/// `POST /admin/organisations/{id}/open`.
async fn open(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ChangeOrganisation>::receive(request).await?;
    let patch = json!({"ended_at": null});
    visit
        .alter_organisation(id_of(&request)?, sent, patch)
        .await
}

fn returned(words: Words, sent: PageForm, failure: &Failure) -> OfficeOutcome {
    let labels: [FieldLabel; 2] = [("code", words.short_code()), ("name", words.name_word())];
    let mut back = Returned::new(sent, failure, words, &labels);
    if failure.code() == Code::CodeTaken {
        back = back.with_fault("code", Code::CodeTaken.detail(words.0));
    }
    OfficeOutcome::returned(back)
}

impl<A: Access> OfficeVisit<A> {
    async fn alter_organisation(&self, id: Uuid, sent: PageForm, patch: Value) -> MadePage {
        let if_match = forms::if_match(&sent);
        let change = (&if_match, JsonDocument::of(patch, self.now));
        let (sender, key) = (self.admitted.sender(), sent.key());
        match organisations::alter(&self.app, sender, id, &key, change).await {
            Ok(_) => Ok(see_other(&format!("{PATH}/{id}?done=changed"))),
            Err(failure) => {
                let outcome = returned(self.reader.words, sent, &failure);
                self.organisation(id, outcome).await
            }
        }
    }

    async fn organisations(&self, after: &str, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let mut found = directory::organisations(&self.app.db, part_after(after)).await?;
        let more = cut(&mut found, PATH, |row| row.id);
        let mut page = self
            .office_page(Section::Organisations, words.organisations(), &mut outcome)
            .await?;
        let rows = found.iter().map(|row| {
            Row::plain(vec![
                Cell::Link {
                    path: format!("{PATH}/{}", row.id),
                    name: row.name.clone(),
                    aside: row.code.clone(),
                },
                Cell::Number(moment::short(row.created_at)),
                Cell::State(self.organisation_badge(row), String::new()),
            ])
        });
        page.parts.push(Part::Table(Table {
            words,
            id: "list",
            heading: words.organisation_count(found.len()),
            hint: String::new(),
            acts: Vec::new(),
            columns: vec![
                Column::text(words.name_word()),
                Column::text(words.office_made_at()),
                Column::text(words.state_word()),
            ],
            rows: rows.collect(),
            empty: (Icon::Book, words.no_organisations().to_owned()),
            more,
        }));
        if self.may(OperationId::CreateOrganisation) {
            let back = outcome.returned.as_ref();
            let fields = Fields::of(back);
            page.aside.push(Part::Form(Box::new(Form {
                words,
                id: "new",
                action: PATH.to_owned(),
                heading: words.new_organisation().to_owned(),
                hint: String::new(),
                hidden: vec![self.key_field(back)],
                fields: vec![
                    fields
                        .line("name", words.name_word(), "")
                        .class("wide")
                        .into(),
                    fields
                        .line("code", words.short_code(), "")
                        .hint(words.short_code_hint())
                        .class("wide")
                        .into(),
                ],
                button: Button::primary(Icon::Book, words.new_organisation()),
                is_folded: false,
            })));
        }
        html::page(&self.reader, &page)
    }

    fn organisation_badge(&self, row: &Organisation) -> Badge {
        forms::declaring_badge(self.reader.words, is_over(row.ended_at, self.now))
    }

    async fn organisation(&self, id: Uuid, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let row = organisations::find(&self.app, id).await?;
        let mut page = self
            .office_page(Section::Organisations, row.name.clone(), &mut outcome)
            .await?;
        page.sub = row.code.clone();
        if self.may(OperationId::ChangeOrganisation) {
            let back = outcome.returned.as_ref();
            let fields = Fields::of(back);
            let name = fields.line("name", words.name_word(), &row.name);
            let version = ("version", row.version.to_string());
            let path = format!("{PATH}/{id}");
            page.parts.push(Part::Form(Box::new(Form {
                words,
                id: "change",
                action: path.clone(),
                heading: words.rename().to_owned(),
                hint: String::new(),
                hidden: vec![version.clone(), self.key_field(back)],
                fields: vec![name.class("wide").into()],
                button: Button::primary(Icon::Check, words.save()),
                is_folded: false,
            })));
            let is_ended = is_over(row.ended_at, self.now);
            let hidden = vec![version, self.key_field(None)];
            let form = forms::ending_form(words, &path, is_ended, hidden);
            page.aside.push(Part::Form(Box::new(form)));
        }
        let facilities = self.known_facilities(Some(id)).await?;
        page.parts.push(Part::Table(super::facilities::short_table(
            words,
            &facilities,
        )));
        html::page(&self.reader, &page)
    }
}
