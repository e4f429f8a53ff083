//! An operator changes the roster: one node at a time, from Steady only (protocol 11).

use domain::{Millis, NodeId, Serial};
use serde::{Deserialize, Serialize};

use crate::{Core, Member, MemberId, Mutant, Phase, Reply, Roster, Timer, Token, turn::Turn};

/// What an operator wants of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterChange {
    /// A node that asked to join becomes a learner.
    Approve(Member),
    /// A learner that has caught up gets a vote.
    Promote(NodeId),
    /// A member becomes a learner.
    Demote(NodeId),
    /// A member whose disk is new gets a vote for its new life: two changes in a row.
    Replace(NodeId),
    /// A node leaves.
    Remove(NodeId),
}

/// How a change of the roster ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOutcome {
    /// It is decided.
    Done,
    /// It was so already.
    NoChange,
    /// Refused: another change came first or is being repaired; nothing was changed.
    Moved,
    /// Refused: not enough members answer; nothing was changed.
    NoMajority,
    /// It was proposed and may still be decided.
    NotKnown,
    /// Refused: only a member can change the roster.
    NotAMember,
    /// Refused: the roster does not name such a node.
    NoSuchNode,
    /// Refused: the node has not applied everything yet, or does not answer.
    NotCaughtUp,
    /// Refused: its disk is new, so its old vote has to go first: replace it.
    Wiped,
    /// Refused: somebody has to vote.
    LastMember,
}

/// A node that is promoted when it has caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Promoting {
    token: Token,
    node: NodeId,
    /// Position of our change log that it must have applied.
    serial: Serial,
    since: Millis,
}

/// What the roster would be, or why not.
enum Next {
    Roster(Roster),
    Outcome(ChangeOutcome),
}

impl Promoting {
    /// Who waits for it.
    pub(crate) const fn token(&self) -> Token {
        self.token
    }
}

impl Core {
    /// Time a learner gets to catch up with what is here when its promotion is asked for.
    const CATCH_UP: Millis = Millis(10_000);

    pub(crate) fn on_change(&mut self, token: Token, change: &RosterChange, turn: &mut Turn<'_>) {
        let refuse = |outcome, turn: &mut Turn<'_>| turn.reply(token, Reply::Change(outcome));
        let Some(roster) = self.durable.roster.clone().filter(|roster| roster.has(&self.me)) else {
            return refuse(ChangeOutcome::NotAMember, turn);
        };
        if roster.phase == Phase::Repairing || self.changing() {
            return refuse(ChangeOutcome::Moved, turn);
        }
        let next = match change {
            RosterChange::Approve(member) => approve(roster, member),
            RosterChange::Promote(node) => return self.promote(token, *node, &roster, turn),
            RosterChange::Demote(node) => demote(roster, *node, None),
            RosterChange::Remove(node) => remove(roster, *node),
            RosterChange::Replace(node) => match self.replace(roster, *node) {
                Next::Roster(roster) => {
                    self.live.replacing = Some((token, *node));
                    Next::Roster(roster)
                }
                outcome @ Next::Outcome(_) => outcome,
            },
        };
        match next {
            Next::Outcome(outcome) => refuse(outcome, turn),
            Next::Roster(roster) => self.change_to(roster, token, turn),
        }
    }

    /// True while a change is being decided or waited for here.
    #[must_use]
    pub fn changing(&self) -> bool {
        let live = &self.live;
        live.council.is_some() || live.promoting.is_some() || live.replacing.is_some()
    }

    fn change_to(&mut self, roster: Roster, token: Token, turn: &mut Turn<'_>) {
        if self.majority_linked() {
            self.convene(roster, Some((token, turn.now)), turn);
        } else {
            self.live.replacing = None;
            turn.reply(token, Reply::Change(ChangeOutcome::NoMajority));
        }
    }

    /// A change was decided or lost. The second half of a replacement follows when it is repaired.
    pub(crate) fn after_change(
        &mut self,
        token: Token,
        outcome: ChangeOutcome,
        turn: &mut Turn<'_>,
    ) {
        if outcome == ChangeOutcome::Done
            && self.live.replacing.is_some_and(|(replacing, _)| replacing == token)
        {
            return;
        }
        self.live.replacing = None;
        turn.reply_durably(token, Reply::Change(outcome));
    }

    /// The roster is steady again: a replaced node that was removed is added.
    pub(crate) fn go_on_replacing(&mut self, turn: &mut Turn<'_>) {
        let roster = self.durable.roster.clone();
        let Some(roster) = roster.filter(|roster| roster.phase == Phase::Steady) else {
            return;
        };
        let gone = |node| !roster.members.iter().any(|member: &Member| member.id.node == node);
        if let Some((token, node)) = self.live.replacing.take_if(|(_, node)| gone(*node)) {
            self.promote(token, node, &roster, turn);
        }
    }

    /// Adds a learner to the members once it has everything that is here now.
    fn promote(&mut self, token: Token, node: NodeId, roster: &Roster, turn: &mut Turn<'_>) {
        let outcome = match standing_of(roster, node) {
            Some(true) if self.alive_as(node).is_some_and(|id| !roster.has(&id)) => {
                ChangeOutcome::Wiped
            }
            Some(true) => ChangeOutcome::NoChange,
            None => ChangeOutcome::NoSuchNode,
            Some(false) => {
                let (serial, since) = (self.durable.serial(), turn.now);
                self.live.promoting = Some(Promoting { token, node, serial, since });
                self.promote_due(turn);
                if self.live.promoting.is_some() {
                    turn.arm(Timer::Council, Self::LOOK_MS, 2 * Self::LOOK_MS);
                }
                return;
            }
        };
        turn.reply(token, Reply::Change(outcome));
    }

