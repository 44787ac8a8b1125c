//! Facilities: a manager sees its own; an administrator makes, changes and ends those of all.

use domain::directory::{FacilityRecord, is_over};
use domain::facility::FacilityKind;
use domain::problem::Code;
use domain::rights::OperationId;
use domain::time::{format_instant, local_date};
use domain::typed::written_day;
use pages::badge::Badge;
use pages::field::{Choice, Control};
use pages::icon::Icon;
use pages::moment;
use pages::office::{Button, Cell, Column, Fact, Facts, Form, FormField, Part, Row, Table};
use pages::words::Words;
use serde_json::{Value, json};

use super::forms::{self, FieldLabel, Fields, Returned};
use super::*;
use crate::admin::directory::facilities as records;
use crate::auth::op;
use crate::pages::form::PageForm;
use crate::pages::see_other;
use crate::payload::JsonDocument;

/// The page of facilities.
const PATH: &str = "/organisation/facilities";

/// The pages of facilities.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/organisation/facilities", list),
        post("/organisation/facilities", make),
        get("/organisation/facilities/:id", show),
        post("/organisation/facilities/:id", change),
        post("/organisation/facilities/:id/end", end),
        post("/organisation/facilities/:id/open", open),
    ]
}

/// `GET /organisation/facilities`.
async fn list(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::FacilitiesPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    let after = query.value("after").to_owned();
    visit.facilities(&after, OfficeOutcome::default()).await
}

/// `POST /organisation/facilities`.
async fn make(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::CreateFacility>::receive(request).await?;
    let mut draft = filled(&sent);
    if let Value::Object(draft) = &mut draft {
        let code = sent.value("organisation_code");
        draft.insert("organisation_code".to_owned(), json!(code));
    }
    let document = JsonDocument::of(draft, visit.now);
    let (sender, key) = (visit.admitted.sender(), sent.key());
    match records::make(&visit.app, sender, &key, document).await {
        Ok(made) => Ok(see_other(&format!(
            "{PATH}/{}?done=made",
            made.subject.facility.id
        ))),
        Err(failure) => {
            let outcome = returned(visit.reader.words, sent, &failure);
            visit.facilities("", outcome).await
        }
    }
}

/// `GET /organisation/facilities/{id}`.
async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::FacilitiesPage>::open(request).await?;
    let outcome = OfficeOutcome::of_query(&request, visit.reader.words);
    visit.facility_record(id_of(&request)?, outcome).await
}

/// `POST /organisation/facilities/{id}`: what of it changes, and from which day on.
async fn change(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ChangeFacility>::receive(request).await?;
    let mut patch = filled(&sent);
    if let Value::Object(patch) = &mut patch {
        patch.entry("capacity").or_insert(Value::Null);
        let today = local_date(visit.now);
        let day = forms::day(sent.value("valid_from"), today);
        patch.extend(day.map(|day| ("valid_from".to_owned(), day)));
    }
    visit.alter_facility(id_of(&request)?, sent, patch).await
}

/// `POST /organisation/facilities/{id}/end`.
async fn end(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::EndFacility>::receive(request).await?;
    let patch = json!({"ended_at": format_instant(visit.now)});
    visit.alter_facility(id_of(&request)?, sent, patch).await
}

/// `POST /organisation/facilities/{id}/open`.
async fn open(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::ChangeFacility>::receive(request).await?;
    let patch = json!({"ended_at": null});
    visit.alter_facility(id_of(&request)?, sent, patch).await
}

/// The members that the fields fill.
fn filled(sent: &PageForm) -> Value {
    let mut filled = sent.to_json(&["kind", "name", "address", "commune_code"]);
    if let Value::Object(filled) = &mut filled {
        filled.insert(
            "is_remote".to_owned(),
            json!(sent.value("is_remote") == "1"),
        );
        let capacity = sent.value("capacity").trim();
        if !capacity.is_empty() {
            let count = capacity.parse::<u32>();
            let count = count.map_or_else(|_| json!(capacity), |count| json!(count));
            filled.insert("capacity".to_owned(), count);
        }
    }
    filled
}

fn returned(words: Words, sent: PageForm, failure: &Failure) -> OfficeOutcome {
    let labels: [FieldLabel; 8] = [
        ("organisation_code", words.organisation()),
        ("kind", words.facility_kind()),
        ("name", words.name_word()),
        ("address", words.address_of_facility()),
        ("commune_code", words.office_commune()),
        ("is_remote", words.remote()),
        ("capacity", words.office_capacity()),
        ("valid_from", words.valid_from()),
    ];
    OfficeOutcome::returned(Returned::new(sent, failure, words, &labels))
}

