//! What a person means by a name or a hash.

use std::collections::BTreeMap;

use domain::{FileName, ObjectId, ObjectKind};
use gitty::{Commit, Object, commit::Symbolic};
use store::ReadOnly;

use super::{Exit, not_open, out, progress::Meter};

/// A store and its heads.
pub(super) struct Versions {
    pub(super) store: ReadOnly,
    pub(super) heads: BTreeMap<FileName, ObjectId>,
}

/// A version of a file.
pub(super) struct Version {
    pub(super) id: ObjectId,
    pub(super) commit: Commit,
}

impl Versions {
    pub(super) fn of(store: ReadOnly) -> Result<Self, Exit> {
        let meter = Meter::new();
        let heads = store.heads(&|done| meter.tell(done)).map_err(|error| not_open(&error))?;
        Ok(Self { store, heads: heads.of })
    }

    /// The object that a file name, which comes first as in SWISH, or a hash means.
    pub(super) fn find(&self, what: &str) -> Result<ObjectId, Exit> {
        if let Some(head) = self.heads.get(&FileName::from(what)) {
            return Ok(*head);
        }
        what.parse().map_err(|_| out::complain(&format!("there is no file {what}"), Exit::Wrong))
    }

    pub(super) fn object(&self, id: &ObjectId) -> Result<Object, Exit> {
        self.store.read(id).map_err(|error| out::complain(&out::chain(&error), Exit::Wrong))
    }

    /// The version that a name or a hash means.
    pub(super) fn version(&self, what: &str) -> Result<Version, Exit> {
        let id = self.find(what)?;
        let object = self.object(&id)?;
        if object.kind != ObjectKind::Commit {
            let text = format!("{id} is a {}, not a version", object.kind.as_str());
            return Err(out::complain(&text, Exit::Wrong));
        }
        commit(&object, id).map(|commit| Version { id, commit })
    }

    /// The version of this name, if it is here and whole.
    pub(super) fn try_version(&self, id: ObjectId) -> Option<Version> {
        let object = self.store.read(&id).ok()?;
        Commit::parse(&object.content).ok().map(|commit| Version { id, commit })
    }

    /// Text of a version, or of a blob.
    pub(super) fn content(&self, what: &str) -> Result<Object, Exit> {
        let id = self.find(what)?;
        let object = self.object(&id)?;
        if object.kind != ObjectKind::Commit {
            return Ok(object);
        }
        self.object(&commit(&object, id)?.data())
    }

    pub(super) fn symbolic(&self, version: &Version) -> Symbolic {
        if self.heads.get(&version.commit.name()) == Some(&version.id) {
            Symbolic::Head
        } else {
            Symbolic::No
        }
    }
}

fn commit(object: &Object, id: ObjectId) -> Result<Commit, Exit> {
    Commit::parse(&object.content).map_err(|error| {
        out::complain(&format!("commit {id}: {}", out::chain(&error)), Exit::Wrong)
    })
}
