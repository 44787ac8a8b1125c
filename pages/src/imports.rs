//! Files of stays: sending one, watching it being read, and mending what was refused.

use askama::Template;
use uuid::Uuid;

use crate::badge::Badge;
use crate::frame::Frame;
use crate::icon::Icon;
use crate::note::Note;
use crate::rows::GuestRow;

/// The page on which files are sent.
#[derive(Template)]
#[template(path = "imports.html")]
pub struct ImportsPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The key that makes sending twice harmless.
    pub key: Uuid,
    /// The most that a file may hold, in megabytes.
    pub size_max: u32,
    /// The newest files.
    pub recent: Vec<RecentImport>,
}

/// A file that was sent lately.
pub struct RecentImport {
    /// Its id.
    pub id: Uuid,
    /// What its sender calls it, where that is known.
    pub name: Option<String>,
    /// When it was received.
    pub received_at: String,
    /// What kind of file it is.
    pub kind: &'static str,
    /// How it stands.
    pub badge: Badge,
    /// How many rows it has, in words.
    pub rows: String,
}

/// A file, how far it has come, and what became of its rows.
#[derive(Template)]
#[template(path = "import.html")]
pub struct ImportPage {
    /// What surrounds it.
    pub frame: Frame,
    /// One message about the page.
    pub note: Option<Note>,
    /// The file.
    pub id: Uuid,
    /// What it is called.
    pub heading: String,
    /// When it was received, to the second.
    pub received_at: String,
    /// How it stands.
    pub badge: Badge,
    /// Whether more is to come.
    pub is_open: bool,
    /// Whether nothing was stored.
    pub is_dry_run: bool,
    /// Rows that are done, and all of them once they are counted.
    pub progress: (u32, Option<u32>),
    /// What became of its rows.
    pub counts: ImportCounts,
    /// Why it cannot be read.
    pub problem: Option<String>,
    /// How its columns were understood.
    pub sheets: Vec<SheetColumns>,
    /// Sheets that are not read, each with the reason.
    pub passed_over: Vec<String>,
    /// The key that makes sending twice harmless.
    pub key: Uuid,
    /// The first of the rows to correct.
    pub rejected: Vec<GuestRow>,
    /// Rows that were taken and deserve a look.
    pub looks: Vec<Look>,
}

/// What became of the rows of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportCounts {
    /// New.
    pub accepted: u32,
    /// Declared before.
    pub replayed: u32,
    /// Refused.
    pub rejected: u32,
    /// Of nobody who is here.
    pub skipped: u32,
}

/// The columns of a sheet.
pub struct SheetColumns {
    /// The sheet's name, where it has one.
    pub name: Option<String>,
    /// The columns, in the order of the file.
    pub columns: Vec<SheetColumn>,
}

/// A column of a sheet.
pub struct SheetColumn {
    /// What a spreadsheet calls it.
    pub letters: String,
    /// Its heading.
    pub heading: String,
    /// What it was taken for; `None` where it is not read.
    pub meaning: Option<&'static str>,
}

/// A row that deserves a look.
pub struct Look {
    /// The row, in words.
    pub row: String,
    /// The stay that it made.
    pub stay_id: Option<Uuid>,
    /// What about it.
    pub message: String,
}

impl ImportPage {
    fn done(&self) -> u32 {
        self.progress.0
    }

    fn has_more_rejected(&self) -> bool {
        usize::try_from(self.counts.rejected).is_ok_and(|all| all > self.rejected.len())
    }
}
