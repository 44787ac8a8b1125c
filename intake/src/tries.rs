//! Keyed hashes of the person that an organisation names for a number of the population registry.
//!
//! They are the same for every channel and version, and reveal nothing to a reader of the database.

use chrono::{DateTime, Utc};
use domain::{birth_date::BirthDate, declaration::Guest, personal_id::PersonalId, text};
use runtime::vault::Vault;
use store::tries::Try;
use uuid::Uuid;

/// Bytes stored of each hash: enough to rule out accidental collisions at half the size.
const HASH_LENGTH: usize = 16;

/// The person that a declaration names for the guest's number; `None` when there is no number to
/// ask the registry about. Name without marks, birth date and sex as they were sent.
pub(crate) fn of_guest(
    vault: &Vault,
    organisation_id: Uuid,
    guest: &Guest,
    at: DateTime<Utc>,
) -> Option<Try> {
    let personal_id = guest.document.personal_id()?;
    let number_hash = number_hash(vault, organisation_id, personal_id);
    let name = guest
        .full_name
        .as_deref()
        .map(text::fold)
        .unwrap_or_default();
    let birth_date = guest.birth_date.map(BirthDate::to_text).unwrap_or_default();
    let sex = guest.sex.map_or("", |sex| sex.as_str());
    let person = [name.as_bytes(), birth_date.as_bytes(), sex.as_bytes()];
    let parts = [[number_hash.as_slice()].as_slice(), &person].concat();
    Some(Try {
        person_hash: kept(vault.blind_index("identity.person", &parts)),
        number_hash,
        at,
    })
}

/// The key under which the persons tried for a number are stored.
#[must_use]
pub fn number_hash(vault: &Vault, organisation_id: Uuid, personal_id: &PersonalId) -> Vec<u8> {
    let parts = [
        organisation_id.as_bytes().as_slice(),
        personal_id.as_str().as_bytes(),
    ];
    kept(vault.blind_index("identity.number", &parts))
}

fn kept(hash: [u8; 32]) -> Vec<u8> {
    hash.into_iter().take(HASH_LENGTH).collect()
}
