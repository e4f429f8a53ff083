//! Everything a file's page shows, asked through the API.

use domain::{
    FileName, ObjectId,
    view::{
        DiffQuery, Difference, DivergencePage, FilePage, FileQuery, HistoryPage, HistoryQuery,
        ObjectText, Problem, Version,
    },
    words::FileState,
};
use serde::{Deserialize, Serialize};

use crate::SharedApi;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: FileName,
    /// Without how differences are shown.
    pub(super) query: FileQuery,
}

impl Wanted {
    /// Address of this page with another query.
    pub(super) fn href(&self, query: FileQuery) -> String {
        format!("{}{query}", domain::view::file_href(&self.name))
    }
}

/// The answers; each part may fail on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub(super) struct Loaded {
    pub(super) wanted: Wanted,
    pub(super) file: Result<FilePage, Problem>,
    /// Its sides, while it needs a choice.
    pub(super) divergence: Option<DivergencePage>,
    pub(super) history: Result<HistoryPage, Problem>,
    pub(super) shown: Result<Shown, Problem>,
}

/// [`Loaded`] as it goes from the server to the browser: a query as its address.
#[derive(Serialize, Deserialize)]
struct Parts(
    FileName,
    String,
    Result<FilePage, Problem>,
    Option<DivergencePage>,
    Result<HistoryPage, Problem>,
    Result<Shown, Problem>,
);

impl From<Loaded> for Parts {
    fn from(loaded: Loaded) -> Self {
        let Loaded { wanted, file, divergence, history, shown } = loaded;
        Self(wanted.name, wanted.query.to_string(), file, divergence, history, shown)
    }
}

impl From<Parts> for Loaded {
    fn from(Parts(name, query, file, divergence, history, shown): Parts) -> Self {
        let wanted = Wanted { name, query: FileQuery::parse(&query) };
        Self { wanted, file, divergence, history, shown }
    }
}

/// What is shown of versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Shown {
    /// Two versions compared.
    Difference(Difference),
    /// Two sides of a divergence: with each other, and each with their last common version.
    Sides(Box<Sides>),
    /// All of one.
    Text(Version, ObjectText),
}

/// The decided side and another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sides {
    /// From the decided side to the other one.
    pub(super) both: Difference,
    /// From the ancestor to the decided side.
    pub(super) ours: Option<Difference>,
    /// From the ancestor to the other side.
    pub(super) theirs: Option<Difference>,
}

/// Asks for everything; a file that is unknown has no versions to ask for.
pub(super) async fn load(api: SharedApi, wanted: Wanted) -> Loaded {
    let Wanted { name, query } = wanted.clone();
    let file = api.file(name.clone()).await;
    if let Err(problem) = &file {
        let (history, shown) = (Err(problem.clone()), Err(problem.clone()));
        return Loaded { wanted, file, divergence: None, history, shown };
    }
    let part = HistoryQuery { from: query.at, ..HistoryQuery::default() };
    let history = api.history(name.clone(), part).await;
    let is_diverged = file.as_ref().is_ok_and(|file| file.row.state == FileState::Diverged);
    let divergence = match is_diverged {
        true => api.divergence(name.clone()).await.ok(),
        false => None,
    };
    let shown = match (query.text, &divergence) {
        (Some(id), _) => text(&api, name, id).await,
        (None, Some(page)) if query.diff == DiffQuery::default() => sides(&api, &query, page).await,
        (None, _) => api.diff(name, query.diff).await.map(Shown::Difference),
    };
    Loaded { wanted, file, divergence, history, shown }
}

/// The decided head and the side that the address names, else the first one.
async fn sides(
    api: &SharedApi,
    query: &FileQuery,
    page: &DivergencePage,
) -> Result<Shown, Problem> {
    let found = &page.divergence;
    let ours = found.decided.head;
    let named = query.side.and_then(|side| found.side(side)).filter(|side| side.head != ours);
    let Some(other) = named.or(found.others.first()) else {
        return api.diff(found.name.clone(), query.diff).await.map(Shown::Difference);
    };
    let diff =
        |from: Option<ObjectId>, to| api.diff(found.name.clone(), DiffQuery { from, to: Some(to) });
    let both = diff(Some(ours), other.head).await?;
    let (ours, theirs) = match other.ancestor {
        Some(ancestor) => {
            (diff(Some(ancestor), ours).await.ok(), diff(Some(ancestor), other.head).await.ok())
        }
        None => (None, None),
    };
    Ok(Shown::Sides(Box::new(Sides { both, ours, theirs })))
}

async fn text(api: &SharedApi, name: FileName, id: ObjectId) -> Result<Shown, Problem> {
    let one = HistoryQuery { from: Some(id), limit: 1 };
    let found = api.history(name, one).await?;
    match (found.versions.into_iter().next(), found.gap) {
        (Some(version), _) => {
            let text = api.object(version.data).await?;
            Ok(Shown::Text(version, text))
        }
        (None, Some(gap)) => Err(gap.problem),
        (None, None) => {
            Err(Problem { code: "not_found".into(), message: format!("There is no version {id}.") })
        }
    }
}
