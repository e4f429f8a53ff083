//! What is done to a profile, in plain: what callers hand in, and what opens with the key.

use thiserror::Error;

use crate::{
    Change, Field, FieldError, IdentityTag, NameError, Nonce, ProfileKey, Role, Slot,
    change::About,
    code::Reader,
    normal,
    password::{PasswordHash, PasswordHashError},
};

/// Longest secret of a second factor, in bytes.
const MAX_FACTOR_BYTES: usize = 256;
/// Longest address of a visitor, in bytes.
const MAX_PEER_BYTES: usize = 64;

/// Somebody at a provider: `local` for a password of SWISH or ours, else who asks whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Name of the provider, as in SWISH's `identity`: `local`, `google`, …
    pub provider: String,
    /// Who that is there.
    pub external: String,
}

/// The last login of a profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LastLogin {
    /// When, in ms since 1970.
    pub at_ms: u64,
    /// Address of the visitor; empty when nobody knows.
    pub peer: String,
}

/// One thing that is done to a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It exists. The first event of every chain.
    Created,
    /// A field has another text; none: it is cleared.
    Field(Field, Option<String>),
    /// Whoever logs in so is this profile.
    Linked(Identity),
    /// That is over.
    Unlinked(Identity),
    /// Another password; none: there is no login by password.
    Password(Option<PasswordHash>),
    /// Another secret of the second factor; none: it is not asked for.
    SecondFactor(Option<String>),
    /// It may do other things.
    Role(Role),
    /// It may not log in.
    Disabled,
    /// It may log in again.
    Enabled,
    /// Somebody proved to read mail to this address.
    Verified(String),
    /// Somebody logged in. The later one counts, and it never conflicts.
    LoggedIn(LastLogin),
    /// It is erased: nothing follows, and the key is dropped.
    Erased,
}

