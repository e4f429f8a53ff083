//! What the three nodes begin with: a secret and, for the first, a store.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{DemoError, NAMES};
use crate::node::identity::make_key;

/// The store of the repository, for whoever starts the demo in it.
const FIXTURE: &str = "tests/fixtures/swish/store";

/// Prepared by [`Setting::prepare`].
pub(super) struct Setting {
    pub(super) secret_file: PathBuf,
}

impl Setting {
    /// Makes the directory, the secret and the first node's store, unless they are there.
    pub(super) fn prepare(data: &Path, store: Option<&Path>) -> Result<Self, DemoError> {
        let failed = |source| DemoError::File { path: data.to_owned(), source };
        fs::create_dir_all(data).map_err(failed)?;
        let secret_file = data.join("secret");
        if !secret_file.exists() {
            make_key(&secret_file)?;
        }
        let fixture = Some(Path::new(FIXTURE)).filter(|fixture| fixture.is_dir());
        let target = data.join(NAMES[0]).join("store");
        if let Some(source) = store.or(fixture)
            && !target.exists()
        {
            copy(source, &target)
                .map_err(|error| DemoError::File { path: source.to_owned(), source: error })?;
        }
        Ok(Self { secret_file })
    }
}

/// Copies a directory; a copy that was cut short is not taken for a whole one.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let unfinished = to.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    copy_tree(from, &unfinished)?;
    fs::rename(unfinished, to)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_copied_once() {
        let [source, data] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fs::create_dir(source.path().join("ref")).unwrap();
        fs::write(source.path().join("ref/head"), "head").unwrap();
        Setting::prepare(data.path(), Some(source.path())).unwrap();
        let copied = data.path().join("alpha/store/ref/head");
        fs::write(&copied, "changed").unwrap();
        Setting::prepare(data.path(), Some(source.path())).unwrap();
        assert_eq!(fs::read_to_string(copied).unwrap(), "changed");
    }
}
