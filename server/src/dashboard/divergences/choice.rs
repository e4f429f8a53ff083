//! From what was asked for to the commit that settles it, on the head that was shown.

use domain::{
    FileName, ObjectId,
    view::{ActionOutcome, Choice, Settle, Side},
    words::Outcome,
};
use gitty::{Commit, Object, Term};

use super::list::view;
use crate::{
    dashboard::{picture::Picture, site::Site, versions},
    node::{FileEntry, link::now_ms},
};

/// Commits that are walked back to see whether one is on the head's path.
const MAX_STEPS: usize = 10_000;

/// A commit with its hash.
pub(super) struct Named {
    pub(super) id: ObjectId,
    pub(super) commit: Commit,
}

/// A settlement that can be proposed.
pub(super) struct Chosen {
    /// The decided head, which is the one that was shown.
    head: Named,
    /// The commit whose metadata the new one has.
    source: Named,
    /// Its text.
    blob: ObjectId,
    /// The text itself, when it is a new one.
    pub(super) text: Option<Object>,
    /// Tips that the new commit settles.
    settles: Vec<ObjectId>,
    /// The file that the other side becomes first, with that side.
    pub(super) other: Option<(FileName, Named)>,
    /// Whose content becomes the head; none for a merged text.
    pub(super) winner: Option<Side>,
    /// What stops being a side.
    pub(super) losers: Vec<Side>,
}

/// Why there is nothing to propose; the outcome of the item.
pub(super) type Refused = ActionOutcome;

impl Chosen {
    /// Reads what an item asks for.
    pub(super) async fn of(site: &Site, item: &Settle) -> Result<Self, Refused> {
        let picture = site.picture();
        let entry = site.node().shared().file(&item.file);
        let entry = entry
            .ok_or_else(|| Refused::failed(versions::unknown(&picture, &item.file).message))?;
        let Some(decided) = entry.decided else {
            return Err(Refused::failed("no version of it is decided yet"));
        };
        if decided != item.expected_head {
            return Err(moved(site, item, decided).await);
        }
        let head = commit(site, decided).await?;
        let asked = Asked { site, item, sides: sides(&picture, &item.file, &entry) };
        match &item.choice {
            Choice::Pick { commit } => asked.pick(head, *commit).await,
            Choice::Merge { text, commit } => asked.merge(head, text, *commit).await,
            Choice::KeepBoth { other_name, commit } => {
                asked.keep_both(head, other_name, *commit).await
            }
            Choice::Undo => asked.undo(head).await,
        }
    }

    /// The commit that settles, saved at the time of the call.
    pub(super) fn commit(&self, site: &Site, file: &FileName) -> Commit {
        let time = gitty::commit::commit_time(now_ms(), site.node().latest_ms(file));
        let (head, source) = (&self.head, &self.source.commit);
        gitty::commit::settle((&head.commit, head.id), source, self.blob, &self.settles, time)
    }
}

/// An item whose head is the one that was shown.
struct Asked<'a> {
    site: &'a Site,
    item: &'a Settle,
    /// Its sides, the decided one first.
    sides: Vec<Side>,
}

impl Asked<'_> {
    async fn pick(self, head: Named, picked: ObjectId) -> Result<Chosen, Refused> {
        let mut settles: Vec<_> = self.sides.iter().skip(1).map(|side| side.head).collect();
        if picked == head.id && settles.is_empty() {
            return Err(ActionOutcome { head: Some(head.id), ..Outcome::Unchanged.into() });
        }
        let is_known = picked == head.id || settles.contains(&picked);
        if !is_known && !is_before(self.site, &head, picked).await {
            settles.push(picked);
        }
        let source = commit(self.site, picked).await?;
        self.chosen(head, source, settles).await
    }

    async fn merge(self, head: Named, text: &str, from: ObjectId) -> Result<Chosen, Refused> {
        let losers = vec![self.sides[0].clone(), self.open_side(from)?.clone()];
        let text = Object::blob(text);
        let blob = text.id().map_err(|error| Refused::failed(error.to_string()))?;
        let source = Named { id: head.id, commit: head.commit.clone() };
        Ok(Chosen {
            blob,
            text: Some(text),
            settles: vec![from],
            other: None,
            winner: None,
            losers,
            head,
            source,
        })
    }

    async fn keep_both(
        self,
        head: Named,
        other: &FileName,
        kept: ObjectId,
    ) -> Result<Chosen, Refused> {
        let loser = self.open_side(kept)?.clone();
        let other = FileName::for_create(other.as_str())
            .map_err(|error| Refused::failed(error.to_string()))?;
        if other == self.item.file {
            return Err(Refused::failed("the other side needs another name"));
        }
        let tip = commit(self.site, kept).await?;
        let source = Named { id: head.id, commit: head.commit.clone() };
        let chosen = self.chosen(head, source, vec![kept]).await?;
        Ok(Chosen { other: Some((other, tip)), losers: vec![loser], ..chosen })
    }

    async fn undo(self, head: Named) -> Result<Chosen, Refused> {
        let before = head.commit.previous();
        let Some(before) = before.filter(|_| !head.commit.settles().is_empty()) else {
            return Err(Refused::failed("its newest version settled nothing"));
        };
        let source = commit(self.site, before).await?;
        // Any save since by a SWISH carries the list along and settles nothing itself.
        if source.commit.settles() == head.commit.settles() {
            return Err(Refused::failed("its newest version settled nothing"));
        }
        let settles = vec![head.id];
        let losers = vec![side_of(&head)];
        let chosen = self.chosen(head, source, settles).await?;
        Ok(Chosen { losers, ..chosen })
    }

    /// A settlement with content and metadata of `source`, whose text has to be here.
    async fn chosen(
        self,
        head: Named,
        source: Named,
        settles: Vec<ObjectId>,
    ) -> Result<Chosen, Refused> {
        let blob = source.commit.data();
        versions::read(self.site, blob)
            .await
            .map_err(|problem| Refused::failed(problem.message))?;
        let is_winner = |side: &Side| side.head == source.id;
        let winner = self.sides.iter().find(|side| is_winner(side)).cloned();
        let losers = self.sides.iter().filter(|side| !is_winner(side)).cloned().collect();
        Ok(Chosen {
            winner: Some(winner.unwrap_or_else(|| side_of(&source))),
            losers,
            text: None,
            other: None,
            head,
            source,
            blob,
            settles,
        })
    }

    fn open_side(&self, commit: ObjectId) -> Result<&Side, Refused> {
        let mut others = self.sides.iter().skip(1);
        others.find(|side| side.head == commit).ok_or_else(|| {
            Refused::failed(format!("{} is no side of it now", versions::short(commit)))
        })
    }
}

