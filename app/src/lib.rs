//! The operators' dashboard: one set of pages, rendered on the server and brought to life in the
//! browser.
//!
//! ```text
//!  server (feature `ssr`)                     browser (feature `hydrate`)
//!  shell ▶ App ▶ pages                        hydrate ▶ App ▶ the same pages
//!            │ Api: in the process                      │ Api: fetch /api/v1/…
//!            ▼                                          ▼
//!     context `SharedApi`                     Live: one event stream /api/v1/events
//! ```
//!
//! The server gives `shell` the [`options`] and provides a [`SharedApi`] as context. Pages ask
//! through the [`Api`] only, so the made-up site of the tests can stand in for a cluster.
//! Deliberately absent: `#[server]` functions, inline styles, anything from another host.

#![recursion_limit = "256"] // a page is one type, as deep as its markup
#![expect(unreachable_pub, reason = "the component macro writes `pub` for its own functions")]

mod actions;
mod api;
mod clock;
mod components;
#[cfg(feature = "hydrate")]
mod keys;
mod links;
mod live;
#[cfg(feature = "made-up")]
pub mod made_up;
mod pages;
mod root;
mod shell;
#[cfg(feature = "ssr")]
mod sign_in;
mod site;
mod visible;

#[cfg(feature = "hydrate")]
pub use api::Fetch;
pub use api::{Answer, Api, SharedApi};
#[cfg(feature = "hydrate")]
pub use root::hydrate;
pub use root::{App, AppProps};
pub use shell::{OUTPUT_NAME, options, package_dir, shell};
#[cfg(feature = "ssr")]
pub use sign_in::{SignIn, sign_in};
