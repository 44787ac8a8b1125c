//! The rooms of a facility: the list is changed as a whole, from the version that was shown.

use domain::{
    problem::{Code, Violation},
    room::{Room, RoomKind, RoomList},
};
use intake::Expected;
use pages::field::{Choice, Control, Field, FieldState};
use pages::note::Note;
use pages::rooms::{ChangedRoom, RoomLine, RoomsPage};
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use serde_json::{Value, json};

use crate::auth::{Access, op};
use crate::facilities::rooms::{self, CurrentRooms};
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::{MadePage, html, see_other};
use crate::precondition::IfMatch;

/// How many rooms a row may add.
const ROW_COUNT_MAX: u32 = 200;
/// The fields of a room, which are its members in the contract's form.
const FIELDS: [&str; 5] = ["name", "kind", "capacity", "ward", "floor"];

/// `GET /desk/rooms`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::RoomsPage>::open(request).await?;
    let words = visit.reader.words;
    let is_saved = request.uri().query() == Some("saved=1");
    let note = is_saved.then(|| Note::done(words.rooms_saved().to_owned(), String::new()));
    let current = rooms::current(&visit.app, &visit.facility).await?;
    visit.rooms(current, RoomForm::default(), note).await
}

/// `POST /desk/rooms/change`: the same with the fields of a room.
pub(super) async fn change(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::RoomsPage>::receive(request).await?;
    let current = rooms::current(&visit.app, &visit.facility).await?;
    let form =
        match index_of(&sent).and_then(|index| Some((index, current.list.rooms().get(index)?))) {
            Some((index, room)) => RoomForm::of_room(index, room),
            None => RoomForm::default(),
        };
    visit.rooms(current, form, None).await
}

/// `POST /desk/rooms`: adds a room or a row of them, or changes or removes one.
pub(super) async fn save(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::ReplaceRooms>::receive(request).await?;
    let words = visit.reader.words;
    let current = rooms::current(&visit.app, &visit.facility).await?;
    let mut form = RoomForm::of(&sent);
    if sent.value("version") != current.version.to_string() {
        // Where the room stands by now is known by its name.
        form.find_again(&current.list);
        let fact = words.rooms_moved().to_owned();
        let note = Note::failed(fact, words.rooms_moved_hint().to_owned());
        return visit.rooms(current, form, Some(note)).await;
    }
    let list = match form.applied(&current.list, !sent.value("remove").is_empty()) {
        Ok(list) => list,
        Err(faults) => {
            let note = Note::failed(words.not_saved(faults.len()), String::new());
            form.faults = faults;
            return visit.rooms(current, form, Some(note)).await;
        }
    };
    let if_match = IfMatch(Expected::Versions(vec![current.version]));
    let (app, sender) = (&visit.app, visit.admitted.sender());
    let replaced = rooms::replace(app, sender, &visit.facility, &if_match, (list, visit.now));
    match replaced.await {
        Ok(_) => Ok(see_other("/desk/rooms?saved=1")),
        Err(failure) if failure.code() == Code::VersionMismatch => {
            let current = rooms::current(&visit.app, &visit.facility).await?;
            form.find_again(&current.list);
            let fact = words.rooms_moved().to_owned();
            let note = Note::failed(fact, words.rooms_moved_hint().to_owned());
            visit.rooms(current, form, Some(note)).await
        }
        Err(failure) => Err(failure.into()),
    }
}

fn index_of(sent: &PageForm) -> Option<usize> {
    sent.value("index").parse().ok()
}

/// The form of a room, as it was typed.
#[derive(Default)]
struct RoomForm {
    /// Which room is changed, and its name before.
    changed: Option<(usize, String)>,
    /// The values of the fields.
    values: [String; FIELDS.len()],
    /// The last room of a row.
    last: String,
    /// By the name of the field.
    faults: Vec<(&'static str, Violation)>,
}

impl RoomForm {
    fn of(sent: &PageForm) -> Self {
        let index = index_of(sent);
        Self {
            changed: index.map(|index| (index, sent.value("was").to_owned())),
            values: FIELDS.map(|name| sent.value(name).trim().to_owned()),
            last: sent.value("last").trim().to_owned(),
            faults: Vec::new(),
        }
    }

