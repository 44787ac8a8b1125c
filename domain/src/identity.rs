//! Grades declared data against the population registry's data.
//!
//! Grading is done here, so that a registry that changes its spelling does not change which guests
//! are reviewed. Only `different` opens a case; `near` never does.

use std::fmt;

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::birth_date::{BirthDate, Precision};
use crate::sex::Sex;
use crate::stay::IdentityState;
use crate::text::{fold, nfc_trim, single_spaced};

/// Persons that one organisation may try for one number before the number tells it nothing more:
/// a desk that mistypes needs one or two.
pub const TRIES_MAX: u64 = 3;
/// How far back and ahead tries for a number count: stays that waited for the registry are also
/// judged by later tries.
pub const TRIES_COUNTED: TimeDelta = TimeDelta::hours(24);

/// A name cut off by a machine-readable zone (30 or 39 places) is no shorter than this, counted in
/// letters without spaces. A shorter beginning is another name: half of a village shares it.
const CUT_NAME_LENGTH_MIN: usize = 20;

coded! {
    /// How two values agree.
    pub enum Match {
        /// The same, but for case.
        Exact => "exact",
        /// The same person's value written in another way.
        Near => "near",
        /// Another value.
        Different => "different",
        /// One of the two is not there.
        NotCompared => "not_compared",
    }
}

coded! {
    /// Why two values are graded as they are: what an officer is told beside the grade. It tells
    /// which part of a value agrees, never what the other value is.
    pub enum GradeReason {
        /// Names: the same letters with other marks, spaces or signs.
        OtherMarks => "other_marks",
        /// Names: the same words in another order.
        OtherOrder => "other_order",
        /// Names: one is the beginning of the other, as a machine-readable zone cuts it.
        CutOff => "cut_off",
        /// Names: another name, whatever its marks.
        OtherName => "other_name",
        /// Birth dates: one is less precise, and agrees.
        LessPrecise => "less_precise",
        /// Birth dates: day and month have changed places.
        DayAndMonthSwapped => "day_and_month_swapped",
        /// Birth dates: another day of the same month and year.
        OtherDay => "other_day",
        /// Birth dates: another month, the same day and year.
        OtherMonth => "other_month",
        /// Birth dates: another year, the same day and month.
        OtherYear => "other_year",
        /// Birth dates: more than one part is another.
        OtherDate => "other_date",
        /// The other sex.
        OtherSex => "other_sex",
    }
}

/// A person as the registry answered.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryPerson {
    /// Full name.
    pub full_name: String,
    /// Birth date, if the registry gave one that can be read.
    pub birth_date: Option<BirthDate>,
    /// Sex, if the registry gave one.
    pub sex: Option<Sex>,
}

/// A person as declared.
#[derive(Clone, PartialEq, Eq)]
pub struct DeclaredPerson {
    /// Full name.
    pub full_name: String,
    /// Birth date, as far as it was sent.
    pub birth_date: Option<BirthDate>,
    /// Sex, as far as it was sent.
    pub sex: Option<Sex>,
}

/// How a declaration and the registry agree, member by member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grade {
    /// Names.
    pub full_name: Match,
    /// Birth dates.
    pub birth_date: Match,
    /// Sex.
    pub sex: Match,
    /// Why.
    pub reasons: GradeReasons,
}

/// Why the members of a grade are not exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GradeReasons {
    /// Of names.
    pub full_name: Option<GradeReason>,
    /// Of birth dates.
    pub birth_date: Option<GradeReason>,
    /// Of sexes.
    pub sex: Option<GradeReason>,
}

impl Grade {
    /// All exact, near or not compared: verified; anything different: mismatch.
    #[must_use]
    pub fn state(self) -> IdentityState {
        if [self.full_name, self.birth_date, self.sex].contains(&Match::Different) {
            IdentityState::Mismatch
        } else {
            IdentityState::Verified
        }
    }
}

/// Grades a declaration against the registry's person.
#[must_use]
pub fn grade(declared: &DeclaredPerson, registry: &RegistryPerson) -> Grade {
    Grade {
        full_name: grade_name(&declared.full_name, &registry.full_name),
        birth_date: pair(declared.birth_date, registry.birth_date)
            .map_or(Match::NotCompared, |(left, right)| {
                grade_birth_date(left, right)
            }),
        sex: pair(declared.sex, registry.sex)
            .map_or(Match::NotCompared, |(left, right)| grade_sex(left, right)),
        reasons: reasons(declared, registry),
    }
}

fn reasons(declared: &DeclaredPerson, registry: &RegistryPerson) -> GradeReasons {
    let birth_dates = pair(declared.birth_date, registry.birth_date);
    let sexes = pair(declared.sex, registry.sex);
    let is_other = |(left, right)| grade_sex(left, right) == Match::Different;
    GradeReasons {
        full_name: reason_of_names(&declared.full_name, &registry.full_name),
        birth_date: birth_dates.and_then(|(left, right)| reason_of_birth_dates(left, right)),
        sex: sexes
            .filter(|pair| is_other(*pair))
            .map(|_| GradeReason::OtherSex),
    }
}

