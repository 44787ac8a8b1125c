//! Rows of guests who are declared together. As on a card, what is sound is text, and what is
//! missing, doubtful or wrong is a field; the room always is one.

use askama::{Template, filters::HtmlSafe};
use chrono::NaiveDate;
use domain::document::DocumentKind;
use domain::problem::Violation;
use domain::typed;

use crate::badge::{Badge, Tone};
use crate::desk::card::{self, Source, grouped};
use crate::desk::form::CardForm;
use crate::field::Choice;
use crate::icon::Icon;
use crate::words::Words;

/// Members that all rows may share, and that are corrected where all share them.
const SHARED: [&str; 4] = [
    "/arrival_at",
    "/expected_departure_at",
    "/purpose",
    "/purpose_text",
];

/// Fields that are inputs while a row is open.
const OPENED: [&str; 8] = [
    "full_name",
    "kind",
    "number",
    "birth_date",
    "sex",
    "nationality",
    "permitted_until",
    "guardian_name",
];

/// Fields that have a column of their own.
const COLUMNS: [&str; 4] = ["full_name", "number", "birth_date", "room"];

/// A row as it was sent, and what the rules say of it.
pub struct JudgedRow {
    /// Its number in the form.
    pub number: usize,
    /// What people call it, where that is not its number.
    pub label: Option<String>,
    /// What it says.
    pub form: CardForm,
    /// What is wrong with it.
    pub faults: Vec<Violation>,
    /// What deserves a look.
    pub doubts: Vec<Violation>,
    /// Whether it is what the last action was about.
    pub is_marked: bool,
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowState {
    /// It cannot be sent.
    Bad,
    /// It can, and deserves a look.
    Doubtful,
    /// It can.
    Valid,
}

impl JudgedRow {
    /// How it stands.
    #[must_use]
    pub fn state(&self) -> RowState {
        if !self.faults.is_empty() {
            RowState::Bad
        } else if !self.doubts.is_empty() {
            RowState::Doubtful
        } else {
            RowState::Valid
        }
    }

    /// What people call it.
    #[must_use]
    pub fn label(&self) -> String {
        let label = self.label.clone();
        label.unwrap_or_else(|| self.number.to_string())
    }

    /// What to call the guest.
    #[must_use]
    pub fn name(&self, words: Words) -> String {
        let form = &self.form;
        let known = [&form.full_name, &form.number].into_iter();
        let mut known = known.filter(|text| !text.is_empty());
        known
            .next()
            .map_or_else(|| words.unnamed().to_owned(), Clone::clone)
    }

    /// Whether the fault is about what all rows share, and the row says nothing of its own.
    #[must_use]
    pub fn is_shared(&self, fault: &Violation) -> bool {
        let mut values = self.form.values().into_iter();
        SHARED.contains(&fault.pointer.as_str())
            && !values.any(|(_, at, value)| at == fault.pointer && !value.is_empty())
    }
}

/// A row as it is shown.
#[derive(Template)]
#[template(path = "guest_row.html")]
pub struct GuestRow {
    words: Words,
    /// Its number in the form.
    pub number: usize,
    label: String,
    can_remove: bool,
    state: RowState,
    badge: Badge,
    name: Cell,
    document: Cell,
    birth: Cell,
    room: Cell,
    /// Inputs without a column.
    more: Vec<RowInput>,
    /// What is wrong or deserves a look; whether it is wrong.
    messages: Vec<(bool, String)>,
    hidden: Vec<(String, String)>,
    /// A number that may have been meant.
    suggestion: Option<String>,
    can_open: bool,
    is_marked: bool,
}

impl HtmlSafe for GuestRow {}

/// A value in a column.
pub(crate) enum Cell {
    /// As text.
    Text(String),
    /// As a field.
    Input(RowInput),
}

/// A field of a row.
#[derive(Template)]
#[template(path = "row_input.html")]
pub(crate) struct RowInput {
    name: String,
    label: String,
    /// What stands above it, where no column does.
    heading: Option<&'static str>,
    value: String,
    choices: Vec<Choice>,
    is_bad: bool,
    described_by: Option<String>,
}

impl HtmlSafe for RowInput {}

impl GuestRow {
    /// The row of what was judged.
    #[must_use]
    pub fn of(row: &JudgedRow, around: RowSurroundings<'_>) -> Self {
        RowMaker {
            row,
            words: around.words,
            around,
        }
        .make()
    }

    fn class(&self) -> &'static str {
        match (self.state, self.is_marked) {
            (RowState::Bad, _) => "is-bad",
            (RowState::Doubtful, _) => "is-doubt",
            (RowState::Valid, true) => "is-new",
            (RowState::Valid, false) => "",
        }
    }
}

