//! People who may use this node's dashboard: accounts, one-time links, sessions and their limits.
//!
//! ```text
//!  link (CLI, first start) ─▶ account: name, role, argon2id ─▶ session cookie ─▶ Who
//! ```
//!
//! Guarantees: of links, sessions and the token only hashes are kept; a change is on the disk
//! before anybody hears of it; at most two passwords are hashed at once. Deliberately absent: one
//! account for all nodes (docs/decisions/0026).

mod account;
mod budget;
mod file;
mod kept;
mod limit;
mod password;
mod secret;
mod token;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::words::Role;

pub use account::{AccountName, NameError};
pub use file::FileError;
pub use kept::{Invitation, Person};
pub use limit::Wait;
pub use password::{PasswordError, Passwords};
pub use secret::{Digest, Secret};
pub use token::TOKEN_FILE;

use self::{budget::Budget, kept::Kept, limit::Limits};

/// Somebody who asks, after it was checked who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The account's name, or what else speaks.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// How that is known.
    pub by: By,
}

/// How it is known who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The cookie of this session.
    Session(Digest),
    /// The token file of the data directory, which only reads.
    Token,
    /// The socket file, which only this machine's operator can open.
    Socket,
}

/// Something about accounts was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The link was used, is too old, or never was.
    #[error("This link was used or is too old. `swish-cluster operator link` makes another one.")]
    Link,
    /// Somebody else has that name.
    #[error("There is an account “{0}” already. Choose another name.")]
    Taken(String),
    /// Nobody has that name.
    #[error("There is no account “{0}”. `swish-cluster operator list` names them all.")]
    NoAccount(String),
    /// A name that cannot be one.
    #[error("{0}")]
    Name(#[from] NameError),
    /// A password that is not good enough, or too many of them at once.
    #[error("{0}")]
    Password(#[from] PasswordError),
    /// The change could not be written.
    #[error("{0}")]
    File(#[from] FileError),
}

/// Longest life of a session, in seconds.
pub const SESSION_SECONDS: u64 = kept::ABSOLUTE_MS / 1_000;

/// All of it; clones share it.
#[derive(Clone, Debug)]
pub struct Operators(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    kept: Mutex<Kept>,
    limits: Mutex<Limits>,
    refused: Mutex<Budget>,
    passwords: Passwords,
    /// Of the token in the data directory.
    token: Digest,
    /// One change at a time, so that a later one cannot be written before an earlier one.
    writing: tokio::sync::Mutex<()>,
}

impl Operators {
    /// Reads the accounts of a data directory; makes its token file if there is none.
    ///
    /// # Errors
    /// When a file cannot be read or made, or others can read it.
    pub fn open(data: &Path) -> Result<Self, FileError> {
        let path = data.join(file::NAME);
        let kept = file::read(&path)?;
        let token = token::read_or_make(data)?;
        Ok(Self(Arc::new(Shared {
            path,
            kept: Mutex::new(kept),
            limits: Mutex::default(),
            refused: Mutex::default(),
            passwords: Passwords::default(),
            token,
            writing: tokio::sync::Mutex::default(),
        })))
    }

    /// Who has this session, if it is good; notes that it was used.
    #[must_use]
    pub fn session(&self, secret: &Secret, now_ms: u64) -> Option<Who> {
        let id = secret.digest();
        let used = self.kept().use_session(id, now_ms)?;
        if used.is_worth_keeping {
            let all = self.clone();
            // A lost note makes a session end early, never late.
            tokio::spawn(async move { all.change(|_| Ok(())).await });
        }
        Some(Who { name: used.name, role: used.role, by: By::Session(id) })
    }

    /// Whether what `who` was let in by is still good, without counting as a use.
    #[must_use]
    pub fn is_good(&self, who: &Who, now_ms: u64) -> bool {
        match who.by {
            By::Session(id) => self.kept().has_session(&id, now_ms),
            By::Token | By::Socket => true,
        }
    }

    /// Whether this is the token of the data directory.
    #[must_use]
    pub fn token(&self, secret: &Secret) -> Option<Who> {
        let good = secret.digest() == self.0.token;
        good.then(|| Who { name: "token".to_owned(), role: Role::Viewer, by: By::Token })
    }

    /// The accounts, by name.
    #[must_use]
    pub fn people(&self, now_ms: u64) -> Vec<Person> {
        self.kept().people(now_ms)
    }

    /// What a link is for, while it can be used.
    #[must_use]
    pub fn invitation(&self, secret: &Secret, now_ms: u64) -> Option<Invitation> {
        self.kept().invitation(&secret.digest(), now_ms)
    }

    /// Makes the link of the first start, if there is no account; older ones of that kind end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn first_link(&self, now_ms: u64) -> Result<Option<Secret>, Refused> {
        if self.kept().has_accounts() {
            return Ok(None);
        }
        let secret = Secret::new();
        let id = secret.digest();
        self.change(|kept| {
            kept.invite_first(id, now_ms);
            Ok(())
        })
        .await?;
        Ok(Some(secret))
    }

    /// Makes a one-time link: for a new account, or for another password of one that there is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn link(
        &self,
        name: Option<AccountName>,
        role: Role,
        now_ms: u64,
    ) -> Result<(Secret, Invitation), Refused> {
        let secret = Secret::new();
        let id = secret.digest();
        let invitation = self.change(|kept| Ok(kept.invite(id, name, role, now_ms))).await?;
        Ok((secret, invitation))
    }

    /// Uses a link: the account has this password now, and somebody is logged in.
    ///
    /// # Errors
    /// When the link is not good, or the name or the password cannot be used; the link stays good
    /// then.
    pub async fn accept(
        &self,
        link: &Secret,
        name: &str,
        password: String,
        now_ms: u64,
    ) -> Result<(Secret, Person, Invitation), Refused> {
        let link = link.digest();
        let invitation = self.kept().invitation(&link, now_ms).ok_or(Refused::Link)?;
        let name = match &invitation.name {
            Some(name) => name.clone(),
            None => name.parse()?,
        };
        let hash = self.0.passwords.hash(&name, password).await?;
        let session = Secret::new();
        let id = session.digest();
        let person = self.change(|kept| kept.accept(&link, name, hash, id, now_ms)).await?;
        Ok((session, person, invitation))
    }

    /// Makes an account with a password that somebody else chose.
    ///
    /// # Errors
    /// When the name is taken or the password not good enough.
    pub async fn add(
        &self,
        name: AccountName,
        role: Role,
        password: String,
        now_ms: u64,
    ) -> Result<Person, Refused> {
        let hash = self.0.passwords.hash(&name, password).await?;
        self.change(|kept| kept.add(name, role, hash, now_ms)).await
    }

    /// Gives an account another role, at once for all its sessions; tells the one before.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn set_role(&self, name: &AccountName, role: Role) -> Result<Role, Refused> {
        self.change(|kept| kept.set_role(name, role)).await
    }

    /// Removes an account with its sessions and links; tells the role it had.
    ///
    /// # Errors
    /// When there is no such account.
    pub async fn remove(&self, name: &AccountName) -> Result<Role, Refused> {
        self.change(|kept| kept.remove(name)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When that cannot be written; the session is good then.
    pub async fn log_out(&self, session: Digest) -> Result<(), Refused> {
        self.change(|kept| {
            kept.end_session(&session);
            Ok(())
        })
        .await
    }

    /// How long somebody at this address has to wait before another password for that name is
    /// looked at; the same whether or not there is such an account.
    #[must_use]
    pub fn wait(&self, name: &str, address: &str, now_ms: u64) -> Option<Wait> {
        self.limits().wait(name, address, now_ms)
    }

    /// Whether a refused login may be written into the audit, with how many were not before it.
    #[must_use]
    pub fn note_refused(&self, now_ms: u64) -> Option<u64> {
        self.0.refused.lock().unwrap_or_else(PoisonError::into_inner).take(now_ms)
    }

    /// Logs in by password; `before` is a session that ends with it. None: wrong.
    ///
    /// A name that nobody has takes as long as one that somebody has.
    ///
    /// # Errors
    /// When too many passwords are being looked at, or the session cannot be written.
    pub async fn log_in(
        &self,
        name: &str,
        password: String,
        address: &str,
        before: Option<Digest>,
        now_ms: u64,
    ) -> Result<Option<(Secret, Person)>, Refused> {
        // Counted before it is looked at, so that many at once are no way around the limit.
        self.limits().note(name, address, now_ms);
        let account: Option<AccountName> = name.parse().ok();
        let hash = account.as_ref().and_then(|name| self.kept().hash_of(name));
        if !self.0.passwords.verify(hash, password).await? {
            return Ok(None);
        }
        let Some(account) = account else { return Ok(None) };
        let session = Secret::new();
        let id = session.digest();
        let person = self
            .change(|kept| {
                before.iter().for_each(|before| kept.end_session(before));
                kept.begin_session(&account, id, now_ms)
            })
            .await?;
        self.limits().forgive(name, address);
        Ok(Some((session, person)))
    }

    /// Changes a copy, writes it, and only then lets it hold.
    async fn change<T>(
        &self,
        change: impl FnOnce(&mut Kept) -> Result<T, Refused> + Send,
    ) -> Result<T, Refused> {
        let _turn = self.0.writing.lock().await;
        let mut changed = self.kept().clone();
        let done = change(&mut changed)?;
        let (path, written) = (self.0.path.clone(), changed.clone());
        let write = tokio::task::spawn_blocking(move || file::write(&path, &written));
        write.await.map_err(|_| FileError::Stopping)??;
        *self.kept() = changed;
        Ok(done)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.0.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