/// Something that cannot be done to a profile; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// A field cannot hold the text.
    #[error("{field}: {1}", field = .0.key())]
    Field(Field, #[source] FieldError),
    /// An identity or address cannot be one.
    #[error("no name: {0}")]
    Name(#[from] NameError),
    /// The hash of a password is none.
    #[error(transparent)]
    Password(#[from] PasswordHashError),
    /// The secret of a second factor is empty or too long.
    #[error("the secret of a second factor has 1 to 256 bytes")]
    SecondFactor,
    /// The address of a visitor is too long.
    #[error("the address of a visitor has at most 64 bytes")]
    Peer,
    /// An event settles more than this many others.
    #[error("settles more than {0} events")]
    TooMany(usize),
}

impl Edit {
    /// What of the profile it is about, as the branches compare it.
    #[must_use]
    pub fn slot(&self, key: &ProfileKey) -> Slot {
        match self {
            Self::Created => Slot::Created,
            Self::Field(field, _) => Slot::Field(*field),
            Self::Linked(identity) | Self::Unlinked(identity) => Slot::Identity(key.tag(identity)),
            Self::Password(_) => Slot::Password,
            Self::SecondFactor(_) => Slot::SecondFactor,
            Self::Role(_) => Slot::Role,
            Self::Disabled | Self::Enabled => Slot::Disabled,
            Self::Verified(_) => Slot::Verified,
            Self::LoggedIn(_) => Slot::LoggedIn,
            Self::Erased => Slot::Erased,
        }
    }

    /// Checks that a profile can hold it.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self) -> Result<(), EditError> {
        match self {
            Self::Field(field, Some(text)) => {
                field.check(text).map_err(|error| EditError::Field(*field, error))
            }
            Self::Linked(identity) | Self::Unlinked(identity) => identity.check(),
            Self::SecondFactor(Some(secret)) => {
                let is_good = (1..=MAX_FACTOR_BYTES).contains(&secret.len());
                is_good.then_some(()).ok_or(EditError::SecondFactor)
            }
            Self::Verified(text) => Ok(normal::address(text).map(|_| ())?),
            Self::LoggedIn(login) if login.peer.len() > MAX_PEER_BYTES => Err(EditError::Peer),
            Self::Created
            | Self::Field(_, None)
            | Self::Password(_)
            | Self::SecondFactor(None)
            | Self::Role(_)
            | Self::Disabled
            | Self::Enabled
            | Self::LoggedIn(_)
            | Self::Erased => Ok(()),
        }
    }

    /// Puts it into the form of events, its personal text under the key.
    pub(crate) fn close(
        &self,
        key: &ProfileKey,
        nonce: &Nonce,
        context: &[u8],
    ) -> Result<Change, EditError> {
        self.check()?;
        let about = match self {
            Self::Created => return Ok(Change::Created),
            Self::Role(role) => return Ok(Change::Role(*role)),
            Self::Disabled => return Ok(Change::Disabled),
            Self::Enabled => return Ok(Change::Enabled),
            Self::Erased => return Ok(Change::Erased),
            Self::Field(field, _) => About::Field(*field),
            Self::Linked(identity) => About::Linked(key.tag(identity)),
            Self::Unlinked(identity) => About::Unlinked(key.tag(identity)),
            Self::Password(_) => About::Password,
            Self::SecondFactor(_) => About::SecondFactor,
            Self::Verified(_) => About::Verified,
            Self::LoggedIn(_) => About::LoggedIn,
        };
        let sealed = key.close(nonce, &about.bound(context), &self.plain());
        Ok(Change::Sealed(about, sealed.expect("the longest text has 1,024 bytes")))
    }

    /// The text that is sealed.
    fn plain(&self) -> Vec<u8> {
        let optional = |text: Option<&str>| match text {
            None => Vec::new(),
            Some(text) => [b"=", text.as_bytes()].concat(),
        };
        match self {
            Self::Field(_, text) | Self::SecondFactor(text) => optional(text.as_deref()),
            Self::Password(hash) => optional(hash.as_ref().map(PasswordHash::as_str)),
            Self::Linked(identity) | Self::Unlinked(identity) => {
                [identity.provider.as_bytes(), b"\0", identity.external.as_bytes()].concat()
            }
            Self::Verified(address) => address.clone().into_bytes(),
            Self::LoggedIn(login) => {
                [login.at_ms.to_be_bytes().as_slice(), login.peer.as_bytes()].concat()
            }
            Self::Created | Self::Role(_) | Self::Disabled | Self::Enabled | Self::Erased => {
                Vec::new()
            }
        }
    }

    /// From the text that was sealed; none when it is not what was said to be sealed.
    pub(crate) fn from_plain(about: About, plain: &[u8], key: &ProfileKey) -> Option<Self> {
        let text = || std::str::from_utf8(plain).ok();
        let optional = || match plain.split_first() {
            None => Some(None),
            Some((b'=', text)) => Some(Some(std::str::from_utf8(text).ok()?.to_owned())),
            Some(_) => None,
        };
        let tagged = |tag: IdentityTag| {
            let (provider, external) = text()?.split_once('\0')?;
            let identity = Identity { provider: provider.into(), external: external.into() };
            (key.tag(&identity) == tag).then_some(identity)
        };
        let edit = match about {
            About::Field(field) => Self::Field(field, optional()?),
            About::Linked(tag) => Self::Linked(tagged(tag)?),
            About::Unlinked(tag) => Self::Unlinked(tagged(tag)?),
            About::Password => {
                Self::Password(optional()?.map(|text| text.parse()).transpose().ok()?)
            }
            About::SecondFactor => Self::SecondFactor(optional()?),
            About::Verified => Self::Verified(text()?.to_owned()),
            About::LoggedIn => {
                let mut reader = Reader::part(plain);
                let at_ms = reader.number().ok()?;
                let peer = std::str::from_utf8(reader.rest()).ok()?.to_owned();
                Self::LoggedIn(LastLogin { at_ms, peer })
            }
        };
        edit.check().ok().map(|()| edit)
    }
}

impl Identity {
    /// The provider whose names are login names of this site.
    pub const LOCAL: &'static str = "local";

    /// Somebody with a login name of this site.
    #[must_use]
    pub fn local(name: &str) -> Self {
        Self { provider: Self::LOCAL.into(), external: name.into() }
    }

    /// As SWISH's commits name it: `provider:external`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}:{}", self.provider, self.external)
    }

    fn check(&self) -> Result<(), EditError> {
        normal::outside(&self.provider)?;
        Ok(normal::outside(&self.external)?)
    }
}
