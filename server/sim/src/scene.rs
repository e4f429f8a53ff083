//! What a story is made of: single things that happen at given times.

/// Something that happens in a story; nodes by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Nothing passes from one node to another.
    Block(usize, usize),
    /// It passes again.
    Unblock(usize, usize),
    /// What is sent from one node to another takes so many milliseconds more from now on.
    Delay(usize, usize, u64),
    /// The client of a node saves.
    Save(usize),
    /// A node loses its disk.
    Lose(usize),
    /// A node dies, and starts again soon.
    Die(usize),
    /// A node stands still for so many milliseconds.
    Pause(usize, u64),
    /// The clocks of a node go forward by so many milliseconds.
    StepClock(usize, u64),
    /// For so many milliseconds every sync of a node takes 100 ms to 2 s.
    SlowDisk(usize, u64),
    /// The first node is told to replace another.
    Replace(usize),
    /// The first node is told to remove another.
    Remove(usize),
    /// The first node is told to demote another.
    Demote(usize),
    /// The first node is told to promote another.
    Promote(usize),
}
