//! How pages get their data: in the process on the server, by fetch in the browser.

#[cfg(feature = "hydrate")]
mod fetch;

use std::{future::Future, pin::Pin, sync::Arc};

use domain::view::{FilesPage, FilesQuery, Overview, Problem};
use leptos::prelude::use_context;

#[cfg(feature = "hydrate")]
pub use fetch::Fetch;

/// An answer on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>;

/// What pages may ask. Implementations clone what the answer needs.
pub trait Api {
    /// `GET /api/v1/overview`.
    fn overview(&self) -> Answer<Overview>;

    /// `GET /api/v1/files?…`; the address is the query's `Display`.
    fn files(&self, query: FilesQuery) -> Answer<FilesPage>;
}

/// The [`Api`] as context: the server provides it around each render.
pub type SharedApi = Arc<dyn Api + Send + Sync>;

/// The one that was provided.
///
/// The router's look for routes renders without any; it throws the answers away.
pub(crate) fn api() -> SharedApi {
    use_context::<SharedApi>().unwrap_or_else(|| Arc::new(Nobody))
}

/// Answers where nothing was provided.
struct Nobody;

impl Api for Nobody {
    fn overview(&self) -> Answer<Overview> {
        Box::pin(async { Err(unprovided()) })
    }

    fn files(&self, _: FilesQuery) -> Answer<FilesPage> {
        Box::pin(async { Err(unprovided()) })
    }
}

fn unprovided() -> Problem {
    Problem { code: "unprovided".into(), message: "This server forgot to provide its API.".into() }
}
