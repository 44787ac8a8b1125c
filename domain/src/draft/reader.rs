//! Typed reading of a JSON object that records every fault and continues.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::problem::{Code, Hint, Violation};
use crate::text::{
    forbidden_character, is_misleading, is_plain, is_unseen, nfc_trim, single_spaced,
    without_unseen,
};

/// What a text may be.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// Longest, in characters after trimming.
    length_max: usize,
    nature: CharacterRule,
}

/// How to treat characters that do not belong in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CharacterRule {
    /// One line: refused.
    Line,
    /// Line breaks and tabs are text: others are refused.
    Lines,
    /// A name: refused, but for the joiners that some scripts are spelt with.
    Name,
    /// A number, which is copied from anywhere: dropped, with a warning.
    Number,
    /// A telephone number or one-line remark, which must never block a declaration: such characters
    /// are dropped and overlong text is cut, each with a warning. Only misleading characters are
    /// refused in a remark.
    Telephone,
    Remark,
    /// The same with several lines.
    Remarks,
}

/// The stored text and its warnings.
struct KeptText {
    text: String,
    warnings: Vec<(Code, Option<Hint>)>,
}

impl Bound {
    pub(crate) const fn line(length_max: usize) -> Self {
        Self::new(length_max, CharacterRule::Line)
    }

    pub(crate) const fn lines(length_max: usize) -> Self {
        Self::new(length_max, CharacterRule::Lines)
    }

    pub(crate) const fn name(length_max: usize) -> Self {
        Self::new(length_max, CharacterRule::Name)
    }

    pub(crate) const fn number(length_max: usize) -> Self {
        Self::new(length_max, CharacterRule::Number)
    }

    pub(crate) const fn telephone(length_max: usize) -> Self {
        Self::new(length_max, CharacterRule::Telephone)
    }

    pub(crate) const fn remark(length_max: usize) -> Self {
        Self::new(length_max, CharacterRule::Remark)
    }

    pub(crate) const fn remarks(length_max: usize) -> Self {
        Self::new(length_max, CharacterRule::Remarks)
    }

    const fn new(length_max: usize, nature: CharacterRule) -> Self {
        Self { length_max, nature }
    }

    /// The text as it is kept, if there is nothing to refuse and nothing to warn of.
    pub(super) fn keep_sound(self, sent: &str) -> Option<String> {
        let kept = self.keep(sent).ok()?;
        kept.warnings.is_empty().then_some(kept.text)
    }

    /// The stored text, or why it is refused.
    fn keep(self, sent: &str) -> Result<KeptText, (Code, Option<Hint>)> {
        let text = nfc_trim(sent);
        let mut kept = match self.nature {
            _ if is_plain(&text) => KeptText::whole(text),
            CharacterRule::Line => strict(text, false)?,
            CharacterRule::Lines => strict(text, true)?,
            CharacterRule::Name => name(text)?,
            CharacterRule::Number => cleaned(&text)?,
            CharacterRule::Telephone => legible(&text, false),
            CharacterRule::Remark | CharacterRule::Remarks if text.chars().any(is_misleading) => {
                return Err((Code::InvisibleCharacter, None));
            }
            // PostgreSQL's text type cannot hold it, and no person types it.
            CharacterRule::Remark | CharacterRule::Remarks if text.contains('\0') => {
                return Err((Code::ControlCharacter, None));
            }
            CharacterRule::Remark => legible(&text, false),
            CharacterRule::Remarks => legible(&text, true),
        };
        // Characters are counted only where there are more bytes than characters are allowed.
        let is_too_long =
            kept.text.len() > self.length_max && kept.text.chars().nth(self.length_max).is_some();
        if is_too_long {
            let hint = Some(Hint::LengthMax(self.length_max));
            match self.nature {
                CharacterRule::Line
                | CharacterRule::Lines
                | CharacterRule::Name
                | CharacterRule::Number => {
                    return Err((Code::TooLong, hint));
                }
                CharacterRule::Telephone | CharacterRule::Remark | CharacterRule::Remarks => {
                    let start: String = kept.text.chars().take(self.length_max).collect();
                    kept.text = start.trim_end().to_owned();
                    kept.warnings.push((Code::TextCut, hint));
                }
            }
        }
        Ok(kept)
    }
}

