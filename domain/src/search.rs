//! The search for stays by what identifies a guest: in a body, so that nothing personal stands in
//! a URL.

use std::ops::RangeInclusive;

use serde_json::Value;
use uuid::Uuid;

use crate::draft::reader::{Bound, ObjectReader};
use crate::draft::{NAME_LENGTH_MAX, WORD_LENGTH_MAX};
use crate::problem::{Code, Hint, Violation};

/// Years of birth that may be named.
const BIRTH_YEARS: RangeInclusive<u32> = 1850..=2100;
/// How long a page may be.
const LIMITS: RangeInclusive<u32> = 1..=200;
/// Longest text of an id or cursor.
const OPAQUE_LENGTH_MAX: usize = 200;

/// Which guest's stays are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// The number of the document that was shown, in any spelling.
    pub document_number: Option<String>,
    /// The whole name, with or without diacritics, in any letter case.
    pub full_name: Option<String>,
    /// The year of birth, where a name is common.
    pub birth_year: Option<u32>,
    /// Only at this facility; one of another form is one that does not exist.
    pub facility_id: Option<Uuid>,
    /// Most stays of the page.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl SearchRequest {
    /// Reads `{document_number?, full_name?, birth_year?, facility_id?, limit?, cursor?}`: number
    /// or name, or both.
    ///
    /// # Errors
    /// Every violation.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let request = Self::read_members(body, &mut violations);
        if let Some(request) = &request
            && request.document_number.is_none()
            && request.full_name.is_none()
            && violations.is_empty()
        {
            let missing = Violation::new("/document_number", Code::Required);
            violations.push(missing.with(Hint::OrMember("/full_name")));
        }
        match request {
            Some(request) if violations.is_empty() => Ok(request),
            Some(_) | None => Err(violations),
        }
    }

    fn read_members(body: &Value, violations: &mut Vec<Violation>) -> Option<Self> {
        let mut reader = ObjectReader::root(body, violations)?;
        let request = Self {
            document_number: reader.text("document_number", Bound::line(WORD_LENGTH_MAX)),
            full_name: reader.text("full_name", Bound::line(NAME_LENGTH_MAX)),
            birth_year: reader.integer("birth_year", BIRTH_YEARS),
            facility_id: reader
                .text("facility_id", Bound::line(OPAQUE_LENGTH_MAX))
                .map(|text| Uuid::try_parse(&text).unwrap_or_default()),
            limit: reader.integer("limit", LIMITS),
            cursor: reader.text("cursor", Bound::line(OPAQUE_LENGTH_MAX)),
        };
        reader.finish(&[]);
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_search_names_a_number_or_a_name() {
        let request = SearchRequest::read(&json!({"full_name": " Nguyễn Văn An ", "limit": 5}));
        let request = request.unwrap();
        assert_eq!(request.full_name.as_deref(), Some("Nguyễn Văn An"));
        assert_eq!((request.limit, request.document_number), (Some(5), None));
        let table = [
            (json!([]), vec![("", Code::InvalidType)]),
            (json!({}), vec![("/document_number", Code::Required)]),
            (
                json!({"full_name": " ", "birth_year": 1990}),
                vec![("/document_number", Code::Required)],
            ),
            (
                json!({"document_number": 7, "birth_year": 90, "limit": 201, "name": "x"}),
                vec![
                    ("/document_number", Code::InvalidType),
                    ("/birth_year", Code::OutOfRange),
                    ("/limit", Code::OutOfRange),
                    ("/name", Code::UnknownField),
                ],
            ),
        ];
        for (body, expected) in table {
            let violations = SearchRequest::read(&body).unwrap_err();
            let found = violations.iter();
            let found: Vec<_> = found
                .map(|violation| (violation.pointer.as_str(), violation.code))
                .collect();
            assert_eq!(found, expected, "{body}");
        }
    }
}
