//! Files of stays: what is said about one, the states of one, and the outcomes of its rows.

coded! {
    /// How far a file has come.
    pub enum ImportState {
        /// Its pieces are being stored; it is not accepted, and nobody sees it.
        Uploading => "uploading",
        /// No worker has begun.
        Queued => "queued",
        /// A worker reads it.
        Running => "running",
        /// Every row has an outcome.
        Completed => "completed",
        /// It could not be read to its end.
        Failed => "failed",
    }
}

impl ImportState {
    /// Those in which its sender may see it.
    pub const SEEN: [Self; 4] = [Self::Queued, Self::Running, Self::Completed, Self::Failed];
    /// Those in which something is left to do for a worker.
    pub const OPEN: [Self; 2] = [Self::Queued, Self::Running];

    /// Whether something is left to do for it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Uploading | Self::Queued | Self::Running => true,
            Self::Completed | Self::Failed => false,
        }
    }
}

coded! {
    /// What became of a row.
    pub enum RowOutcome {
        /// It declared a stay.
        Accepted => "accepted",
        /// It repeats a stay that is declared already.
        Replayed => "replayed",
        /// It breaks rules.
        Rejected => "rejected",
        /// It is about nobody who is to be declared.
        Skipped => "skipped",
    }
}

coded! {
    /// What kind of file it is, as its media type says.
    pub enum FileKind {
        /// Text with a separator.
        Csv => "csv",
        /// Workbook: Office Open XML, and what is read like it (`.xls` since Excel 97, `.ods`).
        Xlsx => "xlsx",
    }
}

impl FileKind {
    /// The media type (RFC 7111; IANA registration of OOXML).
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The kind of a media type without parameters.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let mut kinds = Self::ALL.iter().copied();
        kinds.find(|kind| kind.media_type().eq_ignore_ascii_case(media_type))
    }
}

coded! {
    /// What stands first in `08/12/2026`.
    pub enum DateOrder {
        /// The day, as in Viet Nam.
        DayMonth => "dmy",
        /// The month, as in the United States.
        MonthDay => "mdy",
    }
}
