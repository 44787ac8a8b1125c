//! Secret settings: read as a value or from a file, and named in errors.
//!
//! An error here names the setting and says what to do; it never holds any of the value.

use std::path::{Path, PathBuf};

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::ids;

/// Compares in constant time.
pub fn is_same(sent: &[u8], ours: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(sent, ours).is_ok()
}

/// A setting that prevents the start. Its text is one English sentence for the operator: the
/// setting's name, the problem, the fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {advice}")]
pub struct SettingError {
    setting: String,
    advice: String,
}

impl SettingError {
    /// `setting` is the environment variable's name; `advice` states the problem and the fix,
    /// without any part of a secret.
    pub fn new(setting: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            advice: advice.into(),
        }
    }

    /// The secret `name` is needed and neither it nor its file is given.
    pub fn missing(name: &str) -> Self {
        Self::new(
            name,
            format!("is not set. Set {name}, or {name}_FILE to a file that holds it."),
        )
    }

    /// Name of the setting, as in the environment.
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

/// The secret `name` from its value or from the file of `<name>_FILE`.
///
/// Line ends at the end of a file are cut off. `None` when neither is given; an empty value or
/// file counts as an error, because it is a mistake more often than a wish.
///
/// Errors: both given; file unreadable; empty.
pub fn read_secret(
    name: &'static str,
    value: Option<SecretString>,
    file: Option<PathBuf>,
) -> Result<Option<SecretString>, SettingError> {
    let secret = match (value, file) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let advice = format!("is set together with {name}_FILE. Remove one of the two.");
            return Err(SettingError::new(name, advice));
        }
        (Some(value), None) => value,
        (None, Some(file)) => read_file(name, &file)?,
    };
    if secret.expose_secret().trim().is_empty() {
        let advice = format!("is empty. Give it a value or remove {name} and {name}_FILE.");
        return Err(SettingError::new(name, advice));
    }
    Ok(Some(secret))
}

/// Like [`read_secret`], and missing is an error too.
pub fn require_secret(
    name: &'static str,
    value: Option<SecretString>,
    file: Option<PathBuf>,
) -> Result<SecretString, SettingError> {
    read_secret(name, value, file)?.ok_or_else(|| SettingError::missing(name))
}

/// The 32 bytes of the key `name`, written as 64 hex digits or as base64 (either alphabet, padded
/// or not).
pub fn parse_key(name: &str, text: &SecretString) -> Result<Zeroizing<[u8; 32]>, SettingError> {
    let text = text.expose_secret().trim();
    let bytes = if text.len() == 64 {
        hex::decode(text).ok()
    } else {
        decode_base64(text)
    };
    let bytes = Zeroizing::new(bytes.unwrap_or_default());
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Zeroizing::new(key)),
        Err(_) => Err(SettingError::new(
            name,
            "is not a 32-byte key. Write it as 64 hex digits or as base64 of 32 bytes, \
             for instance the output of `openssl rand -hex 32`.",
        )),
    }
}

/// A new random 32-byte key as 64 hex digits, as [`parse_key`] reads it.
pub fn generate_key() -> SecretString {
    let key = Zeroizing::new(ids::random_bytes::<32>());
    SecretString::from(hex::encode(key.as_slice()))
}

/// A separate key for a purpose, derived from `key` by HMAC-SHA-256 over `purpose`.
pub fn derive_key(key: &[u8; 32], purpose: &'static str) -> Zeroizing<[u8; 32]> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    let tag = aws_lc_rs::hmac::sign(&key, purpose.as_bytes());
    let mut derived = Zeroizing::new([0; digest::SHA256_OUTPUT_LEN]);
    derived.copy_from_slice(tag.as_ref());
    derived
}

/// The generation of a key that a check value was made of; the first byte of each.
const KEY_GENERATION: u8 = 1;

/// What may be stored of the key `name`, so that another one is found out at the next start:
/// `generation | HMAC-SHA-256 under the key over its name`. It tells nothing of a random key.
pub fn check_value(name: &str, key: &[u8; 32]) -> Vec<u8> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    let tag = aws_lc_rs::hmac::sign(&key, format!("luutru check value {name}").as_bytes());
    [&[KEY_GENERATION], tag.as_ref()].concat()
}

