//! The two readers of a body agree: a body that one accepts without faults, the other accepts with
//! the same result.

use proptest::prelude::*;

use super::shapes::{any_body, mutated_stay};
use super::*;
use crate::canonical::to_canonical_json;
use crate::draft::Draft;

/// JSON text with every character outside of ASCII escaped, as some senders write it.
fn escaped(body: &Value) -> String {
    let escape = |letter: char| match letter.is_ascii() {
        true => letter.to_string(),
        false => letter
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|unit| format!("\\u{unit:04X}"))
            .collect(),
    };
    body.to_string().chars().map(escape).collect()
}

fn read(text: &str) -> Option<Draft> {
    Draft::read_sound(text.as_bytes())
}

#[test]
fn an_ordinary_stay_is_read_from_its_text() {
    for body in [citizen(), foreigner(), json!({}), json!({"guest": null})] {
        for text in [body.to_string(), escaped(&body), format!(" {body:#}\n")] {
            let draft = read(&text).unwrap();
            assert!(draft == Draft::read(&body).0, "{text}");
        }
    }
}

#[test]
fn anything_odd_is_left_to_the_reader_of_values() {
    let table = [
        "",
        "null",
        "[]",
        "7",
        r#"{"room":"203"} x"#,
        r#"{"room":"203"}{}"#,
        r#"{"room":203}"#,
        r#"{"room":["203"]}"#,
        r#"{"room":"203","room":"203"}"#,
        r#"{"room":null,"room":"203"}"#,
        r#"{"room":"203","rooms":"203"}"#,
        r#"{"id":null}"#,
        r#"{"id":"x"}"#,
        r#"{"guest":["Nguyễn Văn An"]}"#,
        r#"{"guest":{"document":["passport","X1"]}}"#,
        r#"{"guest":{"document":{"kind":"passport","kind":"passport"}}}"#,
        r#"{"guest":{},"guest":{}}"#,
        r#"{"room":"20\u200b3"}"#,
        r#"{"room":"20\u00003"}"#,
        r#"{"room":"\ud800"}"#,
        r#"{"guest":{"phone":"0912\u200b345678"}}"#,
        r#"{"guest":{"full_name":1e999}}"#,
    ];
    for text in table {
        assert!(read(text).is_none(), "{text}");
    }
    let long = json!({"room": "2".repeat(65)}).to_string();
    assert!(read(&long).is_none());
    assert!(Draft::read_sound(b"{\"room\":\"\xff\"}").is_none());
    assert!(Draft::read_sound(b"\xef\xbb\xbf{}").is_none());
}

proptest! {
    #[test]
    fn the_readers_agree(body in prop_oneof![any_body(), mutated_stay()]) {
        let (draft, found) = Draft::read(&body);
        for text in [body.to_string(), escaped(&body)] {
            let sound = read(&text);
            prop_assert_eq!(sound.is_some(), found.is_empty(), "{}", text);
            if let Some(sound) = sound {
                prop_assert!(sound == draft, "{}", text);
            }
        }
    }

    #[test]
    fn a_declaration_is_the_same_by_either_reader(body in mutated_stay(), is_assumed: bool) {
        let judge = |body: Body<'_>| {
            check(body, &[hotel()], &catalogues(), &Window::default(), instant(RECEIVED_AT))
        };
        let Some(draft) = read(&body.to_string()) else { return Ok(()) };
        match (judge(Body::Sound(&draft)), judge(Body::Document(&body))) {
            (Ok(mut left), Ok(mut right)) => {
                left.arrival_was_assumed = is_assumed;
                right.arrival_was_assumed = is_assumed;
                prop_assert_eq!(left.canonical_content(), right.canonical_content());
                prop_assert_eq!(left.comparison_content(), right.comparison_content());
                prop_assert_eq!(left.warnings, right.warnings);
            }
            (left, right) => prop_assert_eq!(left.err(), right.err()),
        }
    }

    #[test]
    fn a_draft_is_written_in_canonical_form(body in prop_oneof![any_body(), mutated_stay()]) {
        let (draft, _) = Draft::read(&body);
        let canonical = draft.to_canonical_json();
        prop_assert_eq!(&canonical, &to_canonical_json(&draft.to_value()));
        let again = Draft::read_sound(&canonical);
        prop_assert!(again.is_some_and(|again| again == draft));
    }
}
