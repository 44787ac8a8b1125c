//! Text damaged by a wrong encoding before it reached us: a Vietnamese name whose bytes a program
//! or a font misread.
//!
//! Detects UTF-8 read as Windows-1252 (`Nguyá»…n`), and TCVN3 (`NguyÔn`), VNI (`Nguyeãn`) and
//! Windows-1258 (`NguyêÞn`) read as Latin-1. The last three consist of letters that other languages
//! use, so such text counts as damaged only if it decodes to Vietnamese syllables and is not
//! Vietnamese as it stands: `João`, `Müller`, `Noël` and `Þór` are names.

use unicode_normalization::UnicodeNormalization;

use crate::scan::is_misread;
use crate::text::nfc_trim;

/// Changed words that are believed whatever stands beside them.
const CHANGED_WORD_COUNT_MIN: usize = 2;
/// Longest syllable, in letters: `nghiêng`.
const SYLLABLE_LENGTH_MAX: usize = 7;

const ONSETS: [&str; 28] = [
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g",
    "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
];

/// Rhymes without their tone.
const RHYMES: &str = " a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng \
    âp ât âu ây e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp \
    iêt iêu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn \
    oăng oăt oc oe oen oeo oet oi om on ong oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u \
    ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt up ut uơ uy uya \
    uych uyên uyêt uynh uyt uyu ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu y ych \
    yêm yên yêng yêt yêu ynh yt êng iêu ươ iê uô ";

/// Words that identify a name on their own: the most common family and middle names.
const TELLING: [&str; 24] = [
    "nguyễn", "trần", "lê", "phạm", "hoàng", "huỳnh", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô",
    "dương", "lý", "đinh", "trịnh", "đoàn", "lâm", "phùng", "trương", "văn", "thị", "việt",
];

/// Whether a text is damaged. Does not detect `Nguy?n`.
#[must_use]
pub fn is_damaged(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    if text.contains('\u{FFFD}') || text.split_whitespace().any(is_misread) {
        return true;
    }
    let text = nfc_trim(text);
    let letters: Option<Vec<char>> = text.chars().map(latin).collect();
    letters.is_some_and(|letters| {
        [tcvn3, vni, windows_1258].into_iter().any(|decoded| {
            decoded(&letters).is_some_and(|decoded| is_vietnamese_behind(&text, &decoded))
        })
    })
}

/// Whether the words of `shown` that differ in `meant` are Vietnamese there, and not as shown.
fn is_vietnamese_behind(shown: &str, meant: &str) -> bool {
    let (shown, meant) = (words(shown), words(meant));
    if shown.len() != meant.len() {
        return false;
    }
    let changed: Vec<(&str, &str)> = shown
        .iter()
        .zip(&meant)
        .map(|(shown, meant)| (shown.as_str(), meant.as_str()))
        .filter(|(shown, meant)| shown != meant)
        .collect();
    let is_sound = |word: &str| is_syllable(word);
    if changed.is_empty()
        || !changed.iter().all(|(_, meant)| is_sound(meant))
        || changed.iter().all(|(shown, _)| is_sound(shown))
    {
        return false;
    }
    if changed.len() >= CHANGED_WORD_COUNT_MIN {
        return true;
    }
    let is_told = changed.iter().any(|(shown, meant)| {
        TELLING.contains(&meant.to_lowercase().as_str()) || has_odd_letter(shown)
    });
    is_told
        && meant
            .iter()
            .all(|word| is_sound(word) || word.chars().count() == 1)
}

/// A character that never occurs inside a name, or a capital letter in the middle.
fn has_odd_letter(word: &str) -> bool {
    let mut before = ' ';
    word.chars().any(|letter| {
        let is_odd = !letter.is_alphabetic()
            || (!letter.is_ascii() && letter.is_uppercase() && before.is_lowercase());
        before = letter;
        is_odd
    })
}

/// Runs of letters, and of signs that a misread letter may look like.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| {
        letter.is_whitespace() || letter.is_ascii_punctuation() || letter.is_ascii_digit()
    })
    .filter(|word| !word.is_empty())
    .map(str::to_owned)
    .collect()
}

/// Whether a word can be a Vietnamese syllable: an onset, a rhyme, one tone at most.
fn is_syllable(word: &str) -> bool {
    if word.chars().count() > SYLLABLE_LENGTH_MAX {
        return false;
    }
    let is_tone = |mark: &char| {
        matches!(
            mark,
            '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}'
        )
    };
    let apart: Vec<char> = word.to_lowercase().nfd().collect();
    if apart.iter().filter(|mark| is_tone(mark)).count() > 1 {
        return false;
    }
    let plain: String = apart
        .into_iter()
        .filter(|mark| !is_tone(mark))
        .nfc()
        .collect();
    ONSETS.iter().any(|onset| {
        let rhyme = plain.strip_prefix(onset);
        rhyme.is_some_and(|rhyme| !rhyme.is_empty() && RHYMES.contains(&format!(" {rhyme} ")))
    }) || plain == "gi"
}

/// The character of a byte of Latin-1, as it is or as Windows shows it; `None` for what no byte is.
const fn latin(letter: char) -> Option<char> {
    match letter {
        '\0'..='\u{FF}' => Some(letter),
        _ => None,
    }
}

/// TCVN 5712:1993, VN3, from 0xA1 on.
const TCVN3: &str = "ĂÂÊÔƠƯĐăâêôơưđ\0\0\0\0\0\0àảãáạ\0ằẳẵắ\0\0\0\0\0\0\0ặầẩẫấậè\0ẻẽéẹềểễếệìỉ\0\0\0ĩíịò\0ỏõóọồổỗốộờởỡớợù\0ủũúụừửữứựỳỷỹýỵ";

