//! The lock against a process that locks as SWISH does: with POSIX record locks.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::*;
use crate::JournalError;

/// Locks and appends on command, each answered by a line.
const SCRIPT: &str = r"
import fcntl, sys
journal = open(sys.argv[1], 'a')
for command in sys.stdin:
    word, _, rest = command.rstrip('\n').partition(' ')
    try:
        if word == 'lock':
            fcntl.lockf(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif word == 'unlock':
            fcntl.lockf(journal, fcntl.LOCK_UN)
        elif word == 'save':
            fcntl.lockf(journal, fcntl.LOCK_EX)
            journal.write(rest + '\n')
            journal.flush()
            fcntl.lockf(journal, fcntl.LOCK_UN)
        print('done', flush=True)
    except OSError:
        print('busy', flush=True)
";

/// The other process.
struct Other {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    fn start(store: &Path) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", SCRIPT])
            .arg(store.join("ref/head"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, commands, answers }
    }

    fn tell(&mut self, command: &str) -> String {
        self.order(command);
        self.answer()
    }

    fn order(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn swish_is_excluded_while_we_hold_the_lock() {
    let (dir, Opened { store, .. }) = empty();
    let other = std::cell::RefCell::new(Other::start(dir.path()));
    let inside = store.journal().exclusively(|_| Ok(other.borrow_mut().tell("lock"))).unwrap();
    assert_eq!(inside, "busy");
    assert_eq!(other.borrow_mut().tell("lock"), "done");
}

#[test]
fn we_are_excluded_while_swish_holds_the_lock() {
    let (dir, Opened { store, .. }) = empty();
    let mut other = Other::start(dir.path());
    assert_eq!(other.tell("lock"), "done");
    assert!(matches!(store.lead(&served("a.pl", 1)), Err(JournalError::Locked)));
    assert_eq!(lines(dir.path()), text(&[]));
    assert_eq!(other.tell("unlock"), "done");
    assert_eq!(store.lead(&served("a.pl", 1)).unwrap().appended, 1);
}

#[test]
fn no_line_is_lost_while_both_append() {
    let (dir, Opened { store, .. }) = empty();
    let mut other = Other::start(dir.path());
    let mut foreign = Vec::new();
    for round in 0..200_u8 {
        other.order(&format!("save {}", moved("theirs.pl", None, round)));
        foreign.extend(store.lead(&served("ours.pl", round)).unwrap().foreign);
        assert_eq!(other.answer(), "done");
    }
    foreign.extend(store.read_journal().unwrap());
    let theirs: Vec<_> = (0..200).map(|round| moved("theirs.pl", None, round)).collect();
    assert_eq!(foreign, theirs);
    assert_eq!(lines(dir.path()).len(), 400);
    assert_eq!(Store::open(dir.path()).unwrap().heads[&"ours.pl".into()], id(199));
}

/// Locks as SWISH does when it appends: the system call behind `lock(write)` waits.
const PROLOG: &str = r"
:- initialization(main, main).
main([Head]) :-
    open(Head, append, Out, [lock(write)]), say(locked),
    read_term(user_input, _, []),
    close(Out), say(closed).
say(Word) :- format('~w~n', [Word]), flush_output.
";

fn prolog(dir: &Path) -> Option<Other> {
    if Command::new("swipl").arg("--version").output().is_err() {
        println!("not run: swipl missing");
        return None;
    }
    let script = dir.join("lock.pl");
    fs::write(&script, PROLOG).unwrap();
    let mut child = Command::new("swipl")
        .arg(&script)
        .arg(dir.join("ref/head"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let commands = child.stdin.take().unwrap();
    let answers = BufReader::new(child.stdout.take().unwrap());
    Some(Other { child, commands, answers })
}

#[test]
fn a_swipl_that_holds_the_lock_delays_us() {
    let (dir, Opened { store, .. }) = empty();
    let Some(mut swipl) = prolog(dir.path()) else { return };
    assert_eq!(swipl.answer(), "locked");
    // Closing a reader of the same file drops a POSIX lock of ours, were it one; not theirs.
    drop(fs::File::open(dir.path().join("ref/head")).unwrap());
    std::thread::scope(|scope| {
        let led = scope.spawn(|| store.lead(&served("a.pl", 1)));
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(!led.is_finished());
        assert_eq!(lines(dir.path()), text(&[]));
        assert_eq!(swipl.tell("go."), "closed");
        assert_eq!(led.join().unwrap().unwrap().appended, 1);
    });
}

#[test]
fn we_delay_a_swipl_also_when_an_unrelated_reader_is_closed() {
    use std::sync::mpsc::{RecvTimeoutError, channel};
    let (dir, Opened { store, .. }) = empty();
    let answer = std::cell::RefCell::new(None);
    let done = store.journal().exclusively(|_| {
        let Some(mut swipl) = prolog(dir.path()) else { return Ok(false) };
        drop(fs::File::open(dir.path().join("ref/head")).unwrap());
        let (said, heard) = channel();
        std::thread::spawn(move || {
            let word = swipl.answer();
            let _ = said.send((word, swipl));
        });
        let waited = heard.recv_timeout(std::time::Duration::from_millis(1_500));
        assert!(matches!(waited, Err(RecvTimeoutError::Timeout)));
        *answer.borrow_mut() = Some(heard);
        Ok(true)
    });
    if done.unwrap() {
        let (word, mut swipl) = answer.into_inner().unwrap().recv().unwrap();
        assert_eq!(word, "locked");
        assert_eq!(swipl.tell("go."), "closed");
    }
}
