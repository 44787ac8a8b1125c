//! Random tokens of cookies and one-time links, and the keyed hash that is stored of them.
//!
//! A token is 256 random bits, so a fast keyed hash is enough; the pepper lies outside the database.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::ids;

/// What a token is for. The same token is nothing anywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// A session of a browser.
    Session,
    /// A machine at a desk.
    Machine,
    /// A browser in which an account has signed in before.
    Browser,
    /// A one-time link.
    Invitation,
    /// A form of a session.
    Form,
    /// A recovery code.
    Recovery,
}

impl TokenUse {
    const fn purpose(self) -> &'static [u8] {
        match self {
            Self::Session => b"luutru token session 1",
            Self::Machine => b"luutru token machine 1",
            Self::Browser => b"luutru token browser 1",
            Self::Invitation => b"luutru token invitation 1",
            Self::Form => b"luutru token form 1",
            Self::Recovery => b"luutru token recovery 1",
        }
    }
}

/// A token in clear: only in its holder's hand and while it is judged. Debug shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(…)")
    }
}

impl Token {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(Zeroizing::new(ids::random_bytes()))
    }

    /// Reads its text; `None` for every other form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let bytes = <[u8; 32]>::try_from(bytes.as_slice()).ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// 43 characters of a URL or a cookie.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// The hash that is stored.
    #[must_use]
    pub fn hash(&self, pepper: &[u8; 32], of: TokenUse) -> [u8; 32] {
        keyed_hash(pepper, of, &[self.0.as_slice()])
    }
}

/// HMAC-SHA-256 under a key derived from the pepper for this use, over the parts, each with its
/// length before it.
#[must_use]
pub fn keyed_hash(pepper: &[u8; 32], of: TokenUse, parts: &[&[u8]]) -> [u8; 32] {
    let pepper = hmac::Key::new(hmac::HMAC_SHA256, pepper);
    let derived = hmac::sign(&pepper, of.purpose());
    let key = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.sign().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEPPER: [u8; 32] = [5; 32];

    #[test]
    fn a_token_survives_its_text_and_is_another_for_every_use() {
        let token = Token::generate();
        let text = token.text();
        assert_eq!(text.len(), 43);
        assert_eq!(Token::parse(&text), Some(token.clone()));
        let session = token.hash(&PEPPER, TokenUse::Session);
        assert_eq!(session, token.hash(&PEPPER, TokenUse::Session));
        assert_ne!(session, token.hash(&PEPPER, TokenUse::Machine));
        assert_ne!(session, token.hash(&[6; 32], TokenUse::Session));
        assert!(!format!("{token:?}").contains(&text[..8]));
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let text = Token::generate().text();
        for other in ["", &text[1..], "é", &format!("{}=", text.as_str())] {
            assert_eq!(Token::parse(other), None, "{other}");
        }
    }
}
