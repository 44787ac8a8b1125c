//! Delivery to the police endpoint: signed, under an id that never changes, and what its answer
//! means.
//!
//! A misread answer means a lost notification or a false alarm, so every answer has its row in the
//! table of [`judge`]. Of the peer's text only its reference number and its code are stored: both
//! must have a narrow shape, and neither may repeat the guest's data.

use chrono::{DateTime, Utc};
use domain::{notification::NotifiedStay, operator::AttemptOutcome, text::fold};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use runtime::{ids, standard_webhooks};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    breaker::Health,
    transport::{CallFault, PeerAnswer},
};

/// Where notifications go.
pub(crate) const PATH: &str = "v1/notifications";

/// Longest reference number that is kept.
const REFERENCE_LENGTH_MAX: usize = 128;
const CODE_LENGTH_MAX: usize = 64;
/// How many consecutive digits a code may have: enough for a status or an error number, too few for
/// a date, a document number or a telephone number.
const CODE_DIGITS_MAX: usize = 5;
/// A shorter name or number identifies nobody.
const TELLING_LENGTH_MIN: usize = 6;
/// The code of an endpoint that refuses everything we send.
pub(crate) const REFUSES_US: &str = "refuses_us";
/// The code of a refusal that gives none.
const REFUSED: &str = "refused";

/// How to interpret an answer of the police endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    /// Confirmed, under the police's own number.
    Delivered {
        /// The number; `None`, and not stored, when it does not have the shape of one.
        police_reference: Option<String>,
    },
    /// Explicitly refused; the sender can correct it.
    Refused {
        /// Why: a code.
        code: String,
        /// The endpoint holds something else under the same id: a case for a person.
        is_conflict: bool,
    },
    /// The endpoint fails, in general or for us. Not the notification's fault.
    Unavailable {
        /// Why.
        code: &'static str,
        /// What that says of the endpoint.
        health: Health,
    },
    /// Neither accepted nor clearly refused.
    Unclear {
        /// Why.
        code: &'static str,
        /// What that says of the endpoint.
        health: Health,
    },
}

impl DeliveryOutcome {
    /// What the attempt is recorded and counted as.
    pub(crate) const fn attempt_outcome(&self) -> AttemptOutcome {
        match self {
            Self::Delivered { .. } => AttemptOutcome::Delivered,
            Self::Refused { .. } => AttemptOutcome::Refused,
            Self::Unavailable { .. } => AttemptOutcome::Unavailable,
            Self::Unclear { .. } => AttemptOutcome::Unknown,
        }
    }

    /// Why it was not delivered.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Delivered { .. } => None,
            Self::Refused { code, .. } => Some(code),
            Self::Unavailable { code, .. } | Self::Unclear { code, .. } => Some(code),
        }
    }

    /// Whether it refuses everything we send.
    pub(crate) fn is_refusal_of_us(&self) -> bool {
        self.health() == Health::RefusesUs
    }

    /// The endpoint's fault, or `none`.
    pub(crate) const fn fault(&self) -> &'static str {
        match self {
            Self::Delivered { .. } | Self::Refused { .. } => "none",
            Self::Unavailable { code, .. } | Self::Unclear { code, .. } => code,
        }
    }

    /// What it says of the endpoint.
    pub(crate) const fn health(&self) -> Health {
        match self {
            Self::Delivered { .. } | Self::Refused { .. } => Health::Well,
            Self::Unavailable { health, .. } | Self::Unclear { health, .. } => *health,
        }
    }
}

/// What a refusal means while our clock is wrong: retry once it is right.
pub(crate) const OUR_CLOCK_IS_WRONG: DeliveryOutcome = DeliveryOutcome::Unavailable {
    code: "our_clock",
    health: Health::Failing,
};

/// What was sent.
#[derive(Clone, Copy)]
pub(crate) struct SentNotification<'a> {
    /// The notification's id.
    pub(crate) id: Uuid,
    /// SHA-256 of its bytes.
    pub(crate) body_sha256: &'a [u8],
    /// Its bytes.
    pub(crate) body: &'a [u8],
}

