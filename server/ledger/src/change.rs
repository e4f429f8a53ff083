//! What an event does, as it stands in the event: personal text sealed, the rest plain.

use crate::{
    DecodeError, Field, IdentityTag, Role, Sealed,
    code::{Reader, Writer},
};

const CREATED: u8 = 1;
const FIELD: u8 = 2;
const LINKED: u8 = 3;
const UNLINKED: u8 = 4;
const PASSWORD: u8 = 5;
const SECOND_FACTOR: u8 = 6;
const ROLE: u8 = 7;
const DISABLED: u8 = 8;
const ENABLED: u8 = 9;
const VERIFIED: u8 = 10;
const LOGGED_IN: u8 = 11;
const ERASED: u8 = 12;

/// Longest body of a change of a newer program, in bytes.
const MAX_BODY_BYTES: usize = 3 << 10;

/// What an event does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The profile exists.
    Created,
    /// Something personal; its text opens with the profile's key.
    Sealed(About, Sealed),
    /// Another role.
    Role(Role),
    /// No login any more.
    Disabled,
    /// Logins again.
    Enabled,
    /// Erased: the key is dropped.
    Erased,
    /// A newer program did something that this one does not know. It is kept as it is.
    Newer {
        /// Its kind.
        kind: u8,
        /// The rest.
        body: Vec<u8>,
    },
}

/// What a sealed text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// The text of a field, or that it has none.
    Field(Field),
    /// An outside identity that is linked.
    Linked(IdentityTag),
    /// One that is not any more.
    Unlinked(IdentityTag),
    /// The hash of a password, or that there is none.
    Password,
    /// The secret of a second factor, or that there is none.
    SecondFactor,
    /// An address that was proved.
    Verified,
    /// Time and address of a login.
    LoggedIn,
}

/// What of a profile an event is about: two sides conflict that change the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    /// That it exists.
    Created,
    /// A field.
    Field(Field),
    /// One outside identity.
    Identity(IdentityTag),
    /// The password.
    Password,
    /// The second factor.
    SecondFactor,
    /// The role.
    Role,
    /// Whether it may log in.
    Disabled,
    /// The address that was proved.
    Verified,
    /// The last login.
    LoggedIn,
    /// That it is erased.
    Erased,
    /// What a newer program changes with events of this kind.
    Newer(u8),
}

impl Change {
    /// What of the profile it is about.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        match self {
            Self::Created => Slot::Created,
            Self::Sealed(About::Field(field), _) => Slot::Field(*field),
            Self::Sealed(About::Linked(tag) | About::Unlinked(tag), _) => Slot::Identity(*tag),
            Self::Sealed(About::Password, _) => Slot::Password,
            Self::Sealed(About::SecondFactor, _) => Slot::SecondFactor,
            Self::Sealed(About::Verified, _) => Slot::Verified,
            Self::Sealed(About::LoggedIn, _) => Slot::LoggedIn,
            Self::Role(_) => Slot::Role,
            Self::Disabled | Self::Enabled => Slot::Disabled,
            Self::Erased => Slot::Erased,
            Self::Newer { kind, .. } => Slot::Newer(*kind),
        }
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        let (kind, body) = match self {
            Self::Created => (CREATED, Vec::new()),
            Self::Disabled => (DISABLED, Vec::new()),
            Self::Enabled => (ENABLED, Vec::new()),
            Self::Erased => (ERASED, Vec::new()),
            Self::Role(role) => (ROLE, vec![role.byte()]),
            Self::Newer { kind, body } => (*kind, body.clone()),
            Self::Sealed(about, sealed) => {
                let (kind, subject) = about.parts();
                (kind, [subject.as_slice(), sealed.as_bytes()].concat())
            }
        };
        out.byte(kind).bytes(&body);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = reader.byte()?;
        let body = reader.bytes()?;
        if body.len() > MAX_BODY_BYTES {
            return Err(DecodeError::Value("the length of a change"));
        }
        let newer = || Self::Newer { kind, body: body.to_vec() };
        let mut part = Reader::part(body);
        let plain = match kind {
            CREATED => Self::Created,
            DISABLED => Self::Disabled,
            ENABLED => Self::Enabled,
            ERASED => Self::Erased,
            ROLE => match Role::from_byte(part.byte()?) {
                Some(role) => Self::Role(role),
                None => return Ok(newer()),
            },
            FIELD..=SECOND_FACTOR | VERIFIED | LOGGED_IN => {
                return About::read(kind, &mut part)?
                    .map_or_else(|| Ok(newer()), |about| sealed(about, part.rest()));
            }
            0 => return Err(DecodeError::Value("a change of no kind")),
            _ => return Ok(newer()),
        };
        part.end()?;
        Ok(plain)
    }
}

fn sealed(about: About, bytes: &[u8]) -> Result<Change, DecodeError> {
    let sealed = Sealed::read(bytes).ok_or(DecodeError::Value("the length of a sealed text"))?;
    Ok(Change::Sealed(about, sealed))
}

impl About {
    /// Kind of the event, and what stands before the sealed text.
    fn parts(self) -> (u8, Vec<u8>) {
        match self {
            Self::Field(field) => (FIELD, vec![field.code()]),
            Self::Linked(tag) => (LINKED, tag.as_bytes().to_vec()),
            Self::Unlinked(tag) => (UNLINKED, tag.as_bytes().to_vec()),
            Self::Password => (PASSWORD, Vec::new()),
            Self::SecondFactor => (SECOND_FACTOR, Vec::new()),
            Self::Verified => (VERIFIED, Vec::new()),
            Self::LoggedIn => (LOGGED_IN, Vec::new()),
        }
    }

    /// None for a field that only a newer program has.
    fn read(kind: u8, part: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(match kind {
            FIELD => Field::from_code(part.byte()?).map(Self::Field),
            LINKED => Some(Self::Linked(IdentityTag::from_bytes(part.fixed()?))),
            UNLINKED => Some(Self::Unlinked(IdentityTag::from_bytes(part.fixed()?))),
            PASSWORD => Some(Self::Password),
            SECOND_FACTOR => Some(Self::SecondFactor),
            VERIFIED => Some(Self::Verified),
            LOGGED_IN => Some(Self::LoggedIn),
            _ => None,
        })
    }

    /// What the sealed text is bound to, so that it is good in no other event.
    pub(crate) fn bound(self, context: &[u8]) -> Vec<u8> {
        let (kind, subject) = self.parts();
        [b"swish-cluster profile text 1\0", context, &[kind], &subject].concat()
    }
}
