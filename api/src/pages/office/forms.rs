//! Forms of the office: what came back, with what is wrong with it.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::problem::Code;
use domain::typed::{self, Leaning};
use intake::Expected;
use pages::badge::{Badge, Tone};
use pages::field::{Choice, Control, Field, FieldState};
use pages::icon::Icon;
use pages::note::Note;
use pages::office::{Button, Check, Checks, FaultSummary, Form, FormField};
use pages::words::Words;
use serde_json::{Value, json};
use uuid::Uuid;

use super::KnownFacility;
use crate::pages::form::PageForm;
use crate::precondition::IfMatch;
use crate::problem::Failure;

/// What a field is called, by its name.
pub(super) type FieldLabel = (&'static str, &'static str);

/// A form that was refused.
pub(super) struct Returned {
    /// What was typed.
    pub(super) typed: PageForm,
    code: Code,
    /// The name of the field, the member inside it, and what is wrong.
    faults: Vec<(String, String, String)>,
    labels: Vec<FieldLabel>,
}

impl Returned {
    /// A form and why it was refused; `labels` are its fields, by the members that they fill.
    pub(super) fn new(
        typed: PageForm,
        failure: &Failure,
        words: Words,
        labels: &[FieldLabel],
    ) -> Self {
        let fault = |violation: &domain::problem::Violation| {
            let pointer = violation.pointer.trim_start_matches('/');
            let (field, inside) = pointer.split_once('/').unwrap_or((pointer, ""));
            let detail = violation.code.detail(words.0);
            let said = match violation.hint {
                Some(hint) => format!("{detail} {}", hint.sentence(words.0)),
                None => detail.to_owned(),
            };
            (field.to_owned(), inside.to_owned(), said)
        };
        Self {
            typed,
            code: failure.code(),
            faults: failure.errors().iter().map(fault).collect(),
            labels: labels.to_vec(),
        }
    }

    /// The same, with a fault of a field that no rule names.
    pub(super) fn with_fault(mut self, field: &str, message: &str) -> Self {
        let fault = (field.to_owned(), String::new(), message.to_owned());
        self.faults.push(fault);
        self
    }

    /// The key that it was drawn with; none when another request has used it.
    pub(super) fn key(&self) -> Option<String> {
        let kept = self.code != Code::IdempotencyKeyReused;
        kept.then(|| self.typed.key().0).flatten()
    }

    /// What is said of the whole form, where no field is at fault.
    pub(super) fn note(&self, words: Words) -> Option<Note> {
        if self.code == Code::IdempotencyKeyReused {
            let (fact, advice) = (words.form_was_sent(), words.form_was_sent_advice());
            return Some(Note::failed(fact.to_owned(), advice.to_owned()));
        }
        self.faults.is_empty().then(|| {
            let reason = self.code.title(words.0);
            let fact = format!("{}.", words.not_saved_because(reason));
            Note::failed(fact, self.code.fix(words.0).to_owned())
        })
    }

    /// Everything that is wrong, with links to the fields.
    pub(super) fn summary(&self, words: Words) -> Option<FaultSummary> {
        let said = self.faults.iter().map(|(field, _, message)| {
            let label = self.labels.iter().find(|(name, _)| name == field);
            let message = match label {
                Some((_, label)) => words.at_field(*label, message),
                None => message.clone(),
            };
            (field.clone(), message)
        });
        (!self.faults.is_empty()).then(|| FaultSummary {
            not_saved: words.not_saved(self.faults.len()),
            faults: said.collect(),
        })
    }

    /// What is wrong with a field, or with one of its items.
    pub(super) fn fault(&self, field: &str) -> Option<String> {
        let mut faults = self.faults.iter();
        let found = faults.find(|(name, _, _)| name == field);
        found.map(|(_, _, message)| message.clone())
    }

    /// What is wrong with items of a field, by their place.
    pub(super) fn faults_inside(&self, field: &str) -> HashMap<usize, String> {
        let inside = self.faults.iter().filter(|(name, _, _)| name == field);
        inside
            .filter_map(|(_, place, message)| {
                let place = place.split('/').next().unwrap_or_default();
                Some((place.parse().ok()?, message.clone()))
            })
            .collect()
    }
}

