//! Recognises the columns of a file: headings in Vietnamese, in English, and from the usual exports
//! of hotel programs.
//!
//! A heading is recognised if it matches a known one, exactly or with its words in another order,
//! ignoring case, marks and punctuation; a heading in two languages (`Họ tên / Full name`) or with
//! a remark in brackets is matched by its parts. Nothing is guessed: if two columns fit one member,
//! the better one is used and the other reported; if neither is better, the file is refused with
//! all such pairs.

mod synonyms;

use domain::import::DateOrder;
use domain::text::{fold, single_spaced};

use crate::table::{FileFault, Pairs, Table};

/// How many rows at the top are searched for the heading: titles and logos may stand above it.
const HEADING_ROW_COUNT_MAX: usize = 20;
/// The fewest members that a heading must name.
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

            /// The field of a word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.as_str() == word)
            }
        }
    };
}

fields! {
    /// The sender's own name for the stay.
    Reference => "reference",
    /// The sender's own number of the person: a student's, a patient's.
    PersonNumber => "person_number",
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
    /// The guardian's relation to the guest.
    GuardianRelation => "guardian_relation",
    /// Guardian's telephone.
    GuardianPhone => "guardian_phone",
    /// A newborn's mother.
    MotherReference => "mother_reference",
    /// The booking that several guests share.
    BookingReference => "booking_reference",
    /// The guest's role in the party.
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
    /// Whether several columns may hold it.
    const fn may_repeat(self) -> bool {
        matches!(self, Self::Ours)
    }

    /// Whether choosing the wrong one of two columns affects neither person, place nor time: then
    /// the fuller column is used, and the other one where it is empty.
    const fn is_soft(self) -> bool {
        matches!(
            self,
            Self::Ward
                | Self::Sex
                | Self::Purpose
                | Self::PurposeText
                | Self::ResidenceAddress
                | Self::Phone
                | Self::EntryGate
                | Self::GuardianRelation
                | Self::GuardianPhone
                | Self::BookingReference
                | Self::PartyRole
                | Self::Status
                | Self::Note
        )
    }
}

/// A column that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub field: Field,
    /// Its place, from 0.
    pub place: usize,
    /// Its heading as written, with single spaces.
    pub heading: String,
    /// What the heading says about dates below it: `(dd/mm/yyyy)`.
    pub named_order: Option<DateOrder>,
    /// Whether another column of the same field is used instead.
    pub is_passed_over: bool,
}

/// The heading of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The row it stands in, among the table's rows.
    pub heading_row: usize,
    /// What is known, from the left.
    known: Vec<Column>,
    /// Whether a heading is Vietnamese: then dates have the day first.
    pub is_vietnamese: bool,
}

/// What a heading means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HeadingMeaning {
    field: Field,
    is_vietnamese: bool,
    /// It is less specific than other headings of its field.
    is_weak: bool,
}

impl Columns {
    /// Finds the heading.
    ///
    /// # Errors
    /// [`FileFault::ColumnsUnknown`] when no row names a guest and an arrival,
    /// [`FileFault::ColumnsAmbiguous`] when two columns fit one member and none is better.
    pub fn find(table: &Table) -> Result<Self, FileFault> {
        let rows = 0..table.row_count().min(HEADING_ROW_COUNT_MAX);
        let candidates = rows.map(|row| (row, recognise(table, row)));
        let best = candidates.max_by_key(|(row, known)| (known.len(), usize::MAX - row));
        let (heading_row, known) = best.ok_or(FileFault::Empty)?;
        let has = |field: Field| known.iter().any(|(_, meaning)| meaning.field == field);
        let names_guest = has(Field::FullName) || (has(Field::FamilyName) && has(Field::GivenName));
        let names_arrival = has(Field::Arrival) || has(Field::ArrivalTime);
        if known.len() < KNOWN_COLUMN_COUNT_MIN || !names_guest || !names_arrival {
            return Err(FileFault::ColumnsUnknown);
        }
        let passed_over = passed_over(table, heading_row, &known)?;
        let column = |(place, meaning): &(usize, HeadingMeaning)| Column {
            field: meaning.field,
            place: *place,
            heading: single_spaced(table.cell(heading_row, *place)),
            named_order: named_order(table.cell(heading_row, *place)),
            is_passed_over: passed_over.contains(place),
        };
        Ok(Self {
            heading_row,
            is_vietnamese: known.iter().any(|(_, meaning)| meaning.is_vietnamese),
            known: known.iter().map(column).collect(),
        })
    }

    /// The column of a field, from 0.
    #[must_use]
    pub fn column(&self, field: Field) -> Option<usize> {
        self.of(field).map(|column| column.place)
    }

    /// The column that is taken for a field.
    #[must_use]
    pub fn of(&self, field: Field) -> Option<&Column> {
        let mut taken = self.known.iter().filter(|column| !column.is_passed_over);
        taken.find(|column| column.field == field)
    }

