//! What comes to the hub, as inputs of the relay core.

use std::{sync::Arc, time::Instant};

use domain::MessageId;
use relay::{
    Body, DocumentId, Input, LeaveReason, PostOutcome, PublicUser, Reply, Stamp, Token, Wsid,
};

use super::{
    Counts, Cursors, HubError, OpenedFile, Page, Visit,
    driver::Driver,
    handle::{Answer, Command, gazers},
    queue, wire,
};
use crate::{
    db::Filed,
    node::{link::Offence, relay::FromNode},
};

impl Driver {
    pub(super) fn on_node(&mut self, event: FromNode) {
        match event {
            FromNode::Up { peer, run } => self.input(Input::PeerUp { peer, run }),
            FromNode::Down { peer } => {
                self.outbox.remove(&peer);
                self.input(Input::PeerDown { peer });
            }
            // What is not heard while too much waits for the disk is found by comparing.
            FromNode::Frame { .. } if self.pending.is_full() => {}
            FromNode::Frame { from, frame, load } => {
                let Some(messages) = wire::read(&frame.0) else {
                    Counts::add(&self.shared.counts.rejected);
                    return self.links.accuse(from, Offence::Undecodable);
                };
                for message in messages {
                    self.input(Input::Message { from, message });
                }
                drop(load);
            }
            FromNode::Written(number) => self.on_written(number),
            FromNode::Renewed(incarnation) => self.input(Input::Renew { incarnation }),
        }
    }