    fn of_room(index: usize, room: &Room) -> Self {
        Self {
            changed: Some((index, room.name.clone())),
            values: [
                room.name.clone(),
                room.kind.as_str().to_owned(),
                room.capacity.to_string(),
                room.ward.clone().unwrap_or_default(),
                room.floor.clone().unwrap_or_default(),
            ],
            ..Self::default()
        }
    }

    /// The room that is changed, where it stands in a newer list.
    fn find_again(&mut self, list: &RoomList) {
        let Some((_, was)) = self.changed.take() else {
            return;
        };
        let index = list.rooms().iter().position(|room| room.name == was);
        self.changed = index.map(|index| (index, was));
    }

    /// The list with what the form asks for.
    ///
    /// Errors: every fault of the room, by field.
    fn applied(
        &self,
        list: &RoomList,
        is_removal: bool,
    ) -> Result<RoomList, Vec<(&'static str, Violation)>> {
        let items = list.to_value();
        let mut items = items.as_array().cloned().unwrap_or_default();
        let first = match (&self.changed, is_removal) {
            (Some((index, _)), true) if *index < items.len() => {
                items.remove(*index);
                0
            }
            (Some((index, _)), false) if *index < items.len() => {
                if let Some(item) = items.get_mut(*index) {
                    *item = self.item(&self.values[0]);
                }
                *index
            }
            _ => {
                let first = items.len();
                items.extend(self.names()?.iter().map(|name| self.item(name)));
                first
            }
        };
        RoomList::read(&json!({"items": items})).map_err(|faults| of_fields(first, faults))
    }

    /// The names of the rooms that are added.
    fn names(&self) -> Result<Vec<String>, Vec<(&'static str, Violation)>> {
        let name = &self.values[0];
        if self.last.is_empty() {
            return Ok(vec![name.clone()]);
        }
        row(name, &self.last).ok_or_else(|| {
            let fault = Violation::new("/items/0/last", Code::OutOfRange);
            vec![("last", fault)]
        })
    }

    fn item(&self, name: &str) -> Value {
        let [_, kind, capacity, ward, floor] = &self.values;
        let text = |text: &str| match text {
            "" => Value::Null,
            text => json!(text),
        };
        let count: Result<u32, _> = capacity.parse();
        json!({
            "name": text(name),
            "kind": text(kind),
            "capacity": count.map_or_else(|_| text(capacity), |count| json!(count)),
            "ward": text(ward),
            "floor": text(floor),
        })
    }

    fn fields(&self, words: Words) -> Vec<Field> {
        let [name, kind, capacity, ward, floor] = &self.values;
        let kind = match kind.as_str() {
            "" => RoomKind::Room.as_str(),
            kind => kind,
        };
        let kinds = RoomKind::ALL.iter().map(|kind| {
            let label = of_kind(words, *kind);
            Choice::new(kind.as_str(), label)
        });
        let mut fields = vec![Field::line("name", words.room_name(), name)];
        if self.changed.is_none() {
            fields.push(
                Field::line("last", words.last_room(), self.last.as_str())
                    .aside(words.if_any())
                    .hint(words.last_room_hint()),
            );
        }
        fields.extend([
            Field::line("kind", words.room_kind(), kind).with(Control::Choice(kinds.collect())),
            Field::line("capacity", words.capacity(), capacity).with(Control::Digits),
            Field::line("ward", words.house_or_ward(), ward).aside(words.if_any()),
            Field::line("floor", words.floor(), floor)
                .aside(words.if_any())
                .hint(words.floor_hint()),
        ]);
        let fields = fields.into_iter();
        fields
            .map(|field| {
                let state = self.state(words, field.name);
                field.state(state)
            })
            .collect()
    }

