//! The reader and the writer against what SWI-Prolog wrote.

use proptest::prelude::*;

use super::*;
use crate::fixtures;

/// Texts that SWI-Prolog 9.0.4 wrote with `~q`.
const WRITTEN: &[&str] = &[
    "- (a:-b)",
    "- (a,b)",
    "\\+ (a,b)",
    "(:-):-a",
    "- (-)",
    "1-(-)",
    "(-)-1",
    "a:(:-)",
    "dynamic a,b",
    "1-(2-3)",
    "1-2-3",
    "(- 2)^2",
    "-2^2",
    "- 2^2",
    "a='B'",
    "[a= -1]",
    "{-}",
    "{:-}",
    "{a:-b}",
    "\"a\"-'b c'",
    "[]-{}",
    "- 1.5",
    "+1",
    "-[1]",
    "- {a}",
    "-\"x\"",
    "-'A b'",
    "@(b)",
    "a is -1",
    "(-)mod 0.5",
    "''is(-)",
    "a is []",
    "616 mod ''",
    "# = ''",
    "[]is\"a\"",
    "('.')--> -54",
    "t{{}:1}",
    "a mod b",
    "1+ -2",
    "a:-b,c;d->e",
    "x{a:dynamic,b:is}",
    "'\\x1B\\'",
    "'a\\xAD\\b'",
    "²",
    "'²a'",
    "'a²'",
    "is(-)",
    "a*(b+c)",
    "a*b+c",
    "- -a",
    "- - 1",
    "-b*c",
    "\\a",
    "\\ (\\)",
    "a:'B':c",
    "f(',')",
    "a=(',')",
    "a->b;c",
    "(a=b)=c",
    "$a",
    "f($)",
    "[a,:-]",
    "'/*'",
    "*/",
    "'/*'-(*)",
    "f(:-)",
    "(a:b):c",
    "a:(-)",
    "x{k: -}",
    "x{k: (a:b):c,l: (dynamic a),m: - 1,n: \\+a,o:a:b,p:a- -1}",
    "f(-,+)",
    "'!a'",
    "'[]'",
    "a=!",
    "a=(;)",
    ";(a)",
    "[(a,b),(a:-b)|c]",
    "_G12{10:ten,a:[]}",
    "'X'{a:1.0Inf,b:1.5NaN,c: -1.0Inf}",
    "1r3",
    "\"\\x7F\\z\\t\\v\\b\\a\\f\\r\\n'\\\"\"",
];

#[test]
fn terms_are_written_as_swi_prolog_wrote_them() {
    for text in WRITTEN {
        assert_eq!(read(text).unwrap().to_string(), *text);
    }
}

