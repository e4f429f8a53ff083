//! Everything a file's page shows, asked through the API.

use domain::{
    FileName, ObjectId,
    view::{
        Difference, FilePage, FileQuery, HistoryPage, HistoryQuery, ObjectText, Problem, Version,
    },
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
    pub(super) history: Result<HistoryPage, Problem>,
    pub(super) shown: Result<Shown, Problem>,
}

/// [`Loaded`] as it goes from the server to the browser: a query as its address.
#[derive(Serialize, Deserialize)]
struct Parts(
    FileName,
    String,
    Result<FilePage, Problem>,
    Result<HistoryPage, Problem>,
    Result<Shown, Problem>,
);

impl From<Loaded> for Parts {
    fn from(loaded: Loaded) -> Self {
        let Loaded { wanted, file, history, shown } = loaded;
        Self(wanted.name, wanted.query.to_string(), file, history, shown)
    }
}

impl From<Parts> for Loaded {
    fn from(Parts(name, query, file, history, shown): Parts) -> Self {
        let wanted = Wanted { name, query: FileQuery::parse(&query) };
        Self { wanted, file, history, shown }
    }
}

/// What is shown of versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Shown {
    /// Two versions compared.
    Difference(Difference),
    /// All of one.
    Text(Version, ObjectText),
}

/// Asks for everything; a file that is unknown has no versions to ask for.
pub(super) async fn load(api: SharedApi, wanted: Wanted) -> Loaded {
    let Wanted { name, query } = wanted.clone();
    let file = api.file(name.clone()).await;
    if let Err(problem) = &file {
        let (history, shown) = (Err(problem.clone()), Err(problem.clone()));
        return Loaded { wanted, file, history, shown };
    }
    let part = HistoryQuery { from: query.at, ..HistoryQuery::default() };
    let history = api.history(name.clone(), part).await;
    let shown = match query.text {
        Some(id) => text(&api, name, id).await,
        None => api.diff(name, query.diff).await.map(Shown::Difference),
    };
    Loaded { wanted, file, history, shown }
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