/// The facilities of an organisation, each a link.
pub(super) fn short_table(words: Words, facilities: &[KnownFacility]) -> Table {
    let rows = facilities.iter().map(|one| {
        Row::plain(vec![Cell::Link {
            path: format!("{PATH}/{}", one.id),
            name: one.name.clone(),
            aside: String::new(),
        }])
    });
    Table {
        words,
        id: "facilities",
        heading: words.facilities().to_owned(),
        hint: String::new(),
        acts: Vec::new(),
        columns: vec![Column::text(words.name_word())],
        rows: rows.collect(),
        empty: (Icon::Door, words.no_facilities().to_owned()),
        more: None,
    }
}

impl<A: Access> OfficeVisit<A> {
    async fn alter_facility(&self, id: Uuid, sent: PageForm, patch: Value) -> MadePage {
        let if_match = forms::if_match(&sent);
        let change = (&if_match, JsonDocument::of(patch, self.now));
        let (sender, key) = (self.admitted.sender(), sent.key());
        match records::alter(&self.app, sender, id, &key, change).await {
            Ok(_) => Ok(see_other(&format!("{PATH}/{id}?done=changed"))),
            Err(failure) => {
                let outcome = returned(self.reader.words, sent, &failure);
                self.facility_record(id, outcome).await
            }
        }
    }

    async fn facilities(&self, after: &str, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let caller = self.admitted.caller();
        let (own, part) = (organisation_bound(caller), part_after(after));
        let mut rows = directory::facilities(&self.app.db, own, part, self.now).await?;
        let more = cut(&mut rows, PATH, |row| row.id);
        let sound = rows.into_iter().filter_map(|row| row.sound("facility"));
        let found: Vec<FacilityRecord> = sound.filter(|one| self.sees(one)).collect();
        let mut page = self
            .office_page(Section::Facilities, words.facilities(), &mut outcome)
            .await?;
        page.parts.push(Part::Table(Table {
            words,
            id: "list",
            heading: words.facility_count(found.len()),
            hint: String::new(),
            acts: Vec::new(),
            columns: vec![
                Column::text(words.name_word()),
                Column::text(words.facility_kind()),
                Column::text(words.address_of_facility()),
                Column::number(words.office_capacity()),
                Column::text(words.state_word()),
            ],
            rows: found.iter().map(|one| self.facility_row(one)).collect(),
            empty: (Icon::Door, words.no_facilities().to_owned()),
            more,
        }));
        if self.may(OperationId::CreateFacility) {
            let form = self.new_facility(outcome.returned.as_ref()).await?;
            page.parts.insert(0, Part::Form(Box::new(form)));
        }
        html::page(&self.reader, &page)
    }

    /// Whether the caller sees a facility.
    fn sees(&self, record: &FacilityRecord) -> bool {
        let caller = self.admitted.caller();
        let facility = &record.facility;
        organisation_bound(caller).is_none_or(|own| own == facility.organisation_id)
            && bound_facilities(caller).is_none_or(|ids| ids.contains(&facility.id))
    }

    fn facility_row(&self, record: &FacilityRecord) -> Row {
        let words = self.reader.words;
        let facility = &record.facility;
        let catalogues = self.app.intake.catalogues();
        let commune = area_name(catalogues, &facility.commune_code);
        let capacity = record.capacity;
        Row::plain(vec![
            Cell::Link {
                path: format!("{PATH}/{}", facility.id),
                name: facility.name.clone(),
                aside: record.organisation_code.clone(),
            },
            Cell::Text(words.of_facility_kind(facility.kind).to_owned()),
            Cell::Text(format!("{}, {commune}", facility.address)),
            Cell::Number(capacity.map_or_else(super::destinations::dash, |one| one.to_string())),
            Cell::State(self.facility_badge(record), String::new()),
        ])
    }

    fn facility_badge(&self, record: &FacilityRecord) -> Badge {
        let is_ended = is_over(record.facility.ended_at, self.now);
        forms::declaring_badge(self.reader.words, is_ended)
    }

    async fn new_facility(&self, back: Option<&Returned>) -> Result<Form, Failure> {
        let words = self.reader.words;
        let fields = Fields::of(back);
        let organisations = self.organisation_choices().await?;
        let choice = fields.choice("organisation_code", words.organisation(), "", organisations);
        let mut all: Vec<FormField> = vec![choice.into()];
        all.extend(self.facility_fields(&fields, None));
        Ok(Form {
            words,
            id: "new",
            action: PATH.to_owned(),
            heading: words.new_facility().to_owned(),
            hint: String::new(),
            hidden: vec![self.key_field(back)],
            fields: all,
            button: Button::primary(Icon::Door, words.new_facility()),
            is_folded: back.is_none(),
        })
    }

