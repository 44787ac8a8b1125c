//! Canonical JSON: a unique text for each content, suitable for digests.
//!
//! RFC 8785 for what we digest: objects, arrays, strings, booleans, `null` and integers. Stays hold
//! no fractions; one in a foreign document is written as `serde_json` writes it, which is
//! deterministic but not ECMAScript's form.
//!
//! Not `serde_json_canonicalizer`: it writes every integer as a double, which would change the
//! bytes of those above 2⁵³, and it keeps a buffer for each member and parses each name again,
//! which a declaration would pay for several times.

use serde::Serialize;
use serde_json::{Map, Value};

/// The canonical form: members sorted by UTF-16 code units, no white space, ECMAScript's escapes.
#[must_use]
pub fn to_canonical_json(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    write_value(&mut out, value);
    out
}

/// The canonical form of a struct of ours, without a tree of values in between: its members are
/// declared in canonical order, and so are those of every struct in it. Escapes need no care, since
/// `serde_json` writes those of ECMAScript.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "structs of text, numbers and lists can always be written"
)]
pub fn of_sorted(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    serde_json::to_writer(&mut out, value).expect("a struct of ours can be written");
    out
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::String(text) => write_text(out, text),
        Value::Array(elements) => write_array(out, elements),
        Value::Object(members) => write_object(out, members),
    }
}

fn write_array(out: &mut Vec<u8>, elements: &[Value]) {
    out.push(b'[');
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_value(out, element);
    }
    out.push(b']');
}

fn write_object(out: &mut Vec<u8>, members: &Map<String, Value>) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    if members.keys().all(|name| name.is_ascii()) {
        // In ASCII the orders of bytes and of UTF-16 code units are one.
        sorted.sort_unstable_by_key(|(name, _)| name.as_str());
    } else {
        sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
    }
    out.push(b'{');
    for (at, (name, value)) in sorted.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(out, name);
        out.push(b':');
        write_value(out, value);
    }
    out.push(b'}');
}

/// Escapes what `JSON.stringify` escapes and nothing else (RFC 8785, 3.2.2.2). All of that is
/// ASCII, so everything in between is copied unchanged.
fn write_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= b' ' && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn canonical(value: &Value) -> String {
        String::from_utf8(to_canonical_json(value)).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8785_3_2_3_sorts_by_utf_16() {
        let value = json!({
            "\u{20ac}": "Euro Sign",
            "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\u{1f600}": "Emoji: Grinning Face",
            "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis"
        });
        let written = canonical(&value);
        let order = [
            "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
        ];
        let places: Vec<usize> = order
            .iter()
            .map(|word| written.find(word).unwrap())
            .collect();
        assert!(places.is_sorted(), "{written}");
    }

    #[test]
    fn escapes_are_those_of_ecmascript() {
        let value =
            json!({"s": "\u{20ac}$\u{f}\nA'B\"\\/\u{7f}\u{2028}", "n": -7, "l": [null, true]});
        let expected =
            "{\"l\":[null,true],\"n\":-7,\"s\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\/\u{7f}\u{2028}\"}";
        assert_eq!(canonical(&value), expected);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn text_of_a_struct_is_escaped_alike(text in any::<String>()) {
            let escaped = of_sorted(&[&text]);
            prop_assert_eq!(escaped, to_canonical_json(&json!([text])));
        }

        #[test]
        fn the_canonical_form_reads_back_and_is_stable(value in any_json()) {
            let written = to_canonical_json(&value);
            let read: Value = serde_json::from_slice(&written).unwrap();
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(to_canonical_json(&read), written);
        }
    }
}
