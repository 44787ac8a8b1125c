//! The members of a body in which nothing is at fault, read straight from its text.
//!
//! A refusal by these functions is not a fault yet: the reader of values then judges the body and
//! reports its findings. So an error here need not be precise.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    DeserializeOwned, Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer,
};

use super::reader::Bound;
use super::{
    ADDRESS, Draft, DraftGuest, MEANING, NAME, NOTE, NUMBER, PLACE, REFERENCE, TELEPHONE, WARD,
    WORD,
};

/// A member that is text.
type OptionalText = Option<String>;

pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(NAME))
}

pub(super) fn reference<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(REFERENCE))
}

pub(super) fn place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(PLACE))
}

pub(super) fn ward<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(WARD))
}

pub(super) fn address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(ADDRESS))
}

pub(super) fn note<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(NOTE))
}

pub(super) fn meaning<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(MEANING))
}

pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(WORD))
}

pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(NUMBER))
}

pub(super) fn telephone<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<OptionalText, D::Error> {
    deserializer.deserialize_any(KeptWithin(TELEPHONE))
}

/// A member that is an object; absent when nothing in it is there.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default + PartialEq,
{
    let object = deserializer.deserialize_any(Object(PhantomData))?;
    Ok(object.filter(|object| *object != T::default()))
}

pub(super) fn guest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DraftGuest, D::Error> {
    object(deserializer).map(Option::unwrap_or_default)
}

/// The body itself, which `null` is not.
pub(super) fn draft<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Draft, D::Error> {
    let draft = deserializer.deserialize_any(Object(PhantomData))?;
    draft.ok_or_else(|| D::Error::custom("no object"))
}

/// Reads text that its bound keeps without a warning, or `null`.
struct KeptWithin(Bound);

impl Visitor<'_> for KeptWithin {
    type Value = OptionalText;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("text without a fault")
    }

    fn visit_unit<E>(self) -> Result<OptionalText, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, sent: &str) -> Result<OptionalText, E> {
        self.0
            .keep_sound(sent)
            .ok_or_else(|| E::custom("a text with a fault"))
            .map(|text| (!text.is_empty()).then_some(text))
    }
}

/// Reads an object or `null`. Derived structs would take an array of their members as well.
struct Object<T>(PhantomData<fn() -> T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Object<T> {
    type Value = Option<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Some)
    }
}
