//! Typed reading of a JSON object that notes every fault and goes on.

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

    /// A member that is text: normalised; absent when empty, `null` or faulty.
    pub(crate) fn text(&mut self, name: &'static str, bound: Bound) -> Option<String> {
        match self.take(name)? {
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
        let Value::Object(members) = self.take(name)? else {
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

    /// The member, unless absent or `null`.
    fn take(&mut self, name: &'static str) -> Option<&'document Value> {
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
