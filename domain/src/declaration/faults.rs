//! All violations of one document, each place named once for what is really wrong with it.

use crate::problem::{Class, Code, Hint, Violation};

/// Most violations named for one document. A body of nothing but unknown members has no more to
/// tell after the first hundred.
pub const VIOLATION_COUNT_MAX: usize = 100;

/// What was found in a document: every violation, and every warning beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    /// In the order in which they were found; never empty in an `Err`.
    pub violations: Vec<Violation>,
    /// What would deserve a look even with every violation mended.
    pub warnings: Vec<Violation>,
}

impl Faults {
    /// Begins with what reading found; the class of a code tells whether it refuses.
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

    /// A missing member, unless it is there with a fault that is named already.
    pub(crate) fn require(&mut self, pointer: &str) {
        if !self.has(pointer) {
            self.push(pointer, Code::Required);
        }
    }

    /// Whether something at this place, around it or within it is named already.
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
