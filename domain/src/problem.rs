//! Every stable error code of the service, in one list, with texts in two languages.
//!
//! A code is never renamed and never used for something else. A text gives the fact, then the
//! fix, and never the submitted value.

mod codes;
mod example;
mod in_file;
mod language;
mod violation;

use serde_json::{Value, json};

pub use codes::Code;
pub use in_file::{SheetColumnRef, in_file};
pub use language::Language;
pub use violation::{Hint, Violation};

coded! {
    /// What kind of statement a code makes.
    pub enum Class {
        /// The request cannot be read or is not offered.
        Request => "request",
        /// The caller may not do this.
        Access => "access",
        /// The request contradicts what is stored.
        Conflict => "conflict",
        /// A quota or a bound is exceeded.
        Limit => "limit",
        /// The service cannot answer now.
        Service => "service",
        /// One member of the document breaks a rule.
        Violation => "violation",
        /// One member of the document deserves a look; nothing is refused.
        Warning => "warning",
    }
}

/// The catalogue `error_codes`: every code with class, `retryable`, words in both languages and
/// an example of what a program sees, as
/// `{code, class, retryable, title: {vi, en}, detail: {vi, en}, fix: {vi, en}, example}`.
#[must_use]
pub fn catalogue() -> Vec<Value> {
    Code::ALL.iter().copied().map(catalogue_entry).collect()
}

fn catalogue_entry(code: Code) -> Value {
    json!({
        "code": code.as_str(),
        "class": code.class().as_str(),
        "retryable": code.is_retryable(),
        "title": {"vi": code.title(Language::Vi), "en": code.title(Language::En)},
        "detail": {"vi": code.detail(Language::Vi), "en": code.detail(Language::En)},
        "fix": {"vi": code.fix(Language::Vi), "en": code.fix(Language::En)},
        "example": example::example(code),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_catalogue_lists_every_code_once() {
        let listed: HashSet<String> = catalogue()
            .iter()
            .map(|entry| entry["code"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(listed.len(), Code::ALL.len());
    }
}
