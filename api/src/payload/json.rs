//! JSON, read strictly: bounded depth, no name twice in an object.

use std::cell::Cell;
use std::fmt;

use domain::problem::Code;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting of objects and arrays.
const DEPTH_MAX: u32 = 32;

/// Reads one JSON text.
///
/// Errors: [`Code::JsonTooDeep`], [`Code::MalformedJson`].
pub(super) fn parse(text: &[u8]) -> Result<Value, Code> {
    let is_too_deep = Cell::new(false);
    let reader = Reader {
        depth_left: DEPTH_MAX,
        is_too_deep: &is_too_deep,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = reader
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|_| {
        if is_too_deep.get() {
            Code::JsonTooDeep
        } else {
            Code::MalformedJson
        }
    })
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    depth_left: u32,
    is_too_deep: &'a Cell<bool>,
}

impl Reader<'_> {
    /// For what lies inside an object or array.
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left, ..self }),
            None => {
                self.is_too_deep.set(true);
                Err(E::custom("too deep"))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(de::Error::custom("a name twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        let table = [
            r#"{"a":[1,-2,3.5,true,false,null,"Nguyễn Văn An"],"b":{"c":{}}}"#,
            r#""text""#,
            "18446744073709551615",
            "null",
            "[]",
        ];
        for text in table {
            let value = parse(text.as_bytes()).unwrap();
            assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn thirty_two_levels_are_taken_and_no_more() {
        let nested = |open: &str, close: &str, depth| open.repeat(depth) + &close.repeat(depth);
        assert!(parse(nested("[", "]", 32).as_bytes()).is_ok());
        for depth in [33, 200, 30_000] {
            let text = nested("[", "]", depth);
            assert_eq!(parse(text.as_bytes()), Err(Code::JsonTooDeep), "{depth}");
        }
        let objects = r#"{"a":"#.repeat(33) + "1" + &"}".repeat(33);
        assert_eq!(parse(objects.as_bytes()), Err(Code::JsonTooDeep));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        let table: [&[u8]; 13] = [
            b"",
            b"{",
            b"{}{}",
            b"{\"a\":1,}",
            b"{'a':1}",
            b"{\"a\":1,\"a\":2}",
            b"{\"a\":{\"b\":1,\"b\":1}}",
            b"NaN",
            b"1e999",
            b"\"\\ud800\"",
            b"\"\xff\"",
            b"\xef\xbb\xbf{}",
            b"\"a\nb\"",
        ];
        for text in table {
            assert_eq!(parse(text), Err(Code::MalformedJson), "{text:?}");
        }
    }
}
