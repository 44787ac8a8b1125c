//! RFC 8785 for values without fractions, written from the standard and independent of the service.

use serde_json::Value;

/// The canonical text: members sorted by UTF-16 code units, no white space, ECMAScript's escapes.
pub fn to_canonical_json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => {
            assert!(number.is_i64() || number.is_u64(), "no fractions here");
            number.to_string()
        }
        Value::String(text) => quoted(text),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(to_canonical_json).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<(Vec<u16>, String)> = members
                .iter()
                .map(|(name, value)| {
                    let text = format!("{}:{}", quoted(name), to_canonical_json(value));
                    (name.encode_utf16().collect(), text)
                })
                .collect();
            members.sort();
            let members: Vec<String> = members.into_iter().map(|(_, text)| text).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    let escaped: String = text.chars().map(escaped).collect();
    format!("\"{escaped}\"")
}

fn escaped(letter: char) -> String {
    match letter {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        control if control < ' ' => format!("\\u{:04x}", u32::from(control)),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_sorting_example_of_the_standard_comes_out() {
        let value = json!({
            "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7
        });
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\
                        \"\u{1f600}\":5,\"\u{fb33}\":3}";
        assert_eq!(to_canonical_json(&value), expected);
    }

    #[test]
    fn text_is_escaped_as_ecmascript_does() {
        let value = json!(["\u{20ac}$\u{f}\nA'B\"\\/", true, null, -7]);
        let expected = "[\"\u{20ac}$\\u000f\\nA'B\\\"\\\\/\",true,null,-7]";
        assert_eq!(to_canonical_json(&value), expected);
    }
}
