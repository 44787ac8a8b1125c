//! The receipt of one stay, on one page.

use chrono::{DateTime, Utc};
use domain::document::{DocumentKind, masked_number};
use domain::stay::Timeliness;

use super::column::{LARGE, PaperColumn, SMALL};
use super::words::{self, PaperWords};
use super::{PrintedPlace, written_instant};
use crate::paper::{self, Font, Modules, PaperFault, PaperPage, PdfMetadata, mm};

/// Width of the QR code: about 700 characters make 109 modules with the margin, half a
/// millimetre and more each, which telephones read at arm's length.
const QR_SIDE: f32 = mm(66.0);

/// The content of a stay's receipt.
#[derive(Clone, Debug)]
pub struct StayPaper {
    /// The receipt's number.
    pub number: String,
    /// The version of the stay.
    pub version: i32,
    /// Where.
    pub place: PrintedPlace,
    /// As declared; `None` for an unidentified person.
    pub guest_name: Option<String>,
    /// The document and its full number, which is masked here.
    pub document: (DocumentKind, Option<String>),
    /// Where in the facility.
    pub sleeping: Option<SleepingPlace>,
    /// When the stay began.
    pub arrival_at: DateTime<Utc>,
    /// When it is to end.
    pub expected_departure_at: Option<DateTime<Utc>>,
    /// Legal time of filing.
    pub received_at: DateTime<Utc>,
    /// Statutory deadline.
    pub deadline_at: DateTime<Utc>,
    /// Whether the one lies before the other.
    pub timeliness: Timeliness,
    /// Hex.
    pub content_sha256: String,
    /// The signed receipt, compact.
    pub jws: String,
}

/// Where in the facility the guest sleeps.
#[derive(Clone, Debug)]
pub enum SleepingPlace {
    /// A room.
    Room(String),
    /// A bed, where no room is named.
    Bed(String),
}

impl StayPaper {
    /// The receipt as PDF. Takes some milliseconds of computing.
    ///
    /// # Errors
    /// Those of [`paper::write`], and [`PaperFault::QrTooLong`].
    pub fn to_pdf(&self) -> Result<Vec<u8>, PaperFault> {
        let title = format!("{} {}", words::STAY_TITLE.vi, self.number);
        let facts = PdfMetadata {
            title: &title,
            document_id: &self.number,
            at: self.received_at,
        };
        paper::write(&[self.page(&Font::embedded()?)?], &facts)
    }

    pub(super) fn page(&self, font: &Font) -> Result<PaperPage, PaperFault> {
        let mut column = PaperColumn::new(font);
        column.title(words::STAY_TITLE);
        column.styled_row(words::NUMBER, LARGE, &self.number);
        column.verdict(words::verdict(self.timeliness));
        column.row(words::RECEIVED, &written_instant(self.received_at));
        column.row(words::DEADLINE, &written_instant(self.deadline_at));
        if self.version > 1 {
            column.row(words::VERSION, &self.version.to_string());
        }
        column.rule();
        column.row(words::FACILITY, &self.place.name);
        column.row(words::ADDRESS, &self.place.address);
        column.rule();
        column.row(words::GUEST, &self.guest_line());
        column.row(words::DOCUMENT, &self.document_line());
        match &self.sleeping {
            Some(SleepingPlace::Room(room)) => column.row(words::ROOM, room),
            Some(SleepingPlace::Bed(bed)) => column.row(words::BED, bed),
            None => {}
        }
        column.row(words::ARRIVAL, &written_instant(self.arrival_at));
        let departure = self.expected_departure_at.map(written_instant);
        let departure = departure.unwrap_or_else(|| both(words::NOT_STATED));
        column.row(words::EXPECTED_DEPARTURE, &departure);
        column.rule();
        column.styled_row(words::CONTENT_HASH, SMALL, &grouped(&self.content_sha256));
        column.y += 4.0;
        column.signed(Modules::of(&self.jws)?, QR_SIDE, words::STAY_SIGNED);
        Ok(column.finish(1, 1))
    }

    fn guest_line(&self) -> String {
        let name = self.guest_name.clone();
        name.unwrap_or_else(|| both(words::UNNAMED))
    }

    fn document_line(&self) -> String {
        let (kind, number) = &self.document;
        let kind = both(words::document(*kind));
        match number {
            Some(number) => format!("{} · {kind}", masked_number(number)),
            None => kind,
        }
    }
}

fn both(words: PaperWords) -> String {
    format!("{} / {}", words.vi, words.en)
}

/// Hex in groups of eight, which eyes can compare.
pub(super) fn grouped(hex: &str) -> String {
    let letters: Vec<char> = hex.chars().collect();
    let groups: Vec<String> = letters.chunks(8).map(String::from_iter).collect();
    groups.join(" ")
}
