//! The page on which a group is declared: one form with what all share and a row for each guest.
//! The rows live in the form until they are declared, so that nothing is stored of anybody who is
//! not.

use domain::problem::Code;
use domain::purpose::Purpose;
use domain::stay::Timeliness;
use domain::text::fold;
use domain::typed;
use intake::{Accepted, Refusal};
use pages::desk::card::{purposes, with_none};
use pages::desk::form::CardForm;
use pages::field::{Choice, Control, Field, FieldState};
use pages::group::{GroupPage, GroupScan, QuickRooms, RowCount, shown};
use pages::note::Note;
use pages::rows::{JudgedRow, RowState};
use pages::section::Section;
use poem::Request;
use poem::http::StatusCode;
use runtime::ids;
use serde_json::Value;

use super::enter::Visit;
use super::form::PageForm;
use super::rows::{self, NumberedForm, SharedFields};
use super::{MadePage, PageRoute, get, html, paste, post};
use crate::auth::{Access, op};
use crate::facilities::rooms as room_lists;
use crate::problem::Failure;
use crate::stays::batch::STAY_COUNT_MAX;

/// How many guests share a room unless something else is typed.
const USUAL_EACH: usize = 2;
/// Stands for the head of a group who has been declared.
const HEAD_IS_SENT: &str = "sent";

/// The pages of a group.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/desk/group", show),
        post("/desk/group", work),
        post("/desk/group/stays", declare),
    ]
}

/// `GET /desk/group`.
async fn show(request: Request) -> MadePage {
    let (visit, _) = Visit::<op::GroupPage>::open(request).await?;
    let group = TypedGroup::new(&visit);
    visit.group(StatusCode::OK, group, None).await
}

/// `POST /desk/group`: a scan, a table, rooms, or a correction.
async fn work(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::ValidateStay> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive_many(&request, &mut body).await?;
    visit.now = received_at;
    let mut group = TypedGroup::read(&sent);
    visit.act(&mut group, &sent).await?;
    visit.group(StatusCode::OK, group, None).await
}

/// `POST /desk/group/stays`: declares the rows that can be.
async fn declare(request: Request) -> MadePage {
    let (request, mut body) = request.split();
    let mut visit: Visit<op::DeclareStays> = Visit::begin(&request, &mut body).await?;
    let (sent, received_at) = PageForm::receive_many(&request, &mut body).await?;
    visit.now = received_at;
    let mut group = TypedGroup::read(&sent);
    match visit.declare_group(&mut group).await {
        Ok(note) => visit.group(StatusCode::OK, group, Some(note)).await,
        Err(failure) => {
            if failure.code() == Code::IdempotencyKeyReused {
                group.key = visit.new_key();
            }
            let note = visit.unsaved(&failure, visit.reader.words.rows_kept());
            visit.group(failure.status(), group, Some(note)).await
        }
    }
}

/// A group as its form says it.
#[derive(Default)]
struct TypedGroup {
    key: String,
    shared: SharedFields,
    /// The field of the head: a row, or that the head has been declared.
    head: String,
    /// How many guests the list says, as typed.
    count: String,
    rooms: QuickRooms,
    rows: Vec<NumberedForm>,
    /// Rows that are what the last action was about.
    marked: Vec<usize>,
    /// What was refused of rows that were sent, by number.
    refused: Vec<JudgedRow>,
    scan: GroupScan,
    table: Option<(String, String)>,
    note: Option<Note>,
}

impl TypedGroup {
    fn new<A: Access>(visit: &Visit<A>) -> Self {
        Self {
            key: visit.new_key(),
            shared: SharedFields {
                arrival: typed::written_instant(visit.now),
                departure: typed::written_instant(typed::usual_departure(visit.now, 1)),
                purpose: visit.facility.default_purpose().as_str().to_owned(),
                ..SharedFields::default()
            },
            rooms: QuickRooms {
                from: String::new(),
                each: USUAL_EACH.to_string(),
            },
            ..Self::default()
        }
    }

    fn read(form: &PageForm) -> Self {
        let text = |name| form.value(name).trim().to_owned();
        let head = text("head");
        let head_row = match head.as_str() {
            // No row has the number 0: everybody else is a member.
            HEAD_IS_SENT => Some(0),
            row => row.parse().ok(),
        };
        Self {
            key: text("key"),
            shared: SharedFields {
                arrival: text("arrival"),
                departure: text("departure"),
                purpose: text("purpose"),
                purpose_text: text("purpose_text"),
                party: text("group_name"),
                head: head_row,
            },
            head,
            count: text("count"),
            rooms: QuickRooms {
                from: text("from"),
                each: text("each"),
            },
            rows: rows::of_form(form),
            ..Self::default()
        }
    }

