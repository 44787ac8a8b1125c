//! Several rows as one statement: the table of values that hot statements insert or update from.

use chrono::{DateTime, NaiveDate, Utc};
use domain::coded::Coded;
use entity::word::Word;
use sea_orm::Value;
use uuid::Uuid;

/// What a column of a row set holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
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
pub(crate) struct RowColumn {
    pub(crate) name: &'static str,
    pub(crate) kind: ValueKind,
    pub(crate) is_nullable: bool,
}

/// Something that lies down as one row of a fixed set of columns.
pub(crate) trait AsRow {
    const COLUMNS: &'static [RowColumn];

    /// The values in the order of [`Self::COLUMNS`].
    fn into_values(self) -> Vec<Value>;
}

/// What can stand in a column of a row set.
pub(crate) trait ColumnValue {
    const KIND: ValueKind;
    const IS_NULLABLE: bool = false;

    fn into_value(self) -> Value;
}

/// The column of a field. The second argument is never called: it names the field, so that the
/// column's kind is that of the field's type.
pub(crate) const fn column_of<R, C: ColumnValue>(
    name: &'static str,
    _field: fn(&R) -> &C,
) -> RowColumn {
    RowColumn {
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
            const COLUMNS: &'static [$crate::rows::RowColumn] = &[$(
                $crate::rows::column_of(
                    $crate::rows::columns!(@name $field $(. $inner)* $(, $name)?),
                    |row: &Self| &row.0.$field$(.$inner)*,
                )
            ),+];

            fn into_values(self) -> Vec<sea_orm::Value> {
                vec![$( $crate::rows::ColumnValue::into_value(self.0.$field$(.$inner)*) ),+]
            }
        }
    };
    ($row:ty { $($field:ident $(. $inner:ident)* $(as $name:literal)?),+ $(,)? }) => {
        impl $crate::rows::AsRow for $row {
            const COLUMNS: &'static [$crate::rows::RowColumn] = &[$(
                $crate::rows::column_of(
                    $crate::rows::columns!(@name $field $(. $inner)* $(, $name)?),
                    |row: &Self| &row.$field$(.$inner)*,
                )
            ),+];

            fn into_values(self) -> Vec<sea_orm::Value> {
                vec![$( $crate::rows::ColumnValue::into_value(self.$field$(.$inner)*) ),+]
            }
        }
    };
}

pub(crate) use columns;

macro_rules! cells {
    ($($cell:ty => $kind:ident, $value:ident;)+) => {
        $(
            impl ColumnValue for $cell {
                const KIND: ValueKind = ValueKind::$kind;

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

impl<T: Coded> ColumnValue for Word<T> {
    const KIND: ValueKind = ValueKind::Text;

    fn into_value(self) -> Value {
        self.into()
    }
}

impl<C: ColumnValue> ColumnValue for Option<C> {
    const KIND: ValueKind = C::KIND;
    const IS_NULLABLE: bool = true;

    fn into_value(self) -> Value {
        self.map_or_else(|| null(C::KIND), C::into_value)
    }
}

const fn null(kind: ValueKind) -> Value {
    match kind {
        ValueKind::Uuid => Value::Uuid(None),
        ValueKind::Text => Value::String(None),
        ValueKind::Bytes => Value::Bytes(None),
        ValueKind::Instant => Value::ChronoDateTimeUtc(None),
        ValueKind::Date => Value::ChronoDate(None),
        ValueKind::Integer => Value::Int(None),
        ValueKind::Boolean => Value::Bool(None),
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
