//! Settings: defaults, below the TOML file, below the environment, below the flags.
//!
//! Each concern is a file with two types: what was said (every part optional, the same for all
//! sources) and what holds (every part decided).

use std::path::PathBuf;

mod data_lock;
mod file;
mod listen;
mod network;
mod node;
mod port_holder;
mod public_url;
mod swish;

pub use data_lock::DataLock;
pub use file::{ConfigError, Said};
pub use listen::{BindError, Listen, SaidListen, bind, local};
pub use network::{Network, NetworkError};
pub use node::{Node, SaidNode};
pub use public_url::{PublicUrl, UrlError};
pub use swish::{SaidSwish, SwishUrl, SwishUrlError};

/// What holds for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Who it is and where its files are.
    pub node: Node,
    /// Where it listens.
    pub listen: Listen,
    /// The SWISH beside it, if there is one.
    pub swish: Option<SwishUrl>,
    /// Directory of SWISH's chat files, if they are to be read and written on.
    pub chat_dir: Option<PathBuf>,
}

/// Name of the socket file in the data directory, for the operator's commands.
pub const SOCKET_FILE: &str = "swish-cluster.sock";
