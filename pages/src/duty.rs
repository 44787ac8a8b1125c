//! The duty desk of the commune's police, as pages tell of it: by its telephone, or that none is
//! known.

use crate::words::Words;

/// The duty desk that the guests of a facility are declared to when nothing else works.
#[derive(Clone, Debug)]
pub struct DutyPhone {
    /// The commune, as it stands inside a sentence.
    pub commune: String,
    /// Its telephone; `None` where nobody has said it.
    pub telephone: Option<String>,
}

impl DutyPhone {
    /// Whom to call, and by which number.
    #[must_use]
    pub fn said(&self, words: Words) -> String {
        let police = words.police_of(&self.commune);
        match &self.telephone {
            Some(telephone) => words.duty_at(police, telephone),
            None => words.duty_unknown(police),
        }
    }

    /// The same where there is room for the number alone; nothing where there is none.
    #[must_use]
    pub fn said_briefly(&self, words: Words) -> Option<String> {
        let telephone = self.telephone.as_ref()?;
        Some(words.duty_briefly(telephone))
    }
}

#[cfg(test)]
mod tests {
    use domain::problem::Language;

    use super::*;

    #[test]
    fn a_number_that_is_not_known_is_not_made_up() {
        let words = Words(Language::Vi);
        let known = DutyPhone {
            commune: "phường Sầm Sơn".to_owned(),
            telephone: Some("0237 3821 113".to_owned()),
        };
        assert!(known.said(words).contains("0237 3821 113"));
        assert!(known.said_briefly(words).is_some());
        let unknown = DutyPhone {
            telephone: None,
            ..known
        };
        let said = unknown.said(words);
        assert!(said.contains("Công an phường Sầm Sơn") && said.contains("chưa có số"));
        assert!(unknown.said_briefly(words).is_none());
    }
}
