//! Birth dates, of which documents sometimes know only the year or the month.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};

use crate::problem::Code;
use crate::time::parse_day;

/// No living person was born longer ago than this.
pub const AGE_YEARS_MAX: u32 = 150;

coded! {
    /// How much of a birth date is known.
    pub enum Precision {
        /// Day, month and year.
        Day => "day",
        /// Month and year.
        Month => "month",
        /// The year alone.
        Year => "year",
    }
}

/// A birth date that exists in the calendar, with its precision.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthDate {
    earliest: NaiveDate,
    precision: Precision,
}

impl BirthDate {
    /// Reads `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, and only dates that exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (day, precision) = match text.len() {
            4 => (parse_day(&format!("{text}-01-01"))?, Precision::Year),
            7 => (parse_day(&format!("{text}-01"))?, Precision::Month),
            _ => (parse_day(text)?, Precision::Day),
        };
        Some(Self {
            earliest: day,
            precision,
        })
    }

    /// A whole date.
    #[must_use]
    pub const fn of_day(day: NaiveDate) -> Self {
        Self {
            earliest: day,
            precision: Precision::Day,
        }
    }

    /// The year of birth.
    #[must_use]
    pub fn year(self) -> i32 {
        self.earliest.year()
    }

    /// How much is known.
    #[must_use]
    pub const fn precision(self) -> Precision {
        self.precision
    }

    /// The first day it can mean.
    #[must_use]
    pub const fn earliest(self) -> NaiveDate {
        self.earliest
    }

    /// The last day it can mean.
    #[must_use]
    pub fn latest(self) -> NaiveDate {
        let months = match self.precision {
            Precision::Day => return self.earliest,
            Precision::Month => 1,
            Precision::Year => 12,
        };
        let next = self.earliest.checked_add_months(Months::new(months));
        next.and_then(|day| day.pred_opt()).unwrap_or(self.earliest)
    }

    /// As it was sent: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[must_use]
    pub fn to_text(self) -> String {
        let form = match self.precision {
            Precision::Day => "%Y-%m-%d",
            Precision::Month => "%Y-%m",
            Precision::Year => "%Y",
        };
        self.earliest.format(form).to_string()
    }

    /// Whether a living person can have been born then.
    ///
    /// # Errors
    /// [`Code::BirthDateInFuture`] when even the first day it can mean lies after today,
    /// [`Code::BirthDateTooOld`] when even the last is more than 150 years ago.
    pub fn check(self, today: NaiveDate) -> Result<(), Code> {
        if self.earliest > today {
            return Err(Code::BirthDateInFuture);
        }
        let oldest = today.checked_sub_months(Months::new(12 * AGE_YEARS_MAX));
        if oldest.is_some_and(|oldest| self.latest() < oldest) {
            return Err(Code::BirthDateTooOld);
        }
        Ok(())
    }
}

/// The date is personal: only its precision is printed.
impl fmt::Debug for BirthDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "BirthDate({})", self.precision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_precisions_and_only_what_exists() {
        let table = [
            ("1990", Some(Precision::Year)),
            ("1990-05", Some(Precision::Month)),
            ("1990-05-17", Some(Precision::Day)),
            ("2012-02-29", Some(Precision::Day)),
            ("2011-02-29", None),
            ("1990-13", None),
            ("1990-00", None),
            ("1990-5-17", None),
            ("17/05/1990", None),
            ("90", None),
            ("199o", None),
            ("", None),
            ("１990", None),
        ];
        for (text, precision) in table {
            let read = BirthDate::parse(text);
            assert_eq!(read.map(BirthDate::precision), precision, "{text}");
            if let Some(date) = read {
                assert_eq!(date.to_text(), text);
            }
        }
    }

    #[test]
    fn bounds_are_those_of_somebody_alive() {
        let today = parse_day("2026-11-23").unwrap();
        let table = [
            ("2026-11-23", Ok(())),
            ("2026-11-24", Err(Code::BirthDateInFuture)),
            ("2026-11", Ok(())),
            ("2026-12", Err(Code::BirthDateInFuture)),
            ("2026", Ok(())),
            ("2027", Err(Code::BirthDateInFuture)),
            ("1876-11-23", Ok(())),
            ("1876-11-22", Err(Code::BirthDateTooOld)),
            ("1876", Ok(())),
            ("1875", Err(Code::BirthDateTooOld)),
            ("0000", Err(Code::BirthDateTooOld)),
        ];
        for (text, expected) in table {
            assert_eq!(
                BirthDate::parse(text).unwrap().check(today),
                expected,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Some(date) = BirthDate::parse(&text) {
                prop_assert_eq!(date.to_text(), text);
                prop_assert!(date.earliest() <= date.latest());
            }
        }
    }
}
