//! Standard Webhooks signatures, verified by the published specification and not by the code that
//! makes them.
//!
//! Signed is `{webhook-id}.{webhook-timestamp}.{body}` with HMAC-SHA-256; the header holds
//! `v1,<base64>`, several of them apart by spaces.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use poem::http::{HeaderMap, StatusCode};

use crate::answer::Failure;

/// How far the sender's clock may be from ours, either way.
const TOLERANCE_SECONDS: u64 = 5 * 60;

const MISSING: Failure = Failure::new(
    StatusCode::UNAUTHORIZED,
    "signature_missing",
    "Send webhook-id, webhook-timestamp and webhook-signature.",
);
const WRONG: Failure = Failure::new(
    StatusCode::UNAUTHORIZED,
    "signature_wrong",
    "The signature does not belong to this body, id, timestamp and secret.",
);
const OTHER_ID: Failure = Failure::new(
    StatusCode::UNAUTHORIZED,
    "webhook_id_mismatch",
    "webhook-id and Idempotency-Key have to be the same.",
);
const STALE: Failure = Failure::new(
    StatusCode::UNAUTHORIZED,
    "timestamp_out_of_range",
    "webhook-timestamp is more than five minutes from the time here.",
);

/// Verifies what is signed with one secret.
pub(crate) struct Verifier(hmac::Key);

impl Verifier {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Accepts a request whose headers sign `body` under `idempotency_key`, at most five minutes
    /// before or after `now`.
    pub(crate) fn verify(
        &self,
        headers: &HeaderMap,
        idempotency_key: &str,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), Failure> {
        let header = |name| headers.get(name)?.to_str().ok();
        let id = header("webhook-id").ok_or(MISSING)?;
        let timestamp = header("webhook-timestamp").ok_or(MISSING)?;
        let signatures = header("webhook-signature").ok_or(MISSING)?;
        if id != idempotency_key {
            return Err(OTHER_ID);
        }
        let sent_at: i64 = timestamp.parse().map_err(|_| STALE)?;
        if sent_at.abs_diff(now.timestamp()) > TOLERANCE_SECONDS {
            return Err(STALE);
        }
        let mut signing = hmac::Context::with_key(&self.0);
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            signing.update(part);
        }
        let expected = signing.sign();
        let is_right = signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|given| verify_slices_are_equal(&given, expected.as_ref()).is_ok());
        is_right.then_some(()).ok_or(WRONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Test vector published with the Standard Webhooks reference libraries.
    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn judge(secret: &str, key: &str, signature: &str, body: &[u8], late: i64) -> &'static str {
        let headers: HeaderMap = [
            ("webhook-id", ID.to_owned()),
            ("webhook-timestamp", TIMESTAMP.to_string()),
            ("webhook-signature", signature.to_owned()),
        ]
        .into_iter()
        .filter_map(|(name, value)| {
            Some((
                poem::http::HeaderName::from_static(name),
                value.parse().ok()?,
            ))
        })
        .collect();
        let verifier = Verifier::new(&STANDARD.decode(secret).unwrap());
        let now = DateTime::from_timestamp(TIMESTAMP + late, 0).unwrap();
        match verifier.verify(&headers, key, body, now) {
            Ok(()) => "accepted",
            Err(failure) => failure.code,
        }
    }

    #[test]
    fn the_published_vector_is_accepted() {
        let several = format!("v1a,abc v1,AAAA {SIGNATURE}");
        assert_eq!(judge(SECRET, ID, SIGNATURE, BODY, 0), "accepted");
        assert_eq!(judge(SECRET, ID, &several, BODY, 0), "accepted");
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        let other_secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert_eq!(
            judge(other_secret, ID, SIGNATURE, BODY, 0),
            "signature_wrong"
        );
        assert_eq!(judge(SECRET, ID, SIGNATURE, b"{}", 0), "signature_wrong");
        assert_eq!(judge(SECRET, ID, "v2,AAAA", BODY, 0), "signature_wrong");
        assert_eq!(
            judge(SECRET, "other", SIGNATURE, BODY, 0),
            "webhook_id_mismatch"
        );
        for late in [301, -301] {
            assert_eq!(
                judge(SECRET, ID, SIGNATURE, BODY, late),
                "timestamp_out_of_range"
            );
        }
        for late in [300, -300] {
            assert_eq!(judge(SECRET, ID, SIGNATURE, BODY, late), "accepted");
        }
    }
}
