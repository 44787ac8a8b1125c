//! A made-up population for the registry simulator.
//!
//! Nobody here exists. Numbers have the structure of real ones (birth place, century and sex,
//! year) and, but for the one of the contract's example, a tail beginning with 99. The people of
//! the published test vectors come first, then the generated ones; both are the same at every run.
//! Names are varied on purpose: surnames of all regions, names of two to six words, names of the
//! Ê Đê, Gia Rai, Cơ Ho, Mông, Thái, Khmer and Chăm with both kinds of apostrophe.

use chrono::{Datelike, NaiveDate};
use domain::sex::Sex;

use crate::names::*;

use Sex::{Female, Male};

/// Generated people besides those of the vectors.
const GENERATED_COUNT: u32 = 2_400;
/// Tail of the first generated number; the next ones count up.
const FIRST_TAIL: u32 = 991_000;
/// Makes another population when changed.
const SEED: u64 = 0x6c75_7574_7275_3236;

/// A person as the population registry knows one.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// Twelve digits, unique.
    pub personal_id: String,
    /// With diacritics, NFC, surname first.
    pub full_name: String,
    /// Agrees with the number.
    pub birth_date: NaiveDate,
    /// Agrees with the number: never `Unspecified`.
    pub sex: Sex,
}

/// Everybody: more than 2,000 people, always the same, in the same order.
pub fn demo_people() -> impl Iterator<Item = DemoPerson> {
    VECTOR_PEOPLE
        .iter()
        .filter_map(vector_person)
        .chain(generated_people())
}

/// Number, name, year, month, day, sex.
type VectorRow = (&'static str, &'static str, i32, u32, u32, Sex);

/// The people of the contract's example, the test vectors and the sample files.
const VECTOR_PEOPLE: [VectorRow; 15] = [
    ("038090001234", "Nguyễn Văn An", 1990, 5, 17, Male),
    ("038090990001", "Nguyễn Văn An", 1990, 5, 17, Male),
    ("038190990002", "Lê Thị Bích Ngọc", 1990, 12, 31, Female),
    ("001075990003", "Phạm Quốc Bảo", 1975, 2, 28, Male),
    ("079199990004", "Võ Minh Châu", 1999, 1, 1, Female),
    ("038200990005", "Trịnh Gia Bảo", 2000, 1, 1, Male),
    ("038305990006", "Hồ Hoài Thu", 2005, 9, 2, Female),
    ("040226990007", "Trần Gia Hân", 2026, 11, 1, Male),
    ("066312990008", "H'Ngọc Niê", 2012, 2, 29, Female),
    ("096020990009", "Trần Văn Chín", 1920, 7, 7, Male),
    (
        "001300990010",
        "Công Tằng Tôn Nữ Hoàng Kim Phương Anh",
        2000,
        12,
        31,
        Female,
    ),
    ("210085990011", "Nguyễn Thành Đạt", 1985, 3, 3, Male),
    ("038205990101", "Nguyễn Văn An", 2005, 5, 17, Male),
    ("038306990102", "Lê Thị Bích Ngọc", 2006, 12, 31, Female),
    ("040204990103", "Trần Gia Hân", 2004, 11, 1, Male),
];

fn vector_person(row: &VectorRow) -> Option<DemoPerson> {
    let (number, name, year, month, day, sex) = *row;
    Some(DemoPerson {
        personal_id: number.to_owned(),
        full_name: name.to_owned(),
        birth_date: NaiveDate::from_ymd_opt(year, month, day)?,
        sex,
    })
}

fn generated_people() -> impl Iterator<Item = DemoPerson> {
    let mut draws = Draws(SEED);
    (0..GENERATED_COUNT).filter_map(move |index| generated_person(&mut draws, FIRST_TAIL + index))
}

fn generated_person(draws: &mut Draws, tail: u32) -> Option<DemoPerson> {
    let sex = if draws.one_in(2) { Male } else { Female };
    let year = 1940 + i32::try_from(draws.below(81)).ok()?;
    let birth_date = NaiveDate::from_yo_opt(year, 1 + u32::try_from(draws.below(365)).ok()?)?;
    let birth_place = draws.pick(&BIRTH_PLACES);
    let full_name = name_of(draws, sex);
    let century_and_sex = 2 * (year / 100 - 19) + i32::from(sex == Female);
    let personal_id = format!(
        "{birth_place}{century_and_sex}{:02}{tail:06}",
        birth_date.year() % 100
    );
    Some(DemoPerson {
        personal_id,
        full_name,
        birth_date,
        sex,
    })
}

/// SplitMix64: small, well mixed, and ours, so that no release of a library changes the people.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound` - 1; the bias of the remainder is of no matter here.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// One of the words; empty only if there are none.
    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        let position = usize::try_from(self.below(words.len() as u64)).unwrap_or_default();
        words.get(position).copied().unwrap_or_default()
    }
}

/// One name in twelve is of a minority with an order of its own.
fn name_of(draws: &mut Draws, sex: Sex) -> String {
    if draws.one_in(12) {
        minority_name(draws, sex)
    } else {
        common_name(draws, sex)
    }
}

