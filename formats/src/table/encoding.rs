//! Detects the encoding of a CSV file.
//!
//! UTF-8 and UTF-16 identify themselves. The two older Vietnamese code pages, Windows-1258 and
//! TCVN3 (TCVN 5712:1993), are distinguished by trial: in the right one every syllable has at most
//! one tone mark and only letters of Vietnamese; in the wrong one hardly any syllable passes.
//! Uncertain files are refused: a wrong name is worse than none.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1258};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::FileFault;

/// Syllables with a mark that a trial needs to be believed.
const EVIDENCE_COUNT_MIN: usize = 2;
/// Bytes that a trial looks at.
const TRIAL_BYTE_COUNT_MAX: usize = 256 * 1024;

/// How a text file writes its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Windows-1258: tone marks stand behind their letter.
    Windows1258,
    /// TCVN3, "ABC": one byte a letter.
    Tcvn3,
}

impl Encoding {
    /// The word shown for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1258 => "windows-1258",
            Self::Tcvn3 => "tcvn3",
        }
    }
}

/// The encoding of a text.
///
/// # Errors
/// [`FileFault::EncodingUnknown`] when it cannot be told for certain, [`FileFault::Unreadable`]
/// when it is no text.
pub(super) fn detect(bytes: &[u8]) -> Result<Encoding, FileFault> {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => return checked_utf_8(bytes),
        [0xFF, 0xFE, ..] => return Ok(Encoding::Utf16Le),
        [0xFE, 0xFF, ..] => return Ok(Encoding::Utf16Be),
        _ => {}
    }
    if let Some(encoding) = utf_16_without_mark(bytes) {
        return Ok(encoding);
    }
    if bytes.contains(&0) {
        return Err(FileFault::Unreadable);
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(Encoding::Utf8),
        Err(fault) => by_trial(bytes).ok_or(FileFault::EncodingUnknown {
            line: line_of(bytes, fault.valid_up_to()),
        }),
    }
}

/// The text.
///
/// # Errors
/// Like [`detect`].
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), FileFault> {
    let encoding = detect(bytes)?;
    let text = match encoding {
        Encoding::Utf8 => {
            let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
            let text = std::str::from_utf8(bytes).map_err(|_| FileFault::Unreadable)?;
            Cow::Borrowed(text)
        }
        Encoding::Utf16Le => utf_16(UTF_16LE, bytes)?,
        Encoding::Utf16Be => utf_16(UTF_16BE, bytes)?,
        Encoding::Windows1258 => Cow::Owned(windows_1258(bytes)),
        Encoding::Tcvn3 => Cow::Owned(tcvn3(bytes)),
    };
    Ok((text, encoding))
}

/// A byte order mark promises UTF-8; a text that breaks the promise is refused.
fn checked_utf_8(bytes: &[u8]) -> Result<Encoding, FileFault> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(Encoding::Utf8),
        Err(fault) => Err(FileFault::EncodingUnknown {
            line: line_of(bytes, fault.valid_up_to()),
        }),
    }
}

fn utf_16<'a>(
    encoding: &'static encoding_rs::Encoding,
    bytes: &'a [u8],
) -> Result<Cow<'a, str>, FileFault> {
    let (text, has_errors) = encoding.decode_with_bom_removal(bytes);
    if has_errors || text.contains('\0') {
        let line = text
            .split('\n')
            .position(|line| line.contains(['\u{FFFD}', '\0']));
        return Err(FileFault::EncodingUnknown {
            line: line.unwrap_or_default() + 1,
        });
    }
    Ok(text)
}

