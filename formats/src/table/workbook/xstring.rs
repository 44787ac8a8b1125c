//! Characters that XML cannot hold, as workbooks write them: `_x000D_` (ECMA-376-1, 22.9.2.19,
//! ST_Xstring). An underline that would be misread is itself written `_x005F_`.

use std::borrow::Cow;

/// Bytes of `_x000D_`.
const LENGTH: usize = 7;

/// The text that was meant. Line ends become one kind.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut units = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(unit) = unit(rest) {
            units.push(unit);
            rest = rest.get(LENGTH..).unwrap_or_default();
            continue;
        }
        flush(&mut units, &mut out, rest);
        out.push(letter);
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    flush(&mut units, &mut out, "");
    Cow::Owned(out)
}

/// The UTF-16 unit that the text begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let is_whole = text.get(LENGTH - 1..LENGTH)? == "_";
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16)
        .ok()
        .filter(|_| is_whole && is_hex)
}

/// Adds what the units spell; a carriage return in front of a line feed says nothing of its own.
fn flush(units: &mut Vec<u16>, out: &mut String, rest: &str) {
    let letters = char::decode_utf16(units.drain(..));
    let letters: Vec<char> = letters
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    for (place, letter) in letters.iter().enumerate() {
        let next = letters.get(place + 1).copied();
        match (letter, next.or_else(|| rest.chars().next())) {
            ('\r', Some('\n')) => {}
            ('\r', _) => out.push('\n'),
            (letter, _) => out.push(*letter),
        }
    }
}

/// The text as it is written into a workbook, so that it is read as it is.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + LENGTH);
    for (at, letter) in text.char_indices() {
        if letter == '_' && unit(text.get(at..).unwrap_or_default()).is_some() {
            out.push_str("_x005F_");
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_are_what_they_stand_for() {
        let table = [
            ("204", "204"),
            ("204_x000D_", "204\n"),
            ("a_x000D_\nb", "a\nb"),
            ("a_x000D__x000A_b", "a\nb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x0041_", "A"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_", "\u{FFFD}"),
            ("_x00D_", "_x00D_"),
            ("_x+0D0_", "_x+0D0_"),
            ("_xấ00_", "_xấ00_"),
            ("max_xyz", "max_xyz"),
        ];
        for (written, meant) in table {
            assert_eq!(decoded(written), meant, "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_as_it_was(text in "(_x[0-9A-F]{4}_|_|x|[0-9]|é){0,12}") {
            prop_assert_eq!(decoded(&escaped(&text)).into_owned(), text);
        }
    }
}
