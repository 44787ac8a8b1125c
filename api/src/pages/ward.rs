//! The census of a ward, as differences. The list is that of the hospital's program, pasted, or
//! everybody who is declared and was not marked as gone; it lives in the form until it is confirmed,
//! and then goes through the very census that programs send.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::census::Fate;
use domain::document::NoDocumentReason;
use domain::problem::Code;
use domain::stay::{Channel, Presence};
use domain::text::fold;
use domain::time::{format_instant, parse_instant};
use intake::{CensusEntry, CensusReport, Occasion, Refusal, Whereabouts};
use pages::badge::Tone;
use pages::desk::form::CardForm;
use pages::field::Choice;
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::rows::{self as page_rows, GuestRow, JudgedRow};
use pages::section::Section;
use pages::ward::{Confirmation, Difference, Person, Presence as Here, WardLine, WardPage};
use pages::words::Words;
use poem::Request;
use poem::http::StatusCode;
use serde_json::{Map, Value, json};
use store::stays::{Order, StayFilter};
use uuid::Uuid;

use super::enter::Visit;
use super::form::{PageForm, is_key};
use super::lines::{self, StayLine};
use super::rows::{self, NumberedForm, SharedFields};
use super::{MadePage, PageRoute, get, html, paste, post};
use crate::auth::{Access, op};
use crate::census;
use crate::facilities::wards::{self, CountedWard};
use crate::problem::Failure;
use crate::reads;
use crate::stays;

/// How many present guests are compared at most: as many as a census may list.
const RESIDENT_COUNT_MAX: u64 = 5_000;
/// The members of a stay that a census may say.
const LINE_MEMBERS: [&str; 11] = [
    "reference",
    "room",
    "bed",
    "ward",
    "arrival_at",
    "expected_departure_at",
    "purpose",
    "purpose_text",
    "guest",
    "party",
    "note",
];

/// The pages of a ward.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/desk/ward", show),
        post("/desk/ward", compare),
        post("/desk/ward/census", confirm),
    ]
}

/// `GET /desk/ward`.
async fn show(request: Request) -> MadePage {
    let (visit, _) = Visit::<op::WardPage>::open(request).await?;
    let residents = visit.residents().await?;
    let wards = visit.wards(&residents).await?;
    let ward = visit.usual_ward(&wards);
    let ward = WardForm::new(ward, visit.now, visit.new_key());
    let seen = Seen::known(&visit, &ward, &residents);
    visit
        .ward(StatusCode::OK, ward, wards, seen, None, &residents)
        .await
}

/// `POST /desk/ward`: another ward, or a list that is compared.
async fn compare(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::PutCensus> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive_many(&request, &mut body).await?;
    visit.now = received_at;
    let mut ward = WardForm::read(&sent, received_at);
    if ward.key.is_empty() {
        ward.key = visit.new_key();
    }
    let pasted = sent.value("table");
    if !pasted.is_empty() {
        visit.paste_ward(&mut ward, pasted).await?;
    }
    ward.act(&sent, received_at);
    let residents = visit.residents().await?;
    let wards = visit.wards(&residents).await?;
    let (seen, note) = match visit.foretold(&ward, &residents).await {
        Ok(seen) => (seen, None),
        Err(failure) => {
            let seen = Seen::known(&visit, &ward, &residents);
            let note = visit.unsaved(&failure, visit.reader.words.rows_kept());
            (seen, Some(note))
        }
    };
    visit
        .ward(StatusCode::OK, ward, wards, seen, note, &residents)
        .await
}

