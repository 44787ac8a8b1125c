//! The register of guests (sổ lưu trú) of a day or a month. Numbers of documents are masked unless
//! whole ones are asked for by a form; each time it is opened is audited.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};
use domain::{
    birth_date::BirthDate,
    catalogue::VIET_NAM_CODE,
    country,
    document::{DocumentKind, masked_number},
    facility::Facility,
    occupancy::Occupant,
    personal_id::PersonalId,
    problem::Language,
    purpose::Purpose,
    sex::Sex,
    time::{at_local, local_date, parse_day},
    typed,
};
use pages::moment;
use pages::register::{RegisterLine, RegisterPage};
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use serde_json::Value;

use crate::auth::op;
use crate::facilities::occupancy;
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::{MadePage, html};
use crate::paper;
use crate::reads;

/// How many guests one register holds: those of a month at the largest resort.
const LINE_COUNT_MAX: usize = 5_000;

/// `GET /desk/register`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::RegisterPage>::open(request).await?;
    let asked = Period::of(&PageForm::of_query(&request), local_date(visit.now));
    visit.register(asked, false).await
}

/// `POST /desk/register`: the same, with whole numbers where they are asked for.
pub(super) async fn show_asked(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::RegisterPage>::receive(request).await?;
    let asked = Period::of(&sent, local_date(visit.now));
    visit.register(asked, !sent.value("whole").is_empty()).await
}

/// A day or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Day(NaiveDate),
    /// By its first day.
    Month(NaiveDate),
}

impl Period {
    /// What a form asks for; today when it asks for none.
    fn of(form: &PageForm, today: NaiveDate) -> Self {
        let month = parse_day(&format!("{}-01", form.value("month")));
        let day = parse_day(form.value("date"));
        match (day, month) {
            (Some(day), _) => Self::Day(day),
            (None, Some(month)) => Self::Month(month),
            (None, None) => Self::Day(today),
        }
    }

    /// From its first instant to the first after it.
    fn bounds(self) -> (DateTime<Utc>, DateTime<Utc>) {
        let (first, next) = match self {
            Self::Day(day) => (day, day.checked_add_days(Days::new(1))),
            Self::Month(month) => (month, month.checked_add_months(Months::new(1))),
        };
        let start = |day| at_local(day, NaiveTime::MIN);
        (start(first), start(next.unwrap_or(first)))
    }

    fn said(self, words: Words) -> String {
        match self {
            Self::Day(day) => words.register_of_day(typed::written_day(day)),
            Self::Month(month) => words.register_of_month(month.format("%m/%Y")),
        }
    }

    fn asked(self) -> (&'static str, String) {
        match self {
            Self::Day(day) => ("date", day.to_string()),
            Self::Month(month) => ("month", month.format("%Y-%m").to_string()),
        }
    }

    const fn first_day(self) -> NaiveDate {
        match self {
            Self::Day(day) | Self::Month(day) => day,
        }
    }
}

impl Visit<op::RegisterPage> {
    async fn register(&self, period: Period, is_whole: bool) -> MadePage {
        let words = self.reader.words;
        let line = |guest: Occupant, content: &Value| {
            let at = guest.arrival_at;
            let line = RegisterLine {
                document: document(words, content, is_whole),
                ..line(words, &self.facility, &guest, content)
            };
            ((at, guest.stay_id), line)
        };
        let bounds = period.bounds();
        let read = occupancy::between(&self.app, &self.facility, bounds, line);
        let (mut lines, unreadable) = read.await?;
        lines.sort_by_key(|(place, _)| *place);
        let count = lines.len();
        lines.truncate(LINE_COUNT_MAX);
        reads::note_register(&self.app, self.sender(), &self.facility, count).await;
        let numbered = lines.into_iter().zip(1..);
        let lines: Vec<RegisterLine> = numbered
            .map(|((_, line), number)| RegisterLine { number, ..line })
            .collect();
        let place = paper::place(&self.app, &self.facility);
        let due = self.due().await?;
        let title = words.register_title().to_owned();
        let frame = self.frame(Section::Today, title.clone(), &due).await?;
        let first_day = period.first_day();
        let page = RegisterPage {
            head: self.reader.head(title),
            facility: place.name,
            address: place.address,
            asked: period.asked(),
            period: period.said(words),
            day: first_day.to_string(),
            month: first_day.format("%Y-%m").to_string(),
            is_whole,
            left_out_count: unreadable.len() + count - lines.len(),
            lines,
            made: words.made_at(typed::written_instant(self.now), frame.person),
        };
        html::page(&self.reader, &page)
    }
}