    /// A write is durable: what waited for it may go on.
    fn on_written(&mut self, number: u64) {
        let Some(writing) = self.writing.take_if(|writing| writing.number == number) else {
            return;
        };
        self.persisted = writing.upto;
        let (free, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(after, _)| *after <= writing.upto);
        self.held = held;
        let free: Vec<_> = free;
        free.into_iter().for_each(|(_, serve)| self.serve(serve));
        for (after, answer) in std::mem::take(&mut self.imports) {
            if after <= writing.upto {
                let _ = answer.send(Ok(()));
            } else {
                self.imports.push((after, answer));
            }
        }
        self.input(Input::Persisted(writing.upto));
        self.news.notify_one();
    }

    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Post { document, id, body, answer } => self.post(document, id, body, answer),
            Command::Pass { document, body } => self.input(Input::Pass { document, body }),
            Command::Range { document, last, before, answer } => {
                let page = self.core.page(&document, last, before);
                self.reading.history(document, page, answer);
            }
            Command::Fetch { document, answer } => {
                let reply = self.ask(|token| Input::Fetch { token, document });
                let peers = if let Some(Reply::Fetching(peers)) = reply { peers } else { 0 };
                let _ = answer.send(Ok(peers));
            }
            Command::Join { wsid, user, back, answer } => self.join(wsid, user, back, answer),
            Command::Leave { wsid, visit, reason, answer } => {
                let _ = answer.send(self.leave(&wsid, visit, reason));
            }
            Command::Update { wsid, user, reason } => {
                self.input(Input::Update { wsid, user, reason });
            }
            Command::Open { wsid, document, since, answer } => {
                if let Some(since) = since {
                    self.suppose_seen(&wsid, &document, since);
                }
                self.open(wsid, document, answer);
            }
            Command::HandOver { wsid, answer } => {
                let seen = self.lose(&wsid, LeaveReason::Close);
                let kept = self.lost.take(Instant::now(), &wsid).or(seen);
                let _ = answer.send(kept.ok_or(HubError::NotHere));
            }
            Command::Close { wsid, document } => self.close(wsid, document),
            Command::Push { to, frame } => {
                let took = self.pages.push(&to, &frame, None);
                self.count_frames(took);
            }
            Command::PushAll(frame) => self.push_all(&frame),
            Command::Import { messages, answer } => {
                for (document, messages) in messages {
                    self.input(Input::Import { document, messages });
                }
                if self.issued <= self.persisted {
                    let _ = answer.send(Ok(()));
                } else {
                    self.imports.push((self.issued, answer));
                }
            }
            Command::Filed(upto) => {
                if let Some(directory) = self.directory.clone() {
                    self.pending.filed(Filed { directory, upto });
                }
            }
            Command::Look(look) => look(&self.core),
        }
    }

    fn post(
        &mut self,
        document: DocumentId,
        id: MessageId,
        body: Body,
        answer: Answer<PostOutcome>,
    ) {
        if self.pending.is_full() {
            let _ = answer.send(Ok(PostOutcome::Busy));
            return;
        }
        self.tokens += 1;
        let token = Token(self.tokens);
        self.posts.insert(token, answer);
        self.input(Input::Post { token, document, id, body });
    }

    fn join(&mut self, wsid: Wsid, user: PublicUser, back: Option<Cursors>, answer: Answer<Page>) {
        // A socket that is not known to be lost yet.
        self.lose(&wsid, LeaveReason::Close);
        let kept = self.lost.take(Instant::now(), &wsid);
        let is_back = kept.is_some() || back.is_some();
        self.is_too_many = false;
        self.input(Input::Join { wsid: wsid.clone(), user });
        if self.is_too_many {
            let _ = answer.send(Err(HubError::TooMany));
            return;
        }
        let mut cursors = kept.unwrap_or_default();
        cursors.merge(back.unwrap_or_default());
        let (queue, frames) = queue::queue();
        let visit = self.pages.add(wsid.clone(), queue, cursors);
        let hangout = DocumentId::new(DocumentId::HANGOUT).ok();
        let missed = hangout.clone().map(|hangout| self.read(&wsid, hangout));
        let (census, reading) = (self.core.census(), self.reading.clone());
        tokio::spawn(async move {
            let missed = match (hangout, missed) {
                (Some(hangout), Some(missed)) => reading.missed(&hangout, missed).await,
                (_, _) => super::Missed::default(),
            };
            let _ = answer.send(Ok(Page { visit, frames, census, is_back, missed }));
        });
    }

    /// A page follows a document from now on; what it missed counts as seen when it was sent.
    fn read(&mut self, wsid: &Wsid, document: DocumentId) -> relay::Missed {
        let cursor = self.pages.get_mut(wsid).and_then(|page| page.back.0.remove(&document));
        let of = document.clone();
        let reply = self.ask(|token| Input::Read { token, wsid: wsid.clone(), document, cursor });
        let Some(Reply::Reading(missed)) = reply else { return relay::Missed::default() };
        if let Some(page) = self.pages.get(wsid) {
            let origins = missed.rows.iter().filter_map(|(.., row)| row.origin);
            page.queue.hand_over(origins.map(|origin| Arc::new((of.clone(), origin))));
        }
        missed
    }

    /// Of a document that nothing is known of, a page has seen what was said before `since`.
    fn suppose_seen(&mut self, wsid: &Wsid, document: &DocumentId, since: Stamp) {
        let seen = self.core.seen_until(document, since);
        if let Some(page) = self.pages.get_mut(wsid) {
            page.back.0.entry(document.clone()).or_insert(seen);
        }
    }

    fn open(&mut self, wsid: Wsid, document: DocumentId, answer: Answer<OpenedFile>) {
        if self.pages.get(&wsid).is_none() {
            let _ = answer.send(Err(HubError::NotHere));
            return;
        }
        self.is_too_many = false;
        self.input(Input::Open { wsid: wsid.clone(), document: document.clone() });
        if self.is_too_many {
            let _ = answer.send(Err(HubError::TooMany));
            return;
        }
        let missed = self.read(&wsid, document.clone());
        let mut gazers = gazers(&self.core, &document);
        gazers.retain(|gazer| gazer.wsid != wsid);
        let reading = self.reading.clone();
        tokio::spawn(async move {
            let missed = reading.missed(&document, missed).await;
            let _ = answer.send(Ok(OpenedFile { gazers, missed }));
        });
    }

    fn close(&mut self, wsid: Wsid, document: DocumentId) {
        self.input(Input::Close { wsid: wsid.clone(), document: document.clone() });
        if !document.is_hangout() {
            self.ask(|token| Input::Unread { token, wsid, document });
        }
    }

    fn leave(
        &mut self,
        wsid: &Wsid,
        visit: Visit,
        reason: LeaveReason,
    ) -> Result<Cursors, HubError> {
        if self.pages.get(wsid).is_none_or(|page| page.visit != visit) {
            return Err(HubError::NotHere);
        }
        self.lose(wsid, reason).ok_or(HubError::NotHere)
    }

    /// A page is no visitor any more; what it has seen is kept, unless it has said goodbye.
    fn lose(&mut self, wsid: &Wsid, reason: LeaveReason) -> Option<Cursors> {
        let page = self.pages.remove(wsid)?;
        let reply = self.ask(|token| Input::Leave { token, wsid: wsid.clone(), reason });
        let mut cursors = page.back;
        if let Some(Reply::Left(seen)) = reply {
            cursors.merge(Cursors(seen.into_iter().collect()));
        }
        for unseen in page.queue.close() {
            let (document, origin) = &*unseen;
            if let Some(cursor) = cursors.0.get_mut(document) {
                cursor.remove(origin);
            }
        }
        if reason == LeaveReason::Close {
            self.lost.keep(Instant::now(), wsid.clone(), cursors.clone());
        }
        Some(cursors)
    }

    /// Pages that took no frame are dropped, and may come back.
    pub(super) fn drop_full(&mut self) {
        for wsid in self.pages.take_full() {
            if self.lose(&wsid, LeaveReason::Close).is_some() {
                Counts::add(&self.shared.counts.dropped_pages);
            }
        }
    }
}