/// `POST /desk/ward/census`: the list is confirmed.
async fn confirm(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::PutCensus> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive_many(&request, &mut body).await?;
    visit.now = received_at;
    let mut ward = WardForm::read(&sent, received_at);
    let residents = visit.residents().await?;
    let confirmed = visit.census(&ward, &residents, ward.confirmed, false).await;
    let (status, note) = match confirmed {
        Ok(report) => {
            let (note, rows) = visit.done(&ward, &report);
            ward = WardForm {
                rows,
                ..WardForm::new(ward.ward, visit.now, visit.new_key())
            };
            ward.is_pasted = !ward.rows.is_empty();
            (StatusCode::OK, Some(note))
        }
        Err(Refusal::CensusImplausible { .. }) => (StatusCode::CONFLICT, None),
        Err(refusal) => {
            let failure = visit.admitted.ticket.refuse(refusal);
            if failure.code() == Code::IdempotencyKeyReused {
                ward.key = visit.new_key();
            }
            let note = visit.unsaved(&failure, visit.reader.words.rows_kept());
            (failure.status(), Some(note))
        }
    };
    let residents = visit.residents().await?;
    let wards = visit.wards(&residents).await?;
    let seen = match ward.is_pasted || status != StatusCode::OK {
        true => visit.foretold(&ward, &residents).await,
        false => Ok(Seen::known(&visit, &ward, &residents)),
    };
    let seen = match seen {
        Ok(seen) => seen,
        Err(_) => Seen::known(&visit, &ward, &residents),
    };
    visit
        .ward(status, ward, wards, seen, note, &residents)
        .await
}

/// A list as its form says it.
struct WardForm {
    /// Empty for the whole facility.
    ward: String,
    taken_at: DateTime<Utc>,
    key: String,
    is_pasted: bool,
    rows: Vec<NumberedForm>,
    /// Who is still here, by stay, where that was said.
    choices: HashMap<Uuid, bool>,
    /// The departures that were typed.
    confirmed: Option<u32>,
    table: Option<(String, String)>,
}

impl WardForm {
    fn new(ward: String, now: DateTime<Utc>, key: String) -> Self {
        Self {
            ward,
            taken_at: now,
            key,
            is_pasted: false,
            rows: Vec::new(),
            choices: HashMap::new(),
            confirmed: None,
            table: None,
        }
    }

    fn read(form: &PageForm, now: DateTime<Utc>) -> Self {
        let choices = form.pairs().filter_map(|(name, value)| {
            let stay = name.strip_prefix("is.")?;
            Some((Uuid::try_parse(stay).ok()?, value != "left"))
        });
        let taken_at = parse_instant(form.value("taken_at"));
        Self {
            ward: form.value("ward").to_owned(),
            taken_at: taken_at.filter(|at| *at <= now).unwrap_or(now),
            key: form.value("key").to_owned(),
            is_pasted: !form.value("pasted").is_empty(),
            rows: rows::of_form(form),
            choices: choices.collect(),
            confirmed: form.value("confirm").trim().parse().ok(),
            table: None,
        }
    }

    /// Does what a button of a row asks for.
    fn act(&mut self, sent: &PageForm, now: DateTime<Utc>) {
        let is = |row: &NumberedForm, name: &str| row.0.to_string() == sent.value(name);
        self.rows.retain(|row| !is(row, "remove"));
        for row in &mut self.rows {
            if is(row, "open") {
                row.1.is_open = true;
            }
            if is(row, "use") {
                rows::use_suggestion(&mut row.1, now);
            }
        }
    }

    fn holds(&self, stay: &StayLine) -> bool {
        self.ward.is_empty() || stay.text("/ward") == Some(&self.ward)
    }

    /// Whether the list says that somebody is here who is not in what was pasted.
    fn is_here(&self, stay: &StayLine) -> bool {
        let chosen = self.choices.get(&stay.stay.id).copied();
        chosen.unwrap_or(!self.is_pasted)
    }
}

