//! One thing for many guests: the number is named and asked for once, and each guest who could not
//! be changed is named with the reason.

use chrono::NaiveTime;
use domain::{
    change::{Change, Operation},
    problem::Code,
    stay::Channel,
    time::format_instant,
    typed::{self, Leaning},
};
use intake::{Occasion, Refusal};
use pages::bulk::{BulkGuest, BulkKind, BulkPage};
use pages::field::{Control, Field, FieldState};
use pages::note::Note;
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use serde_json::json;
use uuid::Uuid;

use super::Wanted;
use crate::auth::{Access, op};
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::stay::change::fault_text;
use crate::pages::{MadePage, html, lines, see_other};
use crate::problem::Failure;
use crate::stays;

/// How many guests one form may name; the whole list is asked for by its number.
const CHOSEN_COUNT_MAX: usize = 1_000;
/// How many guests are named on the page that asks.
const NAMED_COUNT_MAX: usize = 200;
/// Noon: a day without a time.
const NOON: NaiveTime = match NaiveTime::from_hms_opt(12, 0, 0) {
    Some(noon) => noon,
    None => NaiveTime::MIN,
};

/// `POST /desk/guests/departures`: the guests have left.
pub(super) async fn depart(request: Request) -> MadePage {
    carry_out::<op::DepartStay>(request, BulkKind::Departure).await
}

/// `POST /desk/guests/extensions`: they stay longer.
pub(super) async fn extend(request: Request) -> MadePage {
    carry_out::<op::ExtendStay>(request, BulkKind::Extension).await
}

/// `POST /desk/guests/transfers`: they move to another room.
pub(super) async fn transfer(request: Request) -> MadePage {
    carry_out::<op::AmendStay>(request, BulkKind::Transfer).await
}

async fn carry_out<A: Access>(request: Request, kind: BulkKind) -> MadePage {
    let (mut visit, sent, _) = Visit::<A>::receive(request).await?;
    let back = section_of(sent.value("back"));
    let guests = visit.chosen(&sent).await?;
    if guests.is_empty() {
        return Ok(see_other(&format!("{}?done=nobody", back.path())));
    }
    let asked = Asked { kind, back, sent };
    let words = visit.reader.words;
    let confirmed: usize = match asked.sent.value("confirmed") {
        "" => return visit.ask(&asked, guests, None).await,
        number => number.parse().unwrap_or_default(),
    };
    if confirmed != guests.len() {
        let fact = words.count_has_changed(guests.len());
        let note = Note::failed(fact, String::new());
        return visit.ask(&asked, guests, Some(note)).await;
    }
    let Some(change) = asked.change(&visit) else {
        let note = Note::failed(words.not_saved(1), String::new());
        return visit.ask(&asked, guests, Some(note)).await;
    };
    let done = guests.len();
    let left = visit.change_all(guests, &change).await?;
    if left.is_empty() {
        let (path, kind) = (back.path(), kind.as_str());
        return Ok(see_other(&format!("{path}?done={kind}&count={done}")));
    }
    let note = Note::failed(
        words.partly_done(left.len()),
        kind.done(words, done - left.len()),
    );
    visit.ask(&asked, left, Some(note)).await
}

/// What a form asks for.
struct Asked {
    kind: BulkKind,
    back: Section,
    sent: PageForm,
}

impl Asked {
    /// Where all guests of a list are meant: which.
    fn whole_list(&self) -> Option<Wanted> {
        let is_whole = !self.sent.value("all").is_empty();
        is_whole.then(|| Wanted::of(&self.sent))
    }

    /// The change; `None` where what was typed cannot be read.
    fn change<A: Access>(&self, visit: &Visit<A>) -> Option<Change> {
        let instant = |name, leaning| {
            let typed = self.sent.value(name);
            typed::instant(typed, visit.now, leaning, NOON).map(format_instant)
        };
        let (operation, document) = match self.kind {
            BulkKind::Departure => {
                let at = match self.sent.value("departed_at").trim() {
                    "" => format_instant(visit.now),
                    _ => instant("departed_at", Leaning::Near)?,
                };
                (Operation::Departure, json!({"departed_at": at}))
            }
            BulkKind::Extension => {
                let until = instant("extended_until", Leaning::Future)?;
                let document = json!({"expected_departure_at": until});
                (Operation::Extension, document)
            }
            BulkKind::Transfer => {
                let room = Some(self.sent.value("new_room").trim());
                let room = room.filter(|room| !room.is_empty())?;
                let reason = self.sent.value("reason");
                // Who moves leaves the bed behind.
                let document = json!({"room": room, "bed": null, "reason": reason});
                (Operation::Amendment, document)
            }
        };
        Some(Change {
            operation,
            document,
        })
    }

