/*  A SWISH as far as its store goes: it follows ref/head the way SWISH's gitty driver does, and
    saves by itself, with nothing but SWI-Prolog's libraries:

        swipl swish.pl DIRECTORY

    reads one term a line and answers with one line each:

        head(File).         the head's hash, or none
        save(File, Text).   the new head's hash
        text(File).         the head's text, as a quoted atom

    What is done when is that of SWISH's gitty_driver_files: the last line counts at a start; a
    journal of anything else than epoch/1 and then head/3 is not restored but made anew, by the
    greatest times; who runs looks at most once a second, also under the lock, and follows a line
    only from where it stands.
*/

:- use_module(library(zlib)).
:- use_module(library(main)).
:- use_module(library(sha)).

:- dynamic head/2, looked/1, journal/1.

:- initialization(main, main).

main([Dir]) :-
    prompt(_, ''),
    restore(Dir),
    format("ready~n"), flush_output,
    serve(Dir).

serve(Dir) :-
    read(Command),
    (   Command == end_of_file
    ->  true
    ;   answer(Command, Dir, Answer),
        format("~w~n", [Answer]), flush_output,
        serve(Dir)
    ).

answer(head(File), Dir, Hash) :-
    follow(Dir),
    ( head(File, Found) -> Hash = Found ; Hash = none ).
answer(save(File, Text), Dir, Hash) :-
    save(Dir, File, Text, Hash).
answer(text(File), Dir, Quoted) :-
    follow(Dir),
    head(File, Hash),
    content(Dir, Hash, "commit", Term),
    term_string(Commit, Term),
    content(Dir, Commit.data, "blob", Text),
    format(atom(Quoted), "~q", [Text]).

%  At the start the last line of a file counts. Without a journal the greatest time does.
restore(Dir) :-
    path(Dir, Path),
    (   exists_file(Path),
        setup_call_cleanup(open(Path, read, In, [encoding(utf8)]),
                           ( read(In, epoch(_)), restore_heads(In) ),
                           close(In))
    ->  true
    ;   retractall(head(_, _)),
        scan(Dir),
        write_journal(Dir, Path)
    ).

restore_heads(In) :-
    read(In, Term),
    (   Term == end_of_file
    ->  true
    ;   Term = head(File, _, New),
        set_head(File, New),
        restore_heads(In)
    ).

scan(Dir) :-
    atom_concat(Dir, '/??/??/*', Pattern),
    expand_file_name(Pattern, Files),
    findall(Time-(File-Hash), ( member(Path, Files), commit(Dir, Path, File, Time, Hash) ), Found),
    keysort(Found, Sorted),
    forall(member(_-(File-Hash), Sorted), set_head(File, Hash)).

%  The content of an object of this type.
content(Dir, Hash, Type, Text) :-
    loose(Dir, Hash, _, Path),
    setup_call_cleanup(gzopen(Path, read, In, [encoding(utf8)]),
                       ( header(In, Codes), read_string(In, _, Text) ),
                       close(In)),
    string_codes(Header, Codes),
    split_string(Header, " ", "", [Type, _]).

commit(Dir, Path, File, Time, Hash) :-
    atom_length(Dir, Length),
    sub_atom(Path, Length, _, 0, Rest),
    atomic_list_concat(['', A, B, C], /, Rest),
    atom_length(C, 36),
    atomic_list_concat([A, B, C], Hash),
    content(Dir, Hash, "commit", Text),
    term_string(Commit, Text),
    get_dict(name, Commit, File),
    get_dict(time, Commit, Time).

header(In, Codes) :-
    get_code(In, Code),
    ( Code =:= 0 -> Codes = [] ; Codes = [Code|Rest], header(In, Rest) ).

write_journal(Dir, Path) :-
    atom_concat(Dir, '/ref', Folder),
    ( exists_directory(Folder) -> true ; make_directory(Folder) ),
    setup_call_cleanup(open(Path, write, Out, [encoding(utf8)]),
                       ( format(Out, "epoch(1).~n~n", []),
                         forall(head(File, Hash),
                                format(Out, "head(~q,-,~q).~n", [File, Hash])) ),
                       close(Out)).

set_head(File, Hash) :-
    retractall(head(File, _)),
    assertz(head(File, Hash)).

%  A running SWISH looks at most once a second, and follows a line only from where it stands.
follow(_) :-
    looked(At), get_time(Now), Now - At < 1, !.
follow(Dir) :-
    get_time(Now),
    retractall(looked(_)), assertz(looked(Now)),
    (   journal(In)
    ->  true
    ;   path(Dir, Path),
        open(Path, read, In, [encoding(utf8), eof_action(reset)]),
        read(In, epoch(_)),
        assertz(journal(In))
    ),
    follow_lines(In).

follow_lines(In) :-
    read(In, Term),
    (   Term == end_of_file
    ->  true
    ;   ( Term = head(File, Old, New) -> follow_line(File, Old, New) ; true ),
        follow_lines(In)
    ).

follow_line(File, -, New) :- !,
    ( head(File, _) -> true ; set_head(File, New) ).
follow_line(File, Old, New) :-
    ( head(File, Old) -> set_head(File, New) ; true ).

%  The head is moved under the lock that SWISH takes.
save(Dir, File, Text, Hash) :-
    store(Dir, blob, Text, Data),
    path(Dir, Path),
    setup_call_cleanup(open(Path, append, Out, [encoding(utf8), lock(exclusive)]),
                       ( follow(Dir), move(Dir, File, Data, Out, Hash) ),
                       close(Out)).

move(Dir, File, Data, Out, Hash) :-
    get_time(Time),
    Base = gitty{author:"SWISH", data:Data, name:File, time:Time},
    (   head(File, Old)
    ->  Commit = Base.put(_{commit:Old, previous:Old})
    ;   Old = (-), Commit = Base
    ),
    format(string(Text), "~q.~n", [Commit]),
    store(Dir, commit, Text, Hash),
    format(Out, "head(~q,~q,~q).~n", [File, Old, Hash]),
    set_head(File, Hash).

store(Dir, Type, Text, Hash) :-
    string_length(Text, Length),
    format(string(Header), "~w ~d\u0000", [Type, Length]),
    string_concat(Header, Text, Whole),
    sha_hash(Whole, Sum, [encoding(utf8)]),
    hash_atom(Sum, Hash),
    loose(Dir, Hash, Folder, Path),
    make_directory_path(Folder),
    setup_call_cleanup(gzopen(Path, write, Out, [encoding(utf8)]),
                       write(Out, Whole),
                       close(Out)).

path(Dir, Path) :- atom_concat(Dir, '/ref/head', Path).

%  Where an object has its file.
loose(Dir, Hash, Folder, Path) :-
    sub_atom(Hash, 0, 2, _, A), sub_atom(Hash, 2, 2, _, B), sub_atom(Hash, 4, 36, _, C),
    atomic_list_concat([Dir, A, B], /, Folder),
    atomic_list_concat([Folder, C], /, Path).
