//! Several rows as one statement: the table of values that hot statements insert or update from.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::Value;
use uuid::Uuid;

/// What a column of a row set holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Uuid,
    Text,
    Bytes,
    Instant,
    Date,
    Integer,
    Boolean,
}

/// A column of a row set: its name, what it holds, and whether it may be NULL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) is_nullable: bool,
}

/// A column that is never NULL.
pub(crate) const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_nullable: false,
    }
}

/// A column that may be NULL.
pub(crate) const fn nullable(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        is_nullable: true,
    }
}

/// Something that lies down as one row of a fixed set of columns.
pub(crate) trait AsRow {
    const COLUMNS: &'static [Column];

    /// The values in the order of [`Self::COLUMNS`].
    fn into_values(self) -> Vec<Value>;
}

pub(crate) fn uuid(value: Uuid) -> Value {
    Value::Uuid(Some(value))
}

pub(crate) fn uuid_null(value: Option<Uuid>) -> Value {
    Value::Uuid(value)
}

pub(crate) fn text(value: impl Into<String>) -> Value {
    Value::String(Some(value.into()))
}

pub(crate) fn text_null(value: Option<String>) -> Value {
    Value::String(value)
}

pub(crate) fn bytes(value: Vec<u8>) -> Value {
    Value::Bytes(Some(value))
}

pub(crate) fn bytes_null(value: Option<Vec<u8>>) -> Value {
    Value::Bytes(value)
}

pub(crate) fn instant(value: DateTime<Utc>) -> Value {
    Value::ChronoDateTimeUtc(Some(value))
}

pub(crate) fn instant_null(value: Option<DateTime<Utc>>) -> Value {
    Value::ChronoDateTimeUtc(value)
}

pub(crate) fn date(value: NaiveDate) -> Value {
    Value::ChronoDate(Some(value))
}

pub(crate) fn big_integer(value: i64) -> Value {
    Value::BigInt(Some(value))
}

pub(crate) fn integer(value: i32) -> Value {
    Value::Int(Some(value))
}

pub(crate) fn integer_null(value: Option<i32>) -> Value {
    Value::Int(value)
}

pub(crate) fn boolean(value: bool) -> Value {
    Value::Bool(Some(value))
}
