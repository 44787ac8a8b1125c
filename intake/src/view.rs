//! What a sender sees of a stay: the answer to a declaration, and the current stay.
//!
//! The first answer can be rebuilt byte for byte at any time: it is a function of the first
//! version's row, of immutable columns of the stay's row, and of constants. SortedMembers are written in
//! canonical order.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::Context;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::{
    change::{self, ChangeKind},
    problem::Violation,
    receipt,
    stay::{
        ATTENTION_POINTERS, Channel, CompletionState, DeliveryState, IdentityReview, IdentityState,
        Presence, Timeliness,
    },
    time::format_instant,
};
use entity::word::{Unreadable, Word};
use runtime::{
    signing,
    vault::{Owner, StaySafe, Vault},
};
use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};
use store::stays::{StayRow, StayVersionRow};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The issuer of receipts: the JWS member `iss`.
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
    /// Adds the warnings as they were written, if more were found while writing.
    #[expect(clippy::expect_used, reason = "the text was written by the store")]
    pub(crate) fn with_warnings(self, written: &str) -> Self {
        let warnings: &RawValue = serde_json::from_str(written).expect("warnings are JSON");
        self.with_member("warnings", warnings)
    }

    /// Adds the open questions to the sender, if any.
    #[must_use]
    pub fn with_questions(self, questions: &[impl Serialize]) -> Self {
        if questions.is_empty() {
            return self;
        }
        self.with_member("questions", &questions)
    }

    #[expect(
        clippy::expect_used,
        reason = "the text was written by this module, and the member by this service"
    )]
    fn with_member(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let mut members = members(self.json.as_bytes()).expect("a view holds an object");
        let value = serde_json::to_value(value).expect("a member can be written");
        members.insert(name, Member::Tree(value));
        let json = serde_json::to_string(&members).expect("an answer can be written");
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

/// The plaintext to seal: the salt, then the canonical content.
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

/// Opens the content of a version. Errors: the key is not loaded, or the blob was sealed for
/// another row.
pub fn open(vault: &Vault, stay: &StayRow, version: &StayVersionRow) -> anyhow::Result<Opened> {
    open_sealed(vault, &safe(stay), version.version, &version.sealed)
}

/// Like [`open`], for a version whose row is not available.
pub fn open_sealed(
    vault: &Vault,
    stay: &StaySafe<'_>,
    version: i32,
    sealed: &[u8],
) -> anyhow::Result<Opened> {
    let unsealed = Unsealed::of(vault, stay, version, sealed)?;
    // The error of the reader would quote what it read.
    let content = serde_json::from_slice(unsealed.content())
        .map_err(|_| anyhow::anyhow!("a sealed version does not hold JSON"))?;
    Ok(Opened {
        salt: unsealed.salt,
        content,
    })
}

/// The sealed content of a version, opened but not read.
pub struct Unsealed {
    salt: [u8; SALT_LENGTH],
    plaintext: Zeroizing<Vec<u8>>,
}

impl Unsealed {
    /// Opens it. Errors: the key is not loaded, or the blob was sealed for another row.
    pub fn of(
        vault: &Vault,
        stay: &StaySafe<'_>,
        version: i32,
        sealed: &[u8],
    ) -> anyhow::Result<Self> {
        let context = stay.context(SEALED_TABLE, stay.stay_id, version);
        let plaintext = vault.open_of_stay(stay, &context, sealed)?;
        let salt = plaintext.first_chunk().copied();
        Ok(Self {
            salt: salt.context("a sealed version is too short")?,
            plaintext,
        })
    }

    fn of_row(vault: &Vault, stay: &StayRow, version: &StayVersionRow) -> anyhow::Result<Self> {
        Self::of(vault, &safe(stay), version.version, &version.sealed)
    }

    /// The stay as sent after normalisation, in canonical form.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.plaintext[SALT_LENGTH..]
    }
}

/// The instant that a version and its predecessors describe; `None` for a declaration, which is
/// dated by its arrival.
pub(crate) fn as_of(version: &StayVersionRow) -> Option<DateTime<Utc>> {
    let received_at = (version.version > 1).then_some(version.received_at);
    version.as_of.or(received_at)
}

/// The answer to what made a version, from what was just made: its rows, its canonical content and
/// its receipt. Errors: the content is no JSON object.
pub(crate) fn accepted(
    stay: &StayRow,
    version: &StayVersionRow,
    content: &[u8],
    salt: &[u8; SALT_LENGTH],
    jws: &str,
) -> anyhow::Result<StayView> {
    let (delivery, delivery_version) = match version.delivery_version {
        // For a first version only the flag tells.
        _ if version.version == 1 && version.is_forwardable => (DeliveryState::Queued, 1),
        0 => (DeliveryState::NotRequired, 1),
        _ if version.version == 1 => (DeliveryState::NotRequired, 1),
        newest => (DeliveryState::Queued, newest),
    };
    let axes = Axes {
        presence: version.presence.get()?.as_str(),
        identity: Identity {
            pointers: &[],
            state: IdentityState::Pending.as_str(),
        },
        delivery: Delivery {
            police_reference: None,
            reason: None,
            state: delivery.as_str(),
            version: delivery_version,
        },
        owed: version.owed.as_deref(),
    };
    render(stay, version, content, salt, jws, axes)
}

