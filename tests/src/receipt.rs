//! Verifies a receipt as an inspector would: offline, with the published keys and the answer.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::canonical::to_canonical_json;

/// Members of a stay's answer that the service adds to what was sent.
const ADDED: [&str; 11] = [
    "id",
    "version",
    "received_at",
    "deadline_at",
    "timeliness",
    "warnings",
    "presence",
    "identity",
    "delivery",
    "completion",
    "receipt",
];

/// The payload of a JWS, if one of the keys signed it. Errors say why not.
pub fn verified_payload(jws: &str, jwks: &Value) -> Result<Value, String> {
    verified_payload_of(jws, jwks, "luutru-receipt")
}

/// The same for another type of receipt.
pub fn verified_payload_of(jws: &str, jwks: &Value, typ: &str) -> Result<Value, String> {
    let header = jsonwebtoken::decode_header(jws).map_err(|error| error.to_string())?;
    if header.typ.as_deref() != Some(typ) {
        return Err(format!("the header's typ is not {typ}"));
    }
    let kid = header.kid.ok_or("the header names no key")?;
    let keys: JwkSet = serde_json::from_value(jwks.clone()).map_err(|error| error.to_string())?;
    let key = keys.find(&kid).ok_or("no key of this name is published")?;
    let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&["luutru"]);
    rules.set_required_spec_claims(&["iss"]);
    rules.validate_exp = false;
    jsonwebtoken::decode::<Value>(jws, &key, &rules)
        .map(|token| token.claims)
        .map_err(|error| error.to_string())
}

/// The digest that the receipt of this answer must hold: of the salt and of the stay as sent.
pub fn recomputed_digest(stay: &Value) -> String {
    let mut content = stay.clone();
    let members = content.as_object_mut().expect("a stay");
    members.retain(|name, _| !ADDED.contains(&name.as_str()));
    digest_of(&stay["receipt"], &content).expect("a salt of 16 bytes")
}

/// The digest of a content under the salt of a receipt; none when there is no sound salt.
pub fn digest_of(receipt: &Value, content: &Value) -> Option<String> {
    let salt = URL_SAFE_NO_PAD
        .decode(receipt["content_salt"].as_str()?)
        .ok()?;
    if salt.len() != 16 {
        return None;
    }
    let mut digest = Sha256::new();
    digest.update(salt);
    digest.update(to_canonical_json(content));
    Some(hex::encode(digest.finalize()))
}

/// Checks digest and signature of the receipt in a stay's answer, and that both speak of this
/// stay.
pub fn assert_sound(stay: &Value, jwks: &Value) {
    let receipt = &stay["receipt"];
    assert_eq!(receipt["content_sha256"], recomputed_digest(stay));
    let jws = receipt["jws"].as_str().expect("a JWS");
    let payload = verified_payload(jws, jwks).unwrap_or_else(|error| panic!("{error}: {jws}"));
    let mut stated = receipt.clone();
    let members = stated.as_object_mut().expect("a receipt");
    members.remove("jws");
    members.remove("content_salt");
    members.insert("iss".to_owned(), Value::from("luutru"));
    members.insert("stay_id".to_owned(), stay["id"].clone());
    members.insert("facility_id".to_owned(), stay["facility_id"].clone());
    assert_eq!(payload, stated);
}
