//! Typed reading of a JSON object that notes every fault and goes on.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::problem::{Code, Hint, Violation};
use crate::text::nfc_trim;

/// What a text may be.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// Longest, in characters after trimming.
    length_max: usize,
    /// Whether line breaks and tabs are text here.
    is_multiline: bool,
}

impl Bound {
    pub(crate) const fn line(length_max: usize) -> Self {
        Self {
            length_max,
            is_multiline: false,
        }
    }

    pub(crate) const fn lines(length_max: usize) -> Self {
        Self {
            length_max,
            is_multiline: true,
        }
    }

    fn fault(self, text: &str) -> Option<(Code, Option<Hint>)> {
        if text.chars().any(|letter| self.forbids(letter)) {
            return Some((Code::ControlCharacter, None));
        }
        let is_too_long = text.chars().nth(self.length_max).is_some();
        is_too_long.then_some((Code::TooLong, Some(Hint::LengthMax(self.length_max))))
    }

    fn forbids(self, letter: char) -> bool {
        letter.is_control() && !(self.is_multiline && matches!(letter, '\n' | '\r' | '\t'))
    }
}

/// One object of the document while its members are taken out.
pub(crate) struct ObjectReader<'document, 'list> {
    members: &'document Map<String, Value>,
    pointer: String,
    taken: Vec<&'static str>,
    violations: &'list mut Vec<Violation>,
}

impl<'document, 'list> ObjectReader<'document, 'list> {
    /// The document itself; `None` and a violation when it is no object.
    pub(crate) fn root(
        body: &'document Value,
        violations: &'list mut Vec<Violation>,
    ) -> Option<Self> {
        if let Value::Object(members) = body {
            return Some(Self {
                members,
                pointer: String::new(),
                taken: Vec::new(),
                violations,
            });
        }
        violations.push(Violation::new("", Code::InvalidType));
        None
    }

    /// An object that stands at `pointer`; `None` and a violation when it is none.
    pub(crate) fn at(
        pointer: String,
        value: &'document Value,
        violations: &'list mut Vec<Violation>,
    ) -> Option<Self> {
        if let Value::Object(members) = value {
            return Some(Self {
                members,
                pointer,
                taken: Vec::new(),
                violations,
            });
        }
        violations.push(Violation::new(pointer, Code::InvalidType));
        None
    }

    /// A member that is text: normalised; absent when empty, `null` or faulty.
    pub(crate) fn text(&mut self, name: &'static str, bound: Bound) -> Option<String> {
        match self.member(name)? {
            Value::String(sent) => {
                let text = nfc_trim(sent);
                if let Some((code, hint)) = bound.fault(&text) {
                    self.note(name, code, hint);
                    return None;
                }
                (!text.is_empty()).then_some(text)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {
                self.note(name, Code::InvalidType, None);
                None
            }
        }
    }

    /// A member that is an object; absent when nothing in it is there.
    pub(crate) fn object<T: Default + PartialEq>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut ObjectReader<'document, '_>) -> T,
    ) -> Option<T> {
        let Value::Object(members) = self.member(name)? else {
            self.note(name, Code::InvalidType, None);
            return None;
        };
        let mut inner = ObjectReader {
            members,
            pointer: self.pointer_to(name),
            taken: Vec::new(),
            violations: self.violations,
        };
        let object = read(&mut inner);
        inner.finish(&[]);
        (object != T::default()).then_some(object)
    }

    /// A member that is a whole number within bounds; absent when `null` or faulty.
    pub(crate) fn integer(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u32>,
    ) -> Option<u32> {
        let value = self.member(name)?;
        let Value::Number(number) = value else {
            self.note(name, Code::InvalidType, None);
            return None;
        };
        let number = number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok());
        let found = number.filter(|number| bounds.contains(number));
        if found.is_none() {
            let hint = Hint::Between(to_usize(*bounds.start()), to_usize(*bounds.end()));
            self.note(name, Code::OutOfRange, Some(hint));
        }
        found
    }

    /// A member that is a list of so many elements; absent when `null` or faulty.
    pub(crate) fn list(
        &mut self,
        name: &'static str,
        counts: RangeInclusive<usize>,
    ) -> Option<&'document [Value]> {
        let Value::Array(elements) = self.member(name)? else {
            self.note(name, Code::InvalidType, None);
            return None;
        };
        let hint = Hint::Between(*counts.start(), *counts.end());
        if elements.len() < *counts.start() {
            self.note(name, Code::TooFewItems, Some(hint));
        } else if elements.len() > *counts.end() {
            self.note(name, Code::TooManyItems, Some(hint));
        } else {
            return Some(elements);
        }
        None
    }

    /// Notes that a member is required.
    pub(crate) fn require(&mut self, name: &str) {
        let pointer = self.pointer_to(name);
        let is_noted = self.violations.iter().any(|known| known.pointer == pointer);
        if !is_noted {
            self.note(name, Code::Required, None);
        }
    }

    /// Notes a fault of a member.
    pub(crate) fn refuse(&mut self, name: &str, code: Code) {
        self.note(name, code, None);
    }

    /// Names what was not taken: read-only members unless `null`, unknown ones in any case.
    pub(crate) fn finish(self, read_only: &[&str]) {
        for (name, value) in self.members {
            if self.taken.contains(&name.as_str()) {
                continue;
            }
            let pointer = format!("{}/{}", self.pointer, escaped(name));
            if !read_only.contains(&name.as_str()) {
                self.violations
                    .push(Violation::new(pointer, Code::UnknownField));
            } else if !value.is_null() {
                self.violations
                    .push(Violation::new(pointer, Code::ReadOnly));
            }
        }
    }

    /// A member that is a whole number, not negative.
    pub(crate) fn count(&mut self, name: &'static str) -> Option<u32> {
        let sent = self.member(name)?.as_u64();
        let count = sent.and_then(|count| u32::try_from(count).ok());
        if count.is_none() {
            self.note(name, Code::InvalidType, None);
        }
        count
    }

    /// The member as it is, unless absent or `null`.
    pub(crate) fn member(&mut self, name: &'static str) -> Option<&'document Value> {
        self.taken.push(name);
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn note(&mut self, name: &str, code: Code, hint: Option<Hint>) {
        let pointer = self.pointer_to(name);
        self.violations.push(Violation {
            pointer,
            code,
            hint,
        });
    }

    fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escaped(name))
    }
}

/// A member's name inside a pointer (RFC 6901, section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Lossless on every machine that luutru runs on.
fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
