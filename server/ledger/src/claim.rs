//! Claims: whose an address or a login name is, under a keyed hash (protocol 8).
//!
//! The register of a claim holds none, then a profile, then none again: never one profile right
//! after another. Claims are decided or refused, never held, and never rebased.

use std::{fmt, str::FromStr};

use domain::{MemberId, ObjectId};
use hmac::Mac;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    ClaimId, DecodeError, IdError, Identity, NameError, ProfileId, Seal, Sealer, Serial,
    code::{Reader, Writer},
    ids::{read_hex, write_hex},
    normal,
    operation::{read_member, read_profile, write_member},
    secret::mac,
};

/// Longest claim, in bytes.
const MAX_CLAIM_BYTES: usize = 1 << 10;
/// The version of its bytes.
const VERSION: u8 = 1;
/// What is hashed first, so that the hash is good for nothing else.
const HASHES: &[u8] = b"swish-cluster claim 1\0";
/// The same for what is sealed.
const SEALS: &[u8] = b"swish-cluster claim seal 1\0";

/// The key of the site's keyed hashes: random, made at founding, sent to approved nodes only
/// (protocol 1). It is never changed: all registers of claims are named by it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterKey([u8; 32]);

impl ClusterKey {
    /// Wraps random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys stay out of logs.
        f.write_str("ClusterKey")
    }
}

/// What can be claimed, in the form that is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimName {
    /// A mail address.
    Address(String),
    /// Who logs in: a name of this site, or an id at an outside provider.
    Login {
        /// `local` for names of this site.
        provider: String,
        /// The name or id.
        name: String,
    },
}

impl ClaimName {
    /// The claim of a mail address.
    ///
    /// # Errors
    /// When it is none.
    pub fn address(text: &str) -> Result<Self, NameError> {
        normal::address(text).map(Self::Address)
    }

    /// The claim of whoever logs in so. A name of this site is folded, an outside id is not.
    ///
    /// # Errors
    /// When the name cannot be one.
    pub fn login(identity: &Identity) -> Result<Self, NameError> {
        let provider = identity.provider.clone();
        normal::outside(&provider)?;
        if provider == Identity::LOCAL {
            return Ok(Self::Login { provider, name: normal::login(&identity.external)? });
        }
        normal::outside(&identity.external)?;
        Ok(Self::Login { provider, name: identity.external.clone() })
    }

    /// The register that says whose it is.
    #[must_use]
    pub fn key(&self, cluster: &ClusterKey) -> ClaimKey {
        let mut mac = mac(&cluster.0);
        mac.update(HASHES);
        match self {
            Self::Address(text) => {
                mac.update(b"email\0");
                mac.update(text.as_bytes());
            }
            Self::Login { provider, name } => {
                mac.update(b"login\0");
                mac.update(provider.as_bytes());
                mac.update(b"\0");
                mac.update(name.as_bytes());
            }
        }
        let hash = mac.finalize().into_bytes().into();
        let kind = match self {
            Self::Address(_) => ClaimKind::Email,
            Self::Login { .. } => ClaimKind::Login,
        };
        ClaimKey { kind, hash }
    }
}

/// What kind of name a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// A mail address.
    Email,
    /// A login.
    Login,
}

/// Key of a claim's register: `email:<64 digits>` or `login:<64 digits>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimKey {
    kind: ClaimKind,
    hash: [u8; 32],
}

impl ClaimKey {
    /// What kind of name it is about.
    #[must_use]
    pub const fn kind(&self) -> ClaimKind {
        self.kind
    }
}

impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ClaimKind::Email => "email:",
            ClaimKind::Login => "login:",
        })?;
        write_hex(&self.hash, f)
    }
}

impl fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ClaimKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (kind, hash) = match text.split_once(':') {
            Some(("email", hash)) => (ClaimKind::Email, hash),
            Some(("login", hash)) => (ClaimKind::Login, hash),
            Some(_) | None => return Err(IdError::Hash),
        };
        Ok(Self { kind, hash: read_hex(hash)? })
    }
}

/// A value of a claim's register: whose the name is from now on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    key: ClaimKey,
    serial: Serial,
    previous: Option<ClaimId>,
    holder: Option<ProfileId>,
    origin: MemberId,
    at_ms: u64,
    seal: Seal,
}

/// What somebody wants of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The name shall be this profile's.
    Take(ProfileId),
    /// It shall not be this profile's any more.
    Release(ProfileId),
}

/// Why a claim is not changed. Nothing was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClaimRefusal {
    /// It is as it shall be: a repeated request. Not a fault.
    #[error("it is so already")]
    Already,
    /// It is another profile's.
    #[error("it belongs to another profile")]
    Taken(ProfileId),
    /// It is nobody's, and only its holder can release it.
    #[error("it belongs to nobody")]
    Free,
}

/// A claim that does not follow the one before. Nothing was taken in; no honest node makes such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// Of another name.
    #[error("about another name")]
    OtherKey,
    /// It does not name the one before, or has another serial than the next.
    #[error("does not follow the claim before it")]
    Broken,
    /// From one profile to another, from none to none, or to the same.
    #[error("a claim goes from none to a profile, and from a profile to none")]
    Transition,
}

/// The seal is not the origin's: somebody else says that this was claimed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a claim that is not sealed by the node where it is said to be made")]
pub struct ForgedClaim;

