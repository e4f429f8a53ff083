/*  SWI-Prolog's side of the tests in mod.rs.

        swipl terms.pl read    each line of the input is a term: prints it with ~q, or what is wrong
        swipl terms.pl pairs   two lines are the same term: the same, after comparing them
        swipl terms.pl write COUNT SEED
                               prints terms: with ~q, and without operators
*/

:- initialization(main, main).
:- set_prolog_flag(message_context, []).

main([Mode|Args]) :-
    set_stream(user_input, encoding(utf8)),
    set_stream(user_output, encoding(utf8)),
    set_prolog_flag(verbose_load, silent),
    style_check(-singleton),
    run(Mode, Args).

run(read, []) :-
    each_line(print_read).
run(pairs, []) :-
    each_line(print_pair).
run(write, [CountText, SeedText]) :-
    atom_number(CountText, Count),
    atom_number(SeedText, Seed),
    set_random(seed(Seed)),
    forall(between(1, Count, _), print_random).

each_line(Goal) :-
    read_line_to_string(user_input, Line),
    (   Line == end_of_file
    ->  true
    ;   call(Goal, Line),
        each_line(Goal)
    ).

print_read(Line) :-
    (   text_term(Line, Term)
    ->  format("~q~n", [Term])
    ;   format("no term~n")
    ).

print_pair(Line) :-
    read_line_to_string(user_input, Canonical),
    (   \+ text_term(Line, _)
    ->  format("no term~n")
    ;   \+ text_term(Canonical, _)
    ->  format("no canonical term~n")
    ;   text_term(Line, Term),
        text_term(Canonical, Other),
        Term =@= Other
    ->  format("~q~n", [Term])
    ;   text_term(Canonical, Other),
        format("another term: ~q~n", [Other])
    ).

%  Variables keep their names when they are written.
text_term(Text, Term) :-
    string_concat(Text, "\n.", Stopped),
    setup_call_cleanup(
        open_string(Stopped, In),
        catch(( read_term(In, Term, [variable_names(Names), syntax_errors(quiet)]),
                read_string(In, _, Rest)
              ), _, fail),
        close(In)),
    split_string(Rest, "", ".\n\t ", [""]),
    maplist(named, Names).

named(Name='$VAR'(Name)).

print_random :-
    random_between(0, 4, Depth),
    term(Depth, Term),
    numbered(Term),
    format("~q~n", [Term]),
    print_canonical(Term),
    nl.

print_canonical(Term) :-
    write_term(Term, [quoted(true), ignore_ops(true), numbervars(true),
                      character_escapes_unicode(false)]).

numbered(Term) :-
    term_variables(Term, Variables),
    foldl([Variable, N, N1]>>(
              atom_concat('_', N, Name),
              Variable = '$VAR'(Name),
              N1 is N+1), Variables, 100, _).

%  Random terms.

term(0, Term) :- !,
    random_member(Kind, [atom, atom, atom, atom, string, integer, float, rational, variable, nil]),
    leaf(Kind, Term).
term(Depth, Term) :-
    Depth1 is Depth-1,
    random_member(Kind, [leaf, list, partial, dict, compound, prefix, infix, infix, braces, nil]),
    inner(Kind, Depth1, Term).

leaf(atom, Atom) :- text(Codes), atom_codes(Atom, Codes).
leaf(string, String) :- text(Codes), string_codes(String, Codes).
leaf(integer, N) :- random_between(-20, 20, N0), ( maybe -> N = N0 ; N is N0**29 ).
leaf(float, F) :- some_float(F).
leaf(rational, R) :- random_between(-50, 50, A), random_between(1, 50, B), R is A rdiv B.
leaf(variable, _).
leaf(nil, []).

some_float(F) :-
    random_member(Kind, [day, day, small, tie, special]),
    random(R),
    random_between(-30, 30, E),
    (   Kind == day -> F is 1.7e9+R*1.0e8
    ;   Kind == small -> F is (R-0.5)*10.0**E
    ;   Kind == tie -> random_between(0, 0xfffffffffffff, N), F is N/8.0
    ;   random_member(F, [0.0, -0.0, 1.0e15, 1.0e14, 0.0001, 0.00001, 5.0e-324, 1.0e22, 100.0])
    ).

inner(leaf, _, Term) :- term(0, Term).
inner(list, D, List) :- terms(D, 4, List).
inner(partial, D, [A,B|C]) :- term(D, A), term(D, B), term(D, C).
inner(dict, D, Dict) :-
    terms(D, 4, Values),
    findall(Key-_, ( member(_, Values), key(Key) ), Pairs0),
    sort(1, @<, Pairs0, Pairs),
    maplist([_-Value]>>term(D, Value), Pairs),
    tag(Tag),
    dict_pairs(Dict, Tag, Pairs).
inner(compound, D, Term) :-
    text(Codes), atom_codes(Name, Codes), Name \== '.',
    terms(D, 3, Args), !,
    compound_name_arguments(Term, Name, Args).
inner(compound, D, Term) :- inner(compound, D, Term).
inner(prefix, D, Term) :- operator([fy,fx], Name), term(D, A), Term =.. [Name,A].
inner(infix, D, Term) :- operator([xfx,xfy,yfx], Name), term(D, A), term(D, B), Term =.. [Name,A,B].
inner(braces, D, {A}) :- term(D, A).
inner(nil, D, Term) :- terms(D, 3, Args), compound_name_arguments(Term, [], Args).

terms(D, Max, Terms) :-
    random_between(0, Max, Length),
    length(Terms, Length),
    maplist(term(D), Terms).

key(Key) :- random_member(Kind, [atom, atom, integer, nil]), key(Kind, Key).
key(atom, Key) :- leaf(atom, Key).
key(integer, Key) :- random_between(-99, 99, Key).
key(nil, []).

tag(Tag) :- random_member(Tag0, [_, a, gitty, 'X', 'a b', 'λ', +]), Tag = Tag0.

%  Not the dot: SWI-Prolog does not read what it writes for '.'(a, -1).
operator(Types, Name) :-
    findall(N, ( current_op(P, T, N), P > 0, memberchk(T, Types), N \== '.' ), Names),
    random_member(Name, Names).

text(Codes) :-
    repeat,
    random_member(Kind, [word, word, operator, mixed, special]),
    text(Kind, Codes),
    \+ unreadable(Codes), !.

text(word, Codes) :- random_between(1, 5, N), length(Codes, N), maplist([C]>>random_between(0'a, 0'z, C), Codes).
text(operator, Codes) :- operator([fx,fy,xfx,xfy,yfx], Name), atom_codes(Name, Codes).
text(mixed, Codes) :- random_between(0, 4, N), length(Codes, N), maplist(code, Codes).
text(special, Codes) :-
    random_member(Atom, ['', [], '[]', {}, !, ;, ',', '|', '.', 'A', '_', 'a b', 'it''s', '/*', '\\',
                         'é', 'É', '²', 'a²', '😀', '∀', 'λx', '日本', '%', '$VAR', '"', '`', '- 1']),
    ( Atom == [] -> Codes = "[]" ; atom_codes(Atom, Codes) ).

code(Code) :- random_member(Max, [0x7f, 0x7f, 0xff, 0x3ff, 0xffff, 0x1ffff, 0x10ffff]),
    repeat, random_between(0, Max, Code), \+ between(0xd800, 0xdfff, Code), !.

%  What SWI-Prolog writes without quotes and then reads as a comment.
unreadable([0'/,0'*|Rest]) :- member(Code, Rest), Code > 0xff, !.
