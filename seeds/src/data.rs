//! What all embedded tables share.

use chrono::NaiveDate;

/// First day the catalogues speak for: the two-level units came into force
/// (Decision 19/2025/QĐ-TTg).
pub(crate) const FIRST_DAY: NaiveDate = day(2025, 7, 1);

/// Reads an embedded table. An empty field is `None` where the row allows it.
pub(crate) fn read_csv<Row: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .deserialize()
        .map(|row| row.map_err(Into::into))
        .collect()
}

/// A date known while compiling; a date that does not exist does not compile where it is used
/// in a constant.
pub(crate) const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => panic!("no such day"),
    }
}