    /// The columns of a field in order of precedence: the chosen one, then the others if the choice
    /// is not critical.
    pub fn all_of(&self, field: Field) -> impl Iterator<Item = usize> + '_ {
        let of_field = move |column: &&Column| column.field == field;
        let taken = self.known.iter().filter(|column| !column.is_passed_over);
        let others = self.known.iter().filter(|column| column.is_passed_over);
        let others = others.filter(move |_| field.is_soft());
        taken
            .chain(others)
            .filter(of_field)
            .map(|column| column.place)
    }

    /// What is known, from the left.
    pub fn known(&self) -> impl Iterator<Item = &Column> + '_ {
        self.known.iter()
    }
}

fn recognise(table: &Table, row: usize) -> Vec<(usize, HeadingMeaning)> {
    let headings = table.cells(row).enumerate();
    let mut known: Vec<(usize, HeadingMeaning)> = headings
        .filter_map(|(place, heading)| Some((place, meaning_of(heading)?)))
        .collect();
    let has = |known: &[(usize, HeadingMeaning)], field: Field| {
        known.iter().any(|(_, meaning)| meaning.field == field)
    };
    // "Tên" without "Họ" is the whole name, as in everyday use.
    if !has(&known, Field::FullName) && !has(&known, Field::FamilyName) {
        for (_, meaning) in &mut known {
            if meaning.field == Field::GivenName && meaning.is_vietnamese {
                meaning.field = Field::FullName;
            }
        }
    }
    known
}

/// The columns that give way to another of their field.
fn passed_over(
    table: &Table,
    heading_row: usize,
    known: &[(usize, HeadingMeaning)],
) -> Result<Vec<usize>, FileFault> {
    let mut passed_over = Vec::new();
    let mut pairs = Vec::new();
    for field in Field::ALL
        .iter()
        .copied()
        .filter(|field| !field.may_repeat())
    {
        let mut rivals: Vec<(usize, HeadingMeaning)> = known
            .iter()
            .filter(|(_, meaning)| meaning.field == field)
            .copied()
            .collect();
        if rivals.iter().any(|(_, meaning)| !meaning.is_weak) {
            let weak = rivals.extract_if(.., |(_, meaning)| meaning.is_weak);
            passed_over.extend(weak.map(|(place, _)| place));
        }
        let Some(((first, _), others)) = rivals.split_first() else {
            continue;
        };
        let mut taken = *first;
        for (place, _) in others {
            match better(table, heading_row, field, taken, *place) {
                Some(best) => {
                    passed_over.push(if best == taken { *place } else { taken });
                    taken = best;
                }
                None => pairs.push((taken + 1, place + 1)),
            }
        }
    }
    if pairs.is_empty() {
        Ok(passed_over)
    } else {
        Err(FileFault::ColumnsAmbiguous(Pairs::of(&pairs)))
    }
}

/// Which of two columns is used: one that contains everything the other has; for a soft field, the
/// fuller one.
fn better(
    table: &Table,
    heading_row: usize,
    field: Field,
    first: usize,
    second: usize,
) -> Option<usize> {
    let (mut first_count, mut second_count, mut differ) = (0_usize, 0_usize, false);
    for row in heading_row + 1..table.row_count() {
        let (one, other) = (
            table.cell(row, first).trim(),
            table.cell(row, second).trim(),
        );
        first_count += usize::from(!one.is_empty());
        second_count += usize::from(!other.is_empty());
        differ |= !one.is_empty() && !other.is_empty() && one != other;
    }
    let fuller = if second_count > first_count {
        second
    } else {
        first
    };
    let is_whole =
        !differ && (first_count == 0 || second_count == 0 || first_count == second_count);
    (field.is_soft() || is_whole).then_some(fuller)
}

/// The field of a heading.
#[must_use]
pub fn field_of(heading: &str) -> Option<Field> {
    meaning_of(heading).map(|meaning| meaning.field)
}

fn meaning_of(heading: &str) -> Option<HeadingMeaning> {
    meaning_of_words(&comparable(heading)).or_else(|| meaning_of_parts(heading))
}

/// `Ngày đến / Arrival date`, `Arrival (dd/mm/yyyy)`, `Họ và tên (*)`: the parts that are known must
/// mean the same.
fn meaning_of_parts(heading: &str) -> Option<HeadingMeaning> {
    let parts = heading.split(['/', '|', '(', ')', '[', ']', '\n', ':', ';']);
    let parts = parts.flat_map(|part| part.split(" - "));
    let mut found: Option<HeadingMeaning> = None;
    for meaning in parts.filter_map(|part| meaning_of_words(&comparable(part))) {
        match &mut found {
            Some(found) if found.field != meaning.field => return None,
            Some(found) => found.is_vietnamese |= meaning.is_vietnamese,
            None => found = Some(meaning),
        }
    }
    found
}

