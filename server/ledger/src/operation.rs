//! An operation: what somebody did to a profile, wherever in the chain it lands.

use std::collections::BTreeSet;

use domain::{Incarnation, MemberId, NodeId};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    Change, DecodeError, Edit, EditError, Nonce, OperationId, ProfileId, ProfileKey, Seal, Sealer,
    Slot,
    code::{Reader, Writer},
};

/// Most operations that one settles.
pub const MAX_SETTLES: usize = 64;

/// What is hashed first, so that the hash is good for nothing else.
const HASHES: &[u8] = b"swish-cluster profile operation 1\0";
/// The same for what is sealed.
const SEALS: &[u8] = b"swish-cluster profile seal 1\0";

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Author {
    /// Somebody with a profile: the owner, or an admin.
    Person(ProfileId),
    /// Somebody at a node's command line.
    CommandLine,
    /// It comes from SWISH's own files.
    Import,
    /// The provider of an identity said so at a login; also a SWISH that owns identity.
    Provider,
    /// The node itself, as with a login, or a password's hash that was replaced.
    Node,
}

/// Everything of an operation but what is done: who, where, when, and what it settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The profile.
    pub profile: ProfileId,
    /// The node where it was done.
    pub origin: MemberId,
    /// Who did it.
    pub by: Author,
    /// When, in ms since 1970 by the origin's clock.
    pub at_ms: u64,
    /// Random bytes that were never used before. Two operations with equal ones are one.
    pub nonce: Nonce,
    /// Operations of a conflict that it ends: all of them, the winner too (protocol 8).
    pub settles: BTreeSet<OperationId>,
}

/// What somebody did to a profile, with the seal of the node where it was done.
///
/// It has no place: the event around it has. So it can be rebased by any member, and whoever did it
/// is still vouched for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    pub(crate) id: OperationId,
    pub(crate) profile: ProfileId,
    pub(crate) origin: MemberId,
    pub(crate) by: Author,
    pub(crate) at_ms: u64,
    nonce: Nonce,
    pub(crate) settles: BTreeSet<OperationId>,
    pub(crate) change: Change,
    seal: Seal,
}

/// A sealed text cannot be read. It is the fault of whoever made it, or the key is another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It is not under this key, or not for this event.
    #[error("not sealed under this key")]
    Key,
    /// A newer program made it.
    #[error("made by a newer program")]
    Newer,
}

/// The seal is not the origin's: somebody else says that this was done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("operation {0} is not sealed by the node where it is said to be done")]
pub struct ForgedError(pub OperationId);

impl Operation {
    /// Makes and seals an operation.
    ///
    /// # Errors
    /// When a profile cannot hold the edit, or it settles too much.
    pub fn new(
        about: Circumstances,
        edit: &Edit,
        key: &ProfileKey,
        sealer: &impl Sealer,
    ) -> Result<Self, EditError> {
        if about.settles.len() > MAX_SETTLES {
            return Err(EditError::TooMany(MAX_SETTLES));
        }
        let Circumstances { profile, origin, by, at_ms, nonce, settles } = about;
        let context = context(&profile, origin, &by, &nonce, &settles);
        let change = edit.close(key, &nonce, &context)?;
        let id = identify(context, &change);
        let seal = sealer.seal(&sealed_text(id, at_ms));
        Ok(Self { id, profile, origin, by, at_ms, nonce, settles, change, seal })
    }

    /// Hash of what is done by whom and where, without time and place.
    #[must_use]
    pub const fn id(&self) -> OperationId {
        self.id
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> &ProfileId {
        &self.profile
    }

    /// The node where it was done.
    #[must_use]
    pub const fn origin(&self) -> MemberId {
        self.origin
    }

    /// Who did it.
    #[must_use]
    pub const fn by(&self) -> &Author {
        &self.by
    }

    /// When, in ms since 1970 by the origin's clock.
    #[must_use]
    pub const fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// What it settles.
    #[must_use]
    pub const fn settles(&self) -> &BTreeSet<OperationId> {
        &self.settles
    }

    /// What is done, personal text sealed.
    #[must_use]
    pub const fn change(&self) -> &Change {
        &self.change
    }

    /// What of the profile it is about.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.change.slot()
    }

    /// What is done, in plain.
    ///
    /// # Errors
    /// When it does not open with this key, or is a newer program's.
    pub fn open(&self, key: &ProfileKey) -> Result<Edit, OpenError> {
        match &self.change {
            Change::Sealed(about, sealed) => {
                let context =
                    context(&self.profile, self.origin, &self.by, &self.nonce, &self.settles);
                let plain = key.open(&self.nonce, &about.bound(&context), sealed);
                Edit::from_plain(*about, &plain.ok_or(OpenError::Key)?, key).ok_or(OpenError::Key)
            }
            _ => self.plain().ok_or(OpenError::Newer),
        }
    }