/// ASCII letters of a heading have a zero at every other place.
fn utf_16_without_mark(bytes: &[u8]) -> Option<Encoding> {
    let head = bytes.get(..bytes.len().min(64))?;
    if head.len() < 8 {
        return None;
    }
    let zeros = |odd: usize| {
        let places = head.iter().skip(odd).step_by(2);
        places.filter(|byte| **byte == 0).count()
    };
    let half = head.len() / 2;
    match (zeros(0), zeros(1)) {
        (0, high) if high * 2 > half => Some(Encoding::Utf16Le),
        (high, 0) if high * 2 > half => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// The line of a byte, from 1.
fn line_of(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn by_trial(bytes: &[u8]) -> Option<Encoding> {
    let sample = bytes.get(..bytes.len().min(TRIAL_BYTE_COUNT_MAX))?;
    let windows = VietnameseScore::of(&windows_1258(sample));
    let tcvn = VietnameseScore::of(&tcvn3(sample));
    match (windows.is_believed(), tcvn.is_believed()) {
        (true, false) => Some(Encoding::Windows1258),
        (false, true) => Some(Encoding::Tcvn3),
        (true, true) | (false, false) => None,
    }
}

/// How much a text looks like Vietnamese.
struct VietnameseScore {
    /// Words with a Vietnamese mark, spelt as a syllable can be.
    sound_count: usize,
    /// Words that no Vietnamese syllable is.
    odd_count: usize,
}

impl VietnameseScore {
    fn of(text: &str) -> Self {
        let mut trial = Self {
            sound_count: 0,
            odd_count: 0,
        };
        let mut words = text
            .split(|letter: char| letter.is_whitespace() || letter.is_ascii_punctuation())
            .filter(|word| !word.is_ascii())
            .peekable();
        while let Some(word) = words.next() {
            // The sample may end inside a letter.
            if words.peek().is_none() && trial.sound_count > 0 {
                break;
            }
            if is_syllable(word) {
                trial.sound_count += 1;
            } else {
                trial.odd_count += 1;
            }
        }
        trial
    }

    fn is_believed(&self) -> bool {
        self.sound_count >= EVIDENCE_COUNT_MIN && self.odd_count == 0
    }
}

/// Letters of the alphabet only, at most one tone mark, and vowels side by side.
fn is_syllable(word: &str) -> bool {
    let mut tone_count = 0;
    let mut has_vowel = false;
    for letter in word.nfc() {
        if is_combining_mark(letter) || !(letter.is_ascii_alphabetic() || is_of_alphabet(letter)) {
            return false;
        }
        tone_count += usize::from(has_tone(letter));
        has_vowel |= is_vowel(letter);
    }
    tone_count <= 1 && (has_vowel || word.chars().count() <= 2) && word.chars().count() <= 7
}

fn has_tone(letter: char) -> bool {
    std::iter::once(letter).nfd().any(|part| {
        matches!(
            part,
            '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}'
        )
    })
}

fn is_vowel(letter: char) -> bool {
    let base = std::iter::once(letter).nfd().next().unwrap_or(letter);
    matches!(base.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// A letter with marks that the Vietnamese alphabet has, with or without a tone.
fn is_of_alphabet(letter: char) -> bool {
    if matches!(letter, 'đ' | 'Đ') {
        return true;
    }
    let parts: Vec<char> = std::iter::once(letter).nfd().collect();
    let Some((base, marks)) = parts.split_first() else {
        return false;
    };
    let base = base.to_ascii_lowercase();
    let is_plain = matches!(base, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    is_plain
        && !marks.is_empty()
        && marks.iter().all(|mark| match mark {
            '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}' => true,
            '\u{302}' => matches!(base, 'a' | 'e' | 'o'),
            '\u{306}' => base == 'a',
            '\u{31B}' => matches!(base, 'o' | 'u'),
            _ => false,
        })
}

fn windows_1258(bytes: &[u8]) -> String {
    let (text, _) = WINDOWS_1258.decode_without_bom_handling(bytes);
    text.nfc().collect()
}

fn tcvn3(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| tcvn3_letter(*byte)).collect()
}

/// TCVN 5712:1993, VN3. What has no letter there becomes U+FFFD, which no trial believes.
fn tcvn3_letter(byte: u8) -> char {
    if byte < 0x80 {
        return char::from(byte);
    }
    let found = TCVN3.iter().find(|(code, _)| *code == byte);
    found.map_or('\u{FFFD}', |(_, letter)| *letter)
}

/// The letters of TCVN3 above ASCII.
const TCVN3: [(u8, char); 74] = [
    (0xA1, 'Ă'),
    (0xA2, 'Â'),
    (0xA3, 'Ê'),
    (0xA4, 'Ô'),
    (0xA5, 'Ơ'),
    (0xA6, 'Ư'),
    (0xA7, 'Đ'),
    (0xA8, 'ă'),
    (0xA9, 'â'),
    (0xAA, 'ê'),
    (0xAB, 'ô'),
    (0xAC, 'ơ'),
    (0xAD, 'ư'),
    (0xAE, 'đ'),
    (0xB5, 'à'),
    (0xB6, 'ả'),
    (0xB7, 'ã'),
    (0xB8, 'á'),
    (0xB9, 'ạ'),
    (0xBB, 'ằ'),
    (0xBC, 'ẳ'),
    (0xBD, 'ẵ'),
    (0xBE, 'ắ'),
    (0xC6, 'ặ'),
    (0xC7, 'ầ'),
    (0xC8, 'ẩ'),
    (0xC9, 'ẫ'),
    (0xCA, 'ấ'),
    (0xCB, 'ậ'),
    (0xCC, 'è'),
    (0xCE, 'ẻ'),
    (0xCF, 'ẽ'),
    (0xD0, 'é'),
    (0xD1, 'ẹ'),
    (0xD2, 'ề'),
    (0xD3, 'ể'),
    (0xD4, 'ễ'),
    (0xD5, 'ế'),
    (0xD6, 'ệ'),
    (0xD7, 'ì'),
    (0xD8, 'ỉ'),
    (0xDC, 'ĩ'),
    (0xDD, 'í'),
    (0xDE, 'ị'),
    (0xDF, 'ò'),
    (0xE1, 'ỏ'),
    (0xE2, 'õ'),
    (0xE3, 'ó'),
    (0xE4, 'ọ'),
    (0xE5, 'ồ'),
    (0xE6, 'ổ'),
    (0xE7, 'ỗ'),
    (0xE8, 'ố'),
    (0xE9, 'ộ'),
    (0xEA, 'ờ'),
    (0xEB, 'ở'),
    (0xEC, 'ỡ'),
    (0xED, 'ớ'),
    (0xEE, 'ợ'),
    (0xEF, 'ù'),
    (0xF1, 'ủ'),
    (0xF2, 'ũ'),
    (0xF3, 'ú'),
    (0xF4, 'ụ'),
    (0xF5, 'ừ'),
    (0xF6, 'ử'),
    (0xF7, 'ữ'),
    (0xF8, 'ứ'),
    (0xF9, 'ự'),
    (0xFA, 'ỳ'),
    (0xFB, 'ỷ'),
    (0xFC, 'ỹ'),
    (0xFD, 'ý'),
    (0xFE, 'ỵ'),
];

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Phòng,Họ và tên,Quốc tịch\n101,Nguyễn Thị Bích Ngọc,Việt Nam\n";

    fn in_tcvn3(text: &str) -> Vec<u8> {
        let byte = |letter: char| {
            let found = TCVN3.iter().find(|(_, known)| *known == letter);
            found.map_or_else(|| u8::try_from(letter).unwrap(), |(byte, _)| *byte)
        };
        text.chars().map(byte).collect()
    }

    /// Tone marks behind their letters, as Windows writes Vietnamese.
    fn in_windows_1258(text: &str) -> Vec<u8> {
        let mut decomposed = String::new();
        for letter in text.chars() {
            let parts: Vec<char> = std::iter::once(letter).nfd().collect();
            let is_tone = |part: &char| {
                matches!(
                    part,
                    '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}'
                )
            };
            let base: String = parts.iter().filter(|part| !is_tone(part)).nfc_string();
            decomposed.push_str(&base);
            decomposed.extend(parts.iter().filter(|part| is_tone(part)));
        }
        let (bytes, _, has_errors) = WINDOWS_1258.encode(&decomposed);
        assert!(!has_errors);
        bytes.into_owned()
    }

    trait NfcString {
        fn nfc_string(self) -> String;
    }

    impl<'a, I: Iterator<Item = &'a char>> NfcString for I {
        fn nfc_string(self) -> String {
            self.copied().nfc().collect()
        }
    }

    fn in_utf_16(text: &str, is_little: bool, has_mark: bool) -> Vec<u8> {
        let mark = has_mark.then_some(0xFEFF_u16);
        let units = mark.into_iter().chain(text.encode_utf16());
        let bytes = units.map(|unit| {
            if is_little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        });
        bytes.flatten().collect()
    }

    #[test]
    fn each_encoding_is_told_and_read() {
        let with_mark = [b"\xEF\xBB\xBF".as_slice(), TEXT.as_bytes()].concat();
        let table = [
            (TEXT.as_bytes().to_vec(), Encoding::Utf8),
            (with_mark, Encoding::Utf8),
            (in_utf_16(TEXT, true, true), Encoding::Utf16Le),
            (in_utf_16(TEXT, false, true), Encoding::Utf16Be),
            (
                in_utf_16("STT,Room,Guest name\n", true, false),
                Encoding::Utf16Le,
            ),
            (
                in_utf_16("STT,Room,Guest name\n", false, false),
                Encoding::Utf16Be,
            ),
            (in_windows_1258(TEXT), Encoding::Windows1258),
            (in_tcvn3(TEXT), Encoding::Tcvn3),
            (b"plain".to_vec(), Encoding::Utf8),
        ];
        for (bytes, encoding) in table {
            let (text, found) = decode(&bytes).unwrap();
            assert_eq!(found, encoding);
            if text.contains('P') && text.len() > 40 {
                assert_eq!(text, TEXT, "{encoding:?}");
            }
        }
    }

    #[test]
    fn what_is_not_certain_is_refused_with_its_line() {
        let latin = b"Name,Room\nSmith,1\nJo\xE3o,2\n";
        assert_eq!(detect(latin), Err(FileFault::EncodingUnknown { line: 3 }));
        let broken = b"\xEF\xBB\xBFName\nM\xFCller\n";
        assert_eq!(detect(broken), Err(FileFault::EncodingUnknown { line: 2 }));
        assert_eq!(detect(b"a\0\0\0b\0\xFF\0\0\0"), Err(FileFault::Unreadable));
    }
}
