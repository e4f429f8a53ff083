//! Differences that are meant, each with its reason: `fixtures-differences.toml`.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

/// One that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The recording, and the line of a transcript.
    pub place: String,
    /// The request on one line.
    pub request: String,
    /// What differs; see [`super::compare::differences`].
    pub at: Vec<String>,
    /// Why.
    pub reason: String,
}

/// The list, and which of it was needed.
#[derive(Clone, Debug)]
pub struct Differences {
    listed: Vec<(Difference, Vec<String>)>,
}

#[derive(Deserialize)]
struct File {
    difference: Vec<Difference>,
}

impl Differences {
    /// Those of one recording.
    ///
    /// # Errors
    /// The list cannot be read, or one has no reason.
    pub fn of(recording: &str) -> Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures-differences.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let file: File = toml::from_str(&text)?;
        let is_of = |place: &str| place.split(':').next() == Some(recording);
        let listed = file.difference.into_iter().filter(|one| is_of(&one.place));
        let listed: Vec<_> = listed.map(|one| (one, Vec::new())).collect();
        anyhow::ensure!(listed.iter().all(|(one, _)| one.reason.len() > 10), "one has no reason");
        Ok(Self { listed })
    }

    /// True if a difference is listed; it counts as needed then.
    pub fn is_meant(&mut self, place: &str, request: &str, at: &str) -> bool {
        let found = self.listed.iter_mut().find(|(one, _)| {
            one.place == place && one.request == request && one.at.iter().any(|one| one == at)
        });
        let Some((_, needed)) = found else { return false };
        needed.push(at.to_owned());
        true
    }

    /// Those that nothing needed.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let unused = |(one, needed): &(Difference, Vec<String>)| {
            let at: Vec<_> = one.at.iter().filter(|at| !needed.contains(at)).cloned().collect();
            (!at.is_empty()).then(|| format!("{} {}: {}", one.place, one.request, at.join(" ")))
        };
        self.listed.iter().filter_map(unused).collect()
    }
}
