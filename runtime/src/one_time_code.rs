//! One-time codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost.

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::ids;
use crate::vault::{Owner, SealContext, Vault, VaultError};

/// Bytes of a secret (RFC 4226, section 4).
const SECRET_LENGTH: usize = 20;
/// Steps before and after the present one whose codes are good: half a minute each.
const SKEW_STEPS: u16 = 1;
/// The name of the service in the authenticator.
const ISSUER: &str = "luutru";
/// Recovery codes of an account.
pub const RECOVERY_CODE_COUNT: usize = 10;
/// Letters that are not mistaken for each other. 32 of them: five bits each.
const RECOVERY_LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Letters of a recovery code: 80 bits.
const RECOVERY_LENGTH: usize = 16;

/// A secret or a name that no authenticator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no authenticator takes this secret or name")]
pub struct AuthenticatorError;

/// An authenticator: its secret, and the account it is for.
pub struct Authenticator(Totp);

impl Authenticator {
    /// A new one.
    ///
    /// # Errors
    /// A name that no authenticator takes.
    pub fn generate(account_name: &str) -> Result<Self, AuthenticatorError> {
        Self::of_secret(&ids::random_bytes::<SECRET_LENGTH>(), account_name)
    }

    /// The one with this secret.
    ///
    /// # Errors
    /// A secret or a name that no authenticator takes.
    pub fn of_secret(secret: &[u8], account_name: &str) -> Result<Self, AuthenticatorError> {
        let built = Builder::new()
            .with_secret(Secret::new(secret.into()))
            .with_skew(SKEW_STEPS)
            .with_issuer(Some(ISSUER))
            .with_account_name(account_name)
            .build();
        built.map(Self).map_err(|_| AuthenticatorError)
    }

    /// The one whose secret is typed like this.
    ///
    /// # Errors
    /// A text that is no secret in base32, or a name that no authenticator takes.
    pub fn of_text(text: &str, account_name: &str) -> Result<Self, AuthenticatorError> {
        let secret = Secret::try_from_base32(text).map_err(|_| AuthenticatorError)?;
        Self::of_secret(secret.as_bytes(), account_name)
    }

    /// The bytes of the secret, to be sealed.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.secret().as_bytes().to_vec())
    }

    /// The secret, sealed for the row that keeps it.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal(
        &self,
        vault: &Vault,
        month: &str,
        place: SecretPlace,
    ) -> Result<Vec<u8>, VaultError> {
        vault.seal(month, &place.context(), &self.secret())
    }

    /// The authenticator whose secret was sealed for this row.
    ///
    /// # Errors
    /// As [`Vault::open`]; [`VaultError::NotOpened`] too for what is no secret.
    pub fn open(
        vault: &Vault,
        place: SecretPlace,
        sealed: &[u8],
        account_name: &str,
    ) -> Result<Self, VaultError> {
        let secret = vault.open(&place.context(), sealed)?;
        Self::of_secret(&secret, account_name).map_err(|_| VaultError::NotOpened)
    }

    /// The secret to be typed.
    #[must_use]
    pub fn secret_text(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The address to be scanned, `otpauth://totp/…`.
    ///
    /// # Errors
    /// A name that no authenticator takes.
    pub fn address(&self) -> Result<String, AuthenticatorError> {
        self.0.to_url().map_err(|_| AuthenticatorError)
    }

    /// The step of a code that is right at this instant and of a later step than `last`: the caller
    /// keeps it, so that no code is good twice.
    #[must_use]
    pub fn step_of(&self, code: &str, at: DateTime<Utc>, last: Option<i64>) -> Option<i64> {
        let seconds = u64::try_from(at.timestamp()).ok()?;
        let step = i64::try_from(self.0.check(code, seconds)?).ok()?;
        last.is_none_or(|last| last < step).then_some(step)
    }

    /// The code of an instant, as the authenticator shows it.
    #[must_use]
    pub fn code_at(&self, at: DateTime<Utc>) -> String {
        let seconds = u64::try_from(at.timestamp()).unwrap_or_default();
        self.0.generate(seconds).to_string()
    }
}

/// The row that keeps a sealed secret.
#[derive(Clone, Copy, Debug)]
pub struct SecretPlace {
    /// Its table.
    pub table: &'static str,
    /// Its id.
    pub row_id: Uuid,
    /// The organisation of the account.
    pub organisation_id: Uuid,
}

impl SecretPlace {
    fn context(&self) -> SealContext<'static> {
        SealContext {
            table: self.table,
            row_id: self.row_id,
            version: 0,
            owner: Owner {
                organisation_id: self.organisation_id,
                facility_id: Uuid::nil(),
            },
        }
    }
}

/// New recovery codes, as they are printed: four groups of four letters.
#[must_use]
pub fn recovery_codes() -> [String; RECOVERY_CODE_COUNT] {
    std::array::from_fn(|_| {
        let bytes = ids::random_bytes::<RECOVERY_LENGTH>();
        let letters = bytes.map(|byte| RECOVERY_LETTERS[usize::from(byte % 32)]);
        let groups = letters.chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    })
}

/// The letters of a recovery code however it was typed; `None` for what is none.
#[must_use]
pub fn recovery_letters(text: &str) -> Option<String> {
    let letters: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let is_ours = letters
        .bytes()
        .all(|letter| RECOVERY_LETTERS.contains(&letter));
    (letters.len() == RECOVERY_LENGTH && is_ours).then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    /// The test vectors of RFC 6238, appendix B, to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let authenticator = Authenticator::of_secret(b"12345678901234567890", "desk").unwrap();
        let table = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ];
        for (second, code) in table {
            assert_eq!(authenticator.code_at(at(second)), code);
        }
    }

    #[test]
    fn a_code_is_good_for_half_a_minute_around_and_once() {
        let authenticator = Authenticator::generate("desk").unwrap();
        let code = authenticator.code_at(at(3_000));
        let step = authenticator.step_of(&code, at(3_000), None).unwrap();
        assert_eq!(step, 100);
        for (second, last, expected) in [
            (2_970, None, Some(100)),
            (3_059, None, Some(100)),
            (3_060, None, None),
            (2_969, None, None),
            (3_010, Some(99), Some(100)),
            (3_010, Some(100), None),
            (3_010, Some(101), None),
        ] {
            let found = authenticator.step_of(&code, at(second), last);
            assert_eq!(found, expected, "{second} {last:?}");
        }
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(
                authenticator.step_of(wrong, at(3_000), None),
                None,
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_authenticator_survives_its_secret_and_names_its_service() {
        let first = Authenticator::generate("le-tan").unwrap();
        let again = Authenticator::of_secret(&first.secret(), "le-tan").unwrap();
        assert_eq!(first.code_at(at(9_000)), again.code_at(at(9_000)));
        let address = first.address().unwrap();
        assert!(
            address.starts_with("otpauth://totp/luutru:le-tan?"),
            "{address}"
        );
        assert!(address.contains(&format!("secret={}", first.secret_text())));
    }

    #[test]
    fn recovery_codes_differ_and_are_read_however_they_are_typed() {
        let codes = recovery_codes();
        let letters: std::collections::HashSet<String> = codes
            .iter()
            .map(|code| recovery_letters(code).unwrap())
            .collect();
        assert_eq!(letters.len(), RECOVERY_CODE_COUNT);
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert!(letters.contains(&recovery_letters(&typed).unwrap()));
        for other in ["", "123456", "0000-0000-0000-0000", "abcd-efgh-jkmn-pqr"] {
            assert_eq!(recovery_letters(other), None, "{other}");
        }
    }
}
