//! Taking in messages: from their origin, from a node that was asked, from SWISH's chat files.

use domain::MemberId;

use super::post::Source;
use crate::{
    Alarm, Body, Core, DocumentId, Event, Message, Output, Place, Rejection, RelayMessage, Row,
    Urgency, chat::history::Verdict, config::Mutant, turn::Turn,
};

impl Core {
    /// The origin of a message tells of it.
    pub(crate) fn on_posted(
        &mut self,
        from: MemberId,
        document: &DocumentId,
        message: Message,
        turn: &mut Turn,
    ) {
        let origin = message.row.origin.map(|origin| origin.incarnation);
        if origin != Some(from.incarnation) {
            let rejection = Rejection::NotItsOwn;
            return turn.emit(Event::Rejected { peer: from, rejection });
        }
        let place = message.row.place;
        if self.config.broken(Mutant::HaveBeforeDurable) {
            let (document, places) = (document.clone(), vec![place]);
            turn.send(from, RelayMessage::Have { document, places });
        }
        if !self.take_in(from, document, message, &Source::Origin(from), turn) {
            self.tell_when_durable(document, place, from, turn);
        }
    }

    /// Takes in a message that a peer sent; false if there is nothing new in it.
    pub(crate) fn take_in(
        &mut self,
        from: MemberId,
        document: &DocumentId,
        message: Message,
        source: &Source,
        turn: &mut Turn,
    ) -> bool {
        let row = message.row;
        match self.documents.judge(document, &row) {
            Verdict::Known => return false,
            Verdict::Forks => {
                if let Some(origin) = row.origin {
                    let document = document.clone();
                    turn.raise(Alarm::NumberForks { document, origin });
                }
            }
            Verdict::News => {}
        }
        self.judge_stamp(from, document, &row, turn);
        self.keep(document, message, source, turn);
        true
    }

    /// Messages of SWISH's files. They go to the other nodes by comparing, and to no page.
    pub(crate) fn on_import(
        &mut self,
        document: &DocumentId,
        messages: Vec<(Place, Body)>,
        turn: &mut Turn,
    ) {
        let mut is_changed = false;
        for (place, body) in messages {
            let row = Row { place, origin: None };
            if body.is_good() && self.documents.judge(document, &row) == Verdict::News {
                self.documents.take(document, row);
                Self::record(document, &Message { row, body }, Urgency::Soon, turn);
                is_changed = true;
            }
        }
        if is_changed {
            turn.emit(Event::DocumentChanged { document: document.clone() });
        }
    }

    /// A local page passes something to all who read a document now, itself included.
    pub(crate) fn on_pass_here(&self, document: DocumentId, body: Body, turn: &mut Turn) {
        if !body.is_good() {
            return;
        }
        let message = RelayMessage::Pass { document: document.clone(), body: body.clone() };
        self.send_all(&message, turn);
        self.pass_to_readers(document, body, turn);
    }

    pub(crate) fn pass_to_readers(&self, document: DocumentId, body: Body, turn: &mut Turn) {
        let to = self.readers.of(&document);
        if !to.is_empty() {
            turn.output(Output::Pass { document, body, to });
        }
    }
}
