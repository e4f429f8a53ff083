//! Small worlds, all of them: whatever the order, two sides end at one profile, or at one conflict.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Chain, Closed, Edit, Field, Operation, OperationId, Role, Slot, Verdict, compare, standing,
};

use crate::table::{KEY, Node, created, name, nick, rebase};

/// What one side may do.
fn alphabet() -> [Edit; 7] {
    [
        name("A"),
        name("B"),
        nick("n"),
        Edit::Role(Role::Admin),
        Edit::Role(Role::Viewer),
        Edit::Disabled,
        Edit::Erased,
    ]
}

/// All sequences of this length, without anything after an erasing.
fn sequences(length: usize, of: &[Edit]) -> Vec<Vec<Edit>> {
    let mut all = vec![Vec::new()];
    for _ in 0..length {
        let longer = |start: Vec<Edit>| {
            let is_over = start.last() == Some(&Edit::Erased);
            let next = of.iter().filter(move |_| !is_over);
            next.map(move |edit| [start.as_slice(), std::slice::from_ref(edit)].concat())
                .collect::<Vec<_>>()
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

fn node(number: u8) -> Node {
    Node { number, done: 0, signs: false }
}

/// How a world ended, without what depends on which side of a conflict came first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    erased: bool,
    role: Role,
    disabled: bool,
    fields: BTreeMap<Field, Option<String>>,
    conflicts: BTreeMap<Slot, BTreeSet<OperationId>>,
    waiting: usize,
}

fn end(decided: &Chain, branches: &[Chain]) -> End {
    let standing = standing(decided, branches, Some(&KEY)).unwrap();
    let conflicts: BTreeMap<_, _> =
        standing.conflicts.iter().map(|(slot, conflict)| (*slot, conflict.names())).collect();
    let fields = standing.profile.fields.iter();
    let fields = fields.filter(|(field, _)| !conflicts.contains_key(&Slot::Field(**field)));
    End {
        erased: standing.profile.erased.is_some(),
        role: standing.profile.role(),
        disabled: standing.profile.is_disabled(),
        fields: fields.map(|(field, told)| (*field, told.value.clone())).collect(),
        waiting: standing.waiting.len(),
        conflicts,
    }
}

/// Lands what is due one operation at a time, in every order, and collects the ends.
fn land(decided: &Chain, branches: &[Chain; 2], ends: &mut BTreeSet<End>) {
    let mut is_end = true;
    for branch in branches {
        let comparison = compare(decided, branch, Some(&KEY)).unwrap();
        if let Some(due) = comparison.to_rebase().next() {
            is_end = false;
            let mut longer = decided.clone();
            longer.append(due.clone()).unwrap();
            land(&longer, branches, ends);
        }
    }
    if is_end {
        ends.insert(end(decided, branches));
    }
}

#[test]
fn in_whatever_order_two_branches_land_there_is_one_end() {
    let mut conflicts = 0;
    let mut erased = 0;
    let mut worlds = 0;
    for (ours, theirs) in [(1, 1), (2, 1), (2, 2), (3, 1)] {
        for (one, other) in pairs(ours, theirs) {
            let (mut alpha, mut bravo) = (node(1), node(2));
            let decided = created(&mut alpha);
            let mut branches = [decided.clone(), decided.clone()];
            for edit in &one {
                alpha.writes(&mut branches[0], edit);
            }
            for edit in &other {
                bravo.writes(&mut branches[1], edit);
            }
            let mut ends = BTreeSet::new();
            land(&decided, &branches, &mut ends);
            assert_eq!(ends.len(), 1, "{one:?} | {other:?}: {ends:#?}");
            let end = ends.pop_first().unwrap();
            assert_eq!(end.waiting, 0);
            assert_eq!(end.erased, [one, other].concat().contains(&Edit::Erased));
            conflicts += usize::from(!end.conflicts.is_empty());
            erased += usize::from(end.erased);
            worlds += 1;
        }
    }
    // Fewer would mean that the worlds are not what they should be.
    assert_eq!((worlds, conflicts, erased), (3_871, 732, 1_027));
}

fn pairs(ours: usize, theirs: usize) -> impl Iterator<Item = (Vec<Edit>, Vec<Edit>)> {
    let others = sequences(theirs, &alphabet());
    sequences(ours, &alphabet())
        .into_iter()
        .flat_map(move |one| others.clone().into_iter().map(move |other| (one.clone(), other)))
}

/// Two nodes and the register between them.
struct World {
    nodes: [Node; 2],
    decided: Chain,
    branches: [Option<Chain>; 2],
    done: Vec<OperationId>,
    /// What ended with a branch that was dropped, and why.
    closed: BTreeMap<OperationId, Closed>,
}

impl World {
    fn new() -> Self {
        let mut nodes = [node(1), node(2)];
        let decided = created(&mut nodes[0]);
        Self { nodes, decided, branches: [None, None], done: Vec::new(), closed: BTreeMap::new() }
    }

    /// A node that sees nobody does something to what it serves.
    fn holds(&mut self, side: usize, edit: &Edit) {
        let branch = self.branches[side].get_or_insert_with(|| self.decided.clone());
        if !branch.is_erased() {
            self.done.push(self.nodes[side].writes(branch, edit));
        }
    }

    /// A node sees a majority: what can land does, and a branch that is done with ends.
    fn syncs(&mut self, side: usize) {
        let Some(branch) = &self.branches[side] else { return };
        rebase(&mut self.decided, branch);
        let comparison = compare(&self.decided, branch, Some(&KEY)).unwrap();
        if comparison.is_closed() {
            for (operation, verdict) in &comparison.operations {
                if let Verdict::Closed(why) = verdict {
                    self.closed.insert(operation.id(), *why);
                }
            }
            self.branches[side] = None;
        }
    }

    fn tips(&self) -> Vec<Chain> {
        self.branches.iter().flatten().cloned().collect()
    }

    /// Everything done is decided, closed for a reason, or part of a listed conflict.
    fn nothing_is_lost(&self, story: &str) {
        let standing = standing(&self.decided, &self.tips(), Some(&KEY)).unwrap();
        assert!(standing.waiting.is_empty(), "{story}");
        let open: BTreeMap<_, _> = self
            .branches
            .iter()
            .flatten()
            .flat_map(|branch| compare(&self.decided, branch, Some(&KEY)).unwrap().operations)
            .map(|(operation, verdict)| (operation.id(), (operation.slot(), verdict)))
            .collect();
        for id in &self.done {
            let is_closed = match self.closed.get(id) {
                Some(Closed::Erased) => self.decided.is_erased(),
                Some(Closed::Landed | Closed::Same | Closed::Settled) => true,
                None => false,
            };
            let is_open = open.get(id).is_some_and(|(slot, verdict)| match verdict {
                Verdict::Conflict(_) => standing.conflicts.contains_key(slot),
                Verdict::Closed(_) => true,
                Verdict::Rebase => false,
            });
            assert!(self.decided.has(*id) || is_closed || is_open, "{story}: {id:?} is lost");
        }
    }

    /// An operator settles everything that is listed, with the decided side.
    fn settles_all(&mut self) {
        let listed = standing(&self.decided, &self.tips(), Some(&KEY)).unwrap().conflicts;
        for conflict in listed.into_values() {
            let edit = conflict.sides[&conflict.decided].edit.clone().unwrap();
            let settling: Operation = self.nodes[0].settles(conflict.names(), &edit);
            self.decided.append(settling).unwrap();
        }
    }
}

/// What happens in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The side does the next thing that it will do.
    Hold(usize),
    /// The side syncs.
    Sync(usize),
}

/// All orders in which both sides hold, sync, hold and sync.
fn orders() -> Vec<Vec<Step>> {
    let both = [0, 1].map(|side| [Step::Hold(side), Step::Sync(side)].repeat(2));
    let mut all = vec![(Vec::new(), [0, 0])];
    for _ in 0..8 {
        let mut longer = Vec::new();
        for (start, at) in all {
            for side in [0, 1] {
                if let Some(step) = both[side].get(at[side]) {
                    let mut next = at;
                    next[side] += 1;
                    longer.push(([start.as_slice(), &[*step]].concat(), next));
                }
            }
        }
        all = longer;
    }
    all.into_iter().map(|(steps, _)| steps).collect()
}

#[test]
fn held_and_landed_in_whatever_order_nothing_is_lost_and_settling_ends_it() {
    let orders = orders();
    assert_eq!(orders.len(), 70);
    let small = [name("A"), name("B"), nick("n"), Edit::Erased];
    let mut conflicts = 0;
    for edits in sequences_anywhere(&small) {
        for steps in &orders {
            let mut world = World::new();
            let mut left = edits.iter();
            for step in steps {
                match step {
                    Step::Hold(side) => world.holds(*side, left.next().unwrap()),
                    Step::Sync(side) => world.syncs(*side),
                }
            }
            let story = format!("{edits:?} {steps:?}");
            // Both have synced after their last word: what a later one of the other side makes
            // open is seen by syncing once more.
            world.syncs(0);
            world.syncs(1);
            world.nothing_is_lost(&story);
            conflicts += usize::from(!world.tips().is_empty());
            world.settles_all();
            world.syncs(0);
            world.syncs(1);
            assert_eq!(world.tips(), [], "{story}");
            assert!(standing(&world.decided, &[], Some(&KEY)).unwrap().is_settled());
        }
    }
    assert!(conflicts > 1_000, "{conflicts}");
}

/// All sequences of four, an erasing anywhere: it may be the other side's.
fn sequences_anywhere(of: &[Edit]) -> impl Iterator<Item = [&Edit; 4]> {
    let pairs = move || of.iter().flat_map(move |one| of.iter().map(move |other| [one, other]));
    pairs().flat_map(move |[a, b]| pairs().map(move |[c, d]| [a, b, c, d]))
}
