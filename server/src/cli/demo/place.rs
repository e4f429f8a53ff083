//! Where one node of the demo lives: its directory and its addresses.

use std::{fs, path::Path, path::PathBuf};

use super::DemoError;
use crate::cli::client::At;

/// The roster names link addresses, so a node that got any free port keeps it.
const LINK_FILE: &str = "link-address";

/// Made by [`Place::of`].
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) data: PathBuf,
    pub(super) log: PathBuf,
    pub(super) gateway: String,
    pub(super) dashboard: String,
    pub(super) link: String,
}

impl Place {
    pub(super) fn of(
        demo: &Path,
        name: &'static str,
        [gateway, dashboard, link]: [u16; 3],
    ) -> Result<Self, DemoError> {
        let data = demo.join(name);
        fs::create_dir_all(&data)
            .map_err(|source| DemoError::File { path: data.clone(), source })?;
        let at = |port: u16| format!("127.0.0.1:{port}");
        let kept = fs::read_to_string(data.join(LINK_FILE)).ok().filter(|_| link == 0);
        Ok(Self {
            name,
            log: demo.join(format!("{name}.log")),
            data,
            gateway: at(gateway),
            dashboard: at(dashboard),
            link: kept.unwrap_or_else(|| at(link)),
        })
    }

    /// Notes where the links turned out to be.
    pub(super) fn keep_link(&self, address: &str) -> Result<(), DemoError> {
        let path = self.data.join(LINK_FILE);
        fs::write(&path, address).map_err(|source| DemoError::File { path, source })
    }

    pub(super) fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    pub(super) fn at(&self) -> At {
        At::in_data(&self.data)
    }
}
