//! The forms of a stay's page: correction, extension, departure, cancellation, and undoing what was
//! declared a moment ago.

use chrono::{DateTime, NaiveTime, Utc};
use domain::{
    change::{Change, Operation},
    problem::{Code, Violation},
    purpose::Purpose,
    stay::{Channel, Presence},
    time::{format_instant, local_date, parse_instant},
    typed::{self, Leaning},
};
use intake::{Expected, Occasion, Refusal};
use pages::field::{Choice, Control, Field, FieldState};
use pages::note::Note;
use pages::stay::{ChangeForm as Kind, Changes};
use pages::words::Words;
use poem::Request;
use poem::http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{StayContent, id_of};
use crate::auth::{Access, op};
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::lines::StayLine;
use crate::pages::{MadePage, see_other};
use crate::problem::Failure;
use crate::stays;

/// The fields of a correction: name and the member it changes.
const AMENDED: [(&str, &str); 8] = [
    ("full_name", "/guest/full_name"),
    ("number", "/guest/document/number"),
    ("birth_date", "/guest/birth_date"),
    ("room", "/room"),
    ("arrival", "/arrival_at"),
    ("departure", "/expected_departure_at"),
    ("phone", "/guest/phone"),
    ("purpose", "/purpose"),
];
/// Noon: a day without a time.
const NOON: NaiveTime = match NaiveTime::from_hms_opt(12, 0, 0) {
    Some(noon) => noon,
    None => NaiveTime::MIN,
};

/// A form that came back.
pub(in crate::pages) struct ReturnedForm {
    kind: Kind,
    typed: PageForm,
    faults: Vec<Violation>,
}

/// `POST /desk/stays/{id}/undo`: withdraws what was declared a moment ago. Once the police may have
/// heard of it, nothing is done, and the page of the stay says so.
pub(in crate::pages) async fn undo(request: Request) -> MadePage {
    let (mut visit, sent, request) = Visit::<op::CancelStay>::receive(request).await?;
    let id = id_of(&request)?;
    match visit.withdraw(id, &sent).await {
        Ok(true) => Ok(see_other(&format!("/desk?undone={id}"))),
        Ok(false) => Ok(see_other(&format!("/desk/stays/{id}?done=sent"))),
        Err(Unchanged::Invalid(faults)) => Err(Failure::invalid(faults).into()),
        Err(Unchanged::Moved(_)) => Err(Failure::new(Code::VersionMismatch).into()),
        Err(Unchanged::Failed(failure)) => Err(failure.into()),
    }
}

/// `POST /desk/stays/{id}/amendment`.
pub(in crate::pages) async fn amend(request: Request) -> MadePage {
    carry_out::<op::AmendStay>(request, Kind::Amendment).await
}

/// `POST /desk/stays/{id}/departure`.
pub(in crate::pages) async fn depart(request: Request) -> MadePage {
    carry_out::<op::DepartStay>(request, Kind::Departure).await
}

/// `POST /desk/stays/{id}/extension`.
pub(in crate::pages) async fn extend(request: Request) -> MadePage {
    carry_out::<op::ExtendStay>(request, Kind::Extension).await
}

/// `POST /desk/stays/{id}/cancellation`.
pub(in crate::pages) async fn cancel(request: Request) -> MadePage {
    carry_out::<op::CancelStay>(request, Kind::Cancellation).await
}

async fn carry_out<A: Access>(request: Request, kind: Kind) -> MadePage {
    let (mut visit, sent, request) = Visit::<A>::receive(request).await?;
    let id = id_of(&request)?;
    let change = requested(kind, &sent, visit.now);
    match visit.change(id, &sent, &change).await {
        Ok(()) => Ok(see_other(&format!("/desk/stays/{id}?done={}", word(kind)))),
        Err(refused) => {
            let (note, faults) = visit.refused(refused)?;
            let content = StayContent {
                note: Some(note),
                returned: Some(ReturnedForm {
                    kind,
                    typed: sent,
                    faults,
                }),
                ..StayContent::default()
            };
            visit.stay(id, StatusCode::OK, content).await
        }
    }
}