    fn fields<A: Access>(&self, visit: &Visit<A>) -> Vec<Field> {
        let words = visit.reader.words;
        let usual = |name, value: String| match self.sent.value("confirmed") {
            "" => value,
            _ => self.sent.value(name).to_owned(),
        };
        let field = |name, label, value, is_readable: bool, fault: &str| {
            let state = match is_readable {
                true => FieldState::Plain,
                false => FieldState::Bad(fault.to_owned()),
            };
            Field::line(name, label, usual(name, value)).state(state)
        };
        let is_readable = self.sent.value("confirmed").is_empty() || self.change(visit).is_some();
        match self.kind {
            BulkKind::Departure => {
                let (label, fault) = (words.departed_at(), words.unreadable_day());
                let field = field("departed_at", label, String::new(), is_readable, fault);
                vec![field.with(Control::Digits).aside(words.now())]
            }
            BulkKind::Extension => {
                let end = typed::written_instant(typed::usual_departure(visit.now, 1));
                let (label, fault) = (words.extend_until(), words.unreadable_day());
                let field = field("extended_until", label, end, is_readable, fault);
                vec![field.with(Control::Digits).hint(words.date_example())]
            }
            BulkKind::Transfer => {
                let reason = usual("reason", words.transfer_reason().to_owned());
                let room = field(
                    "new_room",
                    words.new_room(),
                    String::new(),
                    is_readable,
                    words.enter_room(),
                );
                let hint = words.reason_of_change_hint();
                vec![
                    room,
                    Field::line("reason", words.reason(), reason).hint(hint),
                ]
            }
        }
    }
}

impl<A: Access> Visit<A> {
    /// The guests that a form names, those of the facility who are there.
    async fn chosen(&self, sent: &PageForm) -> Result<Vec<BulkGuest>, Failure> {
        let words = self.reader.words;
        if !sent.value("all").is_empty() {
            let day = self.house_day().await?;
            let guests = day.wanted(&Wanted::of(sent));
            let lines = guests.iter().map(|one| day.line(words, one));
            return Ok(lines
                .map(|line| BulkGuest {
                    stay_id: line.stay_id,
                    version: line.version,
                    name: line.name,
                    room: line.room,
                    fault: None,
                })
                .collect());
        }
        let chosen: Vec<(Uuid, i32)> = sent
            .values("stay")
            .take(CHOSEN_COUNT_MAX)
            .filter_map(|chosen| {
                let (id, version) = chosen.split_once(':')?;
                Some((Uuid::try_parse(id).ok()?, version.parse().ok()?))
            })
            .collect();
        let ids: Vec<Uuid> = chosen.iter().map(|(id, _)| *id).collect();
        let stays = store::stays::find_many(&self.app.db, &ids, &[self.facility.id]).await?;
        let lines = lines::of(&self.app, stays, self.now).await?;
        let guests = chosen.iter().filter_map(|(id, version)| {
            let line = lines.iter().find(|line| line.stay.id == *id)?;
            Some(BulkGuest {
                stay_id: *id,
                version: *version,
                name: line.name(words),
                room: line.room().unwrap_or_default(),
                fault: (line.stay.version != *version).then(|| words.moved_meanwhile().to_owned()),
            })
        });
        Ok(guests.collect())
    }

