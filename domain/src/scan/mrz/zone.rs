//! The lines of a machine-readable zone, cut into fields, and their check digits (ICAO Doc 9303
//! parts 3 to 6).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::problem::Code;
use crate::text::is_unseen;

/// The filler for empty positions.
pub(super) const FILLER: char = '<';
/// The weights of the check digits, over and over.
const WEIGHTS: [u32; 3] = [7, 3, 1];
/// Letters that readers see where a digit stands.
const MISREAD: [(u8, u8); 5] = [
    (b'O', b'0'),
    (b'I', b'1'),
    (b'B', b'8'),
    (b'S', b'5'),
    (b'Z', b'2'),
];

/// Begins the card of France of before 2021.
const FRENCH_CARD: &str = "IDFRA";

/// The three sizes, and one special layout still in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZoneFormat {
    /// Card: three lines of 30.
    Td1,
    /// Larger card: two lines of 36.
    Td2,
    /// Passport: two lines of 44.
    Td3,
    /// Card of France of before 2021: the size of TD2, older than the standard.
    FrenchCard,
}

impl ZoneFormat {
    const ALL: [Self; 3] = [Self::Td1, Self::Td2, Self::Td3];

    const fn line_count(self) -> usize {
        match self {
            Self::Td1 => 3,
            Self::Td2 | Self::Td3 | Self::FrenchCard => 2,
        }
    }

    const fn line_length(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::FrenchCard => 36,
            Self::Td3 => 44,
        }
    }

    /// Whether lines of these lengths are such a zone; some scanners send it in one line.
    fn has(self, lengths: &[usize]) -> bool {
        let (count, length) = (self.line_count(), self.line_length());
        lengths == [count * length]
            || (lengths.len() == count && lengths.iter().all(|got| *got == length))
    }

    /// Whether a document code is that of a card or passport. Visas and licences have zones too,
    /// but identify nobody.
    fn takes(self, document_code: &str) -> bool {
        match self {
            Self::Td1 | Self::Td2 | Self::FrenchCard => {
                document_code.starts_with(['I', 'A', 'C', 'P'])
            }
            Self::Td3 => document_code.starts_with('P'),
        }
    }
}

/// A field and the digit that checks it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Checked {
    /// As printed, fillers too.
    pub(super) text: String,
    check: String,
}

impl Checked {
    pub(super) fn new(text: impl Into<String>, check: &str) -> Self {
        Self {
            text: text.into(),
            check: check.to_owned(),
        }
    }

    /// Whether the digit is right. An empty field may have a filler for its digit.
    pub(super) fn is_right(&self) -> bool {
        let is_empty = self.text.chars().all(|letter| letter == FILLER);
        is_empty && self.check.starts_with(FILLER)
            || self.check.parse() == Ok(check_digit(&self.text))
    }

    /// The place, from 1 on, of the only letter that would make the digit right if it were the
    /// digit it looks like; the place after the field is the check digit's.
    pub(super) fn misread_at(&self) -> Option<usize> {
        let printed = format!("{}{}", self.text, self.check).into_bytes();
        let is_mended = |at: &usize| {
            let mut mended = printed.clone();
            let digit = mended.get(*at).copied().and_then(looks_like);
            match (mended.get_mut(*at), digit) {
                (Some(byte), Some(digit)) => *byte = digit,
                _ => return false,
            }
            let mended = String::from_utf8_lossy(&mended);
            let (text, check) = mended.split_at(self.text.len());
            Self::new(text, check).is_right()
        };
        let mut places = (0..printed.len()).filter(is_mended);
        let place = places.next()?;
        places.next().is_none().then_some(place + 1)
    }

    /// The field without fillers.
    pub(super) fn value(&self) -> String {
        self.text.replace(FILLER, "")
    }
}

