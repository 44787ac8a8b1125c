//! Guests who are expected: noted one by one or pasted, removed, and listed until they are declared.

use chrono::{DateTime, Utc};
use domain::{
    document::masked_number,
    problem::{Code, Violation},
    text::fold,
    time::local_date,
    typed::{self, Leaning},
};
use pages::expected::ExpectedLine;
use pages::field::{Control, Field, FieldState};
use pages::note::Note;
use pages::today::{Expecting, Tab};
use pages::words::Words;
use poem::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::auth::{Access, op};
use crate::facilities::expected_guests::{self, NotedGuest};
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::today::content::TodayContent;
use crate::pages::{MadePage, see_other};
use crate::problem::Failure;
use crate::reads;

/// The fields of one guest: name and the member it becomes.
const FIELDS: [(&str, &str); 4] = [
    ("expected_name", "full_name"),
    ("expected_room", "room"),
    ("expected_number", "document_number"),
    ("expected_day", "expected_on"),
];
/// The field of many guests.
const PASTED: &str = "pasted";
/// What the first column of a list is called, folded.
const HEADINGS: [&str; 5] = ["HO TEN", "HO VA TEN", "TEN KHACH", "FULL NAME", "NAME"];
/// How many faults of pasted lines are told.
const FAULT_COUNT_MAX: usize = 5;

/// `POST /desk/expected`: notes a guest, or those of the pasted lines.
pub(super) async fn note(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::NoteExpectedGuests>::receive(request).await?;
    let document = document(&sent, visit.now);
    let (app, sender) = (&visit.app, visit.sender());
    let noted = expected_guests::note(app, sender, &visit.facility, &document, visit.now).await;
    match noted {
        Ok(guests) => {
            let count = guests.len();
            Ok(see_other(&format!(
                "/desk/today?tab=undeclared&noted={count}"
            )))
        }
        Err(failure) => {
            let faults = failure.errors().to_vec();
            if faults.is_empty() {
                return Err(failure.into());
            }
            let words = visit.reader.words;
            let content = TodayContent {
                tab: Tab::Undeclared,
                note: Some(Note::failed(words.not_saved(faults.len()), String::new())),
                unnoted: Some((sent, faults)),
                ..TodayContent::default()
            };
            visit.today(content).await
        }
    }
}

/// `POST /desk/expected/removal`: a guest will not come.
pub(super) async fn remove(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::RemoveExpectedGuest>::receive(request).await?;
    let id = Uuid::try_parse(sent.value("id")).map_err(|_| Failure::new(Code::NotFound))?;
    expected_guests::remove(&visit.app, visit.sender(), &visit.facility, id).await?;
    Ok(see_other("/desk/today?tab=undeclared&removed=1"))
}

impl<A: Access> Visit<A> {
    /// Guests who are expected until today and not declared yet.
    pub(in crate::pages) async fn expected(&self) -> Result<Vec<ExpectedLine>, Failure> {
        let until = (local_date(self.now), self.now);
        let guests = expected_guests::expected(&self.app, &self.facility, until).await?;
        if !guests.is_empty() {
            reads::note(&self.app, self.sender(), guests.len()).await;
        }
        Ok(guests.into_iter().map(line).collect())
    }
}

fn line(noted: NotedGuest) -> ExpectedLine {
    let number = noted.guest.document_number.as_deref();
    ExpectedLine {
        id: noted.id,
        room: noted.guest.room.unwrap_or_default(),
        number: number.map(masked_number).unwrap_or_default(),
        day: typed::written_day(noted.guest.expected_on),
        name: noted.guest.full_name,
    }
}

/// The guests of a form, in the contract's form. What cannot be read is passed on as it was typed,
/// so that the rules name it.
fn document(sent: &PageForm, now: DateTime<Utc>) -> Value {
    let pasted = sent.value(PASTED);
    if !pasted.trim().is_empty() {
        let guests = pasted_lines(pasted).map(|(_, cells)| pasted_guest(&cells));
        let guests: Vec<Value> = guests.collect();
        return json!({"items": guests});
    }
    let text = |name: &str| Some(sent.value(name).trim()).filter(|text| !text.is_empty());
    let day = text("expected_day").map(|typed| {
        let read = typed::day(typed, local_date(now), Leaning::Future);
        read.map_or_else(|| typed.to_owned(), |day| day.to_string())
    });
    json!({"items": [{
        "full_name": text("expected_name"),
        "room": text("expected_room"),
        "document_number": text("expected_number"),
        "expected_on": day,
    }]})
}

/// The lines with a guest, each with its number.
fn pasted_lines(pasted: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let lines = (1..).zip(pasted.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let lines = lines.map(|(number, line)| (number, cells(line)));
    lines.filter(|(_, cells)| !is_heading(cells))
}

/// The cells of a pasted line, as a spreadsheet, a list or a file parts them.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim_start_matches('\u{feff}');
    let by = match line.contains(['\t', ';']) {
        true => ['\t', ';'],
        false => [',', ','],
    };
    let cells = line.split(by);
    cells
        .map(|cell| cell.trim().trim_matches('"').trim())
        .collect()
}

