//! What pages hear of saves: who made which version of a file, once in the cluster (spec C.3, C.5).
//!
//! The node where a version was made tells of it: the one that a page saved it through, and for a
//! version of a SWISH beside a node that node. The message in the chat has an id that follows from the
//! version's, so that a save that is answered twice is told once. A node that ends between a save and
//! its notice leaves the notice out.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{FileName, ObjectId};
use gitty::{Commit, Term};
use quick_cache::sync::Cache;
use relay::{DocumentId, MAX_PAGE_ROWS, PublicUser, Wsid};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::{
    Chat, Session,
    client_frame::document_of,
    ids::{id_of_notice, uuid_text},
    person::{is_foreign_picture, is_own_picture},
};
use crate::{
    gateway::storage::Version,
    hub::{
        body_of,
        frames::{Notice, ServerFrame, Who, escaped, link, linked},
    },
    node::NodeEvent,
};

/// Versions that are known to have been told of.
const TOLD: usize = 10_000;
/// Held saves whose authors are told if they end as a side of a divergence.
const HELD: usize = 1_000;

/// What this node has told, and whom it may have to tell more.
#[derive(Debug)]
pub(super) struct Notices {
    told: Cache<ObjectId, ()>,
    held: Mutex<BTreeMap<FileName, Vec<Held>>>,
}

/// A save that was held.
#[derive(Clone, Debug)]
struct Held {
    commit: ObjectId,
    session: String,
}

impl Default for Notices {
    fn default() -> Self {
        Self { told: Cache::new(TOLD), held: Mutex::default() }
    }
}

/// How a save was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Answered {
    /// It is the head.
    Decided,
    /// It is on this server; the others have not agreed.
    Held,
}

/// What was done to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Created,
    Updated(ObjectId),
    Deleted,
    /// Made of a version of another file.
    Forked(FileName),
}

impl Deed {
    const fn event(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated(_) => "updated",
            Self::Deleted => "deleted",
            Self::Forked(_) => "forked",
        }
    }
}

