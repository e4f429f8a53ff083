//! What we write, read by SWI-Prolog itself.

use super::*;

/// Prints the name in the journal's last line, a commit's title and a blob's text.
const SCRIPT: &str = r"
:- use_module(library(zlib)).
:- use_module(library(readutil)).
:- initialization(main, main).
main([Head, Commit, Blob]) :-
    set_stream(user_output, encoding(utf8)),
    setup_call_cleanup(open(Head, read, In, [encoding(utf8)]),
                       ( read(In, epoch(E)), integer(E), heads(In, -, Last) ), close(In)),
    object(Commit, CommitText), term_string(Dict, CommitText),
    get_dict(title, Dict, Title), string(Title),
    get_dict(name, Dict, Name), atom(Name), get_dict(time, Dict, Time), float(Time),
    object(Blob, Text),
    format('~w|~w|~w|~w', [Last, Name, Title, Text]).
heads(In, Last0, Last) :-
    read(In, Term),
    ( Term == end_of_file -> Last = Last0
    ; Term = head(Name, _, _), atom(Name), heads(In, Name, Last) ).
object(File, Text) :-
    setup_call_cleanup(gzopen(File, read, In, [encoding(utf8)]),
                       read_stream_to_codes(In, Codes), close(In)),
    append(_, [0|Content], Codes), !, string_codes(Text, Content).
";

#[test]
fn swi_prolog_reads_what_we_write() {
    if Command::new("swipl").arg("--version").output().is_err() {
        println!("not run: swipl missing");
        return;
    }
    let (dir, Opened { store, .. }) = empty();
    let name = "O'Neil 漢\t😀.pl";
    let body = "p(\"é 漢 😀\").\n\u{0}end";
    let title = "back\\slash \"quoted\"\n\u{7f}λ\u{200b}";
    let blob = Object::blob(body);
    let blob_id = blob.id().unwrap();
    let meta = Meta::from_json(&serde_json::json!({ "title": title }), false);
    let commit = commit::create(&name.into(), blob_id, meta, None, 1_795_397_300.151);
    let commit_id = commit.object().id().unwrap();
    store.write_objects(&[(blob_id, blob), (commit_id, commit.object())], Rewrite::No).unwrap();
    store.lead(&served("first.pl", 1)).unwrap();
    store.lead(&[(name.into(), commit_id)]).unwrap();

    let script = dir.path().join("read.pl");
    fs::write(&script, SCRIPT).unwrap();
    let output = Command::new("swipl")
        .arg(&script)
        .arg(dir.path().join("ref/head"))
        .arg(crate::layout::path(dir.path(), &commit_id))
        .arg(crate::layout::path(dir.path(), &blob_id))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let read = String::from_utf8(output.stdout).unwrap();
    assert_eq!(read, format!("{name}|{name}|{title}|{body}"));
}

/// Reads a pack as SWISH does: header terms, then the gzip member at each offset. Prints each
/// object's hash as computed by SWI-Prolog, with its type and size.
const PACK_SCRIPT: &str = r"
:- use_module(library(zlib)).
:- use_module(library(sha)).
:- use_module(library(readutil)).
:- initialization(main, main).
main([Pack]) :-
    setup_call_cleanup(open(Pack, read, In, [type(binary)]), header(In, Objects, Offset), close(In)),
    members(Objects, Pack, Offset).
header(In, Objects, Offset) :-
    read(In, gitty(1)), read(In, Term), objects(Term, In, Objects),
    get_code(In, 0'\n), byte_count(In, Offset).
objects(end_of_header, _, []) :- !.
objects(obj(Hash, Type, Size, Length), In, [o(Hash, Type, Size, Length)|Rest]) :-
    atom(Hash), read(In, Term), objects(Term, In, Rest).
members([], Pack, End) :- size_file(Pack, End).
members([o(Hash, Type, Size, Length)|Rest], Pack, Offset) :-
    setup_call_cleanup(
        ( open(Pack, read, In, [type(binary)]), seek(In, Offset, bof, Offset),
          zopen(In, Zip, [multi_part(false), close_parent(false)]) ),
        read_stream_to_codes(Zip, Bytes),
        ( close(Zip), close(In) )),
    append(Head, [0|Content], Bytes), !,
    format(codes(Head), '~w ~d', [Type, Size]), length(Content, Size),
    sha_hash(Bytes, Sha, [encoding(octet)]), hash_atom(Sha, Hash),
    format('~w ~w ~d~n', [Hash, Type, Size]),
    Next is Offset+Length, members(Rest, Pack, Next).
";

#[test]
fn swi_prolog_reads_a_pack_that_we_wrote() {
    if Command::new("swipl").arg("--version").output().is_err() {
        println!("not run: swipl missing");
        return;
    }
    let (dir, path) = fixture();
    crate::repack(&path, crate::Loose::Drop, &quietly).unwrap();
    let script = dir.path().join("pack.pl");
    fs::write(&script, PACK_SCRIPT).unwrap();
    let output = Command::new("swipl").arg(&script).arg(&packs(&path)[0]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let store = crate::ReadOnly::open(&path).unwrap();
    let line = |id: ObjectId| {
        let object = store.read(&id).unwrap();
        format!("{id} {} {}\n", object.kind.as_str(), object.content.len())
    };
    let expected: String = ids_of("store").into_iter().map(line).collect();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
