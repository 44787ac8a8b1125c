//! Rows of a file as stays in the contract's form, each with what is wrong with it.
//!
//! A row is read on its own, but what its dates mean is decided by the file as a whole: `08/12` is
//! in December or in August for all rows alike. What cannot be told for certain is a fault of the
//! row with a proposal beside it, never a silent repair.

mod dates;
mod document;
mod words;

use std::collections::HashMap;
use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use domain::birth_date::BirthDate;
use domain::catalogue::Catalogues;
use domain::draft::{
    Draft, DraftDocument, DraftGuardian, DraftGuest, DraftParty, DraftResidence, DraftVisa,
};
use domain::problem::{Code, Violation};
use domain::text::{nfc_trim, single_spaced};
use domain::time::{at_local, format_instant};
use serde_json::Value;

use crate::columns::{Columns, Dialect, Field};
use crate::sheet_text::unguarded;
use crate::table::{CellKind, FileFault, STAY_ROW_COUNT_MAX, Table};

pub use dates::DateOrder;
use dates::{DateFault, Evidence, When};
pub use words::CountryNames;
pub(crate) use words::LABEL_SEPARATOR;

/// A date of arrival without a time counts as this time: when rooms are given.
const ARRIVAL_TIME: NaiveTime = clock(14, 0);
/// A date of departure without a time counts as this time: when rooms are left.
const DEPARTURE_TIME: NaiveTime = clock(12, 0);
/// A departure on the day of arrival without a time.
const DEPARTURE_TIME_SAME_DAY: NaiveTime = clock(23, 59);

