//! The fields of a profile that people edit, and what they may hold.

use thiserror::Error;

use crate::normal::address;

/// Longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 256;
/// Longest address of a page or picture, in bytes.
pub const MAX_URL_BYTES: usize = 1_024;

/// A field of a SWISH profile that holds text. Its read-only ones are made of other events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Full name, as pages show it.
    Name,
    /// Given name.
    GivenName,
    /// Family name.
    FamilyName,
    /// Nick name.
    NickName,
    /// Home page, http or https.
    HomePage,
    /// Mail address as shown and written to; whose it is, its claim says.
    Email,
    /// `immediate`, `daily` or `never`; without one `immediate`.
    EmailNotifications,
    /// Address of a picture; hidden in SWISH's form.
    Avatar,
}

/// Text that a field cannot hold; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FieldError {
    /// Longer than the field.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// Clearing a field is no text at all.
    #[error("empty: a field is cleared instead")]
    Empty,
    /// Line ends and other control characters.
    #[error("a control character")]
    Control,
    /// SWISH's words for it.
    #[error("This field must hold a valid email")]
    Email,
    /// Neither http nor https, or for a picture neither that nor a path of this site.
    #[error("This field must hold a valid URL")]
    Url,
    /// None of the three words.
    #[error("expected immediate, daily or never")]
    Notifications,
}

impl Field {
    /// All of them, in the order of SWISH's form.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::GivenName,
        Self::FamilyName,
        Self::NickName,
        Self::HomePage,
        Self::Email,
        Self::EmailNotifications,
        Self::Avatar,
    ];

    /// SWISH's name of it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::NickName => "nick_name",
            Self::HomePage => "home_page",
            Self::Email => "email",
            Self::EmailNotifications => "email_notifications",
            Self::Avatar => "avatar",
        }
    }

    /// The field that SWISH calls so.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }

    /// Its byte in events; never changed.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Name => 1,
            Self::GivenName => 2,
            Self::FamilyName => 3,
            Self::NickName => 4,
            Self::HomePage => 5,
            Self::Email => 6,
            Self::EmailNotifications => 7,
            Self::Avatar => 8,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.code() == code)
    }

    /// Checks that the field can hold `text`.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(self, text: &str) -> Result<(), FieldError> {
        let max = match self {
            Self::HomePage | Self::Avatar => MAX_URL_BYTES,
            Self::Name
            | Self::GivenName
            | Self::FamilyName
            | Self::NickName
            | Self::Email
            | Self::EmailNotifications => MAX_NAME_BYTES,
        };
        if text.is_empty() {
            return Err(FieldError::Empty);
        }
        if text.len() > max {
            return Err(FieldError::TooLong(max));
        }
        if text.chars().any(char::is_control) {
            return Err(FieldError::Control);
        }
        self.check_form(text)
    }

    fn check_form(self, text: &str) -> Result<(), FieldError> {
        match self {
            Self::Name | Self::GivenName | Self::FamilyName | Self::NickName => Ok(()),
            Self::Email => address(text).map(|_| ()).map_err(|_| FieldError::Email),
            Self::HomePage if is_web(text) => Ok(()),
            // A generated picture is a path below the site: `/icons/avatar.svg#17`.
            Self::Avatar if is_web(text) || is_path(text) => Ok(()),
            Self::HomePage | Self::Avatar => Err(FieldError::Url),
            Self::EmailNotifications => match text {
                "immediate" | "daily" | "never" => Ok(()),
                _ => Err(FieldError::Notifications),
            },
        }
    }
}

/// An address with http or https and a host. Nothing else may become a link: `javascript:` runs.
fn is_web(text: &str) -> bool {
    let rest = ["http://", "https://"].into_iter().find_map(|scheme| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    let bad = |sign: char| sign.is_whitespace() || "\"<>\\^`{|}".contains(sign);
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !rest.contains(bad)
    })
}

fn is_path(text: &str) -> bool {
    let bad = |sign: char| sign.is_whitespace() || "\"<>\\".contains(sign);
    text.starts_with('/') && !text.starts_with("//") && !text.contains(bad)
}
