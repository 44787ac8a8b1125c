//! Receipt signing keys: Ed25519, compact JWS, public keys as a JWK set.
//!
//! Sources: RFC 7515 (JWS), RFC 7638 (thumbprint, used as `kid`), RFC 8032 and RFC 8037 (Ed25519,
//! `EdDSA`, `OKP`). Ed25519 is deterministic: the same payload and key give the same bytes, so a
//! receipt rebuilt from its parts is the receipt that was given.

mod pem;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use self::pem::Label;

/// The `typ` of a receipt's JWS header.
pub const RECEIPT_TYPE: &str = "luutru-receipt";
/// The `typ` of the JWS header of a day's receipt: another word, so that neither passes for the
/// other.
pub const DAY_RECEIPT_TYPE: &str = "luutru-day-receipt";

/// What stands before the 32 bytes of an Ed25519 public key (RFC 8410, 4: SubjectPublicKeyInfo).
const PUBLIC_DER_FRAME: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Why keys or a signature were refused. Contains no part of a key or payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// No `PRIVATE KEY` block in the text.
    #[error(
        "contains no private key. Give one or more PEM blocks \"PRIVATE KEY\" (PKCS#8), for \
         instance the output of `openssl genpkey -algorithm ed25519`."
    )]
    NoKey,
    /// A block is damaged or holds something else than an unencrypted Ed25519 key.
    #[error(
        "block {block} is not an unencrypted Ed25519 private key in PKCS#8 PEM. Replace it with \
         the output of `openssl genpkey -algorithm ed25519`."
    )]
    BadKey {
        /// Which block of the bundle, from 1.
        block: usize,
    },
    /// A block holds something else than an Ed25519 public key.
    #[error("block {block} is no Ed25519 public key in PEM")]
    BadPublicKey {
        /// Which block of the bundle, from 1.
        block: usize,
    },
    /// The crypto library could not make a key.
    #[error("a new key could not be made")]
    NotGenerated,
    /// The text is no compact JWS of a receipt: form, `alg` or `typ`.
    #[error("is no signed receipt")]
    NotAReceipt,
    /// The key set holds no key of the receipt's `kid`.
    #[error("is signed by a key that is not in the key set")]
    UnknownKey,
    /// The signature does not match this header and payload.
    #[error("has a wrong signature")]
    WrongSignature,
}

/// Signs receipts with one key and publishes several.
pub struct ReceiptSigner {
    signing: Ed25519KeyPair,
    kid: String,
    /// Of the signing key first, then of the others in their order.
    public_keys: Vec<PublicKey>,
}

struct PublicKey {
    kid: String,
    x: String,
}

impl std::fmt::Debug for ReceiptSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ReceiptSigner({})", self.kid)
    }
}

impl ReceiptSigner {
    /// From one or more PKCS#8 PEM private keys, one after the other: the first signs, all are
    /// published. To rotate, put the new key first and keep the old ones for as long as their
    /// receipts are checked.
    pub fn from_pem(pem_bundle: &str) -> Result<Self, SigningError> {
        let mut pairs = private_keys(pem_bundle)?;
        let mut public_keys: Vec<PublicKey> = Vec::with_capacity(pairs.len());
        for public_key in pairs.iter().map(PublicKey::of) {
            if public_keys.iter().all(|known| known.kid != public_key.kid) {
                public_keys.push(public_key);
            }
        }
        let kid = public_keys
            .first()
            .map(|key| key.kid.clone())
            .ok_or(SigningError::NoKey)?;
        Ok(Self {
            signing: pairs.swap_remove(0),
            kid,
            public_keys,
        })
    }

    /// A new key as PKCS#8 PEM (version 1, as `openssl genpkey` writes it).
    pub fn generate_pem() -> Result<String, SigningError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SigningError::NotGenerated)?;
        let der = pair.to_pkcs8v1().map_err(|_| SigningError::NotGenerated)?;
        Ok(pem::encode(Label::PrivateKey, der.as_ref()))
    }

    /// RFC 7638 thumbprint of the key that signs.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The payload of a stay's receipt as a compact JWS, and its signature, from which
    /// [`compact_jws`] makes the same text.
    pub fn sign_receipt(&self, payload: &[u8]) -> (String, [u8; 64]) {
        self.sign(RECEIPT_TYPE, payload)
    }

    /// The payload of a day's receipt as a compact JWS.
    pub fn sign_day(&self, payload: &[u8]) -> String {
        self.sign(DAY_RECEIPT_TYPE, payload).0
    }

    fn sign(&self, typ: &str, payload: &[u8]) -> (String, [u8; 64]) {
        let mut text = signing_input(&self.kid, typ, payload);
        let signature = self.sign_input(&text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        (text, signature)
    }

    fn sign_input(&self, input: &str) -> [u8; 64] {
        let signature = self.signing.sign(input.as_bytes());
        let mut bytes = [0; 64];
        bytes.copy_from_slice(signature.as_ref());
        bytes
    }

    /// The public keys: `{"keys": [{"kty", "crv", "alg", "use", "kid", "x"}]}`, the signing one
    /// first.
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self.public_keys.iter().map(PublicKey::jwk).collect();
        json!({ "keys": keys })
    }
}

