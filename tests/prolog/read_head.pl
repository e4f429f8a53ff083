/*  Reads the head of a file from a gitty directory, with nothing but SWI-Prolog's libraries:

        swipl read_head.pl DIRECTORY FILE

    prints a JSON object: the head's hash, the commit's keys as SWISH sees them, the text.
*/

:- use_module(library(zlib)).
:- use_module(library(http/json)).
:- use_module(library(main)).
:- use_module(library(sha)).

:- initialization(main, main).

main([Dir, FileText]) :-
    atom_string(File, FileText),
    head(Dir, File, Hash),
    object(Dir, Hash, commit, CommitText),
    term_to_atom(Commit, CommitText),
    is_dict(Commit, gitty),
    get_dict(data, Commit, Data),
    object(Dir, Data, blob, Text),
    dict_pairs(Commit, _, Pairs),
    maplist(shown, Pairs, Shown),
    dict_pairs(CommitJson, json, Shown),
    json_write_dict(current_output, _{head:Hash, commit:CommitJson, text:Text}),
    nl.

%  Types survive: an atom is shown as atom(Text), a string as itself.
shown(Key-Value, Key-Shown) :-
    (   atom(Value)
    ->  format(string(Shown), 'atom(~w)', [Value])
    ;   Shown = Value
    ).

%  The last line wins, as when SWISH starts.
head(Dir, File, Hash) :-
    atomic_list_concat([Dir, 'ref/head'], /, Path),
    setup_call_cleanup(open(Path, read, In, [encoding(utf8)]),
                       heads(In, Lines),
                       close(In)),
    Lines = [epoch(_)|Heads],
    last_head(Heads, File, Hash).

heads(In, Lines) :-
    read_term(In, Term, []),
    (   Term == end_of_file
    ->  Lines = []
    ;   Lines = [Term|Rest],
        heads(In, Rest)
    ).

last_head(Heads, File, Hash) :-
    reverse(Heads, Backwards),
    once(member(head(File, _, Hash), Backwards)).

object(Dir, Hash, Type, Text) :-
    sub_atom(Hash, 0, 2, _, A),
    sub_atom(Hash, 2, 2, _, B),
    sub_atom(Hash, 4, 36, _, Rest),
    atomic_list_concat([Dir, A, B, Rest], /, Path),
    setup_call_cleanup(gzopen(Path, read, In, [encoding(utf8)]),
                       contents(In, Header, Text),
                       close(In)),
    split_string(Header, " ", "", [TypeText, SizeText]),
    atom_string(Type, TypeText),
    number_string(Size, SizeText),
    check(Hash, Type, Size, Text).

contents(In, Header, Text) :-
    header(In, Codes),
    string_codes(Header, Codes),
    read_string(In, _, Text).

header(In, Codes) :-
    get_code(In, Code),
    (   Code =:= 0
    ->  Codes = []
    ;   Codes = [Code|Rest],
        header(In, Rest)
    ).

check(Hash, Type, Size, Text) :-
    format(string(Hashed), '~w ~d\u0000~s', [Type, Size, []]),
    string_concat(Hashed, Text, Whole),
    sha_hash(Whole, Sum, [encoding(utf8)]),
    hash_atom(Sum, Found),
    Found == Hash.
