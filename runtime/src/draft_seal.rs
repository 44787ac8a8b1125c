//! Opens drafts that a browser sealed while it could not reach the service.
//!
//! A browser that loses its connection seals what was typed to the service's public key, so that
//! what lies in its profile can be read by nobody, itself included. The key is derived from the
//! pepper of the installation: all API processes have the same, and no further secret is to be kept.
//!
//! A sealed draft is `point (65) | nonce (12) | ciphertext | tag (16)`: ECDH on P-256 between a key
//! made for this draft and ours, HKDF-SHA-256 salted with both points, AES-256-GCM. The context,
//! which names draft and facility, is authenticated, so that a draft opens nowhere else.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::secrets;

/// An uncompressed point of P-256.
const POINT_LEN: usize = 65;
/// What the derived key is for; the form of a sealed draft.
const PURPOSE: &[u8] = b"luutru draft 1";
/// Names of the private key, tried in order: hardly any 32 bytes are no key of P-256.
const KEY_NAMES: [&str; 2] = ["luutru draft key 1", "luutru draft key 1 again"];

/// The key pair to which browsers seal.
pub struct DraftSeal {
    private: PrivateKey,
    public: Vec<u8>,
}

/// A draft that this key does not open: sealed to another key, for another facility, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed draft cannot be opened")]
pub struct NotOurs;

impl DraftSeal {
    /// The key of an installation.
    ///
    /// Errors: none of the names leads to a key; the pepper must be another.
    pub fn of_pepper(pepper: &[u8; 32]) -> Result<Self, NotOurs> {
        let mut keys = KEY_NAMES.iter().filter_map(|name| {
            let bytes = secrets::derive_key(pepper, name);
            PrivateKey::from_private_key(&ECDH_P256, bytes.as_slice()).ok()
        });
        let private = keys.next().ok_or(NotOurs)?;
        let public = private.compute_public_key().map_err(|_| NotOurs)?;
        Ok(Self {
            public: public.as_ref().to_vec(),
            private,
        })
    }

    /// The public key as browsers take it: an uncompressed point in base64url.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.public)
    }

    /// What was sealed for this context, from its base64url.
    ///
    /// Errors: see [`NotOurs`]; the reason is not told.
    pub fn open(&self, context: &[u8], sealed: &str) -> Result<Zeroizing<Vec<u8>>, NotOurs> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| NotOurs)?;
        let (point, rest) = sealed.split_at_checked(POINT_LEN).ok_or(NotOurs)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).ok_or(NotOurs)?;
        let key = self.shared_key(point)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NotOurs)?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let opened = key.open_in_place(nonce, Aad::from(context), &mut bytes);
        let length = opened.map_err(|_| NotOurs)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// The key that only we and who made `point` can know.
    fn shared_key(&self, point: &[u8]) -> Result<LessSafeKey, NotOurs> {
        let theirs = UnparsedPublicKey::new(&ECDH_P256, point);
        agreement::agree(&self.private, theirs, NotOurs, |shared| {
            let salt = [point, self.public.as_slice()].concat();
            let derived = Salt::new(HKDF_SHA256, &salt).extract(shared);
            let key = derived.expand(&[PURPOSE], &AES_256_GCM);
            let key = UnboundKey::from(key.map_err(|_| NotOurs)?);
            Ok(LessSafeKey::new(key))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seals as a browser does.
    fn seal(public: &str, context: &[u8], text: &[u8]) -> String {
        let theirs = URL_SAFE_NO_PAD.decode(public).unwrap();
        let ours = PrivateKey::generate(&ECDH_P256).unwrap();
        let point = ours.compute_public_key().unwrap();
        let peer = UnparsedPublicKey::new(&ECDH_P256, &theirs);
        let key = agreement::agree(&ours, peer, NotOurs, |shared| {
            let salt = [point.as_ref(), &theirs].concat();
            let derived = Salt::new(HKDF_SHA256, &salt).extract(shared);
            let key = derived.expand(&[PURPOSE], &AES_256_GCM).unwrap();
            Ok(LessSafeKey::new(UnboundKey::from(key)))
        });
        let nonce = [7; NONCE_LEN];
        let mut bytes = text.to_vec();
        key.unwrap()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut bytes,
            )
            .unwrap();
        URL_SAFE_NO_PAD.encode([point.as_ref(), &nonce, &bytes].concat())
    }

    #[test]
    fn a_draft_opens_for_its_context_and_its_installation_only() {
        let ours = DraftSeal::of_pepper(&[1; 32]).unwrap();
        let same = DraftSeal::of_pepper(&[1; 32]).unwrap();
        let other = DraftSeal::of_pepper(&[2; 32]).unwrap();
        assert_eq!(ours.public_key(), same.public_key());
        let sealed = seal(&ours.public_key(), b"key place", b"full_name=An");
        assert_eq!(
            same.open(b"key place", &sealed).unwrap().as_slice(),
            b"full_name=An"
        );
        assert_eq!(ours.open(b"key elsewhere", &sealed), Err(NotOurs));
        assert_eq!(other.open(b"key place", &sealed), Err(NotOurs));
        for damaged in ["", "AAAA", &sealed[..sealed.len() - 4], "không"] {
            assert_eq!(ours.open(b"key place", damaged), Err(NotOurs), "{damaged}");
        }
    }
}
