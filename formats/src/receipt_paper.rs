//! Printed receipts of one stay and of a facility's day. A4, Vietnamese first, English beneath.
//!
//! Personal data is limited to what an inspector at the desk needs: the guest's name as declared,
//! and a mostly hidden document number. The QR code contains the signed receipt itself, which
//! verifies offline.

mod column;
mod day;
mod stay;
mod words;

pub use day::{DayLine, DayPaper};
pub use stay::{SleepingPlace, StayPaper};

use chrono::{DateTime, NaiveDate, Utc};
use domain::time::VIET_NAM;

/// Where the facility is.
#[derive(Clone, Debug)]
pub struct PrintedPlace {
    /// Its name.
    pub name: String,
    /// Street, commune, province.
    pub address: String,
}

/// `14:05:00 23/11/2026`, as written in Viet Nam.
fn written_instant(at: DateTime<Utc>) -> String {
    let local = at.with_timezone(&VIET_NAM);
    local.format("%H:%M:%S %d/%m/%Y").to_string()
}

/// `23/11/2026`.
fn written_day(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

#[cfg(test)]
mod tests;
