//! Converts rows of a file to stays in the contract's form, each with its faults.
//!
//! Each row is read on its own, except that a column as a whole decides the order of its dates:
//! `08/12` is in December or in August for all rows alike, and a value that is not a date in that
//! order is a fault of its row. An uncertain value is a fault with a proposal, or a warning; it is
//! never repaired silently.

mod clock;
mod dates;
mod document;
mod names;
pub mod places;
mod words;

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, DurationRound, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::birth_date::BirthDate;
use domain::catalogue::VIET_NAM_CODE;
use domain::country::{self, CountryMeaning};
use domain::damage::is_damaged;
use domain::draft::{
    Draft, DraftDocument, DraftGuardian, DraftGuest, DraftParty, DraftResidence, DraftVisa,
};
use domain::import::DateOrder;
use domain::problem::{Code, Hint, Violation};
use domain::text::nfc_trim;
use domain::time::{at_local, format_instant, local_date};
use serde_json::Value;

use crate::columns::{Columns, Field};
use crate::sheet_text::unguarded;
use crate::table::{CellKind, FileFault, STAY_ROW_COUNT_MAX, Table};

use dates::{DateOrderEvidence, DateReader, Read, Signs, When};
use places::PlaceColumns;
pub(crate) use words::LABEL_SEPARATOR;
use words::RowPresence;

/// A date of arrival without a time counts as this time, when rooms are given, or as the time of
/// receipt, whichever is earlier.
const ARRIVAL_TIME: NaiveTime = at_clock(14, 0);
/// A date of departure without a time counts as this time: when rooms are left.
const DEPARTURE_TIME: NaiveTime = at_clock(12, 0);
/// A departure on the day of arrival without a time.
const DEPARTURE_TIME_SAME_DAY: NaiveTime = at_clock(23, 59);

/// Fields whose cells hold days.
const DAY_FIELDS: [Field; 7] = [
    Field::Arrival,
    Field::ArrivalTime,
    Field::Departure,
    Field::BirthDate,
    Field::PermittedStayUntil,
    Field::VisaExpiry,
    Field::EnteredOn,
];

const fn at_clock(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// The terms for a file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the sender says of dates such as `08/12/2026`; left out, each column decides.
    pub date_order: Option<DateOrder>,
    /// When the file was received: the legal time of filing.
    pub received_at: DateTime<Utc>,
    /// Until when the foreigners of the file may stay, where their rows do not say.
    pub permitted_stay_until: Option<NaiveDate>,
}

/// A file whose heading is understood.
pub struct StayRows {
    table: Table,
    columns: Columns,
    places: PlaceColumns,
    terms: Terms,
    readers: HashMap<Field, DateReader>,
    parties: HashMap<String, BookingParty>,
}

/// Data about the guests of one booking.
#[derive(Default)]
struct BookingParty {
    listed_count: usize,
    guest_count: usize,
}

/// One row.
pub struct SheetRow {
    /// As the person sees it, from 1.
    pub number: usize,
    /// What it says.
    pub reading: RowReading,
}

/// What a row says.
pub enum RowReading {
    /// Nobody is declared: a booking, a cancellation, or a guest who left at an unknown time.
    Skipped(CellNote),
    /// A stay.
    Stay(Box<RowDraft>),
}

/// Something about a row, with the column that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellNote {
    /// What it is; the pointer is into the stay.
    pub violation: Violation,
    /// Which column; `None` where the pointer tells.
    pub field: Option<Field>,
}