const fn clock(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// A file whose heading is understood.
pub struct StayRows {
    table: Table,
    columns: Columns,
    date_order: Option<DateOrder>,
    parties: HashMap<String, Party>,
    countries: CountryNames,
}

/// What a file says about the guests of one booking.
#[derive(Default)]
struct Party {
    listed_count: usize,
    guest_count: usize,
}

/// One row.
pub struct StayRow {
    /// As the person sees it, from 1.
    pub number: usize,
    /// What it says.
    pub reading: Reading,
}

/// What a row says.
pub enum Reading {
    /// Nobody is here: a booking, a cancellation, a no-show.
    Skipped,
    /// A stay.
    Stay(Box<RowDraft>),
}

/// A stay as a row has it.
#[derive(Default)]
pub struct RowDraft {
    /// In the contract's form, `facility_id` left out.
    pub stay: Value,
    /// What is wrong with it; pointers are into the stay.
    pub violations: Vec<Violation>,
    /// What deserves a look.
    pub warnings: Vec<Violation>,
    /// What may have been meant, by pointer. Personal.
    pub suggestions: Vec<(&'static str, String)>,
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

impl StayRows {
    /// Understands a table. `date_order` is what the sender says of dates such as `08/12/2026`;
    /// left out, the file decides.
    ///
    /// # Errors
    /// The heading is not understood, or there are no rows or too many.
    pub fn new(
        table: Table,
        catalogues: &Catalogues,
        date_order: Option<DateOrder>,
    ) -> Result<Self, FileFault> {
        let columns = Columns::find(&table)?;
        let row_count = table.row_count() - (columns.heading_row + 1);
        if row_count == 0 {
            return Err(FileFault::Empty);
        }
        if row_count > STAY_ROW_COUNT_MAX {
            return Err(FileFault::TooManyRows);
        }
        let mut rows = Self {
            table,
            columns,
            date_order,
            parties: HashMap::new(),
            countries: CountryNames::new(catalogues),
        };
        if rows.date_order.is_none() {
            rows.date_order = rows.evident_order();
        }
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

    /// The table.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// How dates with slashes are read; `None` when the file contradicts itself.
    #[must_use]
    pub const fn date_order(&self) -> Option<DateOrder> {
        self.date_order
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
    pub fn row(&self, index: usize) -> StayRow {
        let row = self.columns.heading_row + 1 + index;
        let number = self.table.row_number(row);
        let status = self.text(row, Field::Status);
        if status.is_some_and(|status| words::is_absent(&status)) {
            return StayRow {
                number,
                reading: Reading::Skipped,
            };
        }
        let mut reader = RowReader {
            rows: self,
            row,
            draft: RowDraft::default(),
        };
        reader.read();
        StayRow {
            number,
            reading: Reading::Stay(Box::new(reader.draft)),
        }
    }

    fn kept_cells(&self, row: usize) -> Vec<String> {
        let is_ours = |column: &usize| {
            let mut known = self.columns.known();
            known.any(|(field, known)| field == Field::Ours && known == *column)
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
        let column = self.columns.column(field)?;
        let text = nfc_trim(unguarded(self.table.cell(row, column)));
        (!text.is_empty()).then_some(text)
    }

    /// What all dates of the file together say about their order; Vietnamese where they say
    /// nothing, unless the program that wrote them is known for another.
    fn evident_order(&self) -> Option<DateOrder> {
        let mut evidence = Evidence::default();
        let fields = [Field::Arrival, Field::Departure, Field::BirthDate];
        for field in fields {
            let Some(column) = self.columns.column(field) else {
                continue;
            };
            for row in self.columns.heading_row + 1..self.table.row_count() {
                evidence.see(self.table.cell(row, column));
            }
        }
        evidence.order(match self.columns.dialect {
            Dialect::Plain => DateOrder::DayMonth,
            Dialect::Opera => DateOrder::MonthDay,
        })
    }

    fn count_parties(&mut self) {
        if self.columns.column(Field::Adults).is_none() {
            return;
        }
        for row in self.columns.heading_row + 1..self.table.row_count() {
            let Some(booking) = self.text(row, Field::BookingReference) else {
                continue;
            };
            let is_absent = self
                .text(row, Field::Status)
                .is_some_and(|status| words::is_absent(&status));
            if is_absent {
                continue;
            }
            let count = |field| {
                let text = self.text(row, field);
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

/// What a cell of a kind cannot be taken for. A formula is not trusted; an error is no value; where
/// text was typed, a date or a yes-or-no is what the spreadsheet made of it.
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

/// A row while it is read.
struct RowReader<'a> {
    rows: &'a StayRows,
    row: usize,
    draft: RowDraft,
}

impl RowReader<'_> {
    fn read(&mut self) {
        let arrival = self.arrival();
        let departure = self.departure(arrival);
        let nationality = self.nationality();
        let birth_date = self.birth_date(arrival);
        let document = self.document(nationality.as_deref(), birth_date, arrival);
        let purpose = self.purpose();
        let guest = DraftGuest {
            full_name: self.full_name(),
            birth_date: birth_date.map(BirthDate::to_text),
            sex: self.text(Field::Sex, "/guest/sex").map(words::sex),
            nationality,
            no_document_reason: document.no_document_reason,
            document: document.document,
            residence: self.residence(),
            phone: self.text(Field::Phone, "/guest/phone"),
            guardian: self.guardian(),
            mother_reference: self.text(Field::MotherReference, "/guest/mother_reference"),
            permitted_stay_until: self
                .day(Field::PermittedStayUntil, "/guest/permitted_stay_until"),
            visa: self.visa(),
            entered_on: self.day(Field::EnteredOn, "/guest/entered_on"),
            entry_gate: self.text(Field::EntryGate, "/guest/entry_gate"),
        };
        let draft = Draft {
            facility_id: None,
            reference: self.text(Field::Reference, "/reference"),
            room: self.text(Field::Room, "/room"),
            bed: self.text(Field::Bed, "/bed"),
            ward: self.text(Field::Ward, "/ward"),
            arrival_at: arrival.map(|at| format_instant(at.instant)),
            expected_departure_at: departure,
            purpose: purpose.0,
            purpose_text: purpose.1,
            guest,
            party: self.party(),
            note: self.text(Field::Note, "/note"),
        };
        self.draft.stay = draft.to_value();
    }

    fn refuse(&mut self, pointer: &'static str, code: Code) {
        let violation = Violation::new(pointer, code);
        if !self.draft.violations.contains(&violation) {
            self.draft.violations.push(violation);
        }
    }

    fn warn(&mut self, pointer: &'static str, code: Code) {
        let warning = Violation::new(pointer, code);
        if !self.draft.warnings.contains(&warning) {
            self.draft.warnings.push(warning);
        }
    }

    /// The text of a field, judged as a cell: a formula is not trusted, damaged text not taken.
    fn text(&mut self, field: Field, pointer: &'static str) -> Option<String> {
        let column = self.rows.columns.column(field)?;
        if let Some(code) = unfit(self.rows.table.kind(self.row, column), field) {
            self.refuse(pointer, code);
            return None;
        }
        let text = self.rows.text(self.row, field)?;
        if words::is_damaged(&text) {
            self.refuse(pointer, Code::TextDamaged);
            return None;
        }
        Some(text)
    }

    /// Family name first, as documents and the machine-readable zone have it.
    fn full_name(&mut self) -> Option<String> {
        const POINTER: &str = "/guest/full_name";
        if let Some(name) = self.text(Field::FullName, POINTER) {
            // `LAST/FIRST` and `LAST, FIRST`.
            return Some(single_spaced(&name.replace(['/', ','], " ")));
        }
        let family = self.text(Field::FamilyName, POINTER);
        let given = self.text(Field::GivenName, POINTER);
        let parts: Vec<String> = [family, given].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| single_spaced(&parts.join(" ")))
    }

    fn nationality(&mut self) -> Option<String> {
        let text = self.text(Field::Nationality, "/guest/nationality")?;
        Some(self.rows.countries.code(&text).unwrap_or(text))
    }

    fn birth_date(&mut self, arrival: Option<Arrival>) -> Option<BirthDate> {
        const POINTER: &str = "/guest/birth_date";
        let text = self
            .text(Field::BirthDate, POINTER)
            .or_else(|| self.text(Field::BirthYear, POINTER))?;
        let today = arrival.map(|arrival| arrival.day);
        let order = self.rows.date_order;
        match dates::birth_date(&text, order, self.rows.table.layout.is_1904, today) {
            Ok(date) => Some(date),
            Err(fault) => {
                self.refuse(POINTER, fault.code(Code::InvalidDate));
                None
            }
        }
    }

    fn when(&self, text: &str) -> Result<When, DateFault> {
        dates::when(text, self.rows.date_order, self.rows.table.layout.is_1904)
    }

    fn day(&mut self, field: Field, pointer: &'static str) -> Option<String> {
        let text = self.text(field, pointer)?;
        match self.when(&text) {
            Ok(when) => Some(when.day().to_string()),
            Err(fault) => {
                self.refuse(pointer, fault.code(Code::InvalidDate));
                None
            }
        }
    }

    fn arrival(&mut self) -> Option<Arrival> {
        const POINTER: &str = "/arrival_at";
        let date = self.text(Field::Arrival, POINTER);
        let time = self.text(Field::ArrivalTime, POINTER);
        let Some(date) = date.clone().or_else(|| time.clone()) else {
            if !self.has_violation_at(POINTER) {
                self.refuse(POINTER, Code::Required);
            }
            return None;
        };
        let when = match self.when(&date) {
            Ok(when) => when,
            Err(fault) => {
                self.refuse(POINTER, fault.code(Code::InvalidInstant));
                return None;
            }
        };
        let day = when.day();
        let instant = match when {
            When::Instant(instant) => instant,
            When::Local(day, Some(at)) => at_local(day, at),
            When::Local(day, None) => {
                let known = time.filter(|time| *time != date);
                match known.map(|time| dates::time(&time)) {
                    Some(Some(at)) => at_local(day, at),
                    Some(None) => {
                        self.refuse(POINTER, Code::InvalidInstant);
                        return None;
                    }
                    None => {
                        self.warn(POINTER, Code::ArrivalTimeAssumed);
                        at_local(day, ARRIVAL_TIME)
                    }
                }
            }
        };
        Some(Arrival { instant, day })
    }

    fn departure(&mut self, arrival: Option<Arrival>) -> Option<String> {
        const POINTER: &str = "/expected_departure_at";
        let text = self.text(Field::Departure, POINTER)?;
        let time = self.text(Field::DepartureTime, POINTER);
        let when = match self.when(&text) {
            Ok(when) => when,
            Err(fault) => {
                self.refuse(POINTER, fault.code(Code::InvalidInstant));
                return None;
            }
        };
        let instant = match when {
            When::Instant(instant) => instant,
            When::Local(day, Some(at)) => at_local(day, at),
            When::Local(day, None) => {
                let is_same_day = arrival.is_some_and(|arrival| arrival.day == day);
                let assumed = if is_same_day {
                    DEPARTURE_TIME_SAME_DAY
                } else {
                    DEPARTURE_TIME
                };
                let known = time.and_then(|time| dates::time(&time));
                at_local(day, known.unwrap_or(assumed))
            }
        };
        Some(format_instant(instant))
    }

    fn document(
        &mut self,
        nationality: Option<&str>,
        birth_date: Option<BirthDate>,
        arrival: Option<Arrival>,
    ) -> Shown {
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
        if found.is_cleaned {
            self.warn(NUMBER, Code::NumberCleaned);
        }
        match found.fault {
            Some(document::NumberFault::ZeroLost { repaired }) => {
                self.refuse(NUMBER, Code::LeadingZeroLost);
                self.draft.suggestions.push((NUMBER, repaired));
            }
            Some(document::NumberFault::Rounded) => self.refuse(NUMBER, Code::NumberRounded),
            None => {}
        }
        let reason = self.text(Field::NoDocumentReason, "/guest/no_document_reason");
        if found.number.is_some() || self.has_violation_at(NUMBER) {
            return Shown {
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
        let reason = reason.map(words::code).or_else(|| {
            let is_foreign = nationality.is_some_and(|code| code != "VNM");
            (is_minor && !is_foreign && found.kind.is_none()).then(|| "minor".to_owned())
        });
        match reason {
            Some(reason) => Shown {
                document: Some(DraftDocument {
                    kind: Some("none".to_owned()),
                    number: None,
                }),
                no_document_reason: Some(reason),
            },
            None => Shown {
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
            commune_code: self.text(Field::CommuneCode, "/guest/residence/commune_code"),
            address: self.text(Field::ResidenceAddress, "/guest/residence/address"),
        };
        (residence != DraftResidence::default()).then_some(residence)
    }

    fn guardian(&mut self) -> Option<DraftGuardian> {
        let guardian = DraftGuardian {
            full_name: self.text(Field::GuardianName, "/guest/guardian/full_name"),
            relation: self.text(Field::GuardianRelation, "/guest/guardian/relation"),
            phone: self.text(Field::GuardianPhone, "/guest/guardian/phone"),
        };
        (guardian != DraftGuardian::default()).then_some(guardian)
    }

    fn visa(&mut self) -> Option<DraftVisa> {
        let visa = DraftVisa {
            kind: self.text(Field::VisaKind, "/guest/visa/kind"),
            number: self.text(Field::VisaNumber, "/guest/visa/number"),
            expires_on: self.day(Field::VisaExpiry, "/guest/visa/expires_on"),
        };
        (visa != DraftVisa::default()).then_some(visa)
    }

    /// The booking: shared by its guests, so no reference of one stay.
    fn party(&mut self) -> Option<DraftParty> {
        let booking = self.text(Field::BookingReference, "/party/reference");
        if let Some(party) = booking.as_ref().and_then(|key| self.rows.parties.get(key))
            && party.listed_count < party.guest_count
        {
            self.warn("/party", Code::PartyIncomplete);
        }
        let role = self.text(Field::PartyRole, "/party/role").map(words::code);
        let party = DraftParty {
            reference: booking,
            role,
        };
        (party != DraftParty::default()).then_some(party)
    }

    fn has_violation_at(&self, pointer: &str) -> bool {
        let mut violations = self.draft.violations.iter();
        violations.any(|violation| violation.pointer == pointer)
    }
}

#[derive(Clone, Copy)]
struct Arrival {
    instant: chrono::DateTime<chrono::Utc>,
    day: NaiveDate,
}

struct Shown {
    document: Option<DraftDocument>,
    no_document_reason: Option<String>,
}

#[cfg(test)]
mod tests;
