//! Any bytes: the journal's reader accounts for all of them, and its updates survive writing.
#![no_main]

use gitty::journal::{Journal, lines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let journal = Journal::read(bytes);
    assert_eq!(journal.complete_bytes + journal.partial_bytes, bytes.len());
    let written = lines(&journal.updates);
    let again = Journal::read(written.as_bytes());
    assert_eq!(again.updates, journal.updates);
    assert_eq!((again.foreign.len(), again.partial_bytes), (0, 0));
});
