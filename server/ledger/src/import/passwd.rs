//! SWISH's passwd file: lines `user:hash:group:Real Name:email`.

use super::{ImportError, Skipped};
use crate::{Identity, PasswordHash, normal};

/// Largest file, in bytes.
pub const MAX_PASSWD_BYTES: usize = 16 << 20;
/// Most users.
const MAX_USERS: usize = 100_000;

/// One user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswdEntry {
    /// Line of the file, from 1.
    pub line: usize,
    /// Name as it stands there; SWISH and its digests tell capital letters apart.
    pub user: String,
    /// Hash of the password.
    pub password: PasswordHash,
    /// Real name; empty when there is none.
    pub name: String,
    /// Mail address, trusted as verified by SWISH; empty when there is none.
    pub email: String,
}

impl PasswdEntry {
    /// The identity that logs in with it.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity::local(&self.user)
    }
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwd {
    /// Users in the order of the file. Of two lines of one user the first counts, as for SWISH.
    pub entries: Vec<PasswdEntry>,
    /// Lines that are not taken over.
    pub skipped: Vec<Skipped>,
}

/// Reads a passwd file.
///
/// # Errors
/// When it is larger than 16 MiB or has more than 100,000 users.
pub fn read_passwd(bytes: &[u8]) -> Result<Passwd, ImportError> {
    if bytes.len() > MAX_PASSWD_BYTES {
        return Err(ImportError::TooLarge(MAX_PASSWD_BYTES));
    }
    let mut passwd = Passwd::default();
    let mut seen = std::collections::BTreeSet::new();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        if passwd.entries.len() + passwd.skipped.len() >= MAX_USERS {
            return Err(ImportError::TooMany(MAX_USERS));
        }
        match entry(at + 1, line) {
            Ok(entry) if seen.insert(entry.user.clone()) => passwd.entries.push(entry),
            Ok(PasswdEntry { user, .. }) => passwd.skipped.push(Skipped {
                line: at + 1,
                whose: user,
                why: "a second line of this user".into(),
            }),
            Err((whose, why)) => {
                passwd.skipped.push(Skipped { line: at + 1, whose, why: why.into() });
            }
        }
    }
    Ok(passwd)
}

fn entry(line: usize, text: &[u8]) -> Result<PasswdEntry, (String, &'static str)> {
    let nobody = |why| (String::new(), why);
    let text = std::str::from_utf8(text).map_err(|_| nobody("not UTF-8"))?;
    let mut parts = text.splitn(5, ':').map(str::trim);
    let user = parts.next().unwrap_or_default().to_owned();
    if normal::login(&user).is_err() {
        return Err(nobody("no name that can log in"));
    }
    let password = parts.next().and_then(|hash| hash.parse().ok());
    let Some(password) = password else { return Err((user, "no hash of a password")) };
    let mut parts = parts.skip(1).map(str::to_owned);
    let name = parts.next().unwrap_or_default();
    let email = parts.next().unwrap_or_default();
    Ok(PasswdEntry { line, user, password, name, email })
}
