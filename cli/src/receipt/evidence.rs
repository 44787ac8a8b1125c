//! The evidence presented for a receipt: the JWS alone, or the service's JSON that contains it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{canonical::to_canonical_json, receipt};
use serde_json::{Map, Value};

/// Members of a stay's answer that the service adds to what was declared.
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
/// Set by a departure: part of what is covered only where the version says so.
const DEPARTED_AT: &str = "departed_at";

/// Everything that is checked together.
pub(super) struct ReceiptEvidence {
    /// The JWS, or JSON that holds it.
    pub(super) receipt: String,
    /// The stay, where it was given apart.
    pub(super) content: Option<Value>,
    /// The salt, where it was given apart.
    pub(super) salt: Option<String>,
}

/// Whether a text has the form of a compact JWS.
pub(super) fn is_jws(text: &str) -> bool {
    let text = text.trim();
    let is_base64url = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.split('.').count() == 3 && text.split('.').all(is_base64url)
}

impl ReceiptEvidence {
    /// The JWS; anything else is returned unchanged, for the check to refuse.
    pub(super) fn jws(&self) -> String {
        let found = self.json().and_then(|json| {
            let jws = json["jws"]
                .as_str()
                .or_else(|| json["receipt"]["jws"].as_str());
            jws.map(str::to_owned)
        });
        found.unwrap_or_else(|| self.receipt.trim().to_owned())
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.receipt).ok()
    }

    /// The stay whose content is to be compared: given apart, or around the receipt.
    fn stay(&self) -> Option<Value> {
        let around = || self.json().filter(|json| json["guest"].is_object());
        self.content.clone().or_else(around)
    }

    /// Whether the content matches the receipt's digest; `None` when no content was given.
    pub(super) fn content_matches(&self, sha256: &str) -> Option<Agreement> {
        let stay = self.stay()?;
        let Some(salt) = self.salt(&stay) else {
            return Some(Agreement::WithoutSalt);
        };
        let Value::Object(mut content) = stay else {
            return Some(Agreement::Differs);
        };
        content.retain(|name, _| !ADDED.contains(&name.as_str()));
        let is_same = |content: &Map<String, Value>| {
            let canonical = to_canonical_json(&Value::Object(content.clone()));
            hex::encode(receipt::content_sha256(&salt, &canonical)) == sha256
        };
        if is_same(&content) {
            return Some(Agreement::Same);
        }
        content.remove(DEPARTED_AT);
        Some(if is_same(&content) {
            Agreement::Same
        } else {
            Agreement::Differs
        })
    }

    fn salt(&self, stay: &Value) -> Option<[u8; 16]> {
        let receipt = self.json().unwrap_or_default();
        let text = self
            .salt
            .as_deref()
            .or_else(|| stay["receipt"]["content_salt"].as_str())
            .or_else(|| receipt["content_salt"].as_str())?;
        URL_SAFE_NO_PAD.decode(text.trim()).ok()?.try_into().ok()
    }
}

/// How content and receipt agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// The digest is of this content.
    Same,
    /// It is not.
    Differs,
    /// No salt, or one that is not 16 bytes in base64url.
    WithoutSalt,
}
