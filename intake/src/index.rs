//! Blind indexes: keyed hashes by which sealed content is found again.

use domain::document::comparable_number;
use domain::text;
use runtime::vault::Vault;
use uuid::Uuid;

/// Keyed hash of a sender's reference at a facility: finds it, and keeps it unique.
pub fn reference_index(vault: &Vault, facility_id: Uuid, reference: &str) -> [u8; 32] {
    vault.blind_index(
        "declaration.reference",
        &[facility_id.as_bytes(), reference.as_bytes()],
    )
}

/// Keyed hash of a folded name and a year of birth, where one is known.
pub fn name_index(vault: &Vault, name: &str, birth_year: Option<i32>) -> Vec<u8> {
    let year = birth_year.unwrap_or_default().to_be_bytes();
    vault
        .blind_index("guest.name", &[text::fold(name).as_bytes(), &year])
        .to_vec()
}

/// Keyed hash of the number of a document, however it is spaced.
pub fn document_index(vault: &Vault, number: &str) -> Vec<u8> {
    let number = comparable_number(number);
    let index = vault.blind_index("guest.document", &[number.as_bytes()]);
    index.to_vec()
}