fn strict(text: String, is_multiline: bool) -> Result<KeptText, (Code, Option<Hint>)> {
    match forbidden_character(&text, is_multiline) {
        Some(code) => Err((code, None)),
        None => Ok(KeptText::whole(text)),
    }
}

/// U+200C and U+200D are letters' neighbours in the scripts from Arabic to Khmer, where leaving
/// them out would misspell a name; elsewhere they only hide.
fn name(text: String) -> Result<KeptText, (Code, Option<Hint>)> {
    if !text.contains(['\u{200c}', '\u{200d}']) {
        return strict(text, false);
    }
    let is_joined =
        |letter: &char| matches!(letter, '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}');
    let letters: Vec<char> = text.chars().collect();
    let judged: String = letters
        .iter()
        .enumerate()
        .filter(|(at, letter)| {
            let before = at.checked_sub(1).and_then(|before| letters.get(before));
            let is_joiner = matches!(letter, '\u{200c}' | '\u{200d}');
            !(is_joiner && before.is_some_and(is_joined))
        })
        .map(|(_, letter)| *letter)
        .collect();
    match forbidden_character(&judged, false) {
        Some(code) => Err((code, None)),
        None => Ok(KeptText::whole(text)),
    }
}

/// Misleading characters are refused in numbers too; merely invisible ones come from copying.
fn cleaned(text: &str) -> Result<KeptText, (Code, Option<Hint>)> {
    if text.chars().any(is_misleading) {
        return Err((Code::InvisibleCharacter, None));
    }
    let Some(cleaned) = without_unseen(text) else {
        return strict(text.to_owned(), false);
    };
    let mut kept = strict(nfc_trim(&cleaned), false)?;
    kept.warnings.push((Code::InvisibleDropped, None));
    Ok(kept)
}

/// The text with a space, or a line break, for what is none, and a warning where more than that
/// went.
fn legible(text: &str, is_multiline: bool) -> KeptText {
    let is_break = |letter: char| matches!(letter, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    let is_dropped = |letter: char| !is_break(letter) && (letter.is_control() || is_unseen(letter));
    if !text
        .chars()
        .any(|letter| is_break(letter) || is_dropped(letter))
    {
        return KeptText::whole(text.to_owned());
    }
    let legible: String = text
        .chars()
        .filter(|letter| !is_dropped(*letter))
        .map(|letter| match letter {
            '\u{2028}' | '\u{2029}' => '\n',
            other => other,
        })
        .collect();
    let text_of_one_line = || single_spaced(&legible);
    let kept = if is_multiline {
        nfc_trim(&legible)
    } else {
        text_of_one_line()
    };
    let warning = text
        .chars()
        .any(is_dropped)
        .then_some((Code::InvisibleDropped, None));
    KeptText {
        text: kept,
        warnings: warning.into_iter().collect(),
    }
}

impl KeptText {
    const fn whole(text: String) -> Self {
        Self {
            text,
            warnings: Vec::new(),
        }
    }
}

/// An object of the document while its members are read.
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

    /// A member that is text: normalised; absent when empty, `null` or faulty. What its bound only
    /// warns of is noted among the violations, with a code of that class.
    pub(crate) fn text(&mut self, name: &'static str, bound: Bound) -> Option<String> {
        match self.member(name)? {
            Value::String(sent) => {
                let kept = match bound.keep(sent) {
                    Ok(kept) => kept,
                    Err((code, hint)) => {
                        self.note(name, code, hint);
                        return None;
                    }
                };
                for (code, hint) in kept.warnings {
                    self.note(name, code, hint);
                }
                (!kept.text.is_empty()).then_some(kept.text)
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

    /// Reports the remaining members: read-only ones unless `null`, unknown ones always.
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