/// Whether the cells name columns.
fn is_heading(cells: &[&str]) -> bool {
    let first = cells.first().map(|cell| fold(cell)).unwrap_or_default();
    HEADINGS.contains(&first.as_str())
}

/// A guest of a pasted line: name, room and number.
fn pasted_guest(cells: &[&str]) -> Value {
    let mut cells = cells.iter();
    let mut next = || cells.next().filter(|cell| !cell.is_empty());
    json!({"full_name": next(), "room": next(), "document_number": next()})
}

/// The forms that note guests; after faults with what was typed.
pub(in crate::pages) fn form(
    words: Words,
    unnoted: Option<&(PageForm, Vec<Violation>)>,
    now: DateTime<Utc>,
) -> Expecting {
    let pasted = unnoted.map_or("", |(sent, _)| sent.value(PASTED));
    let is_pasting = !pasted.trim().is_empty();
    let single = unnoted.filter(|_| !is_pasting);
    let fields = FIELDS.iter().map(|(name, member)| {
        let typed = single.map_or("", |(sent, _)| sent.value(name));
        let faults = single.map_or(&[][..], |(_, faults)| faults);
        field(words, name, typed, now).state(state(words, member, faults))
    });
    let faults = unnoted.filter(|_| is_pasting).map(|(_, faults)| faults);
    Expecting {
        fields: fields.collect(),
        pasted: Field::line(PASTED, words.pasted_guests(), pasted)
            .with(Control::Lines)
            .hint(words.pasted_hint())
            .state(faults.map_or(FieldState::Plain, |faults| {
                pasted_state(words, pasted, faults)
            })),
        is_pasting,
    }
}

fn field(words: Words, name: &'static str, typed: &str, now: DateTime<Utc>) -> Field {
    match name {
        "expected_name" => Field::line(name, words.full_name(), typed),
        "expected_room" => Field::line(name, words.room(), typed).aside(words.if_known()),
        "expected_number" => Field::line(name, words.number_if_known(), typed)
            .with(Control::Digits)
            .aside(words.if_known()),
        _ => {
            let today = typed::written_day(local_date(now));
            let day = if typed.is_empty() { &today } else { typed };
            Field::line(name, words.expected_on(), day).with(Control::Digits)
        }
    }
}

fn state(words: Words, member: &str, faults: &[Violation]) -> FieldState {
    let pointer = format!("/items/0/{member}");
    let fault = faults.iter().find(|fault| fault.pointer == pointer);
    fault.map_or(FieldState::Plain, |fault| {
        FieldState::Bad(said(words, fault))
    })
}

fn said(words: Words, fault: &Violation) -> String {
    match (fault.code, fault.pointer.rsplit('/').next()) {
        (Code::Required, Some("full_name")) => words.enter_expected_name().to_owned(),
        (Code::InvalidDate, _) => words.unreadable_day().to_owned(),
        (Code::OutOfRange, _) => words.day_out_of_range().to_owned(),
        (Code::TooManyItems, _) => words.too_many_lines().to_owned(),
        _ => fault.message(words.0),
    }
}

fn pasted_state(words: Words, pasted: &str, faults: &[Violation]) -> FieldState {
    let lines: Vec<usize> = pasted_lines(pasted).map(|(number, _)| number).collect();
    let told = faults.iter().take(FAULT_COUNT_MAX).map(|fault| {
        let index = fault.pointer.split('/').nth(2);
        let index: Option<usize> = index.and_then(|index| index.parse().ok());
        match index.and_then(|index| lines.get(index)) {
            Some(line) => words.line_is(line, said(words, fault)),
            None => said(words, fault),
        }
    });
    FieldState::Bad(told.collect::<Vec<_>>().join(" "))
}

/// What to say after guests were noted or removed, which the address names.
pub(in crate::pages) fn done(words: Words, query: &PageForm) -> Option<Note> {
    if !query.value("removed").is_empty() {
        return Some(Note::done(words.removed_guest().to_owned(), String::new()));
    }
    let count: usize = query.value("noted").parse().ok()?;
    Some(Note::done(words.noted_guests(count), String::new()))
}

#[cfg(test)]
mod tests {
    use domain::time::parse_instant;

    use super::*;

    #[test]
    fn pasted_lines_are_guests() {
        let now = parse_instant("2026-11-30T20:45:00+07:00").unwrap();
        let sent = PageForm::of_pair(
            PASTED,
            "Họ và tên\tPhòng\nNguyễn Văn An\t203\t038090001234\n\n Lê Mai ; 204\n;9\n\"An\",1",
        );
        let expected = json!({"items": [
            {"full_name": "Nguyễn Văn An", "room": "203", "document_number": "038090001234"},
            {"full_name": "Lê Mai", "room": "204", "document_number": null},
            {"full_name": null, "room": "9", "document_number": null},
            {"full_name": "An", "room": "1", "document_number": null},
        ]});
        assert_eq!(document(&sent, now), expected);
    }
}