/// Why two names are graded as they are; `None` for equal ones.
fn reason_of_names(left: &str, right: &str) -> Option<GradeReason> {
    match grade_name(left, right) {
        Match::Exact | Match::NotCompared => None,
        Match::Different => Some(GradeReason::OtherName),
        Match::Near => {
            let (left, right) = (plain(left), plain(right));
            Some(if without_spaces(&left) == without_spaces(&right) {
                GradeReason::OtherMarks
            } else if sorted_words(&left) == sorted_words(&right) {
                GradeReason::OtherOrder
            } else {
                GradeReason::CutOff
            })
        }
    }
}

/// Why two birth dates are graded as they are; `None` for equal ones.
fn reason_of_birth_dates(left: BirthDate, right: BirthDate) -> Option<GradeReason> {
    let days = pair(whole_day(left), whole_day(right));
    match (grade_birth_date(left, right), days) {
        (Match::Exact | Match::NotCompared, _) => None,
        (Match::Near, Some(_)) => Some(GradeReason::DayAndMonthSwapped),
        (Match::Near, None) => Some(GradeReason::LessPrecise),
        (Match::Different, Some((left, right))) => Some(other_part(left, right)),
        (Match::Different, None) => Some(GradeReason::OtherDate),
    }
}

/// Which part of a day is another, where it is only one.
fn other_part(left: NaiveDate, right: NaiveDate) -> GradeReason {
    let same = (
        left.day() == right.day(),
        left.month() == right.month(),
        left.year() == right.year(),
    );
    match same {
        (false, true, true) => GradeReason::OtherDay,
        (true, false, true) => GradeReason::OtherMonth,
        (true, true, false) => GradeReason::OtherYear,
        _ => GradeReason::OtherDate,
    }
}

/// Exact but for case; near by marks, word order, spacing, or cut off by a machine-readable zone.
#[must_use]
pub fn grade_name(left: &str, right: &str) -> Match {
    if left.trim().is_empty() || right.trim().is_empty() {
        return Match::NotCompared;
    }
    if nfc_trim(left).to_uppercase() == nfc_trim(right).to_uppercase() {
        return Match::Exact;
    }
    let (left, right) = (plain(left), plain(right));
    let is_near = without_spaces(&left) == without_spaces(&right)
        || sorted_words(&left) == sorted_words(&right)
        || is_cut_off(&without_spaces(&left), &without_spaces(&right));
    if is_near {
        Match::Near
    } else {
        Match::Different
    }
}

/// Exact when equal; near when one is the less precise of the two and agrees, or when day and
/// month have changed places.
#[must_use]
pub fn grade_birth_date(left: BirthDate, right: BirthDate) -> Match {
    if left == right {
        return Match::Exact;
    }
    let is_within = |outer: BirthDate, inner: BirthDate| {
        outer.earliest() <= inner.earliest() && inner.latest() <= outer.latest()
    };
    let is_swapped = whole_day(left)
        .and_then(swapped)
        .is_some_and(|day| Some(day) == whole_day(right));
    if is_within(left, right) || is_within(right, left) || is_swapped {
        Match::Near
    } else {
        Match::Different
    }
}

/// A sex that is not stated is not compared.
#[must_use]
pub fn grade_sex(left: Sex, right: Sex) -> Match {
    if left == Sex::Unspecified || right == Sex::Unspecified {
        Match::NotCompared
    } else if left == right {
        Match::Exact
    } else {
        Match::Different
    }
}

fn pair<T>(left: Option<T>, right: Option<T>) -> Option<(T, T)> {
    left.zip(right)
}

/// Folded, with everything but letters as a space: `H'Ngọc` and `H NGOC` are the same.
fn plain(name: &str) -> String {
    let letters = fold(name);
    let spaced: String = letters
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter
            } else {
                ' '
            }
        })
        .collect();
    single_spaced(&spaced)
}

fn without_spaces(name: &str) -> String {
    name.replace(' ', "")
}

fn sorted_words(name: &str) -> Vec<&str> {
    let mut words: Vec<&str> = name.split(' ').collect();
    words.sort_unstable();
    words
}

fn is_cut_off(left: &str, right: &str) -> bool {
    let shorter = left.chars().count().min(right.chars().count());
    shorter >= CUT_NAME_LENGTH_MIN && (left.starts_with(right) || right.starts_with(left))
}

fn whole_day(date: BirthDate) -> Option<NaiveDate> {
    (date.precision() == Precision::Day).then(|| date.earliest())
}

fn swapped(day: NaiveDate) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(day.year(), day.day(), day.month())
}

/// Persons are not printed.
impl fmt::Debug for RegistryPerson {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RegistryPerson(…)")
    }
}