/// The answer to what made a version again, rebuilt from what is stored.
pub fn as_accepted(
    vault: &Vault,
    stay: &StayRow,
    version: &StayVersionRow,
) -> anyhow::Result<StayView> {
    let opened = Unsealed::of_row(vault, stay, version)?;
    let jws = jws(stay, version)?;
    accepted(stay, version, opened.content(), &opened.salt, &jws)
}

/// A version of a stay in its past.
pub struct PastVersion {
    /// Which version, from 1.
    pub version: i32,
    /// What made it.
    pub change: ChangeKind,
    /// Pointers to the members in which it differs from the version before.
    pub changed: Vec<String>,
    /// When it was received.
    pub made_at: DateTime<Utc>,
    /// The key or account that made it.
    pub made_by: Uuid,
    /// By which door.
    pub channel: Channel,
    /// Why, in the sender's words.
    pub reason: Option<String>,
    /// Whether the guest was there.
    pub presence: Presence,
    /// Whether the police were told of it when it was made.
    pub is_forwardable: bool,
    /// The number of its receipt.
    pub receipt_number: String,
    /// What deserved a look.
    pub warnings: Value,
}

/// Every version of a stay with who, when and why, oldest first. Errors: as [`open`], or a row is
/// damaged.
pub fn history(
    vault: &Vault,
    stay: &StayRow,
    versions: &[StayVersionRow],
) -> anyhow::Result<Vec<PastVersion>> {
    let mut before = None;
    let mut past = Vec::with_capacity(versions.len());
    for version in versions {
        let content = open(vault, stay, version)?.content;
        let changed = match &before {
            Some(before) => change::differences(before, &content),
            None => Vec::new(),
        };
        past.push(PastVersion {
            version: version.version,
            change: version.change_kind.get()?,
            changed,
            made_at: version.received_at,
            made_by: version.created_by,
            channel: version.channel.get()?,
            reason: reason(vault, stay, version)?,
            presence: version.presence.get()?,
            is_forwardable: version.is_forwardable,
            receipt_number: version.receipt_number.clone(),
            warnings: warnings(version)?,
        });
        before = Some(content);
    }
    Ok(past)
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
    let opened = Unsealed::of_row(vault, stay, version)?;
    let axes = Axes {
        presence: stay.presence.get()?.as_str(),
        identity: identity(stay)?,
        delivery: delivery(stay)?,
        owed: stay.owed.as_deref(),
    };
    let jws = jws(stay, version)?;
    render(stay, version, opened.content(), &opened.salt, &jws, axes)
}

/// A sender sees neither grade nor difference, only which members to check.
fn identity(stay: &StayRow) -> Result<Identity, Unreadable> {
    let state = stay.identity_state.get()?;
    let review = review_of(stay)?;
    Ok(Identity {
        pointers: match state.needs_attention(review) {
            true => &ATTENTION_POINTERS,
            false => &[],
        },
        state: state.as_seen_by_sender(review),
    })
}

/// The result of the police's review of a stay's identity.
///
/// # Errors
/// The stored word is damaged.
pub fn review_of(stay: &StayRow) -> Result<Option<IdentityReview>, Unreadable> {
    stay.identity_review.as_ref().map(Word::get).transpose()
}

fn delivery(stay: &StayRow) -> Result<Delivery<'_>, Unreadable> {
    Ok(Delivery {
        police_reference: stay.police_reference.as_deref(),
        reason: stay.delivery_reason.as_deref(),
        state: stay.delivery_state.get()?.as_str(),
        version: stay.delivery_version,
    })
}

/// The axes of a stay, by which it moves after it was accepted.
struct Axes<'a> {
    presence: &'a str,
    identity: Identity,
    delivery: Delivery<'a>,
    /// What is owed as it is stored.
    owed: Option<&'a str>,
}

/// The axis `identity`. Like those of the other structs here, its members stand in canonical order.
#[derive(Serialize)]
struct Identity {
    /// Where to look again.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pointers: &'static [&'static str],
    state: &'static str,
}

/// The axis `delivery`.
#[derive(Serialize)]
struct Delivery<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    police_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    state: &'a str,
    version: i32,
}

/// A receipt with the salt that opens its digest.
#[derive(Serialize)]
pub struct Receipt<'a> {
    content_salt: String,
    content_sha256: String,
    deadline_at: Cow<'a, str>,
    jws: Cow<'a, str>,
    number: &'a str,
    received_at: Cow<'a, str>,
    timeliness: Timeliness,
    version: i32,
}

