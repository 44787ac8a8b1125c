//! Seals what is personal, and makes the blind indexes that find it again.
//!
//! Holds always: a blob is bound to its table, row and version, so that it cannot be moved to
//! another place; data keys lie in the database only wrapped by the master key; errors name key
//! ids and months, never content.
//!
//! AES-256-GCM with random 96-bit nonces allows 2³² seals per key; a data key serves one month.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use secrecy::SecretString;
use uuid::{Builder, Uuid};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ids;
use crate::secrets::{self, SettingError};

/// Form of the blob; the first byte of each.
const BLOB_VERSION: u8 = 1;
const ID_LEN: usize = 16;
const HEAD_LEN: usize = 1 + ID_LEN + NONCE_LEN;
const WRAP_PURPOSE: &[u8] = b"luutru data key";

/// The key that wraps data keys. `LUUTRU_MASTER_KEY`. Debug shows nothing of it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// From its 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From the text of the setting `name`: 64 hex digits, or base64 of 32 bytes.
    pub fn parse(name: &str, text: &SecretString) -> Result<Self, SettingError> {
        Ok(Self(*secrets::parse_key(name, text)?))
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

/// Where a sealed blob belongs. It opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// Name of the table, without a zero byte.
    pub table: &'a str,
    /// Id of the row.
    pub row_id: Uuid,
    /// Version of the stay; 0 where a row has none.
    pub version: i32,
}

impl SealContext<'_> {
    /// `table | 0 | row id | version`, the version in 4 bytes big-endian.
    fn aad(&self) -> Aad<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.table.len() + 1 + ID_LEN + 4);
        bytes.extend_from_slice(self.table.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.row_id.as_bytes());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        Aad::from(bytes)
    }
}

/// A data key as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedDataKey {
    /// Id of the data key; part of every blob sealed with it.
    pub id: Uuid,
    /// The month it seals, `YYYY-MM`.
    pub month: String,
    /// `nonce | ciphertext | tag` under the master key, bound to id and month.
    pub wrapped: Vec<u8>,
}

/// Why the vault could not seal or open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The blob was sealed with a data key that is not loaded; load it and try again.
    #[error("data key {0} is not loaded")]
    UnknownKey(Uuid),
    /// No data key is loaded for the month; make and load one first.
    #[error("no data key is loaded for the month {0}")]
    UnknownMonth(String),
    /// The master key does not unwrap this data key: another master key, or a damaged row.
    #[error("data key {0} cannot be unwrapped: the master key is another or the row is damaged")]
    NotUnwrapped(Uuid),
    /// The blob is damaged, of an unknown form, or belongs to another table, row or version.
    #[error("the sealed blob is damaged or belongs to another place")]
    NotOpened,
    /// The crypto library refused to seal.
    #[error("sealing failed")]
    NotSealed,
}

/// Seals, opens and indexes. Share it in an `Arc`.
pub struct Vault {
    master: LessSafeKey,
    index: hmac::Key,
    loaded: RwLock<Loaded>,
}

#[derive(Default)]
struct Loaded {
    keys: HashMap<Uuid, LessSafeKey>,
    months: HashMap<String, Uuid>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault without data keys. `index_key` serves [`Vault::blind_index`] only.
    pub fn new(master: MasterKey, index_key: [u8; 32]) -> Self {
        let index_key = Zeroizing::new(index_key);
        Self {
            master: aes_key(&master.0),
            index: hmac::Key::new(hmac::HMAC_SHA256, index_key.as_slice()),
            loaded: RwLock::default(),
        }
    }

    /// A new random data key for `month` (`YYYY-MM`), wrapped for storage. Use it only after it
    /// is stored: [`Vault::load`] activates the one that won there.
    pub fn new_data_key(&self, id: Uuid, month: &str) -> Result<WrappedDataKey, VaultError> {
        let key = Zeroizing::new(ids::random_bytes::<32>());
        let mut wrapped = Vec::with_capacity(NONCE_LEN + key.len() + AES_256_GCM.tag_len());
        seal_into(
            &mut wrapped,
            &self.master,
            wrap_aad(id, month),
            key.as_slice(),
        )?;
        Ok(WrappedDataKey {
            id,
            month: month.to_owned(),
            wrapped,
        })
    }

    /// Unwraps `key` and keeps it in memory. The first key loaded for a month is the one that
    /// seals it; all of them open. Loading a key again changes nothing.
    pub fn load(&self, key: &WrappedDataKey) -> Result<(), VaultError> {
        let opened = open_from(&self.master, wrap_aad(key.id, &key.month), &key.wrapped);
        let bytes = opened.ok_or(VaultError::NotUnwrapped(key.id))?;
        let bytes = <&[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| VaultError::NotUnwrapped(key.id))?;
        let data_key = aes_key(bytes);

        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.keys.insert(key.id, data_key);
        loaded.months.entry(key.month.clone()).or_insert(key.id);
        Ok(())
    }

