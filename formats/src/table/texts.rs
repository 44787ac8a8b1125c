//! The texts of a file, each once, within a budget of memory.
//!
//! A file of 64 MiB may expand to gigabytes. Everything stored is charged to the budget first, and
//! a file that exceeds it is refused with its own fault.

use super::{CELL_BYTE_COUNT_MAX, FileFault};

/// Most bytes that all texts, cells and rows of a file may take. With the largest file beside them
/// they stay below the 256 MiB of the process that reads it.
pub const MEMORY_BYTE_COUNT_MAX: usize = 144 * 1024 * 1024;
/// How much to allocate when there is no room left: doubling would take twice what is needed.
const GROWTH_BYTE_COUNT: usize = 4 * 1024 * 1024;
/// The memory cost of a text besides its bytes.
const TEXT_COST: usize = size_of::<u32>();

/// Which text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TextId(u32);

impl TextId {
    /// The empty text.
    pub(super) const EMPTY: Self = Self(0);

    pub(super) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// The text that many places behind this one.
    pub(super) fn plus(self, places: usize) -> Option<Self> {
        let places = u32::try_from(places).ok()?;
        self.0.checked_add(places).map(Self)
    }
}

/// All texts, in one allocation.
pub(super) struct Texts {
    text: String,
    /// Where each text ends; it begins where the one before ends.
    ends: Vec<u32>,
    memory_left: usize,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            ends: vec![0],
            memory_left: MEMORY_BYTE_COUNT_MAX,
        }
    }

    /// Pays for something that is kept elsewhere.
    pub(super) fn spend(&mut self, byte_count: usize) -> Result<(), FileFault> {
        let left = self.memory_left.checked_sub(byte_count);
        self.memory_left = left.ok_or(FileFault::TooHeavy)?;
        Ok(())
    }

    /// Keeps a text. One that no cell can hold is cut off behind the bound, which is still seen
    /// where a cell names it.
    pub(super) fn add(&mut self, text: &str) -> Result<TextId, FileFault> {
        if text.is_empty() {
            return Ok(TextId::EMPTY);
        }
        self.add_always(text)
    }

    /// Keeps a text that has a place of its own even when it is empty.
    pub(super) fn add_always(&mut self, text: &str) -> Result<TextId, FileFault> {
        let end = text.floor_char_boundary(CELL_BYTE_COUNT_MAX + 4);
        let text = text.get(..end).unwrap_or_default();
        self.spend(text.len() + TEXT_COST)?;
        if self.text.capacity() - self.text.len() < text.len() {
            self.text.reserve_exact(GROWTH_BYTE_COUNT);
        }
        self.text.push_str(text);
        reserve(&mut self.ends);
        let id = TextId(u32::try_from(self.ends.len()).map_err(|_| FileFault::TooHeavy)?);
        let end = u32::try_from(self.text.len()).map_err(|_| FileFault::TooHeavy)?;
        self.ends.push(end);
        Ok(id)
    }

    /// The id that the next text will have.
    pub(super) fn next_id(&self) -> Option<TextId> {
        u32::try_from(self.ends.len()).ok().map(TextId)
    }

    pub(super) fn get(&self, id: TextId) -> &str {
        let place = id.0 as usize;
        let Some(before) = place.checked_sub(1) else {
            return "";
        };
        let bound = |place: usize| self.ends.get(place).copied().unwrap_or_default() as usize;
        self.text
            .get(bound(before)..bound(place))
            .unwrap_or_default()
    }
}

/// Room for one more, a little at a time.
pub(super) fn reserve<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact(
            list.len()
                .clamp(16, GROWTH_BYTE_COUNT / size_of::<T>().max(1)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_again_and_paid_for() {
        let mut texts = Texts::new();
        let first = texts.add("Phòng").unwrap();
        let empty = texts.add("").unwrap();
        let second = texts.add("101").unwrap();
        assert_eq!(
            [first, empty, second].map(|id| texts.get(id)),
            ["Phòng", "", "101"]
        );
        assert_eq!(first.plus(1), Some(second));
        let long = "x".repeat(CELL_BYTE_COUNT_MAX * 2);
        let cut = texts.add(&long).unwrap();
        assert!(texts.get(cut).len() > CELL_BYTE_COUNT_MAX);
        assert!(texts.get(cut).len() < CELL_BYTE_COUNT_MAX + 8);
        let count = (0..).take_while(|_| texts.add(&long).is_ok()).count();
        assert!(count * CELL_BYTE_COUNT_MAX < MEMORY_BYTE_COUNT_MAX);
        assert_eq!(texts.add(&long), Err(FileFault::TooHeavy));
    }
}