    /// Looks whether a node that is being promoted has caught up, or has had its time.
    pub(crate) fn promote_due(&mut self, turn: &mut Turn<'_>) {
        let Some(promoting) = self.live.promoting else {
            return;
        };
        let Promoting { token, node, serial, since } = promoting;
        let applied = |peer: &crate::live::Peer| peer.linked && peer.applied >= Some(serial);
        let peers = self.live.peers.iter();
        let ready = peers.filter(|(id, peer)| id.node == node && applied(peer)).map(|(id, _)| *id);
        let Some(id) = ready.max() else {
            if turn.now.since(since) >= Self::CATCH_UP {
                self.live.promoting = None;
                turn.reply(token, Reply::Change(ChangeOutcome::NotCaughtUp));
            } else {
                turn.arm(Timer::Council, Self::LOOK_MS, 2 * Self::LOOK_MS);
            }
            return;
        };
        self.live.promoting = None;
        let roster = self.durable.roster.clone();
        let Some(mut roster) = roster.filter(|roster| roster.phase == Phase::Steady) else {
            return turn.reply(token, Reply::Change(ChangeOutcome::Moved));
        };
        let Some(at) = roster.learners.iter().position(|learner| learner.id.node == node) else {
            return turn.reply(token, Reply::Change(ChangeOutcome::Moved));
        };
        let learner = roster.learners.remove(at);
        roster.members.push(Member { id, ..learner });
        self.change_to(repairing(roster), token, turn);
    }

    /// The life of its disk in which a node is linked.
    pub(crate) fn alive_as(&self, node: NodeId) -> Option<MemberId> {
        let linked = self.live.peers.iter().filter(|(_, peer)| peer.linked);
        linked.map(|(id, _)| *id).find(|id| id.node == node)
    }

    /// The first half of a replacement: the vote of its old life goes.
    fn replace(&self, roster: Roster, node: NodeId) -> Next {
        let Some(now) = self.alive_as(node) else {
            return Next::Outcome(ChangeOutcome::NotCaughtUp);
        };
        if roster.has(&now) {
            return Next::Outcome(ChangeOutcome::NoChange);
        }
        if self.config.broken(Mutant::ReplaceInOne) {
            let mut roster = roster;
            for member in roster.members.iter_mut().filter(|member| member.id.node == node) {
                member.id = now;
            }
            return Next::Roster(repairing(roster));
        }
        demote(roster, node, Some(now))
    }
}

/// Whether the node is among the members; none if it is not named.
fn standing_of(roster: &Roster, node: NodeId) -> Option<bool> {
    let names = |members: &[Member]| members.iter().any(|member| member.id.node == node);
    if names(&roster.members) { Some(true) } else { names(&roster.learners).then_some(false) }
}

/// A change of the members: every key is read again before the next one.
fn repairing(roster: Roster) -> Roster {
    Roster { epoch: roster.epoch + 1, phase: Phase::Repairing, ..roster }
}

/// A change that leaves the members alone, and so every majority.
fn steady(roster: Roster) -> Roster {
    Roster { epoch: roster.epoch + 1, phase: Phase::Steady, ..roster }
}

fn approve(mut roster: Roster, member: &Member) -> Next {
    if roster.names(member.id.node) {
        return Next::Outcome(ChangeOutcome::NoChange);
    }
    roster.removed.retain(|gone| gone.id.node != member.id.node);
    roster.learners.push(member.clone());
    Next::Roster(steady(roster))
}

fn demote(mut roster: Roster, node: NodeId, now: Option<MemberId>) -> Next {
    let Some(at) = roster.members.iter().position(|member| member.id.node == node) else {
        let known = roster.names(node);
        let outcome = if known { ChangeOutcome::NoChange } else { ChangeOutcome::NoSuchNode };
        return Next::Outcome(outcome);
    };
    if roster.members.len() == 1 {
        return Next::Outcome(ChangeOutcome::LastMember);
    }
    let member = roster.members.remove(at);
    roster.learners.push(Member { id: now.unwrap_or(member.id), ..member });
    Next::Roster(repairing(roster))
}

fn remove(mut roster: Roster, node: NodeId) -> Next {
    let gone = |member: &Member| member.id.node == node;
    if let Some(at) = roster.learners.iter().position(gone) {
        let learner = roster.learners.remove(at);
        roster.removed.push(learner);
        return Next::Roster(steady(roster));
    }
    let Some(at) = roster.members.iter().position(gone) else {
        let known = roster.removed.iter().any(gone);
        let outcome = if known { ChangeOutcome::NoChange } else { ChangeOutcome::NoSuchNode };
        return Next::Outcome(outcome);
    };
    if roster.members.len() == 1 {
        return Next::Outcome(ChangeOutcome::LastMember);
    }
    let member = roster.members.remove(at);
    roster.removed.push(member);
    Next::Roster(repairing(roster))
}
