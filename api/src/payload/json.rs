//! Strict JSON: bounded depth, no duplicate names in an object.

use std::cell::{Cell, RefCell};
use std::fmt;

use domain::draft::{Body, Draft};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting of objects and arrays.
const DEPTH_MAX: u32 = 32;

/// What some editors and spreadsheets write in front of UTF-8. RFC 8259, section 8.1, lets a reader
/// ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a text is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no JSON.
    Malformed,
    /// It is nested deeper than [`DEPTH_MAX`].
    TooDeep,
    /// An object has two members of one name: readers would disagree about which of them counts.
    /// With the pointer to it.
    Repeated(String),
}

/// The body of one stay.
pub(crate) enum StayBody {
    /// Nothing about its shape is at fault.
    Sound(Box<Draft>),
    /// Anything else: its faults are yet to be named.
    Document(Value),
}

impl StayBody {
    /// Reads one JSON text as [`parse`] does, and without a tree of values where that is possible.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Fault> {
        let unmarked = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        match Draft::read_sound(unmarked) {
            Some(draft) => Ok(Self::Sound(Box::new(draft))),
            None => parse(text).map(Self::Document),
        }
    }
}

impl<'a> From<&'a StayBody> for Body<'a> {
    fn from(body: &'a StayBody) -> Self {
        match body {
            StayBody::Sound(draft) => Self::Sound(draft),
            StayBody::Document(document) => Self::Document(document),
        }
    }
}

/// Reads one JSON text; a byte order mark in front of it is ignored.
pub(super) fn parse(text: &[u8]) -> Result<Value, Fault> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let is_too_deep = Cell::new(false);
    let repeated = RefCell::new(None);
    let reader = JsonReader {
        depth_left: DEPTH_MAX,
        is_too_deep: &is_too_deep,
        repeated: &repeated,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = reader
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|_| match repeated.take() {
        Some(pointer) => Fault::Repeated(pointer),
        None if is_too_deep.get() => Fault::TooDeep,
        None => Fault::Malformed,
    })
}

#[derive(Clone, Copy)]
struct JsonReader<'a> {
    depth_left: u32,
    is_too_deep: &'a Cell<bool>,
    /// The pointer to a duplicate member, built from its end while unwinding.
    repeated: &'a RefCell<Option<String>>,
}

impl JsonReader<'_> {
    /// Prepends a step to the pointer of a duplicate member, if that is the error.
    fn behind(self, step: &str) {
        if let Some(pointer) = self.repeated.borrow_mut().as_mut() {
            *pointer = format!("{}{pointer}", to_step(step));
        }
    }

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

impl<'de> DeserializeSeed<'de> for JsonReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonReader<'_> {
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
        loop {
            let element = elements.next_element_seed(inner);
            match element.inspect_err(|_| self.behind(&array.len().to_string()))? {
                Some(element) => array.push(element),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner);
            let value = value.inspect_err(|_| self.behind(&name))?;
            if object.contains_key(&name) {
                *self.repeated.borrow_mut() = Some(to_step(&name));
                return Err(de::Error::custom("a name twice"));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// A step of a pointer (RFC 6901, section 3).
fn to_step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
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
            assert_eq!(parse(text.as_bytes()), Err(Fault::TooDeep), "{depth}");
        }
        let objects = r#"{"a":"#.repeat(33) + "1" + &"}".repeat(33);
        assert_eq!(parse(objects.as_bytes()), Err(Fault::TooDeep));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        let table: [&[u8]; 11] = [
            b"",
            b"{",
            b"{}{}",
            b"{\"a\":1,}",
            b"{'a':1}",
            b"NaN",
            b"1e999",
            b"\"\\ud800\"",
            b"\"\xff\"",
            b"\xef\xbb\xbf\xef\xbb\xbf{}",
            b"\"a\nb\"",
        ];
        for text in table {
            assert_eq!(parse(text), Err(Fault::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert_eq!(parse(b"\xef\xbb\xbf{\"a\":1}"), parse(b"{\"a\":1}"));
    }

    #[test]
    fn the_body_of_a_stay_is_read_by_the_same_rules() {
        let sound = |text: &str| matches!(StayBody::parse(text.as_bytes()), Ok(StayBody::Sound(_)));
        assert!(sound(
            r#"{"room":"203","guest":{"full_name":"Nguyễn Văn An"}}"#
        ));
        assert!(sound("\u{feff}{}"));
        let document = |text: &str| match StayBody::parse(text.as_bytes()) {
            Ok(StayBody::Document(document)) => Some(document),
            Ok(StayBody::Sound(_)) | Err(_) => None,
        };
        for text in [r#"{"rooms":"203"}"#, r#"{"room":[1,-2,3.5]}"#, "[]", "null"] {
            assert_eq!(document(text), parse(text.as_bytes()).ok(), "{text}");
        }
        let faulty = [
            r#"{"room":"203"}{}"#.to_owned(),
            r#"{"room":"203","room":"204"}"#.to_owned(),
            r#"{"guest":{"full_name":null,"full_name":"x"}}"#.to_owned(),
            r#"{"room":"\ud800"}"#.to_owned(),
            r#"{"room":"203""#.to_owned(),
            r#"{"a":"#.repeat(33) + "1" + &"}".repeat(33),
            "\u{feff}\u{feff}{}".to_owned(),
        ];
        for text in faulty {
            let fault = StayBody::parse(text.as_bytes()).err();
            assert!(
                fault.is_some() && fault == parse(text.as_bytes()).err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_named() {
        let table = [
            (r#"{"a":1,"a":2}"#, "/a"),
            (r#"{"a":{"b":1,"b":1}}"#, "/a/b"),
            (
                r#"{"stays":[{},{"guest":{"x/y":1,"x/y":1}}]}"#,
                "/stays/1/guest/x~1y",
            ),
            (r#"{"a":{"a":1},"b":{"a":1},"b":1}"#, "/b"),
        ];
        for (text, pointer) in table {
            let fault = Fault::Repeated(pointer.to_owned());
            assert_eq!(parse(text.as_bytes()), Err(fault), "{text}");
        }
        // What is wrong first counts.
        assert_eq!(
            parse(br#"{"a":1,"a":2,"#),
            Err(Fault::Repeated("/a".to_owned()))
        );
        assert_eq!(
            parse(br#"{"b":[1,2,{"a"}],"a":1,"a":2}"#),
            Err(Fault::Malformed)
        );
    }
}
