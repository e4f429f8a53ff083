//! What stops the program before it serves.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{
    config::{BindError, ConfigError},
    node::{OpenError, identity::KeyError},
};

/// The node did not start, or could not go on; whatever was answered before is durable.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be used.
    #[error("{path}: {source}")]
    Data {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process works on the data directory.
    #[error(
        "{path} is in use by process {pid}: two programs on one data directory would lose saves"
    )]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// The process, as its lock file says.
        pid: String,
    },
    /// The keys or the secret cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Database or store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The messages of chats cannot be read.
    #[error(transparent)]
    Chats(#[from] crate::db::DbError),
    /// The accounts cannot be read or written.
    #[error(transparent)]
    Operators(#[from] crate::operators::FileError),
    /// The link of the first start cannot be made.
    #[error(transparent)]
    Link(#[from] crate::operators::Refused),
    /// Not even an index in memory can be made.
    #[error(transparent)]
    Site(#[from] crate::db::SiteError),
    /// The operating system refused something that the program needs.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The node's task ended by itself, because it could not write; the log says why.
    #[error("the node stopped, because it cannot keep what it promises; the log says why")]
    Ended,
    /// The metrics recorder is taken; a bug of ours.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}
