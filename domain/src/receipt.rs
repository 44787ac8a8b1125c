//! The receipt of a declaration: its number, content digest and signed payload; and the receipt of
//! a facility's day.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::canonical::{of_sorted, to_canonical_json};
use crate::stay::Timeliness;
use crate::time::{VIET_NAM, format_instant};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of the stay's part of a number: 80 bits.
const LETTER_COUNT: u32 = 16;

/// Everything a signed receipt states.
#[derive(Clone, Debug)]
pub struct ReceiptFacts<'a> {
    /// See [`number`].
    pub number: &'a str,
    /// The stay's version, from 1.
    pub version: i32,
    /// Legal time of filing: that of version 1, whatever is amended.
    pub received_at: DateTime<Utc>,
    /// Statutory deadline, of version 1.
    pub deadline_at: DateTime<Utc>,
    /// Whether the one lies before the other.
    pub timeliness: Timeliness,
    /// See [`content_sha256`].
    pub content_sha256: [u8; 32],
    /// The signer: the service's issuer name.
    pub iss: &'a str,
    /// The stay.
    pub stay_id: Uuid,
    /// The facility that declared it.
    pub facility_id: Uuid,
}

/// A receipt's number, `LT-YYMMDD-` and 16 letters or digits, from version 2 on with `/2`.
///
/// The day is that of receipt in Viet Nam. The letters are the last 80 bits of the stay's id that
/// are not fixed by its form (six of its milliseconds, 74 random): unique where the id is, and
/// found again from the id alone.
#[must_use]
pub fn number(received_at: DateTime<Utc>, stay_id: Uuid, version: i32) -> String {
    let day = received_at.with_timezone(&VIET_NAM).format("%y%m%d");
    let letters: String = (0..LETTER_COUNT)
        .rev()
        .map(|at| letter(free_bits(stay_id), at))
        .collect();
    if version > 1 {
        format!("LT-{day}-{letters}/{version}")
    } else {
        format!("LT-{day}-{letters}")
    }
}

/// SHA-256 of the salt followed by the content in canonical form
/// ([`crate::canonical::to_canonical_json`]); 32 bytes, written as hex in JSON.
#[must_use]
pub fn content_sha256(salt: &[u8; 16], canonical_content: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(salt);
    digest.update(canonical_content);
    digest.finalize().into()
}

/// The JWS payload: canonical JSON of the receipt's members without `jws` and salt, with `iss`,
/// `stay_id` and `facility_id`.
#[must_use]
pub fn jws_payload(facts: &ReceiptFacts<'_>) -> Vec<u8> {
    of_sorted(&Payload {
        content_sha256: hex::encode(facts.content_sha256),
        deadline_at: format_instant(facts.deadline_at),
        facility_id: facts.facility_id,
        iss: facts.iss,
        number: facts.number,
        received_at: format_instant(facts.received_at),
        stay_id: facts.stay_id,
        timeliness: facts.timeliness.as_str(),
        version: facts.version,
    })
}

/// The members of [`jws_payload`], in canonical order.
#[derive(Serialize)]
struct Payload<'a> {
    content_sha256: String,
    deadline_at: String,
    facility_id: Uuid,
    iss: &'a str,
    number: &'a str,
    received_at: String,
    stay_id: Uuid,
    timeliness: &'static str,
    version: i32,
}

/// Everything a signed receipt of a facility's day states.
#[derive(Clone, Debug)]
pub struct DayFacts<'a> {
    /// The facility.
    pub facility_id: Uuid,
    /// The local day on which the stays began.
    pub date: NaiveDate,
    /// When the receipt was made: a late declaration may still be added to a past day.
    pub as_of: DateTime<Utc>,
    /// Count and hash over the numbers of the receipts.
    pub digest: &'a crate::digest::Digest,
    /// The signer: the service's issuer name.
    pub iss: &'a str,
}

/// The JWS payload of a day's receipt, as canonical JSON.
#[must_use]
pub fn day_payload(facts: &DayFacts<'_>) -> Vec<u8> {
    to_canonical_json(&json!({
        "facility_id": facts.facility_id,
        "date": facts.date.to_string(),
        "as_of": format_instant(facts.as_of),
        "count": facts.digest.count,
        "sha256": hex::encode(facts.digest.sha256),
        "iss": facts.iss,
    }))
}

