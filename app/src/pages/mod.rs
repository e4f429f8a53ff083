//! The pages, one for each address.

mod activity;
pub(crate) mod chat;
mod divergences;
mod file;
mod files;
mod nodes;
mod not_found;
mod overview;
mod visitors;

pub(crate) use activity::ActivityPage;
pub(crate) use chat::{ChatPage, ChatSelection, ChatsPage};
pub(crate) use divergences::{DivergencesPage, Selection};
pub(crate) use file::FilePage;
pub(crate) use files::FilesPage;
pub(crate) use nodes::NodesPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use overview::OverviewPage;
pub(crate) use visitors::VisitorsPage;
