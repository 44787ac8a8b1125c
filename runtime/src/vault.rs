//! Seals personal data, and computes the blind indexes to find it.
//!
//! Invariants: a blob is bound to its table, row and version and to its organisation and facility,
//! so that it cannot be moved to another place or shown to others; the database holds only wrapped
//! keys; errors name key ids and months, never content.
//!
//! The master key wraps one data key per month; each data key wraps the keys of stays and seals
//! data that belongs to no stay. All data of a stay is sealed with the stay's own key, which is
//! stored only with the stay: once it is destroyed, none of the stay's data can be opened again.
//!
//! The first byte of a blob is its form:
//!
//! | | |
//! |---|---|
//! | 1 | `id of the data key (16) | nonce | ciphertext | tag`, bound to table, row and version only: what releases before the second form wrote, rewritten since and refused from then on ([`Vault::refuse_first_form`]) |
//! | 2 | `id of the data key (16) | nonce | ciphertext | tag` |
//! | 3 | `nonce | ciphertext | tag` under the key of its stay |
//!
//! AES-256-GCM with random 96-bit nonces allows 2³² seals per key; a data key serves one month.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use parking_lot::RwLock;
use secrecy::SecretString;
use uuid::{Builder, Uuid};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ids;
use crate::secrets::{self, SettingError};

const FIRST_FORM: u8 = 1;
const OF_A_MONTH: u8 = 2;
const OF_A_STAY: u8 = 3;
const ID_LEN: usize = 16;
const KEY_LEN: usize = 32;
const HEAD_LEN: usize = 1 + ID_LEN + NONCE_LEN;
/// What a data key is wrapped for, before the second form and since.
const FIRST_WRAP_PURPOSE: &[u8] = b"luutru data key";
const WRAP_PURPOSE: &[u8] = b"luutru data key 2";
/// The generation of the master key that wrapped a data key; the first byte of each since the
/// second form.
const MASTER_GENERATION: u8 = 2;
/// For the place of a stay's key.
const STAY_KEY_TABLE: &str = "stay.sealed_key";

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

/// The owner of a sealed blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The organisation.
    pub organisation_id: Uuid,
    /// Its facility; the nil id where it is of the organisation as a whole.
    pub facility_id: Uuid,
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
    /// The owner.
    pub owner: Owner,
}

impl SealContext<'_> {
    /// `table | 0 | row id | version`, the version in 4 bytes big-endian.
    fn first_aad(&self) -> Aad<Vec<u8>> {
        Aad::from(self.place())
    }

    /// The form, then the place as before, then organisation and facility.
    fn aad(&self, form: u8) -> Aad<Vec<u8>> {
        let owner = [self.owner.organisation_id, self.owner.facility_id];
        let [organisation, facility] = owner.map(Uuid::into_bytes);
        Aad::from([&[form], self.place().as_slice(), &organisation, &facility].concat())
    }

    fn place(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.table.len() + 1 + ID_LEN + 4);
        bytes.extend_from_slice(self.table.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.row_id.as_bytes());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes
    }
}

/// What is needed to seal and open a stay's data: its owner and its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaySafe<'a> {
    /// The stay.
    pub stay_id: Uuid,
    /// The owner.
    pub owner: Owner,
    /// Its key as stored with the stay; `None` while it is in the first form.
    pub sealed_key: Option<&'a [u8]>,
}

impl StaySafe<'_> {
    /// The place of something sealed of this stay.
    pub fn context<'a>(&self, table: &'a str, row_id: Uuid, version: i32) -> SealContext<'a> {
        SealContext {
            table,
            row_id,
            version,
            owner: self.owner,
        }
    }

    fn key_context(&self) -> SealContext<'static> {
        key_context(self.stay_id, self.owner)
    }
}

fn key_context(stay_id: Uuid, owner: Owner) -> SealContext<'static> {
    SealContext {
        table: STAY_KEY_TABLE,
        row_id: stay_id,
        version: 0,
        owner,
    }
}

/// The key of a stay, unwrapped: seals several things of the stay without unwrapping it for each.
pub struct StayKey(LessSafeKey);

