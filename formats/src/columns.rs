//! Which column of a file is what: headings in Vietnamese, in English, and of the usual exports of
//! hotel programs.
//!
//! A heading counts when it is one of the known ones, exactly or with its words in another order,
//! without regard to case, marks and punctuation. Nothing is guessed: when two columns fit one
//! member, the file is sent back with the question.

mod synonyms;

use domain::text::{fold, single_spaced};

use crate::table::{FileFault, Table};

/// Rows at the top among which the heading is looked for: titles and logos stand above it.
const HEADING_ROW_COUNT_MAX: usize = 20;
/// A heading names at least so many members.
const KNOWN_COLUMN_COUNT_MIN: usize = 2;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident => $word:literal,)+) => {
        /// What a column can hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $($(#[$doc])* $name,)+
        }

        impl Field {
            /// Every field, in the order of the template.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word of JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

fields! {
    /// The sender's own name for the stay.
    Reference => "reference",
    /// Room.
    Room => "room",
    /// Bed.
    Bed => "bed",
    /// Ward.
    Ward => "ward",
    /// Name in one piece.
    FullName => "full_name",
    /// Family name, where it has a column of its own.
    FamilyName => "family_name",
    /// Middle and given names, where they have a column of their own.
    GivenName => "given_name",
    /// Birth date, as exact as it is known.
    BirthDate => "birth_date",
    /// Year of birth, where it has a column of its own.
    BirthYear => "birth_year",
    /// Sex.
    Sex => "sex",
    /// Nationality.
    Nationality => "nationality",
    /// Kind of document.
    DocumentKind => "document_kind",
    /// Number of whatever document.
    DocumentNumber => "document_number",
    /// A column for the personal ID number alone.
    PersonalId => "personal_id",
    /// A column for passports alone.
    PassportNumber => "passport_number",
    /// Why there is no document.
    NoDocumentReason => "no_document_reason",
    /// Day of arrival, perhaps with the time.
    Arrival => "arrival",
    /// Time of arrival, where it has a column of its own.
    ArrivalTime => "arrival_time",
    /// Day of expected departure, perhaps with the time.
    Departure => "departure",
    /// Time of expected departure, where it has a column of its own.
    DepartureTime => "departure_time",
    /// Purpose.
    Purpose => "purpose",
    /// What the purpose `other` means.
    PurposeText => "purpose_text",
    /// Where the guest lives.
    ResidenceAddress => "residence_address",
    /// Code of the commune where the guest lives.
    CommuneCode => "commune_code",
    /// Telephone.
    Phone => "phone",
    /// Foreigners: last permitted day.
    PermittedStayUntil => "permitted_stay_until",
    /// Foreigners: visa.
    VisaKind => "visa_kind",
    /// Foreigners: visa.
    VisaNumber => "visa_number",
    /// Foreigners: visa.
    VisaExpiry => "visa_expires_on",
    /// Foreigners: day of entry.
    EnteredOn => "entered_on",
    /// Foreigners: gate of entry.
    EntryGate => "entry_gate",
    /// Guardian's name.
    GuardianName => "guardian_name",
    /// What the guardian is to the guest.
    GuardianRelation => "guardian_relation",
    /// Guardian's telephone.
    GuardianPhone => "guardian_phone",
    /// A newborn's mother.
    MotherReference => "mother_reference",
    /// The booking that several guests share.
    BookingReference => "booking_reference",
    /// What the guest is in the party.
    PartyRole => "party_role",
    /// Whether the guest is there.
    Status => "status",
    /// Adults of the booking.
    Adults => "adults",
    /// Children of the booking.
    Children => "children",
    /// The sender's own note.
    Note => "note",
    /// A column that we wrote into a file of rejected rows.
    Ours => "ours",
}

impl Field {
    /// Whether several columns may hold it: the first one with text counts.
    const fn may_repeat(self) -> bool {
        matches!(self, Self::Ours)
    }
}

/// The heading of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The row it stands in, among the table's rows.
    pub heading_row: usize,
    /// What is known, by column.
    known: Vec<(Field, usize)>,
    /// The habits of the program that wrote it.
    pub dialect: Dialect,
}

/// Whose habits a heading shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Nobody's in particular.
    Plain,
    /// Opera: upper case with underlines, months before days.
    Opera,
}