/// Why a change was not made.
enum Unchanged {
    /// It breaks rules.
    Invalid(Vec<Violation>),
    /// Somebody else has changed the stay.
    Moved(i32),
    /// Something else.
    Failed(Failure),
}

impl<A: Access> Visit<A> {
    /// Makes one change to the version that the form was shown for.
    async fn change(
        &mut self,
        id: Uuid,
        sent: &PageForm,
        change: &Change,
    ) -> Result<(), Unchanged> {
        self.pay_for_a_change().await?;
        let trace_parent = self.exchange.trace_parent();
        let occasion = self.occasion(&trace_parent);
        let expected = version_of(sent);
        let answer = self.app.intake.change(occasion, id, &expected, change);
        match answer.await {
            Ok(_) => Ok(()),
            Err(refusal) => Err(self.unchanged(refusal)),
        }
    }

    /// Takes a stay back whose notification is held; tells whether it still was.
    async fn withdraw(&mut self, id: Uuid, sent: &PageForm) -> Result<bool, Unchanged> {
        self.pay_for_a_change().await?;
        let reason = Words(domain::problem::Language::Vi).undo_reason();
        let trace_parent = self.exchange.trace_parent();
        let occasion = self.occasion(&trace_parent);
        let expected = version_of(sent);
        let answer = self.app.intake.withdraw(occasion, id, &expected, reason);
        match answer.await {
            Ok(withdrawn) => Ok(withdrawn.is_some()),
            Err(refusal) => Err(self.unchanged(refusal)),
        }
    }

    async fn pay_for_a_change(&mut self) -> Result<(), Unchanged> {
        let cost = [(self.facility.id, 1)];
        let ticket = &mut self.admitted.ticket;
        let paid = stays::charge(&self.app, &self.exchange, ticket, 1, &cost).await;
        paid.map_err(Unchanged::Failed)
    }

    fn occasion<'a>(&'a self, trace_parent: &'a str) -> Occasion<'a> {
        Occasion {
            sender: self.admitted.sender(),
            channel: Channel::Page,
            idempotency_key: None,
            received_at: self.now,
            trace_parent: Some(trace_parent),
        }
    }

    fn unchanged(&mut self, refusal: Refusal) -> Unchanged {
        if let Refusal::VersionMismatch { version } = refusal {
            Unchanged::Moved(version)
        } else if let Refusal::Invalid(faults) = refusal {
            Unchanged::Invalid(faults)
        } else {
            Unchanged::Failed(self.admitted.ticket.refuse(refusal))
        }
    }

    /// What to say of a change that was not made, and which fields it concerns.
    ///
    /// Errors: what no form can mend.
    fn refused(&self, refused: Unchanged) -> Result<(Note, Vec<Violation>), Failure> {
        let words = self.reader.words;
        Ok(match refused {
            Unchanged::Invalid(faults) => {
                let said = faults.iter().map(|fault| fault_text(words, fault));
                let advice = said.collect::<Vec<_>>().join(" ");
                (Note::failed(words.not_saved(faults.len()), advice), faults)
            }
            Unchanged::Moved(version) => (
                Note::failed(
                    words.changed_meanwhile(version),
                    words.kept_as_typed().to_owned(),
                ),
                Vec::new(),
            ),
            Unchanged::Failed(failure) if failure.code() == Code::NotFound => return Err(failure),
            Unchanged::Failed(failure) => {
                let reason = failure.code().title(words.0);
                let fix = failure.code().fix(words.0).to_owned();
                (
                    Note::failed(format!("{}.", words.not_saved_because(reason)), fix),
                    Vec::new(),
                )
            }
        })
    }
}

/// The version that a form was shown for.
fn version_of(sent: &PageForm) -> Expected {
    Expected::Versions(sent.value("version").parse().into_iter().collect())
}

/// A violation in words, with the member it concerns.
pub(in crate::pages) fn fault_text(words: Words, fault: &Violation) -> String {
    let said = words.of_fault(&fault.pointer, fault.code);
    let said = said.map_or_else(|| fault.message(words.0), str::to_owned);
    words.at_field(words.of_member(&fault.pointer), said)
}

