//! A field of a form: label above, hint below, and below that what is doubtful or wrong.

use askama::{Template, filters::HtmlSafe};

use crate::icon::Icon;

/// A field of a form.
#[derive(Clone, Debug, Template)]
#[template(path = "field.html")]
pub struct Field {
    /// Its name, which is its id as well.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// An addition to the label, such as that it is optional.
    pub aside: Option<String>,
    /// What stands in it.
    pub value: String,
    /// What it is filled in with.
    pub control: Control,
    /// How to fill it in.
    pub hint: Option<&'static str>,
    /// What is to be said about its value.
    pub state: FieldState,
    /// Whether it has the cursor when the page appears.
    pub is_focused: bool,
    /// Classes of the style sheet.
    pub class: &'static str,
}

/// What a field is filled in with.
#[derive(Clone, Debug)]
pub enum Control {
    /// A line of text.
    Line,
    /// A line of digits: numbers and dates.
    Digits,
    /// A telephone number.
    Telephone,
    /// Several lines.
    Lines,
    /// One of a list.
    Choice(Vec<Choice>),
}

/// An entry of a list to choose from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

impl Choice {
    /// An entry.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

/// What is to be said about a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldState {
    /// Nothing.
    Plain,
    /// It was read, and deserves a look.
    Doubtful(String),
    /// It cannot stay so.
    Bad(String),
}

impl HtmlSafe for Field {}

impl Field {
    /// A line of text without anything to say about it.
    #[must_use]
    pub fn line(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            label,
            aside: None,
            value: value.into(),
            control: Control::Line,
            hint: None,
            state: FieldState::Plain,
            is_focused: false,
            class: "",
        }
    }

    /// The same field, filled in otherwise.
    #[must_use]
    pub fn with(self, control: Control) -> Self {
        Self { control, ..self }
    }

    /// The same field with an addition to its label.
    #[must_use]
    pub fn aside(self, aside: impl Into<String>) -> Self {
        Self {
            aside: Some(aside.into()),
            ..self
        }
    }

    /// The same field with a hint.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// The same field in a state.
    #[must_use]
    pub fn state(self, state: FieldState) -> Self {
        Self { state, ..self }
    }

    /// The same field with the cursor in it.
    #[must_use]
    pub fn focused(self, is_focused: bool) -> Self {
        Self { is_focused, ..self }
    }

    /// The same field, looking otherwise.
    #[must_use]
    pub fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    /// The ids of what describes it.
    fn described_by(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-h", self.name));
        let message = (self.state != FieldState::Plain).then(|| format!("{}-m", self.name));
        let ids: Vec<String> = hint.into_iter().chain(message).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn state_class(&self) -> &'static str {
        match self.state {
            FieldState::Plain => "",
            FieldState::Doubtful(_) => " doubt",
            FieldState::Bad(_) => " bad",
        }
    }

    fn input_type(&self) -> &'static str {
        match self.control {
            Control::Telephone => "tel",
            Control::Line | Control::Digits | Control::Lines | Control::Choice(_) => "text",
        }
    }

    fn is_numeric(&self) -> bool {
        matches!(self.control, Control::Digits)
    }

    fn is_bad(&self) -> bool {
        matches!(self.state, FieldState::Bad(_))
    }
}
