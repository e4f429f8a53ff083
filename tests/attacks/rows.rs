//! The table of attacks, `attacks.toml`, as data.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Whether the connection goes on after the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The node ends it.
    Closed,
    /// It waits for more.
    Open,
}

/// One attack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// What it tries.
    pub(super) name: String,
    /// What is sent; see the file.
    sent: String,
    /// Statuses that the client gets.
    pub(super) answers: Vec<u16>,
    closes: bool,
    /// First lines of whole requests that SWISH hears.
    pub(super) swish: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    attack: Vec<Row>,
}

/// All of them.
pub(super) fn all() -> Result<Vec<Row>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("attacks.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let file: File = toml::from_str(&text)?;
    ensure!(file.attack.len() > 100, "only {} attacks", file.attack.len());
    Ok(file.attack)
}

impl Row {
    pub(super) const fn then(&self) -> Then {
        if self.closes { Then::Closed } else { Then::Open }
    }

    /// The bytes to send, with these texts for their names.
    pub(super) fn bytes(&self, texts: &[(&str, &str)]) -> Result<Vec<u8>> {
        let text =
            texts.iter().fold(self.sent.clone(), |sent, (name, text)| sent.replace(name, text));
        let mut parts = text.split("{x");
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            let (digits, rest) = part.split_once('}').context("a byte is {xFF}")?;
            bytes.push(u8::from_str_radix(digits, 16)?);
            bytes.extend_from_slice(rest.as_bytes());
        }
        Ok(bytes)
    }
}