/// What rows are shown with.
#[derive(Clone, Copy)]
pub struct RowSurroundings<'a> {
    /// The words of the reader's language.
    pub words: Words,
    /// The countries that can be chosen, by name.
    pub countries: &'a [Choice],
    /// The day on which they are shown.
    pub today: NaiveDate,
}

/// The values of a row that is not shown, as its form carries them.
#[must_use]
pub fn carried(number: usize, form: &CardForm) -> Vec<(String, String)> {
    carried_but(number, form, &[])
}

/// The same without those that fields show.
fn carried_but(number: usize, form: &CardForm, shown: &[&str]) -> Vec<(String, String)> {
    let named = |name: &str| format!("{number}.{name}");
    let values = form.values().into_iter();
    let unseen = values.filter(|(name, _, value)| !value.is_empty() && !shown.contains(name));
    let doubts = form.doubts.iter().map(CardForm::written_doubt);
    let source = Source::parse(&form.source).as_str();
    unseen
        .map(|(name, _, value)| (named(name), value.to_owned()))
        .chain(doubts.map(|doubt| (named("doubt"), doubt)))
        .chain([(named("source"), source.to_owned())])
        .collect()
}

/// Makes a row.
struct RowMaker<'a> {
    row: &'a JudgedRow,
    words: Words,
    around: RowSurroundings<'a>,
}

impl RowMaker<'_> {
    fn make(&self) -> GuestRow {
        let row = self.row;
        let inputs: Vec<&'static str> = self.inputs();
        let cell = |name| self.cell(name, &inputs);
        GuestRow {
            words: self.words,
            number: row.number,
            label: row.label(),
            can_remove: row.label.is_none(),
            state: row.state(),
            badge: self.badge(),
            name: cell("full_name"),
            document: cell("number"),
            birth: cell("birth_date"),
            room: cell("room"),
            more: inputs
                .iter()
                .filter(|name| !COLUMNS.contains(name))
                .map(|name| self.input(name))
                .collect(),
            messages: self.messages(),
            hidden: carried_but(row.number, &row.form, &inputs),
            suggestion: self.suggestion(),
            can_open: !row.form.is_open,
            is_marked: row.is_marked,
        }
    }

    /// The fields that are inputs, in the order of the form.
    fn inputs(&self) -> Vec<&'static str> {
        let form = &self.row.form;
        let faulty: Vec<&str> = self.faulty().collect();
        let has_doubtful_kind = matches!(Source::parse(&form.source), Source::Typed)
            && form.kind != DocumentKind::CitizenCard.as_str();
        let is_input = |name: &str| {
            name == "room"
                || faulty.contains(&name)
                || (form.is_open && OPENED.contains(&name))
                || (name == "kind" && has_doubtful_kind)
        };
        let names = form.values().into_iter().map(|(name, ..)| name);
        names.filter(|name| is_input(name)).collect()
    }

    /// The fields with a fault.
    fn faulty(&self) -> impl Iterator<Item = &'static str> {
        let faults = self.row.faults.iter();
        let own = faults.filter(|fault| !self.row.is_shared(fault));
        own.filter_map(|fault| self.field_at(&fault.pointer))
    }

    fn field_at(&self, pointer: &str) -> Option<&'static str> {
        match pointer {
            "/guest" => Some("full_name"),
            "/guest/document" => Some("number"),
            other => {
                let mut values = self.row.form.values().into_iter();
                let found = values.find(|(_, at, _)| *at == other);
                found.map(|(name, ..)| name)
            }
        }
    }

    fn cell(&self, name: &'static str, inputs: &[&'static str]) -> Cell {
        if inputs.contains(&name) {
            return Cell::Input(self.input(name));
        }
        let value = self.value(name);
        Cell::Text(match name {
            "number" => grouped(value),
            "full_name" if value.is_empty() => self.words.unnamed().to_owned(),
            _ => value.to_owned(),
        })
    }

    fn value(&self, name: &str) -> &str {
        let values = self.row.form.values().into_iter();
        let mut values = values.filter(|(at, ..)| *at == name);
        values.next().map_or("", |(.., value)| value)
    }

    fn input(&self, name: &'static str) -> RowInput {
        let (words, number) = (self.words, self.row.number);
        let is_bad = self.faulty().any(|faulty| faulty == name);
        RowInput {
            name: format!("{number}.{name}"),
            label: words.field_of_row(self.label(name), self.row.label()),
            heading: (!COLUMNS.contains(&name)).then(|| self.label(name)),
            value: self.value(name).to_owned(),
            choices: self.choices(name),
            is_bad,
            described_by: is_bad.then(|| format!("m{number}")),
        }
    }

    fn label(&self, name: &'static str) -> &'static str {
        let mut values = self.row.form.values().into_iter();
        let found = values.find(|(field, ..)| *field == name);
        found.map_or("", |(_, pointer, _)| self.words.of_member(pointer))
    }

    fn choices(&self, name: &str) -> Vec<Choice> {
        let words = self.words;
        match name {
            "kind" => card::kinds(words),
            "sex" => card::sexes(words),
            "nationality" => card::with_none(words, self.around.countries.iter().cloned()),
            "no_document_reason" => card::reasons(words),
            "purpose" => card::purposes(words),
            "guardian_relation" => card::relations(words),
            _ => Vec::new(),
        }
    }

    fn badge(&self) -> Badge {
        let words = self.words;
        match self.row.state() {
            RowState::Bad => Badge::new(Tone::Late, Icon::Octagon, words.row_bad()),
            RowState::Doubtful => Badge::new(Tone::Soon, Icon::Triangle, words.row_doubtful()),
            RowState::Valid => Badge::new(Tone::Ok, Icon::Check, words.row_valid()),
        }
    }

    fn messages(&self) -> Vec<(bool, String)> {
        let faults = self.row.faults.iter();
        let own = faults.filter(|fault| !self.row.is_shared(fault));
        let mut messages: Vec<(bool, String)> = own.map(|fault| (true, self.said(fault))).collect();
        let language = self.words.0;
        let doubts = self.row.doubts.iter();
        messages.extend(doubts.map(|doubt| (false, doubt.message(language))));
        messages.dedup();
        messages
    }

    fn said(&self, fault: &Violation) -> String {
        let said = self.words.of_fault(&fault.pointer, fault.code);
        said.map_or_else(
            || {
                let member = self.words.of_member(&fault.pointer);
                self.words.at_field(member, fault.message(self.words.0))
            },
            str::to_owned,
        )
    }

    /// A number whose zeros in front a spreadsheet has dropped.
    fn suggestion(&self) -> Option<String> {
        let is_faulty = self.faulty().any(|name| name == "number");
        let number = self.row.form.number.as_str();
        is_faulty.then(|| typed::with_lost_zeros(number, self.around.today))?
    }
}

