//! Declaring a group: what all guests share, once; below it a row for each guest.

use askama::Template;

use crate::field::Field;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;
use crate::rows::{GuestRow, JudgedRow, RowState, RowSurroundings};

/// The page on which a group is declared.
#[derive(Template)]
#[template(path = "group.html")]
pub struct GroupPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The key that makes sending twice harmless.
    pub key: String,
    /// The fields that all share.
    pub shared: Vec<Field>,
    /// The scan field.
    pub scan: GroupScan,
    /// Which rooms the guests get.
    pub rooms: QuickRooms,
    /// A table that was pasted and not understood, and why.
    pub table: Option<(String, String)>,
    /// How the rows stand.
    pub count: RowCount,
    /// How many guests the list says.
    pub expected: Option<usize>,
    /// The rows: those to correct first, then the newest.
    pub rows: Vec<GuestRow>,
}

/// The field that takes scans and numbers, one after another.
#[derive(Clone, Debug, Default)]
pub struct GroupScan {
    /// What stands in it: never cleared because of a fault.
    pub value: String,
    /// Why it was not understood.
    pub fault: Option<String>,
    /// What became of the last scan, or of another action.
    pub said: Option<String>,
}

/// How rooms are given to many guests.
#[derive(Clone, Debug, Default)]
pub struct QuickRooms {
    /// The first room.
    pub from: String,
    /// Guests in each.
    pub each: String,
}

/// How the rows of a group stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCount {
    /// Rows that cannot be sent.
    pub bad: usize,
    /// Rows that can, and deserve a look.
    pub doubtful: usize,
    /// Rows that can.
    pub valid: usize,
}

impl RowCount {
    /// Counts rows.
    #[must_use]
    pub fn of(rows: &[JudgedRow]) -> Self {
        let mut count = Self::default();
        for row in rows {
            match row.state() {
                RowState::Bad => count.bad += 1,
                RowState::Doubtful => count.doubtful += 1,
                RowState::Valid => count.valid += 1,
            }
        }
        count
    }

    /// Rows that can be sent.
    #[must_use]
    pub const fn good(self) -> usize {
        self.valid + self.doubtful
    }

    /// All rows.
    #[must_use]
    pub const fn all(self) -> usize {
        self.good() + self.bad
    }
}

/// Rows as they are shown: those to correct first, then the newest.
#[must_use]
pub fn shown(mut rows: Vec<JudgedRow>, around: RowSurroundings<'_>) -> Vec<GuestRow> {
    rows.sort_by_key(|row| (row.state() != RowState::Bad, std::cmp::Reverse(row.number)));
    rows.iter().map(|row| GuestRow::of(row, around)).collect()
}

impl GroupPage {
    fn ready(&self) -> String {
        let words = self.frame.head.words;
        match self.count.all() {
            0 => words.group_ready().to_owned(),
            count => words.group_scanned(count),
        }
    }

    /// What the count of rows says beside that of the list.
    fn tally(&self) -> String {
        let words = self.frame.head.words;
        let count = self.count.all();
        match self.expected {
            Some(expected) if expected == count => words.count_agrees(count),
            Some(expected) => words.count_differs(count, expected),
            None => words.row_count_is(count),
        }
    }

    fn button(&self) -> String {
        let words = self.frame.head.words;
        let (good, all) = (self.count.good(), self.count.all());
        match self.expected {
            _ if good == 0 => words.nobody_to_send().to_owned(),
            Some(expected) if expected != all => words.send_group_differs(good, expected),
            Some(_) | None => words.send_group(good),
        }
    }
}
