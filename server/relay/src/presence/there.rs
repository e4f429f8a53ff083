//! Visitors of other nodes, as each of them tells.

use std::collections::BTreeMap;

use domain::{MemberId, Millis, NodeId, Run};

use super::{Census, LeaveReason, VisitorChange, site::Site};
use crate::{Beat, Core, Event, RelayMessage, Wsid, config::Mutant, turn::Turn};

/// Who is there, on this node and on others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Presence {
    /// Number of the last change of the own visitors in this run.
    pub(crate) version: u64,
    pub(crate) here: Site,
    pub(crate) remotes: BTreeMap<NodeId, Remote>,
    /// Totals that screens were told last.
    pub(crate) told: Census,
}

/// What another node told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Remote {
    pub(crate) run: Run,
    /// Up to which change its visitors are known; none if nothing is.
    pub(crate) version: Option<u64>,
    pub(crate) site: Site,
    /// How many visitors it says to have.
    pub(crate) count: u64,
    /// Whether it was not heard for a while.
    pub(crate) is_marked: bool,
    /// A snapshot that was asked for.
    pub(crate) asked: Option<Asked>,
}

/// How far a snapshot has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    /// When its next page was asked for.
    pub(crate) at: Millis,
    /// Up to which visitor it is here.
    pub(crate) after: Option<Wsid>,
    /// As of which change, once its first page is here.
    pub(crate) version: Option<u64>,
}

impl Remote {
    fn new(run: Run) -> Self {
        let site = Site::default();
        Self { run, version: None, site, count: 0, is_marked: false, asked: None }
    }
}

impl Core {
    /// A link to a node is up: what an earlier run of it told is over.
    pub(crate) fn begin_remote(&mut self, node: NodeId, run: Run, turn: &mut Turn) {
        let known = self.presence.remotes.get(&node).map(|remote| remote.run);
        if known == Some(run) {
            return;
        }
        self.drop_remote(node, turn);
        self.presence.remotes.insert(node, Remote::new(run));
    }

    /// A beat says how far its visitors are: asks for them if that is not what is known.
    pub(crate) fn judge_version(&mut self, from: MemberId, beat: Beat, turn: &mut Turn) {
        let Some(remote) = self.remote(from.node, beat.run) else { return };
        remote.count = beat.census.local_visitors;
        if remote.version != Some(beat.version) {
            self.ask_for_snapshot(from, turn);
        }
    }

    /// What is known of a node in a run of it.
    pub(crate) fn remote(&mut self, node: NodeId, run: Run) -> Option<&mut Remote> {
        self.presence.remotes.get_mut(&node).filter(|remote| remote.run == run)
    }

    pub(crate) fn on_changed(
        &mut self,
        from: MemberId,
        (run, version): (Run, u64),
        change: VisitorChange,
        census: Census,
        turn: &mut Turn,
    ) {
        let is_checked = !self.config.broken(Mutant::VersionUnchecked);
        let Some(remote) = self.remote(from.node, run) else { return };
        // Pages of a snapshot are as of a change, and changes after that go on while they come.
        let known = match &mut remote.asked {
            Some(asked) => &mut asked.version,
            None => &mut remote.version,
        };
        let follows = known.is_some_and(|known| version == known.saturating_add(1));
        if follows || !is_checked {
            *known = Some(version);
            remote.count = census.local_visitors;
            self.apply(from.node, change, turn);
        } else if known.is_none_or(|known| version > known) {
            self.ask_for_snapshot(from, turn);
        }
    }

    pub(crate) fn on_leaving(&mut self, from: MemberId, run: Run, turn: &mut Turn) {
        if self.remote(from.node, run).is_some() {
            self.drop_remote(from.node, turn);
        }
    }

    /// Forgets the visitors of a node; if it is heard again in the same run it is asked for them.
    pub(crate) fn drop_remote(&mut self, node: NodeId, turn: &mut Turn) {
        let Some(remote) = self.presence.remotes.get_mut(&node) else { return };
        (remote.version, remote.asked, remote.count) = (None, None, 0);
        let wsids: Vec<Wsid> = remote.site.visitors().keys().cloned().collect();
        if wsids.is_empty() {
            return;
        }
        let visitors = u64::try_from(wsids.len()).unwrap_or(u64::MAX);
        for wsid in wsids {
            self.apply(node, VisitorChange::Left { wsid, reason: LeaveReason::Node }, turn);
        }
        turn.emit(Event::Dropped { node, visitors });
    }

    /// Marks the visitors of a node that is not heard, or takes the mark away.
    pub(crate) fn mark(&mut self, node: NodeId, is_marked: bool, turn: &mut Turn) {
        let Some(remote) = self.presence.remotes.get_mut(&node) else { return };
        if std::mem::replace(&mut remote.is_marked, is_marked) != is_marked {
            turn.emit(Event::Marked { node, is_marked });
        }
    }

    /// How many pages are open, here and everywhere.
    #[must_use]
    pub fn census(&self) -> Census {
        let local_visitors = u64::try_from(self.presence.here.len()).unwrap_or(u64::MAX);
        let others = self.presence.remotes.values().map(|remote| remote.count);
        let visitors = others.fold(local_visitors, u64::saturating_add);
        Census { local_visitors, visitors }
    }

    /// Tells screens the totals when they are others than before.
    pub(crate) fn tell_census(&mut self, turn: &mut Turn) {
        let census = self.census();
        if std::mem::replace(&mut self.presence.told, census) != census {
            turn.emit(Event::Counted(census));
        }
    }

    /// Sends a change of the own visitors to all peers.
    pub(crate) fn tell_change(&mut self, change: VisitorChange, turn: &mut Turn) {
        self.presence.version += 1;
        self.apply(self.me.node, change.clone(), turn);
        let (run, version, census) = (self.run, self.presence.version, self.census());
        let change = Box::new(change);
        self.send_all(&RelayMessage::Changed { run, version, change, census }, turn);
    }
}
