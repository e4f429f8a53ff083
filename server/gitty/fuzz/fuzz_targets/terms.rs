//! Any text: the reader does not panic, and what it read is written and read again.
#![no_main]

use gitty::{
    Commit,
    commit::{Symbolic, to_json},
    term::{ReadErrorKind, Term, read, read_prefix},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(commit) = Commit::parse(bytes) {
        let id = commit.data();
        let _ = (commit.link(), to_json(&commit, id, Symbolic::Head));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok((term, _)) = read_prefix(text) else {
        return;
    };
    if is_written_otherwise(&term) {
        return;
    }
    let written = term.to_string();
    match read(&written) {
        Ok(again) => assert_eq!(again.to_string(), written),
        // Writing adds brackets, as in `[(a:-b)]`.
        Err(error) => assert_eq!(error.kind, ReadErrorKind::TooDeep, "{written}"),
    }
});

/// SWI-Prolog does not read what it writes for the dot as an operator.
fn is_written_otherwise(term: &Term) -> bool {
    match term {
        Term::Compound { name, args } => name == "." || args.iter().any(is_written_otherwise),
        Term::ListCompound { args } => args.iter().any(is_written_otherwise),
        Term::List { items, tail } => {
            items.iter().any(is_written_otherwise)
                || tail.as_deref().is_some_and(is_written_otherwise)
        }
        Term::Dict(dict) => dict.pairs.values().any(is_written_otherwise),
        _ => false,
    }
}