    /// True when [`Vault::seal`] works for `month`.
    pub fn has_month(&self, month: &str) -> bool {
        self.read_loaded().months.contains_key(month)
    }

    /// True when blobs of the data key `id` can be opened.
    pub fn has_key(&self, id: Uuid) -> bool {
        self.read_loaded().keys.contains_key(&id)
    }

    /// Seals `plaintext` with the data key of `month` for the place `context`:
    /// `1 | data key id (16) | nonce (12) | ciphertext | tag (16)`.
    pub fn seal(
        &self,
        month: &str,
        context: &SealContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let loaded = self.read_loaded();
        let sealing = loaded
            .months
            .get(month)
            .and_then(|id| Some((id, loaded.keys.get(id)?)));
        let (id, key) = sealing.ok_or_else(|| VaultError::UnknownMonth(month.to_owned()))?;

        let mut blob = Vec::with_capacity(HEAD_LEN + plaintext.len() + AES_256_GCM.tag_len());
        blob.push(BLOB_VERSION);
        blob.extend_from_slice(id.as_bytes());
        seal_into(&mut blob, key, context.aad(), plaintext)?;
        Ok(blob)
    }

    /// Opens what [`Vault::seal`] made for the same place; the plaintext is wiped when dropped.
    ///
    /// Errors: [`VaultError::UnknownKey`] when the data key is not loaded (another process may have
    /// made it: load and try again), [`VaultError::NotOpened`].
    pub fn open(
        &self,
        context: &SealContext<'_>,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let id = data_key_id(blob).ok_or(VaultError::NotOpened)?;
        let loaded = self.read_loaded();
        let key = loaded.keys.get(&id).ok_or(VaultError::UnknownKey(id))?;
        open_from(key, context.aad(), &blob[1 + ID_LEN..]).ok_or(VaultError::NotOpened)
    }

    /// HMAC-SHA-256 under the index key over purpose and parts, each with its length before it:
    /// neither another purpose nor another division of the parts gives the same value. Pass
    /// normalised values only.
    pub fn blind_index(&self, purpose: &'static str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.index);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut index = [0; 32];
        index.copy_from_slice(context.sign().as_ref());
        index
    }

    fn read_loaded(&self) -> std::sync::RwLockReadGuard<'_, Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The data key a blob was sealed with; `None` when it is no blob of a known form.
pub fn data_key_id(blob: &[u8]) -> Option<Uuid> {
    if blob.len() < HEAD_LEN || blob[0] != BLOB_VERSION {
        return None;
    }
    let id: [u8; ID_LEN] = blob[1..=ID_LEN].try_into().ok()?;
    Some(Builder::from_bytes(id).into_uuid())
}

fn wrap_aad(id: Uuid, month: &str) -> Aad<Vec<u8>> {
    Aad::from([WRAP_PURPOSE, &[0], id.as_bytes(), month.as_bytes()].concat())
}

#[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes")]
fn aes_key(bytes: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes are an AES-256 key"))
}

/// Appends `nonce | ciphertext | tag`.
fn seal_into(
    out: &mut Vec<u8>,
    key: &LessSafeKey,
    aad: Aad<Vec<u8>>,
    plaintext: &[u8],
) -> Result<(), VaultError> {
    let nonce = ids::random_bytes::<NONCE_LEN>();
    out.extend_from_slice(&nonce);
    let start = out.len();
    out.extend_from_slice(plaintext);
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut out[start..])
        .map_err(|_| VaultError::NotSealed)?;
    out.extend_from_slice(tag.as_ref());
    Ok(())
}

