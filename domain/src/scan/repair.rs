//! UTF-8 text that was read in another encoding.

/// What Windows-1252 has between 0x80 and 0x9F, where Latin-1 has control characters. Five bytes
/// have no character there and stay what they are.
const WINDOWS_1252: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8A),
    ('‹', 0x8B),
    ('Œ', 0x8C),
    ('Ž', 0x8E),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9A),
    ('›', 0x9B),
    ('œ', 0x9C),
    ('ž', 0x9E),
    ('Ÿ', 0x9F),
];

/// The text of UTF-8 that a scanner in keyboard mode read as Latin-1 or Windows-1252
/// (`Nguyá»…n`); `None` unless the whole text goes back. Must see the text before control
/// characters are dropped and ends are trimmed: both are halves of letters here.
pub(super) fn decoded_again(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes = text.chars().map(byte).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

/// Whether a text is UTF-8 that was read as Latin-1 or Windows-1252 (`Nguyá»…n`).
#[must_use]
pub fn is_misread(text: &str) -> bool {
    decoded_again(text).is_some()
}

fn byte(letter: char) -> Option<u8> {
    let special = || WINDOWS_1252.iter().find(|(special, _)| *special == letter);
    u8::try_from(letter)
        .ok()
        .or_else(|| special().map(|(_, byte)| *byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As a reader of Windows-1252 shows the bytes.
    fn mangled(text: &str) -> String {
        let shown = |byte: &u8| {
            let special = WINDOWS_1252.iter().find(|(_, special)| special == byte);
            special.map_or(char::from(*byte), |(letter, _)| *letter)
        };
        text.as_bytes().iter().map(shown).collect()
    }

    #[test]
    fn only_what_goes_back_as_a_whole_is_mended() {
        let table = [
            ("Nguyá»…n VÄƒn An", Some("Nguyễn Văn An")),
            ("Nguyá»\u{85}n VÄ\u{83}n An", Some("Nguyễn Văn An")),
            ("HoÃ\u{a0}ng", Some("Hoàng")),
            ("ï»¿038", Some("\u{feff}038")),
            ("Nguyễn Văn An", None),
            ("Võ Minh Châu", None),
            ("Nguyá»…n Văn An", None),
            ("Nguyen Van An", None),
            ("", None),
        ];
        for (text, mended) in table {
            assert_eq!(decoded_again(text).as_deref(), mended, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_was_mangled_comes_back(text in ".*") {
            prop_assume!(!text.is_ascii());
            let latin_1: String = text.bytes().map(char::from).collect();
            prop_assert_eq!(decoded_again(&latin_1), Some(text.clone()));
            prop_assert_eq!(decoded_again(&mangled(&text)), Some(text));
        }
    }
}
