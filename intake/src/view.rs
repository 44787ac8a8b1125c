//! What a sender is shown of a stay: the answer to a declaration, and the stay as it stands.
//!
//! The first answer can be made again byte for byte at any later time: it is a function of the
//! first version's row, of what never changes in the stay's row, and of constants. Members are
//! written in canonical order.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    change,
    problem::Violation,
    receipt,
    stay::{
        ATTENTION_POINTERS, CompletionState, DeliveryState, IdentityReview, IdentityState,
        Timeliness,
    },
    time::format_instant,
};
use runtime::{
    signing,
    vault::{Owner, StaySafe, Vault},
};
use serde_json::{Map, Value, json};
use store::stays::{StayRow, StayVersionRow};
use uuid::Uuid;

/// Who signs receipts: the JWS member `iss`.
pub const ISSUER: &str = "luutru";
/// The table whose rows hold sealed content, for the seal's context.
pub const SEALED_TABLE: &str = "stay_version";
/// The column of it that holds the sealed reason of a change, for the seal's context.
pub(crate) const SEALED_REASON: &str = "stay_version.reason";
/// The table whose rows hold the sealed bytes of notifications, for the seal's context.
pub const SEALED_BODY: &str = "outbox_task";
/// The table whose rows hold what officers wrote, for the seal's context.
pub const SEALED_WORDS: &str = "review_decision";
/// The table whose rows hold what facilities answer them, for the seal's context.
pub const SEALED_ANSWER: &str = "review_answer";

const SALT_LENGTH: usize = 16;

/// A stay as its sender sees it.
pub struct StayView {
    /// The stay's id.
    pub id: Uuid,
    /// The version that is shown; the `ETag`.
    pub version: i32,
    /// The JSON text.
    pub json: String,
}

impl StayView {
    /// The same with the warnings that were stored, where more was noticed when it was written.
    pub(crate) fn with_warnings(self, stored: &str) -> Self {
        self.with_member("warnings", warnings_from_json(stored))
    }

    /// The same with what an officer asks of its sender, where something is asked.
    #[must_use]
    pub fn with_questions(self, questions: Vec<Value>) -> Self {
        if questions.is_empty() {
            return self;
        }
        self.with_member("questions", Value::Array(questions))
    }

    fn with_member(self, name: &str, value: Value) -> Self {
        let mut stay = object(serde_json::from_str(&self.json).unwrap_or_default());
        stay.insert(name.to_owned(), value);
        let json = String::from_utf8_lossy(&to_canonical_json(&Value::Object(stay))).into_owned();
        Self { json, ..self }
    }
}

/// The sealed content of a version, opened.
pub struct Opened {
    /// Salts the digest of the receipt.
    pub salt: [u8; SALT_LENGTH],
    /// The stay as sent after normalisation, with `facility_id` and `arrival_at`.
    pub content: Value,
}

/// What is sealed: the salt, then the canonical content.
pub(crate) fn to_plaintext(salt: &[u8; SALT_LENGTH], canonical_content: &[u8]) -> Vec<u8> {
    [salt.as_slice(), canonical_content].concat()
}

/// The stay as what is sealed of it is opened.
#[must_use]
pub fn safe(stay: &StayRow) -> StaySafe<'_> {
    StaySafe {
        stay_id: stay.id,
        owner: Owner {
            organisation_id: stay.organisation_id,
            facility_id: stay.facility_id,
        },
        sealed_key: stay.sealed_key.as_deref(),
    }
}

/// Opens the content of a version. Errors: the key is not loaded, or the blob is not of this row.
pub fn open(vault: &Vault, stay: &StayRow, version: &StayVersionRow) -> anyhow::Result<Opened> {
    open_sealed(vault, &safe(stay), version.version, &version.sealed)
}

/// As [`open`], of a version whose row is not at hand.
pub fn open_sealed(
    vault: &Vault,
    stay: &StaySafe<'_>,
    version: i32,
    sealed: &[u8],
) -> anyhow::Result<Opened> {
    let context = stay.context(SEALED_TABLE, stay.stay_id, version);
    let plaintext = vault.open_of_stay(stay, &context, sealed)?;
    let (salt, content) = plaintext
        .split_first_chunk::<SALT_LENGTH>()
        .ok_or_else(|| anyhow::anyhow!("a sealed version is too short"))?;
    // The error of the reader would quote what it read.
    let content = serde_json::from_slice(content)
        .map_err(|_| anyhow::anyhow!("a sealed version does not hold JSON"))?;
    Ok(Opened {
        salt: *salt,
        content,
    })
}

