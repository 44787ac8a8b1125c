//! Cursors of lists: opaque, and good only for the list and the key they were given to.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use runtime::vault::Vault;
use uuid::Uuid;

/// Bytes of the keyed hash in a cursor: guessing one of 2^64 gains a page of one's own stays.
const TAG_LENGTH: usize = 8;

/// The cursor that continues after the item `last`.
pub(crate) fn write(vault: &Vault, list: &str, key_id: Uuid, last: Uuid) -> String {
    let tag = tag(vault, list, key_id, last);
    URL_SAFE_NO_PAD.encode([last.as_bytes().as_slice(), &tag].concat())
}

/// The item after which a cursor continues; `None` when it is not one of ours.
pub(crate) fn read(vault: &Vault, list: &str, key_id: Uuid, cursor: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (last, sent) = bytes.split_first_chunk::<16>()?;
    let last = Uuid::from_bytes(*last);
    (sent == tag(vault, list, key_id, last)).then_some(last)
}

fn tag(vault: &Vault, list: &str, key_id: Uuid, last: Uuid) -> [u8; TAG_LENGTH] {
    let parts = [list.as_bytes(), key_id.as_bytes(), last.as_bytes()];
    let hash = vault.blind_index("api.cursor", &parts);
    let mut tag = [0; TAG_LENGTH];
    tag.copy_from_slice(&hash[..TAG_LENGTH]);
    tag
}

#[cfg(test)]
mod tests {
    use runtime::vault::MasterKey;

    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_list_and_key_only() {
        let vault = Vault::new(MasterKey::new([1; 32]), [2; 32]);
        let (key, last) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let cursor = write(&vault, "stays", key, last);
        assert_eq!(read(&vault, "stays", key, &cursor), Some(last));

        assert_eq!(read(&vault, "facilities", key, &cursor), None);
        assert_eq!(read(&vault, "stays", Uuid::from_u128(3), &cursor), None);
        let forged = URL_SAFE_NO_PAD.encode([9; 24]);
        for other in ["", "x", "ü", &cursor[1..], &forged, &format!("{cursor}=")] {
            assert_eq!(read(&vault, "stays", key, other), None, "{other}");
        }
    }
}
