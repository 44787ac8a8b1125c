//! An example of each code as a program sees it, for the catalogue.

use serde_json::{Value, json};

use super::{Class, Code, Language};

/// The code as it is met in an answer: one element of `errors` or of `warnings`, or a problem's
/// own members.
pub(super) fn example(code: Code) -> Value {
    let pointer = code.place().unwrap_or_default();
    match code.class() {
        Class::Warning => json!({"pointer": pointer, "code": code.as_str()}),
        Class::Violation => json!({
            "pointer": pointer,
            "code": code.as_str(),
            "message": code.detail(Language::Vi),
        }),
        Class::Request | Class::Access | Class::Conflict | Class::Limit | Class::Service => {
            json!({
                "code": code.as_str(),
                "title": code.title(Language::Vi),
                "detail": code.detail(Language::Vi),
                "retryable": code.is_retryable(),
            })
        }
    }
}
