//! People: pages that come, post, read, move and go.

use std::collections::{BTreeMap, BTreeSet};

use domain::MessageId;
use relay::{
    Body, Cursor, Input, LeaveReason, Place, PublicUser, Reply, Row, Token, UpdateReason, Wsid,
};

use super::{Post, World, invariants::seen_once};
use crate::dice::Dice;

/// A page in a browser, which reads one document.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) wsid: Wsid,
    /// Where it is connected.
    pub(crate) at: Option<usize>,
    /// Which document it has open.
    pub(crate) document: usize,
    /// The user it has.
    pub(crate) name: String,
    /// What it has seen of the document, and whether that has a number.
    pub(crate) seen: BTreeMap<Place, bool>,
    /// Other pages that have the document open, as far as it was told.
    pub(crate) gazers: BTreeSet<Wsid>,
    /// What its hub kept of it when its connection was lost, and where.
    cursor: Option<(Cursor, usize, u64)>,
    /// Whether it has been on more than one node since it read the history.
    pub(crate) has_moved: bool,
}

impl Page {
    pub(crate) fn new(number: u32) -> Option<Self> {
        Some(Self {
            wsid: Wsid::new(&format!("page{number}")).ok()?,
            at: None,
            document: 0,
            name: format!("visitor {number}"),
            seen: BTreeMap::new(),
            gazers: BTreeSet::new(),
            cursor: None,
            has_moved: false,
        })
    }

    /// Its node is gone, with everything that was kept of it.
    pub(crate) fn forget(&mut self) {
        (self.at, self.cursor) = (None, None);
    }
}

impl World {
    /// One of the people does something.
    pub(super) fn somebody(&mut self, dice: &mut Dice) {
        let page = dice.index(self.pages.len());
        let Some(node) = self.pages[page].at else { return self.come(page, dice) };
        if self.nodes[node].asleep_until > self.now {
            return;
        }
        match dice.between((0, 99)) {
            0..50 => self.post(page, node),
            50..65 => self.lose(page, node, LeaveReason::Close),
            65..72 => self.lose(page, node, LeaveReason::Unload),
            72..80 => {
                let name = format!("{}'", self.pages[page].name);
                self.pages[page].name = name;
                let (wsid, user) = (self.pages[page].wsid.clone(), self.user(page));
                self.input(node, Input::Update { wsid, user, reason: UpdateReason::ProfileEdit });
            }
            _ => {
                let (wsid, document) = self.names(page);
                self.input(node, Input::Close { wsid: wsid.clone(), document: document.clone() });
                self.input(node, Input::Unread { token: self.token(), wsid, document });
                self.pages[page].document = dice.index(self.documents.len());
                self.read(page, node, None);
            }
        }
    }

    fn names(&self, page: usize) -> (Wsid, relay::DocumentId) {
        let page = &self.pages[page];
        (page.wsid.clone(), self.documents[page.document].clone())
    }

    fn user(&self, page: usize) -> PublicUser {
        PublicUser::new([("name".to_owned(), self.pages[page].name.clone())])
    }

    /// A token that no post has.
    fn token(&self) -> Token {
        Token(u64::MAX)
    }

    /// A page connects to some node that runs; one whose connection was lost brings its cursor.
    fn come(&mut self, page: usize, dice: &mut Dice) {
        let is_there =
            |node: &usize| self.nodes[*node].up && self.nodes[*node].asleep_until <= self.now;
        let there: Vec<usize> = (0..self.nodes.len()).filter(is_there).collect();
        if there.is_empty() {
            return;
        }
        let node = there[dice.index(there.len())];
        self.counts.visits += 1;
        self.pages[page].at = Some(node);
        let (wsid, user) = (self.pages[page].wsid.clone(), self.user(page));
        self.input(node, Input::Join { wsid, user });
        let cursor = self.pages[page].cursor.take();
        let cursor = cursor.map(|(cursor, before, run)| {
            self.pages[page].has_moved |= (before, run) != (node, self.nodes[node].run);
            cursor
        });
        self.read(page, node, cursor);
    }

    /// Opens the document and reads on from a cursor, or from the whole history.
    fn read(&mut self, page: usize, node: usize, cursor: Option<Cursor>) {
        let (wsid, document) = self.names(page);
        if cursor.is_none() {
            let rows = self.nodes[node].rows(&document);
            let numbered = |row: &Row| (row.place, row.origin.is_some());
            self.pages[page].seen = rows.iter().map(numbered).collect();
            self.pages[page].has_moved = false;
        }
        self.input(node, Input::Open { wsid: wsid.clone(), document: document.clone() });
        let gazers = self.nodes[node].core.gazers(&document).map(|gazer| gazer.wsid.clone());
        self.pages[page].gazers = gazers.filter(|other| *other != wsid).collect();
        let token = self.token();
        // The answer names no page: it is the one that reads now.
        self.reading = Some((page, node));
        self.input(node, Input::Read { token, wsid, document, cursor });
        self.reading = None;
    }

    /// A page goes; its hub keeps what it has seen unless it said that it goes.
    fn lose(&mut self, page: usize, node: usize, reason: LeaveReason) {
        let wsid = self.pages[page].wsid.clone();
        self.reading = Some((page, node));
        self.input(node, Input::Leave { token: self.token(), wsid, reason });
        self.reading = None;
        self.pages[page].at = None;
        if reason == LeaveReason::Unload {
            self.pages[page].cursor = None;
        }
    }

    /// Answers to pages.
    pub(super) fn answer(&mut self, reply: Reply) {
        let Some((page, node)) = self.reading else { return };
        match reply {
            Reply::Reading(missed) => {
                for (_, after, row) in missed.rows {
                    let checked = seen_once::given(self, node, page, after, row);
                    self.note(checked);
                }
            }
            Reply::Left(cursors) => {
                let run = self.nodes[node].run;
                let cursor = cursors.into_iter().next().map(|(_, cursor)| (cursor, node, run));
                self.pages[page].cursor = cursor;
            }
            Reply::Posted(_) | Reply::Page(_) | Reply::Fetching(_) | Reply::Seen(_) => {}
        }
    }

    fn post(&mut self, page: usize, node: usize) {
        let number = self.oracle.posts.len();
        let document = self.pages[page].document;
        self.oracle.posts.push(Post { document, placed: None });
        self.counts.posts += 1;
        let token = Token(u64::try_from(number).unwrap_or(u64::MAX));
        let mut id = [0; 16];
        id[..8].copy_from_slice(&token.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        id[8..].copy_from_slice(&token.0.to_be_bytes());
        let (id, document) = (MessageId::from_bytes(id), self.documents[document].clone());
        let body = Body(number.to_be_bytes().as_slice().into());
        self.input(node, Input::Post { token, document, id, body });
    }
}