impl SentNotification<'_> {
    /// Whether a text of the endpoint's repeats the guest's name or number, however it is written.
    fn is_told_by(self, text: &str) -> bool {
        let guest = NotifiedStay::read(self.body).unwrap_or_default().guest;
        let told = plain(text);
        [
            guest.full_name,
            guest.document.and_then(|document| document.number),
        ]
        .into_iter()
        .flatten()
        .map(|known| plain(&known))
        .any(|known| known.len() >= TELLING_LENGTH_MIN && told.contains(&known))
    }
}

/// Letters without marks, and digits.
fn plain(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(char::is_alphanumeric);
    folded
}

/// Interprets the endpoint's answer to a notification.
pub(crate) fn judge(
    sent: SentNotification<'_>,
    outcome: &Result<PeerAnswer, CallFault>,
) -> DeliveryOutcome {
    let unavailable = |code, health| DeliveryOutcome::Unavailable { code, health };
    let unclear = |code, health| DeliveryOutcome::Unclear { code, health };
    let answer = match outcome {
        Ok(answer) => answer,
        Err(CallFault::TooLong) => {
            return unclear(CallFault::TooLong.as_str(), Health::Failing);
        }
        Err(fault) => return unavailable(fault.as_str(), Health::Failing),
    };
    match answer.status {
        200..=299 => match Confirmation::read(sent, answer) {
            Some(confirmation) => confirmation.into(),
            None => unclear("malformed", Health::Failing),
        },
        400 | 422 => refused(sent, answer, false),
        // Some endpoints answer 409 to a duplicate instead of repeating the first confirmation.
        409 => match Confirmation::read(sent, answer) {
            Some(confirmation) if confirmation.is_of_these_bytes => confirmation.into(),
            Some(_) | None => refused(sent, answer, true),
        },
        // Without a code the answer may come from a proxy or a wrong address, and a wrong address
        // must not reject every notification.
        404 | 410 if code_of(sent, answer).is_some() => refused(sent, answer, false),
        401 | 403 => unavailable(REFUSES_US, Health::RefusesUs),
        408 | 425 | 429 => unavailable("overloaded", Health::Failing),
        500..=599 => unavailable("failing", Health::Failing),
        // A code shows that the answer comes from the endpoint itself and concerns this
        // notification.
        400..=499 if code_of(sent, answer).is_some() => unclear("unexpected_status", Health::Well),
        _ => unclear("unexpected_status", Health::Failing),
    }
}

fn refused(sent: SentNotification<'_>, answer: &PeerAnswer, is_conflict: bool) -> DeliveryOutcome {
    DeliveryOutcome::Refused {
        code: code_of(sent, answer).unwrap_or_else(|| REFUSED.to_owned()),
        is_conflict,
    }
}

/// The member `code` of a JSON answer: as it is when it has the shape of a code, else the general
/// word; `None` when there is none.
fn code_of(sent: SentNotification<'_>, answer: &PeerAnswer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body)
        .ok()
        .filter(|_| answer.is_json)?;
    let code = body.get("code")?.as_str()?;
    let is_kept = is_code(code) && !sent.is_told_by(code);
    Some(if is_kept { code } else { REFUSED }.to_owned())
}

/// A word of small letters, digits and underscores that begins with a letter.
fn is_code(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let digits = text.split(|letter: char| !letter.is_ascii_digit());
    (1..=CODE_LENGTH_MAX).contains(&text.len())
        && text.bytes().all(is_part)
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && digits.map(str::len).max() <= Some(CODE_DIGITS_MAX)
}

/// The characters of file numbers.
fn is_reference(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    (1..=REFERENCE_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_part)
}

/// A confirmation, parsed strictly: a duplicate member invalidates it.
#[derive(Deserialize)]
struct ConfirmationBody {
    police_reference: String,
    received_at: String,
    notification_id: Option<String>,
    body_sha256: Option<String>,
}

/// A confirmation of what was sent.
struct Confirmation {
    /// `None` when the value is not stored. The police have the notification all the same, even if
    /// its number cannot be shown.
    police_reference: Option<String>,
    /// It names the digest of the bytes that were sent.
    is_of_these_bytes: bool,
}

