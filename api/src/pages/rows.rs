//! Rows of guests who are declared together: read from a form, judged by the rules, and declared
//! as a batch is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::draft::{Draft, DraftParty};
use domain::party::PartyRole;
use domain::problem::Violation;
use domain::stay::Channel;
use domain::time::local_date;
use domain::typed;
use formats::stay_file::FileStay;
use intake::{Accepted, Occasion, Refusal};
use pages::desk::card::Source;
use pages::desk::form::CardForm;
use pages::rows::{JudgedRow, RowSurroundings};
use serde_json::{Value, json};

use super::desk::card;

use super::enter::Visit;
use super::form::{PageForm, is_key};
use crate::auth::{Access, op};
use crate::problem::Failure;
use crate::stays;

/// A row of a form: its number, and what it says.
pub(super) type NumberedForm = (usize, CardForm);

/// What all rows say where they say nothing of their own.
#[derive(Default)]
pub(super) struct SharedFields {
    /// When the stays begin.
    pub(super) arrival: String,
    /// When they are expected to end.
    pub(super) departure: String,
    /// Why the guests stay.
    pub(super) purpose: String,
    /// What the purpose `other` means.
    pub(super) purpose_text: String,
    /// What the party is called.
    pub(super) party: String,
    /// The row of the one who leads it.
    pub(super) head: Option<usize>,
}

/// The rows of a form, by their numbers: `7.full_name` is a field of row 7.
pub(super) fn of_form(form: &PageForm) -> Vec<NumberedForm> {
    let mut rows: BTreeMap<usize, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, value) in form.pairs() {
        let field = name.split_once('.');
        let field = field.and_then(|(row, field)| Some((row.parse().ok()?, field)));
        if let Some((row, field)) = field {
            rows.entry(row).or_default().push((field, value));
        }
    }
    let rows = rows.into_iter();
    rows.map(|(number, pairs)| (number, CardForm::read(pairs)))
        .collect()
}

