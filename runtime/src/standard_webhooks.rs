//! Signatures of outgoing calls after Standard Webhooks.
//!
//! HMAC-SHA-256 over `id.timestamp.body`; headers `webhook-id`, `webhook-timestamp` (seconds since
//! 1970) and `webhook-signature` (`v1,<base64>`, several with spaces between).
//! Source: the Standard Webhooks specification, version 1, "Signature scheme".

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::ids;
use crate::secrets::{self, SettingError};

/// Header that carries the id of the message.
pub const ID_HEADER: &str = "webhook-id";
/// Header that carries the time of sending, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Header that carries the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

const SCHEME: &str = "v1,";
const SECRET_PREFIX: &str = "whsec_";
/// The specification asks for 24 to 64 bytes.
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// The signature of `body`, as `v1,<base64>`.
pub fn sign(secret: &[u8], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let tag = signed_content(secret, id, timestamp_s, body).sign();
    format!("{SCHEME}{}", STANDARD.encode(tag.as_ref()))
}

/// True when one of the signatures in `header` is ours. The caller judges the timestamp's age.
pub fn verify(secret: &[u8], id: &str, timestamp_s: i64, body: &[u8], header: &str) -> bool {
    let expected = signed_content(secret, id, timestamp_s, body).sign();
    header
        .split_ascii_whitespace()
        .filter_map(|signature| STANDARD.decode(signature.strip_prefix(SCHEME)?).ok())
        .any(|given| {
            aws_lc_rs::constant_time::verify_slices_are_equal(&given, expected.as_ref()).is_ok()
        })
}

/// The bytes of the secret `name`, written as `whsec_<base64>`; 24 to 64 bytes.
pub fn parse_secret(name: &str, text: &SecretString) -> Result<Zeroizing<Vec<u8>>, SettingError> {
    let encoded = text.expose_secret().trim().strip_prefix(SECRET_PREFIX);
    let bytes = Zeroizing::new(encoded.and_then(secrets::decode_base64).unwrap_or_default());
    if SECRET_LENGTHS.contains(&bytes.len()) {
        return Ok(bytes);
    }
    Err(SettingError::new(
        name,
        "is not a webhook secret. Write it as whsec_ followed by base64 of 24 to 64 random bytes.",
    ))
}

/// A new random secret of 32 bytes, as [`parse_secret`] reads it.
pub fn generate_secret() -> SecretString {
    let bytes = Zeroizing::new(ids::random_bytes::<32>());
    SecretString::from(format!(
        "{SECRET_PREFIX}{}",
        STANDARD.encode(bytes.as_slice())
    ))
}

fn signed_content(secret: &[u8], id: &str, timestamp_s: i64, body: &[u8]) -> hmac::Context {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    context.update(id.as_bytes());
    context.update(b".");
    context.update(timestamp_s.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "LUUTRU_POLICE_SECRET";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP_S: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret() -> Zeroizing<Vec<u8>> {
        let text = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        parse_secret(NAME, &text).unwrap()
    }

    /// The example of the specification's reference libraries.
    #[test]
    fn the_published_example_signs_and_verifies() {
        assert_eq!(sign(&secret(), ID, TIMESTAMP_S, BODY), SIGNATURE);
        assert!(verify(&secret(), ID, TIMESTAMP_S, BODY, SIGNATURE));
    }

    #[test]
    fn one_right_signature_among_several_is_enough() {
        let header = format!("v1,AAAA v1a,BBBB {SIGNATURE}");
        assert!(verify(&secret(), ID, TIMESTAMP_S, BODY, &header));
    }

    #[test]
    fn a_change_of_any_part_does_not_verify() {
        let secret = secret();
        assert!(!verify(&secret, "msg_other", TIMESTAMP_S, BODY, SIGNATURE));
        assert!(!verify(&secret, ID, TIMESTAMP_S + 1, BODY, SIGNATURE));
        assert!(!verify(&secret, ID, TIMESTAMP_S, b"{}", SIGNATURE));
        assert!(!verify(&[0; 24], ID, TIMESTAMP_S, BODY, SIGNATURE));
        for header in [
            "",
            "v1,",
            "v1",
            "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ] {
            assert!(!verify(&secret, ID, TIMESTAMP_S, BODY, header), "{header}");
        }
    }

    #[test]
    fn a_secret_has_its_prefix_and_length() {
        parse_secret(NAME, &generate_secret()).unwrap();
        for text in [
            "",
            "whsec_",
            "whsec_AAAA",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_ü",
        ] {
            let error = parse_secret(NAME, &SecretString::from(text.to_owned())).unwrap_err();
            assert_eq!(error.setting(), NAME);
        }
    }
}