/// Its sides, the decided one first; none when it has one head only.
fn sides(picture: &Picture, name: &FileName, entry: &FileEntry) -> Vec<Side> {
    let found = view(picture, name, entry);
    found.into_iter().flat_map(|found| found.sides().cloned().collect::<Vec<_>>()).collect()
}

/// The head is another one than was shown; the same settlement done before is no change.
async fn moved(site: &Site, item: &Settle, decided: ObjectId) -> Refused {
    let outcome = match is_done(site, item, decided).await {
        true => Outcome::Unchanged,
        false => Outcome::HeadMoved,
    };
    ActionOutcome { outcome, detail: None, head: Some(decided) }
}

/// Whether the head is what this item would have made of the head that was shown.
async fn is_done(site: &Site, item: &Settle, decided: ObjectId) -> bool {
    let Ok(now) = commit(site, decided).await else { return false };
    if now.commit.previous() != Some(item.expected_head) {
        return false;
    }
    let settled = |tip: ObjectId| now.commit.settles().contains(&tip);
    match &item.choice {
        Choice::Pick { commit: picked } => {
            let Ok(picked) = commit(site, *picked).await else { return false };
            !now.commit.settles().is_empty() && says_the_same(&now.commit, &picked.commit)
        }
        Choice::Merge { text, commit } => {
            settled(*commit) && Object::blob(text.as_str()).id().ok() == Some(now.commit.data())
        }
        Choice::KeepBoth { commit, .. } => settled(*commit),
        Choice::Undo => settled(item.expected_head),
    }
}

/// Text and metadata are equal, apart from what every settlement sets anew.
fn says_the_same(one: &Commit, other: &Commit) -> bool {
    let rest = |commit: &Commit| {
        let mut dict = commit.dict().clone();
        ["settles", "previous", "commit", "time"].iter().for_each(|key| drop(dict.remove(key)));
        dict
    };
    rest(one) == rest(other)
}

/// True if `wanted` is on the path of `head`.
async fn is_before(site: &Site, head: &Named, wanted: ObjectId) -> bool {
    let mut at = head.commit.previous();
    for _ in 0..MAX_STEPS {
        let Some(id) = at.filter(|id| *id != wanted) else { break };
        let Ok(object) = site.node().local_object(id).await else { return false };
        at = Commit::parse(&object.content).ok().and_then(|commit| commit.previous());
    }
    at == Some(wanted)
}

/// Reads a commit, here or from a peer.
pub(super) async fn commit(site: &Site, id: ObjectId) -> Result<Named, Refused> {
    let object = versions::read(site, id).await;
    let object = object.map_err(|problem| Refused::failed(problem.message))?;
    let unreadable = || Refused::failed(format!("{} is no version", versions::short(id)));
    let commit = Commit::parse(&object.content).map_err(|_| unreadable())?;
    Ok(Named { id, commit })
}

/// A version that is no side now.
fn side_of(named: &Named) -> Side {
    let says = |key| named.commit.get(key).and_then(Term::as_text).map(str::to_owned);
    Side {
        head: named.id,
        data: named.commit.data(),
        author: says("author"),
        message: says("commit_message"),
        at_ms: named.commit.time_ms(),
        on: Vec::new(),
        ancestor: None,
        commits: 1,
    }
}
