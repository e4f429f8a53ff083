//! A proposer dies before anything it did is durable. Answers to what it asked in its first life
//! reach it in its second: they must not count for another save (trace V2).

use super::World;
use crate::Scene;

impl World {
    /// Node 0 saves with a slow disk, dies with the proposal on its way, and saves again.
    pub(super) fn relapse(&mut self) {
        for round in 0..4 {
            let at = 1_000 + 700 * round;
            self.plan((at, at), Scene::SlowDisk(0));
            self.plan((at, at), Scene::Save(0));
            self.plan((at + 5, at + 30), Scene::Die(0));
            for again in [20, 40, 80] {
                self.plan((at + again, at + again + 20), Scene::Save(0));
            }
        }
    }
}
