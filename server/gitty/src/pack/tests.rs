//! Headers that SWISH wrote, headers in odd layout, and headers that are damaged.

use proptest::prelude::*;

use super::*;
use crate::{Object, fixtures};

const PACKS: [(&str, usize); 2] = [
    ("pack-37311cac794e206d59cec22036cc27c1d455e840.pack", 60),
    ("pack-771214f0279cb8b9bc02ae7a44adcc7d7e2358ca.pack", 120),
];

fn pack(name: &str) -> Vec<u8> {
    fixtures::read(&format!("store-packed/pack/{name}"))
}

fn id(byte: u8) -> ObjectId {
    ObjectId::from_bytes([byte; 20])
}

fn error(text: &str) -> PackErrorKind {
    PackIndex::parse(text.as_bytes()).unwrap_err().kind
}

#[test]
fn the_packs_swish_wrote_are_written_again_byte_for_byte() {
    for (name, objects) in PACKS {
        let bytes = pack(name);
        let index = PackIndex::parse(&bytes).unwrap();
        assert_eq!(index.entries().len(), objects);
        assert_eq!(index.file_bytes(), offset(bytes.len()));
        let mut again = header(index.entries()).into_bytes();
        let mut naming = Naming::default();
        for (_, range) in index.members() {
            let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
            again.extend_from_slice(&bytes[start..end]);
        }
        naming.update(&again);
        assert_eq!(again, bytes);
        assert_eq!(file_name(naming.finish()), name);
        assert!(id_of(name).is_some());
    }
}

#[test]
fn each_member_swish_packed_is_the_object_its_line_says() {
    for (name, _) in PACKS {
        let bytes = pack(name);
        for (entry, range) in PackIndex::parse(&bytes).unwrap().members() {
            let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
            let object = Object::decode_loose(&bytes[start..end], 8 << 20).unwrap();
            assert_eq!(object.id(), Ok(entry.id));
            assert_eq!(object.kind, entry.kind);
            assert_eq!(offset(object.content.len()), entry.size);
        }
    }
}

#[test]
fn a_header_is_read_in_any_layout() {
    let hash = id(0xab);
    let text = format!(
        "% by hand\ngitty( 2 ) .\n\n/* λ */ 'obj'('{hash}',\n\t'blob', 0x13, 5_4).obj({hash},odd,0,0). \
         'end_of_header'.\n\u{1f}"
    );
    // `).obj(` is one clause in Prolog's eyes: the stop needs layout behind it.
    assert!(PackIndex::parse(text.as_bytes()).is_err());
    let text = text.replace(").obj(", ").% more\nobj(");
    let index = PackIndex::parse(text.as_bytes()).unwrap();
    let entry = |kind, size, file_size| Entry { id: hash, kind, size, file_size };
    let expected = [entry(ObjectKind::Blob, 19, 54), entry(ObjectKind::Other("odd".into()), 0, 0)];
    assert_eq!(index.entries(), expected);
    assert_eq!(index.data_offset(), offset(text.len() - 1));
}

#[test]
fn damaged_headers_are_refused_with_their_reason() {
    let line = |rest: &str| error(&format!("gitty(1).\n{rest}end_of_header.\n"));
    let hash = "a".repeat(40);
    assert_eq!(error(""), PackErrorKind::Unfinished);
    assert_eq!(error("gitty.\n"), PackErrorKind::NotAPack);
    assert_eq!(error("gitty(1).\nend_of_header. \n"), PackErrorKind::NoNewline);
    assert_eq!(error("gitty(1).\nend_of_header."), PackErrorKind::Unfinished);
    assert_eq!(line("foo(x).\n"), PackErrorKind::Foreign);
    assert_eq!(line("obj(abc,blob,1,1).\n"), PackErrorKind::Argument("hash"));
    assert_eq!(line(&format!("obj({hash},\"blob\",1,1).\n")), PackErrorKind::Argument("type"));
    assert_eq!(line(&format!("obj({hash},blob,-1,1).\n")), PackErrorKind::Argument("size"));
    let wide = format!("obj({hash},blob,1,{}).\n", u64::MAX);
    assert_eq!(line(&wide), PackErrorKind::TooLong);
    assert_eq!(line(&format!("obj({hash},blob,1,1{}).\n", "0".repeat(20))), {
        PackErrorKind::Argument("file size")
    });
    let at = PackIndex::parse(b"gitty(1).\nfoo(x).\n").unwrap_err().at;
    assert_eq!(at, 9);
}

#[test]
fn a_header_cut_anywhere_is_refused() {
    let bytes = pack(PACKS[0].0);
    let end = usize::try_from(PackIndex::parse(&bytes).unwrap().data_offset()).unwrap();
    for length in 0..end {
        assert!(PackIndex::parse(&bytes[..length]).is_err(), "{length}");
    }
    assert!(PackIndex::parse(&bytes[..end]).is_ok());
}

#[test]
fn entries_are_sorted_and_each_is_there_once() {
    let entry = |byte| Entry { id: id(byte), kind: ObjectKind::Blob, size: 1, file_size: 2 };
    let mut entries = vec![entry(3), entry(0xa0), entry(1), entry(3)];
    sort(&mut entries);
    assert_eq!(entries, [entry(1), entry(3), entry(0xa0)]);
    let text = header(&entries);
    assert!(text.contains(&format!("obj('{}',blob,1,2).\nobj({},", id(3), id(0xa0))));
    assert_eq!(PackIndex::parse(text.as_bytes()).unwrap().entries(), entries);
}

#[test]
fn only_names_that_swish_gives_are_names_of_packs() {
    assert_eq!(id_of("pack-create"), None);
    assert_eq!(id_of("pack-37311cac.pack"), None);
    let id = PackId::from_bytes([7; 20]);
    assert_eq!(id_of(&format!("pack-{id}0.pack")), None);
    assert_eq!(id_of(&file_name(id)), Some(id));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = PackIndex::parse(&bytes);
        let _ = PackIndex::parse(&[b"gitty(1).\n", &bytes[..]].concat());
    }

    #[test]
    fn damaged_packs_are_read_or_refused(at in 0..6000_usize, byte in any::<u8>()) {
        let mut bytes = pack(PACKS[0].0);
        bytes[at] = byte;
        if let Ok(index) = PackIndex::parse(&bytes) {
            prop_assert_eq!(index.members().count(), index.entries().len());
        }
    }
}
