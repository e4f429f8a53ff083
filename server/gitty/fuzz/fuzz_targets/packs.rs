//! Any bytes: the header of a pack is read or refused, and what was read is written and read again.
#![no_main]

use gitty::pack::{self, PackIndex};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(index) = PackIndex::parse(bytes) else {
        return;
    };
    let mut at = index.data_offset();
    for (entry, range) in index.members() {
        assert_eq!((range.start, range.end - range.start), (at, entry.file_size));
        at = range.end;
    }
    assert_eq!(index.file_bytes(), at);
    let mut entries = index.entries().to_vec();
    pack::sort(&mut entries);
    let header = pack::header(&entries);
    let again = PackIndex::parse(header.as_bytes()).map(|index| index.entries().to_vec());
    assert_eq!(again, Ok(entries));
});