impl Columns {
    /// Finds the heading.
    ///
    /// # Errors
    /// [`FileFault::ColumnsUnknown`] when no row names a guest and an arrival,
    /// [`FileFault::ColumnsAmbiguous`] when two columns fit one member.
    pub fn find(table: &Table) -> Result<Self, FileFault> {
        let rows = 0..table.row_count().min(HEADING_ROW_COUNT_MAX);
        let candidates = rows.map(|row| (row, recognise(table, row)));
        let best = candidates.max_by_key(|(row, known)| (known.len(), usize::MAX - row));
        let (heading_row, known) = best.ok_or(FileFault::Empty)?;
        let has = |field: Field| known.iter().any(|(found, _)| *found == field);
        let names_guest = has(Field::FullName) || (has(Field::FamilyName) && has(Field::GivenName));
        let names_arrival = has(Field::Arrival) || has(Field::ArrivalTime);
        if known.len() < KNOWN_COLUMN_COUNT_MIN || !names_guest || !names_arrival {
            return Err(FileFault::ColumnsUnknown);
        }
        refuse_repeated(&known)?;
        Ok(Self {
            heading_row,
            dialect: dialect(table, heading_row),
            known,
        })
    }

    /// The column of a field, from 0.
    #[must_use]
    pub fn column(&self, field: Field) -> Option<usize> {
        let found = self.known.iter().find(|(known, _)| *known == field);
        found.map(|(_, column)| *column)
    }

    /// What is known, by column from 0.
    pub fn known(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        self.known.iter().copied()
    }
}

fn recognise(table: &Table, row: usize) -> Vec<(Field, usize)> {
    let headings = table.cells(row).enumerate();
    headings
        .filter_map(|(column, heading)| Some((field_of(heading)?, column)))
        .collect()
}

fn refuse_repeated(known: &[(Field, usize)]) -> Result<(), FileFault> {
    for (index, (field, second)) in known.iter().enumerate() {
        let earlier = known.iter().take(index).find(|(other, _)| other == field);
        if let Some((_, first)) = earlier
            && !field.may_repeat()
        {
            return Err(FileFault::ColumnsAmbiguous {
                first: first + 1,
                second: second + 1,
            });
        }
    }
    Ok(())
}

/// The field of a heading.
#[must_use]
pub fn field_of(heading: &str) -> Option<Field> {
    let words = comparable(heading);
    if words.is_empty() {
        return None;
    }
    let exact = synonyms::ALL
        .iter()
        .find(|(_, known)| known.iter().any(|known| *known == words));
    if let Some((field, _)) = exact {
        return Some(*field);
    }
    let sorted = sorted_words(&words);
    let reordered = synonyms::ALL
        .iter()
        .find(|(_, known)| known.iter().any(|known| sorted_words(known) == sorted));
    reordered.map(|(field, _)| *field)
}

/// Upper case, without marks and punctuation, single spaces.
fn comparable(heading: &str) -> String {
    let folded: String = fold(heading)
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                ' '
            }
        })
        .collect();
    single_spaced(&folded)
}

fn sorted_words(words: &str) -> Vec<&str> {
    let mut words: Vec<&str> = words.split(' ').collect();
    words.sort_unstable();
    words
}

/// Opera's exports are all upper case, with underlines.
fn dialect(table: &Table, row: usize) -> Dialect {
    let headings: Vec<&str> = table.cells(row).filter(|text| !text.is_empty()).collect();
    let is_upper = headings
        .iter()
        .all(|text| text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_lowercase()));
    let underlined = headings.iter().filter(|text| text.contains('_')).count();
    if is_upper && underlined >= 3 {
        Dialect::Opera
    } else {
        Dialect::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_both_languages_and_in_any_spelling() {
        let table = [
            ("Họ và tên", Some(Field::FullName)),
            ("HO VA TEN", Some(Field::FullName)),
            ("ho_ten", Some(Field::FullName)),
            ("  Họ, chữ đệm và tên * ", Some(Field::FullName)),
            ("Số CCCD/CMND/HC", Some(Field::DocumentNumber)),
            ("số_định_danh", Some(Field::PersonalId)),
            ("Passport No.", Some(Field::PassportNumber)),
            ("GUEST_LAST_NAME", Some(Field::FamilyName)),
            ("Check-in", Some(Field::Arrival)),
            ("Date of arrival", None),
            ("arrival  date", Some(Field::Arrival)),
            ("Date arrival", Some(Field::Arrival)),
            ("Giờ vào", Some(Field::ArrivalTime)),
            ("ngay_ra_du_kien", Some(Field::Departure)),
            ("STT", None),
            ("", None),
            ("Lỗi (luutru)", Some(Field::Ours)),
        ];
        for (heading, field) in table {
            assert_eq!(field_of(heading), field, "{heading}");
        }
    }

    #[test]
    fn no_heading_is_known_for_two_fields() {
        let mut seen = std::collections::HashMap::new();
        for (field, known) in synonyms::ALL {
            for words in *known {
                assert_eq!(comparable(words), *words, "not folded");
                let other = seen.insert(sorted_words(words), field);
                assert!(other.is_none_or(|other| other == field), "{words}");
            }
        }
    }
}
