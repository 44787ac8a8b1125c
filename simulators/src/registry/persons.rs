//! The persons of the registry and their file.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{journal::Book, wire_format};

/// A person as the registry records one. No `Debug`: all of it is personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The personal identification number: 1 to 32 ASCII digits or letters.
    pub personal_id: String,
    /// The name in full, with diacritics.
    pub full_name: String,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub birth_date: String,
    /// `male`, `female` or `unspecified`.
    pub sex: String,
}

impl Person {
    /// True when the registry can hold this person.
    pub(crate) fn is_sound(&self) -> bool {
        let id = self.personal_id.as_bytes();
        (1..=32).contains(&id.len())
            && id.iter().all(u8::is_ascii_alphanumeric)
            && !self.full_name.trim().is_empty()
            && wire_format::is_partial_date(&self.birth_date)
            && matches!(self.sex.as_str(), "male" | "female" | "unspecified")
    }

    /// What a verification shows.
    pub(crate) fn recorded(&self) -> Value {
        json!({
            "full_name": self.full_name,
            "birth_date": self.birth_date,
            "sex": self.sex,
        })
    }

    fn line(&self) -> Value {
        json!({
            "personal_id": self.personal_id,
            "full_name": self.full_name,
            "birth_date": self.birth_date,
            "sex": self.sex,
        })
    }
}

/// A change of the persons. Answered with the number of persons added.
pub(crate) enum Change {
    /// Adds or replaces one.
    Put(Person),
    /// Adds those whose number is not there yet.
    AddMissing(Vec<Person>),
}

type ByNumber = HashMap<String, Person>;

/// The persons as requests share them with the writer.
#[derive(Clone, Default)]
pub(crate) struct SharedPersons(Arc<RwLock<ByNumber>>);

impl SharedPersons {
    pub(crate) fn count(&self) -> u64 {
        self.0.read().len() as u64
    }

    /// What is recorded under a number.
    pub(crate) fn recorded(&self, personal_id: &str) -> Option<Value> {
        self.0.read().get(personal_id).map(Person::recorded)
    }

    fn extend(&self, persons: impl IntoIterator<Item = (String, Person)>) {
        let mut by_number = self.0.write();
        by_number.extend(persons);
    }
}

/// The writer's side: the persons and what the present group changes. In the file the last line
/// of a number counts.
pub(crate) struct PersonsBook {
    persons: SharedPersons,
    planned: ByNumber,
}

impl PersonsBook {
    pub(crate) fn new(persons: SharedPersons) -> Self {
        Self {
            persons,
            planned: HashMap::new(),
        }
    }

    /// Plans one person. Answers 1 when the number is new.
    fn put(&mut self, person: Person, may_replace: bool, lines: &mut Vec<u8>) -> usize {
        let (is_known, is_same) = {
            let written = self.persons.0.read();
            let known = self
                .planned
                .get(&person.personal_id)
                .or_else(|| written.get(&person.personal_id));
            (known.is_some(), known == Some(&person))
        };
        if is_same || (is_known && !may_replace) {
            return 0;
        }
        lines.extend_from_slice(person.line().to_string().as_bytes());
        lines.push(b'\n');
        self.planned.insert(person.personal_id.clone(), person);
        usize::from(!is_known)
    }
}

impl Book for PersonsBook {
    type Command = Change;
    type Answer = usize;

    fn recall(&mut self, line: &[u8]) -> anyhow::Result<()> {
        // The error of the JSON reader may quote what it read.
        let person: Person = serde_json::from_slice(line)
            .map_err(|_| anyhow::anyhow!("a line does not hold a person"))?;
        self.persons.extend([(person.personal_id.clone(), person)]);
        Ok(())
    }

    fn plan(&mut self, change: Change, lines: &mut Vec<u8>) -> usize {
        match change {
            Change::Put(person) => self.put(person, true, lines),
            Change::AddMissing(persons) => persons
                .into_iter()
                .map(|person| self.put(person, false, lines))
                .sum(),
        }
    }

    fn publish(&mut self) {
        self.persons.extend(self.planned.drain());
    }

    fn discard(&mut self) {
        self.planned.clear();
    }
}