/// As of when a version and those before it tell of their stay; `None` of a declaration, whose
/// arrival says that.
pub(crate) fn as_of(version: &StayVersionRow) -> Option<DateTime<Utc>> {
    let received_at = (version.version > 1).then_some(version.received_at);
    version.as_of.or(received_at)
}

/// The answer to what made a version, from what was just made.
pub(crate) fn accepted(
    stay: &StayRow,
    version: &StayVersionRow,
    content: &Value,
    salt: &[u8; SALT_LENGTH],
) -> StayView {
    let (delivery, delivery_version) = match version.delivery_version {
        // Of a first version only the flag tells.
        _ if version.version == 1 && version.is_forwardable => (DeliveryState::Queued, 1),
        0 => (DeliveryState::NotRequired, 1),
        _ if version.version == 1 => (DeliveryState::NotRequired, 1),
        newest => (DeliveryState::Queued, newest),
    };
    let axes = json!({
        "presence": version.presence,
        "identity": {"state": IdentityState::Pending.as_str()},
        "delivery": {"state": delivery.as_str(), "version": delivery_version},
        "completion": completion(version.owed.as_deref()),
    });
    render(stay, version, content, salt, axes)
}

/// The answer to what made a version again, rebuilt from what is stored.
pub fn as_accepted(
    vault: &Vault,
    stay: &StayRow,
    version: &StayVersionRow,
) -> anyhow::Result<StayView> {
    let opened = open(vault, stay, version)?;
    Ok(accepted(stay, version, &opened.content, &opened.salt))
}

/// Every version of a stay with who, when and why, the oldest first. `labels` are what people call
/// the keys that made them, `sent_later` the versions that the police got though they had no night
/// in them when they were made.
pub fn history(
    vault: &Vault,
    stay: &StayRow,
    versions: &[StayVersionRow],
    labels: &HashMap<Uuid, String>,
    sent_later: &HashSet<i32>,
) -> anyhow::Result<Value> {
    let mut before = None;
    let mut items = Vec::with_capacity(versions.len());
    for version in versions {
        let content = open(vault, stay, version)?.content;
        let changed = match &before {
            Some(before) => change::differences(before, &content),
            None => Vec::new(),
        };
        items.push(json!({
            "version": version.version,
            "change": version.change_kind,
            "changed": changed,
            "made_at": format_instant(version.received_at),
            "made_by": {
                "key_id": version.created_by,
                "label": labels.get(&version.created_by),
            },
            "channel": version.channel,
            "reason": reason(vault, stay, version)?,
            "presence": version.presence,
            "is_forwarded": version.is_forwardable || sent_later.contains(&version.version),
            "receipt_number": version.receipt_number,
            "warnings": warnings_from_json(&version.warnings),
        }));
        before = Some(content);
    }
    Ok(json!({"stay_id": stay.id, "items": items}))
}

/// Why a version was made, in the sender's words. Errors: as [`open`].
pub fn reason(
    vault: &Vault,
    stay: &StayRow,
    version: &StayVersionRow,
) -> anyhow::Result<Option<String>> {
    let Some(sealed) = &version.sealed_reason else {
        return Ok(None);
    };
    let stay = safe(stay);
    let context = stay.context(SEALED_REASON, version.stay_id, version.version);
    let reason = vault.open_of_stay(&stay, &context, sealed)?;
    Ok(Some(String::from_utf8_lossy(&reason).into_owned()))
}

/// The stay as it stands now, as its sender may see it.
pub fn current(
    vault: &Vault,
    stay: &StayRow,
    version: &StayVersionRow,
) -> anyhow::Result<StayView> {
    let opened = open(vault, stay, version)?;
    let axes = json!({
        "presence": stay.presence,
        "identity": identity(stay)?,
        "delivery": delivery(stay),
        "completion": completion(stay.owed.as_deref()),
    });
    Ok(render(stay, version, &opened.content, &opened.salt, axes))
}

