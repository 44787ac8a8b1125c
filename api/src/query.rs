//! The query of a request: every fault at once, a name that is not known is one of them (a filter
//! misspelt would show too much).

use domain::problem::{Code, Hint, Violation};
use poem::{FromRequest, Request, RequestBody};
use runtime::vault::Vault;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cursor;
use crate::problem::Failure;

/// Items of a page when the caller does not say.
pub(crate) const LIMIT_DEFAULT: usize = 50;
/// Most items of a page.
const LIMIT_MAX: usize = 200;

/// An id out of a path; malformed is the same as absent.
pub(crate) fn id_of(text: &str) -> Result<Uuid, Failure> {
    Uuid::try_parse(text).map_err(|_| Failure::new(Code::NotFound))
}

/// A parameter as the document describes it.
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
    /// Its JSON Schema.
    pub(crate) schema: fn() -> Value,
}

/// How long a page is.
pub(crate) const LIMIT_PARAMETER: Parameter = Parameter {
    name: "limit",
    about: "Most items of the page.",
    schema: || json!({"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}),
};

/// The parameters of every list.
pub(crate) const PAGE_PARAMETERS: [Parameter; 2] = [
    LIMIT_PARAMETER,
    Parameter {
        name: "cursor",
        about: "`next_cursor` of the page before.",
        schema: || json!({"type": "string"}),
    },
];

/// The query while its parameters are taken out.
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
    violations: Vec<Violation>,
}

impl<'a> FromRequest<'a> for Query {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::new(request.params().unwrap_or_default()))
    }
}

impl Query {
    fn new(parameters: Vec<(String, String)>) -> Self {
        Self {
            parameters,
            violations: Vec::new(),
        }
    }

    /// A parameter's text; a second one of the same name is a fault.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        let mut is_repeated = false;
        self.parameters.retain_mut(|(sent, value)| {
            if sent == name {
                is_repeated |= found.is_some();
                found = Some(std::mem::take(value));
            }
            sent != name
        });
        if is_repeated {
            self.refuse(name, Code::InvalidFilter);
        }
        found
    }

    /// A parameter that `read` understands.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        otherwise: Code,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let parsed = read(&text);
        if parsed.is_none() {
            self.refuse(name, otherwise);
        }
        parsed
    }

    /// Notes a fault of a parameter.
    pub(crate) fn refuse(&mut self, name: &str, code: Code) {
        self.violations
            .push(Violation::new(format!("/query/{name}"), code));
    }

    /// Most items of the page asked for.
    pub(crate) fn limit(&mut self) -> usize {
        self.text("limit").map_or(LIMIT_DEFAULT, |text| {
            let limit = text.parse().ok();
            limit
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .unwrap_or_else(|| {
                    let hint = Hint::Between(1, LIMIT_MAX);
                    let violation = Violation::new("/query/limit", Code::InvalidLimit);
                    self.violations.push(violation.with(hint));
                    LIMIT_DEFAULT
                })
        })
    }

    /// The page asked for. `list` names what is listed, `key_id` who asks: a cursor is good for
    /// both only.
    pub(crate) fn page(&mut self, vault: &Vault, list: &str, key_id: Uuid) -> Page {
        let limit = self.limit();
        let after = self.parsed("cursor", Code::InvalidCursor, |text| {
            cursor::read(vault, list, key_id, text)
        });
        Page { limit, after }
    }

    /// Ends the reading.
    ///
    /// Errors: 422 with every fault.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        for (name, _) in &self.parameters {
            let name = name.replace('~', "~0").replace('/', "~1");
            let violation = Violation::new(format!("/query/{name}"), Code::UnknownField);
            self.violations.push(violation.with(Hint::Parameter));
        }
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(Failure::invalid(self.violations))
        }
    }
}

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Most items.
    pub(crate) limit: usize,
    /// The last item of the page before.
    pub(crate) after: Option<Uuid>,
}

#[cfg(test)]
mod tests {
    use runtime::vault::MasterKey;

    use super::*;

    fn vault() -> Vault {
        Vault::new(MasterKey::new([1; 32]), [2; 32])
    }

    fn query(parameters: &[(&str, &str)]) -> Query {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Query::new(parameters.iter().map(owned).collect())
    }

    fn codes(query: Query) -> Vec<(String, Code)> {
        let mut found = query.violations;
        found.extend(
            query
                .parameters
                .iter()
                .map(|(name, _)| Violation::new(format!("/query/{name}"), Code::UnknownField)),
        );
        found
            .into_iter()
            .map(|violation| (violation.pointer, violation.code))
            .collect()
    }

    #[test]
    fn a_limit_is_1_to_200() {
        let table = [
            ("1", Some(1)),
            ("200", Some(200)),
            ("0", None),
            ("201", None),
            ("-1", None),
            ("1.0", None),
            ("1000000000000000000000", None),
            ("", None),
        ];
        for (sent, limit) in table {
            let mut query = query(&[("limit", sent)]);
            let page = query.page(&vault(), "stays", Uuid::nil());
            assert_eq!(query.finish().is_ok(), limit.is_some(), "{sent}");
            assert_eq!(page.limit, limit.unwrap_or(50), "{sent}");
        }
    }

    #[test]
    fn every_fault_is_named() {
        let mut query = query(&[
            ("limit", "0"),
            ("cursor", "x"),
            ("presence", "gone"),
            ("presence", "present"),
            ("presense", "present"),
        ]);
        query.page(&vault(), "stays", Uuid::nil());
        let presence = query.parsed("presence", Code::InvalidFilter, |word| {
            (word == "present").then_some(())
        });
        assert_eq!(presence, Some(()));
        let expected = [
            ("/query/limit", Code::InvalidLimit),
            ("/query/cursor", Code::InvalidCursor),
            ("/query/presence", Code::InvalidFilter),
            ("/query/presense", Code::UnknownField),
        ];
        let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code));
        assert_eq!(codes(query), expected);
    }
}
