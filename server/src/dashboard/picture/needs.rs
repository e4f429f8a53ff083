//! What an operator should look at, worst first.

use cluster::{Alarm, Member, MemberId, Phase, RolledBack};
use domain::{
    FileName, NodeId, ObjectId,
    view::{AnyState, Counts, Need, file_href},
    words::{ClusterState, FileState, NodeHealth, Tone, count, thousands},
};

use super::{Picture, Seat, Tally};

/// Rows that are shown.
const SHOWN: usize = 10;

impl Picture {
    /// The worst ten.
    pub(super) fn needs(&self, tally: &Tally) -> Vec<Need> {
        let alarms = self.node.alarms.iter().rev();
        let mut needs: Vec<Need> = alarms.filter_map(|alarm| self.alarm(alarm)).collect();
        needs.extend(self.seats.iter().filter_map(node));
        needs.extend(self.node.asking.iter().map(newcomer));
        needs.extend(self.without_swish());
        needs.extend(self.repairing());
        needs.extend(self.missing());
        needs.extend(self.node.unread.iter().map(|(name, object)| self.unread(name, *object)));
        needs.extend(files(&tally.counts, &self.node.name));
        needs.sort_by_key(|need| need.state.tone());
        needs.truncate(SHOWN);
        needs
    }

    /// While the SWISH beside this node does not answer.
    fn without_swish(&self) -> Option<Need> {
        let state = self.node.swish.filter(|state| state.tone() == Tone::Bad)?;
        let name = &self.node.name;
        Some(Need {
            state: AnyState::Swish(state),
            what: format!("The SWISH of {name}"),
            href: Some("/nodes".to_owned()),
            reason: format!(
                "{name} asks it every second. Open pages go on saving through {name}; new pages and \
                 queries get an error there, and a load balancer that asks /cluster/health sends \
                 them elsewhere. Look at its process and its log."
            ),
        })
    }

    /// While every file is read again after a change of the members.
    fn repairing(&self) -> Option<Need> {
        let roster = self.node.roster.as_ref()?;
        (roster.phase == Phase::Repairing).then(|| Need {
            state: AnyState::Cluster(ClusterState::CatchingUp),
            what: "The members have changed".to_owned(),
            href: Some("/nodes".to_owned()),
            reason: match self.node.repair {
                Some((done, of)) => format!(
                    "A majority of the new ones reads every file again: {} of {} so far. The next \
                     change waits for that.",
                    thousands(as_u64(done)),
                    count(as_u64(of), "file", "files")
                ),
                None => "A majority of the new ones reads every file again; the next change waits \
                         for that."
                    .to_owned(),
            },
        })
    }

    fn missing(&self) -> Option<Need> {
        let missing = u64::try_from(self.node.missing.len()).unwrap_or(u64::MAX);
        let first = self.node.missing.values().min_by_key(|missing| missing.again_ms)?;
        let next_try_ms = first.again_ms.saturating_sub(self.at_ms);
        let detail =
            FileState::missing_detail(&self.node.name, &self.names(&first.asked), next_try_ms);
        Some(Need {
            state: AnyState::File(FileState::ObjectMissing),
            what: count(missing, "object is missing", "objects are missing"),
            href: None,
            reason: format!("No node that answers has it: {detail}."),
        })
    }

    fn unread(&self, name: &FileName, object: ObjectId) -> Need {
        let node = &self.node.name;
        Need {
            state: AnyState::File(FileState::ObjectMissing),
            what: format!("{name}, saved by a SWISH, is not whole"),
            href: Some(file_href(name)),
            reason: format!(
                "The SWISH of {node} wrote a head, and its object {object} is missing or damaged. \
                 No node takes that head; the version before stays."
            ),
        }
    }

    /// An alarm, unless what it is about is over.
    fn alarm(&self, raised: &Alarm) -> Option<Need> {
        match raised {
            Alarm::RolledBack { node, rolled_back } => self.rolled_back(*node, *rolled_back),
            Alarm::Cloned { node } => Some(self.cloned(*node)),
            Alarm::OtherCluster { node, .. } => self.other_cluster(*node, raised),
            _ => alarm(raised),
        }
    }