impl Confirmation {
    /// `None` when the answer is no confirmation, or one of something else.
    fn read(sent: SentNotification<'_>, answer: &PeerAnswer) -> Option<Self> {
        // Members may also be read from a list.
        let is_object = answer.body.trim_ascii_start().starts_with(b"{");
        if !(answer.is_json && is_object) {
            return None;
        }
        let body: ConfirmationBody = serde_json::from_slice(&answer.body).ok()?;
        DateTime::parse_from_rfc3339(&body.received_at).ok()?;
        let names = |named: Option<&String>, ours: String| named.map(|named| *named == ours);
        let is_this_one = names(body.notification_id.as_ref(), sent.id.to_string());
        let are_these_bytes = names(body.body_sha256.as_ref(), hex::encode(sent.body_sha256));
        let reference = body.police_reference.trim();
        let is_sound =
            is_this_one != Some(false) && are_these_bytes != Some(false) && !reference.is_empty();
        let is_kept = is_reference(reference) && !sent.is_told_by(reference);
        is_sound.then(|| Self {
            police_reference: is_kept.then(|| reference.to_owned()),
            is_of_these_bytes: are_these_bytes == Some(true),
        })
    }
}

impl From<Confirmation> for DeliveryOutcome {
    fn from(confirmation: Confirmation) -> Self {
        Self::Delivered {
            police_reference: confirmation.police_reference,
        }
    }
}