/// A stay as a row has it.
#[derive(Default)]
pub struct RowDraft {
    /// In the contract's form, `facility_id` left out.
    pub stay: Value,
    /// Whether the time of arrival was assumed: then the arrival is compared by its day.
    pub arrival_is_assumed: bool,
    /// When the guest left, if the row is of somebody who has.
    pub departed_at: Option<DateTime<Utc>>,
    /// What is wrong with it.
    pub violations: Vec<CellNote>,
    /// What deserves a look.
    pub warnings: Vec<CellNote>,
    /// What may have been meant, by field. Personal.
    pub suggestions: Vec<(Field, String)>,
    /// The columns that members were read from, where there are several for one.
    pub sources: Vec<(&'static str, Field)>,
}

/// Nearly everything in it is personal.
impl fmt::Debug for RowDraft {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RowDraft")
            .field("violations", &self.violations)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// How a row is recognised when the file is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// The sender's own name for the stay.
    Reference,
    /// The sender's number of the person, together with the day of arrival.
    PersonNumber,
    /// All that it says.
    Content,
}

impl KnownBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Reference, Self::PersonNumber, Self::Content];

    /// The word of JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::PersonNumber => "person_number",
            Self::Content => "content",
        }
    }
}

impl StayRows {
    /// Understands a table.
    ///
    /// # Errors
    /// The heading is not understood, or there are no rows or too many.
    pub fn new(table: Table, terms: &Terms) -> Result<Self, FileFault> {
        let columns = Columns::find(&table)?;
        let row_count = table.row_count() - (columns.heading_row + 1);
        if row_count == 0 {
            return Err(FileFault::Empty);
        }
        if row_count > STAY_ROW_COUNT_MAX {
            return Err(FileFault::TooManyRows);
        }
        let mut rows = Self {
            places: PlaceColumns::of(&columns),
            table,
            columns,
            terms: *terms,
            readers: HashMap::new(),
            parties: HashMap::new(),
        };
        rows.readers = rows.day_readers();
        rows.count_parties();
        Ok(rows)
    }

