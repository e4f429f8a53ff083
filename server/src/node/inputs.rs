//! What comes to the node, as inputs of the core.

use std::collections::BTreeMap;

use cluster::{Alarm, Input, Key, Output, Token};
use domain::{FileName, ObjectId};
use tracing::{error, info};

use super::{
    driver::{Driver, Waiter},
    filer::Report,
    handle::Command,
    index::IndexedObjects,
    keeper::Found,
    link::{Hello, LinkEvent, RELAY_VERSION},
};

impl Driver {
    /// Hands one input to the core and performs its outputs in order.
    pub(super) fn input(&mut self, input: Input) {
        let now = self.now();
        let mut outputs: Vec<Output> = Vec::new();
        self.core.handle(now, input, &mut IndexedObjects(&mut self.index), &mut outputs);
        for output in outputs {
            self.perform(now, output);
        }
    }

    pub(super) fn on_command(&mut self, command: Command) {
        self.tokens += 1;
        let token = Token(self.tokens);
        match command {
            Command::Save { reply, .. } if self.is_full() => {
                // Whoever asked may be gone.
                let _ = reply.send(cluster::SaveOutcome::Busy);
            }
            Command::Save { save, reply } => {
                self.waiters.insert(token, Waiter::Save(reply));
                self.input(Input::Save { token, save });
            }
            Command::Settle { save, reply } => {
                self.waiters.insert(token, Waiter::Settle(reply));
                self.input(Input::Settle { token, save });
            }
            Command::Sync { name, dry, reply } => {
                self.waiters.insert(token, Waiter::Sync(reply));
                if !dry {
                    self.lead_again(&name);
                }
                self.input(Input::Sync { token, key: Key::File(name), dry });
            }
            Command::Want { id, reply } => {
                self.waiters.insert(token, Waiter::Object(reply));
                self.input(Input::Want { token, id });
            }
            Command::Change { change, reply } => {
                self.waiters.insert(token, Waiter::Change(reply));
                self.input(Input::Change { token, change });
            }
            Command::Leave { to, content, reply } => {
                self.waiters.insert(token, Waiter::Leave(reply));
                self.leave(token, to, content);
            }
            Command::Drain(drains) => {
                self.input(Input::Drain(drains));
                self.shared.change_node(|node| node.draining = drains);
                self.peers_changed = true;
            }
            Command::Audit { content, reply } => self.on_audit_command(token, content, reply),
            Command::AskStore(asked) => self.on_asked(asked),
            Command::Keep { objects } => self.input(Input::Keep { objects }),
            Command::Found { roster, chosen, reply } => {
                self.waiters.insert(token, Waiter::Found(reply));
                let mut heads = self.store_heads.clone();
                heads.extend(chosen);
                self.input(Input::Found { token, roster, heads: of_files(heads) });
            }
        }
    }

    /// This node is in a cluster now: the heads of its store are nothing new, proposed, or tips
    /// (protocol 4.4). They become durable in one batch with the roster.
    pub(super) fn import_store(&mut self) {
        let heads = std::mem::take(&mut self.store_heads);
        if !heads.is_empty() {
            self.input(Input::Import { heads: of_files(heads) });
        }
    }

    pub(super) fn on_link(&mut self, event: LinkEvent) {
        // What hubs say changes nothing that the node shows.
        self.peers_changed |= !matches!(event, LinkEvent::Relay { .. });
        match event {
            // A connection of the life before this one; it ends.
            LinkEvent::Up { said, .. } if said != self.core.me().incarnation => {}
            LinkEvent::Up { peer, hello, said } => {
                info!(peer.id = %peer.node, peer.name = %hello.name, "linked with {}", hello.name);
                match hello.cluster {
                    Some(cluster) => self.clusters.insert(peer, cluster),
                    None => self.clusters.remove(&peer),
                };
                let (count, remembered) = (hello.durable_count, hello.remembers(said));
                let (epoch, run) = (hello.epoch, hello.run);
                self.input(Input::PeerUp { peer, epoch, run, count, remembered });
                self.relay_up(peer, (hello.relay == RELAY_VERSION).then_some(run));
                // Who asks for a plan now is told who answers now.
                self.publish_node();
            }
            LinkEvent::Knock { hello } => {
                let id = hello.member();
                let Hello { name, address, .. } = *hello;
                self.input(Input::Knock(cluster::Member { id, name, address }));
            }
            LinkEvent::Down { peer } => {
                info!(peer.id = %peer.node, "link with {} is gone", peer.node);
                self.input(Input::PeerDown { peer });
                self.relay_down(peer);
                self.publish_node();
            }
            // It ends.
            LinkEvent::Frame { from, .. } if self.is_elsewhere(&from) => {}
            LinkEvent::Frame { from, messages, load } => {
                for message in messages {
                    if !self.is_genuine(from, &message) {
                        continue;
                    }
                    self.input(Input::Message { from, message });
                }
                drop(load);
            }
            LinkEvent::Relay { from, frame, load } => self.on_relay_frame(from, frame, load),
            LinkEvent::Elsewhere(stranger) => self.on_stranger(stranger),
            LinkEvent::CutOff { peer } => self.raise(Alarm::CutOff { peer }),
            LinkEvent::Cloned { peer } => self.raise(Alarm::Cloned { node: peer }),
        }
    }

    /// Objects of the store that nobody told of before.
    pub(super) fn on_found(&mut self, found: Found) {
        for (id, link) in found {
            match link {
                Some(link) => self.index.insert_commit(id, link),
                None => self.index.insert_blob(id),
            }
        }
    }

    pub(super) fn on_report(&mut self, report: Report) {
        match report {
            Report::Filed { upto, objects, foreign } => {
                self.store_fails = false;
                self.shared.change_node(|node| node.store_failure = None);
                while self.unfiled_since.front().is_some_and(|(row, _)| *row <= upto) {
                    self.unfiled_since.pop_front();
                }
                self.shared.note_filed(&objects);
                self.filed.push((upto, objects));
                foreign.into_iter().for_each(|update| self.on_foreign(update));
            }
            Report::Covered { upto } => {
                self.cover(upto);
                self.covered = Some(upto);
            }
            Report::Foreign(lines) => {
                lines.into_iter().for_each(|update| self.on_foreign(update));
            }
            Report::Read(read) => self.on_read(read),
            Report::Failed { reason } => {
                self.store_fails = true;
                error!(%reason, "the store cannot be written; saves are kept in core.db");
                self.shared.change_node(|node| node.store_failure = Some(reason));
            }
        }
    }
}

fn of_files(heads: BTreeMap<FileName, ObjectId>) -> Vec<(Key, ObjectId)> {
    heads.into_iter().map(|(name, head)| (Key::File(name), head)).collect()
}