    /// The row of the same document.
    fn known(&self, form: &CardForm) -> Option<usize> {
        let number = fold(&form.number);
        let mut rows = self.rows.iter();
        let found = rows.find(|(_, row)| !number.is_empty() && fold(&row.number) == number);
        found.map(|(row, _)| *row)
    }

    /// Adds a row, unless there is one of the same document; the row, and whether it is new.
    fn add(&mut self, form: CardForm) -> Option<(usize, bool)> {
        if let Some(row) = self.known(&form) {
            return Some((row, false));
        }
        if self.rows.len() >= STAY_COUNT_MAX {
            return None;
        }
        let numbers = self.rows.iter().map(|(row, _)| *row);
        let row = numbers.max().unwrap_or_default().saturating_add(1);
        self.rows.push((row, form));
        Some((row, true))
    }

    fn row(&mut self, number: &str) -> Option<&mut CardForm> {
        let number: usize = number.parse().ok()?;
        let mut rows = self.rows.iter_mut();
        rows.find(|(row, _)| *row == number).map(|(_, form)| form)
    }

    fn said(&mut self, said: String) {
        self.scan.said = Some(said);
    }
}

impl<A: Access> Visit<A> {
    /// A key that makes sending a form twice harmless.
    pub(super) fn new_key(&self) -> String {
        ids::uuid_v7(&self.app.clock).to_string()
    }

    /// Does what a button, or Enter in the scan field, asks for.
    async fn act(&self, group: &mut TypedGroup, sent: &PageForm) -> Result<(), Failure> {
        let words = self.reader.words;
        let is_pressed = |name| !sent.value(name).is_empty();
        if is_pressed("rooms") {
            return self.assign(group).await;
        }
        if is_pressed("paste") || is_pressed("table") {
            return self.paste(group, sent.value("table")).await;
        }
        let (open, used, removed) = (sent.value("open"), sent.value("use"), sent.value("remove"));
        if let Some(row) = group.row(open) {
            row.is_open = true;
        }
        if let Some(row) = group.row(used) {
            rows::use_suggestion(row, self.now);
        }
        if group.row(removed).is_some() {
            group.rows.retain(|(row, _)| row.to_string() != removed);
            group.said(words.row_removed(removed));
        }
        self.scan_into(group, sent.value("scan"));
        Ok(())
    }

    fn scan_into(&self, group: &mut TypedGroup, text: &str) {
        let words = self.reader.words;
        let form = match self.recognised(text) {
            Ok(form) => form,
            Err(Code::Required) => return,
            Err(code) => {
                group.scan.value = text.to_owned();
                group.scan.fault = Some(code.detail(words.0).to_owned());
                return;
            }
        };
        let name = match form.full_name.as_str() {
            "" => form.number.clone(),
            name => name.to_owned(),
        };
        match group.add(form) {
            Some((row, is_new)) => {
                group.marked.push(row);
                group.said(match is_new {
                    true => words.row_added(row, name),
                    false => words.row_known(row, name),
                });
            }
            None => {
                text.clone_into(&mut group.scan.value);
                group.scan.fault = Some(words.too_many_rows(STAY_COUNT_MAX));
            }
        }
    }

    async fn paste(&self, group: &mut TypedGroup, text: &str) -> Result<(), Failure> {
        let words = self.reader.words;
        let read = paste::guests(text.to_owned(), self.now).await?;
        let Some(guests) = read.filter(|guests| !guests.is_empty()) else {
            group.table = Some((text.to_owned(), words.paste_unread().to_owned()));
            return Ok(());
        };
        let (mut added, mut known) = (0, 0);
        for guest in guests {
            match group.add(guest) {
                Some((row, true)) => {
                    group.marked.push(row);
                    added += 1;
                }
                Some((_, false)) => known += 1,
                None => {
                    let fault = words.too_many_rows(STAY_COUNT_MAX);
                    group.note = Some(Note::failed(fault, String::new()));
                    break;
                }
            }
        }
        group.said(match known {
            0 => words.rows_pasted(added),
            known => words.rows_pasted_known(added, known),
        });
        Ok(())
    }

