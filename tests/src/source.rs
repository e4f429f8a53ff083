//! Rust sources as text: which files there are, and which part of them is not a test.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Folders that hold no sources of the package they are in.
const SKIPPED: &[&str] = &["target", "node_modules", "fixtures"];

/// All Rust files below a folder, but not those of a package inside it.
///
/// # Errors
/// A folder cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            let is_package = path.join("Cargo.toml").exists();
            if !is_package && !name.starts_with('.') && !SKIPPED.contains(&name) {
                found.extend(files(&path)?);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The files of a package that are part of what it builds: no modules under `#[cfg(test)]`.
///
/// # Errors
/// A file cannot be read.
pub fn production_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let all = files(folder)?;
    let mut tests = BTreeSet::new();
    for file in &all {
        let base = modules_folder(file);
        for module in test_modules(&fs::read_to_string(file)?) {
            tests.insert(base.join(format!("{module}.rs")));
            tests.insert(base.join(module));
        }
    }
    let is_test = |file: &PathBuf| file.ancestors().any(|path| tests.contains(path));
    Ok(all.into_iter().filter(|file| !is_test(file)).collect())
}

/// A source without items under `#[cfg(test)]`.
///
/// Reads the layout that rustfmt gives: an item ends where a line closes it at its own indentation.
#[must_use]
pub fn production(source: &str) -> String {
    let mut kept = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if code.starts_with("#[cfg(test)]") {
            skip_item(&mut lines, line.len() - code.len());
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// A source without its comments.
#[must_use]
pub fn code(source: &str) -> String {
    let mut kept = String::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        kept.push_str(line.split_once(" // ").map_or(line, |(code, _)| code));
        kept.push('\n');
    }
    kept
}

/// True if the text holds these words, not as parts of longer ones.
#[must_use]
pub fn mentions(text: &str, words: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        let goes_on = words.ends_with(is_word) && after.is_some_and(is_word);
        !goes_on && !before.is_some_and(is_word)
    })
}

/// Where the modules that a file declares are.
fn modules_folder(file: &Path) -> PathBuf {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    match stem {
        "lib" | "main" | "mod" => file.with_file_name(""),
        _ => file.with_extension(""),
    }
}

/// Names of `#[cfg(test)] mod name;`.
fn test_modules(source: &str) -> Vec<&str> {
    let mut lines = source.lines().map(str::trim);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line == "#[cfg(test)]" {
            let declared = lines.next().and_then(|line| line.strip_suffix(';'));
            let name = declared.and_then(|line| line.rsplit_once("mod "));
            found.extend(name.map(|(_, name)| name));
        }
    }
    found
}

fn skip_item<'a>(lines: &mut impl Iterator<Item = &'a str>, indent: usize) {
    for line in lines {
        let at = line.len() - line.trim_start().len();
        let ends = line.ends_with('}') || line.ends_with(';') || line.ends_with("},");
        if at == indent && ends {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! rand is for tests.
use std::collections::BTreeMap;
#[cfg(test)]
use std::fs;
fn operand() {} // no rand
#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    fn a() {
    }
}
fn last() { std::net::x() }
";

    #[test]
    fn tests_and_comments_are_no_production() {
        let kept = code(&production(SOURCE));
        assert_eq!(
            kept,
            "use std::collections::BTreeMap;\nfn operand() {}\nfn last() { std::net::x() }\n"
        );
    }

    #[test]
    fn a_ban_is_found_as_a_word_only() {
        let kept = code(&production(SOURCE));
        assert!(mentions(&kept, "std::net"));
        assert!(!mentions(&kept, "rand"), "operand is another word");
        assert!(mentions("let x = rand::rng();", "rand"));
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_known() {
        assert_eq!(test_modules("#[cfg(test)]\nmod fixtures;\nmod real;\n"), ["fixtures"]);
        assert_eq!(modules_folder(Path::new("a/b.rs")), Path::new("a/b"));
        assert_eq!(modules_folder(Path::new("a/mod.rs")), Path::new("a/"));
    }
}