    /// The page that names the guests and asks once.
    async fn ask(&self, asked: &Asked, guests: Vec<BulkGuest>, note: Option<Note>) -> MadePage {
        let words = self.reader.words;
        let due = self.due().await?;
        let count = guests.len();
        let is_retried = guests.iter().any(|guest| guest.fault.is_some());
        let whole_list = asked.whole_list().filter(|_| !is_retried);
        let title = asked.kind.said(words, count);
        let named_count = match whole_list {
            Some(_) => NAMED_COUNT_MAX,
            None => count,
        };
        let page = BulkPage {
            frame: self.frame(asked.back, title, &due).await?,
            note,
            kind: asked.kind,
            count,
            back: asked.back.path(),
            whole_list: whole_list.map(|wanted| (wanted.room, wanted.find)),
            fields: asked.fields(self),
            guests: self.current(guests, named_count).await?,
        };
        html::page(&self.reader, &page)
    }

    /// The first guests, those who were changed meanwhile with their newest version, so that what
    /// is confirmed is what is shown.
    async fn current(
        &self,
        mut guests: Vec<BulkGuest>,
        count: usize,
    ) -> Result<Vec<BulkGuest>, Failure> {
        guests.truncate(count);
        let moved = guests.iter().filter(|guest| guest.fault.is_some());
        let ids: Vec<Uuid> = moved.map(|guest| guest.stay_id).collect();
        let stays = store::stays::find_many(&self.app.db, &ids, &[self.facility.id]).await?;
        for guest in &mut guests {
            let stay = stays.iter().find(|stay| stay.id == guest.stay_id);
            guest.version = stay.map_or(guest.version, |stay| stay.version);
        }
        Ok(guests)
    }

    /// Makes the change for each guest; returns those for whom it was not made, with the reason.
    async fn change_all(
        &mut self,
        guests: Vec<BulkGuest>,
        change: &Change,
    ) -> Result<Vec<BulkGuest>, Failure> {
        let (moved, ready): (Vec<BulkGuest>, Vec<BulkGuest>) =
            guests.into_iter().partition(|guest| guest.fault.is_some());
        let count = u32::try_from(ready.len()).unwrap_or(u32::MAX);
        let cost = [(self.facility.id, count)];
        let ticket = &mut self.admitted.ticket;
        stays::charge(&self.app, &self.exchange, ticket, count, &cost).await?;
        let changes: Vec<(Uuid, Change)> = ready
            .iter()
            .map(|guest| (guest.stay_id, change.clone()))
            .collect();
        let trace_parent = self.exchange.trace_parent();
        let occasion = Occasion {
            sender: self.admitted.sender(),
            channel: Channel::Page,
            idempotency_key: None,
            received_at: self.now,
            trace_parent: Some(&trace_parent),
        };
        let outcomes = self.app.intake.change_many(occasion, &changes).await;
        let mut left = moved;
        for (guest, outcome) in ready.into_iter().zip(outcomes) {
            if let Err(refusal) = outcome {
                let fault = Some(self.reason(refusal));
                left.push(BulkGuest { fault, ..guest });
            }
        }
        Ok(left)
    }

    /// Why a guest's stay was not changed.
    fn reason(&mut self, refusal: Refusal) -> String {
        let words = self.reader.words;
        if let Refusal::Invalid(faults) = &refusal {
            let said = faults.iter().map(|fault| fault_text(words, fault));
            return said.collect::<Vec<_>>().join(" ");
        }
        let code = self.admitted.ticket.refuse(refusal).code();
        if code == Code::OutcomeUnknown {
            return words.not_known_whether_saved().to_owned();
        }
        format!("{}.", words.not_saved_because(code.title(words.0)))
    }
}

/// The page that a form came from.
fn section_of(back: &str) -> Section {
    let pages = [Section::Roster, Section::Household];
    let mut pages = pages.into_iter();
    pages
        .find(|section| section.path() == back)
        .unwrap_or(Section::Today)
}

/// What to say after a change, which the address names.
pub(in crate::pages) fn done(words: Words, query: &PageForm) -> Option<Note> {
    if query.value("done") == "nobody" {
        let fact = words.choose_somebody().to_owned();
        return Some(Note::failed(fact, words.choose_somebody_hint().to_owned()));
    }
    let mut kinds = BulkKind::ALL.into_iter();
    let kind = kinds.find(|kind| kind.as_str() == query.value("done"))?;
    let count: usize = query.value("count").parse().ok()?;
    Some(Note::done(kind.done(words, count), String::new()))
}