/// A member of an answer.
#[derive(Serialize)]
#[serde(untagged)]
enum Member<'a> {
    /// JSON text that is in canonical form already.
    Written(&'a RawValue),
    Text(&'a str),
    Number(i32),
    Id(Uuid),
    Identity(Identity),
    Delivery(Delivery<'a>),
    Receipt(Receipt<'a>),
    /// Anything else, whose members `serde_json` keeps sorted.
    Tree(Value),
}

/// The members of an answer by name. All names are ASCII, so that their order is the canonical one.
type SortedMembers<'a> = BTreeMap<&'a str, Member<'a>>;

/// The members of an object in canonical form. Errors: it is none; the text is not quoted.
fn members(json: &[u8]) -> anyhow::Result<SortedMembers<'_>> {
    let members: BTreeMap<&str, &RawValue> =
        serde_json::from_slice(json).map_err(|_| anyhow::anyhow!("a stay is no JSON object"))?;
    let members = members.into_iter();
    Ok(members
        .map(|(name, value)| (name, Member::Written(value)))
        .collect())
}

fn render(
    stay: &StayRow,
    version: &StayVersionRow,
    content: &[u8],
    salt: &[u8; SALT_LENGTH],
    jws: &str,
    axes: Axes<'_>,
) -> anyhow::Result<StayView> {
    let received_at = format_instant(stay.received_at);
    let deadline_at = format_instant(stay.deadline_at);
    let timeliness = stay.timeliness.get()?;
    let receipt = Receipt {
        content_salt: URL_SAFE_NO_PAD.encode(salt),
        content_sha256: hex::encode(&version.content_sha256),
        deadline_at: deadline_at.as_str().into(),
        jws: jws.into(),
        number: &version.receipt_number,
        received_at: received_at.as_str().into(),
        timeliness,
        version: version.version,
    };
    let mut members = members(content)?;
    members.extend([
        ("presence", Member::Text(axes.presence)),
        ("identity", Member::Identity(axes.identity)),
        ("delivery", Member::Delivery(axes.delivery)),
        ("completion", Member::Tree(completion(axes.owed)?)),
        ("id", Member::Id(stay.id)),
        ("version", Member::Number(version.version)),
        ("received_at", Member::Text(&received_at)),
        ("deadline_at", Member::Text(&deadline_at)),
        ("timeliness", Member::Text(timeliness.as_str())),
        ("warnings", Member::Tree(warnings(version)?)),
        ("receipt", Member::Receipt(receipt)),
    ]);
    Ok(StayView {
        id: stay.id,
        version: version.version,
        json: serde_json::to_string(&members)?,
    })
}

/// The axis `completion`: what is owed, if anything is.
///
/// Errors: it is damaged.
fn completion(owed: Option<&str>) -> store::Result<Value> {
    let state = if owed.is_some() {
        CompletionState::Due
    } else {
        CompletionState::Complete
    };
    let mut completion = object(json!({"state": state.as_str()}));
    if let Some(owed) = owed {
        let owed: Map<String, Value> =
            serde_json::from_str(owed).map_err(|_| store::Error::Corrupt { what: "stay.owed" })?;
        completion.extend(owed);
    }
    Ok(Value::Object(completion))
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
pub fn receipt<'a>(
    vault: &Vault,
    stay: &StayRow,
    version: &'a StayVersionRow,
) -> anyhow::Result<Receipt<'a>> {
    let opened = Unsealed::of_row(vault, stay, version)?;
    Ok(Receipt {
        content_salt: URL_SAFE_NO_PAD.encode(opened.salt),
        content_sha256: hex::encode(&version.content_sha256),
        deadline_at: format_instant(stay.deadline_at).into(),
        jws: jws(stay, version)?.into(),
        number: &version.receipt_number,
        received_at: format_instant(stay.received_at).into(),
        timeliness: stay.timeliness.get()?,
        version: version.version,
    })
}

/// The receipt as a compact JWS: the payload is rebuilt from the rows, the signature is stored.
///
/// # Errors
/// A stored word or digest that was signed is damaged.
pub fn jws(stay: &StayRow, version: &StayVersionRow) -> store::Result<String> {
    let content_sha256 = version.content_sha256.as_slice().try_into();
    let content_sha256 = content_sha256.map_err(|_| store::Error::Corrupt {
        what: "stay_version.content_sha256",
    })?;
    let payload = receipt::jws_payload(&receipt::ReceiptFacts {
        number: &version.receipt_number,
        version: version.version,
        received_at: stay.received_at,
        deadline_at: stay.deadline_at,
        timeliness: stay.timeliness.get()?,
        content_sha256,
        iss: ISSUER,
        stay_id: stay.id,
        facility_id: stay.facility_id,
    });
    let jws = signing::compact_jws(&version.receipt_kid, &payload, &version.receipt_signature);
    Ok(jws)
}

/// Warnings as they are stored: pointers and codes, no text and no value.
pub(crate) fn warnings_to_json(warnings: &[Violation]) -> String {
    let rows: Vec<Value> = warnings
        .iter()
        .map(|warning| json!({"pointer": warning.pointer, "code": warning.code.as_str()}))
        .collect();
    Value::Array(rows).to_string()
}

/// What deserves a look, as it is shown: `[{pointer, code}]`, in the order it was found.
///
/// # Errors
/// It is damaged.
pub fn warnings(version: &StayVersionRow) -> store::Result<Value> {
    serde_json::from_str(&version.warnings).map_err(|_| store::Error::Corrupt {
        what: "stay_version.warnings",
    })
}