/// The fields of a form: as typed where it came back, as they are otherwise.
pub(super) struct Fields<'a> {
    returned: Option<&'a Returned>,
}

impl<'a> Fields<'a> {
    /// Those of a form that may have come back.
    pub(super) const fn of(returned: Option<&'a Returned>) -> Self {
        Self { returned }
    }

    /// What stands in a field.
    pub(super) fn value(&self, name: &str, present: &str) -> String {
        let typed = self.returned.map(|returned| returned.typed.value(name));
        typed.unwrap_or(present).to_owned()
    }

    /// What is wrong with it.
    pub(super) fn fault(&self, name: &str) -> Option<String> {
        self.returned?.fault(name)
    }

    /// A line of text.
    pub(super) fn line(&self, name: &'static str, label: &'static str, present: &str) -> Field {
        let field = Field::line(name, label, self.value(name, present));
        match self.fault(name) {
            Some(message) => field.state(FieldState::Bad(message)),
            None => field,
        }
    }

    /// One of a list.
    pub(super) fn choice(
        &self,
        name: &'static str,
        label: &'static str,
        present: &str,
        choices: Vec<Choice>,
    ) -> Field {
        self.line(name, label, present)
            .with(Control::Choice(choices))
    }

    /// Whether one of a list is chosen.
    pub(super) fn is_chosen(&self, name: &str, value: &str, present: bool) -> bool {
        match self.returned {
            Some(returned) => returned.typed.values(name).any(|one| one == value),
            None => present,
        }
    }
}

/// The version that a form is meant for.
pub(super) fn if_match<const IS_REQUIRED: bool>(sent: &PageForm) -> IfMatch<IS_REQUIRED> {
    IfMatch(Expected::Versions(
        sent.value("version").parse().into_iter().collect(),
    ))
}

/// A day as a member of a request: what cannot be read is passed on, so that the rules name it.
pub(super) fn day(text: &str, today: NaiveDate) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    Some(match typed::day(text, today, Leaning::Near) {
        Some(day) => json!(day.to_string()),
        None => json!(text),
    })
}

/// The facilities that a form offers, as boxes to tick.
pub(super) fn facility_checks(
    fields: &Fields<'_>,
    (legend, hint): (&'static str, &'static str),
    facilities: &[KnownFacility],
    present: &[Uuid],
    shows_organisation: bool,
) -> FormField {
    const NAME: &str = "facility_ids";
    let items = facilities.iter().map(|one| {
        let value = one.id.to_string();
        Check {
            is_chosen: fields.is_chosen(NAME, &value, present.contains(&one.id)),
            value,
            label: one.name.clone(),
            aside: match shows_organisation {
                true => one.organisation_code.clone(),
                false => String::new(),
            },
        }
    });
    FormField::Checks(Checks {
        name: NAME,
        legend,
        hint,
        fault: fields.fault(NAME),
        items: items.collect(),
    })
}

/// Whether something that declares still does.
pub(super) fn declaring_badge(words: Words, is_ended: bool) -> Badge {
    match is_ended {
        true => Badge::new(Tone::Settled, Icon::Ban, words.takes_none()),
        false => Badge::new(Tone::Ok, Icon::CircleCheck, words.takes_declarations()),
    }
}

/// The form that ends something that declares, or opens it again.
pub(super) fn ending_form(
    words: Words,
    path: &str,
    is_ended: bool,
    hidden: Vec<(&'static str, String)>,
) -> Form {
    let (action, heading, hint, button) = match is_ended {
        false => (
            format!("{path}/end"),
            words.end_declaring(),
            words.end_declaring_hint(),
            Button::danger(Icon::Ban, words.end_declaring()),
        ),
        true => (
            format!("{path}/open"),
            words.open_declaring(),
            words.open_declaring_hint(),
            Button::plain(Icon::Undo, words.open_declaring()),
        ),
    };
    Form {
        words,
        id: "end",
        action,
        heading: heading.to_owned(),
        hint: hint.to_owned(),
        hidden,
        fields: Vec::new(),
        button,
        is_folded: false,
    }
}
