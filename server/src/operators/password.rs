//! Passwords: argon2id, off the async threads, two at a time.

use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use thiserror::Error;
use tokio::{sync::Semaphore, time::timeout};
use unicode_normalization::UnicodeNormalization;

use super::AccountName;

/// Shortest password, in characters.
const MIN_CHARS: usize = 10;
/// Longest one, in bytes: hashing megabytes is work for nothing.
const MAX_BYTES: usize = 1_024;
/// Each takes 19 MiB and a processor for some hundredths of a second.
const AT_ONCE: usize = 2;
/// Longest wait for one of those.
const PATIENCE: Duration = Duration::from_secs(5);

/// A password that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Too short.
    #[error("A password has at least 10 characters.")]
    Short,
    /// Too long.
    #[error("A password has at most 1,024 bytes.")]
    Long,
    /// The account's name.
    #[error("The password must not be the name.")]
    Name,
    /// Others are being looked at.
    #[error("Too many passwords are being looked at. Try again in some seconds.")]
    Busy,
    /// The program is stopping, or the library failed.
    #[error("The password cannot be looked at: {0}.")]
    Failed(String),
}

/// Looks at passwords, two at a time.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Passwords {
    /// Checks a new password and hashes it: the PHC text of argon2id, with a salt of its own.
    pub(super) async fn hash(
        &self,
        name: &AccountName,
        password: String,
    ) -> Result<String, PasswordError> {
        if password.chars().count() < MIN_CHARS {
            return Err(PasswordError::Short);
        }
        if password.len() > MAX_BYTES {
            return Err(PasswordError::Long);
        }
        if password.to_lowercase() == name.as_str() {
            return Err(PasswordError::Name);
        }
        self.work(move || hash(&password)).await?
    }

    /// Compares; without an account's hash the same work is done for nothing.
    pub(super) async fn verify(
        &self,
        hash: Option<String>,
        password: String,
    ) -> Result<bool, PasswordError> {
        if password.len() > MAX_BYTES {
            return Ok(false);
        }
        self.work(move || match hash {
            Some(hash) => is_match(&hash, &password),
            None => {
                // Makes a hash with the same parameters: as long as comparing.
                let _ = self::hash(&password);
                false
            }
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = timeout(PATIENCE, Arc::clone(&self.0).acquire_owned());
        let turn = turn.await.map_err(|_| PasswordError::Busy)?.map_err(|_| PasswordError::Busy)?;
        let work = move || {
            let _turn = turn;
            work()
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| PasswordError::Failed(error.to_string()))
    }
}

/// The library's defaults are OWASP's: argon2id, 19 MiB, two passes, one lane.
fn hash(password: &str) -> Result<String, PasswordError> {
    let failed = |error: argon2::password_hash::Error| PasswordError::Failed(error.to_string());
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(failed)?;
    let hash = Argon2::default().hash_password(normal(password).as_bytes(), &salt);
    Ok(hash.map_err(failed)?.to_string())
}

/// Compares in constant time; the parameters are those of the hash.
fn is_match(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default().verify_password(normal(password).as_bytes(), &hash).is_ok()
    })
}

/// The same letters may be typed as different code points on another computer.
fn normal(password: &str) -> String {
    password.nfc().collect()
}