/// The values of a stay as people write them.
pub(super) fn of_stay(stay: &Value) -> CardForm {
    let mut form = CardForm::default();
    let pairs: Vec<(&str, String)> = form
        .values()
        .into_iter()
        .filter_map(|(name, pointer, _)| {
            let value = stay.pointer(pointer)?.as_str()?;
            Some((name, written(name, value)))
        })
        .collect();
    form = CardForm::read(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    form.source = Source::Typed.as_str().to_owned();
    form
}

/// Takes the number that may have been meant.
pub(super) fn use_suggestion(form: &mut CardForm, now: DateTime<Utc>) {
    if let Some(whole) = typed::with_lost_zeros(&form.number, local_date(now)) {
        form.number = whole;
    }
}

/// A row of a file as people write it. A cell that was not understood stands as it was sent, so
/// that it is corrected and not lost.
pub(super) fn of_file_row(stay: &FileStay, cells: &[String]) -> CardForm {
    let mut form = of_stay(&stay.stay);
    for fault in &stay.violations {
        let cell = fault.cell.and_then(|cell| cells.get(cell));
        if let Some(cell) = cell {
            form.fill_at(&fault.pointer, cell);
        }
    }
    form
}

fn written(name: &str, value: &str) -> String {
    let read = match name {
        "arrival" | "departure" => domain::time::parse_instant(value).map(typed::written_instant),
        "birth_date" => domain::birth_date::BirthDate::parse(value).map(typed::written_birth_date),
        "permitted_until" | "entered_on" => domain::time::parse_day(value).map(typed::written_day),
        _ => None,
    };
    read.unwrap_or_else(|| value.to_owned())
}

impl<A: Access> Visit<A> {
    /// What the rules say of each row.
    pub(super) fn judged(&self, rows: Vec<NumberedForm>, shared: &SharedFields) -> Vec<JudgedRow> {
        let rows = rows.into_iter();
        rows.map(|(number, form)| self.judged_row(number, form, shared))
            .collect()
    }

    pub(super) fn judged_row(
        &self,
        number: usize,
        form: CardForm,
        shared: &SharedFields,
    ) -> JudgedRow {
        let draft = self.row_draft(number, &form, shared).to_value();
        let judged = self.app.intake.validate(self.sender(), self.now, &draft);
        let mut doubts = form.doubts.clone();
        doubts.extend(judged.warnings);
        let is_known = |at: &Violation, all: &[Violation]| {
            let mut all = all.iter();
            all.any(|one| one.pointer == at.pointer && one.code == at.code)
        };
        let mut named: Vec<Violation> = Vec::with_capacity(doubts.len());
        for doubt in doubts {
            if !is_known(&doubt, &named) && !is_known(&doubt, &judged.errors) {
                named.push(doubt);
            }
        }
        JudgedRow {
            number,
            label: None,
            faults: judged.errors,
            doubts: named,
            is_marked: false,
            form,
        }
    }

    /// The declaration of a row.
    pub(super) fn row_draft(&self, number: usize, form: &CardForm, shared: &SharedFields) -> Draft {
        let own = |value: &str, shared: &str| match value {
            "" => shared.to_owned(),
            value => value.to_owned(),
        };
        let form = CardForm {
            arrival: own(&form.arrival, &shared.arrival),
            departure: own(&form.departure, &shared.departure),
            purpose: own(&form.purpose, &shared.purpose),
            purpose_text: own(&form.purpose_text, &shared.purpose_text),
            ..form.clone()
        };
        let role = shared.head.map(|head| match head == number {
            true => PartyRole::Head,
            false => PartyRole::Member,
        });
        let party = (!shared.party.is_empty()).then(|| DraftParty {
            reference: Some(shared.party.clone()),
            role: role.map(|role| role.as_str().to_owned()),
        });
        Draft {
            party,
            ..card::draft(&form, &self.facility, self.now)
        }
    }

    /// What rows are shown with.
    pub(super) fn row_surroundings(&self) -> RowSurroundings<'static> {
        let words = self.reader.words;
        RowSurroundings {
            words,
            countries: card::countries(words.0),
            today: local_date(self.now),
        }
    }
}

impl Visit<op::DeclareStays> {
    /// Declares rows as a batch; returns what became of each.
    ///
    /// Errors: nothing was saved, or it is not known whether it was.
    pub(super) async fn declare_rows(
        &mut self,
        rows: &[&JudgedRow],
        shared: &SharedFields,
        key: &str,
    ) -> Result<Vec<Result<Accepted, Refusal>>, Failure> {
        let drafts = rows.iter();
        let items: Vec<Value> = drafts
            .map(|row| self.row_draft(row.number, &row.form, shared).to_value())
            .collect();
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let cost = [(self.facility.id, count)];
        let ticket = &mut self.admitted.ticket;
        stays::charge(&self.app, &self.exchange, ticket, count, &cost).await?;
        let trace_parent = self.exchange.trace_parent();
        let occasion = Occasion {
            sender: self.admitted.sender(),
            channel: channel(rows),
            idempotency_key: Some(key).filter(|key| is_key(key)),
            received_at: self.now,
            trace_parent: Some(&trace_parent),
        };
        let request = json!({ "stays": items });
        let outcomes = self.app.intake.declare_batch(occasion, &request, &items);
        let outcomes = outcomes.await;
        outcomes.map_err(|refusal| self.admitted.ticket.refuse(refusal))
    }
}

/// The door by which a group came in: scanned, if all of it was.
fn channel(rows: &[&JudgedRow]) -> Channel {
    let is_scanned = |row: &&JudgedRow| match Source::parse(&row.form.source) {
        Source::Qr | Source::Mrz => true,
        Source::Typed | Source::Nothing => false,
    };
    match rows.iter().all(is_scanned) {
        true => Channel::Scan,
        false => Channel::Page,
    }
}