fn common_name(draws: &mut Draws, sex: Sex) -> String {
    let (middles, givens): (&[&str], &[&str]) = match sex {
        Male => (&MALE_MIDDLES, &MALE_GIVENS),
        Female | Sex::Unspecified => (&FEMALE_MIDDLES, &FEMALE_GIVENS),
    };
    let mut words = vec![draws.pick(&SURNAMES)];
    if draws.one_in(10) {
        words.push(draws.pick(&SECOND_SURNAMES));
    }
    if !draws.one_in(25) {
        words.push(draws.pick(middles));
    }
    words.push(draws.pick(givens));
    words.join(" ")
}

fn minority_name(draws: &mut Draws, sex: Sex) -> String {
    let is_male = sex == Male;
    match draws.below(6) {
        // Ê Đê: the clan last; a woman's name begins with H', a man's with Y.
        0 if is_male => format!(
            "Y {} {}",
            draws.pick(&EDE_MALE_GIVENS),
            draws.pick(&EDE_CLANS)
        ),
        0 => format!(
            "{} {}",
            draws.pick(&EDE_FEMALE_GIVENS),
            draws.pick(&EDE_CLANS)
        ),
        // Gia Rai: the clan first.
        1 if is_male => format!(
            "{} {}",
            draws.pick(&JARAI_CLANS),
            draws.pick(&JARAI_MALE_GIVENS)
        ),
        1 => format!(
            "{} {}",
            draws.pick(&JARAI_CLANS),
            draws.pick(&JARAI_FEMALE_GIVENS)
        ),
        // Cơ Ho: K' for men, Ka for women, often without a surname.
        2 if is_male => draws.pick(&KOHO_MALE_NAMES).to_owned(),
        2 => format!("Ka {}", draws.pick(&KOHO_FEMALE_GIVENS)),
        // Mông: A for men, Thị for women.
        3 if is_male => format!(
            "{} A {}",
            draws.pick(&HMONG_SURNAMES),
            draws.pick(&HMONG_GIVENS)
        ),
        3 => format!(
            "{} Thị {}",
            draws.pick(&HMONG_SURNAMES),
            draws.pick(&HMONG_GIVENS)
        ),
        // Khmer and Chăm.
        4 if is_male => format!(
            "{} {}",
            draws.pick(&SOUTHERN_SURNAMES),
            draws.pick(&KHMER_MALE_GIVENS)
        ),
        4 => format!(
            "{} Thị {}",
            draws.pick(&SOUTHERN_SURNAMES),
            draws.pick(&KHMER_FEMALE_GIVENS)
        ),
        // Thái and Mường of the west of Thanh Hóa.
        _ if is_male => format!(
            "{} Văn {}",
            draws.pick(&THAI_SURNAMES),
            draws.pick(&THAI_GIVENS)
        ),
        _ => format!(
            "{} Thị {}",
            draws.pick(&THAI_SURNAMES),
            draws.pick(&THAI_GIVENS)
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::personal_id::PersonalId;

    use super::*;

    #[test]
    fn there_are_more_than_two_thousand_people_with_numbers_of_their_own() {
        let people: Vec<DemoPerson> = demo_people().collect();
        let numbers: HashSet<&str> = people.iter().map(|one| one.personal_id.as_str()).collect();
        assert_eq!(people.len(), VECTOR_PEOPLE.len() + GENERATED_COUNT as usize);
        assert!(people.len() >= 2_000);
        assert_eq!(numbers.len(), people.len());
    }

    #[test]
    fn the_same_people_come_at_every_run() {
        assert!(demo_people().eq(demo_people()));
        let print = demo_people().fold(0xcbf2_9ce4_8422_2325_u64, |hash, one| {
            let text = format!("{} {} {}", one.personal_id, one.full_name, one.birth_date);
            text.bytes().fold(hash, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        });
        assert_eq!(print, 13_127_270_807_904_866_213);
    }

    #[test]
    fn numbers_are_made_up_and_say_birth_year_and_sex() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        for person in demo_people() {
            let number = person.personal_id.as_str();
            assert!(
                number == "038090001234" || number[6..].starts_with("99"),
                "{number}"
            );
            assert_eq!(number.len(), 12);
            let parsed = PersonalId::parse(number, today).unwrap();
            assert_eq!(parsed.birth_year(), person.birth_date.year(), "{number}");
            assert_eq!(parsed.sex(), person.sex, "{number}");
        }
    }

    #[test]
    fn names_are_varied_and_normal() {
        let names: HashSet<String> = demo_people().map(|one| one.full_name).collect();
        assert!(names.len() > 1_800, "{}", names.len());
        assert!(names.iter().any(|name| name.contains('\'')));
        assert!(names.iter().any(|name| name.contains('’')));
        for name in names {
            assert_eq!(domain::text::nfc_trim(&name), name);
            assert!(!name.contains("  "), "{name}");
            assert!(name.split(' ').all(|word| !word.is_empty()), "{name}");
        }
    }
}
