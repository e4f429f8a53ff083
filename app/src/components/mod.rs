//! Parts that pages share.

mod hash;
mod keys_help;
mod loaded;
mod me;
mod offset;
mod pill;
mod sections;
mod spark;
mod state;
mod top_bar;
mod when;

pub(crate) use hash::{Hash, short};
pub(crate) use keys_help::{KeysDialog, KeysHelp};
pub(crate) use loaded::{Failure, Loading, with_overview};
pub(crate) use me::Login;
pub(crate) use offset::offset;
pub(crate) use pill::{Pill, StaleMark};
pub(crate) use sections::Sections;
pub(crate) use spark::Spark;
pub(crate) use state::StateMark;
pub(crate) use top_bar::TopBar;
pub(crate) use when::{When, WhenOfDay};
