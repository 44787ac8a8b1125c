//! Hashes passwords with Argon2id, a few at a time and away from the threads that serve requests.
//!
//! A hash is slow and takes memory on purpose. What arrives faster than it can be hashed waits, and
//! is refused rather than piled up.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Memory of one hash, in KiB, and its passes: the first choice of OWASP's password storage cheat
/// sheet for Argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at once: each takes a core for some hundredths of a second.
const HASHES_AT_ONCE: usize = 2;
/// Callers that may wait for their turn.
const WAITING_COUNT_MAX: usize = 64;
/// How long a caller waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The hash could not be computed.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Clone)]
pub struct PasswordHasher {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Verified when there is no account of a name, so that it takes as long as a wrong password.
    stand_in: Arc<str>,
}

impl PasswordHasher {
    /// A hasher of this process.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] without randomness.
    pub fn new() -> Result<Self, PasswordError> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING_COUNT_MAX)),
            stand_in: hash_now(b"nobody's password")?.into(),
        })
    }

    /// The hash of a password, with its parameters and a random salt (PHC).
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = Zeroizing::new(password.as_bytes().to_vec());
        self.run(move || hash_now(&password)).await?
    }

    /// Whether a password is the one of this hash. Without a hash it takes as long and is not.
    ///
    /// # Errors
    /// [`PasswordError::Busy`].
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or(&self.stand_in).to_owned();
        let password = Zeroizing::new(password.as_bytes().to_vec());
        let is_same = self.run(move || verify_now(&password, &hash)).await?;
        Ok(is_same && is_known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(PATIENCE, turn)
            .await
            .map_err(|_| PasswordError::Busy)?
            .map_err(|_| PasswordError::Failed)?;
        let work = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        work.await.map_err(|_| PasswordError::Failed)
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|_| PasswordError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &[u8]) -> Result<String, PasswordError> {
    let hash = argon2()?.hash_password(password);
    Ok(hash.map_err(|_| PasswordError::Failed)?.to_string())
}

/// A damaged hash is of no password.
fn verify_now(password: &[u8], hash: &str) -> bool {
    let (Ok(argon2), Ok(hash)) = (argon2(), PasswordHash::new(hash)) else {
        return false;
    };
    argon2.verify_password(password, &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_of_a_hash_verifies() {
        let hasher = PasswordHasher::new().unwrap();
        let hash = hasher.hash("con trâu vàng").await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(hash, hasher.hash("con trâu vàng").await.unwrap(), "salted");
        for (password, stored, expected) in [
            ("con trâu vàng", Some(hash.as_str()), true),
            ("con trâu bạc", Some(hash.as_str()), false),
            ("", Some(hash.as_str()), false),
            ("con trâu vàng", Some("$argon2id$damaged"), false),
            ("con trâu vàng", None, false),
            ("nobody's password", None, false),
        ] {
            let found = hasher.verify(password, stored).await.unwrap();
            assert_eq!(found, expected, "{password}");
        }
    }

    #[tokio::test]
    async fn more_than_can_wait_are_refused() {
        let hasher = PasswordHasher::new().unwrap();
        let places = u32::try_from(WAITING_COUNT_MAX).unwrap();
        let _all = hasher.waiting.acquire_many(places).await.unwrap();
        assert_eq!(hasher.hash("con trâu").await, Err(PasswordError::Busy));
    }
}