impl PublicKey {
    fn of(pair: &Ed25519KeyPair) -> Self {
        Self::of_x(URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()))
    }

    fn of_x(x: String) -> Self {
        Self {
            kid: thumbprint(&x),
            x,
        }
    }

    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": self.kid, "x": self.x,
        })
    }
}

/// The compact JWS of a receipt from what is stored of it: key id, payload, signature.
pub fn compact_jws(kid: &str, payload: &[u8], signature: &[u8]) -> String {
    let mut text = signing_input(kid, RECEIPT_TYPE, payload);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut text);
    text
}

/// What a receipt JWS covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptKind {
    /// A stay: [`RECEIPT_TYPE`].
    Stay,
    /// A facility's day: [`DAY_RECEIPT_TYPE`].
    Day,
}

/// Checks a stay's receipt against a JWK set and gives its payload. Needs nothing but its
/// arguments.
///
/// Errors: [`SigningError::NotAReceipt`], [`SigningError::UnknownKey`],
/// [`SigningError::WrongSignature`].
pub fn verify_jws(jws: &str, jwks: &Value) -> Result<Vec<u8>, SigningError> {
    match verify(jws, jwks)? {
        (ReceiptKind::Stay, payload) => Ok(payload),
        (ReceiptKind::Day, _) => Err(SigningError::NotAReceipt),
    }
}

/// Checks a receipt of either kind, as [`verify_jws`]; the kind is signed too.
pub fn verify(jws: &str, jwks: &Value) -> Result<(ReceiptKind, Vec<u8>), SigningError> {
    let (input, signature) = jws
        .trim()
        .rsplit_once('.')
        .ok_or(SigningError::NotAReceipt)?;
    let (header, payload) = input.split_once('.').ok_or(SigningError::NotAReceipt)?;
    let header: Value =
        serde_json::from_slice(&decode(header)?).map_err(|_| SigningError::NotAReceipt)?;
    if header["alg"] != "EdDSA" || !header["crit"].is_null() {
        return Err(SigningError::NotAReceipt);
    }
    let kind = match header["typ"].as_str() {
        Some(RECEIPT_TYPE) => ReceiptKind::Stay,
        Some(DAY_RECEIPT_TYPE) => ReceiptKind::Day,
        Some(_) | None => return Err(SigningError::NotAReceipt),
    };
    let kid = header["kid"].as_str().ok_or(SigningError::NotAReceipt)?;
    let public_key = find_key(jwks, kid).ok_or(SigningError::UnknownKey)?;
    UnparsedPublicKey::new(&ED25519, &public_key)
        .verify(input.as_bytes(), &decode(signature)?)
        .map_err(|_| SigningError::WrongSignature)?;
    Ok((kind, decode(payload)?))
}

/// Public keys in PEM (`openssl pkey -pubout`), one after the other, as a JWK set.
///
/// Errors: [`SigningError::NoKey`], [`SigningError::BadPublicKey`].
pub fn jwks_of_pem(pem_bundle: &str) -> Result<Value, SigningError> {
    let keys: Vec<Value> = pem::blocks(pem_bundle, Label::PublicKey)
        .enumerate()
        .map(|(index, der)| {
            let key = der.as_deref().and_then(|der| public_key(der));
            key.ok_or(SigningError::BadPublicKey { block: index + 1 })
        })
        .collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(SigningError::NoKey);
    }
    Ok(json!({ "keys": keys }))
}

fn public_key(der: &[u8]) -> Option<Value> {
    let bytes = der.strip_prefix(PUBLIC_DER_FRAME.as_slice())?;
    let x = (bytes.len() == 32).then(|| URL_SAFE_NO_PAD.encode(bytes))?;
    Some(PublicKey::of_x(x).jwk())
}

/// RFC 7638, with the members that RFC 8037 names for `OKP`.
fn thumbprint(x: &str) -> String {
    let required = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, required.as_bytes()))
}

