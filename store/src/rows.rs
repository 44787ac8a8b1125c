//! Several rows as one statement: the table of values that hot statements insert or update from.

use chrono::{DateTime, NaiveDate, Utc};
use domain::coded::Coded;
use entity::word::Word;
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

/// Something that lies down as one row of a fixed set of columns.
pub(crate) trait AsRow {
    const COLUMNS: &'static [Column];

    /// The values in the order of [`Self::COLUMNS`].
    fn into_values(self) -> Vec<Value>;
}

/// What can stand in a column of a row set.
pub(crate) trait Cell {
    const KIND: Kind;
    const IS_NULLABLE: bool = false;

    fn into_value(self) -> Value;
}

/// The column of a field. The second argument is never called: it names the field, so that the
/// column's kind is that of the field's type.
pub(crate) const fn column_of<R, C: Cell>(name: &'static str, _field: fn(&R) -> &C) -> Column {
    Column {
        name,
        kind: C::KIND,
        is_nullable: C::IS_NULLABLE,
    }
}

/// Lays a struct down as a row: one list of its fields gives the columns, their kinds and their
/// values, so that none can be crossed. A field has the name of its column, or is listed as
/// `field as "column"`; of `outer.inner` the column is `inner`.
///
/// `columns!(Row { id, at as "created_at" })` is for a struct that is there already;
/// `columns!(Row(Model) { … })` also declares `Row`, the fields of a `Model` that an insert writes.
macro_rules! columns {
    (@name $($path:ident).+, $name:literal) => { $name };
    (@name $field:ident) => { stringify!($field) };
    (@name $outer:ident . $($inner:ident).+) => { $crate::rows::columns!(@name $($inner).+) };
    ($row:ident($model:ty) { $($field:ident $(. $inner:ident)* $(as $name:literal)?),+ $(,)? }) => {
        pub(crate) struct $row(pub(crate) $model);

        impl $crate::rows::AsRow for $row {
            const COLUMNS: &'static [$crate::rows::Column] = &[$(
                $crate::rows::column_of(
                    $crate::rows::columns!(@name $field $(. $inner)* $(, $name)?),
                    |row: &Self| &row.0.$field$(.$inner)*,
                )
            ),+];

            fn into_values(self) -> Vec<sea_orm::Value> {
                vec![$( $crate::rows::Cell::into_value(self.0.$field$(.$inner)*) ),+]
            }
        }
    };
    ($row:ty { $($field:ident $(. $inner:ident)* $(as $name:literal)?),+ $(,)? }) => {
        impl $crate::rows::AsRow for $row {
            const COLUMNS: &'static [$crate::rows::Column] = &[$(
                $crate::rows::column_of(
                    $crate::rows::columns!(@name $field $(. $inner)* $(, $name)?),
                    |row: &Self| &row.$field$(.$inner)*,
                )
            ),+];

            fn into_values(self) -> Vec<sea_orm::Value> {
                vec![$( $crate::rows::Cell::into_value(self.$field$(.$inner)*) ),+]
            }
        }
    };
}

pub(crate) use columns;

macro_rules! cells {
    ($($cell:ty => $kind:ident, $value:ident;)+) => {
        $(
            impl Cell for $cell {
                const KIND: Kind = Kind::$kind;

                fn into_value(self) -> Value {
                    Value::$value(Some(self.into()))
                }
            }
        )+
    };
}

cells! {
    Uuid => Uuid, Uuid;
    String => Text, String;
    &str => Text, String;
    Vec<u8> => Bytes, Bytes;
    &[u8] => Bytes, Bytes;
    [u8; 32] => Bytes, Bytes;
    DateTime<Utc> => Instant, ChronoDateTimeUtc;
    NaiveDate => Date, ChronoDate;
    i32 => Integer, Int;
    bool => Boolean, Bool;
}

impl<T: Coded> Cell for Word<T> {
    const KIND: Kind = Kind::Text;

    fn into_value(self) -> Value {
        self.into()
    }
}

impl<C: Cell> Cell for Option<C> {
    const KIND: Kind = C::KIND;
    const IS_NULLABLE: bool = true;

    fn into_value(self) -> Value {
        self.map_or_else(|| null(C::KIND), C::into_value)
    }
}

const fn null(kind: Kind) -> Value {
    match kind {
        Kind::Uuid => Value::Uuid(None),
        Kind::Text => Value::String(None),
        Kind::Bytes => Value::Bytes(None),
        Kind::Instant => Value::ChronoDateTimeUtc(None),
        Kind::Date => Value::ChronoDate(None),
        Kind::Integer => Value::Int(None),
        Kind::Boolean => Value::Bool(None),
    }
}

pub(crate) fn uuid(value: Uuid) -> Value {
    Value::Uuid(Some(value))
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

pub(crate) fn instant(value: DateTime<Utc>) -> Value {
    Value::ChronoDateTimeUtc(Some(value))
}

pub(crate) fn instant_null(value: Option<DateTime<Utc>>) -> Value {
    Value::ChronoDateTimeUtc(value)
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
