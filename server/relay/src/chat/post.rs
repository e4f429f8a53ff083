//! Making a message safe before it is shown: durable here, and on another node that answers.

use std::collections::{BTreeMap, VecDeque};

use domain::{MemberId, MessageId, Millis};

use super::history::{History, ahead};
use crate::{
    Body, Core, Delivery, DocumentId, Event, Message, Output, Place, PostOutcome, Posted,
    RelayMessage, Reply, Row, Span, Timer, Token, Urgency, WriteNo, config::Mutant,
    message::MAX_PAGE_ROWS, turn::Turn,
};

/// Messages that were recorded and not given to local pages yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Waiting {
    messages: BTreeMap<(DocumentId, Place), Pending>,
    /// In the order of their writes.
    unwritten: VecDeque<(WriteNo, DocumentId, Place)>,
    /// Own ones that are durable here, since when, and wait for another node.
    alone: VecDeque<(Millis, DocumentId, Place)>,
    /// How many of them are own ones.
    own: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    message: Message,
    /// Its last write.
    no: WriteNo,
    /// Pages had it before, or read it with the history: it is not delivered.
    is_quiet: bool,
    /// Who waits for the answer: it was posted here.
    token: Option<Token>,
    /// Whether another node has said that it has it.
    is_elsewhere: bool,
    /// Peers to tell when it is durable.
    tell: Vec<MemberId>,
}

impl Waiting {
    /// True for a message that pages may not see yet.
    pub(crate) fn hides(&self, document: &DocumentId, place: &Place) -> bool {
        let pending = self.messages.get(&(document.clone(), *place));
        pending.is_some_and(|pending| !pending.is_quiet)
    }

    /// Messages of a document that pages may not see yet.
    pub(crate) fn hidden(&self, document: &DocumentId) -> impl Iterator<Item = &Row> {
        let first = Place { stamp: crate::Stamp(0), id: MessageId::from_bytes([0; 16]) };
        let of_document = self.messages.range((document.clone(), first)..);
        let document = document.clone();
        of_document
            .take_while(move |((other, _), _)| *other == document)
            .filter(|(_, pending)| !pending.is_quiet)
            .map(|(_, pending)| &pending.message.row)
    }
}

/// Where a message came from.
pub(crate) enum Source {
    /// A page of this node.
    Here(Token),
    /// Its origin, who wants to know when it is durable.
    Origin(MemberId),
    /// A node that was asked for it.
    Asked,
}

impl Core {
    pub(crate) fn on_post(
        &mut self,
        token: Token,
        document: DocumentId,
        id: MessageId,
        body: Body,
        turn: &mut Turn,
    ) {
        if !body.is_good() {
            return turn.reply(token, Reply::Posted(PostOutcome::TooLong));
        }
        let pulls = self.config.broken(Mutant::StampsPullClocks);
        let leeway = (!pulls).then_some(self.config.leeway);
        let row = self.documents.next(&document, self.me.incarnation, turn.now.wall, leeway, id);
        let Some(row) = row.filter(|_| self.waiting.own < self.config.waiting) else {
            return turn.reply(token, Reply::Posted(PostOutcome::Busy));
        };
        let message = Message { row, body };
        if self.config.broken(Mutant::PostedBeforeDurable) {
            let (document, message) = (document.clone(), message.clone());
            self.send_all(&RelayMessage::Posted { document, message }, turn);
        }
        self.keep(&document, message, &Source::Here(token), turn);
    }

    /// Records what is new of a message, and delivers it when that is durable.
    pub(crate) fn keep(
        &mut self,
        document: &DocumentId,
        message: Message,
        source: &Source,
        turn: &mut Turn,
    ) {
        let was_known = self.documents.get(document).is_some_and(|h| h.has(&message.row.place));
        self.documents.take(document, message.row);
        let urgency = if matches!(source, Source::Asked) { Urgency::Soon } else { Urgency::Now };
        Self::record(document, &message, urgency, turn);
        let place = message.row.place;
        self.waiting.unwritten.push_back((turn.no, document.clone(), place));
        self.waiting.own += usize::from(matches!(source, Source::Here(_)));
        let key = (document.clone(), place);
        let is_quiet = message.row.origin.is_none() || was_known;
        let pending = self.waiting.messages.entry(key).or_insert_with(|| Pending {
            message: message.clone(),
            no: turn.no,
            is_quiet,
            token: None,
            is_elsewhere: false,
            tell: Vec::new(),
        });
        (pending.message, pending.no) = (message, turn.no);
        match source {
            Source::Here(token) => pending.token = Some(*token),
            Source::Origin(peer) => pending.tell.push(*peer),
            Source::Asked => {}
        }
    }

    /// A peer asks to hear when a message is durable that was known: now, or with its write.
    pub(crate) fn tell_when_durable(
        &mut self,
        document: &DocumentId,
        place: Place,
        peer: MemberId,
        turn: &mut Turn,
    ) {
        match self.waiting.messages.get_mut(&(document.clone(), place)) {
            Some(pending) if pending.no > self.persisted => pending.tell.push(peer),
            _ => self.say_have(peer, document.clone(), vec![place], turn),
        }
    }

    fn say_have(&self, peer: MemberId, document: DocumentId, places: Vec<Place>, turn: &mut Turn) {
        turn.send(peer, RelayMessage::Have { document, places });
    }

