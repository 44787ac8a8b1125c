//! What operations are shown with in the document.

/// A noun whose operations have examples, in a file beside its own.
pub(crate) trait Examples {
    /// JSON: `{operation: {requests: {name: {summary, value}}, answer}}`. Dates are texts such as
    /// `@now-20m` or `@day+2T12:00`, relative to the time of serving, so that a copied example is
    /// always accepted.
    const EXAMPLES: &'static str = "{}";
}
