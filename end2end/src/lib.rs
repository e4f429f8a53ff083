//! What browser tests stand on: a made-up site on a port, real nodes of the demo, a browser.

pub mod browser;
pub mod demo;
pub mod made_up_site;
