//! A column that holds one word of a closed set.

use domain::coded::Coded;
use sea_orm::{
    ColIdx, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr},
};

/// A stored word of the set `T`: the same text in the database as in JSON.
///
/// A row can be read even where one of its words is damaged, because whatever shows many rows goes
/// on with the others: the fault comes up where the word is used, in [`Self::get`]. There is no
/// default and no comparison with `T`, so no caller can take a damaged word for a sound one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<T>(StoredWord<T>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum StoredWord<T> {
    Known(T),
    /// Kept as it was found, so that writing the row again does not hide the damage.
    Unreadable(Box<str>),
}

/// A stored word is not one of its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored word of {what} cannot be read")]
pub struct Unreadable {
    /// The set, by the name of its enumeration.
    pub what: &'static str,
}

impl<T: Coded> Word<T> {
    /// What the word means.
    ///
    /// # Errors
    /// [`Unreadable`] when the stored text is no word of the set.
    pub fn get(&self) -> Result<T, Unreadable> {
        match self.0 {
            StoredWord::Known(word) => Ok(word),
            StoredWord::Unreadable(_) => Err(Unreadable { what: T::NAME }),
        }
    }

    /// The text as it is stored, readable or not: for showing a damaged row to people, not for
    /// deciding anything.
    #[must_use]
    pub fn as_stored(&self) -> &str {
        match &self.0 {
            StoredWord::Known(word) => word.as_str(),
            StoredWord::Unreadable(text) => text,
        }
    }
}

impl<T: Coded> From<T> for Word<T> {
    fn from(word: T) -> Self {
        Self(StoredWord::Known(word))
    }
}

impl<T: Coded> From<Word<T>> for String {
    fn from(word: Word<T>) -> Self {
        word.as_stored().to_owned()
    }
}

impl<T: Coded> From<Word<T>> for Value {
    fn from(word: Word<T>) -> Self {
        Self::String(Some(word.into()))
    }
}

impl<T: Coded> TryGetable for Word<T> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        String::try_get_by(row, index).map(read)
    }
}

impl<T: Coded> ValueType for Word<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <String as ValueType>::try_from(value).map(read)
    }

    fn type_name() -> String {
        T::NAME.to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::String(StringLen::None)
    }
}

impl<T: Coded> Nullable for Word<T> {
    fn null() -> Value {
        Value::String(None)
    }
}

fn read<T: Coded>(text: String) -> Word<T> {
    Word(match T::parse(&text) {
        Some(word) => StoredWord::Known(word),
        None => StoredWord::Unreadable(text.into_boxed_str()),
    })
}

#[cfg(test)]
mod tests {
    use domain::stay::Presence;

    use super::*;

    fn of(text: &str) -> Word<Presence> {
        <Word<Presence> as ValueType>::try_from(Value::from(text)).unwrap()
    }

    #[test]
    fn a_word_is_stored_as_its_text_and_read_back() {
        for presence in Presence::ALL {
            let word = Word::from(*presence);
            assert_eq!(Value::from(word.clone()), Value::from(presence.as_str()));
            assert_eq!(of(presence.as_str()), word);
            assert_eq!(word.get(), Ok(*presence));
        }
    }

    #[test]
    fn a_damaged_word_is_an_error_where_it_is_used_and_is_written_back_as_it_was() {
        for text in ["", "Present", "here"] {
            let word = of(text);
            assert_eq!(word.get(), Err(Unreadable { what: "Presence" }), "{text}");
            assert_eq!(word.as_stored(), text);
            assert_eq!(Value::from(word), Value::from(text));
        }
    }
}