    fn facility_fields(
        &self,
        fields: &Fields<'_>,
        present: Option<&FacilityRecord>,
    ) -> Vec<FormField> {
        let words = self.reader.words;
        let kinds = FacilityKind::ALL.iter().copied();
        let kinds = kinds.map(|kind| Choice::new(kind.as_str(), words.of_facility_kind(kind)));
        let text = |of: fn(&FacilityRecord) -> String| present.map(of).unwrap_or_default();
        let remote = vec![
            Choice::new("", words.not_remote()),
            Choice::new("1", words.is_remote()),
        ];
        let flag = present.is_some_and(|one| one.facility.is_remote);
        vec![
            fields
                .line(
                    "name",
                    words.name_word(),
                    &text(|one| one.facility.name.clone()),
                )
                .into(),
            fields
                .choice(
                    "kind",
                    words.facility_kind(),
                    &text(|one| one.facility.kind.as_str().to_owned()),
                    kinds.collect(),
                )
                .into(),
            fields
                .line(
                    "address",
                    words.address_of_facility(),
                    &text(|one| one.facility.address.clone()),
                )
                .into(),
            fields
                .line(
                    "commune_code",
                    words.office_commune(),
                    &text(|one| one.facility.commune_code.clone()),
                )
                .with(Control::Digits)
                .hint(words.commune_hint())
                .into(),
            fields
                .line(
                    "capacity",
                    words.office_capacity(),
                    &text(|one| {
                        one.capacity
                            .map_or_else(String::new, |count| count.to_string())
                    }),
                )
                .with(Control::Digits)
                .aside(words.optional())
                .into(),
            fields
                .choice(
                    "is_remote",
                    words.remote(),
                    if flag { "1" } else { "" },
                    remote,
                )
                .into(),
        ]
    }

    async fn facility_record(&self, id: Uuid, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let record = records::find(&self.app, id, self.now).await?;
        if !self.sees(&record) {
            return Err(Failure::new(Code::NotFound).into());
        }
        let mut page = self
            .office_page(
                Section::Facilities,
                record.facility.name.clone(),
                &mut outcome,
            )
            .await?;
        page.sub = record.organisation_code.clone();
        let may_change = self.may(OperationId::ChangeFacility);
        let facts = Part::Facts(self.facility_facts(&record));
        match may_change {
            true => page.aside.push(facts),
            false => page.parts.push(facts),
        }
        if may_change {
            let fields = Fields::of(outcome.returned.as_ref());
            let mut all = self.facility_fields(&fields, Some(&record));
            let from = fields
                .line("valid_from", words.holds_from(), "")
                .hint(words.holds_from_hint());
            all.push(from.into());
            let version = ("version", record.version.to_string());
            let back = outcome.returned.as_ref();
            let path = format!("{PATH}/{id}");
            page.parts.push(Part::Form(Box::new(Form {
                words,
                id: "change",
                action: path.clone(),
                heading: words.change_facility().to_owned(),
                hint: words.change_facility_hint().to_owned(),
                hidden: vec![version.clone(), self.key_field(back)],
                fields: all,
                button: Button::primary(Icon::Check, words.save()),
                is_folded: false,
            })));
            let is_ended = is_over(record.ended_at, self.now);
            let hidden = vec![version, self.key_field(None)];
            let form = forms::ending_form(words, &path, is_ended, hidden);
            page.aside.push(Part::Form(Box::new(form)));
        }
        html::page(&self.reader, &page)
    }

    fn facility_facts(&self, record: &FacilityRecord) -> Facts {
        let words = self.reader.words;
        let facility = &record.facility;
        let catalogues = self.app.intake.catalogues();
        let mut facts = vec![
            Fact::state(words.state_word(), self.facility_badge(record)),
            Fact::new(words.facility_kind(), words.of_facility_kind(facility.kind)),
            Fact::new(words.address_of_facility(), facility.address.clone()),
            Fact::new(
                words.office_commune(),
                area_name(catalogues, &facility.commune_code),
            ),
            Fact::new(words.office_made_at(), moment::short(record.created_at)),
        ];
        let ended = facility.ended_at.map(moment::short);
        facts.extend(ended.map(|at| Fact::new(words.ended_at(), at)));
        let upcoming = record.upcoming.iter();
        facts.extend(
            upcoming.map(|change| Fact::new(words.changes_on(), written_day(change.valid_from))),
        );
        Facts {
            id: "facts",
            heading: words.account_data().to_owned(),
            facts,
        }
    }
}
