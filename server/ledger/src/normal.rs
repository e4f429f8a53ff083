//! When two addresses or login names are the same: the form that is claimed.
//!
//! NFKC, lower case, NFKC again, without spaces around it. So `Ann@Example.ORG` is
//! `ann@example.org`, and full-width letters are letters. Dots and `+tags` before the `@` stay:
//! only some providers ignore them. A full stop after the host goes. An `xn--` host is not the same
//! as its letters. Names of outside providers are taken as they are: they are ids and not names.

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Longest address, in bytes (RFC 5321).
pub const MAX_ADDRESS_BYTES: usize = 254;
/// Longest login name, name of a provider, or name given by one, in bytes.
pub const MAX_LOGIN_BYTES: usize = 128;

/// Text that is no address or login name; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing, or longer than it may be.
    #[error("1 to {0} bytes")]
    Length(usize),
    /// White space or a control character.
    #[error("white space or a control character in it")]
    Sign,
    /// An address has one `@` with something before and after it.
    #[error("no address: something@host")]
    Address,
}

/// The form of an address that is claimed.
///
/// # Errors
/// When it is no address: one `@`, a name before it, a host after it, at most 254 bytes.
pub fn address(text: &str) -> Result<String, NameError> {
    let normal = folded(text, MAX_ADDRESS_BYTES)?;
    let (name, host) = normal.split_once('@').ok_or(NameError::Address)?;
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_host = !host.is_empty() && host.split('.').all(|label| !label.is_empty());
    let bad = |sign: char| "@<>()[]\\,;:\"".contains(sign);
    if name.is_empty() || !is_host || name.contains(bad) || host.contains(bad) {
        return Err(NameError::Address);
    }
    Ok(format!("{name}@{host}"))
}

/// The form of a login name that is claimed.
///
/// # Errors
/// When it is empty, longer than 128 bytes, or has white space or control characters in it.
pub fn login(text: &str) -> Result<String, NameError> {
    folded(text, MAX_LOGIN_BYTES)
}

/// Checks an id that an outside provider gave; it is claimed as it is.
///
/// # Errors
/// When it is empty, longer than 128 bytes, or has control characters in it.
pub fn outside(text: &str) -> Result<(), NameError> {
    if text.is_empty() || text.len() > MAX_LOGIN_BYTES {
        return Err(NameError::Length(MAX_LOGIN_BYTES));
    }
    if text.chars().any(char::is_control) { Err(NameError::Sign) } else { Ok(()) }
}

fn folded(text: &str, max: usize) -> Result<String, NameError> {
    // One character of NFKC can be 18: no work is done for texts that are too long anyway.
    if text.len() > 4 * max {
        return Err(NameError::Length(max));
    }
    let normal: String = text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect();
    if normal.is_empty() || normal.len() > max {
        return Err(NameError::Length(max));
    }
    let bad = |sign: char| sign.is_whitespace() || sign.is_control() || is_invisible(sign);
    if normal.contains(bad) { Err(NameError::Sign) } else { Ok(normal) }
}

/// Signs without a picture, which make two names look alike.
const fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_the_same_have_one_form() {
        for text in
            ["ann@example.org", " Ann@Example.ORG ", "ＡNN@example.org.", "ann@ｅxample.org"]
        {
            assert_eq!(address(text).as_deref(), Ok("ann@example.org"), "{text}");
        }
        assert_eq!(address("a.n+n@example.org").as_deref(), Ok("a.n+n@example.org"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["ann", "@host", "ann@", "a@b@c", "ann@host..org", "a<b@host", "ann@."] {
            assert_eq!(address(text), Err(NameError::Address), "{text}");
        }
        assert_eq!(address("a n@host"), Err(NameError::Sign));
        assert_eq!(address("a\u{200b}n@host"), Err(NameError::Sign));
        assert_eq!(address(""), Err(NameError::Length(254)));
        assert_eq!(address(&format!("{}@host", "a".repeat(250))), Err(NameError::Length(254)));
        assert_eq!(address(&"\u{fdfa}".repeat(200)), Err(NameError::Length(254)));
    }

    #[test]
    fn a_form_is_its_own_form() {
        for text in ["ǅ", "İ", "ϓ", "ſ", "\u{1e9e}", "Ω", "ﬃ", "Å"] {
            let once = login(text).unwrap();
            assert_eq!(login(&once).as_deref(), Ok(once.as_str()), "{text}");
        }
        assert_eq!(login("Ann"), login("ＡＮＮ"));
        assert_eq!(outside("AbC"), Ok(()));
        assert_eq!(outside(""), Err(NameError::Length(128)));
    }
}