/// Headers of a delivery: idempotency key, signature, trace.
pub(crate) fn headers(
    secret: &[u8],
    id: Uuid,
    now: DateTime<Utc>,
    trace_parent: Option<&str>,
    body: &[u8],
) -> HeaderMap {
    let id = id.to_string();
    let timestamp_s = now.timestamp();
    let signature = standard_webhooks::sign(secret, &id, timestamp_s, body);
    let trace_parent = trace_parent.and_then(|parent| child_of(parent, ids::random_bytes()));
    let texts = [
        ("idempotency-key", Some(id.clone())),
        (standard_webhooks::ID_HEADER, Some(id)),
        (
            standard_webhooks::TIMESTAMP_HEADER,
            Some(timestamp_s.to_string()),
        ),
        (standard_webhooks::SIGNATURE_HEADER, Some(signature)),
        ("traceparent", trace_parent),
    ];
    let mut headers = HeaderMap::with_capacity(texts.len() + 1);
    for (name, text) in texts {
        // All of them are visible ASCII.
        if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// The trace context of a call inside the trace of `parent` (W3C Trace Context, version 00).
fn child_of(parent: &str, span_id: [u8; 8]) -> Option<String> {
    let mut parts = parent.split('-');
    let (version, trace_id, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_sound = version == "00"
        && is_hex(trace_id, 32)
        && is_hex(span, 16)
        && is_hex(flags, 2)
        && parts.next().is_none();
    let span_id = u64::from_be_bytes(span_id);
    is_sound.then(|| format!("00-{trace_id}-{span_id:016x}-{flags}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(7);
    const SENT: SentNotification<'_> = SentNotification {
        id: ID,
        body_sha256: &[7; 32],
        body: br#"{"guest":{"full_name":"Nguyen Van An","document":{"number":"038090001234"}}}"#,
    };

    fn answer(status: u16, is_json: bool, body: &str) -> Result<PeerAnswer, CallFault> {
        Ok(PeerAnswer {
            status,
            is_json,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        })
    }

    /// Outcome, code, health, as one line.
    fn read(outcome: &Result<PeerAnswer, CallFault>) -> String {
        let outcome = judge(SENT, outcome);
        format!(
            "{} {} {:?}",
            outcome.attempt_outcome(),
            outcome.code().unwrap_or("-"),
            outcome.health()
        )
    }

    #[test]
    fn every_answer_has_its_reading() {
        let confirmed =
            r#"{"police_reference":"CA-38-1","received_at":"2026-11-23T14:05:00+07:00"}"#;
        let coded = r#"{"code":"address_unknown","message":"…"}"#;
        let table = [
            (answer(200, true, confirmed), "delivered - Well"),
            (answer(201, true, confirmed), "delivered - Well"),
            (answer(202, true, confirmed), "delivered - Well"),
            (answer(200, false, confirmed), "unknown malformed Failing"),
            (answer(200, true, "{}"), "unknown malformed Failing"),
            (
                answer(200, true, &confirmed[..40]),
                "unknown malformed Failing",
            ),
            (
                answer(200, false, "<!doctype html>"),
                "unknown malformed Failing",
            ),
            (answer(200, true, "\u{fffd}"), "unknown malformed Failing"),
            (answer(204, false, ""), "unknown malformed Failing"),
            (answer(302, false, ""), "unknown unexpected_status Failing"),
            (
                answer(304, true, coded),
                "unknown unexpected_status Failing",
            ),
            (answer(400, true, coded), "refused address_unknown Well"),
            (answer(400, false, "no"), "refused refused Well"),
            (answer(422, true, coded), "refused address_unknown Well"),
            (
                answer(422, true, r#"{"code":"Ngày sinh sai"}"#),
                "refused refused Well",
            ),
            (answer(422, true, r#"{"code":""}"#), "refused refused Well"),
            // Anything that could be a personal number, date or name is not a code.
            (
                answer(422, true, r#"{"code":"038025770095"}"#),
                "refused refused Well",
            ),
            (
                answer(422, true, r#"{"code":"id_038025770095"}"#),
                "refused refused Well",
            ),
            (
                answer(422, true, r#"{"code":"born_19900517"}"#),
                "refused refused Well",
            ),
            (
                answer(422, true, r#"{"code":"unknown_nguyen_van_an"}"#),
                "refused refused Well",
            ),
            (
                answer(404, true, r#"{"code":"_e"}"#),
                "refused refused Well",
            ),
            (
                answer(422, true, r#"{"code":"e10422_v2"}"#),
                "refused e10422_v2 Well",
            ),
            (
                answer(409, true, r#"{"code":"idempotency_conflict"}"#),
                "refused idempotency_conflict Well",
            ),
            (answer(404, true, coded), "refused address_unknown Well"),
            (answer(410, true, coded), "refused address_unknown Well"),
            (
                answer(404, false, "not here"),
                "unknown unexpected_status Failing",
            ),
            (answer(410, true, "{}"), "unknown unexpected_status Failing"),
            (answer(401, true, coded), "unavailable refuses_us RefusesUs"),
            (answer(403, true, coded), "unavailable refuses_us RefusesUs"),
            (answer(408, true, coded), "unavailable overloaded Failing"),
            (answer(429, true, coded), "unavailable overloaded Failing"),
            (answer(418, true, coded), "unknown unexpected_status Well"),
            (answer(405, false, ""), "unknown unexpected_status Failing"),
            (answer(500, true, coded), "unavailable failing Failing"),
            (answer(502, false, "proxy"), "unavailable failing Failing"),
            (answer(503, true, coded), "unavailable failing Failing"),
            (Err(CallFault::Timeout), "unavailable timeout Failing"),
            (Err(CallFault::Connect), "unavailable connect Failing"),
            (Err(CallFault::Cut), "unavailable cut Failing"),
            (Err(CallFault::TooLong), "unknown answer_too_long Failing"),
        ];
        for (outcome, expected) in table {
            assert_eq!(read(&outcome), expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_confirmation_names_a_reference_and_an_instant_and_no_other_notification() {
        let at = "2026-11-23T14:05:00+07:00";
        let another = Uuid::from_u128(8);
        let table = [
            (
                format!(r#"{{"police_reference":" CA-1 ","received_at":"{at}"}}"#),
                true,
            ),
            (
                format!(
                    r#"{{"police_reference":"CA-1","received_at":"{at}","notification_id":"{ID}"}}"#
                ),
                true,
            ),
            (
                format!(
                    r#"{{"police_reference":"CA-1","received_at":"{at}","notification_id":"{another}"}}"#
                ),
                false,
            ),
            (
                format!(r#"{{"police_reference":"","received_at":"{at}"}}"#),
                false,
            ),
            (
                format!(r#"{{"police_reference":7,"received_at":"{at}"}}"#),
                false,
            ),
            (
                format!(r#"{{"police_reference":["a","b"],"received_at":"{at}"}}"#),
                false,
            ),
            (
                r#"{"police_reference":"CA-1","received_at":"yesterday"}"#.to_owned(),
                false,
            ),
            (r#"{"police_reference":"CA-1"}"#.to_owned(), false),
            (
                format!(
                    r#"{{"police_reference":"CA-1","received_at":"{at}","police_reference":"CA-2"}}"#
                ),
                false,
            ),
            (format!(r#"["CA-1","{at}"]"#), false),
            (
                format!(
                    r#"{{"police_reference":"CA-1","received_at":"{at}","body_sha256":"{}"}}"#,
                    "07".repeat(32)
                ),
                true,
            ),
            (
                format!(
                    r#"{{"police_reference":"CA-1","received_at":"{at}","body_sha256":"{}"}}"#,
                    "08".repeat(32)
                ),
                false,
            ),
            (
                format!(r#"[{{"police_reference":"CA-1","received_at":"{at}"}}]"#),
                false,
            ),
        ];
        for (body, is_delivered) in table {
            let outcome = judge(SENT, &answer(200, true, &body));
            assert_eq!(
                matches!(outcome, DeliveryOutcome::Delivered { .. }),
                is_delivered,
                "{body}"
            );
        }
    }

    #[test]
    fn only_a_reference_that_tells_nothing_else_is_kept() {
        let long = "x".repeat(REFERENCE_LENGTH_MAX + 1);
        let table = [
            ("CA-38-2026-000001", true),
            ("TH/2026/11.29_7", true),
            ("20261129000001", true),
            ("CA 38", false),
            ("<script>", false),
            ("CA\\u202e1", false),
            ("a\\u0000b", false),
            ("Số 5", false),
            (&long, false),
            // The guest of this very notification.
            ("038090001234", false),
            ("CA-038090001234", false),
            ("Nguyen.Van.An", false),
        ];
        for (reference, is_kept) in table {
            let at = "2026-11-23T14:05:00+07:00";
            let body = format!(r#"{{"police_reference":"{reference}","received_at":"{at}"}}"#);
            let kept = is_kept.then(|| reference.to_owned());
            let expected = DeliveryOutcome::Delivered {
                police_reference: kept,
            };
            assert_eq!(judge(SENT, &answer(200, true, &body)), expected);
        }
    }

    #[test]
    fn another_body_under_the_same_id_is_a_case() {
        let conflict = judge(SENT, &answer(409, true, "{}"));
        assert!(matches!(
            conflict,
            DeliveryOutcome::Refused {
                is_conflict: true,
                ..
            }
        ));
        let of = |bytes: &str| {
            let digest = bytes.repeat(32);
            let at = "2026-11-23T14:05:00+07:00";
            format!(
                r#"{{"police_reference":"CA-1","received_at":"{at}","body_sha256":"{digest}"}}"#
            )
        };
        let same = judge(SENT, &answer(409, true, &of("07")));
        assert!(matches!(same, DeliveryOutcome::Delivered { .. }));
        let other = judge(SENT, &answer(409, true, &of("08")));
        assert!(matches!(
            other,
            DeliveryOutcome::Refused {
                is_conflict: true,
                ..
            }
        ));
        let refusal = judge(SENT, &answer(422, true, "{}"));
        assert!(matches!(
            refusal,
            DeliveryOutcome::Refused {
                is_conflict: false,
                ..
            }
        ));
    }

    #[test]
    fn a_delivery_carries_its_id_and_a_signature_that_verifies() {
        let secret = [7; 32];
        let now = DateTime::from_timestamp(1_795_400_000, 5).unwrap();
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let headers = headers(&secret, ID, now, Some(parent), b"{}");
        let text = |name| headers.get(name).unwrap().to_str().unwrap();

        assert_eq!(text("idempotency-key"), ID.to_string());
        assert_eq!(text("webhook-id"), ID.to_string());
        assert_eq!(text("webhook-timestamp"), "1795400000");
        let signature = text("webhook-signature");
        let id = ID.to_string();
        assert!(standard_webhooks::verify(
            &secret,
            &id,
            1_795_400_000,
            b"{}",
            signature
        ));
        assert!(text("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert!(text("traceparent").ends_with("-01"));
        assert!(!text("traceparent").contains("00f067aa0ba902b7"));
    }

    #[test]
    fn a_trace_context_that_cannot_be_read_is_not_continued() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for parent in [
            "",
            "00",
            &format!("01-{trace}-00f067aa0ba902b7-01"),
            &format!("00-{trace}-00f067aa0ba902b7"),
            &format!("00-{trace}-00f067aa0ba902b7-01-x"),
            &format!("00-{trace}-00f067aa0ba902bz-01"),
        ] {
            assert_eq!(child_of(parent, [1; 8]), None, "{parent}");
        }
        let parent = format!("00-{trace}-00f067aa0ba902b7-00");
        let child = child_of(&parent, [0, 0, 0, 0, 0, 0, 0, 9]);
        assert_eq!(
            child.as_deref(),
            Some(&*format!("00-{trace}-0000000000000009-00"))
        );
    }
}
