//! Who a guest was and where, before a census.

use serde_json::Value;

/// A guest of whom a stay is known, as it was before the census.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// The guest's name.
    pub full_name: Option<String>,
    /// The ward.
    pub ward: Option<String>,
    /// The room.
    pub room: Option<String>,
    /// The bed.
    pub bed: Option<String>,
}

impl Whereabouts {
    /// Those that a stay's content tells.
    #[must_use]
    pub fn of(content: &Value) -> Self {
        let text = |pointer: &str| {
            let value = content.pointer(pointer).and_then(Value::as_str);
            value.map(str::to_owned)
        };
        Self {
            full_name: text("/guest/full_name"),
            ward: text("/ward"),
            room: text("/room"),
            bed: text("/bed"),
        }
    }
}
