//! The pages, one for each address.

mod activity;
mod divergences;
mod file;
mod files;
mod nodes;
mod not_found;
mod overview;

pub(crate) use activity::ActivityPage;
pub(crate) use divergences::{DivergencesPage, Selection};
pub(crate) use file::FilePage;
pub(crate) use files::FilesPage;
pub(crate) use nodes::NodesPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use overview::OverviewPage;