#[test]
fn the_forms_that_only_readers_know_are_read() {
    let table = [
        ("'a''b'", "'a\\'b'"),
        ("\"a\\\nb\"", "\"ab\""),
        ("\"\\u00e9\\U0001F600\\101\\\"", "\"é😀A\""),
        ("\"\\x41\"", "\"A\""),
        ("\"tab\tnewline\n\"", "\"tab\\tnewline\\n\""),
        ("0x1F", "31"),
        ("0'a", "97"),
        ("0'\\n", "10"),
        ("0'''", "39"),
        ("1_000", "1000"),
        ("1E5", "100000.0"),
        ("0.1e-7", "1.0e-8"),
        ("- 1", "- 1"),
        ("1 -1", "1-1"),
        ("f(a , /* c */ b) % end\n.", "f(a,b)"),
        ("`ab`", "[97,98]"),
        ("(a)", "a"),
        ("{}(x)", "{x}"),
        ("x{ b : 1 , a: -1 }", "x{a: -1,b:1}"),
        ("x{'[':4,'[]':1,[]:3,-1:a,{}:b}", "x{-1:a,[]:3,'[':4,'[]':1,{}:b}"),
        ("[](x,y)", "[](x,y)"),
        ("f()", "f()"),
        ("a.b.c", "a.b.c"),
        ("'.'(a)", "'.'(a)"),
        ("+{a:1}", "+{a:1}"),
        ("a={b:1}", "a={b:1}"),
        ("'[|]'(a,[b|c])", "[a,b|c]"),
        ("[a|[b|c]]", "[a,b|c]"),
        ("1 000", "1000"),
        ("1_ \n000", "1000"),
        ("16'FF", "255"),
        ("36'zZ", "1295"),
        ("0xFFFFFFFFFFFFFFFFFFFFFFFF_F", "1267650600228229401496703205375"),
        ("0o17", "15"),
        ("0b101", "5"),
        ("0''", "39"),
        ("-0'a", "-97"),
        ("2r6", "1r3"),
        ("4r2", "2"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("2.0Inf", "1.0Inf"),
        ("1.25NaN", "1.5NaN"),
        ("1e-400", "0.0"),
        ("\u{663}\u{664}.\u{665}", "34.5"),
        ("\u{1d7d9}", "1"),
        ("- = x", "(-)=x"),
        ("[a:-b|c:-d]", "[(a:-b)|(c:-d)]"),
        ("a ',' b", "a,b"),
        ("(a'|'b)", "a|b"),
        ("a 'is'(b)", "a is b"),
        ("-(2)^2", "(- 2)^2"),
        ("\"a\\c \n b\"", "\"ab\""),
        ("\"a\\\r\n  b\"", "\"ab\""),
        ("\"a\\\n \n b\"", "\"a\\n b\""),
        ("\u{2028}a\u{3000}", "a"),
        ("'$VAR'(27)", "B1"),
        ("'$VAR'(-1)", "S_1"),
        ("'$VAR'('Foo')", "Foo"),
        ("'$VAR'(foo)", "'$VAR'(foo)"),
    ];
    for (text, written) in table {
        assert_eq!(read(text).map(|term| term.to_string()), Ok(written.into()), "{text}");
    }
}

#[test]
fn malformed_text_is_refused_where_it_goes_wrong() {
    let table = [
        ("a{x:1,x:2}", 6, ReadErrorKind::DuplicateKey("x".into())),
        ("x{a:-1}", 3, ReadErrorKind::Unexpected(":-".into())),
        ("x {a:1}", 2, ReadErrorKind::Unexpected("{".into())),
        ("f (a)", 2, ReadErrorKind::Unexpected("(".into())),
        ("x{a:b,}", 6, ReadErrorKind::Unexpected("}".into())),
        ("\"abc", 0, ReadErrorKind::OpenQuote),
        ("\"\\z\"", 3, ReadErrorKind::Escape),
        ("\"\\xD800\\\"", 8, ReadErrorKind::Escape),
        ("/* a", 0, ReadErrorKind::OpenComment),
        ("f(,)", 2, ReadErrorKind::Unexpected(",".into())),
        ("a. b.", 3, ReadErrorKind::Unexpected("b".into())),
        ("", 0, ReadErrorKind::Unexpected("end".into())),
        ("1.0e999", 7, ReadErrorKind::Number),
        ("1.0NaN", 6, ReadErrorKind::Number),
        ("0xg", 2, ReadErrorKind::Number),
        ("1r0", 3, ReadErrorKind::Number),
        ("x{72057594037927936:1}", 2, ReadErrorKind::Unexpected("number".into())),
        ("a=b=c", 1, ReadErrorKind::Operator),
        ("a= \\+b", 1, ReadErrorKind::Operator),
        ("a;", 2, ReadErrorKind::Operator),
        ("\u{378}", 0, ReadErrorKind::Character('\u{378}')),
        ("[a|b,c]", 4, ReadErrorKind::Unexpected(",".into())),
    ];
    for (text, at, kind) in table {
        assert_eq!(read(text), Err(ReadError { at, kind }), "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    for open in ["[", "f(", "- ", "{", "(", "a:", "x{a:"] {
        assert_eq!(read(&open.repeat(100_000)).unwrap_err().kind, ReadErrorKind::TooDeep, "{open}");
    }
    for chain in ["1+", "1:", "- ", "[]+", "\\+ "] {
        let text = chain.repeat(100_000) + "1";
        assert_eq!(read(&text).unwrap_err().kind, ReadErrorKind::TooDeep, "{chain}");
    }
    assert_eq!(
        read(&format!("0x{}", "f".repeat(100_000))).unwrap_err().kind,
        ReadErrorKind::Number
    );
}

#[test]
fn many_operators_beside_each_other_are_not_deep() {
    let pairs = "a-b,".repeat(100_000);
    let list = read(&format!("[{pairs}c]")).unwrap();
    assert_eq!(list.as_list().map(<[Term]>::len), Some(100_001));
}

#[test]
fn each_commit_and_term_of_the_store_is_written_again_byte_for_byte() {
    let mut read_back = 0;
    for (_, bytes) in fixtures::loose_objects() {
        let object = crate::Object::decode_loose(&bytes, 8 << 20).unwrap();
        let end = match object.kind {
            domain::ObjectKind::Commit => ".\n",
            domain::ObjectKind::Term => "",
            _ => continue,
        };
        let text = object.text().unwrap();
        assert_eq!(read(text).unwrap().to_string() + end, text);
        read_back += 1;
    }
    assert!(read_back > 100);
}

#[test]
fn each_chat_line_is_written_again_byte_for_byte() {
    let mut lines = 0;
    for document in [
        "chat/5c/ed/ee26f58588107b388ce9c87b6feaf78632a9",
        "chat/2e/eb/fe4a30d702f52009f35f3a9fdd080dbc8728",
        "chat/21/fc/216e7d9c2df8bfdc41fd85c23d9c18c17ae6",
        "chat/bd/38/a097f0c899f0509281cd28e39f6295162cbb",
    ] {
        for line in String::from_utf8(fixtures::read(document)).unwrap().lines() {
            assert_eq!(read(line).unwrap().to_string() + ".", line);
            lines += 1;
        }
    }
    assert_eq!(lines, 30);
}

fn term() -> impl Strategy<Value = Term> {
    let text = || prop_oneof![".*", "[a-zé+*:.,;!\\[\\]{}-]{0,3}"];
    let leaf = prop_oneof![
        text().prop_map(Term::Atom),
        text().prop_map(Term::String),
        any::<i64>().prop_map(Term::integer),
        any::<f64>().prop_filter("NaN differs from itself", |x| !x.is_nan()).prop_map(Term::Float),
        "_[0-9]{0,5}".prop_map(Term::Variable),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        let items = prop::collection::vec(inner.clone(), 0..4);
        let pairs = prop::collection::btree_map(text().prop_map(Key::Atom), inner.clone(), 0..4);
        let tag = prop_oneof![
            text().prop_filter("not a name", |text| is_name(text)).prop_map(Tag::Atom),
            Just(Tag::Variable("_12".into()))
        ];
        prop_oneof![
            items.prop_map(Term::list),
            (tag, pairs).prop_map(|(tag, pairs)| Term::Dict(Dict { tag, pairs })),
            (inner.clone(), inner.clone())
                .prop_filter("no list", |(_, tail)| !matches!(tail, Term::List { .. }))
                .prop_map(|(a, b)| Term::List { items: vec![a], tail: Some(Box::new(b)) }),
            (text(), prop::collection::vec(inner, 1..4))
                .prop_filter("a list", |(name, _)| name != "[|]")
                .prop_map(|(name, args)| Term::Compound { name, args }),
        ]
    })
}

/// Symbol atoms are no tags: `+{…}` is an operator before braces.
fn is_name(text: &str) -> bool {
    let written = Term::atom(text).to_string();
    written.starts_with('\'') || written.starts_with(char::is_alphabetic)
}

proptest! {
    #[test]
    fn what_is_written_reads_back(term in term()) {
        let text = term.to_string();
        prop_assert_eq!(read(&text), Ok(term), "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z{}()\\[\\],|:.'\"\\\\ 0-9xeE_+-]{0,40}") {
        let _ = read(&text);
    }
}
