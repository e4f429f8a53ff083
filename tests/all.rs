//! One integration binary: it is linked once, and each story is a module.
//!
//! The stories that start nodes take turns (`tests::turn`), because their times mean something.

#[cfg(test)]
mod anew;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod beside;
#[cfg(test)]
mod divergences;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod members;
#[cfg(test)]
mod namespaces;
#[cfg(test)]
mod no_majority;
#[cfg(test)]
mod one_save;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod pause;
#[cfg(test)]
mod power_cuts;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod rolled_back;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod stores_with_pasts;
#[cfg(test)]
mod syncs;
#[cfg(test)]
mod visitors;
#[cfg(test)]
mod wiped;

/// A file that nobody lists would be a test that nobody runs.
#[test]
fn every_file_is_listed() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = here.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let mut names: Vec<_> =
        sources.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names.retain(|name| name != "all");
    let listed = include_str!("all.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    assert_eq!(names, listed.collect::<Vec<_>>());
}
