//! The reconciliation of a day: the receipts that are stored, compared with those that the facility
//! holds. Nothing is stored.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{
    digest::{self, SenderReceipts},
    problem::Violation,
    receipt,
    stay::Timeliness,
    time::{local_date, parse_day},
    typed,
};
use pages::badge::{Badge, Tone};
use pages::field::{Control, Field, FieldState};
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::reconcile::{Difference, ReceiptLine, ReconcilePage};
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use serde_json::json;
use store::stays::ArrivedRow;
use uuid::Uuid;

use crate::auth::{Access, op};
use crate::pages::enter::Visit;
use crate::pages::form::PageForm;
use crate::pages::lines::{self, StayLine};
use crate::pages::{MadePage, html};
use crate::problem::Failure;
use crate::reads;

/// How many receipts are listed at most.
const LISTED_COUNT_MAX: usize = 200;
/// The field with the numbers that the facility holds.
const HELD: &str = "held";

/// `GET /desk/reconcile`.
pub(super) async fn show(request: Request) -> MadePage {
    let (visit, request) = Visit::<op::ReconcilePage>::open(request).await?;
    let query = PageForm::of_query(&request);
    visit.reconcile(&query, None).await
}

/// `POST /desk/reconcile`: compares the numbers of the form with those stored.
pub(super) async fn compare(request: Request) -> MadePage {
    let (visit, sent, _) = Visit::<op::CompareReceipts>::receive(request).await?;
    let numbers: Vec<&str> = sent
        .value(HELD)
        .split(is_between)
        .filter(|it| !it.is_empty())
        .collect();
    let day = day_of(&sent, local_date(visit.now));
    let body = json!({"date": day.to_string(), "receipts": numbers});
    let held = match numbers.is_empty() {
        true => Err(Vec::new()),
        false => SenderReceipts::read(&body),
    };
    visit.reconcile(&sent, Some(held)).await
}

/// What parts the numbers of a list.
fn is_between(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, ',' | ';' | '"')
}

fn day_of(form: &PageForm, today: NaiveDate) -> NaiveDate {
    parse_day(form.value("date")).unwrap_or(today)
}

/// What the facility holds, or why its list cannot be read.
type Held = Result<SenderReceipts, Vec<Violation>>;

impl<A: Access> Visit<A> {
    async fn reconcile(&self, form: &PageForm, held: Option<Held>) -> MadePage {
        let words = self.reader.words;
        let day = day_of(form, local_date(self.now));
        let rows = store::stays::arrived_on(&self.app.db, self.facility.id, day).await?;
        let stored: Vec<String> = rows.iter().map(number).collect();
        let digest = digest::of_numbers(&stored);
        let is_on_time = |row: &&ArrivedRow| matches!(row.timeliness.get(), Ok(Timeliness::OnTime));
        let on_time = rows.iter().filter(is_on_time).count();
        let field = Field::line(HELD, words.your_receipts(), form.value(HELD))
            .with(Control::Lines)
            .hint(words.your_receipts_hint())
            .state(fault(words, held.as_ref()));
        let held = held.and_then(Result::ok);
        let difference = match &held {
            Some(held) => Some(self.difference(&rows, &stored, held).await?),
            None => None,
        };
        let due = self.due().await?;
        let title = words.reconcile_title().to_owned();
        let page = ReconcilePage {
            note: difference.as_ref().map(|found| note(words, found)),
            date: day.to_string(),
            day: typed::written_day(day),
            count: rows.len(),
            on_time,
            late: rows.len() - on_time,
            sha256: hex::encode(digest.sha256),
            receipts: self.receipts(rows.iter()).await?,
            held: field,
            difference,
            frame: self.frame(Section::Today, title, &due).await?,
        };
        html::page(&self.reader, &page)
    }

    async fn difference(
        &self,
        rows: &[ArrivedRow],
        stored: &[String],
        held: &SenderReceipts,
    ) -> Result<Difference, Failure> {
        let compared = digest::compare(stored, &held.numbers);
        let is_missing = |row: &&ArrivedRow| compared.missing.contains(&number(row));
        let held_count = digest::of_numbers(&held.numbers).count;
        Ok(Difference {
            held_count,
            missing: self.receipts(rows.iter().filter(is_missing)).await?,
            unknown: compared.unknown,
        })
    }

    /// The first receipts, with their guests.
    async fn receipts(
        &self,
        rows: impl Iterator<Item = &ArrivedRow>,
    ) -> Result<Vec<ReceiptLine>, Failure> {
        let words = self.reader.words;
        let rows: Vec<&ArrivedRow> = rows.take(LISTED_COUNT_MAX).collect();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let stays = store::stays::find_many(&self.app.db, &ids, &[self.facility.id]).await?;
        let lines = lines::of(&self.app, stays, self.now).await?;
        let lines: HashMap<Uuid, StayLine> =
            lines.into_iter().map(|line| (line.stay.id, line)).collect();
        reads::note(&self.app, self.sender(), rows.len()).await;
        let receipts = rows.into_iter().filter_map(|row| {
            let line = lines.get(&row.id)?;
            Some(ReceiptLine {
                stay_id: row.id,
                name: line.name(words),
                room: line.room().unwrap_or_default(),
                number: number(row),
                received_at: moment::short(row.received_at),
                verdict: verdict(words, row.timeliness.get().ok()?),
            })
        });
        Ok(receipts.collect())
    }
}

fn number(row: &ArrivedRow) -> String {
    receipt::number(row.received_at, row.id, 1)
}

fn verdict(words: Words, timeliness: Timeliness) -> Badge {
    let said = words.of_timeliness(timeliness);
    match timeliness {
        Timeliness::OnTime => Badge::new(Tone::Ok, Icon::CircleCheck, said),
        Timeliness::Late => Badge::new(Tone::Late, Icon::Clock, said),
    }
}

fn fault(words: Words, held: Option<&Held>) -> FieldState {
    match held {
        Some(Err(faults)) => {
            let first = faults.first().map(|fault| fault.message(words.0));
            FieldState::Bad(first.unwrap_or_else(|| words.enter_receipts().to_owned()))
        }
        Some(Ok(_)) | None => FieldState::Plain,
    }
}

fn note(words: Words, found: &Difference) -> Note {
    let (missing, unknown) = (found.missing.len(), found.unknown.len());
    if missing + unknown == 0 {
        return Note::done(words.receipts_agree(found.held_count), String::new());
    }
    Note {
        is_alert: false,
        ..Note::failed(
            words.receipts_differ().to_owned(),
            words.receipts_differ_hint(missing, unknown),
        )
    }
}