    /// Gives rooms to guests without one; to all, where all have one.
    async fn assign(&self, group: &mut TypedGroup) -> Result<(), Failure> {
        let list = room_lists::current(&self.app, &self.facility).await?.list;
        let names: Vec<String> = list.rooms().iter().map(|room| room.name.clone()).collect();
        let each = group.rooms.each.parse().unwrap_or(USUAL_EACH).max(1);
        let is_all = group.rows.iter().all(|(_, row)| !row.room.is_empty());
        let from = group.rooms.from.clone();
        let mut count = 0;
        let guests = group.rows.iter_mut().map(|(_, row)| row);
        for guest in guests.filter(|row| is_all || row.room.is_empty()) {
            guest.room = room_after(&from, count / each, &names);
            count += 1;
        }
        group.said(self.reader.words.rows_roomed(count));
        Ok(())
    }

    /// The page of a group.
    async fn group(&self, status: StatusCode, group: TypedGroup, note: Option<Note>) -> MadePage {
        let words = self.reader.words;
        let due = self.due().await?;
        let mut judged = self.judged(group.rows, &group.shared);
        for row in &mut judged {
            row.is_marked = group.marked.contains(&row.number);
            let mut refused = group.refused.iter();
            if let Some(refused) = refused.find(|refused| refused.number == row.number) {
                row.faults.clone_from(&refused.faults);
            }
        }
        let count = RowCount::of(&judged);
        let is_faulty =
            group.scan.fault.is_some() || note.as_ref().is_some_and(|note| note.is_alert);
        let title = words.declare_a_group();
        let title = match is_faulty {
            true => words.error_title(title),
            false => title.to_owned(),
        };
        let fields = SharedFieldsForm {
            visit: self,
            shared: &group.shared,
            head: &group.head,
            count: &group.count,
            rows: &judged,
        };
        let page = GroupPage {
            frame: self.frame(Section::Group, title, &due).await?,
            note: note.or(group.note),
            key: group.key,
            shared: fields.all(),
            scan: group.scan,
            rooms: group.rooms,
            table: group.table,
            count,
            expected: group.count.parse().ok(),
            rows: shown(judged, self.row_surroundings()),
        };
        html::answer(&self.reader, status, &page)
    }
}

/// The room so many rooms after one: by the facility's list, else by counting.
fn room_after(from: &str, steps: usize, names: &[String]) -> String {
    let at = names.iter().position(|name| name == from);
    if let Some(name) = at.and_then(|at| names.get(at + steps)) {
        return name.clone();
    }
    let stem = from.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = from.strip_prefix(stem).unwrap_or_default();
    match digits.parse::<usize>() {
        Ok(number) => {
            let next = number.saturating_add(steps);
            format!("{stem}{next:0>width$}", width = digits.len())
        }
        Err(_) => from.to_owned(),
    }
}

/// Makes the fields that all rows share.
struct SharedFieldsForm<'a, A> {
    visit: &'a Visit<A>,
    shared: &'a SharedFields,
    head: &'a str,
    count: &'a str,
    rows: &'a [JudgedRow],
}

impl<A: Access> SharedFieldsForm<'_, A> {
    fn all(&self) -> Vec<Field> {
        let words = self.visit.reader.words;
        let shared = self.shared;
        let line =
            |name, label, value: &str, at| Field::line(name, label, value).state(self.state(at));
        let arrival = line("arrival", words.arrival(), &shared.arrival, "/arrival_at");
        let departure = line(
            "departure",
            words.expected_departure(),
            &shared.departure,
            "/expected_departure_at",
        );
        let purpose = line("purpose", words.purpose(), &shared.purpose, "/purpose");
        let other = line(
            "purpose_text",
            words.stated_purpose(),
            &shared.purpose_text,
            "/purpose_text",
        );
        let is_other = shared.purpose == Purpose::Other.as_str();
        let count = Field::line("count", words.group_count(), self.count);
        let is_count = self.count.is_empty() || self.count.parse::<usize>().is_ok();
        let count = match is_count {
            true => count,
            false => count.state(FieldState::Bad(words.unknown_count().to_owned())),
        };
        let fields = [
            Some(arrival.with(Control::Digits)),
            Some(departure.with(Control::Digits)),
            Some(purpose.with(Control::Choice(purposes(words)))),
            is_other.then_some(other),
            Some(line(
                "group_name",
                words.group_name(),
                &shared.party,
                "/party/reference",
            )),
            Some(Field::line("head", words.group_head(), self.head).with(self.heads())),
            Some(count.with(Control::Digits)),
        ];
        fields.into_iter().flatten().collect()
    }

    /// Who may lead the group.
    fn heads(&self) -> Control {
        let words = self.visit.reader.words;
        let sent = (self.head == HEAD_IS_SENT)
            .then(|| Choice::new(HEAD_IS_SENT, words.group_head_is_sent()));
        let rows = self.rows.iter();
        let rows = rows.map(|row| Choice::new(row.number.to_string(), row.name(words)));
        Control::Choice(with_none(words, sent.into_iter().chain(rows)))
    }

    fn state(&self, pointer: &str) -> FieldState {
        let words = self.visit.reader.words;
        let mut rows = self.rows.iter();
        let fault = rows.find_map(|row| {
            let mut faults = row.faults.iter();
            faults.find(|fault| fault.pointer == pointer && row.is_shared(fault))
        });
        match fault {
            Some(fault) => {
                let said = words.of_fault(pointer, fault.code);
                FieldState::Bad(said.map_or_else(|| fault.message(words.0), str::to_owned))
            }
            None => FieldState::Plain,
        }
    }
}