    /// What is done, when there is nothing personal in it.
    #[must_use]
    pub fn plain(&self) -> Option<Edit> {
        match &self.change {
            Change::Created => Some(Edit::Created),
            Change::Role(role) => Some(Edit::Role(*role)),
            Change::Disabled => Some(Edit::Disabled),
            Change::Enabled => Some(Edit::Enabled),
            Change::Erased => Some(Edit::Erased),
            Change::Sealed(..) | Change::Newer { .. } => None,
        }
    }

    /// Checks the origin's seal.
    ///
    /// # Errors
    /// When it is not the origin's, or not for this operation at this time.
    pub fn check_seal(&self) -> Result<(), ForgedError> {
        let sealed_by = self.seal.sealed_by(&sealed_text(self.id, self.at_ms));
        (sealed_by == Some(self.origin.node)).then_some(()).ok_or(ForgedError(self.id))
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.fixed(&context(&self.profile, self.origin, &self.by, &self.nonce, &self.settles));
        self.change.write(out);
        out.number(self.at_ms).fixed(self.seal.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let profile = read_profile(reader)?;
        let origin = read_member(reader)?;
        let by = Author::read(reader)?;
        let nonce = reader.fixed()?;
        let settles = read_settles(reader)?;
        let change = Change::read(reader)?;
        let at_ms = reader.number()?;
        let seal = Seal::from_bytes(reader.fixed()?);
        let id = identify(context(&profile, origin, &by, &nonce, &settles), &change);
        Ok(Self { id, profile, origin, by, at_ms, nonce, settles, change, seal })
    }
}

/// The bytes of an operation before the change: what its sealed text is bound to.
fn context(
    profile: &ProfileId,
    origin: MemberId,
    by: &Author,
    nonce: &Nonce,
    settles: &BTreeSet<OperationId>,
) -> Vec<u8> {
    let mut out = Writer::default();
    out.bytes(profile.as_str().as_bytes());
    write_member(&mut out, origin);
    by.write(&mut out);
    out.fixed(nonce);
    out.byte(u8::try_from(settles.len()).expect("at most MAX_SETTLES"));
    for id in settles {
        out.fixed(id.as_bytes());
    }
    out.finish()
}

fn identify(context: Vec<u8>, change: &Change) -> OperationId {
    let mut out = Writer::default();
    out.fixed(HASHES).fixed(&context);
    change.write(&mut out);
    OperationId::from_bytes(Sha256::digest(out.finish()).into())
}

fn sealed_text(id: OperationId, at_ms: u64) -> Vec<u8> {
    [SEALS, id.as_bytes(), &at_ms.to_be_bytes()].concat()
}

/// In order and none twice, so that there is one form.
fn read_settles(reader: &mut Reader<'_>) -> Result<BTreeSet<OperationId>, DecodeError> {
    let count = usize::from(reader.byte()?);
    if count > MAX_SETTLES {
        return Err(DecodeError::Value("the number of what is settled"));
    }
    let mut settles = BTreeSet::new();
    for _ in 0..count {
        let id = OperationId::from_bytes(reader.fixed()?);
        if settles.last().is_some_and(|last| *last >= id) {
            return Err(DecodeError::Value("the order of what is settled"));
        }
        settles.insert(id);
    }
    Ok(settles)
}

pub(crate) fn read_profile(reader: &mut Reader<'_>) -> Result<ProfileId, DecodeError> {
    const WHAT: &str = "the id of a profile";
    reader.text(WHAT)?.parse().map_err(|_| DecodeError::Value(WHAT))
}

pub(crate) fn write_member(out: &mut Writer, member: MemberId) {
    out.fixed(member.node.as_bytes()).fixed(member.incarnation.as_bytes());
}

pub(crate) fn read_member(reader: &mut Reader<'_>) -> Result<MemberId, DecodeError> {
    let node = NodeId::from_bytes(reader.fixed()?);
    Ok(MemberId { node, incarnation: Incarnation::from_bytes(reader.fixed()?) })
}

impl Author {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Person(id) => out.byte(1).bytes(id.as_str().as_bytes()),
            Self::CommandLine => out.byte(2),
            Self::Import => out.byte(3),
            Self::Provider => out.byte(4),
            Self::Node => out.byte(5),
        };
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.byte()? {
            1 => Self::Person(read_profile(reader)?),
            2 => Self::CommandLine,
            3 => Self::Import,
            4 => Self::Provider,
            5 => Self::Node,
            _ => return Err(DecodeError::Value("an author")),
        })
    }
}
