//! All violations of one document, each place reported once with its real fault.

use crate::problem::{Class, Code, Hint, Violation};

/// The most violations reported for one document. A body full of unknown members gains nothing
/// after the first hundred.
pub const VIOLATION_COUNT_MAX: usize = 100;

/// The findings about a document: every violation and every warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// In the order in which they were found; never empty in an `Err`.
    pub violations: Vec<Violation>,
    /// Warnings that would remain after every violation is fixed.
    pub warnings: Vec<Violation>,
}

impl Faults {
    /// Starts with the findings of reading; the class of a code tells whether it causes refusal.
    pub(crate) fn new(found: Vec<Violation>) -> Self {
        let is_warning = |one: &Violation| one.code.class() == Class::Warning;
        let (warnings, mut violations): (Vec<_>, Vec<_>) = found.into_iter().partition(is_warning);
        violations.truncate(VIOLATION_COUNT_MAX);
        Self {
            violations,
            warnings,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.violations.is_empty()
    }

    pub(crate) fn push(&mut self, pointer: &str, code: Code) {
        self.add(Violation::new(pointer, code));
    }

    pub(crate) fn push_with(&mut self, pointer: &str, code: Code, hint: Hint) {
        self.add(Violation::new(pointer, code).with(hint));
    }

    pub(super) fn warn(&mut self, pointer: &str, code: Code) {
        self.warnings.push(Violation::new(pointer, code));
    }

    /// Reports a missing member, unless it is present with a fault already reported.
    pub(crate) fn require(&mut self, pointer: &str) {
        if !self.has(pointer) {
            self.push(pointer, Code::Required);
        }
    }

    /// Whether a fault at, around or within this place has already been reported.
    pub(crate) fn has(&self, pointer: &str) -> bool {
        self.violations.iter().any(|violation| {
            is_within(pointer, &violation.pointer) || is_within(&violation.pointer, pointer)
        })
    }

    fn add(&mut self, violation: Violation) {
        if self.violations.len() < VIOLATION_COUNT_MAX {
            self.violations.push(violation);
        }
    }
}

/// Whether a pointer is the outer one or lies below it.
fn is_within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
