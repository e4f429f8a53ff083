//! The reader and the writer against the SWI-Prolog that is installed.

mod classes;
mod generate;

use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
};

use self::generate::{canonical, noise, term};
use super::{Term, read};
use crate::random::Random;

const TERMS: usize = 20_000;
const TEXTS: usize = 200_000;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/term");

/// Lines that a script of this folder prints, given `input`.
fn swipl(script: &str, args: &[&str], input: String) -> Vec<String> {
    let mut child = Command::new("swipl")
        .arg(format!("{FOLDER}/{script}"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("swipl is needed: scripts/setup.sh test installs it");
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::Builder::new().spawn(move || stdin.write_all(input.as_bytes())).unwrap();
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
}

/// Fails with the first of the differences that were found.
fn assert_none(differences: &[String]) {
    let shown = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} differences:\n{shown}", differences.len());
}

#[test]
fn swi_prolog_reads_our_terms_and_writes_the_same_bytes() {
    let mut random = Random::new(1);
    let terms: Vec<Term> = (0..TERMS).map(|_| term(&mut random, 4)).collect();
    let input = terms.iter().map(|term| format!("{term}\n{}\n", canonical(term))).collect();
    let answers = swipl("swipl/terms.pl", &["pairs"], input);
    assert_eq!(answers.len(), terms.len());
    let differences: Vec<String> = terms
        .iter()
        .zip(&answers)
        .map(|(term, answer)| (term.to_string(), answer))
        .filter(|(ours, answer)| ours != *answer)
        .map(|(ours, answer)| format!("ours {ours}\nits  {answer}"))
        .collect();
    assert_none(&differences);
}

#[test]
fn we_read_the_terms_of_swi_prolog_and_write_the_same_bytes() {
    let count = TERMS.to_string();
    let lines = swipl("swipl/terms.pl", &["write", &count, "1"], String::new());
    assert_eq!(lines.len(), 2 * TERMS);
    let mut differences = Vec::new();
    for pair in lines.chunks(2) {
        let (written, canonical) = (read(&pair[0]), read(&pair[1]));
        let again = written.as_ref().map(Term::to_string);
        if again.as_ref() != Ok(&pair[0]) || canonical.as_ref() != Ok(written.as_ref().unwrap()) {
            differences.push(format!("its  {}\nours {again:?}\nor   {canonical:?}", pair[0]));
        }
    }
    assert_none(&differences);
}

#[test]
fn we_refuse_what_swi_prolog_refuses_and_read_the_rest_alike() {
    let mut random = Random::new(2);
    let texts: Vec<String> = (0..TEXTS).map(|_| noise(&mut random)).collect();
    let input = texts.iter().map(|text| format!("{text}\n")).collect();
    let answers = swipl("swipl/terms.pl", &["read"], input);
    assert_eq!(answers.len(), texts.len());
    let mut differences = Vec::new();
    let mut terms = 0;
    for (text, answer) in texts.iter().zip(&answers) {
        let ours = read(text).map_or_else(|_| "no term".into(), |term| term.to_string());
        terms += usize::from(ours != "no term");
        if ours != *answer {
            differences.push(format!("text {text}\nours {ours}\nits  {answer}"));
        }
    }
    assert_none(&differences);
    assert!(terms > TEXTS / 10, "{terms} of the texts are terms");
}
