//! The keys by which requests and declarations are recognised.

use chrono::{DateTime, Utc};
use domain::declaration::Declaration;
use store::{declarations::Uniqueness, idempotency::Idempotency};
use uuid::Uuid;

use super::Clerk;
use crate::{index::reference_index, occasion::Occasion};

/// References hold as long as their stay does.
const REFERENCE_KEPT_DAYS: i64 = 36_500;

impl Clerk {
    /// Keyed hash that recognises a repeated declaration.
    pub(crate) fn request_hash(&self, declaration: &Declaration) -> [u8; 32] {
        let content = declaration.comparison_content();
        self.vault.blind_index("stay.content", &[&content])
    }

    /// Keyed hash that recognises a repeated change of a stay.
    pub(crate) fn change_hash(&self, stay_id: Uuid, content: &[u8]) -> [u8; 32] {
        let parts: [&[u8]; 2] = [stay_id.as_bytes(), content];
        self.vault.blind_index("stay.change", &parts)
    }

    /// The `Idempotency-Key` of a request with the given content, if any. `about` is the facility
    /// that the request concerns.
    pub(crate) fn idempotency(
        &self,
        occasion: &Occasion<'_>,
        about: Option<Uuid>,
        content: &[u8],
    ) -> Option<Idempotency> {
        let hash = self.vault.blind_index("request.content", &[content]);
        self.idempotency_of(occasion, about, &hash)
    }

    /// An organisation's keys are separate per facility, so two facilities that number their
    /// requests alike do not collide. Requests about several facilities have a key space of their
    /// own.
    pub(crate) fn idempotency_of(
        &self,
        occasion: &Occasion<'_>,
        about: Option<Uuid>,
        request_hash: &[u8; 32],
    ) -> Option<Idempotency> {
        let key = occasion.idempotency_key?;
        let organisation = occasion.sender.organisation_id;
        let about = about.unwrap_or_default();
        let parts: [&[u8]; 3] = [organisation.as_bytes(), about.as_bytes(), key.as_bytes()];
        Some(Idempotency {
            key_hash: self.vault.blind_index("idempotency.key", &parts),
            request_hash: *request_hash,
            expires_at: occasion.received_at + self.terms.idempotency_key,
        })
    }

    /// What makes a declaration received at that time unique, and for how long. `reference_index`
    /// is that of its reference, where it has been made already.
    pub(crate) fn uniqueness(
        &self,
        declaration: &Declaration,
        reference_index: Option<&[u8]>,
        content_index: &[u8],
        received_at: DateTime<Utc>,
    ) -> Uniqueness {
        let reference = declaration.reference.as_deref();
        let expires_at = match reference {
            Some(_) => received_at + chrono::Duration::days(REFERENCE_KEPT_DAYS),
            None if declaration.arrival_was_sent => received_at + self.terms.content,
            None => received_at + self.terms.content_without_arrival,
        };
        let known = reference_index.and_then(|index| index.try_into().ok());
        Uniqueness {
            key_hash: known.unwrap_or_else(|| {
                self.declaration_key(declaration.facility.id, reference, content_index)
            }),
            expires_at,
            is_timeless: reference.is_none() && !declaration.arrival_was_sent,
        }
    }

    /// The key of a declaration: by its reference, else by its content.
    pub(crate) fn declaration_key(
        &self,
        facility_id: Uuid,
        reference: Option<&str>,
        content_index: &[u8],
    ) -> [u8; 32] {
        match reference {
            Some(reference) => reference_index(&self.vault, facility_id, reference),
            None => {
                let parts: [&[u8]; 2] = [facility_id.as_bytes(), content_index];
                self.vault.blind_index("declaration.content", &parts)
            }
        }
    }
}
