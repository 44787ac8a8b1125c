//! Text in its stored form and in its form for comparison.

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::problem::Code;

/// Text as it is stored: NFC, without white space at the ends. Vietnamese diacritics typed as
/// separate marks (NFD) come out composed.
#[must_use]
pub fn nfc_trim(text: &str) -> String {
    let trimmed = text.trim();
    // Nearly all text is in NFC already, and copying it is far cheaper than composing it.
    if trimmed.is_ascii() || is_nfc_quick(trimmed.chars()) == IsNormalized::Yes {
        return trimmed.to_owned();
    }
    trimmed.nfc().collect()
}

/// Text as it is compared: upper case, without marks, Đ as D, one kind of apostrophe, single
/// spaces. Both styles of tone marks (Hòa, Hoà) and the machine-readable zone's spelling fold to
/// the same text.
#[must_use]
pub fn fold(text: &str) -> String {
    let plain = text
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_uppercase)
        .map(plain_letter)
        .collect::<String>();
    single_spaced(&plain)
}

/// White space runs as one space, none at the ends.
#[must_use]
pub fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that stored text must not contain: control characters and invisible ones. Line breaks
/// and tabs are allowed in multi-line text.
#[must_use]
pub fn forbidden_character(text: &str, is_multiline: bool) -> Option<Code> {
    let is_line_end = |letter: char| is_multiline && matches!(letter, '\n' | '\r' | '\t');
    text.chars().find_map(|letter| {
        if letter.is_control() && !is_line_end(letter) {
            Some(Code::ControlCharacter)
        } else if is_unseen(letter) {
            Some(Code::InvisibleCharacter)
        } else {
            None
        }
    })
}

/// Whether a text is of nothing but letters, digits, marks and spaces of ASCII, none of which is
/// ever refused or dropped.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a character changes what other characters look like without being seen itself:
/// overrides and isolates of the direction of writing, and tags. With them one text reads as
/// another (Unicode Technical Report 36, section 2.5), so that no text may hold one.
#[must_use]
pub const fn is_misleading(letter: char) -> bool {
    matches!(letter, '\u{202d}' | '\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a character leaves nothing on paper: zero-width characters, marks and embeddings of
/// direction, separators that are no white space on a keyboard, fillers, selectors of variants,
/// and those that are [misleading](is_misleading).
#[must_use]
pub const fn is_unseen(letter: char) -> bool {
    is_misleading(letter)
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202c}'
                | '\u{2060}'..='\u{2065}'
                | '\u{206a}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0100}'..='\u{e01ef}'
        )
}

/// The text without invisible characters; `None` when it has none.
#[must_use]
pub fn without_unseen(text: &str) -> Option<String> {
    text.chars()
        .any(is_unseen)
        .then(|| text.chars().filter(|letter| !is_unseen(*letter)).collect())
}

/// Letters that no decomposition takes apart.
const fn plain_letter(letter: char) -> char {
    match letter {
        'Đ' | 'Ð' | 'Ɖ' => 'D',
        'Ł' => 'L',
        'Ø' => 'O',
        '’' | '‘' | 'ʼ' | '`' | '´' => '\'',
        '‐' | '‑' | '–' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding_forgets_marks_case_and_spacing() {
        let table = [
            ("Nguyễn Văn An", "NGUYEN VAN AN"),
            ("  đặng   thị\u{a0}Hoà ", "DANG THI HOA"),
            ("Nguye\u{302}\u{303}n", "NGUYEN"),
            ("H’Ngọc Niê", "H'NGOC NIE"),
            ("Straße", "STRASSE"),
            ("Ｎguyễn", "NGUYEN"),
        ];
        for (text, folded) in table {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn what_nobody_sees_is_found_and_dropped() {
        let table = [
            ("Phòng 203", false, None),
            ("dòng một\ndòng hai", true, None),
            ("dòng một\ndòng hai", false, Some(Code::ControlCharacter)),
            ("a\u{0}b", true, Some(Code::ControlCharacter)),
            ("20\u{200b}3", false, Some(Code::InvisibleCharacter)),
            ("20\u{200d}3", true, Some(Code::InvisibleCharacter)),
            ("\u{202e}302", true, Some(Code::InvisibleCharacter)),
            ("\u{2066}302\u{2069}", true, Some(Code::InvisibleCharacter)),
            ("\u{feff}302", false, Some(Code::InvisibleCharacter)),
            ("a\u{2028}b", true, Some(Code::InvisibleCharacter)),
            ("302\u{e0041}", true, Some(Code::InvisibleCharacter)),
        ];
        for (text, is_multiline, code) in table {
            assert_eq!(forbidden_character(text, is_multiline), code, "{text:?}");
        }
        assert_eq!(
            without_unseen("0\u{200b}38\u{200e}"),
            Some("038".to_owned())
        );
        assert_eq!(without_unseen("038"), None);
    }

    proptest! {
        #[test]
        fn storing_and_folding_twice_change_nothing(text in ".*") {
            let stored = nfc_trim(&text);
            prop_assert_eq!(nfc_trim(&stored), stored.clone());
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn text_in_nfc_is_copied_and_other_text_composed(text in ".*") {
            let composed: String = text.trim().nfc().collect();
            prop_assert_eq!(nfc_trim(&text), composed);
        }

        #[test]
        fn plain_text_has_nothing_to_refuse(text in "[ -~]*", other in ".*") {
            prop_assert!(is_plain(&text));
            if is_plain(&other) {
                prop_assert_eq!(forbidden_character(&other, false), None);
                prop_assert_eq!(without_unseen(&other), None);
            }
        }

        #[test]
        fn decomposed_text_is_stored_the_same(text in ".*") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(nfc_trim(&decomposed), nfc_trim(&text));
        }
    }
}
