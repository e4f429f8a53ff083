//! A proposer dies before anything it did is durable. Answers to what it asked in its first life
//! reach it in its second: they must not count for another save (trace V2).

use super::World;
use crate::Scene;

/// Time of the first save, in milliseconds.
const FIRST_MS: u64 = 1_500;
/// Time between two such lives.
const EVERY_MS: u64 = 3_500;

impl World {
    pub(super) fn relapse(&mut self) {
        for round in 0..2 {
            self.relapse_at(FIRST_MS + EVERY_MS * round);
        }
    }

    /// Node 0 prepares and proposes with a slow disk, what it proposes is lost, and so is what it
    /// has written. When it is linked again it saves, and only old answers reach it.
    fn relapse_at(&mut self, at: u64) {
        self.plan((at, at), Scene::SlowDisk(0, 30));
        self.plan((at, at), Scene::Save(0));
        for node in [1, 2] {
            self.plan((at + 2, at + 6), Scene::Block(0, node));
            self.plan((at + 30, at + 30), Scene::Unblock(0, node));
            self.plan((at + 1_100, at + 1_100), Scene::Block(node, 0));
            self.plan((at + 2_500, at + 2_500), Scene::Unblock(node, 0));
        }
        self.plan((at + 10, at + 20), Scene::Die(0));
        self.plan((at + 1_100, at + 1_200), Scene::Save(0));
    }
}
