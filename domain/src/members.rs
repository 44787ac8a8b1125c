//! Reads the members of a small request one by one, reporting every fault at once; an unknown
//! member is a fault.

use serde_json::{Map, Value};

use crate::problem::{Code, Hint, Violation};
use crate::text::{forbidden_character, nfc_trim};

/// The members of a request while they are taken out; `null` is the same as absent.
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
    taken: Vec<&'static str>,
    violations: Vec<Violation>,
}

impl<'a> Members<'a> {
    /// Those of a JSON object.
    pub(crate) fn of(body: &'a Value) -> Result<Self, Vec<Violation>> {
        let Value::Object(members) = body else {
            return Err(vec![Violation::new("", Code::InvalidType)]);
        };
        Ok(Self {
            members,
            taken: Vec::new(),
            violations: Vec::new(),
        })
    }

    /// A member as it was sent.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.taken.push(name);
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Lets members pass unread.
    pub(crate) fn ignore(&mut self, names: &[&'static str]) {
        self.taken.extend(names);
    }

    /// Notes a fault of a member.
    pub(crate) fn fault(&mut self, name: &str, code: Code, hint: Option<Hint>) {
        let mut violation = Violation::new(format!("/{name}"), code);
        violation.hint = hint;
        self.violations.push(violation);
    }

    /// Whether a fault of a member, or of something inside it, was noted.
    pub(crate) fn has_fault_under(&self, name: &str) -> bool {
        let place = format!("/{name}");
        let pointers = self.violations.iter().map(|fault| &fault.pointer);
        pointers
            .into_iter()
            .any(|pointer| pointer.starts_with(&place))
    }

    /// Text, trimmed; `None` when nothing is left of it.
    pub(crate) fn text(&mut self, name: &'static str, length_max: usize) -> Option<String> {
        let value = self.take(name)?;
        let Value::String(sent) = value else {
            self.fault(name, Code::InvalidType, None);
            return None;
        };
        let text = nfc_trim(sent);
        if let Some(code) = forbidden_character(&text, true) {
            self.fault(name, code, None);
            return None;
        }
        if text.chars().nth(length_max).is_some() {
            self.fault(name, Code::TooLong, Some(Hint::LengthMax(length_max)));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// Text that must be there.
    pub(crate) fn required(&mut self, name: &'static str, length_max: usize) -> Option<String> {
        let before = self.violations.len();
        let text = self.text(name, length_max);
        if text.is_none() && self.violations.len() == before {
            self.fault(name, Code::Required, None);
        }
        text
    }

    /// A list of words, each of which `read` understands.
    pub(crate) fn words<T>(
        &mut self,
        name: &'static str,
        count_max: usize,
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.take(name) else {
            return Vec::new();
        };
        let Value::Array(items) = value else {
            self.fault(name, Code::InvalidType, None);
            return Vec::new();
        };
        if items.len() > count_max {
            let between = Hint::Between(0, count_max);
            self.fault(name, Code::TooManyItems, Some(between));
            return Vec::new();
        }
        let mut words = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{name}/{index}");
            match item.as_str().map(|text| read(text.trim())) {
                Some(Some(word)) => words.push(word),
                Some(None) => self.fault(&place, Code::UnknownCode, None),
                None => self.fault(&place, Code::InvalidType, None),
            }
        }
        words
    }

    /// Ends the reading: the remaining members are unknown.
    pub(crate) fn finish(mut self) -> Result<(), Vec<Violation>> {
        for name in self.members.keys() {
            if !self.taken.contains(&name.as_str()) {
                let name = name.replace('~', "~0").replace('/', "~1");
                self.violations
                    .push(Violation::new(format!("/{name}"), Code::UnknownField));
            }
        }
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(self.violations)
        }
    }
}
