//! The pages, one for each address.

mod files;
mod not_found;
mod overview;

pub(crate) use files::FilesPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use overview::OverviewPage;
