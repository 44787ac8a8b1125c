//! Every code is one row, in a file for each class.
//!
//! A row holds all there is to know about a code: its word, its HTTP status where that differs
//! from the one of its class, whether the same request may succeed later, the member it usually
//! concerns, and title and detail in both languages. A row that lacks a language does not compile.
//!
//! An enum cannot be divided among files. So each file is a macro that hands the rows collected so
//! far, and its own behind them, to the next one in the list at the end of this page; the last,
//! `codes`, writes the enum and its table.

use super::{Class, Language};

#[macro_use]
mod request;
#[macro_use]
mod access;
#[macro_use]
mod conflict;
#[macro_use]
mod limit;
#[macro_use]
mod service;
#[macro_use]
mod violation;
#[macro_use]
mod file;
#[macro_use]
mod warning;

/// A code's words in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Words {
    /// A few words, for a heading.
    title: &'static str,
    /// The fact, then the fix.
    detail: &'static str,
}

/// What a code means.
struct Row {
    class: Class,
    status: u16,
    is_retryable: bool,
    place: Option<&'static str>,
    vi: Words,
    en: Words,
}

/// A row's own value, or what holds without one.
macro_rules! own_or {
    ($default:expr) => {
        $default
    };
    ($default:expr, $own:expr) => {
        $own
    };
}

macro_rules! codes {
    ([] $( $class:ident, status: $class_status:literal { $(
        $(#[$doc:meta])*
        $code:ident => $word:literal
        $(, status: $status:literal)? $(, retryable: $retryable:literal)? $(, at: $place:literal)?
        {
            vi: $vi_title:literal, $vi_detail:literal;
            en: $en_title:literal, $en_detail:literal;
        }
    )+ } )+) => {
        coded! {
            /// A stable code of a problem, a violation or a warning.
            pub enum Code { $( $( $(#[$doc])* $code => $word, )+ )+ }
        }

        impl Code {
            const fn row(self) -> &'static Row {
                match self { $( $(
                    Self::$code => &Row {
                        class: Class::$class,
                        status: own_or!($class_status $(, $status)?),
                        is_retryable: own_or!(false $(, $retryable)?),
                        place: own_or!(None $(, Some($place))?),
                        vi: Words { title: $vi_title, detail: $vi_detail },
                        en: Words { title: $en_title, detail: $en_detail },
                    },
                )+ )+ }
            }
        }
    };
}

request! { [access conflict limit service violation file warning codes] }

impl Code {
    /// What kind of statement the code makes.
    #[must_use]
    pub const fn class(self) -> Class {
        self.row().class
    }

    /// The HTTP status (RFC 9110) of an answer with this code; of a warning, the one it would have
    /// as a violation.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// Whether the same request may succeed later without being changed.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        self.row().is_retryable
    }

    /// The member that the code usually concerns, as an RFC 6901 pointer; `None` for codes about
    /// the whole request.
    pub(super) const fn place(self) -> Option<&'static str> {
        self.row().place
    }

    /// A heading of a few words.
    #[must_use]
    pub const fn title(self, language: Language) -> &'static str {
        self.words(language).title
    }

    /// The fact, then the fix. Never holds a submitted value.
    #[must_use]
    pub const fn detail(self, language: Language) -> &'static str {
        self.words(language).detail
    }

    /// The fix: [`Self::detail`] without its first sentence, the fact.
    #[must_use]
    pub fn fix(self, language: Language) -> &'static str {
        let sentences = self.detail(language).split_once(". ");
        sentences.map_or("", |(_, fix)| fix)
    }

    const fn words(self, language: Language) -> Words {
        match language {
            Language::Vi => self.row().vi,
            Language::En => self.row().en,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_snake_case_unique_and_reads_back() {
        let mut seen = HashSet::new();
        for code in Code::ALL.iter().copied() {
            let word = code.as_str();
            assert!(
                word.chars()
                    .all(|letter| letter.is_ascii_lowercase() || letter == '_')
            );
            assert!(seen.insert(word), "{word} twice");
            assert_eq!(Code::parse(word), Some(code));
        }
    }

    #[test]
    fn words_are_there_in_both_languages_and_end_as_sentences() {
        for code in Code::ALL.iter().copied() {
            for language in [Language::Vi, Language::En] {
                assert!(!code.title(language).is_empty(), "{code}");
                assert!(!code.title(language).ends_with('.'), "{code}");
                assert!(code.detail(language).ends_with('.'), "{code}");
                assert!(code.fix(language).ends_with('.'), "{code} has no fix");
            }
            assert_ne!(code.title(Language::Vi), code.title(Language::En), "{code}");
            assert_ne!(
                code.detail(Language::Vi),
                code.detail(Language::En),
                "{code}"
            );
        }
    }

    #[test]
    fn every_code_has_a_status_of_its_class() {
        for code in Code::ALL.iter().copied() {
            let status = code.status();
            let is_fitting = match code.class() {
                Class::Violation | Class::Warning => status == 422,
                Class::Access => matches!(status, 401 | 403),
                Class::Service => matches!(status, 500 | 503),
                Class::Limit => matches!(status, 413 | 429),
                Class::Conflict => matches!(status, 409 | 412 | 422 | 428),
                Class::Request => matches!(status, 400 | 404..=406 | 408 | 415 | 421 | 422),
            };
            assert!(is_fitting, "{code} is {status}");
        }
    }

    #[test]
    fn only_codes_about_a_member_have_a_place_and_each_has_one() {
        for code in Code::ALL.iter().copied() {
            let is_of_a_member = matches!(code.class(), Class::Violation | Class::Warning);
            assert_eq!(code.place().is_some(), is_of_a_member, "{code}");
        }
    }

    #[test]
    fn only_passing_troubles_are_retryable() {
        for code in Code::ALL.iter().copied().filter(|code| code.is_retryable()) {
            let class = code.class();
            assert!(
                !matches!(class, Class::Violation | Class::Warning | Class::Access),
                "{code}"
            );
        }
        assert!(Code::OutcomeUnknown.is_retryable());
        assert!(!Code::IdempotencyKeyReused.is_retryable());
    }
}
