/*  Asks SWI-Prolog how it classifies each code point, and prints the runs as in classes.txt:

        swipl classes.pl > classes.txt

    With --version-first, the first line is the version of SWI-Prolog.
*/

:- initialization(main, main).

main(Args) :-
    (   Args == ['--version-first']
    ->  current_prolog_flag(version, Version),
        format("~w~n", [Version])
    ;   true
    ),
    runs(0, none).

runs(0x110000, _) :- !.
runs(Code, Before) :-
    letter(Code, Letter),
    (   Letter == Before
    ->  true
    ;   format("~16r ~w~n", [Code, Letter])
    ),
    Next is Code+1,
    runs(Next, Letter).

letter(Code, x) :-
    between(0xD800, 0xDFFF, Code), !.
letter(Code, Letter) :-
    first(Code, First),
    second(Code, Second),
    char_code(Char, Code),
    (   char_type(Char, prolog_symbol) -> Symbol = symbol ; Symbol = no ),
    (   char_type(Char, prolog_atom_start) -> Start = start ; Start = no ),
    format(atom(Quoted), '~q', [Char]),
    (   Quoted == Char -> Plain = plain ; Plain = quoted ),
    string_codes(String, [Code]),
    format(string(Escaped), '~q', [String]),
    (   string_length(Escaped, 3) -> Printed = printed ; Printed = escaped ),
    class(Code, First, Second, Symbol, Start, Plain, Printed, Letter), !.
letter(Code, _) :-
    format(user_error, "no class for ~16r~n", [Code]),
    halt(1).

%  What a text of this character alone reads as.
first(Code, Kind) :-
    (   reads([Code, 0' , 0'.], Term)
    ->  (   var(Term) -> Kind = variable
        ;   number(Term) -> Kind = number
        ;   Kind = atom
        )
    ;   Kind = nothing
    ).

%  What it does behind a letter.
second(Code, Kind) :-
    (   reads([0'a, Code, 0' , 0'.], Term)
    ->  (   Term == a -> Kind = layout ; Kind = continues )
    ;   Kind = ends
    ).

reads(Codes, Term) :-
    setup_call_cleanup(
        open_string(Codes, In),
        catch(read_term(In, Term, [syntax_errors(quiet)]), _, fail),
        close(In)).

class(0'., _, _, _, _, _, _, y) :- !.
class(0'\\, _, _, _, _, _, _, y) :- !.
class(0'", _, _, _, _, _, _, p) :- !.
class(_, _, layout, _, _, _, printed, b).
class(_, _, layout, _, _, _, escaped, w).
class(_, atom, continues, no, _, plain, printed, l).
class(_, atom, continues, symbol, start, plain, printed, k).
class(_, atom, continues, symbol, no, plain, printed, j).
class(_, atom, continues, no, _, quoted, printed, m).
class(_, variable, continues, no, _, quoted, printed, v).
class(_, number, continues, no, _, quoted, printed, d).
class(_, nothing, continues, no, _, quoted, printed, z).
class(_, atom, ends, symbol, _, plain, printed, y).
class(_, atom, ends, no, _, plain, printed, o).
class(_, atom, ends, no, _, plain, escaped, e).
class(_, atom, ends, no, _, quoted, printed, s).
class(_, atom, ends, no, _, quoted, escaped, f).
class(_, nothing, ends, no, _, quoted, escaped, x).
class(_, nothing, ends, no, _, quoted, printed, p).