impl Claim {
    /// The value that fulfils a wish, behind the decided value `before`.
    ///
    /// # Errors
    /// When it cannot be fulfilled, or is already.
    pub fn after(
        before: Option<&Self>,
        wish: &Wish,
        (key, origin, at_ms): (ClaimKey, MemberId, u64),
        sealer: &impl Sealer,
    ) -> Result<Self, ClaimRefusal> {
        let held = before.and_then(|claim| claim.holder.as_ref());
        let holder = match (wish, held) {
            (Wish::Take(id), None) => Some(id.clone()),
            (Wish::Release(id), Some(held)) if id == held => None,
            (Wish::Take(id), Some(held)) if id == held => return Err(ClaimRefusal::Already),
            (Wish::Take(_) | Wish::Release(_), Some(held)) => {
                return Err(ClaimRefusal::Taken(held.clone()));
            }
            // Released before: there is a value, and it says nobody.
            (Wish::Release(_), None) if before.is_some() => return Err(ClaimRefusal::Already),
            (Wish::Release(_), None) => return Err(ClaimRefusal::Free),
        };
        let serial = Serial(before.map_or(0, |claim| claim.serial.0) + 1);
        let previous = before.map(Self::id);
        let unsealed = body(key, serial, previous, holder.as_ref(), origin, at_ms);
        let seal = sealer.seal(&[SEALS, &unsealed].concat());
        Ok(Self { key, serial, previous, holder, origin, at_ms, seal })
    }

    /// Checks that this may be the value after `before`.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_after(&self, before: Option<&Self>) -> Result<(), ClaimError> {
        if before.is_some_and(|before| before.key != self.key) {
            return Err(ClaimError::OtherKey);
        }
        let next = before.map_or(Some(1), |before| before.serial.0.checked_add(1));
        if self.previous != before.map(Self::id) || Some(self.serial.0) != next {
            return Err(ClaimError::Broken);
        }
        let held = before.and_then(|before| before.holder.as_ref());
        if held.is_some() == self.holder.is_some() { Err(ClaimError::Transition) } else { Ok(()) }
    }

    /// Checks the origin's seal.
    ///
    /// # Errors
    /// When it is not the origin's, or not for this claim.
    pub fn check_seal(&self) -> Result<(), ForgedClaim> {
        let text = [SEALS, &self.body()].concat();
        let is_good = self.seal.sealed_by(&text) == Some(self.origin.node);
        is_good.then_some(()).ok_or(ForgedClaim)
    }

    /// Whose the name is.
    #[must_use]
    pub const fn holder(&self) -> Option<&ProfileId> {
        self.holder.as_ref()
    }

    /// The register.
    #[must_use]
    pub const fn key(&self) -> ClaimKey {
        self.key
    }

    /// Its place, from 1.
    #[must_use]
    pub const fn serial(&self) -> Serial {
        self.serial
    }

    /// The value before it.
    #[must_use]
    pub const fn previous(&self) -> Option<ClaimId> {
        self.previous
    }

    /// The node where it was claimed or released.
    #[must_use]
    pub const fn origin(&self) -> MemberId {
        self.origin
    }

    /// When, in ms since 1970 by that node's clock.
    #[must_use]
    pub const fn at_ms(&self) -> u64 {
        self.at_ms
    }

    /// SHA-256 of its bytes.
    #[must_use]
    pub fn id(&self) -> ClaimId {
        let hash = Sha256::new().chain_update(HASHES).chain_update(self.bytes()).finalize();
        ClaimId::from_bytes(hash.into())
    }

    /// Its canonical bytes: what is stored and sent.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        [self.body().as_slice(), self.seal.as_bytes()].concat()
    }

    /// Reads a claim. Neither its seal nor its place is checked.
    ///
    /// # Errors
    /// When the bytes are no claim of this version, or not in their one form.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::open(bytes, MAX_CLAIM_BYTES, VERSION)?;
        let kind = match reader.byte()? {
            1 => ClaimKind::Email,
            2 => ClaimKind::Login,
            _ => return Err(DecodeError::Value("the kind of a claim")),
        };
        let key = ClaimKey { kind, hash: reader.fixed()? };
        let serial = Serial(reader.number()?);
        let before: [u8; 32] = reader.fixed()?;
        let previous = (before != [0; 32]).then(|| ClaimId::from_bytes(before));
        if serial.0 == 0 || serial.0 == u64::MAX || previous.is_none() != (serial.0 == 1) {
            return Err(DecodeError::Value("the serial"));
        }
        let holder = match reader.byte()? {
            0 => None,
            1 => Some(read_profile(&mut reader)?),
            _ => return Err(DecodeError::Value("the holder")),
        };
        let origin = read_member(&mut reader)?;
        let at_ms = reader.number()?;
        let seal = Seal::from_bytes(reader.fixed()?);
        reader.end()?;
        Ok(Self { key, serial, previous, holder, origin, at_ms, seal })
    }

    fn body(&self) -> Vec<u8> {
        let holder = self.holder.as_ref();
        body(self.key, self.serial, self.previous, holder, self.origin, self.at_ms)
    }
}

impl ClaimId {
    /// The claim as a register and the exchange name it: the first 20 bytes of its SHA-256.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        crate::EventId::from_bytes(*self.as_bytes()).object_id()
    }
}

/// Everything but the seal.
fn body(
    key: ClaimKey,
    serial: Serial,
    previous: Option<ClaimId>,
    holder: Option<&ProfileId>,
    origin: MemberId,
    at_ms: u64,
) -> Vec<u8> {
    let mut out = Writer::default();
    out.byte(VERSION);
    out.byte(match key.kind {
        ClaimKind::Email => 1,
        ClaimKind::Login => 2,
    });
    out.fixed(&key.hash).number(serial.0);
    out.fixed(&previous.map_or([0; 32], |id| *id.as_bytes()));
    match holder {
        None => out.byte(0),
        Some(id) => out.byte(1).bytes(id.as_str().as_bytes()),
    };
    write_member(&mut out, origin);
    out.number(at_ms);
    out.finish()
}