/// Opens `nonce | ciphertext | tag`.
fn open_from(key: &LessSafeKey, aad: Aad<Vec<u8>>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut bytes = Zeroizing::new(ciphertext.to_vec());
    let length = key.open_in_place(nonce, aad, &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: &str = "2026-11";
    const PLACE: SealContext<'static> = SealContext {
        table: "stay_version",
        row_id: Uuid::from_u128(7),
        version: 3,
    };

    fn empty_vault() -> Vault {
        Vault::new(MasterKey::new([1; 32]), [2; 32])
    }

    fn vault() -> Vault {
        let vault = empty_vault();
        let key = vault.new_data_key(Uuid::from_u128(1), MONTH).unwrap();
        vault.load(&key).unwrap();
        vault
    }

    #[test]
    fn what_is_sealed_opens_at_its_place() {
        let vault = vault();
        for plaintext in ["", "Nguyễn Văn An", &"x".repeat(10_000)] {
            let blob = vault.seal(MONTH, &PLACE, plaintext.as_bytes()).unwrap();
            assert_eq!(blob.len(), 1 + 16 + 12 + plaintext.len() + 16);
            assert_eq!(data_key_id(&blob), Some(Uuid::from_u128(1)));
            assert_eq!(
                vault.open(&PLACE, &blob).unwrap().as_slice(),
                plaintext.as_bytes()
            );
        }
    }

    #[test]
    fn a_blob_opens_at_no_other_place() {
        let vault = vault();
        let blob = vault.seal(MONTH, &PLACE, b"personal").unwrap();
        let others = [
            SealContext {
                table: "stay",
                ..PLACE
            },
            SealContext {
                row_id: Uuid::from_u128(8),
                ..PLACE
            },
            SealContext {
                version: 4,
                ..PLACE
            },
        ];
        for other in others {
            assert_eq!(
                vault.open(&other, &blob).unwrap_err(),
                VaultError::NotOpened
            );
        }
    }

    #[test]
    fn a_changed_byte_anywhere_does_not_open() {
        let vault = vault();
        let blob = vault.seal(MONTH, &PLACE, b"personal").unwrap();
        for index in 0..blob.len() {
            let mut changed = blob.clone();
            changed[index] ^= 1;
            vault.open(&PLACE, &changed).unwrap_err();
            vault.open(&PLACE, &blob[..index]).unwrap_err();
        }
    }

    #[test]
    fn the_same_plaintext_seals_differently_each_time() {
        let vault = vault();
        let first = vault.seal(MONTH, &PLACE, b"personal").unwrap();
        assert_ne!(first, vault.seal(MONTH, &PLACE, b"personal").unwrap());
    }

    #[test]
    fn a_key_seals_only_after_it_is_loaded() {
        let vault = empty_vault();
        let key = vault.new_data_key(Uuid::from_u128(1), MONTH).unwrap();
        assert!(!vault.has_month(MONTH));
        let error = vault.seal(MONTH, &PLACE, b"personal").unwrap_err();
        assert_eq!(error, VaultError::UnknownMonth(MONTH.to_owned()));

        vault.load(&key).unwrap();
        assert!(vault.has_month(MONTH) && vault.has_key(key.id));
        vault.seal(MONTH, &PLACE, b"personal").unwrap();
    }

    #[test]
    fn another_process_opens_after_loading_the_same_key() {
        let one = empty_vault();
        let key = one.new_data_key(Uuid::from_u128(1), MONTH).unwrap();
        one.load(&key).unwrap();
        let blob = one.seal(MONTH, &PLACE, b"personal").unwrap();

        let two = empty_vault();
        assert_eq!(
            two.open(&PLACE, &blob).unwrap_err(),
            VaultError::UnknownKey(key.id)
        );
        two.load(&key).unwrap();
        assert_eq!(two.open(&PLACE, &blob).unwrap().as_slice(), b"personal");
    }

    #[test]
    fn a_second_key_of_a_month_opens_but_does_not_seal() {
        let vault = vault();
        let second = vault.new_data_key(Uuid::from_u128(2), MONTH).unwrap();
        vault.load(&second).unwrap();
        let blob = vault.seal(MONTH, &PLACE, b"personal").unwrap();
        assert_eq!(data_key_id(&blob), Some(Uuid::from_u128(1)));
    }

    #[test]
    fn a_wrapped_key_is_bound_to_master_key_id_and_month() {
        let key = empty_vault()
            .new_data_key(Uuid::from_u128(1), MONTH)
            .unwrap();
        let other_master = Vault::new(MasterKey::new([9; 32]), [2; 32]);
        assert_eq!(
            other_master.load(&key).unwrap_err(),
            VaultError::NotUnwrapped(key.id)
        );

        let moved = WrappedDataKey {
            month: "2026-12".to_owned(),
            ..key.clone()
        };
        empty_vault().load(&moved).unwrap_err();
        let renamed = WrappedDataKey {
            id: Uuid::from_u128(2),
            ..key.clone()
        };
        empty_vault().load(&renamed).unwrap_err();
        let short = WrappedDataKey {
            wrapped: vec![0; 5],
            ..key
        };
        empty_vault().load(&short).unwrap_err();
    }

    #[test]
    fn a_blind_index_tells_purpose_and_division_apart() {
        let vault = empty_vault();
        let index = vault.blind_index("document", &[b"VNM", b"1"]);
        assert_eq!(index, vault.blind_index("document", &[b"VNM", b"1"]));
        assert_ne!(index, vault.blind_index("name", &[b"VNM", b"1"]));
        assert_ne!(index, vault.blind_index("document", &[b"VN", b"M1"]));
        let other_key = Vault::new(MasterKey::new([1; 32]), [3; 32]);
        assert_ne!(index, other_key.blind_index("document", &[b"VNM", b"1"]));
    }
}