fn tcvn3(letters: &[char]) -> Option<String> {
    let table: Vec<char> = TCVN3.chars().collect();
    letters
        .iter()
        .map(|letter| match u32::from(*letter) {
            0..0x80 => Some(*letter),
            code => {
                let place = usize::try_from(code.checked_sub(0xA1)?).ok()?;
                table.get(place).copied().filter(|letter| *letter != '\0')
            }
        })
        .collect()
}

/// VNI for Windows: a mark stands behind its letter.
fn vni(letters: &[char]) -> Option<String> {
    let mut text = String::new();
    let mut letters = letters.iter().copied().peekable();
    while let Some(letter) = letters.next() {
        text.push(vni_letter(letter)?);
        let is_vowel = "aeiouyôö".contains(lower(letter));
        if let Some(marks) = letters
            .peek()
            .and_then(|mark| vni_marks(*mark))
            .filter(|_| is_vowel)
        {
            text.push_str(marks);
            letters.next();
        }
    }
    Some(text.nfc().collect())
}

fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// A letter that stands alone; `None` for a mark without its letter.
fn vni_letter(letter: char) -> Option<char> {
    let plain = match lower(letter) {
        'ñ' => 'đ',
        'ô' => 'ơ',
        'ö' => 'ư',
        'æ' => 'ỉ',
        'ó' => 'ĩ',
        'ò' => 'ị',
        'î' => 'ỵ',
        'í' | 'ì' => lower(letter),
        ascii if ascii.is_ascii() => return Some(letter),
        _ => return None,
    };
    if letter.is_uppercase() {
        plain.to_uppercase().next()
    } else {
        Some(plain)
    }
}

const fn vni_marks(mark: char) -> Option<&'static str> {
    Some(match mark {
        'ù' | 'Ù' => "\u{301}",
        'ø' | 'Ø' => "\u{300}",
        'û' | 'Û' => "\u{309}",
        'õ' | 'Õ' => "\u{303}",
        'ï' | 'Ï' => "\u{323}",
        'â' | 'Â' => "\u{302}",
        'á' | 'Á' => "\u{302}\u{301}",
        'à' | 'À' => "\u{302}\u{300}",
        'å' | 'Å' => "\u{302}\u{309}",
        'ã' | 'Ã' => "\u{302}\u{303}",
        'ä' | 'Ä' => "\u{302}\u{323}",
        'ê' | 'Ê' => "\u{306}",
        'é' | 'É' => "\u{306}\u{301}",
        'è' | 'È' => "\u{306}\u{300}",
        'ú' | 'Ú' => "\u{306}\u{309}",
        'ü' | 'Ü' => "\u{306}\u{303}",
        'ë' | 'Ë' => "\u{306}\u{323}",
        _ => return None,
    })
}

/// Windows-1258: tones stand behind their letter.
fn windows_1258(letters: &[char]) -> Option<String> {
    let letter = |letter: &char| match letter {
        'Ã' => 'Ă',
        'ã' => 'ă',
        'Ð' => 'Đ',
        'ð' => 'đ',
        'Õ' => 'Ơ',
        'õ' => 'ơ',
        'Ý' => 'Ư',
        'ý' => 'ư',
        'Ì' => '\u{300}',
        'Ò' => '\u{309}',
        'Þ' => '\u{303}',
        'ì' => '\u{301}',
        'ò' => '\u{323}',
        other => *other,
    };
    Some(letters.iter().map(letter).nfc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_text_of_every_legacy_encoding_is_seen() {
        let table = [
            "Nguyá»…n VÄƒn An",
            "Nguyá»…n Văn An",
            "Nguy\u{FFFD}n",
            // TCVN3
            "Lª ThÞ Hoµ",
            "NguyÔn V¨n An",
            "TrÇn ThÞ Lan",
            "Ph¹m Quèc B¶o",
            "§Æng Hïng",
            "NGUYÔN THÞ LAN",
            "Bïi ThÞ Mai",
            "Hoµng Long",
            // VNI
            "Nguyeãn Vaên An",
            "Leâ Thò Hoøa",
            "Traàn Thò Lan",
            "Traàn An",
            "NGUYEÃN VAÊN AN",
            "Ñaëng Hoàng",
            "Phaïm Quoác Baûo",
            // Windows-1258
            "NguyêÞn Vãn Ðô",
            "Trâ\u{ec}n Thi\u{f2} Lan",
            "Lê Thiò Hoa",
        ];
        for text in table {
            assert!(is_damaged(text), "{text}");
        }
    }

    #[test]
    fn names_of_other_languages_and_of_viet_nam_are_not_damaged() {
        let table = [
            "Nguyễn Văn An",
            "NGUYỄN THỊ BÍCH NGỌC",
            "Võ Thị Sáu",
            "Hồ Xuân Hương",
            "Lý Thường Kiệt",
            "Phó Đức Chính",
            "Ngô Bảo Châu",
            "Hoà Thuý",
            "H'Ngọc Niê",
            "Y Moan Ênuôl",
            "Müller",
            "Jürgen Schröder",
            "João da Conceição",
            "José Muñoz Peña",
            "Mª Carmen Ibáñez",
            "Raúl Saïd",
            "Haïm Ben Ami",
            "Noël Zoë Chloé",
            "Þórður Ðorðe",
            "Søren Åberg",
            "Göran Öberg",
            "François Lefèvre",
            "Sébastien Côté",
            "René",
            "Renée Léa",
            "Noé",
            "Anaïs Loïc",
            "Mónica Núñez Ávila",
            "André Simões",
            "Ólafur Björn",
            "Łukasz Żółć",
            "Ağaoğlu Şükrü",
            "Nguyen Van An",
            "",
        ];
        for text in table {
            assert!(!is_damaged(text), "{text}");
        }
    }
}
