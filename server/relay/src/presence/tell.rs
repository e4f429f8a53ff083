//! What local pages hear of visitors: those that share a file with them.

use std::collections::BTreeSet;

use domain::NodeId;

use super::{
    Happening, LeaveReason, PublicUser, Visitor, VisitorChange, VisitorEvent, site::Site,
    snapshot::changes,
};
use crate::{Core, DocumentId, Output, Stamp, Wsid, turn::Turn};

/// A visitor who has a file open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gazer<'a> {
    /// Where its page is.
    pub node: NodeId,
    /// Which page.
    pub wsid: &'a Wsid,
    /// What is known of it.
    pub visitor: &'a Visitor,
    /// Whether its node was not heard for a while.
    pub is_marked: bool,
}

impl Core {
    /// Every visitor that is known, by node.
    pub fn visitors(&self) -> impl Iterator<Item = Gazer<'_>> {
        self.sites().flat_map(|(node, site, is_marked)| {
            let visitors = site.visitors().iter();
            visitors.map(move |(wsid, visitor)| Gazer { node, wsid, visitor, is_marked })
        })
    }

    /// Who has a file open, by node; a page that has moved may be there twice.
    pub fn gazers<'a>(&'a self, document: &'a DocumentId) -> impl Iterator<Item = Gazer<'a>> {
        self.sites().flat_map(move |(node, site, is_marked)| {
            let viewers = site.viewers(document);
            viewers.filter_map(move |wsid| {
                let visitor = site.get(wsid)?;
                Some(Gazer { node, wsid, visitor, is_marked })
            })
        })
    }

    fn sites(&self) -> impl Iterator<Item = (NodeId, &Site, bool)> {
        let here = std::iter::once((self.me.node, &self.presence.here, false));
        let remotes = self.presence.remotes.iter();
        here.chain(remotes.map(|(node, remote)| (*node, &remote.site, remote.is_marked)))
    }

    fn site(&mut self, node: NodeId) -> Option<&mut Site> {
        if node == self.me.node {
            return Some(&mut self.presence.here);
        }
        self.presence.remotes.get_mut(&node).map(|remote| &mut remote.site)
    }

    /// The same page as other nodes know it.
    fn elsewhere(&self, node: NodeId, wsid: &Wsid) -> impl Iterator<Item = &Visitor> {
        let others = self.sites().filter(move |(other, ..)| *other != node);
        others.filter_map(|(_, site, _)| site.get(wsid))
    }

    fn is_open_elsewhere(&self, node: NodeId, wsid: &Wsid, document: &DocumentId) -> bool {
        self.elsewhere(node, wsid).any(|visitor| visitor.files.contains(document))
    }

    /// Makes a change of a node's visitors, and tells whom it concerns.
    pub(crate) fn apply(&mut self, node: NodeId, change: VisitorChange, turn: &mut Turn) {
        match change {
            VisitorChange::Joined { wsid, visitor } => self.joined(node, &wsid, visitor, turn),
            VisitorChange::Left { wsid, reason } => self.left(node, &wsid, reason, turn),
            VisitorChange::Updated { wsid, user, reason, heard } => {
                let Some(visitor) = self.site(node).and_then(|site| site.get_mut(&wsid)) else {
                    return;
                };
                visitor.user = user;
                visitor.heard = heard;
                let files = visitor.files.clone();
                self.tell(node, &wsid, Happening::Updated(reason), &files, None, turn);
            }
            VisitorChange::Opened { wsid, document, heard } => {
                self.opened(node, &wsid, &document, heard, turn);
            }
            VisitorChange::Closed { wsid, document, heard } => {
                let Some(site) = self.site(node) else { return };
                if site.close(&wsid, &document) {
                    site.get_mut(&wsid).into_iter().for_each(|visitor| visitor.heard = heard);
                    self.closed(node, &wsid, document, None, turn);
                }
            }
        }
    }

    fn joined(&mut self, node: NodeId, wsid: &Wsid, visitor: Visitor, turn: &mut Turn) {
        let (limit, files) = (self.config.visitors, visitor.files.clone());
        let Some(site) = self.site(node) else { return };
        if let Some(known) = site.get(wsid).cloned() {
            // While a snapshot comes, what it has not reached yet is from before.
            for change in changes(wsid, &known, visitor) {
                self.apply(node, change, turn);
            }
            return;
        }
        if site.len() >= limit {
            return;
        }
        site.put(wsid, visitor);
        if self.elsewhere(node, wsid).next().is_none() {
            return self.tell(node, wsid, Happening::Joined(files.clone()), &files, None, turn);
        }
        // A page that moves: only what it has not open elsewhere is new.
        for file in files {
            if !self.is_open_elsewhere(node, wsid, &file) {
                let (files, what) = (BTreeSet::from([file.clone()]), Happening::Opened(file));
                self.tell(node, wsid, what, &files, None, turn);
            }
        }
    }

    fn left(&mut self, node: NodeId, wsid: &Wsid, reason: LeaveReason, turn: &mut Turn) {
        let Some(visitor) = self.site(node).and_then(|site| site.remove(wsid)) else { return };
        if self.elsewhere(node, wsid).next().is_none() {
            let user = Some(visitor.user);
            return self.tell(node, wsid, Happening::Left(reason), &visitor.files, user, turn);
        }
        for file in visitor.files {
            self.closed(node, wsid, file, Some(visitor.user.clone()), turn);
        }
    }

    fn opened(
        &mut self,
        node: NodeId,
        wsid: &Wsid,
        document: &DocumentId,
        heard: Stamp,
        turn: &mut Turn,
    ) {
        let limit = self.config.files;
        let Some(site) = self.site(node) else { return };
        let Some(visitor) = site.get_mut(wsid).filter(|v| v.files.len() < limit) else { return };
        visitor.heard = heard;
        let is_new = site.open(wsid, document);
        if is_new && !self.is_open_elsewhere(node, wsid, document) {
            let files = BTreeSet::from([document.clone()]);
            self.tell(node, wsid, Happening::Opened(document.clone()), &files, None, turn);
        }
    }

    fn closed(
        &self,
        node: NodeId,
        wsid: &Wsid,
        document: DocumentId,
        user: Option<PublicUser>,
        turn: &mut Turn,
    ) {
        if !self.is_open_elsewhere(node, wsid, &document) {
            let files = BTreeSet::from([document.clone()]);
            self.tell(node, wsid, Happening::Closed(document), &files, user, turn);
        }
    }

    /// Tells the local pages that have one of these files open; `user` of one that has gone.
    fn tell(
        &self,
        node: NodeId,
        wsid: &Wsid,
        what: Happening,
        files: &BTreeSet<DocumentId>,
        user: Option<PublicUser>,
        turn: &mut Turn,
    ) {
        let here = &self.presence.here;
        let to: BTreeSet<&Wsid> = files.iter().flat_map(|file| here.viewers(file)).collect();
        let to: Vec<Wsid> = to.into_iter().filter(|other| *other != wsid).cloned().collect();
        let known = || self.sites().find(|(at, ..)| *at == node)?.1.get(wsid);
        let user = user.or_else(|| Some(known()?.user.clone())).unwrap_or_default();
        if !to.is_empty() {
            let event = Box::new(VisitorEvent { wsid: wsid.clone(), node, user, what });
            turn.output(Output::Tell { event, to });
        }
    }
}
