//! The receipt of a facility's day: one page of facts, then every number.

use chrono::{DateTime, NaiveDate, Utc};
use domain::stay::Timeliness;

use super::column::{FOOT_Y, LARGE, MARGIN, PaperColumn, SMALL, SMALL_GREY};
use super::stay::grouped;
use super::words;
use super::{PrintedPlace, written_day, written_instant};
use crate::paper::{self, Font, Modules, PaperFault, PaperPage, PdfMetadata, mm};

/// Lines that are printed; a day with more says so, and its digest covers all.
pub(super) const LINE_COUNT_MAX: usize = 5_000;

/// Width of the QR code: fewer characters than of a stay's receipt.
const QR_SIDE: f32 = mm(62.0);
/// From one line of the list to the next.
const PITCH: f32 = 13.0;
const NUMBER_X: f32 = MARGIN + mm(14.0);
const RECEIVED_X: f32 = MARGIN + mm(74.0);
const VERDICT_X: f32 = MARGIN + mm(124.0);

/// The content of a day's receipt.
#[derive(Clone, Debug)]
pub struct DayPaper {
    /// Where.
    pub place: PrintedPlace,
    /// The local day on which the stays began.
    pub day: NaiveDate,
    /// When the receipt was made: a late declaration may still be added to a past day.
    pub as_of: DateTime<Utc>,
    /// Every receipt, in the order in which it is printed.
    pub lines: Vec<DayLine>,
    /// Hex of the digest over the numbers.
    pub sha256: String,
    /// The signed statement, compact.
    pub jws: String,
}

/// A receipt of the day.
#[derive(Clone, Debug)]
pub struct DayLine {
    /// Its number.
    pub number: String,
    /// Legal time of filing.
    pub received_at: DateTime<Utc>,
    /// Whether that was in time.
    pub timeliness: Timeliness,
}

impl DayPaper {
    /// The receipt as PDF. Takes some milliseconds of computing for every hundred lines.
    ///
    /// # Errors
    /// Those of [`paper::write`], and [`PaperFault::QrTooLong`].
    pub fn to_pdf(&self) -> Result<Vec<u8>, PaperFault> {
        let title = format!("{} {}", words::DAY_TITLE.vi, written_day(self.day));
        let facts = PdfMetadata {
            title: &title,
            document_id: &format!("{} {}", self.day, self.sha256),
            at: self.as_of,
        };
        paper::write(&self.pages(&Font::embedded()?)?, &facts)
    }

    pub(super) fn pages(&self, font: &Font) -> Result<Vec<PaperPage>, PaperFault> {
        let shown = self.lines.get(..LINE_COUNT_MAX).unwrap_or(&self.lines);
        let mut columns = vec![self.first(font)?];
        for (index, line) in shown.iter().enumerate() {
            let is_full = columns
                .last()
                .is_none_or(|column| column.y + PITCH > FOOT_Y);
            if index == 0 || is_full {
                columns.push(list_page(font));
            }
            if let Some(column) = columns.last_mut() {
                put_line(column, index, line);
            }
        }
        let count = columns.len();
        let pages = columns.into_iter().enumerate();
        Ok(pages
            .map(|(index, column)| column.finish(index + 1, count))
            .collect())
    }

    fn first<'a>(&self, font: &'a Font) -> Result<PaperColumn<'a>, PaperFault> {
        let on_time = self
            .lines
            .iter()
            .filter(|line| line.timeliness == Timeliness::OnTime);
        let mut column = PaperColumn::new(font);
        column.title(words::DAY_TITLE);
        column.styled_row(words::DAY, LARGE, &written_day(self.day));
        column.rule();
        column.row(words::FACILITY, &self.place.name);
        column.row(words::ADDRESS, &self.place.address);
        column.rule();
        column.styled_row(words::COUNT, LARGE, &self.count_line());
        column.row(words::ON_TIME_COUNT, &on_time.count().to_string());
        column.row(words::AS_OF, &written_instant(self.as_of));
        column.styled_row(words::NUMBERS_HASH, SMALL, &grouped(&self.sha256));
        column.y += 4.0;
        column.signed(Modules::of(&self.jws)?, QR_SIDE, words::DAY_SIGNED);
        Ok(column)
    }

    /// The whole count, and how many of it are printed when that is not all.
    fn count_line(&self) -> String {
        let count = self.lines.len();
        if count > LINE_COUNT_MAX {
            format!("{count} (in / printed: {LINE_COUNT_MAX})")
        } else {
            count.to_string()
        }
    }
}

fn list_page(font: &Font) -> PaperColumn<'_> {
    let mut column = PaperColumn::new(font);
    column.title(words::LIST_TITLE);
    let heads = [
        (NUMBER_X, words::NUMBER),
        (RECEIVED_X, words::RECEIVED),
        (VERDICT_X, words::TIMELINESS),
    ];
    for (x, head) in heads {
        column.put(x, column.y + 8.0, SMALL, head.vi);
        column.put(x, column.y + 18.0, SMALL_GREY, head.en);
    }
    column.y += 24.0;
    column.rule();
    column
}

fn put_line(column: &mut PaperColumn<'_>, index: usize, line: &DayLine) {
    let y = column.y + 6.0;
    let verdict = words::verdict(line.timeliness);
    let verdict = format!("{} / {}", verdict.vi, verdict.en);
    column.put_right(NUMBER_X - mm(3.0), y, SMALL_GREY, &(index + 1).to_string());
    column.put(NUMBER_X, y, SMALL, &line.number);
    column.put(RECEIVED_X, y, SMALL, &written_instant(line.received_at));
    column.put(VERDICT_X, y, SMALL, &verdict);
    column.y += PITCH;
}