    /// A node whose disk is older than what it told, until it has a vote again.
    fn rolled_back(&self, node: MemberId, rolled_back: RolledBack) -> Option<Need> {
        let seat = self.seats.iter().find(|seat| seat.member == node)?;
        if seat.votes() {
            return None;
        }
        let RolledBack { ours, remembered, by, .. } = rolled_back;
        let (name, by) = (&seat.name, self.name_of(by));
        let (ours, remembered) = (thousands(ours), thousands(remembered));
        Some(Need {
            state: AnyState::Node(NodeHealth::RolledBack),
            what: format!(
                "The database of {name} is older than what it told {by} ({ours} < {remembered})"
            ),
            href: Some("/nodes".to_owned()),
            reason: format!(
                "It was restored, or rolled back with its machine. What it promised since is not \
                 known, so it has no vote. What it holds is kept: it is compared with the others, \
                 and what differs is listed. To give it its vote back: nodes replace {name}."
            ),
        })
    }

    /// A node of another cluster, until it is in this one or this one has gone there.
    fn other_cluster(&self, node: NodeId, raised: &Alarm) -> Option<Need> {
        let Alarm::OtherCluster { name, address, theirs, ours, older, .. } = raised else {
            return None;
        };
        let roster = self.node.roster.as_ref().filter(|roster| roster.cluster == *ours)?;
        let is_old = *older == Some(*ours);
        if roster.names(node) && !is_old {
            return None;
        }
        let own = &self.node.name;
        let bring = |who: &str, to: &str| {
            format!(
                "run on {who}: swish-cluster join {to} --leave-old-cluster. Its files come along; \
                 what differs is listed as a divergence."
            )
        };
        let here = self.own_address();
        let reason = if is_old {
            format!(
                "{name} founded that cluster anew or went there, while this one had no majority. \
                 Their links are refused. To bring {own} there, {}",
                bring(own, address)
            )
        } else if *older == Some(*theirs) {
            format!(
                "It is still in the cluster that this one was founded anew from. Their links are \
                 refused. To bring it here, {}",
                bring(name, here)
            )
        } else {
            format!(
                "Their links are refused. If {name} is to be in this cluster, {} Else give the \
                 clusters different secrets.",
                bring(name, here)
            )
        };
        Some(Need {
            state: AnyState::Node(NodeHealth::Away),
            what: format!("{name} is in another cluster, {theirs}; this one is {ours}"),
            href: Some("/nodes".to_owned()),
            reason,
        })
    }

    /// Where this node's links are reached, as its roster says.
    fn own_address(&self) -> &str {
        let roster = self.node.roster.as_ref();
        let own = roster.and_then(|roster| {
            let me = self.node.me?;
            roster.everybody().find(|member| member.id.node == me.node)
        });
        own.map_or("ADDR", |member| member.address.as_str())
    }

    /// A node that runs twice.
    fn cloned(&self, node: MemberId) -> Need {
        let name = self.name_of(node);
        Need {
            state: AnyState::Node(NodeHealth::Away),
            what: format!("{name} runs twice"),
            href: Some("/nodes".to_owned()),
            reason: format!(
                "Two programs with the keys of {name} answered at the same time: its data directory \
                 was copied. Neither counts until one of them has been stopped for 10 s. Stop the \
                 copy and delete its data."
            ),
        }
    }