impl StayKey {
    /// Seals something of the stay; [`Vault::open_of_stay`] opens it at the same place.
    pub fn seal(&self, context: &SealContext<'_>, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let length = 1 + NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len();
        let mut blob = Vec::with_capacity(length);
        blob.push(OF_A_STAY);
        seal_into(&mut blob, &self.0, context.aad(OF_A_STAY), plaintext)?;
        Ok(blob)
    }
}

/// A new key of a stay.
pub struct NewStayKey {
    /// The key, to seal with.
    pub key: StayKey,
    /// The same key, wrapped to be stored with the stay.
    pub sealed: Vec<u8>,
}

/// A data key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedDataKey {
    /// Id of the data key; part of every blob sealed with it.
    pub id: Uuid,
    /// The month it seals, `YYYY-MM`.
    pub month: String,
    /// `generation of the master key | nonce | ciphertext | tag`, bound to id and month; without
    /// the generation when it was wrapped before the second form.
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
    /// The blob is damaged, of a form that is not known or no longer taken, or belongs to another
    /// table, row, version, organisation or facility; or the key of its stay is gone.
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
    records: hmac::Key,
    refuses_first_form: AtomicBool,
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
        let records = secrets::derive_key(&master.0, "luutru records of an installation");
        Self {
            master: aes_key(&master.0),
            records: hmac::Key::new(hmac::HMAC_SHA256, records.as_slice()),
            refuses_first_form: AtomicBool::new(false),
            index: hmac::Key::new(hmac::HMAC_SHA256, index_key.as_slice()),
            loaded: RwLock::default(),
        }
    }

    /// From now on blobs of the first form are not opened: all of them have been rewritten, so any
    /// that appears is forged.
    pub fn refuse_first_form(&self) {
        self.refuses_first_form.store(true, Ordering::Release);
    }

    /// Whether [`Vault::refuse_first_form`] was called.
    pub fn refuses_first_form(&self) -> bool {
        self.refuses_first_form.load(Ordering::Acquire)
    }

    /// Proof that the writer of the record `name` had the master key: `generation | HMAC-SHA-256`.
    pub fn record_mark(&self, name: &str) -> Vec<u8> {
        let mark = hmac::sign(&self.records, name.as_bytes());
        [&[MASTER_GENERATION], mark.as_ref()].concat()
    }

    /// A new random data key for `month` (`YYYY-MM`), wrapped for storage. Use it only after it
    /// is stored: [`Vault::load`] activates the one that won there.
    pub fn new_data_key(&self, id: Uuid, month: &str) -> Result<WrappedDataKey, VaultError> {
        let key = Zeroizing::new(ids::random_bytes::<KEY_LEN>());
        self.wrap(id, month, key.as_slice())
    }

    /// The data key wrapped as new ones are. Errors: [`VaultError::NotUnwrapped`].
    pub fn wrap_anew(&self, key: &WrappedDataKey) -> Result<WrappedDataKey, VaultError> {
        let bytes = self.unwrap(key)?;
        self.wrap(key.id, &key.month, &bytes)
    }

    /// While blobs of the first form are taken, releases that know no other may run beside this
    /// one: the wrapping is theirs until then.
    fn wrap(&self, id: Uuid, month: &str, key: &[u8]) -> Result<WrappedDataKey, VaultError> {
        let mut wrapped = Vec::with_capacity(1 + NONCE_LEN + KEY_LEN + AES_256_GCM.tag_len());
        let aad = if self.refuses_first_form() {
            wrapped.push(MASTER_GENERATION);
            wrap_aad(WRAP_PURPOSE, id, month)
        } else {
            wrap_aad(FIRST_WRAP_PURPOSE, id, month)
        };
        seal_into(&mut wrapped, &self.master, aad, key)?;
        Ok(WrappedDataKey {
            id,
            month: month.to_owned(),
            wrapped,
        })
    }

    fn unwrap(&self, key: &WrappedDataKey) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (purpose, sealed) = match key.wrapped.split_first() {
            Some((&MASTER_GENERATION, sealed)) if key.is_of_second_form() => (WRAP_PURPOSE, sealed),
            _ => (FIRST_WRAP_PURPOSE, key.wrapped.as_slice()),
        };
        let aad = wrap_aad(purpose, key.id, &key.month);
        open_from(&self.master, aad, sealed).ok_or(VaultError::NotUnwrapped(key.id))
    }

    /// Unwraps `key` and keeps it in memory. The first key loaded for a month is the one that
    /// seals it; all of them open. Loading a key again changes nothing.
    pub fn load(&self, key: &WrappedDataKey) -> Result<(), VaultError> {
        let bytes = self.unwrap(key)?;
        let bytes = <&[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| VaultError::NotUnwrapped(key.id))?;
        let data_key = aes_key(bytes);

        let mut loaded = self.loaded.write();
        loaded.keys.insert(key.id, data_key);
        loaded.months.entry(key.month.clone()).or_insert(key.id);
        Ok(())
    }

    /// True when [`Vault::seal`] works for `month`.
    pub fn has_month(&self, month: &str) -> bool {
        self.loaded.read().months.contains_key(month)
    }

    /// True when blobs of the data key `id` can be opened.
    pub fn has_key(&self, id: Uuid) -> bool {
        self.loaded.read().keys.contains_key(&id)
    }

    /// Seals `plaintext`, which is of no stay, with the data key of `month` for the place `context`.
    pub fn seal(
        &self,
        month: &str,
        context: &SealContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let loaded = self.loaded.read();
        let sealing = loaded
            .months
            .get(month)
            .and_then(|id| Some((id, loaded.keys.get(id)?)));
        let (id, key) = sealing.ok_or_else(|| VaultError::UnknownMonth(month.to_owned()))?;

        let mut blob = Vec::with_capacity(HEAD_LEN + plaintext.len() + AES_256_GCM.tag_len());
        blob.push(OF_A_MONTH);
        blob.extend_from_slice(id.as_bytes());
        seal_into(&mut blob, key, context.aad(OF_A_MONTH), plaintext)?;
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
        let aad = match blob.first() {
            Some(&OF_A_MONTH) => context.aad(OF_A_MONTH),
            Some(&FIRST_FORM) if !self.refuses_first_form() => context.first_aad(),
            Some(_) | None => return Err(VaultError::NotOpened),
        };
        let id = data_key_id(blob).ok_or(VaultError::NotOpened)?;
        let loaded = self.loaded.read();
        let key = loaded.keys.get(&id).ok_or(VaultError::UnknownKey(id))?;
        open_from(key, aad, &blob[1 + ID_LEN..]).ok_or(VaultError::NotOpened)
    }

    /// A new random key for a stay, wrapped by the data key of `month`.
    pub fn new_stay_key(
        &self,
        month: &str,
        stay_id: Uuid,
        owner: Owner,
    ) -> Result<NewStayKey, VaultError> {
        let bytes = Zeroizing::new(ids::random_bytes::<KEY_LEN>());
        Ok(NewStayKey {
            sealed: self.seal(month, &key_context(stay_id, owner), bytes.as_slice())?,
            key: StayKey(aes_key(&bytes)),
        })
    }

    /// The key of a stay, to seal with.
    ///
    /// Errors: [`VaultError::NotSealed`] of a stay in the first form, which has none yet; as
    /// [`Vault::open`] when its key cannot be opened.
    pub fn stay_key(&self, stay: &StaySafe<'_>) -> Result<StayKey, VaultError> {
        let sealed_key = stay.sealed_key.ok_or(VaultError::NotSealed)?;
        Ok(StayKey(self.unwrap_stay_key(stay, sealed_key)?))
    }

    /// Seals something of a stay with the stay's key. Errors: as [`Vault::stay_key`].
    pub fn seal_of_stay(
        &self,
        stay: &StaySafe<'_>,
        context: &SealContext<'_>,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        self.stay_key(stay)?.seal(context, plaintext)
    }

    /// Opens what [`Vault::seal_of_stay`] made for the same place. Errors: as [`Vault::open`].
    pub fn open_of_stay(
        &self,
        stay: &StaySafe<'_>,
        context: &SealContext<'_>,
        blob: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        match (blob.split_first(), stay.sealed_key) {
            (Some((&OF_A_STAY, sealed)), Some(sealed_key)) => {
                let key = self.unwrap_stay_key(stay, sealed_key)?;
                open_from(&key, context.aad(OF_A_STAY), sealed).ok_or(VaultError::NotOpened)
            }
            (Some((&FIRST_FORM, _)), _) => self.open(context, blob),
            _ => Err(VaultError::NotOpened),
        }
    }

    fn unwrap_stay_key(
        &self,
        stay: &StaySafe<'_>,
        sealed: &[u8],
    ) -> Result<LessSafeKey, VaultError> {
        if sealed.first() != Some(&OF_A_MONTH) {
            return Err(VaultError::NotOpened);
        }
        let bytes = self.open(&stay.key_context(), sealed)?;
        let bytes = <&[u8; KEY_LEN]>::try_from(bytes.as_slice());
        bytes.map(aes_key).map_err(|_| VaultError::NotOpened)
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
}

