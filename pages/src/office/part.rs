//! What the pages of the office are made of.

use askama::{Template, filters::HtmlSafe};

use super::Badge;
use crate::field::Field;
use crate::icon::Icon;
use crate::words::Words;

/// A table with a heading.
#[derive(Template)]
#[template(path = "office_table.html")]
pub struct Table {
    /// The words of the reader's language.
    pub words: Words,
    /// Its place in the page.
    pub id: &'static str,
    /// What it lists.
    pub heading: String,
    /// What is to be known of it.
    pub hint: String,
    /// What can be done with all of it.
    pub acts: Vec<Act>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What is so when there are none.
    pub empty: (Icon, String),
    /// Where the next rows are.
    pub more: Option<String>,
}

impl HtmlSafe for Table {}

/// A column of a table.
pub struct Column {
    /// What stands in it.
    pub title: &'static str,
    /// Whether numbers stand in it.
    pub is_number: bool,
    /// Whether its title is only read out.
    pub is_silent: bool,
}

impl Column {
    /// A column of text.
    #[must_use]
    pub const fn text(title: &'static str) -> Self {
        Self {
            title,
            is_number: false,
            is_silent: false,
        }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(title: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::text(title)
        }
    }

    /// A column of what can be done.
    #[must_use]
    pub const fn acts(title: &'static str) -> Self {
        Self {
            is_silent: true,
            ..Self::text(title)
        }
    }
}

/// A row of a table.
pub struct Row {
    /// Whether it needs a hand.
    pub tint: Tint,
    /// Its cells, one of each column.
    pub cells: Vec<Cell>,
}

/// Whether a row needs a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// It does not.
    Plain,
    /// It does.
    Bad,
}

impl Row {
    /// A row as most are.
    #[must_use]
    pub const fn plain(cells: Vec<Cell>) -> Self {
        Self {
            tint: Tint::Plain,
            cells,
        }
    }

    fn class(&self) -> &'static str {
        match self.tint {
            Tint::Plain => "",
            Tint::Bad => "is-bad",
        }
    }
}

/// A cell of a table.
pub enum Cell {
    /// What the row is called, below it a closer word.
    Name(String, String),
    /// The same, as a link to its page.
    Link {
        /// The page.
        path: String,
        /// What the row is called.
        name: String,
        /// A closer word.
        aside: String,
    },
    /// Text.
    Text(String),
    /// A number or an instant.
    Number(String),
    /// A state, beside it a closer word.
    State(Badge, String),
    /// What can be done.
    Acts(Vec<Act>),
}

/// A button that does something to a row, or leads to where it is done.
pub enum Act {
    /// A form of one button.
    Send {
        /// Where it is sent.
        action: String,
        /// What goes with it.
        hidden: Vec<(&'static str, String)>,
        /// Its button.
        button: Button,
    },
    /// A link.
    Go {
        /// Where it leads.
        path: String,
        /// Its icon.
        icon: Icon,
        /// Its word.
        label: &'static str,
        /// What it is about, read out.
        about: String,
    },
}

/// The button of a form.
pub struct Button {
    /// Its icon.
    pub icon: Icon,
    /// Its word.
    pub label: String,
    /// What it is about, read out.
    pub about: String,
    /// The class of the style sheet: `pri`, `danger`, or nothing.
    pub class: &'static str,
}

impl Button {
    /// The one button of a form.
    #[must_use]
    pub fn primary(icon: Icon, label: impl Into<String>) -> Self {
        Self {
            icon,
            label: label.into(),
            about: String::new(),
            class: "pri",
        }
    }

    /// A button for what is final, or stops others.
    #[must_use]
    pub fn danger(icon: Icon, label: impl Into<String>) -> Self {
        Self {
            class: "danger",
            ..Self::primary(icon, label)
        }
    }

    /// A button for everything else.
    #[must_use]
    pub fn plain(icon: Icon, label: impl Into<String>) -> Self {
        Self {
            class: "",
            ..Self::primary(icon, label)
        }
    }

    /// The same, saying what it is about.
    #[must_use]
    pub fn about(self, about: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            ..self
        }
    }
}

/// Something to fill in and send.
#[derive(Template)]
#[template(path = "office_form.html")]
pub struct Form {
    /// The words of the reader's language.
    pub words: Words,
    /// Its place in the page.
    pub id: &'static str,
    /// Where it is sent.
    pub action: String,
    /// What it is for.
    pub heading: String,
    /// What is to be known before.
    pub hint: String,
    /// What goes with it.
    pub hidden: Vec<(&'static str, String)>,
    /// What is filled in.
    pub fields: Vec<FormField>,
    /// Its button.
    pub button: Button,
    /// Whether it is folded until it is wanted.
    pub is_folded: bool,
}

impl HtmlSafe for Form {}

/// Something that is filled in.
pub enum FormField {
    /// A field.
    Field(Box<Field>),
    /// A password, typed without being seen.
    Password {
        /// Its name, which is its id as well.
        name: &'static str,
        /// What it is called.
        label: &'static str,
        /// For password managers.
        autocomplete: &'static str,
        /// How to choose it.
        hint: &'static str,
        /// What is wrong with it.
        fault: Option<String>,
    },
    /// Some of a list.
    Checks(Checks),
    /// Areas and for how long.
    Grants(Vec<Grant>),
}

impl From<Field> for FormField {
    fn from(field: Field) -> Self {
        Self::Field(Box::new(field))
    }
}

/// Some of a list.
pub struct Checks {
    /// The name of each.
    pub name: &'static str,
    /// What is chosen.
    pub legend: &'static str,
    /// What choosing none means.
    pub hint: &'static str,
    /// What is wrong with the choice.
    pub fault: Option<String>,
    /// What there is to choose from.
    pub items: Vec<Check>,
}

/// One of a list.
pub struct Check {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// A closer word.
    pub aside: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// An area and for how long, as typed.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// The code of a commune or a province.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: String,
    /// What is wrong with it.
    pub fault: Option<String>,
}

/// Names and values.
#[derive(Template)]
#[template(path = "office_facts.html")]
pub struct Facts {
    /// Its place in the page.
    pub id: &'static str,
    /// What they are about.
    pub heading: String,
    /// The facts.
    pub facts: Vec<Fact>,
}

impl HtmlSafe for Facts {}

/// A name and a value.
pub struct Fact {
    /// What it is.
    pub name: String,
    /// The value.
    pub value: String,
    /// How it stands.
    pub badge: Option<Badge>,
}

impl Fact {
    /// A value.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            badge: None,
        }
    }

    /// A state.
    #[must_use]
    pub fn state(name: impl Into<String>, badge: Badge) -> Self {
        Self {
            name: name.into(),
            value: String::new(),
            badge: Some(badge),
        }
    }
}