    fn state(&self, words: Words, name: &str) -> FieldState {
        let fault = self.faults.iter().find(|(field, _)| *field == name);
        fault.map_or(FieldState::Plain, |(field, fault)| {
            FieldState::Bad(said(words, field, fault))
        })
    }
}

fn said(words: Words, field: &str, fault: &Violation) -> String {
    match (field, fault.code) {
        ("last", _) => words.row_unreadable().to_owned(),
        ("capacity", _) => words.enter_capacity().to_owned(),
        ("name", Code::Required) => words.enter_room().to_owned(),
        ("name", Code::Duplicate) => words.room_known().to_owned(),
        (_, Code::TooLong) => words.room_too_long().to_owned(),
        _ => fault.message(words.0),
    }
}

/// The faults of the rooms from `first` on, each field's first; those of the list at the name.
fn of_fields(first: usize, faults: Vec<Violation>) -> Vec<(&'static str, Violation)> {
    let mut by_field: Vec<(&'static str, Violation)> = Vec::new();
    for fault in faults {
        let mut parts = fault.pointer.split('/').skip(2);
        let index: Option<usize> = parts.next().and_then(|index| index.parse().ok());
        let member = parts.next().unwrap_or_default();
        let is_new = index.is_none_or(|index| index >= first);
        let field = FIELDS.into_iter().find(|name| *name == member);
        let field = field.unwrap_or("name");
        if is_new && by_field.iter().all(|(known, _)| *known != field) {
            by_field.push((field, fault));
        }
    }
    by_field
}

/// The names from one room to another: `301` to `310`, `A1` to `A9`.
fn row(first: &str, last: &str) -> Option<Vec<String>> {
    let (head, from) = parted(first)?;
    let (tail_head, to) = parted(last)?;
    let width = first.len() - head.len();
    let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
    let count = to.checked_sub(from)?;
    if head != tail_head || count == 0 || count > ROW_COUNT_MAX {
        return None;
    }
    let names = (from..=to).map(|number| format!("{head}{number:0width$}"));
    Some(names.collect())
}

/// What a name begins with, and the number at its end.
fn parted(name: &str) -> Option<(&str, &str)> {
    let head = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = name.get(head.len()..)?;
    (!number.is_empty()).then_some((head, number))
}

const fn of_kind(words: Words, kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Room => words.kind_room(),
        RoomKind::Bed => words.kind_bed(),
    }
}

impl<A: Access> Visit<A> {
    async fn rooms(&self, current: CurrentRooms, form: RoomForm, note: Option<Note>) -> MadePage {
        let words = self.reader.words;
        let due = self.due().await?;
        let rooms = current.list.rooms();
        let places: u32 = rooms.iter().map(|room| room.capacity).sum();
        let page = RoomsPage {
            summary: words.rooms_hold(rooms.len(), places),
            rooms: rooms
                .iter()
                .enumerate()
                .map(|line| of_line(words, line))
                .collect(),
            version: current.version,
            fields: form.fields(words),
            changed: form
                .changed
                .map(|(index, name)| ChangedRoom { index, name }),
            frame: self
                .frame(Section::Rooms, words.rooms_title().to_owned(), &due)
                .await?,
            note,
        };
        html::page(&self.reader, &page)
    }
}

fn of_line(words: Words, (index, room): (usize, &Room)) -> RoomLine {
    let floor = room.floor.as_deref();
    let floor = floor.or_else(|| pages::guests::floor_of(&room.name));
    RoomLine {
        index,
        name: room.name.clone(),
        kind: of_kind(words, room.kind),
        ward: room.ward.clone().unwrap_or_default(),
        floor: floor.unwrap_or_default().to_owned(),
        capacity: room.capacity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_rooms_has_every_number_between() {
        let names = |first, last| row(first, last).map(|names| names.join(" "));
        let table = [
            (("301", "303"), Some("301 302 303")),
            (("A09", "A11"), Some("A09 A10 A11")),
            (("301", "301"), None),
            (("303", "301"), None),
            (("A1", "B3"), None),
            (("một", "hai"), None),
            (("1", "999"), None),
        ];
        for ((first, last), expected) in table {
            assert_eq!(names(first, last).as_deref(), expected, "{first} {last}");
        }
    }

    #[test]
    fn faults_stand_at_the_fields_of_the_room() {
        let list = RoomList::default();
        let form = RoomForm {
            values: ["", "room", "x", "", ""].map(str::to_owned),
            ..RoomForm::default()
        };
        let faults = form.applied(&list, false).unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["name", "capacity"]);
    }
}
