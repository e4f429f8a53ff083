//! Where running processes may stand: per file, the heads that a reader of the journal can have.
//!
//! A tailing process applies a line only if its own head equals the line's old head; a restarting
//! one takes the last line. So two lines with the same old head leave processes apart, and each
//! of the places must be led on from (protocol 9).

use std::collections::BTreeMap;

use domain::{FileName, ObjectId};
use gitty::HeadUpdate;

/// Heads at which a process may stand, in order and each once; none is a process that has not seen
/// the file. A list, because it hardly ever has more than one.
pub(crate) type Ends = Vec<Option<ObjectId>>;

/// The ends of all files, as of the lines read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Followers {
    ends: BTreeMap<FileName, Ends>,
}

impl Followers {
    /// Follows a line: whoever stood at its old head is at its new one, or restarts there.
    pub(crate) fn follow(&mut self, update: &HeadUpdate) {
        let ends = match self.ends.get_mut(&update.name) {
            Some(ends) => ends,
            None => self.ends.entry(update.name.clone()).or_insert_with(start),
        };
        ends.retain(|end| *end != update.old);
        if let Err(place) = ends.binary_search(&Some(update.new)) {
            ends.insert(place, Some(update.new));
        }
    }

    /// The lines that bring every follower of a file to its served head.
    pub(crate) fn lead(&self, name: &FileName, served: ObjectId) -> Vec<HeadUpdate> {
        let start = start();
        let ends = self.ends.get(name).unwrap_or(&start);
        ends.iter()
            .filter(|end| **end != Some(served))
            .map(|end| HeadUpdate { name: name.clone(), old: *end, new: served })
            .collect()
    }

    /// Notes that the lines to the served head are in the journal.
    pub(crate) fn arrived(&mut self, name: &FileName, served: ObjectId) {
        self.ends.insert(name.clone(), vec![Some(served)]);
    }

    /// The ends of all files, in the order of their names.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (&FileName, &Ends)> {
        self.ends.iter()
    }
}

/// Takes up where another reading of the same lines ended.
impl FromIterator<(FileName, Ends)> for Followers {
    fn from_iter<T: IntoIterator<Item = (FileName, Ends)>>(ends: T) -> Self {
        let sorted = |(name, mut ends): (FileName, Ends)| {
            ends.sort_unstable();
            ends.dedup();
            (name, ends)
        };
        Self { ends: ends.into_iter().map(sorted).collect() }
    }
}

fn start() -> Ends {
    vec![None]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> ObjectId {
        ObjectId::from_bytes([byte; 20])
    }

    fn moved(old: Option<u8>, new: u8) -> HeadUpdate {
        HeadUpdate { name: "a.pl".into(), old: old.map(id), new: id(new) }
    }

    #[test]
    fn a_follower_of_one_line_is_led_with_one() {
        let mut followers = Followers::default();
        assert_eq!(followers.lead(&"a.pl".into(), id(1)), [moved(None, 1)]);
        followers.follow(&moved(None, 1));
        assert_eq!(followers.lead(&"a.pl".into(), id(1)), []);
        assert_eq!(followers.lead(&"a.pl".into(), id(2)), [moved(Some(1), 2)]);
    }

    #[test]
    fn two_lines_from_one_head_are_both_led_to_the_result() {
        let mut followers = Followers::default();
        for line in [moved(None, 1), moved(Some(1), 2), moved(Some(1), 3)] {
            followers.follow(&line);
        }
        let name = "a.pl".into();
        assert_eq!(followers.lead(&name, id(4)), [moved(Some(2), 4), moved(Some(3), 4)]);
        assert_eq!(followers.lead(&name, id(3)), [moved(Some(2), 3)]);
        followers.arrived(&name, id(4));
        assert_eq!(followers.lead(&name, id(4)), []);
    }
}