fn meaning_of_words(words: &str) -> Option<HeadingMeaning> {
    if words.is_empty() {
        return None;
    }
    let meaning = |known: &synonyms::KnownHeading, word: &str, is_vietnamese| HeadingMeaning {
        field: known.field,
        is_vietnamese,
        is_weak: synonyms::WEAK.contains(&word),
    };
    let find = |is_it: &dyn Fn(&str) -> bool| {
        synonyms::ALL.iter().find_map(|known| {
            let vi = known.vi.iter().find(|word| is_it(word));
            let other = known.other.iter().find(|word| is_it(word));
            vi.map(|word| meaning(known, word, true))
                .or(other.map(|word| meaning(known, word, false)))
        })
    };
    let sorted = sorted_words(words);
    find(&|known| known == words).or_else(|| find(&|known| sorted_words(known) == sorted))
}

/// What a heading says about the dates below it.
fn named_order(heading: &str) -> Option<DateOrder> {
    let letters: String = fold(heading)
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .collect();
    let has = |form: &str| letters.contains(form);
    if has("DDMMYY") || has("DMY") || has("NGAYTHANGNAMSINH") || has("NNTTNNNN") {
        Some(DateOrder::DayMonth)
    } else if has("MMDDYY") || has("MDY") {
        Some(DateOrder::MonthDay)
    } else {
        None
    }
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
            ("Date of arrival", Some(Field::Arrival)),
            ("Ngày đến (dd/mm/yyyy) *", Some(Field::Arrival)),
            ("Họ và tên / Full name", Some(Field::FullName)),
            ("Quốc tịch\nNationality", Some(Field::Nationality)),
            ("Phòng / Giường", None),
            ("MSSV", Some(Field::PersonNumber)),
            ("Mã bệnh nhân", Some(Field::PersonNumber)),
            ("Student ID", Some(Field::PersonNumber)),
            ("Từ ngày", Some(Field::Arrival)),
            ("Đến ngày", Some(Field::Departure)),
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
        for known in synonyms::ALL {
            for words in known.vi.iter().chain(known.other) {
                assert_eq!(comparable(words), *words, "not folded");
                let other = seen.insert(*words, known.field);
                assert!(other.is_none(), "{words}");
                assert_eq!(field_of(words), Some(known.field), "{words}");
            }
        }
        for weak in synonyms::WEAK {
            assert!(seen.contains_key(weak), "{weak}");
        }
    }

    fn found(text: &str) -> Result<Columns, FileFault> {
        let table = Table::read(text.as_bytes(), domain::import::FileKind::Csv).unwrap();
        Columns::find(&table)
    }

    #[test]
    fn of_two_columns_the_better_one_is_taken_and_the_other_named() {
        let table = [
            (
                "Name,Arrival,Phone Number,Mobile\nA,1,,2\n",
                Field::Phone,
                3,
                2,
            ),
            (
                "Name,Arrival,Phone Number,Mobile\nA,1,3,2\n",
                Field::Phone,
                2,
                3,
            ),
            (
                "Name,Arrival,Status,Guest Status\nA,1,Confirmed,Checked In\n",
                Field::Status,
                3,
                2,
            ),
            ("Name,Arrival,Title,Gender\nA,1,Mr,M\n", Field::Sex, 3, 2),
            (
                "Name,Arrival,Country,Nationality\nA,1,SG,KR\n",
                Field::Nationality,
                3,
                2,
            ),
            ("Name,Guest Name,Arrival\nA,B,1\n", Field::FullName, 1, 0),
            ("Arrival,Check-in,Guest name\n1,1,A\n", Field::Arrival, 0, 1),
            (
                "Họ tên,Ngày đến,Phòng,Số phòng\nA,1,,5\n",
                Field::Room,
                3,
                2,
            ),
        ];
        for (text, field, taken, other) in table {
            let columns = found(text).unwrap();
            assert_eq!(columns.column(field), Some(taken), "{text}");
            let passed_over: Vec<usize> = columns
                .known()
                .filter(|column| column.is_passed_over)
                .map(|column| column.place)
                .collect();
            assert_eq!(passed_over, [other], "{text}");
        }
    }

    #[test]
    fn all_pairs_of_which_none_is_better_are_told_at_once() {
        let text = "Họ tên,Tên khách,Ngày đến,Ngày vào,Phòng\nA,B,1,2,3\n";
        let Err(FileFault::ColumnsAmbiguous(pairs)) = found(text) else {
            panic!("not ambiguous");
        };
        assert_eq!(pairs.iter().collect::<Vec<_>>(), [(1, 2), (3, 4)]);
    }

    #[test]
    fn the_language_of_the_headings_and_what_they_say_of_dates_is_seen() {
        let columns = found("Guest name,Arrival (MM/DD/YYYY),Ngày sinh\nA,1,2\n").unwrap();
        assert!(columns.is_vietnamese);
        let order = columns.of(Field::Arrival).unwrap().named_order;
        assert_eq!(order, Some(DateOrder::MonthDay));
        assert!(
            !found("Guest name,Arrival,DOB\nA,1,2\n")
                .unwrap()
                .is_vietnamese
        );
        let alone = found("Tên,Ngày đến\nA,1\n").unwrap();
        assert_eq!(alone.column(Field::FullName), Some(0));
    }
}
