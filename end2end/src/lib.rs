//! What browser tests stand on: a made-up site on a port, real nodes of the demo, a browser.

use std::path::PathBuf;

pub mod browser;
pub mod demo;
pub mod made_up_site;

/// The script of axe-core, which `make setup` fetches.
#[must_use]
pub fn axe() -> PathBuf {
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools");
    PathBuf::from(tools).join("axe-core-4.11.0/axe.min.js")
}
