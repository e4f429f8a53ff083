//! How pages get their data: in the process on the server, by fetch in the browser.

#[cfg(feature = "hydrate")]
mod fetch;

use std::{future::Future, pin::Pin, sync::Arc};

use domain::view::{FilesPage, FilesQuery, Overview, Problem};
use leptos::prelude::expect_context;

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
pub(crate) fn api() -> SharedApi {
    expect_context::<SharedApi>()
}