/// A sender sees neither grade nor difference, only where to look again.
fn identity(stay: &StayRow) -> anyhow::Result<Value> {
    let state = IdentityState::parse(&stay.identity_state)
        .ok_or_else(|| anyhow::anyhow!("a stored identity state has no meaning"))?;
    let review = review_of(stay);
    let seen = state.as_seen_by_sender(review);
    Ok(match state.needs_attention(review) {
        true => json!({"state": seen, "pointers": ATTENTION_POINTERS}),
        false => json!({"state": seen}),
    })
}

/// What the police's review made of a stay's identity.
pub fn review_of(stay: &StayRow) -> Option<IdentityReview> {
    stay.identity_review
        .as_deref()
        .and_then(IdentityReview::parse)
}

fn delivery(stay: &StayRow) -> Value {
    let mut delivery = json!({"state": stay.delivery_state, "version": stay.delivery_version});
    if let Some(reference) = &stay.police_reference {
        delivery["police_reference"] = json!(reference);
    }
    if let Some(reason) = &stay.delivery_reason {
        delivery["reason"] = json!(reason);
    }
    delivery
}

fn render(
    stay: &StayRow,
    version: &StayVersionRow,
    content: &Value,
    salt: &[u8; SALT_LENGTH],
    axes: Value,
) -> StayView {
    let mut answer = content.as_object().cloned().unwrap_or_default();
    answer.extend(object(axes));
    answer.extend(object(json!({
        "id": stay.id,
        "version": version.version,
        "received_at": format_instant(stay.received_at),
        "deadline_at": format_instant(stay.deadline_at),
        "timeliness": stay.timeliness,
        "warnings": warnings_from_json(&version.warnings),
        "receipt": receipt_of(stay, version, salt),
    })));
    let json = String::from_utf8_lossy(&to_canonical_json(&Value::Object(answer))).into_owned();
    StayView {
        id: stay.id,
        version: version.version,
        json,
    }
}

/// The axis `completion`: what is owed, if anything is.
fn completion(owed: Option<&str>) -> Value {
    let state = if owed.is_some() {
        CompletionState::Due
    } else {
        CompletionState::Complete
    };
    let mut completion = object(json!({"state": state.as_str()}));
    let owed = owed.and_then(|owed| serde_json::from_str(owed).ok());
    completion.extend(owed.map(object).unwrap_or_default());
    Value::Object(completion)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// The receipt of a version, with the salt that opens its digest.
pub fn receipt(vault: &Vault, stay: &StayRow, version: &StayVersionRow) -> anyhow::Result<Value> {
    let opened = open(vault, stay, version)?;
    Ok(receipt_of(stay, version, &opened.salt))
}

fn receipt_of(stay: &StayRow, version: &StayVersionRow, salt: &[u8; SALT_LENGTH]) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    json!({
        "number": version.receipt_number,
        "version": version.version,
        "received_at": format_instant(stay.received_at),
        "deadline_at": format_instant(stay.deadline_at),
        "timeliness": stay.timeliness,
        "content_salt": URL_SAFE_NO_PAD.encode(salt),
        "content_sha256": hex::encode(&version.content_sha256),
        "jws": jws(stay, version),
    })
}

/// The receipt as a compact JWS: the payload is made again from the rows, the signature is stored.
pub fn jws(stay: &StayRow, version: &StayVersionRow) -> String {
    let mut content_sha256 = [0; 32];
    if version.content_sha256.len() == content_sha256.len() {
        content_sha256.copy_from_slice(&version.content_sha256);
    }
    let payload = receipt::jws_payload(&receipt::ReceiptFacts {
        number: &version.receipt_number,
        version: version.version,
        received_at: stay.received_at,
        deadline_at: stay.deadline_at,
        timeliness: Timeliness::parse(&stay.timeliness).unwrap_or(Timeliness::Late),
        content_sha256,
        iss: ISSUER,
        stay_id: stay.id,
        facility_id: stay.facility_id,
    });
    signing::compact_jws(&version.receipt_kid, &payload, &version.receipt_signature)
}

/// Warnings as they are stored: pointers and codes, no text and no value.
pub(crate) fn warnings_to_json(warnings: &[Violation]) -> String {
    let rows: Vec<Value> = warnings
        .iter()
        .map(|warning| json!({"pointer": warning.pointer, "code": warning.code.as_str()}))
        .collect();
    Value::Array(rows).to_string()
}

/// Warnings as they are shown: `[{pointer, code}]`, in the order they were found.
fn warnings_from_json(stored: &str) -> Value {
    serde_json::from_str(stored).unwrap_or_else(|_| json!([]))
}