    /// How many rows there are below the heading.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.row_count() - (self.columns.heading_row + 1)
    }

    /// Never true: a file without rows is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The heading.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Where what is said about a row stands in the file.
    #[must_use]
    pub fn places(&self) -> &PlaceColumns {
        &self.places
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// By what rows are known again.
    #[must_use]
    pub fn known_by(&self) -> KnownBy {
        let has = |field| self.columns.of(field).is_some();
        if has(Field::Reference) {
            KnownBy::Reference
        } else if has(Field::PersonNumber) {
            KnownBy::PersonNumber
        } else {
            KnownBy::Content
        }
    }

    /// What stands first in the dates of a column, from 0; `None` where it holds no days.
    #[must_use]
    pub fn order_of(&self, field: Field) -> Option<DateOrder> {
        self.readers.get(&field).map(|reader| reader.order)
    }

    /// What stands first in all dates; `None` where columns differ.
    #[must_use]
    pub fn date_order(&self) -> Option<DateOrder> {
        let mut orders = DAY_FIELDS.iter().filter_map(|field| self.order_of(*field));
        let first = orders.next()?;
        orders.all(|order| order == first).then_some(first)
    }

    /// The cells of the heading, without columns of ours.
    #[must_use]
    pub fn heading(&self) -> Vec<String> {
        self.kept_cells(self.columns.heading_row)
    }

    /// The cells of a row as they were sent, without columns of ours.
    #[must_use]
    pub fn cells(&self, index: usize) -> Vec<String> {
        self.kept_cells(self.columns.heading_row + 1 + index)
    }

    /// Reads a row, from 0.
    #[must_use]
    pub fn row(&self, index: usize) -> SheetRow {
        let row = self.columns.heading_row + 1 + index;
        let number = self.table.row_number(row);
        let skipped = |code| RowReading::Skipped(status_note(code));
        let presence = self.presence(row);
        let reading = match presence {
            Some(Some(RowPresence::Never)) => skipped(Code::BookingCancelled),
            Some(Some(RowPresence::NotYet)) => skipped(Code::GuestNotArrived),
            None | Some(None | Some(RowPresence::Here | RowPresence::Left)) => {
                let mut reader = RowReader {
                    rows: self,
                    row,
                    draft: RowDraft::default(),
                };
                if presence == Some(None) {
                    reader
                        .draft
                        .violations
                        .push(status_note(Code::StatusUnknown));
                }
                let has_left = presence == Some(Some(RowPresence::Left));
                reader.read(has_left);
                let draft = reader.draft;
                if has_left && draft.departed_at.is_none() && draft.violations.is_empty() {
                    skipped(Code::GuestDeparted)
                } else {
                    RowReading::Stay(Box::new(draft))
                }
            }
        };
        SheetRow { number, reading }
    }

    /// The meaning of a row's status; `None` if it is empty, `Some(None)` if it is not recognised.
    fn presence(&self, row: usize) -> Option<Option<RowPresence>> {
        self.text(row, Field::Status)
            .map(|status| words::presence(&status))
    }

    fn kept_cells(&self, row: usize) -> Vec<String> {
        let is_ours = |place: &usize| {
            let mut known = self.columns.known();
            known.any(|column| column.field == Field::Ours && column.place == *place)
        };
        let width = self.table.cells(self.columns.heading_row).count();
        let width = width.max(self.table.cells(row).count());
        (0..width)
            .filter(|column| !is_ours(column))
            .map(|column| unguarded(self.table.cell(row, column)).to_owned())
            .collect()
    }

    /// The text of a field in a row; `None` when it is empty.
    fn text(&self, row: usize, field: Field) -> Option<String> {
        self.cell(row, field).map(|(_, text)| text)
    }

    /// The column of a field in a row and its text: of several columns the first one with text.
    fn cell(&self, row: usize, field: Field) -> Option<(usize, String)> {
        self.columns.all_of(field).find_map(|column| {
            let text = nfc_trim(unguarded(self.table.cell(row, column)));
            (!text.is_empty()).then_some((column, text))
        })
    }

    /// How the days of each column are read.
    fn day_readers(&self) -> HashMap<Field, DateReader> {
        let signs: Vec<(Field, Signs)> = DAY_FIELDS
            .iter()
            .filter_map(|field| Some((*field, self.signs(*field)?)))
            .collect();
        let orders: Vec<(Field, DateOrder)> = signs
            .iter()
            .map(|(field, signs)| (*field, signs.order()))
            .collect();
        signs
            .iter()
            .map(|(field, signs)| {
                let others_have = |order| {
                    orders
                        .iter()
                        .any(|(other, found)| other != field && *found == order)
                };
                let reader = DateReader {
                    order: signs.order(),
                    is_doubtful: signs.is_doubtful(others_have),
                    is_1904: self.table.layout.is_1904,
                    today: local_date(self.terms.received_at),
                };
                (*field, reader)
            })
            .collect()
    }

    fn signs(&self, field: Field) -> Option<Signs> {
        let column = self.columns.of(field)?;
        // Beside a day it holds times alone.
        if field == Field::ArrivalTime && self.columns.of(Field::Arrival).is_some() {
            return None;
        }
        let mut evidence = DateOrderEvidence::default();
        for row in self.columns.heading_row + 1..self.table.row_count() {
            evidence.see(self.table.cell(row, column.place));
        }
        Some(Signs {
            asked: self.terms.date_order,
            named: column.named_order,
            is_vietnamese: self.columns.is_vietnamese,
            evidence,
        })
    }

    /// The reader of a field's days, as Vietnamese ones where there is no such column.
    fn reader(&self, field: Field) -> DateReader {
        self.readers.get(&field).copied().unwrap_or(DateReader {
            order: self.terms.date_order.unwrap_or(DateOrder::DayMonth),
            is_doubtful: false,
            is_1904: self.table.layout.is_1904,
            today: local_date(self.terms.received_at),
        })
    }

    fn count_parties(&mut self) {
        if self.columns.of(Field::Adults).is_none() {
            return;
        }
        for row in self.columns.heading_row + 1..self.table.row_count() {
            let Some(booking) = self.text(row, Field::BookingReference) else {
                continue;
            };
            let presence = self.presence(row);
            if matches!(
                presence,
                Some(Some(RowPresence::NotYet | RowPresence::Never))
            ) {
                continue;
            }
            let count = |field| {
                let text = self.text(row, field);
                let text = text.map(|text| document::restored(&text).0);
                text.and_then(|text| text.parse::<usize>().ok())
                    .unwrap_or_default()
            };
            let guest_count = count(Field::Adults).saturating_add(count(Field::Children));
            let party = self.parties.entry(booking).or_default();
            party.listed_count += 1;
            party.guest_count = party.guest_count.max(guest_count);
        }
    }
}

