//! Visitors of this node: what its hub says of them.

use super::{LeaveReason, PublicUser, UpdateReason, Visitor, VisitorChange};
use crate::{Core, DocumentId, Event, RelayMessage, Reply, Token, Wsid, turn::Turn};

impl Core {
    pub(crate) fn on_join(&mut self, wsid: Wsid, user: PublicUser, turn: &mut Turn) {
        if let Some(known) = self.presence.here.get(&wsid) {
            if known.user != user {
                self.on_update(wsid, user, UpdateReason::ProfileEdit, turn);
            }
            return;
        }
        if self.presence.here.len() >= self.config.visitors {
            return turn.emit(Event::TooMany { wsid });
        }
        let visitor = Visitor { user, heard: turn.now.wall, ..Visitor::default() };
        self.tell_change(VisitorChange::Joined { wsid, visitor }, turn);
    }

    pub(crate) fn on_leave(
        &mut self,
        token: Token,
        wsid: &Wsid,
        reason: LeaveReason,
        turn: &mut Turn,
    ) {
        if self.presence.here.get(wsid).is_some() {
            self.tell_change(VisitorChange::Left { wsid: wsid.clone(), reason }, turn);
        }
        let cursors = self.stop_reading(wsid);
        turn.reply(token, Reply::Left(cursors));
    }

    pub(crate) fn on_update(
        &mut self,
        wsid: Wsid,
        user: PublicUser,
        reason: UpdateReason,
        turn: &mut Turn,
    ) {
        let heard = turn.now.wall;
        // Also when nothing that others may know has changed: who logged in is to be told.
        if self.presence.here.get(&wsid).is_some() {
            self.tell_change(VisitorChange::Updated { wsid, user, reason, heard }, turn);
        }
    }

    pub(crate) fn on_open(&mut self, wsid: Wsid, document: DocumentId, turn: &mut Turn) {
        let Some(visitor) = self.presence.here.get(&wsid) else { return };
        if visitor.files.contains(&document) {
            return;
        }
        if visitor.files.len() >= self.config.files {
            return turn.emit(Event::TooMany { wsid });
        }
        let heard = turn.now.wall;
        self.tell_change(VisitorChange::Opened { wsid, document, heard }, turn);
    }

    pub(crate) fn on_close(&mut self, wsid: Wsid, document: DocumentId, turn: &mut Turn) {
        let heard = turn.now.wall;
        let visitor = self.presence.here.get(&wsid);
        if visitor.is_some_and(|visitor| visitor.files.contains(&document)) {
            self.tell_change(VisitorChange::Closed { wsid, document, heard }, turn);
        }
    }

    /// The program stops in order; what the hub says of its visitors from now on is not told.
    pub(crate) fn on_stop(&self, turn: &mut Turn) {
        self.send_all(&RelayMessage::Leaving { run: self.run }, turn);
    }
}
