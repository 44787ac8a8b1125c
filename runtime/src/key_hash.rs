//! API keys: their text, and the keyed hash that is stored of them.
//!
//! Text: `luutru_<key id, 32 hex digits>_<secret, 43 characters base64url>`. The secret is 256
//! random bits, so a fast keyed hash is enough; the pepper lies outside the database.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::ids;

const PREFIX: &str = "luutru";

/// An API key in clear: only in a caller's hand and while it is judged. Debug shows the id only.
#[derive(Clone)]
pub struct ApiKeyText {
    /// Id of the key's row.
    pub key_id: Uuid,
    /// What must be kept secret.
    pub secret: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for ApiKeyText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ApiKeyText({}, …)", self.key_id)
    }
}

impl ApiKeyText {
    /// The key as its owner gets and sends it.
    pub fn text(&self) -> SecretString {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.as_slice()));
        SecretString::from(format!(
            "{PREFIX}_{}_{}",
            self.key_id.simple(),
            secret.as_str()
        ))
    }
}

/// A new key with a random secret for the row `key_id`.
pub fn generate(key_id: Uuid) -> ApiKeyText {
    ApiKeyText {
        key_id,
        secret: Zeroizing::new(ids::random_bytes()),
    }
}

/// Reads the text of a key; `None` for every other form. Says nothing about validity.
pub fn parse(text: &str) -> Option<ApiKeyText> {
    let (id, secret) = text
        .strip_prefix(PREFIX)?
        .strip_prefix('_')?
        .split_at_checked(32)?;
    let key_id = Uuid::try_parse(id).ok()?;
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret.strip_prefix('_')?).ok()?);
    let secret = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
    Some(ApiKeyText { key_id, secret })
}

/// The stored hash of a key: HMAC-SHA-256 of its secret under the pepper (`LUUTRU_KEY_PEPPER`).
pub fn hash(pepper: &[u8; 32], secret: &[u8; 32]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(hmac::sign(&pepper_key(pepper), secret).as_ref());
    hash
}

/// True when `stored` is the hash of `secret`; takes the same time wherever they differ.
pub fn verify(pepper: &[u8; 32], secret: &[u8; 32], stored: &[u8]) -> bool {
    hmac::verify(&pepper_key(pepper), secret, stored).is_ok()
}

fn pepper_key(pepper: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, pepper)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const PEPPER: [u8; 32] = [5; 32];

    #[test]
    fn a_key_survives_its_text() {
        let key = generate(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001));
        let text = key.text();
        let text = text.expose_secret();
        assert_eq!(text.len(), 6 + 1 + 32 + 1 + 43);

        let again = parse(text).unwrap();
        assert_eq!((again.key_id, &again.secret), (key.key_id, &key.secret));
        assert!(!format!("{again:?}").contains(&text[40..]));
    }

    #[test]
    fn only_the_right_secret_under_the_right_pepper_verifies() {
        let key = generate(Uuid::nil());
        let stored = hash(&PEPPER, &key.secret);
        assert!(verify(&PEPPER, &key.secret, &stored));
        assert!(!verify(&PEPPER, &[0; 32], &stored));
        assert!(!verify(&[6; 32], &key.secret, &stored));
        assert!(!verify(&PEPPER, &key.secret, &stored[..31]));
        assert!(!verify(&PEPPER, &key.secret, &[]));
    }

    #[test]
    fn other_texts_are_no_keys() {
        let good = generate(Uuid::from_u128(1));
        let good = good.text();
        let good = good.expose_secret();
        let table = [
            String::new(),
            "luutru".to_owned(),
            "luutru_".to_owned(),
            good.replace("luutru", "other"),
            good[..good.len() - 1].to_owned(),
            format!("{good}A"),
            format!("{good}="),
            good.replacen('_', "-", 1),
            format!("luutru_{}_é", "a".repeat(31)),
            format!("luutru_{}_{}", "g".repeat(32), "A".repeat(43)),
        ];
        for text in table {
            assert!(parse(&text).is_none(), "{text}");
        }
    }
}
