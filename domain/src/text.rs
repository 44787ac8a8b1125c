//! Text as it is stored, and text as it is compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Text as it is stored: NFC, without white space at the ends. Vietnamese diacritics typed as
/// separate marks (NFD) come out composed.
#[must_use]
pub fn nfc_trim(text: &str) -> String {
    text.trim().nfc().collect()
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

/// Whether the text holds a control character (U+0000–U+001F, U+007F–U+009F).
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
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

    proptest! {
        #[test]
        fn storing_and_folding_twice_change_nothing(text in ".*") {
            let stored = nfc_trim(&text);
            prop_assert_eq!(nfc_trim(&stored), stored.clone());
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn decomposed_text_is_stored_the_same(text in ".*") {
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(nfc_trim(&decomposed), nfc_trim(&text));
        }
    }
}