fn line(words: Words, facility: &Facility, guest: &Occupant, content: &Value) -> RegisterLine {
    let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
    let known = GuestFacts::of(content, local_date(guest.arrival_at));
    let purpose = text("/purpose").and_then(Purpose::parse);
    let purpose = purpose.unwrap_or_else(|| facility.default_purpose());
    let room = text("/room").or_else(|| text("/bed"));
    let residence = text("/guest/residence/address");
    let name = guest.full_name.as_deref();
    RegisterLine {
        number: 0,
        name: name.unwrap_or_else(|| words.unnamed()).to_owned(),
        birth: known.birth,
        sex: known.sex.map(|sex| words.of_sex(sex)).unwrap_or_default(),
        nationality: known
            .nation
            .map_or_else(String::new, |code| nation(words, code)),
        document: String::new(),
        residence: residence.unwrap_or_default().to_owned(),
        room: room.unwrap_or_default().to_owned(),
        arrival: moment::short(guest.arrival_at),
        departure: departure(words, guest),
        purpose: words.of_purpose(purpose).to_owned(),
    }
}

/// What is known of a guest; what was not declared is read from the personal number.
struct GuestFacts<'a> {
    birth: String,
    sex: Option<Sex>,
    nation: Option<&'a str>,
}

impl<'a> GuestFacts<'a> {
    fn of(content: &'a Value, day: NaiveDate) -> Self {
        let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
        let number = text("/guest/document/number").unwrap_or_default();
        let of_citizen = text("/guest/document/kind") == Some(DocumentKind::CitizenCard.as_str());
        let id = PersonalId::parse(number, day).ok().filter(|_| of_citizen);
        let birth = text("/guest/birth_date").and_then(BirthDate::parse);
        let birth = birth.map(typed::written_birth_date);
        let birth_year = id.as_ref().map(|id| id.birth_year().to_string());
        let sex = text("/guest/sex").and_then(Sex::parse);
        Self {
            birth: birth.or(birth_year).unwrap_or_default(),
            sex: sex.or_else(|| id.as_ref().map(PersonalId::sex)),
            nation: text("/guest/nationality").or(id.map(|_| VIET_NAM_CODE)),
        }
    }
}

fn departure(words: Words, guest: &Occupant) -> String {
    let expected = guest.expected_departure_at.map(moment::short);
    match guest.departed_at {
        Some(at) => moment::short(at),
        None => expected
            .map(|at| words.expected_mark(at))
            .unwrap_or_default(),
    }
}

fn nation(words: Words, code: &str) -> String {
    let names = country::names(code);
    let name = names.map(|(vi, en)| match words.0 {
        Language::Vi => vi,
        Language::En => en,
    });
    name.unwrap_or(code).to_owned()
}

fn document(words: Words, content: &Value, is_whole: bool) -> String {
    let text = |name: &str| {
        content
            .pointer(&format!("/guest/document/{name}"))?
            .as_str()
    };
    let kind = text("kind").and_then(DocumentKind::parse);
    let kind = kind
        .map(|kind| words.of_document_kind(kind))
        .unwrap_or_default();
    match text("number") {
        Some(number) if is_whole => format!("{kind} {number}"),
        Some(number) => format!("{kind} {}", masked_number(number)),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_day_or_a_month() {
        let day = |text: &str| parse_day(text).unwrap();
        let today = day("2026-11-30");
        let table = [
            ("date", "2026-11-27", Period::Day(day("2026-11-27"))),
            ("month", "2026-12", Period::Month(day("2026-12-01"))),
            ("month", "12", Period::Day(today)),
            ("other", "", Period::Day(today)),
        ];
        for (name, value, expected) in table {
            assert_eq!(Period::of(&PageForm::of_pair(name, value), today), expected);
        }
        let (from, to) = Period::Month(day("2026-12-01")).bounds();
        assert_eq!((to - from).num_days(), 31);
    }
}