/// A line of the census: of the pasted list, or somebody who is said to be here.
enum LineOf<'a> {
    Row(&'a NumberedForm),
    Stay(&'a StayLine),
}

/// What there is to see of a list.
#[derive(Default)]
struct Seen {
    bad: Vec<JudgedRow>,
    newcomers: Vec<Person>,
    newborns: Vec<Person>,
    unidentified: Vec<Person>,
    gone: Vec<Person>,
    moved: Vec<Person>,
    corrected: Vec<Person>,
    unchanged: Vec<Person>,
    /// A number that must be typed.
    departures: Option<u32>,
}

impl Seen {
    /// Everybody who is known, before anything is compared.
    fn known<A: Access>(visit: &Visit<A>, ward: &WardForm, residents: &[StayLine]) -> Self {
        let words = visit.reader.words;
        let known = residents.iter().filter(|stay| ward.holds(stay));
        let known = known.map(|stay| resident(words, stay, true));
        Self {
            unchanged: known.collect(),
            ..Self::default()
        }
    }

    fn add(&mut self, words: Words, line: Option<&LineOf<'_>>, entry: CensusEntry) {
        match line {
            Some(LineOf::Row(row)) => self.add_row(words, row, entry),
            Some(LineOf::Stay(stay)) => {
                let mut person = resident(words, stay, true);
                if let Err(refusal) = entry.outcome {
                    person.said = refusal.code().detail(words.0).to_owned();
                }
                self.unchanged.push(person);
            }
            None => self.add_unlisted(words, entry),
        }
    }

    fn add_row(&mut self, words: Words, (number, form): &NumberedForm, entry: CensusEntry) {
        let place = place_of(words, &form.room, &form.bed);
        let before = entry.before.unwrap_or_default();
        let name = match form.full_name.as_str() {
            "" => before
                .full_name
                .clone()
                .unwrap_or_else(|| words.unnamed().to_owned()),
            name => name.to_owned(),
        };
        let mut person = Person {
            name,
            place,
            said: String::new(),
            choice: None,
        };
        match entry.outcome {
            Ok(Fate::Arrived) => match NoDocumentReason::parse(&form.no_document_reason) {
                Some(NoDocumentReason::Newborn) => {
                    person.said = words.completed_later().to_owned();
                    self.newborns.push(person);
                }
                Some(NoDocumentReason::Unidentified) => {
                    person.said = words.completed_later().to_owned();
                    self.unidentified.push(person);
                }
                Some(NoDocumentReason::Minor | NoDocumentReason::Lost) | None => {
                    self.newcomers.push(person);
                }
            },
            Ok(Fate::Changed) => {
                let was = place_before(words, &before);
                let is_moved = is_other(&form.room, before.room.as_deref())
                    || is_other(&form.bed, before.bed.as_deref());
                match is_moved {
                    true => {
                        person.said = words.came_from(lower_first(&was));
                        self.moved.push(person);
                    }
                    false => self.corrected.push(person),
                }
            }
            Ok(Fate::Unchanged | Fate::Asked | Fate::Departed) => self.unchanged.push(person),
            Err(refusal) => self.bad.push(refused(*number, form.clone(), refusal)),
        }
    }

    fn add_unlisted(&mut self, words: Words, entry: CensusEntry) {
        let before = entry.before.unwrap_or_default();
        let person = Person {
            name: before
                .full_name
                .clone()
                .unwrap_or_else(|| words.unnamed().to_owned()),
            place: place_before(words, &before),
            said: String::new(),
            choice: None,
        };
        let stay_id = entry.stay_id.unwrap_or_default();
        match entry.outcome {
            Ok(Fate::Departed | Fate::Asked) => self.gone.push(Person {
                said: words.not_in_list().to_owned(),
                choice: Some(Here {
                    stay_id,
                    is_here: false,
                }),
                ..person
            }),
            Ok(Fate::Arrived | Fate::Changed | Fate::Unchanged) => self.unchanged.push(person),
            Err(refusal) => self.unchanged.push(Person {
                said: refusal.code().detail(words.0).to_owned(),
                ..person
            }),
        }
    }

    fn present(&self) -> usize {
        let parts = [
            &self.newcomers,
            &self.newborns,
            &self.unidentified,
            &self.moved,
            &self.corrected,
            &self.unchanged,
        ];
        parts.iter().map(|part| part.len()).sum()
    }

    fn counts(&self, words: Words) -> Vec<(&'static str, usize)> {
        let counts = [
            (words.newcomers(), self.newcomers.len()),
            (words.newborns(), self.newborns.len()),
            (words.unidentified(), self.unidentified.len()),
            (words.moved(), self.moved.len()),
            (words.corrected(), self.corrected.len()),
            (words.gone(), self.gone.len()),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        [(words.present_people(), self.present())]
            .into_iter()
            .chain(counts)
            .chain([(words.unchanged(), self.unchanged.len())])
            .collect()
    }
}

impl<A: Access> Visit<A> {
    /// Everybody who is declared here and has not left.
    async fn residents(&self) -> Result<Vec<StayLine>, Failure> {
        let filter = StayFilter {
            facility_ids: vec![self.facility.id],
            presence: Some(Presence::Present),
            ..StayFilter::default()
        };
        let order = Order::Newest(None);
        let found = store::stays::list(&self.app.db, &filter, order, RESIDENT_COUNT_MAX).await?;
        let mut residents = lines::of(&self.app, found, self.now).await?;
        reads::note(&self.app, self.sender(), residents.len()).await;
        residents.sort_by_cached_key(|stay| (stay.room(), stay.text("/bed").map(str::to_owned)));
        Ok(residents)
    }

    /// The wards of the facility, and when each was last confirmed.
    async fn wards(&self, residents: &[StayLine]) -> Result<Vec<CountedWard>, Failure> {
        let named = residents.iter().filter_map(|stay| stay.text("/ward"));
        wards::counted(&self.app, &self.facility, named).await
    }

    /// The ward of whoever is at work, by the name of their account; else the only one.
    fn usual_ward(&self, wards: &[CountedWard]) -> String {
        let label = match self.admitted.signed_in() {
            Ok(signed_in) => fold(&signed_in.account().label),
            Err(_) => String::new(),
        };
        let is_theirs = |ward: &&CountedWard| {
            let ward = fold(&ward.name);
            label.contains(&ward) || (!label.is_empty() && ward.contains(&label))
        };
        match (wards.iter().find(is_theirs), wards) {
            (Some(theirs), _) => theirs.name.clone(),
            (None, [only]) => only.name.clone(),
            (None, _) => String::new(),
        }
    }

    /// When a ward was last confirmed, in words.
    fn confirmed_words(&self, ward: &CountedWard) -> String {
        let words = self.reader.words;
        match ward.confirmed_at {
            Some(at) => words.last_confirmed(moment::clock_and_day(words, at, self.now)),
            None => words.never_confirmed().to_owned(),
        }
    }

    async fn ward(
        &self,
        status: StatusCode,
        ward: WardForm,
        wards: Vec<CountedWard>,
        seen: Seen,
        note: Option<Note>,
        residents: &[StayLine],
    ) -> MadePage {
        let words = self.reader.words;
        let due = self.due().await?;
        let theirs = residents.iter().filter(|stay| ward.holds(stay));
        let theirs: HashSet<Uuid> = theirs.map(|stay| stay.stay.id).collect();
        let shown = ward.ward.clone();
        let heading = match ward.ward.as_str() {
            "" => words.whole_facility().to_owned(),
            name => name.to_owned(),
        };
        let title = match status == StatusCode::OK {
            true => heading.clone(),
            false => words.error_title(&heading),
        };
        let around = self.row_surroundings();
        let (counts, present) = (seen.counts(words), seen.present());
        let bad: Vec<GuestRow> = seen
            .bad
            .iter()
            .map(|row| GuestRow::of(row, around))
            .collect();
        let is_shown = |number: usize| seen.bad.iter().any(|row| row.number == number);
        let carried = ward.rows.iter().filter(|(number, _)| !is_shown(*number));
        let hidden = carried.flat_map(|(number, form)| page_rows::carried(*number, form));
        let hidden = hidden.collect();
        let confirmation = seen.departures.map(|departures| Confirmation {
            departures,
            said: words.census_looks_wrong(departures),
            value: ward
                .confirmed
                .map(|typed| typed.to_string())
                .unwrap_or_default(),
        });
        let all = Choice::new("", words.whole_facility());
        let choices = wards
            .iter()
            .map(|ward| Choice::new(ward.name.clone(), ward.name.clone()));
        let confirmed = wards.iter().map(|ward| WardLine {
            name: ward.name.clone(),
            present_count: ward.present_count,
            said: self.confirmed_words(ward),
            is_shown: ward.name == shown,
        });
        let page = WardPage {
            frame: self.frame(Section::Ward, title, &due).await?,
            note,
            confirmed: confirmed.collect(),
            wards: std::iter::once(all).chain(choices).collect(),
            heading,
            source: match ward.is_pasted {
                true => words.ward_source_pasted(moment::short(ward.taken_at)),
                false => words.ward_source_known().to_owned(),
            },
            ward: ward.ward,
            taken_at: format_instant(ward.taken_at),
            key: ward.key,
            is_pasted: ward.is_pasted,
            table: ward.table,
            bad,
            hidden,
            counts,
            present,
            confirmation,
            due: due
                .into_iter()
                .filter(|line| theirs.contains(&line.stay_id))
                .collect(),
            differences: differences(
                words,
                [
                    seen.newcomers,
                    seen.gone,
                    seen.moved,
                    seen.newborns,
                    seen.unidentified,
                    seen.corrected,
                ],
            ),
            unchanged: seen.unchanged,
        };
        html::answer(&self.reader, status, &page)
    }

    /// Takes a pasted list: what was there before is given up.
    async fn paste_ward(&self, ward: &mut WardForm, text: &str) -> Result<(), Failure> {
        let read = paste::guests(text.to_owned(), self.now).await?;
        match read.filter(|guests| !guests.is_empty()) {
            Some(guests) => {
                ward.rows = (1..).zip(guests).collect();
                ward.is_pasted = true;
                ward.taken_at = self.now;
                ward.choices.clear();
                ward.confirmed = None;
            }
            None => {
                let fault = self.reader.words.paste_unread().to_owned();
                ward.table = Some((text.to_owned(), fault));
            }
        }
        Ok(())
    }
}

impl Visit<op::PutCensus> {
    /// What the list would change.
    ///
    /// Errors: the list as a whole cannot be worked on.
    async fn foretold(&mut self, ward: &WardForm, residents: &[StayLine]) -> Result<Seen, Failure> {
        let words = self.reader.words;
        let (report, departures) = match self.census(ward, residents, None, true).await {
            Ok(report) => (report, None),
            Err(Refusal::CensusImplausible { departures }) => {
                let confirmed = Some(departures);
                let report = self.census(ward, residents, confirmed, true).await;
                let report = report.map_err(|refusal| self.admitted.ticket.refuse(refusal))?;
                (report, confirmed)
            }
            Err(refusal) => return Err(self.admitted.ticket.refuse(refusal)),
        };
        let lines = lines_of(ward, residents);
        let mut seen = Seen {
            departures,
            ..Seen::default()
        };
        for entry in report.entries {
            let line = entry.index.and_then(|index| lines.get(index));
            seen.add(words, line, entry);
        }
        Ok(seen)
    }

    /// Sends the list through the census.
    async fn census(
        &mut self,
        ward: &WardForm,
        residents: &[StayLine],
        confirmed: Option<u32>,
        is_dry_run: bool,
    ) -> Result<CensusReport, Refusal> {
        let lines = lines_of(ward, residents);
        let drafts = lines.iter().map(|line| match line {
            LineOf::Row((number, form)) => self
                .row_draft(*number, form, &SharedFields::default())
                .to_value(),
            LineOf::Stay(stay) => members_of(&stay.content),
        });
        let mut document = json!({
            "taken_at": format_instant(ward.taken_at),
            "missing": "depart",
            "stays": drafts.collect::<Vec<Value>>(),
        });
        if !ward.ward.is_empty() {
            document["scope"] = json!({ "ward": ward.ward });
        }
        if let Some(departures) = confirmed {
            document["confirm"] = json!({ "departures": departures });
        }
        let cost = [(self.facility.id, 1)];
        let ticket = &mut self.admitted.ticket;
        let charged = stays::charge(&self.app, &self.exchange, ticket, 1, &cost).await;
        charged.map_err(|_| Refusal::Overloaded)?;
        let trace_parent = self.exchange.trace_parent();
        let occasion = Occasion {
            sender: self.admitted.sender(),
            channel: Channel::Census,
            idempotency_key: Some(ward.key.as_str()).filter(|key| is_key(key)),
            received_at: self.now,
            trace_parent: Some(&trace_parent),
        };
        let intake = &self.app.intake;
        let report = intake.census(occasion, &self.facility, &document, is_dry_run);
        report.await
    }

    /// What to say of a list that was confirmed, and its lines that were refused.
    fn done(&self, ward: &WardForm, report: &CensusReport) -> (Note, Vec<NumberedForm>) {
        let words = self.reader.words;
        let (mut arrived, mut departed, mut changed, mut unchanged) = (0, 0, 0, 0);
        let mut refused = Vec::new();
        for entry in &report.entries {
            census::count(&entry.outcome);
            match &entry.outcome {
                Ok(Fate::Arrived) => arrived += 1,
                Ok(Fate::Departed) => departed += 1,
                Ok(Fate::Changed) => changed += 1,
                Ok(Fate::Unchanged | Fate::Asked) => unchanged += 1,
                Err(_) => {
                    let row = entry.index.and_then(|index| ward.rows.get(index));
                    refused.extend(row.cloned());
                }
            }
        }
        let changes = words.census_changes(arrived, departed, changed);
        let fact = words.census_done(arrived + changed + unchanged);
        let note = match refused.len() {
            0 => Note::done(fact, changes),
            count => Note::failed(words.census_rejected(count), format!("{fact} {changes}")),
        };
        (note, refused)
    }
}

/// The lines of the census: the pasted list first, in its order.
fn lines_of<'a>(ward: &'a WardForm, residents: &'a [StayLine]) -> Vec<LineOf<'a>> {
    let here = residents.iter().filter(|stay| ward.holds(stay));
    // Who was marked in a pasted list is in no line of it.
    let here = here.filter(|stay| ward.is_here(stay));
    let rows = ward.rows.iter().map(LineOf::Row);
    rows.chain(here.map(LineOf::Stay)).collect()
}

/// What a census may say of a stay: all that is known of it, so that nothing changes.
fn members_of(content: &Value) -> Value {
    let members = LINE_MEMBERS.iter().filter_map(|name| {
        let value = content.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    Value::Object(members.collect::<Map<String, Value>>())
}

fn differences(words: Words, people: [Vec<Person>; 6]) -> Vec<Difference> {
    let kinds = [
        (words.newcomers(), Icon::UserPlus, Tone::Ok),
        (words.gone(), Icon::Door, Tone::Soon),
        (words.moved(), Icon::Bed, Tone::Go),
        (words.newborns(), Icon::Baby, Tone::Attention),
        (words.unidentified(), Icon::Question, Tone::Attention),
        (words.corrected(), Icon::Pencil, Tone::Go),
    ];
    let kinds = kinds.into_iter().zip(people);
    kinds
        .filter(|(_, people)| !people.is_empty())
        .map(|((heading, icon, tone), people)| Difference {
            heading,
            icon,
            tone,
            people,
        })
        .collect()
}

/// Somebody who is known here.
fn resident(words: Words, stay: &StayLine, is_here: bool) -> Person {
    let text = |pointer| stay.text(pointer).unwrap_or_default();
    Person {
        name: stay.name(words),
        place: place_of(words, text("/room"), text("/bed")),
        said: String::new(),
        choice: Some(Here {
            stay_id: stay.stay.id,
            is_here,
        }),
    }
}

fn refused(number: usize, form: CardForm, refusal: Refusal) -> JudgedRow {
    let faults = refusal.into_faults();
    JudgedRow {
        number,
        label: None,
        form,
        faults,
        doubts: Vec::new(),
        is_marked: false,
    }
}

fn place_before(words: Words, before: &Whereabouts) -> String {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    place_of(words, &text(&before.room), &text(&before.bed))
}

fn place_of(words: Words, room: &str, bed: &str) -> String {
    match (room, bed) {
        ("", "") => String::new(),
        (room, "") => words.room_alone(room),
        ("", bed) => words.bed_alone(bed),
        (room, bed) => words.room_and_bed(room, bed),
    }
}

/// Whether a list names another place than a stay.
fn is_other(said: &str, known: Option<&str>) -> bool {
    !said.is_empty() && known != Some(said)
}

/// A place inside a sentence.
fn lower_first(place: &str) -> String {
    let mut letters = place.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;

    use super::*;

    #[test]
    fn a_place_is_told_as_far_as_it_is_known() {
        let words = Words(Language::Vi);
        let table = [
            ("301", "2", "Phòng 301 · giường 2"),
            ("301", "", "Phòng 301"),
            ("", "2", "Giường 2"),
            ("", "", ""),
        ];
        for (room, bed, expected) in table {
            assert_eq!(place_of(words, room, bed), expected);
        }
        assert_eq!(lower_first("Phòng 301"), "phòng 301");
        assert!(is_other("302", Some("301")));
        assert!(!is_other("", Some("301")));
    }

    #[test]
    fn a_line_about_somebody_known_says_all_and_nothing_of_the_service() {
        let content = json!({"facility_id": "x", "room": "1", "guest": {"full_name": "An"}});
        let line = members_of(&content);
        assert_eq!(line, json!({"room": "1", "guest": {"full_name": "An"}}));
    }
}
