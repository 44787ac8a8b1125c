//! A case as pages read it.

use domain::review::ReviewKind;
use serde_json::Value;

use crate::problem::Failure;

/// A case as the API answers it.
pub(super) struct ShownCase(pub(super) Value);

impl ShownCase {
    /// A text; empty when there is none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        let value = self.0.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    /// A list; empty when there is none.
    pub(super) fn list(&self, pointer: &str) -> &[Value] {
        let list = self.0.pointer(pointer).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }

    /// A value, where there is one.
    pub(super) fn value(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer).filter(|value| !value.is_null())
    }

    /// Its kind.
    pub(super) fn kind(&self) -> Result<ReviewKind, Failure> {
        let kind = ReviewKind::parse(self.text("/kind"));
        kind.ok_or_else(|| Failure::internal("a case of no kind"))
    }

    /// How urgent it is.
    pub(super) fn priority(&self) -> u32 {
        let priority = self.value("/priority").and_then(Value::as_u64);
        priority.and_then(|it| u32::try_from(it).ok()).unwrap_or(1)
    }
}