/// One zone, field by field.
pub(super) struct Zone {
    pub(super) format: ZoneFormat,
    /// `P<`, `ID`, …
    pub(super) document_code: String,
    /// Three letters, fillers at the end.
    pub(super) issuer: String,
    /// The document's number, put together where it is longer than its field.
    pub(super) number: Checked,
    /// `yymmdd`, fillers for what is not known.
    pub(super) birth_date: Checked,
    pub(super) sex: String,
    /// `yymmdd`.
    pub(super) expiry: Checked,
    /// Three letters, fillers at the end.
    pub(super) nationality: String,
    /// What the issuer likes to add; has a check digit on passports only.
    pub(super) optional: Checked,
    /// Over nearly everything.
    pub(super) composite: Checked,
    /// Surname, two fillers, given names.
    pub(super) name: String,
}

impl Zone {
    pub(super) fn cut(lines: &ZoneLines) -> Result<Self, Code> {
        let zone = match (lines.format, lines.lines.as_slice()) {
            (ZoneFormat::Td1, [first, second, third]) => Self::card(first, second, third),
            (ZoneFormat::Td2, [first, second]) if first.starts_with(FRENCH_CARD) => {
                Self::of_france(first, second)
            }
            (ZoneFormat::Td2 | ZoneFormat::Td3, [first, second]) => {
                Self::two_lines(lines.format, first, second)
            }
            _ => return Err(Code::MrzLength),
        };
        if zone.format.takes(&zone.document_code) {
            Ok(zone)
        } else {
            Err(Code::MrzOtherDocument)
        }
    }

    fn card(first: &str, second: &str, third: &str) -> Self {
        let (optional, number) = (at(first, 15..30), at(first, 5..14));
        let composite = [
            at(first, 5..30),
            at(second, 0..7),
            at(second, 8..15),
            at(second, 18..29),
        ]
        .concat();
        Self {
            format: ZoneFormat::Td1,
            document_code: at(first, 0..2).to_owned(),
            issuer: at(first, 2..5).to_owned(),
            number: number_with_rest(number, at(first, 14..15), optional),
            birth_date: Checked::new(at(second, 0..6), at(second, 6..7)),
            sex: at(second, 7..8).to_owned(),
            expiry: Checked::new(at(second, 8..14), at(second, 14..15)),
            nationality: at(second, 15..18).to_owned(),
            optional: Checked::new(optional, ""),
            composite: Checked::new(composite, at(second, 29..30)),
            name: third.to_owned(),
        }
    }

    fn two_lines(format: ZoneFormat, first: &str, second: &str) -> Self {
        let end = format.line_length() - 1;
        let (number, check) = (at(second, 0..9), at(second, 9..10));
        let (number, optional) = match format {
            ZoneFormat::Td3 => (
                Checked::new(number, check),
                Checked::new(at(second, 28..42), at(second, 42..43)),
            ),
            ZoneFormat::Td1 | ZoneFormat::Td2 | ZoneFormat::FrenchCard => {
                let optional = at(second, 28..end);
                (
                    number_with_rest(number, check, optional),
                    Checked::new(optional, ""),
                )
            }
        };
        let composite = [at(second, 0..10), at(second, 13..20), at(second, 21..end)].concat();
        Self {
            format,
            document_code: at(first, 0..2).to_owned(),
            issuer: at(first, 2..5).to_owned(),
            number,
            birth_date: Checked::new(at(second, 13..19), at(second, 19..20)),
            sex: at(second, 20..21).to_owned(),
            expiry: Checked::new(at(second, 21..27), at(second, 27..28)),
            nationality: at(second, 10..13).to_owned(),
            optional,
            composite: Checked::new(composite, at(second, end..end + 1)),
            name: at(first, 5..format.line_length()).to_owned(),
        }
    }
}

impl Zone {
    /// A card of France, by whichever layout its digits fit.
    fn of_france(first: &str, second: &str) -> Self {
        let (own, standard) = (
            Self::french_card(first, second),
            Self::two_lines(ZoneFormat::Td2, first, second),
        );
        let right_count = |zone: &Self| {
            let checked = [&zone.number, &zone.birth_date, &zone.composite];
            checked.iter().filter(|field| field.is_right()).count()
        };
        if right_count(&own) >= right_count(&standard) {
            own
        } else {
            standard
        }
    }

