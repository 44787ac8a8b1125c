//! The row of a version of a stay: digest, receipt and seal.

use chrono::{DateTime, Utc};
use domain::{change::ChangeKind, receipt};
use runtime::vault::StayKey;
use store::stays::{StayRow, StayVersionRow};

use super::Clerk;
use crate::{Refusal, occasion::Occasion, view};

/// A version of a stay on its way to become a row.
pub(crate) struct Filing<'a> {
    /// The sender, the channel, and the time of receipt.
    pub(crate) occasion: &'a Occasion<'a>,
    /// The stay as this version leaves it.
    pub(crate) stay: &'a StayRow,
    /// The stay's key, which seals the version.
    pub(crate) key: &'a StayKey,
    /// Salts the digest of the receipt.
    pub(crate) salt: [u8; 16],
    /// The version's content in canonical form.
    pub(crate) canonical_content: &'a [u8],
    /// Keyed hash for comparison with declarations.
    pub(crate) content_index: Vec<u8>,
    /// Warnings as they are stored.
    pub(crate) warnings: String,
    /// Whether the police get it.
    pub(crate) is_forwardable: bool,
    /// The newest version sent to the police, including this one; 0 when there is none.
    pub(crate) delivery_version: i32,
    /// What made it.
    pub(crate) kind: ChangeKind,
    /// Keyed hash of the request that changed the stay.
    pub(crate) change_index: Option<Vec<u8>>,
    /// Why, in the sender's words.
    pub(crate) reason: Option<&'a str>,
    /// The instant that this version and its predecessors describe; a declaration is dated by its
    /// arrival.
    pub(crate) as_of: Option<DateTime<Utc>>,
}

/// A version that is ready to be written.
pub(crate) struct FiledVersion {
    /// Its row.
    pub(crate) row: StayVersionRow,
    /// Its receipt as a compact JWS.
    pub(crate) jws: String,
}

impl Clerk {
    /// Errors: [`Refusal::Internal`] when the version cannot be sealed.
    pub(crate) fn file(&self, filing: &Filing<'_>) -> Result<FiledVersion, Refusal> {
        let stay = filing.stay;
        let content_sha256 = receipt::content_sha256(&filing.salt, filing.canonical_content);
        let receipt_number = receipt::number(stay.received_at, stay.id, stay.version);
        let payload = receipt::jws_payload(&receipt::ReceiptFacts {
            number: &receipt_number,
            version: stay.version,
            received_at: stay.received_at,
            deadline_at: stay.deadline_at,
            timeliness: stay.timeliness.get()?,
            content_sha256,
            iss: view::ISSUER,
            stay_id: stay.id,
            facility_id: stay.facility_id,
        });
        let (jws, signature) = self.signer.sign_receipt(&payload);
        let plaintext = view::to_plaintext(&filing.salt, filing.canonical_content);
        let sealed_reason = filing
            .reason
            .map(|reason| filing.seal(view::SEALED_REASON, reason.as_bytes()));
        let row = StayVersionRow {
            stay_id: stay.id,
            version: stay.version,
            channel: filing.occasion.channel.into(),
            created_by: filing.occasion.sender.key_id,
            received_at: filing.occasion.received_at,
            sealed: filing.seal(view::SEALED_TABLE, &plaintext)?,
            content_index: filing.content_index.clone(),
            content_sha256: content_sha256.to_vec(),
            receipt_number,
            receipt_kid: self.signer.kid().to_owned(),
            receipt_signature: signature.to_vec(),
            warnings: filing.warnings.clone(),
            owed: stay.owed.clone(),
            is_forwardable: filing.is_forwardable,
            change_kind: filing.kind.into(),
            change_index: filing.change_index.clone(),
            sealed_reason: sealed_reason.transpose()?,
            presence: stay.presence.clone(),
            delivery_version: filing.delivery_version,
            as_of: filing.as_of,
        };
        Ok(FiledVersion { row, jws })
    }
}

impl Filing<'_> {
    fn seal(&self, table: &'static str, plaintext: &[u8]) -> Result<Vec<u8>, Refusal> {
        let stay = view::safe(self.stay);
        let context = stay.context(table, stay.stay_id, self.stay.version);
        let sealed = self.key.seal(&context, plaintext);
        sealed.map_err(|error| Refusal::Internal(error.into()))
    }
}