/// A UUID without its version and variant bits (RFC 9562, 5.7), as one number of 122 bits.
fn free_bits(id: Uuid) -> u128 {
    let bits = id.as_u128();
    let time = bits >> 80;
    let rand_a = (bits >> 64) & 0xfff;
    let rand_b = bits & ((1 << 62) - 1);
    (time << 74) | (rand_a << 62) | rand_b
}

fn letter(bits: u128, at: u32) -> char {
    let index = usize::try_from((bits >> (5 * at)) & 0x1f).unwrap_or_default();
    ALPHABET.get(index).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::time::parse_instant;

    #[test]
    fn the_number_names_the_local_day_and_the_version() {
        let received_at = parse_instant("2026-11-23T18:30:00Z").unwrap();
        let stay_id = Uuid::parse_str("019ab000-0000-7000-8000-000000000001").unwrap();
        assert_eq!(
            number(received_at, stay_id, 1),
            "LT-261124-0000000000000001"
        );
        assert_eq!(
            number(received_at, stay_id, 2),
            "LT-261124-0000000000000001/2"
        );
    }

    #[test]
    fn the_digest_is_that_of_salt_and_canonical_text() {
        let content = json!({"room": "203", "guest": {"full_name": "Nguyễn Văn An"}});
        let text = r#"{"guest":{"full_name":"Nguyễn Văn An"},"room":"203"}"#;
        let expected: [u8; 32] = Sha256::digest([&[7; 16], text.as_bytes()].concat()).into();
        assert_eq!(
            content_sha256(&[7; 16], &to_canonical_json(&content)),
            expected
        );
    }

    #[test]
    fn the_payload_is_fixed_byte_for_byte() {
        let facts = ReceiptFacts {
            number: "LT-261123-0000000000000001",
            version: 1,
            received_at: parse_instant("2026-11-23T07:05:00.25Z").unwrap(),
            deadline_at: parse_instant("2026-11-23T16:00:00Z").unwrap(),
            timeliness: Timeliness::OnTime,
            content_sha256: [0xab; 32],
            iss: "luutru",
            stay_id: Uuid::from_u128(1),
            facility_id: Uuid::from_u128(2),
        };
        let expected = format!(
            concat!(
                r#"{{"content_sha256":"{}","deadline_at":"2026-11-23T23:00:00+07:00","#,
                r#""facility_id":"00000000-0000-0000-0000-000000000002","iss":"luutru","#,
                r#""number":"LT-261123-0000000000000001","received_at":"2026-11-23T14:05:00.25+07:00","#,
                r#""stay_id":"00000000-0000-0000-0000-000000000001","timeliness":"on_time","version":1}}"#
            ),
            "ab".repeat(32)
        );
        assert_eq!(String::from_utf8(jws_payload(&facts)).unwrap(), expected);
    }

    #[test]
    fn the_payload_of_a_day_is_fixed_byte_for_byte() {
        let digest = crate::digest::of_numbers(std::iter::empty::<&str>());
        let payload = day_payload(&DayFacts {
            facility_id: Uuid::from_u128(2),
            date: crate::time::parse_day("2026-11-23").unwrap(),
            as_of: parse_instant("2026-11-23T17:30:00Z").unwrap(),
            digest: &digest,
            iss: "luutru",
        });
        let expected = format!(
            concat!(
                r#"{{"as_of":"2026-11-24T00:30:00+07:00","count":0,"date":"2026-11-23","#,
                r#""facility_id":"00000000-0000-0000-0000-000000000002","iss":"luutru","#,
                r#""sha256":"{}"}}"#
            ),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(String::from_utf8(payload).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn numbers_of_different_random_bits_differ(bits in prop::collection::hash_set(0_u128..(1 << 62), 2..50)) {
            let received_at = parse_instant("2026-11-23T07:05:00Z").unwrap();
            let ids = bits.iter().map(|low| Uuid::from_u128((0x019a_b000_0000_7000 << 64) | (0b10 << 62) | low));
            let numbers: HashSet<String> = ids.map(|id| number(received_at, id, 1)).collect();
            prop_assert_eq!(numbers.len(), bits.len());
        }
    }
}