/// Watches for versions that a SWISH made beside this node, and for saves that were held and ended as
/// a side of a divergence.
pub(super) async fn follow(chat: Chat) {
    let mut events = chat.0.node.subscribe();
    loop {
        match events.recv().await {
            Ok(NodeEvent::Foreign(_, commit)) => {
                tokio::spawn(chat.clone().tell(commit, None));
            }
            Ok(NodeEvent::Files(names)) => chat.tell_diverged(&names).await,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

impl Chat {
    /// A page has made a version through this node.
    pub(in crate::gateway) fn saved(
        &self,
        commit: ObjectId,
        answered: Answered,
        session: Option<Session>,
    ) {
        let chat = self.clone();
        tokio::spawn(async move {
            if let (Answered::Held, Some(session)) = (answered, &session) {
                chat.hold(commit, session).await;
            }
            chat.tell(commit, session).await;
        });
    }

    /// Tells those who have the file open, and its chat if it has one.
    async fn tell(self, id: ObjectId, session: Option<Session>) {
        if self.0.notices.told.get(&id).is_some() {
            return;
        }
        self.0.notices.told.insert(id, ());
        let Ok(version) = Version::load(&self.0.node, id).await else { return };
        let deed = self.deed(&version.commit).await;
        let about = match &deed {
            Deed::Forked(source) => document_of(source.as_str()),
            Deed::Created | Deed::Updated(_) | Deed::Deleted => {
                document_of(version.commit.name().as_str())
            }
        };
        let Some(document) = about else { return };
        let author = self.author(&version.commit);
        for frame in self.notify(&document, &version, &deed, &author, session.as_ref()).await {
            let _ = self.pass(&document, &frame).await;
        }
        self.say_in_chat(&document, id, &version.commit, &deed, &author).await;
    }

    async fn deed(&self, commit: &Commit) -> Deed {
        let name = commit.name();
        let Some(previous) = commit.previous() else { return Deed::Created };
        match Version::load(&self.0.node, previous).await {
            Ok(source) if source.commit.name() != name => Deed::Forked(source.commit.name()),
            _ if commit.data().to_string() == EMPTY => Deed::Deleted,
            _ => Deed::Updated(previous),
        }
    }

    /// Name, picture and profile of whoever made a version, as far as it says so.
    fn author(&self, commit: &Commit) -> PublicUser {
        let text = |key| text(commit, key);
        let is_good = |it: &String| is_own_picture(it, &self.0.prefix) || is_foreign_picture(it);
        let fields = [
            ("name", text("author")),
            ("avatar", text("avatar").filter(is_good)),
            ("profile_id", text("profile_id")),
        ];
        let fields = fields.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?)));
        PublicUser::new(fields)
    }

    /// SWISH's notice of an event, as from the page that saved; one that no page saved has a name that
    /// pages forget at once.
    async fn notify(
        &self,
        document: &DocumentId,
        version: &Version,
        deed: &Deed,
        author: &PublicUser,
        session: Option<&Session>,
    ) -> Vec<axum::extract::ws::Utf8Bytes> {
        let page = match session {
            Some(session) => self.page_of(session, document).await,
            None => None,
        };
        let name = version.commit.name();
        let nobody = uuid_text(*id_of_notice(&version.id).as_bytes());
        let (wsid, who) = match &page {
            Some((wsid, user)) => (wsid.as_str(), Who::from(user)),
            None => (nobody.as_str(), Who::from(author)),
        };
        let html = match deed {
            Deed::Created => format!("Created {}", link(name.as_str())),
            Deed::Updated(_) => format!("Saved {}", link(name.as_str())),
            Deed::Deleted => format!("Deleted {}", link(name.as_str())),
            Deed::Forked(source) => {
                format!("Forked {} into {}", link(source.as_str()), link(name.as_str()))
            }
        };
        let mut meta = version.meta(false);
        if let Some(meta) = meta.as_object_mut() {
            meta.remove("email");
        }
        let notice = ServerFrame::Notify(Notice {
            wsid,
            who,
            html,
            event: Some(deed.event()),
            event_argv: Some(vec![name.as_str().into(), meta]),
            argv: None,
        });
        let forget = ServerFrame::RemoveUser { wsid, reason: "unload", visitors: None };
        let mut frames = vec![notice.text()];
        frames.extend(page.is_none().then(|| forget.text()));
        frames
    }

    /// The page of a session that has a file open, on whatever node; else any page of it here.
    async fn page_of(&self, session: &Session, file: &DocumentId) -> Option<(Wsid, PublicUser)> {
        let gazers = self.0.hub.gazers(file.clone()).await.unwrap_or_default();
        let own = gazers.into_iter().find(|it| it.visitor.user.get("uid") == Some(&session.uid));
        if let Some(own) = own {
            return Some((own.wsid, own.visitor.user));
        }
        let uid = session.uid.clone();
        let any = self.0.hub.look(move |core| {
            let mut all = core.visitors();
            let any = all.find(|it| it.visitor.user.get("uid") == Some(&uid));
            any.map(|it| (it.wsid.clone(), it.visitor.user.clone()))
        });
        any.await.ok().flatten()
    }

    /// Adds to a chat that there is; an empty one stays empty.
    async fn say_in_chat(
        &self,
        document: &DocumentId,
        commit: ObjectId,
        meta: &Commit,
        deed: &Deed,
        author: &PublicUser,
    ) {
        let id = id_of_notice(&commit);
        let Ok(history) = self.0.hub.range(document.clone(), MAX_PAGE_ROWS, None).await else {
            return;
        };
        let is_there = history.rows.iter().any(|(_, message)| message.row.place.id == id);
        if history.total == 0 || is_there {
            return;
        }
        let mut json = Map::new();
        json.insert("type".into(), "chat-message".into());
        json.insert("class".into(), "update".into());
        json.insert("docid".into(), document.as_str().into());
        json.insert("id".into(), uuid_text(*id.as_bytes()).into());
        json.insert("html".into(), summary(meta, deed).into());
        let user = author.fields().map(|(key, value)| (key.to_owned(), value.into()));
        json.insert("user".into(), Value::Object(user.collect()));
        if let Deed::Updated(previous) = deed {
            let name = meta.name();
            let payload = json!([
                { "type": "update", "name": name, "commit": commit, "previous": previous }
            ]);
            json.insert("payload".into(), payload);
        }
        if let Some(body) = body_of(json) {
            let _ = self.0.hub.post(document.clone(), id, body).await;
        }
    }

    /// Its author's pages are told now, and again if it ends as a side.
    async fn hold(&self, commit: ObjectId, session: &Session) {
        let Ok(version) = Version::load(&self.0.node, commit).await else { return };
        let name = version.commit.name();
        let version = linked(&commit.to_string(), "your version");
        let html = format!(
            "Saved {} on this server; a majority of the servers has not agreed yet. Here is {version}",
            link(name.as_str())
        );
        self.tell_author(&session.id, &html).await;
        let mut held = self.0.notices.held();
        if held.values().map(Vec::len).sum::<usize>() < HELD {
            held.entry(name).or_default().push(Held { commit, session: session.id.clone() });
        }
    }

    /// Held saves of these files that are decided are forgotten; of those that are a side now, the
    /// authors are told.
    async fn tell_diverged(&self, names: &[FileName]) {
        let mut diverged = Vec::new();
        {
            let mut held = self.0.notices.held();
            for name in names {
                let Some(saves) = held.get_mut(name) else { continue };
                let Some(entry) = self.0.node.shared().file(name) else { continue };
                let sides = entry.divergence.iter().flat_map(|sides| &sides.others);
                let sides: Vec<ObjectId> = sides.map(|side| side.head).collect();
                let is_waiting = entry.draft.is_some();
                saves.retain(|save| {
                    let is_side = sides.contains(&save.commit);
                    if is_side {
                        diverged.push((name.clone(), save.clone()));
                    }
                    !is_side && is_waiting
                });
                if saves.is_empty() {
                    held.remove(name);
                }
            }
        }
        for (name, save) in diverged {
            let version = linked(&save.commit.to_string(), "your version");
            let html = format!(
                "{} was saved on another server as well: {version} is kept, and somebody has to choose",
                link(name.as_str())
            );
            self.tell_author(&save.session, &html).await;
        }
    }

    /// Shows something on the pages of a session.
    async fn tell_author(&self, session: &str, html: &str) {
        for wsid in self.0.pages.of(session) {
            let notice = Notice { wsid: wsid.as_str(), html: html.to_owned(), ..Notice::default() };
            let frame = ServerFrame::Notify(notice).text();
            let _ = self.0.hub.push(vec![wsid.clone()], frame).await;
        }
    }
}

impl Notices {
    fn held(&self) -> MutexGuard<'_, BTreeMap<FileName, Vec<Held>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash of an empty text, which is what a deleted file has.
const EMPTY: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/// A text of a version's metadata.
fn text(commit: &Commit, key: &str) -> Option<String> {
    match commit.get(key)? {
        Term::String(text) | Term::Atom(text) => Some(text.to_string()),
        _ => None,
    }
}

/// What the chat says of a version.
fn summary(commit: &Commit, deed: &Deed) -> String {
    let said = text(commit, "commit_message");
    let message = match said.filter(|text| !text.is_empty()) {
        Some(text) => format!("<span class=\"commit-message\">{}</span>", escaped(&text)),
        None => "<span class=\"no-commit-message\">no message</span>".to_owned(),
    };
    let name = commit.name();
    match deed {
        Deed::Updated(_) => format!("<b>Saved</b> new version: {message}"),
        Deed::Deleted => format!("<b>Deleted</b>: {message}"),
        Deed::Forked(_) => format!("<b>Forked</b> into {}: {message}", link(name.as_str())),
        Deed::Created => format!("<b>Created</b> {}: {message}", link(name.as_str())),
    }
}
