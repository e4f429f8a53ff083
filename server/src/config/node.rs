//! Who a node is on screens, and where its files are.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

/// As said on one source.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SaidNode {
    /// Name of this node on screens [default: the host's name].
    #[arg(long, env = "SWISH_CLUSTER_NAME")]
    pub name: Option<String>,
    /// Directory of core.db, the keys and the socket file [default: ./data].
    #[arg(long, env = "SWISH_CLUSTER_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The gitty directory that SWISH uses [default: DATA/store].
    #[arg(long, env = "SWISH_CLUSTER_STORE", value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// The cluster secret: 64 hexadecimal digits, mode 0600, the same on every node
    /// [default: DATA/secret].
    #[arg(long, env = "SWISH_CLUSTER_SECRET_FILE", value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// As it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name of this node on screens.
    pub name: String,
    /// Directory of core.db, the keys and the socket file.
    pub data: PathBuf,
    /// The gitty directory that SWISH uses.
    pub store: PathBuf,
    /// File of the cluster secret.
    pub secret_file: PathBuf,
}

impl SaidNode {
    /// What is said here, and the rest from `below`.
    #[must_use]
    pub fn or(self, below: Self) -> Self {
        Self {
            name: self.name.or(below.name),
            data: self.data.or(below.data),
            store: self.store.or(below.store),
            secret_file: self.secret_file.or(below.secret_file),
        }
    }
}

impl Node {
    pub(super) fn decide(said: SaidNode) -> Self {
        let data = said.data.unwrap_or_else(|| PathBuf::from("data"));
        Self {
            name: said.name.unwrap_or_else(host_name),
            store: said.store.unwrap_or_else(|| data.join("store")),
            secret_file: said.secret_file.unwrap_or_else(|| data.join("secret")),
            data,
        }
    }

    /// The socket file of this node.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.data.join(super::SOCKET_FILE)
    }
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "node".to_owned(),
        name => name.to_owned(),
    }
}