impl WrappedDataKey {
    /// Whether it was wrapped after the installation had rewritten all first-form data.
    pub fn is_of_second_form(&self) -> bool {
        self.wrapped.len() == 1 + NONCE_LEN + KEY_LEN + AES_256_GCM.tag_len()
    }
}

/// Whether it is a blob of the first form, to be rewritten.
pub fn is_of_first_form(blob: &[u8]) -> bool {
    blob.first() == Some(&FIRST_FORM)
}

/// The data key a blob was sealed with; `None` when it is no blob of a form that names one.
fn data_key_id(blob: &[u8]) -> Option<Uuid> {
    if blob.len() < HEAD_LEN || ![FIRST_FORM, OF_A_MONTH].contains(&blob[0]) {
        return None;
    }
    let id: [u8; ID_LEN] = blob[1..=ID_LEN].try_into().ok()?;
    Some(Builder::from_bytes(id).into_uuid())
}

fn wrap_aad(purpose: &[u8], id: Uuid, month: &str) -> Aad<Vec<u8>> {
    Aad::from([purpose, &[0], id.as_bytes(), month.as_bytes()].concat())
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
        owner: OWNER,
    };
    const OWNER: Owner = Owner {
        organisation_id: Uuid::from_u128(21),
        facility_id: Uuid::from_u128(22),
    };

    /// As releases before the second form sealed.
    fn seal_in_first_form(vault: &Vault, context: &SealContext<'_>, plaintext: &[u8]) -> Vec<u8> {
        let loaded = vault.loaded.read();
        let id = loaded.months[MONTH];
        let mut blob = [&[FIRST_FORM], id.as_bytes().as_slice()].concat();
        seal_into(&mut blob, &loaded.keys[&id], context.first_aad(), plaintext).unwrap();
        blob
    }

    fn stay(sealed_key: &[u8]) -> StaySafe<'_> {
        StaySafe {
            stay_id: Uuid::from_u128(7),
            owner: OWNER,
            sealed_key: Some(sealed_key),
        }
    }

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
            SealContext {
                owner: Owner {
                    organisation_id: Uuid::from_u128(23),
                    ..OWNER
                },
                ..PLACE
            },
            SealContext {
                owner: Owner {
                    facility_id: Uuid::from_u128(23),
                    ..OWNER
                },
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
    fn what_is_sealed_of_a_stay_opens_with_its_key_alone() {
        let vault = vault();
        let new = vault
            .new_stay_key(MONTH, Uuid::from_u128(7), OWNER)
            .unwrap();
        let safe = stay(&new.sealed);
        let blob = vault.seal_of_stay(&safe, &PLACE, b"personal").unwrap();
        let by_new_key = new.key.seal(&PLACE, b"personal").unwrap();
        for sealed in [&blob, &by_new_key] {
            let opened = vault.open_of_stay(&safe, &PLACE, sealed).unwrap();
            assert_eq!(opened.as_slice(), b"personal");
        }

        let another = vault
            .new_stay_key(MONTH, Uuid::from_u128(7), OWNER)
            .unwrap();
        let facility_id = Uuid::from_u128(23);
        let others = [
            stay(&another.sealed),
            StaySafe {
                sealed_key: None,
                ..safe
            },
            // Its key is bound to the stay and to whose it is.
            StaySafe {
                stay_id: Uuid::from_u128(8),
                ..safe
            },
            StaySafe {
                owner: Owner {
                    facility_id,
                    ..OWNER
                },
                ..safe
            },
        ];
        for other in others {
            let opened = vault.open_of_stay(&other, &PLACE, &blob);
            assert_eq!(opened.unwrap_err(), VaultError::NotOpened);
        }
        let moved = SealContext {
            version: 4,
            ..PLACE
        };
        vault.open_of_stay(&safe, &moved, &blob).unwrap_err();
        // Neither opens as the other.
        vault.open(&PLACE, &blob).unwrap_err();
        let of_a_month = vault.seal(MONTH, &PLACE, b"personal").unwrap();
        vault.open_of_stay(&safe, &PLACE, &of_a_month).unwrap_err();
        for index in 0..blob.len() {
            let mut changed = blob.clone();
            changed[index] ^= 1;
            vault.open_of_stay(&safe, &PLACE, &changed).unwrap_err();
            vault
                .open_of_stay(&safe, &PLACE, &blob[..index])
                .unwrap_err();
        }
    }

    #[test]
    fn the_first_form_opens_until_it_is_refused() {
        let vault = vault();
        let old = seal_in_first_form(&vault, &PLACE, b"personal");
        assert!(is_of_first_form(&old));
        let without_key = StaySafe {
            sealed_key: None,
            ..stay(&[])
        };
        assert_eq!(vault.open(&PLACE, &old).unwrap().as_slice(), b"personal");
        let opened = vault.open_of_stay(&without_key, &PLACE, &old).unwrap();
        assert_eq!(opened.as_slice(), b"personal");
        // A stay gets its key before anything new is sealed for it.
        vault.seal_of_stay(&without_key, &PLACE, b"").unwrap_err();
        let new = vault.seal(MONTH, &PLACE, b"personal").unwrap();
        assert!(!is_of_first_form(&new));

        vault.refuse_first_form();
        vault.open(&PLACE, &old).unwrap_err();
        vault.open_of_stay(&without_key, &PLACE, &old).unwrap_err();
        assert_eq!(vault.open(&PLACE, &new).unwrap().as_slice(), b"personal");
    }

    #[test]
    fn a_data_key_is_wrapped_for_the_second_form_once_the_first_is_refused() {
        let vault = empty_vault();
        let first = vault.new_data_key(Uuid::from_u128(1), MONTH).unwrap();
        assert!(!first.is_of_second_form());
        vault.load(&first).unwrap();
        let blob = vault.seal(MONTH, &PLACE, b"personal").unwrap();
        vault.refuse_first_form();
        let second = vault.wrap_anew(&first).unwrap();
        assert!(second.is_of_second_form());
        assert_eq!((second.id, &second.month), (first.id, &first.month));

        let other = empty_vault();
        other.load(&second).unwrap();
        assert_eq!(other.open(&PLACE, &blob).unwrap().as_slice(), b"personal");
        // It cannot be disguised as first-form data.
        let stripped = WrappedDataKey {
            wrapped: second.wrapped[1..].to_vec(),
            ..second
        };
        empty_vault().load(&stripped).unwrap_err();
    }

    #[test]
    fn a_record_is_marked_by_the_master_key_and_for_itself() {
        let mark = empty_vault().record_mark("one");
        assert_eq!(mark, empty_vault().record_mark("one"));
        assert_ne!(mark, empty_vault().record_mark("other"));
        let other = Vault::new(MasterKey::new([9; 32]), [2; 32]);
        assert_ne!(mark, other.record_mark("one"));
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