    /// Names of members, for a sentence.
    fn names(&self, members: &[MemberId]) -> String {
        let seats = self.seats.iter().filter(|seat| members.contains(&seat.member));
        seats.map(|seat| seat.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

fn newcomer(member: &Member) -> Need {
    Need {
        state: AnyState::Cluster(ClusterState::CatchingUp),
        what: format!("{} asks to join", member.name),
        href: Some("/nodes".to_owned()),
        reason: format!(
            "It has the cluster's secret and is reached at {}. Approve it if you know it.",
            member.address
        ),
    }
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn node(seat: &Seat) -> Option<Need> {
    let (what, reason) = match seat.health {
        // Its alarm says more.
        NodeHealth::Up | NodeHealth::Draining | NodeHealth::RolledBack => return None,
        NodeHealth::Suspect | NodeHealth::Away => (
            "does not answer",
            "What it holds is its last word. Look at its server and at the network between.",
        ),
        NodeHealth::Slow => ("answers slowly", "Saves wait for it; look at the network between."),
        NodeHealth::ClockOff => ("has another time", "Set its clock; times of saves come from it."),
        NodeHealth::OtherVersion => ("runs another version", "Upgrade it or this node."),
    };
    Some(Need {
        state: AnyState::Node(seat.health),
        what: format!("{} {what}", seat.name),
        href: Some("/nodes".to_owned()),
        reason: reason.to_owned(),
    })
}

/// States of files that somebody may have to do something about.
fn files<'a>(counts: &'a Counts, own: &'a str) -> impl Iterator<Item = Need> + 'a {
    let shown = [FileState::Diverged, FileState::Held, FileState::Behind, FileState::Imported];
    shown.into_iter().filter(|state| counts.of(*state) > 0).map(move |state| {
        let number = counts.of(state);
        let (what, reason) = match state {
            FileState::Diverged => (
                count(number, "file has two sides", "files have two sides"),
                "Both were saved while nodes could not reach each other; somebody chooses."
                    .to_owned(),
            ),
            FileState::Held => (
                count(number, "save is held", "saves are held"),
                format!("Saved on {own} only until a majority answers; proposed by itself then."),
            ),
            FileState::Imported => (
                count(number, "file is not decided yet", "files are not decided yet"),
                format!("Found in the store of {own}; they are proposed one after the other."),
            ),
            _ => (
                count(number, "file is behind", "files are behind"),
                "Some node serves an older version and fetches the newer one.".to_owned(),
            ),
        };
        let href = Some(match state {
            FileState::Diverged => "/divergences".to_owned(),
            _ => format!("/files?state={}", state.code()),
        });
        Need { state: AnyState::File(state), what, href, reason }
    })
}

/// An alarm that names no node of the roster.
fn alarm(alarm: &Alarm) -> Option<Need> {
    const IMPOSSIBLE: &str = "This must not happen: keep the logs of all nodes and report it.";
    const CUT_OFF: &str = "It sends what no node of this program sends: look at its logs and its \
         server, and at who else has its keys.";
    const AUDIT: &str = "The first that came is kept. Somebody copied or restored that node's disk, or \
                         has its key: look at its machine.";
    let (state, what, reason) = match alarm {
        Alarm::RolledBack { .. } | Alarm::Cloned { .. } | Alarm::OtherCluster { .. } => {
            return None;
        }
        Alarm::TwoDecidedHeads { key, .. } => {
            (FileState::Diverged, format!("Two heads of {} were decided", key.file()), IMPOSSIBLE)
        }
        Alarm::TwoHeadsOneBallot { key, .. } => (
            FileState::Diverged,
            format!("Two heads of {} have one ballot", key.file()),
            IMPOSSIBLE,
        ),
        Alarm::WrongObject { id, .. } => {
            (FileState::Damaged, format!("A node sent wrong bytes for {id}"), IMPOSSIBLE)
        }
        Alarm::CutOff { peer } => (
            FileState::Damaged,
            format!("Node {} misbehaved and was cut off for a minute", peer.node),
            CUT_OFF,
        ),
        Alarm::TwoRosters { epoch, .. } => {
            (FileState::Diverged, format!("Two rosters have epoch {epoch}"), IMPOSSIBLE)
        }
        Alarm::AuditForks { origin, number } => (
            FileState::Damaged,
            format!("Entry {number} of the audit of node {} does not fit", origin.node),
            AUDIT,
        ),
        Alarm::AuditForged { origin, .. } => (
            FileState::Damaged,
            format!("An entry of the audit that node {} did not write came in", origin.node),
            IMPOSSIBLE,
        ),
    };
    Some(Need { state: AnyState::File(state), what, href: None, reason: reason.to_owned() })
}
