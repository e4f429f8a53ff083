//! Stores with pasts of their own: read as a whole before the first value, so that the choice is
//! made from what they have and their order (protocol 4.4).

use std::collections::{BTreeMap, BTreeSet};

use cluster::{Key, choose};
use domain::{FileName, ObjectId, view::Problem};

use super::problem;
use crate::{
    app::App,
    node::link::{Answer, Asking, Place, Question, StorePath},
};

/// Objects that are asked for at once.
const OBJECTS: usize = 256;

/// What a store has of each file: its commits, the newest first, with the texts that are there.
pub(super) type Paths = BTreeMap<FileName, Vec<(ObjectId, Option<ObjectId>)>>;

/// Heads that are not those of this node's own store, chosen for files of these others; their
/// objects are here.
///
/// # Errors
/// A store does not answer, or an object of it cannot be read.
pub(super) async fn choose_heads(
    app: &App,
    others: Vec<Asking>,
) -> Result<Vec<(FileName, ObjectId)>, Problem> {
    let mut others: Vec<Asking> =
        others.into_iter().filter(|other| other.hello().files > 0).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let mut stores = vec![Store::Own(app).paths().await?];
    for other in &mut others {
        stores.push(Store::Other(other).paths().await?);
    }
    let keyed: Vec<_> = stores.iter().map(keyed).collect();
    let chosen = choose(&keyed);
    let own: BTreeSet<ObjectId> = objects(stores[0].values()).collect();
    let mut heads = Vec::new();
    for (number, other) in (1..).zip(&mut others) {
        let of_it = chosen.iter().filter(|(_, choice)| choice.store == number);
        let of_it: Vec<_> = of_it.map(|(key, choice)| (key.file().clone(), choice.head)).collect();
        let paths = of_it.iter().filter_map(|(name, _)| stores[number].get(name));
        let lacking: Vec<_> = objects(paths).filter(|id| !own.contains(id)).collect();
        tracing::info!(
            peer.name = other.hello().name,
            files = of_it.len(),
            objects = lacking.len(),
            "{} brings {} heads",
            other.hello().name,
            of_it.len()
        );
        Store::Other(other).fetch(app, &lacking).await?;
        heads.extend(of_it);
    }
    Ok(heads)
}

fn keyed(paths: &Paths) -> cluster::StorePaths {
    let commits = |path: &Vec<(ObjectId, _)>| path.iter().map(|(id, _)| *id).collect();
    paths.iter().map(|(name, path)| (Key::File(name.clone()), commits(path))).collect()
}

/// Everything that these paths name and their store has, the newest first.
fn objects<'a>(
    paths: impl Iterator<Item = &'a Vec<(ObjectId, Option<ObjectId>)>>,
) -> impl Iterator<Item = ObjectId> {
    paths.flatten().flat_map(|(commit, blob)| [Some(*commit), *blob]).flatten()
}

/// A store that takes part in a founding.
pub(super) enum Store<'a> {
    Own(&'a App),
    Other(&'a mut Asking),
}

impl Store<'_> {
    async fn ask(&mut self, question: Question) -> Result<Answer, Problem> {
        match self {
            Self::Own(app) => {
                let answer = app.node.ask_store(question).await;
                answer.map_err(|error| problem("unavailable", error.to_string()))
            }
            Self::Other(asking) => {
                let answer = asking.ask(question).await;
                answer.map_err(|error| problem("unreachable", error.to_string()))
            }
        }
    }

    pub(super) async fn paths(&mut self) -> Result<Paths, Problem> {
        let mut paths = Paths::new();
        let mut after = None;
        loop {
            let Answer::Paths(page) = self.ask(Question::Paths { after }).await? else {
                return Err(astray());
            };
            let Some(last) = page.last().map(|path| path.name.clone()) else {
                return Ok(paths);
            };
            for StorePath { name, commits } in page {
                paths.entry(name).or_default().extend(commits);
            }
            let commits = paths.get(&last).map_or(0, Vec::len);
            after = Some(Place { name: last, commits });
        }
    }

    /// Hands these objects to this node.
    async fn fetch(&mut self, app: &App, ids: &[ObjectId]) -> Result<(), Problem> {
        let mut ids = ids;
        while let Some(next) = ids.first() {
            let asked = ids[..ids.len().min(OBJECTS)].to_vec();
            let Answer::Objects(objects) = self.ask(Question::Objects { ids: asked }).await? else {
                return Err(astray());
            };
            let are_those = objects.iter().zip(ids).all(|(object, id)| object.id() == Ok(*id));
            if objects.is_empty() || objects.len() > ids.len() || !are_those {
                return Err(problem("damaged", format!("Object {next} of a store is damaged.")));
            }
            ids = &ids[objects.len()..];
            let kept = app.node.keep(objects).await;
            kept.map_err(|error| problem("unavailable", error.to_string()))?;
        }
        Ok(())
    }
}

fn astray() -> Problem {
    problem("unreachable", "A store answered something else than it was asked.".to_owned())
}
