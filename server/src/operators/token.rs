//! The token file: lets scripts of whoever may read the data directory read the API over TCP.

use std::path::Path;

use super::{Digest, FileError, Secret, file};

/// Its name in the data directory, mode 0600.
pub const TOKEN_FILE: &str = "api-token";

/// Hash of the token; a new one is made when there is no file.
pub(super) fn read_or_make(data: &Path) -> Result<Digest, FileError> {
    let path = data.join(TOKEN_FILE);
    if let Some(text) = file::read_private(&path)? {
        let token = Secret::parse(&text).ok_or_else(|| FileError::malformed(&path))?;
        return Ok(token.digest());
    }
    let token = Secret::new();
    file::write_private(&path, &format!("{}\n", token.text()))?;
    Ok(token.digest())
}
