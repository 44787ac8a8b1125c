//! Which passwords are good enough.
//!
//! Length counts, not kinds of letters. What guessers try first is refused: `zxcvbn` holds the lists
//! of common passwords, names and words, and knows the usual replacements, keyboard rows and dates.

use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

use crate::problem::Code;

/// Characters of the shortest password.
pub const LENGTH_MIN: usize = 12;
/// Characters of the longest. The estimate takes longer than linear time.
pub const LENGTH_MAX: usize = 128;
/// Below this many guesses a password falls to the hash of a stolen database within weeks.
const SCORE_MIN: Score = Score::Three;

/// Words that the lists of other countries lack.
const COMMON_HERE: [&str; 16] = [
    "matkhau",
    "luutru",
    "khachsan",
    "nhanghi",
    "nhakhach",
    "benhvien",
    "kytucxa",
    "truonghoc",
    "congan",
    "letan",
    "quanly",
    "vietnam",
    "xinchao",
    "anhyeuem",
    "thanhhoa",
    "samson",
];

/// A password in the form that is hashed: composed letters, so that every keyboard gives the same.
#[must_use]
pub fn normalized(password: &str) -> String {
    password.nfc().collect()
}

/// Judges a new password. `about` are words of the account, such as its name.
///
/// # Errors
/// The rule that it breaks.
pub fn check(password: &str, about: &[&str]) -> Result<(), Code> {
    let length = password.chars().count();
    if length < LENGTH_MIN {
        return Err(Code::PasswordTooShort);
    }
    if length > LENGTH_MAX {
        return Err(Code::TooLong);
    }
    let known: Vec<&str> = about.iter().chain(&COMMON_HERE).copied().collect();
    if zxcvbn(password, &known).score() < SCORE_MIN {
        return Err(Code::PasswordCommon);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_among_the_first_guesses() {
        let longest = "con trâu vàng đi học ".repeat(7);
        let table = [
            ("", Err(Code::PasswordTooShort)),
            ("tr0ng-d0ng1", Err(Code::PasswordTooShort)),
            ("passwordpassword", Err(Code::PasswordCommon)),
            ("123456789012", Err(Code::PasswordCommon)),
            ("qwertyuiop[]", Err(Code::PasswordCommon)),
            ("aaaaaaaaaaaaaaa", Err(Code::PasswordCommon)),
            ("matkhau12345", Err(Code::PasswordCommon)),
            ("le-tan-bien-xanh", Err(Code::PasswordCommon)),
            (longest.as_str(), Err(Code::TooLong)),
            ("trống đồng mưa phùn 7 cây cầu", Ok(())),
            ("Vl7#pQz0-rTx2mK", Ok(())),
        ];
        for (password, expected) in table {
            let found = check(password, &["le-tan-bien-xanh"]);
            assert_eq!(found, expected, "{password}");
        }
    }

    #[test]
    fn composed_and_decomposed_letters_are_the_same_password() {
        assert_eq!(normalized("tro\u{302}\u{301}ng"), normalized("trống"));
        assert_ne!(normalized("Trống"), normalized("trống"), "case counts");
        assert_eq!(normalized(" a  b "), " a  b ", "spaces count");
    }
}