#[cfg(test)]
mod tests {
    use domain::problem::{Code, Language};

    use super::*;

    fn row(form: CardForm, faults: &[(&str, Code)]) -> JudgedRow {
        JudgedRow {
            number: 7,
            label: None,
            form,
            faults: faults
                .iter()
                .map(|(pointer, code)| Violation::new(*pointer, *code))
                .collect(),
            doubts: Vec::new(),
            is_marked: false,
        }
    }

    fn shown(row: &JudgedRow) -> String {
        let around = RowSurroundings {
            words: Words(Language::Vi),
            countries: &[],
            today: NaiveDate::from_ymd_opt(2026, 11, 27).unwrap(),
        };
        GuestRow::of(row, around).render().unwrap()
    }

    #[test]
    fn what_is_wrong_is_a_field_and_the_rest_goes_along() {
        let form = CardForm {
            full_name: "Trịnh <Hoa>".to_owned(),
            number: "38090001299".to_owned(),
            kind: "citizen_card".to_owned(),
            room: "301".to_owned(),
            ..CardForm::default()
        };
        let html = shown(&row(
            form,
            &[("/guest/document/number", Code::PersonalIdLength)],
        ));
        assert!(
            html.contains("name=\"7.number\" value=\"38090001299\""),
            "{html}"
        );
        assert!(
            html.contains("7.full_name\" value=\"Trịnh &#60;Hoa&#62;\""),
            "{html}"
        );
        assert!(html.contains("name=\"7.room\" value=\"301\""), "{html}");
        assert!(html.contains("Dùng 038090001299"), "{html}");
        assert!(html.contains("Cần sửa"), "{html}");
    }

    #[test]
    fn a_fault_of_what_all_share_is_not_told_in_each_row() {
        let at = "/expected_departure_at";
        let shared = row(CardForm::default(), &[(at, Code::Required)]);
        assert!(shared.is_shared(&shared.faults[0]));
        let own = CardForm {
            departure: "x".to_owned(),
            ..CardForm::default()
        };
        let own = row(own, &[(at, Code::InvalidInstant)]);
        assert!(!own.is_shared(&own.faults[0]));
        assert!(shown(&own).contains("name=\"7.departure\""));
    }
}
