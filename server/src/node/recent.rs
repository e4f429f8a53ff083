//! Objects that were used lately, in memory: a save reads the version it is made from, and the page
//! that shows it reads it again.

use domain::ObjectId;
use gitty::Object;
use quick_cache::{Weighter, sync::Cache};

/// Memory for them, in bytes.
const BYTES: u64 = 16 << 20;
/// A larger one is not kept: it would push out hundreds of versions.
const LARGEST: usize = 256 << 10;
/// About what an entry takes beside its content.
const ENTRY: usize = 150;
/// Versions of this size fill the cache.
const USUAL: usize = 1 << 10;

/// The objects; readers of any thread share them.
#[derive(Debug)]
pub(super) struct Recent(Cache<ObjectId, Object, Bytes>);

#[derive(Clone, Copy, Debug)]
struct Bytes;

impl Weighter<ObjectId, Object> for Bytes {
    fn weight(&self, _: &ObjectId, object: &Object) -> u64 {
        u64::try_from(object.content.len() + ENTRY).unwrap_or(u64::MAX)
    }
}

impl Default for Recent {
    fn default() -> Self {
        let items = usize::try_from(BYTES).unwrap_or(usize::MAX) / USUAL;
        Self(Cache::with_weighter(items, BYTES, Bytes))
    }
}

impl Recent {
    pub(super) fn get(&self, id: &ObjectId) -> Option<Object> {
        self.0.get(id)
    }

    /// Keeps an object whose hash was checked.
    pub(super) fn put(&self, id: ObjectId, object: Object) {
        if object.content.len() <= LARGEST {
            self.0.insert(id, object);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_the_large_are_not_kept() {
        let recent = Recent::default();
        let object = |length: usize| Object::blob("x".repeat(length).as_str());
        let id = |n: u32| {
            let mut bytes = [0; 20];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            ObjectId::from_bytes(bytes)
        };
        for n in 0..1_000 {
            recent.put(id(n), object(100 << 10));
        }
        assert!(recent.0.weight() <= BYTES && recent.get(&id(999)).is_some());
        recent.put(id(2_000), object(LARGEST + 1));
        assert!(recent.get(&id(2_000)).is_none());
    }
}