    /// Line 1: `IDFRA`, surname, 6 places of the office. Line 2: number of 12 with its digit, given
    /// names of 14, birth date with its digit, sex, and a digit over both lines. Source: the
    /// `arrêté` of 1 September 1995 on the computerised card, as its readers document it.
    fn french_card(first: &str, second: &str) -> Self {
        const SURNAME: Range<usize> = 5..30;
        const GIVEN_NAMES: Range<usize> = 13..27;
        let (surname, given) = (at(first, SURNAME), at(second, GIVEN_NAMES));
        let is_cut = [surname, given]
            .iter()
            .any(|field| !field.ends_with(FILLER));
        let composite = [first, at(second, 0..35)].concat();
        Self {
            format: ZoneFormat::FrenchCard,
            document_code: at(first, 0..2).to_owned(),
            issuer: at(first, 2..5).to_owned(),
            number: Checked::new(at(second, 0..12), at(second, 12..13)),
            birth_date: Checked::new(at(second, 27..33), at(second, 33..34)),
            sex: at(second, 34..35).to_owned(),
            expiry: Checked::new("<<<<<<", "<"),
            nationality: at(first, 2..5).to_owned(),
            optional: Checked::new("", ""),
            composite: Checked::new(composite, at(second, 35..36)),
            // Given names are parted by pairs of fillers here; the standard parts them by one.
            name: format!(
                "{}<<{}{}",
                surname.trim_end_matches(FILLER),
                given.trim_end_matches(FILLER).replace("<<", "<"),
                if is_cut { "" } else { "<" },
            ),
        }
    }
}

/// A number of more than nine characters has a filler for its check digit and goes on, with the
/// digit at its end, in the optional field (Doc 9303-5, note j).
fn number_with_rest(number: &str, check: &str, optional: &str) -> Checked {
    let rest = optional.split(FILLER).next().unwrap_or_default();
    if !check.starts_with(FILLER) || rest.is_empty() {
        return Checked::new(number, check);
    }
    let (rest, check) = rest.split_at(rest.len() - 1);
    Checked::new(format!("{number}{rest}"), check)
}

fn at(line: &str, places: Range<usize>) -> &str {
    line.get(places).unwrap_or_default()
}

/// Digits as they are, A to Z as 10 to 35, fillers as 0, weighted and summed, modulo 10.
fn check_digit(text: &str) -> u32 {
    let value = |letter: char| letter.to_digit(36).unwrap_or_default();
    let weighted = text.chars().zip(WEIGHTS.into_iter().cycle());
    weighted
        .map(|(letter, weight)| value(letter) * weight)
        .sum::<u32>()
        % 10
}

fn looks_like(letter: u8) -> Option<u8> {
    let pair = MISREAD.iter().find(|(misread, _)| *misread == letter);
    pair.map(|(_, digit)| *digit)
}

/// The lines of a zone: of its lengths, in its alphabet.
pub(super) struct ZoneLines {
    format: ZoneFormat,
    lines: Vec<String>,
    /// Whether letters were small or spaces stood between them.
    pub(super) is_mended: bool,
}

impl ZoneLines {
    /// Length is judged before the alphabet: a line that is cut off is said to be so.
    pub(super) fn read(text: &str) -> Result<Self, Code> {
        let scanned: Vec<String> = text
            .trim_start_matches('\u{feff}')
            .split(['\r', '\n'])
            .map(|line| {
                line.trim()
                    .nfc()
                    .filter(|letter| !letter.is_control() && !is_unseen(*letter))
                    .collect()
            })
            .filter(|line: &String| !line.is_empty())
            .collect();
        if !scanned.iter().any(|line| line.contains(FILLER)) {
            return Err(Code::NotMrz);
        }
        let lines: Vec<String> = scanned.iter().map(|line| in_alphabet(line)).collect();
        let lengths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
        let format = ZoneFormat::ALL
            .into_iter()
            .find(|format| format.has(&lengths))
            .ok_or(Code::MrzLength)?;
        if !lines.iter().all(|line| line.bytes().all(is_letter)) {
            return Err(Code::MrzCharacter);
        }
        let is_mended = lines != scanned;
        let whole = lines.concat();
        let length = format.line_length();
        let lines = (0..format.line_count())
            .map(|line| at(&whole, line * length..(line + 1) * length).to_owned())
            .collect();
        Ok(Self {
            format,
            lines,
            is_mended,
        })
    }
}