/// What a form asks for. What cannot be read is sent as it was typed, so that the rules name it.
fn requested(kind: Kind, sent: &PageForm, now: DateTime<Utc>) -> Change {
    let instant = |name: &str, leaning| {
        let typed = sent.value(name);
        let read = typed::instant(typed, now, leaning, NOON).map(format_instant);
        read.unwrap_or_else(|| typed.trim().to_owned())
    };
    let of = |operation, document| Change {
        operation,
        document,
    };
    match kind {
        Kind::Departure => of(
            Operation::Departure,
            json!({"departed_at": instant("departed_at", Leaning::Near)}),
        ),
        Kind::Extension => of(
            Operation::Extension,
            json!({"expected_departure_at": instant("extended_until", Leaning::Future)}),
        ),
        Kind::Cancellation => of(
            Operation::Cancellation,
            json!({"reason": sent.value("cancellation_reason")}),
        ),
        Kind::Amendment => {
            let mut document = Map::new();
            for (name, pointer) in AMENDED {
                put(&mut document, pointer, amended(name, sent.value(name), now));
            }
            document.insert("reason".to_owned(), json!(sent.value("amendment_reason")));
            of(Operation::Amendment, Value::Object(document))
        }
    }
}

/// A value of a correction; an empty field takes its member away.
fn amended(name: &str, typed: &str, now: DateTime<Utc>) -> Value {
    let typed = typed.trim();
    if typed.is_empty() {
        return Value::Null;
    }
    let today = local_date(now);
    let instant = |leaning| typed::instant(typed, now, leaning, NOON).map(format_instant);
    let read = match name {
        "birth_date" => typed::birth_date(typed, today).map(domain::birth_date::BirthDate::to_text),
        "arrival" => instant(Leaning::Near),
        "departure" => instant(Leaning::Future),
        _ => None,
    };
    json!(read.unwrap_or_else(|| typed.to_owned()))
}

/// Puts a value at a pointer, with the objects on the way.
fn put(document: &mut Map<String, Value>, pointer: &str, value: Value) {
    let mut names: Vec<&str> = pointer.split('/').skip(1).collect();
    let Some(last) = names.pop() else { return };
    let mut at = document;
    for name in names {
        let next = at.entry(name).or_insert_with(|| json!({}));
        let Value::Object(members) = next else { return };
        at = members;
    }
    at.insert(last.to_owned(), value);
}

/// The forms that a stay's state allows.
pub(super) fn forms(
    words: Words,
    line: &StayLine,
    returned: Option<&ReturnedForm>,
    now: DateTime<Utc>,
) -> Changes {
    let is_present = line.state.presence == Presence::Present;
    let is_open = line.state.presence != Presence::Cancelled;
    let maker = FieldMaker { returned, words };
    let planned = line.text("/expected_departure_at").and_then(parse_instant);
    let planned = planned.map(typed::written_instant).unwrap_or_default();
    let left = typed::written_instant(now);
    Changes {
        amendment: is_open.then(|| maker.amendment(line)),
        extension: is_present.then(|| {
            maker
                .field(
                    Kind::Extension,
                    ("extended_until", words.extend_until(), &planned),
                    "/expected_departure_at",
                )
                .with(Control::Digits)
                .hint(words.date_example())
        }),
        departure: is_present.then(|| {
            maker
                .field(
                    Kind::Departure,
                    ("departed_at", words.departed_at(), &left),
                    "/departed_at",
                )
                .with(Control::Digits)
        }),
        cancellation: is_open.then(|| {
            maker
                .field(
                    Kind::Cancellation,
                    ("cancellation_reason", words.reason(), ""),
                    "/reason",
                )
                .with(Control::Lines)
        }),
        open: returned.map(|returned| returned.kind),
    }
}

/// Makes the fields of forms, those of a form that came back with what was typed.
struct FieldMaker<'a> {
    returned: Option<&'a ReturnedForm>,
    words: Words,
}