/// Persons are not printed.
impl fmt::Debug for DeclaredPerson {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Declared(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Match::{Different, Exact, Near, NotCompared};
    use super::*;

    #[test]
    fn names_are_near_by_marks_order_spacing_and_cut() {
        let table = [
            ("Nguyễn Văn An", "Nguyễn Văn An", Exact),
            ("NGUYỄN VĂN AN", "Nguyễn Văn An", Exact),
            ("Nguye\u{302}\u{303}n Văn An", "Nguyễn Văn An", Exact),
            ("Nguyen Van An", "Nguyễn Văn An", Near),
            ("An Nguyễn Văn", "Nguyễn Văn An", Near),
            ("Nguyễn  Văn An", "Nguyễn Văn An", Near),
            ("NguyenVan An", "Nguyễn Văn An", Near),
            ("Đặng Thị Hòa", "DANG THI HOA", Near),
            ("H’Ngọc Niê", "H NGOC NIE", Near),
            (
                "CONG TANG TON NU THI HUYEN TR",
                "Công Tằng Tôn Nữ Thị Huyền Trang",
                Near,
            ),
            ("Nguyễn Văn", "Nguyễn Văn An", Different),
            ("Nguyễn Văn Anh", "Nguyễn Văn An", Different),
            ("Trần Thị Bình", "Nguyễn Văn An", Different),
            ("", "Nguyễn Văn An", NotCompared),
        ];
        for (declared, registry, expected) in table {
            assert_eq!(
                grade_name(declared, registry),
                expected,
                "{declared} / {registry}"
            );
            assert_eq!(
                grade_name(registry, declared),
                expected,
                "{registry} / {declared}"
            );
        }
    }

    #[test]
    fn birth_dates_are_near_by_precision_and_by_swapped_day_and_month() {
        let table = [
            ("1990-05-17", "1990-05-17", Exact),
            ("1990", "1990", Exact),
            ("1990", "1990-05-17", Near),
            ("1990-05", "1990-05-17", Near),
            ("1990", "1990-05", Near),
            ("1990-05-07", "1990-07-05", Near),
            ("1990-05-17", "1990-05-18", Different),
            ("1991", "1990-05-17", Different),
            ("1990-06", "1990-05-17", Different),
            ("1990-05-17", "1991-05-17", Different),
        ];
        for (left, right, expected) in table {
            let (left, right) = (
                BirthDate::parse(left).unwrap(),
                BirthDate::parse(right).unwrap(),
            );
            assert_eq!(grade_birth_date(left, right), expected);
            assert_eq!(grade_birth_date(right, left), expected);
        }
    }

    #[test]
    fn a_reason_tells_which_part_is_another() {
        use GradeReason::{
            DayAndMonthSwapped, LessPrecise, OtherDate, OtherDay, OtherMarks, OtherMonth,
            OtherName, OtherOrder, OtherYear,
        };

        let names = [
            ("Nguyễn Văn An", "Nguyễn Văn An", None),
            ("Nguyen Van An", "Nguyễn Văn An", Some(OtherMarks)),
            ("An Nguyễn Văn", "Nguyễn Văn An", Some(OtherOrder)),
            ("Trần Thị Bình", "Nguyễn Văn An", Some(OtherName)),
            ("", "Nguyễn Văn An", None),
        ];
        for (left, right, expected) in names {
            assert_eq!(reason_of_names(left, right), expected, "{left} / {right}");
        }
        let dates = [
            ("1990-05-17", "1990-05-17", None),
            ("1990", "1990-05-17", Some(LessPrecise)),
            ("1990-05-07", "1990-07-05", Some(DayAndMonthSwapped)),
            ("1990-05-17", "1990-05-18", Some(OtherDay)),
            ("1990-05-17", "1990-06-17", Some(OtherMonth)),
            ("1990-05-17", "1991-05-17", Some(OtherYear)),
            ("1990-05-17", "1991-06-17", Some(OtherDate)),
            ("1991", "1990-05-17", Some(OtherDate)),
        ];
        for (left, right, expected) in dates {
            let parse = |text| BirthDate::parse(text).unwrap();
            assert_eq!(
                reason_of_birth_dates(parse(left), parse(right)),
                expected,
                "{left} / {right}"
            );
        }
    }

    #[test]
    fn only_a_difference_is_a_mismatch() {
        let declared = |name: &str, sex| DeclaredPerson {
            full_name: name.into(),
            birth_date: None,
            sex,
        };
        let registry = RegistryPerson {
            full_name: "Nguyễn Văn An".into(),
            birth_date: BirthDate::parse("1990-05-17"),
            sex: Some(Sex::Male),
        };
        let table = [
            (declared("Nguyen Van An", None), IdentityState::Verified),
            (
                declared("Nguyen Van An", Some(Sex::Unspecified)),
                IdentityState::Verified,
            ),
            (
                declared("Nguyễn Văn An", Some(Sex::Female)),
                IdentityState::Mismatch,
            ),
            (declared("Lê Văn An", None), IdentityState::Mismatch),
        ];
        for (declared, state) in table {
            assert_eq!(grade(&declared, &registry).state(), state);
        }
    }
}