/// Capitals, without the spaces some readers put between letters.
fn in_alphabet(line: &str) -> String {
    line.chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

const fn is_letter(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'<')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        valid: Vec<Vector>,
        invalid: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        id: String,
        lines: Vec<String>,
        checks: Checks,
    }

    #[derive(Deserialize)]
    struct Checks {
        doc: Option<bool>,
        dob: Option<bool>,
        exp: Option<bool>,
        opt: Option<bool>,
        comp: Option<bool>,
        length: Option<bool>,
    }

    /// Lower case violates the alphabet in the vectors; here it is repaired and reported.
    const MENDED: &str = "td1_lower";
    /// Its digits are right, its alphabet is not.
    const DIACRITIC: &str = "td2_diacritic";

    fn vectors() -> Vec<Vector> {
        let text = include_str!("../../../testdata/mrz_vectors.json");
        let vectors: Vectors = serde_json::from_str(text).unwrap();
        assert_eq!((vectors.valid.len(), vectors.invalid.len()), (20, 16));
        vectors.valid.into_iter().chain(vectors.invalid).collect()
    }

    #[test]
    fn every_check_digit_of_every_vector_is_judged_as_the_vector_says() {
        for vector in vectors() {
            let read = ZoneLines::read(&vector.lines.join("\n"));
            let id = vector.id.as_str();
            if vector.checks.length == Some(false) || id == DIACRITIC {
                let expected = match id {
                    DIACRITIC => Code::MrzCharacter,
                    _ => Code::MrzLength,
                };
                assert_eq!(read.err(), Some(expected), "{id}");
                continue;
            }
            let lines = read.ok().unwrap();
            assert_eq!(lines.is_mended, id == MENDED, "{id}");
            let zone = Zone::cut(&lines).ok().unwrap();
            let got = |checked: &Checked| Some(checked.is_right() || id == MENDED);
            let expected = |said: Option<bool>| said.map(|right| right || id == MENDED);
            assert_eq!(got(&zone.number), expected(vector.checks.doc), "{id} doc");
            assert_eq!(
                got(&zone.birth_date),
                expected(vector.checks.dob),
                "{id} dob"
            );
            assert_eq!(got(&zone.expiry), expected(vector.checks.exp), "{id} exp");
            assert_eq!(
                got(&zone.composite),
                expected(vector.checks.comp),
                "{id} comp"
            );
            if vector.checks.opt.is_some() {
                assert_eq!(got(&zone.optional), expected(vector.checks.opt), "{id} opt");
            }
        }
    }

    #[test]
    fn a_misread_letter_is_found_when_it_is_the_only_one() {
        let table = [
            ("L8989O2C3", "6", Some(6)),
            ("L898902C3", "7", None),
            ("L889902C3", "6", None),
            ("74O812", "2", Some(3)),
            ("740812", "Z", Some(7)),
            ("740812", "2", None),
        ];
        for (text, check, place) in table {
            assert_eq!(
                Checked::new(text, check).misread_at(),
                place,
                "{text}{check}"
            );
        }
    }

    proptest! {
        #[test]
        fn one_wrong_character_of_the_same_kind_is_always_seen(
            text in "[0-9]{6,12}", at in 0_usize..6, shift in 1_u32..10,
        ) {
            let right = Checked::new(text.as_str(), &check_digit(&text).to_string());
            prop_assert!(right.is_right());
            let digits = text.chars().enumerate().map(|(place, digit)| {
                let value = digit.to_digit(10).unwrap();
                let value = if place == at { (value + shift) % 10 } else { value };
                char::from_digit(value, 10).unwrap()
            });
            let wrong = Checked::new(digits.collect::<String>(), &right.check);
            prop_assert!(!wrong.is_right());
        }
    }
}
