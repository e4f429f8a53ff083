//! Any bytes: one object, or the header of a pack, is read or refused; what was read is written and read again.
#![no_main]

use gitty::{
    Object,
    pack::{self, PackIndex},
};
use libfuzzer_sys::fuzz_target;

const MAX_OBJECT_BYTES: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    // Whole, as the bytes of one member: gzip of any header and any damage.
    if let Ok(object) = Object::decode_loose(bytes, MAX_OBJECT_BYTES) {
        assert_eq!(Object::decode_loose(&object.encode_loose(), MAX_OBJECT_BYTES), Ok(object));
    }
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
