//! Objects in the table `unfiled` that nothing names any more; found once, at the start.
//!
//! A proposal that lost, a text that was fetched because a page asked for its hash: they have no
//! file and are on no path. They can be fetched again. What a register names, and all that is on
//! the path before it, is never garbage.

use std::collections::{BTreeMap, BTreeSet};

use cluster::Durable;
use domain::{FileName, Link, ObjectId, ObjectKind};
use gitty::{Commit, Object};
use store::Index;

/// Objects that leave at one start; the rest leaves at the next.
const AT_ONCE: usize = 50_000;

/// Finds objects among `unfiled` that no register leads to.
pub(super) fn garbage(
    unfiled: &BTreeMap<ObjectId, Object>,
    durable: &Durable,
    index: &Index,
) -> BTreeSet<ObjectId> {
    let links: BTreeMap<ObjectId, Link> =
        unfiled.iter().filter_map(|(id, object)| Some((*id, link(object)?))).collect();
    let files: BTreeSet<&FileName> = links.values().map(|link| &link.name).collect();
    let texts: BTreeSet<ObjectId> = links.values().map(|link| link.blob).collect();
    // A text whose commit has a file may belong to any of them.
    let is_alone = |id: &ObjectId| !links.contains_key(id) && !texts.contains(id);
    let anywhere = unfiled.keys().any(is_alone);
    let mut named = BTreeSet::new();
    for (key, state) in &durable.keys {
        let name = key.file();
        if !anywhere && !files.contains(name) {
            continue;
        }
        let mut seen = BTreeSet::new();
        for tip in state.named() {
            let mut at = Some(tip);
            while let Some(id) = at.filter(|id| seen.insert(*id)) {
                named.insert(id);
                let link = links.get(&id).cloned().or_else(|| index.link(&id));
                let Some(link) = link.filter(|link| link.name == *name) else { break };
                named.insert(link.blob);
                at = link.previous;
            }
        }
    }
    unfiled.keys().filter(|id| !named.contains(*id)).take(AT_ONCE).copied().collect()
}

fn link(object: &Object) -> Option<Link> {
    let is_commit = object.kind == ObjectKind::Commit;
    is_commit.then(|| Commit::parse(&object.content).ok()).flatten().map(|commit| commit.link())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cluster::{Ballot, Draft, DraftKind, Key, Record};
    use domain::{Incarnation, NodeId};
    use gitty::{Meta, commit};

    use super::*;
    use crate::{db::CoreDb, node};

    const SOMEBODY: Incarnation = Incarnation::from_bytes([1; 8]);

    /// Records of a commit and its text, and the commit's hash.
    fn made(name: &str, text: &str, previous: Option<ObjectId>) -> (ObjectId, Vec<Record>) {
        let blob = Object::blob(text);
        let blob_id = blob.id().unwrap();
        let commit = commit::create(&name.into(), blob_id, Meta::default(), previous, 1.0);
        let id = commit.object().id().unwrap();
        let records = vec![
            Record::Object { id: blob_id, object: blob, link: None },
            Record::Object { id, object: commit.object(), link: Some(commit.link()) },
        ];
        (id, records)
    }

    fn accepted(name: &str, counter: u64, head: ObjectId) -> Record {
        let ballot = Ballot { counter, incarnation: SOMEBODY };
        Record::Accepted { key: Key::File(name.into()), ballot, head }
    }

    async fn write(db: &CoreDb, number: u64, records: &[Record]) {
        db.write(number, rmp_serde::to_vec_named(records).unwrap()).await.unwrap();
    }

    /// Texts without a file that the table has after a start.
    async fn after_a_start(data: &Path) -> Vec<String> {
        let store = data.join("store");
        std::fs::create_dir_all(&store).unwrap();
        let node = NodeId::from_bytes([1; 8]);
        let opened = node::open(data, &store, "alpha", node).await.unwrap();
        let in_table = opened.in_table.clone();
        drop(opened);
        let db = CoreDb::open(&data.join("core.db")).await.unwrap();
        let unfiled = db.recover(SOMEBODY).await.unwrap().unfiled;
        assert_eq!(unfiled.keys().copied().collect::<BTreeSet<_>>(), in_table);
        let texts = unfiled.values().filter(|object| object.kind == ObjectKind::Blob);
        let mut texts: Vec<_> =
            texts.map(|text| String::from_utf8(text.content.to_vec()).unwrap()).collect();
        texts.sort();
        texts
    }

    #[tokio::test]
    async fn what_nothing_names_any_more_leaves_at_the_start_and_the_rest_stays() {
        let data = tempfile::tempdir().unwrap();
        let db = CoreDb::open(&data.path().join("core.db")).await.unwrap();
        db.recover(SOMEBODY).await.unwrap();
        let (lost, records) = made("a.pl", "proposed, and lost.\n", None);
        write(&db, 1, &records).await;
        write(&db, 2, &[accepted("a.pl", 1, lost)]).await;
        let (before, records) = made("a.pl", "before the accepted one.\n", None);
        write(&db, 3, &records).await;
        let (head, records) = made("a.pl", "accepted.\n", Some(before));
        write(&db, 4, &[records, vec![accepted("a.pl", 2, head)]].concat()).await;
        let (tip, records) = made("b.pl", "waits.\n", None);
        let draft = Draft { tip, base: None, kind: DraftKind::Fresh };
        let draft = Record::Draft { key: Key::File("b.pl".into()), draft: Some(draft) };
        write(&db, 5, &[records, vec![draft]].concat()).await;
        let (tip, records) = made("c.pl", "waited, and lost.\n", None);
        let kept = Record::Kept { key: Key::File("c.pl".into()), tip };
        write(&db, 6, &[records, vec![kept]].concat()).await;
        let text = Object::blob("asked for by its hash.\n");
        let id = text.id().unwrap();
        write(&db, 7, &[Record::Object { id, object: text, link: None }]).await;
        drop(db);

        let stay = ["accepted.\n", "before the accepted one.\n", "waited, and lost.\n", "waits.\n"];
        assert_eq!(after_a_start(data.path()).await, stay);
        assert_eq!(after_a_start(data.path()).await, stay, "and stay at the next");

        // A draft that ends leaves its objects behind: they go at the start after that.
        let db = CoreDb::open(&data.path().join("core.db")).await.unwrap();
        let ended = Record::Draft { key: Key::File("b.pl".into()), draft: None };
        write(&db, 8, &[ended]).await;
        drop(db);
        assert_eq!(after_a_start(data.path()).await, stay[..3]);
    }
}