    /// Writes became durable: tells whoever waits for that, and delivers what is safe.
    pub(crate) fn release_written(&mut self, turn: &mut Turn) {
        let mut have: BTreeMap<(MemberId, DocumentId), Vec<Place>> = BTreeMap::new();
        while let Some((no, document, place)) =
            self.waiting.unwritten.pop_front_if(|(no, ..)| *no <= self.persisted)
        {
            let key = (document.clone(), place);
            let Some(pending) = self.waiting.messages.get_mut(&key).filter(|p| p.no == no) else {
                continue;
            };
            for peer in std::mem::take(&mut pending.tell) {
                have.entry((peer, document.clone())).or_default().push(place);
            }
            let (is_own, is_elsewhere) = (pending.token.is_some(), pending.is_elsewhere);
            if is_own && !is_elsewhere && self.tell_posted(&document, place, turn) {
                continue;
            }
            self.release(&document, place, is_elsewhere, turn);
        }
        for ((peer, document), places) in have {
            for page in places.chunks(MAX_PAGE_ROWS) {
                self.say_have(peer, document.clone(), page.to_vec(), turn);
            }
        }
    }

    /// Tells all peers of an own message, and waits for one of them; false if there is none.
    fn tell_posted(&mut self, document: &DocumentId, place: Place, turn: &mut Turn) -> bool {
        let linked = self.linked();
        let pending = self.waiting.messages.get(&(document.clone(), place));
        let Some(message) = pending.map(|pending| &pending.message).filter(|_| !linked.is_empty())
        else {
            return false;
        };
        for peer in linked {
            let (document, message) = (document.clone(), message.clone());
            turn.send(peer, RelayMessage::Posted { document, message });
        }
        if self.waiting.alone.is_empty() {
            turn.arm(Timer::Safe, self.config.safe.0, self.config.safe.0);
        }
        self.waiting.alone.push_back((turn.at(), document.clone(), place));
        true
    }

    /// A peer has messages durably: those that wait for that are safe.
    pub(crate) fn on_have(&mut self, document: &DocumentId, places: &[Place], turn: &mut Turn) {
        for place in places {
            let pending = self.waiting.messages.get_mut(&(document.clone(), *place));
            let Some(pending) = pending.filter(|pending| pending.token.is_some()) else { continue };
            pending.is_elsewhere = true;
            if pending.no <= self.persisted {
                self.release(document, *place, true, turn);
            }
        }
    }

    /// Nobody else has said that it has the oldest own messages: they are delivered all the same.
    pub(crate) fn on_safe_due(&mut self, turn: &mut Turn) {
        while let Some((_, document, place)) = self
            .waiting
            .alone
            .pop_front_if(|(since, ..)| turn.now.at.since(*since) >= self.config.safe)
        {
            self.release(&document, place, false, turn);
        }
        // Those that are safe by now need no timer.
        let messages = &self.waiting.messages;
        while self
            .waiting
            .alone
            .pop_front_if(|(_, document, place)| {
                !messages.contains_key(&(document.clone(), *place))
            })
            .is_some()
        {}
        if let Some((since, ..)) = self.waiting.alone.front() {
            let left = self.config.safe.0.saturating_sub(turn.at().since(*since).0);
            turn.arm(Timer::Safe, left, left);
        }
    }

    /// Answers and delivers a message, once.
    fn release(&mut self, document: &DocumentId, place: Place, is_safe: bool, turn: &mut Turn) {
        let Some(pending) = self.waiting.messages.remove(&(document.clone(), place)) else {
            return;
        };
        let Some(history) = self.documents.get(document) else { return };
        let row = pending.message.row;
        let serial = history.serial(&place);
        if let (Some(token), Some(origin)) = (pending.token, row.origin) {
            let posted = Posted { place, origin, serial };
            let outcome =
                if is_safe { PostOutcome::Safe(posted) } else { PostOutcome::Alone(posted) };
            turn.reply(token, Reply::Posted(outcome));
            self.waiting.own -= 1;
        }
        turn.emit(Event::DocumentChanged { document: document.clone() });
        if !pending.is_quiet {
            let after = self.visible_before(document, history, place);
            let is_late = self.is_late(document, history, place);
            let to = self.readers.who_lack(document, &row);
            let (document, message) = (document.clone(), pending.message);
            let delivery = Delivery { document, serial, after, is_late, message, to };
            turn.output(Output::Deliver(Box::new(delivery)));
        }
    }

    fn visible_before(
        &self,
        document: &DocumentId,
        history: &History,
        place: Place,
    ) -> Option<Place> {
        let mut before = history.order().back_from(Some(place)).map(|row| row.place);
        before.find(|place| !self.waiting.hides(document, place))
    }

    fn is_late(&self, document: &DocumentId, history: &History, place: Place) -> bool {
        let rest = Span { after: Some(place), upto: None };
        history.order().rows(&rest).any(|(_, row)| !self.waiting.hides(document, &row.place))
    }

    /// Raises an alarm about a stamp that is too far ahead of this node's clock.
    pub(crate) fn judge_stamp(
        &mut self,
        from: MemberId,
        document: &DocumentId,
        row: &Row,
        turn: &mut Turn,
    ) {
        let stamp = row.place.stamp;
        if stamp > ahead(turn.now.wall, self.config.leeway) {
            let origin = row.origin.map(|origin| origin.incarnation);
            let document = document.clone();
            let alarm = crate::Alarm::ClockAhead { from, origin, document, stamp };
            self.raise_ahead(origin, alarm, turn);
        }
    }
}
