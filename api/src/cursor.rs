//! Cursors: opaque, and valid only for the recipient. A list's cursor is bound to list and key, the
//! feed's to an organisation, so that a new key continues where the old one stopped.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use runtime::{secrets, vault::Vault};
use uuid::Uuid;

/// Bytes of the keyed hash in a cursor: guessing one of 2^64 only yields a page of one's own stays.
const TAG_LENGTH: usize = 8;

/// The cursor that continues after the item `last`.
pub(crate) fn write(vault: &Vault, list: &str, key_id: Uuid, last: Uuid) -> String {
    let tag = tag(vault, list, key_id, last);
    URL_SAFE_NO_PAD.encode([last.as_bytes().as_slice(), &tag].concat())
}

/// The item after which a cursor continues; `None` for a forged cursor.
pub(crate) fn read(vault: &Vault, list: &str, key_id: Uuid, cursor: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (last, sent) = bytes.split_first_chunk::<16>()?;
    let last = Uuid::from_bytes(*last);
    is_same(sent, &tag(vault, list, key_id, last)).then_some(last)
}

/// The cursor that continues after the item `last` of a list in order of time, which stands at the
/// instant `at`.
pub(crate) fn write_moment(
    vault: &Vault,
    list: &str,
    key_id: Uuid,
    (at, last): (DateTime<Utc>, Uuid),
) -> String {
    let at = at.timestamp_micros().to_be_bytes();
    let tag = moment_tag(vault, list, key_id, (&at, last));
    URL_SAFE_NO_PAD.encode([at.as_slice(), last.as_bytes(), &tag].concat())
}

/// Where a cursor of [`write_moment`] continues; `None` when it is not one of ours.
pub(crate) fn read_moment(
    vault: &Vault,
    list: &str,
    key_id: Uuid,
    cursor: &str,
) -> Option<(DateTime<Utc>, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (at, rest) = bytes.split_first_chunk::<8>()?;
    let (last, sent) = rest.split_first_chunk::<16>()?;
    let last = Uuid::from_bytes(*last);
    let is_ours = is_same(sent, &moment_tag(vault, list, key_id, (at, last)));
    let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*at))?;
    is_ours.then_some((at, last))
}

fn moment_tag(
    vault: &Vault,
    list: &str,
    key_id: Uuid,
    (at, last): (&[u8; 8], Uuid),
) -> [u8; TAG_LENGTH] {
    let parts = [list.as_bytes(), key_id.as_bytes(), at, last.as_bytes()];
    cut(vault.blind_index("api.moment", &parts))
}

/// The cursor after the event with this number, in an organisation's feed. The number is encrypted,
/// because it reveals how much happens to others.
pub(crate) fn write_place(vault: &Vault, organisation_id: Uuid, sequence: i64) -> String {
    let place = sequence.to_be_bytes();
    let tag = place_tag(vault, organisation_id, &place);
    let hidden = hide(vault, &tag, place);
    URL_SAFE_NO_PAD.encode([tag, hidden].concat())
}

/// The number behind which a cursor of [`write_place`] continues; `None` when it is not one of
/// this organisation's.
pub(crate) fn read_place(vault: &Vault, organisation_id: Uuid, cursor: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (tag, hidden) = bytes.split_first_chunk::<TAG_LENGTH>()?;
    let place = hide(vault, tag, hidden.try_into().ok()?);
    is_same(tag, &place_tag(vault, organisation_id, &place)).then(|| i64::from_be_bytes(place))
}

fn place_tag(vault: &Vault, organisation_id: Uuid, place: &[u8; 8]) -> [u8; TAG_LENGTH] {
    cut(vault.blind_index("api.place", &[organisation_id.as_bytes(), place]))
}

/// Its own inverse.
fn hide(vault: &Vault, tag: &[u8; TAG_LENGTH], mut place: [u8; 8]) -> [u8; 8] {
    let mask = vault.blind_index("api.place.mask", &[tag]);
    for (byte, mask) in place.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    place
}

fn tag(vault: &Vault, list: &str, key_id: Uuid, last: Uuid) -> [u8; TAG_LENGTH] {
    let parts = [list.as_bytes(), key_id.as_bytes(), last.as_bytes()];
    cut(vault.blind_index("api.cursor", &parts))
}

/// Compares tags in constant time.
fn is_same(sent: &[u8], ours: &[u8; TAG_LENGTH]) -> bool {
    secrets::is_same(sent, ours)
}

fn cut(hash: [u8; 32]) -> [u8; TAG_LENGTH] {
    let mut tag = [0; TAG_LENGTH];
    tag.copy_from_slice(&hash[..TAG_LENGTH]);
    tag
}

#[cfg(test)]
mod tests {
    use runtime::vault::MasterKey;

    use super::*;

    #[test]
    fn a_cursor_of_a_moment_is_good_for_its_list_and_key_only() {
        let vault = Vault::new(MasterKey::new([1; 32]), [2; 32]);
        let (key, last) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let at = DateTime::from_timestamp_micros(1_800_000_000_000_001).unwrap();
        let cursor = write_moment(&vault, "due", key, (at, last));
        assert_eq!(read_moment(&vault, "due", key, &cursor), Some((at, last)));
        assert_eq!(read_moment(&vault, "stays", key, &cursor), None);
        assert_eq!(read_moment(&vault, "due", last, &cursor), None);
        assert_eq!(
            read_moment(&vault, "due", key, &format!("{cursor}AA")),
            None
        );
        for nonsense in ["", "x", "AAAA"] {
            assert_eq!(read_moment(&vault, "due", key, nonsense), None);
        }
    }

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

    #[test]
    fn a_place_in_the_feed_is_good_for_its_organisation_only_and_shows_no_number() {
        let vault = Vault::new(MasterKey::new([1; 32]), [2; 32]);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for sequence in [0, 1, 4_711, i64::MAX] {
            let cursor = write_place(&vault, one, sequence);
            assert_eq!(read_place(&vault, one, &cursor), Some(sequence));
            assert_eq!(read_place(&vault, other, &cursor), None);
            let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            assert!(!bytes.ends_with(&sequence.to_be_bytes()));
        }
        let forged = URL_SAFE_NO_PAD.encode([9; 16]);
        for text in ["", "0", "ü", &forged] {
            assert_eq!(read_place(&vault, one, text), None, "{text}");
        }
    }
}