/// What became of the rows that were sent.
#[derive(Default)]
struct Sent {
    declared: usize,
    late: usize,
    replayed: usize,
}

impl Visit<op::DeclareStays> {
    /// Declares the rows that can be; they leave the group.
    ///
    /// Errors: nothing was saved, or it is not known whether it was.
    async fn declare_group(&mut self, group: &mut TypedGroup) -> Result<Note, Failure> {
        let words = self.reader.words;
        let judged = self.judged(group.rows.clone(), &group.shared);
        let judged = judged.into_iter();
        let mut good: Vec<JudgedRow> = judged.filter(|row| row.state() != RowState::Bad).collect();
        if good.is_empty() {
            let fact = words.nothing_was_saved().to_owned();
            return Ok(Note::failed(fact, words.nobody_to_send().to_owned()));
        }
        good.truncate(STAY_COUNT_MAX);
        let rows: Vec<&JudgedRow> = good.iter().collect();
        let outcomes = self.declare_rows(&rows, &group.shared, &group.key).await?;
        let mut sent = Sent::default();
        for (row, outcome) in good.into_iter().zip(outcomes) {
            match outcome {
                Ok(accepted) => {
                    sent.count(&accepted);
                    group.rows.retain(|(number, _)| *number != row.number);
                    if group.shared.head == Some(row.number) {
                        HEAD_IS_SENT.clone_into(&mut group.head);
                        group.shared.head = Some(0);
                    }
                }
                Err(refusal) => group.refused.push(refused(row, refusal)),
            }
        }
        group.key = self.new_key();
        Ok(self.said_of(&sent, group))
    }

    fn said_of(&self, sent: &Sent, group: &TypedGroup) -> Note {
        let words = self.reader.words;
        let left = group.rows.len();
        let stay = (left > 0).then(|| words.bad_rows_stay(left));
        let again = (sent.replayed > 0).then(|| words.group_replayed(sent.replayed));
        let safe = (sent.declared > 0).then(|| words.safe_and_sent().to_owned());
        let advice: Vec<String> = [again, stay, safe].into_iter().flatten().collect();
        let advice = advice.join(" ");
        match (sent.declared, sent.late) {
            (0, _) => Note::failed(words.nothing_was_saved().to_owned(), advice),
            (count, 0) => Note::done(words.group_declared(count), advice),
            (count, late) => Note::done(words.group_declared_late(count, late), advice),
        }
    }
}

impl Sent {
    fn count(&mut self, accepted: &Accepted) {
        let stay: Value = serde_json::from_str(&accepted.stay.json).unwrap_or_default();
        let timeliness = stay["timeliness"].as_str().and_then(Timeliness::parse);
        self.declared += 1;
        self.late += usize::from(timeliness == Some(Timeliness::Late));
        self.replayed += usize::from(accepted.is_replay);
    }
}

/// A row that was sent and refused.
fn refused(row: JudgedRow, refusal: Refusal) -> JudgedRow {
    JudgedRow {
        faults: refusal.into_faults(),
        ..row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_follow_the_list_or_are_counted() {
        let list = ["301", "302", "401"].map(str::to_owned);
        let table = [
            ("301", 1, "302"),
            ("302", 1, "401"),
            ("401", 2, "403"),
            ("A09", 1, "A10"),
            ("Sảnh", 3, "Sảnh"),
            ("", 1, ""),
        ];
        for (from, steps, expected) in table {
            assert_eq!(room_after(from, steps, &list), expected, "{from} {steps}");
        }
    }

    #[test]
    fn the_same_document_makes_no_second_row() {
        let guest = |number: &str| CardForm {
            number: number.to_owned(),
            ..CardForm::default()
        };
        let mut group = TypedGroup::default();
        assert_eq!(group.add(guest("C1")), Some((1, true)));
        assert_eq!(group.add(guest("c1")), Some((1, false)));
        assert_eq!(group.add(guest("")), Some((2, true)));
        assert_eq!(group.add(guest("")), Some((3, true)));
    }
}
