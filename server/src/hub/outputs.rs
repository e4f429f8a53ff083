//! What the relay core wants done.

use std::sync::{Arc, PoisonError};

use axum::extract::ws::Utf8Bytes;
use relay::{Alarm, Event, Message, Output, PostOutcome, Reply, Token};
use tracing::{info, warn};

use super::{
    Counts, HubEvent,
    driver::{Driver, HeldServe},
    frames,
};
use crate::node::link::Offence;

/// Alarms that are kept.
const ALARMS: usize = 100;

impl Driver {
    pub(super) fn perform(&mut self, output: Output) {
        match output {
            Output::Persist { no, records, urgency } => {
                self.issued = no;
                self.pending.add(no, records, urgency);
            }
            Output::Send { to, message } => self.outbox.entry(to).or_default().push(message),
            Output::Reply { token, reply } => self.reply(token, reply),
            Output::Arm { timer, between } => self.timers.arm(timer, between),
            Output::Serve { to, ask, document, places, after } => {
                let serve = HeldServe { to, ask, document, places };
                match after.filter(|after| *after > self.persisted) {
                    Some(after) => self.held.push((after, serve)),
                    None => self.serve(serve),
                }
            }
            Output::Deliver(delivery) => {
                self.hear(&delivery.message);
                if delivery.to.is_empty() {
                    return;
                }
                let frame = frames::delivered(&delivery);
                let origin = delivery.message.row.origin;
                let unseen = origin.map(|origin| Arc::new((delivery.document.clone(), origin)));
                let took = self.pages.push(&delivery.to, &frame, unseen.as_ref());
                self.count_frames(took);
            }
            Output::Pass { document, body, to } => {
                if let Some(frame) = frames::passed(&document, &body) {
                    let took = self.pages.push(&to, &frame, None);
                    self.count_frames(took);
                }
            }
            Output::Tell { event, to } => {
                self.are_visitors_new = true;
                for frame in frames::told(&event, self.core.census()) {
                    let took = self.pages.push(&to, &frame, None);
                    self.count_frames(took);
                }
            }
            Output::Emit(event) => self.on_event(event),
            Output::Raise(alarm) => self.raise(alarm),
        }
    }

    /// Tells of a message that was posted at another node.
    fn hear(&self, message: &Message) {
        let own = self.core.me().incarnation;
        if message.row.origin.is_some_and(|origin| origin.incarnation != own) {
            // Nobody may listen.
            let _ = self.shared.heard.send(Arc::new(message.clone()));
        }
    }

    pub(super) fn serve(&self, serve: HeldServe) {
        let HeldServe { to, ask, document, places } = serve;
        self.reading.serve(self.links.clone(), to, (ask, document), places);
    }

    fn reply(&mut self, token: Token, reply: Reply) {
        match reply {
            Reply::Posted(outcome) => {
                match outcome {
                    PostOutcome::Safe(_) => Counts::add(&self.shared.counts.posts),
                    PostOutcome::Alone(_) => {
                        Counts::add(&self.shared.counts.posts);
                        Counts::add(&self.shared.counts.alone);
                    }
                    PostOutcome::TooLong | PostOutcome::Busy => {}
                }
                if let Some(answer) = self.posts.remove(&token) {
                    // Whoever posted may be gone.
                    let _ = answer.send(Ok(outcome));
                }
            }
            reply => self.replies.push((token, reply)),
        }
    }

    pub(super) fn push_all(&mut self, frame: &Utf8Bytes) {
        let took = self.pages.push_all(frame);
        self.count_frames(took);
    }

    pub(super) fn count_frames(&self, took: usize) {
        let took = u64::try_from(took).unwrap_or(0);
        self.shared.counts.frames.fetch_add(took, std::sync::atomic::Ordering::Relaxed);
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::DocumentChanged { document } => self.emit(HubEvent::DocumentChanged(document)),
            Event::Compared { peer, document, agreement } => {
                Counts::add(&self.shared.counts.compares);
                self.emit(HubEvent::Compared { peer, document, agreement });
            }
            Event::InStep { peer } => self.emit(HubEvent::InStep(peer)),
            Event::TooMany { .. } => self.is_too_many = true,
            Event::Counted(census) => {
                self.shared.census.send_replace(census);
                self.counted = Some(census);
            }
            Event::Marked { node, is_marked } => {
                self.emit(HubEvent::Marked { node, is_marked });
            }
            Event::Dropped { node, visitors } => {
                info!(peer.id = %node, visitors, "the visitors of {node} were dropped");
                self.emit(HubEvent::Dropped { node, visitors });
            }
            Event::Rejected { peer, rejection } => {
                warn!(peer.id = %peer.node, ?rejection, "a hub said what none says");
                Counts::add(&self.shared.counts.rejected);
                self.links.accuse(peer, Offence::Unasked);
            }
        }
    }

    fn raise(&self, alarm: Alarm) {
        warn!(?alarm, "something happened to a chat that must not: an operator must look");
        let mut alarms = self.shared.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        if alarms.len() < ALARMS && !alarms.contains(&alarm) {
            alarms.push(alarm);
        }
        drop(alarms);
        self.emit(HubEvent::Alarm);
    }
}
