//! What was said on all sources, and the TOML file as one of them.

use std::{io, path::PathBuf};

use clap::Args;
use serde::Deserialize;
use thiserror::Error;

use super::{Config, Listen, Node, SaidListen, SaidNode, SaidSwish};

/// Settings of `serve` from flags and environment; a file may say the rest.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Said {
    /// TOML file with the sections `node`, `listen` and `swish`; flags and environment win over it.
    #[arg(long, env = "SWISH_CLUSTER_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Who it is and where its files are.
    #[command(flatten)]
    pub node: SaidNode,
    /// Where it listens.
    #[command(flatten)]
    pub listen: SaidListen,
    /// What is beside it.
    #[command(flatten)]
    pub swish: SaidSwish,
}

/// A setting is wrong; nothing was started.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML, or says something unknown.
    #[error("{path}: {source}")]
    Toml {
        /// Which.
        path: PathBuf,
        /// Where and what.
        #[source]
        source: Box<toml::de::Error>,
    },
}

impl Said {
    /// Joins all sources.
    ///
    /// # Errors
    /// When the file cannot be read or says something unknown.
    pub fn decide(self) -> Result<Config, ConfigError> {
        let file = match &self.config {
            Some(path) => Self::read(path.clone())?,
            None => Self::default(),
        };
        let node = Node::decide(self.node.or(file.node));
        let listen = Listen::decide(self.listen.or(file.listen));
        let SaidSwish { url: swish, chat_dir } = self.swish.or(file.swish);
        Ok(Config { node, listen, swish, chat_dir })
    }

    fn read(path: PathBuf) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(ConfigError::Read { path, source }),
        };
        toml::from_str(&text).map_err(|source| ConfigError::Toml { path, source: source.into() })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn said(text: &str) -> Said {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Said::read(file.path().to_owned()).unwrap()
    }

    #[test]
    fn the_secret_and_the_store_are_in_the_data_directory_unless_told_otherwise() {
        let config = said("[node]\ndata = \"/d\"").decide().unwrap();
        assert_eq!(config.node.store, Path::new("/d/store"));
        assert_eq!(config.node.secret_file, Path::new("/d/secret"));
        assert_eq!(config.listen.gateway, "127.0.0.1:3060");
    }

    #[test]
    fn flags_win_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[node]\nname = \"a\"\n[listen]\nlink = \"h:1\"").unwrap();
        let flags = Said {
            config: Some(file.path().to_owned()),
            node: SaidNode { name: Some("b".into()), ..SaidNode::default() },
            ..Said::default()
        };
        let config = flags.decide().unwrap();
        assert_eq!((config.node.name.as_str(), config.listen.link.as_str()), ("b", "h:1"));
    }

    #[test]
    fn the_chat_files_are_named_beside_swish() {
        let config = said("[swish]\nurl = \"http://h\"\nchat-dir = \"/c\"").decide().unwrap();
        assert_eq!(config.chat_dir.as_deref(), Some(Path::new("/c")));
        assert_eq!(said("").decide().unwrap().chat_dir, None);
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[node]\ncolour = 1").unwrap();
        assert!(matches!(Said::read(file.path().to_owned()), Err(ConfigError::Toml { .. })));
    }
}