/// Whether these bytes are clearly not random: a few values repeated, as people type when trying
/// something out.
pub fn is_patterned(bytes: &[u8]) -> bool {
    (1..=bytes.len() / 2).any(|period| {
        let shifted = bytes.iter().zip(bytes.iter().skip(period));
        shifted.into_iter().all(|(one, other)| one == other)
    })
}

fn read_file(name: &str, file: &Path) -> Result<SecretString, SettingError> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            Ok(SecretString::from(
                text.trim_end_matches(['\r', '\n']).to_owned(),
            ))
        }
        Err(error) => {
            let setting = format!("{name}_FILE");
            let advice = format!(
                "the file {} cannot be read ({}). Name a text file that this process may read.",
                file.display(),
                error.kind(),
            );
            Err(SettingError::new(setting, advice))
        }
    }
}

pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
        .into_iter()
        .find_map(|engine| engine.decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "LUUTRU_MASTER_KEY";

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    #[test]
    fn a_secret_comes_from_its_value_or_from_its_file_without_the_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "from the file\r\n").unwrap();

        let from_value = require_secret(NAME, Some(secret("from the value")), None).unwrap();
        let from_file = require_secret(NAME, None, Some(file)).unwrap();

        assert_eq!(from_value.expose_secret(), "from the value");
        assert_eq!(from_file.expose_secret(), "from the file");
        assert!(read_secret(NAME, None, None).unwrap().is_none());
    }

    #[test]
    fn every_error_names_the_setting_and_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent");
        let hidden = "s3cr3t-value";
        let errors = [
            read_secret(NAME, Some(secret(hidden)), Some(absent.clone())).unwrap_err(),
            read_secret(NAME, None, Some(absent)).unwrap_err(),
            read_secret(NAME, None, Some(folder.path().to_owned())).unwrap_err(),
            read_secret(NAME, Some(secret(" ")), None).unwrap_err(),
            require_secret(NAME, None, None).unwrap_err(),
            parse_key(NAME, &secret(hidden)).unwrap_err(),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.starts_with(NAME), "{text}");
            assert!(text.ends_with('.'), "{text}");
            assert!(!text.contains(hidden), "{text}");
        }
    }

    #[test]
    fn a_key_reads_as_hex_and_as_every_base64() {
        let key: [u8; 32] = std::array::from_fn(|index| 255 - index as u8);
        let texts = [
            hex::encode(key),
            hex::encode_upper(key),
            STANDARD.encode(key),
            STANDARD_NO_PAD.encode(key),
            URL_SAFE.encode(key),
            URL_SAFE_NO_PAD.encode(key),
        ];
        for text in texts {
            assert_eq!(*parse_key(NAME, &secret(&text)).unwrap(), key, "{text}");
        }
        for text in [
            "",
            "abc",
            &hex::encode([1; 31]),
            &STANDARD.encode([1; 33]),
            &"g".repeat(64),
        ] {
            parse_key(NAME, &secret(text)).unwrap_err();
        }
        parse_key(NAME, &generate_key()).unwrap();
    }

    #[test]
    fn a_check_value_is_of_one_key_and_one_name() {
        let value = check_value("LUUTRU_INDEX_KEY", &[7; 32]);
        assert_eq!(value, check_value("LUUTRU_INDEX_KEY", &[7; 32]));
        assert_ne!(value, check_value("LUUTRU_INDEX_KEY", &[8; 32]));
        assert_ne!(value, check_value("LUUTRU_KEY_PEPPER", &[7; 32]));
    }

    #[test]
    fn what_repeats_itself_is_no_secret() {
        let table: [(&[u8], bool); 6] = [
            (&[0; 32], true),
            (&[0xff; 24], true),
            (b"0123456789abcdef0123456789abcdef", true),
            (b"abcabcabcabcabcabcabcabcabcabcab", true),
            (b"0123456789abcdefghijklmnopqrstuv", false),
            (&[0, 0, 0, 0, 0, 0, 0, 1], false),
        ];
        for (bytes, expected) in table {
            assert_eq!(is_patterned(bytes), expected, "{bytes:?}");
        }
        for _ in 0..100 {
            assert!(!is_patterned(&ids::random_bytes::<32>()));
        }
    }

    #[test]
    fn derived_keys_differ_by_purpose() {
        let key = [7; 32];
        assert_ne!(derive_key(&key, "one"), derive_key(&key, "two"));
        assert_eq!(derive_key(&key, "one"), derive_key(&key, "one"));
    }
}