/// The fault of a cell of the wrong kind. Formulas are not trusted; errors are not values; a date
/// or boolean in a text column is the spreadsheet's misreading of typed text.
fn unfit(kind: CellKind, field: Field) -> Option<Code> {
    let is_name_or_number = matches!(
        field,
        Field::Reference
            | Field::Room
            | Field::Bed
            | Field::Ward
            | Field::FullName
            | Field::FamilyName
            | Field::GivenName
            | Field::DocumentNumber
            | Field::PersonalId
            | Field::PassportNumber
            | Field::VisaNumber
            | Field::BookingReference
    );
    match kind {
        CellKind::Formula => Some(Code::Formula),
        CellKind::Error => Some(Code::CellNotText),
        CellKind::Date | CellKind::Boolean if is_name_or_number => Some(Code::CellNotText),
        CellKind::Text | CellKind::Number | CellKind::Date | CellKind::Boolean => None,
    }
}

/// The status is no member of a stay.
fn status_note(code: Code) -> CellNote {
    CellNote {
        violation: Violation::new("", code),
        field: Some(Field::Status),
    }
}

/// A row while it is read.
struct RowReader<'a> {
    rows: &'a StayRows,
    row: usize,
    draft: RowDraft,
}

impl RowReader<'_> {
    fn read(&mut self, has_left: bool) {
        let arrival = self.arrival();
        let departure = self.departure(arrival);
        let nationality = self.nationality();
        let birth_date = self.birth_date(arrival);
        let document = self.document(nationality.as_deref(), birth_date, arrival);
        let purpose = self.purpose();
        let permitted_stay_until = self.permitted_stay_until(
            nationality.as_deref(),
            document.no_document_reason.as_deref(),
        );
        let sex = self.text(Field::Sex, "/guest/sex");
        let guest = DraftGuest {
            full_name: self.full_name(),
            birth_date: birth_date.map(BirthDate::to_text),
            sex: sex.map(|sex| words::sex(&sex)),
            nationality,
            no_document_reason: document.no_document_reason,
            document: document.document,
            residence: self.residence(),
            phone: self.whole(Field::Phone, "/guest/phone"),
            guardian: self.guardian(),
            mother_reference: self.whole(Field::MotherReference, "/guest/mother_reference"),
            permitted_stay_until,
            visa: self.visa(),
            entered_on: self.day(Field::EnteredOn, "/guest/entered_on"),
            entry_gate: self.text(Field::EntryGate, "/guest/entry_gate"),
        };
        let draft = Draft {
            facility_id: None,
            reference: self.reference(arrival),
            room: self.whole(Field::Room, "/room"),
            bed: self.whole(Field::Bed, "/bed"),
            ward: self.text(Field::Ward, "/ward"),
            arrival_at: arrival.map(|at| format_instant(at.instant)),
            expected_departure_at: departure.map(|at| format_instant(at.instant)),
            purpose: purpose.0,
            purpose_text: purpose.1,
            guest,
            party: self.party(),
            note: self.text(Field::Note, "/note"),
        };
        self.draft.stay = draft.to_value();
        self.draft.departed_at = departure
            .filter(|_| has_left)
            .and_then(|at| at.departed_by(self.rows.terms.received_at))
            .filter(|departed| arrival.is_some_and(|arrival| arrival.instant < *departed));
    }

    fn refuse(&mut self, field: Field, pointer: &'static str, code: Code) {
        self.refuse_with(field, Violation::new(pointer, code));
    }

    fn refuse_with(&mut self, field: Field, violation: Violation) {
        let note = CellNote {
            violation,
            field: Some(field),
        };
        if !self.draft.violations.contains(&note) {
            self.draft.violations.push(note);
        }
    }

    fn warn(&mut self, field: Field, pointer: &'static str, code: Code) {
        let note = CellNote {
            violation: Violation::new(pointer, code),
            field: Some(field),
        };
        if !self.draft.warnings.contains(&note) {
            self.draft.warnings.push(note);
        }
    }

    /// The text of a field, checked as a cell: formulas, spreadsheet errors and damaged text are
    /// faults. In fields that are not forwarded they are dropped with a warning, so that they do
    /// not block a declaration.
    fn text(&mut self, field: Field, pointer: &'static str) -> Option<String> {
        let table = &self.rows.table;
        let kinds = self
            .rows
            .columns
            .all_of(field)
            .map(|column| table.kind(self.row, column));
        let of_kind = kinds.filter_map(|kind| unfit(kind, field)).next();
        let cell = self.rows.cell(self.row, field);
        let fault = of_kind.or(match &cell {
            Some((_, text)) if words::is_no_value(text) => Some(Code::CellNotText),
            Some((_, text)) if is_damaged(text) => Some(Code::TextDamaged),
            Some(_) | None => None,
        });
        match fault {
            Some(code) if is_remark(field) => {
                self.warn(field, pointer, code);
                None
            }
            Some(code) => {
                self.refuse(field, pointer, code);
                None
            }
            None => cell.map(|(_, text)| text),
        }
    }

    /// The text of a field that a spreadsheet may have taken for a quantity or a day: a room, a bed,
    /// a telephone number, a reference.
    fn whole(&mut self, field: Field, pointer: &'static str) -> Option<String> {
        let text = self.text(field, pointer)?;
        let bare = text.trim_start_matches('\'').trim();
        let is_place = matches!(field, Field::Room | Field::Bed);
        if is_place && dates::is_day(bare) {
            self.refuse(field, pointer, Code::CellNotText);
            return None;
        }
        if document::is_rounded(bare) && !is_remark(field) {
            self.refuse(field, pointer, Code::NumberRounded);
            return None;
        }
        if let Some(whole) = document::without_fraction(bare) {
            self.warn(field, pointer, Code::NumberCleaned);
            return Some(whole);
        }
        (!bare.is_empty()).then(|| bare.to_owned())
    }

    /// The sender's own name for the stay, otherwise the sender's number for the person with the
    /// day of arrival, because a person may return.
    fn reference(&mut self, arrival: Option<RowArrival>) -> Option<String> {
        const POINTER: &str = "/reference";
        if let Some(reference) = self.whole(Field::Reference, POINTER) {
            return Some(reference);
        }
        let number = self.whole(Field::PersonNumber, POINTER)?;
        self.draft.sources.push((POINTER, Field::PersonNumber));
        arrival.map(|arrival| format!("{number}/{}", arrival.day))
    }

    /// Family name first, as documents and the machine-readable zone have it.
    fn full_name(&mut self) -> Option<String> {
        const POINTER: &str = "/guest/full_name";
        if let Some(name) = self.text(Field::FullName, POINTER) {
            if names::are_two(&name) {
                self.warn(Field::FullName, POINTER, Code::TwoGuestsInCell);
            }
            return Some(names::in_order(&name));
        }
        let family = self.text(Field::FamilyName, POINTER);
        let given = self.text(Field::GivenName, POINTER);
        let parts: Vec<String> = [family, given].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| names::in_order(&parts.join(" ")))
    }

    fn nationality(&mut self) -> Option<String> {
        const POINTER: &str = "/guest/nationality";
        let text = self.text(Field::Nationality, POINTER)?;
        match country::meaning(&text) {
            CountryMeaning::Country(code) => Some(code.to_owned()),
            CountryMeaning::Either(first, second) => {
                let hint = Hint::EitherCountry(first, second);
                let violation = Violation::new(POINTER, Code::NationalityAmbiguous).with(hint);
                self.refuse_with(Field::Nationality, violation);
                None
            }
            CountryMeaning::Unknown => Some(text),
        }
    }

    fn birth_date(&mut self, arrival: Option<RowArrival>) -> Option<BirthDate> {
        const POINTER: &str = "/guest/birth_date";
        let of_day = self.text(Field::BirthDate, POINTER);
        let field = if of_day.is_some() {
            Field::BirthDate
        } else {
            Field::BirthYear
        };
        let text = of_day.or_else(|| self.text(Field::BirthYear, POINTER))?;
        self.draft.sources.push((POINTER, field));
        let day = arrival.map(|arrival| arrival.day);
        let reader = self.rows.reader(field);
        self.told(
            field,
            POINTER,
            Code::InvalidDate,
            reader.birth_date(&text, day),
        )
    }

    /// The value, with a warning if it is ambiguous, or its fault.
    fn told<T>(
        &mut self,
        field: Field,
        pointer: &'static str,
        invalid: Code,
        read: Result<Read<T>, dates::DateFault>,
    ) -> Option<T> {
        match read {
            Ok(read) => {
                if read.is_assumed {
                    self.warn(field, pointer, Code::DateAssumed);
                }
                Some(read.value)
            }
            Err(fault) => {
                self.refuse_with(field, fault.violation(pointer, invalid));
                None
            }
        }
    }

    fn day(&mut self, field: Field, pointer: &'static str) -> Option<String> {
        let text = self.text(field, pointer)?;
        let read = self.rows.reader(field).when(&text);
        let when = self.told(field, pointer, Code::InvalidDate, read)?;
        Some(when.day().to_string())
    }

    /// The row's own day, otherwise the sender's day for all foreigners of the file. A child born
    /// here needs none.
    fn permitted_stay_until(
        &mut self,
        nationality: Option<&str>,
        no_document_reason: Option<&str>,
    ) -> Option<String> {
        const POINTER: &str = "/guest/permitted_stay_until";
        let own = self.day(Field::PermittedStayUntil, POINTER);
        let is_foreign =
            nationality.is_some_and(|code| code != VIET_NAM_CODE && country::names(code).is_some());
        let is_open =
            is_foreign && no_document_reason != Some("newborn") && !self.has_violation_at(POINTER);
        own.or_else(|| {
            let day = self.rows.terms.permitted_stay_until.filter(|_| is_open);
            day.map(|day| day.to_string())
        })
    }

    fn arrival(&mut self) -> Option<RowArrival> {
        const POINTER: &str = "/arrival_at";
        let date = self.text(Field::Arrival, POINTER);
        let time = self.text(Field::ArrivalTime, POINTER);
        let field = if date.is_some() {
            Field::Arrival
        } else {
            Field::ArrivalTime
        };
        let Some(date) = date.clone().or_else(|| time.clone()) else {
            if !self.has_violation_at(POINTER) {
                let missing = Violation::new(POINTER, Code::Required);
                self.draft.violations.push(CellNote {
                    violation: missing,
                    field: None,
                });
            }
            return None;
        };
        self.draft.sources.push((POINTER, field));
        let read = self.rows.reader(field).when(&date);
        let when = self.told(field, POINTER, Code::InvalidInstant, read)?;
        let time = time.filter(|_| field == Field::Arrival);
        let (day, at) = match (when, time) {
            (When::Instant(instant), _) => return Some(RowArrival::at(instant)),
            (When::Local(day, Some(at)), _) => (day, at),
            (When::Local(day, None), Some(time)) => {
                let Some(clock) = clock::time(&time) else {
                    self.refuse(Field::ArrivalTime, POINTER, Code::InvalidInstant);
                    return None;
                };
                (clock.day_after(day)?, clock.time)
            }
            (When::Local(day, None), None) => {
                self.warn(field, POINTER, Code::ArrivalTimeAssumed);
                self.draft.arrival_is_assumed = true;
                return Some(RowArrival {
                    instant: self.assumed_arrival(day),
                    day,
                });
            }
        };
        Some(RowArrival::at(at_local(day, at)))
    }

    /// An assumed time is never later than the receipt on the same day. Cut to the minute, because
    /// an arrival at the exact instant of receipt means that it was left out.
    fn assumed_arrival(&self, day: NaiveDate) -> DateTime<Utc> {
        let usual = at_local(day, ARRIVAL_TIME);
        let received_at = self.rows.terms.received_at;
        if local_date(received_at) != day || usual <= received_at {
            return usual;
        }
        let minute = received_at
            .duration_trunc(TimeDelta::minutes(1))
            .unwrap_or(received_at);
        let earlier = minute - TimeDelta::minutes(1);
        let is_same_day = local_date(earlier) == day;
        if minute == received_at && is_same_day {
            earlier
        } else {
            minute
        }
    }

    fn departure(&mut self, arrival: Option<RowArrival>) -> Option<Departure> {
        const POINTER: &str = "/expected_departure_at";
        let text = self.text(Field::Departure, POINTER)?;
        let time = self.text(Field::DepartureTime, POINTER);
        let reader = self.rows.reader(Field::Departure);
        let near = arrival.and_then(|arrival| reader.when_from(&text, arrival.day));
        let when = match near {
            Some(when) => when,
            None => {
                let read = reader.when(&text);
                self.told(Field::Departure, POINTER, Code::InvalidInstant, read)?
            }
        };
        let (day, at) = match (when, time) {
            (When::Instant(instant), _) => {
                return Some(Departure { instant });
            }
            (When::Local(day, Some(at)), _) => (day, at),
            (When::Local(day, None), Some(time)) => {
                let Some(clock) = clock::time(&time) else {
                    self.refuse(Field::DepartureTime, POINTER, Code::InvalidInstant);
                    return None;
                };
                (clock.day_after(day)?, clock.time)
            }
            (When::Local(day, None), None) => {
                let is_same_day = arrival.is_some_and(|arrival| arrival.day == day);
                let at = if is_same_day {
                    DEPARTURE_TIME_SAME_DAY
                } else {
                    DEPARTURE_TIME
                };
                (day, at)
            }
        };
        let instant = at_local(day, at);
        Some(Departure { instant })
    }

    fn document(
        &mut self,
        nationality: Option<&str>,
        birth_date: Option<BirthDate>,
        arrival: Option<RowArrival>,
    ) -> ShownIdentity {
        const KIND: &str = "/guest/document/kind";
        const NUMBER: &str = "/guest/document/number";
        let cells = document::Cells {
            kind: self.text(Field::DocumentKind, KIND),
            number: self.text(Field::DocumentNumber, NUMBER),
            personal_id: self.text(Field::PersonalId, NUMBER),
            passport: self.text(Field::PassportNumber, NUMBER),
            nationality,
        };
        let found = document::find(&cells);
        let field = found.field.unwrap_or(Field::DocumentNumber);
        if found.number.is_some() {
            self.draft.sources.push((NUMBER, field));
        }
        if found.is_cleaned {
            self.warn(field, NUMBER, Code::NumberCleaned);
        }
        match found.fault {
            Some(document::NumberFault::ZeroLost { repaired }) => {
                self.refuse(field, NUMBER, Code::LeadingZeroLost);
                self.draft.suggestions.push((field, repaired));
            }
            Some(document::NumberFault::Rounded) => {
                self.refuse(field, NUMBER, Code::NumberRounded);
            }
            None => {}
        }
        let reason = self.text(Field::NoDocumentReason, "/guest/no_document_reason");
        if found.number.is_some() || self.has_violation_at(NUMBER) {
            return ShownIdentity {
                document: Some(DraftDocument {
                    kind: found.kind,
                    number: found.number,
                }),
                no_document_reason: None,
            };
        }
        let day = arrival.map(|arrival| arrival.day);
        let is_minor = birth_date
            .zip(day)
            .is_some_and(|(birth, day)| document::is_minor(birth, day));
        let is_none = found.kind.as_deref().is_none_or(|kind| kind == "none");
        let reason = reason
            .map(|reason| words::no_document_reason(&reason))
            .or_else(|| {
                let is_foreign = nationality.is_some_and(|code| code != VIET_NAM_CODE);
                (is_minor && !is_foreign && is_none).then(|| "minor".to_owned())
            });
        match reason {
            Some(reason) => ShownIdentity {
                document: Some(DraftDocument {
                    kind: Some("none".to_owned()),
                    number: None,
                }),
                no_document_reason: Some(reason),
            },
            None => ShownIdentity {
                document: found.kind.map(|kind| DraftDocument {
                    kind: Some(kind),
                    number: None,
                }),
                no_document_reason: None,
            },
        }
    }

    /// A word of the catalogue, else `other` with the text itself.
    fn purpose(&mut self) -> (Option<String>, Option<String>) {
        let explained = self.text(Field::PurposeText, "/purpose_text");
        let Some(text) = self.text(Field::Purpose, "/purpose") else {
            return (None, explained);
        };
        match words::purpose(&text) {
            Some(purpose) => (Some(purpose.to_owned()), explained),
            None => (Some("other".to_owned()), explained.or(Some(text))),
        }
    }

    fn residence(&mut self) -> Option<DraftResidence> {
        let residence = DraftResidence {
            commune_code: self.whole(Field::CommuneCode, "/guest/residence/commune_code"),
            address: self.text(Field::ResidenceAddress, "/guest/residence/address"),
        };
        (residence != DraftResidence::default()).then_some(residence)
    }

    fn guardian(&mut self) -> Option<DraftGuardian> {
        let guardian = DraftGuardian {
            full_name: self.text(Field::GuardianName, "/guest/guardian/full_name"),
            relation: self.text(Field::GuardianRelation, "/guest/guardian/relation"),
            phone: self.whole(Field::GuardianPhone, "/guest/guardian/phone"),
        };
        (guardian != DraftGuardian::default()).then_some(guardian)
    }

    fn visa(&mut self) -> Option<DraftVisa> {
        let visa = DraftVisa {
            kind: self.text(Field::VisaKind, "/guest/visa/kind"),
            number: self.whole(Field::VisaNumber, "/guest/visa/number"),
            expires_on: self.day(Field::VisaExpiry, "/guest/visa/expires_on"),
        };
        (visa != DraftVisa::default()).then_some(visa)
    }

    /// The booking: shared by its guests, so no reference of one stay.
    fn party(&mut self) -> Option<DraftParty> {
        let listed = self.rows.text(self.row, Field::BookingReference);
        let booking = self.whole(Field::BookingReference, "/party/reference");
        if let Some(party) = listed.as_ref().and_then(|key| self.rows.parties.get(key))
            && party.listed_count < party.guest_count
        {
            self.warn(Field::BookingReference, "/party", Code::PartyIncomplete);
        }
        let role = self.text(Field::PartyRole, "/party/role");
        let party = DraftParty {
            reference: booking,
            role: role.map(|role| words::party_role(&role)),
        };
        (party != DraftParty::default()).then_some(party)
    }

    fn has_violation_at(&self, pointer: &str) -> bool {
        let mut violations = self.draft.violations.iter();
        violations.any(|note| note.violation.pointer == pointer)
    }
}

/// Members that are not forwarded and never block a declaration.
const fn is_remark(field: Field) -> bool {
    matches!(
        field,
        Field::Ward | Field::ResidenceAddress | Field::Phone | Field::GuardianPhone | Field::Note
    )
}

#[derive(Clone, Copy)]
struct RowArrival {
    instant: DateTime<Utc>,
    day: NaiveDate,
}

impl RowArrival {
    fn at(instant: DateTime<Utc>) -> Self {
        Self {
            instant,
            day: local_date(instant),
        }
    }
}

#[derive(Clone, Copy)]
struct Departure {
    instant: DateTime<Utc>,
}

impl Departure {
    /// When a guest marked as departed left: not after the file's receipt, and unknown if the
    /// planned day has not come yet.
    fn departed_by(self, received_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let has_come = local_date(self.instant) <= local_date(received_at);
        has_come.then(|| self.instant.min(received_at))
    }
}

struct ShownIdentity {
    document: Option<DraftDocument>,
    no_document_reason: Option<String>,
}

#[cfg(test)]
mod tests;
