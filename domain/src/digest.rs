//! The digest of a facility's day: how many receipts were given, and one hash over their numbers.
//!
//! A sender makes the same digest from the receipts it holds. When the two agree, nothing is
//! missing on either side; when they differ, the lists of numbers tell which.
//!
//! What is counted: each stay that began on the local day and is not cancelled, by the number of
//! its first version ([`crate::receipt::number`]), whatever was amended since.

use sha2::{Digest as _, Sha256};

/// Count and hash of a set of receipt numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// How many different numbers.
    pub count: usize,
    /// SHA-256 over the numbers in the order of their bytes, joined by `\n`, none at the end;
    /// of no number at all it is the SHA-256 of nothing. 32 bytes, written as hex in JSON.
    pub sha256: [u8; 32],
}

/// The digest of these numbers, in whatever order they come; one that comes twice counts once.
pub fn of_numbers<Text: AsRef<str>>(numbers: impl IntoIterator<Item = Text>) -> Digest {
    let mut numbers: Vec<Text> = numbers.into_iter().collect();
    numbers.sort_unstable_by(|left, right| left.as_ref().cmp(right.as_ref()));
    numbers.dedup_by(|left, right| left.as_ref() == right.as_ref());
    let mut sha256 = Sha256::new();
    for (position, number) in numbers.iter().enumerate() {
        if position > 0 {
            sha256.update(b"\n");
        }
        sha256.update(number.as_ref().as_bytes());
    }
    Digest {
        count: numbers.len(),
        sha256: sha256.finalize().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_sorted_lines() {
        // Each row: numbers as they come, the text that is hashed, how many.
        let table: [(&[&str], &str, usize); 4] = [
            (&[], "", 0),
            (&["LT-261124-A"], "LT-261124-A", 1),
            (
                &["LT-261124-B", "LT-261123-Z", "LT-261124-A"],
                "LT-261123-Z\nLT-261124-A\nLT-261124-B",
                3,
            ),
            (
                &["LT-261124-B", "LT-261124-A", "LT-261124-B"],
                "LT-261124-A\nLT-261124-B",
                2,
            ),
        ];
        for (numbers, text, count) in table {
            let sha256 = Sha256::digest(text.as_bytes()).into();
            assert_eq!(of_numbers(numbers), Digest { count, sha256 });
        }
    }

    #[test]
    fn an_empty_day_has_the_known_hash_of_nothing() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest = of_numbers(std::iter::empty::<&str>());
        assert_eq!(hex::encode(digest.sha256), expected);
    }
}
