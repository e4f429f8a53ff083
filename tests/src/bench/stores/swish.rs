//! The same reads, by SWISH's own library.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use super::Measured;

/// Prints count, milliseconds and milliseconds of processor time. Opening is not measured.
const SCRIPT: &str = r"
:- use_module(library(gitty)).
:- initialization(main, main).
main([Name, Store]) :-
    gitty_open(Store, []),
    findall(N-H, gitty_file(Store, N, _, H), Heads),
    length(Heads, Length), Array =.. [heads|Heads],
    get_time(T0), statistics(cputime, C0),
    step(Name, Store, Array, Length, Count),
    get_time(T1), statistics(cputime, C1),
    Wall is (T1-T0)*1000, Cpu is (C1-C0)*1000,
    format('~d ~f ~f~n', [Count, Wall, Cpu]).
step(read, Store, Heads, Length, 20000) :-
    forall(between(1, 20000, I),
           ( At is (I-1)*7919 mod Length + 1, arg(At, Heads, _-Hash),
             gitty_plain_commit(Store, Hash, Meta),
             get_dict(data, Meta, Blob), gitty_load(Store, Blob, Data, _), Data \== [] )).
step(history, Store, Heads, Length, Count) :-
    N is min(1000, Length),
    aggregate_all(sum(L),
                  ( between(1, N, I), arg(I, Heads, Name-_),
                    gitty_history(Store, Name, H, [depth(100)]),
                    get_dict(history, H, Versions), length(Versions, L) ),
                  Count).
step(fsck, Store, _, _, Count) :-
    aggregate_all(count, gitty_hash(Store, _), Count),
    gitty_fsck(Store).
";

/// What SWISH uses for a step; nothing where there is no SWISH.
pub(super) fn measure(name: &str, store: &Path) -> Result<Option<Measured>> {
    let Some(home) = std::env::var_os("SWISH_HOME") else { return Ok(None) };
    let script = store.with_extension("pl");
    std::fs::write(&script, SCRIPT)?;
    let library = format!("library={}", Path::new(&home).join("lib").display());
    let output = Command::new("swipl")
        .args(["-p", &library])
        .arg(&script)
        .args(["--", name])
        .arg(store)
        .output()
        .context("swipl is missing")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "swipl: {said}");
    let text = String::from_utf8(output.stdout)?;
    let mut figures = text.split_whitespace();
    let mut next = || figures.next().with_context(|| format!("no figures: {text} {said}"));
    Ok(Some(Measured {
        count: next()?.parse()?,
        wall_ms: next()?.parse()?,
        cpu_ms: next()?.parse()?,
        peak_mb: 0.0,
        note: String::new(),
    }))
}