/// `header.payload`, both base64url; the header's members always in this order.
fn signing_input(kid: &str, typ: &str, payload: &[u8]) -> String {
    let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}"}}"#);
    let mut input = URL_SAFE_NO_PAD.encode(header);
    input.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut input);
    input
}

fn decode(part: &str) -> Result<Vec<u8>, SigningError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| SigningError::NotAReceipt)
}

fn find_key(jwks: &Value, kid: &str) -> Option<Vec<u8>> {
    let is_ours = |key: &&Value| {
        key["kty"] == "OKP" && key["crv"] == "Ed25519" && key["kid"].as_str() == Some(kid)
    };
    let key = jwks["keys"].as_array()?.iter().find(is_ours)?;
    let bytes = URL_SAFE_NO_PAD.decode(key["x"].as_str()?).ok()?;
    (bytes.len() == 32).then_some(bytes)
}

fn private_keys(pem_bundle: &str) -> Result<Vec<Ed25519KeyPair>, SigningError> {
    let pairs: Vec<Ed25519KeyPair> = pem::blocks(pem_bundle, Label::PrivateKey)
        .enumerate()
        .map(|(index, der)| {
            let pair = der.and_then(|der| Ed25519KeyPair::from_pkcs8(&der).ok());
            pair.ok_or(SigningError::BadKey { block: index + 1 })
        })
        .collect::<Result<_, _>>()?;
    if pairs.is_empty() {
        Err(SigningError::NoKey)
    } else {
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A.1 to A.4.
    const RFC_8037_SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const RFC_8037_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const RFC_8037_THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    const RFC_8037_INPUT: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const RFC_8037_SIGNATURE: &str =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    /// The same key in the form that `openssl genpkey -algorithm ed25519` writes.
    const OPENSSL_PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

    fn signer() -> ReceiptSigner {
        ReceiptSigner::from_pem(&ReceiptSigner::generate_pem().unwrap()).unwrap()
    }

    fn jws(signer: &ReceiptSigner, payload: &[u8]) -> String {
        let (text, signature) = signer.sign_receipt(payload);
        assert_eq!(text, compact_jws(signer.kid(), payload, &signature));
        text
    }

    #[test]
    fn key_thumbprint_and_signature_of_rfc_8037() {
        let seed = URL_SAFE_NO_PAD.decode(RFC_8037_SEED).unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public_key = PublicKey::of(&pair);
        assert_eq!(public_key.x, RFC_8037_X);
        assert_eq!(public_key.kid, RFC_8037_THUMBPRINT);

        let signature = pair.sign(RFC_8037_INPUT.as_bytes());
        assert_eq!(
            URL_SAFE_NO_PAD.encode(signature.as_ref()),
            RFC_8037_SIGNATURE
        );
    }

    #[test]
    fn a_pem_written_by_openssl_is_read() {
        assert_eq!(
            ReceiptSigner::from_pem(OPENSSL_PEM).unwrap().kid(),
            RFC_8037_THUMBPRINT
        );
        let with_crlf = OPENSSL_PEM.replace('\n', "\r\n");
        ReceiptSigner::from_pem(&format!("a note before\n{with_crlf}")).unwrap();
    }

    #[test]
    fn a_receipt_verifies_with_the_published_keys_only() {
        let signer = signer();
        let jws = jws(&signer, b"{\"number\":\"LT-1\"}");
        assert_eq!(
            verify_jws(&jws, &signer.jwks()).unwrap(),
            b"{\"number\":\"LT-1\"}"
        );

        let other = self::signer();
        assert_eq!(
            verify_jws(&jws, &other.jwks()).unwrap_err(),
            SigningError::UnknownKey
        );
    }

    #[test]
    fn the_same_payload_gives_the_same_text() {
        let signer = signer();
        assert_eq!(jws(&signer, b"{}"), jws(&signer, b"{}"));
    }

    #[test]
    fn rotation_signs_with_the_new_key_and_verifies_the_old_receipts() {
        let old_pem = ReceiptSigner::generate_pem().unwrap();
        let old = ReceiptSigner::from_pem(&old_pem).unwrap();
        let old_receipt = jws(&old, b"old");

        let new_pem = ReceiptSigner::generate_pem().unwrap();
        let rotated = ReceiptSigner::from_pem(&format!("{new_pem}{old_pem}{new_pem}")).unwrap();
        assert_ne!(rotated.kid(), old.kid());
        assert_eq!(rotated.jwks()["keys"].as_array().unwrap().len(), 2);
        assert_eq!(rotated.jwks()["keys"][0]["kid"], rotated.kid());
        assert_eq!(verify_jws(&old_receipt, &rotated.jwks()).unwrap(), b"old");
        assert_eq!(
            verify_jws(&jws(&rotated, b"new"), &rotated.jwks()).unwrap(),
            b"new"
        );
    }

    #[test]
    fn a_day_s_receipt_verifies_and_passes_for_no_other() {
        let signer = signer();
        let day = signer.sign_day(b"{}");
        let stay = jws(&signer, b"{}");
        let kind = |jws: &str| verify(jws, &signer.jwks()).unwrap().0;
        assert_eq!(kind(&day), ReceiptKind::Day);
        assert_eq!(kind(&stay), ReceiptKind::Stay);
        let refused = verify_jws(&day, &signer.jwks());
        assert_eq!(refused, Err(SigningError::NotAReceipt));
        // The header is signed: the signature of one is none of the other.
        let (input, _) = day.rsplit_once('.').unwrap();
        let (_, signature) = stay.rsplit_once('.').unwrap();
        let mixed = verify(&format!("{input}.{signature}"), &signer.jwks());
        assert_eq!(mixed, Err(SigningError::WrongSignature));
    }

    #[test]
    fn a_public_key_in_pem_is_the_jwk() {
        // RFC 8410, 10.1.
        let pem = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
            -----END PUBLIC KEY-----\n";
        let keys = jwks_of_pem(&pem.repeat(2)).unwrap();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
        let x = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
        assert_eq!(keys["keys"][0]["x"], x);
        assert_eq!(keys["keys"][0]["kid"], thumbprint(x));
        let table = [
            (String::new(), SigningError::NoKey),
            (
                pem.replace("MCow", "MCox"),
                SigningError::BadPublicKey { block: 1 },
            ),
            (
                format!("{pem}-----BEGIN PUBLIC KEY-----\n"),
                SigningError::BadPublicKey { block: 2 },
            ),
        ];
        for (text, error) in table {
            assert_eq!(jwks_of_pem(&text), Err(error));
        }
    }

    #[test]
    fn a_changed_receipt_does_not_verify() {
        let signer = signer();
        let good = jws(&signer, b"{\"number\":\"LT-1\"}");
        let parts: Vec<&str> = good.split('.').collect();
        let other_payload = URL_SAFE_NO_PAD.encode(b"{\"number\":\"LT-2\"}");
        let none = URL_SAFE_NO_PAD
            .encode(json!({"alg": "none", "kid": signer.kid(), "typ": RECEIPT_TYPE}).to_string());
        let other_type = URL_SAFE_NO_PAD
            .encode(json!({"alg": "EdDSA", "kid": signer.kid(), "typ": "JWT"}).to_string());
        let table = [
            (
                format!("{}.{other_payload}.{}", parts[0], parts[2]),
                SigningError::WrongSignature,
            ),
            (
                format!("{}.{}.{}", parts[0], parts[1], "AAAA"),
                SigningError::WrongSignature,
            ),
            (
                format!("{none}.{}.{}", parts[1], parts[2]),
                SigningError::NotAReceipt,
            ),
            (format!("{none}.{}.", parts[1]), SigningError::NotAReceipt),
            (
                format!("{other_type}.{}.{}", parts[1], parts[2]),
                SigningError::NotAReceipt,
            ),
            (
                format!("{}.{}", parts[0], parts[1]),
                SigningError::NotAReceipt,
            ),
            (String::new(), SigningError::NotAReceipt),
            ("..".to_owned(), SigningError::NotAReceipt),
        ];
        for (text, error) in table {
            assert_eq!(
                verify_jws(&text, &signer.jwks()).unwrap_err(),
                error,
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_bundle_names_the_block() {
        let good = ReceiptSigner::generate_pem().unwrap();
        let encrypted = good.replace("PRIVATE", "ENCRYPTED PRIVATE");
        let damaged = good.replace("MC4C", "AC4C");
        let table = [
            (String::new(), SigningError::NoKey),
            (encrypted, SigningError::NoKey),
            (damaged.clone(), SigningError::BadKey { block: 1 }),
            (
                format!("{good}{damaged}"),
                SigningError::BadKey { block: 2 },
            ),
            (
                "-----BEGIN PRIVATE KEY-----".to_owned(),
                SigningError::BadKey { block: 1 },
            ),
        ];
        for (text, error) in table {
            assert_eq!(ReceiptSigner::from_pem(&text).unwrap_err(), error);
        }
    }
}
