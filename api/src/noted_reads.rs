//! Which keys' reads were audited a moment ago.

use std::collections::HashMap;

use parking_lot::Mutex;
use uuid::Uuid;

/// How many keys' last audited minutes are remembered; beyond that, each read is audited.
const REMEMBERED_COUNT_MAX: usize = 10_000;

/// The minute in which each key's reading was last audited.
#[derive(Default)]
pub(crate) struct NotedReads(Mutex<HashMap<Uuid, i64>>);

impl NotedReads {
    /// True for the first read of a key in a minute.
    pub(crate) fn is_first(&self, key_id: Uuid, minute: i64) -> bool {
        let mut noted = self.0.lock();
        if noted.len() >= REMEMBERED_COUNT_MAX {
            noted.retain(|_, last| *last == minute);
        }
        let is_first = noted.get(&key_id) != Some(&minute);
        if noted.len() < REMEMBERED_COUNT_MAX {
            noted.insert(key_id, minute);
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_noted_once_a_minute() {
        let noted = NotedReads::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let answers = [(one, 5), (one, 5), (other, 5), (one, 6), (one, 6)]
            .map(|(key, minute)| noted.is_first(key, minute));
        assert_eq!(answers, [true, false, true, true, false]);
    }
}