impl FieldMaker<'_> {
    fn field(
        &self,
        kind: Kind,
        (name, label, value): (&'static str, &'static str, &str),
        pointer: &str,
    ) -> Field {
        let Some(returned) = self.returned.filter(|returned| returned.kind == kind) else {
            return Field::line(name, label, value);
        };
        let fault = returned
            .faults
            .iter()
            .find(|fault| fault.pointer == pointer);
        let state = fault.map_or(FieldState::Plain, |fault| {
            let said = self.words.of_fault(&fault.pointer, fault.code);
            FieldState::Bad(said.map_or_else(|| fault.message(self.words.0), str::to_owned))
        });
        Field::line(name, label, returned.typed.value(name)).state(state)
    }

    fn amendment(&self, line: &StayLine) -> Vec<Field> {
        let words = self.words;
        let mut fields: Vec<Field> = AMENDED
            .iter()
            .filter(|(_, pointer)| is_changed_here(line, pointer))
            .map(|(name, pointer)| {
                let value = current(line, pointer);
                let label = words.of_member(pointer);
                let field = self.field(Kind::Amendment, (name, label, &value), pointer);
                match *name {
                    "purpose" => field.with(Control::Choice(purposes(words))),
                    "birth_date" | "arrival" | "departure" => field.with(Control::Digits),
                    "phone" => field.with(Control::Telephone).aside(words.optional()),
                    _ => field,
                }
            })
            .collect();
        let reason = ("amendment_reason", words.reason(), "");
        fields.push(
            self.field(Kind::Amendment, reason, "/reason")
                .hint(words.reason_of_change_hint()),
        );
        fields
    }
}

/// A document that was not shown has no number to correct.
fn is_changed_here(line: &StayLine, pointer: &str) -> bool {
    pointer != "/guest/document/number" || line.text(pointer).is_some()
}

/// A member of the stay as people write it.
fn current(line: &StayLine, pointer: &str) -> String {
    let value = line.text(pointer).unwrap_or_default();
    let read = match pointer {
        "/guest/birth_date" => {
            domain::birth_date::BirthDate::parse(value).map(typed::written_birth_date)
        }
        "/arrival_at" | "/expected_departure_at" => {
            parse_instant(value).map(typed::written_instant)
        }
        _ => None,
    };
    read.unwrap_or_else(|| value.to_owned())
}

fn purposes(words: Words) -> Vec<Choice> {
    let purposes = Purpose::ALL.iter().copied();
    purposes
        .map(|purpose| Choice::new(purpose.as_str(), words.of_purpose(purpose)))
        .collect()
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Amendment => "amendment",
        Kind::Extension => "extension",
        Kind::Departure => "departure",
        Kind::Cancellation => "cancellation",
    }
}

/// What to say after a change, which the address names.
pub(super) fn done(words: Words, query: Option<&str>) -> Option<Note> {
    let said = match query?.strip_prefix("done=")? {
        "amendment" => words.change_amended(),
        "extension" => words.change_extended(),
        "departure" => words.change_departed(),
        "cancellation" => words.change_cancelled(),
        "sent" => {
            let advice = words.cancel_with_reason().to_owned();
            return Some(Note::failed(words.too_late_to_undo().to_owned(), advice));
        }
        "answer" => return Some(Note::done(words.answered().to_owned(), String::new())),
        _ => return None,
    };
    Some(Note::done(words.saved(said), String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_is_a_merge_patch() {
        let now = parse_instant("2026-11-27T20:45:00+07:00").unwrap();
        let sent = PageForm::of_pair("full_name", "Nguyễn Văn An");
        let change = requested(Kind::Amendment, &sent, now);
        assert_eq!(change.document["guest"]["full_name"], "Nguyễn Văn An");
        assert_eq!(change.document["guest"]["document"]["number"], Value::Null);
        assert_eq!(change.document["room"], Value::Null);
    }

    #[test]
    fn what_cannot_be_read_is_sent_as_it_was_typed() {
        let now = parse_instant("2026-11-27T20:45:00+07:00").unwrap();
        let table = [("28/11 9:00", "2026-11-28T09:00:00+07:00"), ("mai", "mai")];
        for (typed, expected) in table {
            let sent = PageForm::of_pair("extended_until", typed);
            let change = requested(Kind::Extension, &sent, now);
            assert_eq!(change.document["expected_departure_at"], expected);
        }
    }
}
